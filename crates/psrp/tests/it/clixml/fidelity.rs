//! What a decoder must keep, behaviour by behaviour.

use psrp::clixml::{Kind, Stream, Value, decode};

use super::{check, short};

#[test]
fn documents_and_message_bodies_are_read() {
    check(&[
        (
            r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S>a</S><S>b</S></Objs>"#,
            "S'a' | S'b'",
        ),
        ("<I32>1</I32>", "I32 1"),
        ("<I32>1</I32><I32>2</I32>", "I32 1 | I32 2"),
        (r#"<S xmlns="http://schemas.microsoft.com/powershell/2004/04">a</S>"#, "S'a'"),
        ("<Objs Version=\"1.1.0.1\"><S>a</S></Objs>\r\n", "S'a'"),
        ("<Objs><S>a</S></Objs>", "S'a'"),
        ("<Objs/>", ""),
        ("<Objs></Objs>", ""),
        ("\u{FEFF}<S>a</S>", "S'a'"),
        ("\u{FEFF}", ""),
        ("", ""),
        (" \r\n\t", ""),
        ("<S> </S>", "S' '"),
        (
            "\n<Objs>\n  <S>a</S>\n  <Obj RefId=\"0\">\n    <MS>\n    </MS>\n  </Obj>\n</Objs>\n",
            "S'a' | Obj[MS[]]",
        ),
        (
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><Objs><!-- x --><?p y?><S>a</S></Objs><!-- z -->",
            "S'a'",
        ),
        ("<!-- x --><S>a</S>", "S'a'"),
    ]);
}

#[test]
fn documents_that_are_not_clixml_are_refused() {
    check(&[
        ("<!DOCTYPE x><S>a</S>", "error: a document type declaration is refused"),
        ("<Objs><!DOCTYPE x><S>a</S></Objs>", "error: a document type declaration is refused"),
        ("<Objs><S>a</S></Objs><S>b</S>", "error: expected nothing behind </Objs>"),
        ("<Objs><S>a</S>", "error: the text ends too early"),
        ("</Objs>", "error: expected an element"),
        ("<S>a</S></Objs>", "error: expected an element"),
        ("hello", "error: expected an element"),
        ("<Objs>hello</Objs>", "error: expected an element"),
        ("<S xmlns=\"urn:x\">a</S>", "error: expected the namespace of PowerShell"),
        ("<Objs Version=\"2.0\"></Objs>", "error: a document version that is not known; 1.x is"),
        ("<Objs Version=\"x\"></Objs>", "error: a document version that is not known; 1.x is"),
        ("<Foo/>", "error: an unknown element"),
        ("<", "error: the text ends too early"),
        ("<>", "error: expected an element name"),
        ("< S>a</S>", "error: expected an element name"),
        ("<s>a</s>", "error: an unknown element"),
    ]);
}

#[test]
fn a_stream_name_is_kept() {
    check(&[
        ("<S S=\"Error\">boom_x000D__x000A_</S>", "(Error)S'boom\\u{d}\\u{a}'"),
        ("<S S='warning'>w</S>", "(Warning)S'w'"),
        ("<Obj S=\"progress\" RefId=\"0\"><MS /></Obj>", "(Progress)Obj[MS[]]"),
        (
            "<DT S=\"information\">2026-01-01T00:00:00+01:00</DT>",
            "(Information)DT 639028224000000000 Local 60",
        ),
        ("<Nil S=\"Debug\" />", "(Debug)Nil"),
        ("<I32 S=\"Verbose\">1</I32>", "(Verbose)I32 1"),
    ]);
    let tape = decode("<S>a</S>").unwrap();
    assert_eq!(tape.first().unwrap().stream(), None::<Stream>);
}

#[test]
fn unknown_elements_in_objects_of_later_versions_are_skipped() {
    let inside =
        |version: &str, body: &str| short(&format!("<Objs Version=\"{version}\"><Obj>{body}</Obj></Objs>"));
    let later = r#"<Future a="1"><b/><c d='e'>&f;<![CDATA[</c>]]><!-- </c> --></c ></Future><MS><I32 N="x">1</I32></MS>"#;
    assert_eq!(inside("1.2.0.0", later), "Obj[MS[x=I32 1]]");
    assert_eq!(inside("1.1.0.1", later), "error: an unknown element");
    assert_eq!(inside("1.2", "<MS><Future N=\"x\"/></MS>"), "error: an unknown element");
    assert_eq!(
        inside("1.2", "<Future><b></Future></b>"),
        "error: expected the end tag of the innermost element"
    );
    assert_eq!(inside("1.2", "<Future><b></b>"), "error: expected the end tag of the innermost element");
}

#[test]
fn the_parts_of_an_object_are_kept_apart_and_in_order() {
    check(&[
        (
            r#"<Obj RefId="0"><MS/><ToString>x</ToString><TN RefId="0"><T>A</T></TN></Obj>"#,
            "Obj[MS[] ToString'x' TN[T'A']]",
        ),
        ("<Obj/>", "Obj[]"),
        ("<Obj />", "Obj[]"),
        ("<Obj></Obj>", "Obj[]"),
        (
            r#"<Obj RefId="0"><ToString>1.5 GB (1,610,612,736 bytes)</ToString></Obj>"#,
            "Obj[ToString'1.5 GB (1,610,612,736 bytes)']",
        ),
        (
            r#"<Obj><Props><S N="Name">a</S></Props><MS><S N="Name">b</S></MS></Obj>"#,
            "Obj[Props[Name=S'a'] MS[Name=S'b']]",
        ),
        (r#"<Obj><MS><I32 N="B">1</I32><I32 N="A">2</I32></MS></Obj>"#, "Obj[MS[B=I32 1 A=I32 2]]"),
        (
            r#"<Obj RefId="1"><LST><S>a</S></LST><MS><B N="IsReadOnly">false</B></MS></Obj>"#,
            "Obj[LST[S'a'] MS[IsReadOnly=B false]]",
        ),
        ("<Obj><STK><I32>2</I32><I32>1</I32></STK></Obj>", "Obj[STK[I32 2 I32 1]]"),
        ("<Obj><QUE /></Obj><Obj><IE></IE></Obj>", "Obj[QUE[]] | Obj[IE[]]"),
        (r#"<Obj><S>text</S><MS><S N="PSPath">p</S></MS></Obj>"#, "Obj[S'text' MS[PSPath=S'p']]"),
        (r#"<Obj RefId="0"><Obj RefId="1"><S>a</S></Obj></Obj>"#, "Obj[Obj[S'a']]"),
        (
            r#"<Obj><MS><MS N="PSStandardMembers"><S N="x">1</S></MS></MS></Obj>"#,
            "Obj[MS[PSStandardMembers=MS[x=S'1']]]",
        ),
        (
            r#"<Obj><MS><Nil N="A"/><S N="B"></S><Obj N="C"><LST/></Obj></MS></Obj>"#,
            "Obj[MS[A=Nil B=S'' C=Obj[LST[]]]]",
        ),
    ]);
}

#[test]
fn dictionaries_keep_their_order_and_any_key() {
    check(&[
        (
            r#"<Obj><DCT><En><I32 N="Key">0</I32><S N="Value">x</S></En><En><S N="KEY">a</S><Nil N="value" /></En></DCT></Obj>"#,
            "Obj[DCT[En[Key=I32 0 Value=S'x'] En[KEY=S'a' value=Nil]]]",
        ),
        (
            r#"<Obj><DCT><En><Nil N="Key" /><S N="Value">x</S></En></DCT></Obj>"#,
            "error: the key of a dictionary entry is null",
        ),
        (
            r#"<Obj><DCT><En><S N="Value">x</S><S N="Key">x</S></En></DCT></Obj>"#,
            "error: <En> must hold an element with the name Key first",
        ),
        (
            r#"<Obj><DCT><En><S N="Key">x</S><S>x</S></En></DCT></Obj>"#,
            "error: <En> must hold an element with the name Value second",
        ),
        (r#"<Obj><DCT><En><S N="Key">x</S></En></DCT></Obj>"#, "error: <En> must hold a key and a value"),
        (r#"<Obj><DCT><En /></DCT></Obj>"#, "error: <En> must hold a key and a value"),
        (
            r#"<Obj><DCT><En><S N="Key">x</S><S N="Value">x</S><S N="Value">y</S></En></DCT></Obj>"#,
            "error: <En> must hold two elements only",
        ),
        (r#"<Obj><DCT><S>x</S></DCT></Obj>"#, "error: <DCT> must hold <En> only"),
    ]);
}

#[test]
fn enums_keep_name_and_number() {
    let body = r#"<Obj RefId="0"><TN RefId="0"><T>System.DayOfWeek</T><T>System.Enum</T></TN><ToString>Monday</ToString><I32>1</I32></Obj>"#;
    let tape = decode(body).unwrap();
    let day = tape.first().unwrap();
    assert_eq!(day.as_i64(), Some(1));
    assert_eq!(day.to_string_text().unwrap(), "Monday");
    assert!(day.is_type("System.Enum"));
    assert_eq!(
        day.type_names().map(|name| name.to_string()).collect::<Vec<_>>(),
        ["System.DayOfWeek", "System.Enum"]
    );
}

#[test]
fn elements_in_the_wrong_place_are_refused() {
    check(&[
        ("<LST><S>a</S></LST>", "error: <Objs> must hold values only"),
        ("<Obj><T>a</T></Obj>", "error: <Obj> must hold the parts of an object only"),
        ("<Obj><Nil /></Obj>", "error: <Obj> must hold the parts of an object only"),
        (r#"<Obj RefId="0"><Ref RefId="0" /></Obj>"#, "error: <Obj> must hold the parts of an object only"),
        ("<Obj><TN><S>a</S></TN></Obj>", "error: <TN> must hold <T> only"),
        ("<Obj><MS><S>a</S></MS></Obj>", "error: <MS> must hold elements with a name"),
        ("<Obj><Props><S>a</S></Props></Obj>", "error: <Props> must hold elements with a name"),
        ("<Obj><Props><MS N=\"a\" /></Props></Obj>", "error: <Props> must hold values only"),
        ("<Obj><LST><LST /></LST></Obj>", "error: <LST> must hold values only"),
        ("<MS />", "error: <Objs> must hold values only"),
        ("<Objs><Objs /></Objs>", "error: <Objs> must hold values only"),
    ]);
}

#[test]
fn references_are_the_same_object() {
    let body = r#"<Obj RefId="9"><LST><Obj RefId="5"><MS><I32 N="x">5</I32></MS></Obj><Ref RefId="5"/><Ref RefId="5" /></LST></Obj>"#;
    let tape = decode(body).unwrap();
    let items: Vec<_> = tape.first().unwrap().items().map(Value::resolve).collect();
    assert_eq!(items.len(), 3);
    assert!(items.iter().all(|item| *item == items[0]));
    assert_eq!(items[2].member("X").unwrap().as_i64(), Some(5));
}

#[test]
fn references_may_point_at_what_is_open() {
    check(&[
        (r#"<Obj RefId="0"><MS><Ref N="Parent" RefId="0"/></MS></Obj>"#, "Obj[MS[Parent=Ref->0]]"),
        (r#"<Obj RefId="0"><MS><Ref N="Parent" RefId="0"></Ref></MS></Obj>"#, "Obj[MS[Parent=Ref->0]]"),
        (r#"<Ref RefId="99"/>"#, "error: <Ref> refers to nothing that came before"),
        ("<Obj><MS><Ref N=\"a\" /></MS></Obj>", "error: <Ref> has no RefId"),
        (r#"<Obj><TNRef RefId="0"/></Obj>"#, "error: <TNRef> refers to nothing that came before"),
        ("<Obj><TNRef /></Obj>", "error: <TNRef> has no RefId"),
        (
            r#"<Obj RefId="0" /><Ref RefId="0">x</Ref>"#,
            "error: an end tag that does not match the open <Ref>",
        ),
    ]);
}

#[test]
fn ids_of_objects_and_of_type_names_are_two_tables() {
    check(&[
        (
            r#"<Obj RefId="0"><TN RefId="0"><T>A</T></TN><MS><Obj N="a" RefId="1"><TNRef RefId="0" /></Obj><Ref N="b" RefId="0" /></MS></Obj>"#,
            "Obj[TN[T'A'] MS[a=Obj[TNRef->1] b=Ref->0]]",
        ),
        // Far-off ids, gaps and repeated ids: the later object counts.
        (
            r#"<Obj RefId="0" /><Obj RefId="18446744073709551615" /><Obj RefId="12" /><Ref RefId="18446744073709551615" /><Ref RefId="12" />"#,
            "Obj[] | Obj[] | Obj[] | Ref->1 | Ref->2",
        ),
        (r#"<Obj RefId="0" /><Obj RefId="0" /><Ref RefId="0" />"#, "Obj[] | Obj[] | Ref->1"),
        (r#"<Obj RefId="5" /><Ref RefId="3" />"#, "error: <Ref> refers to nothing that came before"),
        (r#"<Obj RefId="x" />"#, "error: expected a number as RefId"),
        (r#"<Obj RefId="" />"#, "error: expected a number as RefId"),
        (r#"<Obj RefId="18446744073709551616" />"#, "error: expected a number as RefId"),
    ]);
}

#[test]
fn ids_restart_in_each_body() {
    let mut decoder = psrp::clixml::Decoder::default();
    assert!(decoder.decode(r#"<Obj RefId="0"><TN RefId="0" /></Obj>"#.into()).is_ok());
    assert!(decoder.decode(r#"<Ref RefId="0" />"#.into()).is_err());
    assert!(decoder.decode(r#"<Obj><TNRef RefId="0" /></Obj>"#.into()).is_err());
}

#[test]
fn both_layers_of_text_are_decoded_once() {
    check(&[
        ("<S>a_x000D__x000A_b</S>", "S'a\\u{d}\\u{a}b'"),
        ("<S>_x000d__X000D_</S>", "S'\\u{d}\\u{d}'"),
        ("<S>_x0001F600_</S>", "S'\\u{1f600}'"),
        ("<S>_x00110000_</S>", "S'_x00110000_'"),
        ("<S>_x005F_x000D_</S>", "S'_x000D_'"),
        ("<S>_x005F__x000A_</S>", "S'_\\u{a}'"),
        ("<S>my_xml_file _x00_ _x000 _ __x0041_ _x</S>", "S'my_xml_file _x00_ _x000 _ _A _x'"),
        ("<S>_xD83D__xDE00_</S>", "S'\\u{1f600}'"),
        ("<S>a_xD800_b_xDE00_c</S>", "S'a\\u{d800}b\\u{de00}c'"),
        ("<S>_xDE00__xD83D_</S>", "S'\\u{de00}\\u{d83d}'"),
        ("<S>_x0000_</S>", "S'\\u{0}'"),
        ("<S>&lt;b&gt;_x000A_</S>", "S'<b>\\u{a}'"),
        ("<S>&lt;&amp;&gt;&quot;&apos;&#x41;&#66;</S>", "S'<&>\"'AB'"),
        ("<S>&amp;lt;</S>", "S'&lt;'"),
        ("<S>&#95;x000A_</S>", "S'\\u{a}'"),
        ("<S>&#x1F600;&#xD83D;</S>", "S'\\u{1f600}\\u{d83d}'"),
        ("<S><![CDATA[a<b&c]]></S>", "S'a<b&c'"),
        ("<S>x<![CDATA[<y>&amp;]]>z</S>", "S'x<y>&amp;z'"),
        ("<S>_x00<![CDATA[0A_]]></S>", "S'\\u{a}'"),
        ("<S>a<!-- c -->b<?p q?>c</S>", "S'abc'"),
        ("<S>a\r\nb\rc\nd\te</S>", "S'a\\u{a}b\\u{a}c\\u{a}d\\u{9}e'"),
        ("<S>a&#xD;&#xA;b</S>", "S'a\\u{d}\\u{a}b'"),
        ("<S>Zürich 美 😀</S>", "S'Z\\u{fc}rich \\u{7f8e} \\u{1f600}'"),
        ("<S></S><S/><S />", "S'' | S'' | S''"),
        ("<URI>https://a.example/x_x0020_y</URI>", "URI'https://a.example/x y'"),
        ("<SBK>a_x000A_b</SBK><XD>&lt;a /&gt;</XD>", "SBK'a\\u{a}b' | XD'<a />'"),
        (
            r#"<Obj><TN><T>A_x002B_B&amp;</T><T /></TN><ToString>a_x000A_b &amp; c</ToString></Obj>"#,
            "Obj[TN[T'A+B&' T''] ToString'a\\u{a}b & c']",
        ),
        ("<S>a</S >", "S'a'"),
    ]);
}

#[test]
fn names_are_decoded_like_text() {
    check(&[
        (
            r#"<Obj><MS><S N="a_x0020_b">x</S><S N="x &amp; y">w</S><S N='q"q'>v</S><S N="_x005F_x0041_">u</S><S N="my_xml">t</S></MS></Obj>"#,
            "Obj[MS[a b=S'x' x & y=S'w' q\"q=S'v' _x0041_=S'u' my_xml=S't']]",
        ),
        ("<Obj><MS><S  N = \"a\"\n Unknown='&x;' >x</S ></MS></Obj>", "Obj[MS[a=S'x']]"),
        ("<Obj><MS><S RefId=\"1\" N=\"a\">x</S></MS></Obj>", "Obj[MS[a=S'x']]"),
        ("<Obj><MS><S N=\"a\r\n\tb\">x</S></MS></Obj>", "Obj[MS[a  b=S'x']]"),
        ("<Obj><MS><S N=\"\">x</S></MS></Obj>", "error: <MS> must hold elements with a name"),
        ("<Obj><MS><S N=\"a\" N=\"b\">x</S></MS></Obj>", "error: expected each attribute once"),
        ("<S N=a>x</S>", "error: expected an attribute value in quotes"),
        ("<S N>x</S>", "error: expected an attribute with a value"),
        ("<S N=\"a\"S=\"b\">x</S>", "error: expected the end of a start tag"),
        ("<S N=\"a<b\">x</S>", "error: expected an attribute value without <"),
        (
            "<S N=\"a&b;\">x</S>",
            "error: an unknown entity; only the five predefined and numeric ones are allowed",
        ),
        ("<S N=\"a", "error: the text ends too early"),
        ("<S ", "error: the text ends too early"),
    ]);
}

#[test]
fn text_that_is_no_xml_is_refused() {
    let entity = "error: an unknown entity; only the five predefined and numeric ones are allowed";
    check(&[
        ("<S>&nbsp;</S>", entity),
        ("<S>a & b</S>", entity),
        ("<S>&#x110000;</S>", entity),
        ("<S>&#;</S>", entity),
        ("<S>&#x;</S>", entity),
        ("<S>\u{1}</S>", "error: expected a character that XML allows"),
        ("<S>a\u{0}</S>", "error: expected a character that XML allows"),
        ("<S>a<b/></S>", "error: expected text and no element"),
        ("<S>a</I32>", "error: an end tag that does not match the open <S>"),
        ("<S>a</SS>", "error: an end tag that does not match the open <S>"),
        ("<S>abc", "error: the text ends before <S> does"),
        ("<S>abc<", "error: expected text and no element"),
        ("<S>abc</S", "error: the text ends before <S> does"),
        ("<S><![CDATA[x</S>", "error: the text ends before <S> does"),
        ("<Obj RefId=\"0\"><MS><S N=\"x\">abc", "error: the text ends before <S> does"),
        ("<Obj><MS></Obj></MS>", "error: an end tag that does not match the open <MS>"),
    ]);
}

#[test]
fn null_has_no_text() {
    check(&[
        (
            r#"<Obj><MS><Nil N="a" /><Nil N="b"></Nil><Nil N="c"> <!-- --> </Nil></MS></Obj>"#,
            "Obj[MS[a=Nil b=Nil c=Nil]]",
        ),
        ("<Nil>x</Nil>", "error: an end tag that does not match the open <Nil>"),
    ]);
}

#[test]
fn progress_records_are_kept() {
    check(&[
        (
            r#"<Obj><MS><PR N="Record"><AV>Preparing_x0021_</AV><AI>0</AI><Nil/><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>"#,
            "Obj[MS[Record=PR[AV=S'Preparing!' AI=I32 0 Nil PI=I32 -1 PC=I32 -1 T=S'Completed' SR=I32 -1 SD=S' ']]]",
        ),
        (
            "<PR S=\"progress\"> <AV>a</AV> <AI>1</AI><S>op</S><PI>-1</PI><PC>50</PC><T>processing</T><SR>-1</SR><SD /> </PR>",
            "(Progress)PR[AV=S'a' AI=I32 1 S'op' PI=I32 -1 PC=I32 50 T=S'processing' SR=I32 -1 SD=S'']",
        ),
        ("<PR />", "error: <PR> must hold an <AV> first"),
        ("<PR><AI>1</AI></PR>", "error: <PR> must hold an <AV> first"),
        ("<PR><AV>a</AV><AI>x</AI></PR>", "error: the text of <AI> is not a number of 32 bits"),
        (
            "<PR><AV>a</AV><AI>1</AI><Nil/><PI>-1</PI><PC>50</PC><T>Odd</T><SR>-1</SR><SD /></PR>",
            "error: the text of <T> is not Processing or Completed",
        ),
        (
            "<PR><AV>a</AV><AI>1</AI><Nil/><PI>-1</PI><PC>50</PC><T>Completed</T><SR>-1</SR><SD /><X/></PR>",
            "error: an end tag that does not match the open <PR>",
        ),
    ]);
}

#[test]
fn errors_say_where_and_nothing_of_the_payload() {
    let body =
        r#"<Obj RefId="0"><MS><S N="Secret name">secret text</S><I32 N="n">secret number</I32></MS></Obj>"#;
    let error = decode(body).unwrap_err();
    assert_eq!(error.offset(), body.find("secret number").unwrap());
    assert_eq!(
        error.to_string(),
        format!("CLIXML at byte {}: the text of <I32> is not a number of 32 bits", error.offset())
    );
    for text in [format!("{error}"), format!("{error:?}")] {
        assert!(!text.to_lowercase().contains("secret"), "{text}");
    }
    let tape = decode("<S>secret</S>").unwrap();
    assert!(!format!("{tape:?} {:?} {:?}", tape.first(), tape.first().unwrap().text()).contains("secret"));
}

#[test]
fn invalid_utf8_is_refused_where_it_stands() {
    let error = decode(b"<S>ab\xFFc</S>".to_vec()).unwrap_err();
    assert_eq!(error.offset(), 5);
    assert_eq!(error.kind().to_string(), "the bytes are not text of the expected encoding");
}

#[test]
fn members_are_found_as_powershell_finds_them() {
    let body = r#"<Obj RefId="0"><Props><S N="Name">adapted</S><I32 N="Only">1</I32></Props><MS><S N="name">extended</S></MS></Obj>"#;
    let tape = decode(body).unwrap();
    let object = tape.first().unwrap();
    assert_eq!(object.member("NAME").unwrap().as_str(), Some("extended"));
    assert_eq!(object.member("only").unwrap().as_i64(), Some(1));
    assert_eq!(object.member("none"), None);
    assert_eq!(object.props().count(), 2);
    assert_eq!(object.members().count(), 1);
    assert_eq!(object.base(), None);
    assert_eq!(object.kind(), Kind::Object);
}

/// Import-Clixml of PowerShell 7.6 takes the last of each.
#[test]
fn of_parts_that_an_object_has_twice_the_last_one_counts() {
    let tape = decode(
        r#"<Objs>
        <Obj RefId="0"><LST><S>1</S></LST><TN RefId="0"><T>A</T></TN><ToString>a</ToString><I32>1</I32>
            <ToString>b</ToString><TN RefId="1"><T>B</T></TN><S>two</S></Obj>
        <Obj><TN RefId="2"><T>C</T></TN><TNRef RefId="0" /><LST><S>1</S></LST><LST><S>2</S></LST></Obj>
        <Obj><TNRef RefId="0" /><TN><T>D</T></TN><ToString>a</ToString><ToString></ToString></Obj>
        <Obj><MS><S N="a">x</S><S N="A">y</S></MS><MS><S N="a">z</S><S N="b">b</S></MS></Obj>
        <Obj><Props><S N="a">1</S><S N="A">2</S></Props></Obj></Objs>"#,
    )
    .unwrap();
    let values: Vec<_> = tape.values().collect();
    let type_name = |value: Value<'_>| value.type_names().map(|name| name.to_string()).collect::<String>();
    assert_eq!(values[0].base().and_then(Value::text).unwrap(), "two");
    assert_eq!((values[0].as_str(), values[0].as_i64(), values[0].items().count()), (Some("two"), None, 0));
    assert_eq!(values[0].to_string_text().unwrap(), "b");
    assert_eq!(type_name(values[0]), "B");
    assert_eq!(values[1].items().next().unwrap().as_str(), Some("2"));
    assert_eq!(type_name(values[1]), "A");
    assert!(values[2].to_string_text().unwrap().is_empty());
    assert_eq!(type_name(values[2]), "D");
    assert_eq!(values[3].member("a").unwrap().as_str(), Some("z"));
    assert_eq!(values[3].member("b").unwrap().as_str(), Some("b"));
    assert_eq!(values[3].members().count(), 4);
    assert_eq!(values[4].member("a").unwrap().as_str(), Some("2"));
}

#[test]
fn containers_open_through_their_objects() {
    let body = r#"<Obj RefId="0"><Obj RefId="1"><LST><I32>1</I32><I32>2</I32></LST></Obj></Obj><Ref RefId="1" /><Obj><DCT><En><S N="Key">Color</S><I32 N="Value">3</I32></En></DCT></Obj>"#;
    let tape = decode(body).unwrap();
    let values: Vec<_> = tape.values().collect();
    for list in &values[..2] {
        assert_eq!(list.items().map(|item| item.as_i64().unwrap()).collect::<Vec<_>>(), [1, 2]);
    }
    assert_eq!(values[2].entry("color").unwrap().as_u64(), Some(3));
    assert_eq!(values[2].entries().count(), 1);
    assert_eq!(values[2].items().count(), 0);
}
