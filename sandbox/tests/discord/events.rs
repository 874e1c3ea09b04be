//! What a session is sent: by its intents and its shard, and how it is packed.

use std::io::Write;

use flate2::write::ZlibDecoder;
use reqwest::Method;
use sandbox::discord::{BOT_USER, CONNECT, Discord, GUILD, OTHER_GUILD, Options, THREAD, Who};
use serde_json::{Value, json};
use serenity::all::GuildCreateEvent;
use tokio_tungstenite::tungstenite::Message;

use super::bot::{Bot, Socket, gateway_url, identify, text};

const GUILDS: u64 = 1;
const GUILD_MESSAGES: u64 = 1 << 9;
const DIRECT_MESSAGES: u64 = 1 << 12;

/// A connection with a session that asked for these fields, and READY.
async fn session(discord: &Discord, fields: Value) -> (Socket, Value) {
    let mut socket = Socket::connect(&gateway_url(discord).await).await;
    socket.next().await.expect("HELLO comes first");
    discord.forget_identify();
    socket.send(&identify(discord.token(), &fields)).await;
    let ready = socket.next().await.expect("READY follows");
    (socket, ready["d"].clone())
}

async fn stand_in() -> Discord {
    Discord::start(Options::default()).await.expect("ports are free")
}

async fn named(socket: &mut Socket, name: &str) -> Value {
    let event = socket.next().await.expect("an event follows");
    assert_eq!(event["t"], name);
    event["d"].clone()
}

/// Nothing is on its way: what is asked for last comes next.
async fn has_no_more(socket: &mut Socket) -> bool {
    socket.send(&json!({"op": 1, "d": null})).await;
    socket.next().await.expect("the connection is open")["op"] == 11
}

#[tokio::test]
async fn servers_come_after_ready_for_those_that_asked_for_them() {
    let discord = stand_in().await;
    let (mut without, ready) = session(&discord, json!({})).await;
    let unavailable = |id: u64| json!({"id": id.to_string(), "unavailable": true});
    assert_eq!(ready["guilds"], json!([unavailable(GUILD), unavailable(OTHER_GUILD)]));
    assert!(has_no_more(&mut without).await);
    let (mut with, _) = session(&discord, json!({"intents": GUILDS})).await;
    let guild = named(&mut with, "GUILD_CREATE").await;
    let read: GuildCreateEvent = serde_json::from_value(guild).expect("serenity reads it");
    assert_eq!(read.guild.id.get(), GUILD);
    assert!(read.guild.channels.contains_key(&CONNECT.into()));
    assert!(read.guild.members.contains_key(&BOT_USER.into()));
    assert_eq!(read.guild.threads.first().map(|thread| thread.id.get()), Some(THREAD));
    assert_eq!(named(&mut with, "GUILD_CREATE").await["id"], OTHER_GUILD.to_string());
    assert!(has_no_more(&mut with).await);
}

#[tokio::test]
async fn messages_come_to_those_that_asked_for_them_without_what_people_say() {
    let (discord, bot) = Bot::new().await;
    let (mut public, _) = session(&discord, json!({"intents": GUILD_MESSAGES})).await;
    let (mut direct, _) = session(&discord, json!({"intents": DIRECT_MESSAGES})).await;
    let _said = discord.person(Who::Member).say("what people say");
    let said = named(&mut public, "MESSAGE_CREATE").await;
    assert_eq!((&said["content"], &said["guild_id"]), (&json!(""), &json!(GUILD.to_string())));
    assert!(said["member"]["roles"].is_array() && said["member"]["user"].is_null());
    let path = format!("channels/{CONNECT}/messages");
    let (_, own) = bot.call(Method::POST, &path, Some(text("what the bot says"))).await;
    assert_eq!(named(&mut public, "MESSAGE_CREATE").await["content"], "what the bot says");
    let path = format!("{path}/{}", own["id"].as_str().unwrap_or_default());
    bot.call(Method::PATCH, &path, Some(text("changed"))).await;
    assert_eq!(named(&mut public, "MESSAGE_UPDATE").await["content"], "changed");
    bot.call(Method::DELETE, &path, None).await;
    assert_eq!(named(&mut public, "MESSAGE_DELETE").await["id"], own["id"]);
    assert!(has_no_more(&mut public).await);
    assert!(has_no_more(&mut direct).await);
}

#[tokio::test]
async fn what_one_person_sees_comes_as_a_direct_message() {
    let (discord, mut bot) = Bot::new().await;
    let (mut public, _) = session(&discord, json!({"intents": GUILD_MESSAGES})).await;
    let (mut direct, _) = session(&discord, json!({"intents": DIRECT_MESSAGES})).await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    let interaction = bot.interaction().await;
    for socket in [&mut public, &mut direct] {
        named(socket, "INTERACTION_CREATE").await;
    }
    let mut private = json!({"type": 4, "data": text("for you alone")});
    private["data"]["flags"] = json!(64);
    bot.callback(&interaction, private).await;
    let told = named(&mut direct, "MESSAGE_CREATE").await;
    assert_eq!((&told["flags"], &told["guild_id"]), (&json!(64), &Value::Null));
    assert!(has_no_more(&mut public).await);
}

#[tokio::test]
async fn a_shard_has_its_own_server_and_what_happens_in_it() {
    let discord = stand_in().await;
    let mut sockets = Vec::new();
    for guild in [GUILD, OTHER_GUILD] {
        let shard = (guild >> 22) % 2;
        let fields = json!({"shard": [shard, 2], "intents": GUILDS});
        let (mut socket, ready) = session(&discord, fields).await;
        assert_eq!(ready["guilds"], json!([{"id": guild.to_string(), "unavailable": true}]));
        assert_eq!(named(&mut socket, "GUILD_CREATE").await["id"], guild.to_string());
        sockets.push(socket);
    }
    let member = discord.person(Who::Member);
    let _pending = member.send_raw(member.payload(2));
    named(&mut sockets[0], "INTERACTION_CREATE").await;
    assert!(has_no_more(&mut sockets[1]).await);
}

fn bytes(message: Message) -> Vec<u8> {
    let Message::Binary(bytes) = message else {
        panic!("{message} isn't compressed");
    };
    bytes
}

/// Looks at HELLO and READY of a connection with this compression, unpacked one after the other.
async fn is_read(compress: &str, mut unpack: impl FnMut(&[u8]) -> Vec<u8>) {
    let discord = stand_in().await;
    let url = gateway_url(&discord).await;
    let url = format!("{url}/?v=10&encoding=json&compress={compress}");
    let mut socket = Socket::dial(&url).await;
    // Both ask for compression of single frames, too, as discord.py does: it counts for nothing here.
    socket.send(&identify(discord.token(), &json!({"compress": true}))).await;
    let mut frames = Vec::new();
    for _ in 0..2 {
        let frame = unpack(&bytes(socket.message().await));
        frames.push(serde_json::from_slice::<Value>(&frame).expect("each message is a frame"));
    }
    assert_eq!((&frames[0]["op"], &frames[1]["t"]), (&json!(10), &json!("READY")));
}

#[tokio::test]
async fn a_zlib_stream_is_one_context_flushed_after_each_frame() {
    let mut context = ZlibDecoder::new(Vec::new());
    is_read("zlib-stream", |packed| {
        assert!(packed.ends_with(&[0, 0, 0xff, 0xff]));
        context.write_all(packed).expect("it goes on");
        context.flush().expect("all of it is there");
        std::mem::take(context.get_mut())
    })
    .await;
}

#[tokio::test]
async fn a_zstd_stream_is_one_context_flushed_after_each_frame() {
    let mut context = zstd::stream::write::Decoder::new(Vec::new()).expect("zstd is there");
    is_read("zstd-stream", |packed| {
        context.write_all(packed).expect("it goes on");
        context.flush().expect("all of it is there");
        std::mem::take(context.get_mut())
    })
    .await;
}

#[tokio::test]
async fn large_frames_are_compressed_one_by_one_for_those_that_asked() {
    let discord = stand_in().await;
    let fields = json!({"intents": GUILDS, "compress": true});
    let (mut socket, _) = session(&discord, fields).await;
    for guild in [GUILD, OTHER_GUILD] {
        let mut context = ZlibDecoder::new(Vec::new());
        context.write_all(&bytes(socket.message().await)).expect("it is zlib");
        let frame = context.finish().expect("it is whole");
        let frame: Value = serde_json::from_slice(&frame).expect("it is a frame");
        assert_eq!(frame["d"]["id"], guild.to_string());
    }
    assert!(has_no_more(&mut socket).await);
}
