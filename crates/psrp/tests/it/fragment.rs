use bytes::Bytes;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use psrp::{Defragmenter, Destination, Fragment, FragmentLimits, Fragmenter, Message, MessageType};
use uuid::Uuid;

const RPID: Uuid = Uuid::from_u128(0x0123_4567_89ab_cdef_0011_2233_4455_6677);

fn message(data: impl Into<Vec<u8>>) -> Message {
    Message {
        destination: Destination::Client,
        message_type: MessageType::PipelineOutput,
        rpid: RPID,
        pid: Some(Uuid::from_u128(7)),
        data: Bytes::from(data.into()),
    }
}

fn encoded(message: &Message) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.encode(&mut bytes);
    bytes
}

/// One piece written by hand: object, fragment, "s" and "e" for start and end, length of the blob.
fn piece(object_id: u64, fragment_id: u64, flags: &str, blob: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let (start, end) = (flags.contains('s'), flags.contains('e'));
    Fragment { object_id, fragment_id, start, end, blob }.encode(&mut out);
    out
}

/// The lengths of the bodies that came out, then the error if there was one.
fn outcome(limits: FragmentLimits, reads: &[Vec<u8>]) -> String {
    let mut defragmenter = Defragmenter::new(limits);
    let mut lines = Vec::new();
    for read in reads {
        defragmenter.handle_bytes(Bytes::from(read.clone()));
        loop {
            match defragmenter.poll_message() {
                Ok(Some(message)) => lines.push(format!("message of {}", message.data.len())),
                Ok(None) => break,
                Err(error) => {
                    lines.push(error.to_string());
                    break;
                }
            }
        }
    }
    lines.join("\n")
}

fn check(reads: &[Vec<u8>], expect: Expect) {
    expect.assert_eq(&outcome(FragmentLimits::default(), reads));
}

#[test]
fn the_header_is_twenty_one_big_endian_bytes() {
    let mut out = Vec::new();
    Fragment { object_id: 0x0102, fragment_id: 3, start: true, end: false, blob: b"ab" }.encode(&mut out);
    assert_eq!(out, [0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0, 2, b'a', b'b']);
}

#[test]
fn a_fragment_is_read_with_what_follows_it() {
    let mut bytes = piece(5, 2, "e", b"blob");
    bytes[16] |= 0xF8;
    bytes.extend_from_slice(b"rest");
    let (fragment, rest) = Fragment::decode(&bytes, 4).unwrap().unwrap();
    assert_eq!(fragment, Fragment { object_id: 5, fragment_id: 2, start: false, end: true, blob: b"blob" });
    assert_eq!(rest, b"rest");
    for len in 0..25 {
        assert_eq!(Fragment::decode(&bytes[..len], 4), Ok(None), "{len} bytes ask for more");
    }
    let error = Fragment::decode(&bytes[..21], 3).unwrap_err().to_string();
    expect![
        "object 5 has at least 4 bytes, the limit max_message_len is 3; raise it or ask for less at a time"
    ]
    .assert_eq(&error);
}

#[test]
fn a_gap_a_copy_and_a_missing_start_are_refused_with_their_numbers() {
    check(
        &[piece(7, 0, "s", b"a"), piece(7, 1, "", b"b"), piece(7, 3, "", b"c")],
        expect!["fragment 3 of object 7 arrived, expected 2 (byte 44 of the stream)"],
    );
    check(
        &[piece(7, 0, "s", b"a"), piece(7, 1, "", b"b"), piece(7, 1, "", b"b")],
        expect!["fragment 1 of object 7 arrived, expected 2 (byte 44 of the stream)"],
    );
    check(
        &[piece(7, 0, "e", b"a")],
        expect!["fragment 0 of object 7 arrived before the start of the object (byte 0 of the stream)"],
    );
    check(
        &[piece(7, 2, "", b"a")],
        expect!["fragment 2 of object 7 arrived before the start of the object (byte 0 of the stream)"],
    );
    check(
        &[piece(7, 5, "s", b"a")],
        expect!["fragment 5 of object 7 arrived, expected 0 (byte 0 of the stream)"],
    );
    check(
        &[piece(7, 0, "s", b"a"), piece(7, 0, "s", b"a")],
        expect!["fragment 0 of object 7 starts the object a second time (byte 22 of the stream)"],
    );
    check(
        &[piece(0, 0, "se", b"a")],
        expect!["fragment 0 has object id 0, ids begin at 1 (byte 0 of the stream)"],
    );
}

#[test]
fn a_message_shorter_than_its_header_or_of_an_unknown_type_is_refused() {
    check(&[piece(1, 0, "se", &[0; 39])], expect!["message has 39 bytes, its header alone needs 40"]);
    check(&[piece(1, 0, "se", b"")], expect!["message has 0 bytes, its header alone needs 40"]);
    check(
        &[piece(1, 0, "se", &[0; 40])],
        expect!["message is for destination 0, known are 1 (client) and 2 (server)"],
    );
    let mut unknown = encoded(&message(""));
    unknown[4..8].copy_from_slice(&0x0004_1012_u32.to_le_bytes());
    check(&[piece(1, 0, "se", &unknown)], expect!["message type 0x00041012 is not known"]);
}

#[test]
fn good_messages_before_a_bad_fragment_are_delivered_and_the_error_stays() {
    let mut read = piece(1, 0, "se", &encoded(&message("abc")));
    read.extend(piece(2, 0, "se", &encoded(&message("abcd"))));
    read.extend(piece(3, 1, "e", b"x"));
    let good = piece(4, 0, "se", &encoded(&message("abcde")));
    check(
        &[read, good],
        expect![[r#"
            message of 3
            message of 4
            fragment 1 of object 3 arrived before the start of the object (byte 129 of the stream)
            fragment 1 of object 3 arrived before the start of the object (byte 129 of the stream)"#]],
    );
}

#[test]
fn objects_may_alternate() {
    let first = encoded(&message("first"));
    let second = encoded(&message("the second"));
    check(
        &[
            piece(1, 0, "s", &first[..10]),
            piece(2, 0, "s", &second[..20]),
            piece(1, 1, "", &first[10..20]),
            piece(9, 0, "se", &encoded(&message("whole"))),
            piece(2, 1, "e", &second[20..]),
            piece(1, 2, "e", &first[20..]),
        ],
        expect![[r#"
            message of 5
            message of 10
            message of 5"#]],
    );
}

#[test]
fn an_empty_last_fragment_ends_a_message() {
    let bytes = encoded(&message("body"));
    check(&[piece(1, 0, "s", &bytes), piece(1, 1, "", b""), piece(1, 2, "e", b"")], expect!["message of 4"]);
    check(&[piece(1, 0, "s", b""), piece(1, 1, "e", &bytes)], expect!["message of 4"]);
}

#[test]
fn an_announced_length_over_the_limit_is_refused_before_its_bytes_come() {
    let limits = FragmentLimits { max_message_len: 100, ..FragmentLimits::default() };
    let mut announced = piece(1, 0, "s", b"");
    announced[17..21].copy_from_slice(&u32::MAX.to_be_bytes());
    expect!["object 1 has at least 4294967295 bytes, the limit max_message_len is 100; raise it or ask for less at a time (byte 0 of the stream)"]
        .assert_eq(&outcome(limits, &[announced]));
    let mut second = piece(2, 1, "", b"");
    second[17..21].copy_from_slice(&41_u32.to_be_bytes());
    expect!["object 2 has at least 101 bytes, the limit max_message_len is 100; raise it or ask for less at a time (byte 81 of the stream)"]
        .assert_eq(&outcome(limits, &[piece(2, 0, "s", &[0; 60]), second]));
}

#[test]
fn a_message_of_exactly_the_limit_is_taken() {
    let bytes = encoded(&message([b'x'; 60]));
    let limits = FragmentLimits { max_message_len: 100, ..FragmentLimits::default() };
    expect!["message of 60"].assert_eq(&outcome(limits, &[piece(1, 0, "se", &bytes)]));
    expect!["message of 60"]
        .assert_eq(&outcome(limits, &[piece(1, 0, "s", &bytes[..99]), piece(1, 1, "e", &bytes[99..])]));
}

#[test]
fn unfinished_objects_are_limited_in_number_and_in_length() {
    let reads: Vec<_> = (1..=65).map(|object_id| piece(object_id, 0, "s", b"x")).collect();
    check(
        &reads,
        expect![
            "object 65 was begun while 64 others are unfinished, the limit max_open_objects is 64 (byte 1408 of the stream)"
        ],
    );
    let limits = FragmentLimits { max_open_len: 50, ..FragmentLimits::default() };
    expect![
        "unfinished objects have at least 60 bytes, the limit max_open_len is 50 (byte 51 of the stream)"
    ]
    .assert_eq(&outcome(limits, &[piece(1, 0, "s", &[0; 30]), piece(2, 0, "s", &[0; 30])]));
}

#[test]
fn a_message_in_one_fragment_and_one_read_is_not_copied() {
    let read = Bytes::from(piece(1, 0, "se", &encoded(&message("body"))));
    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
    defragmenter.handle_bytes(read.clone());
    let body = defragmenter.poll_message().unwrap().unwrap().data;
    assert_eq!(body.as_ptr(), read[61..].as_ptr());
}

#[test]
fn many_small_fragments_in_one_read_are_put_together() {
    let count: usize = 300_000;
    let bytes = encoded(&message(vec![b'x'; count - 40]));
    let mut read = Vec::new();
    for (index, byte) in bytes.chunks(1).enumerate() {
        let flags = if index == 0 {
            "s"
        } else if index == count - 1 {
            "e"
        } else {
            ""
        };
        read.extend(piece(1, u64::try_from(index).unwrap(), flags, byte));
    }
    check(&[read], expect!["message of 299960"]);
}

#[test]
fn a_transmission_holds_whole_fragments_and_no_more_than_asked_for() {
    let mut fragmenter = Fragmenter::new();
    assert_eq!(fragmenter.push(&message("a")), 1);
    assert_eq!(fragmenter.push(&message("b")), 2);
    assert_eq!(fragmenter.push(&message([b'c'; 100])), 3);
    let lens: Vec<_> = std::iter::from_fn(|| fragmenter.poll_transmit(130).map(<[u8]>::len)).collect();
    assert_eq!(lens, [124, 130, 21 + 140 - 109]);
    assert!(fragmenter.is_empty());
    let mut fragmenter = Fragmenter::new();
    fragmenter.push(&message("a"));
    fragmenter.push(&message("b"));
    assert_eq!(fragmenter.poll_fragment(1000).unwrap().len(), 62);
    assert_eq!(fragmenter.poll_transmit(0).unwrap().len(), Fragmenter::MIN_LEN);
}

fn messages() -> impl Strategy<Value = Vec<Message>> {
    let message = (0..MessageType::ALL.len(), any::<[u8; 16]>(), prop::collection::vec(any::<u8>(), 0..200))
        .prop_map(|(index, pid, data)| {
            let pid = Uuid::from_bytes(pid);
            Message {
                destination: if index % 2 == 0 { Destination::Client } else { Destination::Server },
                message_type: MessageType::ALL[index],
                rpid: RPID,
                pid: (!pid.is_nil()).then_some(pid),
                data: Bytes::from(data),
            }
        });
    prop::collection::vec(message, 0..6)
}

/// Cuts `stream` at the given fractions of its length.
fn slices(stream: &[u8], cuts: &[u16]) -> Vec<Bytes> {
    let mut at: Vec<_> = cuts.iter().map(|cut| stream.len() * usize::from(*cut) / 65_536).collect();
    at.push(0);
    at.push(stream.len());
    at.sort_unstable();
    at.windows(2).map(|pair| Bytes::copy_from_slice(&stream[pair[0]..pair[1]])).collect()
}

proptest! {
    #[test]
    fn any_fragment_size_and_any_slicing_give_the_same_messages(
        messages in messages(),
        max_len in 22_usize..400,
        cuts in prop::collection::vec(any::<u16>(), 0..20),
    ) {
        let mut fragmenter = Fragmenter::new();
        for message in &messages {
            fragmenter.push(message);
        }
        let mut stream = Vec::new();
        while let Some(sent) = fragmenter.poll_transmit(max_len) {
            prop_assert!(sent.len() <= max_len);
            stream.extend(sent);
        }
        let mut defragmenter = Defragmenter::new(FragmentLimits::default());
        let mut found = Vec::new();
        for slice in slices(&stream, &cuts) {
            defragmenter.handle_bytes(slice);
            found.extend(std::iter::from_fn(|| defragmenter.poll_message().unwrap()));
        }
        prop_assert_eq!(found, messages);
    }

    #[test]
    fn any_bytes_end_in_messages_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let mut defragmenter = Defragmenter::new(FragmentLimits::default());
        defragmenter.handle_bytes(Bytes::from(bytes));
        while let Ok(Some(_)) = defragmenter.poll_message() {}
    }
}
