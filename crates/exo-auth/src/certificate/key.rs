//! RSA keys in memory.

use std::future::{Future, ready};
use std::ops::RangeInclusive;
use std::pin::Pin;

use rsa::pkcs1::DecodeRsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, ObjectIdentifier, PrivateKeyInfo};
use rsa::rand_core::OsRng;
use rsa::sha2::Sha256;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, pkcs1v15, pss};
use zeroize::Zeroizing;

use super::{CertificateError, SignatureAlgorithm, Signer};

/// A private key as a file holds it.
pub(super) enum KeyDer {
    Pkcs1(Zeroizing<Vec<u8>>),
    Pkcs8(Zeroizing<Vec<u8>>),
}

pub(super) fn rsa_of(key: &KeyDer) -> Result<RsaPrivateKey, CertificateError> {
    match key {
        KeyDer::Pkcs8(der) => rsa_of_pkcs8(der),
        KeyDer::Pkcs1(der) => {
            let key = RsaPrivateKey::from_pkcs1_der(der).map_err(|_| CertificateError::Unreadable {
                what: "private key",
                detail: "it is not PKCS#1",
            })?;
            checked(key)
        }
    }
}

pub(super) fn rsa_of_pkcs8(der: &[u8]) -> Result<RsaPrivateKey, CertificateError> {
    let unreadable = |detail| CertificateError::Unreadable { what: "private key", detail };
    let info = PrivateKeyInfo::try_from(der).map_err(|_| unreadable("it is not PKCS#8"))?;
    if info.algorithm.oid != RSA_ENCRYPTION {
        return Err(CertificateError::NotRsa);
    }
    checked(RsaPrivateKey::from_pkcs8_der(der).map_err(|_| unreadable("it is no usable RSA key"))?)
}

fn checked(key: RsaPrivateKey) -> Result<RsaPrivateKey, CertificateError> {
    let bits = key.n().bits();
    if !BITS.contains(&bits) {
        return Err(CertificateError::KeySize { bits });
    }
    Ok(key)
}

/// A key that is wiped when dropped.
pub(super) struct RsaSigner {
    key: RsaPrivateKey,
}

impl RsaSigner {
    pub(super) fn new(key: RsaPrivateKey) -> Self {
        Self { key }
    }
}

impl Signer for RsaSigner {
    /// Both ways are blinded: RUSTSEC-2023-0071 is about the time that an unblinded operation takes.
    fn sign<'a>(
        &'a self,
        algorithm: SignatureAlgorithm,
        data: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>> {
        let signature = match algorithm {
            SignatureAlgorithm::Ps256 => pss::BlindedSigningKey::<Sha256>::new(self.key.clone())
                .try_sign_with_rng(&mut OsRng, data)
                .map(|signature| signature.to_vec()),
            SignatureAlgorithm::Rs256 => pkcs1v15::SigningKey::<Sha256>::new(self.key.clone())
                .try_sign_with_rng(&mut OsRng, data)
                .map(|signature| signature.to_vec()),
        };
        Box::pin(ready(signature.map_err(|_| "the key does not fit itself".to_owned())))
    }
}

/// What the service takes, and what signs in a reasonable time.
pub(super) const BITS: RangeInclusive<usize> = 2048..=4096;
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
