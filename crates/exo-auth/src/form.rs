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

/// A GET that asks for JSON.
pub(crate) fn get(uri: String) -> HttpRequest {
    HttpRequest {
        method: HttpMethod::Get,
        uri,
        headers: vec![("Accept", "application/json".to_owned())],
        body: Zeroizing::new(Vec::new()),
    }
}

/// A text as one segment of a path: letters, digits and `-._~` stay, all else is `%HH`.
pub(crate) fn path_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(HEX[usize::from(byte >> 4)]));
            out.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    out
}

/// The fields of a query or form body, decoded: what is no `%HH` stays as it is, what is no UTF-8 is replaced. One of them
/// may be a code.
pub(crate) fn decode(query: &str) -> Vec<(Zeroizing<String>, Zeroizing<String>)> {
    let fields = query.split('&').filter(|field| !field.is_empty());
    fields
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decode_text(name), decode_text(value))
        })
        .collect()
}

fn decode_text(text: &str) -> Zeroizing<String> {
    // Decoding makes nothing longer, so that growing leaves no copy behind.
    let mut out = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match after.split_at_checked(2).and_then(|(hex, after)| Some((hex_byte(hex)?, after))) {
                Some((byte, after)) => {
                    out.push(byte);
                    rest = after;
                }
                None => out.push(byte),
            },
            _ => out.push(byte),
        }
    }
    Zeroizing::new(String::from_utf8_lossy(&out).into_owned())
}

fn hex_byte(hex: &[u8]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let &[high, low] = hex else { return None };
    Some(digit(high)? << 4 | digit(low)?)
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
    for &byte in text.as_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => out.extend([b'%', HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]),
        }
    }
}

const HEX: [u8; 16] = *b"0123456789ABCDEF";

#[cfg(test)]
mod tests;
