//! The whole program beside others that do the same: the release binary of the bot, the bare one of
//! `benches/floor`, and the peers of `benches/peers` run as children against the stand-ins, take turns,
//! and serve the same searches. Then what grows: requests stored, and channels.
//!
//! ```text
//! cargo bench --bench whole                                    # prints docs/performance.md
//! cargo bench --bench whole -- --write docs/performance.md --readme README.md
//! cargo bench --bench whole -- --quick --part programs         # to try it
//! ```
//!
//! It fails for no figure; it does fail when a program answers wrongly, for then its figures mean
//! nothing.

mod channels;
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

use self::document::Document;
use self::program::Program;
use self::round::Round;

type Failure = Box<dyn Error>;

/// What stands before and after the short table.
const MARKS: [&str; 2] = ["<!-- speed: written by the benchmark -->\n", "<!-- /speed -->"];

/// Measures the bot beside programs that do the same
#[derive(Parser)]
struct Options {
    /// What is measured; all of it unless it is said
    #[arg(long, value_enum, num_args = 1.., default_values_t = [Part::Programs, Part::Stored, Part::Channels])]
    part: Vec<Part>,
    /// Few of everything: to see that it works
    #[arg(long)]
    quick: bool,
    /// Writes the document there
    #[arg(long)]
    write: Option<PathBuf>,
    /// Writes the short table between the two marks of this file
    #[arg(long)]
    readme: Option<PathBuf>,
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
    stored: 1_000_000,
    times: 20,
    channels: 10_000,
};

const QUICK: Extent = Extent {
    rounds: 1,
    searches: 100,
    searches_of_each: 20,
    together: 200,
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
    let programs = program::all()?;
    let document = measure(&programs, extent, &options.part).await?;
    match &options.write {
        Some(file) => fs::write(file, document.to_string())?,
        None => write!(stdout(), "{document}")?,
    }
    if let Some(file) = &options.readme {
        readme::replace(file, MARKS, &document.short())?;
    }
    Ok(())
}

async fn measure(
    programs: &[Program],
    extent: Extent,
    parts: &[Part],
) -> Result<Document, Failure> {
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
    if parts.contains(&Part::Stored) {
        for stored in [stored::FEW, extent.stored] {
            tell(&format!("{stored} requests stored"))?;
            document.stored.push(stored::figures(&programs[0], stored, extent.times).await?);
        }
    }
    Ok(document)
}

/// Says how far it is, beside what is measured.
fn tell(what: &str) -> Result<(), Failure> {
    Ok(writeln!(stderr(), "{what}")?)
}
