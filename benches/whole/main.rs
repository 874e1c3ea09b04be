//! The whole program beside a bare one: the release binaries of the bot and of `benches/floor` run as
//! children against the stand-ins, take turns, and do the same searches.
//!
//! `cargo bench --bench whole -- [--rounds N] [--searches N]`. It prints figures and fails for none
//! of them; it does fail when a program answers wrongly, for then its figures mean nothing.

mod program;
mod round;
mod table;

use std::error::Error;
use std::io::{Write, stdout};

use clap::Parser;

use self::program::Program;
use self::round::Round;

type Failure = Box<dyn Error>;

/// Searches before any are counted: connections are open then, and memory is what it will be.
const WARM_UP: u32 = 200;

/// Searches with the most hits that Connect gives.
const LARGE_SEARCHES: u32 = 200;

/// Starts in a round; the last one goes on to search.
const STARTS: u32 = 3;

/// Measures the bot beside a bare serenity program
#[derive(Parser)]
struct Options {
    /// How often each program is measured; the median counts
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many searches each measures
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(1..))]
    searches: u32,
    /// Given by `cargo bench`, and not by `cargo test`
    #[arg(long, hide = true)]
    bench: bool,
}

// One thread is enough for the stand-ins, and leaves the other processors to the program.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    if !options.bench {
        return Ok(writeln!(stdout(), "run by `cargo bench --bench whole` only")?);
    }
    let bot = Program::build("ldapgroup-bot")?;
    let floor = Program::build("floor")?;
    let (mut bots, mut floors) = (Vec::new(), Vec::new());
    for number in 1..=options.rounds {
        writeln!(stdout(), "round {number} of {}", options.rounds)?;
        bots.push(Round::of(&bot, options.searches).await?);
        floors.push(Round::of(&floor, options.searches).await?);
    }
    write!(stdout(), "\n{}", table::table(&bots, &floors))?;
    Ok(())
}
