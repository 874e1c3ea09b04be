//! What came of it all.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use sandbox::discord::Fate;

use crate::bot::{Line, Usage};
use crate::faults;
use crate::machine::{Machine, source};
use crate::watch::{Noticed, Played};

/// Memory is called flat if the straight line that fits the second half of the samples best rises by
/// less than this in that half.
const FLAT_KIB: f64 = 1024.0;

/// Of a shorter run nothing can be said of memory: caches still fill.
const TELLING: Duration = Duration::from_mins(30);

/// All that was seen.
pub(crate) struct Report {
    seed: u64,
    rate: f64,
    machine: String,
    pub(crate) lasted: Duration,
    pub(crate) played: Vec<Played>,
    pub(crate) samples: Vec<Usage>,
    pub(crate) lines: Vec<Line>,
    pub(crate) fates: Vec<Fate>,
    /// What was still to be done in the end.
    pub(crate) left: Vec<String>,
    /// The code with which it ended when it was told to.
    pub(crate) ended: Result<Option<i32>, String>,
    /// How many calls Discord refused for their number.
    pub(crate) limited: u64,
    pub(crate) violations: Vec<String>,
    /// What went wrong with the people themselves.
    pub(crate) failures: Vec<String>,
}

impl Report {
    pub(crate) fn new(seed: u64, rate: f64) -> Self {
        Self {
            seed,
            rate,
            machine: machine(),
            lasted: Duration::ZERO,
            played: Vec::new(),
            samples: Vec::new(),
            lines: Vec::new(),
            fates: Vec::new(),
            left: Vec::new(),
            ended: Ok(None),
            limited: 0,
            violations: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// All that isn't as it must be.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems = self.failures.clone();
        problems.extend(self.unanswered().filter(|of| !self.is_excused(of)).map(|of| {
            format!("unanswered: {} sent {:?} before the end", of.what, of.sent.elapsed())
        }));
        problems.extend(self.unexplained().map(|line| format!("unexplained: {}", line.text)));
        let lost = self.played.iter().filter(|of| of.back.is_none());
        problems.extend(lost.map(|of| format!("after {} it didn't come back", of.name)));
        if let Some(rise) = self.rise()
            && rise >= FLAT_KIB
        {
            problems.push(format!("memory rose by {rise:.0} KiB in the second half"));
        }
        problems.extend(self.left.iter().map(|text| format!("left undone: {text}")));
        match &self.ended {
            Ok(Some(0)) => {}
            ended => problems.push(format!("it didn't end well: {ended:?}")),
        }
        problems.extend(self.violations.iter().map(|text| format!("violation: {text}")));
        problems
    }

    fn unanswered(&self) -> impl Iterator<Item = &Fate> {
        self.fates.iter().filter(|fate| !fate.is_answered)
    }

    fn is_excused(&self, fate: &Fate) -> bool {
        self.played.iter().any(|played| played.excuses(fate.sent))
    }

    fn errors(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.is_error)
    }

    fn unexplained(&self) -> impl Iterator<Item = &Line> {
        self.errors().filter(|line| !self.played.iter().any(|played| played.explains(line)))
    }

    /// By how much memory that is no file's rose in the second half, in KiB, as the straight line has
    /// it that fits best; `None` for a run that says nothing.
    fn rise(&self) -> Option<f64> {
        let half = &self.samples[self.samples.len() / 2..];
        let first = half.first().filter(|_| self.lasted >= TELLING)?;
        let points = half.iter().map(|of| ((of.at - first.at).as_secs_f64(), of.anonymous.into()));
        let points: Vec<(f64, f64)> = points.collect();
        let mean = |of: fn(&(f64, f64)) -> f64| average(points.iter().map(of));
        let (middle_x, middle_y) = (mean(|(x, _)| *x), mean(|(_, y)| *y));
        let both = points.iter().map(|(x, y)| (x - middle_x) * (y - middle_y)).sum::<f64>();
        let square = points.iter().map(|(x, _)| (x - middle_x).powi(2)).sum::<f64>();
        let (last, _) = points.last()?;
        Some(both / square * last)
    }

    fn write_memory(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| minutes | anonymous, MiB | resident, MiB | threads | open files |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        let Some(first) = self.samples.first() else { return Ok(()) };
        let each = (self.samples.len() / 12).max(1);
        for of in self.samples.iter().step_by(each) {
            writeln!(
                f,
                "| {} | {:.1} | {:.1} | {} | {} |",
                (of.at - first.at).as_secs() / 60,
                mebibytes(of.anonymous),
                mebibytes(of.resident),
                of.threads,
                of.files
            )?;
        }
        match self.rise() {
            Some(rise) => writeln!(
                f,
                "\nThe straight line that fits the second half of {} samples best rises by {rise:.0} KiB \
                 in it; below {FLAT_KIB} KiB memory counts as flat.",
                self.samples.len()
            ),
            None => writeln!(f, "\nToo short to say anything of memory."),
        }
    }

    fn write_faults(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| fault | what | times, each | log | metrics | `/readyz` | `/livez` | back after | \
             interactions | unanswered |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|---|---|")?;
        let mut by_name: BTreeMap<&str, Vec<&Played>> = BTreeMap::new();
        for played in &self.played {
            by_name.entry(played.name).or_default().push(played);
        }
        for fault in faults::all() {
            let Some(played) = by_name.get(fault.name) else { continue };
            let all = |of: &dyn Fn(&Played) -> Option<Duration>| {
                span(played.iter().filter_map(|played| of(played)))
            };
            let noticed = |of: fn(&Noticed) -> Option<Duration>| all(&|played| of(&played.noticed));
            let met = |fate: &&Fate| played.iter().any(|played| played.met(fate.sent));
            writeln!(
                f,
                "| `{}` | {} | {} × {} s | {} | {} | {} | {} | {} | {} | {} |",
                fault.name,
                fault.what,
                played.len(),
                fault.lasts.as_secs(),
                noticed(|of| of.log),
                noticed(|of| of.metrics),
                noticed(|of| of.unready),
                noticed(|of| of.dead),
                all(&|played| played.back_after),
                self.fates.iter().filter(met).count(),
                self.unanswered().filter(met).count()
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unanswered = self.unanswered().count();
        let excused = self.unanswered().filter(|of| self.is_excused(of)).count();
        let mut first: Vec<_> =
            self.fates.iter().filter_map(|fate| fate.first_answer_after).collect();
        first.sort();
        let part = |percent: usize| seconds(first.get(first.len() * percent / 100).copied());
        writeln!(
            f,
            "{}\n\n{} min, seed {}, {} things begun a second: {} interactions, of which {} had no \
             answer, {} of these while the bot couldn't be reached. First answers: {} in the middle, \
             99 of 100 within {}. {} lines at ERROR, {} of them without a fault that explains them. \
             Discord refused {} calls for their number.\n",
            self.machine,
            self.lasted.as_secs() / 60,
            self.seed,
            self.rate,
            self.fates.len(),
            unanswered,
            excused,
            part(50),
            part(99),
            self.errors().count(),
            self.unexplained().count(),
            self.limited
        )?;
        self.write_memory(f)?;
        writeln!(f)?;
        self.write_faults(f)
    }
}

/// Where, when and of what this is.
fn machine() -> String {
    let said = Machine::look().and_then(|machine| Ok((machine, source()?)));
    let Ok((machine, (rust, commit))) = said else {
        return "Nothing is known of the machine.".to_owned();
    };
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    format!(
        "{}, commit {commit}, {build} build, Rust {rust}; {}, {} processors, {:.1} GiB, {}, load {}.",
        machine.date,
        machine.processor,
        machine.processors,
        machine.memory_gib,
        machine.kernel,
        machine.load
    )
}

fn average(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn mebibytes(kib: u32) -> f64 {
    f64::from(kib) / 1024.0
}

/// The least and the most of some times.
fn span(times: impl Iterator<Item = Duration>) -> String {
    let mut times: Vec<_> = times.collect();
    times.sort();
    let (least, most) = (seconds(times.first().copied()), seconds(times.last().copied()));
    if least == most { most } else { format!("{} to {most}", least.trim_end_matches(" s")) }
}

fn seconds(time: Option<Duration>) -> String {
    time.map_or_else(|| "–".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()))
}
