//! What a tape keeps of its body, and that it reads the same however it came about.

use bytes::Bytes;
use proptest::prelude::*;
use psrp::clixml::{Decoder, Kind, Limits, Tape, Value, decode};

use super::shown;

#[test]
fn a_body_of_which_much_was_decoded_is_let_go() {
    let body = r#"<Obj RefId="0"><TN RefId="0"><T>A</T></TN><ToString>x &amp; y</ToString><MS><S N="plain">z</S><Db N="float">1.50</Db><G N="id">497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G><BA N="bytes">AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0BBQkNERUZHSElKS0xNTk8=</BA></MS></Obj>"#;
    let kept = decode(body).unwrap();
    assert!(kept.text().len() < body.len() / 2 && kept.side().is_empty());
    let mut decoder = Decoder::default();
    let first = decoder.decode(body.into()).unwrap();
    decoder.recycle(first);
    // Memory that comes back is used as it is, so the body stays with the tape.
    let lent = decoder.decode(body.into()).unwrap();
    assert_eq!(lent.text(), body.as_bytes());
    for tape in [&kept, &lent] {
        let object = tape.first().unwrap();
        assert_eq!(object.type_names().next().unwrap(), "A");
        assert_eq!(object.to_string_text().unwrap(), "x & y");
        assert_eq!(object.member("plain").unwrap().as_str(), Some("z"));
        assert_eq!(object.member("float").unwrap().float_text().unwrap(), "1.50");
        assert_eq!(object.member("id").unwrap().as_str(), Some("497ac440-89fb-4cb3-9cc1-3434c1aa74c3"));
        assert_eq!(object.member("bytes").unwrap().bytes().unwrap(), (0..80).collect::<Vec<u8>>());
    }
    let pretty = r#"<Obj RefId="0"><MS><S N="a">plain text</S><S N="b">x&amp;y</S></MS></Obj>"#;
    assert_eq!(decode(pretty).unwrap().text(), pretty.as_bytes(), "little was decoded");
}

#[test]
fn one_value_alone_is_read_like_any_other() {
    for (body, kind, text) in [
        ("<S>text</S>", Kind::String, "text"),
        ("<S></S>", Kind::String, ""),
        ("\u{FEFF}<S>text</S>", Kind::String, "text"),
        ("<S>caf\u{E9}</S>", Kind::String, "caf\u{E9}"),
        ("<S>a_b&lt;c_x000A_</S>", Kind::String, "a_b<c\n"),
        ("<S>text</S>\r\n", Kind::String, "text"),
        ("<S >text</S >", Kind::String, "text"),
        ("<I32>7</I32>", Kind::Int32, "7"),
        ("<Db>1.50</Db>", Kind::Double, "1.5"),
        ("<Nil />", Kind::Nil, ""),
        ("<BA>AQID</BA>", Kind::Bytes, "AQID"),
    ] {
        let mut decoder = Decoder::default();
        // New memory, then what came back.
        for _ in 0..3 {
            let tape = decoder.decode(body.into()).unwrap();
            assert_eq!(tape.values().count(), 1, "{body}");
            let value = tape.first().unwrap();
            assert_eq!((value.kind(), value.to_string().as_str()), (kind, text), "{body}");
            assert_eq!((value.index(), tape.nodes().len()), (0, 1));
            decoder.recycle(tape);
        }
    }
    assert!(decode("<S>a</S><S>b").is_err());
    assert!(decode(b"<S>\xFF</S>".to_vec()).is_err());
    assert_eq!(decode("<S>a</S><S>b</S>").unwrap().values().count(), 2);
}

#[test]
fn a_string_alone_is_read_as_one_among_others() {
    const PIECES: [&str; 18] = [
        "&amp;",
        "&quot;",
        "_x000A_",
        "_xD83D__xDE00_",
        "_xD83D_",
        "_x0001F600_",
        "_x",
        "_",
        "caf\u{E9}",
        "\t",
        "\n",
        "\r\n",
        "&#10;",
        "&bad;",
        "&",
        "<![CDATA[&]]>",
        "</S>",
        "\u{FFFE}",
    ];
    let mut decoder = Decoder::default();
    let tape = decoder.decode("<Nil />".into()).unwrap();
    decoder.recycle(tape);
    let mut is_text = 0;
    for (first, second) in PIECES.iter().flat_map(|first| PIECES.map(|second| (first, second))) {
        for len in [0, 1, 20, 31, 32, 45, 70] {
            let text = format!("{first}{}{second}{}", "a".repeat(len), "b".repeat(len / 2));
            let alone = decoder.decode(format!("<S>{text}</S>").into());
            let among = decode(format!("<Obj RefId=\"0\"><LST><S>{text}</S></LST></Obj>"));
            let alone_text = alone.as_ref().ok().and_then(|tape| tape.first()?.text());
            let among_text = among.as_ref().ok().and_then(|tape| tape.first()?.items().next()?.text());
            assert_eq!(alone_text, among_text, "{text:?}");
            is_text += usize::from(alone_text.is_some());
            if let Ok(tape) = alone {
                decoder.recycle(tape);
            }
        }
    }
    assert!(0 < is_text);
}

#[test]
fn a_string_alone_keeps_to_the_limits_of_all() {
    let mut limits = Limits::default();
    (limits.max_object_len, limits.max_expanded_len) = (40, 10);
    let mut decoder = Decoder::new(limits);
    let tape = decoder.decode("<Nil />".into()).unwrap();
    decoder.recycle(tape);
    for (text, is_within) in [
        ("0123456789012345", true),
        ("&amp;1234", true),
        ("&amp;1234567890", false),
        ("caf\u{E9} of more than 10 bytes", true),
        ("of more bytes than an object may have", false),
    ] {
        assert_eq!(decoder.decode(format!("<S>{text}</S>").into()).is_ok(), is_within, "{text}");
    }
}

/// Anything that may stand in a text, each by itself good.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -%'-;=-~]{0,12}",
        Just("_".to_owned()),
        Just("_x".to_owned()),
        Just("_x00".to_owned()),
        Just("41_".to_owned()),
        Just("&#x41;".to_owned()),
        Just("&#95;".to_owned()),
        Just("&amp;".to_owned()),
        Just("&lt;&gt;".to_owned()),
        Just("&quot;&apos;".to_owned()),
        Just("_x000D__x000A_".to_owned()),
        Just("_xD83D__xDE00_".to_owned()),
        Just("_xDE00__xD83D_".to_owned()),
        Just("_x0001F600_".to_owned()),
        Just("\r\n\t".to_owned()),
        Just("é山😀".to_owned()),
        Just("<![CDATA[<_x0041_&]]>".to_owned()),
        Just("<!-- x -->".to_owned()),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat())
}

/// What a decoder remembers of one body to read the next one faster must not show.
#[test]
#[cfg_attr(miri, ignore = "thousands of bodies are too much for an interpreter")]
fn a_body_is_read_the_same_whatever_was_read_before() {
    let head = r#"<Obj RefId="0"><TN RefId="0"><T>A.B</T><T>A</T></TN>"#;
    let with = |members: &str| format!("{head}<MS>{members}</MS></Obj>");
    let long = "a name of more than thirty-two bytes";
    let bodies = [
        with(
            r#"<S N="a">x</S><I32 N="b">7</I32><Obj N="c" RefId="1"><MS><S N="d">y</S></MS></Obj><S N="e">z</S>"#,
        ),
        with(r#"<Nil N="a" /><I32 N="b">-7</I32><Ref N="c" RefId="0" /><S N="e" />"#),
        with(r#"<Nil N="a"></Nil><I64 N="b">7</I64><TS N="c">P1DT2.5S</TS><Version N="e">1.2.3</Version>"#),
        with(r#"<S N="ab">x</S><S N="a"/><S  N='b'>x</S><S N="b" RefId="4">x</S>"#),
        with(r#"<S N="a&amp;b">x</S><S N="a_x0041_">x</S><S N="&#97;">x</S>"#),
        with(&format!(r#"<S N="{long}">x</S><S N="{long}!">x</S><S N="{long}">x</S>"#)),
        with(&format!(r#"<S N="{long}?">x</S><S N="{}">x</S><S N="{long}" />"#, &long[..33])),
        with(r#"<Version N="a">1.2</Version><Version N="b">1.2.3.4.5</Version>"#),
        with(r#"<TS N="a">P1Y</TS><TS N="b">PT</TS>"#),
        with(
            r#"<G N="a">497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G><G N="b">{497ac440-89fb-4cb3-9cc1-3434c1aa74c3}</G>"#,
        ),
        with(r#"<S N="a&b">x</S>"#),
        with(r#"<T N="a">x</T>"#),
        with(r#"<S N="a">x</I32>"#),
        with(""),
        format!("{head}</Obj>"),
        format!(
            "{head}<Props><S N=\"a\">x</S></Props><MS><Obj N=\"b\" RefId=\"1\"><TNRef RefId=\"0\" /></Obj></MS></Obj>"
        ),
        format!("{head}<TN RefId=\"1\"><T>B</T></TN></Obj>{head}</Obj>"),
        format!("\u{FEFF}{head}</Obj>"),
        format!(
            "<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">{head}</Obj></Objs>"
        ),
        head.to_owned(),
        head.replace("</TN>", ""),
        r#"<Obj RefId="0"><TN RefId="0"><T>A.B</T></TN><TNRef RefId="0" /></Obj>"#.to_owned(),
        r#"<Obj RefId="0"><TN RefId="0"><T>A.B</T><T>A_x0041_</T></TN></Obj>"#.to_owned(),
        r#"<Obj RefId="0"><TN RefId="0"><T>&amp;</T><T>A</T></TN></Obj>"#.to_owned(),
        r#"<Obj RefId="0"><TN RefId="0"><T /></TN></Obj>"#.to_owned(),
        r#"<Obj RefId="0"><TN RefId="0"></TN></Obj>"#.to_owned(),
        r#"<Obj RefId="0"><TN RefId="1"><T>A</T></TN><MS><Obj N="a"><TNRef RefId="0" /></Obj></MS></Obj>"#
            .to_owned(),
        r#"<Obj RefId="0"><LST><S N="a">x</S></LST></Obj>"#.to_owned(),
        "<S>x</S>".to_owned(),
    ];
    let outcome =
        |decoder: &mut Decoder, body: &str| match decoder.decode(Bytes::copy_from_slice(body.as_bytes())) {
            Ok(tape) => {
                let shown = shown(&tape);
                decoder.recycle(tape);
                shown
            }
            Err(error) => error.to_string(),
        };
    let expected = bodies.each_ref().map(|body| outcome(&mut Decoder::default(), body));
    for (first, body) in bodies.iter().enumerate() {
        let mut decoder = Decoder::default();
        for (second, other) in bodies.iter().enumerate() {
            assert_eq!(outcome(&mut decoder, body), expected[first], "{body}");
            assert_eq!(outcome(&mut decoder, other), expected[second], "{other} behind {body}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A comment at the end of a text is nothing, but sends it down the slow way.
    #[test]
    #[cfg_attr(miri, ignore = "hundreds of generated bodies are too much for an interpreter")]
    fn a_text_is_read_the_same_in_both_ways(text in pieces()) {
        let usual: Tape = decode(format!("<S>{text}</S>")).unwrap();
        let slow = decode(format!("<S>{text}<!----></S>")).unwrap();
        let units = |tape: &Tape| -> Vec<u16> {
            tape.first().and_then(Value::text).unwrap().encode_utf16().collect()
        };
        prop_assert_eq!(units(&usual), units(&slow));
    }

    #[test]
    #[cfg_attr(miri, ignore = "hundreds of generated bodies are too much for an interpreter")]
    fn memory_that_was_lent_changes_no_value(texts in prop::collection::vec(pieces(), 1..5)) {
        let members: String = texts.iter().map(|text| format!("<S N=\"a\">{text}</S><Db>0.50</Db>")).collect();
        let body = Bytes::from(format!("<Obj RefId=\"0\"><LST>{members}</LST></Obj>"));
        let mut decoder = Decoder::default();
        let fresh = decoder.decode(body.clone()).unwrap();
        let again = decoder.decode(body.clone()).unwrap();
        decoder.recycle(again);
        let lent = decoder.decode(body).unwrap();
        prop_assert_eq!(shown(&fresh), shown(&lent));
        for (fresh, lent) in fresh.first().unwrap().items().zip(lent.first().unwrap().items()) {
            prop_assert_eq!(fresh.float_text(), lent.float_text());
        }
    }
}
