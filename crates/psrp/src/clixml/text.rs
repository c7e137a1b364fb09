//! Text as .NET strings hold it: any sequence of UTF-16 units, lone surrogates included.

use std::borrow::Cow;
use std::fmt;

/// A string of a tape.
///
/// The bytes are WTF-8: UTF-8 in which a surrogate that has no partner stands as its three-byte form. Text that holds
/// no lone surrogate is plain UTF-8, and [`Text::as_str`] gives it without a copy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Text<'t>(pub(crate) &'t [u8]);

impl<'t> Text<'t> {
    /// The WTF-8 bytes.
    pub fn as_bytes(self) -> &'t [u8] {
        self.0
    }

    /// The text, or `None` when it holds a lone surrogate.
    pub fn as_str(self) -> Option<&'t str> {
        std::str::from_utf8(self.0).ok()
    }

    /// The text with U+FFFD in the place of each lone surrogate; borrowed when there is none.
    pub fn to_lossy(self) -> Cow<'t, str> {
        match std::str::from_utf8(self.0) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => {
                Cow::Owned(char::decode_utf16(self.encode_utf16()).map(|c| c.unwrap_or('\u{FFFD}')).collect())
            }
        }
    }

    /// The UTF-16 units, lone surrogates included: exactly what the .NET string holds.
    pub fn encode_utf16(self) -> Utf16Units<'t> {
        Utf16Units { rest: self.0, pending: None }
    }

    /// Length in bytes.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is no character at all.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// Whether both are equal when the case of ASCII letters is ignored.
    pub fn eq_ignore_ascii_case(self, other: &str) -> bool {
        self.0.eq_ignore_ascii_case(other.as_bytes())
    }
}

impl<'t> From<&'t str> for Text<'t> {
    fn from(text: &'t str) -> Self {
        Text(text.as_bytes())
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        self.0 == other.as_bytes()
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_lossy())
    }
}

/// Prints the length only: payloads hold personal data.
impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Text({} bytes)", self.0.len())
    }
}

/// The UTF-16 units of a [`Text`]; made by [`Text::encode_utf16`].
#[derive(Clone)]
pub struct Utf16Units<'t> {
    rest: &'t [u8],
    pending: Option<u16>,
}

impl Iterator for Utf16Units<'_> {
    type Item = u16;

    fn next(&mut self) -> Option<u16> {
        if let Some(low) = self.pending.take() {
            return Some(low);
        }
        let (first, len) = match *self.rest.first()? {
            b @ 0x00..=0x7F => (u32::from(b), 1),
            b @ 0x80..=0xDF => (u32::from(b & 0x1F), 2),
            b @ 0xE0..=0xEF => (u32::from(b & 0x0F), 3),
            b => (u32::from(b & 0x07), 4),
        };
        let tail = self.rest.get(1..len).unwrap_or_default();
        let code = tail.iter().fold(first, |code, b| code << 6 | u32::from(b & 0x3F));
        self.rest = self.rest.get(len..).unwrap_or_default();
        match u16::try_from(code) {
            Ok(unit) => Some(unit),
            Err(_) => {
                let above = code - 0x1_0000;
                self.pending = Some(unit_of(0xDC00 | above & 0x3FF));
                Some(unit_of(0xD800 | above >> 10 & 0x3FF))
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len().div_ceil(3), Some(self.rest.len() + 1))
    }
}

impl fmt::Debug for Utf16Units<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Utf16Units({} bytes left)", self.rest.len())
    }
}

/// INVARIANT: the callers pass values of at most sixteen bits.
fn unit_of(code: u32) -> u16 {
    u16::try_from(code).unwrap_or(0xFFFD)
}

/// Appends one code point, surrogates included, as (generalised) UTF-8. A low surrogate that follows a high one which
/// was written at or behind `start` completes the pair, so the result stays well-formed WTF-8.
pub(super) fn push_code_point(out: &mut Vec<u8>, start: usize, code: u32) {
    let end = out.len().saturating_sub(start);
    out.extend_from_slice(&[0; MAX_UTF8_LEN]);
    let end = write_code_point(out.get_mut(start..).unwrap_or_default(), end, code);
    out.truncate(start + end);
}

/// As [`push_code_point`] behind the first `end` bytes of a text that has room behind them; gives back the new end.
#[inline]
pub(super) fn write_code_point(text: &mut [u8], end: usize, code: u32) -> usize {
    let (written, room) = text.split_at_mut_checked(end).unwrap_or_default();
    if code < 0x80
        && let Some(byte) = room.first_mut()
    {
        *byte = u8::try_from(code).unwrap_or(b'?');
        return end + 1;
    }
    let mut bytes = [0; MAX_UTF8_LEN];
    if let Some(c) = char::from_u32(code) {
        let len = c.encode_utf8(&mut bytes).len();
        room.iter_mut().zip(&bytes).take(len).for_each(|(to, from)| *to = *from);
        return end + len;
    }
    if let 0xDC00..=0xDFFF = code
        && let Some(high) = trailing_high_surrogate(written)
    {
        return write_code_point(text, end - 3, 0x1_0000 + ((high - 0xD800) << 10) + (code - 0xDC00));
    }
    let surrogate = [0xE0 | code >> 12 & 0x0F, 0x80 | code >> 6 & 0x3F, 0x80 | code & 0x3F];
    for (to, byte) in room.iter_mut().zip(surrogate) {
        *to = u8::try_from(byte).unwrap_or(b'?');
    }
    end + surrogate.len()
}

fn trailing_high_surrogate(text: &[u8]) -> Option<u32> {
    match *text.last_chunk::<3>()? {
        [0xED, second @ 0xA0..=0xAF, third] => {
            Some(0xD000 | u32::from(second & 0x3F) << 6 | u32::from(third & 0x3F))
        }
        _ => None,
    }
}

const MAX_UTF8_LEN: usize = 4;
