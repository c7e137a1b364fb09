//! A small HTTP/1.1 client over TLS: one connection per request, nothing hidden.

use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine as _;
use exo_lab::Lab;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the answer is JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

/// One request. `Err`: the connection ended before the answer did.
pub(crate) async fn send(
    lab: &Lab,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Result<Answer, String> {
    let host = lab.rest_url().trim_start_matches("https://");
    exchange(lab, &request(host, method, path, headers, body)).await
}

/// The same at another of the lab's hosts, `https://localhost:PORT`.
pub(crate) async fn send_to(
    lab: &Lab,
    host: &str,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Result<Answer, String> {
    let port = host.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    let address = SocketAddr::new(lab.addresses()[0].ip(), port);
    let name = host.trim_start_matches("https://");
    exchange_at(lab, address, &request(name, method, path, headers, body)).await
}

fn request(host: &str, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Vec<u8> {
    let mut request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if let Some(body) = body {
        request.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    let mut bytes = request.into_bytes();
    bytes.extend_from_slice(body.unwrap_or_default());
    bytes
}

/// Sends exactly these bytes and reads one answer.
pub(crate) async fn exchange(lab: &Lab, request: &[u8]) -> Result<Answer, String> {
    exchange_at(lab, lab.addresses()[0], request).await
}

async fn exchange_at(lab: &Lab, address: SocketAddr, request: &[u8]) -> Result<Answer, String> {
    let mut roots = rustls::RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(lab.ca_file()).expect("the file is PEM"))
        .expect("it is a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the provider has protocol versions")
        .with_root_certificates(roots)
        .with_no_client_auth();
    let stream = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let name = ServerName::try_from("localhost").expect("it is a name");
    let mut stream = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
        .map_err(|error| error.to_string())?;
    stream.write_all(request).await.map_err(|error| error.to_string())?;
    let mut answer = Vec::new();
    // A server that closes without a TLS goodbye is judged below by what arrived.
    let end = stream.read_to_end(&mut answer).await;
    let Some(head_len) = answer.windows(4).position(|window| window == b"\r\n\r\n") else {
        return Err(format!("no answer, {end:?}"));
    };
    let head = String::from_utf8_lossy(&answer[..head_len]).into_owned();
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1)?.parse().ok()).expect("a status line");
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let body = answer.split_off(head_len + 4);
    let answer = Answer { status, headers, body };
    let promised = answer.header("content-length").and_then(|len| len.parse::<usize>().ok());
    match promised {
        Some(len) if len != answer.body.len() => Err(format!("{} of {len} bytes arrived", answer.body.len())),
        _ => Ok(answer),
    }
}

/// A form, as a browser or a sign-in library posts it.
pub(crate) async fn post_form(lab: &Lab, path: &str, fields: &[(&str, &str)]) -> Answer {
    let headers = [("Content-Type", "application/x-www-form-urlencoded")];
    send(lab, "POST", path, &headers, Some(query(fields).as_bytes())).await.expect("the lab answers")
}

/// Fields as a query or a form writes them.
pub(crate) fn query(fields: &[(&str, &str)]) -> String {
    let encode = |text: &str| {
        text.bytes()
            .map(|byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => char::from(byte).to_string(),
                _ => format!("%{byte:02X}"),
            })
            .collect::<String>()
    };
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value)));
    pairs.collect::<Vec<String>>().join("&")
}

/// The text of an encoded value.
pub(crate) fn decoded(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match after.split_at_checked(2).filter(|_| *first == b'%') {
            Some((digits, after)) => {
                let digits = std::str::from_utf8(digits).expect("two digits");
                bytes.push(u8::from_str_radix(digits, 16).expect("two digits"));
                after
            }
            None => {
                bytes.push(*first);
                after
            }
        };
    }
    String::from_utf8(bytes).expect("UTF-8")
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}")))
}

/// An access token for the lab's administrator.
pub(crate) async fn access_token(lab: &Lab) -> String {
    let answer = password_grant(lab, &lab.user(), SCOPE, &[]).await;
    answer.json()["access_token"].as_str().expect("a token").to_owned()
}

/// What the token endpoint says to a user of the lab with the right password; `more` are further fields.
pub(crate) async fn password_grant(lab: &Lab, user: &str, scope: &str, more: &[(&str, &str)]) -> Answer {
    let fields = [
        ("grant_type", "password"),
        ("client_id", CLIENT_ID),
        ("username", user),
        ("password", lab.password()),
        ("scope", scope),
    ];
    post_form(lab, TOKEN, &[&fields[..], more].concat()).await
}

pub(crate) const TOKEN: &str = "/organizations/oauth2/v2.0/token";
pub(crate) const SCOPE: &str = "https://outlook.office365.com/.default offline_access openid profile";

pub(crate) const CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";
