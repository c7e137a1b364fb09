//! Files as people and programs write them, and what is told about those that cannot be used.

use std::path::PathBuf;

use super::Rows;
use crate::exit::Failure;
use crate::value::Parameter;

fn write(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn utf16(text: &str, unit: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(unit).collect()
}

/// The rows as `number/line: value|value` of these columns.
fn shown(name: &str, bytes: &[u8], columns: &[&str]) -> Vec<String> {
    let (_folder, path) = write(name, bytes);
    let rows = Rows::open(&path, b',').unwrap_or_else(|failure| panic!("{failure:?}"));
    rows.iter()
        .map(|row| {
            let row = row.unwrap();
            let cells: Vec<String> = columns
                .iter()
                .map(|column| match rows.cell(&row, column) {
                    Some(Parameter::Text(text)) => text,
                    Some(other) => format!("{other:?}"),
                    None => "-".to_owned(),
                })
                .collect();
            format!("{}/{}: {}", row.place.number, row.place.line, cells.join("|"))
        })
        .collect()
}

/// What is told about a file, its name left out.
fn told(name: &str, bytes: &[u8]) -> String {
    let (_folder, path) = write(name, bytes);
    let problem = match Rows::open(&path, b',') {
        Ok(rows) => rows.iter().find_map(Result::err),
        Err(Failure::Usage(text)) => Some(text.replacen(&format!("{} ", path.display()), "", 1)),
        Err(other) => panic!("{other:?}"),
    };
    problem.expect("a problem")
}

#[test]
fn a_file_is_read_however_it_was_saved() {
    let text = "Identity,Name\r\nana,\"Doe, \u{c4}na\"\r\n\r\nben,\"says \"\"hi\"\"\nthere\"\r\ncid,x";
    let expected = ["1/2: ana|Doe, \u{c4}na|-", "2/4: ben|says \"hi\"\nthere|-", "3/6: cid|x|-"];
    let marked = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let typed = format!("#TYPE System.Management.Automation.PSCustomObject\r\n{text}");
    for (form, bytes) in [
        ("UTF-8", text.as_bytes().to_vec()),
        ("UTF-8 with its mark", marked),
        ("UTF-16, little end first", [b"\xff\xfe".to_vec(), utf16(text, u16::to_le_bytes)].concat()),
        ("UTF-16, big end first", [b"\xfe\xff".to_vec(), utf16(text, u16::to_be_bytes)].concat()),
    ] {
        assert_eq!(shown("users.csv", &bytes, &["identity", "NAME", "Other"]), expected, "{form}");
    }
    let lines = ["1/3: ana", "2/5: ben", "3/7: cid"];
    assert_eq!(shown("users.csv", typed.as_bytes(), &["Identity"]), lines);
}

#[test]
fn json_lines_keep_their_types() {
    let text = b"{\"Identity\":\"ana\",\"Size\":5,\"Big\":5000000000,\"On\":true,\"None\":null,\"Tags\":[\"a\",1.5]}\n\n{\"identity\":\"ben\"}\n";
    assert_eq!(
        shown("users.jsonl", text, &["Identity", "Size", "Big", "On", "None", "Tags"]),
        ["1/1: ana|5|5000000000L|$true|$null|[\"a\", 1.5d]", "2/3: ben|-|-|-|-|-"]
    );
}

#[test]
fn what_cannot_be_used_is_told_in_one_sentence() {
    for (name, bytes, expected) in [
        ("a.csv", &b""[..], "is empty: it needs a header with the names of the columns, and rows"),
        ("a.csv", b"\xef\xbb\xbf", "has no header: its first line must name the columns"),
        ("a.csv", b"\n\n", "has no header: its first line must name the columns"),
        (
            "a.csv",
            b"A,B\n1,2\n1\n",
            "has 1 value in line 3, and 2 values in its header: a value with a comma in it stands in double quotes",
        ),
        (
            "a.csv",
            b"A,B\n1,2,3\n",
            "has 3 values in line 2, and 2 values in its header: a value with a comma in it stands in double quotes",
        ),
        ("a.csv", b"A,B\n1,\"2\n3,4\n", "has a quote that is never closed in line 2"),
        (
            "a.csv",
            b"A,B\n1,\"2\"x\n",
            "has text behind a closing quote (a quote within quotes is written twice) in line 2",
        ),
        (
            "a.csv",
            b"A,B\r\n\r\n1,2\r\n1\r\n",
            "has 1 value in line 4, and 2 values in its header: a value with a comma in it stands in double quotes",
        ),
        ("a.csv", b"#TYPE X\nA\n\"b\n", "has a quote that is never closed in line 3"),
        ("a.csv", b"A,B,a\n1,2,3\n", "has the column a twice"),
        ("a.csv", b"A\nb\nM\xfcller\n", "is not UTF-8 in line 3: save it as UTF-8 (in Excel: CSV UTF-8)"),
        ("a.csv", b"A\0\n\0b\0", "is UTF-16 without its mark, or no text at all: save it as UTF-8"),
        ("a.csv", b"\xff\xfeA\0\n", "ends in the middle of a character: it is UTF-16 and was cut"),
        ("a.csv", b"\xff\xfeA\0\x00\xd8", "is UTF-16 with half of a character in it: save it as UTF-8"),
        ("a.jsonl", b"{\"A\":1}\n[1]\n", "has no JSON object in line 2, column 0: each line is one {…}"),
        ("a.jsonl", b"{\"A\":1\n", "has no JSON object in line 1, column 6: each line is one {…}"),
    ] {
        assert_eq!(told(name, bytes), expected);
    }
}

#[test]
fn only_a_file_can_be_gone_on_with() {
    let folder = tempfile::tempdir().unwrap();
    for (path, expected) in [
        (folder.path().to_owned(), "is no file: rows that come once only could not be found again"),
        (folder.path().join("missing.csv"), "cannot be read: No such file"),
    ] {
        let Err(Failure::Usage(text)) = Rows::open(&path, b',') else { panic!("{path:?}") };
        assert!(text.contains(expected), "{text}");
    }
}
