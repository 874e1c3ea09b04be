//! The whole program beside others that do the same: the release binary of the bot, the bare one of
//! `benches/floor`, and the peers of `benches/peers` run as children against the stand-ins, take turns,
//! and serve the same searches. Then what grows: requests stored, channels, and copies of the bot.
//!
//! ```text
//! cargo bench --bench whole                                    # prints docs/performance.md
//! cargo bench --bench whole -- --write docs/performance.md --readme README.md
//! cargo bench --bench whole -- --part copies --scale docs/scale.md
//! cargo bench --bench whole -- --quick --part programs         # to try it
//! ```
//!
//! It fails for no figure; it does fail when a program answers wrongly, for then its figures mean
//! nothing.

mod channels;
mod copies;
mod database;
mod document;
mod figures;
mod machine;
#[path = "../peers/commands.rs"]
mod peers;
mod program;
mod readme;
mod round;
mod stored;
mod team;

use std::error::Error;
use std::fs;
use std::io::{Write, stderr, stdout};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use self::database::Postgres;
use self::document::Document;
use self::program::Program;
use self::round::Round;

type Failure = Box<dyn Error>;

/// What stands before and after the short table.
const MARKS: [&str; 2] = ["<!-- speed: written by the benchmark -->\n", "<!-- /speed -->"];

/// What stands before and after the table of copies.
const COPIES_MARKS: [&str; 2] = ["<!-- copies: written by the benchmark -->\n", "<!-- /copies -->"];

/// Measures the bot beside programs that do the same
#[derive(Parser)]
struct Options {
    /// What is measured; all of it unless it is said
    #[arg(long, value_enum, num_args = 1.., default_values_t = [Part::Programs, Part::Stored, Part::Channels, Part::Copies])]
    part: Vec<Part>,
    /// Where requests are stored while they are counted in
    #[arg(long, value_enum, num_args = 1.., default_values_t = [Database::Sqlite, Database::Postgres])]
    database: Vec<Database>,
    /// Few of everything: to see that it works
    #[arg(long)]
    quick: bool,
    /// Writes the document there
    #[arg(long)]
    write: Option<PathBuf>,
    /// Writes the short table between the two marks of this file
    #[arg(long)]
    readme: Option<PathBuf>,
    /// Writes the table of copies between the two marks of this file
    #[arg(long)]
    scale: Option<PathBuf>,
    /// Given by `cargo bench`, and not by `cargo test`
    #[arg(long, hide = true)]
    bench: bool,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Part {
    /// The four programs beside each other
    Programs,
    /// The bot with few and with many requests stored
    Stored,
    /// The programs after searches in many channels
    Channels,
    /// Copies of the bot on one PostgreSQL
    Copies,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Database {
    Sqlite,
    Postgres,
}

/// How much is measured.
#[derive(Clone, Copy)]
struct Extent {
    /// How often each program is measured; the median counts.
    rounds: u32,
    /// Searches whose time is measured, one after the other.
    searches: u32,
    /// Searches with each number of hits.
    searches_of_each: u32,
    /// Searches of which 32 are under way at any time.
    together: u32,
    /// Requests asked for, of which 32 are under way at any time.
    requests: u32,
    /// How many requests are many.
    stored: u32,
    /// How often each step is taken with requests stored.
    times: u32,
    /// How many channels are many.
    channels: u32,
}

const WHOLE: Extent = Extent {
    rounds: 5,
    searches: 2000,
    searches_of_each: 200,
    together: 3000,
    requests: 500,
    stored: 1_000_000,
    times: 20,
    channels: 10_000,
};

const QUICK: Extent = Extent {
    rounds: 1,
    searches: 100,
    searches_of_each: 20,
    together: 200,
    requests: 60,
    stored: 10_000,
    times: 3,
    channels: 100,
};

// One thread is enough for the stand-ins, and leaves the other processors to the program.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    if !options.bench {
        return Ok(writeln!(stdout(), "run by `cargo bench --bench whole` only")?);
    }
    let extent = if options.quick { QUICK } else { WHOLE };
    let is_bots = |part: &Part| matches!(part, Part::Stored | Part::Copies);
    let programs =
        if options.part.iter().all(is_bots) { vec![program::bot()?] } else { program::all()? };
    let document = measure(&programs, extent, &options).await?;
    match &options.write {
        Some(file) => fs::write(file, document.to_string())?,
        None => write!(stdout(), "{document}")?,
    }
    if let Some(file) = &options.readme {
        readme::replace(file, MARKS, &document.short())?;
    }
    match &options.scale {
        Some(file) => readme::replace(file, COPIES_MARKS, &document.copies())?,
        None if document.copies.is_empty() => {}
        None => writeln!(stdout(), "{}", document.copies())?,
    }
    Ok(())
}

async fn measure(
    programs: &[Program],
    extent: Extent,
    options: &Options,
) -> Result<Document, Failure> {
    let parts = &options.part;
    let mut document = Document::new(programs, extent)?;
    if parts.contains(&Part::Programs) {
        for number in 1..=extent.rounds {
            for program in programs {
                tell(&format!("round {number} of {}: {}", extent.rounds, program.name))?;
                document
                    .rounds
                    .entry(program.name)
                    .or_default()
                    .push(Round::of(program, extent).await?);
            }
        }
    }
    if parts.contains(&Part::Channels) {
        for program in programs {
            tell(&format!("channels: {}", program.name))?;
            document.channels.push((program.name, channels::of(program, extent).await?));
        }
    }
    let wants = parts.contains(&Part::Copies)
        || parts.contains(&Part::Stored) && options.database.contains(&Database::Postgres);
    let postgres = if wants { Postgres::start().await? } else { None };
    if wants && postgres.is_none() {
        tell("LEFT OUT: PostgreSQL; install postgresql for initdb and pg_ctl")?;
    }
    let bot = &programs[0];
    if parts.contains(&Part::Stored) {
        let file = options.database.contains(&Database::Sqlite).then_some(None);
        let server = postgres.as_ref().filter(|_| options.database.contains(&Database::Postgres));
        for postgres in file.into_iter().chain(server.map(Some)) {
            let mut stored = Vec::new();
            for count in [stored::FEW, extent.stored] {
                tell(&format!("{count} requests stored, in PostgreSQL: {}", postgres.is_some()))?;
                stored.push(stored::figures(bot, postgres, count, extent.times).await?);
            }
            let name = postgres.map_or("SQLite".to_owned(), Postgres::name);
            document.stored.push((name, stored));
        }
    }
    if let Some(postgres) = postgres.filter(|_| parts.contains(&Part::Copies)) {
        document.postgres = postgres.name();
        for copies in copies::COPIES {
            tell(&format!("copies: {copies}"))?;
            document.copies.push(copies::of(bot, &postgres, copies, extent).await?);
        }
    }
    Ok(document)
}

/// Says how far it is, beside what is measured.
fn tell(what: &str) -> Result<(), Failure> {
    Ok(writeln!(stderr(), "{what}")?)
}
