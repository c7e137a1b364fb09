//! A throw-away certificate authority and the lab's own certificate.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{StartError, clouds};

/// The lab's certificate with its key, and where its issuer's certificate lies.
///
/// The file and its folder go away with this value.
pub(crate) struct Tls {
    folder: PathBuf,
    ca_file: PathBuf,
    server: Arc<ServerConfig>,
    bindings: Vec<u8>,
}

impl Tls {
    /// Makes both certificates and writes the authority's as PEM into a new folder.
    pub(crate) fn generate() -> Result<Self, StartError> {
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(DnType::CommonName, "exo-lab throw-away authority");
        authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        authority.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let authority_key = KeyPair::generate()?;
        let authority_certificate = authority.self_signed(&authority_key)?;
        let issuer = Issuer::new(authority, authority_key);

        let names = ["localhost", "127.0.0.1", "::1"].into_iter().chain(clouds::names());
        let mut leaf = CertificateParams::new(names.map(str::to_owned).collect::<Vec<_>>())?;
        leaf.distinguished_name.push(DnType::CommonName, "localhost");
        leaf.use_authority_key_identifier_extension = true;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf_key = KeyPair::generate()?;
        let leaf_certificate = leaf.signed_by(&leaf_key, &issuer)?;

        // RFC 5929 §4.1: the hash of the signature, which is SHA-256 here.
        let bindings = [b"tls-server-end-point:", &Sha256::digest(leaf_certificate.der())[..]].concat();
        let chain: Vec<CertificateDer<'static>> = vec![leaf_certificate.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        server.alpn_protocols = vec![b"http/1.1".to_vec()];

        let folder = std::env::temp_dir().join(format!("exo-lab-{}", Uuid::new_v4()));
        fs::create_dir(&folder).map_err(|source| StartError::Folder { path: folder.clone(), source })?;
        let ca_file = folder.join("ca.pem");
        let tls = Self { folder, ca_file, server: Arc::new(server), bindings };
        fs::write(&tls.ca_file, authority_certificate.pem())
            .map_err(|source| StartError::Folder { path: tls.ca_file.clone(), source })?;
        Ok(tls)
    }

    /// A folder that goes away with the lab when it is empty.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(crate) fn ca_file(&self) -> &Path {
        &self.ca_file
    }

    /// What a caller's ticket must be bound to, when it is bound to the connection.
    pub(crate) fn bindings(&self) -> Vec<u8> {
        self.bindings.clone()
    }

    pub(crate) fn server(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server)
    }
}

impl Drop for Tls {
    fn drop(&mut self) {
        // A folder that cannot be removed stays in the temporary directory; nothing depends on it.
        drop(fs::remove_file(&self.ca_file));
        drop(fs::remove_dir(&self.folder));
    }
}
