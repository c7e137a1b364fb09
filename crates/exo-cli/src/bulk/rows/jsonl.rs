//! One JSON object on each line.

use serde_json::Value;
use zeroize::Zeroizing;

use super::{Cells, Place, Row};
use crate::value::Parameter;

/// A text of JSON lines; blank ones do not count.
pub(super) struct JsonLines(Zeroizing<String>);

impl JsonLines {
    /// The problem is the end of a sentence that begins with the file's name.
    pub(super) fn new(text: Zeroizing<String>) -> Result<Self, String> {
        Ok(Self(text))
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Result<Row, String>> {
        let lines = (1u64..).zip(self.0.lines()).filter(|(_, text)| !text.trim().is_empty());
        (1u32..).zip(lines).map(|(number, (line, text))| {
            let object = serde_json::from_str(text).map_err(|error| {
                format!(
                    "has no JSON object in line {line}, column {}: each line is one {{…}}",
                    error.column()
                )
            })?;
            Ok(Row { place: Place { number, line }, cells: Cells::Json(object) })
        })
    }
}

/// A JSON value as the value of a parameter.
pub(super) fn parameter(value: &Value) -> Parameter {
    match value {
        Value::Null => Parameter::Null,
        Value::Bool(value) => Parameter::Bool(*value),
        Value::Number(number) => {
            let integer = number.as_i64();
            match (integer.map(i32::try_from), integer) {
                (Some(Ok(value)), _) => Parameter::Int32(value),
                (_, Some(value)) => Parameter::Int64(value),
                (_, None) => Parameter::Double(number.as_f64().unwrap_or(f64::NAN)),
            }
        }
        Value::String(text) => Parameter::Text(text.clone()),
        Value::Array(items) => Parameter::List(items.iter().map(parameter).collect()),
        Value::Object(entries) => {
            Parameter::Table(entries.iter().map(|(name, value)| (name.clone(), parameter(value))).collect())
        }
    }
}
