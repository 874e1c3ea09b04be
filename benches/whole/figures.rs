//! The figures of a round, and how they are written.

use crate::round::{Round, median};

/// One figure of a round.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) of: fn(&Round) -> f64,
    /// Whether the short table has it.
    pub(crate) is_short: bool,
}

#[rustfmt::skip]
pub(crate) const FIGURES: [Figure; 13] = [
    Figure { name: "processor time of a search, 5 to 60 hits", unit: "ms",  of: |r| r.processor,       is_short: true },
    Figure { name: "processor time of a search, 500 hits",     unit: "ms",  of: Round::processor_most, is_short: true },
    Figure { name: "latency of a search, median",              unit: "ms",  of: |r| r.latency,         is_short: true },
    Figure { name: "latency of a search, 99 of 100",           unit: "ms",  of: |r| r.latency_99,      is_short: false },
    Figure { name: "searches a second, 32 under way",          unit: "",    of: |r| r.rate.per_second, is_short: true },
    Figure { name: "processors the program used for these",    unit: "",    of: |r| r.rate.busy,       is_short: false },
    Figure { name: "processors the stand-ins used for these",  unit: "",    of: |r| r.rate.stand_ins,  is_short: false },
    Figure { name: "memory after the first search",            unit: "MiB", of: |r| r.memory_first,    is_short: true },
    Figure { name: "memory after searches with 5 to 60 hits",  unit: "MiB", of: |r| r.memory,          is_short: false },
    Figure { name: "memory in the end",                        unit: "MiB", of: |r| r.memory_end,      is_short: true },
    Figure { name: "start until the command is registered",    unit: "ms",  of: |r| r.registered,      is_short: true },
    Figure { name: "start until interactions can arrive",      unit: "ms",  of: |r| r.connected,       is_short: false },
    Figure { name: "size of the binary",                       unit: "MiB", of: |r| r.binary,          is_short: true },
];

/// The median of the rounds.
pub(crate) fn middle(rounds: &[Round], of: impl Fn(&Round) -> f64) -> String {
    number(median(rounds.iter().map(of)))
}

/// The median of the rounds with the least and the most.
pub(crate) fn cell(rounds: &[Round], of: impl Fn(&Round) -> f64) -> String {
    let least = rounds.iter().map(&of).fold(f64::INFINITY, f64::min);
    let most = rounds.iter().map(&of).fold(f64::NEG_INFINITY, f64::max);
    match rounds {
        [] | [_] => middle(rounds, of),
        _ if number(least) == number(most) => number(most),
        _ => format!("{} ({} to {})", middle(rounds, of), number(least), number(most)),
    }
}

/// A number to three figures, or a dash where there is none.
pub(crate) fn number(value: f64) -> String {
    match value {
        _ if !value.is_finite() => "–".to_owned(),
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ if value >= 0.9995 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
