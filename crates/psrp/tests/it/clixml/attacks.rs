//! What is sent to hurt: each ends in a clear error or a correct result, in time that grows with the bytes.

use psrp::clixml::{DecodeErrorKind, Decoder, Encoder, Kind, Limits, Tape, Value, decode, encode_document};

fn limit_met(body: String) -> &'static str {
    let kind = decode(body).unwrap_err().kind();
    match kind.limit() {
        Some((limit, _)) => limit,
        None => panic!("{kind:?}"),
    }
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn deep_nesting_meets_the_depth_limit() {
    for (open, close) in [
        ("<Obj>", "</Obj>"),
        ("<Obj><LST>", "</LST></Obj>"),
        ("<Obj N=\"a\"><MS><MS N=\"a\">", "</MS></MS></Obj>"),
        ("<Obj N=\"a\"><MS>", "</MS></Obj>"),
    ] {
        for depth in [10_000, 1_000_000] {
            assert_eq!(limit_met(open.repeat(depth)), "max_depth");
        }
        assert_eq!(limit_met(format!("{}{}", open.repeat(1000), close.repeat(1000))), "max_depth");
    }
    let unknown = format!("<Objs Version=\"1.9\"><Obj>{}", "<X>".repeat(1_000_000));
    assert_eq!(limit_met(unknown), "max_depth");
    assert!(decode("<X>".repeat(100_000)).is_err());
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn any_depth_can_be_allowed_and_takes_no_machine_stack() {
    let mut limits = Limits::default();
    limits.max_depth = 2_000_000;
    let depth = 200_000;
    let body = format!("{}<I32>7</I32>{}", "<Obj>".repeat(depth), "</Obj>".repeat(depth));
    let mut decoder = Decoder::new(limits);
    let tape = decoder.decode(body.clone().into()).unwrap();
    assert_eq!(tape.nodes().len(), depth + 1);
    let document = encode_document(&tape);
    assert!(document.ends_with(b"</Obj></Objs>"));
    assert_eq!(decoder.decode(document.into()).unwrap().nodes().len(), depth + 1);
}

#[test]
fn what_is_no_utf8_is_refused_wherever_it_stands() {
    let usual = r#"<Obj RefId="0"><TN RefId="0"><T>Selected.Ä</T></TN><ToString>é</ToString><MS><S N="Größe">aé</S><B N="b">true</B>
<I64 N="i">12345678901</I64><Db N="d">1.25</Db><TS N="t">PT1.5S</TS><Version N="v">1.2.3.4</Version></MS></Obj>"#;
    let document = r#"<?xml version="1.0"?><!-- é --><Objs Version="1.9" xmlns="http://schemas.microsoft.com/powershell/2004/04">
<Obj><X é="é">é<é/></X><MS><S N="a" é="é">é</S></MS></Obj></Objs><!-- é -->"#;
    let progress =
        "<PR><AV>é</AV><AI>1</AI><Nil /><PI>-1</PI><PC>1</PC><T>Processing</T><SR>1</SR><SD>é</SD></PR>";
    for good in [
        usual,
        document,
        progress,
        "<S>é</S>",
        "<S>an ASCII text that is longer than one block</S>",
        r#"<Obj N="é" S="Error"><DCT><En><S N="Key">k</S><Nil N="Value" /></En></DCT></Obj>"#,
        "<Obj><TN><T>A&amp;é</T></TN><ToString>&lt;é_x_yé</ToString></Obj>",
        "<SBK>_x000A_é</SBK>",
        "<S>a\tb_c\n, and é behind all that</S>",
        "<S>&#x42;, é</S>",
        "<URI><![CDATA[é]]></URI>",
        "<S N='é'>a</S>",
        "<SS>é</SS>",
        "<SemanticVersion>1.0.0-é</SemanticVersion>",
        "<D> 1.5 </D><BA> QUJD </BA><I32> 7 </I32><DT> 2026-01-02T03:04:05Z </DT>",
        "<Nil /><!-- é --><Nil /><?é é?>",
    ] {
        decode(good.to_owned()).unwrap_or_else(|error| panic!("{good}: {error}"));
        let mut decoder = Decoder::default();
        for at in (0..good.len()).step_by(if cfg!(miri) { 31 } else { 1 }) {
            for bad in [&b"\xFF"[..], b"\xC3", b"\xED\xA0\x80", b"\x80"] {
                let mut body = good.as_bytes().to_vec();
                body.splice(at..=at, bad.iter().copied());
                let Err(utf8) = std::str::from_utf8(&body) else { continue };
                // What a decoder knows of good bodies makes nothing of a bad one good, nor the other way round.
                decoder.decode(good.to_owned().into()).unwrap();
                for refused in [decode(body.clone()), decoder.decode(body.into())] {
                    let error = refused.expect_err("this is no UTF-8");
                    assert_eq!((error.kind(), error.offset()), (DecodeErrorKind::Utf, utf8.valid_up_to()));
                }
            }
        }
    }
}

#[test]
fn a_chain_of_doubled_references_stays_small() {
    let mut body = String::from(r#"<Obj RefId="0"><LST><S>x</S></LST></Obj>"#);
    for id in 1..100 {
        let below = id - 1;
        body +=
            &format!(r#"<Obj RefId="{id}"><LST><Ref RefId="{below}" /><Ref RefId="{below}" /></LST></Obj>"#);
    }
    let tape = decode(body.clone()).unwrap();
    assert!(tape.nodes().len() < 500);
    let last = tape.values().last().unwrap();
    let bottom = (0..99).fold(last, |object, _| object.items().nth(1).unwrap().resolve());
    assert_eq!(bottom.items().next().unwrap().as_str(), Some("x"));
    // Written alone, the last object takes the whole chain along, each object once.
    let mut out = Vec::new();
    Encoder::new(&mut out).value(last);
    assert!(out.len() < body.len() * 2);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn references_that_nest_deeper_than_the_tape_are_written_without_machine_stack() {
    let mut body = String::from(r#"<Obj RefId="0" />"#);
    for id in 1..200_000 {
        body += &format!(r#"<Obj RefId="{id}"><LST><Ref RefId="{}" /></LST></Obj>"#, id - 1);
    }
    let tape = decode(body).unwrap();
    let mut out = Vec::new();
    Encoder::new(&mut out).value(tape.values().last().unwrap());
    assert!(out.starts_with(br#"<Obj RefId="0"><LST><Obj RefId="1"><LST>"#));
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn many_references_to_one_large_object_share_it() {
    let large = "x".repeat(100_000);
    let refs = r#"<Ref RefId="1" />"#.repeat(100_000);
    let body = format!(r#"<Obj RefId="0"><LST><Obj RefId="1"><S>{large}</S></Obj>{refs}</LST></Obj>"#);
    let len = body.len();
    let tape = decode(body).unwrap();
    assert!(tape.nodes().len() * 16 < 2 * len);
    assert!(tape.first().unwrap().items().all(|item| item.as_str().map(str::len) == Some(100_000)));
    assert!(encode_document(&tape).len() < 2 * len);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn many_references_to_one_long_type_name_share_it() {
    let long = "N".repeat(200_000);
    let refs = r#"<Obj><TNRef RefId="0" /></Obj>"#.repeat(100_000);
    let body = format!(r#"<Obj RefId="0"><TN RefId="0"><T>{long}</T></TN><LST>{refs}</LST></Obj>"#);
    let len = body.len();
    let tape = decode(body).unwrap();
    assert!(tape.nodes().len() * 16 < 2 * len);
    assert!(tape.first().unwrap().items().all(|item| item.type_names().next().unwrap().len() == 200_000));
    assert!(encode_document(&tape).len() < 2 * len);
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn many_attributes_are_looked_at_once() {
    let body = |attributes: String| format!("<Obj><MS><S{attributes} N=\"a\">x</S></MS></Obj>");
    let many: String = (0..100_000).map(|number| format!(" a{number}=\"{number}\"")).collect();
    let tape = decode(body(many)).unwrap();
    assert_eq!(tape.first().unwrap().member("a").unwrap().as_str(), Some("x"));
    assert!(decode(body(" N=\"b\"".repeat(100_000))).is_err());
    assert!(decode(body(" a=\"b\"".repeat(100_000))).is_ok());
}

#[test]
fn entities_cannot_be_defined() {
    let laughs = r#"<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><S>&b;</S>"#;
    assert_eq!(decode(laughs).unwrap_err().kind(), DecodeErrorKind::Dtd);
    let external = r#"<!DOCTYPE x SYSTEM "file:///etc/passwd"><S>&x;</S>"#;
    assert_eq!(decode(external).unwrap_err().kind(), DecodeErrorKind::Dtd);
    let inside = r#"<Objs><S>a</S><!DOCTYPE x></Objs>"#;
    assert_eq!(decode(inside).unwrap_err().kind(), DecodeErrorKind::Dtd);
    assert!(decode("<S><!DOCTYPE x></S>").is_err());
}

#[test]
fn every_limit_has_its_own_error_with_its_value_and_place() {
    use DecodeErrorKind as Error;
    type Change = fn(&mut Limits);
    let limited = |change: Change| {
        let mut limits = Limits::default();
        change(&mut limits);
        Decoder::new(limits)
    };
    let names: String = (0..11).map(|n| format!("<S N=\"n{n}\" />")).collect();
    let names = format!("<Obj><MS>{names}</MS></Obj>");
    type Row = (&'static str, Change, String, Error, usize);
    let rows: [Row; 15] = [
        (
            "max_body_len",
            |limits| limits.max_body_len = 10,
            "<S>12345</S>".into(),
            Error::BodyTooLong { len: 12, max: 10 },
            10,
        ),
        (
            "max_object_len",
            |limits| limits.max_object_len = 20,
            format!("<S>{}</S>", "x".repeat(20)),
            Error::ObjectTooLong { max: 20 },
            0,
        ),
        (
            "max_object_len",
            |limits| limits.max_object_len = 20,
            format!("<I32>1</I32><S>{}</S>", "x".repeat(20)),
            Error::ObjectTooLong { max: 20 },
            12,
        ),
        (
            "max_object_len",
            |limits| limits.max_object_len = 20,
            "<Obj><LST><S>123</S><S>123</S></LST></Obj>".into(),
            Error::ObjectTooLong { max: 20 },
            0,
        ),
        (
            "max_expanded_len",
            |limits| limits.max_expanded_len = 10,
            "<Objs><S>123456&amp;</S><S>123&lt;</S></Objs>".into(),
            Error::ExpandedTooLong { max: 10 },
            30,
        ),
        (
            "max_expanded_len",
            |limits| limits.max_expanded_len = 10,
            "<BA>AAAAAAAAAAAAAAAA</BA>".into(),
            Error::ExpandedTooLong { max: 10 },
            4,
        ),
        (
            "max_expanded_len",
            |limits| limits.max_expanded_len = 10,
            "<S><![CDATA[12345678901]]></S>".into(),
            Error::ExpandedTooLong { max: 10 },
            3,
        ),
        (
            "max_depth",
            |limits| limits.max_depth = 2,
            "<Obj><Obj><Obj></Obj></Obj></Obj>".into(),
            Error::TooDeep { max: 2 },
            10,
        ),
        (
            "max_parts",
            |limits| limits.max_parts = 2,
            "<Obj><TN><T>a</T></TN><MS /><MS /></Obj>".into(),
            Error::TooManyParts { max: 2 },
            28,
        ),
        ("max_names", |limits| limits.max_names = 10, names.clone(), Error::TooManyNames { max: 10 }, 135),
        (
            "max_names_len",
            |limits| limits.max_names_len = 10,
            names.clone(),
            Error::NamesTooLong { max: 10 },
            75,
        ),
        (
            "max_name_len",
            |limits| limits.max_name_len = 3,
            "<S N=\"abcd\">x</S>".into(),
            Error::NameTooLong { max: 3 },
            6,
        ),
        (
            "max_name_len",
            |limits| limits.max_name_len = 3,
            "<S N='ab&lt;'>x</S>".into(),
            Error::NameTooLong { max: 3 },
            6,
        ),
        (
            "max_type_names",
            |limits| limits.max_type_names = 2,
            "<Obj><TN><T>a</T><T>b</T><T>c</T></TN></Obj>".into(),
            Error::TooManyTypeNames { max: 2 },
            25,
        ),
        (
            "max_type_lists",
            |limits| limits.max_type_lists = 1,
            "<Objs><Obj><TN RefId='0' /></Obj><Obj><TNRef RefId='0' /></Obj><Obj><TN /></Obj></Objs>".into(),
            Error::TooManyTypeLists { max: 1 },
            68,
        ),
    ];
    for (limit, change, body, kind, offset) in rows {
        let error = limited(change).decode(body.clone().into()).unwrap_err();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{limit}");
        assert!(error.is_limit());
        assert_eq!(error.kind().limit().map(|(name, _)| name), Some(limit));
        let value = error.kind().limit().map(|(_, value)| value).unwrap();
        let text = format!(
            "CLIXML at byte {offset}: more than `{limit}` allows, which is {value}; raise that limit to accept it"
        );
        assert_eq!(error.to_string(), text);
        assert!(decode(body).is_ok(), "{limit}: the default allows it");
    }
    let just_enough: [(Change, String); 7] = [
        (|limits| limits.max_body_len = 12, "<S>12345</S>".into()),
        (|limits| limits.max_object_len = 12, "<S>12345</S><S>12345</S>".into()),
        (|limits| limits.max_expanded_len = 8, "<Objs><S>123&amp;</S><S>123&lt;</S></Objs>".into()),
        (|limits| limits.max_depth = 2, "<Obj><Obj></Obj></Obj>".into()),
        (|limits| limits.max_parts = 2, "<Obj><TN><T>a</T></TN><MS /></Obj>".into()),
        (|limits| limits.max_names = 11, names),
        (|limits| limits.max_type_names = 2, "<Obj><TN><T>a</T><T>b</T></TN></Obj>".into()),
    ];
    for (change, body) in just_enough {
        limited(change).decode(body.into()).unwrap();
    }
}

#[test]
fn the_limits_that_nobody_changes_are_those_of_exchange() {
    let limits = Limits::default();
    assert_eq!((limits.max_body_len, limits.max_object_len), (512 << 20, 75_000_000));
    assert_eq!((limits.max_names, limits.max_type_lists, limits.max_type_names), (65_536, 1 << 20, 1024));
    let fragments = psrp::FragmentLimits::default();
    assert_eq!((fragments.max_message_len, fragments.max_open_len), (512 << 20, 512 << 20));
    assert_eq!(fragments.max_open_objects, 64);
    let nested = |depth: usize| format!("{}{}", "<Obj>".repeat(depth), "</Obj>".repeat(depth));
    assert!(decode(nested(256)).is_ok());
    assert_eq!(limit_met(nested(257)), "max_depth");
}

#[test]
#[cfg_attr(miri, ignore = "megabytes are too much for an interpreter")]
fn an_object_with_parts_without_end_is_refused() {
    for part in ["<I32>1</I32>", "<MS />", "<Props></Props>", "<TN />", "<ToString />", "<LST />", "<Obj />"]
    {
        assert_eq!(limit_met(format!("<Obj>{}</Obj>", part.repeat(1_000_000))), "max_parts");
    }
    // What is skipped is no part.
    let unknown = format!(r#"<Objs Version="1.9"><Obj>{}<S>x</S></Obj></Objs>"#, "<X />".repeat(1000));
    assert_eq!(decode(unknown).unwrap().first().unwrap().as_str(), Some("x"));
}

#[test]
fn a_recycled_tape_lends_its_memory_to_the_next() {
    let mut decoder = Decoder::default();
    let body =
        r#"<Obj RefId="0"><MS><S N="a">x&amp;y</S><S N="b_x0020_c">z</S><Db N="d">1.5</Db></MS></Obj>"#;
    // The first tape of a decoder has no room to spare.
    let tight = decoder.decode(body.into()).unwrap();
    decoder.recycle(tight);
    let first = decoder.decode(body.into()).unwrap();
    let memory = (first.nodes().as_ptr(), first.side().as_ptr());
    for _ in 0..10 {
        let tape = decoder.decode(body.into()).unwrap();
        decoder.recycle(tape);
    }
    decoder.recycle(first);
    let last = decoder.decode(body.into()).unwrap();
    assert_eq!((last.nodes().as_ptr(), last.side().as_ptr()), memory);
    assert_eq!(decoder.names().len(), 3);
}

#[test]
fn a_failed_body_leaves_the_decoder_usable() {
    let mut decoder = Decoder::default();
    let good = r#"<Obj RefId="0"><MS><S N="a">x</S></MS></Obj>"#;
    for bad in ["<Obj RefId=\"0\"><MS><S N=\"a\">x", "<S>&x;</S>", "\u{1}"] {
        assert!(decoder.decode(bad.into()).is_err());
        let tape = decoder.decode(good.into()).unwrap();
        assert_eq!(tape.first().unwrap().member("a").unwrap().as_str(), Some("x"));
        decoder.recycle(tape);
    }
    assert_eq!(decoder.names().len(), 1);
}

#[test]
fn every_cut_of_a_body_is_refused_or_whole() {
    let body = r#"<Obj RefId="0"><TN RefId="0"><T>A</T></TN><ToString>x&amp;_x000A_</ToString><Props><S N="a b">é</S><DT N="d">2026-01-01T00:00:00Z</DT></Props><MS><Obj N="l" RefId="1"><LST><I32>1</I32><Ref RefId="0" /></LST></Obj><BA N="b">AQID</BA></MS></Obj>"#;
    for end in 1..body.len() {
        assert!(decode(body.as_bytes()[..end].to_vec()).is_err(), "{end}");
    }
    assert!(decode(body).is_ok());
}

#[test]
fn a_cycle_ends_every_look_up() {
    let body = r#"<Obj RefId="0"><MS><Ref N="self" RefId="0" /></MS><LST><Ref RefId="0" /></LST></Obj>"#;
    let tape: Tape = decode(body).unwrap();
    let object = tape.first().unwrap();
    let round: Value<'_> = (0..1000).fold(object, |object, _| object.member("self").unwrap().resolve());
    assert_eq!(round, object);
    assert_eq!(object.items().next().unwrap().kind(), Kind::Ref);
    assert_eq!(decode(encode_document(&tape)).unwrap().nodes(), tape.nodes());
}
