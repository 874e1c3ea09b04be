//! What goes wrong on demand.

use std::time::Duration;

use serde_json::json;

use super::{
    quota::{self, Scope},
    replies::Answer,
    routes::Route,
};

/// A trouble that the next requests of a route meet.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// 429, with the wait in seconds in the body and, rounded up, in `Retry-After`. Not carried out.
    RateLimited {
        /// The seconds to wait.
        retry_after: f64,
        /// Whether the limit is the bot's global one rather than the route's.
        global: bool,
    },
    /// Any status, with an HTML body as a proxy in front of Discord writes it. Not carried out.
    Status(u16),
    /// 403 with this code of Discord's, say 50001 or 50013. Not carried out.
    Forbidden(u64),
    /// The connection is cut. Not carried out.
    Cut,
    /// The request is carried out, then the connection is cut instead of an answer.
    LostAnswer,
    /// The request waits this long, then it is carried out.
    Slow(Duration),
    /// The beginning of a JSON text, and then spaces. Not carried out.
    Flood {
        /// The HTTP status.
        status: u16,
        /// How many bytes the body has, which it announces; `None` for a body that never ends.
        length: Option<u64>,
    },
}

/// How many requests meet a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Times {
    /// The next one.
    Once,
    /// The next few.
    Next(u32),
    /// Every one until the faults are cleared.
    Always,
}

/// The faults that are to come, oldest first.
#[derive(Default)]
pub(super) struct Faults(Vec<(Option<Route>, Fault, Times)>);

impl Faults {
    pub(super) fn add(&mut self, route: Option<Route>, fault: Fault, times: Times) {
        self.0.push((route, fault, times));
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// The fault that this request meets, counted as met.
    pub(super) fn take(&mut self, route: Option<Route>) -> Option<Fault> {
        let due = |of: &Option<Route>| of.is_none() || *of == route;
        let at = self.0.iter().position(|(of, _, _)| due(of))?;
        let (_, fault, times) = &mut self.0[at];
        let fault = fault.clone();
        match times {
            Times::Always => {}
            Times::Next(left) if *left > 1 => *left -= 1,
            Times::Next(_) | Times::Once => {
                self.0.remove(at);
            }
        }
        Some(fault)
    }
}

/// The answer of a fault that answers in place of Discord.
pub(super) fn answer(fault: &Fault) -> Option<Answer> {
    match fault {
        Fault::RateLimited { retry_after, global } => {
            let scope = if *global { Scope::Global } else { Scope::User };
            Some(quota::limited(Vec::new(), scope, Duration::from_secs_f64(*retry_after)))
        }
        Fault::Status(status) => Some(Answer::html(*status)),
        Fault::Forbidden(code) => {
            let message = match code {
                50001 => "Missing Access",
                50007 => "Cannot send messages to this user",
                50013 => "Missing Permissions",
                _ => "Forbidden",
            };
            Some(Answer::json(403, json!({"message": message, "code": code})))
        }
        Fault::Cut | Fault::LostAnswer | Fault::Slow(_) | Fault::Flood { .. } => None,
    }
}
