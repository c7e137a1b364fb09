use psrp::clixml::{self, Tape};

use super::Printer;
use super::text::{cell, csv_cell, duration, printable};
use crate::args::RunOutput;

const ROWS: &str = "<Objs>\
    <Obj><MS><S N=\"Name\">ana</S><I32 N=\"Size\">5</I32><Nil N=\"Note\" /></MS></Obj>\
    <Obj><MS><S N=\"Name\">benjamin</S><I32 N=\"Size\">12</I32><S N=\"Note\">a, \"b\"</S></MS></Obj>\
    </Objs>";

fn tape(xml: &str) -> Tape {
    clixml::decode(xml.as_bytes().to_vec()).unwrap()
}

fn print(output: RunOutput, select: &[&str], line: Option<usize>, xml: &str) -> String {
    let mut out = Vec::new();
    let select = select.iter().map(|&name| name.to_owned()).collect();
    let mut printer = Printer::new(output, &mut out, select, line);
    for value in tape(xml).values() {
        printer.value(value).unwrap();
    }
    printer.finish().unwrap();
    drop(printer);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_table_is_as_wide_as_its_rows() {
    assert_eq!(
        print(RunOutput::Table, &[], None, ROWS),
        "Name     Size Note\n----     ---- ----\nana         5\nbenjamin   12 a, \"b\"\n"
    );
    assert_eq!(print(RunOutput::Table, &["size", "None"], None, ROWS), "size None\n---- ----\n   5\n  12\n");
}

#[test]
fn a_table_fits_the_terminal() {
    let long =
        format!("<Obj><MS><S N=\"A\">{}</S><S N=\"B\">{}</S></MS></Obj>", "x".repeat(100), "y".repeat(30));
    let text = print(RunOutput::Table, &[], Some(40), &long);
    assert!(text.lines().all(|line| line.chars().count() <= 40), "{text}");
    assert!(text.contains('…'));
}

#[test]
fn another_kind_of_object_begins_another_table() {
    let xml = format!(
        "{}<S>plain</S><Obj><MS><S N=\"Other\">o</S></MS></Obj></Objs>",
        ROWS.trim_end_matches("</Objs>")
    );
    let text = print(RunOutput::Table, &[], None, &xml);
    assert!(text.ends_with("\nplain\n\nOther\n-----\no\n"), "{text}");
}

#[test]
fn a_list_has_a_line_for_each_member() {
    assert_eq!(
        print(RunOutput::List, &[], None, ROWS),
        "Name : ana\nSize : 5\nNote :\n\nName : benjamin\nSize : 12\nNote : a, \"b\"\n"
    );
    assert_eq!(print(RunOutput::List, &[], None, "<S>x</S>"), "x\n");
}

#[test]
fn csv_quotes_what_needs_it() {
    assert_eq!(
        print(RunOutput::Csv, &[], None, ROWS),
        "Name,Size,Note\r\nana,5,\r\nbenjamin,12,\"a, \"\"b\"\"\"\r\n"
    );
    assert_eq!(print(RunOutput::Csv, &["Note"], None, ROWS), "Note\r\n\r\n\"a, \"\"b\"\"\"\r\n");
    assert_eq!(print(RunOutput::Csv, &[], None, "<S>a_x000A_b</S>"), "Value\r\n\"a\nb\"\r\n");
}

#[test]
fn clixml_can_be_read_again() {
    for select in [&[][..], &["Name", "Nothing"]] {
        let text = print(RunOutput::Clixml, select, None, ROWS);
        let again = tape(&text);
        let names: Vec<_> =
            again.values().map(|value| value.member("Name").unwrap().as_str().unwrap()).collect();
        assert_eq!(names, ["ana", "benjamin"], "{text}");
    }
    assert_eq!(tape(&print(RunOutput::Clixml, &[], None, "")).values().count(), 0);
}

#[test]
fn cells_read_as_powershell_shows_them() {
    for (xml, expected, csv) in [
        ("<Nil />", "", ""),
        ("<B>true</B>", "True", "True"),
        ("<C>97</C>", "a", "a"),
        ("<TS>P1DT2H3M4.5S</TS>", "1.02:03:04.5000000", "1.02:03:04.5000000"),
        ("<BA>AAEC</BA>", "{0, 1, 2}", "{0, 1, 2}"),
        ("<SS>c2VjcmV0</SS>", "System.Security.SecureString", "System.Security.SecureString"),
        ("<Obj><ToString>5 GB</ToString><Props><I32 N=\"V\">5</I32></Props></Obj>", "5 GB", "5 GB"),
        ("<Obj><LST><S>a</S><S>b</S></LST></Obj>", "{a, b}", "a;b"),
        ("<Obj><ToString>x.Collection</ToString><LST><S>a</S></LST></Obj>", "{a}", "a"),
        ("<Obj><LST /></Obj>", "{}", ""),
        ("<Obj><MS><S N=\"A\">1</S><I32 N=\"B\">2</I32></MS></Obj>", "@{A=1; B=2}", "@{A=1; B=2}"),
        ("<Obj><DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En></DCT></Obj>", "{[a, 1]}", "{[a, 1]}"),
        (
            "<Obj RefId=\"0\"><MS><Ref N=\"Me\" RefId=\"0\" /></MS></Obj>",
            "@{Me=@{Me=@{Me=…}}}",
            "@{Me=@{Me=@{Me=…}}}",
        ),
    ] {
        let tape = tape(xml);
        let value = tape.first().unwrap();
        assert_eq!((cell(value).as_str(), csv_cell(value).as_str()), (expected, csv), "{xml}");
    }
}

#[test]
fn a_cell_is_bounded() {
    let long = format!("<Obj><LST>{}</LST></Obj>", "<S>0123456789</S>".repeat(100_000));
    assert!(cell(tape(&long).first().unwrap()).len() < 5000);
    let text = format!("<S>{}</S>", "x".repeat(1_000_000));
    assert!(cell(tape(&text).first().unwrap()).len() < 5000);
}

#[test]
fn nothing_printed_steers_a_terminal() {
    assert_eq!(printable("a\u{1b}[31m\r\nb\tc\u{9b}"), "a[31m b c");
    let text =
        print(RunOutput::Table, &[], None, "<Obj><MS><S N=\"A_x001B_\">_x001B_[2J_x0007_</S></MS></Obj>");
    assert!(!text.contains(['\u{1b}', '\u{7}']), "{text:?}");
}

#[test]
fn durations_are_printed_as_dotnet_does() {
    for (ticks, expected) in [
        (0, "00:00:00"),
        (10_000_000, "00:00:01"),
        (-1, "-00:00:00.0000001"),
        (i64::MIN, "-10675199.02:48:05.4775808"),
        (864_000_000_000, "1.00:00:00"),
    ] {
        assert_eq!(duration(ticks), expected);
    }
}
