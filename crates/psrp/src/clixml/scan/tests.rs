use super::*;

#[test]
fn wide_scans_agree_with_a_byte_loop() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for round in 0..2000_u64 {
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
            assert_eq!(find_special(&bytes, from), slow(is_special));
            assert_eq!(find_markup(&bytes, from), slow(is_markup));
            assert_eq!(find_tag(&bytes, from), slow(|byte| byte == b'<'));
        }
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
