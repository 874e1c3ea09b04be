//! The log on the standard error, through a thread of its own: whoever reads it may stop reading, and
//! a write to a full pipe doesn't return. The bot goes on then, and lines are dropped and counted.

use std::io::{self, IsTerminal, Write};
use std::mem;
use std::panic;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use ldapgroup_bot::config::{LogFormat, LogSettings};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

/// So many bytes of lines wait while one is written, and as many are being written. A line that
/// doesn't fit is dropped, and so are all after it until there is room.
const ROOM: usize = 1 << 20;

/// How long the end of the program waits for what is still to be written.
const LAST_WORDS: Duration = Duration::from_secs(1);

static QUEUE: Queue = Queue {
    waiting: Mutex::new(Waiting { lines: Vec::new(), dropped: 0, is_writing: false }),
    changed: Condvar::new(),
};

struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

struct Waiting {
    lines: Vec<u8>,
    /// How many lines didn't fit after these.
    dropped: u64,
    is_writing: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes what comes, for ever.
    fn write(&self) {
        loop {
            let waiting = self.lock();
            let is_idle = |waiting: &mut Waiting| waiting.lines.is_empty();
            let waiting = self.changed.wait_while(waiting, is_idle);
            let mut waiting = waiting.unwrap_or_else(PoisonError::into_inner);
            let lines = mem::take(&mut waiting.lines);
            let dropped = mem::take(&mut waiting.dropped);
            waiting.is_writing = true;
            drop(waiting);
            // That nobody can read the log any more is no reason to end.
            let _ = io::stderr().write_all(&lines);
            if dropped > 0 {
                tracing::error!("{dropped} lines of the log were dropped: nobody read it");
            }
            self.lock().is_writing = false;
            self.changed.notify_all();
        }
    }
}

/// Takes the lines that are to be written, each in one call.
struct Lines;

impl Write for Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut waiting = QUEUE.lock();
        if waiting.dropped > 0 || waiting.lines.len() + line.len() > ROOM {
            waiting.dropped += 1;
        } else {
            waiting.lines.extend_from_slice(line);
            QUEUE.changed.notify_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes out what was logged, when it is dropped at the end of the program.
pub(crate) struct Log;

impl Drop for Log {
    fn drop(&mut self) {
        finish();
    }
}

/// Waits until what was logged is written, or for a second if nobody reads it.
pub(crate) fn finish() {
    let is_busy = |waiting: &mut Waiting| waiting.is_writing || !waiting.lines.is_empty();
    drop(QUEUE.changed.wait_timeout_while(QUEUE.lock(), LAST_WORDS, is_busy));
}

/// Logs to the standard error, panics too. Whatever the filter says, libraries log nothing below INFO
/// and serenity nothing below WARN: their details hold tokens.
pub(crate) fn start(log: &LogSettings) -> Log {
    let guard = Targets::new()
        .with_default(LevelFilter::INFO)
        .with_target("ldapgroup_bot", LevelFilter::TRACE)
        .with_target("serenity", LevelFilter::WARN)
        .with_target("serenity::gateway::ws", LevelFilter::ERROR);
    let lines = fmt::layer().with_writer(|| Lines).with_ansi(io::stderr().is_terminal());
    let lines = match log.format {
        LogFormat::Text => lines.boxed(),
        LogFormat::Json => lines.json().flatten_event(true).with_span_list(false).boxed(),
    };
    let filter = EnvFilter::new(&log.filter);
    tracing_subscriber::registry().with(guard).with(filter).with(lines).init();
    thread::spawn(|| QUEUE.write());
    panic::set_hook(Box::new(|panic| tracing::error!("{panic}")));
    Log
}
