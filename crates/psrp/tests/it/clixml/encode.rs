//! Writing, byte for byte as PowerShell does.

use psrp::clixml::{DateTime, DateTimeKind, Decoder, Encoder, Limits, Node, decode, encode_document};
use uuid::Uuid;

fn written(write: impl FnOnce(&mut Encoder<'_>)) -> String {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out));
    String::from_utf8(out).unwrap()
}

#[test]
fn primitives_are_written_as_dotnet_writes_them() {
    type Row = (fn(&mut Encoder<'_>), &'static str);
    let rows: [Row; 24] = [
        (|e| e.nil("a"), r#"<Nil N="a" />"#),
        (|e| e.nil(None), "<Nil />"),
        (|e| e.bool("a", true), r#"<B N="a">true</B>"#),
        (|e| e.char(None, 0xD83D), "<C>55357</C>"),
        (|e| e.u8(None, 255), "<By>255</By>"),
        (|e| e.i8(None, -128), "<SB>-128</SB>"),
        (|e| e.i16(None, -300), "<I16>-300</I16>"),
        (|e| e.u16(None, 65535), "<U16>65535</U16>"),
        (|e| e.i32(None, -1), "<I32>-1</I32>"),
        (|e| e.u32(None, u32::MAX), "<U32>4294967295</U32>"),
        (|e| e.i64(None, i64::MIN), "<I64>-9223372036854775808</I64>"),
        (|e| e.u64(None, u64::MAX), "<U64>18446744073709551615</U64>"),
        (|e| e.f32(None, 3.25), "<Sg>3.25</Sg>"),
        (|e| e.decimal(None, "12.3400"), "<D>12.3400</D>"),
        (|e| e.string("", ""), "<S N=\"\"></S>"),
        (|e| e.uri(None, "https://a/?b=c&d"), "<URI>https://a/?b=c&amp;d</URI>"),
        (|e| e.script_block(None, "a\nb"), "<SBK>a_x000A_b</SBK>"),
        (|e| e.xml(None, "<a b=\"c\" />"), "<XD>&lt;a b=\"c\" /&gt;</XD>"),
        (|e| e.version(None, "1.1.0.1"), "<Version>1.1.0.1</Version>"),
        (|e| e.guid(None, Uuid::from_u128(0xABCD)), "<G>00000000-0000-0000-0000-00000000abcd</G>"),
        (|e| e.bytes(None, &[0, 1, 2, 3]), "<BA>AAECAw==</BA>"),
        (|e| e.bytes("b", &[]), r#"<BA N="b" />"#),
        (|e| e.secure_string(None, "bnVsbA=="), "<SS>bnVsbA==</SS>"),
        (|e| e.time_span(None, -937_845_000_000), "<TS>-P1DT2H3M4.5S</TS>"),
    ];
    for (write, expected) in rows {
        assert_eq!(written(write), expected);
    }
}

#[test]
fn text_is_escaped_in_both_layers() {
    for (text, expected) in [
        ("plain _ text__", "plain _ text__"),
        ("_x000D_ _X _", "_x005F_x000D_ _x005F_X _"),
        ("a\r\n\t\0b", "a_x000D__x000A__x0009__x0000_b"),
        ("\u{7F}\u{80}\u{9F}\u{A0}", "_x007F__x0080__x009F_\u{A0}"),
        ("😀", "_xD83D__xDE00_"),
        ("ż美\u{2028}\u{FFFD}", "ż美\u{2028}\u{FFFD}"),
        ("a\u{FFFE}\u{FFFF}\u{F000}", "a_xFFFE__xFFFF_\u{F000}"),
        ("<&>\"'", "&lt;&amp;&gt;\"'"),
        ("]]>", "]]&gt;"),
    ] {
        assert_eq!(written(|e| e.string(None, text)), format!("<S>{expected}</S>"));
    }
    assert_eq!(
        written(|e| e.i32("a \"b\" <&> '\n_x", 1)),
        "<I32 N=\"a &quot;b&quot; &lt;&amp;&gt; '_x000A__x005F_x\">1</I32>"
    );
    assert_eq!(written(|e| e.i32("_x0041_", 1)), "<I32 N=\"_x005F_x0041_\">1</I32>");
    let lone = decode("<S>_xD83D__x0041__xDE00_</S>").unwrap();
    assert_eq!(written(|e| e.value(lone.first().unwrap())), "<S>_xD83D_A_xDE00_</S>");
}

#[test]
fn control_characters_and_lone_surrogates_where_clixml_has_no_escapes_are_references() {
    for element in ["SS", "SemanticVersion"] {
        let read = format!("<{element}>1.2.3-&#1;&#13;&#x9;&#10;&amp;a&#xD834;\u{D7FF}</{element}>");
        let tape = decode(read).unwrap();
        let again = written(|e| e.value(tape.first().unwrap()));
        assert_eq!(again, format!("<{element}>1.2.3-&#x1;&#xD;\t\n&amp;a&#xD834;\u{D7FF}</{element}>"));
        let text = |tape: &psrp::clixml::Tape| tape.first().unwrap().text().unwrap().as_bytes().to_vec();
        assert_eq!(text(&decode(again).unwrap()), text(&tape));
    }
}

#[test]
fn dates_and_durations_are_trimmed() {
    let date = |ticks, kind, offset_minutes| DateTime { ticks, kind, offset_minutes };
    for (value, expected) in [
        (date(0, DateTimeKind::Unspecified, 0), "0001-01-01T00:00:00"),
        (date(639_308_526_723_456_789, DateTimeKind::Utc, 0), "2026-11-21T10:11:12.3456789Z"),
        (date(639_308_526_720_000_000, DateTimeKind::Utc, 0), "2026-11-21T10:11:12Z"),
        (date(639_308_526_725_000_000, DateTimeKind::Local, -450), "2026-11-21T10:11:12.5-07:30"),
        (date(639_308_526_720_000_001, DateTimeKind::Local, 0), "2026-11-21T10:11:12.0000001+00:00"),
        (date(3_155_378_975_999_999_999, DateTimeKind::Unspecified, 0), "9999-12-31T23:59:59.9999999"),
        (date(638_447_616_000_000_000, DateTimeKind::Unspecified, 0), "2024-02-29T00:00:00"),
    ] {
        assert_eq!(written(|e| e.date_time(None, value)), format!("<DT>{expected}</DT>"));
        assert_eq!(value.to_string(), expected);
        let ((year, month, day), (hour, minute, second)) = (value.date(), value.time());
        let parts = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
        assert!(expected.starts_with(&parts), "{parts} in {expected}");
    }
    for (ticks, expected) in [
        (0, "PT0S"),
        (1, "PT0.0000001S"),
        (-1, "-PT0.0000001S"),
        (600_000_000, "PT1M"),
        (36_000_000_000, "PT1H"),
        (864_000_000_000, "P1D"),
        (937_845_670_001, "P1DT2H3M4.5670001S"),
        (i64::MAX, "P10675199DT2H48M5.4775807S"),
        (i64::MIN, "-P10675199DT2H48M5.4775808S"),
    ] {
        assert_eq!(written(|e| e.time_span(None, ticks)), format!("<TS>{expected}</TS>"));
    }
}

#[test]
fn objects_share_their_type_names() {
    let text = written(|e| {
        let types = ["A`1[[B, C]]", "System.Object"];
        let first = e.object(None, &types, Some("x & y"), |o| {
            o.props(|p| p.i32("a", 1));
            o.members(|m| {
                m.object("b", &types, None, |_| {});
                m.enumeration("c", &["E", "System.Enum"], "One", 1);
            });
        });
        e.reference("d", first);
    });
    assert_eq!(
        text,
        concat!(
            r#"<Obj RefId="0"><TN RefId="0"><T>A`1[[B, C]]</T><T>System.Object</T></TN><ToString>x &amp; y</ToString>"#,
            r#"<Props><I32 N="a">1</I32></Props><MS><Obj N="b" RefId="1"><TNRef RefId="0" /></Obj>"#,
            r#"<Obj N="c" RefId="2"><TN RefId="1"><T>E</T><T>System.Enum</T></TN><ToString>One</ToString><I32>1</I32></Obj></MS></Obj>"#,
            r#"<Ref N="d" RefId="0" />"#,
        )
    );
}

#[test]
fn a_start_that_came_as_it_is_written_is_copied_and_any_other_written_anew() {
    let bytes = format!(r#"<TN RefId="0"><T>A</T></TN><BA>{}</BA></Obj>"#, "AAAA".repeat(50));
    for (is_as_written, parts, expected) in [
        (true, r#"<TN RefId="0"><T>A`1[[B, C]]</T><T>ż</T></TN><I32>1</I32></Obj>"#, None),
        (true, r#"<TN RefId="0"><T>A</T></TN></Obj>"#, None),
        (
            true,
            concat!(
                r#"<TN RefId="0"><T>A</T></TN><ToString>a</ToString><MS><Ref N="a" RefId="0" /><Obj N="b" RefId="1">"#,
                r#"<TNRef RefId="0" /></Obj><Obj N="c" RefId="2"><TN RefId="1"><T>A</T></TN></Obj>"#,
                r#"<Obj N="d" RefId="3"><TN RefId="2"><T>B</T></TN></Obj></MS></Obj>"#,
            ),
            Some(concat!(
                r#"<TN RefId="0"><T>A</T></TN><ToString>a</ToString><MS><Ref N="a" RefId="0" /><Obj N="b" RefId="1">"#,
                r#"<TNRef RefId="0" /></Obj><Obj N="c" RefId="2"><TNRef RefId="0" /></Obj>"#,
                r#"<Obj N="d" RefId="3"><TN RefId="1"><T>B</T></TN></Obj></MS></Obj>"#,
            )),
        ),
        (
            false,
            r#"<TN RefId="0"><T>A</T> <T>B</T></TN></Obj>"#,
            Some(r#"<TN RefId="0"><T>A</T><T>B</T></TN></Obj>"#),
        ),
        (false, r#"<TN RefId="0"><!-- --><T>A</T></TN></Obj>"#, Some(r#"<TN RefId="0"><T>A</T></TN></Obj>"#)),
        (
            false,
            r#"<TN RefId="0"><T></T><T>A</T></TN></Obj>"#,
            Some(r#"<TN RefId="0"><T /><T>A</T></TN></Obj>"#),
        ),
        (
            false,
            r#"<TN RefId="0"><T>A</T><T></T></TN></Obj>"#,
            Some(r#"<TN RefId="0"><T>A</T><T /></TN></Obj>"#),
        ),
        (false, r#"<TN RefId="0"><T>a>b</T></TN></Obj>"#, Some(r#"<TN RefId="0"><T>a&gt;b</T></TN></Obj>"#)),
        (
            false,
            r#"<TN RefId="0"><T>_xa</T></TN></Obj>"#,
            Some(r#"<TN RefId="0"><T>_x005F_xa</T></TN></Obj>"#),
        ),
        (
            false,
            "<TN RefId=\"0\"><T>\u{1F600}\u{85}</T></TN></Obj>",
            Some(r#"<TN RefId="0"><T>_xD83D__xDE00__x0085_</T></TN></Obj>"#),
        ),
        (false, r#"<TN RefId="0"><T>a&amp;b</T></TN></Obj>"#, None),
        (false, r#"<TN RefId="1"><T>A</T></TN></Obj>"#, Some(r#"<TN RefId="0"><T>A</T></TN></Obj>"#)),
        // The first such body is not kept.
        (false, bytes.as_str(), None),
    ] {
        let mut decoder = Decoder::new(Limits::default());
        let body = format!(r#"<Obj RefId="0">{parts}"#);
        let expected = format!(r#"<Obj RefId="0">{}"#, expected.unwrap_or(parts));
        // The second one is found to begin like the first.
        for _ in 0..2 {
            let tape = decoder.decode(body.clone().into()).unwrap();
            let value = tape.first().unwrap();
            assert_eq!(tape.nodes()[0].flags == Node::OPENS_AS_WRITTEN, is_as_written, "{parts}");
            assert_eq!(written(|e| e.value(value)), expected);
            let named = expected.replacen("<Obj", r#"<Obj N="a""#, 1);
            assert_eq!(written(|e| e.value_named("a", value)), named);
            let behind = written(|e| {
                let first = e.object(None, &["Z"], None, |_| {});
                e.reference(None, first);
                e.value(value);
            });
            assert!(behind.contains(r#"<Ref RefId="0" /><Obj RefId="1"><TN RefId="1">"#), "{behind}");
            let again = decode(behind).unwrap();
            let last = again.values().last().unwrap();
            assert_eq!(written(|e| e.value(last)), expected);
        }
    }
}

#[test]
fn containers_hold_what_is_written_into_them() {
    let object = |write: fn(&mut Encoder<'_>)| written(|e| _ = e.object(None, &[], None, write));
    for (text, expected) in [
        (object(|o| o.list(|l| (1..3).for_each(|n| l.i32(None, n)))), "<LST><I32>1</I32><I32>2</I32></LST>"),
        (object(|o| o.list(|_| {})), "<LST />"),
        (object(|o| o.queue(|_| {})), "<QUE />"),
        (object(|o| o.stack(|s| s.nil(None))), "<STK><Nil /></STK>"),
        (object(|o| o.enumerable(|s| s.nil(None))), "<IE><Nil /></IE>"),
        (object(|o| o.members(|_| {})), "<MS />"),
        (
            object(|o| o.dictionary(|d| d.entry(|k| k.string(None, "a"), |v| v.i32("ignored", 1)))),
            r#"<DCT><En><S N="Key">a</S><I32 N="Value">1</I32></En></DCT>"#,
        ),
        (
            object(|o| {
                o.dictionary(|d| {
                    d.entry(|k| k.i32(None, 0), |v| _ = v.object(None, &[], None, |o| o.string(None, "x")));
                });
            }),
            r#"<DCT><En><I32 N="Key">0</I32><Obj N="Value" RefId="1"><S>x</S></Obj></En></DCT>"#,
        ),
    ] {
        assert_eq!(text, format!(r#"<Obj RefId="0">{expected}</Obj>"#));
    }
    assert_eq!(object(|_| {}), r#"<Obj RefId="0" />"#);
    assert_eq!(
        written(|e| _ = e.switch_parameter("s", true)),
        concat!(
            r#"<Obj N="s" RefId="0"><TN RefId="0"><T>System.Management.Automation.SwitchParameter</T><T>System.ValueType</T>"#,
            r#"<T>System.Object</T></TN><ToString>True</ToString><Props><B N="IsPresent">true</B></Props></Obj>"#,
        )
    );
}

#[test]
fn parts_of_a_tape_are_written_whole() {
    let tape = decode(
        r#"<Obj RefId="7"><TN RefId="3"><T>A</T></TN><MS><Obj N="a" RefId="8"><TNRef RefId="3" /><MS><Ref N="up" RefId="7" /></MS></Obj></MS></Obj>"#,
    )
    .unwrap();
    let inner = tape.first().unwrap().member("a").unwrap();
    let expected = concat!(
        r#"<Obj N="x" RefId="0"><TN RefId="0"><T>A</T></TN><MS><Obj N="up" RefId="1"><TNRef RefId="0" /><MS>"#,
        r#"<Ref N="a" RefId="0" /></MS></Obj></MS></Obj>"#,
    );
    // The outer object is written in full at the reference, and the way back is a reference.
    assert_eq!(written(|e| e.value_named("x", inner)), expected);
    // A second value of the same message knows what was written.
    let twice = written(|e| {
        e.value_named("x", inner);
        e.value_named("y", tape.value_at(0).unwrap());
    });
    assert!(twice.starts_with(expected));
    assert_eq!(&twice[expected.len()..], r#"<Ref N="y" RefId="1" />"#);
}

#[test]
fn documents_keep_streams_and_wrapper() {
    let document = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04"><S S="Error">a</S><Obj S="progress" RefId="0"><MS /></Obj><PR S="progress"><AV>a</AV><AI>1</AI><Nil /><PI>-1</PI><PC>50</PC><T>Processing</T><SR>-1</SR><SD>s</SD></PR><DT S="Debug">2026-01-01T00:00:00Z</DT></Objs>"#;
    assert_eq!(String::from_utf8(encode_document(&decode(document).unwrap())).unwrap(), document);
    let empty = r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04" />"#;
    assert_eq!(String::from_utf8(encode_document(&decode(empty).unwrap())).unwrap(), empty);
}
