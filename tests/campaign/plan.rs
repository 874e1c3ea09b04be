//! What will happen, all of it drawn from the seed before it begins.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;
use sandbox::connect::{Fault as ConnectFault, Route as ConnectRoute};
use sandbox::discord::{
    CONNECT, ChannelId, Fault as DiscordFault, RANDOM, Route as DiscordRoute, THREAD, Who,
};

/// One life of the bot, or the time from one death among its copies to the next: what goes wrong in it,
/// and when somebody is killed.
pub(crate) struct Life {
    /// So long after its start one call meets this.
    pub(crate) troubles: Vec<(Duration, Trouble)>,
    pub(crate) shortage: Option<Shortage>,
    pub(crate) death: Death,
    /// Which copies are killed.
    pub(crate) killed: Vec<usize>,
    /// Whether admins create at once with those that it begins with, instead of asking another admin.
    pub(crate) is_direct: bool,
    /// The stories that begin in it.
    pub(crate) stories: Vec<Story>,
}

/// For a while, some time after the bot has come to Discord, the disk takes no more.
#[derive(Clone, Copy)]
pub(crate) struct Shortage {
    pub(crate) delay: Duration,
    pub(crate) lasts: Duration,
    pub(crate) disk: Disk,
}

/// What the disk still takes.
#[derive(Clone, Copy)]
pub(crate) enum Disk {
    /// So many bytes of what is about to be written.
    Full(u64),
    /// Nothing, nor can any other file be made or changed.
    ReadOnly,
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
    /// So long after Connect got this many creations.
    Creating(usize, Duration),
    /// So long after Discord got a call of this route.
    Saying(DiscordRoute, Duration),
}

/// What some people do about a group or several.
#[derive(Clone)]
pub(crate) struct Story {
    /// What is done about the request is done about the one that the first is told of.
    pub(crate) asks: Vec<Ask>,
    /// What is done about the request, all at once; if nothing, it stays.
    pub(crate) deeds: Vec<(Who, Deed)>,
    /// Whether the first searches before they ask.
    pub(crate) searches: bool,
    /// Whether the first asks again once the request is over.
    pub(crate) asks_again: bool,
    /// What people wait between what they do comes from here.
    pub(crate) rng: Rng,
}

/// Somebody asks for groups.
#[derive(Clone)]
pub(crate) struct Ask {
    pub(crate) who: Who,
    pub(crate) channel: ChannelId,
    /// The groups, at least one.
    pub(crate) groups: Vec<String>,
    /// Their names as they are typed.
    pub(crate) text: String,
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

/// From this number on a story is about those who leave, and others join in it.
const LEAVING: u8 = 20;

/// The names of as many groups as the stories of these lives are about.
pub(crate) fn groups(lives: &[Life]) -> BTreeSet<String> {
    let asks = lives.iter().flat_map(|life| &life.stories).flat_map(|story| &story.asks);
    asks.flat_map(|ask| ask.groups.iter().cloned()).collect()
}

/// As many lives as there are kills, of a bot of so many copies.
pub(crate) fn lives(kills: usize, copies: usize, rng: &mut Rng) -> Vec<Life> {
    let mut cast = Cast::default();
    (0..kills)
        .map(|_| Life {
            troubles: (0..rng.usize(0..6)).map(|_| trouble(rng)).collect(),
            shortage: (rng.u8(0..3) == 0).then(|| shortage(rng)),
            death: death(copies, rng),
            killed: killed(copies, rng),
            is_direct: rng.bool(),
            stories: (0..rng.usize(1..=3)).map(|_| story(&mut cast, rng)).collect(),
        })
        .collect()
}

/// The groups that stories are about.
#[derive(Default)]
struct Cast {
    /// How many there are.
    count: usize,
    /// Those of the latest story about several.
    latest: Vec<String>,
}

impl Cast {
    /// Groups for a story, at least this many. They are its own, except that some stories about
    /// several have one of another's among them.
    fn draw(&mut self, least: usize, rng: &mut Rng) -> Vec<String> {
        let wanted = match rng.u8(0..10) {
            0..5 => 1,
            5 => 2,
            _ => rng.usize(3..=6),
        };
        let mut groups = Vec::new();
        for _ in 0..wanted.max(least) {
            self.count += 1;
            groups.push(format!("team-{:05}", self.count));
        }
        if groups.len() > 1 {
            let earlier = std::mem::replace(&mut self.latest, groups.clone());
            if rng.u8(0..4) == 0
                && let Some(other) = rng.choice(earlier)
            {
                groups.insert(rng.usize(0..=groups.len()), other);
            }
        }
        groups
    }
}

fn millis(rng: &mut Rng, from: u64, to: u64) -> Duration {
    Duration::from_micros(rng.u64(from * 1000..to * 1000))
}

fn shortage(rng: &mut Rng) -> Shortage {
    // A page and what stands before it in the log take 4120 bytes: some of them fit.
    let disk = if rng.bool() { Disk::Full(rng.u64(0..30_000)) } else { Disk::ReadOnly };
    Shortage { delay: millis(rng, 0, 200), lasts: millis(rng, 20, 400), disk }
}

/// Most often one, and now and then all at once.
fn killed(copies: usize, rng: &mut Rng) -> Vec<usize> {
    let count = match rng.u8(0..10) {
        0..7 => 1,
        7..9 => 2,
        _ => copies,
    };
    rng.choose_multiple(0..copies, count)
}

fn death(copies: usize, rng: &mut Rng) -> Death {
    // Copies take over from each other only if they live for long enough.
    if copies > 1 && rng.u8(0..4) == 0 {
        return Death::After(millis(rng, 1000, 12_000));
    }
    match rng.u8(0..10) {
        0..2 => Death::After(millis(rng, 20, 400)),
        2..6 => {
            // Soon enough to come between two groups of a batch, or between a creation and what is
            // written down of it.
            let most = if rng.bool() { 4 } else { 30 };
            let count = rng.usize(1..=6);
            Death::Creating(rng.usize(1..=count), millis(rng, 0, most))
        }
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

fn story(cast: &mut Cast, rng: &mut Rng) -> Story {
    // An admin's request is the other admin's to decide. An admin wants several groups, or it might
    // be created at once, and nobody would be told of a request.
    let of_admin = rng.u8(0..4) == 0;
    let groups = cast.draw(if of_admin { 2 } else { 1 }, rng);
    let mut members = [Who::Member, Who::OtherMember, Who::Guest];
    rng.shuffle(&mut members);
    let first = if of_admin { Who::Admin } else { members[0] };
    let joining = &members[1..=rng.usize(0..3).max(1)];
    let what = rng.u8(0..25);
    let joining = if rng.bool() || what >= LEAVING { joining } else { &[] };
    let mut asks = vec![ask(first, groups.clone(), rng)];
    for who in joining {
        let mut groups = groups.clone();
        if rng.u8(0..3) == 0 {
            groups.truncate(rng.usize(1..=groups.len()));
        }
        asks.push(ask(*who, groups, rng));
    }
    let mut admins = [Who::SecondAdmin, if of_admin { Who::SecondAdmin } else { Who::Admin }];
    rng.shuffle(&mut admins);
    let joined = members[1];
    let mut deeds = match what {
        0 => vec![],
        1..7 => vec![(admins[0], Deed::Approve)],
        7..9 => vec![(admins[0], Deed::Approve); 2],
        9..11 => vec![(admins[0], Deed::Approve), (admins[1], Deed::Approve)],
        11 => vec![(admins[0], Deed::Approve), (admins[1], Deed::Deny)],
        12 => vec![(admins[0], Deed::Approve), (first, Deed::Cancel)],
        13 => vec![(admins[0], Deed::Deny), (first, Deed::Cancel)],
        14..17 => vec![(admins[0], Deed::Deny)],
        17 => vec![(admins[0], Deed::Deny), (admins[1], Deed::Deny)],
        18 | LEAVING => vec![(first, Deed::Cancel)],
        19 => vec![(admins[0], Deed::Cancel)],
        21 => vec![(joined, Deed::Cancel)],
        22 => vec![(first, Deed::Cancel), (joined, Deed::Cancel)],
        23 => vec![(admins[0], Deed::Approve), (first, Deed::Cancel), (joined, Deed::Cancel)],
        _ => vec![(admins[0], Deed::Deny), (first, Deed::Cancel)],
    };
    if of_admin && !deeds.is_empty() && rng.bool() {
        // It is their own: it must come to nothing.
        deeds.insert(0, (Who::Admin, Deed::Approve));
    }
    let asks_again = rng.bool();
    let searches = rng.u8(0..3) == 0;
    Story { asks, deeds, searches, asks_again, rng: rng.fork() }
}

fn ask(who: Who, groups: Vec<String>, rng: &mut Rng) -> Ask {
    let channels = [CONNECT, RANDOM, THREAD];
    let channel = channels[rng.usize(0..channels.len())];
    let mut names: Vec<_> = groups.iter().map(|group| written(group, rng)).collect();
    if names.len() > 1 && rng.u8(0..8) == 0 {
        names.push(written(&groups[0], rng));
    }
    let text = names.join(if rng.bool() { ", " } else { "," });
    Ask { who, channel, groups, text }
}

/// As somebody may write it who knows it by hearsay.
fn written(group: &str, rng: &mut Rng) -> String {
    if rng.u8(0..3) == 0 { group.to_uppercase() } else { group.to_owned() }
}
