//! Primitives that are no free text: Booleans, numbers, dates, and what is only checked.
//!
//! As .NET writes them they are read straight out of the body, eight bytes at a time; in any other form
//! [`super::primitive`] reads the text between the tags.

use super::date::DateTime;
use super::error::DecodeError;
use super::node::{Kind, Node};
use super::parse::Parser;
use super::primitive::{Scalar, expectation, is_grouped_guid, is_valid_text, parse_scalar};
use super::scan::{Markup, find_tag, leading_digits, word_at};
use super::start_tag::Start;
use super::tag::Tag;
use super::tape::FloatText;
use super::usual_date::{read_usual_date, read_usual_duration};
use super::wide::{index, number};

impl Parser<'_> {
    #[inline(always)]
    pub(super) fn bool(&mut self, start: &Start) -> Result<(), DecodeError> {
        const TRUE: u64 = u64::from_le_bytes(*b"true</B>");
        const FALSE: u64 = u64::from_le_bytes(*b"false</B");
        let word = word_at(self.body, self.at);
        let (value, len) = match word {
            TRUE if !start.empty => (1, 8),
            FALSE if !start.empty && self.body.get(self.at + 8) == Some(&b'>') => (0, 9),
            _ => return self.scalar(BOOL, start),
        };
        self.at += len;
        self.nodes.push(Node { kind: BOOL.0, flags: 0, aux: start.stream, name: start.name, a: value, b: 0 });
        Ok(())
    }

    /// An integer or character of at most fifteen digits.
    #[inline(always)]
    pub(super) fn integer(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        if word_at(self.body, self.at) & 0xFF == 0x2D {
            return self.negative_integer(tag, start);
        }
        self.integer_at(self.at, tag, start)
    }

    /// Apart, because where a number begins is foreseen only when it is no sum.
    #[inline(never)]
    fn negative_integer(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        self.integer_at(self.at + 1, tag, start)
    }

    /// The same; its digits begin at `begin`, behind a sign or not.
    #[inline(always)]
    fn integer_at(&mut self, begin: usize, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        let is_negative = begin != self.at;
        let (value, len) = self.short_number(begin);
        let range = RANGES.get(usize::from(tag.0)).copied().unwrap_or(Range { max: 0, max_negative: 0 });
        let max = if is_negative { range.max_negative } else { range.max };
        match tag.end_at(self.body, begin + len) {
            Some(next) if len != 0 && value <= max && !start.empty => {
                self.at = next;
                let bits = if is_negative { value.wrapping_neg() } else { value };
                self.push_scalar(tag, start, Scalar { flags: 0, aux: 0, bits });
                Ok(())
            }
            _ => self.scalar(tag, start),
        }
    }

    /// The number at `at` and how many digits it has; no digits when there are more than fifteen.
    #[inline(always)]
    fn short_number(&self, at: usize) -> (u64, usize) {
        let (high, len) = leading_digits(word_at(self.body, at));
        if len < 8 {
            return (high, index(len));
        }
        let (low, more) = leading_digits(word_at(self.body, at + 8));
        match POWERS.get(index(more)) {
            Some(power) => (high * power + low, 8 + index(more)),
            None => (0, 0),
        }
    }

    /// A 64-bit float of at most fifteen digits without exponent: such digits and such a power of ten are exact as
    /// floats, and so their quotient is the float nearest to the number.
    #[inline]
    pub(super) fn double(&mut self, start: &Start) -> Result<(), DecodeError> {
        let is_negative = self.body.get(self.at) == Some(&b'-');
        let whole_at = self.at + usize::from(is_negative);
        let (whole, whole_len) = self.short_number(whole_at);
        let (mut digits, mut len, mut power) = (whole, whole_len, 1);
        if self.body.get(whole_at + len) == Some(&b'.') {
            let (fraction, fraction_len) = self.short_number(whole_at + len + 1);
            let is_short = fraction_len != 0 && whole_len + fraction_len <= 15;
            let Some(scale) = POWERS.get(fraction_len).filter(|_| is_short) else {
                return self.scalar(DOUBLE, start);
            };
            (digits, len, power) = (whole * scale + fraction, len + 1 + fraction_len, *scale);
        }
        let end = whole_at + len;
        match DOUBLE.end_at(self.body, end) {
            Some(next) if whole_len != 0 && !start.empty => {
                #[expect(clippy::as_conversions, reason = "below 10^15 every integer is a float")]
                let value = digits as f64 / power as f64;
                let bits = if is_negative { -value } else { value }.to_bits();
                let (node, from) = (number(self.nodes.len()), number(self.at));
                self.floats.push(FloatText { node, start: from });
                self.at = next;
                self.push_scalar(DOUBLE, start, Scalar { flags: 0, aux: 0, bits });
                Ok(())
            }
            _ => self.scalar(DOUBLE, start),
        }
    }

    #[inline]
    pub(super) fn date_time(&mut self, start: &Start) -> Result<(), DecodeError> {
        if !start.empty
            && let Some((date, end)) = read_usual_date(self.body, self.at)
            && let Some(next) = DATE_TIME.end_at(self.body, end)
        {
            self.at = next;
            self.push_scalar(DATE_TIME, start, Scalar::from(date));
            return Ok(());
        }
        self.scalar(DATE_TIME, start)
    }

    #[inline]
    pub(super) fn duration(&mut self, start: &Start) -> Result<(), DecodeError> {
        if !start.empty
            && let Some((ticks, end)) = read_usual_duration(self.body, self.at)
            && let Some(next) = DURATION.end_at(self.body, end)
        {
            self.at = next;
            self.push_scalar(DURATION, start, Scalar { flags: 0, aux: 0, bits: ticks.cast_unsigned() });
            return Ok(());
        }
        self.scalar(DURATION, start)
    }

    #[inline]
    pub(super) fn version(&mut self, start: &Start) -> Result<(), DecodeError> {
        let begin = self.at;
        if !start.empty
            && let Some(end) = usual_version_end(self.body, begin)
            && let Some(next) = VERSION.end_at(self.body, end)
        {
            self.push_text(VERSION, start, end - begin, next);
            return Ok(());
        }
        self.plain_text(VERSION, start)
    }

    #[inline]
    pub(super) fn guid(&mut self, start: &Start) -> Result<(), DecodeError> {
        let begin = self.at;
        if !start.empty
            && let Some(text) = self.body.get(begin..).and_then(<[u8]>::first_chunk)
            && let Some(next) = GUID.end_at(self.body, begin + text.len())
            && is_grouped_guid(text)
        {
            self.push_text(GUID, start, text.len(), next);
            return Ok(());
        }
        self.plain_text(GUID, start)
    }

    /// A text that is kept as it is written, after a check.
    pub(super) fn plain_text(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        let begin = self.at;
        let end = if start.empty { begin } else { self.scanner.find::<Markup>(self.body, begin) };
        self.check_part(begin, end)?;
        let next = if start.empty { Some(begin) } else { tag.end_at(self.body, end) };
        let text = self.body.get(begin..end).unwrap_or_default();
        match (next, Kind::from_number(tag.0)) {
            (Some(next), Some(kind)) if is_valid_text(kind, text) => {
                self.push_text(tag, start, end - begin, next);
                Ok(())
            }
            (_, Some(kind)) if start.empty => Err(DecodeError::value(tag.name(), expectation(kind), begin)),
            _ => self.slow_text(tag, text_node(tag, start, begin, 0), false),
        }
    }

    /// Takes the next `len` bytes as they are, and goes on at `next`.
    #[inline(always)]
    fn push_text(&mut self, tag: Tag, start: &Start, len: usize, next: usize) {
        self.nodes.push(text_node(tag, start, self.at, len));
        self.at = next;
    }

    /// A primitive whose value fits a node.
    #[inline(never)]
    pub(super) fn scalar(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        let Some(kind) = Kind::from_number(tag.0) else {
            return self.unknown_element();
        };
        let begin = self.at;
        if start.empty {
            return Err(DecodeError::value(tag.name(), expectation(kind), begin));
        }
        let end = find_tag(self.body, begin);
        let text = self.body.get(begin..end).unwrap_or_default();
        match (tag.end_at(self.body, end), parse_scalar(kind, text)) {
            (Some(next), Some(scalar)) => {
                if tag == DOUBLE || tag == SINGLE {
                    let (node, start) = (number(self.nodes.len()), number(begin));
                    self.floats.push(FloatText { node, start });
                }
                self.at = next;
                self.push_scalar(tag, start, scalar);
                Ok(())
            }
            _ => self.slow_scalar(tag, kind, start),
        }
    }

    #[inline]
    pub(super) fn push_scalar(&mut self, tag: Tag, start: &Start, scalar: Scalar) {
        let (low, high) = (scalar.bits & 0xFFFF_FFFF, scalar.bits >> 32);
        let (mut flags, mut aux) = (scalar.flags, scalar.aux);
        if tag == DATE_TIME {
            flags |= u8::try_from(start.stream << Node::DATE_STREAM_SHIFT).unwrap_or(0);
        } else {
            aux = start.stream;
        }
        self.nodes.push(Node {
            kind: tag.0,
            flags,
            aux,
            name: start.name,
            a: u32::try_from(low).unwrap_or(0),
            b: u32::try_from(high).unwrap_or(0),
        });
    }
}

/// A text of the body.
#[inline(always)]
fn text_node(tag: Tag, start: &Start, begin: usize, len: usize) -> Node {
    Node { kind: tag.0, flags: 0, aux: start.stream, name: start.name, a: number(begin), b: number(len) }
}

impl From<DateTime> for Scalar {
    fn from(date: DateTime) -> Self {
        Scalar {
            flags: date.kind.number() << Node::DATE_KIND_SHIFT,
            aux: date.offset_minutes.cast_unsigned(),
            bits: date.ticks.cast_unsigned(),
        }
    }
}

/// Where two to four numbers of at most seven digits with points between them end, that begin at `at`.
#[inline]
fn usual_version_end(body: &[u8], mut at: usize) -> Option<usize> {
    for parts in 1..=4 {
        let word = word_at(body, at);
        let (_, len) = leading_digits(word);
        // Eight digits leave nothing of the word.
        let behind = word.checked_shr(len * 8).filter(|_| len != 0)?;
        at += index(len);
        if behind & 0xFF != 0x2E {
            return (1 < parts).then_some(at);
        }
        at += 1;
    }
    None
}

/// The largest magnitudes of an integer type; 0 and 0 for what is none.
#[derive(Clone, Copy)]
struct Range {
    max: u64,
    max_negative: u64,
}

const fn ranges() -> [Range; 64] {
    let mut ranges = [Range { max: 0, max_negative: 0 }; 64];
    let types = [
        (Kind::Char, 16, false),
        (Kind::Byte, 8, false),
        (Kind::SByte, 8, true),
        (Kind::Int16, 16, true),
        (Kind::UInt16, 16, false),
        (Kind::Int32, 32, true),
        (Kind::UInt32, 32, false),
        (Kind::Int64, 64, true),
        (Kind::UInt64, 64, false),
    ];
    let mut at = 0;
    while at < types.len() {
        let (kind, bits, is_signed) = types[at];
        let all = u64::MAX >> (64 - bits);
        #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
        let range = &mut ranges[kind.number() as usize];
        *range = match is_signed {
            true => Range { max: all >> 1, max_negative: (all >> 1) + 1 },
            false => Range { max: all, max_negative: 0 },
        };
        at += 1;
    }
    ranges
}

static RANGES: [Range; 64] = ranges();
const POWERS: [u64; 8] = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000];
const BOOL: Tag = Tag::of(Kind::Bool);
const SINGLE: Tag = Tag::of(Kind::Single);
const DOUBLE: Tag = Tag::of(Kind::Double);
const DATE_TIME: Tag = Tag::of(Kind::DateTime);
const DURATION: Tag = Tag::of(Kind::TimeSpan);
const GUID: Tag = Tag::of(Kind::Guid);
const VERSION: Tag = Tag::of(Kind::Version);
