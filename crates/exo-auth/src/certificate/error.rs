//! What can be wrong with a certificate, its file or its key.

use std::time::SystemTime;

use crate::clock::utc;

/// Why a certificate cannot sign in.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Neither PFX nor PEM.
    #[error("the certificate file is neither a PFX (PKCS#12) nor a PEM file")]
    UnknownFormat,
    /// A part of the file breaks its format.
    #[error("the {what} cannot be read: {detail}")]
    Unreadable {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        detail: &'static str,
    },
    /// The file is encrypted, and no password was given.
    #[error("the certificate file is protected by a password, and none was given")]
    NoPassword,
    /// The password does not open the file.
    #[error("the password of the certificate file is wrong")]
    WrongPassword,
    /// The file is encrypted in a way that is not read here.
    #[error("the certificate file is encrypted in a way that is not supported: {detail}")]
    Encryption {
        /// Which one.
        detail: &'static str,
    },
    /// Certificates only.
    #[error("the certificate file has no private key in it")]
    NoKey,
    /// A key only.
    #[error("the certificate file has no certificate in it")]
    NoCertificate,
    /// The certificates in the file belong to other keys.
    #[error("the certificate does not belong to the private key beside it")]
    OtherKey,
    /// An elliptic curve, or another key that is not RSA.
    #[error("the certificate's key is not an RSA key, and the sign-in service takes only RSA")]
    NotRsa,
    /// Too short, or longer than anything the service takes.
    #[error("the certificate's RSA key has {bits} bits, and 2048 to 4096 are accepted")]
    KeySize {
        /// The length of the modulus.
        bits: usize,
    },
    /// Its time is over.
    #[error("the certificate ended at {}, and by this machine's clock it is {}", utc(*end), utc(*now))]
    Expired {
        /// When it ended.
        end: SystemTime,
        /// The time now.
        now: SystemTime,
    },
    /// Its time has not begun.
    #[error("the certificate holds only from {}, and by this machine's clock it is {}", utc(*start), utc(*now))]
    NotYet {
        /// When it begins.
        start: SystemTime,
        /// The time now.
        now: SystemTime,
    },
    /// The key did not sign.
    #[error("the private key could not sign: {said}")]
    Signing {
        /// What it said.
        said: String,
    },
    /// A signature came back that the certificate's public key does not accept.
    #[error("the signature that came back does not belong to the certificate")]
    ForeignSignature,
}

impl CertificateError {
    /// What to do, in one sentence.
    pub fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownFormat | Self::Unreadable { .. } => {
                "export the certificate with its private key again, as PFX or as PEM"
            }
            Self::NoPassword => "give the certificate's password",
            Self::WrongPassword => "check the password",
            Self::Encryption { .. } => "convert the key, for example with openssl pkcs8 -topk8",
            Self::NoKey => "export the certificate together with its private key",
            Self::NoCertificate => "put the certificate into the same file as the key",
            Self::OtherKey => "put the certificate of this key into the file",
            Self::NotRsa | Self::KeySize { .. } => {
                "make an RSA certificate of 2048 bits and register it with the application"
            }
            Self::Expired { .. } => "renew the certificate and register the new one with the application",
            Self::NotYet { .. } => "check this machine's clock",
            Self::Signing { .. } | Self::ForeignSignature => return None,
        })
    }
}
