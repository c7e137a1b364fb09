use super::*;

/// What serde_json makes of the same; the error is a text that is no UTF-8, or none at all.
fn oracle(json: &[u8]) -> Result<(String, usize), ()> {
    let mut strings = serde_json::Deserializer::from_slice(json).into_iter::<String>();
    match strings.next() {
        Some(Ok(text)) => Ok((text, strings.byte_offset())),
        _ => Err(()),
    }
}

fn check(json: &[u8]) {
    let expected = oracle(json);
    for unescaper in Unescaper::all() {
        let shown = String::from_utf8_lossy(json);
        let mut whole = json.to_vec();
        match (read(unescaper, &mut whole, 1), &expected) {
            (Ok((text, behind)), Ok((expected, place))) => {
                assert_eq!(String::from_utf8_lossy(&whole[text]), *expected, "{shown}");
                assert_eq!(whole[behind..], json[behind..], "{shown}");
                assert_eq!(behind, *place, "{shown}");
            }
            (Ok((text, _)), Err(())) => assert!(std::str::from_utf8(&whole[text]).is_err(), "{shown}"),
            (Err(at), expected) => {
                assert_eq!(*expected, Err(()), "{shown}");
                assert_eq!(whole[at..], json[at..], "{shown}");
            }
        }
    }
}

#[test]
fn strings_are_read_as_serde_json_reads_them_and_refused_alike() {
    let pieces: [&[u8]; 30] = [
        b"a",
        b"text that fills a good part of a block ",
        &[b'x'; 300],
        "é山😀".as_bytes(),
        b"\\u003C",
        b"\\u003e\\u003c",
        b"\\u0022\\u003E\\u003C",
        b"\\\"",
        b"\\\\",
        b"\\/",
        b"\\r\\n",
        b"\\b\\f\\t",
        b"\\u0000",
        b"\\u007f\\u0080\\u00fF",
        b"\\u0416",
        b"\\uFFFF",
        b"\\ud83d\\uDE00",
        // From here on, what is no string or no text.
        b"\\ud83d",
        b"\\ude00\\ud83d",
        b"\\ud83d\\u0041",
        b"\\ud83d\\n",
        b"\\ud83d\\ud83d\\ude00",
        b"\\u003G",
        b"\\u0g3C",
        b"\\u+03C",
        b"\\x",
        b"\n",
        b"\x1F",
        b"\xC3",
        b"\"",
    ];
    let mut state = 1_u64;
    let mut next = |below: u64| {
        state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        usize::try_from((state >> 33) % below).unwrap()
    };
    for round in 0..if cfg!(miri) { 60 } else { 6000 } {
        let mut json = b"\"".to_vec();
        for _ in 0..next(60) {
            let good = if next(20) != 0 || round % 2 == 0 { 17 } else { 30 };
            json.extend_from_slice(pieces[next(good)]);
        }
        json.extend_from_slice(&b"\"}]} and more that is not looked at"[..next(30)]);
        check(&json);
        let len = json.len();
        json.truncate(next(40).max(len.saturating_sub(next(40))).max(1));
        check(&json);
    }
}

#[test]
fn every_escape_is_read_at_every_place_of_a_window() {
    let row = "\\".repeat(75);
    let escapes = [
        "\\u003C",
        "\\\"",
        "\\u003E\\u003C",
        "\\ud83d\\ude00",
        "é",
        "\\u00e9",
        "\\u003",
        "\\q",
        "\t",
        "\\\\",
        "\\\\\\\"",
        "\\\\u003C",
        "\\\\\\u003C",
        row.as_str(),
        &row[1..],
    ];
    for ahead in 0..if cfg!(miri) { 3 } else { 330 } {
        for escape in escapes {
            for behind in [0, 400] {
                check(format!("\"{}{escape}{}\"", "x".repeat(ahead), "y".repeat(behind)).as_bytes());
            }
        }
    }
}

#[test]
fn any_byte_in_an_escape_is_read_or_refused_as_serde_json_does() {
    for byte in (0..=u8::MAX).step_by(if cfg!(miri) { 37 } else { 1 }) {
        for (ahead, behind) in [("\\", ""), ("\\u00", "0"), ("\\u003", ""), ("\\u0", "3C"), ("\\u", "03C")] {
            let text = [ahead.as_bytes(), &[byte], behind.as_bytes()].concat();
            check(&[b"\"x".as_slice(), &text, &[b'y'; 400], b"\""].concat());
        }
    }
}

#[test]
fn a_text_that_begins_behind_its_json_is_none() {
    assert_eq!(json_string(&mut [b'"'], 2), Err(2));
    assert_eq!(json_string(&mut [], 0), Err(0));
    assert_eq!(json_string(&mut [b'"'], 0), Ok((0..0, 1)));
}
