//! The primitives at the edges of their ranges.

use psrp::clixml::{Kind, decode};

use super::check;

#[test]
fn numbers_keep_their_type_over_their_full_range() {
    for (tag, low, high) in [
        ("By", "0", "255"),
        ("SB", "-128", "127"),
        ("I16", "-32768", "32767"),
        ("U16", "0", "65535"),
        ("I32", "-2147483648", "2147483647"),
        ("U32", "0", "4294967295"),
        ("I64", "-9223372036854775808", "9223372036854775807"),
        ("U64", "0", "18446744073709551615"),
    ] {
        for text in [low, high] {
            let tape = decode(format!("<{tag}>{text}</{tag}>")).unwrap();
            let value = tape.first().unwrap();
            assert_eq!(value.kind().tag(), tag);
            assert_eq!(value.to_string(), text);
            assert_eq!(value.as_i64(), text.parse().ok());
            assert_eq!(value.as_u64(), text.parse().ok());
        }
        let beyond = |text: &str, by: i128| (text.parse::<i128>().unwrap() + by).to_string();
        let bad = [
            beyond(low, -1),
            beyond(high, 1),
            String::new(),
            "x".into(),
            "1.0".into(),
            "1 2".into(),
            "+-1".into(),
        ];
        for text in bad {
            assert!(decode(format!("<{tag}>{text}</{tag}>")).is_err(), "<{tag}>{text}");
        }
        assert!(decode(format!("<{tag} />")).is_err(), "<{tag} />");
    }
    check(&[
        ("<I32> 5 </I32>", "I32 5"),
        ("<I32>+5</I32>", "I32 5"),
        ("<I32>\r\n5\t</I32>", "I32 5"),
        ("<I32>&#53;</I32>", "I32 5"),
        ("<I32><![CDATA[5]]></I32>", "I32 5"),
        ("<I32>5<!-- x --></I32 >", "I32 5"),
        ("<I64>0000000000000000000000000000000000000000000000000000000000000000000000007</I64>", "I64 7"),
        ("<U32>-0</U32>", "U32 0"),
        ("<I32>2147483648</I32>", "error: the text of <I32> is not a number of 32 bits"),
        ("<By>256</By>", "error: the text of <By> is not a number from 0 to 255"),
    ]);
}

#[test]
fn chars_are_utf16_units() {
    check(&[
        ("<C>65</C><C>55357</C><C>0</C><C>65535</C>", "C0041 | CD83D | C0000 | CFFFF"),
        ("<C>65536</C>", "error: the text of <C> is not a UTF-16 unit as a number from 0 to 65535"),
        ("<C>A</C>", "error: the text of <C> is not a UTF-16 unit as a number from 0 to 65535"),
    ]);
}

#[test]
fn booleans_are_true_or_false() {
    check(&[
        (
            "<B>true</B><B>false</B><B> true </B><B>1</B><B>0</B>",
            "B true | B false | B true | B true | B false",
        ),
        ("<B>True</B>", "error: the text of <B> is not true or false"),
        ("<B></B>", "error: the text of <B> is not true or false"),
        ("<B />", "error: the text of <B> is not true or false"),
    ]);
}

#[test]
fn floats_read_and_print_back_to_the_same_number() {
    for (text, printed) in [
        ("INF", "INF"),
        ("-INF", "-INF"),
        ("NaN", "NaN"),
        ("0", "0"),
        ("-0", "-0"),
        ("1.5", "1.5"),
        ("0.1", "0.1"),
        ("1.7976931348623157E+308", "1.7976931348623157E+308"),
        ("5E-324", "5E-324"),
        ("1E+15", "1000000000000000"),
        ("1E16", "10000000000000000"),
        ("1E17", "1E+17"),
        ("100000000000000", "100000000000000"),
        ("1234567890123456", "1234567890123456"),
        ("12345678901234567", "12345678901234568"),
        ("123456789012345680000", "1.2345678901234568E+20"),
        ("0.0001", "0.0001"),
        ("0.00001", "1E-05"),
        ("0.000012345", "1.2345E-05"),
        ("-1.25e2", "-125"),
        ("  7 ", "7"),
    ] {
        let tape = decode(format!("<Db>{text}</Db>")).unwrap();
        assert_eq!(tape.first().unwrap().to_string(), printed, "<Db>{text}");
    }
    for (text, printed) in [
        ("3.40282347E+38", "3.4028235E+38"),
        ("3.4028235E+38", "3.4028235E+38"),
        ("1.5E-07", "1.5E-07"),
        ("0.1", "0.1"),
        ("16777216", "16777216"),
        ("1E+07", "10000000"),
        ("123456790", "123456790"),
        ("1E9", "1E+09"),
        ("1000000", "1000000"),
        ("-INF", "-INF"),
    ] {
        let tape = decode(format!("<Sg>{text}</Sg>")).unwrap();
        assert_eq!(tape.first().unwrap().to_string(), printed, "<Sg>{text}");
    }
    for body in [
        "<Db />",
        "<Db></Db>",
        "<Db>inf</Db>",
        "<Db>nan</Db>",
        "<Db>1E400</Db>",
        "<Db>1,5</Db>",
        "<Sg>1E39</Sg>",
    ] {
        assert!(decode(body).is_err(), "{body}");
    }
}

#[test]
fn decimals_keep_their_scale() {
    for text in
        ["1.10", "79228162514264337593543950335", "-0.0000000000000000000000000001", "0.00", "12.3400", "-1"]
    {
        let tape = decode(format!("<D>{text}</D>")).unwrap();
        let value = tape.first().unwrap();
        assert_eq!((value.kind(), value.to_string().as_str()), (Kind::Decimal, text));
    }
    for text in ["79228162514264337593543950336", "", ".", "1E5", "1,5", "--1"] {
        assert!(decode(format!("<D>{text}</D>")).is_err(), "{text}");
    }
}

#[test]
fn dates_keep_ticks_and_clock() {
    check(&[
        ("<DT>2026-11-21T10:15:30.1234567+01:00</DT>", "DT 639308529301234567 Local 60"),
        ("<DT>2026-11-21T05:09:30.1234567Z</DT>", "DT 639308345701234567 Utc 0"),
        ("<DT>2026-11-21T05:09:30.1234567</DT>", "DT 639308345701234567 Unspecified 0"),
        ("<DT>2026-11-21T05:09:30-07:00</DT>", "DT 639308345700000000 Local -420"),
        ("<DT>2026-11-21T05:09:30.5+00:00</DT>", "DT 639308345705000000 Local 0"),
        ("<DT>0001-01-01T00:00:00</DT>", "DT 0 Unspecified 0"),
        ("<DT>9999-12-31T23:59:59.9999999</DT>", "DT 3155378975999999999 Unspecified 0"),
        ("<DT>2024-02-29T24:00:00</DT>", "DT 638448480000000000 Unspecified 0"),
        ("<DT>2024-03-01</DT>", "DT 638448480000000000 Unspecified 0"),
        ("<DT>0001-01-01T00:00:00.00000005</DT>", "DT 1 Unspecified 0"),
    ]);
    for text in [
        "2026-02-29T00:00:00",
        "2026-13-01T00:00:00",
        "2026-00-01T00:00:00",
        "2026-01-00T00:00:00",
        "0000-01-01T00:00:00",
        "2026-01-01T24:00:01",
        "2026-01-01T00:60:00",
        "2026-01-01T00:00:60",
        "2026-01-01T00:00:00.",
        "2026-01-01T00:00:00+15:00",
        "2026-01-01T00:00:00+01:60",
        "2026-01-01T00:00:00z",
        "2026-01-01T00:00",
        "2026-01-01 00:00:00",
        "12026-01-01T00:00:00",
        "9999-12-31T24:00:00",
        "9999-12-31T23:59:59.99999999",
        "",
    ] {
        assert!(decode(format!("<DT>{text}</DT>")).is_err(), "{text}");
    }
}

#[test]
fn durations_keep_ticks_and_sign() {
    check(&[
        ("<TS>-P1DT2H3M4.5S</TS>", "TS -937845000000"),
        ("<TS>P1DT2H3M4.5670001S</TS>", "TS 937845670001"),
        ("<TS>-PT0.0000001S</TS>", "TS -1"),
        ("<TS>PT0S</TS>", "TS 0"),
        ("<TS>P10675199DT2H48M5.4775807S</TS>", "TS 9223372036854775807"),
        ("<TS>-P10675199DT2H48M5.4775808S</TS>", "TS -9223372036854775808"),
        ("<TS>PT9.0269026S</TS>", "TS 90269026"),
        ("<TS>P1Y2M3D</TS>", "TS 369792000000000"),
        ("<TS>P14M</TS>", "TS 367200000000000"),
        ("<TS>PT90M</TS>", "TS 54000000000"),
        ("<TS>P0D</TS>", "TS 0"),
    ]);
    for text in [
        "P",
        "PT",
        "1D",
        "P1",
        "P1H",
        "PT1D",
        "P1DT",
        "PT1S1M",
        "PT1M1M",
        "P1.5D",
        "P-1D",
        "+P1D",
        "P10675199DT2H48M5.4775808S",
        "",
    ] {
        assert!(decode(format!("<TS>{text}</TS>")).is_err(), "{text}");
    }
}

#[test]
fn guids_versions_and_byte_arrays_are_checked() {
    check(&[
        ("<G>497ac440-89fb-4cb3-9cc1-3434c1aa74c3</G>", "G'497ac440-89fb-4cb3-9cc1-3434c1aa74c3'"),
        ("<G> 497AC440-89FB-4CB3-9CC1-3434C1AA74C3\n</G>", "G'497AC440-89FB-4CB3-9CC1-3434C1AA74C3'"),
        ("<G>497ac440-89fb-4cb3-9cc1-3434c1aa74cg</G>", "error: the text of <G> is not a GUID"),
        ("<G />", "error: the text of <G> is not a GUID"),
        ("<Version>1.0</Version><Version>1.0.0.0</Version>", "Version'1.0' | Version'1.0.0.0'"),
        ("<Version>1</Version>", "error: the text of <Version> is not a version"),
        ("<Version>1.2.3.4.5</Version>", "error: the text of <Version> is not a version"),
        ("<Version>1.-2</Version>", "error: the text of <Version> is not a version"),
        ("<Version>1.2147483648</Version>", "error: the text of <Version> is not a version"),
        ("<SemanticVersion>7.6.0-rc.1</SemanticVersion>", "SemanticVersion'7.6.0-rc.1'"),
        ("<BA>AAEC</BA><BA></BA><BA />", "BA[0, 1, 2] | BA[] | BA[]"),
        ("<BA>AQID\r\n BAUG</BA>", "BA[1, 2, 3, 4, 5, 6]"),
        ("<BA>AQ==</BA><BA>AR==</BA>", "BA[1] | BA[1]"),
        ("<BA>A!</BA>", "error: the text of <BA> is not base64"),
        ("<BA>AQ</BA>", "error: the text of <BA> is not base64"),
        ("<BA>AQ=</BA>", "error: the text of <BA> is not base64"),
        ("<SS>bnVsbA==</SS>", "SS'bnVsbA=='"),
        ("<SS />", "SS''"),
        ("<SS></SS>", "SS''"),
        // A form feed is no white space of XML, so it is part of the text.
        ("<SS> &#12;bnVsbA==&#10;</SS>", r"SS'\u{c}bnVsbA=='"),
    ]);
}
