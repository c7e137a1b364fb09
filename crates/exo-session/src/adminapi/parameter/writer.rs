//! Writes one parameter's value as JSON.

use psrp::clixml::{DateTime, DateTimeKind, Kind, Value};
use psrp::secret::plain_text;
use zeroize::Zeroizing;

use super::shape::{
    base_kind, flag_of, is_composite, is_custom, is_dictionary, is_list, is_number, is_text, switch_of,
    text_of, utc_member,
};
use super::text::{filter_text, time_span};
use super::{Named, ParameterError};
use crate::adminapi::json::{ARRAY, OBJECT, push_all, push_str, push_text};
use crate::adminapi::seal::{SealError, ServiceKey};

/// Writes values, one parameter after the other.
pub(super) struct Writer<'a> {
    /// The parameter being written, for errors.
    pub(super) name: String,
    /// Something lay so deep that only its type's name went out.
    pub(super) cut: bool,
    key: Option<&'a ServiceKey>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(key: Option<&'a ServiceKey>) -> Self {
        Self { name: String::new(), cut: false, key }
    }
}

impl Writer<'_> {
    /// One parameter's value; gives back the element type when it is a collection that must be named.
    pub(super) fn parameter(
        &mut self,
        name: &Named<'_>,
        value: Value<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<&'static str>, ParameterError> {
        let shown = name.as_str();
        let declared = name.type_name();
        if let Some(common) = COMMON.iter().find(|(common, _)| shown.eq_ignore_ascii_case(common)) {
            self.common(common.1, value, out)?;
            return Ok(None);
        }
        if value.is_nil() {
            out.extend_from_slice(if declared == "System.String" { b"\"\"" } else { b"null" });
            return Ok(None);
        }
        if FILTERS.iter().any(|filter| shown.eq_ignore_ascii_case(filter)) && is_text(value) {
            push_str(out, &filter_text(&text_of(value)));
            return Ok(None);
        }
        if value.items().next().is_some() || is_list(value) {
            return self.list_parameter(declared, value, out);
        }
        if declared.ends_with("PSObject") {
            self.plain(value, 0, Place::Array, out)?;
            return Ok(None);
        }
        let wraps = (declared.ends_with("[]") && base_kind(value) != Some(Kind::Bytes))
            || declared.starts_with("System.Collections.Generic.List");
        if wraps {
            out.push(b'[');
        }
        self.single(name, value, out)?;
        if wraps {
            out.push(b']');
        }
        Ok(None)
    }

    /// Something that is no list.
    fn single(
        &mut self,
        name: &Named<'_>,
        value: Value<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), ParameterError> {
        if let Some(bytes) = value.base().and_then(Value::bytes) {
            out.extend_from_slice(b"{\"@odata.type\":\"#Exchange.ByteArrayType\",\"Data\":");
            push_bytes(out, bytes);
            out.push(b'}');
            return Ok(());
        }
        if is_dictionary(value) {
            return self.dictionary(value, 0, Place::Table, out);
        }
        if value.is_type("System.Management.Automation.PSCredential") {
            return self.credential(value, out);
        }
        if is_composite(value) {
            let own = name.takes_pipeline().then(|| value.member(name.as_str())).flatten();
            return match own.map(Value::resolve) {
                Some(own) if is_composite(own) => {
                    push_str(out, &text_of(own));
                    Ok(())
                }
                Some(own) => self.plain(own, 0, Place::Table, out),
                None => {
                    push_str(out, &text_of(value));
                    Ok(())
                }
            };
        }
        self.plain(value, 0, Place::Table, out)
    }

    /// User and password as compact JSON, encrypted as one text.
    fn credential(&self, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let user = value.member("UserName").map(Value::resolve);
        let password = match value.member("Password").and_then(Value::base) {
            Some(secure) if secure.kind() == Kind::SecureString => self.plain_secret(secure)?,
            // CLIXML has no form for an empty secure string.
            Some(text) if text.as_str() == Some("") => Zeroizing::default(),
            _ => return Err(self.secret_problem("the credential has no password")),
        };
        // Taken once, so that growing leaves no copy behind: a character is written in at most six bytes.
        let user = user.map_or_else(|| "".into(), text_of);
        let mut plain = Zeroizing::new(Vec::with_capacity(32 + 6 * (user.len() + password.len())));
        plain.extend_from_slice(b"{\"UserName\":");
        push_str(&mut plain, &user);
        plain.extend_from_slice(b",\"Password\":");
        push_str(&mut plain, &password);
        plain.push(b'}');
        self.seal(&plain, out)
    }

    fn plain_secret(&self, value: Value<'_>) -> Result<Zeroizing<String>, ParameterError> {
        let secure = value.text().map_or(&[][..], psrp::clixml::Text::as_bytes);
        plain_text(secure).map_err(|_| self.secret_problem("it is not in the form of a secure string"))
    }

    fn seal(&self, plain: &[u8], out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let key = self.key.ok_or_else(|| ParameterError::NoKey { name: self.name.clone() })?;
        let sealed = key.seal(plain).map_err(|error| match error {
            SealError::TooLong { limit } => self.secret_problem(&format!(
                "it has {} bytes in UTF-8, at most {limit} can be encrypted",
                plain.len()
            )),
            SealError::NoRandomness => self.secret_problem("the system gives no random numbers"),
        })?;
        push_str(out, &sealed);
        Ok(())
    }

    fn secret_problem(&self, problem: &str) -> ParameterError {
        ParameterError::Secret { name: self.name.clone(), problem: problem.to_owned() }
    }

    fn list_parameter(
        &mut self,
        declared: &str,
        value: Value<'_>,
        out: &mut Vec<u8>,
    ) -> Result<Option<&'static str>, ParameterError> {
        let items = || value.items().map(Value::resolve);
        let is_first = |test: fn(Value<'_>) -> bool| items().next().is_some_and(test);
        let own_type = value.type_names().next();
        let is_own = |name: &str| own_type.is_some_and(|own| own == name);
        if declared.ends_with("PSObject[]") {
            self.plain(value, 0, Place::Array, out)?;
        } else if is_first(is_text) {
            push_texts(out, items());
        } else if (is_own(HASHTABLES) || declared == HASHTABLES) && is_first(is_dictionary) {
            self.plain(value, 0, Place::Array, out)?;
            return Ok(Some("Exchange.GenericHashTable"));
        } else if !is_own("System.Byte[][]") && is_first(|item| base_kind(item) == Some(Kind::Bytes)) {
            push_all(out, ARRAY, items(), |out, item| match item.base().and_then(Value::bytes) {
                Some(bytes) => {
                    out.extend_from_slice(b"{\"Data\":");
                    push_bytes(out, bytes);
                    out.push(b'}');
                    Ok(())
                }
                None => self.plain(item, 1, Place::Array, out),
            })?;
            return Ok(Some("Exchange.ByteArrayType"));
        } else if is_first(is_composite) {
            push_texts(out, items());
        } else {
            self.plain(value, 0, Place::Array, out)?;
        }
        Ok(None)
    }

    /// A common parameter the way the service takes it.
    fn common(&mut self, common: Common, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        match common {
            Common::Flag => match flag_of(value) {
                Some(flag) => out.extend_from_slice(if flag { b"true" } else { b"false" }),
                None => self.plain(value, 0, Place::Table, out)?,
            },
            Common::Text => push_str(out, &text_of(value)),
            Common::Number => {
                let text = text_of(value);
                let number = PREFERENCES.iter().position(|name| name.eq_ignore_ascii_case(&text));
                match number.map(|number| number.to_string()) {
                    Some(number) => out.extend_from_slice(number.as_bytes()),
                    None => self.plain(value, 0, Place::Table, out)?,
                }
            }
        }
        Ok(())
    }

    /// A value as PowerShell's JSON writer has it, to a depth of ten of the whole body.
    fn plain(
        &mut self,
        value: Value<'_>,
        depth: u32,
        place: Place,
        out: &mut Vec<u8>,
    ) -> Result<(), ParameterError> {
        let value = value.resolve();
        // Objects that refer to each other can grow without bound although the depth has one.
        if MAX_BODY_LEN < out.len() {
            return Err(ParameterError::TooLarge { name: self.name.clone(), limit: MAX_BODY_LEN });
        }
        if is_list(value) {
            if MAX_DEPTH <= depth {
                return self.too_deep(value, "System.Object[]", out);
            }
            return push_all(out, ARRAY, value.items(), |out, item| {
                self.plain(item, depth + 1, Place::Array, out)
            });
        }
        if is_dictionary(value) {
            if MAX_DEPTH <= depth {
                return self.too_deep(value, "System.Collections.Hashtable", out);
            }
            return self.dictionary(value, depth, place, out);
        }
        if let Some(flag) = switch_of(value) {
            out.extend_from_slice(if flag { b"true" } else { b"false" });
            return Ok(());
        }
        if let Some(date) = utc_member(value) {
            return self.date(date, place, out);
        }
        let Some(base) = value.base().filter(|_| !is_composite(value)) else {
            if value.to_string_text().is_some() && !is_custom(value) {
                push_str(out, &text_of(value));
                return Ok(());
            }
            if MAX_DEPTH <= depth {
                return self.too_deep(value, "", out);
            }
            return push_all(out, OBJECT, value.members().chain(value.props()), |out, member| {
                push_text(out, member.name().unwrap_or_default());
                out.push(b':');
                self.plain(member, depth + 1, Place::Array, out)
            });
        };
        match base.kind() {
            Kind::Nil => out.extend_from_slice(b"null"),
            Kind::Bytes => push_bytes(out, base.bytes().unwrap_or_default()),
            Kind::Single | Kind::Double => match base.as_f64().filter(|number| number.is_finite()) {
                Some(number) => out.extend_from_slice(format!("{number:?}").as_bytes()),
                None => push_str(out, &base.to_string()),
            },
            Kind::Char => push_str(out, &String::from_utf16_lossy(&[base.as_char().unwrap_or_default()])),
            Kind::TimeSpan => push_str(out, &time_span(base.time_span_ticks().unwrap_or_default())),
            Kind::DateTime => match base.date_time() {
                Some(date) => self.date(date, place, out)?,
                None => out.extend_from_slice(b"null"),
            },
            Kind::SecureString => {
                let plain = self.plain_secret(base)?;
                self.seal(plain.as_bytes(), out)?;
            }
            kind if is_number(kind) || kind == Kind::Bool => {
                out.extend_from_slice(base.to_string().as_bytes());
            }
            _ => match base.text() {
                Some(text) => push_text(out, text),
                None => push_str(out, &base.to_string()),
            },
        }
        Ok(())
    }

    fn dictionary(
        &mut self,
        value: Value<'_>,
        depth: u32,
        place: Place,
        out: &mut Vec<u8>,
    ) -> Result<(), ParameterError> {
        let mut is_first = true;
        out.push(b'{');
        if place == Place::Table && value.is_type("System.Collections.Hashtable") {
            out.extend_from_slice(b"\"@odata.type\":\"#Exchange.GenericHashTable\"");
            is_first = false;
        }
        for (key, value) in value.entries() {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
            push_str(out, &text_of(key));
            out.push(b':');
            self.plain(value, depth + 1, place, out)?;
        }
        out.push(b'}');
        Ok(())
    }

    fn date(&self, date: DateTime, place: Place, out: &mut Vec<u8>) -> Result<(), ParameterError> {
        let minutes = match date.kind {
            DateTimeKind::Utc => 0,
            DateTimeKind::Local => i64::from(date.offset_minutes),
            DateTimeKind::Unspecified => {
                return Err(ParameterError::DateWithoutZone { name: self.name.clone() });
            }
        };
        let ticks = date.ticks - minutes * TICKS_PER_MINUTE;
        // The original drops the fraction, and the mark of UTC outside of arrays.
        let kind = if place == Place::Array { DateTimeKind::Utc } else { DateTimeKind::Unspecified };
        let utc = DateTime { ticks: ticks - ticks.rem_euclid(TICKS_PER_SECOND), kind, offset_minutes: 0 };
        push_str(out, &utc.to_string());
        Ok(())
    }

    fn too_deep(
        &mut self,
        value: Value<'_>,
        otherwise: &str,
        out: &mut Vec<u8>,
    ) -> Result<(), ParameterError> {
        self.cut = true;
        let shown = text_of(value);
        push_str(out, if shown.is_empty() { otherwise } else { &shown });
        Ok(())
    }
}

/// Where a value stands: the service's marks are only for tables that are no part of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Table,
    Array,
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    let Ok(()) = push_all(out, ARRAY, bytes.iter(), |out, byte| {
        out.extend_from_slice(byte.to_string().as_bytes());
        Ok::<(), std::convert::Infallible>(())
    });
}

fn push_texts<'v>(out: &mut Vec<u8>, items: impl Iterator<Item = Value<'v>>) {
    let Ok(()) = push_all(out, ARRAY, items, |out, item| {
        push_str(out, &text_of(item));
        Ok::<(), std::convert::Infallible>(())
    });
}

/// How a common parameter travels.
#[derive(Debug, Clone, Copy)]
enum Common {
    Flag,
    Text,
    Number,
}

const COMMON: &[(&str, Common)] = &[
    ("Verbose", Common::Flag),
    ("Debug", Common::Flag),
    ("WhatIf", Common::Flag),
    ("Confirm", Common::Flag),
    ("ErrorAction", Common::Text),
    ("WarningAction", Common::Text),
    ("InformationAction", Common::Text),
    ("ProgressAction", Common::Number),
    ("ErrorVariable", Common::Text),
    ("WarningVariable", Common::Text),
    ("InformationVariable", Common::Text),
    ("OutVariable", Common::Text),
    ("OutBuffer", Common::Text),
    ("PipelineVariable", Common::Text),
];
/// `ActionPreference` in the order of its numbers.
const PREFERENCES: &[&str] =
    &["SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend", "Break"];
const FILTERS: &[&str] = &["Filter", "RecipientFilter", "RecipientPreviewFilter"];
const HASHTABLES: &str = "System.Collections.Hashtable[]";
/// PowerShell writes ten levels; the two around the parameters count.
const MAX_DEPTH: u32 = 8;
/// Far above what the service takes.
const MAX_BODY_LEN: usize = 128 << 20;
const TICKS_PER_SECOND: i64 = 10_000_000;
const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
