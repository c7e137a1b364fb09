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
