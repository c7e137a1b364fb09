//! Dates and durations as .NET writes them, read straight out of a body.

use super::date::{DateTime, DateTimeKind, MAX_OFFSET, TICKS_PER_DAY, TICKS_PER_SECOND, days_before};
use super::scan::{leading_digits, word_at};
use super::wide::index;

/// A date in exactly the form that .NET writes, `YYYY-MM-DDTHH:MM:SS[.f…][Z|±HH:MM]` with at most seven fraction
/// digits, which begins at `at`; and where it ends. `None` for any other form, be it a good one.
#[inline]
pub(super) fn read_usual_date(body: &[u8], at: usize) -> Option<(DateTime, usize)> {
    let [year_high, _, year_low, _, _, month, _, _] = pairs(word_at(body, at), *b"0000-00-", 8)?;
    let [day, _, _, hour, _, _, minute, _] = pairs(word_at(body, at + 8), *b"00T00:00", 8)?;
    let tail = word_at(body, at + 16);
    let [_, second, ..] = pairs(tail, *b":00\0\0\0\0\0", 3)?;
    let mut end = at + 19;
    let mut fraction = 0;
    if tail >> 24 & 0xFF == 0x2E {
        (fraction, end) = read_fraction(body, at + 20)?;
    }
    let days =
        days_before(i64::from(year_high) * 100 + i64::from(year_low), i64::from(month), i64::from(day))?;
    if 23 < hour || 59 < minute || 59 < second {
        return None;
    }
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    let ticks = days * TICKS_PER_DAY + seconds * TICKS_PER_SECOND + fraction;
    let zone = word_at(body, end);
    let (kind, offset_minutes, len) = match zone & 0xFF {
        0x3C => (DateTimeKind::Unspecified, 0, 0),
        0x5A => (DateTimeKind::Utc, 0, 1),
        sign @ (0x2B | 0x2D) => {
            let [hours, _, _, minutes, ..] = pairs(zone >> 8, *b"00:00\0\0\0", 5)?;
            let offset = i16::from(hours) * 60 + i16::from(minutes);
            if 59 < minutes || MAX_OFFSET < i64::from(offset) {
                return None;
            }
            (DateTimeKind::Local, if sign == 0x2D { -offset } else { offset }, 6)
        }
        _ => return None,
    };
    Some((DateTime { ticks, kind, offset_minutes }, end + len))
}

/// A duration in exactly the form that .NET writes when it is not negative, `P[nD][T[nH][nM][n[.f…]S]]` with at most seven
/// digits each, which begins at `at`: its ticks and where it ends. `None` for any other form, be it a good one.
#[inline]
pub(super) fn read_usual_duration(body: &[u8], at: usize) -> Option<(i64, usize)> {
    if body.get(at) != Some(&b'P') {
        return None;
    }
    let (days, time) = read_part(body, at + 1, b'D');
    let mut ticks = days * TICKS_PER_DAY;
    if body.get(time) != Some(&b'T') {
        return (time != at + 1).then_some((ticks, time));
    }
    let (hours, minutes_at) = read_part(body, time + 1, b'H');
    let (minutes, seconds_at) = read_part(body, minutes_at, b'M');
    ticks += (hours * 60 + minutes) * 60 * TICKS_PER_SECOND;
    let word = word_at(body, seconds_at);
    let (seconds, len) = leading_digits(word);
    if len == 0 {
        return (seconds_at != time + 1).then_some((ticks, seconds_at));
    }
    ticks += seconds.cast_signed() * TICKS_PER_SECOND;
    let mut end = seconds_at + index(len);
    if word.checked_shr(len * 8)? & 0xFF == 0x2E {
        let (fraction, fraction_end) = read_fraction(body, end + 1)?;
        (ticks, end) = (ticks + fraction, fraction_end);
    }
    (body.get(end) == Some(&b'S')).then_some((ticks, end + 1))
}

/// A number of at most seven digits with this unit behind it, and where that ends; 0 and `at` when no such stands there.
#[inline(always)]
fn read_part(body: &[u8], at: usize, unit: u8) -> (i64, usize) {
    let word = word_at(body, at);
    let (value, len) = leading_digits(word);
    match word.checked_shr(len * 8) {
        Some(rest) if rest & 0xFF == u64::from(unit) && len != 0 => {
            (value.cast_signed(), at + index(len) + 1)
        }
        _ => (0, at),
    }
}

/// The ticks of one to seven fraction digits, and where they end. The eighth digit would have to be rounded; and a point
/// without a digit is none.
#[inline(always)]
fn read_fraction(body: &[u8], at: usize) -> Option<(i64, usize)> {
    let (value, len) = leading_digits(word_at(body, at));
    let unit = FRACTION_UNITS.get(index(len)).filter(|_| len != 0)?;
    Some((value.cast_signed() * unit, at + index(len)))
}

/// The two-digit numbers in the first `len` bytes of a word, each at the place of its first digit. `None` when the
/// bytes are not those of the pattern, in which `0` stands for any digit.
#[inline(always)]
fn pairs(word: u64, pattern: [u8; 8], len: u32) -> Option<[u8; 8]> {
    let digits = (word ^ u64::from_le_bytes(pattern)) & (u64::MAX >> (64 - len * 8));
    // Added to a byte, this sets its high bit when a digit is above 9, or when anything else differs.
    let room = pattern.map(|byte| if byte == b'0' { 0x76 } else { 0x7F });
    if (digits.wrapping_add(u64::from_le_bytes(room)) | digits) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    Some(digits.wrapping_mul(10).wrapping_add(digits >> 8).to_le_bytes())
}

/// The ticks of the last digit, by the number of fraction digits.
const FRACTION_UNITS: [i64; 8] = [0, 1_000_000, 100_000, 10_000, 1000, 100, 10, 1];

#[cfg(test)]
mod tests {
    use super::super::date::parse_duration;
    use super::*;

    /// The slow reader takes more forms; what this one takes, both read alike.
    #[test]
    #[cfg_attr(miri, ignore = "thousands of dates are too much for an interpreter")]
    fn both_readers_of_dates_agree() {
        let days = [
            "0001-01-01",
            "1999-02-29",
            "2000-02-29",
            "2026-11-21",
            "9999-12-31",
            "0000-01-01",
            "20x6-11-21",
        ];
        let times = ["00:00:00", "23:59:59", "24:00:00", "12:60:00", "1:00:000", "09:08:07"];
        let fractions = ["", ".", ".1", ".1234567", ".12345678", ".9999999", ".12a"];
        let zones = ["", "Z", "+00:00", "-07:30", "+14:00", "+14:01", "-1:00", "+05:60", " "];
        let mut taken = 0;
        for (day, time) in days.iter().flat_map(|day| times.map(|time| (day, time))) {
            for (fraction, zone) in fractions.iter().flat_map(|fraction| zones.map(|zone| (fraction, zone))) {
                let text = format!("{day}T{time}{fraction}{zone}");
                let body = format!("{text}</DT>");
                if let Some((date, end)) = read_usual_date(body.as_bytes(), 0)
                    && end == text.len()
                {
                    assert_eq!(Some(date), DateTime::parse(text.as_bytes()), "{text}");
                    taken += 1;
                }
            }
        }
        assert_eq!(taken, 4 * 3 * 4 * 5, "days, times, fractions and zones that .NET may write");
    }

    #[test]
    #[cfg_attr(miri, ignore = "thousands of durations are too much for an interpreter")]
    fn both_readers_of_durations_agree() {
        let days = ["", "0D", "14D", "9999999D", "99999999D", "1Y", "D"];
        let hours = ["", "0H", "23H", "9999999H", "H"];
        let minutes = ["", "5M", "59M", "M"];
        let seconds = ["", "0S", "16.9145889S", "1.S", "1.12345678S", "9999999.9999999S", "7", ".5S"];
        let mut taken = 0;
        for (day, time) in days.iter().flat_map(|day| ["", "T"].map(|time| (day, time))) {
            for (hour, minute) in hours.iter().flat_map(|hour| minutes.map(|minute| (hour, minute))) {
                for text in seconds.map(|second| format!("P{day}{time}{hour}{minute}{second}")) {
                    let body = format!("{text}</TS>");
                    if let Some((ticks, end)) = read_usual_duration(body.as_bytes(), 0)
                        && end == text.len()
                    {
                        assert_eq!(Some(ticks), parse_duration(text.as_bytes()), "{text}");
                        taken += 1;
                    }
                }
            }
        }
        assert_eq!(taken, 3 + 4 * (4 * 3 * 4 - 1), "days alone, and days before hours, minutes and seconds");
    }
}
