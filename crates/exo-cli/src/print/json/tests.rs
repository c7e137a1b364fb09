use psrp::clixml::{self, Tape};

use super::{Form, JsonPrinter};

fn tape(xml: &str) -> Tape {
    clixml::decode(xml.as_bytes().to_vec()).unwrap()
}

fn print(form: Form, select: &[&str], xml: &str) -> String {
    let mut out = Vec::new();
    let mut printer = JsonPrinter::new(&mut out, form, select.iter().map(|&name| name.to_owned()).collect());
    for value in tape(xml).values() {
        printer.value(value).unwrap();
    }
    printer.finish().unwrap();
    drop(printer);
    String::from_utf8(out).unwrap()
}

fn check(xml: &str, expected: &str) {
    assert_eq!(print(Form::Lines, &[], xml).trim_end(), expected, "{xml}");
}

#[test]
fn primitives_keep_everything_they_are() {
    for (xml, expected) in [
        ("<Nil />", "null"),
        ("<B>true</B>", "true"),
        ("<By>255</By>", "255"),
        ("<SB>-128</SB>", "-128"),
        ("<I64>-9223372036854775808</I64>", "-9223372036854775808"),
        ("<U64>18446744073709551615</U64>", "18446744073709551615"),
        ("<Db>1</Db>", "1.0"),
        ("<Db>0.1</Db>", "0.1"),
        ("<Db>-0</Db>", "-0.0"),
        ("<Db>1E+300</Db>", "1e300"),
        ("<Sg>0.1</Sg>", "0.1"),
        ("<Db>NaN</Db>", "\"NaN\""),
        ("<Db>-INF</Db>", "\"-INF\""),
        ("<D>1.10</D>", "1.10"),
        ("<D>+01.</D>", "1"),
        ("<D>-.50</D>", "-0.50"),
        ("<D>-79228162514264337593543950335</D>", "-79228162514264337593543950335"),
        ("<C>97</C>", "\"a\""),
        ("<C>55357</C>", "\"\\ud83d\""),
        ("<S>a_x000D__x000A_\"\\</S>", "\"a\\r\\n\\\"\\\\\""),
        ("<S>_x0000__x001B__x009B_</S>", "\"\\u0000\\u001b\\u009b\""),
        ("<S>\u{e4}_xD83D__xDE00_</S>", "\"\u{e4}\u{1f600}\""),
        ("<S>a_xD83D_b\u{1f600}</S>", "\"a\\ud83db\u{1f600}\""),
        ("<S></S>", "\"\""),
        ("<DT>2026-11-21T10:15:30.1234567+01:00</DT>", "\"2026-11-21T10:15:30.1234567+01:00\""),
        ("<TS>-P1DT2H3M4.5S</TS>", "\"-P1DT2H3M4.5S\""),
        ("<G>497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G>", "\"497ac440-89fb-4cb3-9cc1-3434c1aa74c3\""),
        ("<Version>1.0</Version>", "\"1.0\""),
        ("<BA>AAEC</BA>", "\"AAEC\""),
        ("<BA></BA>", "\"\""),
        ("<SS>c2VjcmV0</SS>", "\"System.Security.SecureString\""),
    ] {
        check(xml, expected);
    }
}

#[test]
fn objects_are_what_a_person_takes_them_for() {
    for (xml, expected) in [
        ("<Obj />", "{}"),
        ("<Obj><ToString>5 GB</ToString></Obj>", "\"5 GB\""),
        ("<Obj><MS><S N=\"B\">1</S><S N=\"A\">2</S></MS></Obj>", r#"{"B":"1","A":"2"}"#),
        ("<Obj><LST><I32>1</I32><Nil /></LST><MS><B N=\"IsReadOnly\">false</B></MS></Obj>", "[1,null]"),
        ("<Obj><STK><I32>2</I32></STK></Obj>", "[2]"),
        ("<Obj><LST /></Obj>", "[]"),
        (
            "<Obj><DCT><En><S N=\"Key\">a</S><I32 N=\"Value\">1</I32></En><En><I32 N=\"Key\">5</I32><Nil N=\"Value\" /></En></DCT></Obj>",
            r#"{"a":1,"5":null}"#,
        ),
        ("<Obj><S>text</S><MS><S N=\"PSPath\">p</S></MS></Obj>", "\"text\""),
        (
            "<Obj><TN RefId=\"0\"><T>System.DayOfWeek</T><T>System.Enum</T></TN><ToString>Monday</ToString><I32>1</I32></Obj>",
            "\"Monday\"",
        ),
        ("<Obj><TN RefId=\"0\"><T>System.Int32</T></TN><ToString>one</ToString><I32>1</I32></Obj>", "1"),
        ("<Obj><Obj><S>inner</S></Obj></Obj>", "\"inner\""),
        (
            "<Obj><MS><MS N=\"PSStandardMembers\"><S N=\"x\">1</S></MS><MS N=\"Set\"><S N=\"y\">2</S></MS></MS></Obj>",
            r#"{"Set":{"y":"2"}}"#,
        ),
    ] {
        check(xml, expected);
    }
}

#[test]
fn of_one_name_the_extended_member_counts() {
    check(
        "<Obj><Props><I32 N=\"Status\">1</I32><S N=\"Name\">n</S></Props><MS><S N=\"New\">x</S><S N=\"status\">Up</S></MS></Obj>",
        r#"{"Status":"Up","Name":"n","New":"x"}"#,
    );
    let many: String = (0..40).map(|number| format!("<I32 N=\"P{number}\">{number}</I32>")).collect();
    let adapted = many.replace('P', "p");
    let members = print(Form::Lines, &[], &format!("<Obj><Props>{adapted}</Props><MS>{many}</MS></Obj>"));
    assert_eq!(members.matches(':').count(), 40);
}

#[test]
fn references_are_written_out_and_cycles_name_the_path() {
    check(
        "<Obj RefId=\"0\"><LST><Obj RefId=\"1\"><MS><S N=\"A\">x</S></MS></Obj><Ref RefId=\"1\" /></LST></Obj>",
        r#"[{"A":"x"},{"A":"x"}]"#,
    );
    check("<Obj RefId=\"0\"><MS><Ref N=\"Self\" RefId=\"0\" /></MS></Obj>", r#"{"Self":{"$ref":"$"}}"#);
    check(
        "<Obj RefId=\"0\"><MS><Obj N=\"A b\" RefId=\"1\"><LST><Obj RefId=\"2\"><MS><Ref N=\"Up\" RefId=\"1\" /><Ref N=\"Me\" RefId=\"2\" /></MS></Obj></LST></Obj></MS></Obj>",
        r#"{"A b":[{"Up":{"$ref":"$['A b']"},"Me":{"$ref":"$['A b'][0]"}}]}"#,
    );
}

#[test]
fn the_numbers_of_the_objects_do_not_matter() {
    let one = "<Objs><Obj RefId=\"0\"><TN RefId=\"0\"><T>A</T></TN><MS><S N=\"X\">1</S></MS></Obj><Obj RefId=\"1\"><TNRef RefId=\"0\" /><MS><Ref N=\"Y\" RefId=\"0\" /></MS></Obj></Objs>";
    let other = "<Objs><Obj RefId=\"7\"><TN RefId=\"3\"><T>A</T></TN><MS><S N=\"X\">1</S></MS></Obj><Obj RefId=\"7\"><MS><Obj N=\"Y\"><MS><S N=\"X\">1</S></MS></Obj></MS></Obj></Objs>";
    let expected = "{\"X\":\"1\"}\n{\"Y\":{\"X\":\"1\"}}\n";
    assert_eq!(
        (print(Form::Lines, &[], one), print(Form::Lines, &[], other)),
        (expected.into(), expected.into())
    );
}

#[test]
fn repetition_is_bounded() {
    // Each level doubles: written out, this would be two to the power of 60 values.
    let mut xml = String::from("<Objs><Obj RefId=\"0\"><LST><S>x</S></LST></Obj>");
    for level in 1..60 {
        let below = level - 1;
        xml.push_str(&format!(
            "<Obj RefId=\"{level}\"><LST><Ref RefId=\"{below}\" /><Ref RefId=\"{below}\" /></LST></Obj>"
        ));
    }
    xml.push_str("</Objs>");
    let tape = tape(&xml);
    let mut out = Vec::new();
    JsonPrinter::new(&mut out, Form::Lines, Vec::new()).value(tape.values().last().unwrap()).unwrap();
    assert!(out.len() < 40_000_000, "{}", out.len());
    assert!(out.windows(13).any(|part| part == b"{\"$ref\":null}"));
}

#[test]
fn a_long_chain_of_references_does_not_exhaust_the_stack() {
    let mut xml = String::from("<Objs><Obj RefId=\"0\" />");
    for level in 1..100_000 {
        xml.push_str(&format!("<Obj RefId=\"{level}\"><LST><Ref RefId=\"{}\" /></LST></Obj>", level - 1));
    }
    xml.push_str("</Objs>");
    let tape = tape(&xml);
    let mut out = Vec::new();
    JsonPrinter::new(&mut out, Form::Lines, Vec::new()).value(tape.values().last().unwrap()).unwrap();
    assert!(out.ends_with(b"]\n"));
    assert!(out.windows(13).any(|part| part == b"{\"$ref\":null}"));
}

#[test]
fn selected_members_stand_in_the_order_asked_for() {
    let xml =
        "<Objs><Obj RefId=\"0\"><MS><S N=\"A\">1</S><Ref N=\"B\" RefId=\"0\" /></MS></Obj><S>x</S></Objs>";
    assert_eq!(
        print(Form::Lines, &["b", "A", "None"], xml),
        "{\"b\":{\"$ref\":\"$\"},\"A\":\"1\",\"None\":null}\n{\"b\":null,\"A\":null,\"None\":null}\n"
    );
}

#[test]
fn the_array_is_indented() {
    assert_eq!(print(Form::Array, &[], ""), "[]\n");
    assert_eq!(
        print(
            Form::Array,
            &[],
            "<Objs><Obj><MS><Obj N=\"A\"><LST><I32>1</I32></LST></Obj><Obj N=\"B\" /></MS></Obj><I32>2</I32></Objs>"
        ),
        "[\n  {\n    \"A\": [\n      1\n    ],\n    \"B\": {}\n  },\n  2\n]\n"
    );
}
