//! The clients of Connect: scripts that say themselves what came of their steps.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sandbox::connect::{Connect, Options};
use tokio::process::Command;
use tokio::time::timeout;

use crate::program::{Program, file, installed};
use crate::report::{Mark, Report};

/// How long a script may take.
const TIME: Duration = Duration::from_mins(1);

/// What the scripts have in common, which isn't one.
const SHARED: &str = "steps.py";

/// A script that uses a client of Connect.
pub(crate) struct Script(PathBuf);

/// The scripts that there are.
pub(crate) fn scripts() -> Vec<Script> {
    let Ok(folder) = std::fs::read_dir(file("connect")) else {
        return Vec::new();
    };
    let paths = folder.map(|entry| entry.unwrap().path());
    let is_script = |path: &PathBuf| path.extension().is_some_and(|found| found == "py");
    let mut paths: Vec<_> =
        paths.filter(|path| is_script(path) && !path.ends_with(SHARED)).collect();
    paths.sort();
    paths.into_iter().map(Script).collect()
}

impl Script {
    pub(crate) fn name(&self) -> &str {
        self.0.file_stem().and_then(|stem| stem.to_str()).unwrap()
    }

    /// Plays the script against a stand-in of its own. `None` if what it needs isn't installed.
    pub(crate) async fn play(&self) -> Option<Report> {
        let connect = Connect::start(Options::default()).await.expect("ports are free");
        let mut command = Command::new(installed("connect/bin/python"));
        command
            .arg::<&Path>(&self.0)
            .env("CONNECT_SERVER", connect.url())
            .env("CONNECT_API_KEY", connect.api_key());
        let mut program = Program::start(&mut command)?;
        let mut report = Report::new(self.name());
        let ended = timeout(TIME, program.end()).await;
        report.said = program.said().lines();
        report.noted = connect.violations();
        for line in report.said.clone() {
            if let Some(step) = line.strip_prefix("ok ") {
                report.mark(step, Mark::Done);
            } else if let Some(failed) = line.strip_prefix("fail ") {
                let (step, why) = failed.split_once(": ").unwrap_or((failed, "it doesn't say why"));
                report.mark(step, Mark::Failed(why.to_owned()));
            }
        }
        match ended {
            Ok(status) if status.success() && !report.steps.is_empty() => {}
            Ok(status) => report.mark("end well", Mark::Failed(format!("it ended with {status}"))),
            Err(_) => {
                report.mark("end in time", Mark::Failed(format!("it took longer than {TIME:?}")));
            }
        }
        if let Some((name, version)) = program.said().client() {
            report.name = name;
            report.version = Some(version);
        }
        Some(report)
    }
}
