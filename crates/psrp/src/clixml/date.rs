//! Dates and durations in .NET ticks of 100 ns, as XML Schema writes them.

use std::fmt;

use super::digits::{digit_pairs, push_number, push_pair, push_ticks};
use super::node::Node;
use super::sheet::{Line, push_line};

/// A date as the wire has it: the clock it was read from is not converted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// Ticks of 100 ns since 0001-01-01T00:00:00 of the clock as written.
    pub ticks: i64,
    /// Which clock.
    pub kind: DateTimeKind,
    /// Minutes the clock is ahead of UTC; 0 unless the kind is [`DateTimeKind::Local`].
    pub offset_minutes: i16,
}

/// Which clock a date was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DateTimeKind {
    /// Nothing behind the time.
    Unspecified = 0,
    /// `Z` behind the time.
    Utc = 1,
    /// An offset behind the time.
    Local = 2,
}

impl DateTimeKind {
    pub(super) const fn number(self) -> u8 {
        match self {
            DateTimeKind::Unspecified => 0,
            DateTimeKind::Utc => 1,
            DateTimeKind::Local => 2,
        }
    }
}

impl DateTime {
    /// Year, month and day on the clock as written, in the proleptic Gregorian calendar from year 1 to 9999.
    pub fn date(self) -> (u64, u64, u64) {
        date_of(self.since_year_one() / DAY)
    }

    /// Hour, minute and second on the clock as written.
    pub fn time(self) -> (u64, u64, u64) {
        let seconds = self.since_year_one() / SECOND;
        let minutes = seconds / 60;
        (minutes / 60 % 24, minutes % 60, seconds % 60)
    }

    /// Ticks that are a date: what lies outside of the calendar is its first or last tick.
    fn since_year_one(self) -> u64 {
        self.ticks.clamp(0, MAX_TICKS).unsigned_abs()
    }

    pub(super) fn from_node(node: &Node) -> Option<Self> {
        let kind = match node.flags >> Node::DATE_KIND_SHIFT & 3 {
            0 => DateTimeKind::Unspecified,
            1 => DateTimeKind::Utc,
            2 => DateTimeKind::Local,
            _ => return None,
        };
        Some(DateTime { ticks: node.bits().cast_signed(), kind, offset_minutes: node.aux.cast_signed() })
    }

    /// Reads `YYYY-MM-DDTHH:MM:SS[.fffffff][Z|±HH:MM]`; a date alone counts as its midnight.
    pub(super) fn parse(text: &[u8]) -> Option<Self> {
        let (date, rest) = text.split_first_chunk::<10>()?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *date else { return None };
        let year = pair(y1, y2)? * 100 + pair(y3, y4)?;
        let mut ticks = days_before(year, pair(m1, m2)?, pair(d1, d2)?)? * TICKS_PER_DAY;
        let mut zone = rest;
        if let Some((time, rest)) = rest.split_first_chunk::<9>() {
            let [b'T', h1, h2, b':', m1, m2, b':', s1, s2] = *time else { return None };
            let (hour, minute, second) = (pair(h1, h2)?, pair(m1, m2)?, pair(s1, s2)?);
            let (fraction, rest) = match rest.strip_prefix(b".") {
                Some(rest) => rounded_fraction(rest)?,
                None => (0, rest),
            };
            let whole_day = hour == 24 && minute == 0 && second == 0 && fraction == 0;
            if (23 < hour && !whole_day) || 59 < minute || 59 < second {
                return None;
            }
            ticks += ((hour * 60 + minute) * 60 + second) * TICKS_PER_SECOND + fraction;
            zone = rest;
        }
        if MAX_TICKS < ticks {
            return None;
        }
        let (kind, offset_minutes) = match zone {
            [] => (DateTimeKind::Unspecified, 0),
            b"Z" => (DateTimeKind::Utc, 0),
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
                let (hours, minutes) = (pair(*h1, *h2)?, pair(*m1, *m2)?);
                let offset = hours * 60 + minutes;
                if 59 < minutes || MAX_OFFSET < offset {
                    return None;
                }
                (DateTimeKind::Local, i16::try_from(if *sign == b'-' { -offset } else { offset }).ok()?)
            }
            _ => return None,
        };
        Some(DateTime { ticks, kind, offset_minutes })
    }

    /// The same instant on a clock that is ahead of UTC by so many minutes; a date without an offset counts as one of
    /// UTC. What lies before the year 1 or after the year 9999 is its end, as in .NET.
    pub(super) fn on_clock(self, offset_minutes: i16) -> Self {
        let shift = i64::from(offset_minutes) - i64::from(self.offset_minutes);
        let ticks = (self.ticks + shift * 60 * TICKS_PER_SECOND).clamp(0, MAX_TICKS);
        DateTime { ticks, offset_minutes, kind: DateTimeKind::Local }
    }

    /// Writes it as .NET's `XmlConvert` does in round-trip mode: the fraction without trailing zeros.
    #[inline(always)]
    pub(super) fn write(&self, line: &mut Line<'_>) {
        // INVARIANT: within the calendar, so every part has a value and its own width.
        let ticks = self.since_year_one();
        let (days, in_day) = (ticks / DAY, ticks % DAY);
        let (year, month, day) = date_of(days);
        let (seconds, fraction) = (in_day / SECOND, in_day % SECOND);
        let date = digit_pairs([year / 100, year % 100, month, day]);
        let time = digit_pairs([seconds / 3600, seconds / 60 % 60, seconds % 60, 0]);
        let year_and_month = date & 0xFFFF_FFFF | (date & 0xFFFF_0000_0000) << 8 | word(b"\0\0\0\0-\0\0-");
        let day_and_time = date >> 48 | (time & 0xFFFF) << 24 | (time & 0xFFFF_0000) << 32;
        line.push_word(year_and_month, 8);
        line.push_word(day_and_time | word(b"\0\0T\0\0:\0\0"), 8);
        line.push_word(time >> 24 & 0xFFFF00 | word(b":\0\0\0\0\0\0\0"), 3);
        if fraction != 0 {
            push_ticks(line, fraction);
        }
        match self.kind {
            DateTimeKind::Unspecified => {}
            DateTimeKind::Utc => line.push(b"Z", 1),
            DateTimeKind::Local => {
                let sign = if self.offset_minutes < 0 { b'-' } else { b'+' };
                let offset = u64::from(self.offset_minutes.unsigned_abs());
                // INVARIANT: less than a hundred hours, as the decoder takes at most fourteen.
                let digits = digit_pairs([offset / 60 % 100, offset % 60, 0, 0]);
                let hours_and_minutes = (digits & 0xFFFF) << 8 | (digits & 0xFFFF_0000) << 16;
                line.push_word(hours_and_minutes | u64::from(sign) | word(b"\0\0\0:\0\0\0\0"), 6);
            }
        }
    }
}

/// Bytes as a little-endian word.
const fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

/// Writes it as it stands on the wire: `2026-11-21T10:11:12.3456789Z`.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        push_line(&mut out, |line| self.write(line));
        f.pad(&String::from_utf8_lossy(&out))
    }
}

/// Reads an XML Schema duration into ticks. A year counts as 365 days and a month as 30, as .NET does.
pub(super) fn parse_duration(text: &[u8]) -> Option<i64> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut rest = text.strip_prefix(b"P")?;
    let (mut ticks, mut stage, mut in_time) = (0_u64, 0, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(b"T") {
            if in_time || time.is_empty() {
                return None;
            }
            (in_time, stage, rest) = (true, stage.max(3), time);
            continue;
        }
        let (value, after) = leading_number(rest)?;
        let point = after.strip_prefix(b".");
        let (fraction, after) = point.map_or((0, after), truncated_fraction);
        let (unit, after) = after.split_first()?;
        let (order, scale) = match (unit, in_time) {
            (b'Y', false) => (1, 365 * DAY),
            (b'M', false) => (2, 30 * DAY),
            (b'D', false) => (3, DAY),
            (b'H', true) => (4, 3600 * SECOND),
            (b'M', true) => (5, 60 * SECOND),
            (b'S', true) => (6, SECOND),
            _ => return None,
        };
        if order <= stage || (point.is_some() && order != 6) {
            return None;
        }
        // Twelve months make a year of 365 days, not of 360.
        let missing_days = if order == 2 { value / 12 * 5 } else { 0 };
        for part in [value.checked_mul(scale)?, missing_days.checked_mul(DAY)?, fraction] {
            ticks = ticks.checked_add(part)?;
        }
        (stage, rest) = (order, after);
    }
    if stage == 0 || text.len() < 2 || (in_time && stage < 4) {
        return None;
    }
    if negative { 0_i64.checked_sub_unsigned(ticks) } else { i64::try_from(ticks).ok() }
}

/// Writes ticks as .NET's `XmlConvert` writes a `TimeSpan`.
#[inline(always)]
pub(super) fn write_duration(ticks: i64, line: &mut Line<'_>) {
    let total = ticks.unsigned_abs();
    if ticks < 0 {
        line.push(b"-", 1);
    }
    line.push(b"P", 1);
    let (days, in_day) = (total / DAY, total % DAY);
    if days != 0 {
        push_number(line, days);
        line.push(b"D", 1);
    }
    if in_day == 0 {
        if days == 0 {
            line.push(b"T0S", 3);
        }
        return;
    }
    line.push(b"T", 1);
    let (seconds, fraction) = (in_day / SECOND, in_day % SECOND);
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    for (value, unit) in [(hours, b"H"), (minutes, b"M")] {
        if value != 0 {
            push_pair(line, value);
            line.push(unit, 1);
        }
    }
    if seconds != 0 || fraction != 0 {
        push_pair(line, seconds);
        if fraction != 0 {
            push_ticks(line, fraction);
        }
        line.push(b"S", 1);
    }
}

/// Two digits as a number.
#[inline]
fn pair(tens: u8, ones: u8) -> Option<i64> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| i64::from(tens * 10 + ones))
}

fn digits(text: &[u8]) -> usize {
    text.iter().take_while(|byte| byte.is_ascii_digit()).count()
}

/// A number of at most 31 bits at the start.
fn leading_number(text: &[u8]) -> Option<(u64, &[u8])> {
    let (mut value, mut rest) = (0_u64, text);
    while let Some((byte, after)) = rest.split_first()
        && byte.is_ascii_digit()
    {
        value = value * 10 + u64::from(byte - b'0');
        if 1 << 31 <= value {
            return None;
        }
        rest = after;
    }
    (rest.len() < text.len()).then_some((value, rest))
}

/// Fraction digits as ticks, the eighth digit rounding; at least one digit must stand there.
fn rounded_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let count = digits(text);
    if count == 0 {
        return None;
    }
    let (ticks, rest) = truncated_fraction(text);
    let up = text.get(7).is_some_and(|digit| 7 < count && b'5' <= *digit);
    Some((i64::try_from(ticks).ok()? + i64::from(up), rest))
}

/// Fraction digits as ticks, the eighth and later digits dropped.
fn truncated_fraction(text: &[u8]) -> (u64, &[u8]) {
    let (fraction, rest) = text.split_at(digits(text));
    let (mut ticks, mut unit) = (0, SECOND / 10);
    for byte in fraction.iter().take(7) {
        ticks += u64::from(byte - b'0') * unit;
        unit /= 10;
    }
    (ticks, rest)
}

/// Days from 0001-01-01 to a date of the proleptic Gregorian calendar; `None` when there is no such date.
#[inline]
pub(super) fn days_before(year: i64, month: i64, day: i64) -> Option<i64> {
    let month_index = usize::try_from(month - 1).ok()?;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let mut length = *MONTH_LENGTHS.get(month_index)?;
    let mut before = *DAYS_BEFORE_MONTH.get(month_index)?;
    if leap {
        length += i64::from(month == 2);
        before += i64::from(2 < month);
    }
    if year < 1 || day < 1 || length < day {
        return None;
    }
    let years = year - 1;
    Some(years * 365 + years / 4 - years / 100 + years / 400 + before + day - 1)
}

/// Year, month and day of a count of days since 0001-01-01.
///
/// Neri and Schneider, Euclidean affine functions and their application to calendar algorithms (2022): the remainder of a
/// division is the low half of a product.
#[inline(always)]
fn date_of(days: u64) -> (u64, u64, u64) {
    // Counted from 0000-03-01, so that the leap day is the last day of a year.
    let quarters = (days + 306) * 4 + 3;
    let (century, in_century) = (quarters / 146_097, (quarters % 146_097) | 3);
    let product = in_century * 2_939_745;
    let (year_of_century, day_of_year) = (product >> 32, (product & 0xFFFF_FFFF) / 2_939_745 / 4);
    let product = day_of_year * 2141 + 197_913;
    let (month, day) = (product >> 16, (product & 0xFFFF) / 2141 + 1);
    let is_next_year = 306 <= day_of_year;
    let month = if is_next_year { month - 12 } else { month };
    (century * 100 + year_of_century + u64::from(is_next_year), month, day)
}

const SECOND: u64 = 10_000_000;
const DAY: u64 = 86_400 * SECOND;
pub(super) const TICKS_PER_SECOND: i64 = 10_000_000;
pub(super) const TICKS_PER_DAY: i64 = 86_400 * TICKS_PER_SECOND;
/// 9999-12-31T23:59:59.9999999
const MAX_TICKS: i64 = 3_155_378_975_999_999_999;
/// Fourteen hours, the largest offset XML Schema allows.
pub(super) const MAX_OFFSET: i64 = 14 * 60;
const MONTH_LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const DAYS_BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
