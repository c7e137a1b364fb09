//! Objects as plain JSON, for clients that do not ask for CLIXML.

use psrp::clixml::{DateTime, DateTimeKind, Encoder};
use serde_json::{Map, Value as Json, json};

use crate::adminapi::value::Item;
use crate::data::record::Record;
use crate::data::value::Value;

/// One object; what a member's type was stands beside it.
pub(super) fn object(item: &Item, wanted: &[String]) -> Json {
    match item {
        Item::Record(record) => record_object(record, wanted),
        Item::Text(text) => json!({ "value": text }),
        Item::Recorded(tape, index) => {
            json!({ "value": tape.value_at(*index).map(|value| value.to_string()).unwrap_or_default() })
        }
    }
}

fn record_object(record: &Record, wanted: &[String]) -> Json {
    let mut members = Map::new();
    for (name, value) in &record.properties {
        if !wanted.is_empty() && !wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(name)) {
            continue;
        }
        let mark = match value {
            Value::Date(_) => Some(("data", "System.DateTime")),
            Value::Span(_) => Some(("data", "System.TimeSpan")),
            Value::Guid(_) => Some(("data", "System.Guid")),
            Value::Enumeration(enumeration) => Some(("data", enumeration.type_name)),
            Value::List(_) => Some(("odata", "#Collection(String)")),
            Value::Object(object) => object.types.first().map(|name| ("data", *name)),
            _ => None,
        };
        if let Some((kind, type_name)) = mark {
            members.insert(format!("{name}@{kind}.type"), type_name.into());
        }
        members.insert((*name).to_owned(), member(value));
    }
    Json::Object(members)
}

fn member(value: &Value) -> Json {
    match value {
        Value::Nil => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Byte(number) => (*number).into(),
        Value::Int(number) => (*number).into(),
        Value::Long(number) => (*number).into(),
        Value::Date(ticks) => {
            let date = DateTime { ticks: *ticks, kind: DateTimeKind::Utc, offset_minutes: 0 };
            date.to_string().into()
        }
        Value::Span(ticks) => duration(*ticks).into(),
        Value::List(list) => list.items.iter().map(Value::display).collect(),
        _ => value.display().into(),
    }
}

/// The text of the element that CLIXML has for a duration.
fn duration(ticks: i64) -> String {
    let mut element = Vec::new();
    Encoder::new(&mut element).time_span(None, ticks);
    let element = String::from_utf8_lossy(&element).into_owned();
    let inner = element.split_once('>').and_then(|(_, rest)| rest.rsplit_once("</"));
    inner.map(|(inner, _)| inner.to_owned()).unwrap_or_default()
}
