//! From the parameters of a call to the properties of an object.

use crate::cmdlets::{Argument, CmdletError, Invocation, Kind};
use crate::data::record::Record;
use crate::data::value::Value;

/// Each bound parameter of the cmdlet's own becomes the property of its name.
pub(super) fn change_record(invocation: &Invocation<'_>, record: &mut Record) -> Result<(), CmdletError> {
    for (parameter, argument) in invocation.bound.iter() {
        let is_own = invocation.cmdlet.parameters.iter().any(|own| own.name == parameter.name);
        if !is_own || NOT_PROPERTIES.contains(&parameter.name) {
            continue;
        }
        let before = record.property(parameter.name);
        let value = match argument {
            Argument::Number(number) => {
                i32::try_from(*number).map_or(Some(Value::Long(*number)), |number| Some(Value::Int(number)))
            }
            Argument::Table(edits) => edited(before, edits),
            Argument::Text(text) if parameter.kind == Kind::Any && ticks_of(text).is_some() => {
                ticks_of(text).map(Value::Date)
            }
            _ => argument.as_property(before, parameter.kind),
        };
        let Some(value) = value else {
            let text = argument.text().unwrap_or_default();
            return Err(CmdletError::bad_argument(
                invocation.cmdlet,
                parameter.name,
                &text,
                parameter.type_name(),
            ));
        };
        if parameter.name == "Name" {
            record.text = value.display();
            record.set("Identity", value.clone());
        }
        record.set(parameter.name, value);
    }
    Ok(())
}

/// The old list with `@{Add=…; Remove=…}` done to it; any other table is kept as text.
fn edited(before: Option<&Value>, edits: &[(String, Argument)]) -> Option<Value> {
    let is_edit = |verb: &str| verb.eq_ignore_ascii_case("add") || verb.eq_ignore_ascii_case("remove");
    if !edits.iter().all(|(verb, _)| is_edit(verb)) {
        let pairs =
            edits.iter().map(|(name, value)| format!("[{name}, {}]", value.text().unwrap_or_default()));
        return Some(Value::strings(pairs.collect::<Vec<_>>()));
    }
    let mut items: Vec<String> = match before {
        Some(Value::List(list)) => list.items.iter().map(Value::display).collect(),
        Some(Value::Text(text)) if !text.is_empty() => vec![text.clone()],
        _ => Vec::new(),
    };
    for (verb, operands) in edits {
        let operands = operands.texts()?;
        if verb.eq_ignore_ascii_case("add") {
            items.extend(operands);
        } else {
            items.retain(|item| !operands.iter().any(|operand| operand.eq_ignore_ascii_case(item)));
        }
    }
    Some(Value::strings(items))
}

/// A date as clients write it, `2026-11-21T14:05:09` in UTC, in 100 ns units since 0001-01-01.
fn ticks_of(text: &str) -> Option<i64> {
    let (date, time) = text.split_once('T')?;
    let numbers = |text: &str, mark: char| -> Option<[i64; 3]> {
        let mut parts = text.split(mark);
        let mut next = || {
            let part = parts.next()?;
            if part.bytes().all(|byte| byte.is_ascii_digit()) { part.parse::<i64>().ok() } else { None }
        };
        let numbers = [next()?, next()?, next()?];
        if parts.next().is_none() { Some(numbers) } else { None }
    };
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(time, ':')?;
    let is_valid = (1..=9_999).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !is_valid {
        return None;
    }
    // Years begin in March here, so that the leap day is the last of its year; day 0 is 0001-01-01.
    let (year, month) = if month < 3 { (year - 1, month + 9) } else { (year, month - 3) };
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 307;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 10_000_000)
}

const NOT_PROPERTIES: &[&str] =
    &["Identity", "Force", "Mailbox", "Password", "LinkedCredential", "ResultSize", "Filter", "MakeDefault"];

#[cfg(test)]
mod tests;
