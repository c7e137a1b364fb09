//! What becomes of a command line for a row, and what is told about those that fit no file.

use super::Template;
use crate::bulk::rows::Rows;
use crate::exit::Failure;
use crate::value::CommandLine;

fn rows(name: &str, text: &str) -> Rows {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    Rows::open(&path, b',').unwrap_or_else(|failure| panic!("{failure:?}"))
}

fn line(words: &[&str]) -> CommandLine {
    CommandLine::parse(&words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>()).unwrap()
}

/// The values for each row.
fn filled(rows: &Rows, words: &[&str]) -> Vec<String> {
    let template = Template::new(line(words), rows).unwrap_or_else(|failure| panic!("{failure:?}"));
    template.check(rows).unwrap_or_else(|failure| panic!("{failure:?}"));
    rows.iter().map(|row| format!("{:?}", template.fill(rows, &row.unwrap()).unwrap().parameters)).collect()
}

/// What is told, the name of the file left out.
fn told(rows: &Rows, words: &[&str]) -> String {
    let outcome = Template::new(line(words), rows).and_then(|template| template.check(rows));
    match outcome {
        Err(Failure::Usage(text)) => text.replace(rows.name(), "FILE"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn columns_stand_in_values_of_every_shape() {
    let rows = rows(
        "a.csv",
        "Identity,Mail,Hidden,Size,Tags\nana,a@x.y,$TRUE,5,b; c;\nben,b@x.y,false,5000000000,\n",
    );
    for (value, expected) in [
        ("{Identity}", ["\"ana\"", "\"ben\""]),
        ("{ identity }", ["\"ana\"", "\"ben\""]),
        ("smtp:{Mail}", ["\"smtp:a@x.y\"", "\"smtp:b@x.y\""]),
        ("'{Identity} <{Mail}>'", ["\"ana <a@x.y>\"", "\"ben <b@x.y>\""]),
        ("{{{Identity}}}", ["\"{ana}\"", "\"{ben}\""]),
        ("{Hidden:bool}", ["$true", "$false"]),
        ("{Size:number}", ["5", "5000000000L"]),
        ("{Tags:list}", ["[\"b\", \"c\"]", "[]"]),
        ("{Mail:secret}", ["secret", "secret"]),
        ("@{Add='{Mail}','x'}", ["{\"Add\": [\"a@x.y\", \"x\"]}", "{\"Add\": [\"b@x.y\", \"x\"]}"]),
    ] {
        let expected: Vec<String> =
            expected.iter().map(|value| format!("[(\"V\", {value}), (\"F\", $true)]")).collect();
        assert_eq!(filled(&rows, &["Set-X", "-V", value, "-F"]), expected, "{value}");
    }
}

#[test]
fn a_cell_is_never_read_as_anything_but_its_text() {
    let rows = rows("a.csv", "V\n$null\n@stdin\n\"@{A='b'}\"\n{V}\n5\n");
    let expected = ["$null", "@stdin", "@{A='b'}", "{V}", "5"].map(|text| format!("[(\"V\", {text:?})]"));
    assert_eq!(filled(&rows, &["Set-X", "-V", "{V}"]), expected);
}

#[test]
fn json_lines_give_what_they_have() {
    let rows = rows("a.jsonl", "{\"V\":[1,{\"a\":null}],\"N\":7}\n{\"V\":true,\"N\":null}\n");
    assert_eq!(
        filled(&rows, &["Set-X", "-V", "{v}", "-T", "n{N}"]),
        ["[(\"V\", [1, {\"a\": $null}]), (\"T\", \"n7\")]", "[(\"V\", $true), (\"T\", \"n\")]"]
    );
    assert_eq!(told(&rows, &["Set-X", "-V", "{Mail}"]), "FILE has no Mail in row 1 (line 1)");
    assert_eq!(
        told(&rows, &["Set-X", "-V", "x{V}"]),
        "FILE has a V that cannot stand within text in row 1 (line 1)"
    );
}

#[test]
fn what_does_not_fit_is_told_before_anything_is_sent() {
    let rows = rows("a.csv", "Identity,Hidden,Size\nana,maybe,5\nben,true,x\nana,maybe,5\n");
    for (value, expected) in [
        (
            "x",
            "no value of the cmdlet takes anything from the rows: write a column as {Name}, for example -Identity '{Identity}'",
        ),
        (
            "{Mail}",
            "FILE has no column Mail; it has Identity, Hidden, Size (a brace that is no column is written twice)",
        ),
        (
            "{Identity:text}",
            "the value of -V has {Identity:text}, whose kind is none of bool, number, list, secret",
        ),
        ("{Identity", "the value of -V has a single {: a brace that is no column is written twice"),
        ("{Identity}}", "the value of -V has a single }: a brace that is no column is written twice"),
        (
            "a{Hidden:bool}",
            "the value of -V has Hidden with a kind and other text beside it: a kind is for a whole value",
        ),
        ("{Hidden:bool}", "FILE has a Hidden that is neither true nor false in row 1 (line 2)"),
        ("{Size:number}", "FILE has a Size that is no number in row 2 (line 3)"),
        ("{Identity}", "FILE says the same in row 1 (line 2) and row 3 (line 4): remove what is double"),
    ] {
        assert_eq!(told(&rows, &["Set-X", "-V", value]), expected, "{value}");
    }
}

#[test]
fn another_delimiter_is_guessed_at() {
    let rows = rows("a.csv", "Identity;Mail\nana;a@x.y\n");
    assert_eq!(
        told(&rows, &["Set-X", "-V", "{Mail}"]),
        "FILE has no column Mail; it has Identity;Mail: perhaps --delimiter ';' is missing \
         (a brace that is no column is written twice)"
    );
}
