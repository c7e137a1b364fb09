//! Characters and numbers as PowerShell and .NET write them.

use super::digits::{POWERS, push_fraction, push_number};
use super::padded::Padded;
use super::scan::Scanner;
use super::sheet::{Line, Sheet};
use super::wide::index;

/// Appends text with `_xHHHH_` for what MS-PSRP 2.2.5.3.2 escapes and entities for what XML does not allow: control
/// characters (0000–001F, 007F–009F), each half of a surrogate pair, `_` ahead of `x` or `X`, and
/// the two units that are no characters of XML (FFFE, FFFF). In an attribute the
/// double quote becomes an entity too.
pub(super) fn push_escaped<const IN_ATTRIBUTE: bool>(out: &mut Vec<u8>, text: &[u8]) {
    let mut sheet = Sheet::take(out, text.len());
    push_text::<IN_ATTRIBUTE>(&mut sheet, Scanner::detect(), text, 0, text.len());
    sheet.give_back(out);
}

/// As [`push_escaped`] for a part of some bytes: what stands around the part is not looked at, but lets it be read in
/// whole blocks.
#[inline]
pub(super) fn push_text<const IN_ATTRIBUTE: bool>(
    sheet: &mut Sheet,
    scanner: Scanner,
    bytes: &[u8],
    start: usize,
    end: usize,
) {
    let mut at = start;
    while at < end {
        let Some(mut line) = sheet.line() else { return };
        let plain_end = push_plain::<IN_ATTRIBUTE>(&mut line, scanner, bytes, at, end);
        let is_full = plain_end - at == PLAIN_BLOCKS * 32;
        at = plain_end;
        if at < end && !is_full {
            at += push_special::<IN_ATTRIBUTE>(&mut line, bytes.get(at..end).unwrap_or_default());
        }
        let len = line.len();
        sheet.advance(len);
    }
}

/// Appends what needs no escape up to `end`, at most [`PLAIN_BLOCKS`] blocks of it. Gives back where it stopped.
#[inline(always)]
pub(super) fn push_plain<const IN_ATTRIBUTE: bool>(
    line: &mut Line<'_>,
    scanner: Scanner,
    bytes: &[u8],
    start: usize,
    end: usize,
) -> usize {
    let mut at = start;
    for _ in 0..PLAIN_BLOCKS {
        let padded;
        let block = match bytes.get(at..at + 32).and_then(<[u8]>::first_chunk) {
            Some(block) => block,
            None => {
                padded = pad(bytes.get(at..).unwrap_or_default());
                &padded
            }
        };
        let plain = scanner.plain_len::<IN_ATTRIBUTE>(block).min(end - at);
        line.push(block, plain);
        at += plain;
        if plain < 32 {
            break;
        }
    }
    at
}

/// The bytes with zeros behind; there are fewer than 32.
#[inline(never)]
pub(super) fn pad(rest: &[u8]) -> [u8; 32] {
    let mut padded = [0; 32];
    if let Some(to) = padded.get_mut(..rest.len()) {
        to.copy_from_slice(rest);
    }
    padded
}

/// Appends the character in front, which may have to be escaped; gives back how many bytes it has.
fn push_special<const IN_ATTRIBUTE: bool>(line: &mut Line<'_>, text: &[u8]) -> usize {
    match text {
        [] => 1,
        [b'&', ..] => entity(line, b"&amp;"),
        [b'<', ..] => entity(line, b"&lt;"),
        [b'>', ..] => entity(line, b"&gt;"),
        [b'"', ..] if IN_ATTRIBUTE => entity(line, b"&quot;"),
        [b'_', b'x' | b'X', ..] => unit(line, 0x5F, 1),
        [control @ (0..=0x1F | 0x7F), ..] => unit(line, u32::from(*control), 1),
        [0xC2, low @ 0x80..=0x9F, ..] => unit(line, u32::from(*low), 2),
        // XML has neither; PowerShell cannot write them, and reads them in this form.
        [0xEF, 0xBF, last @ (0xBE | 0xBF), ..] => unit(line, 0xFF40 | u32::from(*last), 3),
        [0xED, second @ 0xA0..=0xBF, third, ..] => {
            unit(line, 0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F), 3)
        }
        [first @ 0xF0..=0xFF, b, c, d, ..] => {
            let code = [b, c, d]
                .into_iter()
                .fold(u32::from(first & 7), |code, byte| code << 6 | u32::from(byte & 0x3F));
            let above = code.saturating_sub(0x1_0000);
            unit(line, 0xD800 | above >> 10 & 0x3FF, 0);
            unit(line, 0xDC00 | above & 0x3FF, 4)
        }
        [other, ..] => {
            line.push(&[*other], 1);
            1
        }
    }
}

/// Appends text with entities for `&`, `<` and `>`, and with references to control characters, which may not stand in XML
/// themselves or are read as others, and to surrogates without a partner, which have no place in UTF-8.
pub(super) fn push_xml(out: &mut Vec<u8>, text: &[u8]) {
    let is_special = |byte: &u8| match byte {
        b'&' | b'<' | b'>' | 0xED => true,
        byte => *byte < b' ' && !matches!(byte, b'\t' | b'\n'),
    };
    let mut rest = text;
    while let Some((plain, special)) =
        rest.iter().position(is_special).and_then(|place| rest.split_at_checked(place))
    {
        out.extend_from_slice(plain);
        let len = match special {
            [0xED, second @ 0xA0..=0xBF, third, ..] => {
                let unit = 0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F);
                out.extend_from_slice(format!("&#x{unit:X};").as_bytes());
                3
            }
            [byte, ..] => {
                match byte {
                    b'&' => out.extend_from_slice(b"&amp;"),
                    b'<' => out.extend_from_slice(b"&lt;"),
                    b'>' => out.extend_from_slice(b"&gt;"),
                    0xED => out.push(0xED),
                    control => out.extend_from_slice(format!("&#x{control:X};").as_bytes()),
                }
                1
            }
            [] => 1,
        };
        rest = special.get(len..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Appends `true` or `false`.
#[inline(always)]
pub(super) fn push_bool(line: &mut Line<'_>, value: bool) {
    // Looked up, because a processor cannot foresee it.
    const TEXTS: [(&[u8; 8], usize); 2] = [(b"false\0\0\0", 5), (b"true\0\0\0\0", 4)];
    let (block, len) = TEXTS[usize::from(value)];
    line.push(block, len);
}

/// Appends a 64-bit float as `XmlConvert` does: the shortest text that reads back to the same number.
#[inline(always)]
pub(super) fn push_double(line: &mut Line<'_>, value: f64) {
    if !push_short(line, value) {
        line.push_padded(&float_text(value, || format!("{value:e}"), DOUBLE_DIGITS));
    }
}

/// Appends a float if at most fifteen digits stand for it and none of .NET's exponents is needed.
///
/// Different decimal numbers of at most fifteen digits are different floats. So when one of them reads back to `value`,
/// no other does, and without its trailing zeros it is the shortest text there is. Its whole part is that of the float
/// then, because a whole number would be one of the others.
#[expect(clippy::as_conversions, reason = "whole numbers below 10^15 are floats and fit an integer")]
#[inline(always)]
fn push_short(line: &mut Line<'_>, value: f64) -> bool {
    let magnitude = value.abs();
    if !(1e-4..1e15).contains(&magnitude) {
        return false;
    }
    // From the binary exponent the decimal one, or one less.
    let exponent = (magnitude.to_bits() >> 52).cast_signed() - 1023;
    let mut places = index(((14 - ((exponent * 1233) >> 12)).clamp(0, 15)).unsigned_abs() as u32);
    let mut power = POWERS[places & 15];
    if 1e15 <= magnitude * power as f64 + 0.5 {
        let Some(fewer) = places.checked_sub(1) else { return false };
        (places, power) = (fewer, power / 10);
    }
    let digits = (magnitude * power as f64 + 0.5) as i64;
    if digits as f64 / power as f64 != magnitude {
        return false;
    }
    if value < 0.0 {
        line.push(b"-", 1);
    }
    let whole = (magnitude as i64).unsigned_abs();
    push_number(line, whole);
    let fraction = digits.unsigned_abs() - whole * power;
    if fraction != 0 {
        push_fraction(line, fraction, places);
    }
    true
}

/// Appends a 32-bit float; see [`push_double`].
#[inline(always)]
pub(super) fn push_single(line: &mut Line<'_>, value: f32) {
    line.push_padded(&float_text(value.into(), || format!("{value:e}"), SINGLE_DIGITS));
}

#[cold]
#[inline(never)]
fn float_text(value: f64, scientific: impl FnOnce() -> String, precision: usize) -> Padded {
    match named(value) {
        Some(name) => Padded::new(name),
        None => Padded::new(&general(&scientific(), precision)),
    }
}

/// Appends a GUID, which is of one of the forms that the decoder takes, in groups of 8-4-4-4-12, lower case.
#[inline(always)]
pub(super) fn push_guid(line: &mut Line<'_>, text: &[u8]) {
    // Lower case is one bit, which digits and hyphens have anyway.
    if let Some(grouped) = text.first_chunk::<36>().filter(|_| text.len() == 36) {
        line.push(&grouped.map(|byte| byte | 0x20), 36);
        return;
    }
    for (place, digit) in text.iter().filter(|byte| byte.is_ascii_hexdigit()).take(32).enumerate() {
        if matches!(place, 8 | 12 | 16 | 20) {
            line.push(b"-", 1);
        }
        line.push(&[digit.to_ascii_lowercase()], 1);
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
fn general(scientific: &str, precision: usize) -> Vec<u8> {
    let mut out = Vec::new();
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
        return out;
    }
    let Ok(whole) = usize::try_from(scale) else {
        out.extend_from_slice(b"0.");
        out.extend(std::iter::repeat_n(b'0', usize::try_from(scale.unsigned_abs()).unwrap_or(0)));
        out.extend_from_slice(&digits);
        return out;
    };
    if whole == 0 {
        out.extend_from_slice(b"0.");
        out.extend_from_slice(&digits);
        return out;
    }
    let (before, after) = digits.split_at(whole.min(digits.len()));
    out.extend_from_slice(before);
    out.extend(std::iter::repeat_n(b'0', whole - before.len()));
    if !after.is_empty() {
        out.push(b'.');
        out.extend_from_slice(after);
    }
    out
}

fn entity<const N: usize>(line: &mut Line<'_>, entity: &[u8; N]) -> usize {
    line.push(entity, N);
    1
}

/// Writes one UTF-16 unit as an escape; gives back how many bytes of the text it stands for.
fn unit(line: &mut Line<'_>, unit: u32, taken: usize) -> usize {
    let digit = |shift: u32| u64::from(HEX[index(unit >> shift & 0xF)]);
    let digits = digit(12) | digit(8) << 8 | digit(4) << 16 | digit(0) << 24;
    line.push_word(0x005F_0000_0000_785F | digits << 16, 7);
    taken
}

static HEX: [u8; 16] = *b"0123456789ABCDEF";
/// Blocks of 32 bytes that [`push_plain`] writes at most: so long is what a line has room for.
const PLAIN_BLOCKS: usize = 3;
const DOUBLE_DIGITS: usize = 17;
const SINGLE_DIGITS: usize = 9;
