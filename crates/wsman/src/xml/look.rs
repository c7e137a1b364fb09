//! A first look at bytes that should be an envelope: what else could they be?

use crate::error::{EnvelopeError, EnvelopeErrorKind, NotXml};

/// The envelope without a byte order mark. Refuses what is no XML text by saying what it looks like.
///
/// Whether it is UTF-8 is left to the reader, which checks each piece that it gives: nearly all of an envelope is base64, which
/// is ASCII when it can be decoded.
pub(super) fn text(envelope: &[u8]) -> Result<&[u8], EnvelopeError> {
    let refuse = |reason, offset| Err(EnvelopeError::new(EnvelopeErrorKind::NotXml(reason), offset));
    if envelope.starts_with(b"\xFF\xFE") || envelope.starts_with(b"\xFE\xFF") || envelope.starts_with(b"<\0")
    {
        return refuse(NotXml::Utf16, 0);
    }
    let text = envelope.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(envelope);
    let bare = text.trim_ascii_start();
    match bare.first() {
        None => return refuse(NotXml::Empty, 0),
        Some(0) => return refuse(NotXml::Nul, envelope.len() - bare.len()),
        Some(_) if is_html(bare) => return refuse(NotXml::Html, envelope.len() - bare.len()),
        Some(b'<') => {}
        Some(_) => return refuse(NotXml::Text, envelope.len() - bare.len()),
    }
    Ok(text)
}

/// Says where an envelope is not UTF-8, if it is not.
#[cold]
pub(super) fn not_utf8(envelope: &[u8]) -> Option<EnvelopeError> {
    let error = std::str::from_utf8(envelope).err()?;
    Some(EnvelopeError::new(EnvelopeErrorKind::NotXml(NotXml::NotUtf8), error.valid_up_to()))
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
