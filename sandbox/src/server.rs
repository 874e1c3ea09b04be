//! What all the servers have in common: taking connections, and HTTP that can cut one instead of
//! answering.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_native_tls::TlsAcceptor;

/// What a connection is read from and written to, whether it is encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Stream for S {}

/// Takes connections, encrypted ones with `tls`, until it is told to stop, which cuts them too.
pub(crate) async fn accept<F: Future<Output = ()> + Send>(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    stop: impl Future<Output = ()>,
    serve: impl Fn(Box<dyn Stream>) -> F + Clone + Send + 'static,
) {
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => if let Ok((stream, _)) = accepted {
                let (tls, serve) = (tls.clone(), serve.clone());
                connections.spawn(async move {
                    // A client that doesn't trust the authority ends the handshake: that is its right.
                    if let Ok(stream) = open(stream, tls).await {
                        serve(stream).await;
                    }
                });
            } else {
                // The machine may be out of file handles for a moment.
                sleep(Duration::from_millis(50)).await;
            },
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn open(stream: TcpStream, tls: Option<TlsAcceptor>) -> io::Result<Box<dyn Stream>> {
    // Without it a small answer may wait for the other end's acknowledgement.
    stream.set_nodelay(true)?;
    Ok(match tls {
        None => Box::new(stream),
        Some(tls) => Box::new(tls.accept(stream).await.map_err(io::Error::other)?),
    })
}

/// The answer is that there is none: hyper closes the connection upon an error of its service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cut;

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is to be cut")
    }
}

impl Error for Cut {}

/// Answers the requests of a connection until it ends.
pub(crate) async fn http<F, B>(stream: Box<dyn Stream>, answer: impl Fn(Request<Incoming>) -> F)
where
    F: Future<Output = Result<Response<B>, Cut>>,
    B: Body<Error: Error + Send + Sync> + 'static,
{
    // An error is a connection that a fault or the client has cut, and nobody is left to be told.
    drop(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(answer)).await);
}
