//! Libraries that others wrote, with no more changed than the address, against the stand-ins. What
//! works with the real services works with these, or a step here fails.
//!
//! ```text
//! tests/clients/install
//! cargo test --test clients
//! cargo test --test clients -- --table docs/clients.md
//! ```
//!
//! What isn't installed is left out, with a word. A run in which nothing is left out is also held
//! against the table in `docs/`.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]
#![expect(clippy::print_stdout, reason = "it is a program of its own")]

#[path = "../shared/arguments.rs"]
mod arguments;
#[path = "../../benches/peers/commands.rs"]
mod commands;
mod connect;
mod discord;
mod peers;
mod program;
mod report;
mod serenity_client;
mod steps;

use std::fs;
use std::panic;
use std::path::Path;
use std::pin::pin;
use std::process::ExitCode;

use futures_util::{Stream, StreamExt, stream};

use self::arguments::Arguments;
use self::commands::PEERS;
use self::report::Report;

/// How many clients are played at the same time. They mostly wait.
const AT_ONCE: usize = 3;

/// The document that has the table, from the root of the repository.
const DOCUMENT: &str = "docs/clients.md";

#[tokio::main(worker_threads = 2)]
async fn main() -> ExitCode {
    let arguments = match Arguments::read(&["--table"]) {
        Ok(arguments) => arguments,
        Err(problem) => {
            println!("clients: {problem}");
            return ExitCode::from(2);
        }
    };
    let scripts = connect::scripts();
    let names = discord::CLIENTS.iter().map(|client| client.name);
    let names = names.chain(scripts.iter().map(connect::Script::name));
    let peers = PEERS.map(|peer| (peer.script, peer));
    let names: Vec<_> = names.chain(peers.iter().map(|(name, _)| *name)).collect();
    let meant: Vec<_> = names.iter().filter(|name| arguments.mean(name)).collect();
    if arguments.has("--list") {
        for name in meant {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    println!("\nrunning {} tests", meant.len());
    // Where it panicked says all; how it got there only how futures are polled.
    panic::set_hook(Box::new(|panicked| println!("{panicked}")));
    let mut tally = Tally::default();
    let clients = discord::CLIENTS.iter().filter(|client| arguments.mean(client.name));
    let clients = stream::iter(clients).map(async |client| (client.name, client.play().await));
    let discord = tally.count(clients.buffered(AT_ONCE)).await;
    let scripts = scripts.iter().filter(|script| arguments.mean(script.name()));
    let scripts = stream::iter(scripts).map(async |script| (script.name(), script.play().await));
    let connect = tally.count(scripts.buffered(AT_ONCE)).await;
    let peers = peers.iter().filter(|(name, _)| arguments.mean(name));
    let peers = stream::iter(peers).map(async |(name, peer)| (*name, peers::play(peer).await));
    tally.count(peers.buffered(AT_ONCE)).await;
    let table = arguments.value("--table").map(Path::new);
    if tally.passed == names.len() {
        settle(&mut tally, &report::document(&discord, &connect), table);
    } else if table.is_some() {
        println!("The table isn't written, for not every client came through.");
    }
    tally.conclude()
}

/// Writes the document, or holds it against the one that there is.
fn settle(tally: &mut Tally, document: &str, into: Option<&Path>) {
    if let Some(file) = into {
        fs::write(file, document).unwrap();
        println!("The table is in {}.", file.display());
        return;
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join(DOCUMENT);
    let result = if fs::read_to_string(kept).is_ok_and(|kept| kept == document) {
        tally.passed += 1;
        "ok"
    } else {
        tally.failed += 1;
        "FAILED; it says otherwise: cargo test --test clients -- --table docs/clients.md"
    };
    println!("test {DOCUMENT} ... {result}");
}

/// How many clients came through.
#[derive(Default)]
struct Tally {
    passed: usize,
    failed: usize,
}

impl Tally {
    /// Counts clients as they are played, says what came of each, and gives those that could be.
    async fn count(&mut self, played: impl Stream<Item = (&str, Option<Report>)>) -> Vec<Report> {
        let mut reports = Vec::new();
        let mut played = pin!(played);
        while let Some((name, report)) = played.next().await {
            match &report {
                None => {
                    println!("LEFT OUT: {name}, for it isn't installed (tests/clients/install)");
                }
                Some(report) if report.has_failed() => {
                    self.failed += 1;
                    println!("test {name} ... FAILED\n{}", report.failures());
                }
                Some(_) => {
                    self.passed += 1;
                    println!("test {name} ... ok");
                }
            }
            reports.extend(report);
        }
        reports
    }

    fn conclude(&self) -> ExitCode {
        let Self { passed, failed } = self;
        let result = if *failed == 0 { "ok" } else { "FAILED" };
        println!("\ntest result: {result}. {passed} passed; {failed} failed\n");
        if *failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }
}
