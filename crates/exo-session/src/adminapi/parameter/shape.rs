//! What a PowerShell value is, as far as that decides how it travels.

use std::borrow::Cow;

use psrp::clixml::{DateTime, DateTimeKind, Kind, Value};

use super::text::time_span;

pub(super) fn base_kind(value: Value<'_>) -> Option<Kind> {
    value.base().map(Value::kind)
}

pub(super) fn is_text(value: Value<'_>) -> bool {
    base_kind(value) == Some(Kind::String)
}

pub(super) fn is_list(value: Value<'_>) -> bool {
    matches!(base_kind(value), Some(Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue))
}

pub(super) fn is_dictionary(value: Value<'_>) -> bool {
    base_kind(value) == Some(Kind::Dictionary)
}

/// An object of members only, which is no value that PowerShell writes as one.
pub(super) fn is_composite(value: Value<'_>) -> bool {
    value.resolve().kind() == Kind::Object
        && value.base().is_none()
        && switch_of(value).is_none()
        && utc_member(value).is_none()
}

pub(super) fn is_custom(value: Value<'_>) -> bool {
    value.is_type("System.Management.Automation.PSCustomObject")
}

pub(super) fn is_number(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Byte
            | Kind::SByte
            | Kind::Int16
            | Kind::UInt16
            | Kind::Int32
            | Kind::UInt32
            | Kind::Int64
            | Kind::UInt64
            | Kind::Decimal
    )
}

pub(super) fn switch_of(value: Value<'_>) -> Option<bool> {
    let value = value.resolve();
    if value.kind() != Kind::Object || !value.is_type("System.Management.Automation.SwitchParameter") {
        return None;
    }
    value.member("IsPresent")?.as_bool()
}

pub(super) fn flag_of(value: Value<'_>) -> Option<bool> {
    switch_of(value).or_else(|| value.as_bool())
}

/// The moment of a `DateTimeOffset`, which is an object of members.
pub(super) fn utc_member(value: Value<'_>) -> Option<DateTime> {
    let value = value.resolve();
    if value.kind() != Kind::Object || !value.is_type("System.DateTimeOffset") {
        return None;
    }
    value.member("UtcDateTime")?.date_time().map(|date| DateTime { kind: DateTimeKind::Utc, ..date })
}

/// What PowerShell's cast to text gives: nothing for null and for a custom object.
pub(super) fn text_of(value: Value<'_>) -> Cow<'_, str> {
    let value = value.resolve();
    if is_custom(value) || is_list(value) || is_dictionary(value) {
        return "".into();
    }
    if let Some(text) = value.base().and_then(Value::text) {
        return text.to_lossy();
    }
    if let Some(text) = value.to_string_text() {
        return text.to_lossy();
    }
    match value.kind() {
        Kind::Bool => if value.as_bool() == Some(true) { "True" } else { "False" }.into(),
        Kind::TimeSpan => time_span(value.time_span_ticks().unwrap_or_default()).into(),
        Kind::Char => String::from_utf16_lossy(&[value.as_char().unwrap_or_default()]).into(),
        Kind::Object => "".into(),
        _ => value.to_string().into(),
    }
}
