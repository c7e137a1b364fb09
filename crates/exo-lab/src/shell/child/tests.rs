use uuid::Uuid;

use super::{Item, Line, data_line, next_line};

const GUID: Uuid = Uuid::from_u128(0x1f);

#[test]
fn lines_of_the_process_are_told_apart() {
    let guid = "00000000-0000-0000-0000-00000000001f";
    for (line, expected) in [
        (format!("<DataAck PSGuid='{guid}' />"), Line::Ack(Item::Data, GUID)),
        (format!("<CommandAck PSGuid='{guid}' />\r\n"), Line::Ack(Item::Command, GUID)),
        (format!("<SignalAck PSGuid='{guid}' />"), Line::Ack(Item::Signal, GUID)),
        (format!("<CloseAck PSGuid='{guid}' />"), Line::Ack(Item::Close, GUID)),
        (format!("<Data Stream='Default' PSGuid='{guid}'>AQID</Data>\n"), Line::Data(GUID, vec![1, 2, 3])),
        (format!("<Data Stream='Default' PSGuid='{guid}'>?</Data>"), Line::Noise),
        ("PowerShell 7.6.5".to_owned(), Line::Noise),
        (String::new(), Line::Noise),
    ] {
        assert_eq!(Line::decode(&line), expected, "{line}");
    }
}

#[test]
fn what_is_sent_can_be_read_back() {
    assert_eq!(Line::decode(&data_line("Default", GUID, b"abc")), Line::Data(GUID, b"abc".to_vec()));
    assert_eq!(Item::Close.line(Uuid::nil()), "<Close PSGuid='00000000-0000-0000-0000-000000000000' />\n");
}

#[tokio::test]
async fn a_line_is_read_to_its_end_or_not_at_all() {
    let mut line = String::new();
    let mut output = &b"one\n\nfour\nlonger\nfive\n"[..];
    for expected in ["one\n", "\n", "four\n"] {
        assert!(next_line(&mut output, &mut line, 5).await);
        assert_eq!(line, expected);
    }
    assert!(!next_line(&mut output, &mut line, 5).await, "{line}");
    assert!(line.len() <= 5);
    assert!(!next_line(&mut &b"cut off"[..], &mut line, 100).await);
    assert!(!next_line(&mut &b""[..], &mut line, 100).await);
}
