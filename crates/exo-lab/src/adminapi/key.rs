//! The key with which clients encrypt password parameters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts as _;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use zeroize::Zeroizing;

/// An RSA key of 2048 bits and its public half as the module text has it.
pub(super) struct Key {
    private: RsaPrivateKey,
    public: String,
}

impl Key {
    pub(super) fn generate() -> Option<Self> {
        let private = RsaPrivateKey::new(&mut OsRng, KEY_BITS).ok()?;
        let public = format!(
            "<RSAKeyValue><Modulus>{}</Modulus><Exponent>{}</Exponent></RSAKeyValue>",
            STANDARD.encode(private.n().to_bytes_be()),
            STANDARD.encode(private.e().to_bytes_be())
        );
        Some(Self { private, public })
    }

    /// `RSAKeyValue` XML.
    pub(super) fn public(&self) -> &str {
        &self.public
    }

    /// The text behind RSA PKCS#1 v1.5 and base64; `None` when it was encrypted with another key.
    pub(super) fn decrypt(&self, encrypted: &str) -> Option<Zeroizing<String>> {
        let encrypted = STANDARD.decode(encrypted).ok()?;
        let clear = self.private.decrypt_blinded(&mut OsRng, Pkcs1v15Encrypt, &encrypted).ok()?;
        let clear = Zeroizing::new(clear);
        Some(Zeroizing::new(std::str::from_utf8(&clear).ok()?.to_owned()))
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").finish_non_exhaustive()
    }
}

const KEY_BITS: usize = 2_048;
