//! All figures as a document.

use std::collections::HashMap;
use std::fmt::{self, Display, Formatter};

use crate::channels::Reached;
use crate::copies::{Load, Served};
use crate::figures::{FIGURES, cell, middle, number};
use crate::machine::Machine;
use crate::program::{BOT, FLOOR, Program};
use crate::round::{Round, median};
use crate::stored::{FEW, Figures, Taken};
use crate::team::FAMILIES;
use crate::{Extent, Failure};

/// What the bot may take more than the bare program: times its processor time, and MiB of memory.
const MOST_PROCESSOR: f64 = 1.5;
const MOST_MEMORY: f64 = 10.0;

/// What a step may cost with many requests, times what it costs with few.
const MOST_GROWTH: f64 = 2.0;

/// Everything that was measured.
pub(crate) struct Document {
    /// The programs in their order, and what they are.
    programs: Vec<(&'static str, String)>,
    extent: Extent,
    machine: Machine,
    pub(crate) rounds: HashMap<&'static str, Vec<Round>>,
    pub(crate) channels: Vec<(&'static str, Vec<Reached>)>,
    /// In each database, with few and with many requests stored.
    pub(crate) stored: Vec<(String, Vec<Figures>)>,
    pub(crate) copies: Vec<Served>,
    /// What copies share.
    pub(crate) postgres: String,
}

impl Document {
    /// A document without any figure yet; it notes what the machine is like now.
    pub(crate) fn new(programs: &[Program], extent: Extent) -> Result<Self, Failure> {
        let machine = Machine::look()?;
        let programs: Result<_, Failure> =
            programs.iter().map(|program| Ok((program.name, program.about()?))).collect();
        Ok(Self {
            programs: programs?,
            extent,
            machine,
            rounds: HashMap::new(),
            channels: Vec::new(),
            stored: Vec::new(),
            copies: Vec::new(),
            postgres: String::new(),
        })
    }

    /// The table that the README shows.
    pub(crate) fn short(&self) -> String {
        let short = FIGURES.iter().filter(|figure| figure.is_short);
        let rows = short.map(|figure| {
            let unit =
                |text: String| if text == "–" { text } else { format!("{text} {}", figure.unit) };
            self.row(figure.name, |rounds| unit(middle(rounds, figure.of)).trim_end().to_owned())
        });
        format!(
            "{}{}\n{}, {}, {} processors, median of {}. All figures: [docs/performance.md](docs/performance.md).",
            self.heading(""),
            rows.collect::<String>(),
            self.machine.date,
            self.machine.processor,
            self.machine.processors,
            count(self.extent.rounds, "turn"),
        )
    }

    fn heading(&self, first: &str) -> String {
        let names: Vec<_> = self.programs.iter().map(|(name, _)| *name).collect();
        format!("| {first} | {} |\n|---|{}\n", names.join(" | "), "--:|".repeat(names.len()))
    }

    fn row(&self, name: &str, of: impl Fn(&[Round]) -> String) -> String {
        let rounds = self.programs.iter().map(|(program, _)| self.rounds_of(program));
        let cells: Vec<_> = rounds.map(of).collect();
        format!("| {name} | {} |\n", cells.join(" | "))
    }

    fn rounds_of(&self, program: &str) -> &[Round] {
        self.rounds.get(program).map_or(&[], Vec::as_slice)
    }

    fn write_programs(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Extent { rounds, searches, together, .. } = self.extent;
        writeln!(
            f,
            "\n## The programs beside each other\n\nThe programs take turns, {} each: the median is \
             shown, and the least and the most. In a turn a program serves {searches} searches one after \
             the other, and {together} of which 32 are under way at any time, no two of these for the \
             same. Latency is from the search until the person sees the table. The peers say \
             \"thinking…\" before they search, as anyone would who fears Discord's 3 s, so they make a \
             call more. discord.js would let through 50 answers a second; that limit is off. The stand-ins check all that they are sent, with one thread: where that used a \
             whole processor, it is what held searches a second down, not the program.\n",
            count(rounds, "turn"),
        )?;
        f.write_str(&self.heading(""))?;
        for figure in &FIGURES {
            let name = match figure.unit {
                "" => figure.name.to_owned(),
                unit => format!("{}, {unit}", figure.name),
            };
            f.write_str(&self.row(&name, |rounds| cell(rounds, figure.of)))?;
        }
        writeln!(f, "\n{}", self.verdict())?;
        writeln!(f, "\n### Hits\n\nProcessor time of a search in ms.\n")?;
        f.write_str(&self.heading("hits"))?;
        for (at, (_, hits)) in FAMILIES.iter().enumerate() {
            f.write_str(
                &self.row(&hits.to_string(), |rounds| cell(rounds, |round| round.growth[at])),
            )?;
        }
        Ok(())
    }

    /// How the bot compares with the bare program.
    fn verdict(&self) -> String {
        let of = |program, of: fn(&Round) -> f64| median(self.rounds_of(program).iter().map(of));
        let ratio = |figure| of(BOT, figure) / of(FLOOR, figure);
        let processor = ratio(|round| round.processor).max(ratio(Round::processor_most));
        let end = |round: &Round| round.memory_end;
        let memory = of(BOT, end) - of(FLOOR, end);
        format!(
            "Of the bot's processor time for a search no more than × {MOST_PROCESSOR} the bare \
             program's is wanted, and of memory no more than {MOST_MEMORY} MiB beyond it: × {} at the \
             worst, {}; {} MiB, {}.",
            number(processor),
            said(processor <= MOST_PROCESSOR),
            number(memory),
            said(memory <= MOST_MEMORY),
        )
    }

    fn write_channels(&self, f: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "\n## Channels\n\nMemory after a search with 20 hits in each of so many channels, and the \
             processor time of a search in any of them. The bot and the peers keep the latest search of \
             each channel with its tickets; the bot bounds what all of them take together.\n",
        )?;
        f.write_str(&self.heading("channels"))?;
        let counts = self.channels.iter().map(|(_, reached)| reached.len()).max().unwrap_or(0);
        for at in 0..counts {
            let reached: Vec<_> = self.channels.iter().filter_map(|(_, all)| all.get(at)).collect();
            let cells: Vec<_> = reached
                .iter()
                .map(|one| format!("{} MiB, {} ms", number(one.memory), number(one.processor)))
                .collect();
            let channels = reached.first().map_or(0, |one| one.channels);
            writeln!(f, "| {channels} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }

    fn write_stored(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (stored, times) = (self.extent.stored, self.extent.times);
        writeln!(
            f,
            "\n## Requests stored\n\nEach step in ms with {FEW} and with {stored} requests stored, all of \
             them over, and how many times as much the latter is: processor time in the mean of {times}, \
             latency in their median. PostgreSQL's tables were looked at before, as autovacuum does by \
             itself after a while.",
        )?;
        for (name, stored) in &self.stored {
            let [few, many] = &stored[..] else { continue };
            write_growth(f, name, few, many)?;
        }
        Ok(())
    }

    /// The table of copies.
    pub(crate) fn copies(&self) -> String {
        let Extent { together, requests, .. } = self.extent;
        let row = |served: &Served, command, load: &Load| {
            let Load { per_second, bots, server, stand_ins, latency, latency_99 } = load;
            let figures = [per_second, bots, server, stand_ins, latency, latency_99];
            let figures: Vec<_> = figures.into_iter().copied().map(number).collect();
            format!("| {} | {command} | {} |\n", served.copies, figures.join(" | "))
        };
        let rows = self.copies.iter().flat_map(|served| {
            [row(served, "search", &served.searches), row(served, "request", &served.requests)]
        });
        format!(
            "| copies | command | a second | bot | PostgreSQL | stand-ins | median | 99 of 100 |\n\
             |--:|---|{}\n{}\n{together} searches and {requests} requests, with 32 under way at any time, \
             dealt out at random; bot, PostgreSQL and stand-ins are processor time for a command in ms, the \
             last two columns latency in ms. {}, {}, {} processors, {}, load {} when it began.",
            "--:|".repeat(6),
            rows.collect::<String>(),
            self.machine.date,
            self.machine.processor,
            self.machine.processors,
            self.postgres,
            self.machine.load,
        )
    }
}

/// What is measured of a step, in milliseconds.
type Kind = (&'static str, fn(&Taken) -> f64);

/// A table of what each step costs with few and with many requests stored.
fn write_growth(f: &mut Formatter<'_>, name: &str, few: &Figures, many: &Figures) -> fmt::Result {
    let kinds: [Kind; 3] = [
        ("processor time of the bot", |taken| taken.processor),
        ("latency", |taken| taken.latency),
        ("processor time of the bot and PostgreSQL", |taken| taken.processor + taken.server),
    ];
    let has = |of: fn(&Taken) -> f64| few.iter().all(|taken| of(taken).is_finite());
    let kinds: Vec<_> = kinds.into_iter().filter(|(_, of)| has(*of)).collect();
    let heading = kinds.iter().map(|(kind, _)| *kind).collect::<Vec<_>>().join(" | | | ");
    write!(
        f,
        "\n### {name}\n\n| step | {heading} | | |\n|---|{}\n",
        "--:|".repeat(3 * kinds.len())
    )?;
    let mut worst = vec![0.0_f64; kinds.len()];
    for (few, many) in few.iter().zip(many) {
        write!(f, "| {} |", few.step)?;
        for ((_, of), worst) in kinds.iter().zip(&mut worst) {
            let (few, many) = (of(few), of(many));
            *worst = worst.max(many / few);
            write!(f, " {} | {} | × {} |", number(few), number(many), number(many / few))?;
        }
        writeln!(f)?;
    }
    let said = kinds.iter().zip(&worst).map(|((kind, _), worst)| {
        format!("{kind} × {} at the worst, {}", number(*worst), said(*worst <= MOST_GROWTH))
    });
    let said = said.collect::<Vec<_>>().join("; ");
    writeln!(f, "\nNo more than × {MOST_GROWTH} is wanted: {said}.")
}

fn count(number: u32, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn said(held: bool) -> &'static str {
    if held { "held" } else { "NOT held" }
}

impl Display for Document {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Machine { date, processor, processors, memory_gib, kernel, load } = &self.machine;
        writeln!(
            f,
            "# Speed\n\nWritten by `cargo bench --bench whole -- --write docs/performance.md`, which anyone can \
             run; no figure is typed by hand. All programs run as children against the stand-ins of \
             `sandbox/` on the same machine, so networks, Discord and LDAP take no time.\n\n\
             {date}, {processor}, {processors} processors, {memory_gib:.1} GiB of memory, {kernel}; load {load} \
             when it began.\n\n| program | what it is |\n|---|---|",
        )?;
        for (name, about) in &self.programs {
            writeln!(f, "| {name} | {about} |")?;
        }
        if !self.rounds.is_empty() {
            self.write_programs(f)?;
        }
        if !self.channels.is_empty() {
            self.write_channels(f)?;
        }
        if !self.stored.is_empty() {
            self.write_stored(f)?;
        }
        Ok(())
    }
}
