//! CLIXML: decoding, walking and encoding.

mod attacks;
mod cases;
mod documents;
mod encode;
mod export;
mod fidelity;
mod grammar;
mod numbers;
mod owned;
mod parameters;
mod powershell;
mod roundtrip;
mod tape;

use std::path::PathBuf;

use psrp::clixml::{Kind, Tape, Text, Value, decode};

/// A file or folder of the shared data; prints why the test is ignored when it is not there.
fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("EXO_SHARED") {
        Some(root) => PathBuf::from(root),
        None => PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")),
    };
    let path = root.join(path);
    if path.exists() {
        return Some(path);
    }
    eprintln!("ignored: {test}: no shared data {}", path.file_name().unwrap().to_string_lossy());
    None
}

/// What a body decodes to, in short form; or the error behind `error: `.
fn short(body: &str) -> String {
    match decode(body.as_bytes().to_vec()) {
        Ok(tape) => shown(&tape),
        Err(error) => format!("error: {}", error.kind()),
    }
}

/// All values of a tape in short form, references as the index of their target.
fn shown(tape: &Tape) -> String {
    tape.values().map(shown_value).collect::<Vec<_>>().join(" | ")
}

fn shown_value(value: Value<'_>) -> String {
    let mut out = String::new();
    if let Some(stream) = value.stream() {
        out += &format!("({stream:?})");
    }
    if let Some(name) = value.name() {
        out += &format!("{}=", shown_text(name));
    }
    let tag = value.kind().tag();
    match value.kind() {
        Kind::Nil => out += "Nil",
        Kind::Ref | Kind::TypeNamesRef => out += &format!("{tag}->{}", value.node().a),
        kind if kind.is_container() => {
            let inside: Vec<_> = value.children().map(shown_value).collect();
            out += &format!("{tag}[{}]", inside.join(" "));
        }
        kind if kind.is_text() => out += &format!("{tag}'{}'", shown_text(value.text().unwrap())),
        Kind::Bytes => out += &format!("BA{:?}", value.bytes().unwrap()),
        Kind::Char => out += &format!("C{:04X}", value.as_char().unwrap()),
        Kind::DateTime => {
            let date = value.date_time().unwrap();
            out += &format!("DT {} {:?} {}", date.ticks, date.kind, date.offset_minutes);
        }
        Kind::TimeSpan => out += &format!("TS {}", value.time_span_ticks().unwrap()),
        _ => out += &format!("{tag} {value}"),
    }
    out
}

/// Text with everything that is not plain ASCII as `\u{…}`, one per UTF-16 unit or pair.
fn shown_text(text: Text<'_>) -> String {
    char::decode_utf16(text.encode_utf16())
        .map(|c| match c {
            Ok(c @ ' '..='~') => c.to_string(),
            Ok(c) => format!("\\u{{{:x}}}", u32::from(c)),
            Err(lone) => format!("\\u{{{:x}}}", lone.unpaired_surrogate()),
        })
        .collect()
}

/// Checks a table of bodies and what they decode to.
#[track_caller]
fn check(rows: &[(&str, &str)]) {
    for (body, expected) in rows {
        assert_eq!(short(body), *expected, "for {body}");
    }
}
