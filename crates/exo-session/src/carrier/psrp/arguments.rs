//! Application arguments as a PSPrimitiveDictionary (`$PSSenderInfo.ApplicationArguments` on the server).

use ::psrp::clixml::{Encoder, Tape, decode};
use serde_json::{Map, Value};

/// Numbers become Int32, Int64 or Double, whichever takes them; lists arrays of objects; objects dictionaries.
pub(super) fn encode(arguments: &Map<String, Value>) -> Tape {
    let mut body = Vec::new();
    table(arguments, &mut Encoder::new(&mut body));
    // INVARIANT: what an encoder wrote is well-formed; the empty body, which stands for one beyond the limits, too.
    decode(body).or_else(|_| decode(Vec::new())).expect("an encoder's own output decodes")
}

fn table(entries: &Map<String, Value>, out: &mut Encoder<'_>) {
    out.object(None, PRIMITIVE_DICTIONARY, None, |object| {
        object.dictionary(|dictionary| {
            for (name, entry) in entries {
                dictionary.entry(|key| key.string(None, name), |slot| value(entry, slot));
            }
        });
    });
}

fn value(value: &Value, out: &mut Encoder<'_>) {
    match value {
        Value::Null => out.nil(None),
        Value::Bool(flag) => out.bool(None, *flag),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => match i32::try_from(whole) {
                Ok(short) => out.i32(None, short),
                Err(_) => out.i64(None, whole),
            },
            (None, part) => out.f64(None, part.unwrap_or(f64::NAN)),
        },
        Value::String(text) => out.string(None, text),
        Value::Array(items) => {
            out.object(None, ARRAY, None, |object| {
                object.list(|list| items.iter().for_each(|item| self::value(item, list)));
            });
        }
        Value::Object(entries) => table(entries, out),
    }
}

const PRIMITIVE_DICTIONARY: &[&str] =
    &["System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"];
const ARRAY: &[&str] = &["System.Object[]", "System.Array", "System.Object"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_has_its_type() {
        let arguments = serde_json::json!({
            "text": "a<b", "short": 5, "long": 5_000_000_000_i64, "part": 0.5, "flag": true, "nothing": null,
            "list": [1, "x"], "table": {"inner": 1},
        });
        let tape = encode(arguments.as_object().unwrap());
        let mut again = Vec::new();
        Encoder::new(&mut again).value(tape.first().unwrap());
        let text = String::from_utf8(again).unwrap();
        for part in [
            "<T>System.Management.Automation.PSPrimitiveDictionary</T>",
            "<S N=\"Key\">text</S><S N=\"Value\">a&lt;b</S>",
            "<I32 N=\"Value\">5</I32>",
            "<I64 N=\"Value\">5000000000</I64>",
            "<Db N=\"Value\">0.5</Db>",
            "<B N=\"Value\">true</B>",
            "<Nil N=\"Value\" />",
            "<LST><I32>1</I32><S>x</S></LST>",
            "<S N=\"Key\">inner</S>",
        ] {
            assert!(text.contains(part), "{part} is missing in {text}");
        }
    }
}
