//! What the calls answer, and what is held against a caller.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use sandbox::connect::{Key, Options, Role, Route};
use serde_json::{Value, json};

use super::{code, get, names, no_imports, put, search, start, with_groups};

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
    let whole = json!({
        "guid": guid,
        "name": "accounting2",
        "owner_guid": null,
        "gid": null,
        "member_count": 0,
    });
    assert_eq!(group, whole);
    assert_eq!(get(&connect, &format!("v1/groups/{guid}")).await, (200, whole));
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
    let local = &search(&connect, "local").await[1];
    assert_eq!((&local["name"], &local["guid"]), (&json!("local"), &Value::Null));
    for (hit, refusal) in [(imported, (400, 131)), (other, (409, 15)), (local, (409, 15))] {
        assert_eq!(code(put(&connect, &hit["temp_ticket"]).await), refusal);
        assert_eq!(code(put(&connect, &hit["temp_ticket"]).await), (400, 127));
    }

    connect.remove_group("twice");
    let hits = search(&connect, "twice").await;
    assert_eq!(put(&connect, &hits[0]["temp_ticket"]).await.0, 200);
}

#[tokio::test]
async fn a_search_finds_what_connect_has_without_ldap_too() {
    let connect = with_groups(&["team-ldap", "team"]).await;
    let guid = connect.add_local_group("Team");
    let hits = search(&connect, "TEAM").await;
    assert_eq!(names(&hits), ["Team", "team", "team-ldap"]);
    assert_eq!((&hits[0]["guid"], &hits[1]["guid"]), (&json!(guid), &Value::Null));
    let ticket = &hits[0]["temp_ticket"];
    assert_eq!(connect.ticket_name(ticket.as_str().unwrap()).unwrap(), "Team");
    assert_eq!(code(put(&connect, ticket).await), (400, 131));
    assert_eq!(connect.groups().len(), 1);
}

#[tokio::test]
async fn groups_are_sorted_by_name_and_those_of_a_prefix_by_similarity() {
    let connect = start(Options { groups: Vec::new(), ..Options::default() }).await;
    for name in ["b", "a-long", "A", "aa"] {
        connect.add_local_group(name);
    }
    let listed = async |query: &str| {
        let (status, page) = get(&connect, &format!("v1/groups?{query}")).await;
        assert_eq!(status, 200, "{page}");
        names(page["results"].as_array().unwrap()).join(" ")
    };
    assert_eq!(listed("").await, "A a-long aa b");
    assert_eq!(listed("asc_order=False").await, "b aa a-long A");
    assert_eq!(listed("prefix=a").await, "A aa a-long");
    assert_eq!(listed("prefix=a&asc_order=false").await, "A aa a-long");
    assert_eq!(listed("prefix=a&sort_by=name").await, "A a-long aa");
    assert_eq!(listed("prefix=a&sort_by=name&asc_order=false").await, "aa a-long A");
    assert_eq!(connect.violations(), [""; 0]);
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
        assert_eq!(page["current_page"], if ignores_page_number { 1 } else { 2 });
        assert_eq!(names(page["results"].as_array().unwrap()), second);
    }
}

#[tokio::test]
async fn who_the_key_belongs_to_and_what_it_may_do() {
    let connect = start(Options { key_role: Role::Publisher, ..Options::default() }).await;
    let (_, user) = get(&connect, "v1/user").await;
    assert_eq!(user["user_role"], "administrator");
    assert!(user["external_id"].is_string());
    let keys = format!("v1/users/{}/keys", user["guid"].as_str().unwrap());
    assert_eq!(get(&connect, &keys).await.1[0]["user_role"], "publisher");
    let hits = search(&connect, "accounting2").await;
    assert_eq!(code(put(&connect, &hits[0]["temp_ticket"]).await), (403, 22));

    let viewer = start(Options { key_role: Role::Viewer, ..Options::default() }).await;
    assert_eq!(code(get(&viewer, "v1/groups/remote?prefix=a").await), (403, 22));
    let few = start(Options { max_results: Some(3), ..Options::default() }).await;
    assert_eq!(code(get(&few, "v1/groups/remote?prefix=a").await), (400, 83));
    let saml = start(Options { authentication: "SAML".to_owned(), ..Options::default() }).await;
    assert_eq!(code(get(&saml, "v1/groups/remote?prefix=a").await), (400, 132));
    assert_eq!(code(put(&saml, &json!("t")).await), (400, 119));
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
    let (end, whole) = (keys[0]["key"].as_str().unwrap(), connect.api_key());
    assert!(end.len() < 5 && whole.ends_with(end), "{end}");
    assert!(!whole.ends_with(keys[1]["key"].as_str().unwrap()));
    assert_eq!(keys[0]["expires_at"].as_str().unwrap().len(), "2026-01-12T09:31:00Z".len());
    assert_eq!(keys[1]["user_role"], "viewer");
    assert_eq!(keys[1]["expires_at"], "1970-01-01T00:00:00Z");
    assert_eq!(code(get(&connect, "v1/users/somebody/keys").await), (404, 4));
    let expired = start(Options { key_expires: Some(UNIX_EPOCH), ..Options::default() }).await;
    assert_eq!(code(get(&expired, "v1/user").await), (401, 30));
    assert_eq!(get(&expired, "server_settings").await.0, 200);
}
