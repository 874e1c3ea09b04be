//! How long nobody is served when the bot that is at work ends and another waits: `--takeovers 20`; and
//! how long no request is shown when the copy ends whose turn that is: `--takeovers 20 --copies 2`.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use sandbox::Sandbox;
use sandbox::discord::{Message, REQUESTS, Reply, Who};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use crate::bots::Bots;
use crate::line::{self, Line};
use sandbox::postgres::Server;

/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_mins(1);

/// How the one at work ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// By SIGKILL.
    Killed,
    /// By SIGTERM.
    Stopped,
    /// Nothing comes through to PostgreSQL any more.
    Cut,
}

/// The program, with a line of its own to PostgreSQL.
struct Bot {
    child: Child,
    line: Line,
    probes: SocketAddr,
}

impl Bot {
    async fn start(sandbox: &Sandbox, server: &Server) -> Self {
        let url = server.url();
        let folder = url.split_once("host=").and_then(|(_, rest)| rest.split('&').next()).unwrap();
        let socket = line::Server::Socket(format!("{folder}/.s.PGSQL.5432").into());
        let line = Line::to(socket).await;
        let database =
            format!("postgres://bot@{}/postgres?options[search_path]=public", line.address);
        let probes = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_ldapgroup-bot"))
            .env_clear()
            .envs(sandbox.variables())
            .env("DATABASE_URL", database)
            .env("HTTP_ADDR", probes.to_string())
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, line, probes }
    }

    async fn waits(&self) {
        let is_waiting = async || {
            let answer = reqwest::get(format!("http://{}/readyz", self.probes)).await.ok()?;
            Some(answer.text().await.ok()?.starts_with("standby: another bot is connected"))
        };
        while is_waiting().await != Some(true) {
            sleep(Duration::from_millis(20)).await;
        }
    }

    async fn end(&mut self, end: End) {
        match end {
            End::Killed => self.child.start_kill().unwrap(),
            End::Stopped => {
                let process = self.child.id().unwrap().to_string();
                Command::new("kill").args(["-s", "TERM", &process]).status().await.unwrap();
            }
            End::Cut => self.line.die(),
        }
    }
}

/// Plays each end so many times, a cut line a quarter as often, and prints how long it took until a
/// command was answered again.
pub(crate) async fn play(sandbox: &Sandbox, server: &Server, times: usize) -> ExitCode {
    let mut at_work = Bot::start(sandbox, server).await;
    sandbox.discord.wait_ready().await;
    println!("| how it ends | times | in the middle | the longest |\n|---|---|---|---|");
    let plan = [(End::Killed, times), (End::Stopped, times), (End::Cut, times.div_ceil(4))];
    for (end, times) in plan {
        let mut took = Vec::new();
        for _ in 0..times {
            let next = Bot::start(sandbox, server).await;
            timeout(PATIENCE, next.waits()).await.unwrap();
            let before = sandbox.discord.identifies();
            let begun = Instant::now();
            at_work.end(end).await;
            sandbox.discord.wait_for_gateway(|_, identifies, _| identifies > before).await;
            sandbox.discord.wait_ready().await;
            let member = sandbox.discord.person(Who::Member);
            let answer = member.slash("search", &[("prefix", "team".into())]).await;
            took.push(begun.elapsed());
            if matches!(answer.reply, Reply::NoResponse) {
                println!("nobody was answered after {end:?}");
                return ExitCode::FAILURE;
            }
            timeout(PATIENCE, at_work.child.wait()).await.unwrap().unwrap();
            at_work = next;
        }
        say(&format!("{end:?}"), took);
    }
    let at_once = sandbox.discord.sessions_at_once();
    println!("connected to Discord at the same time: {at_once} at the most");
    if at_once == 1 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The groups that are asked for when copies are killed.
pub(crate) fn groups(times: usize) -> Vec<String> {
    (0..=times).map(|number| format!("group-{number:03}")).collect()
}

/// Kills that of two copies whose turn it is to show requests so many times, and prints how long it took
/// until what was asked for right then stood in the channel.
pub(crate) async fn play_copies(sandbox: &Sandbox, times: usize) -> ExitCode {
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join("takeovers.log");
    let mut bots = Bots::new(sandbox, Some(2), File::create(log).unwrap(), 1).await;
    bots.kill(&[1]).await;
    // Then it is the other's turn once this is shown, and theirs in turn.
    ask(sandbox, 0).await;
    let (mut took, mut whose) = (Vec::new(), 0);
    for number in 1..=times {
        bots.start(false);
        join_all(bots.running().map(|bot| bot.serves(sandbox))).await;
        let begun = Instant::now();
        bots.kill(&[whose]).await;
        ask(sandbox, number).await;
        took.push(begun.elapsed());
        whose = 1 - whose;
    }
    bots.end().await;
    println!("| how it ends | times | in the middle | the longest |\n|---|---|---|---|");
    say("Killed, of two copies", took);
    ExitCode::SUCCESS
}

/// Asks for a group, and waits until admins can see it.
async fn ask(sandbox: &Sandbox, number: usize) {
    let member = sandbox.discord.person(Who::Member);
    let name = &groups(number)[number];
    member.slash("create", &[("name", name.as_str().into())]).await;
    let is_shown = |message: &Message| message.text().contains(name);
    timeout(PATIENCE, sandbox.discord.wait_for_message(REQUESTS, is_shown)).await.unwrap();
}

/// A row of the table.
fn say(end: &str, mut took: Vec<Duration>) {
    took.sort_unstable();
    let seconds = |at: usize| took.get(at).map_or(0.0, Duration::as_secs_f64);
    let times = took.len();
    let (middle, longest) = (seconds(times / 2), seconds(times - 1));
    println!("| {end} | {times} | {middle:.1} s | {longest:.1} s |");
}
