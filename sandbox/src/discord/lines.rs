//! Connections that can be cut.

use std::{io, net::Shutdown, net::TcpStream as Twin, sync::Arc, time::Duration};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};

use super::Shared;

/// Takes connections and keeps a second handle to each, by which it can be cut.
pub(super) struct Door {
    pub(super) listener: TcpListener,
    pub(super) shared: Arc<Shared>,
}

/// The second handle to a connection.
#[derive(Clone, Debug)]
pub(super) struct Line(Option<Arc<Twin>>);

impl Line {
    /// Ends the connection at once, whatever is still to be said.
    pub(super) fn cut(&self) {
        if let Some(twin) = &self.0 {
            // The other end may have gone already.
            drop(twin.shutdown(Shutdown::Both));
        }
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Door {
    async fn open(&self) -> io::Result<(TcpStream, Line)> {
        let (stream, _) = self.listener.accept().await?;
        stream.set_nodelay(true)?;
        let stream = stream.into_std()?;
        let twin = Arc::new(stream.try_clone()?);
        let mut state = self.shared.lock();
        state.lines.retain(|line| line.strong_count() > 0);
        state.lines.push(Arc::downgrade(&twin));
        Ok((TcpStream::from_std(stream)?, Line(Some(twin))))
    }
}

impl Listener for Door {
    type Io = TcpStream;
    type Addr = Line;

    async fn accept(&mut self) -> (TcpStream, Line) {
        loop {
            if let Ok(pair) = self.open().await {
                return pair;
            }
            // The machine may be out of file handles for a moment.
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line(None))
    }
}
