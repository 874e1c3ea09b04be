//! The real program as a child process, and its deaths.

use std::cell::Cell;
use std::fs::File;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sandbox::Sandbox;
use sandbox::connect::Route;
use sandbox::discord;
use sandbox::postgres::Server;
use tokio::process::{Child, Command};
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::disk::{UNHARMED, limit};
use crate::plan::{Death, Disk, Shortage};

/// What a death waits for may not come: then it comes all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long one creation may come after another of the same life.
const NEXT: Duration = Duration::from_millis(150);

/// A running bot.
pub(crate) struct Bot {
    child: Child,
    /// How many calls Connect and Discord had got before it began.
    before: (usize, usize),
    /// How often somebody had come to Discord's gateway before.
    identifies: u64,
}

impl Bot {
    /// Starts it on the stand-ins. Admins create at once if it `is_direct`, else they ask another
    /// admin. Its log goes to the end of `log`.
    pub(crate) async fn start(sandbox: &Sandbox, is_direct: bool, log: &File) -> Self {
        let before = (creations(sandbox), calls(sandbox).await);
        let variables = [
            ("ADMIN_CREATES", if is_direct { "direct" } else { "approval" }),
            ("MAX_OPEN_REQUESTS", "1000"),
            ("REQUEST_TTL", "24h"),
            ("REQUEST_REMINDER", "0"),
        ];
        let identifies = sandbox.discord.identifies();
        let child = Command::new("sh")
            .args(["-c", UNHARMED, env!("CARGO_BIN_EXE_ldapgroup-bot")])
            .env_clear()
            .envs(sandbox.variables())
            .envs(variables)
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, before, identifies }
    }

    /// Lets the disk take no more for a while, or PostgreSQL crash for as long. A bot that starts
    /// meanwhile would end, and rightly so: it begins once this one serves.
    pub(crate) fn lack(
        &self,
        shortage: Shortage,
        sandbox: Sandbox,
        server: Option<Arc<Mutex<Server>>>,
    ) -> impl Future<Output = ()> + use<> {
        let (process, before) = (self.child.id().unwrap(), self.identifies);
        async move {
            let is_serving = |_, identifies, _| identifies > before;
            sandbox.discord.wait_for_gateway(is_serving).await;
            sleep(shortage.delay).await;
            if let Some(server) = server {
                // Whoever gives up waiting for this must find it done.
                drop(spawn_blocking(move || {
                    let mut server = server.lock().unwrap();
                    server.crash();
                    std::thread::sleep(shortage.lasts);
                    server.start_again();
                }));
                return;
            }
            let mut log = sandbox.database().into_os_string();
            log.push("-wal");
            let written = std::fs::metadata(log).map_or(0, |log| log.len());
            let most = match shortage.disk {
                Disk::Full(left) => written + left,
                Disk::ReadOnly => 0,
            };
            limit(process, &most.to_string()).await;
            sleep(shortage.lasts).await;
            limit(process, "unlimited").await;
        }
    }

    /// Kills it at the given moment. How it ended if it did so by itself, which it never should.
    pub(crate) async fn die(mut self, death: Death, sandbox: &Sandbox) -> Option<ExitStatus> {
        match death {
            Death::After(delay) => sleep(delay).await,
            Death::Creating(count, delay) => {
                for number in 1..=count {
                    let arrived =
                        sandbox.connect.wait_for(self.before.0 + number, Route::CreateGroup);
                    let patience = if number == 1 { PATIENCE } else { NEXT };
                    if timeout(patience, arrived).await.is_err() {
                        break;
                    }
                }
                sleep(delay).await;
            }
            Death::Saying(route, delay) => {
                let arrived = sandbox.discord.wait_for_requests(|requests| {
                    requests.iter().skip(self.before.1).any(|call| call.route == Some(route))
                });
                drop(timeout(PATIENCE, arrived).await);
                sleep(delay).await;
            }
        }
        self.kill().await
    }

    /// Kills it now.
    pub(crate) async fn kill(&mut self) -> Option<ExitStatus> {
        let ended = self.child.try_wait().unwrap();
        self.child.kill().await.unwrap();
        ended
    }
}

fn creations(sandbox: &Sandbox) -> usize {
    let seen = sandbox.connect.requests();
    seen.iter().filter(|seen| seen.route == Some(Route::CreateGroup)).count()
}

async fn calls(sandbox: &Sandbox) -> usize {
    let count = Cell::new(0);
    let look = |requests: &[discord::Request]| {
        count.set(requests.len());
        true
    };
    sandbox.discord.wait_for_requests(look).await;
    count.get()
}
