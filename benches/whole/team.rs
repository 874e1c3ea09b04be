//! The stand-ins, the program that serves them, and what people do there.

use std::time::{Duration, Instant};

use futures_util::{StreamExt, TryStreamExt, stream};
use sandbox::discord::{Answer, CONNECT, ChannelId, GUILD, RANDOM, Reply, Route, THREAD, Who};
use sandbox::{Sandbox, connect, discord};
use serde_json::{Value, json};

use crate::Failure;
use crate::peers::refused;
use crate::program::{Program, Running, Spent};

/// What is searched for, and how many hits it has: from one to as many as Connect gives at the most.
pub(crate) const FAMILIES: [Family; 7] = [
    ("legal-hold-", 1),
    ("it-service-", 5),
    ("finance-", 15),
    ("data-science-", 30),
    ("clinical-trial-", 60),
    ("sales-region-", 200),
    ("organisation-", 500),
];

/// A prefix, and how many hits it has.
pub(crate) type Family = (&'static str, usize);

/// Searches of which no two under way at the same time are for the same.
const TEAMS: u32 = 64;
const TEAM_HITS: usize = 20;

/// How many searches are under way at any time when many are.
pub(crate) const AT_ONCE: usize = 32;

/// Every third group is in Connect already; the one that is created is not.
const IMPORTED_EACH: usize = 3;

const CHANNELS: [ChannelId; 3] = [CONNECT, RANDOM, THREAD];

pub(crate) const PEOPLE: [Who; 4] = [Who::Member, Who::OtherMember, Who::Admin, Who::SecondAdmin];

/// How long a start took.
pub(crate) struct Start {
    pub(crate) registered: Duration,
    pub(crate) connected: Duration,
}

/// Searches of which many were under way at once.
pub(crate) struct Rate {
    /// How many were answered in a second.
    pub(crate) per_second: f64,
    /// How much of a processor the program used meanwhile, from 0 to 1 for each of its threads.
    pub(crate) busy: f64,
    /// The same of the stand-ins, which have one thread.
    pub(crate) stand_ins: f64,
}

/// The stand-ins and the program that serves them.
pub(crate) struct Team {
    pub(crate) running: Running,
    sandbox: Sandbox,
}

impl Team {
    /// Starts the program against fresh stand-ins, and waits until interactions can arrive.
    pub(crate) async fn start(program: &Program) -> Result<(Self, Start), Failure> {
        let groups = directory();
        let connect = connect::Options {
            imported: groups.iter().step_by(IMPORTED_EACH).cloned().collect(),
            groups,
            ..connect::Options::default()
        };
        let sandbox = Sandbox::start(connect, discord::Options::default()).await?;
        let begun = Instant::now();
        let running = program.start(sandbox.variables())?;
        let (mut registered, mut connected) = (Duration::ZERO, Duration::ZERO);
        tokio::join!(
            async {
                let is_it = |seen: &discord::Request| {
                    seen.route == Some(Route::SetCommands) && seen.status == Some(200)
                };
                sandbox.discord.wait_for_requests(|requests| requests.iter().any(is_it)).await;
                registered = begun.elapsed();
            },
            async {
                sandbox.discord.wait_ready().await;
                connected = begun.elapsed();
            },
        );
        Ok((Self { running, sandbox }, Start { registered, connected }))
    }

    /// Searches so often, one after the other, for each prefix in each channel in turn. Gives the
    /// processor time of one in milliseconds, and how long each took, sorted.
    pub(crate) async fn search_all(
        &self,
        families: &[Family],
        count: u32,
    ) -> Result<(f64, Vec<f64>), Failure> {
        let turns = CHANNELS
            .iter()
            .flat_map(|channel| families.iter().map(move |(prefix, _)| (*prefix, *channel)))
            .cycle();
        let before = self.running.spent()?;
        let mut latencies = Vec::new();
        for ((prefix, channel), _) in turns.zip(0..count) {
            latencies.push(milliseconds(self.search(prefix, Who::Member, channel).await?));
        }
        let spent = self.running.spent_since(&before)? / count;
        latencies.sort_by(f64::total_cmp);
        Ok((milliseconds(spent), latencies))
    }

    /// Searches so often, with 32 under way at any time.
    pub(crate) async fn search_together(&self, count: u32) -> Result<Rate, Failure> {
        let (before, before_here) = (self.running.spent()?, Spent::here()?);
        let begun = Instant::now();
        let searches = (0..count).map(|number| search_of_team(&self.sandbox, number));
        stream::iter(searches).buffer_unordered(AT_ONCE).try_collect::<Vec<_>>().await?;
        let took = begun.elapsed();
        let share = |spent: Duration| spent.as_secs_f64() / took.as_secs_f64();
        Ok(Rate {
            per_second: f64::from(count) / took.as_secs_f64(),
            busy: share(self.running.spent_since(&before)?),
            stand_ins: share(Spent::here()?.since(&before_here)),
        })
    }

    /// One search, and how long it took until the person saw a table with the first hit.
    pub(crate) async fn search(
        &self,
        prefix: &str,
        who: Who,
        channel: ChannelId,
    ) -> Result<Duration, Failure> {
        search(&self.sandbox, prefix, who, channel).await
    }

    /// One search in a channel that the stand-in needn't know.
    pub(crate) async fn search_in(
        &self,
        channel: ChannelId,
        team_number: u32,
    ) -> Result<(), Failure> {
        let prefix = team(team_number % TEAMS);
        let member = self.sandbox.discord.person(Who::Member);
        let commands = self.sandbox.discord.commands(GUILD).ok_or("no command is registered")?;
        let option = json!({"type": 3, "name": "prefix", "value": prefix});
        let mut payload = member.payload(2);
        payload["channel_id"] = Value::from(channel.to_string());
        payload["channel"]["id"] = payload["channel_id"].clone();
        payload["data"] = json!({
            "id": commands[0]["id"],
            "name": "ldapgroup",
            "type": 1,
            "guild_id": GUILD.to_string(),
            "options": [{"type": 1, "name": "search", "options": [option]}],
        });
        shows(&member.send_raw(payload).answer().await, &prefix)
    }

    /// Finds a group and creates it, and fails if Connect hasn't got it then.
    pub(crate) async fn create(&self) -> Result<(), Failure> {
        let (prefix, name) = (team(0), group(&team(0), 1));
        self.search(&prefix, Who::Admin, CONNECT).await?;
        let admin = self.sandbox.discord.person(Who::Admin);
        let answer = admin.slash("create", &[("name", json!(name))]).await;
        let guid = self.sandbox.connect.guid_of(&name);
        match guid {
            Some(guid) if answer.text().contains(&guid) => Ok(()),
            guid => Err(format!("{name} has {guid:?} in Connect, and {answer:?}").into()),
        }
    }

    /// Fails if anything was refused.
    pub(crate) fn is_content(&self) -> Result<(), Failure> {
        let refused = refused(&self.sandbox);
        if refused.is_empty() { Ok(()) } else { Err(format!("refused: {refused:#?}").into()) }
    }
}

/// One search, and how long it took until the person saw a table with the first hit.
async fn search(
    sandbox: &Sandbox,
    prefix: &str,
    who: Who,
    channel: ChannelId,
) -> Result<Duration, Failure> {
    let person = sandbox.discord.person(who).in_channel(channel);
    let begun = Instant::now();
    let answer = person.slash("search", &[("prefix", json!(prefix))]).await;
    let took = begun.elapsed();
    shows(&answer, prefix)?;
    Ok(took)
}

/// One of many searches: no two that are under way together are for the same.
pub(crate) async fn search_of_team(sandbox: &Sandbox, number: u32) -> Result<Duration, Failure> {
    let turn = usize::try_from(number)?;
    let (who, channel) = (PEOPLE[turn % PEOPLE.len()], CHANNELS[turn % CHANNELS.len()]);
    search(sandbox, &team(number % TEAMS), who, channel).await
}

fn shows(answer: &Answer, prefix: &str) -> Result<(), Failure> {
    match &answer.reply {
        Reply::Message { message, .. } if message.text().contains(&group(prefix, 0)) => Ok(()),
        _ => Err(format!("no table for {prefix}, but {answer:?}").into()),
    }
}

/// All groups that are searched for.
pub(crate) fn directory() -> Vec<String> {
    let families = FAMILIES.map(|(prefix, hits)| (prefix.to_owned(), hits)).into_iter();
    families
        .chain((0..TEAMS).map(|number| (team(number), TEAM_HITS)))
        .flat_map(|(prefix, hits)| (0..hits).map(move |number| group(&prefix, number)))
        .collect()
}

fn team(number: u32) -> String {
    format!("team-{number:02}-")
}

fn group(prefix: &str, number: usize) -> String {
    format!("{prefix}{number:03}-readers")
}

/// A time in milliseconds.
pub(crate) fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
