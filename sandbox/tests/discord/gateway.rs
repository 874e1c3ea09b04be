//! The gateway's life: HELLO, READY, RESUME, and how it ends.

use std::time::Duration;

use sandbox::discord::{Discord, Options, Who};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bot::{Bot, Socket, gateway_url};

fn resume(discord: &Discord, session: &Value, seq: u64) -> Value {
    json!({"op": 6, "d": {"token": discord.token(), "session_id": session, "seq": seq}})
}

async fn hello(socket: &mut Socket) -> Value {
    let hello = socket.next().await.expect("HELLO comes first");
    assert_eq!(hello["op"], 10);
    hello
}

/// A stand-in, a connection with a session, and its READY.
async fn ready(options: Options) -> (Discord, Socket, Value) {
    let discord = Discord::start(options).await.expect("ports are free");
    let url = gateway_url(&discord).await;
    let mut socket = Socket::connect(&url).await;
    hello(&mut socket).await;
    socket.identify(discord.token()).await;
    let ready = socket.next().await.expect("READY follows");
    (discord, socket, ready["d"].clone())
}

#[tokio::test]
async fn a_dropped_connection_resumes_and_gets_what_it_missed() {
    let (discord, bot) = Bot::new().await;
    let mut socket = bot.socket;
    let url = gateway_url(&discord).await;
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
    let mut socket = Socket::connect(&url).await;
    hello(&mut socket).await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    socket.send(&resume(&discord, &json!("unknown"), 1)).await;
    let invalid = socket.next().await.expect("op 9 follows");
    assert_eq!((&invalid["op"], &invalid["d"]), (&json!(9), &json!(false)));
    assert_eq!((discord.connections(), discord.identifies(), discord.resumes()), (2, 1, 0));
}

#[tokio::test]
async fn missed_events_come_before_resumed() {
    let (discord, mut socket, ready) = ready(Options::default()).await;
    let url = ready["resume_gateway_url"].as_str().expect("READY names it").to_owned();
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
    let raw = discord.person(Who::Member).send_raw(json!({"type": 99}));
    let mut socket = Socket::connect(&url).await;
    hello(&mut socket).await;
    socket.send(&resume(&discord, &ready["session_id"], 1)).await;
    let missed = socket.next().await.expect("the missed event follows");
    assert_eq!((&missed["t"], &missed["s"]), (&json!("INTERACTION_CREATE"), &json!(2)));
    assert_eq!(missed["d"]["id"], raw.id().to_string());
    let resumed = socket.next().await.expect("RESUMED follows");
    assert_eq!((&resumed["t"], &resumed["s"]), (&json!("RESUMED"), &json!(3)));
    discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
}

#[tokio::test]
async fn a_wrong_token_is_closed_with_4004() {
    let discord = Discord::start(Options::default()).await.expect("ports are free");
    let mut socket = Socket::connect(&gateway_url(&discord).await).await;
    hello(&mut socket).await;
    socket.identify("wrong").await;
    assert_eq!(socket.next().await, Err(Some(4004)));
    assert_eq!(discord.identifies(), 0);
}

#[tokio::test]
async fn orders_reach_the_bot() {
    let (discord, mut socket, _) = ready(Options::default()).await;
    socket.send(&json!({"op": 1, "d": 1})).await;
    assert_eq!(socket.next().await.map(|frame| frame["op"].clone()), Ok(json!(11)));
    discord.send_reconnect();
    assert_eq!(socket.next().await.map(|frame| frame["op"].clone()), Ok(json!(7)));
    discord.invalidate_session(true);
    assert_eq!(socket.next().await.map(|frame| frame["d"].clone()), Ok(json!(true)));
    discord.close_gateway(4000);
    assert_eq!(socket.next().await, Err(Some(4000)));
    discord.refuse_gateway(true);
    let refused = tokio_tungstenite::connect_async(gateway_url(&discord).await).await;
    assert!(refused.is_err());
}

#[tokio::test]
async fn a_handshake_can_hang() {
    let discord = Discord::start(Options::default()).await.expect("ports are free");
    discord.hang_handshake(true);
    let url = format!("{}/?v=10", gateway_url(&discord).await);
    let connecting = tokio_tungstenite::connect_async(&url);
    let hanging = timeout(Duration::from_millis(100), connecting).await;
    assert!(hanging.is_err());
    discord.hang_handshake(false);
    let mut socket = Socket::connect(&gateway_url(&discord).await).await;
    hello(&mut socket).await;
    assert_eq!(discord.connections(), 1);
}

#[tokio::test]
async fn a_bot_without_heartbeats_is_closed_with_4009() {
    let (discord, mut socket, _) =
        ready(Options { heartbeat_interval: Duration::from_millis(150), ..Options::default() })
            .await;
    discord.mute_acks(true);
    assert_eq!(socket.next().await, Err(Some(4009)));
}

#[tokio::test]
async fn frames_that_a_bot_must_not_send_are_violations() {
    let (discord, mut socket, _) = ready(Options::default()).await;
    socket.send(&json!({"op": 42, "d": null})).await;
    assert_eq!(socket.next().await, Err(Some(4001)));
    assert_eq!(discord.violations().len(), 1);
}

#[tokio::test]
async fn everything_ends_with_the_last_handle() {
    let (discord, bot) = Bot::new().await;
    let (url, mut socket) = (discord.url(), bot.socket);
    drop(discord);
    assert_eq!(socket.next().await, Err(None));
    assert!(reqwest::get(url).await.is_err());
}
