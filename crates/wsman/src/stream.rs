//! Stream bytes and their text: the one place where base64 is named.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

/// Appends `bytes` as base64.
pub(crate) fn encode_into(bytes: &[u8], out: &mut String) {
    STANDARD.encode_string(bytes, out);
}

/// Appends the bytes that base64 text stands for; line breaks and blanks between its characters are skipped. `false`, and
/// nothing is appended, when it is no base64.
pub(crate) fn decode_into(text: &str, out: &mut Vec<u8>) -> bool {
    if decode_plain_into(text.as_bytes(), out) {
        return true;
    }
    if !text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return false;
    }
    let joined: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    decode_plain_into(&joined, out)
}

/// As [`decode_into`] for text without line breaks and blanks.
pub(crate) fn decode_plain_into(text: &[u8], out: &mut Vec<u8>) -> bool {
    let len = out.len();
    let decoded = base64_simd::STANDARD.decode_append(text, out).is_ok();
    if !decoded {
        out.truncate(len);
    }
    decoded
}

/// Reads base64 as [`decode_into`] does.
pub(crate) fn decode(text: &str) -> Option<Bytes> {
    let mut bytes = Vec::new();
    decode_into(text, &mut bytes).then(|| Bytes::from(bytes))
}

/// How many bytes fit into `room` characters.
pub(crate) fn bytes_that_fit(room: usize) -> usize {
    (room / 4).saturating_mul(3)
}
