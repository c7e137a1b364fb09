use rsa::{BigUint, RsaPublicKey};

use super::*;

fn wrap(pair: &KeyPair, key: &[u8]) -> EncryptedKey {
    let public = pair.public();
    let (modulus, exponent) = (BigUint::from_bytes_be(&public.modulus), BigUint::from(public.exponent));
    let public = RsaPublicKey::new(modulus, exponent).unwrap();
    EncryptedKey(public.encrypt(&mut OsRng, Pkcs1v15Encrypt, key).unwrap().try_into().unwrap())
}

#[test]
fn the_key_that_the_server_chose_comes_out() {
    let pair = KeyPair::generate().unwrap();
    let encrypted = wrap(&pair, &[7; 32]);
    let key = pair.open(&encrypted).unwrap();
    assert_eq!(*key.0, [7; 32]);
}

#[test]
fn everything_wrong_with_a_session_key_is_the_same_error() {
    let of_length = |len: usize| {
        let pair = KeyPair::generate().unwrap();
        let encrypted = wrap(&pair, &vec![7; len]);
        pair.open(&encrypted)
    };
    let damaged = {
        let pair = KeyPair::generate().unwrap();
        let mut encrypted = wrap(&pair, &[7; 32]);
        encrypted.0[100] ^= 1;
        pair.open(&encrypted)
    };
    for outcome in [of_length(31), of_length(33), damaged] {
        assert_eq!(outcome.err(), Some(SecretError));
    }
}

/// Made with OpenSSL: AES-256-CBC, zero IV, PKCS#7, over UTF-16LE.
#[test]
fn secure_strings_are_as_the_specification_says() {
    let key = SessionKey(Zeroizing::new(std::array::from_fn(|index| u8::try_from(index).unwrap())));
    for (plain, sealed) in [
        ("", "9f3b7504926f8bd36e3118e903a4cd4a"),
        ("password", "bb51d0c3a5e719ca7e76f46e8e98d7fb4f73bd4201b5070a0feec78a601828b9"),
    ] {
        let units: Vec<u8> = plain.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let made = key.encrypt(&units).unwrap();
        let hex: String = made.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, sealed, "{plain}");
        assert_eq!(*key.decrypt(&made).unwrap(), units);
    }
    for wrong in [&[][..], &[1; 15], &[1; 16], &[1; 33]] {
        assert_eq!(key.decrypt(wrong).err(), Some(SecretError), "{wrong:?}");
    }
}
