//! What is measured: programs as they are delivered, and what a process uses.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::peers::{PEERS, Peer};
use crate::{Failure, machine};

/// The bot's name among the programs.
pub(crate) const BOT: &str = "ldapgroup-bot";

/// The bare program's name.
pub(crate) const FLOOR: &str = "bare serenity";

/// A program that can be measured.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Whether it creates groups, too.
    pub(crate) creates: bool,
    start: Start,
}

enum Start {
    Binary(PathBuf),
    Peer(&'static Peer),
}

/// The bot, built as its lock file says.
pub(crate) fn bot() -> Result<Program, Failure> {
    Ok(Program { name: BOT, creates: true, start: Start::Binary(build(BOT)?) })
}

/// The bot, the bare program, and the peers, each built or installed as its lock file says.
pub(crate) fn all() -> Result<Vec<Program>, Failure> {
    let installed = Command::new("tests/clients/install").arg("peers").status()?;
    if !installed.success() {
        return Err("the peers can't be installed: tests/clients/install peers".into());
    }
    let bot = bot()?;
    let floor = Program { name: FLOOR, creates: false, start: Start::Binary(build("floor")?) };
    let peers = PEERS.iter().map(|peer| Program {
        name: peer.name,
        creates: true,
        start: Start::Peer(peer),
    });
    Ok([bot, floor].into_iter().chain(peers).collect())
}

/// Builds a package's program as it is delivered: by itself, so that no other package's features are
/// in it.
fn build(package: &str) -> Result<PathBuf, Failure> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--release", "--locked", "--package", package])
        .arg("--message-format=json-render-diagnostics")
        .stderr(Stdio::inherit())
        .output()?;
    let messages = String::from_utf8(built.stdout)?;
    let binary = messages.lines().find_map(|line| {
        let message: Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == package;
        message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
    });
    Ok(binary.ok_or_else(|| format!("{package} can't be built"))?)
}

impl Program {
    /// What it is, and of which releases.
    pub(crate) fn about(&self) -> Result<String, Failure> {
        let (rust, commit) = machine::source()?;
        let serenity = machine::locked("serenity")?;
        Ok(match &self.start {
            Start::Binary(_) if self.name == BOT => {
                format!("this bot at {commit}, release build, Rust {rust}, serenity {serenity}")
            }
            Start::Binary(_) => format!(
                "`benches/floor`: search and reply, nothing else; release build, Rust {rust}, \
                 serenity {serenity}"
            ),
            Start::Peer(peer) => {
                let releases = machine::said(&mut peer.releases())?;
                format!("`{}`: search and create; {} {releases}", peer.script, peer.name)
            }
        })
    }

    /// The binary's size in MiB; of what an interpreter runs there is none.
    pub(crate) fn size(&self) -> Result<f64, Failure> {
        let Start::Binary(binary) = &self.start else { return Ok(f64::NAN) };
        let kib = fs::metadata(binary)?.len() / 1024;
        Ok(f64::from(u32::try_from(kib)?) / 1024.0)
    }

    /// Starts it with these variables, in an empty directory that also gets its log.
    pub(crate) fn start(&self, variables: Vec<(&str, String)>) -> Result<Running, Failure> {
        self.start_in(self.name, variables)
    }

    /// The same, in a directory of this name: each of several has its own.
    pub(crate) fn start_in(
        &self,
        name: &str,
        variables: Vec<(&str, String)>,
    ) -> Result<Running, Failure> {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole").join(name);
        let home = root.join("home");
        fs::create_dir_all(&home)?;
        fs::remove_dir_all(&home)?;
        fs::create_dir(&home)?;
        let mut command = match &self.start {
            Start::Binary(binary) => {
                let mut command = Command::new(binary);
                command.env_clear();
                command
            }
            Start::Peer(peer) => peer.command(),
        };
        let child = command
            .current_dir(home)
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(File::create(root.join("log"))?)
            .spawn()
            .map_err(|error| format!("{}: {error}", self.name))?;
        Ok(Running(child))
    }
}

/// A process, which ends with this. The peers also end with their standard input, which is this
/// process's.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only if it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The processor time that each thread had used at some moment, in nanoseconds.
#[derive(Default)]
pub(crate) struct Spent(HashMap<OsString, u64>);

impl Spent {
    /// What this process has used so far: the stand-ins and the people.
    pub(crate) fn here() -> Result<Self, Failure> {
        Self::by(&["self"])
    }

    /// What these processes have used so far, those of them that haven't ended.
    pub(crate) fn by(processes: &[impl AsRef<str>]) -> Result<Self, Failure> {
        let mut spent = HashMap::new();
        let tasks = processes.iter().map(|process| format!("/proc/{}/task", process.as_ref()));
        for thread in tasks.flat_map(fs::read_dir).flatten() {
            let thread = thread?;
            // A thread may end meanwhile. Documentation/scheduler/sched-stats.rst of Linux: the first
            // number is the time on the processor in nanoseconds, where `stat` has but hundredths of
            // a second.
            if let Ok(line) = fs::read_to_string(thread.path().join("schedstat")) {
                let nanoseconds = line.split(' ').next().unwrap_or_default().parse()?;
                spent.insert(thread.file_name(), nanoseconds);
            }
        }
        Ok(Self(spent))
    }

    /// What was used from then till this; threads that ended meanwhile don't count.
    pub(crate) fn since(&self, Self(then): &Self) -> Duration {
        let since =
            self.0.iter().map(|(thread, time)| time - then.get(thread).copied().unwrap_or(0));
        Duration::from_nanos(since.sum())
    }
}

impl Running {
    /// What it has used of the processor so far, in user and kernel mode.
    pub(crate) fn spent(&self) -> Result<Spent, Failure> {
        Spent::by(&[self.0.id().to_string()])
    }

    /// What all of these have used so far.
    pub(crate) fn spent_by_all(all: &[Self]) -> Result<Spent, Failure> {
        Spent::by(&all.iter().map(|Self(child)| child.id().to_string()).collect::<Vec<_>>())
    }

    /// What it has used since then.
    pub(crate) fn spent_since(&self, then: &Spent) -> Result<Duration, Failure> {
        Ok(self.spent()?.since(then))
    }

    /// Its resident memory in MiB.
    pub(crate) fn memory(&self) -> Result<f64, Failure> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0.id()))?;
        let kib = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:")?.strip_suffix(" kB"))
            .ok_or("the process has ended")?;
        Ok(f64::from(kib.trim().parse::<u32>()?) / 1024.0)
    }
}
