//! `ldapgroup-bot sandbox --no-browser`: what it prints, and what can be done with it.

use std::process::Stdio;
use std::time::Duration;

use insta::assert_snapshot;
use reqwest::Client;
use sandbox::discord::CONNECT;
use serde_json::{Value, json};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::program::{BOT, output, program, terminate};
use crate::world::{in_time, server};

/// What the sandbox prints up to the end of its variables.
async fn printed(sandbox: &mut Child) -> String {
    let mut lines = BufReader::new(sandbox.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    while let Some(line) = in_time(lines.next_line()).await.unwrap() {
        if line.is_empty() && printed.contains("export ") {
            return printed;
        }
        printed += &line;
        printed.push('\n');
    }
    panic!("it ended after {printed:?}");
}

/// The address of the page.
fn address(printed: &str) -> &str {
    printed.split_whitespace().find(|word| word.starts_with("http://")).unwrap()
}

/// A shell with nothing but what is pasted into it, which then runs the program.
fn pasted(exports: &str, arguments: &str) -> Command {
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &format!("{exports}exec {BOT} {arguments}")])
        .env_clear()
        .current_dir(env!("CARGO_TARGET_TMPDIR"))
        .stdin(Stdio::null())
        .kill_on_drop(true);
    shell
}

#[tokio::test]
async fn the_printed_variables_are_pasted_and_the_commands_ask_the_stand_ins() {
    let mut sandbox = program(&["sandbox", "--no-browser"], &[]).spawn().unwrap();
    let printed = printed(&mut sandbox).await;
    let (told, exports) = printed.split_at(printed.find("export ").unwrap());
    let address = address(told);
    let page = in_time(reqwest::get(address)).await.unwrap();
    assert_eq!(page.status(), 200);
    assert_snapshot!(told.replace(address, "<address>"), @r"
    Your team's channel is at <address>
    The bot is the real one; Discord and Posit Connect are stand-ins on this machine. Ctrl-C stops them.

    In another terminal `ldapgroup-bot check`, `search` and `create` ask the same stand-ins, once these
    lines are pasted there:
    ");
    let ask = async |arguments| output(pasted(exports, arguments)).await;

    let (code, stdout, stderr) = ask("check").await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.lines().all(|line| line.starts_with("ok ")), "{stdout}");

    let (code, guid, audit) = ask("create accounting2").await;
    assert!(code == Some(0) && audit.contains(" INFO audit: created "), "{audit}");
    let (code, stdout, stderr) = ask("search accounting2").await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert_snapshot!(stdout.replace(guid.trim(), "<guid>"), @r"
    NAME         GUID
    accounting2  <guid>
    ");

    terminate(&sandbox);
    assert_eq!(in_time(sandbox.wait()).await.unwrap().code(), Some(0));
}

/// The page, as its script asks it.
struct Page<'a>(Client, &'a str);

impl Page<'_> {
    async fn post(&self, route: &str, body: Value) -> Value {
        let Self(client, address) = self;
        let sent = client.post(format!("{address}api/{route}")).json(&body).send();
        in_time(sent).await.unwrap().json().await.unwrap()
    }

    /// Gives a command with one option. What the page is told of its answer.
    async fn slash(&self, who: &str, command: &str, option: (&str, &str)) -> Value {
        let options = json!({option.0: option.1});
        let channel = CONNECT.to_string();
        let slash = json!({"as": who, "channel": channel, "command": command, "options": options});
        self.post("slash", slash).await["result"].take()
    }

    async fn state(&self, who: &str) -> Value {
        let Self(client, address) = self;
        let state = client.get(format!("{address}api/state?as={who}")).send().await;
        state.unwrap().json().await.unwrap()
    }

    /// What this makes of what somebody sees, as soon as it is anything.
    async fn shows<T>(&self, who: &str, look: impl Fn(&Value) -> Option<T>) -> T {
        let shown = async {
            loop {
                if let Some(found) = look(&self.state(who).await) {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        in_time(shown).await
    }

    /// The message with these words, as soon as somebody sees it.
    async fn sees(&self, who: &str, words: &str) -> Value {
        let is_it = |message: &&Value| message.to_string().contains(words);
        let look = |state: &Value| state["messages"].as_array()?.iter().find(is_it).cloned();
        self.shows(who, look).await
    }
}

/// Plays a search, a request and its approval, and a creation at once on the page of a sandbox.
async fn play(address: &str) {
    let page = Page(Client::new(), address);
    page.shows("member", |state| (state["ready"] == true).then_some(())).await;
    // Whichever copies it takes.
    for name in ["accounting2", "accounting-apac", "accounting-emea"] {
        assert_eq!(page.slash("member", "search", ("prefix", name)).await, "message");
        page.sees("member", &format!("begins with `{name}`")).await;
        page.slash("member", "create", ("name", name)).await;
        // Before that a press may come too early for a copy that didn't post it.
        page.sees("member", &format!("for `{name}` went to the admins")).await;
        let card = page.sees("admin", &format!("asks for `{name}`")).await;
        let custom_id = card.to_string();
        let (_, custom_id) = custom_id.split_once("\"custom_id\":\"approve:").unwrap();
        let custom_id = format!("approve:{}", custom_id.split('"').next().unwrap());
        let press = json!({"as": "admin", "message": card["id"], "custom_id": custom_id});
        assert_eq!(page.post("press", press).await["result"], "acknowledged");
        page.sees("member", &format!("`{name}` is done")).await;
    }
    assert_eq!(page.slash("admin", "search", ("prefix", "ABE")).await, "message");
    assert_eq!(page.slash("admin", "create", ("name", "ABE-TEST")).await, "message");
    page.sees("guest", "Created `ABE-TEST`").await;
    let state = page.state("guest").await;
    assert_eq!((&state["ready"], &state["starting"]), (&json!(true), &json!(false)));
}

/// How many databases of a sandbox there are on a server.
async fn left(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let schemas =
        "SELECT COUNT(*) FROM pg_namespace WHERE nspname LIKE 'ldapgroup!_sandbox!_%' ESCAPE '!'";
    sqlx::query_scalar(schemas).fetch_one(&mut connection).await.unwrap()
}

/// Plays on the page of a sandbox with these options, and has another terminal check it. How many
/// databases there are meanwhile.
async fn played(options: &[&str], variables: &[(&str, String)]) -> i64 {
    let arguments = [&["sandbox", "--no-browser"], options].concat();
    let mut sandbox = program(&arguments, variables).spawn().unwrap();
    let printed = printed(&mut sandbox).await;
    let (told, exports) = printed.split_at(printed.find("export ").unwrap());
    play(address(told)).await;
    let (code, stdout, stderr) = output(pasted(exports, "check")).await;
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert!(stdout.lines().all(|line| line.starts_with("ok ")), "{stdout}");
    let databases = match server() {
        Some(server) => left(&server.url()).await,
        None => 0,
    };
    terminate(&sandbox);
    assert_eq!(in_time(sandbox.wait()).await.unwrap().code(), Some(0));
    databases
}

#[tokio::test]
async fn over_http_the_page_is_played_on_as_ever() {
    played(&["--http"], &[]).await;
}

#[tokio::test]
async fn three_copies_are_played_with_as_one_and_leave_nothing_behind() {
    let Some(server) = server() else { return };
    // A server of their own, and one that is there.
    for (variables, databases) in [(vec![], 0), (vec![("DATABASE_URL", server.url())], 1)] {
        assert_eq!(played(&["--http", "--copies", "3"], &variables).await, databases);
        assert_eq!(left(&server.url()).await, 0);
    }
}
