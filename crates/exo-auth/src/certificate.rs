//! An application's certificate and the key behind it.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rsa::sha2::{Digest, Sha256};
use rsa::signature::Verifier;
use rsa::traits::PublicKeyParts;
use rsa::{BigUint, RsaPublicKey, pkcs1v15, pss};
use sha1::{Digest as _, Sha1};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

pub use self::error::CertificateError;
use self::key::RsaSigner;

mod error;
mod file;
mod key;

/// How an assertion is signed ([RFC 7518] section 3.1). Both are RSA over SHA-256.
///
/// [RFC 7518]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// RSASSA-PSS with a salt as long as the digest.
    Ps256,
    /// RSASSA-PKCS1-v1_5.
    Rs256,
}

/// Signs with a private key, wherever that is.
pub trait Signer: Send + Sync {
    /// Signs `data`, which is not hashed yet. The error is a sentence for people.
    fn sign<'a>(
        &'a self,
        algorithm: SignatureAlgorithm,
        data: &'a [u8],
    ) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>>;
}

/// A certificate whose key can sign: RSA, 2048 to 4096 bits.
#[derive(Clone)]
pub struct ClientCertificate {
    der: Vec<u8>,
    public: RsaPublicKey,
    not_before: SystemTime,
    not_after: SystemTime,
    signer: Arc<dyn Signer>,
}

impl ClientCertificate {
    /// Opens a PFX (PKCS#12) or PEM file; which of the two it is shows in its first bytes.
    ///
    /// # Errors
    /// One of [`CertificateError`] for each thing that can be wrong with it.
    pub fn from_file(bytes: &[u8], password: Option<&str>) -> Result<Self, CertificateError> {
        let (certificates, key) = file::open(bytes, password)?;
        let private = key::rsa_of(&key)?;
        // A file may hold the chain too: the certificate of this key is the one with its modulus.
        let mut first_error = None;
        for certificate in certificates {
            match Self::of_public(certificate).map(|(der, public, from, to)| {
                (public.n() == private.n() && public.e() == private.e()).then_some((der, public, from, to))
            }) {
                Ok(Some((der, public, not_before, not_after))) => {
                    let signer = Arc::new(RsaSigner::new(private));
                    return Ok(Self { der, public, not_before, not_after, signer });
                }
                Ok(None) => first_error = first_error.or(Some(CertificateError::OtherKey)),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.unwrap_or(CertificateError::NoCertificate))
    }

    /// A certificate (DER) with its private key (PKCS#8, DER).
    ///
    /// # Errors
    /// As [`ClientCertificate::from_file`].
    pub fn from_der(certificate: Vec<u8>, pkcs8: &[u8]) -> Result<Self, CertificateError> {
        let private = key::rsa_of_pkcs8(pkcs8)?;
        let (der, public, not_before, not_after) = Self::of_public(certificate)?;
        if public.n() != private.n() || public.e() != private.e() {
            return Err(CertificateError::OtherKey);
        }
        Ok(Self { der, public, not_before, not_after, signer: Arc::new(RsaSigner::new(private)) })
    }

    /// A certificate (DER) whose key stays where it is.
    ///
    /// # Errors
    /// The certificate cannot be read, or has no RSA key of 2048 to 4096 bits.
    pub fn with_signer(certificate: Vec<u8>, signer: Arc<dyn Signer>) -> Result<Self, CertificateError> {
        let (der, public, not_before, not_after) = Self::of_public(certificate)?;
        Ok(Self { der, public, not_before, not_after, signer })
    }

    /// When the certificate ends.
    pub fn not_after(&self) -> SystemTime {
        self.not_after
    }

    /// The SHA-256 of the certificate in base64url: the header field `x5t#S256` of an assertion.
    pub fn thumbprint_sha256(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.der))
    }

    /// The SHA-1 of the certificate in base64url: the header field `x5t` of an assertion.
    pub fn thumbprint_sha1(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha1::digest(&self.der))
    }

    pub(crate) fn check_time(&self, now: SystemTime) -> Result<(), CertificateError> {
        if self.not_after < now {
            return Err(CertificateError::Expired { end: self.not_after, now });
        }
        if now < self.not_before {
            return Err(CertificateError::NotYet { start: self.not_before, now });
        }
        Ok(())
    }

    /// Signs, and checks the signature with the certificate's own key: a broken or foreign one is not sent.
    pub(crate) async fn sign(
        &self,
        algorithm: SignatureAlgorithm,
        data: &[u8],
    ) -> Result<Vec<u8>, CertificateError> {
        let signature = self
            .signer
            .sign(algorithm, data)
            .await
            .map_err(|said| CertificateError::Signing { said: crate::answer::plain(&said) })?;
        let fits = match algorithm {
            SignatureAlgorithm::Ps256 => pss::Signature::try_from(&*signature).is_ok_and(|signature| {
                pss::VerifyingKey::<Sha256>::new(self.public.clone()).verify(data, &signature).is_ok()
            }),
            SignatureAlgorithm::Rs256 => pkcs1v15::Signature::try_from(&*signature).is_ok_and(|signature| {
                pkcs1v15::VerifyingKey::<Sha256>::new(self.public.clone()).verify(data, &signature).is_ok()
            }),
        };
        if fits { Ok(signature) } else { Err(CertificateError::ForeignSignature) }
    }

    /// The certificate itself, its key, and from when to when it holds.
    fn of_public(der: Vec<u8>) -> Result<(Vec<u8>, RsaPublicKey, SystemTime, SystemTime), CertificateError> {
        let unreadable = |detail| CertificateError::Unreadable { what: "certificate", detail };
        let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| unreadable("it is not X.509"))?;
        let public = match certificate.public_key().parsed() {
            Ok(PublicKey::RSA(key)) => {
                (BigUint::from_bytes_be(key.modulus), BigUint::from_bytes_be(key.exponent))
            }
            Ok(_) => return Err(CertificateError::NotRsa),
            Err(_) => return Err(unreadable("its public key cannot be read")),
        };
        let bits = public.0.bits();
        if !key::BITS.contains(&bits) {
            return Err(CertificateError::KeySize { bits });
        }
        let public = RsaPublicKey::new(public.0, public.1)
            .map_err(|_| unreadable("its public key is no usable RSA key"))?;
        let validity = certificate.validity();
        let time = |time: x509_parser::time::ASN1Time| {
            let seconds = u64::try_from(time.timestamp()).unwrap_or(0);
            UNIX_EPOCH.checked_add(Duration::from_secs(seconds)).unwrap_or(UNIX_EPOCH)
        };
        let (from, to) = (time(validity.not_before), time(validity.not_after));
        Ok((der, public, from, to))
    }
}

/// The thumbprint is not secret; who it belongs to is not shown.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate")
            .field("thumbprint", &self.thumbprint_sha256())
            .finish_non_exhaustive()
    }
}
