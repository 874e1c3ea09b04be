//! What was measured where and when, as it says itself.

use std::fs;
use std::process::Command;
use std::time::SystemTime;

use crate::Failure;

/// The machine and the moment.
pub(crate) struct Machine {
    pub(crate) date: String,
    pub(crate) processor: String,
    pub(crate) processors: usize,
    pub(crate) memory_gib: f64,
    pub(crate) kernel: String,
    /// How many tasks wanted a processor in the last minute before the run.
    pub(crate) load: f64,
}

impl Machine {
    pub(crate) fn look() -> Result<Self, Failure> {
        let date = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let memory: u32 = field("/proc/meminfo", "MemTotal")?.trim_end_matches(" kB").parse()?;
        let load = fs::read_to_string("/proc/loadavg")?;
        Ok(Self {
            date: date.split('T').next().unwrap_or_default().to_owned(),
            processor: field("/proc/cpuinfo", "model name")?,
            processors: std::thread::available_parallelism()?.get(),
            memory_gib: f64::from(memory) / f64::from(1 << 20),
            kernel: said_by("uname", &["-sr"])?,
            load: load.split(' ').next().unwrap_or_default().parse()?,
        })
    }
}

/// The first field of this name in a file of `/proc`.
fn field(file: &str, name: &str) -> Result<String, Failure> {
    let text = fs::read_to_string(file)?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.split_once(':'));
    Ok(value.ok_or_else(|| format!("{file} has no {name}"))?.1.trim().to_owned())
}

/// What a command says on its standard output.
fn said_by(command: &str, arguments: &[&str]) -> Result<String, Failure> {
    said(Command::new(command).args(arguments))
}

/// What a command says on its standard output.
pub(crate) fn said(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?.trim().to_owned())
    } else {
        Err(format!("{command:?}: {}", output.status).into())
    }
}

/// The release of Rust, and the commit that is measured.
pub(crate) fn source() -> Result<(String, String), Failure> {
    let rust = said_by("rustc", &["--version"])?;
    let rust = rust.split(' ').nth(1).unwrap_or_default().to_owned();
    let commit = said_by("git", &["describe", "--always", "--dirty", "--exclude", "*"])?;
    Ok((rust, commit))
}

/// The release of a crate in the lock file.
pub(crate) fn locked(name: &str) -> Result<String, Failure> {
    let lock = fs::read_to_string("Cargo.lock")?;
    let heading = format!("name = \"{name}\"\nversion = \"");
    let release = lock.split_once(&heading).and_then(|(_, rest)| rest.split_once('"'));
    Ok(release.ok_or_else(|| format!("Cargo.lock has no {name}"))?.0.to_owned())
}
