//! The lines of PowerShell's out-of-process transport.

use psrp::{Line, LineRequest, Stream};
use uuid::Uuid;

const GUID: Uuid = Uuid::from_u128(0x1f);

fn data(stream: Stream, bytes: &'static [u8]) -> Option<Line> {
    Some(Line::Data { stream, guid: GUID, bytes: bytes.into() })
}

#[test]
fn lines_are_told_apart_and_written_as_they_were() {
    let guid = "00000000-0000-0000-0000-00000000001f";
    for (line, expected) in [
        (format!("<DataAck PSGuid='{guid}' />"), Some(Line::DataAck(GUID))),
        (format!("<Command PSGuid='{guid}' />"), Some(Line::Ask(LineRequest::Command, GUID))),
        (format!("<CommandAck PSGuid='{guid}' />"), Some(Line::Ack(LineRequest::Command, GUID))),
        (format!("<Signal PSGuid='{guid}' />"), Some(Line::Ask(LineRequest::Signal, GUID))),
        (format!("<SignalAck PSGuid='{guid}' />"), Some(Line::Ack(LineRequest::Signal, GUID))),
        (format!("<Close PSGuid='{guid}' />"), Some(Line::Ask(LineRequest::Close, GUID))),
        (format!("<CloseAck PSGuid='{guid}' />"), Some(Line::Ack(LineRequest::Close, GUID))),
        (format!("<Data Stream='Default' PSGuid='{guid}'>AQID</Data>"), data(Stream::Default, &[1, 2, 3])),
        (format!("<Data Stream='Default' PSGuid='{guid}'></Data>"), data(Stream::Default, &[])),
        (
            format!("<Data Stream='PromptResponse' PSGuid='{guid}'>AQ==</Data>"),
            data(Stream::PromptResponse, &[1]),
        ),
    ] {
        assert_eq!(Line::decode(&line), expected, "{line}");
        assert_eq!(Line::decode(&format!("{line}\r\n")), expected, "{line} with an end");
        assert_eq!(expected.map(|expected| expected.encode()), Some(line));
    }
}

#[test]
fn what_is_no_item_is_none() {
    let guid = "00000000-0000-0000-0000-00000000001f";
    for line in [
        String::new(),
        "PowerShell 7.6.5".to_owned(),
        "<Close />".to_owned(),
        "<Close PSGuid='1f' />".to_owned(),
        format!("<Open PSGuid='{guid}' />"),
        format!("<Data PSGuid='{guid}'>AQID</Data>"),
        format!("<Data Stream='Default' PSGuid='{guid}'>?</Data>"),
        format!("<Data Stream='Default' PSGuid='{guid}'>AQID"),
        format!("<Data Stream='Other' PSGuid='{guid}'>AQID</Data>"),
    ] {
        assert_eq!(Line::decode(&line), None, "{line}");
    }
}

#[test]
fn what_a_line_carries_is_not_in_its_debug_text() {
    let line = Line::Data { stream: Stream::Default, guid: GUID, bytes: b"secret".as_slice().into() };
    assert!(!format!("{line:?}").contains("secret"));
    assert!(!format!("{line:?}").contains("115"), "{line:?}");
}
