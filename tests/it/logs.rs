//! What the log says of what people did, for machines and for auditors: as `docs/logs.md` has it.

use std::collections::BTreeSet;

use sandbox::Sandbox;
use sandbox::connect::{Fault, Route, Times};
use sandbox::discord::{self, CONNECT, DM, Message, REQUESTS, Who};
use serde_json::Value;
use tokio::process::Child;

use crate::program::{output, program, terminate};
use crate::world::{assert_no_violations, in_time, is_card, sandbox};

const DOCUMENT: &str = include_str!("../../docs/logs.md");

/// What differs from run to run.
const MASKED: [&str; 9] = [
    "timestamp",
    "person",
    "server",
    "channel",
    "since",
    "took_ms",
    "guid",
    "correlation_id",
    "error",
];

/// The bot, which logs for machines.
async fn logging(sandbox: &Sandbox, filter: &str) -> Child {
    let mut variables = sandbox.variables();
    variables.extend([("LOG_FORMAT", "json".to_owned()), ("RUST_LOG", filter.to_owned())]);
    let child = program(&["run"], &variables).spawn().unwrap();
    sandbox.discord.wait_ready().await;
    child
}

/// Stops it. All that it logged, an object a line.
async fn logged(child: Child) -> Vec<Value> {
    terminate(&child);
    let output = in_time(child.wait_with_output()).await.unwrap();
    lines(&String::from_utf8(output.stderr).unwrap())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

/// The line with what differs from run to run made `…`.
fn masked(mut line: Value) -> Value {
    for name in MASKED {
        // The words of Connect's stand-in are its own.
        if name != "error" && line.get(name).is_some() {
            line[name] = "…".into();
        }
    }
    if let Some(span) = line.get_mut("span") {
        span["correlation_id"] = "…".into();
    }
    line
}

fn audited(lines: &[Value]) -> Vec<&Value> {
    lines.iter().filter(|line| line["target"] == "audit").collect()
}

/// What the audit says happened, with the request and the group that it was about.
fn actions(lines: &[Value]) -> Vec<String> {
    let action = |line: &&Value| {
        let (request, group) = (&line["request"], line["group"].as_str().unwrap_or_default());
        format!("{} {request} {group}", line["action"].as_str().unwrap()).trim_end().to_owned()
    };
    audited(lines).iter().map(action).collect()
}

/// Somebody searches, asks and is told; an admin approves, and that can't be shown at once.
async fn something_of_each(sandbox: &Sandbox) {
    let (member, admin) = (sandbox.discord.person(Who::Member), sandbox.discord.person(Who::Admin));
    member.slash("search", &[("prefix", "acc".into())]).await;
    member.slash("create", &[("name", "accounting2".into())]).await;
    let card = sandbox.discord.wait_for_message(REQUESTS, is_card(1, "Approve or deny")).await;
    let forbidden = discord::Fault::Forbidden(50013);
    sandbox.discord.fail(discord::Route::EditMessage, forbidden, discord::Times::Once);
    admin.press(&card, "Approve").await;
    sandbox.discord.wait_for_message(REQUESTS, is_card(1, "**Created**")).await;
    sandbox.connect.fail(Route::Search, Fault::Error(30), Times::Times(1));
    member.slash("search", &[("prefix", "xyz".into())]).await;
    member.in_channel(DM).slash("status", &[]).await;
}

#[tokio::test]
async fn the_examples_of_the_document_are_what_is_logged_and_its_tables_name_every_field() {
    let sandbox = sandbox().await;
    let child = logging(&sandbox, "info").await;
    something_of_each(&sandbox).await;
    let mut all = logged(child).await;
    let mut variables = sandbox.variables();
    variables.push(("LOG_FORMAT", "json".to_owned()));
    let (code, _, stderr) = output(program(&["create", "ABE-TEST"], &variables)).await;
    assert_eq!(code, Some(0));
    all.extend(lines(&stderr));
    for line in &all {
        let at = line["timestamp"].as_str().unwrap();
        assert!(humantime::parse_rfc3339(at).is_ok() && at.ends_with('Z'), "{at}");
        let is_text = |name: &str| line[name].is_string();
        assert!(["level", "target", "message"].into_iter().all(is_text), "{line}");
    }
    let documented: BTreeSet<_> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next())
        .flat_map(|names| names.split(['`', ',', ' ']))
        .collect();
    let tables = ["answered", "not admitted", "a message is not delivered yet"].map(Value::from);
    for line in
        all.iter().filter(|line| line["target"] == "audit" || tables.contains(&line["message"]))
    {
        for name in line.as_object().unwrap().keys() {
            assert!(documented.contains(&name[..]), "{name} isn't documented");
        }
    }
    let masked: Vec<_> = all.into_iter().map(masked).collect();
    let examples: Vec<Value> = DOCUMENT
        .lines()
        .filter(|line| line.starts_with('{'))
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(examples.len(), 7);
    for example in examples {
        assert!(masked.contains(&example), "{example} isn't in {masked:#?}");
    }
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn the_audit_alone_has_every_decision_and_every_creation_with_who_and_where() {
    let sandbox = sandbox().await;
    let child = logging(&sandbox, "off,audit=info").await;
    let person = |who| sandbox.discord.person(who);
    let ask = async |who, name: &str| person(who).slash("create", &[("name", name.into())]).await;
    let card = async |number, words| {
        sandbox.discord.wait_for_message(REQUESTS, is_card(number, words)).await
    };
    let admin = person(Who::Admin);
    ask(Who::Member, "accounting2").await;
    ask(Who::OtherMember, "accounting2").await;
    person(Who::OtherMember).slash("cancel", &[("request", 1.into())]).await;
    sandbox.connect.fail(Route::CreateGroup, Fault::Error(64), Times::Times(1));
    admin.press(&card(1, "Approve or deny").await, "Approve").await;
    person(Who::SecondAdmin).press(&card(1, "**Failed**").await, "Retry").await;
    card(1, "**Created**").await;
    ask(Who::Member, "ABE-TEST").await;
    let form = admin.press(&card(2, "Approve or deny").await, "Deny").await.form().clone();
    admin.submit(&form, &[("reason", "no such\u{202e} thing")]).await;
    ask(Who::Member, "ABE-TEST-2").await;
    person(Who::Member).slash("cancel", &[("request", 3.into())]).await;
    ask(Who::Admin, "accounting-apac").await;
    // What the search says of one is out of date.
    admin.slash("search", &[("prefix", "accounting-".into())]).await;
    sandbox.connect.import("accounting-readonly");
    ask(Who::Admin, "accounting-emea, accounting-readonly").await;
    let is_done = |message: &Message| message.text().contains("Both are in Connect now");
    sandbox.discord.wait_for_message(CONNECT, is_done).await;
    let lines = logged(child).await;
    assert_eq!(audited(&lines).len(), lines.len(), "nothing else is logged");
    assert_eq!(
        actions(&lines),
        [
            "asked 1",
            "joined 1",
            "left 1",
            "approved 1",
            "failed 1 accounting2",
            "retried 1",
            "created 1 accounting2",
            "asked 2",
            "denied 2",
            "asked 3",
            "cancelled 3",
            "begun 4",
            "created 4 accounting-apac",
            "begun 5",
            "created 5 accounting-emea",
            "existed 5 accounting-readonly",
        ]
    );
    for line in &lines {
        let has_id = |name: &str| line[name].as_str().is_some_and(|id| id.parse::<u64>().is_ok());
        assert!(["person", "server", "channel"].into_iter().all(has_id), "{line}");
        assert_eq!(line["correlation_id"].as_str().map(str::len), Some(36), "{line}");
    }
    let who = |at: usize| lines[at]["person"].as_str().unwrap().parse::<u64>().unwrap();
    let doers =
        [Who::Member, Who::OtherMember, Who::OtherMember, Who::Admin, Who::Admin, Who::SecondAdmin];
    for (at, doer) in doers.into_iter().enumerate() {
        assert_eq!(doer.id(), who(at), "{}", lines[at]);
    }
    assert_eq!(lines[8]["channel"], REQUESTS.to_string());
    assert!(lines[4]["why"].as_str().unwrap().contains("64"), "{}", lines[4]);
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn what_nobody_decides_is_audited_as_nobodys_doing() {
    let sandbox = sandbox().await;
    let mut variables = sandbox.variables();
    variables.extend([
        ("LOG_FORMAT", "json".to_owned()),
        ("RUST_LOG", "off,audit=info".to_owned()),
        ("REQUEST_TTL", "1s".to_owned()),
    ]);
    let child = program(&["run"], &variables).spawn().unwrap();
    sandbox.discord.wait_ready().await;
    let member = sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "accounting2".into())]).await;
    sandbox.discord.wait_for_message(REQUESTS, is_card(1, "**Expired**")).await;
    let lines = logged(child).await;
    assert_eq!(actions(&lines), ["asked 1", "expired 1"]);
    assert_eq!((lines[1].get("person"), lines[1].get("channel")), (None, None));
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn whoever_is_refused_at_a_button_or_at_the_door_is_logged_too() {
    let sandbox = sandbox().await;
    let child = logging(&sandbox, "info").await;
    let member = sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "accounting2".into())]).await;
    let card = sandbox.discord.wait_for_message(REQUESTS, is_card(1, "Approve or deny")).await;
    member.press(&card, "Approve").await;
    member.press(&card, "Deny").await;
    member.in_channel(DM).slash("search", &[("prefix", "acc".into())]).await;
    let lines = logged(child).await;
    let refused = lines.iter().filter(|line| line["outcome"] == "refused");
    let commands: Vec<_> =
        refused.map(|line| (line["command"].as_str(), line["message"].as_str())).collect();
    assert_eq!(
        commands,
        [
            (Some("approve"), Some("answered")),
            (Some("deny"), Some("answered")),
            (Some("search"), Some("not admitted"))
        ]
    );
    assert_no_violations(&sandbox);
}
