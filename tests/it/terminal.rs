//! `search` and `create` in a terminal: what they print, and their exit codes.

use insta::assert_snapshot;
use sandbox::connect::{self, Fault, Route, Times};
use sandbox::{Sandbox, discord};

use crate::program::{output, program};
use crate::world::{assert_no_violations, sandbox, stand_ins};

async fn with_connect(arguments: &[&str], sandbox: &Sandbox) -> (Option<i32>, String, String) {
    let connect = sandbox.variables().into_iter().filter(|(name, _)| name.starts_with("CONNECT"));
    output(program(arguments, &connect.collect::<Vec<_>>())).await
}

#[tokio::test]
async fn a_search_prints_a_table() {
    let sandbox = sandbox().await;
    let (code, stdout, stderr) = with_connect(&["search", "abe"], &sandbox).await;
    let guid = sandbox.connect.guid_of("ABE").unwrap();
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_snapshot!(stdout.replace(&guid, "<guid>"), @r"
    NAME        GUID
    ABE         <guid>
    ABE-TEST    NULL
    ABE-TEST-2  NULL
    ");
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_search_prints_json() {
    let sandbox = sandbox().await;
    let (code, stdout, _) = with_connect(&["search", "abe", "--json"], &sandbox).await;
    let guid = sandbox.connect.guid_of("ABE").unwrap();
    assert_eq!(code, Some(0));
    assert_snapshot!(stdout.replace(&guid, "<guid>"), @r#"{"groups":[{"guid":"<guid>","name":"ABE"},{"guid":null,"name":"ABE-TEST"},{"guid":null,"name":"ABE-TEST-2"}],"truncated":false}"#);
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_search_is_in_alphabetical_order_whatever_the_case() {
    let connect = connect::Options {
        groups: ["B", "a-long-name", "A", "ab", "aB"].map(str::to_owned).to_vec(),
        imported: Vec::new(),
        ..connect::Options::default()
    };
    let sandbox = stand_ins(connect, discord::Options::default()).await;
    let (code, stdout, _) = with_connect(&["search", "a"], &sandbox).await;
    assert_eq!(code, Some(0));
    assert_snapshot!(stdout, @r"
    NAME         GUID
    A            NULL
    a-long-name  NULL
    aB           NULL
    ab           NULL
    ");
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_search_without_a_hit_says_so() {
    let sandbox = sandbox().await;
    let (code, stdout, stderr) = with_connect(&["search", "nobody\u{202e}"], &sandbox).await;
    assert_eq!((code, stdout.as_str()), (Some(0), "NAME  GUID\n"));
    assert_snapshot!(stderr, @r"No LDAP group's name begins with nobody\u{202e}. Try fewer letters.");
    let (code, stdout, stderr) = with_connect(&["search", "nobody", "--json"], &sandbox).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_snapshot!(stdout, @r#"{"groups":[],"truncated":false}"#);
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_search_with_more_hits_than_connect_lists_says_so() {
    let connect = connect::Options {
        groups: (0..501).map(|number| format!("team-{number:03}")).collect(),
        imported: Vec::new(),
        ..connect::Options::default()
    };
    let sandbox = stand_ins(connect, discord::Options::default()).await;
    let (code, stdout, stderr) = with_connect(&["search", "team"], &sandbox).await;
    assert_eq!((code, stdout.lines().count()), (Some(0), 501));
    assert_snapshot!(stderr, @"Connect lists at most 500 groups for one prefix: there may be more. Try more letters.");
    assert_no_violations(&sandbox);
}

/// What a failure says, without the id, which is another one each time.
fn without_id(stderr: &str) -> &str {
    let (said, id) = stderr.split_once("\nCorrelation id: ").unwrap();
    assert_eq!(id.trim_end().len(), 36, "{id}");
    said
}

/// The same of what is for machines.
fn json(stderr: &str) -> String {
    let mut error: serde_json::Value = serde_json::from_str(stderr).unwrap();
    assert_eq!(error["correlation_id"].as_str().map(str::len), Some(36), "{stderr}");
    error["correlation_id"] = "<id>".into();
    error.to_string()
}

#[tokio::test]
async fn a_search_that_fails_exits_with_1() {
    let sandbox = sandbox().await;
    sandbox.connect.fail(Route::Search, Fault::Error(132), Times::Always);
    let (code, stdout, stderr) = with_connect(&["search", "abe"], &sandbox).await;
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_snapshot!(without_id(&stderr), @"Connect answered 400 Bad Request with code 132: The configured provider cannot access this endpoint: Connect doesn't take its groups from LDAP, so name another server in CONNECT_SERVER.");
    let (code, _, stderr) = output(program(&["search", "abe"], &[])).await;
    assert_eq!(code, Some(1));
    assert_snapshot!(stderr, @r"
    CONNECT_SERVER: is missing
    CONNECT_API_KEY: is missing (or name a file in CONNECT_API_KEY_FILE)
    .env: isn't in the folder where this is run, and none of these is set: copy .env.example there as .env, chmod 600 .env, and fill it in
    ");
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_creation_prints_the_guid_and_a_second_one_exits_with_2() {
    let sandbox = sandbox().await;
    let (code, stdout, stderr) = with_connect(&["create", "accounting2"], &sandbox).await;
    let guid = sandbox.connect.guid_of("accounting2").unwrap();
    assert_eq!((code, stdout), (Some(0), format!("{guid}\n")));
    assert!(stderr.contains(" INFO audit: created ") && stderr.lines().count() == 1, "{stderr}");
    let (code, stdout, stderr) = with_connect(&["create", "accounting2"], &sandbox).await;
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
    assert_snapshot!(stderr.replace(&guid, "<guid>"), @r"
    The requested group name is already in use.
    accounting2 is in Connect, with the guid <guid>: share content with it there.
    ");
    let (code, _, stderr) = with_connect(&["create", "accounting2", "--json"], &sandbox).await;
    assert_eq!(code, Some(2));
    assert_snapshot!(json(&stderr).replace(&guid, "<guid>"), @r#"{"code":"in_use","correlation_id":"<id>","error":"The requested group name is already in use.\naccounting2 is in Connect, with the guid <guid>: share content with it there.","guid":"<guid>"}"#);
    let (code, stdout, _) = with_connect(&["create", "ABE-TEST", "--json"], &sandbox).await;
    let guid = sandbox.connect.guid_of("ABE-TEST").unwrap();
    assert_eq!(
        (code, stdout),
        (Some(0), format!("{{\"guid\":\"{guid}\",\"name\":\"ABE-TEST\"}}\n"))
    );
    let (code, _, stderr) = with_connect(&["create", "nobody-has-this"], &sandbox).await;
    assert_eq!(code, Some(1));
    assert_snapshot!(stderr, @"LDAP has no group called nobody-has-this. Find it with ldapgroup-bot search and the beginning of its name.");
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_name_in_another_case_than_connects_is_in_use() {
    let connect = connect::Options {
        groups: vec!["Finance".to_owned(), "finance".to_owned()],
        imported: vec!["Finance".to_owned()],
        ..connect::Options::default()
    };
    let sandbox = stand_ins(connect, discord::Options::default()).await;
    let guid = sandbox.connect.guid_of("Finance").unwrap();
    let (code, _, stderr) = with_connect(&["create", "finance", "--json"], &sandbox).await;
    assert_eq!(code, Some(2));
    assert_snapshot!(json(&stderr).replace(&guid, "<guid>"), @r#"{"code":"in_use","correlation_id":"<id>","error":"The requested group name is already in use.\nConnect has Finance, with the guid <guid>, and ignores case in names: it can't have finance beside it. If that isn't the group you need, one of the two must get another name.","guid":"<guid>"}"#);
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn a_name_that_begins_with_a_hyphen_is_no_option() {
    let sandbox = sandbox().await;
    let (code, _, stderr) = with_connect(&["create", "-x"], &sandbox).await;
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("LDAP has no group called -x."), "{stderr}");
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn each_failure_has_a_sentence_and_a_code_of_its_own() {
    let sandbox = sandbox().await;
    let faults = [Fault::Error(24), Fault::Error(22), Fault::Garbage, Fault::Html(502)];
    let mut said = String::new();
    for fault in faults {
        sandbox.connect.fail(Route::CreateGroup, fault, Times::Times(1));
        let (code, stdout, stderr) =
            with_connect(&["create", "accounting2", "--json"], &sandbox).await;
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        said += &json(stderr.lines().last().unwrap());
        said.push('\n');
    }
    assert_snapshot!(said, @r#"
    {"code":"connect_24","correlation_id":"<id>","error":"Connect answered 401 Unauthorized with code 24: The requested operation requires authentication: the key is mistyped, deleted or expired, so set CONNECT_API_KEY to a valid one of an administrator. No group was created.","guid":null}
    {"code":"connect_22","correlation_id":"<id>","error":"Connect answered 403 Forbidden with code 22: You don't have permission to perform this operation: set CONNECT_API_KEY to a key of an administrator. No group was created.","guid":null}
    {"code":"unreadable","correlation_id":"<id>","error":"Connect's answer isn't what its API describes (invalid type: string \"It works!\", expected struct Group at line 1 column 11): check CONNECT_SERVER, and what stands in front of Connect. The group isn't there now, but may still come: search for it in a minute, before you create it again.","guid":null}
    {"code":"not_connect","correlation_id":"<id>","error":"the answer isn't Connect's: status 502 Bad Gateway, content type text/html; charset=utf-8: check CONNECT_SERVER, and what stands in front of Connect. The group isn't there now, but may still come: search for it in a minute, before you create it again.","guid":null}
    "#);
    let away = [("CONNECT_SERVER", "http://127.0.0.1:1"), ("CONNECT_API_KEY", "key")];
    let away = away.map(|(name, value)| (name, value.to_owned()));
    let (code, _, stderr) = output(program(&["create", "ABE-TEST"], &away)).await;
    assert_eq!(code, Some(1));
    assert_snapshot!(without_id(&stderr), @"Connect can't be reached (Connection refused (os error 111)): check CONNECT_SERVER and the network. No group was created.");
    let (code, _, stderr) = with_connect(&["create", "ABE", "--json"], &sandbox).await;
    assert_eq!(code, Some(2), "{stderr}");
    let (code, _, stderr) = with_connect(&["create", " ", "--json"], &sandbox).await;
    assert_eq!(code, Some(1));
    assert_snapshot!(json(&stderr), @r#"{"code":"bad_name","correlation_id":"<id>","error":"A name has at least one letter. Type the beginning of the group's name.","guid":null}"#);
}
