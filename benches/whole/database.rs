//! PostgreSQL as it is measured: the real server, and what its processes use.

use std::cell::Cell;
use std::fs;

use sandbox::postgres::Server;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection};

use crate::Failure;
use crate::program::Spent;

/// What is committed is on the disk, as anywhere but in tests, and nothing is done that nobody asked for.
const SETTINGS: [&str; 3] =
    ["ALTER SYSTEM SET fsync = on", "ALTER SYSTEM SET autovacuum = off", "SELECT pg_reload_conf()"];

/// A running server.
pub(crate) struct Postgres {
    server: Server,
    /// The process that the others are children of.
    first: u32,
    release: String,
    schemas: Cell<u32>,
}

impl Postgres {
    /// Starts one; none if it isn't installed.
    pub(crate) async fn start() -> Result<Option<Self>, Failure> {
        let Some(server) = Server::start()? else { return Ok(None) };
        let mut connection = PgConnection::connect(&server.url()).await?;
        for setting in SETTINGS {
            sqlx::raw_sql(setting).execute(&mut connection).await?;
        }
        let own: i32 =
            sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        let release: String = sqlx::query_scalar("SELECT current_setting('server_version')")
            .fetch_one(&mut connection)
            .await?;
        let first = parent(&own.to_string()).ok_or("PostgreSQL has no first process")?;
        Ok(Some(Self { server, first, release, schemas: Cell::new(0) }))
    }

    /// What it is, with its release.
    pub(crate) fn name(&self) -> String {
        let release = self.release.split(' ').next().unwrap_or_default();
        format!("PostgreSQL {release}")
    }

    /// The address of an empty database, and a connection to it.
    pub(crate) async fn empty(&self) -> Result<(String, PgConnection), Failure> {
        self.schemas.set(self.schemas.get() + 1);
        let name = format!("measured{}", self.schemas.get());
        let url = self.server.schema(&name);
        let mut connection = PgConnection::connect(&url).await?;
        let schema = AssertSqlSafe(format!("CREATE SCHEMA {name}"));
        sqlx::raw_sql(schema).execute(&mut connection).await?;
        Ok((url, connection))
    }

    /// What all its processes have used of the processor so far. One that ends takes what it has used along.
    pub(crate) fn spent(&self) -> Result<Spent, Failure> {
        let mut all = vec![self.first.to_string()];
        for process in fs::read_dir("/proc")? {
            let process = process?.file_name().to_string_lossy().into_owned();
            if parent(&process) == Some(self.first) {
                all.push(process);
            }
        }
        Spent::by(&all)
    }
}

/// Whose child a process is: what follows its name and state in `stat`, as proc(5) has it.
fn parent(process: &str) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}
