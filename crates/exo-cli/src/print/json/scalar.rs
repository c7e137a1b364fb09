//! Primitives and text as JSON.

use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use base64::write::EncoderWriter;
use psrp::clixml::{Kind, Text, Value};

/// Writes a primitive. Anything else is written as null; the caller passes none.
pub(super) fn write(out: &mut impl Write, value: Value<'_>) -> io::Result<()> {
    match value.kind() {
        Kind::Bool => out.write_all(if value.as_bool() == Some(true) { b"true" } else { b"false" }),
        Kind::Char => {
            out.write_all(b"\"")?;
            write_units(out, [value.as_char().unwrap_or_default()].into_iter())?;
            out.write_all(b"\"")
        }
        Kind::Byte | Kind::UInt16 | Kind::UInt32 | Kind::UInt64 => {
            write!(out, "{}", value.as_u64().unwrap_or_default())
        }
        Kind::SByte | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
            write!(out, "{}", value.as_i64().unwrap_or_default())
        }
        Kind::Single => match value.as_f32() {
            Some(number) if number.is_finite() => write!(out, "{number:?}"),
            _ => write!(out, "\"{value}\""),
        },
        Kind::Double => match value.as_f64() {
            Some(number) if number.is_finite() => write!(out, "{number:?}"),
            _ => write!(out, "\"{value}\""),
        },
        Kind::Decimal => {
            let text = value.text().unwrap_or_default();
            match text.as_str().and_then(json_number) {
                Some(number) => out.write_all(number.as_bytes()),
                None => write_text(out, text),
            }
        }
        Kind::DateTime | Kind::TimeSpan => write!(out, "\"{value}\""),
        Kind::SecureString => out.write_all(b"\"System.Security.SecureString\""),
        Kind::Bytes => {
            out.write_all(b"\"")?;
            let mut encoder = EncoderWriter::new(&mut *out, &STANDARD);
            encoder.write_all(value.bytes().unwrap_or_default())?;
            encoder.finish()?;
            drop(encoder);
            out.write_all(b"\"")
        }
        kind if kind.is_text() => write_text(out, value.text().unwrap_or_default()),
        _ => out.write_all(b"null"),
    }
}

/// Writes a JSON string.
pub(super) fn write_text(out: &mut impl Write, text: Text<'_>) -> io::Result<()> {
    out.write_all(b"\"")?;
    match text.as_str() {
        Some(text) => write_str(out, text)?,
        None => write_units(out, text.encode_utf16())?,
    }
    out.write_all(b"\"")
}

/// The inside of a JSON string. Control characters are escaped, those above ASCII too: a terminal obeys them.
pub(super) fn write_str(out: &mut impl Write, text: &str) -> io::Result<()> {
    let mut done = 0;
    for (index, letter) in text.char_indices() {
        let plain = !letter.is_control() && letter != '"' && letter != '\\';
        if plain {
            continue;
        }
        out.write_all(text.as_bytes().get(done..index).unwrap_or_default())?;
        done = index + letter.len_utf8();
        match letter {
            '"' => out.write_all(b"\\\"")?,
            '\\' => out.write_all(b"\\\\")?,
            '\n' => out.write_all(b"\\n")?,
            '\r' => out.write_all(b"\\r")?,
            '\t' => out.write_all(b"\\t")?,
            letter => write!(out, "\\u{:04x}", u32::from(letter))?,
        }
    }
    out.write_all(text.as_bytes().get(done..).unwrap_or_default())
}

fn write_units(out: &mut impl Write, units: impl Iterator<Item = u16>) -> io::Result<()> {
    for letter in char::decode_utf16(units) {
        match letter {
            Ok(letter) => write_str(out, letter.encode_utf8(&mut [0; 4]))?,
            Err(half) => write!(out, "\\u{:04x}", half.unpaired_surrogate())?,
        }
    }
    Ok(())
}

/// A decimal as RFC 8259, section 6 writes numbers: the wire may have a plus sign, zeros in front, or no digit on one
/// side of the point.
fn json_number(text: &str) -> Option<String> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if digits.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}"))
}
