//! What the calls answer, and what is held against a caller.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use reqwest::Method;
use sandbox::connect::{Key, Options, Role, Route};
use serde_json::{Value, json};

use super::{client, code, get, names, no_imports, put, search, send, start, with_groups};

#[tokio::test]
async fn the_bundled_directory_is_whole_and_a_dozen_of_its_groups_are_imported() {
    let connect = start(Options::default()).await;
    let ldap = connect.ldap_groups();
    assert!(ldap.len() >= 60);
    for name in ["accounting2", "ABE-TEST", "R&D = 100% + #1 (Zürich)", "~!@#$%^&*()_+", "営業部"]
    {
        assert!(ldap.iter().any(|known| known == name), "{name}");
    }
    assert!(ldap.iter().any(|name| name.chars().count() == 300));
    assert!(ldap.iter().any(|name| name.contains('\u{202e}')));
    assert_eq!(ldap.iter().filter(|name| *name == "contractors").count(), 2);
    assert_eq!(connect.groups().len(), 12);
    assert!(connect.guid_of("accounting").is_some());
    assert_eq!(connect.guid_of("accounting2"), None);
}

#[tokio::test]
async fn hits_are_sorted_by_similarity_and_limited() {
    let mut groups: Vec<String> = (0..600).map(|n| format!("bulk-{n:03}")).collect();
    groups.extend(["ABE-TEST", "abe", "ABEL", "ABE", "other"].map(String::from));
    let connect = start(Options { groups, ..no_imports() }).await;
    let guid = connect.import("ABEL");

    let hits = search(&connect, "Abe").await;
    assert_eq!(names(&hits), ["ABE", "abe", "ABEL", "ABE-TEST"]);
    assert_eq!(hits[0]["guid"], Value::Null);
    assert_eq!(hits[2]["guid"], json!(guid));
    assert!(hits.iter().all(|hit| hit["temp_ticket"].is_string()));

    assert_eq!(search(&connect, "bulk").await.len(), 20);
    assert_eq!(search(&connect, "bulk&limit=500").await.len(), 500);
    assert_eq!(connect.tickets().len(), 524);
    assert_eq!(connect.violations(), [""; 0]);
}

#[tokio::test]
async fn prefixes_arrive_as_they_were_meant() {
    let connect = start(Options::default()).await;
    let hits = search(&connect, "R%26D+%3D%20100%25%20%2B%20%231%20(Z%C3%BCrich)").await;
    assert_eq!(names(&hits), ["R&D = 100% + #1 (Zürich)"]);
    let seen = &connect.requests()[0];
    assert_eq!(seen.params, [("prefix".to_owned(), "R&D = 100% + #1 (Zürich)".to_owned())]);
    assert_eq!((seen.route, seen.status), (Some(Route::Search), Some(200)));
    assert_eq!((seen.path.as_str(), seen.correlation_id.as_str()), ("v1/groups/remote", "c-1"));
}

#[tokio::test]
async fn a_ticket_creates_one_group_once() {
    let connect = with_groups(&["accounting2"]).await;
    let hits = search(&connect, "accounting2").await;
    let (status, group) = put(&connect, &hits[0]["temp_ticket"]).await;
    assert_eq!(status, 200);
    let guid = connect.guid_of("accounting2").unwrap();
    assert_eq!(group, json!({ "guid": guid, "name": "accounting2", "owner_guid": null }));
    assert!(connect.groups()[0].from_ldap);

    assert_eq!(code(put(&connect, &hits[0]["temp_ticket"]).await), (400, 127));
    assert_eq!(code(put(&connect, &json!("made up")).await), (400, 127));
    assert_eq!(connect.violations(), [""; 0]);
}

#[tokio::test]
async fn tickets_expire() {
    let connect = start(Options { ticket_ttl: Duration::ZERO, ..Options::default() }).await;
    let hits = search(&connect, "accounting2").await;
    assert_eq!(code(put(&connect, &hits[0]["temp_ticket"]).await), (400, 127));

    let connect = start(Options::default()).await;
    let hits = search(&connect, "accounting2").await;
    connect.expire_tickets();
    assert_eq!(code(put(&connect, &hits[0]["temp_ticket"]).await), (400, 127));
    assert_eq!(connect.guid_of("accounting2"), None);
}

#[tokio::test]
async fn an_imported_entry_is_131_and_a_taken_name_15_and_both_use_the_ticket_up() {
    let connect = with_groups(&["twice", "twice", "local"]).await;
    connect.add_local_group("LOCAL");
    connect.import("twice");
    let hits = search(&connect, "twice").await;
    let (imported, other) =
        if hits[0]["guid"].is_null() { (&hits[1], &hits[0]) } else { (&hits[0], &hits[1]) };
    let local = &search(&connect, "local").await[0];
    for (hit, refusal) in [(imported, (400, 131)), (other, (409, 15)), (local, (409, 15))] {
        assert_eq!(code(put(&connect, &hit["temp_ticket"]).await), refusal);
        assert_eq!(code(put(&connect, &hit["temp_ticket"]).await), (400, 127));
    }

    connect.remove_group("twice");
    let hits = search(&connect, "twice").await;
    assert_eq!(put(&connect, &hits[0]["temp_ticket"]).await.0, 200);
}

#[tokio::test]
async fn groups_are_paged_and_old_servers_ignore_the_page() {
    for (ignores_page_number, second) in [(false, vec!["A-3"]), (true, vec!["a-1", "a-2"])] {
        let connect =
            start(Options { groups: Vec::new(), ignores_page_number, ..Options::default() }).await;
        for name in ["a-2", "A-3", "a-1", "b"] {
            connect.add_local_group(name);
        }
        let (_, page) = get(&connect, "v1/groups?page_number=2&page_size=3").await;
        assert_eq!(names(page["results"].as_array().unwrap()), ["b"]);
        let (_, page) = get(&connect, "v1/groups?prefix=a&page_number=2&page_size=2").await;
        assert_eq!(page["total"], 3);
        assert_eq!(names(page["results"].as_array().unwrap()), second);
    }
}

#[tokio::test]
async fn who_the_key_belongs_to_and_what_it_may_do() {
    let connect = start(Options { key_role: Role::Publisher, ..Options::default() }).await;
    let (_, user) = get(&connect, "v1/user").await;
    assert_eq!(user["user_role"], "administrator");
    let keys = format!("v1/users/{}/keys", user["guid"].as_str().unwrap());
    assert_eq!(get(&connect, &keys).await.1[0]["user_role"], "publisher");
    let hits = search(&connect, "accounting2").await;
    assert_eq!(code(put(&connect, &hits[0]["temp_ticket"]).await), (403, 22));

    let viewer = start(Options { key_role: Role::Viewer, ..Options::default() }).await;
    assert_eq!(code(get(&viewer, "v1/groups/remote?prefix=a").await), (403, 22));
    let few = start(Options { max_results: Some(3), ..Options::default() }).await;
    assert_eq!(code(get(&few, "v1/groups/remote?prefix=a").await), (400, 83));
    let saml = start(Options { authentication: "SAML".to_owned(), ..Options::default() }).await;
    assert_eq!(code(get(&saml, "v1/groups/remote?prefix=a").await), (400, 119));
    assert_eq!(get(&saml, "server_settings").await.1["authentication"]["name"], "SAML");
}

#[tokio::test]
async fn keys_are_listed_with_their_roles_and_expiry_and_an_expired_one_is_refused() {
    let in_a_day = SystemTime::now() + Duration::from_hours(24);
    let other = Key { role: Role::Viewer, expires: Some(UNIX_EPOCH) };
    let key_expires = Some(in_a_day);
    let connect = start(Options { key_expires, other_keys: vec![other], ..Options::default() });
    let connect = connect.await;
    let guid = get(&connect, "v1/user").await.1["guid"].as_str().unwrap().to_owned();
    let (_, keys) = get(&connect, &format!("v1/users/{guid}/keys")).await;
    assert_eq!(keys[0]["user_role"], "administrator");
    assert_eq!(keys[0]["expires_at"].as_str().unwrap().len(), "2026-01-12T09:31:00Z".len());
    assert_eq!(keys[1]["user_role"], "viewer");
    assert_eq!(keys[1]["expires_at"], "1970-01-01T00:00:00Z");
    assert_eq!(code(get(&connect, "v1/users/somebody/keys").await), (404, 4));
    let expired = start(Options { key_expires: Some(UNIX_EPOCH), ..Options::default() }).await;
    assert_eq!(code(get(&expired, "v1/user").await), (401, 30));
    assert_eq!(get(&expired, "server_settings").await.0, 200);
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
    assert_eq!(code(ask("v1/user", Some("Key wrong")).await), (401, 30));
    assert_eq!(connect.violations(), [""; 0]);
    assert_eq!(code(ask("v1/user", None).await), (401, 24));
    assert_eq!(code(ask("v1/user", Some("Bearer x")).await), (401, 24));
    assert_eq!(connect.violations().len(), 2);
}

#[tokio::test]
async fn whatever_the_api_does_not_know_is_a_violation() {
    let connect = start(Options::default()).await;
    let wrong = [
        ("v1/groups/remote", (400, 12)),
        ("v1/groups/remote?prefix=", (400, 12)),
        ("v1/groups/remote?prefix=a&limit=0", (400, 13)),
        ("v1/groups/remote?prefix=a&limit=501", (400, 13)),
        ("v1/groups/remote?prefix=a&limit=many", (400, 25)),
        ("v1/groups/remote?prefix=a&prefix=b", (400, 25)),
        ("v1/groups/remote?prefix=a&page=1", (400, 25)),
        ("v1/groups/remote?prefix=%zz", (400, 25)),
        ("v1/groups/remote?prefix=%FC", (400, 25)),
        ("v1/groups?page_number=0", (400, 13)),
        ("v1/user?verbose=1", (400, 25)),
        ("v1/users", (404, 4)),
    ];
    for (path, refusal) in wrong {
        assert_eq!(code(get(&connect, path).await), refusal, "{path}");
    }
    assert_eq!(connect.violations().len(), wrong.len(), "{:#?}", connect.violations());

    let bodies = [
        json!({}),
        json!({ "temp_ticket": 1 }),
        json!(["t"]),
        json!({ "temp_ticket": "t", "name": "accounting2" }),
    ];
    for body in &bodies {
        let answer = send(&connect, Method::PUT, "v1/groups", Some(body.clone())).await.unwrap();
        assert_eq!(answer.status(), 400, "{body}");
    }
    assert_eq!(connect.violations().len(), wrong.len() + bodies.len());

    let elsewhere = client().get(format!("{}/v1/user", connect.url())).send().await.unwrap();
    assert!(elsewhere.text().await.unwrap().contains("<html>"));
    let url = format!("{}/__api__/server_settings", connect.url());
    client().get(url).send().await.unwrap();
    let violations = connect.violations();
    assert_eq!(violations[violations.len() - 1], "GET server_settings: no X-Correlation-ID");
    assert_eq!(violations.len(), wrong.len() + bodies.len() + 2);
}
