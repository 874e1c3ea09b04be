//! The figures of both programs side by side.

use std::fmt::Write;

use crate::round::{Round, median};

/// What the bot may take more than the bare program: times its processor time, and MiB of memory.
const MOST_PROCESSOR: f64 = 1.5;
const MOST_MEMORY: f64 = 10.0;

/// How a figure of the bot is held against the bare program's.
#[derive(Clone, Copy)]
enum Compare {
    Ratio,
    Difference,
}

struct Figure {
    name: &'static str,
    unit: &'static str,
    of: fn(&Round) -> f64,
    compare: Compare,
}

#[rustfmt::skip]
const FIGURES: [Figure; 10] = [
    Figure { name: "start until registered",        unit: "ms",  of: |r| r.registered,      compare: Compare::Ratio },
    Figure { name: "start until connected, too",    unit: "ms",  of: |r| r.connected,       compare: Compare::Ratio },
    Figure { name: "processor time, 5 to 60 hits",  unit: "µs",  of: |r| r.processor,       compare: Compare::Ratio },
    Figure { name: "processor time, 500 hits",      unit: "µs",  of: |r| r.processor_large, compare: Compare::Ratio },
    Figure { name: "latency, median",               unit: "ms",  of: |r| r.latency,         compare: Compare::Ratio },
    Figure { name: "latency, 99 of 100",            unit: "ms",  of: |r| r.latency_99,      compare: Compare::Ratio },
    Figure { name: "memory after the first search", unit: "MiB", of: |r| r.memory_first,    compare: Compare::Difference },
    Figure { name: "memory after all, 60 hits",     unit: "MiB", of: |r| r.memory,          compare: Compare::Difference },
    Figure { name: "memory after all, 500 hits",    unit: "MiB", of: |r| r.memory_large,    compare: Compare::Difference },
    Figure { name: "size of the binary",            unit: "MiB", of: |r| r.binary,          compare: Compare::Difference },
];

/// A row for each figure: the medians of the rounds with the least and the most, and how the bot's
/// compares. The last line says whether the bot keeps to its bounds.
pub(crate) fn table(bots: &[Round], floors: &[Round]) -> String {
    let (name, bot, floor) = ("median (least to most)", "ldapgroup-bot", "floor");
    let mut table = format!("{name:<30}      {bot:>26}  {floor:>26}\n");
    for figure in &FIGURES {
        let Figure { name, unit, of, compare } = figure;
        let compared = match compare {
            Compare::Ratio => format!("× {:.2}", ratio(bots, floors, *of)),
            Compare::Difference => format!("{:+.2}", difference(bots, floors, *of)),
        };
        let (bot, floor) = (cell(bots, *of), cell(floors, *of));
        let _ = writeln!(table, "{name:<30} {unit:<4} {bot:>26}  {floor:>26}  {compared:>7}");
    }
    table.push_str(&verdict(bots, floors));
    table
}

fn cell(rounds: &[Round], of: fn(&Round) -> f64) -> String {
    let figures = || rounds.iter().map(of);
    let least = figures().fold(f64::INFINITY, f64::min);
    let most = figures().fold(0.0, f64::max);
    format!("{:.2} ({least:.2} to {most:.2})", median(figures()))
}

fn ratio(bots: &[Round], floors: &[Round], of: fn(&Round) -> f64) -> f64 {
    median(bots.iter().map(of)) / median(floors.iter().map(of))
}

fn difference(bots: &[Round], floors: &[Round], of: fn(&Round) -> f64) -> f64 {
    median(bots.iter().map(of)) - median(floors.iter().map(of))
}

fn verdict(bots: &[Round], floors: &[Round]) -> String {
    let few = ratio(bots, floors, |round| round.processor);
    let many = ratio(bots, floors, |round| round.processor_large);
    let processor = few.max(many);
    let memory = difference(bots, floors, |round| round.memory_large);
    let said = |held| if held { "held" } else { "NOT held" };
    format!(
        "processor time × {processor:.2} at the worst, at most {MOST_PROCESSOR}: {}; memory \
         {memory:+.1} MiB in the end, at most +{MOST_MEMORY}: {}\n",
        said(processor <= MOST_PROCESSOR),
        said(memory <= MOST_MEMORY),
    )
}
