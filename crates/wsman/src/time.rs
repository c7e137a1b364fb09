//! Durations as XML Schema writes them (`PT20S`, `P0DT0H0M2.500S`).

use std::time::Duration;

/// Reads a duration of days, hours, minutes and seconds. Years and months have no fixed length and are refused.
pub(crate) fn decode_duration(text: &str) -> Option<Duration> {
    let rest = text.trim().strip_prefix('P')?;
    let (days, clock) = match rest.split_once('T') {
        Some((days, clock)) if !clock.is_empty() => (days, clock),
        Some(_) => return None,
        None => (rest, ""),
    };
    if days.is_empty() && clock.is_empty() {
        return None;
    }
    let mut total = Duration::ZERO;
    if !days.is_empty() {
        total = add(total, days.strip_suffix('D')?, 86_400)?;
    }
    let mut clock = clock;
    for (unit, seconds) in [('H', 3_600), ('M', 60)] {
        if let Some((count, rest)) = clock.split_once(unit) {
            total = add(total, count, seconds)?;
            clock = rest;
        }
    }
    if !clock.is_empty() {
        total = total.checked_add(decode_seconds(clock.strip_suffix('S')?)?)?;
    }
    Some(total)
}

/// Writes a duration the way Windows does, in seconds with milliseconds.
pub(crate) fn encode_duration(duration: Duration) -> String {
    format!("PT{}.{:03}S", duration.as_secs(), duration.subsec_millis())
}

fn add(total: Duration, count: &str, unit_seconds: u64) -> Option<Duration> {
    let seconds = decode_digits(count)?.checked_mul(unit_seconds)?;
    total.checked_add(Duration::from_secs(seconds))
}

fn decode_seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let seconds = decode_digits(whole)?;
    if fraction.is_empty() || !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let nanos: String = fraction.chars().chain(std::iter::repeat('0')).take(9).collect();
    Some(Duration::new(seconds, nanos.parse().ok()?))
}

fn decode_digits(text: &str) -> Option<u64> {
    if !text.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests;
