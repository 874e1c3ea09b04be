//! What a day's steps cost with few and with many requests stored.

use std::time::{Instant, SystemTime};

use sandbox::discord::{CONNECT, Message, Person, REQUESTS, Who};
use sandbox::{Sandbox, connect, discord};
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection};

use crate::Failure;
use crate::database::Postgres;
use crate::program::{Program, Running, Spent};
use crate::round::median;
use crate::team::milliseconds;

/// How many requests are few.
pub(crate) const FEW: u32 = 1000;

/// What a step took, in milliseconds.
pub(crate) struct Taken {
    pub(crate) step: String,
    /// Of the bot's processor time, in the mean.
    pub(crate) processor: f64,
    /// Until whoever took it saw what came of it: the median.
    pub(crate) latency: f64,
    /// Of PostgreSQL's processor time, in the mean; not a number with a database in a file.
    pub(crate) server: f64,
}

/// The steps, in the order in which they were taken.
pub(crate) type Figures = Vec<Taken>;

/// What each step took with so many requests stored, in PostgreSQL if there is one, else in a file.
pub(crate) async fn figures(
    program: &Program,
    postgres: Option<&Postgres>,
    stored: u32,
    times: u32,
) -> Result<Figures, Failure> {
    let sandbox = sandbox(times).await?;
    let sandbox = match postgres {
        Some(postgres) => sandbox.with_database(fill_postgres(program, postgres, stored).await?),
        None => fill_file(sandbox, stored).await?,
    };
    let mut variables = sandbox.variables();
    variables.push(("MAX_OPEN_REQUESTS", "1000".to_owned()));
    let begun = Instant::now();
    let server = postgres.map(Postgres::spent).transpose()?;
    let running = program.start(variables)?;
    sandbox.discord.wait_ready().await;
    let latency = milliseconds(begun.elapsed());
    // The bot's own look at Connect is over.
    sandbox.connect.wait_for(1, connect::Route::User).await;
    sandbox.connect.wait_for(1, connect::Route::Settings).await;
    let processor = milliseconds(running.spent_since(&Spent::default())?);
    let round = Round { sandbox, running, postgres, times };
    let server = round.server_since(server.as_ref())?;
    let mut measured = vec![Taken { step: "start".to_owned(), processor, latency, server }];
    round.decisions(stored, &mut measured).await?;
    round.looks(&mut measured).await?;
    let violations = round.sandbox.violations();
    if violations.is_empty() {
        Ok(measured)
    } else {
        Err(format!("the stand-ins complain: {violations:#?}").into())
    }
}

async fn sandbox(times: u32) -> Result<Sandbox, Failure> {
    let groups = (0..4 * times).map(group).collect();
    let connect = connect::Options { groups, ..connect::Options::default() };
    // What is measured is the bot's time, not how long it waits for room.
    let limits = discord::Limits {
        create_message: None,
        edit_message: None,
        edit_old_message: None,
        ..discord::Limits::default()
    };
    Ok(Sandbox::start(connect, discord::Options { limits, ..discord::Options::default() }).await?)
}

fn group(number: u32) -> String {
    format!("measured-{number:03}")
}

/// What fills a database with so many requests.
fn fill(stored: u32) -> Result<AssertSqlSafe<String>, Failure> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let fill = include_str!("fill.sql").replace(":count", &stored.to_string());
    let fill = fill.replace(":person", &Who::Member.id().to_string());
    Ok(AssertSqlSafe(format!("BEGIN; {} COMMIT;", fill.replace(":now", &now.to_string()))))
}

/// Makes the database and fills it.
async fn fill_file(sandbox: Sandbox, stored: u32) -> Result<Sandbox, Failure> {
    let options = SqliteConnectOptions::new().filename(sandbox.database()).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::migrate!().run(&mut connection).await?;
    sqlx::raw_sql(fill(stored)?).execute(&mut connection).await?;
    connection.close().await?;
    Ok(sandbox)
}

/// The same in PostgreSQL, where the bot itself makes the tables. They are looked at as autovacuum does
/// after a while, and written to the disk.
async fn fill_postgres(
    program: &Program,
    postgres: &Postgres,
    stored: u32,
) -> Result<String, Failure> {
    let (url, mut connection) = postgres.empty().await?;
    let sandbox = sandbox(0).await?.with_database(url.clone());
    let running = program.start(sandbox.variables())?;
    sandbox.discord.wait_ready().await;
    drop(running);
    sqlx::raw_sql(fill(stored)?).execute(&mut connection).await?;
    for sql in ["VACUUM (ANALYZE)", "CHECKPOINT"] {
        sqlx::raw_sql(sql).execute(&mut connection).await?;
    }
    Ok(url)
}

struct Round<'a> {
    sandbox: Sandbox,
    running: Running,
    postgres: Option<&'a Postgres>,
    times: u32,
}

impl Round<'_> {
    /// What PostgreSQL has used since then, in milliseconds.
    fn server_since(&self, then: Option<&Spent>) -> Result<f64, Failure> {
        let Some((postgres, then)) = self.postgres.zip(then) else { return Ok(f64::NAN) };
        Ok(milliseconds(postgres.spent()?.since(then)))
    }

    fn person(&self, who: Who) -> Person {
        self.sandbox.discord.person(who)
    }

    /// Takes a step so often, with a number each time, and adds what it took in the mean.
    async fn take(
        &self,
        step: &str,
        measured: &mut Figures,
        work: impl AsyncFn(u32),
    ) -> Result<(), Failure> {
        let (before, server) =
            (self.running.spent()?, self.postgres.map(Postgres::spent).transpose()?);
        let mut latencies = Vec::new();
        for number in 0..self.times {
            let begun = Instant::now();
            work(number).await;
            latencies.push(milliseconds(begun.elapsed()));
        }
        measured.push(Taken {
            step: step.to_owned(),
            processor: milliseconds(self.running.spent_since(&before)? / self.times),
            latency: median(latencies.into_iter()),
            server: self.server_since(server.as_ref())? / f64::from(self.times),
        });
        Ok(())
    }

    /// The message that shows the request for a group, as soon as it waits for an admin.
    async fn waiting(&self, group: &str) -> Message {
        let waits = |message: &Message| {
            message.buttons().iter().any(|button| button.label.starts_with("Approve"))
        };
        let wanted = |message: &Message| message.text().contains(group) && waits(message);
        self.sandbox.discord.wait_for_message(REQUESTS, wanted).await
    }

    /// Waits until the message that shows the request for a group says this of its state.
    async fn shown(&self, group: &str, state: &str) {
        let wanted = |message: &Message| {
            let text = message.text();
            text.contains(group) && text.contains(state)
        };
        self.sandbox.discord.wait_for_message(REQUESTS, wanted).await;
    }

    /// What the member is told of a group.
    async fn told(&self, group: &str) {
        let mention = format!("<@{}>", Who::Member.id());
        let wanted = |message: &Message| {
            let text = message.text();
            text.contains(&mention) && text.contains(group)
        };
        self.sandbox.discord.wait_for_message(CONNECT, wanted).await;
    }

    async fn decisions(&self, stored: u32, measured: &mut Figures) -> Result<(), Failure> {
        let (member, admin, times) =
            (self.person(Who::Member), self.person(Who::Admin), self.times);
        let ask = async |number: u32| {
            member.slash("create", &[("name", json!(group(number)))]).await;
            self.waiting(&group(number)).await;
        };
        self.take("ask, until it is shown", measured, &ask).await?;
        let approve = async |number: u32| {
            let card = self.waiting(&group(number)).await;
            admin.press(&card, "Approve").await;
            self.shown(&group(number), "Created").await;
            self.told(&group(number)).await;
        };
        self.take("approve, until it is told", measured, approve).await?;
        for number in times..3 * times {
            ask(number).await;
        }
        let deny = async |number: u32| {
            let card = self.waiting(&group(times + number)).await;
            let form = admin.press(&card, "Deny").await;
            admin.submit(form.form(), &[]).await;
            self.told(&group(times + number)).await;
        };
        self.take("deny, until it is told", measured, deny).await?;
        let cancel = async |number: u32| {
            let number = 2 * times + number;
            member.slash("cancel", &[("request", json!(stored + 1 + number))]).await;
            self.shown(&group(number), "Cancelled").await;
        };
        self.take("cancel, until it is shown", measured, cancel).await
    }

    async fn looks(&self, measured: &mut Figures) -> Result<(), Failure> {
        let (member, admin) = (self.person(Who::Member), self.person(Who::Admin));
        for state in ["open", "created", "failed", "denied", "expired", "cancelled"] {
            let options = [("state", json!(state))];
            let list = async |_| drop(admin.slash("requests", &options).await);
            self.take(&format!("list, {state}"), measured, list).await?;
        }
        for state in ["open", "created", "cancelled"] {
            let options = [("state", json!(state))];
            let list = async |_| drop(member.slash("requests", &options).await);
            self.take(&format!("list of one person, {state}"), measured, list).await?;
        }
        for name in ["team-1", "team-again"] {
            let options = [("name", json!(name))];
            let history = async |_| drop(admin.slash("history", &options).await);
            self.take(&format!("history of {name}"), measured, history).await?;
        }
        for typed in ["", "te", "gain"] {
            let suggest = async |_| drop(admin.autocomplete("history", &[], ("name", typed)).await);
            self.take(&format!("a key of history, {typed:?}"), measured, suggest).await?;
        }
        let suggest = async |_| drop(admin.autocomplete("cancel", &[], ("request", "1")).await);
        self.take("a key of cancel", measured, suggest).await?;
        self.take("status", measured, async |_| drop(admin.slash("status", &[]).await)).await
    }
}
