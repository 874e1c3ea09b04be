//! The disk beneath the database is full for a while: nobody is told what isn't so, then or later.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use sandbox::Sandbox;
use sandbox::connect::{self, Fault, Route as ConnectRoute, Times};
use sandbox::discord::{self, CONNECT, Message, REQUESTS, Route, Who};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::program::program;
use crate::world::{assert_no_violations, is_card, stand_ins};

/// A disk that can be full.
enum Disk {
    /// The program may write nothing at all, to no file.
    Limit,
    /// A small file system of its own.
    Small(TempDir),
}

impl Disk {
    /// `None` where nobody may mount.
    fn small() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mut mount = std::process::Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path());
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(Self::Small(folder))
    }

    fn database(&self, sandbox: &Sandbox) -> PathBuf {
        match self {
            Self::Limit => sandbox.database(),
            Self::Small(folder) => folder.path().join("bot.db"),
        }
    }

    fn fill(&self, bot: &Child) {
        match self {
            Self::Limit => limit(bot, "0:unlimited"),
            Self::Small(folder) => {
                let ballast = std::fs::write(folder.path().join("ballast"), vec![1; 8 << 20]);
                assert!(ballast.is_err(), "what is left is taken");
            }
        }
    }

    fn free(&self, bot: &Child) {
        match self {
            Self::Limit => limit(bot, "unlimited:unlimited"),
            Self::Small(folder) => {
                std::fs::remove_file(folder.path().join("ballast")).unwrap();
            }
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Self::Small(folder) = self {
            let unmounted = std::process::Command::new("umount").arg(folder.path()).status();
            assert!(std::thread::panicking() || unmounted.is_ok_and(|status| status.success()));
        }
    }
}

/// How much the bot may write into one file, from now on.
fn limit(bot: &Child, sizes: &str) {
    let mut command = std::process::Command::new("prlimit");
    command.args(["--pid", &bot.id().unwrap().to_string(), &format!("--fsize={sizes}")]);
    assert!(command.status().unwrap().success());
}

/// The program, which gets an error where it would be killed for writing too much.
async fn start(sandbox: &Sandbox, database: &Path) -> Child {
    let mut variables = sandbox.variables();
    variables.push(("DATABASE_URL", format!("sqlite://{}", database.display())));
    let bare = program(&["run"], &variables);
    let mut command = Command::new("sh");
    command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(bare.as_std().get_program());
    command.args(bare.as_std().get_args()).env_clear();
    command.envs(bare.as_std().get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(env!("CARGO_TARGET_TMPDIR")).stdin(Stdio::null());
    sandbox.discord.forget_identify();
    let before = sandbox.discord.identifies();
    let bot = command.kill_on_drop(true).spawn().unwrap();
    sandbox.discord.wait_for_gateway(|_, identifies, _| identifies > before).await;
    sandbox.discord.wait_ready().await;
    bot
}

/// What is on the disk, as another program sees it.
async fn states(database: &Path) -> Vec<(i64, String, String)> {
    let options = SqliteConnectOptions::new().filename(database).read_only(true);
    let mut connection: SqliteConnection = options.connect().await.unwrap();
    let rows = "SELECT r.id, g.name, r.state FROM requests r JOIN requested_groups g ON g.request_id = r.id \
                ORDER BY r.id";
    let rows = sqlx::query_as(rows).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows
}

async fn ask(sandbox: &Sandbox, who: Who, name: &str) -> String {
    sandbox.discord.person(who).slash("create", &[("name", name.into())]).await.text()
}

async fn card(sandbox: &Sandbox, number: u32, words: &str) -> Message {
    sandbox.discord.wait_for_message(REQUESTS, is_card(number, words)).await
}

/// Whoever is told that nothing was changed can say which words of the log are about it.
fn is_fault(answer: &str) {
    assert!(answer.starts_with("The bot's database failed."), "{answer}");
    assert!(answer.contains(" Nothing was changed.\n"), "{answer}");
    assert!(answer.contains("-# Reference for the logs: `"), "{answer}");
}

/// How many creations Connect was sent.
fn puts(sandbox: &Sandbox) -> usize {
    let seen = sandbox.connect.requests();
    seen.iter().filter(|seen| seen.route == Some(ConnectRoute::CreateGroup)).count()
}

/// Full while people ask, approve, deny, cancel and create; then free, and killed at the end.
async fn full_for_a_while(disk: &Disk) {
    let groups = (1..=20).map(|n| format!("team-{n:02}")).collect();
    let connect = connect::Options { groups, imported: Vec::new(), ..connect::Options::default() };
    let sandbox = stand_ins(connect, discord::Options::default()).await;
    let database = disk.database(&sandbox);
    let mut bot = start(&sandbox, &database).await;
    for (who, name) in [(Who::Member, "team-01"), (Who::Member, "team-02"), (Who::Guest, "team-03")]
    {
        assert!(ask(&sandbox, who, name).await.starts_with("Request "));
    }
    let cards = [card(&sandbox, 1, "").await, card(&sandbox, 2, "").await];
    let admin = sandbox.discord.person(Who::Admin);
    let before = states(&database).await;
    for round in 0..2 {
        disk.fill(&bot);
        for name in ["team-04", "team-05", "team-06"] {
            is_fault(&ask(&sandbox, Who::OtherMember, name).await);
        }
        is_fault(&ask(&sandbox, Who::Member, "team-03").await);
        is_fault(&admin.press(&cards[0], "Approve").await.text());
        is_fault(&admin.press(&cards[0], "Approve").await.text());
        is_fault(&ask(&sandbox, Who::Admin, "team-07").await);
        let cancel = [("request", 2.into())];
        is_fault(&sandbox.discord.person(Who::Member).slash("cancel", &cancel).await.text());
        disk.free(&bot);
        assert_eq!(states(&database).await, before, "in round {round}");
    }
    assert_eq!(puts(&sandbox), 0);
    let mut expected = before;
    for (number, name) in (4..).zip(["team-08", "team-09", "team-10"]) {
        let answer = ask(&sandbox, Who::OtherMember, name).await;
        assert!(answer.starts_with("Request "), "{answer}");
        expected.push((number, name.to_owned(), "pending".to_owned()));
        assert_eq!(states(&database).await, expected, "what was said is on the disk");
    }
    admin.press(&cards[0], "Approve").await;
    card(&sandbox, 1, "**Created**").await;
    "created".clone_into(&mut expected[0].2);
    assert_eq!(states(&database).await, expected);
    // What Connect did while nothing could be written is looked up, and not done again.
    sandbox.connect.fail(ConnectRoute::CreateGroup, Fault::Hold, Times::Times(1));
    admin.press(&cards[1], "Approve").await;
    sandbox.connect.wait_for(2, ConnectRoute::CreateGroup).await;
    disk.fill(&bot);
    sandbox.connect.release();
    // What SQLite tidies up may have made room on a small disk.
    if matches!(disk, Disk::Limit) {
        is_fault(&ask(&sandbox, Who::OtherMember, "team-11").await);
    }
    disk.free(&bot);
    assert!(ask(&sandbox, Who::OtherMember, "team-11").await.starts_with("Request "));
    expected.push((7, "team-11".to_owned(), "pending".to_owned()));
    card(&sandbox, 2, "**Created**").await;
    "created".clone_into(&mut expected[1].2);
    assert_eq!((states(&database).await, puts(&sandbox)), (expected.clone(), 2));
    bot.kill().await.unwrap();
    assert_eq!(states(&database).await, expected, "nor is it lost by a crash");
    let mut bot = start(&sandbox, &database).await;
    let last = card(&sandbox, 7, "Approve or deny").await;
    admin.press(&last, "Approve").await;
    card(&sandbox, 7, "**Created**").await;
    bot.kill().await.unwrap();
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn what_was_said_is_on_the_disk_after_nothing_could_be_written() {
    full_for_a_while(&Disk::Limit).await;
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "a test that is left out says so")]
async fn what_was_said_is_on_the_disk_after_it_was_full() {
    match Disk::small() {
        Some(disk) => full_for_a_while(&disk).await,
        None => println!("left out: it takes the right to mount a small file system"),
    }
}

#[tokio::test]
async fn what_was_said_and_could_not_be_noted_is_not_said_again() {
    // As if a full disk outlasted the minutes for which Discord keeps a nonce.
    let options = discord::Options { nonces_live: Duration::ZERO, ..discord::Options::default() };
    let sandbox = stand_ins(connect::Options::default(), options).await;
    let (disk, database) = (Disk::Limit, sandbox.database());
    let mut bot = start(&sandbox, &database).await;
    assert!(ask(&sandbox, Who::Member, "accounting2").await.starts_with("Request "));
    let admin = sandbox.discord.person(Who::Admin);
    let first = card(&sandbox, 1, "Approve or deny").await;
    let form = admin.press(&first, "Deny").await.form().clone();
    let slow = discord::Fault::Slow(Duration::from_millis(500));
    sandbox.discord.fail(Route::CreateMessage, slow, discord::Times::Once);
    let posts = |requests: &[discord::Request]| {
        requests.iter().filter(|request| request.route == Some(Route::CreateMessage)).count()
    };
    admin.submit(&form, &[("reason", "no")]).await;
    sandbox.discord.wait_for_requests(|requests| posts(requests) == 2).await;
    disk.fill(&bot);
    let is_told = |message: &Message| message.pings.users.contains(&Who::Member.id());
    sandbox.discord.wait_for_message(CONNECT, is_told).await;
    let full = Instant::now();
    while full.elapsed() < Duration::from_secs(3) {
        is_fault(&ask(&sandbox, Who::OtherMember, "ABE-TEST").await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let told = || sandbox.discord.messages(CONNECT).iter().filter(|m| is_told(m)).count();
    assert_eq!(told(), 1);
    let status = admin.slash("status", &[]).await.text();
    let wrong = "1 message can't be delivered since <t:";
    let why = "it was sent, but that could not be written down, and until it is no other is sent";
    assert!(status.contains(wrong) && status.contains(why), "{status}");
    disk.free(&bot);
    ask(&sandbox, Who::OtherMember, "ABE-TEST").await;
    card(&sandbox, 2, "Approve or deny").await;
    bot.kill().await.unwrap();
    let mut bot = start(&sandbox, &database).await;
    ask(&sandbox, Who::OtherMember, "ABE-TEST-2").await;
    card(&sandbox, 3, "Approve or deny").await;
    assert_eq!(told(), 1);
    bot.kill().await.unwrap();
}
