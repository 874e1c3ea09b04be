//! Copies of the bot on one database in PostgreSQL, with interactions over HTTP: whichever is asked
//! serves, what only one may do is done by one, and whoever dies is replaced.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sandbox::Sandbox;
use sandbox::connect::{self, Fault, Route, Times};
use sandbox::discord::{self, First, REQUESTS, Who};
use tokio::process::Child;
use tokio::time::sleep;

use crate::database::{execute, number};
use crate::program::{BOT, other_program, signal, terminate};
use crate::world::{assert_no_violations, chosen, free_address, in_time, is_card, server};

/// Stand-ins with an empty database in PostgreSQL; nothing where that isn't installed.
async fn shared() -> Option<Sandbox> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let server = server()?;
    let schema = format!("copies{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let options = (connect::Options::default(), discord::Options::default());
    let sandbox = Sandbox::start(options.0, options.1).await.unwrap();
    let sandbox = sandbox.with_database(server.schema(&schema));
    execute(&sandbox, sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).await;
    Some(sandbox)
}

/// One of the copies, or the only process.
pub(crate) struct Copy {
    pub(crate) process: Child,
    url: String,
}

impl Copy {
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        Self::of(BOT, sandbox)
    }

    fn of(path: &str, sandbox: &Sandbox) -> Self {
        let free = free_address();
        let mut variables = sandbox.variables();
        variables.push(("HTTP_ADDR", free.to_string()));
        variables.push(("DISCORD_PUBLIC_KEY", sandbox.discord.public_key()));
        let process = other_program(path, &["run"], &variables).spawn().unwrap();
        Self { process, url: format!("http://{free}/interactions") }
    }

    /// Has interactions come here, once it takes some.
    pub(crate) async fn serve(&self, sandbox: &Sandbox) {
        let verify = async {
            while sandbox.discord.verify_interactions_endpoint(&self.url).await.is_err() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        in_time(verify).await;
        sandbox.discord.wait_ready().await;
    }

    async fn kill(mut self) {
        self.process.kill().await.unwrap();
    }
}

/// So many of them, each of which takes interactions.
async fn copies<const N: usize>(sandbox: &Sandbox) -> [Copy; N] {
    let copies = [(); N].map(|()| Copy::start(sandbox));
    for copy in &copies {
        copy.serve(sandbox).await;
    }
    copies
}

async fn end<const N: usize>(sandbox: Sandbox, copies: [Copy; N]) {
    for copy in copies {
        terminate(&copy.process);
        let output = in_time(copy.process.wait_with_output()).await.unwrap();
        let log = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(0), "{log}");
    }
    assert_no_violations(&sandbox);
}

fn puts(sandbox: &Sandbox) -> usize {
    sandbox.connect.requests().iter().filter(|seen| seen.method == "PUT").count()
}

/// A member asks; the message that shows it, once the database knows that it does.
async fn asked(sandbox: &Sandbox, name: &str, number_of: u32) -> discord::Message {
    let member = sandbox.discord.person(Who::Member);
    let answer = member.slash("create", &[("name", name.into())]).await;
    assert!(answer.text().contains("went to the admins"), "{}", answer.text());
    sandbox.discord.wait_for_message(REQUESTS, is_card(number_of, "Approve or deny")).await
}

async fn created(sandbox: &Sandbox, number_of: u32) {
    sandbox.discord.wait_for_message(REQUESTS, is_card(number_of, "**Created**")).await;
}

#[tokio::test]
async fn whichever_copy_is_asked_the_message_is_there_and_any_of_them_answers_its_buttons() {
    let Some(sandbox) = shared().await else { return };
    let copies = copies::<3>(&sandbox).await;
    for (number_of, name) in [(1, "accounting2"), (2, "ABE-TEST"), (3, "accounting-apac")] {
        let at = number_of as usize - 1;
        copies[at].serve(&sandbox).await;
        let card = asked(&sandbox, name, number_of).await;
        copies[(at + 1) % 3].serve(&sandbox).await;
        sandbox.discord.person(Who::Admin).press(&card, "Approve").await;
        created(&sandbox, number_of).await;
    }
    assert_eq!(puts(&sandbox), 3);
    let shown = sandbox.discord.messages(REQUESTS).len();
    assert_eq!(shown, 3, "each request has one message");
    end(sandbox, copies).await;
}

#[tokio::test]
async fn of_two_presses_that_reach_two_copies_at_once_one_counts() {
    let Some(sandbox) = shared().await else { return };
    let copies = copies::<2>(&sandbox).await;
    for (number_of, name) in [(1, "accounting2"), (2, "ABE-TEST"), (3, "accounting-apac")] {
        let card = asked(&sandbox, name, number_of).await;
        sandbox.discord.hold_deliveries(true);
        let [first, second] = [Who::Admin, Who::SecondAdmin]
            .map(|who| sandbox.discord.person(who).start_press(&card, "Approve"));
        sandbox.discord.hold_deliveries(false);
        let deliver = async |copy: &Copy, id| {
            sandbox.discord.set_interactions_endpoint(Some(copy.url.clone()));
            sandbox.discord.deliver(id).await
        };
        tokio::join!(deliver(&copies[0], first.id()), deliver(&copies[1], second.id()));
        first.answer().await;
        second.answer().await;
        created(&sandbox, number_of).await;
        assert_eq!(puts(&sandbox), number_of as usize);
    }
    let decided = "SELECT COUNT(*) FROM history WHERE before = 'pending'";
    assert_eq!(number(&sandbox, decided).await, 3);
    end(sandbox, copies).await;
}

#[tokio::test]
async fn when_the_copy_that_shows_requests_is_killed_another_does() {
    let Some(sandbox) = shared().await else { return };
    let [first] = copies::<1>(&sandbox).await;
    asked(&sandbox, "accounting2", 1).await;
    let second = Copy::start(&sandbox);
    second.serve(&sandbox).await;
    first.kill().await;
    let member = sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "ABE-TEST".into())]).await;
    let card = sandbox.discord.wait_for_message(REQUESTS, is_card(2, "Approve or deny")).await;
    sandbox.discord.person(Who::Admin).press(&card, "Approve").await;
    created(&sandbox, 2).await;
    assert_eq!(sandbox.discord.messages(REQUESTS).len(), 2);
    end(sandbox, [second]).await;
}

#[tokio::test]
async fn what_a_copy_has_begun_is_left_to_it_for_a_minute_and_then_taken_over() {
    let Some(sandbox) = shared().await else { return };
    // The first one shows requests, and so sees to what is due.
    let [keeper] = copies::<1>(&sandbox).await;
    let card = asked(&sandbox, "accounting2", 1).await;
    let other = Copy::start(&sandbox);
    other.serve(&sandbox).await;
    sandbox.connect.fail(Route::CreateGroup, Fault::Hold, Times::Once);
    sandbox.discord.person(Who::Admin).press(&card, "Approve").await;
    sandbox.connect.wait_for(1, Route::CreateGroup).await;
    // Meanwhile the keeper looks at what is due, more than once.
    keeper.serve(&sandbox).await;
    asked(&sandbox, "ABE-TEST", 2).await;
    assert_eq!(puts(&sandbox), 1);
    other.kill().await;
    sandbox.connect.release();
    // As if the minute were over.
    execute(&sandbox, "UPDATE requests SET due_at = due_at - 60000 WHERE state = 'creating'").await;
    created(&sandbox, 1).await;
    let groups = sandbox.connect.groups();
    assert_eq!(groups.iter().filter(|group| group.name == "accounting2").count(), 1);
    end(sandbox, [keeper]).await;
}

/// Two of them: the first sees to what is due, the second takes interactions.
async fn keeper_and_other(sandbox: &Sandbox) -> [Copy; 2] {
    let [keeper] = copies::<1>(sandbox).await;
    let other = Copy::start(sandbox);
    other.serve(sandbox).await;
    // Each looks at LDAP once when it starts.
    sandbox.connect.wait_for(2, Route::Search).await;
    sandbox.connect.clear_requests();
    [keeper, other]
}

/// Has a copy stand still for so long that what it is at work on is another's, while what it has asked
/// Connect is answered.
async fn stand_still(sandbox: &Sandbox, copy: &Copy) {
    signal(&copy.process, "STOP");
    sandbox.connect.release();
    // As if the minute were over.
    execute(sandbox, "UPDATE requests SET due_at = due_at - 60000 WHERE state = 'creating'").await;
}

#[tokio::test]
async fn a_copy_that_stood_still_while_another_took_its_creation_over_sends_nothing_for_it() {
    let Some(sandbox) = shared().await else { return };
    let [keeper, other] = keeper_and_other(&sandbox).await;
    let card = asked(&sandbox, "accounting2", 1).await;
    sandbox.connect.clear_requests();
    sandbox.connect.fail(Route::Search, Fault::Hold, Times::Once);
    sandbox.discord.person(Who::Admin).press(&card, "Approve").await;
    sandbox.connect.wait_for(1, Route::Search).await;
    stand_still(&sandbox, &other).await;
    created(&sandbox, 1).await;
    signal(&other.process, "CONT");
    // What is under way comes to its end.
    end(sandbox.clone(), [keeper, other]).await;
    assert_eq!(puts(&sandbox), 1);
}

#[tokio::test]
async fn an_admins_create_that_another_copy_has_settled_comes_to_nothing_more() {
    let Some(sandbox) = shared().await else { return };
    let [keeper, other] = keeper_and_other(&sandbox).await;
    let admin = sandbox.discord.person(Who::Admin);
    admin.slash("search", &[("prefix", "acc".into())]).await;
    sandbox.connect.expire_tickets();
    sandbox.connect.clear_requests();
    // Its ticket is renewed.
    sandbox.connect.fail(Route::Search, Fault::Hold, Times::Once);
    let creates = admin.start_slash("create", &[("name", "accounting2".into())]);
    sandbox.connect.wait_for(1, Route::Search).await;
    assert_eq!(creates.first().await, First::Thinking);
    assert_eq!(puts(&sandbox), 1);
    stand_still(&sandbox, &other).await;
    let failed = "SELECT COUNT(*) FROM requests WHERE state = 'failed'";
    in_time(async { while number(&sandbox, failed).await == 0 {} }).await;
    signal(&other.process, "CONT");
    let answer = creates.answer().await;
    assert!(
        answer.text().contains("`accounting2` is being created right now"),
        "{}",
        answer.text()
    );
    assert_eq!(puts(&sandbox), 1);
    assert_eq!(sandbox.connect.guid_of("accounting2"), None);
    end(sandbox, [keeper, other]).await;
}

/// With `OLDER_BOT`, the path of an older version's program.
#[tokio::test]
async fn an_older_version_serves_on_beside_a_newer_one_which_adds_to_its_tables() {
    let Some(older) = chosen("OLDER_BOT") else { return };
    let Some(sandbox) = shared().await else { return };
    let older = Copy::of(&older, &sandbox);
    older.serve(&sandbox).await;
    let card = asked(&sandbox, "accounting2", 1).await;
    let newer = Copy::start(&sandbox);
    newer.serve(&sandbox).await;
    sandbox.discord.person(Who::Admin).press(&card, "Approve").await;
    created(&sandbox, 1).await;
    let card = asked(&sandbox, "ABE-TEST", 2).await;
    older.serve(&sandbox).await;
    let admin = sandbox.discord.person(Who::Admin);
    for subcommand in ["requests", "status"] {
        let answer = admin.slash(subcommand, &[]).await;
        assert!(!answer.text().contains("went wrong"), "{}", answer.text());
    }
    admin.press(&card, "Approve").await;
    created(&sandbox, 2).await;
    let card = asked(&sandbox, "accounting-apac", 3).await;
    terminate(&older.process);
    newer.serve(&sandbox).await;
    admin.press(&card, "Approve").await;
    created(&sandbox, 3).await;
    assert_eq!(puts(&sandbox), 3);
    end(sandbox, [older, newer]).await;
}

#[tokio::test]
async fn whichever_copy_is_asked_says_what_could_not_be_said() {
    let Some(sandbox) = shared().await else { return };
    let copies = copies::<2>(&sandbox).await;
    let fault = discord::Fault::Forbidden(50013);
    sandbox.discord.fail(discord::Route::CreateMessage, fault, discord::Times::Always);
    let member = sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "accounting2".into())]).await;
    let admin = sandbox.discord.person(Who::Admin);
    for copy in &copies {
        copy.serve(&sandbox).await;
        let answer = admin.slash("status", &[]).await;
        assert!(answer.text().contains("1 message can't be delivered"), "{}", answer.text());
    }
    end(sandbox, copies).await;
}

#[tokio::test]
async fn what_one_copy_has_served_every_copy_refuses() {
    let Some(sandbox) = shared().await else { return };
    let copies = copies::<3>(&sandbox).await;
    let admin = sandbox.discord.person(Who::Admin);
    sandbox.discord.hold_deliveries(true);
    let created = admin.start_slash("create", &[("name", "accounting2".into())]);
    let request = sandbox.discord.delivery(created.id());
    assert_eq!(in_time(sandbox.discord.deliver(created.id())).await.unwrap().status, 200);
    for copy in &copies {
        copy.serve(&sandbox).await;
        assert_eq!(in_time(sandbox.discord.send(&request)).await.unwrap().status, 409);
    }
    assert_eq!(puts(&sandbox), 1);
    end(sandbox, copies).await;
}
