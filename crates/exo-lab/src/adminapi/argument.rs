//! From the JSON of a request to the arguments that cmdlets take.

use serde_json::{Map, Value};

use crate::adminapi::AdminApi;
use crate::adminapi::catalog::{Declared, Entry, Shape};
use crate::cmdlets::Argument;

/// A parameter that cannot be read, in the service's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable(pub(super) String);

/// The arguments of a call with their names.
///
/// The client's own common parameters are left out: errors come back whatever `ErrorAction` says, and what to do with
/// them is decided there.
pub(super) fn read(
    parameters: &Map<String, Value>,
    entry: &Entry,
    adminapi: &AdminApi,
) -> Result<Vec<(Option<String>, Argument)>, Unreadable> {
    let mut arguments = Vec::new();
    for (name, value) in parameters {
        let is_client_s = CLIENT_PARAMETERS.iter().any(|own| own.eq_ignore_ascii_case(name));
        if is_client_s || name.contains('@') {
            continue;
        }
        let secret = entry.declared(name).map(|declared| declared.shape);
        let argument = match (secret, value) {
            (Some(Shape::Secret | Shape::Credential), Value::String(text)) if !text.is_empty() => {
                decrypted(text, entry.declared(name), adminapi)?
            }
            _ => plain(value, false),
        };
        arguments.push((Some(name.clone()), argument));
    }
    Ok(arguments)
}

/// A secret: what is behind it is looked at and forgotten.
fn decrypted(text: &str, declared: Option<&Declared>, adminapi: &AdminApi) -> Result<Argument, Unreadable> {
    let name = declared.map_or("", |declared| declared.name.as_str());
    let clear = adminapi.key().and_then(|key| key.decrypt(text)).ok_or_else(|| {
        Unreadable(format!(
            "The value of parameter '{name}' cannot be decrypted. Connect again to get the current key."
        ))
    })?;
    if declared.is_some_and(|declared| declared.shape == Shape::Credential) {
        let credential: Value = serde_json::from_str(&clear).unwrap_or_default();
        let named = |member: &str| credential.get(member).and_then(Value::as_str).is_some();
        if !named("UserName") || !named("Password") {
            return Err(Unreadable(format!("The value of parameter '{name}' is no credential.")));
        }
        return Ok(Argument::Object("System.Management.Automation.PSCredential".to_owned()));
    }
    if clear.chars().count() < MIN_PASSWORD_LEN {
        return Err(Unreadable(
            "The password supplied doesn't meet the minimum complexity requirements. Please select another \
            password that meets all of the following requirements: it is at least 8 characters long."
                .to_owned(),
        ));
    }
    Ok(Argument::Object("System.Security.SecureString".to_owned()))
}

/// A value of the request. Tables carry a mark, except within lists.
fn plain(value: &Value, is_in_list: bool) -> Argument {
    match value {
        Value::Null => Argument::Null,
        Value::Bool(value) => Argument::Bool(*value),
        Value::Number(number) => {
            number.as_i64().map_or_else(|| Argument::Text(number.to_string()), Argument::Number)
        }
        Value::String(text) => Argument::Text(text.clone()),
        Value::Array(items) => Argument::List(items.iter().map(|item| plain(item, true)).collect()),
        Value::Object(members) => {
            let mark = members.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
            if mark == "#Exchange.ByteArrayType"
                || (is_in_list && members.len() == 1 && members.contains_key("Data"))
            {
                return bytes(members);
            }
            if mark != "#Exchange.GenericHashTable" && !is_in_list {
                return Argument::Other("System.Management.Automation.PSCustomObject");
            }
            let entries = members.iter().filter(|(name, _)| !name.contains('@'));
            Argument::Table(entries.map(|(name, value)| (name.clone(), plain(value, true))).collect())
        }
    }
}

/// The bytes of a file, which is text for every cmdlet that takes one here.
fn bytes(members: &Map<String, Value>) -> Argument {
    let numbers = members.get("Data").and_then(Value::as_array);
    let bytes: Option<Vec<u8>> = numbers
        .map(|numbers| numbers.iter().map(|number| u8::try_from(number.as_u64()?).ok()).collect())
        .unwrap_or_default();
    match bytes {
        Some(bytes) => Argument::Text(String::from_utf8_lossy(&bytes).into_owned()),
        None => Argument::Other("System.Byte[]"),
    }
}

const CLIENT_PARAMETERS: &[&str] = &[
    "Debug",
    "ErrorAction",
    "ErrorVariable",
    "InformationAction",
    "InformationVariable",
    "OutBuffer",
    "OutVariable",
    "PipelineVariable",
    "ProgressAction",
    "UseCustomRouting",
    "Verbose",
    "WarningVariable",
];
const MIN_PASSWORD_LEN: usize = 8;
