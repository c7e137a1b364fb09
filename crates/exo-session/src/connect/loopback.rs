//! The place on this machine to which the browser comes back ([RFC 8252] section 7.3).
//!
//! Anybody on the machine can connect here, so nothing is taken for granted: short requests, a short time for each, few at
//! once, and only the state of the sign-in makes a request the answer.
//!
//! [RFC 8252]: https://www.rfc-editor.org/rfc/rfc8252#section-7.3

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use exo_auth::{AuthError, BrowserSignIn, Landing, Secret, end_page};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::timeout;
use zeroize::Zeroizing;

/// Listens on a free port of `localhost`, in both address families where there are two. Closed when dropped.
pub(crate) struct Loopback {
    v4: Option<TcpListener>,
    v6: Option<TcpListener>,
    port: u16,
}

/// The browser that came back, waiting for its page.
pub(crate) struct Landed {
    stream: TcpStream,
}

impl Loopback {
    pub(crate) async fn bind() -> io::Result<Self> {
        let mut tries = 0;
        loop {
            tries += 1;
            let (v4, v6) = match TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await {
                Ok(v4) => {
                    let port = v4.local_addr()?.port();
                    (Some(v4), TcpListener::bind((Ipv6Addr::LOCALHOST, port)).await)
                }
                // A machine with IPv6 only.
                Err(_) => (None, TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await),
            };
            match (v4, v6) {
                // Somebody else has this port there, and a browser that tries ::1 first would reach them.
                (Some(_), Err(error)) if error.kind() == io::ErrorKind::AddrInUse && tries < MAX_TRIES => {}
                (Some(_), Err(error)) if error.kind() == io::ErrorKind::AddrInUse => return Err(error),
                // No IPv6 here.
                (Some(v4), Err(_)) => {
                    let port = v4.local_addr()?.port();
                    return Ok(Self { v4: Some(v4), v6: None, port });
                }
                (None, Err(error)) => return Err(error),
                (v4, Ok(v6)) => {
                    let port = v6.local_addr()?.port();
                    return Ok(Self { v4, v6: Some(v6), port });
                }
            }
        }
    }

    /// The address for the sign-in page: the name `localhost`, which Entra takes with any port.
    pub(crate) fn redirect_uri(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// Waits until the browser comes back with an answer to `browser`. Then nobody listens any more.
    pub(crate) async fn land(self, browser: &BrowserSignIn) -> (Result<Secret, AuthError>, Landed) {
        // Dropping the set ends what is under way.
        let mut requests: JoinSet<Option<(TcpStream, Zeroizing<String>)>> = JoinSet::new();
        loop {
            tokio::select! {
                Ok((stream, _)) = accept(self.v4.as_ref()), if requests.len() < MAX_REQUESTS => {
                    requests.spawn(request(stream));
                }
                Ok((stream, _)) = accept(self.v6.as_ref()), if requests.len() < MAX_REQUESTS => {
                    requests.spawn(request(stream));
                }
                Some(done) = requests.join_next(), if !requests.is_empty() => {
                    let Ok(Some((stream, target))) = done else { continue };
                    match browser.land(&target) {
                        Landing::Code(code) => return (Ok(code), Landed { stream }),
                        Landing::Failed(error) => return (Err(error), Landed { stream }),
                        Landing::Stray => {
                            requests.spawn(async move {
                                let page = end_page(Err("This address belongs to no sign-in that is under way."));
                                answer(stream, "404 Not Found", &page).await;
                                None
                            });
                        }
                    }
                }
            }
        }
    }
}

impl Landed {
    /// Shows how the sign-in ended.
    pub(crate) async fn show(self, outcome: Result<(), &str>) {
        let status = if outcome.is_ok() { "200 OK" } else { "400 Bad Request" };
        answer(self.stream, status, &end_page(outcome)).await;
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, std::net::SocketAddr)> {
    match listener {
        Some(listener) => loop {
            // A connection that ended before it was taken is no trouble of ours.
            if let Ok(accepted) = listener.accept().await {
                return Ok(accepted);
            }
            tokio::time::sleep(ACCEPT_PAUSE).await;
        },
        None => std::future::pending().await,
    }
}

/// Reads the head of one request; gives the target of a GET. Everything else is told and over.
async fn request(mut stream: TcpStream) -> Option<(TcpStream, Zeroizing<String>)> {
    let head = timeout(REQUEST_LIMIT, head(&mut stream)).await.ok()??;
    let line = std::str::from_utf8(&head).ok().and_then(|head| head.lines().next()).unwrap_or_default();
    let mut words = line.split(' ');
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some("GET"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) if target.starts_with('/') => {
            let target = Zeroizing::new(target.to_owned());
            Some((stream, target))
        }
        _ => {
            answer(stream, "400 Bad Request", &end_page(Err("This request belongs to no sign-in."))).await;
            None
        }
    }
}

/// Reads up to the empty line.
async fn head(stream: &mut TcpStream) -> Option<Zeroizing<Vec<u8>>> {
    let mut head = Zeroizing::new(Vec::with_capacity(MAX_HEAD_LEN));
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut chunk = Zeroizing::new([0; 1024]);
        let room = MAX_HEAD_LEN.checked_sub(head.len()).filter(|room| 0 < *room)?;
        let len = room.min(chunk.len());
        let read = stream.read(chunk.get_mut(..len)?).await.ok()?;
        if read == 0 {
            return None;
        }
        head.extend_from_slice(chunk.get(..read)?);
    }
    Some(head)
}

/// Sends a page and closes. A browser that does not take it is left alone.
async fn answer(mut stream: TcpStream, status: &str, page: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\nX-Content-Type-Options: nosniff\r\n\
         Referrer-Policy: no-referrer\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        page.len()
    );
    let sending = async {
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(page.as_bytes()).await?;
        stream.shutdown().await
    };
    // What the browser shows decides nothing.
    let _ = timeout(REQUEST_LIMIT, sending).await;
}

const MAX_TRIES: u32 = 10;
const MAX_REQUESTS: usize = 32;
/// A code has some thousand characters, and a browser sends its cookies for `localhost`.
const MAX_HEAD_LEN: usize = 64 << 10;
const REQUEST_LIMIT: Duration = Duration::from_secs(10);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests;
