//! Writes JSON straight into a buffer, so that a body of many megabytes never becomes a tree.

use psrp::clixml::Text;

/// A text between quotes. PowerShell's texts may hold lone surrogates, which JSON writes as escapes and UTF-8 cannot.
pub(crate) fn push_text(out: &mut Vec<u8>, text: Text<'_>) {
    out.push(b'"');
    match text.as_str() {
        Some(text) => {
            let mut rest = text;
            // Most texts have nothing to escape, and some have megabytes of it.
            while let Some(at) = rest.bytes().position(is_special) {
                let (plain, from) = rest.split_at(at);
                out.extend_from_slice(plain.as_bytes());
                let mut characters = from.chars();
                characters.next().into_iter().for_each(|character| push_char(out, character));
                rest = characters.as_str();
            }
            out.extend_from_slice(rest.as_bytes());
        }
        None => {
            for unit in char::decode_utf16(text.encode_utf16()) {
                match unit {
                    Ok(character) => push_char(out, character),
                    Err(lone) => {
                        out.extend_from_slice(format!("\\u{:04x}", lone.unpaired_surrogate()).as_bytes());
                    }
                }
            }
        }
    }
    out.push(b'"');
}

/// A text between quotes.
pub(crate) fn push_str(out: &mut Vec<u8>, text: &str) {
    push_text(out, Text::from(text));
}

/// Elements with commas between, within `marks`.
pub(crate) fn push_all<T, E>(
    out: &mut Vec<u8>,
    marks: [u8; 2],
    elements: impl Iterator<Item = T>,
    mut push: impl FnMut(&mut Vec<u8>, T) -> Result<(), E>,
) -> Result<(), E> {
    let [open, close] = marks;
    out.push(open);
    for (place, element) in elements.enumerate() {
        if 0 < place {
            out.push(b',');
        }
        push(out, element)?;
    }
    out.push(close);
    Ok(())
}

/// Whether a character that begins with this byte may need an escape.
fn is_special(byte: u8) -> bool {
    matches!(byte, 0..=0x1f | b'"' | b'\\' | 0x7f | 0xe2)
}

fn push_char(out: &mut Vec<u8>, character: char) {
    match character {
        '"' => out.extend_from_slice(b"\\\""),
        '\\' => out.extend_from_slice(b"\\\\"),
        '\n' => out.extend_from_slice(b"\\n"),
        '\r' => out.extend_from_slice(b"\\r"),
        '\t' => out.extend_from_slice(b"\\t"),
        // The two line ends that JSON allows and JavaScript did not.
        '\0'..=' ' | '\u{7f}' | '\u{2028}' | '\u{2029}' if character != ' ' => {
            out.extend_from_slice(format!("\\u{:04x}", u32::from(character)).as_bytes());
        }
        _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
    }
}

/// The marks of an object.
pub(crate) const OBJECT: [u8; 2] = *b"{}";
/// The marks of an array.
pub(crate) const ARRAY: [u8; 2] = *b"[]";
