//! The soak: the real program serves a team for an hour while everything around it breaks in turn.
//! In the end nobody may have gone without an answer, no error may be in the log that no fault explains,
//! and memory may not have grown.
//!
//! ```text
//! cargo test --test soak -- --for 1h --seed 7
//! cargo test --test soak -- --only key-refused,disk-full    # these faults, once each; with --for, in turn
//! ```
//!
//! Without either it plays one fault for half a minute, to see that it works.
//!
//! The seed is printed, and repeats what people do and in which order things break. How that meets
//! the bot's own pace differs from run to run.

#![expect(clippy::unwrap_used, reason = "what fails here is a failed run")]
#![expect(clippy::print_stdout, reason = "it is a program of its own")]

#[path = "../shared/arguments.rs"]
mod arguments;
mod bot;
#[path = "../shared/disk.rs"]
mod disk;
mod faults;
#[expect(dead_code, reason = "the campaign hears more")]
#[path = "../campaign/heard.rs"]
mod heard;
mod left;
#[expect(dead_code, reason = "the benchmark says more about itself")]
#[path = "../../benches/whole/machine.rs"]
mod machine;
mod people;
#[path = "../../benches/whole/readme.rs"]
mod readme;
mod report;
mod watch;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use fastrand::Rng;
use sandbox::{Sandbox, connect, discord};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout, timeout_at};

use self::arguments::Arguments;
use self::bot::{Bot, Usage};
use self::faults::Fault;
use self::people::Team;
use self::report::Report;
use self::watch::Played;

type Failure = Box<dyn Error>;

/// What stands before and after the figures.
const MARKS: [&str; 2] = ["<!-- soak: written by the soak -->\n", "<!-- /soak -->"];

/// How often it is looked what the process uses.
const SAMPLE_EVERY: Duration = Duration::from_secs(10);

/// How often it is said how far it is.
const TELL_EVERY: u32 = 6;

/// Between two faults all is well for so long.
const PEACE: Duration = Duration::from_secs(12);

/// How long what people have begun may take once no more is begun: longer than the bot waits.
const ENDS_WITHIN: Duration = Duration::from_mins(3);

/// Connect keeps no more groups than this, so that the world is the same at any hour.
const MOST_GROUPS: usize = 150;

/// What is to be played.
struct Options {
    lasts: Duration,
    /// What people do and in which order things break comes from it.
    seed: u64,
    /// How many things people begin in a second.
    rate: f64,
    /// Only these faults; all of them if there are none.
    only: Vec<String>,
    /// Whether each is played once, and not in turn for as long as it lasts.
    once: bool,
    /// Where the figures are to be written between [`MARKS`].
    write: Option<PathBuf>,
}

/// To see that it works, as part of all tests.
const TRIAL: (&str, &str) = ("30s", "gateway-cut");

fn main() -> ExitCode {
    match Arguments::read(&["--for", "--seed", "--rate", "--only", "--write"])
        .and_then(|arguments| act(&arguments))
    {
        Ok(code) => code,
        Err(problem) => {
            println!("soak: {problem}");
            ExitCode::from(2)
        }
    }
}

fn act(arguments: &Arguments) -> Result<ExitCode, String> {
    let options = options(arguments)?;
    match (arguments.has("--list"), arguments.mean("soak")) {
        (true, true) => println!("soak: test"),
        (false, true) => return Ok(soak(&options)),
        (_, false) => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn options(arguments: &Arguments) -> Result<Options, String> {
    let value = |option| arguments.value(option);
    let is_trial = value("--for").is_none() && value("--only").is_none();
    let only = if is_trial { TRIAL.1 } else { value("--only").unwrap_or_default() };
    let only: Vec<_> = only.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let known: Vec<_> = faults::all().iter().map(|fault| fault.name).collect();
    if let Some(unknown) = only.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("there is no fault {unknown}, only {}", known.join(", ")));
    }
    let lasts = value("--for").unwrap_or(if is_trial { TRIAL.0 } else { "3m" });
    let number = |option, otherwise: &str| -> Result<f64, String> {
        value(option).unwrap_or(otherwise).parse().map_err(|_| format!("{option} is no number"))
    };
    let seed = value("--seed").map(|text| text.parse().map_err(|_| format!("{text} is no seed")));
    Ok(Options {
        lasts: humantime::parse_duration(lasts).map_err(|error| format!("{lasts}: {error}"))?,
        seed: seed.transpose()?.unwrap_or_else(|| fastrand::u64(..)),
        rate: number("--rate", "2")?,
        only,
        once: value("--for").is_none(),
        write: value("--write").map(PathBuf::from),
    })
}

fn soak(options: &Options) -> ExitCode {
    println!("\nrunning 1 test\nsoak: {:?}, seed {}", options.lasts, options.seed);
    let report = tokio::runtime::Runtime::new().unwrap().block_on(run(options));
    println!("\n{report}");
    if let Some(file) = &options.write {
        readme::replace(file, MARKS, &report.to_string()).unwrap();
    }
    let problems = report.problems();
    if problems.is_empty() {
        println!("test soak ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 filtered out\n");
        return ExitCode::SUCCESS;
    }
    println!(
        "{}\ntest soak ... FAILED\n\ntest result: FAILED. 0 passed; 1 failed\n",
        problems.join("\n")
    );
    ExitCode::FAILURE
}

async fn run(options: &Options) -> Report {
    let seed = options.seed;
    let mut rng = Rng::with_seed(seed);
    let groups = people::directory();
    let connect = connect::Options { groups, imported: Vec::new(), ..connect::Options::default() };
    let sandbox = Sandbox::start(connect, discord::Options::default()).await.unwrap();
    let mut bot = Bot::start(
        &sandbox,
        &[("MAX_OPEN_REQUESTS", "1000"), ("REQUEST_TTL", "15m"), ("REQUEST_REMINDER", "10m")],
    );
    sandbox.discord.wait_ready().await;
    let team = Team::new(sandbox.discord.clone());
    tokio::spawn(team.clone().read());
    sleep(PEACE).await;

    let mut report = Report::new(seed, options.rate);
    let begun = Instant::now();
    let until = begun + options.lasts;
    let acting = tokio::spawn(work(team, rng.fork(), (until, options.rate)));
    tokio::spawn(tidy(sandbox.clone()));
    let (played, samples) = tokio::join!(
        break_in_turn(options, &sandbox, &bot, (until, rng.fork())),
        sample(&sandbox, &bot, until),
    );
    (report.played, report.samples) = (played, samples);
    report.lasted = begun.elapsed();
    match timeout(ENDS_WITHIN + options.lasts, acting).await {
        Ok(ended) => report.failures = ended.unwrap(),
        Err(_) => report.failures.push("what people had begun came to no end".to_owned()),
    }
    report.left = left::wait(&sandbox).await;
    report.lines.clone_from(&bot.lines());
    let log = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("soak-{seed}.log"));
    let lines: Vec<_> = report.lines.iter().map(|line| line.text.as_str()).collect();
    std::fs::write(&log, lines.join("\n")).unwrap();
    println!("soak: warnings and errors are in {}", log.display());
    report.ended = match bot.ended() {
        Some(early) => Err(format!("it ended by itself: {early}")),
        None => {
            bot.stop().await.map_or(Err("it didn't end".to_owned()), |status| Ok(status.code()))
        }
    };
    report.fates = sandbox.discord.fates();
    report.limited = sandbox.discord.rate_limited();
    report.violations = sandbox.violations();
    report
}

/// Lets people begin things until then, and waits for their ends: what went wrong with themselves.
async fn work(team: Team, mut rng: Rng, (until, rate): (Instant, f64)) -> Vec<String> {
    let (mut acts, mut failures) = (JoinSet::new(), Vec::new());
    while Instant::now() < until {
        acts.spawn(team.clone().act(rng.fork()));
        // As many at once as chance has it, and so many on the whole.
        sleep(Duration::from_secs_f64(-(1.0 - rng.f64()).ln() / rate)).await;
        while let Some(ended) = acts.try_join_next() {
            failures.extend(ended.err().map(|error| error.to_string()));
        }
    }
    let last = Instant::now() + ENDS_WITHIN;
    while let Ok(Some(ended)) = timeout_at(last, acts.join_next()).await {
        failures.extend(ended.err().map(|error| error.to_string()));
    }
    // What hangs by then waits for an answer, and is told of as unanswered.
    failures
}

/// Breaks one thing after the other until then, or each once.
async fn break_in_turn(
    options: &Options,
    sandbox: &Sandbox,
    bot: &Bot,
    (until, mut rng): (Instant, Rng),
) -> Vec<Played> {
    let mut played = Vec::new();
    let is_meant = |fault: &Fault| options.only.iter().any(|name| name == fault.name);
    let mut faults = faults::all();
    if !options.only.is_empty() {
        faults.retain(is_meant);
    }
    loop {
        rng.shuffle(&mut faults);
        let before = played.len();
        for fault in &faults {
            // What is begun is to be over by then.
            if Instant::now() + fault.lasts + PEACE <= until {
                println!("soak: {}", fault.what);
                played.push(Played::play(fault, sandbox, bot).await);
                sleep(PEACE).await;
            }
        }
        if options.once || played.len() == before {
            return played;
        }
    }
}

/// Looks what the process uses until then.
async fn sample(sandbox: &Sandbox, bot: &Bot, until: Instant) -> Vec<Usage> {
    let mut samples = Vec::new();
    let mut ticks = interval(SAMPLE_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u32.. {
        ticks.tick().await;
        let usage = bot.usage();
        samples.push(usage);
        if number.is_multiple_of(TELL_EVERY) {
            let fates = sandbox.discord.fates();
            let errors = bot.lines().iter().filter(|line| line.is_error).count();
            println!(
                "soak: {} min, {} KiB anonymous, {} KiB resident, {} threads, {} files, {} \
                 interactions, {errors} errors logged",
                number / TELL_EVERY,
                usage.anonymous,
                usage.resident,
                usage.threads,
                usage.files,
                fates.len()
            );
        }
        if Instant::now() + SAMPLE_EVERY > until {
            break;
        }
    }
    samples
}

/// Groups go as they come, for ever.
async fn tidy(sandbox: Sandbox) {
    loop {
        sleep(Duration::from_secs(30)).await;
        let groups = sandbox.connect.groups();
        let too_many = groups.len().saturating_sub(MOST_GROUPS);
        groups.iter().take(too_many).for_each(|group| sandbox.connect.remove_group(&group.name));
    }
}
