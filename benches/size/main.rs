//! What a day's steps cost with a thousand and with a million finished requests stored: the release
//! binary runs as a child against the stand-ins, and its processor time is read around each step.
//!
//! `cargo bench --bench size -- [--stored N] [--times N]`. It prints figures and fails for none of
//! them; it does fail when the bot answers wrongly, for then its figures mean nothing.

#[expect(dead_code, reason = "the size and the memory are the other benchmark's")]
#[path = "../whole/program.rs"]
mod program;
mod round;

use std::error::Error;
use std::io::{Write, stdout};

use clap::Parser;

use self::program::Program;
use self::round::figures;

type Failure = Box<dyn Error>;

/// What the most may be times the processor time of a step with few requests.
const MOST: f64 = 2.0;

const FEW: u32 = 1000;

/// Measures the bot with few and with many requests stored
#[derive(Parser)]
struct Options {
    /// How many requests are many
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    stored: u32,
    /// How often each step is taken; the mean counts
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
    times: u32,
    /// Given by `cargo bench`, and not by `cargo test`
    #[arg(long, hide = true)]
    bench: bool,
}

// One thread is enough for the stand-ins, and leaves the other processors to the program.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    let options = Options::parse();
    if !options.bench {
        return Ok(writeln!(stdout(), "run by `cargo bench --bench size` only")?);
    }
    let bot = Program::build("ldapgroup-bot")?;
    let few = figures(&bot, FEW, options.times).await?;
    let many = figures(&bot, options.stored, options.times).await?;
    let (stored, mut worst) = (options.stored, 0.0_f64);
    writeln!(stdout(), "{:<36} {FEW:>9} {stored:>9}", "processor time in ms, requests stored:")?;
    for ((step, few), (_, many)) in few.iter().zip(&many) {
        worst = worst.max(many / few);
        writeln!(stdout(), "{step:<38} {few:>9.2} {many:>9.2}  × {:.2}", many / few)?;
    }
    let said = if worst <= MOST { "held" } else { "NOT held" };
    Ok(writeln!(stdout(), "× {worst:.2} at the worst, at most {MOST}: {said}")?)
}
