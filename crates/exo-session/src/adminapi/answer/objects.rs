//! Objects that come as JSON instead of CLIXML, as a service does that does not know the format asked for.
//!
//! A member's type stands beside it, as `Name@odata.type` or `Name@data.type`. What comes out is a CLIXML document, so
//! that one decoder makes the objects of either form.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use psrp::clixml::{Encoder, decode};
use serde::Deserialize;
use serde::de::{self, MapAccess, SeqAccess, Visitor};
use uuid::Uuid;

/// A list of JSON values as a CLIXML document.
pub(super) fn to_clixml(values: &[Json<'_>]) -> Vec<u8> {
    let mut body = b"<Objs>".to_vec();
    let mut encoder = Encoder::new(&mut body);
    values.iter().for_each(|value| write(&mut encoder, None, value, ""));
    body.extend_from_slice(b"</Objs>");
    body
}

/// A JSON value whose members keep their order.
#[derive(Debug, PartialEq)]
pub(super) enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond 63 bits.
    Large(u64),
    Float(f64),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl Json<'_> {
    fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

fn write(out: &mut Encoder<'_>, name: Option<&str>, value: &Json<'_>, type_name: &str) {
    match value {
        Json::Null => out.nil(name),
        Json::Bool(value) => out.bool(name, *value),
        Json::Int(value) => match i32::try_from(*value) {
            Ok(small) if is(type_name, "Int32") => out.i32(name, small),
            _ => out.i64(name, *value),
        },
        Json::Large(value) => out.u64(name, *value),
        Json::Float(value) => out.f64(name, *value),
        Json::Text(text) => write_text(out, name, text, type_name),
        Json::List(items) => {
            let of = type_name
                .trim_start_matches('#')
                .strip_prefix("Collection(")
                .and_then(|rest| rest.strip_suffix(')'))
                .unwrap_or_default();
            out.object(name, LIST, None, |object| {
                object.list(|list| items.iter().for_each(|item| write(list, None, item, of)));
            });
        }
        Json::Object(members) => write_object(out, name, members),
    }
}

fn write_object(out: &mut Encoder<'_>, name: Option<&str>, members: &[(Cow<'_, str>, Json<'_>)]) {
    let types = types_beside(members);
    let type_of = |name: &str| types.get(name).copied().unwrap_or_default();
    let own_type = type_of("");
    let plain = || members.iter().filter(|(name, _)| !name.contains('@'));
    if is(own_type, "ByteArrayType")
        && let Some((_, Json::List(items))) = plain().find(|(name, _)| name == "Data")
        && let Some(bytes) = items.iter().map(byte).collect::<Option<Vec<u8>>>()
    {
        return out.bytes(name, &bytes);
    }
    if is(own_type, "GenericHashTable") {
        out.object(name, TABLE, None, |object| {
            object.dictionary(|table| {
                for (key, value) in plain() {
                    table.entry(|slot| slot.string(None, key), |slot| write(slot, None, value, type_of(key)));
                }
            });
        });
        return;
    }
    out.object(name, CUSTOM, None, |object| {
        object.members(|out| {
            for (name, value) in plain() {
                write(out, Some(name), value, type_of(name));
            }
        });
    });
}

/// A text of a type that has a form of its own; of any other, and of another form, it stays a text.
fn write_text(out: &mut Encoder<'_>, name: Option<&str>, text: &str, type_name: &str) {
    if is(type_name, "DateTime")
        && text.bytes().all(|byte| byte.is_ascii_digit() || b"-+:.TZ".contains(&byte))
        && let Ok(date) = decode(format!("<DT>{text}</DT>").into_bytes())
        && let Some(date) = date.first().and_then(psrp::clixml::Value::date_time)
    {
        out.date_time(name, date);
    } else if is(type_name, "Guid")
        && let Ok(guid) = Uuid::try_parse(text)
    {
        out.guid(name, guid);
    } else if is(type_name, "TimeSpan")
        && let Some(ticks) = ticks(text)
    {
        out.time_span(name, ticks);
    } else {
        out.string(name, text);
    }
}

/// The types that stand beside members, by the names of those; that of the object itself has no name.
fn types_beside<'m>(members: &'m [(Cow<'_, str>, Json<'_>)]) -> HashMap<&'m str, &'m str> {
    let mut types = HashMap::new();
    for (key, value) in members {
        let name = key.strip_suffix("@odata.type").or_else(|| key.strip_suffix("@data.type"));
        if let (Some(name), Some(type_name)) = (name, value.text()) {
            types.entry(name).or_insert(type_name);
        }
    }
    types
}

/// Whether the last part of a type's name is this one: `System.DateTime`, `#Exchange.GenericHashTable`, `String`.
fn is(type_name: &str, last: &str) -> bool {
    type_name.trim_start_matches('#').rsplit('.').next() == Some(last)
}

fn byte(value: &Json<'_>) -> Option<u8> {
    match value {
        Json::Int(value) => u8::try_from(*value).ok(),
        _ => None,
    }
}

/// `[-][d.]hh:mm:ss[.fffffff]`, .NET's constant form, in ticks of 100 ns.
fn ticks(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut clock = text.split(':');
    let (hours, minutes, seconds) = (clock.next()?, clock.next()?, clock.next()?);
    let (days, hours) = hours.split_once('.').unwrap_or(("0", hours));
    let (seconds, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    let number = |text: &str, below: i64| {
        let number = text.parse::<i64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        (number < below).then_some(number)
    };
    if clock.next().is_some() || 7 < fraction.len() {
        return None;
    }
    let whole = ((number(days, 10_675_200)? * 24 + number(hours, 24)?) * 60 + number(minutes, 60)?) * 60
        + number(seconds, 60)?;
    let fraction = number(&format!("{fraction:0<7}"), 10_000_000)?;
    whole.checked_mul(10_000_000)?.checked_add(fraction)?.checked_mul(sign)
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Json<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_unit<E>(self) -> Result<Json<'de>, E> {
                Ok(Json::Null)
            }

            fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
                Ok(Json::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
                Ok(Json::Int(value))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
                Ok(i64::try_from(value).map_or(Json::Large(value), Json::Int))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
                Ok(Json::Float(value))
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
                Ok(Json::Text(value.into()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
                Ok(Json::Text(value.to_owned().into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element()? {
                    items.push(item);
                }
                Ok(Json::List(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry::<Cow<'de, str>, Json<'de>>()? {
                    members.push(member);
                }
                Ok(Json::Object(members))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

const CUSTOM: &[&str] = &["System.Management.Automation.PSCustomObject", "System.Object"];
const LIST: &[&str] = &["System.Collections.ArrayList", "System.Object"];
const TABLE: &[&str] = &["System.Collections.Hashtable", "System.Object"];
