//! The gateway's sessions: what is dispatched to them, and what they missed.

use std::collections::{HashMap, VecDeque};

use serde_json::{Value, json};
use tokio::{
    sync::mpsc::UnboundedSender,
    time::{Duration, Instant},
};
use uuid::Uuid;

use super::{GatewayCounts, Misdeed, Moment, Options, gateway::intent};

/// What a connection is told to do.
pub(super) enum Order {
    /// Send this frame.
    Send(String),
    /// Do what Discord shouldn't, or does now and then.
    Do(Misdeed),
}

/// How many events a session keeps. Who missed more has to begin anew.
const KEPT: usize = 500;

/// How many sessions without a connection are kept. Who comes back later has to begin anew.
const KEPT_SESSIONS: usize = 8;

/// What an IDENTIFY asks for.
#[derive(Clone, Copy)]
pub(super) struct Wishes {
    pub(super) intents: u64,
    /// Its number, and how many there are.
    pub(super) shard: Option<(u64, u64)>,
    /// Whether large frames are to be compressed each by itself.
    pub(super) compress: bool,
}

impl Wishes {
    /// Does the session have what happens in this server, or outside of any?
    /// <https://discord.com/developers/docs/events/gateway#sharding>
    pub(super) fn covers(self, guild: Option<u64>) -> bool {
        let (shard, shards) = self.shard.unwrap_or((0, 1));
        guild.map_or(0, |guild| (guild >> 22) % shards) == shard
    }

    fn has(self, name: &str, data: &Value) -> bool {
        let guild = data["guild_id"].as_str().and_then(|id| id.parse().ok());
        let needed = intent::of(name, guild.is_some());
        self.covers(guild) && (needed == 0 || self.intents & needed != 0)
    }
}

/// A session: it outlives its connection, and keeps what it would miss meanwhile.
struct Session {
    id: String,
    wishes: Wishes,
    sequence: u64,
    /// The latest events, by their numbers.
    log: VecDeque<(u64, String)>,
    /// The connection that serves it now.
    connection: Option<u64>,
}

/// What comes of an IDENTIFY.
pub(super) enum Start {
    /// A session may begin.
    Granted,
    /// Another one has just begun.
    TooSoon,
    /// There were too many today.
    UsedUp,
}

/// What comes of a RESUME.
pub(super) enum Resumption {
    /// The session goes on, with what it asked for.
    Done(Wishes),
    /// There is no such session any more, or it doesn't hold all that was missed.
    Unknown,
    /// It never got so far.
    WrongSequence,
}

/// The gateway as a whole.
#[derive(Default)]
pub(super) struct Gateway {
    pub(super) counts: GatewayCounts,
    /// The intents of the latest IDENTIFY.
    pub(super) intents: Option<u64>,
    pub(super) misdeeds: HashMap<Moment, Misdeed>,
    pub(super) last_start: Option<Instant>,
    day_began: Option<Instant>,
    /// IDENTIFYs since then.
    starts_today: u64,
    sessions: Vec<Session>,
    lines: Vec<(u64, UnboundedSender<Order>)>,
}

impl Gateway {
    pub(super) fn is_ready(&self) -> bool {
        self.sessions.iter().any(|session| session.connection.is_some())
    }

    /// Adds a connection and gives its number.
    pub(super) fn connect(&mut self, line: UnboundedSender<Order>) -> u64 {
        self.counts.connections += 1;
        self.lines.push((self.counts.connections, line));
        self.counts.connections
    }

    /// Forgets a connection; its session stays for a RESUME unless it is said to be over.
    pub(super) fn disconnect(&mut self, connection: u64, session_over: bool) {
        self.lines.retain(|(number, _)| *number != connection);
        if session_over {
            self.sessions.retain(|session| session.connection != Some(connection));
        }
        for session in &mut self.sessions {
            if session.connection == Some(connection) {
                session.connection = None;
            }
        }
    }

    /// Has the connection a session?
    pub(super) fn is_identified(&self, connection: u64) -> bool {
        self.sessions.iter().any(|session| session.connection == Some(connection))
    }

    /// Gives an order to every connection.
    pub(super) fn order_all(&self, order: impl Fn() -> Order) {
        for (_, line) in &self.lines {
            // A connection that has just ended takes no orders.
            drop(line.send(order()));
        }
    }

    /// Lets a connection do, after all that it is still to send, what was asked for at this moment.
    pub(super) fn reach(&self, connection: u64, moment: Moment) {
        if let Some(misdeed) = self.misdeeds.get(&moment) {
            order(&self.lines, connection, Order::Do(*misdeed));
        }
    }

    /// Ends every connected session for good.
    pub(super) fn end_sessions(&mut self) {
        self.sessions.retain(|session| session.connection.is_none());
    }

    /// How many IDENTIFYs came today, and when the next day begins.
    pub(super) fn today(&mut self, day: Duration) -> (u64, Duration) {
        let now = Instant::now();
        let began = *self.day_began.get_or_insert(now);
        let passed = now.duration_since(began);
        if passed < day {
            return (self.starts_today, day.saturating_sub(passed));
        }
        (self.day_began, self.starts_today) = (Some(now), 0);
        (0, day)
    }

    /// Counts an IDENTIFY, and says whether a session may begin.
    pub(super) fn start(&mut self, options: &Options) -> Start {
        let (begun, _) = self.today(options.day);
        self.counts.starts += 1;
        self.starts_today += 1;
        if begun >= options.sessions_a_day {
            return Start::UsedUp;
        }
        if self.last_start.is_some_and(|last| last.elapsed() < options.identify_every) {
            return Start::TooSoon;
        }
        self.last_start = Some(Instant::now());
        Start::Granted
    }

    /// Begins a session on this connection and gives its id.
    pub(super) fn begin(&mut self, connection: u64, wishes: Wishes) -> String {
        let left = self.sessions.iter().filter(|session| session.connection.is_none()).count();
        if left > KEPT_SESSIONS
            && let Some(oldest) = self.sessions.iter().position(|s| s.connection.is_none())
        {
            self.sessions.remove(oldest);
        }
        let id = Uuid::new_v4().simple().to_string();
        self.sessions.push(Session {
            id: id.clone(),
            wishes,
            sequence: 0,
            log: VecDeque::new(),
            connection: Some(connection),
        });
        self.counts.identifies += 1;
        self.count_connected();
        id
    }

    fn count_connected(&mut self) {
        let connected = self.sessions.iter().filter(|session| session.connection.is_some());
        self.counts.at_once = self.counts.at_once.max(connected.count() as u64);
    }

    /// Moves a session to this connection and sends what it missed after the event `seen`.
    pub(super) fn resume(&mut self, id: &str, seen: u64, connection: u64) -> Resumption {
        let Self { sessions, lines, .. } = self;
        let Some(session) = sessions.iter_mut().find(|session| session.id == id) else {
            return Resumption::Unknown;
        };
        match session.sequence.checked_sub(seen) {
            None => return Resumption::WrongSequence,
            Some(missed) if missed > session.log.len() as u64 => return Resumption::Unknown,
            Some(_) => {}
        }
        session.connection = Some(connection);
        for (_, frame) in session.log.iter().filter(|(number, _)| *number > seen) {
            order(lines, connection, Order::Send(frame.clone()));
        }
        let wishes = session.wishes;
        self.counts.resumes += 1;
        self.count_connected();
        Resumption::Done(wishes)
    }

    /// Sends an event to every session that is to have it, and keeps it for those that aren't
    /// connected.
    pub(super) fn dispatch(&mut self, name: &str, data: &Value) {
        let Self { sessions, lines, .. } = self;
        for session in sessions.iter_mut().filter(|session| session.wishes.has(name, data)) {
            push(session, lines, name, data);
        }
    }

    /// Sends an event to this connection's session only.
    pub(super) fn dispatch_to(&mut self, connection: u64, name: &str, data: &Value) {
        let Self { sessions, lines, .. } = self;
        let of = |session: &&mut Session| session.connection == Some(connection);
        if let Some(session) = sessions.iter_mut().find(of) {
            push(session, lines, name, data);
        }
    }
}

fn push(session: &mut Session, lines: &[(u64, UnboundedSender<Order>)], name: &str, data: &Value) {
    session.sequence += 1;
    let frame = json!({"op": 0, "t": name, "s": session.sequence, "d": data}).to_string();
    if let Some(connection) = session.connection {
        order(lines, connection, Order::Send(frame.clone()));
    }
    session.log.push_back((session.sequence, frame));
    if session.log.len() > KEPT {
        session.log.pop_front();
    }
}

fn order(lines: &[(u64, UnboundedSender<Order>)], connection: u64, order: Order) {
    if let Some((_, line)) = lines.iter().find(|(number, _)| *number == connection) {
        // A connection that has just ended misses it, and gets it by RESUME.
        drop(line.send(order));
    }
}
