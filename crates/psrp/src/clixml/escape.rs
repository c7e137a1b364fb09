//! The two layers of CLIXML text: XML entities, and `_xHHHH_` (MS-PSRP 2.2.5.3.2).

use super::scan::LOW_DIGIT;
use super::text::push_code_point;

/// If a complete `_xHHHH_` or `_xHHHHHHHH_` stands at the start, what it means and how long it is.
#[inline]
pub(super) fn escape_at(text: &[u8]) -> Option<(u32, usize)> {
    let [b'_', b'x' | b'X', a, b, c, d, e, rest @ ..] = text else { return None };
    let high = hex4([*a, *b, *c, *d])?;
    if *e == b'_' {
        return Some((high, 7));
    }
    let [f, g, h, b'_', ..] = rest else { return None };
    let code = high << 16 | hex4([*e, *f, *g, *h])?;
    (code <= 0x10_FFFF).then_some((code, 11))
}

/// Decodes the escapes in what stands in `out` from `start` on, once, from left to right.
pub(super) fn unescape(out: &mut Vec<u8>, start: usize, scratch: &mut Vec<u8>) {
    let Some(first) = memchr::memchr(b'_', out.get(start..).unwrap_or_default()) else {
        return;
    };
    scratch.clear();
    scratch.extend_from_slice(out.get(start + first..).unwrap_or_default());
    out.truncate(start + first);
    let mut rest = scratch.as_slice();
    while let Some(at) = memchr::memchr(b'_', rest) {
        let (plain, from) = rest.split_at(at);
        out.extend_from_slice(plain);
        let len = match escape_at(from) {
            Some((code, len)) => {
                push_code_point(out, start, code);
                len
            }
            None => {
                out.push(b'_');
                1
            }
        };
        rest = from.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// The code point of the entity at the start of `text`, which begins with `&`, and the entity's length. `None` when it
/// is not one of the five predefined ones or a number.
pub(super) fn entity_at(text: &[u8]) -> Option<(u32, usize)> {
    let limit = text.len().min(MAX_ENTITY_LEN);
    let end = text.get(..limit)?.iter().position(|byte| *byte == b';')?;
    let code = match text.get(1..end)? {
        b"amp" => 0x26,
        b"lt" => 0x3C,
        b"gt" => 0x3E,
        b"quot" => 0x22,
        b"apos" => 0x27,
        [b'#', b'x', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        _ => return None,
    };
    (code <= 0x10_FFFF).then_some((code, end + 1))
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u32, |value, byte| {
        value.checked_mul(radix)?.checked_add(char::from(*byte).to_digit(radix)?)
    })
}

fn hex4(digits: [u8; 4]) -> Option<u32> {
    let [a, b, c, d] = digits.map(|byte| u32::from(LOW_DIGIT[usize::from(byte)]));
    ((a | b | c | d) < 16).then_some(a << 12 | b << 8 | c << 4 | d)
}

/// Longer ones could only have leading zeros.
const MAX_ENTITY_LEN: usize = 32;
