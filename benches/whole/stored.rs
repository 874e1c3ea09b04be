//! What a day's steps cost with few and with many requests stored.

use std::time::SystemTime;

use sandbox::discord::{CONNECT, Message, Person, REQUESTS, Who};
use sandbox::{Sandbox, connect, discord};
use serde_json::json;
use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::Failure;
use crate::program::{Program, Running, Spent};
use crate::team::milliseconds;

/// How many requests are few.
pub(crate) const FEW: u32 = 1000;

/// The steps, and the milliseconds of processor time that each took.
pub(crate) type Figures = Vec<(String, f64)>;

/// Milliseconds of processor time that each step took in the mean, with so many requests stored.
pub(crate) async fn figures(
    program: &Program,
    stored: u32,
    times: u32,
) -> Result<Figures, Failure> {
    let sandbox = sandbox(times).await?;
    fill(&sandbox, stored).await?;
    let mut variables = sandbox.variables();
    variables.push(("MAX_OPEN_REQUESTS", "1000".to_owned()));
    let running = program.start(variables)?;
    sandbox.discord.wait_ready().await;
    // The bot's own look at Connect is over.
    sandbox.connect.wait_for(1, connect::Route::User).await;
    sandbox.connect.wait_for(1, connect::Route::Settings).await;
    let mut measured =
        vec![("start".to_owned(), milliseconds(running.spent_since(&Spent::default())?))];
    let round = Round { sandbox, running, times };
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

/// Makes the database and fills it.
async fn fill(sandbox: &Sandbox, stored: u32) -> Result<(), Failure> {
    let fill = include_str!("fill.sql").replace(":count", &stored.to_string());
    let fill = fill.replace(":person", &Who::Member.id().to_string());
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_millis();
    let fill = fill.replace(":now", &now.to_string());
    let options = SqliteConnectOptions::new().filename(sandbox.database()).create_if_missing(true);
    let mut connection = SqliteConnection::connect_with(&options).await?;
    sqlx::migrate!().run(&mut connection).await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("BEGIN; {fill} COMMIT;")))
        .execute(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

struct Round {
    sandbox: Sandbox,
    running: Running,
    times: u32,
}

impl Round {
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
        let before = self.running.spent()?;
        for number in 0..self.times {
            work(number).await;
        }
        let spent = self.running.spent_since(&before)? / self.times;
        measured.push((step.to_owned(), milliseconds(spent)));
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
