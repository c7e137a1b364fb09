//! What must be refused, and how it is said.

use std::fmt::Write as _;

use expect_test::{Expect, expect};
use wsman::{EnvelopeErrorKind, Limits, NotXml, Request, Response};

const HEAD: &str = concat!(
    r#"<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" "#,
    r#"xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" "#,
    r#"xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell">"#,
    "<s:Header><a:Action>http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReceiveResponse</a:Action></s:Header>"
);

fn receive(inner: &str) -> String {
    format!("{HEAD}<s:Body><rsp:ReceiveResponse>{inner}</rsp:ReceiveResponse></s:Body></s:Envelope>")
}

fn refusal(envelope: &[u8]) -> String {
    match Response::decode(envelope) {
        Ok(response) => format!("read: {response:?}"),
        Err(error) => {
            assert!(error.offset() <= envelope.len(), "{error}");
            error.to_string()
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "the expectation stands where the call is")]
fn check(envelope: &[u8], expected: Expect) {
    expected.assert_eq(&refusal(envelope));
}

#[test]
fn what_is_no_envelope_is_named() {
    check(b"", expect!["nothing arrived where a SOAP envelope was expected (at byte 0)"]);
    check(b"  \r\n", expect!["nothing arrived where a SOAP envelope was expected (at byte 0)"]);
    check(b"\0\0\0\0", expect!["zero bytes arrived where a SOAP envelope was expected (at byte 0)"]);
    check(
        b"Access denied by policy",
        expect!["plain text arrived where a SOAP envelope was expected (at byte 0)"],
    );
    check(b"\xFF\xFE<\0s\0", expect!["UTF-16 text arrived where a UTF-8 envelope was expected (at byte 0)"]);
    check(b"<s>\xC3\x28</s>", expect!["the envelope is not UTF-8 (at byte 3)"]);
    check(b"<a/>", expect!["the XML is not a SOAP 1.2 envelope (at byte 4)"]);
    check(
        b"<Envelope xmlns='http://schemas.xmlsoap.org/soap/envelope/'/>",
        expect!["the XML is not a SOAP 1.2 envelope (at byte 61)"],
    );
}

#[test]
fn a_login_page_is_recognised() {
    for page in [
        "<!DOCTYPE html><html><body>Sign in",
        "\u{FEFF}\n<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\"><HTML>",
        "<html lang=en><br><p>",
        "<!-- made by a proxy -->\n<HTML>",
        "<?xml version=\"1.0\"?><!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" \"x\"><html xmlns=\"http://www.w3.org/1999/xhtml\">",
    ] {
        let error = Response::decode(page.as_bytes()).expect_err("a page");
        assert_eq!(*error.kind(), EnvelopeErrorKind::NotXml(NotXml::Html), "{page}");
        assert!(error.to_string().contains("HTML"), "{error}");
        assert!(Request::decode(page.as_bytes()).is_err());
    }
}

#[test]
fn a_document_type_is_refused_before_its_entities_grow() {
    check(
        format!(
            "<!DOCTYPE s [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>{}",
            receive("<rsp:Stream Name=\"&b;\">&b;</rsp:Stream>")
        )
        .as_bytes(),
        expect!["the envelope has a document type declaration, which SOAP forbids (at byte 77)"],
    );
    check(
        receive("<rsp:Stream Name=\"stdout\">&b;</rsp:Stream>").as_bytes(),
        expect!["the envelope refers to an entity that XML does not define (at byte 360)"],
    );
    check(
        receive("<rsp:Stream Name=\"&b;\"/>").as_bytes(),
        expect!["the envelope refers to an entity that XML does not define (at byte 355)"],
    );
}

#[test]
fn every_cut_of_an_answer_is_an_error() {
    let whole =
        receive("<rsp:Stream Name=\"stdout\">AAAA</rsp:Stream><!-- - --><rsp:CommandState State=\"x\"/>");
    assert!(Response::decode(whole.as_bytes()).is_ok());
    for len in 0..whole.len() {
        let cut = whole.get(..len).expect("plain text");
        assert!(Response::decode(cut.as_bytes()).is_err(), "{cut}");
        assert!(Request::decode(cut.as_bytes()).is_err(), "{cut}");
    }
    check(
        whole.get(..whole.len() - 40).expect("long enough").as_bytes(),
        expect!["the envelope ends inside an element, the connection may have been cut (at byte 417)"],
    );
}

#[test]
fn no_changed_byte_brings_either_side_down() {
    let whole =
        receive("<rsp:Stream Name=\"stdout\" CommandId=\"\">AAAA&#65;</rsp:Stream><![CDATA[x]]><?y z?>")
            .into_bytes();
    for position in 0..whole.len() {
        for byte in [0, b'<', b'>', b'&', b';', b'"', b'/', b'!', b' ', b'x', 0xC3, 0xFF] {
            let mut changed = whole.clone();
            changed[position] = byte;
            // Many of these are still envelopes; it is enough that each gets an answer within its bounds.
            if let Err(error) = Response::decode(&changed) {
                assert!(error.offset() <= changed.len());
            }
            if let Err(error) = Request::decode(&changed) {
                assert!(error.offset() <= changed.len());
            }
        }
    }
}

#[test]
fn debug_text_shows_no_payload() {
    let envelope = receive("<rsp:Stream Name=\"stdout\">c2VjcmV0</rsp:Stream>");
    let text = format!("{:?}", Response::decode(envelope.as_bytes()));
    assert!(text.contains("len: 6") && !text.contains("secret"), "{text}");
}

#[test]
fn wrong_base64_is_refused() {
    for text in ["A", "AA", "AAA", "AA=", "AAAA=", "A*AA", "AAAA\u{e4}", "=AAA", "AA==AA=="] {
        let envelope = receive(&format!("<rsp:Stream Name=\"stdout\">{text}</rsp:Stream>"));
        let error = Response::decode(envelope.as_bytes()).expect_err("not base64");
        assert_eq!(*error.kind(), EnvelopeErrorKind::BadBase64 { name: "Stream" }, "{text}");
    }
    check(
        receive("<rsp:Stream Name=\"stdout\">no</rsp:Stream>").as_bytes(),
        expect!["Stream is not base64 (at byte 372)"],
    );
}

#[test]
fn base64_in_pieces_is_joined() {
    for text in
        ["aGVsbG8=", "aGVs\r\n  bG8=\n", "aGVs<!-- x -->bG8=", "<![CDATA[aGVs]]>bG8&#61;", "&#x61;GVsbG8="]
    {
        let envelope = receive(&format!("<rsp:Stream Name=\"stdout\">{text}</rsp:Stream>"));
        let Ok(Response::Receive(received)) = Response::decode(envelope.as_bytes()) else { panic!("{text}") };
        assert_eq!(received.streams[0].bytes.as_ref(), b"hello", "{text}");
    }
}

#[test]
fn limits_hold() {
    let deep = receive(&format!("{}{}", "<x>".repeat(100_000), "</x>".repeat(100_000)));
    check(deep.as_bytes(), expect!["the envelope nests elements deeper than 32 (at byte 421)"]);
    let mut many = String::new();
    for _ in 0..70_000 {
        many.push_str("<rsp:Stream Name=\"stdout\"/>");
    }
    check(
        receive(&many).as_bytes(),
        expect!["the number of streams is 65537, the limit is 65536 (at byte 1769830)"],
    );
    let mut wide = String::from("<rsp:Stream ");
    for number in 0..10_000 {
        write!(wide, "a{number}=\"\" ").expect("memory");
    }
    wide.push_str("Name=\"stdout\"/>");
    check(
        receive(&wide).as_bytes(),
        expect!["the number of attributes of an element is 65, the limit is 64 (at byte 89248)"],
    );
    let mut limits = Limits::default();
    limits.max_envelope_len = 100;
    let error = Response::decode_with(receive("").as_bytes(), &limits).expect_err("too long");
    expect!["the length of the envelope in bytes is 375, the limit is 100 (at byte 0)"]
        .assert_eq(&error.to_string());
}

#[test]
fn action_and_body_must_agree() {
    check(
        receive("")
            .replace("ReceiveResponse></s:Body>", "Receive></s:Body>")
            .replace("<rsp:ReceiveResponse>", "<rsp:Receive>")
            .as_bytes(),
        expect![
            "the action http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReceiveResponse does not fit the body (at byte 323)"
        ],
    );
    check(
        format!("{HEAD}<s:Body/></s:Envelope>").as_bytes(),
        expect!["the envelope has no body for its action (at byte 311)"],
    );
    check(
        format!("{HEAD}</s:Envelope>").as_bytes(),
        expect!["the envelope has no body for its action (at byte 315)"],
    );
    check(
        receive("").replace("a:Action", "a:Other").as_bytes(),
        expect!["the envelope has no action (at byte 329)"],
    );
    check(
        receive("")
            .replace("windows/shell/ReceiveResponse<", "wsman/fault<")
            .replace("microsoft.com/wbem/wsman/1/wsman/fault", "dmtf.org/wbem/wsman/1/wsman/fault")
            .as_bytes(),
        expect![
            "the action http://schemas.dmtf.org/wbem/wsman/1/wsman/fault does not fit the body (at byte 308)"
        ],
    );
    check(
        receive("<rsp:Stream>AAAA</rsp:Stream>").as_bytes(),
        expect!["the envelope lacks Name (at byte 343)"],
    );
    check(
        receive("<rsp:Stream Name='stdout' CommandId='7'>AAAA</rsp:Stream>").as_bytes(),
        expect!["CommandId has a value that cannot be read (at byte 371)"],
    );
    check(
        receive("<rsp:CommandState State='x'><rsp:ExitCode>one</rsp:ExitCode></rsp:CommandState>").as_bytes(),
        expect!["ExitCode has a value that cannot be read (at byte 391)"],
    );
    check(
        format!("{}<more/>", receive("")).as_bytes(),
        expect!["the envelope is not well-formed XML at byte 382"],
    );
    check(
        receive("</rsp:Stream>").as_bytes(),
        expect![
            "the envelope is not well-formed XML at byte 344: ill-formed document: expected `</rsp:ReceiveResponse>`, but `</rsp:Stream>` was found"
        ],
    );
}

#[test]
fn prefixes_do_not_matter_and_namespaces_do() {
    let renamed = receive("<rsp:Stream Name='stdout'>AAAA</rsp:Stream>")
        .replace("<s:", "<SOAP-ENV:")
        .replace("</s:", "</SOAP-ENV:")
        .replace("xmlns:s=", "xmlns:SOAP-ENV=")
        .replace("xmlns:rsp=", "xmlns:q=")
        .replace("rsp:", "q:");
    assert_eq!(
        Response::decode(renamed.as_bytes()).expect("the same answer"),
        Response::decode(receive("<rsp:Stream Name='stdout'>AAAA</rsp:Stream>").as_bytes())
            .expect("an answer"),
    );
    let foreign = receive("<x:Stream xmlns:x='urn:other' Name='stdout'>AAAA</x:Stream>");
    let Ok(Response::Receive(received)) = Response::decode(foreign.as_bytes()) else { panic!("an answer") };
    assert!(received.streams.is_empty());
}

/// Streams that start alike and follow each other directly are read in a shorter way than others; a blank between two
/// keeps them from it.
#[test]
fn streams_are_read_alike_whether_they_touch_or_not() {
    let spellings = [
        "<rsp:Stream Name='stdout'>AAAA</rsp:Stream>",
        "<rsp:Stream Name='stdout'>BBBB</rsp:Stream>",
        "<rsp:Stream Name='stdout'></rsp:Stream>",
        "<rsp:Stream Name='stdout'/>",
        "<rsp:Stream Name='stdout'>CC CC\r\n</rsp:Stream>",
        "<rsp:Stream Name='stdout'>DD&#68;D</rsp:Stream>",
        "<rsp:Stream Name='stdout'>EE<!-- -->EE</rsp:Stream>",
        "<rsp:Stream Name='stdout'><![CDATA[FFFF]]></rsp:Stream>",
        "<rsp:Stream Name='stdout'>GG<x/>GG</rsp:Stream>",
        "<rsp:Stream Name='stdout'>HHHH</rsp:Stream >",
        "<rsp:Stream Name='stdout' >IIII</rsp:Stream>",
        "<rsp:Stream Name='stdout' End='true'>JJJJ</rsp:Stream>",
        "<rsp:Stream Name='stdout'>KKK=</rsp:Stream>",
        "<rsp:Stream Name='stdout'>LLL</rsp:Stream>",
        "<rsp:Stream Name='stdout'>MM=M</rsp:Stream>",
        "<rsp:Stream Name='stdout'>NNNN</rsp:Streams>",
        "<x:Stream xmlns:x='urn:other' Name='stdout'>OOOO</x:Stream>",
        "<rsp:CommandState State='x/CommandState/Done'/>",
        "<rsp:Stream Name='stdout'>PPPP",
    ];
    let read = |streams: &str, limits: &Limits| {
        let answer = Response::decode_with(receive(streams).as_bytes(), limits);
        answer.map_err(|error| format!("{:?}", error.kind()))
    };
    let mut two_streams = Limits::default();
    two_streams.max_streams = 2;
    for limits in [Limits::default(), two_streams] {
        for first in spellings {
            for second in spellings {
                for third in [spellings[0], second] {
                    let touching = read(&format!("{first}{second}{third}"), &limits);
                    assert_eq!(
                        touching,
                        read(&format!("{first} {second} {third}"), &limits),
                        "{first}{second}{third}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_byte_that_is_not_utf8_is_named_wherever_it_stands() {
    let stream = "<rsp:Stream Name='stdout'>AAAA</rsp:Stream>";
    let envelope = receive(&format!("{stream}{stream}{stream}<!-- x --> <?y z?>{stream}")) + "\n<!-- x -->\n";
    Response::decode(envelope.as_bytes()).expect("a good answer");
    for at in 1..envelope.len() {
        let mut bytes = envelope.clone().into_bytes();
        bytes[at] = 0xFF;
        assert_eq!(refusal(&bytes), format!("the envelope is not UTF-8 (at byte {at})"));
    }
}

#[test]
fn an_error_behind_streams_that_touch_has_its_place() {
    let stream = "<rsp:Stream Name='stdout'>AAAA</rsp:Stream>";
    let envelope = receive(&format!("{stream}{stream}{stream}<rsp:Stream Name='stdout'>A</rsp:Stream>"));
    let error = Response::decode(envelope.as_bytes()).expect_err("not base64");
    let wrong = envelope.find(">A<").expect("it is there") + ">A</rsp:Stream>".len();
    assert_eq!(error.offset(), wrong);
}
