//! A stand-in for Posit Connect: its HTTP API on a real socket of 127.0.0.1.
//!
//! It answers as Connect's published API reference (<https://docs.posit.co/connect/api/>) says,
//! keeps its limits and error codes, and writes down as a *violation* whatever a well-behaved
//! client would never send: an unknown call, parameter or field, a wrong type, a missing header.
//! It refuses only what Connect refuses, so that Connect's own clients get on with it.
//! Where the reference is silent it is as unhelpful as it may be: tickets are used up by any
//! attempt, and `total` of a search counts only the results that are shown.

mod answer;
mod call;
mod faults;
mod options;
mod server;
mod state;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use futures_util::FutureExt;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::{Notify, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_native_tls::TlsAcceptor;
use uuid::Uuid;

pub use faults::{Fault, Route};
pub use options::{Key, Options, Role};
use server::Shared;
use state::State;

use crate::certificate::acceptor;
pub use crate::faults::Times;
use crate::server::{accept, http};

/// The most connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// A group that Connect has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What Connect calls it.
    pub guid: String,
    /// What people call it.
    pub name: String,
    /// Whether it was brought in from LDAP.
    pub from_ldap: bool,
}

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Which call it is (never [`Route::Any`]); `None` if Connect has no such call.
    pub route: Option<Route>,
    /// The HTTP method.
    pub method: String,
    /// The path after `/__api__/`; if it isn't one of the API, the path after that of Connect.
    pub path: String,
    /// The query as it was sent, without the question mark.
    pub query: String,
    /// The query's parameters, decoded, in the order sent. What isn't UTF-8 is replaced.
    pub params: Vec<(String, String)>,
    /// The header `X-Correlation-ID`; empty if it is missing, which is a violation, though Connect
    /// makes one up then.
    pub correlation_id: String,
    /// The body as text.
    pub body: String,
    /// The HTTP status of the answer, once there is one.
    pub status: Option<u16>,
    /// The guid of the group that it brought in, also if nobody learnt of it.
    pub created: Option<String>,
}

/// A running stand-in. Clones are handles of the same one; it stops when the last is dropped.
#[derive(Clone)]
pub struct Connect(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    address: SocketAddr,
    url: String,
    ca: Option<String>,
    tls: Option<TlsAcceptor>,
    run: Mutex<Option<Run>>,
}

enum Run {
    /// Dropping the sender stops the task.
    Up { stop: oneshot::Sender<()>, task: JoinHandle<()> },
    /// A bound socket that doesn't listen: connections are refused, and nobody else gets the port.
    Down(io::Result<TcpSocket>),
}

impl Connect {
    /// Starts it on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// When no port can be bound or, with [`Options::tls`], no certificate be made.
    pub async fn start(options: Options) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (tls, ca) = if options.tls {
            Some(acceptor("Example Private CA", &[])?).unzip()
        } else {
            (None, None)
        };
        let scheme = if options.tls { "https" } else { "http" };
        let base = options.base_path.trim_end_matches('/').to_owned();
        let key = Uuid::new_v4().simple().to_string();
        let shared = Arc::new(Shared {
            state: Mutex::new(State::new(options, &key)),
            base: base.clone(),
            key,
            newer_key: OnceLock::new(),
            arrived: Notify::new(),
            released: Notify::new(),
            changed: watch::Sender::new(()),
        });
        let run = run(listener, tls.clone(), Arc::clone(&shared));
        let url = format!("{scheme}://{address}{base}");
        let run = Mutex::new(Some(run));
        Ok(Self(Arc::new(Inner { shared, address, url, ca, tls, run })))
    }

    /// The server's address as a person would give it, without a trailing slash.
    pub fn url(&self) -> String {
        self.0.url.clone()
    }

    /// The one key that it accepts; any other answers 401 with code 30, none at all code 24.
    pub fn api_key(&self) -> &str {
        &self.0.shared.key
    }

    /// A second key of the same owner, which is accepted beside the first from then on.
    pub fn newer_key(&self) -> &str {
        self.0.shared.newer_key.get_or_init(|| Uuid::new_v4().simple().to_string())
    }

    /// The private authority's certificate as PEM; `None` without [`Options::tls`].
    pub fn ca_pem(&self) -> Option<&str> {
        self.0.ca.as_deref()
    }

    /// The requests since start or [`Connect::clear_requests`], in the order of their arrival.
    pub fn requests(&self) -> Vec<Seen> {
        self.state().seen.iter().map(|(_, seen)| seen.clone()).collect()
    }

    /// Forgets the requests seen so far, and how many of them were under way at once; faults, tickets and violations stay.
    pub fn clear_requests(&self) {
        let mut state = self.state();
        state.seen.clear();
        state.most_at_once = state.under_way;
    }

    /// The most calls that were under way at one moment, from their arrival to their answer, since
    /// start or [`Connect::clear_requests`].
    pub fn most_at_once(&self) -> usize {
        self.state().most_at_once
    }

    /// Every ticket that was ever handed out, in no order: nothing of it may leak.
    pub fn tickets(&self) -> Vec<String> {
        self.state().tickets.keys().cloned().collect()
    }

    /// The name of the group that a ticket stands for, also once it is used or too old.
    pub fn ticket_name(&self, ticket: &str) -> Option<String> {
        self.state().tickets.get(ticket).map(|ticket| ticket.name.clone())
    }

    /// The groups that Connect has, the oldest first.
    pub fn groups(&self) -> Vec<Group> {
        self.state().groups.clone()
    }

    /// The guid of the group of exactly this name.
    pub fn guid_of(&self, name: &str) -> Option<String> {
        self.state().groups.iter().find(|group| group.name == name).map(|group| group.guid.clone())
    }

    /// The names of the groups in LDAP, in the directory's order.
    pub fn ldap_groups(&self) -> Vec<String> {
        self.directory().into_iter().map(|(name, _)| name).collect()
    }

    /// The groups in LDAP, in the directory's order, each with the guid of the group that it became
    /// in Connect.
    pub fn directory(&self) -> Vec<(String, Option<String>)> {
        let state = self.state();
        state.entries.iter().map(|entry| (entry.name.clone(), entry.guid.clone())).collect()
    }

    /// Tells whenever the groups of Connect or of LDAP change.
    pub fn changes(&self) -> watch::Receiver<()> {
        self.0.shared.changed.subscribe()
    }

    /// Adds a group to LDAP that Connect doesn't have yet, also if there is one of its name.
    pub fn add_ldap_group(&self, name: &str) {
        self.change(|state| state.add_entry(name));
    }

    /// Imports the first LDAP group of exactly this name as if it were done in Connect's dashboard,
    /// and returns its guid; if it is imported already, the guid that it has.
    ///
    /// # Panics
    ///
    /// When LDAP has no group of this name.
    pub fn import(&self, name: &str) -> String {
        let guid = self.change(|state| state.import(name));
        guid.unwrap_or_else(|| panic!("LDAP has no group named {name:?} to import"))
    }

    /// Adds a group to Connect that isn't from LDAP, and returns its guid.
    pub fn add_local_group(&self, name: &str) -> String {
        self.change(|state| state.add_group(name, false))
    }

    /// Removes the group of exactly this name from Connect. It stays in LDAP.
    pub fn remove_group(&self, name: &str) {
        self.change(|state| state.remove_group(name));
    }

    /// Makes every ticket handed out so far invalid.
    pub fn expire_tickets(&self) {
        for ticket in self.state().tickets.values_mut() {
            ticket.expires = Instant::now();
        }
    }

    /// Lets a fault strike the calls of a route. Faults for the same calls strike one after the
    /// other, the oldest first.
    ///
    /// # Panics
    ///
    /// When it is an error of Connect's whose text the stand-in doesn't know.
    pub fn fail(&self, route: Route, fault: Fault, times: Times) {
        if let Fault::Error(code) = fault {
            assert!(
                answer::is_known(code),
                "the stand-in has no text for Connect's code {code} yet"
            );
        }
        self.state().faults.push((route, fault, times));
    }

    /// Forgets every fault that hasn't struck yet. Answers that are held stay so.
    pub fn heal(&self) {
        self.state().faults.clear();
    }

    /// Lets go every answer that [`Fault::Hold`] holds.
    pub fn release(&self) {
        self.0.shared.released.notify_waiters();
    }

    /// What the callers did that a well-behaved client wouldn't, in plain words.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Waits until this many requests of the route have arrived since start or
    /// [`Connect::clear_requests`]. Unless a fault forbids it they have been carried out by then,
    /// whether or not they are answered.
    pub async fn wait_for(&self, count: usize, route: Route) {
        loop {
            let arrived = self.0.shared.arrived.notified();
            let seen = self.state().seen.iter().filter(|(_, s)| route.covers(s.route)).count();
            if seen >= count {
                return;
            }
            arrived.await;
        }
    }

    /// Whether it listens.
    pub fn is_up(&self) -> bool {
        matches!(*self.run(), Some(Run::Up { .. }))
    }

    /// Stops listening, so that connections are refused, and cuts those that stand. Does nothing
    /// when it is down already.
    pub async fn go_down(&self) {
        let running = self.run().take();
        let down = match running {
            Some(Run::Up { stop, task }) => {
                drop(stop);
                // The task can't have failed: it ends only when it is told to.
                let _ = task.await;
                Run::Down(park(self.0.address))
            }
            Some(down @ Run::Down(_)) => down,
            None => return,
        };
        *self.run() = Some(down);
    }

    /// Listens again, on the same port. Does nothing when it is up already.
    ///
    /// # Errors
    ///
    /// When the port can't be had again.
    #[expect(clippy::unused_async, reason = "it needs the runtime, as its counterpart does")]
    pub async fn come_up(&self) -> io::Result<()> {
        let mut running = self.run();
        *running = match running.take() {
            Some(Run::Down(socket)) => {
                let listener = socket?.listen(BACKLOG)?;
                Some(run(listener, self.0.tls.clone(), Arc::clone(&self.0.shared)))
            }
            up => up,
        };
        Ok(())
    }

    /// Changes the groups of Connect or of LDAP.
    fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let done = change(&mut self.state());
        self.0.shared.changed.send_replace(());
        done
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.shared.state()
    }

    fn run(&self) -> MutexGuard<'_, Option<Run>> {
        self.0.run.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn run(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) -> Run {
    let (stop, stopped) = oneshot::channel::<()>();
    let task = tokio::spawn(async move {
        let serve = move |stream| {
            let shared = Arc::clone(&shared);
            http(stream, move |request| server::answer(Arc::clone(&shared), request))
        };
        accept(listener, tls, stopped.map(drop), serve).await;
    });
    Run::Up { stop, task }
}

fn park(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    // Connections that were just cut may linger on the port.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}
