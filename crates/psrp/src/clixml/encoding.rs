//! Files to UTF-8: what `Export-Clixml` writes and what people save.

use bytes::Bytes;

use super::error::{DecodeError, DecodeErrorKind};

/// Brings a CLIXML file to UTF-8 for [`decode`](super::decode): UTF-8 and UTF-16 of either byte order, each with or
/// without byte order mark. Without one, the zero bytes around the first character tell.
///
/// UTF-8 is handed on as it is; UTF-16 is copied. Offsets in later errors count in the result.
///
/// # Errors
/// [`DecodeErrorKind::Utf`] when the bytes are not text of the encoding they seem to have.
pub fn utf8_document(file: Vec<u8>) -> Result<Bytes, DecodeError> {
    let unit: fn([u8; 2]) -> u16 = match file.as_slice() {
        [0xFF, 0xFE, ..] | [b'<' | b' ' | b'\r' | b'\n' | b'\t', 0, ..] => u16::from_le_bytes,
        [0xFE, 0xFF, ..] | [0, b'<' | b' ' | b'\r' | b'\n' | b'\t', ..] => u16::from_be_bytes,
        bytes => {
            let start = if bytes.starts_with(UTF8_MARK) { UTF8_MARK.len() } else { 0 };
            return match std::str::from_utf8(bytes) {
                Ok(_) => Ok(Bytes::from(file).slice(start..)),
                Err(error) => Err(DecodeError::new(DecodeErrorKind::Utf, error.valid_up_to())),
            };
        }
    };
    let (pairs, odd) = file.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(DecodeError::new(DecodeErrorKind::Utf, file.len() - 1));
    }
    let mut text = String::with_capacity(file.len());
    let mut offset = 0;
    for decoded in char::decode_utf16(pairs.iter().map(|pair| unit(*pair))) {
        match decoded {
            Ok('\u{FEFF}') if offset == 0 => offset += 2,
            Ok(c) => {
                text.push(c);
                offset += c.len_utf16() * 2;
            }
            Err(_) => return Err(DecodeError::new(DecodeErrorKind::Utf, offset)),
        }
    }
    Ok(Bytes::from(text))
}

const UTF8_MARK: &[u8] = b"\xEF\xBB\xBF";
