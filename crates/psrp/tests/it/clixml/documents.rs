//! Documents that real servers exported, against counts made by an independent program.

use std::collections::BTreeMap;
use std::fs;

use psrp::clixml::{Decoder, Tape, decode, encode_document, utf8_document};
use serde_json::Value as Json;

use super::{shared, shown};
use crate::counts::Counts;

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn exported_documents_decode_with_the_recorded_counts() {
    let Some(folder) = shared("exported_documents_decode_with_the_recorded_counts", "fixtures") else {
        return;
    };
    let recorded = fs::read_to_string(folder.join("clixml.expected.jsonl")).unwrap();
    let mut decoder = Decoder::default();
    let mut documents = 0;
    for line in recorded.lines() {
        let expected: Json = serde_json::from_str(line).unwrap();
        let file = expected["file"].as_str().unwrap();
        let text = utf8_document(fs::read(folder.join(file)).unwrap()).unwrap();
        let tape = decoder.decode(text).unwrap_or_else(|error| panic!("{file}: {error}"));
        let counts = Counts::of(&tape);
        let count = |name: &str| expected[name].as_u64().unwrap();
        assert_eq!(u64::try_from(tape.values().count()).unwrap(), count("top"), "{file}");
        let elements: BTreeMap<String, u64> = serde_json::from_value(expected["elements"].clone()).unwrap();
        assert_eq!(counts.elements, elements, "{file}");
        for (name, own) in [
            ("objs", counts.objects),
            ("refs", counts.refs),
            ("cyc_refs", counts.cycles),
            ("depth", counts.depth),
            ("props", counts.props),
            ("ms", counts.members),
            ("psets", counts.member_sets),
            ("both", counts.both),
            ("list_ms", counts.containers_with_members),
        ] {
            assert_eq!(own, count(name), "{file}: {name}");
        }
        assert_eq!(counts.text_sha256(), expected["text_sha256"].as_str().unwrap(), "{file}");
        documents += 1;
        decoder.recycle(tape);
    }
    assert_eq!(documents, 18);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn exported_documents_survive_encoding() {
    let Some(folder) = shared("exported_documents_survive_encoding", "fixtures/clixml") else { return };
    let mut documents = 0;
    for file in fs::read_dir(folder).unwrap() {
        let text = utf8_document(fs::read(file.unwrap().path()).unwrap()).unwrap();
        let first = decode(text).unwrap();
        let second = decode(encode_document(&first)).unwrap();
        assert!(same(&first, &second));
        documents += 1;
    }
    assert_eq!(documents, 18);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn what_powershell_wrote_is_written_byte_for_byte() {
    let name = "what_powershell_wrote_is_written_byte_for_byte";
    let Some(folder) = shared(name, "fixtures/reserialized") else { return };
    let mut texts = Vec::new();
    for file in fs::read_dir(folder.join("recorded")).unwrap() {
        texts.push(fs::read(file.unwrap().path()).unwrap());
    }
    for line in fs::read_to_string(folder.join("random.expected.jsonl")).unwrap().lines() {
        let line: Json = serde_json::from_str(line).unwrap();
        texts.push(line["reserialized"].as_str().unwrap().into());
    }
    assert_eq!(texts.len(), 164);
    for text in texts {
        let text = utf8_document(text).unwrap();
        let written = encode_document(&decode(text.clone()).unwrap());
        assert_eq!(String::from_utf8(written).unwrap(), on_one_line(std::str::from_utf8(&text).unwrap()));
    }
}

/// PowerShell indents documents. Line breaks inside text are escaped, so each one here lies between elements.
fn on_one_line(document: &str) -> String {
    document.lines().map(str::trim_start).collect()
}

/// Whether two tapes hold the same, wherever their text stands and however their names are numbered.
fn same(left: &Tape, right: &Tape) -> bool {
    left.nodes().len() == right.nodes().len() && shown(left) == shown(right)
}
