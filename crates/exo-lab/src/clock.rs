//! The time of day as Exchange and Entra ID write it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A moment in UTC, split into the parts that dates are written with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    since_epoch: Duration,
}

impl Moment {
    /// The present.
    pub(crate) fn now() -> Self {
        Self { since_epoch: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default() }
    }

    /// So many whole seconds after 1970-01-01T00:00:00Z.
    pub(crate) fn at(seconds: u64) -> Self {
        Self { since_epoch: Duration::from_secs(seconds) }
    }

    /// So many seconds later, or earlier.
    pub(crate) fn shifted(self, seconds: i64) -> Self {
        let by = Duration::from_secs(seconds.unsigned_abs());
        let since_epoch = match seconds < 0 {
            true => self.since_epoch.saturating_sub(by),
            false => self.since_epoch.saturating_add(by),
        };
        Self { since_epoch }
    }

    /// Whole seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn unix(self) -> u64 {
        self.since_epoch.as_secs()
    }

    /// 100 ns units since 0001-01-01, as .NET counts them.
    pub(crate) fn ticks(self) -> i64 {
        const EPOCH_TICKS: i64 = 621_355_968_000_000_000;
        let ticks = self.since_epoch.as_nanos() / 100;
        EPOCH_TICKS.saturating_add(i64::try_from(ticks).unwrap_or(i64::MAX))
    }

    /// `2026-11-21 13:05:53Z`, the form of Entra ID's error texts.
    pub(crate) fn entra(self) -> String {
        let (year, month, day, hour, minute, second) = self.civil();
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
    }

    /// `11/21/2026 1:05:53 PM`, the form of Exchange's error ids.
    pub(crate) fn exchange(self) -> String {
        let (year, month, day, hour, minute, second) = self.civil();
        let half = if hour < 12 { "AM" } else { "PM" };
        let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
        format!("{month}/{day}/{year} {hour}:{minute:02}:{second:02} {half}")
    }

    /// `Sat, 21 Nov 2026 13:05:53 GMT`, the form of HTTP headers (RFC 9110 §5.6.7).
    pub(crate) fn http(self) -> String {
        let (year, month, day, hour, minute, second) = self.civil();
        // 1970-01-01 was a Thursday.
        let name = |names: &[&'static str], index: u64| {
            usize::try_from(index).ok().and_then(|index| names.get(index).copied()).unwrap_or_default()
        };
        let weekday = name(&["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"], self.unix() / 86_400 % 7);
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let month = name(&months, month - 1);
        format!("{weekday}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
    }

    /// Year, month, day, hour, minute, second in the proleptic Gregorian calendar.
    fn civil(self) -> (u64, u64, u64, u64, u64, u64) {
        let seconds = self.unix();
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        // Counted from 0000-03-01, so that the leap day is the last of its year.
        let days = days + 719_468;
        let era = days / 146_097;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        (year, month, day, rest / 3_600, rest % 3_600 / 60, rest % 60)
    }
}

#[cfg(test)]
mod tests;
