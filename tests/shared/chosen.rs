//! How the bot is run where that is the same to people: as whoever runs the tests has chosen.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use ldapgroup_bot::app::{App, AppError};
use ldapgroup_bot::config::Config;
use sandbox::Sandbox;
use sandbox::balancer::Balancer;
use sandbox::discord::Discord;
use sandbox::postgres::Server;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use tokio_util::sync::CancellationToken;

/// Whether interactions come over HTTP, and not over the gateway: so with `INTERACTIONS=http`.
pub(crate) fn is_over_http() -> bool {
    chosen("INTERACTIONS").is_some_and(|way| way == "http")
}

/// How many copies of the bot there are: so many as `COPIES` says, each of which gets interactions over
/// HTTP and keeps requests in PostgreSQL.
pub(crate) fn copies() -> usize {
    let copies = chosen("COPIES").map_or(1, |copies| copies.parse().expect("COPIES is a number"));
    let needs = "COPIES needs INTERACTIONS=http and DATABASE=postgres";
    assert!(copies == 1 || is_over_http() && is_in_postgres(), "{needs}");
    copies
}

/// Whether requests are kept in PostgreSQL: so with `DATABASE=postgres`.
pub(crate) fn is_in_postgres() -> bool {
    match chosen("DATABASE").as_deref() {
        Some("postgres") => true,
        Some("sqlite") | None => false,
        Some(other) => panic!("DATABASE is postgres or sqlite, not {other}"),
    }
}

/// What whoever runs the tests has set.
#[expect(clippy::disallowed_methods, reason = "it is a setting of the tests, not of the bot")]
pub(crate) fn chosen(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// The server that the tests share, where PostgreSQL is installed.
pub(crate) fn server() -> Option<&'static Server> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    SERVER.get_or_init(Server::for_test).as_ref()
}

/// The stand-ins with requests kept in PostgreSQL, in a schema of their own.
pub(crate) async fn in_postgres(sandbox: Sandbox) -> Sandbox {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let server = server().expect("PostgreSQL is installed");
    let schema = format!("s{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    let create = AssertSqlSafe(format!("CREATE SCHEMA {schema}"));
    sqlx::raw_sql(create).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    sandbox.with_database(server.schema(&schema))
}

/// Runs the bot, or one of so many copies behind the balancer.
pub(crate) async fn run(
    config: Config,
    stopping: CancellationToken,
    discord: Discord,
    balancer: Option<Balancer>,
    copies: usize,
) -> Result<(), AppError> {
    let Some(app) = App::start(config, stopping).await? else { return Ok(()) };
    match balancer.zip(app.http_address()) {
        Some((balancer, address)) => {
            balancer.serve(&discord, copies, address, app.run()).await.unwrap()
        }
        None => app.run().await,
    }
}
