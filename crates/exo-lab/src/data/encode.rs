//! Sample objects as CLIXML, in the shape that Exchange's own serializer gives them.

use psrp::clixml::{DateTime, DateTimeKind, Encoder, RefId};

use crate::data::record::Record;
use crate::data::value::{Object, Value};

impl Record {
    /// Appends the object to `out`, as a message of its own.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        self.encode_with(&mut Encoder::new(out));
    }

    /// Appends the object to the message of `out`.
    pub(crate) fn encode_with(&self, out: &mut Encoder<'_>) {
        out.object(None, self.types, Some(&self.text), |object| {
            object.props(|props| {
                // Exchange gives the same object as Identity and as Id, which then is a reference to the first.
                let mut identity = None;
                for (name, value) in &self.properties {
                    match (*name, identity) {
                        ("Id", Some((same, target))) if same == value => props.reference(*name, target),
                        ("Identity", _) => {
                            identity = encode_value(value, Some(name), props).map(|target| (value, target));
                        }
                        _ => {
                            encode_value(value, Some(name), props);
                        }
                    }
                }
            });
        });
    }

    /// Appends an object with only these properties, as Select-Object makes it.
    pub(crate) fn encode_selected(&self, names: &[String], out: &mut Vec<u8>) {
        let selected = format!("Selected.{}", self.types.first().copied().unwrap_or("System.Object"));
        let types = [selected.as_str(), "System.Management.Automation.PSCustomObject", "System.Object"];
        Encoder::new(out).object(None, &types, None, |object| {
            object.members(|members| {
                for name in names {
                    encode_value(self.property(name).unwrap_or(&Value::Nil), Some(name), members);
                }
            });
        });
    }
}

/// Appends a value; an object can be referred to afterwards.
fn encode_value(value: &Value, name: Option<&str>, out: &mut Encoder<'_>) -> Option<RefId> {
    match value {
        Value::Nil => out.nil(name),
        Value::Text(text) => out.string(name, text),
        Value::Bool(value) => out.bool(name, *value),
        Value::Byte(number) => out.u8(name, *number),
        Value::Int(number) => out.i32(name, *number),
        Value::Long(number) => out.i64(name, *number),
        Value::Date(ticks) => {
            out.date_time(name, DateTime { ticks: *ticks, kind: DateTimeKind::Utc, offset_minutes: 0 });
        }
        Value::Span(ticks) => out.time_span(name, *ticks),
        Value::Guid(guid) => out.guid(name, *guid),
        Value::Enumeration(enumeration) => {
            let types = [enumeration.type_name, "System.Enum", "System.ValueType", "System.Object"];
            out.enumeration(name, &types, &enumeration.member, enumeration.number);
        }
        Value::List(list) => {
            out.object(name, list.types, None, |object| {
                object.list(|items| {
                    for item in &list.items {
                        encode_value(item, None, items);
                    }
                });
            });
        }
        Value::Object(object) => return Some(encode_object(object, name, out)),
    }
    None
}

fn encode_object(object: &Object, name: Option<&str>, out: &mut Encoder<'_>) -> RefId {
    out.object(name, object.types, Some(&object.text), |inner| {
        if !object.properties.is_empty() {
            inner.props(|props| {
                for (name, value) in &object.properties {
                    encode_value(value, Some(name), props);
                }
            });
        }
        if object.has_binary_form {
            inner.members(|members| members.bytes("SerializationData", EMPTY_BINARY_FORM));
        }
    })
}

/// MS-NRBF: a header record and the end.
const EMPTY_BINARY_FORM: &[u8] = &[0, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0, 0, 0, 0, 11];
