//! One measurement of one program, against fresh stand-ins.

use std::time::{Duration, Instant};

use sandbox::discord::{CONNECT, ChannelId, RANDOM, Reply, Route, THREAD, Who};
use sandbox::{Sandbox, connect, discord};
use serde_json::json;

use crate::program::{Program, Running};
use crate::{Failure, LARGE_SEARCHES, STARTS, WARM_UP};

/// What is searched for, and how many hits it has.
const PREFIXES: [(&str, usize); 4] =
    [("clinical-trial-", 60), ("data-science-", 30), ("finance-", 15), ("it-service-", 5)];

/// A prefix with as many hits as Connect gives at the most.
const LARGE: (&str, usize) = ("organisation-", 500);

/// Every third group is in Connect already.
const IMPORTED_EACH: usize = 3;

const CHANNELS: [ChannelId; 3] = [CONNECT, RANDOM, THREAD];

/// What one program came to in one round. Memory and sizes are in MiB.
pub(crate) struct Round {
    /// Milliseconds from the start until Discord has the command.
    pub(crate) registered: f64,
    /// Milliseconds from the start until interactions can arrive, too.
    pub(crate) connected: f64,
    /// Microseconds of processor time that a search took, in user and kernel mode.
    pub(crate) processor: f64,
    /// The same with 500 hits.
    pub(crate) processor_large: f64,
    /// Resident memory when the first search is answered.
    pub(crate) memory_first: f64,
    /// Resident memory after all searches but those with 500 hits.
    pub(crate) memory: f64,
    /// Resident memory after those with 500 hits.
    pub(crate) memory_large: f64,
    /// Milliseconds until Discord has the answer: the median.
    pub(crate) latency: f64,
    /// The same that 99 of 100 searches keep to.
    pub(crate) latency_99: f64,
    /// The size of the binary.
    pub(crate) binary: f64,
}

impl Round {
    /// Starts the program several times and lets the last one search.
    pub(crate) async fn of(program: &Program, searches: u32) -> Result<Self, Failure> {
        let mut starts = Vec::new();
        for _ in 1..STARTS {
            starts.push(Team::start(program).await?.1);
        }
        let (team, start) = Team::start(program).await?;
        starts.push(start);
        let all = |of: fn(&Start) -> Duration| median(starts.iter().map(of).map(milliseconds));
        let (registered, connected) = (all(|start| start.registered), all(|start| start.connected));

        team.search(PREFIXES[0], CONNECT).await?;
        let memory_first = team.running.memory()?;
        team.search_all(&PREFIXES, WARM_UP).await?;
        let (processor, latencies) = team.search_all(&PREFIXES, searches).await?;
        let memory = team.running.memory()?;
        let (processor_large, _) = team.search_all(&[LARGE], LARGE_SEARCHES).await?;
        let memory_large = team.running.memory()?;
        team.is_content()?;
        Ok(Self {
            registered,
            connected,
            processor,
            processor_large,
            memory_first,
            memory,
            memory_large,
            latency: percentile(&latencies, 50),
            latency_99: percentile(&latencies, 99),
            binary: program.size()?,
        })
    }
}

/// How long a start took.
struct Start {
    registered: Duration,
    connected: Duration,
}

/// The stand-ins and the program that serves them.
struct Team {
    sandbox: Sandbox,
    running: Running,
}

impl Team {
    async fn start(program: &Program) -> Result<(Self, Start), Failure> {
        let groups = directory();
        let connect = connect::Options {
            imported: groups.iter().step_by(IMPORTED_EACH).cloned().collect(),
            groups,
            ..connect::Options::default()
        };
        let sandbox = Sandbox::start(connect, discord::Options::default()).await?;
        let begun = Instant::now();
        let running = program.start(sandbox.variables())?;
        sandbox
            .discord
            .wait_for_requests(|requests| {
                requests
                    .iter()
                    .any(|seen| seen.route == Some(Route::SetCommands) && seen.status == Some(200))
            })
            .await;
        let registered = begun.elapsed();
        sandbox.discord.wait_ready().await;
        let connected = begun.elapsed();
        let start = Start { registered, connected };
        Ok((Self { sandbox, running }, start))
    }

    /// Searches so often, one after the other, for each prefix in each channel in turn. Gives the
    /// processor time of one in microseconds, and how long each took in milliseconds, sorted.
    async fn search_all(
        &self,
        prefixes: &[(&str, usize)],
        count: u32,
    ) -> Result<(f64, Vec<f64>), Failure> {
        let turns = CHANNELS
            .iter()
            .flat_map(|channel| prefixes.iter().map(move |prefix| (*prefix, *channel)))
            .cycle();
        let before = self.running.spent()?;
        let mut latencies = Vec::new();
        for ((prefix, channel), _) in turns.zip(0..count) {
            latencies.push(milliseconds(self.search(prefix, channel).await?));
        }
        let spent = self.running.spent_since(&before)? / count;
        latencies.sort_by(f64::total_cmp);
        Ok((spent.as_secs_f64() * 1e6, latencies))
    }

    /// One search, and how long it took. The answer must be a table.
    async fn search(
        &self,
        (prefix, _): (&str, usize),
        channel: ChannelId,
    ) -> Result<Duration, Failure> {
        let member = self.sandbox.discord.person(Who::Member);
        let options = [("prefix", json!(prefix))];
        let answer = member.in_channel(channel).slash("search", &options).await;
        match (&answer.reply, answer.first_answer_after) {
            (Reply::Message { message, deferred: false }, Some(after))
                if message.content.contains(&format!("\n{prefix}")) =>
            {
                Ok(after)
            }
            _ => Err(format!("no table, but {answer:?}").into()),
        }
    }

    /// Fails if the program did anything that the real services wouldn't have.
    fn is_content(&self) -> Result<(), Failure> {
        let violations = self.sandbox.violations();
        if violations.is_empty() {
            Ok(())
        } else {
            Err(format!("the stand-ins complain: {violations:#?}").into())
        }
    }
}

fn directory() -> Vec<String> {
    let kinds = PREFIXES.iter().chain([&LARGE]);
    kinds
        .flat_map(|(prefix, hits)| (0..*hits).map(move |n| format!("{prefix}{n:03}-readers")))
        .collect()
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle of some figures, the upper one of two. 0 if there are none.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    percentile(&figures, 50)
}

fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(0.0)
}
