//! The 33 values that genuine PowerShell 7.6 sent, against what its own client made of them.

use std::fs;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use psrp::clixml::{DateTimeKind, Encoder, Kind, Tape, Value, decode};
use serde_json::Value as Json;

use super::shared;

#[test]
fn recorded_values_are_what_powershell_read() {
    let Some(folder) = shared("recorded_values_are_what_powershell_read", "fixtures/powershell-7.6") else {
        return;
    };
    let expected = fs::read_to_string(folder.join("values.expected.jsonl")).unwrap();
    let expected: Vec<Json> = expected.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let bodies = bodies(&fs::read_to_string(folder.join("values.jsonl")).unwrap(), PIPELINE_OUTPUT);
    assert_eq!((bodies.len(), expected.len()), (33, 33));
    for (body, expected) in bodies.iter().zip(&expected) {
        let tape = decode(body.clone()).unwrap();
        assert_eq!(as_powershell(&tape), expected["text"].as_str(), "{expected}");
        let kind = tape.first().map(Value::kind);
        // A script block and a byte array change their type in PowerShell's hands.
        let type_name = match kind {
            None => "null",
            Some(Kind::ScriptBlock) => "System.String",
            Some(Kind::Bytes) => "System.Object[]",
            Some(Kind::XmlDocument) => "System.Xml.XmlDocument",
            Some(kind) => type_name(kind),
        };
        assert_eq!(expected["type"].as_str(), Some(type_name));
        // What we write is what came, except for the byte order mark.
        let mut written = Vec::new();
        let mut encoder = Encoder::new(&mut written);
        tape.values().for_each(|value| encoder.value(value));
        assert_eq!(written, body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body));
    }
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn recorded_messages_are_written_as_they_came() {
    let Some(folder) = shared("recorded_messages_are_written_as_they_came", "fixtures/powershell-7.6") else {
        return;
    };
    let mut messages = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.to_string_lossy().ends_with("expected.jsonl") {
            continue;
        }
        for body in bodies(&fs::read_to_string(&path).unwrap(), ANY) {
            let tape = decode(body.clone()).unwrap();
            let mut written = Vec::new();
            let mut encoder = Encoder::new(&mut written);
            tape.values().for_each(|value| encoder.value(value));
            let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&body);
            assert_eq!(
                String::from_utf8_lossy(&written),
                String::from_utf8_lossy(body),
                "{}",
                path.display()
            );
            messages += 1;
        }
    }
    assert!(100 < messages, "{messages}");
}

/// How PowerShell's client showed a value: strings in UTF-16 units, dates and spans in ticks.
fn as_powershell(tape: &Tape) -> Option<&'static str> {
    let value = tape.first()?;
    let text = match value.kind() {
        Kind::String | Kind::ScriptBlock => {
            value.text().unwrap().encode_utf16().map(|unit| format!("{unit:04x}")).collect()
        }
        Kind::Char => value.as_char().unwrap().to_string(),
        Kind::Bool => if value.as_bool().unwrap() { "True" } else { "False" }.to_owned(),
        Kind::Double if value.as_f64().unwrap().is_infinite() => "Infinity".to_owned(),
        Kind::Bytes => "System.Byte[]".to_owned(),
        Kind::XmlDocument => "System.Xml.XmlDocument".to_owned(),
        Kind::TimeSpan => value.time_span_ticks().unwrap().to_string(),
        Kind::DateTime => {
            let date = value.date_time().unwrap();
            let kind = match date.kind {
                DateTimeKind::Unspecified => "Unspecified",
                DateTimeKind::Utc => "Utc",
                DateTimeKind::Local => "Local",
            };
            format!("{}|{kind}", date.ticks)
        }
        _ => value.to_string(),
    };
    Some(text.leak())
}

fn type_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Bool => "System.Boolean",
        Kind::Char => "System.Char",
        Kind::Byte => "System.Byte",
        Kind::SByte => "System.SByte",
        Kind::Int16 => "System.Int16",
        Kind::UInt16 => "System.UInt16",
        Kind::Int32 => "System.Int32",
        Kind::UInt32 => "System.UInt32",
        Kind::Int64 => "System.Int64",
        Kind::UInt64 => "System.UInt64",
        Kind::Single => "System.Single",
        Kind::Double => "System.Double",
        Kind::Decimal => "System.Decimal",
        Kind::DateTime => "System.DateTime",
        Kind::TimeSpan => "System.TimeSpan",
        Kind::String => "System.String",
        Kind::Guid => "System.Guid",
        Kind::Uri => "System.Uri",
        Kind::Version => "System.Version",
        other => panic!("{other:?}"),
    }
}

/// The bodies of all messages of a type in a recording, put together by hand from their fragments: this module knows
/// nothing of the layer that does so in earnest.
fn bodies(recording: &str, wanted: u32) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut open = [Vec::new(), Vec::new()];
    for line in recording.lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        let side = usize::from(line["from"] == "server");
        let Some((_, rest)) = line["line"].as_str().unwrap().split_once('>') else { continue };
        let Some(base64) = rest.strip_suffix("</Data>") else { continue };
        let bytes = STANDARD.decode(base64).unwrap();
        let mut rest = bytes.as_slice();
        while let Some((header, after)) = rest.split_first_chunk::<21>() {
            let [.., l1, l2, l3, l4] = *header;
            let (blob, after) = after.split_at(u32::from_be_bytes([l1, l2, l3, l4]).try_into().unwrap());
            open[side].extend_from_slice(blob);
            rest = after;
            if header[16] & 2 != 0 {
                let message = std::mem::take(&mut open[side]);
                let kind = u32::from_le_bytes(message[4..8].try_into().unwrap());
                if wanted == ANY || kind == wanted {
                    bodies.push(message[40..].to_vec());
                }
            }
        }
    }
    bodies
}

const PIPELINE_OUTPUT: u32 = 0x0004_1004;
const ANY: u32 = 0;
