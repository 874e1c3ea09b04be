//! The real program as a child process: what it says, what it uses, what it answers to probes.

use std::net::{SocketAddr, TcpListener};
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sandbox::Sandbox;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::{Instant, timeout};

use crate::disk::UNHARMED;

/// A line of the log that says that something is wrong.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) at: Instant,
    pub(crate) is_error: bool,
    pub(crate) text: String,
}

/// What the process uses at a moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) at: Instant,
    /// Resident memory that is no file's, in KiB, and all of it.
    pub(crate) anonymous: u32,
    pub(crate) resident: u32,
    pub(crate) threads: u32,
    /// Open files, sockets among them.
    pub(crate) files: usize,
}

/// The running program.
pub(crate) struct Bot {
    child: Child,
    pub(crate) process: u32,
    pub(crate) address: SocketAddr,
    lines: Arc<Mutex<Vec<Line>>>,
    client: reqwest::Client,
}

impl Bot {
    /// Starts it on the stand-ins, with these variables beside theirs.
    pub(crate) fn start(sandbox: &Sandbox, variables: &[(&str, &str)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let mut child = Command::new("sh")
            .args(["-c", UNHARMED, env!("CARGO_BIN_EXE_ldapgroup-bot")])
            .env_clear()
            .envs(sandbox.variables())
            .envs(variables.iter().copied())
            .env("HTTP_ADDR", address.to_string())
            .env("LOG_FORMAT", "json")
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let lines = Arc::default();
        tokio::spawn(read(child.stderr.take().unwrap(), Arc::clone(&lines)));
        let client = reqwest::Client::builder().timeout(Duration::from_secs(3)).build().unwrap();
        Self { process: child.id().unwrap(), child, address, lines, client }
    }

    /// The lines of the log so far that say that something is wrong.
    pub(crate) fn lines(&self) -> MutexGuard<'_, Vec<Line>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a probe is answered; `None` if it isn't.
    pub(crate) async fn ask(&self, path: &str) -> Option<(u16, String)> {
        let asked = self.client.get(format!("http://{}{path}", self.address)).send().await.ok()?;
        Some((asked.status().as_u16(), asked.text().await.ok()?))
    }

    pub(crate) fn usage(&self) -> Usage {
        let folder = format!("/proc/{}", self.process);
        let status = std::fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|rest| rest.split_whitespace().next());
            number.and_then(|number| number.parse().ok()).unwrap_or_default()
        };
        Usage {
            at: Instant::now(),
            anonymous: field("RssAnon:"),
            resident: field("VmRSS:"),
            threads: field("Threads:"),
            files: std::fs::read_dir(format!("{folder}/fd")).map_or(0, Iterator::count),
        }
    }

    /// Sends it a signal.
    pub(crate) async fn signal(&self, name: &str) {
        let process = self.process.to_string();
        Command::new("kill").args(["-s", name, &process]).status().await.unwrap();
    }

    /// How it ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Tells it to stop: how it ended; `None` if it didn't within half a minute.
    pub(crate) async fn stop(&mut self) -> Option<ExitStatus> {
        self.signal("TERM").await;
        timeout(Duration::from_secs(30), self.child.wait()).await.ok()?.ok()
    }
}

/// Keeps what is a warning or worse.
async fn read(log: ChildStderr, lines: Arc<Mutex<Vec<Line>>>) {
    let mut log = BufReader::new(log).lines();
    while let Ok(Some(text)) = log.next_line().await {
        let line: Value = serde_json::from_str(&text).unwrap_or_default();
        // What isn't JSON was written by nobody who should.
        let level = line["level"].as_str().unwrap_or("ERROR");
        if ["ERROR", "WARN"].contains(&level) {
            let line = Line { at: Instant::now(), is_error: level == "ERROR", text };
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }
}
