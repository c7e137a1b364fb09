//! Characters and numbers as PowerShell and .NET write them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::digits::{push_number, push_padded};
use super::scan::Scanner;

/// Appends text with `_xHHHH_` for what MS-PSRP 2.2.5.3.2 escapes and entities for what XML does not allow: control
/// characters (0000–001F, 007F–009F), each half of a surrogate pair, `_` ahead of `x` or `X`, and
/// the two units that are no characters of XML (FFFE, FFFF). In an attribute the
/// double quote becomes an entity too.
pub(super) fn push_escaped(out: &mut Vec<u8>, text: &[u8], in_attribute: bool) {
    let scanner = Scanner::detect();
    let mut rest = text;
    loop {
        let plain = plain_len(scanner, rest);
        let (run, special) = rest.split_at(plain);
        out.extend_from_slice(run);
        let taken = match special {
            [] => return,
            [b'&', ..] => entity(out, b"&amp;"),
            [b'<', ..] => entity(out, b"&lt;"),
            [b'>', ..] => entity(out, b"&gt;"),
            [b'"', ..] if in_attribute => entity(out, b"&quot;"),
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
        };
        rest = special.get(taken..).unwrap_or_default();
    }
}

/// How many bytes at the start need no look.
fn plain_len(scanner: Scanner, text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at = scanner.find_escapable(text, at);
        match text.get(at) {
            Some(byte) if !NEEDS_LOOK[usize::from(*byte)] => at += 1,
            _ => return at,
        }
    }
}

/// Appends text with entities for `&`, `<` and `>` only.
pub(super) fn push_xml(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            other => out.push(*other),
        }
    }
}

/// Appends base64 with padding.
pub(super) fn push_base64(out: &mut Vec<u8>, bytes: &[u8]) {
    let start = out.len();
    let len = bytes.len().div_ceil(3) * 4;
    out.resize(start + len, 0);
    let written = out.get_mut(start..).map_or(0, |room| STANDARD.encode_slice(bytes, room).unwrap_or(0));
    debug_assert_eq!(written, len, "the room is exactly what base64 takes");
    out.truncate(start + written);
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
    let mut power = 1_u64;
    for places in 0..MAX_PLACES {
        #[expect(clippy::as_conversions, reason = "powers up to 10^9 are floats")]
        let scale = power as f64;
        let digits = (magnitude * scale).round_ties_even();
        if 1e15 <= digits {
            return false;
        }
        if digits / scale == magnitude {
            #[expect(clippy::as_conversions, reason = "an integer below 10^15")]
            let digits = digits as u64;
            if value < 0.0 {
                out.push(b'-');
            }
            push_number(out, digits / power);
            if places != 0 {
                out.push(b'.');
                push_padded(out, digits % power, places);
            }
            return true;
        }
        power *= 10;
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

/// Appends the hexadecimal digits of a GUID text in groups of 8-4-4-4-12, lower case.
pub(super) fn push_guid(out: &mut Vec<u8>, text: &[u8]) {
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
    out.extend_from_slice(b"_x");
    for shift in [12, 8, 4, 0] {
        let digit = char::from_digit(unit >> shift & 0xF, 16).unwrap_or('0').to_ascii_uppercase();
        out.push(u8::try_from(digit).unwrap_or(b'0'));
    }
    out.push(b'_');
    taken
}

const fn needs_look() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] =
            matches!(byte, 0..=0x1F | 0x22 | 0x26 | 0x3C | 0x3E | 0x5F | 0x7F | 0xC2 | 0xED | 0xEF..);
        byte += 1;
    }
    table
}

static NEEDS_LOOK: [bool; 256] = needs_look();
/// Fraction digits up to which [`push_short`] tries.
const MAX_PLACES: usize = 10;
const DOUBLE_DIGITS: usize = 17;
const SINGLE_DIGITS: usize = 9;
