//! The gateway's sessions: what is dispatched to them, and what they missed.

use std::collections::VecDeque;

use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;
use uuid::Uuid;

/// What a connection is told to do.
pub(super) enum Order {
    /// Send this frame.
    Send(String),
    /// Close with this code, or without one.
    Close(Option<u16>),
    /// Cut the connection without a word.
    Cut,
}

/// How many events a session keeps. Who missed more has to begin anew.
const KEPT: usize = 500;

/// How many sessions without a connection are kept. Who comes back later has to begin anew.
const KEPT_SESSIONS: usize = 8;

/// A session: it outlives its connection, and keeps what it would miss meanwhile.
pub(super) struct Session {
    pub(super) id: String,
    sequence: u64,
    /// The latest events, by their numbers.
    log: VecDeque<(u64, String)>,
    /// The connection that serves it now.
    pub(super) connection: Option<u64>,
}

/// The gateway as a whole.
#[derive(Default)]
pub(super) struct Gateway {
    pub(super) identifies: u64,
    pub(super) resumes: u64,
    pub(super) connections: u64,
    /// The intents of the latest IDENTIFY.
    pub(super) intents: Option<u64>,
    pub(super) hang_handshake: bool,
    /// Connections whose handshake was left hanging.
    pub(super) hung: u64,
    pub(super) refuse: bool,
    pub(super) mute_acks: bool,
    sessions: Vec<Session>,
    lines: Vec<(u64, UnboundedSender<Order>)>,
}

impl Gateway {
    pub(super) fn is_ready(&self) -> bool {
        self.sessions.iter().any(|session| session.connection.is_some())
    }

    /// Adds a connection and gives its number.
    pub(super) fn connect(&mut self, line: UnboundedSender<Order>) -> u64 {
        self.connections += 1;
        self.lines.push((self.connections, line));
        self.connections
    }

    /// Forgets a connection; its session stays for a RESUME unless it is said to be over.
    pub(super) fn disconnect(&mut self, connection: u64, session_over: bool) {
        self.lines.retain(|(number, _)| *number != connection);
        if session_over {
            self.end_session(connection);
        }
        for session in &mut self.sessions {
            if session.connection == Some(connection) {
                session.connection = None;
            }
        }
    }

    pub(super) fn end_session(&mut self, connection: u64) {
        self.sessions.retain(|session| session.connection != Some(connection));
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

    /// Ends every connected session for good.
    pub(super) fn end_sessions(&mut self) {
        self.sessions.retain(|session| session.connection.is_none());
    }

    /// Begins a session on this connection and gives its id.
    pub(super) fn begin(&mut self, connection: u64) -> String {
        let left = self.sessions.iter().filter(|session| session.connection.is_none()).count();
        if left > KEPT_SESSIONS
            && let Some(oldest) = self.sessions.iter().position(|s| s.connection.is_none())
        {
            self.sessions.remove(oldest);
        }
        let id = Uuid::new_v4().simple().to_string();
        self.sessions.push(Session {
            id: id.clone(),
            sequence: 0,
            log: VecDeque::new(),
            connection: Some(connection),
        });
        id
    }

    /// Moves a session to this connection and sends what it missed. `false` if there is none, it
    /// never got so far, or it doesn't hold all of that any more.
    pub(super) fn resume(&mut self, id: &str, seen: u64, connection: u64) -> bool {
        let Self { sessions, lines, .. } = self;
        let found = sessions.iter_mut().find(|session| session.id == id);
        let whole = |session: &&mut Session| {
            let missed = session.sequence.checked_sub(seen);
            missed.is_some_and(|missed| missed <= session.log.len() as u64)
        };
        let Some(session) = found.filter(whole) else {
            return false;
        };
        session.connection = Some(connection);
        for (_, frame) in session.log.iter().filter(|(number, _)| *number > seen) {
            send(lines, connection, frame);
        }
        self.resumes += 1;
        true
    }

    /// Sends an event to every session, and keeps it for those that aren't connected.
    pub(super) fn dispatch(&mut self, name: &str, data: &Value) {
        let Self { sessions, lines, .. } = self;
        for session in sessions {
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
        send(lines, connection, &frame);
    }
    session.log.push_back((session.sequence, frame));
    if session.log.len() > KEPT {
        session.log.pop_front();
    }
}

fn send(lines: &[(u64, UnboundedSender<Order>)], connection: u64, frame: &str) {
    if let Some((_, line)) = lines.iter().find(|(number, _)| *number == connection) {
        // A connection that has just ended misses it, and gets it by RESUME.
        drop(line.send(Order::Send(frame.to_owned())));
    }
}
