//! Two bots on one database: one is at work, and the other takes over when that ends, however it does.
//! Never are two at work.

use std::net::SocketAddr;
use std::process::Output;

use reqwest::StatusCode;
use sandbox::Sandbox;
use sandbox::connect::{self, Fault, Route, Times};
use sandbox::discord::{self, Message, REQUESTS, Who};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use crate::http::{becomes, becomes_reachable, get};
use crate::line::{self, Line};
use crate::program::{program, signal, terminate};
use crate::world::{assert_no_violations, free_address, in_time, is_card, stand_ins_in_file};
use sandbox::postgres::Server;

/// What a bot that waits says to whoever probes it.
const WAITS: &str = "standby: another bot is connected; this one takes over when that one ends\n";

/// Who in PostgreSQL the second bot is, so that it can be told which of them has the lock.
const SECOND: &str = "second";

/// The program, with an address for probes.
struct Bot {
    child: Child,
    probes: SocketAddr,
}

impl Bot {
    fn start(sandbox: &Sandbox, variables: &[(&'static str, String)]) -> Self {
        let probes = free_address();
        let own = [("HTTP_ADDR", probes.to_string())];
        let variables = [&sandbox.variables(), variables, &own[..]].concat();
        Self { child: program(&["run"], &variables).spawn().unwrap(), probes }
    }

    async fn waits(&self) {
        becomes_reachable(self.probes).await;
        becomes(self.probes, "/readyz", WAITS).await;
    }

    async fn ended(self) -> Output {
        in_time(self.child.wait_with_output()).await.unwrap()
    }

    /// It ends as it should that may not be alone any more.
    async fn gives_up(self) {
        let output = self.ended().await;
        let log = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{log}");
        let said = "PostgreSQL hasn't confirmed for 5 s that no other bot has the database; ending";
        assert!(log.contains(said), "{log}");
    }
}

/// The stand-ins, whose people are patient, since the next bot may wait for a while.
async fn stand_ins() -> Sandbox {
    let patient = discord::Options {
        patience: std::time::Duration::from_mins(1),
        ..discord::Options::default()
    };
    stand_ins_in_file(connect::Options::default(), patient).await
}

/// Two bots on one PostgreSQL, of which the second waits.
struct Pair {
    sandbox: Sandbox,
    first: Bot,
    second: Bot,
}

impl Pair {
    /// The first finds PostgreSQL here, and has these variables besides.
    async fn start(
        (server, database): (&Server, String),
        sandbox: Sandbox,
        variables: &[(&'static str, String)],
    ) -> Self {
        let sandbox = sandbox.with_database(server.schema("public"));
        let role = format!("CREATE ROLE {SECOND} SUPERUSER LOGIN");
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(role)).execute(&mut connection).await.unwrap();
        let first = [&[("DATABASE_URL", database)][..], variables].concat();
        let first = Bot::start(&sandbox, &first);
        sandbox.discord.wait_ready().await;
        let other = format!("{}&user={SECOND}", server.schema("public"));
        let second = Bot::start(&sandbox, &[("DATABASE_URL", other)]);
        second.waits().await;
        Self { sandbox, first, second }
    }

    async fn on(server: &Server) -> Self {
        Self::start((server, server.schema("public")), stand_ins().await, &[]).await
    }
}

/// Somebody asks for a group: what admins see.
async fn ask_for_a_group(sandbox: &Sandbox) -> Message {
    let member = sandbox.discord.person(Who::Member);
    member.slash("create", &[("name", "accounting2".into())]).await;
    sandbox.discord.wait_for_message(REQUESTS, is_card(1, "Approve or deny")).await
}

/// The second has come to Discord, and serves.
async fn taken_over(sandbox: &Sandbox) {
    sandbox.discord.wait_for_gateway(|_, identifies, _| identifies == 2).await;
    sandbox.discord.wait_ready().await;
}

/// What was asked for is approved, and created once.
async fn approved(sandbox: &Sandbox, card: &Message) {
    sandbox.discord.person(Who::Admin).press(card, "Approve").await;
    sandbox.discord.wait_for_message(REQUESTS, is_card(1, "**Created**")).await;
    assert_eq!(puts(sandbox), 1);
    assert_no_violations(sandbox);
}

fn puts(sandbox: &Sandbox) -> usize {
    sandbox.connect.requests().iter().filter(|seen| seen.method == "PUT").count()
}

/// Never were two connected to Discord.
fn was_never_two(sandbox: &Sandbox) {
    assert_eq!(sandbox.discord.sessions_at_once(), 1);
}

/// Which of the two has the lock.
async fn locked_by(server: &Server) -> Option<String> {
    let sql = "SELECT usename::TEXT FROM pg_locks JOIN pg_stat_activity USING (pid) \
         WHERE locktype = 'advisory' AND classid = 1818518895 AND granted";
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::query_scalar(sql).fetch_optional(&mut connection).await.unwrap()
}

/// The address of a database in PostgreSQL by way of a line to its server.
async fn by_line(server: &Server) -> (Line, String) {
    let url = server.url();
    let folder = url.split_once("host=").unwrap().1.split('&').next().unwrap();
    let line = Line::to(line::Server::Socket(format!("{folder}/.s.PGSQL.5432").into())).await;
    let url = format!("postgres://bot@{}/postgres?options[search_path]=public", line.address);
    (line, url)
}

/// A line to a web server, and its address by way of it.
async fn by_line_to(url: &str) -> (Line, String) {
    let address = url.strip_prefix("http://").unwrap();
    let (address, path) = address.split_once('/').unwrap_or((address, ""));
    let line = Line::to(line::Server::Address(address.parse().unwrap())).await;
    let url = format!("http://{}/{path}", line.address);
    (line, url)
}

#[tokio::test]
async fn who_waits_is_well_asks_discord_nothing_and_ends_at_once_when_told_to() {
    let Some(server) = Server::for_test() else { return };
    let Pair { sandbox, second, first } = Pair::on(&server).await;
    assert_eq!(get(second.probes, "/readyz").await, (StatusCode::OK, WAITS.to_owned()));
    assert_eq!(get(second.probes, "/livez").await.0, StatusCode::OK);
    let (status, metrics) = get(second.probes, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    assert!(metrics.contains("ldapgroup_build_info{"), "{metrics}");
    let asked = sandbox.discord.requests();
    let starts = asked.iter().filter(|seen| seen.route == Some(discord::Route::Application));
    assert_eq!(starts.count(), 1, "only the first has asked who it is");
    terminate(&second.child);
    let output = second.ended().await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(sandbox.discord.identifies(), 1);
    let card = ask_for_a_group(&sandbox).await;
    approved(&sandbox, &card).await;
    was_never_two(&sandbox);
    drop(first);
}

#[tokio::test]
async fn from_who_is_killed_the_next_takes_over_with_all_that_was_asked() {
    let Some(server) = Server::for_test() else { return };
    let Pair { sandbox, mut first, second } = Pair::on(&server).await;
    let card = ask_for_a_group(&sandbox).await;
    sandbox.discord.forget_identify();
    first.child.kill().await.unwrap();
    taken_over(&sandbox).await;
    becomes(second.probes, "/readyz", "ok\n").await;
    approved(&sandbox, &card).await;
    was_never_two(&sandbox);
}

#[tokio::test]
async fn who_is_told_to_stop_lets_the_next_one_take_over() {
    let Some(server) = Server::for_test() else { return };
    let Pair { sandbox, first, second } = Pair::on(&server).await;
    let card = ask_for_a_group(&sandbox).await;
    sandbox.discord.forget_identify();
    terminate(&first.child);
    let output = first.ended().await;
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    taken_over(&sandbox).await;
    approved(&sandbox, &card).await;
    was_never_two(&sandbox);
    drop(second);
}

#[tokio::test]
async fn who_stood_still_while_another_took_over_says_and_does_nothing_any_more() {
    let Some(server) = Server::for_test() else { return };
    let sandbox = stand_ins().await;
    let (to_discord, discord_url) = by_line_to(&sandbox.discord.url()).await;
    let (to_connect, connect_url) = by_line_to(&sandbox.connect.url()).await;
    let lines = [("DISCORD_API_URL", discord_url), ("CONNECT_SERVER", connect_url)];
    let database = (&server, server.schema("public"));
    let Pair { sandbox, first, second } = Pair::start(database, sandbox, &lines).await;
    let admin = sandbox.discord.person(Who::Admin);
    // Its own look at LDAP is over.
    sandbox.connect.wait_for(1, Route::Search).await;
    // It is in the midst of a creation: what it searched for comes once it stands still.
    sandbox.connect.fail(Route::Search, Fault::Hold, Times::Times(1));
    let cut_short = admin.start_slash("create", &[("name", "accounting2".into())]);
    sandbox.connect.wait_for(2, Route::Search).await;
    signal(&first.child, "STOP");
    sandbox.connect.release();
    sandbox.discord.forget_identify();
    taken_over(&sandbox).await;
    let asked = (to_discord.asked(), to_connect.asked());
    // Discord tells both of it, for it knows nothing of the first's state.
    let answer = admin.slash("create", &[("name", "accounting2".into())]).await;
    assert!(answer.text().starts_with("Created `accounting2`"), "{}", answer.text());
    signal(&first.child, "CONT");
    first.gives_up().await;
    assert_eq!((to_discord.asked(), to_connect.asked()), asked, "not a byte went out");
    assert_eq!(puts(&sandbox), 1);
    drop((cut_short, second));
    assert_no_violations(&sandbox);
}

#[tokio::test]
async fn who_can_reach_its_database_no_more_is_gone_before_the_next_one_comes() {
    let Some(server) = Server::for_test() else { return };
    let (line, url) = by_line(&server).await;
    let Pair { sandbox, first, second } = Pair::start((&server, url), stand_ins().await, &[]).await;
    let card = ask_for_a_group(&sandbox).await;
    sandbox.discord.forget_identify();
    line.die();
    first.gives_up().await;
    assert_eq!(sandbox.discord.identifies(), 1);
    taken_over(&sandbox).await;
    // What it had on the way to the database changes nothing any more.
    line.revive();
    approved(&sandbox, &card).await;
    was_never_two(&sandbox);
    drop(second);
}

#[tokio::test]
async fn a_session_that_is_ended_is_no_loss_to_who_takes_the_lock_anew() {
    let Some(server) = Server::for_test() else { return };
    let Pair { sandbox, first, second } = Pair::on(&server).await;
    // The second mustn't come before it.
    signal(&second.child, "STOP");
    let ended = "SELECT pg_terminate_backend(pid) FROM pg_locks \
         WHERE locktype = 'advisory' AND classid = 1818518895 AND granted";
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    sqlx::raw_sql(ended).execute(&mut connection).await.unwrap();
    in_time(async { while locked_by(&server).await.is_none() {} }).await;
    signal(&second.child, "CONT");
    let card = ask_for_a_group(&sandbox).await;
    approved(&sandbox, &card).await;
    assert_eq!(locked_by(&server).await.as_deref(), Some("bot"));
    second.waits().await;
    assert_eq!(sandbox.discord.identifies(), 1);
    was_never_two(&sandbox);
    drop(first);
}

#[tokio::test]
async fn when_the_server_is_started_anew_one_of_them_goes_on() {
    let Some(mut server) = Server::for_test() else { return };
    let Pair { sandbox, first, second } = Pair::on(&server).await;
    let card = ask_for_a_group(&sandbox).await;
    sandbox.discord.forget_identify();
    server.crash();
    server.start_again();
    let whose = in_time(async {
        loop {
            if let Some(whose) = locked_by(&server).await {
                return whose;
            }
        }
    });
    if whose.await == SECOND {
        first.gives_up().await;
        taken_over(&sandbox).await;
        approved(&sandbox, &card).await;
    } else {
        approved(&sandbox, &card).await;
        second.waits().await;
        assert_eq!(sandbox.discord.identifies(), 1);
        drop(first);
    }
    was_never_two(&sandbox);
}

#[tokio::test]
async fn who_is_alone_and_without_its_server_for_long_ends_and_goes_on_at_its_next_start() {
    let Some(mut server) = Server::for_test() else { return };
    let sandbox = stand_ins().await.with_database(server.schema("public"));
    let first = Bot::start(&sandbox, &[]);
    sandbox.discord.wait_ready().await;
    let card = ask_for_a_group(&sandbox).await;
    server.crash();
    first.gives_up().await;
    let too_early = Bot::start(&sandbox, &[]);
    assert_eq!(too_early.ended().await.status.code(), Some(1), "a start needs its server");
    server.start_again();
    sandbox.discord.forget_identify();
    let second = Bot::start(&sandbox, &[]);
    taken_over(&sandbox).await;
    approved(&sandbox, &card).await;
    was_never_two(&sandbox);
    drop(second);
}

#[tokio::test]
async fn who_waits_while_the_server_is_away_says_so_and_takes_over_when_it_is_back() {
    let Some(mut server) = Server::for_test() else { return };
    let Pair { sandbox, first, second } = Pair::on(&server).await;
    let card = ask_for_a_group(&sandbox).await;
    sandbox.discord.forget_identify();
    server.crash();
    first.gives_up().await;
    let away = "standby: PostgreSQL can't be reached; this one goes on waiting\n";
    becomes(second.probes, "/readyz", away).await;
    server.start_again();
    taken_over(&sandbox).await;
    approved(&sandbox, &card).await;
}

#[tokio::test]
async fn a_start_waits_for_a_server_that_is_started_anew() {
    let Some(mut server) = Server::for_test() else { return };
    let sandbox = stand_ins().await.with_database(server.schema("public"));
    server.crash();
    let mut bot = Bot::start(&sandbox, &[]);
    let mut log = BufReader::new(bot.child.stderr.take().unwrap()).lines();
    let mut logged = async || in_time(log.next_line()).await.unwrap().expect("it waits");
    while !logged().await.contains("trying again") {}
    server.start_again();
    sandbox.discord.wait_ready().await;
}

#[tokio::test]
async fn of_two_on_one_file_the_second_waits_by_whatever_name_it_knows_it() {
    let sandbox = stand_ins().await;
    let mut first = Bot::start(&sandbox, &[]);
    sandbox.discord.wait_ready().await;
    let link = sandbox.database().with_extension("link");
    std::os::unix::fs::symlink(sandbox.database(), &link).unwrap();
    let second = Bot::start(&sandbox, &[("DATABASE_URL", format!("sqlite://{}", link.display()))]);
    second.waits().await;
    let third = Bot::start(&sandbox, &[]);
    third.waits().await;
    let card = ask_for_a_group(&sandbox).await;
    assert_eq!(sandbox.discord.identifies(), 1);
    terminate(&third.child);
    assert_eq!(third.ended().await.status.code(), Some(0));
    sandbox.discord.forget_identify();
    first.child.kill().await.unwrap();
    taken_over(&sandbox).await;
    approved(&sandbox, &card).await;
    was_never_two(&sandbox);
}
