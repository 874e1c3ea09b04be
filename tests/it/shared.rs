//! Copies of the bot on one PostgreSQL, with interactions over HTTP: what one has found another creates
//! by one call, and what was picked on one is created on another, once.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use ldapgroup_bot::app::{App, AppError};
use ldapgroup_bot::config::{Config, Environment};
use sandbox::connect::{Route, Seen};
use sandbox::discord::{Answer, Reply, Who};
use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::world::{Setup, World, in_time, ldap_groups, private, run_test_with, team};
use sandbox::postgres::Server;

type Variables = Vec<(&'static str, String)>;

/// A copy of the bot.
pub(crate) struct Copy {
    url: String,
    stopping: CancellationToken,
    bot: JoinHandle<Result<(), AppError>>,
}

impl Copy {
    /// Starts one with what the world's own is started with, and these.
    async fn start(world: &World, variables: Variables) -> Self {
        let variables = [&world.variables[..], &variables].concat();
        let config = Config::read(&Environment::of_pairs(variables)).unwrap();
        let stopping = CancellationToken::new();
        let app = App::start(config, stopping.clone()).await.unwrap().unwrap();
        let url = format!("http://{}/interactions", app.http_address().unwrap());
        Self { url, stopping, bot: tokio::spawn(app.run()) }
    }

    /// Whatever somebody does goes to this one from now on.
    pub(crate) fn is_next(&self, world: &World) {
        world.discord.set_interactions_endpoint(Some(self.url.clone()));
    }

    async fn stop(self) {
        self.stopping.cancel();
        in_time(self.bot).await.unwrap().unwrap();
    }
}

/// Has the copies' database carry something out.
async fn execute(world: &World, sql: &'static str) {
    let mut connection = PgConnection::connect(&database_url(world)).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

/// The address of the copies' database.
pub(crate) fn database_url(world: &World) -> String {
    let mut urls = world.variables.iter().filter(|(name, _)| *name == "DATABASE_URL");
    urls.next_back().unwrap().1.clone()
}

/// What was searched for, but for what a start looks with.
fn searched(world: &World) -> Vec<String> {
    let seen = world.connect.requests();
    let searches = seen.iter().filter(|seen| seen.route == Some(Route::Search));
    let prefix = |seen: &Seen| seen.params.iter().find(|(name, _)| name == "prefix").cloned();
    let prefixes = searches.filter_map(prefix).map(|(_, prefix)| prefix);
    prefixes.filter(|prefix| prefix != "ldapgroup-bot").collect()
}

fn with_teams(happens: impl AsyncFnOnce(&mut World, &Copy, &Copy)) {
    on_two(ldap_groups((1..=25).map(team)), happens);
}

/// The question that an admin gets who picks this on the copy that is next.
async fn asked(world: &World, name: &str) -> Answer {
    let found = world.search(Who::Admin, "team").await;
    world.admin().pick(found.message(), &[name]).await
}

/// Lets something happen in a world with two copies. Left out where PostgreSQL isn't installed.
pub(crate) fn on_two(setup: Setup, happens: impl AsyncFnOnce(&mut World, &Copy, &Copy)) {
    on_unlike(setup, |_| Vec::new(), happens);
}

/// The same, with a second copy that is started with these variables beside the others.
fn on_unlike(
    setup: Setup,
    second: impl FnOnce(&World) -> Variables,
    happens: impl AsyncFnOnce(&mut World, &Copy, &Copy),
) {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let Some(server) = SERVER.get_or_init(Server::for_test) else { return };
    let schema = format!("s{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let setup = setup.in_file().over_http();
    run_test_with(setup, async |world| {
        world.stop_bot().await;
        let mut connection = PgConnection::connect(&server.url()).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
        sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
        world.variables.push(("DATABASE_URL", server.schema(&schema)));
        let a = Copy::start(world, Vec::new()).await;
        let b = Copy::start(world, second(world)).await;
        a.is_next(world);
        happens(world, &a, &b).await;
        world.discord.set_interactions_endpoint(None);
        a.stop().await;
        b.stop().await;
    });
}

#[test]
fn what_one_copy_has_found_another_shows_and_creates_by_one_call_and_the_first_knows_of_it() {
    with_teams(async |world, a, b| {
        let found = world.search(Who::Admin, "team").await;
        b.is_next(world);
        let page = world.admin().press(found.message(), "▶").await;
        assert!(page.text().contains("page 2 of 2"), "{}", page.text());
        let created = world.ask(Who::Admin, "team-25").await;
        assert!(created.text().starts_with("Created `team-25`"), "{}", created.text());
        assert_eq!((searched(world), world.puts()), (vec!["team".to_owned()], 1));
        a.is_next(world);
        let page = world.admin().press(found.message(), "▶").await;
        let guid = world.connect.guid_of("team-25").unwrap();
        assert!(page.text().contains(&format!("✅ `team-25` · `{guid}`")), "{}", page.text());
        let again = world.ask(Who::Admin, "team-25").await;
        assert!(again.text().contains("already in use") && again.text().contains(&guid));
        assert_eq!((searched(world), world.puts()), (vec!["team".to_owned()], 1));
    });
}

#[test]
fn names_of_what_one_copy_has_found_are_suggested_by_another() {
    with_teams(async |world, _, b| {
        world.search(Who::Member, "team").await;
        b.is_next(world);
        let choices = world.member().autocomplete("create", &[], ("name", "m-07")).await.unwrap();
        let names: Vec<_> = choices.iter().map(|choice| choice.name.as_str()).collect();
        assert_eq!(names, ["m-07", "team-07"]);
    });
}

#[test]
fn the_latest_search_of_a_channel_counts_whichever_copy_made_it() {
    with_teams(async |world, a, b| {
        world.search(Who::Member, "team-0").await;
        b.is_next(world);
        let found = world.search(Who::Member, "team").await;
        a.is_next(world);
        let page = world.member().press(found.message(), "▶").await;
        assert!(page.text().contains("page 2 of 2"), "{}", page.text());
        assert_eq!(searched(world), ["team-0", "team"]);
    });
}

#[test]
fn a_copy_with_another_key_opens_nothing_and_searches_again() {
    let newer = |world: &World| vec![("CONNECT_API_KEY", world.connect.newer_key().to_owned())];
    on_unlike(ldap_groups((1..=25).map(team)), newer, async |world, a, b| {
        world.search(Who::Admin, "team").await;
        b.is_next(world);
        let created = world.ask(Who::Admin, "team-25").await;
        assert!(created.text().starts_with("Created `team-25`"), "{}", created.text());
        assert_eq!(
            (searched(world), world.puts()),
            (vec!["team".to_owned(), "team-25".to_owned()], 1)
        );
        // The next search is a row again that its own key opens.
        let found = world.search(Who::Admin, "team").await;
        a.is_next(world);
        world.admin().press(found.message(), "▶").await;
        assert_eq!(searched(world)[2..], ["team", "team"]);
    });
}

#[test]
fn what_cannot_be_shared_is_found_all_the_same_and_looked_up_by_name() {
    with_teams(async |world, _, b| {
        execute(world, "ALTER TABLE searches RENAME TO elsewhere").await;
        let found = world.search(Who::Admin, "team").await;
        assert!(found.text().contains("`team-01`"), "{}", found.text());
        b.is_next(world);
        let created = world.ask(Who::Admin, "team-25").await;
        assert!(created.text().starts_with("Created `team-25`"), "{}", created.text());
        assert_eq!(
            (searched(world), world.puts()),
            (vec!["team".to_owned(), "team-25".to_owned()], 1)
        );
    });
}

#[test]
fn what_nobody_may_use_any_more_is_deleted_by_the_next_start() {
    with_teams(async |world, _, _| {
        world.search(Who::Admin, "team").await;
        execute(
            world,
            "UPDATE searches SET taken_at = taken_at - 600000; \
             INSERT INTO picks (id, person, names, picked_at) VALUES (1, 2, '[]', 3)",
        )
        .await;
        let another = Copy::start(world, Vec::new()).await;
        let mut connection = PgConnection::connect(&database_url(world)).await.unwrap();
        let mut left = async || {
            let left = "SELECT (SELECT COUNT(*) FROM searches) + (SELECT COUNT(*) FROM picks)";
            let left: i64 = sqlx::query_scalar(left).fetch_one(&mut connection).await.unwrap();
            left
        };
        in_time(async {
            while left().await > 0 {
                sleep(Duration::from_millis(20)).await;
            }
        })
        .await;
        another.stop().await;
    });
}

#[test]
fn what_was_picked_on_one_copy_is_created_on_another() {
    with_teams(async |world, a, b| {
        let question = asked(world, "team-01").await;
        b.is_next(world);
        let pressed = world.admin().press(question.message(), "Create").await;
        let created = pressed.later(0).await;
        assert!(created.content.starts_with("Created `team-01`"), "{}", created.content);
        assert_eq!((searched(world), world.puts()), (vec!["team".to_owned()], 1));
        a.is_next(world);
        let question = asked(world, "team-02").await;
        b.is_next(world);
        let left = world.admin().press(question.message(), "Cancel").await;
        assert_snapshot!(left.text(), @"Nothing was created.");
        assert_eq!(world.puts(), 1);
    });
}

#[test]
fn a_pick_that_is_confirmed_on_two_copies_at_once_is_created_once() {
    with_teams(async |world, a, b| {
        for number in 1..=5 {
            a.is_next(world);
            let question = asked(world, &team(number)).await;
            world.discord.hold_deliveries(true);
            let press = || world.admin().start_press(question.message(), "Create");
            let [first, second] = [press(), press()];
            let deliver = async |copy: &Copy, press: u64| {
                copy.is_next(world);
                world.discord.deliver(press).await.unwrap()
            };
            tokio::join!(deliver(a, first.id()), deliver(b, second.id()));
            world.discord.hold_deliveries(false);
            let answers = [first.answer().await, second.answer().await];
            let refused = answers.iter().filter(|answer| is_refused(answer)).count();
            assert_eq!((refused, world.puts()), (1, number));
        }
    });
}

/// Whether somebody reads that what they picked is dealt with already.
fn is_refused(answer: &Answer) -> bool {
    matches!(answer.reply, Reply::Message { .. })
        && private(answer).starts_with("This press did nothing")
}
