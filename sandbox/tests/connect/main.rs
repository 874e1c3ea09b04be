//! The stand-in for Connect, spoken to as a client would.

#![expect(clippy::unwrap_used, reason = "a test that can't go on says where")]

use reqwest::{Client, Method, Response};
use sandbox::connect::{Connect, Options};
use serde_json::{Value, json};

mod api;
mod callers;
mod faults;

async fn start(options: Options) -> Connect {
    Connect::start(options).await.unwrap()
}

async fn with_groups(groups: &[&str]) -> Connect {
    start(Options { groups: groups.iter().map(|&name| name.into()).collect(), ..no_imports() })
        .await
}

fn no_imports() -> Options {
    Options { imported: Vec::new(), ..Options::default() }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn send(
    connect: &Connect,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> reqwest::Result<Response> {
    let mut request = client()
        .request(method, format!("{}/__api__/{path}", connect.url()))
        .header("Authorization", format!("Key {}", connect.api_key()))
        .header("X-Correlation-ID", "c-1");
    if let Some(body) = body {
        request = request.json(&body);
    }
    request.send().await
}

/// The status and the JSON of an answer.
async fn get(connect: &Connect, path: &str) -> (u16, Value) {
    let answer = send(connect, Method::GET, path, None).await.unwrap();
    assert_eq!(answer.headers()["x-correlation-id"], "c-1");
    (answer.status().as_u16(), answer.json().await.unwrap())
}

async fn put(connect: &Connect, ticket: &Value) -> (u16, Value) {
    let body = json!({ "temp_ticket": ticket });
    let answer = send(connect, Method::PUT, "v1/groups", Some(body)).await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

/// Status and Connect's code of a refusal.
fn code((status, body): (u16, Value)) -> (u16, u64) {
    (status, body["code"].as_u64().unwrap())
}

async fn search(connect: &Connect, prefix: &str) -> Vec<Value> {
    let (status, body) = get(connect, &format!("v1/groups/remote?prefix={prefix}")).await;
    assert_eq!(status, 200, "{body}");
    body["results"].as_array().unwrap().clone()
}

fn names(results: &[Value]) -> Vec<&str> {
    results.iter().map(|hit| hit["name"].as_str().unwrap()).collect()
}
