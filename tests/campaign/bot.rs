//! The real program as a child process, and its deaths.

use std::cell::Cell;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use sandbox::Sandbox;
use sandbox::connect::Route;
use sandbox::discord;
use sandbox::postgres::Server;
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::disk::{UNHARMED, limit};
use crate::plan::{Death, Disk, Shortage};

/// What a death waits for may not come: then it comes all the same.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long one creation may come after another of the same life.
const NEXT: Duration = Duration::from_millis(150);

/// Addresses for so many copies. They aren't 127.0.0.1, from which all else here connects: whatever
/// port that uses, a copy that is started anew has its own again.
pub(crate) async fn addresses(copies: usize) -> Vec<SocketAddr> {
    let mut listeners = Vec::new();
    for _ in 0..copies {
        listeners.push(TcpListener::bind((Ipv4Addr::new(127, 0, 0, 2), 0)).await.unwrap());
    }
    listeners.iter().map(|listener| listener.local_addr().unwrap()).collect()
}

/// A running bot, or one of its copies.
pub(crate) struct Bot {
    child: Child,
    /// Where interactions come to it, if they come over HTTP.
    address: Option<SocketAddr>,
    /// How often somebody had come to Discord's gateway before.
    identifies: u64,
}

impl Bot {
    /// Starts it on the stand-ins. Admins create at once if it `is_direct`, else they ask another
    /// admin. Its log goes to the end of `log`.
    pub(crate) fn start(
        sandbox: &Sandbox,
        address: Option<SocketAddr>,
        is_direct: bool,
        log: &File,
    ) -> Self {
        let variables = [
            ("ADMIN_CREATES", if is_direct { "direct" } else { "approval" }),
            ("MAX_OPEN_REQUESTS", "1000"),
            ("REQUEST_TTL", "24h"),
            ("REQUEST_REMINDER", "0"),
        ];
        let over_http = address.map(|address| {
            let key = sandbox.discord.public_key();
            [("HTTP_ADDR", address.to_string()), ("DISCORD_PUBLIC_KEY", key)]
        });
        let identifies = sandbox.discord.identifies();
        let child = Command::new("sh")
            .args(["-c", UNHARMED, env!("CARGO_BIN_EXE_ldapgroup-bot")])
            .env_clear()
            .envs(sandbox.variables())
            .envs(variables)
            .envs(over_http.into_iter().flatten())
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.try_clone().unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { child, address, identifies }
    }

    /// Waits until it serves people.
    pub(crate) fn serves(&self, sandbox: &Sandbox) -> impl Future<Output = ()> + use<> {
        let (sandbox, address, before) = (sandbox.clone(), self.address, self.identifies);
        async move {
            let Some(address) = address else {
                let is_serving = |_, identifies, _| identifies > before;
                return sandbox.discord.wait_for_gateway(is_serving).await;
            };
            while TcpStream::connect(address).await.is_err() {
                sleep(Duration::from_millis(10)).await;
            }
        }
    }

    /// Lets the disk take no more for a while.
    pub(crate) fn lack(
        &self,
        shortage: Shortage,
        sandbox: Sandbox,
    ) -> impl Future<Output = ()> + use<> {
        let process = self.child.id().unwrap();
        async move {
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

    /// How it ended, if it did so by itself, which it never should.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Kills it now.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Lets PostgreSQL crash for a while.
pub(crate) async fn crash(shortage: Shortage, server: Arc<Mutex<Server>>) {
    let mut server = server.lock_owned().await;
    // Whoever gives up waiting for this must find it done.
    drop(spawn_blocking(move || {
        server.crash();
        std::thread::sleep(shortage.lasts);
        server.start_again();
    }));
}

/// What had happened when a life began.
pub(crate) struct Before {
    creations: usize,
    calls: usize,
}

impl Before {
    pub(crate) async fn now(sandbox: &Sandbox) -> Self {
        Self { creations: creations(sandbox), calls: calls(sandbox).await }
    }
}

/// Waits for the moment of a death.
pub(crate) async fn moment(death: Death, before: Before, sandbox: &Sandbox) {
    match death {
        Death::After(delay) => sleep(delay).await,
        Death::Creating(count, delay) => {
            for number in 1..=count {
                let arrived =
                    sandbox.connect.wait_for(before.creations + number, Route::CreateGroup);
                let patience = if number == 1 { PATIENCE } else { NEXT };
                if timeout(patience, arrived).await.is_err() {
                    break;
                }
            }
            sleep(delay).await;
        }
        Death::Saying(route, delay) => {
            let arrived = sandbox.discord.wait_for_requests(|requests| {
                requests.iter().skip(before.calls).any(|call| call.route == Some(route))
            });
            drop(timeout(PATIENCE, arrived).await);
            sleep(delay).await;
        }
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
