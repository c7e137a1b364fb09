//! Values as one line of text, for people: cells of tables, lists and CSV.
//!
//! PowerShell's own habits: an object is its display text, a list is `{a, b}`, null is empty, a duration is
//! `1.02:03:04`.

use std::fmt::Write;

use psrp::clixml::{Kind, Text, Value};

/// One value as text, at most [`MAX_LEN`] bytes or a little more.
pub(crate) fn cell(value: Value<'_>) -> String {
    let mut out = String::new();
    push(&mut out, value, 0);
    out
}

/// The same with the elements of a list joined by `;` and nothing around them.
pub(crate) fn csv_cell(value: Value<'_>) -> String {
    let value = value.resolve();
    if !is_list(value) {
        return whole(value);
    }
    let mut out = String::new();
    for (index, item) in value.items().enumerate() {
        if 0 < index {
            out.push(';');
        }
        out.push_str(&whole(item));
    }
    out
}

/// Text without characters that steer a terminal; line ends and tabs become spaces.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .filter_map(|letter| match letter {
            '\n' | '\t' => Some(' '),
            letter if letter.is_control() => None,
            letter => Some(letter),
        })
        .collect()
}

/// Text of several lines without characters that steer a terminal, but for line ends and tabs.
pub(crate) fn printable_lines(text: &str) -> String {
    text.chars().filter(|letter| matches!(letter, '\n' | '\t') || !letter.is_control()).collect()
}

/// A duration as .NET prints it: `[-][days.]hours:minutes:seconds[.fraction]`.
pub(crate) fn duration(ticks: i64) -> String {
    let all = ticks.unsigned_abs();
    let (seconds, fraction) = (all / TICKS_PER_SECOND, all % TICKS_PER_SECOND);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut out = String::new();
    if ticks < 0 {
        out.push('-');
    }
    if 0 < days {
        push_fmt(&mut out, format_args!("{days}."));
    }
    push_fmt(&mut out, format_args!("{:02}:{:02}:{:02}", rest / 3600, rest / 60 % 60, rest % 60));
    if 0 < fraction {
        push_fmt(&mut out, format_args!(".{fraction:07}"));
    }
    out
}

/// Whether the value is a list of some kind, an object around one included. Byte arrays are not.
pub(crate) fn is_list(value: Value<'_>) -> bool {
    let base = value.base();
    base.is_some_and(|base| matches!(base.kind(), Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue))
}

/// Whether the value is an enumeration's: a name with a number behind it.
pub(crate) fn is_enum(value: Value<'_>) -> bool {
    value.type_names().any(|name| name == "System.Enum" || name == "Deserialized.System.Enum")
}

/// A single value in full, where [`cell`] would cut.
fn whole(value: Value<'_>) -> String {
    match value.resolve().text() {
        Some(text) if value.kind() != Kind::SecureString => text.to_string(),
        _ => cell(value),
    }
}

fn push(out: &mut String, value: Value<'_>, depth: usize) {
    if MAX_LEN <= out.len() {
        return;
    }
    let value = value.resolve();
    match value.kind() {
        Kind::Nil => {}
        Kind::Bool => out.push_str(if value.as_bool() == Some(true) { "True" } else { "False" }),
        Kind::Char => {
            let unit = value.as_char().unwrap_or_default();
            out.push(char::from_u32(u32::from(unit)).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Kind::TimeSpan => out.push_str(&duration(value.time_span_ticks().unwrap_or_default())),
        Kind::SecureString => out.push_str("System.Security.SecureString"),
        Kind::Bytes => push_bytes(out, value.bytes().unwrap_or_default()),
        Kind::Object => push_object(out, value, depth),
        Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue | Kind::Dictionary => {
            push_items(out, value, depth);
        }
        Kind::Progress => push_members(out, value.children(), depth),
        Kind::Members => push_members(out, value.children(), depth),
        kind if kind.is_text() => push_text(out, value.text().unwrap_or_default()),
        _ => push_fmt(out, format_args!("{value}")),
    }
}

fn push_object(out: &mut String, value: Value<'_>, depth: usize) {
    match value.base() {
        // What a list or a table of the service says about itself is its type name; what it holds says more.
        Some(base) if base.kind().is_container() && base.kind() != Kind::Progress => {
            push_items(out, value, depth);
        }
        base => match (value.to_string_text(), base) {
            (Some(text), _) => push_text(out, text),
            (None, Some(base)) if depth < MAX_NESTING => push(out, base, depth + 1),
            (None, Some(_)) => out.push('…'),
            (None, None) => push_members(out, value.props().chain(value.members()), depth),
        },
    }
}

fn push_items(out: &mut String, value: Value<'_>, depth: usize) {
    if MAX_NESTING <= depth {
        out.push('…');
        return;
    }
    out.push('{');
    let mut first = true;
    for item in value.items() {
        if !push_comma(out, &mut first) {
            break;
        }
        push(out, item, depth + 1);
    }
    for (key, item) in value.entries() {
        if !push_comma(out, &mut first) {
            break;
        }
        out.push('[');
        push(out, key, depth + 1);
        out.push_str(", ");
        push(out, item, depth + 1);
        out.push(']');
    }
    out.push('}');
}

fn push_members<'t>(out: &mut String, members: impl Iterator<Item = Value<'t>>, depth: usize) {
    if MAX_NESTING <= depth {
        out.push('…');
        return;
    }
    out.push_str("@{");
    let mut first = true;
    for member in members {
        if MAX_LEN <= out.len() {
            out.push('…');
            break;
        }
        if !first {
            out.push_str("; ");
        }
        first = false;
        push_text(out, member.name().unwrap_or_default());
        out.push('=');
        push(out, member, depth + 1);
    }
    out.push('}');
}

/// Writes the comma in front of every element but the first; `false` when the text is long enough.
fn push_comma(out: &mut String, first: &mut bool) -> bool {
    if !*first {
        out.push_str(", ");
    }
    *first = false;
    if MAX_LEN <= out.len() {
        out.push('…');
        return false;
    }
    true
}

fn push_text(out: &mut String, text: Text<'_>) {
    let room = MAX_LEN.saturating_sub(out.len());
    let text = text.to_lossy();
    if text.len() <= room {
        out.push_str(&text);
    } else {
        out.extend(text.chars().take(room));
        out.push('…');
    }
}

fn push_bytes(out: &mut String, bytes: &[u8]) {
    out.push('{');
    for (index, byte) in bytes.iter().enumerate() {
        if 0 < index {
            out.push_str(", ");
        }
        if MAX_BYTES <= index {
            out.push('…');
            break;
        }
        push_fmt(out, format_args!("{byte}"));
    }
    out.push('}');
}

fn push_fmt(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String does not fail.
    let _ = out.write_fmt(text);
}

const TICKS_PER_SECOND: u64 = 10_000_000;
const MAX_LEN: usize = 4096;
const MAX_NESTING: usize = 3;
const MAX_BYTES: usize = 16;
