//! Time as an argument.

use std::future::Future;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

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
    let minutes = unix(time) / 60;
    let (year, month, day) = date(minutes / (24 * 60));
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60 % 24, minutes % 60)
}

/// The `Date` of an answer ([RFC 9110] section 5.6.7), in the form that every server sends today.
///
/// [RFC 9110]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
pub(crate) fn http_date(text: &str) -> Option<SystemTime> {
    let (_, rest) = text.trim().split_once(", ")?;
    let mut words = rest.split(' ');
    let day: u64 = words.next()?.parse().ok()?;
    let name = words.next()?;
    let month = u64::try_from(MONTHS.iter().position(|month| *month == name)?).ok()? + 1;
    let year: u64 = words.next()?.parse().ok()?;
    let mut time = words.next()?.split(':').map(|part| part.parse::<u64>().ok());
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    if !(1970..=9999).contains(&year) || 31 < day || 23 < hour || 59 < minute || 60 < second {
        return None;
    }
    let seconds = (days(year, month, day)? * 24 + hour) * 3600 + minute * 60 + second;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

/// Year, month and day of a count of days since 1970, after Hinnant's `civil_from_days`.
fn date(days: u64) -> (u64, u64, u64) {
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Days since 1970 of a date from then on.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let month = if 2 < month { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day.checked_sub(1)?;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era).checked_sub(719_468)
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

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
