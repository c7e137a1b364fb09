//! Encrypted bodies: what is written, what is read, what is refused.

use wsman::{SealedError, SealedMessage, SealingProtocol};

const BODY: &[u8] = b"--Encrypted Boundary\r\n\
    \tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n\
    \tOriginalContent: type=application/soap+xml;charset=UTF-8;Length=5\r\n\
    --Encrypted Boundary\r\n\
    \tContent-Type: application/octet-stream\r\n\
    \x03\0\0\0headata--Encrypted Boundary--\r\n";

fn message() -> SealedMessage<'static> {
    SealedMessage { protocol: SealingProtocol::Spnego, original_len: 5, header: b"hea", data: b"data" }
}

/// `BODY` with one thing otherwise.
fn with(from: &str, to: &str) -> Vec<u8> {
    let body = String::from_utf8_lossy(BODY);
    assert!(body.contains(from), "{from}");
    body.replace(from, to).into_bytes()
}

#[test]
fn a_message_is_written_as_the_specification_has_it() {
    assert_eq!(message().encode(), BODY);
    let kerberos = SealedMessage { protocol: SealingProtocol::Kerberos, ..message() };
    assert_eq!(kerberos.encode(), with("SPNEGO", "Kerberos"));
}

#[test]
fn what_windows_and_exchange_write_is_read() {
    for (name, body) in [
        ("as written", BODY.to_vec()),
        ("Exchange's blank", with("--Encrypted", "-- Encrypted")),
        ("no tabs", with("\t", "")),
        ("names in another case", with("Content-Type", "content-type")),
        ("no line break at the end", BODY.strip_suffix(b"\r\n").unwrap().to_vec()),
        ("blanks in the field", with(";Length=", "; Length = ")),
    ] {
        assert_eq!(SealedMessage::decode(&body), Ok(message()), "{name}");
    }
}

#[test]
fn encrypted_bytes_may_look_like_a_boundary() {
    for data in [&b"--Encrypted Boundary--\r\n"[..], b"--Encrypted Boundary\r\n", b"-- ", b"--", b"\r\n", b""]
    {
        for header in [&b"--Encrypted Boundary--\r\n"[..], b""] {
            let message = SealedMessage { header, data, ..message() };
            assert_eq!(SealedMessage::decode(&message.encode()), Ok(message));
        }
    }
}

#[test]
fn what_is_not_as_it_must_be_is_refused() {
    let field = |name| SealedError::Field { name };
    for (name, body, expected) in [
        ("nothing", Vec::new(), SealedError::Boundary),
        ("an envelope", b"<s:Envelope/>".to_vec(), SealedError::Boundary),
        ("another boundary", with("Encrypted Boundary", "Other"), SealedError::Boundary),
        ("another protocol", with("SPNEGO", "CredSSP"), field("Content-Type")),
        (
            "no protocol",
            with("\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n", ""),
            field("Content-Type"),
        ),
        ("no length", with(";Length=5", ""), field("Length")),
        ("a length below nothing", with("Length=5", "Length=-5"), field("Length")),
        ("a length past all", with("Length=5", "Length=99999999999999999999"), field("Length")),
        ("no second part", BODY[..140].to_vec(), SealedError::NoData),
        ("a second part of another kind", with("octet-stream", "zip"), SealedError::NoData),
        ("no end", BODY[..BODY.len() - 10].to_vec(), SealedError::Truncated),
        ("no room for the length", with("\x03\0\0\0headata", "\x03\0"), SealedError::Truncated),
        (
            "a header longer than all",
            with("\x03\0\0\0headata", "\x08\0\0\0headata"),
            SealedError::HeaderLength { len: 8, there: 7 },
        ),
        (
            "a header of four gigabytes",
            [&BODY[..BODY.len() - 35], b"\xff\xff\xff\xff--Encrypted Boundary--"].concat(),
            SealedError::HeaderLength { len: u32::MAX, there: 0 },
        ),
    ] {
        assert_eq!(SealedMessage::decode(&body), Err(expected), "{name}");
        assert!(!expected.to_string().ends_with('.'), "{expected}");
    }
}

#[test]
fn no_cut_of_a_message_is_taken_for_one() {
    for len in 0..BODY.len() - 2 {
        assert!(SealedMessage::decode(&BODY[..len]).is_err(), "{len}");
    }
}

#[test]
fn the_content_type_says_whether_and_how() {
    use SealingProtocol::{Kerberos, Spnego};
    for (content_type, expected) in [
        (Spnego.content_type(), Ok(Some(Spnego))),
        (Kerberos.content_type(), Ok(Some(Kerberos))),
        (
            "Multipart/Encrypted; boundary=\"Encrypted Boundary\"; Protocol=application/http-spnego-session-encrypted",
            Ok(Some(Spnego)),
        ),
        ("application/soap+xml;charset=UTF-8", Ok(None)),
        ("", Ok(None)),
        ("multipart/encrypted", Err(SealedError::Protocol)),
        (
            "multipart/encrypted;protocol=\"application/HTTP-CredSSP-session-encrypted\"",
            Err(SealedError::Protocol),
        ),
        (
            "multipart/x-multi-encrypted;protocol=\"application/HTTP-SPNEGO-session-encrypted\"",
            Err(SealedError::Protocol),
        ),
    ] {
        assert_eq!(SealingProtocol::of_content_type(content_type), expected, "{content_type}");
    }
}
