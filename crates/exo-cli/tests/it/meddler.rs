//! Somebody between client and server, who reads along and changes what they say.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What is done to the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Changes a byte of the encrypted part of the answer with this number.
    SealedAnswer(usize),
    /// Replaces the sealed answer with this number by an envelope that anybody can read.
    PlainAnswer(usize),
    /// Changes a byte of the encrypted part of the request with this number.
    SealedRequest(usize),
    /// Changes the server's proof of who it is.
    Proof,
    /// Takes the server's proof away.
    NoProof,
    /// Closes the connection behind each sealed answer.
    CloseAfterEachSealedAnswer,
}

/// Listens, and passes everything on to the server.
pub(crate) struct Meddler {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    server: String,
    place: Option<Place>,
    seen: Mutex<Vec<u8>>,
    connections: AtomicUsize,
    requests: AtomicUsize,
    answers: AtomicUsize,
    meddled: AtomicUsize,
}

impl Meddler {
    /// `url` is that of the server: `http://localhost:PORT/powershell/`.
    pub(crate) fn start(url: &str, place: Option<Place>) -> Self {
        Self::start_at(IpAddr::V4(Ipv4Addr::LOCALHOST), url, place)
    }

    /// The same at another address of this machine.
    pub(crate) fn start_at(ip: IpAddr, url: &str, place: Option<Place>) -> Self {
        let port = url.rsplit(':').next().unwrap().split('/').next().unwrap();
        let listener = TcpListener::bind((ip, 0)).unwrap();
        let shared = Arc::new(Shared {
            server: format!("127.0.0.1:{port}"),
            place,
            seen: Mutex::default(),
            connections: AtomicUsize::new(0),
            requests: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            meddled: AtomicUsize::new(0),
        });
        let meddler = Self { address: listener.local_addr().unwrap(), shared: Arc::clone(&shared) };
        // The thread waits for connections until the test's process ends.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || pass(client, &shared));
            }
        });
        meddler
    }

    pub(crate) fn url(&self) -> String {
        if self.address.ip().is_loopback() {
            return format!("http://localhost:{}/powershell/", self.address.port());
        }
        format!("http://{}/powershell/", self.address)
    }

    /// All that went by, in both directions.
    pub(crate) fn seen(&self) -> Vec<u8> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn has_meddled(&self) -> bool {
        self.shared.meddled.load(Ordering::Relaxed) != 0
    }
}

/// One connection: a request, its answer, the next request.
fn pass(mut client: TcpStream, shared: &Shared) {
    shared.connections.fetch_add(1, Ordering::Relaxed);
    let Ok(mut server) = TcpStream::connect(&shared.server) else { return };
    while let Some(mut request) = message(&mut client) {
        shared.seen.lock().unwrap().extend_from_slice(&request);
        if find(&request, SEALED).is_some() {
            let number = shared.requests.fetch_add(1, Ordering::Relaxed);
            if shared.place == Some(Place::SealedRequest(number)) {
                flip(&mut request, shared);
            }
        }
        if server.write_all(&request).is_err() {
            break;
        }
        let Some(mut answer) = message(&mut server) else { break };
        shared.seen.lock().unwrap().extend_from_slice(&answer);
        let is_sealed = find(&answer, SEALED).is_some();
        if is_sealed {
            let number = shared.answers.fetch_add(1, Ordering::Relaxed);
            if shared.place == Some(Place::SealedAnswer(number)) {
                flip(&mut answer, shared);
            }
            if shared.place == Some(Place::PlainAnswer(number)) {
                answer = PLAIN.to_vec();
                shared.meddled.fetch_add(1, Ordering::Relaxed);
            }
        }
        if matches!(shared.place, Some(Place::Proof | Place::NoProof)) && answer.starts_with(b"HTTP/1.1 200")
        {
            hide_proof(&mut answer, shared);
        }
        if client.write_all(&answer).is_err() {
            break;
        }
        if is_sealed && shared.place == Some(Place::CloseAfterEachSealedAnswer) {
            break;
        }
    }
    // Either side may have closed already.
    let _ = client.shutdown(Shutdown::Both);
    let _ = server.shutdown(Shutdown::Both);
}

/// Head and body of the next message; the server and the client both say its length.
fn message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        bytes.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&bytes).to_ascii_lowercase();
    let len = head.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap_or("0");
    let mut body = vec![0; len.parse().ok()?];
    stream.read_exact(&mut body).ok()?;
    bytes.extend_from_slice(&body);
    Some(bytes)
}

/// One bit, behind the header of the encrypted part.
fn flip(message: &mut [u8], shared: &Shared) {
    let at = find(message, SEALED).unwrap() + SEALED.len() + 100;
    message[at] ^= 1;
    shared.meddled.fetch_add(1, Ordering::Relaxed);
}

/// The token of `WWW-Authenticate: Kerberos TOKEN` in an answer that lets the client in.
fn hide_proof(answer: &mut [u8], shared: &Shared) {
    let Some(at) = find(answer, b"authenticate: Kerberos ") else { return };
    let token = at + b"authenticate: Kerberos ".len();
    if shared.place == Some(Place::Proof) {
        let end = token + find(&answer[token..], b"\r\n").unwrap();
        // Far from the frame of the token, in what is encrypted.
        let middle = token + (end - token) * 3 / 4;
        answer[middle] = if answer[middle] == b'A' { b'B' } else { b'A' };
    } else {
        // The name of the field, so that it is another one.
        answer[at] = b'b';
    }
    shared.meddled.fetch_add(1, Ordering::Relaxed);
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

/// What is before the length of the encrypted part's header.
const SEALED: &[u8] = b"\tContent-Type: application/octet-stream\r\n";
const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/soap+xml;charset=UTF-8\r\ncontent-length: 12\r\n\r\n<s:Envelope>";
