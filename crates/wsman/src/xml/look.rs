//! A first look at bytes that should be an envelope: what else could they be?

use crate::error::{EnvelopeError, EnvelopeErrorKind, NotXml};

/// Refuses what is no UTF-8 XML text by saying what it looks like.
pub(super) fn checked_text(envelope: &[u8]) -> Result<&str, EnvelopeError> {
    let refuse = |reason, offset| Err(EnvelopeError::new(EnvelopeErrorKind::NotXml(reason), offset));
    if envelope.starts_with(b"\xFF\xFE") || envelope.starts_with(b"\xFE\xFF") || envelope.starts_with(b"<\0")
    {
        return refuse(NotXml::Utf16, 0);
    }
    let bare = envelope.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(envelope).trim_ascii_start();
    match bare.first() {
        None => return refuse(NotXml::Empty, 0),
        Some(0) => return refuse(NotXml::Nul, envelope.len() - bare.len()),
        Some(_) if is_html(bare) => return refuse(NotXml::Html, envelope.len() - bare.len()),
        Some(b'<') => {}
        Some(_) => return refuse(NotXml::Text, envelope.len() - bare.len()),
    }
    match simdutf8::compat::from_utf8(envelope) {
        Ok(text) => Ok(text.strip_prefix('\u{FEFF}').unwrap_or(text)),
        Err(error) => refuse(NotXml::NotUtf8, error.valid_up_to()),
    }
}

/// Looks for `<!DOCTYPE html` or `<html` behind comments and an XML declaration, near the start.
fn is_html(bare: &[u8]) -> bool {
    let head = bare.get(..HTML_HEAD_LEN).unwrap_or(bare).to_ascii_lowercase();
    let mut rest = head.as_slice();
    loop {
        rest = rest.trim_ascii_start();
        if [b"<!doctype html".as_slice(), b"<html", b"<head", b"<body"]
            .iter()
            .any(|tag| rest.starts_with(tag))
        {
            return true;
        }
        let end: &[u8] = match rest {
            rest if rest.starts_with(b"<!--") => b"-->",
            rest if rest.starts_with(b"<?") => b"?>",
            _ => return false,
        };
        match rest.windows(end.len()).position(|window| window == end) {
            Some(position) => rest = rest.get(position + end.len()..).unwrap_or_default(),
            None => return false,
        }
    }
}

const HTML_HEAD_LEN: usize = 4_096;
