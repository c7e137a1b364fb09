//! Password parameters, encrypted for the service with the key that its catalogue carries.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, Pkcs1v15Encrypt, RsaPublicKey};

/// The service's public key.
pub(crate) struct ServiceKey(RsaPublicKey);

/// Why a secret was not encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealError {
    /// More bytes than one block of the key takes.
    TooLong {
        /// As many as it takes.
        limit: usize,
    },
    /// The system gives no random numbers.
    NoRandomness,
}

impl ServiceKey {
    /// Reads `<RSAKeyValue><Modulus>…</Modulus><Exponent>…</Exponent></RSAKeyValue>` with base64 inside. `None` for
    /// anything else, and for a key that is too short to keep a secret.
    pub(crate) fn read(xml: &str) -> Option<Self> {
        let number = |name: &str| {
            let (_, rest) = xml.split_once(&format!("<{name}>"))?;
            let (text, _) = rest.split_once(&format!("</{name}>"))?;
            let text: String = text.split_ascii_whitespace().collect();
            Some(BigUint::from_bytes_be(&STANDARD.decode(text).ok()?))
        };
        let key = RsaPublicKey::new(number("Modulus")?, number("Exponent")?).ok()?;
        (MIN_LEN <= key.size()).then_some(Self(key))
    }

    /// Encrypts with PKCS#1 v1.5 padding, into base64.
    pub(crate) fn seal(&self, plain: &[u8]) -> Result<String, SealError> {
        let limit = self.0.size() - PADDING_LEN;
        if limit < plain.len() {
            return Err(SealError::TooLong { limit });
        }
        let sealed =
            self.0.encrypt(&mut OsRng, Pkcs1v15Encrypt, plain).map_err(|_| SealError::NoRandomness)?;
        Ok(STANDARD.encode(sealed))
    }
}

impl fmt::Debug for ServiceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceKey")
    }
}

/// 1024 bits; the service's own key has 2048.
const MIN_LEN: usize = 128;
/// What PKCS#1 v1.5 needs of a block.
const PADDING_LEN: usize = 11;

#[cfg(test)]
pub(super) mod tests {
    use rsa::RsaPrivateKey;

    use super::*;

    /// A key of 1024 bits, and what opens what it seals.
    pub(in crate::adminapi) fn key_pair() -> (ServiceKey, impl Fn(&str) -> String) {
        let private = RsaPrivateKey::new(&mut OsRng, 1024).unwrap();
        let number = |number: &BigUint| STANDARD.encode(number.to_bytes_be());
        let xml = format!(
            "<RSAKeyValue>\n <Modulus>{}</Modulus><Exponent>{}</Exponent></RSAKeyValue>",
            number(private.n()),
            number(private.e())
        );
        let open = move |sealed: &str| {
            let plain = private.decrypt(Pkcs1v15Encrypt, &STANDARD.decode(sealed).unwrap()).unwrap();
            String::from_utf8(plain).unwrap()
        };
        (ServiceKey::read(&xml).unwrap(), open)
    }

    #[test]
    fn what_is_sealed_opens_with_the_private_key_and_differs_each_time() {
        let (key, open) = key_pair();
        let sealed = [key.seal("pässword".as_bytes()).unwrap(), key.seal("pässword".as_bytes()).unwrap()];
        assert_ne!(sealed[0], sealed[1]);
        for sealed in sealed {
            assert_eq!(open(&sealed), "pässword");
        }
        assert!(key.seal(&[b'x'; 117]).is_ok());
        assert_eq!(key.seal(&[b'x'; 118]), Err(SealError::TooLong { limit: 117 }));
    }

    #[test]
    fn what_is_no_key_is_none() {
        for xml in [
            "",
            "<RSAKeyValue />",
            "<Modulus>!</Modulus><Exponent>AQAB</Exponent>",
            "<Modulus>AAAA</Modulus><Exponent>AQAB</Exponent>",
            "<Modulus></Modulus><Exponent></Exponent>",
        ] {
            assert!(ServiceKey::read(xml).is_none(), "{xml}");
        }
    }
}
