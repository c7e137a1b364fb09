//! `application/x-www-form-urlencoded` bodies.

use zeroize::Zeroizing;

use crate::http::{HttpMethod, HttpRequest};

/// A POST of form fields that asks for JSON.
pub(crate) fn post(uri: String, fields: &[(&str, &str)]) -> HttpRequest {
    HttpRequest {
        method: HttpMethod::Post,
        uri,
        headers: vec![
            ("Content-Type", "application/x-www-form-urlencoded".to_owned()),
            ("Accept", "application/json".to_owned()),
        ],
        body: encode(fields),
    }
}

/// Encodes fields in order. Letters, digits and `*-._` stay, a space becomes `+`, all else `%HH`.
///
/// The memory is taken once, so that no copy of a password is left behind by growth.
pub(crate) fn encode(fields: &[(&str, &str)]) -> Zeroizing<Vec<u8>> {
    let most = fields.iter().map(|(name, value)| 3 * (name.len() + value.len()) + 2).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(most));
    for (index, (name, value)) in fields.iter().enumerate() {
        if 0 < index {
            out.push(b'&');
        }
        encode_text(name, &mut out);
        out.push(b'=');
        encode_text(value, &mut out);
    }
    out
}

fn encode_text(text: &str, out: &mut Vec<u8>) {
    const HEX: [u8; 16] = *b"0123456789ABCDEF";
    for &byte in text.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

#[cfg(test)]
mod tests;
