//! Loopback sockets, TLS, and one HTTP/1.1 conversation per connection.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::negotiate::Connection;

/// Marks a response that must not be sent: the connection is closed instead.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HangUp;

impl std::fmt::Display for HangUp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is closed on purpose")
    }
}

impl std::error::Error for HangUp {}

/// Binds 127.0.0.1 and, where the machine has it, ::1 on the same port, so that `localhost` works either way.
pub(crate) async fn bind(port: u16) -> io::Result<Vec<TcpListener>> {
    let mut last = None;
    for _ in 0..BIND_ATTEMPTS {
        let v4 = TcpListener::bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).await?;
        let chosen = v4.local_addr()?.port();
        match TcpListener::bind(SocketAddr::new(IpAddr::V6(Ipv6Addr::LOCALHOST), chosen)).await {
            Ok(v6) => return Ok(vec![v4, v6]),
            // Somebody else has that port on ::1: a free port can be chosen again, a wanted one cannot.
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && port == 0 => last = Some(error),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
            Err(_) => return Ok(vec![v4]),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::from(io::ErrorKind::AddrInUse)))
}

/// Serves connections until the future is dropped; its connections end with it.
pub(crate) async fn serve(listener: TcpListener, acceptor: TlsAcceptor, router: Router) {
    let room = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut connections = JoinSet::new();
    loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(_) => {
                // Out of descriptors, most likely: let running connections finish first.
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        connections.spawn(async move {
            converse(stream, acceptor, router).await;
            drop(permit);
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Serves plain HTTP until the future is dropped, as the metadata services of machines do, and Exchange inside a domain.
pub(crate) async fn serve_plain(listener: TcpListener, router: Router) {
    let mut connections = JoinSet::new();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(speak(stream, router.clone(), Connection::new(false)));
            }
            Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
        }
        while connections.try_join_next().is_some() {}
    }
}

/// One connection from the handshake to its end. What goes wrong here is the peer's affair and ends only this connection.
pub(crate) async fn converse(stream: TcpStream, acceptor: TlsAcceptor, router: Router) {
    // Small answers leave at once; without it the slow-drip fault would be gathered into one packet.
    if stream.set_nodelay(true).is_err() {
        return;
    }
    let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE_TIMEOUT, acceptor.accept(stream)).await else {
        return;
    };
    speak(stream, router, Connection::new(true)).await;
}

/// HTTP/1.1 until the peer has enough. Each request knows the connection that it came over.
async fn speak(stream: impl AsyncRead + AsyncWrite + Unpin, router: Router, connection: Connection) {
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let router = router.clone();
        request.extensions_mut().insert(connection.clone());
        async move {
            let Ok(response) = router.call(request).await;
            unless_hung_up(response)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(MAX_HEAD_LEN)
        .serve_connection(TokioIo::new(stream), service);
    drop(connection.await);
}

fn unless_hung_up(response: Response<Body>) -> Result<Response<Body>, HangUp> {
    match response.extensions().get::<HangUp>() {
        Some(hang_up) => Err(*hang_up),
        None => Ok(response),
    }
}

const BIND_ATTEMPTS: u32 = 16;
const MAX_CONNECTIONS: usize = 512;
const MAX_HEAD_LEN: usize = 128 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(15);
/// Longer than a client keeps an idle connection, shorter than for ever.
const HEADER_TIMEOUT: Duration = Duration::from_secs(300);
