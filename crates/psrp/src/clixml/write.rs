//! Characters and numbers as PowerShell and .NET write them.

use super::digits::{push_fraction, push_number};
use super::padded::push_word;
use super::scan::Scanner;
use super::wide::index;

/// Appends text with `_xHHHH_` for what MS-PSRP 2.2.5.3.2 escapes and entities for what XML does not allow: control
/// characters (0000–001F, 007F–009F), each half of a surrogate pair, `_` ahead of `x` or `X`, and
/// the two units that are no characters of XML (FFFE, FFFF). In an attribute the
/// double quote becomes an entity too.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &[u8], in_attribute: bool) {
    let scanner = Scanner::detect();
    if in_attribute {
        push_escaped_part::<true>(scanner, out, text, 0, text.len());
    } else {
        push_escaped_part::<false>(scanner, out, text, 0, text.len());
    }
}

/// As [`push_escaped`] for a part of some bytes: what stands around the part is not looked at, but lets it be read in
/// whole blocks.
#[inline]
pub(super) fn push_escaped_part<const IN_ATTRIBUTE: bool>(
    scanner: Scanner,
    out: &mut Vec<u8>,
    bytes: &[u8],
    start: usize,
    end: usize,
) {
    let mut at = scanner.append_plain::<IN_ATTRIBUTE>(bytes, start, end, out);
    while at < end {
        at += push_special::<IN_ATTRIBUTE>(out, bytes.get(at..end).unwrap_or_default());
        at = scanner.append_plain::<IN_ATTRIBUTE>(bytes, at, end, out);
    }
}

/// Appends the character in front, which may have to be escaped; gives back how many bytes it has.
fn push_special<const IN_ATTRIBUTE: bool>(out: &mut Vec<u8>, text: &[u8]) -> usize {
    match text {
        [] => 1,
        [b'&', ..] => entity(out, b"&amp;"),
        [b'<', ..] => entity(out, b"&lt;"),
        [b'>', ..] => entity(out, b"&gt;"),
        [b'"', ..] if IN_ATTRIBUTE => entity(out, b"&quot;"),
        [b'_', b'x' | b'X', ..] => unit(out, 0x5F, 1),
        [control @ (0..=0x1F | 0x7F), ..] => unit(out, u32::from(*control), 1),
        [0xC2, low @ 0x80..=0x9F, ..] => unit(out, u32::from(*low), 2),
        // XML has neither; PowerShell cannot write them, and reads them in this form.
        [0xEF, 0xBF, last @ (0xBE | 0xBF), ..] => unit(out, 0xFF40 | u32::from(*last), 3),
        [0xED, second @ 0xA0..=0xBF, third, ..] => {
            unit(out, 0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F), 3)
        }
        [first @ 0xF0..=0xFF, b, c, d, ..] => {
            let code = [b, c, d]
                .into_iter()
                .fold(u32::from(first & 7), |code, byte| code << 6 | u32::from(byte & 0x3F));
            let above = code.saturating_sub(0x1_0000);
            unit(out, 0xD800 | above >> 10 & 0x3FF, 0);
            unit(out, 0xDC00 | above & 0x3FF, 4)
        }
        [other, ..] => {
            out.push(*other);
            1
        }
    }
}

/// Appends text with entities for `&`, `<` and `>` only.
pub(super) fn push_xml(out: &mut Vec<u8>, text: &[u8]) {
    let mut rest = text;
    while let Some(place) = memchr::memchr3(b'&', b'<', b'>', rest) {
        let (plain, special) = rest.split_at(place);
        out.extend_from_slice(plain);
        out.extend_from_slice(match special {
            [b'&', ..] => b"&amp;",
            [b'<', ..] => b"&lt;",
            _ => b"&gt;",
        });
        rest = special.get(1..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Appends base64 with padding.
pub(super) fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    base64_simd::STANDARD.encode_append(bytes, out);
}

/// Appends a 64-bit float as `XmlConvert` does: the shortest text that reads back to the same number.
pub(super) fn push_double(out: &mut Vec<u8>, value: f64) {
    match named(value) {
        Some(name) => out.extend_from_slice(name),
        None if push_short(out, value) => {}
        None => push_general(out, &format!("{value:e}"), DOUBLE_DIGITS),
    }
}

/// Appends a float if at most fifteen digits stand for it and none of .NET's exponents is needed.
///
/// Different decimal numbers of at most fifteen digits are different floats. So when one of them reads back to `value`,
/// no other does, and without its trailing zeros it is the shortest text there is.
fn push_short(out: &mut Vec<u8>, value: f64) -> bool {
    let magnitude = value.abs();
    if !(1e-4..1e15).contains(&magnitude) {
        return false;
    }
    let (mut power, mut scale) = (1_u64, 1.0);
    for places in 0..MAX_PLACES {
        let nearest = magnitude * scale + 0.5;
        if 1e15 <= nearest {
            return false;
        }
        #[expect(clippy::as_conversions, reason = "whole numbers below 10^15 are floats and fit an integer")]
        let (digits, whole) = (nearest as i64, (nearest as i64) as f64);
        if whole / scale == magnitude {
            let digits = digits.unsigned_abs();
            if value < 0.0 {
                out.push(b'-');
            }
            push_number(out, digits / power);
            if places != 0 {
                out.push(b'.');
                push_fraction(out, digits % power, places);
            }
            return true;
        }
        (power, scale) = (power * 10, scale * 10.0);
    }
    false
}

/// Appends a 32-bit float; see [`push_double`].
pub(super) fn push_single(out: &mut Vec<u8>, value: f32) {
    match named(f64::from(value)) {
        Some(name) => out.extend_from_slice(name),
        None => push_general(out, &format!("{value:e}"), SINGLE_DIGITS),
    }
}

/// Appends a GUID, which is of one of the forms that the decoder takes, in groups of 8-4-4-4-12, lower case.
pub(super) fn push_guid(out: &mut Vec<u8>, text: &[u8]) {
    // Lower case is one bit, which digits and hyphens have anyway.
    if let Some(grouped) = text.first_chunk::<36>().filter(|_| text.len() == 36) {
        out.extend_from_slice(&grouped.map(|byte| byte | 0x20));
        return;
    }
    for (place, digit) in text.iter().filter(|byte| byte.is_ascii_hexdigit()).take(32).enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            out.push(b'-');
        }
        out.push(digit.to_ascii_lowercase());
    }
}

fn named(value: f64) -> Option<&'static [u8]> {
    if value.is_nan() {
        Some(b"NaN")
    } else if value == f64::INFINITY {
        Some(b"INF")
    } else if value == f64::NEG_INFINITY {
        Some(b"-INF")
    } else {
        None
    }
}

/// Brings `d.ddde±n` into .NET's general form: an exponent only for a number with more whole digits than `precision`
/// and than it has digits at all, or with more than four zeros behind the point.
fn push_general(out: &mut Vec<u8>, scientific: &str, precision: usize) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    if unsigned.len() < mantissa.len() {
        out.push(b'-');
    }
    let digits: Vec<u8> = unsigned.bytes().filter(|byte| *byte != b'.').collect();
    // How many digits stand ahead of the point.
    let scale = exponent.parse::<i32>().unwrap_or(0) + 1;
    let widest = i32::try_from(digits.len().max(precision)).unwrap_or(i32::MAX);
    if scale < -3 || widest < scale {
        let (first, rest) = digits.split_at(1.min(digits.len()));
        out.extend_from_slice(first);
        if !rest.is_empty() {
            out.push(b'.');
            out.extend_from_slice(rest);
        }
        let exponent = scale - 1;
        let sign = if exponent < 0 { '-' } else { '+' };
        out.extend_from_slice(format!("E{sign}{:02}", exponent.unsigned_abs()).as_bytes());
        return;
    }
    let Ok(whole) = usize::try_from(scale) else {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', usize::try_from(scale.unsigned_abs()).unwrap_or(0)));
        out.extend_from_slice(&digits);
        return;
    };
    if whole == 0 {
        out.extend_from_slice(b"0.");
        out.extend_from_slice(&digits);
        return;
    }
    let (before, after) = digits.split_at(whole.min(digits.len()));
    out.extend_from_slice(before);
    out.extend(std::iter::repeat_n(b'0', whole - before.len()));
    if !after.is_empty() {
        out.push(b'.');
        out.extend_from_slice(after);
    }
}

fn entity(out: &mut Vec<u8>, entity: &[u8]) -> usize {
    out.extend_from_slice(entity);
    1
}

/// Writes one UTF-16 unit as an escape; gives back how many bytes of the text it stands for.
fn unit(out: &mut Vec<u8>, unit: u32, taken: usize) -> usize {
    let digit = |shift: u32| u64::from(HEX[index(unit >> shift & 0xF)]);
    let digits = digit(12) | digit(8) << 8 | digit(4) << 16 | digit(0) << 24;
    push_word(out, 0x005F_0000_0000_785F | digits << 16, 7);
    taken
}

static HEX: [u8; 16] = *b"0123456789ABCDEF";
/// Fraction digits up to which [`push_short`] tries.
const MAX_PLACES: u32 = 10;
const DOUBLE_DIGITS: usize = 17;
const SINGLE_DIGITS: usize = 9;
