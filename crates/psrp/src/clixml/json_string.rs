//! CLIXML within a JSON string, as answers of Exchange's REST interface hold it.

use super::scan::Scanner;

/// Reads the JSON string (RFC 8259, section 7) whose text begins at `start`, behind the opening quote: its text out of the
/// escapes, made once and in one pass, and where the JSON behind the closing quote begins. `None` when it is no such
/// string: it does not end, or holds a control character or an escape that there is not.
///
/// Whether the text is UTF-8 is left to the [`Decoder`](super::Decoder), which asks anyhow; no escape mends what is not. A
/// lone surrogate, which JSON can write and UTF-8 cannot, becomes three bytes that are not UTF-8 either, so the decoder
/// refuses it with its offset. PowerShell writes surrogates as `_xD83D_` and not this way.
///
/// The memory taken is that of the JSON from `start` on, at most.
///
/// ```
/// use psrp::clixml::{decode, json_string};
///
/// let answer = br#"{"_clixml":"\u003CS\u003Ea \"b\"\u003C/S\u003E"}"#;
/// let (clixml, behind) = json_string(answer, 12).expect("a string");
/// assert_eq!(clixml, br#"<S>a "b"</S>"#);
/// assert_eq!(answer[behind..], *b"}");
/// assert_eq!(decode(clixml)?.first().and_then(|value| value.as_str()), Some("a \"b\""));
/// # Ok::<(), psrp::clixml::DecodeError>(())
/// ```
pub fn json_string(json: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    read(Scanner::detect(), json, start)
}

fn read(scanner: Scanner, json: &[u8], start: usize) -> Option<(Vec<u8>, usize)> {
    // No escape is shorter than what it stands for, so this is enough and the scanner's windows reach to its end.
    let mut text = vec![0; json.len().checked_sub(start)? + ROOM];
    // INVARIANT: `to` is at most `at - start`.
    let (mut at, mut to) = (start, 0);
    loop {
        let (read, written) = scanner.unescape_json(json.get(at..)?, text.get_mut(to..)?);
        at += read;
        to += written;
        match json.get(at..)? {
            [b'"', ..] => {
                text.truncate(to);
                return Some((text, at + 1));
            }
            [b'\\', b'u', behind @ ..] => {
                let first = unit(behind)?;
                let pair = match behind.get(4..)? {
                    [b'\\', b'u', second @ ..] if (0xD800..0xDC00).contains(&first) => unit(second),
                    _ => None,
                };
                let (code, len) = match pair {
                    Some(second @ 0xDC00..0xE000) => {
                        (0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00), 12)
                    }
                    _ => (first, 6),
                };
                let mut utf8 = [0; 4];
                let character = match char::from_u32(code) {
                    Some(character) => character.encode_utf8(&mut utf8).as_bytes(),
                    None => LONE_SURROGATE,
                };
                text.get_mut(to..to + character.len())?.copy_from_slice(character);
                at += len;
                to += character.len();
            }
            [b'\\', mark, ..] => {
                *text.get_mut(to)? = short(*mark)?;
                at += 2;
                to += 1;
            }
            [plain, ..] if b' ' <= *plain => {
                *text.get_mut(to)? = *plain;
                at += 1;
                to += 1;
            }
            _ => return None,
        }
    }
}

/// Four hexadecimal digits.
fn unit(digits: &[u8]) -> Option<u32> {
    let digits = digits.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | char::from(*digit).to_digit(16)?))
}

/// What an escape of two bytes stands for.
fn short(mark: u8) -> Option<u8> {
    Some(match mark {
        b'"' | b'\\' | b'/' => mark,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        _ => return None,
    })
}

/// Three bytes that no UTF-8 holds.
const LONE_SURROGATE: &[u8] = &[0xED, 0xA0, 0x80];
/// Never written to for good: blocks are copied whole.
const ROOM: usize = 64;

#[cfg(test)]
mod tests;
