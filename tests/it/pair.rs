//! The setting in which a second bot waits in every world, `STANDBY=1` with `DATABASE=postgres`: whoever
//! starts the bot again lets that one take over.

use sqlx::Connection;
use sqlx::postgres::PgConnection;
use tokio::task::JoinHandle;

use crate::chosen::chosen;
use crate::world::{Running, in_time};

const LOCK: &str = "SELECT pg_advisory_lock(1818518895, current_schema()::regnamespace::oid::int4)";

type Variables = Vec<(&'static str, String)>;

/// The bot that waits.
pub(crate) struct Standby {
    variables: Variables,
    launched: Running,
    /// Gets the lock when the other bot ends, whenever that is, and keeps this one waiting: who waits for
    /// it in the server is served before who tries now and then.
    lock: JoinHandle<PgConnection>,
}

impl Standby {
    /// Whether one waits in a world whose bot has these variables: there is one database, and no address
    /// of which there can't be two.
    pub(crate) fn is_wanted(variables: &Variables) -> bool {
        chosen("STANDBY").is_some_and(|standby| standby == "1")
            && value(variables, "DATABASE_URL").starts_with("postgres")
            && value(variables, "HTTP_ADDR") == "off"
    }

    pub(crate) async fn new(variables: Variables, launched: Running) -> Self {
        // The other bot mustn't end before this session can wait for it.
        let url = value(&variables, "DATABASE_URL");
        let mut session = PgConnection::connect(url).await.unwrap();
        let lock = tokio::spawn(async move {
            sqlx::raw_sql(LOCK).execute(&mut session).await.unwrap();
            session
        });
        Self { variables, launched, lock }
    }

    /// Lets it take over, if it is what such a bot is to be. Else it is stopped, and another must be
    /// started.
    pub(crate) async fn take_over(self, variables: &Variables) -> Option<Running> {
        if self.variables != *variables {
            self.stop().await;
            return None;
        }
        drop(in_time(self.lock).await.unwrap());
        Some(self.launched)
    }

    /// Stops it.
    pub(crate) async fn stop(self) {
        let (stopping, bot) = self.launched;
        stopping.cancel();
        in_time(bot).await.unwrap().unwrap();
        self.lock.abort();
    }
}

/// Of two values for one variable the later holds.
fn value<'v>(variables: &'v Variables, name: &str) -> &'v str {
    let own = variables.iter().rev().find(|(own, _)| *own == name);
    own.map_or("", |(_, value)| value)
}
