//! Start tags as .NET writes them; [`super::attributes`] reads all others.

use super::error::DecodeError;
use super::escape::escape_at;
use super::parse::Parser;
use super::scan::{leading_digits, word_at};
use super::tag::Tag;
use super::wide::index;

/// What a start tag says.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) name: u32,
    pub(super) ref_id: Option<u64>,
    pub(super) stream: u16,
    /// Whether the element ends with the tag.
    pub(super) empty: bool,
}

impl Parser<'_> {
    /// What stands in a start tag from `after` on, behind the element name or, when `start` has a name already, behind
    /// the name's attribute. `false` when it is not written as .NET writes it; then nothing of it counts.
    #[inline(always)]
    pub(super) fn usual_start_tag(
        &mut self,
        tag: Tag,
        after: usize,
        start: &mut Start,
    ) -> Result<bool, DecodeError> {
        const NAME: u64 = u64::from_le_bytes(*b" N=\"\0\0\0\0");
        const REF_ID: u64 = u64::from_le_bytes(*b" RefId=\"");
        let mut at = after;
        let mut word = word_at(self.body, at);
        if word & 0xFFFF_FFFF == NAME && start.name == 0 {
            match self.named(tag, at)? {
                Some((name, end)) => (start.name, at) = (name, end),
                None => return Ok(false),
            }
            word = word_at(self.body, at);
        }
        if word == REF_ID {
            match digits(self.body, at + 8) {
                Some((id, end)) => (start.ref_id, at) = (Some(id), end),
                None => return Ok(false),
            }
            word = word_at(self.body, at);
        }
        let Some((len, empty)) = tag_end(word) else { return Ok(false) };
        (self.at, start.empty) = (at + len, empty);
        Ok(true)
    }

    /// The name whose attribute stands at `at` in an element that was not guessed, and where it ends. `None` when it has to
    /// be decoded.
    #[inline(never)]
    fn named(&mut self, tag: Tag, at: usize) -> Result<Option<(u32, usize)>, DecodeError> {
        let found = match self.interner.guess_name(self.scanner, self.body, at) {
            Some(found) => Some(found),
            None => self.plain_name(at + b" N=\"".len())?,
        };
        if found.is_some() {
            self.interner.learn(tag);
        }
        Ok(found)
    }

    /// A name that stands for itself, and where its attribute ends. `None` when it has to be decoded.
    #[inline(never)]
    fn plain_name(&mut self, begin: usize) -> Result<Option<(u32, usize)>, DecodeError> {
        let rest = self.body.get(begin..).unwrap_or_default();
        let Some(len) = rest.iter().position(|byte| matches!(byte, b'"' | b'&' | b'<' | 0..=0x1F)) else {
            return Err(self.truncated());
        };
        self.check_part(begin, begin + len)?;
        let name = rest.get(..len).unwrap_or_default();
        let escaped =
            memchr::memchr_iter(b'_', name).any(|at| escape_at(name.get(at..).unwrap_or_default()).is_some());
        if rest.get(len) != Some(&b'"') || escaped || name.is_empty() {
            return Ok(None);
        }
        let id = self.intern(begin, begin + len)?;
        Ok(Some((id, begin + len + 1)))
    }

    fn intern(&mut self, begin: usize, end: usize) -> Result<u32, DecodeError> {
        let name = self.body.get(begin..end).unwrap_or_default();
        if self.limits.max_name_len < name.len() {
            return Err(self.name_too_long(begin));
        }
        let id = self.interner.number(name, self.limits);
        id.map_err(|met| DecodeError::new(met, begin))
    }
}

/// The length of what ends a start tag at the start of a word, and whether the element ends there too.
#[inline(always)]
pub(super) fn tag_end(word: u64) -> Option<(usize, bool)> {
    if word & 0xFF == 0x3E {
        Some((1, false))
    } else if word & 0xFF_FFFF == 0x3E_2F20 {
        Some((3, true))
    } else if word & 0xFFFF == 0x3E2F {
        Some((2, true))
    } else {
        None
    }
}

/// A number and the quote behind it; its value and where the quote ends.
#[inline(always)]
fn digits(body: &[u8], begin: usize) -> Option<(u64, usize)> {
    let word = word_at(body, begin);
    let (value, len) = leading_digits(word);
    match word.checked_shr(len * 8) {
        Some(rest) if rest & 0xFF == 0x22 && len != 0 => Some((value, begin + index(len) + 1)),
        _ => long_digits(body, begin),
    }
}

#[inline(never)]
fn long_digits(body: &[u8], begin: usize) -> Option<(u64, usize)> {
    let rest = body.get(begin..)?;
    let (mut value, mut len) = (0_u64, 0);
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if 9 < digit {
            return (*byte == b'"' && len != 0).then_some((value, begin + len + 1));
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        len += 1;
    }
    None
}
