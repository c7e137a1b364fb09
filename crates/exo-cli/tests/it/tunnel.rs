//! A proxy that knows CONNECT, and remembers where it led.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub(crate) struct Tunnel {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// `credential` is `user:password` that it wants to be told.
    pub(crate) fn start(credential: Option<&str>) -> Self {
        let wanted = credential.map(|plain| format!("Proxy-Authorization: Basic {}", STANDARD.encode(plain)));
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let tunnel = Self { port: listener.local_addr().unwrap().port(), asked: Arc::default() };
        let asked = Arc::clone(&tunnel.asked);
        // The thread waits for connections until the test's process ends.
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let (asked, wanted) = (Arc::clone(&asked), wanted.clone());
                std::thread::spawn(move || lead(client, &asked, wanted.as_deref()));
            }
        });
        tunnel
    }

    /// Its address, with this user and password in it.
    pub(crate) fn address(&self, credential: Option<&str>) -> String {
        let user = credential.map_or_else(String::new, |credential| format!("{credential}@"));
        format!("http://{user}127.0.0.1:{}", self.port)
    }

    /// Where it led, `host:port` each.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn lead(mut client: TcpStream, asked: &Mutex<Vec<String>>, wanted: Option<&str>) {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        if client.read_exact(&mut byte).is_err() {
            return;
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head);
    let is_told = |wanted: &str| head.lines().any(|line| line.eq_ignore_ascii_case(wanted));
    if !wanted.is_none_or(is_told) {
        // Whoever asked may have gone.
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = client.write_all(refusal.as_bytes());
        return;
    }
    let Some(target) = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()) else { return };
    asked.lock().unwrap().push(target.to_owned());
    let Ok(server) = TcpStream::connect(target) else { return };
    if client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_err() {
        return;
    }
    let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || copy(client_too, server_too));
    copy(server, client);
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    // Either side may break off; then the other one learns it.
    let _ = std::io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
