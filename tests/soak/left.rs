//! What is still to be done of what people asked for.

use std::time::Duration;

use sandbox::Sandbox;
use sqlx::ConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use tokio::time::{Instant, sleep};

/// Longer than the bot puts off what it tries again after faults as long as these.
const PATIENCE: Duration = Duration::from_mins(4);

/// A request whose creation isn't at its end, one that its message doesn't show, somebody who hasn't
/// been told what came of it.
const LEFT: &str = "SELECT 'request ' || id || ', ' || kind || ', is ' || state FROM requests \
       WHERE state = 'creating' OR (shown_version <> version AND kind <> 'single') \
     UNION ALL SELECT 'of request ' || id || ', ' || kind || ', which is ' || state || ', ' || person \
         || ' was told ' || COALESCE(told_state, 'nothing') \
       FROM participants JOIN requests ON id = request_id \
       WHERE state NOT IN ('pending', 'creating') AND kind <> 'single' \
         AND (told_state IS NULL OR told_state <> state)";

/// Waits until nothing is left: what is, if that takes too long.
pub(crate) async fn wait(sandbox: &Sandbox) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(sandbox.database()).read_only(true);
    let mut database = options.connect().await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = read(&mut database).await;
        if left.is_empty() || Instant::now() > deadline {
            return left;
        }
        sleep(Duration::from_millis(500)).await;
    }
}

async fn read(database: &mut SqliteConnection) -> Vec<String> {
    sqlx::query_scalar(LEFT).fetch_all(database).await.unwrap()
}
