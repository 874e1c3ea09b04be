//! `ldapgroup-bot sandbox --no-browser`: what it prints, and what can be done with it.

use std::process::Stdio;

use insta::assert_snapshot;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::program::{BOT, output, program, terminate};
use crate::world::in_time;

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
    let address = told.split_whitespace().find(|word| word.starts_with("http://")).unwrap();
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
