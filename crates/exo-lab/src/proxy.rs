//! An HTTP proxy that leads the names of Microsoft's clouds to this lab, so that scripts run as they are written.
//!
//! It knows CONNECT and nothing else. Who goes through it still checks the lab's certificate for the name that was asked for.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::clouds::{Place, place};
use crate::listener::converse;

/// What the proxy leads to, and whom it serves.
pub(crate) struct Proxy {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) main: Router,
    pub(crate) regional: Router,
    /// User and password that it wants to be told; `None` serves everybody.
    pub(crate) credential: Option<(String, String)>,
}

impl Proxy {
    /// Serves connections until the future is dropped; its connections end with it.
    pub(crate) async fn serve(self, listener: TcpListener) {
        let proxy = Arc::new(self);
        let mut connections = JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            let proxy = Arc::clone(&proxy);
            connections.spawn(async move { proxy.lead(stream).await });
            while connections.try_join_next().is_some() {}
        }
    }

    /// One connection. What goes wrong here is the peer's affair and ends only this connection.
    async fn lead(&self, mut stream: TcpStream) {
        let Ok(Some(head)) = tokio::time::timeout(HEAD_TIMEOUT, read_head(&mut stream)).await else {
            return;
        };
        let (answer, place) = self.answer(&head);
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
        match place {
            Some(Place::Main) => converse(stream, self.acceptor.clone(), self.main.clone()).await,
            Some(Place::Regional) => converse(stream, self.acceptor.clone(), self.regional.clone()).await,
            None => {}
        }
    }

    fn answer(&self, head: &str) -> (&'static str, Option<Place>) {
        if !self.admits(head) {
            return (
                "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"exo-lab\"\r\nContent-Length: 0\r\n\r\n",
                None,
            );
        }
        let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
        match target.and_then(|target| target.strip_suffix(":443")).and_then(place) {
            Some(place) => ("HTTP/1.1 200 Connection established\r\n\r\n", Some(place)),
            None => ("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", None),
        }
    }

    fn admits(&self, head: &str) -> bool {
        let Some((user, password)) = &self.credential else { return true };
        let wanted = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        head.lines()
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| name.eq_ignore_ascii_case("Proxy-Authorization") && value.trim() == wanted)
    }
}

/// The head of a request, up to its empty line; the client says nothing more before it is answered.
async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if MAX_HEAD_LEN < head.len() || stream.read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(head).ok()
}

const MAX_HEAD_LEN: usize = 16 * 1024;
const HEAD_TIMEOUT: Duration = Duration::from_secs(15);
