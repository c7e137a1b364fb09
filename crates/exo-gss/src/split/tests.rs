use super::*;

fn token(rotation: u16, body: &[u8]) -> Vec<u8> {
    let mut token = vec![5, 4, 2, 0xff, 0, 0];
    token.extend(rotation.to_be_bytes());
    token.extend([0; 8]);
    token.extend_from_slice(body);
    token
}

#[test]
fn what_is_behind_the_message_goes_before_it() {
    let confounder = [1; 16];
    let plain = [&confounder[..], b"message", b"header copied and checksum"].concat();
    // The same ciphertext, as it is and rotated right by three.
    let mut rotated = plain.clone();
    rotated.rotate_right(3);
    for body in [token(0, &plain), token(3, &rotated)] {
        let sealed = split(body, 7).unwrap();
        assert_eq!(sealed.data, b"message");
        assert_eq!(sealed.header.len(), 16 + 26 + 16);
        assert_eq!(sealed.header[..8], [5, 4, 2, 0xff, 0, 0, 0, 26]);
        assert_eq!(&sealed.header[16..42], b"header copied and checksum");
    }
}

#[test]
fn tokens_of_another_shape_are_refused() {
    let body = [0; 40];
    let mut signed = token(0, &body);
    signed[2] = 0;
    for (name, token, len) in [
        ("nothing", Vec::new(), 0),
        ("RC4", [&[0x60, 0x1b][..], &body].concat(), 4),
        ("signed only", signed, 4),
        ("shorter than its message", token(0, &body), 25),
        ("longer than a length can say", token(0, &[0; 40]), usize::MAX - 20),
    ] {
        assert!(split(token, len).is_err(), "{name}");
    }
}
