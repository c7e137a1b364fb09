//! The primitives of MS-PSRP 2.2.5.1: what their text must be, and what it becomes in a node.

use std::ops::Range;

use super::date::{DateTime, parse_duration};
use super::node::Kind;

/// The parts of a node that a primitive's text decides.
#[derive(Clone, Copy, Default)]
pub(super) struct Scalar {
    pub(super) flags: u8,
    pub(super) aux: u16,
    pub(super) bits: u64,
}

/// Reads the text of a scalar: a Boolean, a char, a number, a date or a duration. The text has no white space around
/// it. `None` when it stands for no value of the type, a number out of range included.
pub(super) fn parse_scalar(kind: Kind, text: &[u8]) -> Option<Scalar> {
    let bits = match kind {
        Kind::Bool => match text {
            b"true" | b"1" => 1,
            b"false" | b"0" => 0,
            _ => return None,
        },
        Kind::Char | Kind::UInt16 => unsigned(text, u64::from(u16::MAX))?,
        Kind::Byte => unsigned(text, u64::from(u8::MAX))?,
        Kind::UInt32 => unsigned(text, u64::from(u32::MAX))?,
        Kind::UInt64 => unsigned(text, u64::MAX)?,
        Kind::SByte => signed(text, 7)?,
        Kind::Int16 => signed(text, 15)?,
        Kind::Int32 => signed(text, 31)?,
        Kind::Int64 => signed(text, 63)?,
        Kind::Double => double(text)?.to_bits(),
        Kind::Single => u64::from(single(text)?.to_bits()),
        Kind::TimeSpan => parse_duration(text)?.cast_unsigned(),
        Kind::DateTime => return DateTime::parse(text).map(Scalar::from),
        _ => return None,
    };
    Some(Scalar { flags: 0, aux: 0, bits })
}

/// Whether the text of a kind that is kept as text stands for a value of it.
pub(super) fn is_valid_text(kind: Kind, text: &[u8]) -> bool {
    match kind {
        Kind::Guid => is_guid(text),
        Kind::Version => is_version(text),
        Kind::Decimal => is_decimal(text),
        // White space around it is no part of it, in whatever way it was read.
        Kind::SemanticVersion => !text.is_empty() && trim(text).len() == text.len(),
        // An empty one has no characters to encrypt where nothing is encrypted (protocol 2.4).
        Kind::SecureString => trim(text).len() == text.len(),
        _ => true,
    }
}

/// What the text of a kind must be, for an error.
pub(super) fn expectation(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "true or false",
        Kind::Char => "a UTF-16 unit as a number from 0 to 65535",
        Kind::Byte => "a number from 0 to 255",
        Kind::SByte => "a number from -128 to 127",
        Kind::Int16 => "a number from -32768 to 32767",
        Kind::UInt16 => "a number from 0 to 65535",
        Kind::Int32 => "a number of 32 bits",
        Kind::UInt32 => "a number of 32 bits without sign",
        Kind::Int64 => "a number of 64 bits",
        Kind::UInt64 => "a number of 64 bits without sign",
        Kind::Single => "a 32-bit floating-point number",
        Kind::Double => "a 64-bit floating-point number",
        Kind::Decimal => "a decimal number of at most 96 bits",
        Kind::DateTime => "a date and time of the years 1 to 9999",
        Kind::TimeSpan => "a duration of at most 64 bits of 100 ns",
        Kind::Guid => "a GUID",
        Kind::Version | Kind::SemanticVersion => "a version",
        Kind::SecureString => "an encrypted string",
        Kind::Bytes => "base64",
        _ => "text",
    }
}

/// The text without the white space of XML around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.get(trimmed(text)).unwrap_or_default()
}

/// Where in a text stands what [`trim`] leaves of it.
pub(super) fn trimmed(text: &[u8]) -> Range<usize> {
    let space = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let start = text.iter().position(|byte| !space(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !space(byte)).map_or(start, |last| last + 1);
    start..end
}

fn magnitude(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    if digits.len() <= MAX_SAFE_DIGITS {
        let (mut value, mut good) = (0_u64, true);
        for byte in digits {
            let digit = byte.wrapping_sub(b'0');
            good &= digit < 10;
            value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        }
        return good.then_some(value);
    }
    digits.iter().try_fold(0_u64, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 { value.checked_mul(10)?.checked_add(u64::from(digit)) } else { None }
    })
}

fn unsigned(text: &[u8], max: u64) -> Option<u64> {
    let (negative, digits) = sign(text);
    let value = magnitude(digits)?;
    // .NET reads "-0" as an unsigned number too.
    (value <= if negative { 0 } else { max }).then_some(value)
}

/// A signed number of `bits` bits beside the sign, sign-extended to 64 bits.
fn signed(text: &[u8], bits: u32) -> Option<u64> {
    let (negative, digits) = sign(text);
    let value = magnitude(digits)?;
    let limit = 1_u64 << bits;
    if negative { (value <= limit).then(|| value.wrapping_neg()) } else { (value < limit).then_some(value) }
}

fn sign(text: &[u8]) -> (bool, &[u8]) {
    match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    }
}

fn double(text: &[u8]) -> Option<f64> {
    match text {
        b"INF" => Some(f64::INFINITY),
        b"-INF" => Some(f64::NEG_INFINITY),
        b"NaN" => Some(f64::NAN),
        _ => float_text(text)?.parse().ok().filter(|value: &f64| value.is_finite()),
    }
}

fn single(text: &[u8]) -> Option<f32> {
    match text {
        b"INF" => Some(f32::INFINITY),
        b"-INF" => Some(f32::NEG_INFINITY),
        b"NaN" => Some(f32::NAN),
        _ => float_text(text)?.parse().ok().filter(|value: &f32| value.is_finite()),
    }
}

/// The text when it has only what a number is written with, so that no word of another language passes as one.
fn float_text(text: &[u8]) -> Option<&str> {
    let numeric = |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
    if text.iter().all(numeric) { std::str::from_utf8(text).ok() } else { None }
}

/// Digits in groups of 8-4-4-4-12, also in brackets or without the hyphens, as .NET reads them.
fn is_guid(text: &[u8]) -> bool {
    let bare = match text {
        [b'{', inner @ .., b'}'] | [b'(', inner @ .., b')'] => inner,
        _ => text,
    };
    match <&[u8; 36]>::try_from(bare) {
        Ok(grouped) => is_grouped_guid(grouped),
        Err(_) => text.len() == 32 && text.iter().all(u8::is_ascii_hexdigit),
    }
}

/// Written without a branch, so that the compiler makes vector instructions of it.
#[inline]
pub(super) fn is_grouped_guid(text: &[u8; 36]) -> bool {
    let mut bad = 0;
    for (byte, group) in text.iter().zip(&GUID_GROUPS) {
        let is_digit = byte.wrapping_sub(b'0') < 10;
        let is_letter = (byte | 0x20).wrapping_sub(b'a') < 6;
        let is_hyphen = *byte == b'-';
        bad |= u8::from(*group == b'-') ^ u8::from(is_hyphen) | u8::from(!(is_digit | is_letter | is_hyphen));
    }
    bad == 0
}

/// Two to four numbers of 31 bits.
fn is_version(text: &[u8]) -> bool {
    let (mut parts, mut value, mut digits) = (1, 0_u64, 0);
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit < 10 {
            (value, digits) = (value * 10 + u64::from(digit), digits + 1);
        } else if *byte == b'.' && digits != 0 {
            (value, digits, parts) = (0, 0, parts + 1);
        } else {
            return false;
        }
        if 1 << 31 <= value {
            return false;
        }
    }
    digits != 0 && (2..=4).contains(&parts)
}

/// A number whose whole part fits 96 bits. Fraction digits beyond what a .NET decimal holds are kept as they came.
fn is_decimal(text: &[u8]) -> bool {
    let (_, digits) = sign(text);
    let mut halves = digits.splitn(2, |byte| *byte == b'.');
    let (whole, fraction) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
    let value = whole.iter().try_fold(0_u128, |value, byte| {
        let value = value * 10 + u128::from(byte.wrapping_sub(b'0'));
        (value < 1 << 96).then_some(value)
    });
    all_digits && value.is_some() && !(whole.is_empty() && fraction.is_empty())
}

const GUID_GROUPS: [u8; 36] = *b"00000000-0000-0000-0000-000000000000";
/// That many digits fit 64 bits whatever they are.
const MAX_SAFE_DIGITS: usize = 18;
