//! A program under measurement: built, started, and read from `/proc`.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::Failure;

/// A release binary.
pub(crate) struct Program {
    name: &'static str,
    binary: PathBuf,
}

impl Program {
    /// Builds a package's program as it is delivered: by itself, so that no other package's features
    /// are in it.
    pub(crate) fn build(name: &'static str) -> Result<Self, Failure> {
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--package", name])
            .arg("--message-format=json-render-diagnostics")
            .stderr(Stdio::inherit())
            .output()?;
        let messages = String::from_utf8(built.stdout)?;
        let binary = messages.lines().find_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let is_it = message["target"]["name"] == name;
            message["executable"].as_str().filter(|_| is_it).map(PathBuf::from)
        });
        let binary = binary.ok_or_else(|| format!("{name} can't be built"))?;
        Ok(Self { name, binary })
    }

    /// The binary's size in MiB.
    pub(crate) fn size(&self) -> Result<f64, Failure> {
        let kib = fs::metadata(&self.binary)?.len() / 1024;
        Ok(f64::from(u32::try_from(kib)?) / 1024.0)
    }

    /// Starts it with these variables and no others, in an empty directory that also gets its log.
    pub(crate) fn start(&self, variables: Vec<(&str, String)>) -> io::Result<Running> {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whole").join(self.name);
        let home = root.join("home");
        fs::create_dir_all(&home)?;
        fs::remove_dir_all(&home)?;
        fs::create_dir(&home)?;
        Command::new(&self.binary)
            .current_dir(home)
            .env_clear()
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(root.join("log"))?)
            .spawn()
            .map(Running)
    }
}

/// A process, which ends with this.
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

impl Running {
    /// What it has used of the processor so far, in user and kernel mode.
    pub(crate) fn spent(&self) -> Result<Spent, Failure> {
        let mut spent = HashMap::new();
        for thread in fs::read_dir(format!("/proc/{}/task", self.0.id()))? {
            let thread = thread?;
            // A thread may end meanwhile. Documentation/scheduler/sched-stats.rst of Linux: the first
            // number is the time on the processor in nanoseconds, where `stat` has but hundredths of
            // a second.
            if let Ok(line) = fs::read_to_string(thread.path().join("schedstat")) {
                let nanoseconds = line.split(' ').next().unwrap_or_default().parse()?;
                spent.insert(thread.file_name(), nanoseconds);
            }
        }
        Ok(Spent(spent))
    }

    /// What it has used since then; threads that ended meanwhile don't count.
    pub(crate) fn spent_since(&self, Spent(then): &Spent) -> Result<Duration, Failure> {
        let Spent(now) = self.spent()?;
        let since = now.iter().map(|(thread, time)| time - then.get(thread).copied().unwrap_or(0));
        Ok(Duration::from_nanos(since.sum()))
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
