//! A tenant over a socket that answers as recorded. The tests of the PowerShell module use it too.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value as Json, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::expected::BASE;

/// A token of the recorded user.
pub(super) fn token() -> String {
    let part = |json: Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let claims = json!({
        "aud": BASE, "tid": "11111111-2222-3333-4444-555555555555", "upn": "admin@contoso.onmicrosoft.com",
        "exp": 4_102_444_800_u64
    });
    format!("{}.{}.c2ln", part(json!({"alg": "none"})), part(claims))
}

/// The answer to the question which cmdlets there are.
pub(super) fn cmdlets(module_text: &str) -> Json {
    let files = json!({ "value": [{ "fileName": "x.psm1", "fileContent": module_text }] });
    json!({ "status": 200, "headers": {}, "body": files })
}

/// Reads a request: its head and its body. `None` when nobody wants an answer any more.
pub(super) async fn request(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let len = head.lines().find_map(|line| {
                let (name, value) = line.split_once(": ")?;
                name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
            });
            if len.unwrap_or(0) <= rest.len() {
                return Some((head.to_owned(), bytes.split_off(head.len() + 4)));
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
    }
}

/// A recorded answer as it goes over the wire, the last on its connection; nothing where there was none.
pub(super) fn bytes_of(answer: &Json, base: &str) -> Vec<u8> {
    let Some(status) = answer["status"].as_u64() else {
        return answer["bytes"].as_str().unwrap_or_default().as_bytes().to_vec();
    };
    let body = match (&answer["body"], answer["body_text"].as_str(), answer["body_base64"].as_str()) {
        (Json::Null, Some(text), _) => text.as_bytes().to_vec(),
        (Json::Null, None, Some(text)) => STANDARD.decode(text).unwrap(),
        (Json::Null, None, None) => Vec::new(),
        // Where to go on is said with the service's own address.
        (body, ..) => body.to_string().replace(BASE, base).into_bytes(),
    };
    let mut head = format!("HTTP/1.1 {status} x\r\n");
    for (name, value) in answer["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap();
        head.push_str(&format!("{name}: {}\r\n", value.replace(BASE, base)));
    }
    head.push_str(&format!("Connection: close\r\nContent-Length: {}\r\n\r\n", body.len()));
    [head.into_bytes(), body].concat()
}
