//! A strict stand-in for a load balancer: takes connections on loopback, and passes each on as it is
//! to one of several copies of the bot.
//!
//! Which one is a matter of chance, and of nothing that the connection holds. A copy that refuses a
//! connection is passed over; once one has taken it, nobody else gets it, whatever becomes of it.

use std::future::pending;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::discord::Discord;
use crate::server::{Stream, accept};

/// A running balancer. Clones are the same one; it stops when the last is dropped.
#[derive(Clone)]
pub struct Balancer {
    address: SocketAddr,
    shared: Arc<Shared>,
    _running: Arc<JoinSet<()>>,
}

struct Shared {
    /// What chance comes from.
    seed: u64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    backends: Vec<SocketAddr>,
    connections: u64,
}

impl Balancer {
    /// Starts it on a free port of 127.0.0.1, with nobody behind it yet.
    ///
    /// # Errors
    ///
    /// If no port can be had.
    pub async fn start(seed: u64) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { seed, state: Mutex::default() });
        let passing = Arc::clone(&shared);
        let pass_on = move |stream| {
            let order = passing.order();
            async move { pass_on(stream, order).await }
        };
        let mut running = JoinSet::new();
        running.spawn(accept(listener, None, pending(), pass_on));
        Ok(Self { address, shared, _running: Arc::new(running) })
    }

    /// Where Discord is to send interactions.
    pub fn url(&self) -> String {
        format!("http://{}/interactions", self.address)
    }

    /// The copies that connections go to.
    pub fn backends(&self) -> Vec<SocketAddr> {
        self.shared.state().backends.clone()
    }

    /// Lets connections go to this copy, too. How many there are then.
    pub fn add(&self, backend: SocketAddr) -> usize {
        let mut state = self.shared.state();
        state.backends.push(backend);
        state.backends.len()
    }

    /// Lets no more connections go to this copy. How many are left.
    pub fn remove(&self, backend: SocketAddr) -> usize {
        let mut state = self.shared.state();
        state.backends.retain(|other| *other != backend);
        state.backends.len()
    }

    /// Lets connections go to this copy for as long as it runs. Interactions come once so many copies
    /// are there, until the last is gone.
    ///
    /// # Errors
    ///
    /// If Discord doesn't take the balancer's address.
    pub async fn serve<T>(
        &self,
        discord: &Discord,
        copies: usize,
        backend: SocketAddr,
        runs: impl Future<Output = T>,
    ) -> io::Result<T> {
        if self.add(backend) == copies {
            let set = discord.verify_interactions_endpoint(&self.url()).await;
            set.map_err(io::Error::other)?;
        }
        let ended = runs.await;
        if self.remove(backend) == 0 {
            discord.set_interactions_endpoint(None);
        }
        Ok(ended)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The copies in the order in which the next connection is offered to them.
    fn order(&self) -> Vec<SocketAddr> {
        let mut state = self.state();
        state.connections += 1;
        let chance = |(place, _): &(usize, SocketAddr)| {
            let mut hasher = DefaultHasher::new();
            (self.seed, state.connections, place).hash(&mut hasher);
            hasher.finish()
        };
        let mut order: Vec<_> = state.backends.iter().copied().enumerate().collect();
        order.sort_by_cached_key(chance);
        order.into_iter().map(|(_, backend)| backend).collect()
    }
}

/// A connection that nobody takes is closed.
async fn pass_on(mut stream: Box<dyn Stream>, order: Vec<SocketAddr>) {
    for backend in order {
        if let Ok(mut server) = TcpStream::connect(backend).await {
            // Whichever end breaks the connection, nobody is left to be told.
            drop(server.set_nodelay(true));
            drop(copy_bidirectional(&mut stream, &mut server).await);
            return;
        }
    }
}
