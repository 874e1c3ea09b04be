//! A strict stand-in for an egress proxy: HTTP on loopback, through which alone made-up host names
//! can be reached, and which remembers every byte that was entrusted to it.
//!
//! It connects by CONNECT to port 443 of the hosts that it knows, and to nothing else. Behind each
//! stands a server that speaks TLS with a certificate of [`Proxy::ca_pem`] and passes on what it hears
//! to a stand-in without it.

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy, copy_bidirectional, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::certificate::acceptor;
use crate::server::{Stream, accept};

/// No head of a request is longer.
const MAX_HEAD: usize = 16 * 1024;

/// What becomes of requests for a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// They are carried out.
    Serve,
    /// They get 403.
    Refuse,
    /// They are taken, and never answered.
    Hang,
}

/// A running proxy; it stops when it is dropped.
pub struct Proxy {
    url: String,
    ca: String,
    shared: Arc<Shared>,
    _running: JoinSet<()>,
}

struct Shared {
    /// Where the server of a host listens.
    hosts: Vec<(String, SocketAddr)>,
    state: Mutex<State>,
    asked: Notify,
}

#[derive(Default)]
struct State {
    /// What every request must give as its authorization.
    credentials: Option<String>,
    /// For hosts that aren't served.
    manners: HashMap<String, Manner>,
    requests: Vec<String>,
    seen: Vec<u8>,
}

impl Proxy {
    /// Starts it on a free port of 127.0.0.1. It passes on what is for a host to the address beside
    /// it; with `tls` it is itself an `https://` one.
    ///
    /// # Errors
    ///
    /// When no port can be bound or no certificate be made.
    pub async fn start(hosts: &[(&str, &str)], tls: bool) -> io::Result<Self> {
        let names: Vec<_> = hosts.iter().map(|(host, _)| *host).collect();
        let (acceptor, ca) = acceptor("Example Network CA", &names)?;
        let mut running = JoinSet::new();
        let mut servers = Vec::new();
        for (host, behind) in hosts {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
            servers.push(((*host).to_owned(), listener.local_addr()?));
            let behind = (*behind).to_owned();
            let pass_on = move |stream| pass_on(stream, behind.clone());
            running.spawn(accept(listener, Some(acceptor.clone()), pending(), pass_on));
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let scheme = if tls { "https" } else { "http" };
        let url = format!("{scheme}://{}", listener.local_addr()?);
        let shared =
            Arc::new(Shared { hosts: servers, state: Mutex::default(), asked: Notify::new() });
        let asked = Arc::clone(&shared);
        let serve = move |stream| {
            let asked = Arc::clone(&asked);
            // Whichever end breaks the connection, nobody is left to be told.
            async move { drop(answer(stream, &asked).await) }
        };
        running.spawn(accept(listener, tls.then_some(acceptor), pending(), serve));
        Ok(Self { url, ca, shared, _running: running })
    }

    /// Its address as a person would give it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The certificate of the private authority that the servers behind it have theirs from.
    pub fn ca_pem(&self) -> &str {
        &self.ca
    }

    /// From now on whoever doesn't give this user and password gets 407.
    pub fn demand(&self, user: &str, password: &str) {
        let basic = STANDARD.encode(format!("{user}:{password}"));
        self.shared.state().credentials = Some(format!("Basic {basic}"));
    }

    /// What becomes of requests for this host from now on.
    pub fn set(&self, host: &str, manner: Manner) {
        self.shared.state().manners.insert(host.to_owned(), manner);
    }

    /// The first lines of all requests so far.
    pub fn requests(&self) -> Vec<String> {
        self.shared.state().requests.clone()
    }

    /// Waits until there were so many requests for a host, for as long as it takes.
    pub async fn wait_for(&self, count: usize, host: &str) {
        let wanted = format!("CONNECT {host}:443 HTTP/1.1");
        loop {
            let asked = self.shared.asked.notified();
            if self.requests().iter().filter(|request| **request == wanted).count() >= count {
                return;
            }
            asked.await;
        }
    }

    /// Every byte that came so far, of requests and of what was sent through.
    pub fn seen(&self) -> Vec<u8> {
        self.shared.state().seen.clone()
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where a request may go, or the status that it is refused with; nothing if it isn't answered.
    fn judge(&self, head: &str) -> Option<Result<SocketAddr, u16>> {
        let mut lines = head.lines();
        let first = lines.next().unwrap_or_default();
        let mut state = self.state();
        state.requests.push(first.to_owned());
        self.asked.notify_waiters();
        let target = first.strip_prefix("CONNECT ").and_then(|at| at.strip_suffix(" HTTP/1.1"));
        let Some(target) = target else {
            return Some(Err(501));
        };
        let headers: Vec<_> = lines.filter_map(|line| line.split_once(": ")).collect();
        let has = |name: &str, value: &str| {
            headers.iter().any(|(known, said)| known.eq_ignore_ascii_case(name) && *said == value)
        };
        if !has("host", target) {
            return Some(Err(400));
        }
        let credentials = state.credentials.as_deref();
        if credentials.is_some_and(|wanted| !has("proxy-authorization", wanted)) {
            return Some(Err(407));
        }
        let Some(host) = target.strip_suffix(":443") else {
            return Some(Err(403));
        };
        match state.manners.get(host) {
            None | Some(Manner::Serve) => {}
            Some(Manner::Refuse) => return Some(Err(403)),
            Some(Manner::Hang) => return None,
        }
        let known = self.hosts.iter().find(|(known, _)| known == host);
        Some(known.map(|(_, address)| *address).ok_or(502))
    }
}

async fn answer(mut stream: Box<dyn Stream>, shared: &Shared) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && head.len() < MAX_HEAD {
        head.push(stream.read_u8().await?);
    }
    shared.state().seen.extend(&head);
    let server = match shared.judge(&String::from_utf8_lossy(&head)) {
        Some(Ok(server)) => server,
        Some(Err(status)) => {
            let refusal = format!("HTTP/1.1 {status} Refused\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(refusal.as_bytes()).await?;
            return stream.shutdown().await;
        }
        None => {
            while stream.read(&mut [0; 1024]).await? > 0 {}
            return Ok(());
        }
    };
    let server = TcpStream::connect(server).await?;
    stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    let (mut from, mut to) = split(stream);
    let (mut answers, mut asked) = server.into_split();
    let there = async {
        let mut piece = [0; 4096];
        loop {
            let length = from.read(&mut piece).await?;
            if length == 0 {
                return asked.shutdown().await;
            }
            shared.state().seen.extend(&piece[..length]);
            asked.write_all(&piece[..length]).await?;
        }
    };
    let back = async {
        copy(&mut answers, &mut to).await?;
        to.shutdown().await
    };
    tokio::try_join!(there, back).map(drop)
}

/// Stands in front of a server that doesn't speak TLS.
async fn pass_on(mut stream: Box<dyn Stream>, behind: String) {
    if let Ok(mut server) = TcpStream::connect(behind).await {
        drop(copy_bidirectional(&mut stream, &mut server).await);
    }
}
