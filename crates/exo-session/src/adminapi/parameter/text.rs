//! Texts that stand for other values.

/// The three filters of the service know texts only: the two Boolean constants become theirs, wherever they stand.
pub(super) fn filter_text(filter: &str) -> String {
    let mut out = String::with_capacity(filter.len());
    let mut rest = filter;
    while let Some(at) = rest.find('$') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let word = |word: &str| from.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        let (text, len) = if word("$true") {
            ("'True'", 5)
        } else if word("$false") {
            ("'False'", 6)
        } else {
            ("$", 1)
        };
        out.push_str(text);
        rest = from.get(len..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// `[-][d.]hh:mm:ss[.fffffff]`, .NET's constant form.
pub(super) fn time_span(ticks: i64) -> String {
    let sign = if ticks < 0 { "-" } else { "" };
    let ticks = ticks.unsigned_abs();
    let seconds = ticks / 10_000_000;
    let days = match seconds / 86_400 {
        0 => String::new(),
        days => format!("{days}."),
    };
    let fraction = match ticks % 10_000_000 {
        0 => String::new(),
        fraction => format!(".{fraction:07}"),
    };
    format!("{sign}{days}{:02}:{:02}:{:02}{fraction}", seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
}

/// `yyyy-MM-ddTHH:mm:ss` of ticks since the year 1; the fraction is dropped as the original does.
pub(super) fn utc_text(ticks: i64) -> String {
    let seconds = ticks.max(0) / 10_000_000;
    let (days, seconds) = (seconds / 86_400, seconds % 86_400);
    // Civil date of a day count, in eras of 400 years that begin in March (H. Hinnant's algorithm).
    let shifted = days + 306;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_of_year = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_of_year + 2) / 5 + 1;
    let month = if month_of_year < 10 { month_of_year + 3 } else { month_of_year - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}
