//! What will happen, all of it drawn from the seed before it begins.

use std::time::Duration;

use fastrand::Rng;
use sandbox::connect::{Fault as ConnectFault, Route as ConnectRoute};
use sandbox::discord::{
    CONNECT, ChannelId, Fault as DiscordFault, RANDOM, Route as DiscordRoute, THREAD, Who,
};

/// One life of the bot: what goes wrong in it, and when it is killed.
pub(crate) struct Life {
    /// So long after its start one call meets this.
    pub(crate) troubles: Vec<(Duration, Trouble)>,
    pub(crate) death: Death,
    /// The stories that begin in it.
    pub(crate) stories: Vec<Story>,
}

/// What one call meets.
pub(crate) enum Trouble {
    Connect(ConnectRoute, ConnectFault),
    Discord(DiscordRoute, DiscordFault),
}

/// When the bot is killed.
#[derive(Clone, Copy)]
pub(crate) enum Death {
    /// So long after its start.
    After(Duration),
    /// So long after Connect got a creation.
    Creating(Duration),
    /// So long after Discord got a call of this route.
    Saying(DiscordRoute, Duration),
}

/// What some people do about one group.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) group: String,
    /// What is done about the request is done about the one that the first is told of.
    pub(crate) asks: Vec<Ask>,
    /// What is done about the request, all at once; if nothing, it stays.
    pub(crate) deeds: Vec<(Who, Deed)>,
    /// Whether the first asks again once the request is over without a group.
    pub(crate) asks_again: bool,
    /// What people wait between what they do comes from here.
    pub(crate) rng: Rng,
}

/// Somebody asks for the group.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) who: Who,
    pub(crate) channel: ChannelId,
    /// The group's name as they write it.
    pub(crate) name: String,
}

/// What somebody does about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Approve,
    Deny,
    Cancel,
}

impl Deed {
    /// The state to which it leads.
    pub(crate) fn state(self) -> &'static str {
        match self {
            Self::Approve => "created",
            Self::Deny => "denied",
            Self::Cancel => "cancelled",
        }
    }
}

/// The name of the group that the story of this number is about.
pub(crate) fn group(number: usize) -> String {
    format!("team-{number:05}")
}

/// As many lives as there are kills.
pub(crate) fn lives(kills: usize, rng: &mut Rng) -> Vec<Life> {
    let mut number = 0;
    let mut story = |rng: &mut Rng| {
        number += 1;
        story_of(group(number), rng)
    };
    (0..kills)
        .map(|_| Life {
            troubles: (0..rng.usize(0..6)).map(|_| trouble(rng)).collect(),
            death: death(rng),
            stories: (0..rng.usize(1..=3)).map(|_| story(rng)).collect(),
        })
        .collect()
}

fn millis(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_micros(rng.u64(from * 1000..to * 1000))
}

fn death(rng: &mut Rng) -> Death {
    match rng.u8(0..10) {
        0..4 => Death::After(millis(rng, 20, 400)),
        4..6 => Death::Creating(millis(rng, 0, 30)),
        6 => Death::Saying(DiscordRoute::CreateMessage, millis(rng, 0, 20)),
        7 => Death::Saying(DiscordRoute::EditMessage, millis(rng, 0, 20)),
        8 => Death::Saying(DiscordRoute::Callback, millis(rng, 0, 20)),
        _ => Death::After(millis(rng, 400, 1200)),
    }
}

/// Some at the very start, which find the bot at what its last life left behind.
fn trouble(rng: &mut Rng) -> (Duration, Trouble) {
    let delay = if rng.bool() { Duration::ZERO } else { millis(rng, 0, 500) };
    (delay, if rng.u8(0..5) < 2 { of_connect(rng) } else { of_discord(rng) })
}

fn of_connect(rng: &mut Rng) -> Trouble {
    let route = if rng.bool() { ConnectRoute::CreateGroup } else { ConnectRoute::Search };
    let fault = match rng.u8(0..8) {
        0 | 1 => ConnectFault::Slow(millis(rng, 20, 600)),
        2 => ConnectFault::LostAnswer,
        3 => ConnectFault::Cut,
        4 => ConnectFault::Error(63),
        5 => ConnectFault::Error(1),
        6 => ConnectFault::Html(502),
        _ => ConnectFault::RateLimited { retry_after: rng.bool().then_some(1) },
    };
    Trouble::Connect(route, fault)
}

fn of_discord(rng: &mut Rng) -> Trouble {
    let route = match rng.u8(0..8) {
        0..3 => DiscordRoute::CreateMessage,
        3 | 4 => DiscordRoute::EditMessage,
        5 => DiscordRoute::EditOriginal,
        6 => DiscordRoute::Callback,
        _ => DiscordRoute::GetMessage,
    };
    let fault = match rng.u8(0..6) {
        0 => DiscordFault::Slow(millis(rng, 20, 600)),
        1 | 2 => DiscordFault::LostAnswer,
        3 => DiscordFault::Cut,
        4 => DiscordFault::Status(502),
        _ => DiscordFault::RateLimited { retry_after: 0.2, global: false },
    };
    Trouble::Discord(route, fault)
}

fn story_of(group: String, rng: &mut Rng) -> Story {
    // An admin's request is the other admin's to decide.
    let of_admin = rng.u8(0..6) == 0;
    let mut members = [Who::Member, Who::OtherMember, Who::Guest];
    rng.shuffle(&mut members);
    let first = if of_admin { Who::Admin } else { members[0] };
    let joining = &members[1..=rng.usize(0..3).max(1)];
    let joining = if rng.bool() { joining } else { &[] };
    let asks = [first].iter().chain(joining).map(|who| ask(*who, &group, rng)).collect();
    let mut admins = [Who::SecondAdmin, if of_admin { Who::SecondAdmin } else { Who::Admin }];
    rng.shuffle(&mut admins);
    let mut deeds = match rng.u8(0..20) {
        0 => vec![],
        1..7 => vec![(admins[0], Deed::Approve)],
        7..9 => vec![(admins[0], Deed::Approve); 2],
        9..11 => vec![(admins[0], Deed::Approve), (admins[1], Deed::Approve)],
        11 => vec![(admins[0], Deed::Approve), (admins[1], Deed::Deny)],
        12 => vec![(admins[0], Deed::Approve), (first, Deed::Cancel)],
        13 => vec![(admins[0], Deed::Deny), (first, Deed::Cancel)],
        14..17 => vec![(admins[0], Deed::Deny)],
        17 => vec![(admins[0], Deed::Deny), (admins[1], Deed::Deny)],
        18 => vec![(first, Deed::Cancel)],
        _ => vec![(admins[0], Deed::Cancel)],
    };
    if of_admin && !deeds.is_empty() && rng.bool() {
        // It is their own: it must come to nothing.
        deeds.insert(0, (Who::Admin, Deed::Approve));
    }
    let asks_again = rng.bool();
    Story { group, asks, deeds, asks_again, rng: rng.fork() }
}

fn ask(who: Who, group: &str, rng: &mut Rng) -> Ask {
    let name = if rng.u8(0..3) == 0 { group.to_uppercase() } else { group.to_owned() };
    let channels = [CONNECT, RANDOM, THREAD];
    Ask { who, channel: channels[rng.usize(0..channels.len())], name }
}
