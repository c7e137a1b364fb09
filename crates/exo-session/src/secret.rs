//! The session key of one PSRP session (MS-PSRP 2.2.2.3, 2.2.2.4): RSA-2048 to get it, AES-256-CBC to use it.

use std::fmt;

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use psrp::secret::RSA_LEN;
use psrp::{EncryptedKey, PublicKey, SecretCodec, SecretError};
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Encrypt, RsaPrivateKey};
use zeroize::Zeroizing;

/// A fresh key pair for one session, good for one decryption. Wiped when it goes.
pub(crate) struct KeyPair {
    private: RsaPrivateKey,
    public: PublicKey,
}

impl KeyPair {
    /// Searches for two primes, which takes a noticeable part of a second: not for a thread that others wait for.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub(crate) fn generate() -> Result<Self, SecretError> {
        let private = RsaPrivateKey::new(&mut OsRng, RSA_LEN * 8).map_err(|_| SecretError)?;
        let exponent = match private.e().to_bytes_be().as_slice() {
            [high, middle, low] => u32::from_be_bytes([0, *high, *middle, *low]),
            // What the crate chooses is 65537.
            _ => return Err(SecretError),
        };
        let modulus = private.n().to_bytes_be().try_into().map_err(|_| SecretError)?;
        Ok(Self { private, public: PublicKey { exponent, modulus } })
    }

    /// The half for the server.
    pub(crate) fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Decrypts the session key. The private key is gone after it, whatever comes of it.
    ///
    /// # Errors
    /// One for everything that may be wrong with the key.
    pub(crate) fn open(self, encrypted: &EncryptedKey) -> Result<SessionKey, SecretError> {
        let key = self.private.decrypt_blinded(&mut OsRng, Pkcs1v15Encrypt, &encrypted.0);
        let key = Zeroizing::new(key.map_err(|_| SecretError)?);
        let key = <[u8; KEY_LEN]>::try_from(key.as_slice()).map_err(|_| SecretError)?;
        Ok(SessionKey(Zeroizing::new(key)))
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyPair")
    }
}

/// The AES key of a session.
pub(crate) struct SessionKey(Zeroizing<[u8; KEY_LEN]>);

impl SecretCodec for SessionKey {
    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        let cipher = cbc::Encryptor::<Aes256>::new((&*self.0).into(), &IV.into());
        // One block more at most, taken at once so that growing leaves no copy of the text behind.
        let mut buffer = vec![0; (plain.len() / BLOCK_LEN + 1) * BLOCK_LEN];
        cipher.encrypt_padded_b2b::<Pkcs7>(plain, &mut buffer).map_err(|_| SecretError)?;
        Ok(buffer)
    }

    fn decrypt(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let cipher = cbc::Decryptor::<Aes256>::new((&*self.0).into(), &IV.into());
        let mut buffer = Zeroizing::new(vec![0; sealed.len()]);
        let len = cipher.decrypt_padded_b2b::<Pkcs7>(sealed, &mut buffer).map_err(|_| SecretError)?.len();
        buffer.truncate(len);
        Ok(buffer)
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey")
    }
}

const KEY_LEN: usize = 32;
const BLOCK_LEN: usize = 16;
/// Fixed by 2.2.5.1.24; a key lives for one session.
const IV: [u8; BLOCK_LEN] = [0; BLOCK_LEN];

#[cfg(test)]
mod tests;
