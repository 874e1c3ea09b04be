//! One measurement of one program, against fresh stand-ins.

use sandbox::discord::{CONNECT, Who};

use crate::program::Program;
use crate::team::{FAMILIES, Rate, Start, Team, milliseconds};
use crate::{Extent, Failure};

/// The families of the usual search: 5 to 60 hits.
const USUAL: std::ops::Range<usize> = 1..5;

/// Searches before any are counted: connections are open then, and memory is what it will be.
const WARM_UP: u32 = 200;

/// Starts in a round; the last one goes on to search.
const STARTS: u32 = 3;

/// What one program came to in one round. Times are in milliseconds; memory and sizes in MiB.
pub(crate) struct Round {
    /// From the start until Discord has the command.
    pub(crate) registered: f64,
    /// From the start until interactions can arrive.
    pub(crate) connected: f64,
    /// Processor time of a search with 5 to 60 hits, in user and kernel mode.
    pub(crate) processor: f64,
    /// The same for each of [`FAMILIES`].
    pub(crate) growth: Vec<f64>,
    /// Resident memory when the first search is answered.
    pub(crate) memory_first: f64,
    /// Resident memory after the searches with 5 to 60 hits.
    pub(crate) memory: f64,
    /// Resident memory in the end.
    pub(crate) memory_end: f64,
    /// From a search until the person sees the table: the median.
    pub(crate) latency: f64,
    /// The same that 99 of 100 searches keep to.
    pub(crate) latency_99: f64,
    /// With 32 searches under way.
    pub(crate) rate: Rate,
    /// The size of the binary; not a number where there is none.
    pub(crate) binary: f64,
}

impl Round {
    /// Starts the program several times and lets the last one search.
    pub(crate) async fn of(program: &Program, extent: Extent) -> Result<Self, Failure> {
        let mut starts = Vec::new();
        for _ in 1..STARTS {
            starts.push(Team::start(program).await?.1);
        }
        let (team, start) = Team::start(program).await?;
        starts.push(start);
        let all = |of: fn(&Start) -> _| median(starts.iter().map(of).map(milliseconds));

        team.search(FAMILIES[USUAL.start].0, Who::Member, CONNECT).await?;
        let memory_first = team.running.memory()?;
        team.search_all(&FAMILIES[USUAL], WARM_UP).await?;
        let (processor, latencies) = team.search_all(&FAMILIES[USUAL], extent.searches).await?;
        let memory = team.running.memory()?;
        let mut growth = Vec::new();
        for family in FAMILIES {
            growth.push(team.search_all(&[family], extent.searches_of_each).await?.0);
        }
        let rate = team.search_together(extent.together).await?;
        let memory_end = team.running.memory()?;
        if program.creates {
            team.create().await?;
        }
        team.is_content()?;
        Ok(Self {
            registered: all(|start| start.registered),
            connected: all(|start| start.connected),
            processor,
            growth,
            memory_first,
            memory,
            memory_end,
            latency: percentile(&latencies, 50),
            latency_99: percentile(&latencies, 99),
            rate,
            binary: program.size()?,
        })
    }

    /// Processor time of a search with as many hits as Connect gives at the most.
    pub(crate) fn processor_most(&self) -> f64 {
        self.growth.last().copied().unwrap_or(f64::NAN)
    }
}

/// The middle of some figures, the upper one of two. Not a number if there are none.
pub(crate) fn median(figures: impl Iterator<Item = f64>) -> f64 {
    let mut figures: Vec<_> = figures.collect();
    figures.sort_by(f64::total_cmp);
    percentile(&figures, 50)
}

/// What so many of 100 keep to, of figures in their order. Not a number if there are none.
pub(crate) fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).copied().unwrap_or(f64::NAN)
}
