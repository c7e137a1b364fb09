//! Answers of the service: status, headers, JSON text.

use std::io::Write as _;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::cookie;

/// One answer before it is packed for the wire.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// Beside the ones that every answer has, in the service's spelling.
    pub(super) headers: Vec<(&'static str, String)>,
    /// JSON text.
    pub(super) body: Bytes,
}

impl Answer {
    pub(super) fn ok(body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.into() }
    }

    /// An error of the service itself, in words.
    pub(super) fn refusal(status: u16, code: &str, message: &str) -> Self {
        let body = json!({
            "error": {
                "code": code,
                "message": message,
                "details": [{ "code": "0", "target": "", "message": message }],
            }
        });
        Self { status, headers: Vec::new(), body: body.to_string().into() }
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::refusal(400, "BadRequest", message)
    }

    /// JSON without details, as the compliance service refuses.
    pub(super) fn forbidden() -> Self {
        let body = json!({ "error": { "code": "Forbidden", "message": "Forbidden" } });
        Self { status: 403, headers: Vec::new(), body: body.to_string().into() }
    }

    pub(super) fn not_found(path: &str) -> Self {
        let message = format!("No HTTP resource was found that matches the request path '{path}'.");
        Self::refusal(404, "NotFound", &message)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::refusal(405, "MethodNotAllowed", "The requested resource does not support this HTTP method.")
    }

    pub(super) fn with_header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The body as a value, to be put into another one.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    pub(super) fn into_response(self, accepts_gzip: bool) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE));
        let mut packed = None;
        if accepts_gzip && MIN_PACKED_LEN <= self.body.len() {
            packed = gzip(&self.body);
        }
        if packed.is_some() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        standard_headers(headers);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&value))
            {
                headers.insert(name, value);
            }
        }
        *response.body_mut() = packed.map_or_else(|| Body::from(self.body), Body::from);
        response
    }
}

/// What every answer has: which server, which request, how much more may be asked, and the way back to the same server.
pub(super) fn standard_headers(headers: &mut HeaderMap) {
    for (name, value) in [
        ("x-calculatedbetarget", BACK_END.to_owned()),
        ("request-id", Uuid::new_v4().to_string()),
        ("rate-limit-limit", "1000".to_owned()),
        ("rate-limit-remaining", "999".to_owned()),
        ("rate-limit-reset", "60".to_owned()),
    ] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    let affinity = URL_SAFE_NO_PAD.encode(BACK_END);
    cookie::give(headers, &format!("X-BackEndCookie={affinity}; path=/; secure; HttpOnly"));
}

/// Whether the client takes gzip.
pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let codings =
        headers.get_all(header::ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let mut codings = codings.flat_map(|value| value.split(','));
    codings.any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
        name.trim().eq_ignore_ascii_case("gzip") && weight.trim() != "q=0"
    })
}

fn gzip(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

/// Appends `text` as a JSON string the way the service writes it: markup, quotes and everything beyond ASCII as `\uXXXX`.
pub(super) fn push_escaped(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text;
    loop {
        let plain = rest.bytes().take_while(|byte| is_plain(*byte)).count();
        let Some((run, after)) = rest.split_at_checked(plain) else { break };
        out.extend_from_slice(run.as_bytes());
        let mut characters = after.chars();
        let Some(character) = characters.next() else { break };
        rest = characters.as_str();
        match character {
            '<' => out.extend_from_slice(b"\\u003C"),
            '>' => out.extend_from_slice(b"\\u003E"),
            '"' => out.extend_from_slice(b"\\u0022"),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to memory does not fail.
                    drop(write!(out, "\\u{unit:04X}"));
                }
            }
        }
    }
    out.push(b'"');
}

/// What stands for itself in a string: printable ASCII but for markup, quotes, the backslash, `+` and the backtick.
fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~') && !matches!(byte, b'<' | b'>' | b'&' | b'"' | b'\'' | b'+' | b'`' | b'\\')
}

/// The server that answers.
pub(super) const BACK_END: &str = "AM0PR05MB0001.eurprd05.prod.outlook.com";
const CONTENT_TYPE: &str = "application/json; odata.metadata=minimal; odata.streaming=true; charset=utf-8";
const MIN_PACKED_LEN: usize = 1_024;
