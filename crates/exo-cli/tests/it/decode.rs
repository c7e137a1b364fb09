//! `exo decode` on files.

use std::path::PathBuf;

use serde_json::Value;

use crate::command::{exo, fixtures, run, run_with};

const DOCUMENT: &str = "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\
    <Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><ToString>x</ToString><Props><S N=\"Name\">\u{e4}</S></Props></Obj>\
    <I32>5</I32></Objs>";

fn decode(output: &str, document: &[u8]) -> String {
    run_with(exo(["decode", "--output", output]), document).output()
}

#[test]
fn each_form_is_printed() {
    let document = DOCUMENT.as_bytes();
    assert_eq!(decode("jsonl", document), "{\"Name\":\"\u{e4}\"}\n5\n");
    assert_eq!(decode("json", document), "[\n  {\n    \"Name\": \"\u{e4}\"\n  },\n  5\n]\n");
    assert_eq!(
        decode("tree", document),
        "Obj\n  TN\n    T = A\n  ToString = x\n  Props\n    S Name = \u{e4}\nI32 = 5\n"
    );
    assert_eq!(
        decode("clixml", document),
        "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">\n  \
         <Obj RefId=\"0\">\n    <TN RefId=\"0\">\n      <T>Deserialized.A</T>\n    </TN>\n    <ToString>x</ToString>\n    \
         <Props>\n      <S N=\"Name\">\u{e4}</S>\n    </Props>\n  </Obj>\n  <I32>5</I32>\n</Objs>"
    );
    let stats: Value = serde_json::from_str(&decode("stats", document)).unwrap();
    assert_eq!((&stats["top"], &stats["elements"]["S"]), (&Value::from(2), &Value::from(1)));
}

#[test]
fn every_encoding_of_a_document_is_read() {
    let units: Vec<u16> = DOCUMENT.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for document in [
        [b"\xef\xbb\xbf", DOCUMENT.as_bytes()].concat(),
        little.clone(),
        big.clone(),
        [b"\xff\xfe".as_slice(), &little].concat(),
        [b"\xfe\xff".as_slice(), &big].concat(),
    ] {
        assert_eq!(decode("jsonl", &document), "{\"Name\":\"\u{e4}\"}\n5\n");
    }
}

#[test]
fn a_file_is_named_or_comes_on_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a b.xml");
    std::fs::write(&file, DOCUMENT).unwrap();
    assert_eq!(
        run(&["decode", file.to_str().unwrap(), "--output", "jsonl"]).output(),
        "{\"Name\":\"\u{e4}\"}\n5\n"
    );
    assert_eq!(run_with(exo(["decode", "-"]), b"<S>x</S>").output(), "[\n  \"x\"\n]\n");
    assert_eq!(run_with(exo(["decode"]), b"").output(), "[]\n");
}

#[test]
fn what_cannot_be_read_is_told_with_the_place() {
    for (document, place) in [
        (&b"<Objs><S>x"[..], "byte 10"),
        (b"<Objs><What /></Objs>", "byte 6"),
        (b"<Objs><I32></I32></Objs>", "byte"),
        (b"<!DOCTYPE x><S>x</S>", "byte 0"),
        (b"<Obj><MS><Ref RefId=\"9\" /></MS></Obj>", "byte"),
        (b"hello", "byte 0"),
    ] {
        let said = run_with(exo(["decode", "--output", "jsonl"]), document).complaint(1);
        assert!(said.starts_with("exo: standard input is not CLIXML that can be read: CLIXML at "), "{said}");
        assert!(said.contains(place) && said.lines().count() == 1, "{said}");
    }
    let said = run(&["decode", "/no/such/file.xml"]).complaint(2);
    assert!(said.starts_with("exo: /no/such/file.xml cannot be read: "), "{said}");
}

#[test]
fn the_counts_of_recorded_documents_are_those_of_an_independent_reader() {
    let test = "the_counts_of_recorded_documents_are_those_of_an_independent_reader";
    let Some(fixtures) = fixtures(test) else { return };
    let expected = std::fs::read_to_string(fixtures.join("clixml.expected.jsonl")).unwrap();
    let mut documents = 0;
    for line in expected.lines() {
        let expected: Value = serde_json::from_str(line).unwrap();
        let file: PathBuf = fixtures.join(expected["file"].as_str().unwrap());
        let printed = run(&["decode", "--output", "stats", file.to_str().unwrap()]).output();
        assert_eq!(printed.lines().count(), 1);
        let stats: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(stats.as_object().unwrap().len(), FIELDS.len());
        for field in FIELDS {
            assert_eq!(stats[field], expected[field], "{field} of {}", file.display());
        }
        documents += 1;
    }
    assert_eq!(documents, 18);
}

#[test]
fn recorded_documents_are_written_byte_for_byte_as_powershell_wrote_them() {
    let test = "recorded_documents_are_written_byte_for_byte_as_powershell_wrote_them";
    let Some(fixtures) = fixtures(test) else { return };
    let mut documents = 0;
    for entry in std::fs::read_dir(fixtures.join("reserialized/recorded")).unwrap() {
        let written = entry.unwrap().path();
        let file = fixtures.join("clixml").join(written.file_name().unwrap());
        let own = run(&["decode", "--output", "clixml", file.to_str().unwrap()]).output();
        assert!(own == std::fs::read_to_string(&written).unwrap(), "{}", file.display());
        documents += 1;
    }
    assert_eq!(documents, 14);
}

#[test]
fn recorded_documents_print_as_json_and_survive_being_written_again() {
    let test = "recorded_documents_print_as_json_and_survive_being_written_again";
    let Some(fixtures) = fixtures(test) else { return };
    for entry in std::fs::read_dir(fixtures.join("clixml")).unwrap() {
        let path = entry.unwrap().path();
        let file = path.to_str().unwrap();
        let lines = run(&["decode", "--output", "jsonl", file]).output();
        let array: Vec<Value> = serde_json::from_str(&run(&["decode", file]).output()).unwrap();
        let values: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(array, values, "{file}");
        // Dates go to UTC the first time, and the few types that PowerShell makes live change.
        let once = run(&["decode", "--output", "clixml", file]).output();
        assert_eq!(decode("jsonl", once.as_bytes()).lines().count(), values.len(), "{file}");
        let twice = decode("clixml", once.as_bytes());
        assert_eq!(decode("jsonl", twice.as_bytes()), decode("jsonl", once.as_bytes()), "{file}");
    }
}

const FIELDS: [&str; 15] = [
    "top",
    "elements",
    "objs",
    "refs",
    "cyc_refs",
    "dangling",
    "depth",
    "props",
    "ms",
    "psets",
    "both",
    "list_ms",
    "dup_names",
    "esc",
    "text_sha256",
];
