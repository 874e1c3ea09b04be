//! A line between a program and a server that can go dead: then nothing comes through either way any
//! more, not even an end, and nobody is told.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, split};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What is at its other end.
#[derive(Clone)]
pub(crate) enum Server {
    Address(SocketAddr),
    Socket(PathBuf),
}

/// The line; gone when it is dropped.
pub(crate) struct Line {
    /// Where the program finds the server.
    pub(crate) address: SocketAddr,
    is_dead: watch::Sender<bool>,
    asked: Arc<AtomicU64>,
    _running: JoinSet<()>,
}

impl Line {
    /// A line to this server.
    pub(crate) async fn to(server: Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_dead, watched) = watch::channel(false);
        let asked = Arc::new(AtomicU64::new(0));
        let mut running = JoinSet::new();
        let counted = Arc::clone(&asked);
        running.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (server, watched) = (server.clone(), watched.clone());
                let counted = Arc::clone(&counted);
                connections
                    .spawn(async move { drop(pass_on(stream, server, watched, &counted).await) });
            }
        });
        Self { address, is_dead, asked, _running: running }
    }

    /// Nothing comes through any more.
    pub(crate) fn die(&self) {
        self.is_dead.send_replace(true);
    }

    /// What is on its way, and all that comes, gets through.
    pub(crate) fn revive(&self) {
        self.is_dead.send_replace(false);
    }

    /// How many bytes have come from the program's end.
    pub(crate) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn pass_on(
    stream: TcpStream,
    server: Server,
    is_dead: watch::Receiver<bool>,
    asked: &AtomicU64,
) -> io::Result<()> {
    let (from, to) = split(stream);
    let nobody = AtomicU64::new(0);
    match server {
        Server::Address(address) => {
            let (back, there) = split(TcpStream::connect(address).await?);
            tokio::try_join!(
                copy(from, there, is_dead.clone(), asked),
                copy(back, to, is_dead, &nobody)
            )?;
        }
        Server::Socket(path) => {
            let (back, there) = split(UnixStream::connect(path).await?);
            tokio::try_join!(
                copy(from, there, is_dead.clone(), asked),
                copy(back, to, is_dead, &nobody)
            )?;
        }
    }
    Ok(())
}

/// Fails at the end, so that the other way ends with it.
async fn copy(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut is_dead: watch::Receiver<bool>,
    count: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = from.read(&mut buffer).await;
        if let Ok(bytes) = read {
            count.fetch_add(bytes as u64, Ordering::Relaxed);
        }
        // Nobody revives a line that is dropped.
        if is_dead.wait_for(|is_dead| !is_dead).await.is_err() {
            return Ok(());
        }
        match read? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            bytes => to.write_all(&buffer[..bytes]).await?,
        }
    }
}
