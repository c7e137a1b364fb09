//! Applications that sign in as themselves, and the certificates they are registered with.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use uuid::Uuid;

/// An application and its service principal in the tenant.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    id: Uuid,
    object_id: Uuid,
    name: &'static str,
    certificates: Vec<RegisteredCertificate>,
    /// Whether an Entra role (Exchange Administrator) is assigned to it beside the permission.
    has_role: bool,
}

impl Application {
    pub(crate) fn new(name: &'static str, certificates: Vec<RegisteredCertificate>, has_role: bool) -> Self {
        Self { id: Uuid::new_v4(), object_id: Uuid::new_v4(), name, certificates, has_role }
    }

    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    pub(crate) fn object_id(&self) -> Uuid {
        self.object_id
    }

    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn has_role(&self) -> bool {
        self.has_role
    }

    /// The certificate with this thumbprint: SHA-1 (`x5t`) or SHA-256 (`x5t#S256`).
    pub(crate) fn certificate(&self, thumbprint: &[u8]) -> Option<&RegisteredCertificate> {
        self.certificates.iter().find(|certificate| certificate.has(thumbprint))
    }
}

/// What the directory keeps of a certificate.
#[derive(Clone)]
pub(crate) struct RegisteredCertificate {
    sha1: Vec<u8>,
    sha256: Vec<u8>,
    /// RSAPublicKey of RFC 8017.
    public_key: Vec<u8>,
    /// The last second it is good, since 1970.
    not_after: u64,
}

impl RegisteredCertificate {
    pub(crate) fn new(der: &[u8], public_key: &[u8], not_after: u64) -> Self {
        Self {
            sha1: thumbprint(der),
            sha256: digest(&SHA256, der).as_ref().to_vec(),
            public_key: public_key.to_vec(),
            not_after,
        }
    }

    fn has(&self, thumbprint: &[u8]) -> bool {
        thumbprint == self.sha1 || thumbprint == self.sha256
    }

    pub(crate) fn is_over(&self, now: u64) -> bool {
        self.not_after < now
    }

    /// Whether the certificate's key made this signature.
    pub(crate) fn verifies(&self, algorithm: Algorithm, signed: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(algorithm.parameters(), &self.public_key);
        key.verify(signed.as_bytes(), signature).is_ok()
    }
}

impl std::fmt::Debug for RegisteredCertificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RegisteredCertificate").field("not_after", &self.not_after).finish_non_exhaustive()
    }
}

/// The signatures that Entra ID takes for client assertions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Ps256,
    Rs256,
}

impl Algorithm {
    fn parameters(self) -> &'static RsaParameters {
        match self {
            Self::Ps256 => &RSA_PSS_2048_8192_SHA256,
            Self::Rs256 => &RSA_PKCS1_2048_8192_SHA256,
        }
    }
}

/// The SHA-1 of a certificate: how portals and `x5t` name it.
pub(crate) fn thumbprint(der: &[u8]) -> Vec<u8> {
    digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref().to_vec()
}
