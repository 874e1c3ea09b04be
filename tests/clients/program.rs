//! A client's program as it runs.

use std::io;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::task::JoinHandle;

/// Where `tests/clients/install` puts what isn't beside the programs.
pub(crate) fn installed(path: &str) -> PathBuf {
    [env!("CARGO_TARGET_TMPDIR"), "..", "clients", path].iter().collect()
}

/// A file of this folder.
pub(crate) fn file(path: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests", "clients", path].iter().collect()
}

/// A program that is killed when this is dropped. It is told to end by the end of its standard
/// input, also when the check itself is killed.
pub(crate) struct Program {
    child: Child,
    reading: [JoinHandle<()>; 2],
    said: Said,
    _input: ChildStdin,
}

/// What a program says line by line, on standard output and standard error.
#[derive(Clone, Default)]
pub(crate) struct Said(Arc<Mutex<Vec<String>>>);

impl Said {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn add(&self, line: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    async fn listen(self, to: impl AsyncRead + Unpin) {
        let mut lines = BufReader::new(to).lines();
        // What isn't text ends it, as the end does.
        while let Ok(Some(line)) = lines.next_line().await {
            self.add(line);
        }
    }

    /// The library's name and release, by the line `client NAME VERSION`.
    pub(crate) fn client(&self) -> Option<(String, String)> {
        self.lines().iter().find_map(|line| {
            let (name, version) = line.strip_prefix("client ")?.split_once(' ')?;
            Some((name.to_owned(), version.to_owned()))
        })
    }
}

impl Program {
    /// Starts it. `None` if it isn't installed.
    pub(crate) fn start(command: &mut Command) -> Option<Self> {
        let started = command
            // What is on 127.0.0.1 is reached without a proxy.
            .envs([("NO_PROXY", "127.0.0.1"), ("no_proxy", "127.0.0.1")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = match started {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
            Err(error) => panic!("{command:?} can't be started: {error}"),
        };
        let said = Said::default();
        let (output, errors) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let reading =
            [tokio::spawn(said.clone().listen(output)), tokio::spawn(said.clone().listen(errors))];
        let input = child.stdin.take().unwrap();
        Some(Self { child, reading, said, _input: input })
    }

    pub(crate) fn said(&self) -> &Said {
        &self.said
    }

    /// Waits until it has ended by itself and all that it said has been read.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        for reading in &mut self.reading {
            reading.await.unwrap();
        }
        self.child.wait().await.unwrap()
    }
}
