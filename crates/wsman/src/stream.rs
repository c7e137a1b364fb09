//! Stream bytes and their text: the one place where base64 is named.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Appends `bytes` as base64.
pub(crate) fn encode_into(bytes: &[u8], out: &mut String) {
    STANDARD.encode_string(bytes, out);
}

/// Reads base64; line breaks and blanks between its characters are skipped.
pub(crate) fn decode(text: &str) -> Option<Bytes> {
    let text = text.trim_ascii();
    if let Ok(bytes) = STANDARD.decode(text) {
        return Some(Bytes::from(bytes));
    }
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return None;
    }
    let joined: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    STANDARD.decode(joined).ok().map(Bytes::from)
}

/// How many bytes fit into `room` characters.
pub(crate) fn bytes_that_fit(room: usize) -> usize {
    (room / 4).saturating_mul(3)
}
