//! The small cases beside the repository, against what genuine PowerShell makes of each.

use std::fs;

use psrp::clixml::{DateTimeKind, Kind, Tape, Value, decode};
use serde_json::Value as Json;

use super::shared;

/// Cases where this decoder keeps more than PowerShell's reader at a prompt does, or is told otherwise.
const DIFFERENT: &[(&str, &str)] = &[
    ("24-xd-sbk-ss.xml", "a secure string stays closed until a session key opens it"),
    ("25-empty-values.xml", "an empty secure string is what PowerShell itself sends from protocol 2.4 on"),
    ("47-xml-decl-bom.xml", "the declaration stood inside a wrapper when this was recorded"),
    ("51-depth-70.xml", "the depth limit is higher"),
];

#[test]
fn each_small_case_means_what_powershell_means_by_it() {
    let name = "each_small_case_means_what_powershell_means_by_it";
    let Some(folder) = shared(name, "bench/cases") else { return };
    let recorded = fs::read_to_string(folder.join("powershell.jsonl")).unwrap();
    let mut cases = 0;
    for line in recorded.lines() {
        let expected: Json = serde_json::from_str(&without_surrogates(line)).unwrap();
        let case = expected["case"].as_str().unwrap();
        let decoded = decode(fs::read(folder.join(case)).unwrap());
        cases += 1;
        if DIFFERENT.iter().any(|(different, _)| *different == case) {
            assert!(decoded.is_ok(), "{case}: {decoded:?}");
            assert!(expected.get("error").is_some(), "{case} is no exception");
            continue;
        }
        match (decoded, expected.get("values").and_then(Json::as_array)) {
            (Ok(tape), Some(values)) => {
                assert_eq!(tape.values().count(), values.len(), "{case}");
                for (value, expected) in tape.values().zip(values) {
                    compare(case, value, expected, 0);
                }
            }
            (Err(_), None) => assert!(expected.get("error").is_some(), "{case}"),
            (decoded, _) => panic!("{case}: {decoded:?}"),
        }
    }
    assert_eq!(cases, 57);
}

#[test]
fn the_exceptions_are_read_as_they_stand() {
    let Some(folder) = shared("the_exceptions_are_read_as_they_stand", "bench/cases") else { return };
    let tape = |case: &str| decode(fs::read(folder.join(case)).unwrap()).unwrap();
    let secret = tape("24-xd-sbk-ss.xml");
    assert_eq!(secret.first().unwrap().member("c").unwrap().as_str(), Some("bnVsbA=="));
    let empty = tape("25-empty-values.xml");
    let members: Vec<Value<'_>> = empty.first().unwrap().members().collect();
    assert_eq!(members.len(), 6);
    assert!(members.iter().all(|member| member.to_string().is_empty()));
    assert_eq!(tape("47-xml-decl-bom.xml").first().unwrap().as_i64(), Some(5));
    let deep = tape("51-depth-70.xml");
    let leaf = (1..70).fold(deep.first().unwrap(), |object, _| object.member("c").unwrap());
    assert_eq!(leaf.member("leaf").unwrap().as_i64(), Some(7));
}

/// Compares a value with PowerShell's view of it.
fn compare(case: &str, value: Value<'_>, expected: &Json, depth: u32) {
    let value = value.resolve();
    let type_name = expected["type"].as_str().unwrap();
    if type_name == "null" {
        assert_eq!(value.kind(), Kind::Nil, "{case}");
        return;
    }
    let base = value.base();
    let kind = base.map(Value::kind);
    if let Some(units) = expected["utf16"].as_str() {
        assert_eq!(kind, Some(Kind::String), "{case}");
        assert_eq!(hex_units(base.unwrap()), units, "{case}");
    }
    if let Some(code) = expected["code"].as_u64() {
        assert_eq!(base.unwrap().as_char().map(u64::from), Some(code), "{case}");
    }
    if let Some(base64) = expected["base64"].as_str() {
        assert_eq!(base.unwrap().to_string(), base64, "{case}");
    }
    if let Some(ticks) = expected["ticks"].as_i64() {
        match (type_name, expected["kind"].as_str()) {
            ("System.TimeSpan", _) => assert_eq!(value.time_span_ticks(), Some(ticks), "{case}"),
            (_, kind) => {
                let date = value.date_time().unwrap();
                let (own, shift) = match date.kind {
                    DateTimeKind::Unspecified => ("Unspecified", 0),
                    DateTimeKind::Utc => ("Utc", 0),
                    // PowerShell moved it to the local clock, which was UTC.
                    DateTimeKind::Local => ("Local", i64::from(date.offset_minutes) * 600_000_000),
                };
                assert_eq!((date.ticks - shift, Some(own)), (ticks, kind), "{case}");
            }
        }
    }
    if let Some(text) = expected["text"].as_str()
        && let Some(tag) = number_tag(type_name)
    {
        assert_eq!(kind.map(Kind::tag), Some(tag), "{case}");
        let own = base.unwrap().to_string();
        let same = own == text || own.parse::<f64>().ok() == text.parse::<f64>().ok();
        let infinite = own == text.replace("Infinity", "INF") || own.to_lowercase() == text.to_lowercase();
        assert!(same || infinite, "{case}: {own} {text}");
    }
    // PowerShell marks what it read; the wire text is kept here.
    if value.type_names().next().is_some() {
        let names = expected["typenames"].as_array().unwrap().iter().map(|name| name.as_str().unwrap());
        let own: Vec<_> = value.type_names().map(|name| name.to_string()).collect();
        assert_eq!(
            own,
            names.map(|name| name.trim_start_matches("Deserialized.")).collect::<Vec<_>>(),
            "{case}"
        );
    }
    if let Some(items) = expected["items"].as_array() {
        assert_eq!(value.items().count(), items.len(), "{case}");
        for (item, expected) in value.items().zip(items) {
            compare(case, item, expected, depth);
        }
    }
    if let Some(entries) = expected["entries"].as_array() {
        // A .NET hashtable has no order: each recorded entry must be one of ours.
        assert_eq!(value.entries().count(), entries.len(), "{case}");
        for entry in entries {
            let key = entry[0]["utf16"].as_str().or(entry[0]["text"].as_str()).unwrap();
            let own = value.entries().find(|(own, _)| {
                let text = own.text().map_or_else(|| own.to_string(), |_| hex_units(*own));
                text == key || (own.items().count() == 1 && entry[0]["items"].is_array())
            });
            compare(case, own.unwrap().1, &entry[1], depth);
        }
    }
    if let Some(members) = expected["members"].as_array()
        && depth < 3
    {
        let extended: Vec<_> = value.members().collect();
        let adapted = value.props().filter(|own| !extended.iter().any(|other| other.name() == own.name()));
        let own: Vec<_> = adapted.chain(extended.iter().copied()).collect();
        assert_eq!(own.len(), members.len(), "{case}");
        for (member, expected) in own.into_iter().zip(members) {
            let units: String =
                member.name().unwrap().encode_utf16().map(|unit| format!("{unit:04x}")).collect();
            assert_eq!(units, expected["name"].as_str().unwrap(), "{case}");
            compare(case, member, &expected["value"], depth + 1);
        }
    }
}

fn hex_units(value: Value<'_>) -> String {
    value.text().unwrap().encode_utf16().map(|unit| format!("{unit:04x}")).collect()
}

/// The recording's own display texts hold lone surrogates, which JSON readers refuse; the hexadecimal forms stay.
fn without_surrogates(line: &str) -> String {
    let mut parts = line.split("\\ud");
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |text, part| text + "?" + &part[3..])
}

fn number_tag(type_name: &str) -> Option<&'static str> {
    Some(match type_name {
        "System.Int32" => "I32",
        "System.UInt32" => "U32",
        "System.Int64" => "I64",
        "System.UInt64" => "U64",
        "System.Int16" => "I16",
        "System.UInt16" => "U16",
        "System.Byte" => "By",
        "System.SByte" => "SB",
        "System.Double" => "Db",
        "System.Single" => "Sg",
        "System.Decimal" => "D",
        "System.Boolean" => "B",
        "System.Guid" => "G",
        "System.Version" => "Version",
        _ => return None,
    })
}

/// A tape is only read, so threads may share it.
#[test]
fn tapes_and_decoders_move_between_threads() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<Tape>();
    moved::<psrp::clixml::Decoder>();
}

/// The module could be a crate of its own: another carrier uses it without the rest.
#[test]
fn clixml_names_nothing_else_of_this_crate() {
    let mut files = 0;
    for file in fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/clixml")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            assert!(!fs::read_to_string(&path).unwrap().contains("crate::"), "{}", path.display());
            files += 1;
        }
    }
    assert!(20 < files);
}
