//! Why a certificate was refused.

use std::fmt;

/// What is wrong with a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CertificateProblem {
    UnknownIssuer,
    WrongName,
    Expired,
    NotYetValid,
    Revoked,
    Other,
}

impl CertificateProblem {
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::UnknownIssuer => {
                "if you trust its issuer, name the issuer's certificate with --ca-file or SSL_CERT_FILE"
            }
            Self::WrongName => "connect to a name that the certificate contains",
            Self::Expired | Self::NotYetValid => {
                "check this machine's clock, or renew the server's certificate"
            }
            Self::Revoked | Self::Other => "the server needs another certificate",
        }
    }
}

impl fmt::Display for CertificateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnknownIssuer => "is not trusted: its issuer is unknown here",
            Self::WrongName => "is made out to another name",
            Self::Expired => "has expired",
            Self::NotYetValid => "is not valid yet",
            Self::Revoked => "was revoked",
            Self::Other => "is not acceptable",
        })
    }
}
