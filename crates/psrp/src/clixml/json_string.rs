//! CLIXML within a JSON string, as answers of Exchange's REST interface hold it.

use std::ops::Range;

use super::scan::Unescaper;

/// Brings the JSON string (RFC 8259, section 7) whose text begins at `start`, behind the opening quote, out of its escapes,
/// in its own place and in one pass. Gives back where the text is now and where the JSON behind the closing quote begins;
/// what lies between the two is of no use any more.
///
/// Whether the text is UTF-8 is left to the [`Decoder`](super::Decoder), which asks anyhow; no escape mends what is not. A
/// lone surrogate, which JSON can write and UTF-8 cannot, becomes three bytes that are not UTF-8 either, so the decoder
/// refuses it with its offset. PowerShell writes surrogates as `_xD83D_` and not this way.
///
/// # Errors
/// It is no such string: it does not end, or holds a control character or an escape that there is not. The offset says
/// where; from there on `json` is as it was.
///
/// ```
/// use psrp::clixml::{decode, json_string};
///
/// let mut answer = br#"{"_clixml":"\u003CS\u003Ea \"b\"\u003C/S\u003E"}"#.to_vec();
/// let (text, behind) = json_string(&mut answer, 12).expect("a string");
/// assert_eq!(answer[text.clone()], *br#"<S>a "b"</S>"#);
/// assert_eq!(answer[behind..], *b"}");
/// assert_eq!(decode(answer[text].to_vec())?.first().and_then(|value| value.as_str()), Some("a \"b\""));
/// # Ok::<(), psrp::clixml::DecodeError>(())
/// ```
pub fn json_string(json: &mut [u8], start: usize) -> Result<(Range<usize>, usize), usize> {
    read(Unescaper::detect(), json, start)
}

fn read(unescaper: Unescaper, json: &mut [u8], start: usize) -> Result<(Range<usize>, usize), usize> {
    // INVARIANT: `to` is at most `at`, since no escape is shorter than what it stands for.
    let (mut at, mut to) = (start, start);
    loop {
        (at, to) = unescaper.run(json, at, to);
        // Where one such escape stands, others follow: a name in another script is nothing else.
        loop {
            let rest = json.get(at..).unwrap_or_default();
            if rest.first() == Some(&b'"') {
                return Ok((start..to, at + 1));
            }
            let mut utf8 = [0; 4];
            let (len, written) = character(rest, &mut utf8).ok_or(at)?;
            let (Some(out), Some(character)) = (json.get_mut(to..to + written), utf8.get(..written)) else {
                return Err(at);
            };
            out.copy_from_slice(character);
            at += len;
            to += written;
            if json.get(at) != Some(&b'\\') {
                break;
            }
        }
    }
}

/// Reads one character, or one byte of one: how many bytes of JSON it takes, and how many it has.
fn character(json: &[u8], utf8: &mut [u8; 4]) -> Option<(usize, usize)> {
    let [first, ..] = utf8;
    Some(match json {
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
            let written = match char::from_u32(code) {
                Some(character) => character.encode_utf8(utf8).len(),
                None => {
                    *utf8 = LONE_SURROGATE;
                    3
                }
            };
            (len, written)
        }
        [b'\\', mark, ..] => {
            *first = short(*mark)?;
            (2, 1)
        }
        [plain, ..] if b' ' <= *plain => {
            *first = *plain;
            (1, 1)
        }
        _ => return None,
    })
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

/// The first three are bytes that no UTF-8 holds.
const LONE_SURROGATE: [u8; 4] = [0xED, 0xA0, 0x80, 0];

#[cfg(test)]
mod tests;
