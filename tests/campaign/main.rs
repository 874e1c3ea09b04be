//! The crash campaign: the real program, killed at random moments while people ask and decide, with
//! Connect and Discord failing at random. In the end nothing may be lost and nothing done twice.
//!
//! ```text
//! cargo test --test campaign -- --kills 1000
//! cargo test --test campaign -- --kills 1000 --database postgres
//! cargo test --test campaign -- --kills 1000 --database postgres --copies 3
//! cargo test --test campaign -- --takeovers 20
//! ```
//!
//! With `--copies` interactions come over HTTP, to so many copies of the bot behind a balancer that deals
//! them out at random; of these one, two or all are killed at a time, and started again.
//!
//! The seed is printed, and repeats what was decided by chance: what people do, what fails, when the
//! bot is killed. How that meets the bot's own pace differs from run to run.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed test")]
#![expect(clippy::print_stdout, reason = "it is a program of its own")]

#[path = "../shared/arguments.rs"]
mod arguments;
mod bot;
mod bots;
mod check;
#[path = "../shared/disk.rs"]
mod disk;
mod heard;
#[expect(dead_code, reason = "the tests of behaviour ask more of it")]
#[path = "../shared/line.rs"]
mod line;
mod people;
mod plan;
mod rows;
mod takeover;

use std::fs::File;
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use fastrand::Rng;
use futures_util::future::join_all;
use sandbox::discord::{Limits, Rate};
use sandbox::postgres::Server;
use sandbox::{Sandbox, connect, discord};
use tokio::sync::Mutex;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, sleep_until, timeout};

use self::arguments::Arguments;
use self::bot::{Before, crash, moment};
use self::bots::Bots;
use self::check::Report;
use self::people::Team;
use self::plan::{Shortage, Trouble};

/// Once the bot isn't killed any more, the next of those who want something must have it within this:
/// longer than they wait for an answer that was lost.
const ENDS_WITHIN: Duration = Duration::from_mins(3);

/// So many calls one too many are forgiven: a life can't know what the one before has used up.
const TOO_MANY_PER_LIFE: u64 = 3;

fn main() -> ExitCode {
    let own = ["--kills", "--seed", "--database", "--copies", "--takeovers"];
    match Arguments::read(&own).and_then(|arguments| act(&arguments)) {
        Ok(code) => code,
        Err(problem) => {
            println!("campaign: {problem}");
            ExitCode::from(2)
        }
    }
}

fn act(arguments: &Arguments) -> Result<ExitCode, String> {
    let kills = number(arguments, "--kills")?.unwrap_or(50);
    let seed = number(arguments, "--seed")?.unwrap_or_else(|| fastrand::u64(..));
    let server = match arguments.value("--database") {
        None | Some("sqlite") => None,
        Some("postgres") => Some(Server::for_test().ok_or("PostgreSQL isn't installed")?),
        Some(other) => return Err(format!("a database is sqlite or postgres, not {other}")),
    };
    let copies = number(arguments, "--copies")?;
    if let Some(times) = number(arguments, "--takeovers")? {
        let server = Server::for_test().ok_or("PostgreSQL isn't installed")?;
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return Ok(runtime.block_on(async {
            if copies.is_none() {
                return takeover::play(&stand_ins(Vec::new()).await, &server, times).await;
            }
            let sandbox = stand_ins(takeover::groups(times)).await;
            takeover::play_copies(&sandbox.with_database(server.schema("public")), times).await
        }));
    }
    if copies == Some(0) || copies > Some(1) && server.is_none() {
        return Err("--copies is 1, or more with --database postgres".to_owned());
    }
    let quiet = arguments.has("--quiet") || arguments.has("-q");
    match (arguments.has("--list"), arguments.mean("campaign")) {
        (true, true) => println!("campaign: test"),
        (true, false) => {}
        (false, true) => return Ok(campaign(Plan { kills, seed, quiet, copies, server })),
        (false, false) => {
            println!("\nrunning 0 tests\n\ntest result: ok. 0 passed; 0 failed; 1 filtered out\n");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The number that is given with this option.
fn number<T: FromStr>(arguments: &Arguments, option: &str) -> Result<Option<T>, String> {
    let given = arguments.value(option);
    let number = given.map(|text| text.parse().map_err(|_| format!("{text} isn't a number")));
    number.transpose()
}

/// How a campaign is played.
struct Plan {
    kills: usize,
    seed: u64,
    quiet: bool,
    /// How many copies of the bot get interactions over HTTP, unless one has a gateway connection.
    copies: Option<usize>,
    /// Where requests are kept, unless it is in a file.
    server: Option<Server>,
}

fn campaign(plan: Plan) -> ExitCode {
    let (kills, seed, is_file) = (plan.kills, plan.seed, plan.server.is_none());
    let copies = plan.copies.map(|copies| format!(" --copies {copies}")).unwrap_or_default();
    println!("\nrunning 1 test\ncampaign: {kills} kills, seed {seed}");
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("campaign-{seed}.log"));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let report = runtime.block_on(run(plan, &log));
    if report.violations.is_empty() {
        std::fs::remove_file(log).unwrap();
        println!("test campaign ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 filtered out\n");
        return ExitCode::SUCCESS;
    }
    println!("{}", report.violations.join("\n"));
    let database = if is_file { "sqlite" } else { "postgres" };
    let again = format!("--kills {kills} --seed {seed} --database {database}{copies}");
    println!("The bot's log is {}; {again} plays it again.", log.display());
    println!("test campaign ... FAILED\n\ntest result: FAILED. 0 passed; 1 failed\n");
    ExitCode::FAILURE
}

/// Plays a whole campaign.
async fn run(plan: Plan, log: &Path) -> Report {
    let Plan { kills, seed, quiet, copies, server } = plan;
    let begun = Instant::now();
    let lives = plan::lives(kills, copies.unwrap_or(1), &mut Rng::with_seed(seed));
    let mut sandbox = stand_ins(plan::groups(&lives).into_iter().collect()).await;
    if let Some(server) = &server {
        sandbox = sandbox.with_database(server.schema("public"));
    }
    let server = server.map(Mutex::new).map(Arc::new);
    let mut report = Report::default();
    let team = Team::new(sandbox.discord.clone(), copies.is_some());
    tokio::spawn(team.clone().read());
    let mut bots = Bots::new(&sandbox, copies, File::create(log).unwrap(), seed).await;
    let mut playing = JoinSet::new();
    for (number, life) in lives.into_iter().enumerate() {
        let before = Before::now(&sandbox).await;
        bots.start(life.is_direct);
        let breaking = tokio::spawn(break_things(sandbox.clone(), life.troubles));
        let lacking = life.shortage.map(|shortage| lack(&bots, shortage, &sandbox, server.clone()));
        for story in life.stories {
            playing.spawn(team.clone().play(story));
        }
        moment(life.death, before, &sandbox).await;
        for status in bots.kill(&life.killed).await {
            report.violations.push(format!("life {number} of the bot ended by itself: {status}"));
        }
        report.killed.push(SystemTime::now());
        breaking.abort();
        if let Some(lacking) = lacking {
            lacking.abort();
            drop(lacking.await);
        }
        // No life begins while PostgreSQL is away.
        if let Some(server) = &server {
            drop(server.lock().await);
            rows::let_go(&sandbox).await;
        }
        sandbox.connect.heal();
        sandbox.discord.clear_faults();
        if !quiet && (number + 1) % 50 == 0 {
            println!("campaign: killed {} times in {:?}", number + 1, begun.elapsed());
        }
    }
    bots.start(false);
    while let Ok(Some(_)) = timeout(ENDS_WITHIN, playing.join_next()).await {}
    for (title, deeds) in &team.diary().unfinished {
        report.violations.push(format!("the story of {title} came to no end: {deeds}"));
    }
    if !rows::settled(&sandbox).await {
        report.violations.push("the requests weren't settled in time".to_owned());
    }
    let too_many = sandbox.discord.rate_limited();
    if too_many > TOO_MANY_PER_LIFE * (kills + copies.unwrap_or(1) + 1) as u64 {
        report.violations.push(format!("Discord refused {too_many} calls for their number"));
    }
    let diary = std::mem::take(&mut *team.diary());
    report.violations.extend_from_slice(&diary.served_twice);
    check::check(&sandbox, &diary, &mut report).await;
    bots.end().await;
    let Report { requests, batches, direct, cut, created, creations, pending, left, .. } = report;
    let violations = report.violations.len();
    println!(
        "campaign: {kills} kills, {requests} requests, {violations} violations; {batches} batches, \
         {cut} of them cut by a kill, {direct} begun at once; {created} created by {creations} \
         calls, {pending} pending, {left} times left to others, {} times no answer, {} sent again and refused, {} leftover messages, {} told twice, {} calls \
         too many, {:?}, seed {seed}",
        diary.unanswered,
        diary.refused,
        report.leftovers,
        report.told_twice,
        too_many,
        begun.elapsed()
    );
    report
}

/// Lets the disk take no more some time after the bot serves, since one that starts meanwhile would end,
/// and rightly so; or PostgreSQL crash, also in the midst of a start.
fn lack(
    bots: &Bots,
    shortage: Shortage,
    sandbox: &Sandbox,
    server: Option<Arc<Mutex<Server>>>,
) -> JoinHandle<()> {
    let serving = join_all(bots.running().map(|bot| bot.serves(sandbox)).collect::<Vec<_>>());
    let disk = bots.running().next().map(|bot| bot.lack(shortage, sandbox.clone()));
    tokio::spawn(async move {
        if let Some(server) = server {
            sleep(shortage.delay).await;
            return crash(shortage, server).await;
        }
        serving.await;
        sleep(shortage.delay).await;
        if let Some(disk) = disk {
            disk.await;
        }
    })
}

/// A server without groups and a directory with those of the stories. People are less patient, or
/// most of the time they would wait for a bot that is dead; and Discord takes as many calls as ever, but
/// in a fiftieth of the time, for a life is as short.
async fn stand_ins(groups: Vec<String>) -> Sandbox {
    let connect = connect::Options { groups, imported: Vec::new(), ..connect::Options::default() };
    let of_a_channel = Some(Rate::new(5, Duration::from_millis(100)));
    let limits = Limits {
        create_message: of_a_channel,
        edit_message: of_a_channel,
        get_message: of_a_channel,
        webhook: Some(Rate::new(5, Duration::from_millis(100))),
        commands: Some(Rate::new(5, Duration::from_secs(1))),
        other: Some(Rate::new(10, Duration::from_millis(500))),
        ..Limits::default()
    };
    let discord = discord::Options {
        limits,
        answer_within: Duration::from_secs(2),
        token_lives: Duration::from_secs(15),
        // A life is shorter than a day has sessions for.
        identify_every: Duration::ZERO,
        sessions_a_day: u64::MAX,
        ..discord::Options::default()
    };
    Sandbox::start(connect, discord).await.unwrap()
}

/// Lets things go wrong in their order.
async fn break_things(sandbox: Sandbox, mut troubles: Vec<(Duration, Trouble)>) {
    let begun = tokio::time::Instant::now();
    troubles.sort_by_key(|(delay, _)| *delay);
    for (delay, trouble) in troubles {
        sleep_until(begun + delay).await;
        match trouble {
            Trouble::Connect(route, fault) => {
                sandbox.connect.fail(route, fault, connect::Times::Times(1));
            }
            Trouble::Discord(route, fault) => {
                sandbox.discord.fail(route, fault, discord::Times::Once);
            }
        }
    }
}
