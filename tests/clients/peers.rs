//! The benchmark's peers: what is measured against them must do what it is measured for.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;
use sandbox::discord::{Answer, Route, Who};
use sandbox::{Sandbox, connect, discord};
use serde_json::json;
use tokio::process::Command;
use tokio::time::timeout;

use crate::commands::{Peer, refused};
use crate::program::Program;
use crate::report::{Mark, Report};

/// How long a peer may take for all of it.
const TIME: Duration = Duration::from_mins(1);

/// A group that LDAP has and Connect hasn't, and one that both have.
const NEW: &str = "accounting2";
const KNOWN: &str = "accounting";

/// Lets people search and create against stand-ins of its own. `None` if it isn't installed.
pub(crate) async fn play(peer: &Peer) -> Option<Report> {
    let sandbox = Sandbox::start(connect::Options::default(), discord::Options::default()).await;
    let sandbox = sandbox.expect("ports are free");
    let mut command = Command::from(peer.command());
    let program = Program::start(command.envs(sandbox.variables()))?;
    let mut report = Report::new(peer.name);
    let served = AssertUnwindSafe(serve(&sandbox)).catch_unwind();
    match timeout(TIME, served).await {
        Ok(served) => report.mark("search and create", Mark::of(served)),
        Err(_) => report.mark("end in time", Mark::Failed(format!("it took longer than {TIME:?}"))),
    }
    let releases = peer.releases().output().ok();
    report.version = releases.and_then(|said| String::from_utf8(said.stdout).ok());
    report.said = program.said().lines();
    report.noted = sandbox.violations();
    let refused = refused(&sandbox);
    if !refused.is_empty() {
        report.mark("is refused nothing", Mark::Failed(refused.join("; ")));
    }
    Some(report)
}

async fn serve(sandbox: &Sandbox) {
    sandbox.discord.wait_ready().await;
    let is_registered = |seen: &discord::Request| {
        seen.route == Some(Route::SetCommands) && seen.status == Some(200)
    };
    sandbox.discord.wait_for_requests(|requests| requests.iter().any(is_registered)).await;

    let member = sandbox.discord.person(Who::Member);
    let guid = sandbox.connect.guid_of(KNOWN).expect("the stand-in has imported it");
    let found = member.slash("search", &[("prefix", json!(KNOWN))]).await;
    assert!(says(&found, &[NEW, KNOWN, &guid, "NULL"]), "{found:?}");
    let none = member.slash("search", &[("prefix", json!("no-such-group"))]).await;
    assert!(says(&none, &["no-such-group"]), "{none:?}");

    let new = [("name", json!(NEW))];
    let refused = member.slash("create", &new).await;
    assert!(refused.is_private(), "{refused:?}");
    assert_eq!(sandbox.connect.guid_of(NEW), None);
    let searches = || {
        let seen = sandbox.connect.requests();
        seen.iter().filter(|seen| seen.route == Some(connect::Route::Search)).count()
    };
    let before = searches();
    let admin = sandbox.discord.person(Who::Admin);
    admin.slash("search", &[("prefix", json!(NEW))]).await;
    let created = admin.slash("create", &new).await;
    let guid = sandbox.connect.guid_of(NEW).expect("it is created");
    assert!(says(&created, &[&guid]), "{created:?}");
    assert_eq!(searches(), before + 1, "what was just found is created without another search");
    let again = admin.slash("create", &[("name", json!(KNOWN))]).await;
    assert!(says(&again, &["already in use"]), "{again:?}");
}

fn says(answer: &Answer, words: &[&str]) -> bool {
    let text = answer.text();
    words.iter().all(|word| text.contains(word))
}
