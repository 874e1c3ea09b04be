//! What is noted against a caller, what is refused, and in which words.

use reqwest::Method;
use sandbox::connect::{Fault, Options, Route, Times};
use serde_json::{Value, json};

use super::{client, code, get, put, send, start};

/// Status, code and words of a refusal.
fn refusal((status, body): (u16, Value)) -> (u16, u64, String) {
    assert_eq!(body["payload"], Value::Null);
    (status, body["code"].as_u64().unwrap(), body["error"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn keys_are_asked_for_everywhere_but_in_the_settings() {
    let connect = start(Options { base_path: "/rsc".to_owned(), ..Options::default() }).await;
    assert!(connect.url().ends_with("/rsc"));
    let ask = async |path: &str, key: Option<&str>| {
        let mut request = client()
            .get(format!("{}/__api__/{path}", connect.url()))
            .header("X-Correlation-ID", "c-1");
        if let Some(key) = key {
            request = request.header("Authorization", key);
        }
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(ask("server_settings", None).await.1["version"], "2026.06.0");
    let credentials = "We couldn't log you in with the provided credentials. Please ask your \
                       administrator for assistance.";
    let wrong = ask("v1/user", Some("Key wrong")).await;
    assert_eq!(refusal(wrong), (401, 30, credentials.to_owned()));
    assert_eq!(connect.violations(), [""; 0]);
    let none = "The requested operation requires authentication.".to_owned();
    assert_eq!(refusal(ask("v1/user", None).await), (401, 24, none));
    assert_eq!(code(ask("v1/user", Some("Bearer x")).await), (401, 24));
    assert_eq!(connect.violations().len(), 2);
}

#[tokio::test]
async fn what_connect_refuses_is_refused_and_noted() {
    let connect = start(Options::default()).await;
    let wrong = [
        ("v1/groups/remote", (400, 12)),
        ("v1/groups/remote?prefix=", (400, 12)),
        ("v1/groups/remote?prefix=a&limit=0", (400, 13)),
        ("v1/groups/remote?prefix=a&limit=501", (400, 13)),
        ("v1/groups/remote?prefix=a&limit=many", (400, 25)),
        ("v1/groups?page_number=0", (400, 13)),
        ("v1/groups?page_number=-1", (400, 13)),
        ("v1/groups?asc_order=maybe", (400, 25)),
        ("v1/groups?sort_by=colour", (400, 25)),
    ];
    for (path, refusal) in wrong {
        assert_eq!(code(get(&connect, path).await), refusal, "{path}");
    }
    assert_eq!(connect.violations().len(), wrong.len(), "{:#?}", connect.violations());
    let range = "The requested range is invalid.".to_owned();
    assert_eq!(refusal(get(&connect, "v1/groups?page_size=501").await), (400, 13, range));
    assert_eq!(code(get(&connect, "v1/groups/nothing").await), (404, 4));

    let before = connect.violations().len();
    let bodies = [
        (json!({}), 12),
        (json!({ "temp_ticket": 1 }), 121),
        (json!(["t"]), 121),
        (json!({ "temp_ticket": "t", "name": "accounting2" }), 121),
    ];
    let mut words = String::new();
    for (body, wanted) in &bodies {
        let answer = send(&connect, Method::PUT, "v1/groups", Some(body.clone())).await.unwrap();
        let found = (answer.status().as_u16(), answer.json().await.unwrap());
        let (status, number, text) = refusal(found);
        assert_eq!((status, number), (400, *wanted), "{body}");
        words = text;
    }
    assert_eq!(words, r#"The request JSON cannot be parsed: json: unknown field "name""#);
    assert_eq!(connect.violations().len(), before + bodies.len());
}

#[tokio::test]
async fn what_connect_passes_over_is_answered_and_noted() {
    let connect = start(Options::default()).await;
    let odd = [
        "v1/groups/remote?prefix=acc&page=1",
        "v1/groups/remote?prefix=acc&prefix=b",
        "v1/groups/remote?prefix=%FC",
        "v1/user?verbose=1",
    ];
    for path in odd {
        let (status, body) = get(&connect, path).await;
        assert_eq!(status, 200, "{path}: {body}");
    }
    assert_eq!(connect.violations().len(), odd.len(), "{:#?}", connect.violations());
    let hits = get(&connect, odd[1]).await.1;
    assert_eq!(hits["results"][0]["name"], "accounting");

    let answer = send(&connect, Method::GET, "v1/user", Some(json!({}))).await.unwrap();
    assert_eq!(answer.status(), 200);
    let url = format!("{}/__api__/v1/groups", connect.url());
    let ticket = client().put(url).header("Authorization", format!("Key {}", connect.api_key()));
    let answer = ticket.body(r#"{"temp_ticket":"t"}"#).send().await.unwrap();
    assert_eq!(answer.json::<Value>().await.unwrap()["code"], 127);
    let violations = connect.violations();
    let last = &violations[violations.len() - 3..];
    assert_eq!(
        last,
        [
            "GET v1/user: a body where none belongs",
            "PUT v1/groups: no X-Correlation-ID",
            "PUT v1/groups: content-type is ``, not application/json",
        ]
    );
}

#[tokio::test]
async fn who_sends_no_correlation_id_is_given_one() {
    let connect = start(Options::default()).await;
    let url = format!("{}/__api__/server_settings", connect.url());
    let mut ids = Vec::new();
    for _ in 0..2 {
        let answer = client().get(&url).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        ids.push(answer.headers()["x-correlation-id"].to_str().unwrap().to_owned());
    }
    assert_eq!(ids[0].len(), 36);
    assert_ne!(ids[0], ids[1]);
    assert_eq!(connect.violations(), ["GET server_settings: no X-Correlation-ID"; 2]);
}

#[tokio::test]
async fn a_call_that_connect_does_not_have_is_answered_without_a_code() {
    let connect = start(Options::default()).await;
    for (method, path) in [(Method::GET, "v1/users"), (Method::PATCH, "v1/groups")] {
        let answer = send(&connect, method, path, None).await.unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "text/plain; charset=utf-8");
        assert_eq!(answer.text().await.unwrap(), "404 page not found\n");
    }
    let elsewhere = client().get(format!("{}/v1/user", connect.url())).send().await.unwrap();
    assert!(elsewhere.text().await.unwrap().contains("<html>"));
    assert_eq!(
        connect.violations(),
        [
            "GET v1/users: Connect has no such call",
            "PATCH v1/groups: Connect has no such call",
            "GET /v1/user: Connect has no such call",
        ]
    );
}

#[tokio::test]
async fn clients_that_look_at_the_server_first_are_answered() {
    let connect = start(Options { base_path: "/rsc/".to_owned(), ..Options::default() }).await;
    let ping = client().get(format!("{}/__ping__", connect.url())).send().await.unwrap();
    assert_eq!((ping.status().as_u16(), ping.text().await.unwrap()), (200, "{}".to_owned()));
    let (_, python) = get(&connect, "v1/server_settings/python").await;
    assert!(python["installations"][0]["version"].is_string());
    let routes: Vec<_> = connect.requests().into_iter().map(|seen| seen.route).collect();
    assert_eq!(routes, [Some(Route::Ping), Some(Route::Python)]);
    assert_eq!(connect.violations(), [""; 0]);
}

#[tokio::test]
async fn what_the_reference_says_of_a_code_is_what_a_fault_of_it_answers() {
    let connect = start(Options::default()).await;
    for (number, status, words) in [
        (50, 403, "This user is locked."),
        (95, 403, "This API does not allow the current authentication type."),
        (99, 401, "Please re-supply your credentials."),
        (153, 404, "The requested group could not be found."),
    ] {
        connect.fail(Route::User, Fault::Error(number), Times::Times(1));
        let found = refusal(get(&connect, "v1/user").await);
        assert_eq!(found, (status, number.into(), words.to_owned()));
    }
    let saml = start(Options { authentication: "SAML".to_owned(), ..Options::default() }).await;
    let words = "The configured provider cannot access this endpoint.".to_owned();
    let remote = get(&saml, "v1/groups/remote?prefix=a").await;
    assert_eq!(refusal(remote), (400, 132, words));
    let words = "The authentication provider does not support creating records from a retrieved \
                 ticket. POST new content instead.";
    assert_eq!(refusal(put(&saml, &json!("t")).await), (400, 119, words.to_owned()));
}

#[tokio::test]
#[should_panic(expected = "no text for Connect's code 9999")]
async fn a_code_whose_words_nobody_knows_is_no_fault() {
    let connect = start(Options::default()).await;
    connect.fail(Route::User, Fault::Error(9999), Times::Times(1));
}
