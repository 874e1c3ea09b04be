//! What a bot may send to the gateway, and with which code it is closed otherwise.

use sandbox::discord::{Discord, Options};
use serde_json::{Value, json};

use super::bot::{Bot, Socket, code, gateway_url, identify};

async fn stand_in() -> Discord {
    Discord::start(Options::default()).await.expect("ports are free")
}

/// A connection on which HELLO has come.
async fn greeted(discord: &Discord) -> Socket {
    let mut socket = Socket::connect(&gateway_url(discord).await).await;
    let hello = socket.next().await.expect("HELLO comes first");
    assert_eq!(hello["op"], 10);
    socket
}

/// What an IDENTIFY with these fields is answered by a fresh stand-in, and what is noted about it.
async fn answer(fields: Value) -> (Result<Value, Option<u16>>, Vec<String>) {
    let discord = stand_in().await;
    let mut socket = greeted(&discord).await;
    socket.send(&identify(discord.token(), &fields)).await;
    (socket.next().await, discord.violations())
}

/// How a fresh stand-in ends a connection to this query.
async fn end(query: &str) -> Result<Value, Option<u16>> {
    let discord = stand_in().await;
    Socket::dial(&format!("{}{query}", gateway_url(&discord).await)).await.next().await
}

#[tokio::test]
async fn the_query_is_read_in_any_order() {
    for query in ["/?v=10", "/?encoding=json&v=10", "/?compress=zlib-stream&v=10&encoding=json", ""]
    {
        let discord = stand_in().await;
        let url = format!("{}{query}", gateway_url(&discord).await);
        Socket::dial(&url).await.message().await;
        // Who doesn't say the version gets an old one of the real Discord.
        assert_eq!(discord.violations().len(), usize::from(query.is_empty()), "{query}");
    }
}

#[tokio::test]
async fn other_versions_encodings_and_compressions_are_closed() {
    assert_eq!(end("/?v=7").await, Err(Some(4012)));
    assert_eq!(end("/?v=10&encoding=etf").await, Err(Some(4002)));
    assert_eq!(end("/?v=10&compress=gzip").await, Err(Some(4002)));
}

#[tokio::test]
async fn a_wrong_token_is_closed_with_4004() {
    let discord = stand_in().await;
    let mut socket = greeted(&discord).await;
    socket.identify("wrong").await;
    assert_eq!(socket.next().await, Err(Some(4004)));
    assert_eq!(discord.identifies(), 0);
}

#[tokio::test]
async fn what_libraries_send_is_taken() {
    let fields = json!({
        "intents": 513, "shard": [0, 1], "compress": false, "large_threshold": 250,
        "presence": {"since": null, "activities": [], "status": "online", "afk": false},
    });
    let (ready, noted) = answer(fields).await;
    assert_eq!(ready.expect("READY follows")["d"]["shard"], json!([0, 1]));
    assert_eq!(noted, [""; 0]);
}

#[tokio::test]
async fn what_discord_does_not_document_is_taken_and_noted() {
    let properties = json!({"$os": "linux", "$browser": "test", "$device": "test"});
    let fields = json!({"capabilities": 30717, "client_state": {}, "properties": properties});
    let (ready, noted) = answer(fields).await;
    assert_eq!(ready.expect("READY follows")["t"], "READY");
    assert_eq!(noted.len(), 3, "{noted:#?}");
}

#[tokio::test]
async fn what_an_identify_cannot_say_is_closed_with_its_code() {
    for (fields, code) in [
        (json!({"intents": null}), 4002),
        (json!({"properties": null}), 4002),
        (json!({"intents": 1 << 18}), 4013),
        (json!({"intents": -1}), 4013),
        (json!({"intents": 1 << 1}), 4014),
        (json!({"intents": 1 << 15}), 4014),
        (json!({"shard": [1, 1]}), 4010),
        (json!({"shard": [0]}), 4010),
    ] {
        let (answer, noted) = answer(fields.clone()).await;
        assert_eq!((answer, noted.len()), (Err(Some(code)), 1), "{fields}");
    }
}

#[tokio::test]
async fn a_second_identify_is_closed_with_4005() {
    let (discord, mut bot) = Bot::new().await;
    bot.socket.identify(discord.token()).await;
    assert_eq!(bot.socket.next().await, Err(Some(4005)));
}

#[tokio::test]
async fn other_opcodes_are_taken_after_identify_only() {
    let presence = json!({"since": null, "activities": [], "status": "online", "afk": false});
    let sent = |op: u64| json!({"op": op, "d": if op == 3 { presence.clone() } else { json!({}) }});
    let (_discord, mut bot) = Bot::new().await;
    for op in [3, 4, 8, 31, 43] {
        bot.socket.send(&sent(op)).await;
        let discord = stand_in().await;
        let mut early = greeted(&discord).await;
        early.send(&sent(op)).await;
        assert_eq!(early.next().await, Err(Some(4003)));
    }
    bot.socket.send(&json!({"op": 1, "d": 1})).await;
    assert_eq!(bot.socket.next().await.expect("the connection is open")["op"], 11);
}

#[tokio::test]
async fn frames_that_a_bot_must_not_send_are_closed_and_noted() {
    for (frame, code) in [
        (json!({"op": 42, "d": null}), 4001),
        (json!({"op": 3, "d": {"activities": [], "status": "online", "afk": false}}), 4001),
        (json!({"op": 1, "d": "one"}), 4002),
        (json!({"op": 1, "d": null, "padding": "x".repeat(4096)}), 4002),
    ] {
        let (discord, mut bot) = Bot::new().await;
        bot.socket.send(&frame).await;
        assert_eq!(bot.socket.next().await, Err(Some(code)));
        assert_eq!(discord.violations().len(), 1);
    }
}

#[tokio::test]
async fn json_may_come_in_binary_frames() {
    let discord = stand_in().await;
    let mut socket = greeted(&discord).await;
    let identify = identify(discord.token(), &json!({}));
    socket.send_bytes(identify.to_string().into_bytes()).await;
    assert_eq!(socket.next().await.expect("READY follows")["t"], "READY");
    socket.send_bytes(vec![0x78, 0x9c, 0x03]).await;
    assert_eq!(socket.next().await, Err(Some(4002)));
}

#[tokio::test]
async fn the_121st_frame_in_a_minute_is_closed_with_4008() {
    let discord = stand_in().await;
    let mut socket = greeted(&discord).await;
    for _ in 0..120 {
        socket.send(&json!({"op": 1, "d": null})).await;
        assert_eq!(socket.next().await.expect("it is acknowledged")["op"], 11);
    }
    socket.send(&json!({"op": 1, "d": null})).await;
    assert_eq!(socket.next().await, Err(Some(4008)));
}

#[tokio::test]
async fn a_second_session_within_5_s_gets_op_9_and_may_try_again_on_its_connection() {
    let (discord, _first) = Bot::new().await;
    let mut second = greeted(&discord).await;
    second.identify(discord.token()).await;
    let refused = second.next().await.expect("op 9 follows");
    assert_eq!((&refused["op"], &refused["d"]), (&json!(9), &json!(false)));
    discord.forget_identify();
    second.identify(discord.token()).await;
    assert_eq!(second.next().await.expect("READY follows")["t"], "READY");
    let counts = discord.gateway_counts();
    assert_eq!((counts.starts, counts.identifies), (3, 2));
}

#[tokio::test]
async fn too_many_sessions_in_a_day_cost_the_token() {
    let options = Options { sessions_a_day: 1, ..Options::default() };
    let (discord, mut bot) = Bot::start(options).await;
    let (_, gateway) = bot.call(reqwest::Method::GET, "gateway/bot", None).await;
    let limit = &gateway["session_start_limit"];
    assert_eq!((&limit["total"], &limit["remaining"]), (&json!(1), &json!(0)));
    discord.forget_identify();
    let mut second = greeted(&discord).await;
    second.identify(discord.token()).await;
    assert_eq!(second.next().await, Err(Some(4004)));
    assert_eq!(bot.socket.next().await, Err(Some(4004)));
    assert_eq!(code(&bot.call(reqwest::Method::GET, "users/@me", None).await), (401, 0));
}
