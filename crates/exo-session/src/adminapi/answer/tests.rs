use expect_test::{Expect, expect};

use super::Page;

#[expect(clippy::needless_pass_by_value, reason = "reads better in a table of cases")]
fn check(body: &str, expected: Expect) {
    let shown = match Page::decode(&mut body.to_owned().into()) {
        Ok(page) => format!(
            "{:?} next {:?} warnings {:?} errors {:?} confirmation {:?}",
            page.clixml.map(|clixml| String::from_utf8_lossy(&clixml).into_owned()),
            page.next_link,
            page.warnings,
            page.errors,
            page.confirmation
        ),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&shown);
}

#[test]
fn the_clixml_is_unescaped_once_whatever_the_form_of_its_escapes() {
    check(
        r#"{"value":[{"_CLIXML":"\u003CObjs\u003e\n<S>\ud83d\ude00é\"\\\/</S></Objs>"}],"x":{"y":[1]}}"#,
        expect![[
            r#"Some("<Objs>\n<S>😀é\"\\/</S></Objs>") next None warnings [] errors [] confirmation None"#
        ]],
    );
}

#[test]
fn text_taken_out_ahead_is_what_serde_json_finds_in_the_whole() {
    let bodies = [
        r#"{"@odata.context":"x","value":[{"_clixml":"\u003CObjs\u003E\ud83d\ude00é\"\/\r\n\u003C/Objs\u003E"}]}"#,
        r#"{"value":[{"_CliXml" : "a","b":{"_clixml":"c"}},{"_clixml":"d"}],"@odata.nextLink":"n"}"#,
        r#"{"@adminapi.errors":[{"_clixml":"a"}],"value":[{"_clixml":"b"}],"@adminapi.warnings":["_clixml:"]}"#,
        r#"{"a\"_clixml":"b","c":"_clixml","value":[{"_clixml":null,"_clixml":"d"}]}"#,
        r#"{"value":[{"_clixml":"a","_CLIXML":"b"}]}"#,
        r#"{"value":[{"_clixml":"a","_clixml":null}]}"#,
        r#"{"value":[{"_clixml":"a"}],"value":[{"_clixml":"b"}]}"#,
        r#"{"value":[{"_cli\u0078ml":"a","x":"_clixml"}]}"#,
        r#"{"value":[5,{"_clixml":"a"}],"error":{"_clixml":"b"}}"#,
        r#"{"value":[],"x":[{"_clixml":"a"}]}"#,
        r#"{"value":[{"_clixml":"a"}]} x"#,
        r#"{"value":[{"_clixml":"\ud83d"}]}"#,
    ];
    for body in bodies {
        let body = body.as_bytes();
        // As it is, cut off at every place, and with every byte changed.
        agree(body);
        for place in 0..body.len() {
            agree(&body[..place]);
            for other in b"\"\\ua0,:{}[ \n\x80" {
                let mut changed = body.to_vec();
                changed[place] = *other;
                agree(&changed);
            }
        }
    }
}

/// The same page or the same refusal either way; but text that is no UTF-8 is left to the CLIXML decoder.
fn agree(body: &[u8]) {
    let shown = String::from_utf8_lossy(body);
    let fields = |page: Page| (page.clixml, page.next_link, page.warnings, page.errors, page.confirmation);
    match (Page::decode(&mut body.to_vec().into()).map(fields), Page::decode_whole(body).map(fields)) {
        (Ok((Some(clixml), ..)), Err(_)) => assert!(std::str::from_utf8(&clixml).is_err(), "{shown}"),
        // With something else wrong behind it, either may be said.
        (Err(_), Err(_)) if std::str::from_utf8(body).is_err() => {}
        (page, whole) if !body.trim_ascii().is_empty() => assert_eq!(page, whole, "{shown}"),
        _ => {}
    }
}

#[test]
fn what_stands_beside_the_objects_is_kept() {
    check(
        r#"{"value":[{"_clixml":null}],"@odata.nextLink":"n","@adminapi.warnings":["","w"],
            "@adminapi.errors":["e",{"message":"m"},{"code":1}],"@adminapi.confirmationmessage":"c"}"#,
        expect![[
            r#"None next Some("n") warnings ["", "w"] errors ["e", "m", "{\"code\":1}"] confirmation Some("c")"#
        ]],
    );
}

#[test]
fn no_objects_are_an_empty_page() {
    for body in ["", " \r\n", r#"{"value":[]}"#, r#"{"value":null,"@odata.nextLink":null}"#] {
        check(body, expect!["None next None warnings [] errors [] confirmation None"]);
    }
}

#[test]
fn another_form_is_refused_with_its_place_and_without_its_text() {
    check(
        "<html>secret</html>",
        expect!["the answer is not the JSON that the service sends (line 1, column 1)"],
    );
    check(
        r#"{"value":[{"_clixml":"<Objs"#,
        expect!["the answer is not the JSON that the service sends (line 1, column 27)"],
    );
    check(r#"{"value":{}}"#, expect!["the answer is not the JSON that the service sends (line 1, column 9)"]);
    check("{}", expect!["the answer has no list of objects, which every answer of the service has"]);
    check(r#"{"error":{"code":"x"}}"#, expect!["the answer says that it succeeded and holds an error"]);
    check(
        &"[".repeat(100_000),
        expect!["the answer is not the JSON that the service sends (line 1, column 100000)"],
    );
}

#[test]
fn objects_that_come_as_json_have_the_types_that_stand_beside_their_members() {
    let clixml = |value: &str| {
        let page = Page::decode(&mut format!(r#"{{"value":{value}}}"#).into()).unwrap();
        let tape = psrp::clixml::decode(page.clixml.unwrap().to_vec()).unwrap();
        let mut out = Vec::new();
        let mut encoder = psrp::clixml::Encoder::new(&mut out);
        tape.values().for_each(|value| encoder.value(value));
        String::from_utf8(out).unwrap()
    };
    let custom = |members: &str| {
        format!(
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN>\
             <MS>{members}</MS></Obj>"
        )
    };
    for (json, expected) in [
        ("5,\"a\",null,true", "<I64>5</I64><S>a</S><Nil /><B>true</B>".to_owned()),
        ("18446744073709551615,1.5", "<U64>18446744073709551615</U64><Db>1.5</Db>".to_owned()),
        (r#"{"Name":"<a>","@odata.id":"x"}"#, custom("<S N=\"Name\">&lt;a&gt;</S>")),
        (
            r#"{"A@odata.type":"System.DateTime","A":"2024-01-02T03:04:05Z","B":"2024-01-02T03:04:05Z"}"#,
            custom("<DT N=\"A\">2024-01-02T03:04:05Z</DT><S N=\"B\">2024-01-02T03:04:05Z</S>"),
        ),
        // The type may stand behind, and of a text of another form it says nothing.
        (
            r#"{"A":"7","A@data.type":"System.Int32","B":3,"B@data.type":"System.Int32","C":"x","C@data.type":"System.Guid"}"#,
            custom("<S N=\"A\">7</S><I32 N=\"B\">3</I32><S N=\"C\">x</S>"),
        ),
        (
            r##"{"A":"14.00:00:01.5","A@data.type":"System.TimeSpan","B":"-00:01:00","B@data.type":"System.TimeSpan"}"##,
            custom("<TS N=\"A\">P14DT1.5S</TS><TS N=\"B\">-PT1M</TS>"),
        ),
        (
            r##"{"A@odata.type":"#Collection(Guid)","A":["12345678-1234-1234-1234-123456789abc"]}"##,
            custom(
                "<Obj N=\"A\" RefId=\"1\"><TN RefId=\"1\"><T>System.Collections.ArrayList</T><T>System.Object</T></TN>\
                 <LST><G>12345678-1234-1234-1234-123456789abc</G></LST></Obj>",
            ),
        ),
        (
            r##"{"A":{"@odata.type":"#Exchange.ByteArrayType","Data":[1,255]}}"##,
            custom("<BA N=\"A\">Af8=</BA>"),
        ),
        (
            r##"{"@odata.type":"#Exchange.GenericHashTable","k":1}"##,
            "<Obj RefId=\"0\"><TN RefId=\"0\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN>\
             <DCT><En><S N=\"Key\">k</S><I64 N=\"Value\">1</I64></En></DCT></Obj>"
                .to_owned(),
        ),
    ] {
        assert_eq!(clixml(&format!("[{json}]")), expected, "{json}");
    }
}
