//! The time of day as Exchange and Entra ID write it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use psrp::clixml::{DateTime, DateTimeKind};

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
        let ((year, month, day), (hour, minute, second)) = self.civil();
        format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}Z")
    }

    /// `11/21/2026 1:05:53 PM`, the form of Exchange's error ids.
    pub(crate) fn exchange(self) -> String {
        let ((year, month, day), (hour, minute, second)) = self.civil();
        let half = if hour < 12 { "AM" } else { "PM" };
        let hour = if hour % 12 == 0 { 12 } else { hour % 12 };
        format!("{month}/{day}/{year} {hour}:{minute:02}:{second:02} {half}")
    }

    /// `Sat, 21 Nov 2026 13:05:53 GMT`, the form of HTTP headers (RFC 9110 §5.6.7).
    pub(crate) fn http(self) -> String {
        // INVARIANT: a year has four digits there, and `httpdate` refuses a longer one by a panic.
        let since_epoch = self.since_epoch.min(Duration::from_secs(END_OF_9999));
        httpdate::fmt_http_date(UNIX_EPOCH + since_epoch)
    }

    /// Year, month and day; hour, minute and second.
    fn civil(self) -> ((u64, u64, u64), (u64, u64, u64)) {
        let moment = DateTime { ticks: self.ticks(), kind: DateTimeKind::Utc, offset_minutes: 0 };
        (moment.date(), moment.time())
    }
}

/// 9999-12-31T23:59:59Z
const END_OF_9999: u64 = 253_402_300_799;

#[cfg(test)]
mod tests;
