//! What goes wrong on demand, and the sockets.

use std::time::Duration;

use reqwest::{Certificate, Client, Method};
use sandbox::connect::{Fault, Options, Route, Times};
use serde_json::{Value, json};

use super::{client, code, get, put, search, send, start, with_groups};

#[tokio::test]
async fn faults_strike_in_turn_and_heal() {
    let connect = start(Options::default()).await;
    connect.fail(Route::User, Fault::Html(502), Times::Times(1));
    connect.fail(Route::Any, Fault::Error(63), Times::Times(1));
    connect.fail(Route::User, Fault::RateLimited { retry_after: Some(7) }, Times::Times(1));
    connect.fail(Route::User, Fault::Garbage, Times::Times(1));
    connect.fail(Route::User, Fault::Cut, Times::Always);

    let html = send(&connect, Method::GET, "v1/user", None).await.unwrap();
    assert_eq!(html.status(), 502);
    assert!(html.headers()["content-type"].to_str().unwrap().starts_with("text/html"));
    assert_eq!(code(get(&connect, "v1/user").await), (400, 63));
    let limited = send(&connect, Method::GET, "v1/user", None).await.unwrap();
    assert_eq!(
        (limited.status().as_u16(), &limited.headers()["retry-after"]),
        (429, &"7".parse().unwrap())
    );
    let garbage = send(&connect, Method::GET, "v1/user", None).await.unwrap();
    assert!(garbage.json::<Value>().await.unwrap().is_string());
    assert!(send(&connect, Method::GET, "v1/user", None).await.is_err());
    assert_eq!(get(&connect, "server_settings").await.0, 200);
    connect.heal();
    assert_eq!(get(&connect, "v1/user").await.0, 200);
}

#[tokio::test]
async fn a_lost_answer_and_a_held_one_are_carried_out() {
    let connect = with_groups(&["lost", "held", "cut"]).await;
    let ticket = async |name| search(&connect, name).await[0]["temp_ticket"].clone();

    connect.fail(Route::CreateGroup, Fault::Cut, Times::Times(1));
    let body = json!({ "temp_ticket": ticket("cut").await });
    assert!(send(&connect, Method::PUT, "v1/groups", Some(body)).await.is_err());
    assert_eq!(connect.guid_of("cut"), None);

    connect.fail(Route::CreateGroup, Fault::LostAnswer, Times::Times(1));
    let body = json!({ "temp_ticket": ticket("lost").await });
    assert!(send(&connect, Method::PUT, "v1/groups", Some(body)).await.is_err());
    assert!(connect.guid_of("lost").is_some());

    connect.clear_requests();
    let held = ticket("held").await;
    connect.fail(Route::CreateGroup, Fault::Hold, Times::Times(1));
    let watched = async {
        connect.wait_for(1, Route::CreateGroup).await;
        assert!(connect.guid_of("held").is_some());
        assert_eq!(connect.requests()[1].status, None);
        connect.release();
    };
    let (answer, ()) = tokio::join!(put(&connect, &held), watched);
    assert_eq!(answer.0, 200);
    assert_eq!(connect.requests()[1].status, Some(200));
}

#[tokio::test]
async fn a_slow_answer_is_late() {
    let connect = start(Options::default()).await;
    let delay = Duration::from_millis(50);
    connect.fail(Route::User, Fault::Slow(delay), Times::Times(1));
    let begun = std::time::Instant::now();
    assert_eq!(get(&connect, "v1/user").await.0, 200);
    assert!(begun.elapsed() >= delay);
}

#[tokio::test]
async fn it_goes_down_with_its_connections_and_comes_back_on_the_same_port() {
    let connect = start(Options::default()).await;
    connect.fail(Route::User, Fault::Hold, Times::Times(1));
    let down = async {
        connect.wait_for(1, Route::User).await;
        connect.go_down().await;
    };
    let (cut, ()) = tokio::join!(send(&connect, Method::GET, "v1/user", None), down);
    assert!(cut.is_err());
    let refused = send(&connect, Method::GET, "v1/user", None).await.unwrap_err();
    assert!(refused.is_connect(), "{refused:?}");

    connect.come_up().await.unwrap();
    assert_eq!(get(&connect, "v1/user").await.0, 200);
    let url = connect.url();
    drop(connect.clone());
    assert!(client().get(&url).send().await.is_ok());
    drop(connect);
    // The port closes as soon as the server's task has run once more.
    while client().get(&url).send().await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn tls_is_spoken_under_a_private_authority() {
    let connect = start(Options { tls: true, ..Options::default() }).await;
    let url = format!("{}/__api__/server_settings", connect.url());
    assert!(url.starts_with("https://127.0.0.1:"));
    assert!(client().get(&url).send().await.is_err());

    let ca = Certificate::from_pem(connect.ca_pem().unwrap().as_bytes()).unwrap();
    let trusting = Client::builder().no_proxy().add_root_certificate(ca).build().unwrap();
    let answer = trusting.get(&url).header("X-Correlation-ID", "c-1").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let localhost = url.replace("127.0.0.1", "localhost");
    assert!(trusting.get(localhost).header("X-Correlation-ID", "c-1").send().await.is_ok());
    assert_eq!(connect.violations(), [""; 0]);
}
