//! What a program comes to after searches in many channels.

use crate::program::Program;
use crate::team::{Team, milliseconds};
use crate::{Extent, Failure};

/// Searches before any are counted, all in one channel.
const WARM_UP: u32 = 200;

/// Searches whose processor time is measured, in any of the channels.
const MEASURED: u32 = 200;

/// Where the channels' ids begin.
const FIRST: u64 = 1_400_000_000_000_000_000;

/// What a program came to.
pub(crate) struct Reached {
    pub(crate) channels: u32,
    /// Resident memory in MiB.
    pub(crate) memory: f64,
    /// Processor time of a search with 20 hits, in milliseconds.
    pub(crate) processor: f64,
}

/// Searches once in each channel, and looks when there were 1, 10, 100 and so on.
pub(crate) async fn of(program: &Program, extent: Extent) -> Result<Vec<Reached>, Failure> {
    let (team, _) = Team::start(program).await?;
    let search = async |channel: u32| team.search_in(FIRST + u64::from(channel), channel).await;
    for _ in 0..WARM_UP {
        search(0).await?;
    }
    let (mut reached, mut seen, mut channels) = (Vec::new(), 1, 1);
    while channels <= extent.channels {
        for channel in seen..channels {
            search(channel).await?;
        }
        let before = team.running.spent()?;
        for turn in 0..MEASURED {
            search(turn * (channels / MEASURED).max(1) % channels).await?;
        }
        let processor = milliseconds(team.running.spent_since(&before)? / MEASURED);
        reached.push(Reached { channels, memory: team.running.memory()?, processor });
        (seen, channels) = (channels, channels * 10);
    }
    team.is_content()?;
    Ok(reached)
}
