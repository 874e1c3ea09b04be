//! A PostgreSQL server of the sandbox's own, from the real programs, in a folder that is gone with it.

use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server refuses to run as root: then it runs as Debian's `nobody`.
const NOBODY: u32 = 65534;

/// Runs the server until its standard input is at its end, as it is however whoever holds that ends. A
/// line there stops the server as a crash would, or starts it again, and makes a file of its name.
const RUN: &str = r#"
    bin=$1 folder=$2
    "$bin/initdb" --pgdata "$folder/data" --username bot --auth trust --encoding UTF8 \
        --no-locale --no-sync >"$folder/log" 2>&1 || exit
    cat >>"$folder/data/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$folder'
fsync = off
max_connections = 300
shared_buffers = 64MB
CONF
    printf '%s\n' 'local all guarded scram-sha-256' 'local all all trust' >"$folder/data/pg_hba.conf"
    start() {
        "$bin/pg_ctl" --pgdata "$folder/data" --log "$folder/log" --silent --wait start </dev/null
    }
    stop() { "$bin/pg_ctl" --pgdata "$folder/data" --silent --mode immediate stop; }
    start && touch "$folder/ready"
    while read -r line; do
        case $line in stop*) stop ;; *) start ;; esac
        touch "$folder/$line"
    done
    stop
    cd / && rm -rf "$folder"
"#;

/// A running server; it stops when it is dropped, or whoever has it ends.
pub struct Server {
    folder: PathBuf,
    process: Child,
    lines: u64,
}

impl Server {
    /// Starts one; none if the programs aren't installed. Blocks for a second or so.
    ///
    /// # Errors
    ///
    /// If it doesn't start.
    pub fn start() -> io::Result<Option<Self>> {
        let Some(bin) = programs() else { return Ok(None) };
        let folder = tempfile::Builder::new().prefix("pg").tempdir()?.keep();
        let mut command = Command::new("sh");
        if std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0) {
            chown(&folder, Some(NOBODY), Some(NOBODY))?;
            command.uid(NOBODY).gid(NOBODY);
        }
        command.args(["-c", RUN, "sh"]).arg(bin).arg(&folder).current_dir(&folder);
        // In a group of its own, or Ctrl-C would end what stops the server and leave that behind.
        let process = command.stdin(Stdio::piped()).process_group(0).spawn()?;
        let server = Self { folder, process, lines: 0 };
        server.wait_for("ready")?;
        Ok(Some(server))
    }

    /// Starts one for a test; none if the programs aren't installed, which is said.
    ///
    /// # Panics
    ///
    /// If it doesn't start.
    pub fn for_test() -> Option<Self> {
        let server = Self::start().expect("PostgreSQL starts");
        if server.is_none() {
            // The test's own output isn't shown as long as it passes.
            let left_out = b"LEFT OUT: PostgreSQL; install postgresql for initdb and pg_ctl\n";
            drop(io::stdout().write_all(left_out));
        }
        server
    }

    fn wait_for(&self, file: &str) -> io::Result<()> {
        let begun = Instant::now();
        while !self.folder.join(file).exists() {
            if begun.elapsed() > Duration::from_mins(1) {
                let log = std::fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let hangs = format!("PostgreSQL hangs: {log}");
                return Err(io::Error::new(ErrorKind::TimedOut, hangs));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(())
    }

    /// The address of its one database, as a user who may do everything. The user `guarded` needs a
    /// password.
    pub fn url(&self) -> String {
        format!("postgres:///postgres?host={}&user=bot", self.folder.display())
    }

    /// The address of a schema in it, which isn't made.
    pub fn schema(&self, name: &str) -> String {
        format!("{}&options[search_path]={name}", self.url())
    }

    /// Lets it crash.
    ///
    /// # Panics
    ///
    /// If it doesn't within a minute.
    pub fn crash(&mut self) {
        self.tell("stop").expect("PostgreSQL stops");
    }

    /// Starts it again.
    ///
    /// # Panics
    ///
    /// If it doesn't within a minute.
    pub fn start_again(&mut self) {
        self.tell("start").expect("PostgreSQL starts");
    }

    fn tell(&mut self, what: &str) -> io::Result<()> {
        self.lines += 1;
        let line = format!("{what}-{}", self.lines);
        let input = self.process.stdin.as_mut().ok_or(ErrorKind::BrokenPipe)?;
        writeln!(input, "{line}")?;
        self.wait_for(&line)
    }
}

/// Where the programs are: in the path, or where Debian has them.
fn programs() -> Option<PathBuf> {
    let path = Command::new("sh").args(["-c", "command -v pg_ctl"]).output().ok()?;
    let path = PathBuf::from(String::from_utf8(path.stdout).ok()?.trim());
    if let Some(bin) = path.parent().filter(|bin| bin.join("initdb").exists()) {
        return Some(bin.to_owned());
    }
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let bins = versions.filter_map(|version| Some(version.ok()?.path().join("bin")));
    bins.filter(|bin| bin.join("initdb").exists()).max()
}
