//! The database that several copies of the bot have in common: in PostgreSQL, and gone in the end.

use std::io;

use ldapgroup_bot::config::{self, Environment};
use sandbox::postgres::Server;
use secrecy::ExposeSecret;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};
use uuid::Uuid;

/// What is to be done where there is none.
const NEEDED: &str = "several copies need PostgreSQL: install its server (postgresql on Debian, Ubuntu \
     and in Homebrew, postgresql-server on Fedora), which is then started in a temporary folder, or \
     name one in DATABASE_URL, as in postgres://user:password@db.example.com/name";

/// Where the requests are.
pub(super) enum Database {
    /// On a server of the sandbox's own.
    Own(Server),
    /// In a schema of the sandbox's own on the server that `DATABASE_URL` names: what else is there may
    /// be a real bot's.
    Schema { url: String, name: String },
}

impl Database {
    /// Makes one.
    pub(super) async fn make() -> io::Result<Self> {
        let named = config::database_url(&Environment::of_process()).map_err(io::Error::other)?;
        if named.expose_secret().starts_with("postgres") {
            let url = named.expose_secret().clone();
            let name = format!("ldapgroup_sandbox_{}", Uuid::new_v4().simple());
            let made = execute(&url, format!("CREATE SCHEMA {name}")).await;
            made.map_err(|error| io::Error::other(format!("DATABASE_URL: {error}")))?;
            return Ok(Self::Schema { url, name });
        }
        Server::start()?.map(Self::Own).ok_or_else(|| io::Error::other(NEEDED))
    }

    /// Its address.
    pub(super) fn url(&self) -> String {
        match self {
            Self::Own(server) => server.url(),
            Self::Schema { url, name } => {
                let and = if url.contains('?') { '&' } else { '?' };
                format!("{url}{and}options[search_path]={name}")
            }
        }
    }

    /// Leaves nothing of it.
    pub(super) async fn remove(self) -> io::Result<()> {
        match self {
            Self::Own(_) => Ok(()),
            Self::Schema { url, name } => {
                let removed = execute(&url, format!("DROP SCHEMA {name} CASCADE")).await;
                let left =
                    |error| format!("DATABASE_URL: the schema {name} is left there: {error}");
                removed.map_err(|error| io::Error::other(left(error)))
            }
        }
    }
}

/// Carries out a statement in which nothing is from outside.
async fn execute(url: &str, sql: String) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(url).await?;
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
    connection.close().await
}
