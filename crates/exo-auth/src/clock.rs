//! Time as an argument.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;

/// Where the flows get the time from and how they wait.
pub trait Clock {
    /// The time now, for expiry dates.
    fn now(&self) -> SystemTime;

    /// Waits. Dropping the future ends the wait.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}

/// Seconds since 1970; a time before that is 0.
pub(crate) fn unix(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A time for people: `2026-11-21 16:04 UTC`.
pub(crate) fn utc(time: SystemTime) -> String {
    let time = i64::try_from(unix(time)).ok().and_then(|unix| OffsetDateTime::from_unix_timestamp(unix).ok());
    let Some(time) = time else { return "a time after the year 9999".to_owned() };
    let (date, hour, minute) = (time.date(), time.hour(), time.minute());
    format!("{date} {hour:02}:{minute:02} UTC")
}

/// The `Date` of an answer ([RFC 9110] section 5.6.7).
///
/// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
pub(crate) fn http_date(text: &str) -> Option<SystemTime> {
    httpdate::parse_http_date(text.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_over_the_whole_calendar() {
        for (seconds, date, shown) in [
            (0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01 00:00 UTC"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT", "2000-02-28 23:59 UTC"),
            (951_782_400, "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29 00:00 UTC"),
            (1_795_276_860, "Sat, 21 Nov 2026 16:01:00 GMT", "2026-11-21 16:01 UTC"),
            (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT", "2099-12-31 23:59 UTC"),
        ] {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(http_date(date), Some(time), "{date}");
            assert_eq!(utc(time), shown);
        }
        assert_eq!(utc(UNIX_EPOCH + Duration::from_secs(253_402_300_800)), "a time after the year 9999");
        for bad in [
            "",
            "yesterday",
            "Sat, 21 Nov 1800 16:01:00 GMT",
            "Sat, 32 Nov 2026 16:01:00 GMT",
            "Sat, 00 Jan 1970 0:0:0",
        ] {
            assert_eq!(http_date(bad), None, "{bad}");
        }
    }
}
