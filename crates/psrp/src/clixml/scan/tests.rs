use super::*;

struct Measure<'a>(Scanner, &'a [u8; 32], &'a mut usize);

impl Work for Measure<'_> {
    fn run(self) {
        *self.2 = self.0.plain_len::<false>(self.1);
    }
}

#[test]
fn wide_scans_agree_with_a_byte_loop() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in (0..2000_u64).step_by(if cfg!(miri) { 251 } else { 1 }) {
        let len = usize::try_from(next() % 70).unwrap();
        let bytes: Vec<u8> = (0..len)
            .map(|_| {
                let [byte, pick, ..] = next().to_le_bytes();
                if u64::from(pick) % 40 < round % 40 { b'a' | byte & 0x80 } else { byte }
            })
            .collect();
        for from in 0..=len {
            let slow =
                |hit: fn(u8) -> bool| bytes[from..].iter().position(|b| hit(*b)).map_or(len, |at| from + at);
            for scanner in [Scanner::detect(), Scanner::Portable] {
                assert_eq!(scanner.find::<Markup>(&bytes, from), slow(is_markup));
                assert_eq!(scanner.find::<Special>(&bytes, from), slow(is_special));
                assert_eq!(scanner.find::<Unusual>(&bytes, from), slow(is_unusual));
                let text = &bytes[from..];
                assert_eq!(scanner.stands_for_itself(text), slow(is_unusual) == len);
                assert_eq!(scanner.is_plain(text), !text.iter().any(|byte| is_escapable(*byte, false)));
                if let Some(block) = text.first_chunk::<32>() {
                    let slow = |hit: fn(u8) -> bool| slow(hit).min(from + 32) - from;
                    assert_eq!(scanner.len_before::<Markup>(block), slow(is_markup));
                    assert_eq!(scanner.len_before::<Special>(block), slow(is_special));
                    assert_eq!(scanner.len_before::<Unusual>(block), slow(is_unusual));
                    assert_eq!(scanner.plain_len::<false>(block), slow(|byte| is_escapable(byte, false)));
                    assert_eq!(scanner.plain_len::<true>(block), slow(|byte| is_escapable(byte, true)));
                    let mut other = *block;
                    assert_eq!(scanner.common_len(block, &other), other.len());
                    let at = usize::from(block[0]) % other.len();
                    other[at..].iter_mut().for_each(|byte| *byte ^= 1 << (at % 8));
                    assert_eq!(scanner.common_len(block, &other), at);
                    let mut len = 0;
                    scanner.run(Measure(scanner, block, &mut len));
                    assert_eq!(len, plain_len::<false>(block));
                }
            }
            assert_eq!(find_tag(&bytes, from), slow(|byte| byte == b'<'));
        }
    }
}

#[test]
fn one_byte_anywhere_keeps_a_text_from_standing_for_itself() {
    for scanner in [Scanner::detect(), Scanner::Portable] {
        for len in (0..100).step_by(if cfg!(miri) { 31 } else { 1 }) {
            let mut text = vec![b'a'; len];
            assert!(scanner.stands_for_itself(&text));
            for at in 0..len {
                for byte in [0, b'\t', 0x1F, b'&', b'<', b'_', 0x80, 0xFF] {
                    text[at] = byte;
                    assert!(!scanner.stands_for_itself(&text), "{byte} at {at} of {len}");
                }
                for byte in [b' ', b'>', b'"', 0x7F] {
                    text[at] = byte;
                    assert!(scanner.stands_for_itself(&text), "{byte} at {at} of {len}");
                }
                text[at] = b'a';
            }
        }
    }
}

#[test]
fn utf8_is_checked_as_the_standard_library_does() {
    let pieces: [&[u8]; 9] = [
        b"a",
        b"plain text ",
        "é".as_bytes(),
        "山".as_bytes(),
        "😀".as_bytes(),
        b"\xFF",
        b"\xC3",
        b"\xE5\xB1",
        &[b'x'; 200],
    ];
    let mut state = 1_u64;
    for round in 0..if cfg!(miri) { 60 } else { 3000 } {
        let mut bytes = Vec::new();
        for _ in 0..round % 40 {
            state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
            let good = if round % 2 == 0 { 5 } else { 9 };
            bytes.extend_from_slice(pieces[usize::try_from((state >> 33) % good).unwrap()]);
        }
        let expected = std::str::from_utf8(&bytes).map(drop).map_err(|error| error.valid_up_to());
        for scanner in [Scanner::detect(), Scanner::Portable] {
            assert_eq!(scanner.check_utf8(&bytes), expected, "{bytes:?}");
        }
    }
}

#[test]
#[cfg_attr(miri, ignore = "hundreds of thousands of texts are too much for an interpreter")]
fn each_character_is_one_to_the_standard_library_too() {
    // All that a first and a second byte decide, with a third and a fourth at the ends of what may follow, and beyond.
    let ends = [None, Some(0x7F), Some(0x80), Some(0xBF), Some(0xC0)];
    for (first, second) in (0x80..=0xFF).flat_map(|first| (0..=0xFF).map(move |second| (first, second))) {
        for (third, fourth) in ends.iter().flat_map(|third| ends.map(|fourth| (*third, fourth))) {
            let text: Vec<u8> = [first, second].into_iter().chain(third).chain(fourth).collect();
            let expected = (2..=text.len()).find(|len| std::str::from_utf8(&text[..*len]).is_ok());
            assert_eq!(char_len(&text), expected, "{text:X?}");
        }
    }
}

#[test]
fn base64_is_decoded_alike_on_every_path_and_refused_alike() {
    for len in (0..200_u8).step_by(if cfg!(miri) { 13 } else { 1 }) {
        let bytes: Vec<u8> = (0..len).map(|at| at.wrapping_mul(73) ^ len).collect();
        let mut text = BASE64.encode(&bytes).into_bytes();
        for scanner in [Scanner::detect(), Scanner::Portable] {
            let mut out = b"ahead".to_vec();
            assert!(scanner.decode_base64(&text, &mut out));
            assert_eq!(out, [b"ahead", bytes.as_slice()].concat());
        }
        let no_digits = (0..=u8::MAX).filter(|byte| !byte.is_ascii_alphanumeric() && !b"+/".contains(byte));
        let no_digits = no_digits.step_by(if cfg!(miri) { 19 } else { 1 });
        for wrong in no_digits.filter(|_| len != 0) {
            text[usize::from(wrong) % usize::from(len)] = wrong;
            for scanner in [Scanner::detect(), Scanner::Portable] {
                assert!(!scanner.decode_base64(&text, &mut Vec::new()), "{wrong}");
            }
        }
    }
}

#[test]
fn base64_is_encoded_alike_on_every_path() {
    for len in (0..300_u16).step_by(if cfg!(miri) { 47 } else { 1 }) {
        let bytes: Vec<u8> = (0..len).map(|at| (at.wrapping_mul(151) ^ len).to_le_bytes()[0]).collect();
        let expected = ["ahead", &BASE64.encode(&bytes)].concat();
        for scanner in [Scanner::detect(), Scanner::Portable] {
            let mut out = b"ahead".to_vec();
            scanner.encode_base64(&bytes, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}

#[test]
fn the_digits_at_the_start_of_a_word_are_a_number() {
    for (text, value, len) in [
        ("0<......", 0, 1),
        ("7\".......", 7, 1),
        ("1234<../", 1234, 4),
        ("12345678", 12_345_678, 8),
        ("99999999", 99_999_999, 8),
        ("0000001:", 1, 7),
        ("x1234567", 0, 0),
        ("/1234567", 0, 0),
        ("12é45678", 12, 2),
    ] {
        assert_eq!(leading_digits(word_at(text.as_bytes(), 0)), (value, len), "{text}");
    }
}

#[test]
fn a_name_ends_at_a_space_a_slash_or_a_bracket() {
    for (text, len) in [
        ("S N=\"x\"", 1),
        ("Obj>....", 3),
        ("Nil />..", 3),
        ("I32/>...", 3),
        ("ToString", 8),
        ("T\n......", 1),
    ] {
        assert_eq!(name_len(word_at(text.as_bytes(), 0)), len, "{text}");
    }
}

#[test]
fn the_same_bytes_are_the_same() {
    for len in 0..40 {
        let left = vec![7_u8; len];
        assert!(same(&left, &left.clone()));
        for at in 0..len {
            let mut right = left.clone();
            right[at] = 8;
            assert!(!same(&left, &right));
        }
        assert!(!same(&left, &vec![7; len + 1]));
    }
}

fn is_unusual(byte: u8) -> bool {
    is_special(byte) || !byte.is_ascii()
}

fn is_special(byte: u8) -> bool {
    is_markup(byte) || byte == b'_'
}

fn is_markup(byte: u8) -> bool {
    matches!(byte, b'<' | b'&') || byte < FIRST_PRINTABLE
}

#[test]
fn what_may_have_to_be_escaped_is_little() {
    let escapable = |byte: &u8| is_escapable(*byte, true);
    let expected =
        |byte: &u8| matches!(byte, 0..=0x1F | b'"' | b'&' | b'<' | b'>' | b'_' | 0x7F | 0xC2 | 0xED | 0xEF..);
    let all = || 0..=u8::MAX;
    assert!(all().filter(escapable).eq(all().filter(expected)));
}
