//! The session key that a shell gives its client for secure strings.

use aes::Aes256;
use cbc::cipher::block_padding::Pkcs7;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use psrp::{EncryptedKey, PublicKey, SecretCodec, SecretError};
use rsa::rand_core::{OsRng, RngCore};
use rsa::{BigUint, Pkcs1v15Encrypt, RsaPublicKey};
use zeroize::Zeroizing;

/// An AES-256 key of one shell.
pub(super) struct ShellKey(Zeroizing<[u8; 32]>);

impl ShellKey {
    /// A fresh key, and the same key for the owner of this public key alone.
    pub(super) fn generate(client: &PublicKey) -> Result<(Self, EncryptedKey), SecretError> {
        let mut key = Zeroizing::new([0; 32]);
        OsRng.try_fill_bytes(&mut *key).map_err(|_| SecretError)?;
        let modulus = BigUint::from_bytes_be(&client.modulus);
        let public = RsaPublicKey::new(modulus, BigUint::from(client.exponent)).map_err(|_| SecretError)?;
        let encrypted = public.encrypt(&mut OsRng, Pkcs1v15Encrypt, &*key).map_err(|_| SecretError)?;
        let encrypted = encrypted.try_into().map_err(|_| SecretError)?;
        Ok((Self(key), EncryptedKey(encrypted)))
    }
}

impl SecretCodec for ShellKey {
    fn encrypt(&self, plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        let cipher = cbc::Encryptor::<Aes256>::new((&*self.0).into(), &[0; 16].into());
        Ok(cipher.encrypt_padded_vec::<Pkcs7>(plain))
    }

    fn decrypt(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SecretError> {
        let cipher = cbc::Decryptor::<Aes256>::new((&*self.0).into(), &[0; 16].into());
        cipher.decrypt_padded_vec::<Pkcs7>(sealed).map(Zeroizing::new).map_err(|_| SecretError)
    }
}

impl std::fmt::Debug for ShellKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShellKey")
    }
}
