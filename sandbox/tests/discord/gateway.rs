//! The gateway's life: HELLO, READY, RESUME, how it ends, and what goes wrong on demand.

use std::time::Duration;

use sandbox::discord::{Discord, Misdeed, Moment, Options, Who};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::bot::{Bot, Socket, gateway_url};

/// Nothing comes within this time if nothing is to come.
const QUIET: Duration = Duration::from_millis(100);

fn resume(discord: &Discord, session: &Value, seq: u64) -> Value {
    json!({"op": 6, "d": {"token": discord.token(), "session_id": session, "seq": seq}})
}

async fn greeted(url: &str) -> Socket {
    let mut socket = Socket::connect(url).await;
    let hello = socket.next().await.expect("HELLO comes first");
    assert_eq!(hello["op"], 10);
    socket
}

/// A stand-in, a connection with a session, and its READY.
async fn ready(options: Options) -> (Discord, Socket, Value) {
    let discord = Discord::start(options).await.expect("ports are free");
    let mut socket = greeted(&gateway_url(&discord).await).await;
    socket.identify(discord.token()).await;
    let ready = socket.next().await.expect("READY follows");
    (discord, socket, ready["d"].clone())
}

fn resume_url(ready: &Value) -> &str {
    ready["resume_gateway_url"].as_str().expect("READY names it")
}

async fn is_silent(socket: &mut Socket) -> bool {
    timeout(QUIET, socket.next()).await.is_err()
}

fn op(frame: Result<Value, Option<u16>>) -> Value {
    frame.expect("a frame comes")["op"].clone()
}

#[tokio::test]
async fn a_session_that_nobody_knows_is_refused_with_op_9() {
    let (discord, bot) = Bot::new().await;
    let mut socket = bot.socket;
    let url = gateway_url(&discord).await;
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
    let mut socket = greeted(&url).await;
    let _pending = discord.person(Who::Member).start_slash("search", &[("prefix", "a".into())]);
    socket.send(&resume(&discord, &json!("unknown"), 1)).await;
    let invalid = socket.next().await.expect("op 9 follows");
    assert_eq!((&invalid["op"], &invalid["d"]), (&json!(9), &json!(false)));
    assert_eq!((discord.connections(), discord.identifies(), discord.resumes()), (2, 1, 0));
}

#[tokio::test]
async fn missed_events_come_before_resumed() {
    let (discord, mut socket, ready) = ready(Options::default()).await;
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
    let raw = discord.person(Who::Member).send_raw(json!({"type": 99}));
    let mut socket = greeted(resume_url(&ready)).await;
    socket.send(&resume(&discord, &ready["session_id"], 1)).await;
    let missed = socket.next().await.expect("the missed event follows");
    assert_eq!((&missed["t"], &missed["s"]), (&json!("INTERACTION_CREATE"), &json!(2)));
    assert_eq!(missed["d"]["id"], raw.id().to_string());
    let resumed = socket.next().await.expect("RESUMED follows");
    assert_eq!((&resumed["t"], &resumed["s"]), (&json!("RESUMED"), &json!(3)));
    discord.wait_for_gateway(|_, _, resumes| resumes == 1).await;
}

#[tokio::test]
async fn a_resume_at_another_address_than_the_sessions_own_is_taken_and_noted() {
    let (discord, mut socket, ready) = ready(Options::default()).await;
    let public = gateway_url(&discord).await;
    assert_ne!(resume_url(&ready), public);
    for (number, url) in [resume_url(&ready), &public].into_iter().enumerate() {
        discord.drop_gateway();
        assert_eq!(socket.next().await, Err(None));
        socket = greeted(url).await;
        socket.send(&resume(&discord, &ready["session_id"], 1 + number as u64)).await;
        assert_eq!(socket.next().await.expect("RESUMED follows")["t"], "RESUMED");
        let counts = discord.gateway_counts();
        assert_eq!(counts.resumes, counts.resume_tries);
        assert_eq!(counts.resumes_elsewhere, number as u64);
        assert_eq!(discord.violations().len(), number);
    }
}

#[tokio::test]
async fn a_resume_from_an_event_that_never_was_is_closed_with_4007() {
    let (discord, mut socket, ready) = ready(Options::default()).await;
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
    let mut socket = greeted(resume_url(&ready)).await;
    socket.send(&resume(&discord, &ready["session_id"], 2)).await;
    assert_eq!(socket.next().await, Err(Some(4007)));
}

#[tokio::test]
async fn orders_reach_the_bot() {
    let (discord, mut socket, _) = ready(Options::default()).await;
    socket.send(&json!({"op": 1, "d": 1})).await;
    assert_eq!(op(socket.next().await), 11);
    discord.send_reconnect();
    assert_eq!(op(socket.next().await), 7);
    discord.invalidate_session(true);
    assert_eq!(socket.next().await.map(|frame| frame["d"].clone()), Ok(json!(true)));
    discord.close_gateway(4000);
    assert_eq!(socket.next().await, Err(Some(4000)));
}

#[tokio::test]
async fn a_dial_can_be_cut_left_hanging_or_refused_with_a_status() {
    let discord = Discord::start(Options::default()).await.expect("ports are free");
    let url = format!("{}/?v=10", gateway_url(&discord).await);
    let dial = || tokio_tungstenite::connect_async(&url);
    discord.misbehave(Moment::Dial, Misdeed::Cut);
    assert!(dial().await.is_err());
    discord.misbehave(Moment::Dial, Misdeed::Mute);
    assert!(timeout(QUIET, dial()).await.is_err());
    discord.misbehave(Moment::Dial, Misdeed::Close(Some(503)));
    let refused = dial().await.expect_err("the handshake is refused");
    assert_eq!(refused.to_string(), "HTTP error: 503 Service Unavailable");
    discord.behave();
    greeted(&gateway_url(&discord).await).await;
    let counts = discord.gateway_counts();
    assert_eq!((counts.dials, counts.connections), (4, 1));
}

#[tokio::test]
async fn hello_can_be_left_out_or_be_the_last_word() {
    let discord = Discord::start(Options::default()).await.expect("ports are free");
    let url = gateway_url(&discord).await;
    discord.misbehave(Moment::Hello, Misdeed::Skip);
    let mut socket = Socket::connect(&url).await;
    assert!(is_silent(&mut socket).await);
    discord.behave();
    for (misdeed, end) in [(Misdeed::Cut, None), (Misdeed::Close(Some(4000)), Some(4000))] {
        discord.misbehave(Moment::Greeted, misdeed);
        assert_eq!(greeted(&url).await.next().await, Err(end));
    }
}

#[tokio::test]
async fn ready_can_be_left_out_while_heartbeats_are_acknowledged() {
    let discord = Discord::start(Options::default()).await.expect("ports are free");
    discord.misbehave(Moment::Identify, Misdeed::Skip);
    let mut socket = greeted(&gateway_url(&discord).await).await;
    socket.identify(discord.token()).await;
    socket.send(&json!({"op": 1, "d": null})).await;
    assert_eq!(op(socket.next().await), 11);
    let counts = discord.gateway_counts();
    assert_eq!((counts.starts, counts.identifies), (1, 0));
}

#[tokio::test]
async fn a_resume_can_be_answered_with_a_close_and_leaves_the_session() {
    let (discord, mut socket, ready) = ready(Options::default()).await;
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
    for (moment, code) in [(Moment::Resume, 4000), (Moment::Resumed, 4009)] {
        discord.behave();
        discord.misbehave(moment, Misdeed::Close(Some(code)));
        let mut socket = greeted(resume_url(&ready)).await;
        socket.send(&resume(&discord, &ready["session_id"], 1)).await;
        if moment == Moment::Resumed {
            assert_eq!(socket.next().await.expect("RESUMED is sent")["t"], "RESUMED");
        }
        assert_eq!(socket.next().await, Err(Some(code)));
    }
    let counts = discord.gateway_counts();
    assert_eq!((counts.resume_tries, counts.resumes), (2, 1));
}

#[tokio::test]
async fn the_gateway_can_fall_mute_after_an_order() {
    let (discord, mut socket, _) = ready(Options::default()).await;
    discord.misbehave(Moment::Ordered, Misdeed::Mute);
    discord.send_reconnect();
    assert_eq!(op(socket.next().await), 7);
    socket.send(&json!({"op": 1, "d": 1})).await;
    assert!(is_silent(&mut socket).await);
    discord.drop_gateway();
    assert_eq!(socket.next().await, Err(None));
}

#[tokio::test]
async fn a_bot_without_heartbeats_is_closed_with_4009() {
    let (discord, mut socket, _) =
        ready(Options { heartbeat_interval: Duration::from_millis(150), ..Options::default() })
            .await;
    discord.misbehave(Moment::Heartbeat, Misdeed::Skip);
    assert_eq!(socket.next().await, Err(Some(4009)));
}

#[tokio::test]
async fn an_interval_of_0_and_any_resume_address_can_be_told() {
    let resume_url = Some("not an address".to_owned());
    let heartbeat_interval = Duration::ZERO;
    let options = Options { heartbeat_interval, resume_url, ..Options::default() };
    let discord = Discord::start(options).await.expect("ports are free");
    let mut socket = Socket::connect(&gateway_url(&discord).await).await;
    let hello = socket.next().await.expect("HELLO comes first");
    assert_eq!(hello["d"]["heartbeat_interval"], 0);
    socket.identify(discord.token()).await;
    let ready = socket.next().await.expect("READY follows");
    assert_eq!(ready["d"]["resume_gateway_url"], "not an address");
    assert!(is_silent(&mut socket).await);
}

#[tokio::test]
async fn everything_ends_with_the_last_handle() {
    let (discord, bot) = Bot::new().await;
    let (url, mut socket) = (discord.url(), bot.socket);
    drop(discord);
    assert_eq!(socket.next().await, Err(None));
    assert!(reqwest::get(url).await.is_err());
}
