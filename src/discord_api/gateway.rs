//! The connection over which Discord sends interactions.
//!
//! serenity 0.12.5 has a client for it, which isn't used: it spins without yielding after a close
//! that carries no code, hides the close codes that are final, and waits for ever for a handshake
//! that hangs. What the bot needs of the protocol is small, since it has no intents.

mod backoff;
mod connection;
mod dial;
mod protocol;
mod session;
mod start_limit;
mod state;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub(crate) use self::connection::GatewayConfig;
use self::connection::{Connection, Shard};
use self::dial::connect;
pub(crate) use self::dial::{DialError, probe};
use self::protocol::End;
pub(crate) use self::protocol::GatewayError;
pub(crate) use self::state::GatewayState;
use super::Received;

/// Stays connected until `closing`, and hands each interaction to `handler`, or its payload if
/// serenity can't read it. Fails when only another token or another version can help.
pub(crate) async fn run(
    config: &GatewayConfig,
    handler: impl Fn(Received),
    closing: &CancellationToken,
) -> Result<(), GatewayError> {
    let mut shard = Shard::default();
    loop {
        let Shard { url, session, backoff } = &mut shard;
        let resumed = session.as_mut().and_then(|session| session.resume(url));
        if resumed.is_none() {
            *session = None;
        }
        let connected = async {
            if let Some(url) = resumed {
                return connect(&url, &config.proxies).await;
            }
            sleep(backoff.until_identify(Instant::now())).await;
            *url = start_limit::session_url(&config.rest).await?;
            connect(url, &config.proxies).await
        };
        let ended = tokio::select! {
            () = closing.cancelled() => return Ok(()),
            connected = connected => match connected {
                Ok(socket) => {
                    config.metrics.connected();
                    Connection::new(config, &handler, &mut shard, socket).serve(closing).await
                }
                Err(end) => {
                    shard.session = None;
                    end
                }
            },
        };
        config.state.lost();
        let lost = match ended {
            End::Closed => return Ok(()),
            End::Final(error) => return Err(error),
            End::Lost(lost) => lost,
        };
        let pause = shard.backoff.next_pause();
        tracing::warn!(why = lost.0, ?pause, "the connection to Discord is lost; connecting again");
        tokio::select! {
            () = closing.cancelled() => return Ok(()),
            () = sleep(pause) => {}
        }
    }
}
