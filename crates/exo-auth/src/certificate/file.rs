//! Certificate files: PFX (PKCS#12, [RFC 7292]) and PEM ([RFC 7468]).
//!
//! [RFC 7292]: https://www.rfc-editor.org/rfc/rfc7292
//! [RFC 7468]: https://www.rfc-editor.org/rfc/rfc7468

use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as PfxError;
use pem::Pem;
use pkcs8::EncryptedPrivateKeyInfoRef;
use zeroize::Zeroizing;

use super::CertificateError;
use super::key::KeyDer;

/// The certificates in a file, in its order, and the private key.
pub(super) fn open(bytes: &[u8], password: Option<&str>) -> Result<(Vec<Vec<u8>>, KeyDer), CertificateError> {
    match bytes.trim_ascii_start() {
        // A SEQUENCE, as every DER file begins.
        [0x30, ..] => open_pfx(bytes, password),
        text if text.windows(PEM_MARK.len()).any(|window| window == PEM_MARK) => open_pem(bytes, password),
        _ => Err(CertificateError::UnknownFormat),
    }
}

fn open_pfx(bytes: &[u8], password: Option<&str>) -> Result<(Vec<Vec<u8>>, KeyDer), CertificateError> {
    let archive = Pkcs12Archive::from_pkcs12(bytes, password.unwrap_or_default()).map_err(|error| {
        let unreadable = |detail| CertificateError::Unreadable { what: "PFX file", detail };
        match error {
            // A password that does not open the file shows in its checksum, or in what its encryption gives.
            PfxError::MacError(_) | PfxError::UnpadError | PfxError::Pkcs5Error(_) => match password {
                None | Some("") => CertificateError::NoPassword,
                Some(_) => CertificateError::WrongPassword,
            },
            PfxError::UnsupportedEncryptionScheme => {
                CertificateError::Encryption { detail: "it is none of AES, triple DES and RC2" }
            }
            PfxError::UnsupportedMacAlgorithm => {
                CertificateError::Encryption { detail: "its checksum is none of the SHA family" }
            }
            PfxError::DerError(_) => unreadable("it is damaged or cut off"),
            _ => unreadable("it breaks the rules of PKCS#12"),
        }
    })?;
    let certificates = archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect();
    let key = archive.keys.first().ok_or(CertificateError::NoKey)?;
    Ok((certificates, KeyDer::Pkcs8(Zeroizing::new(key.key.as_der().to_vec()))))
}

fn open_pem(bytes: &[u8], password: Option<&str>) -> Result<(Vec<Vec<u8>>, KeyDer), CertificateError> {
    let blocks = pem::parse_many(bytes)
        .map_err(|_| CertificateError::Unreadable { what: "PEM file", detail: "a block in it is damaged" })?;
    let mut certificates = Vec::new();
    let mut key = None;
    for block in blocks {
        match block.tag() {
            "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
                certificates.push(block.into_contents());
            }
            tag if tag.ends_with("PRIVATE KEY") && key.is_none() => key = Some(key_of(block, password)?),
            _ => {}
        }
    }
    Ok((certificates, key.ok_or(CertificateError::NoKey)?))
}

fn key_of(block: Pem, password: Option<&str>) -> Result<KeyDer, CertificateError> {
    let tag = block.tag().to_owned();
    let is_old_encryption = block.headers().get("Proc-Type").is_some();
    let contents = Zeroizing::new(block.into_contents());
    if is_old_encryption {
        return Err(CertificateError::Encryption {
            detail: "it is OpenSSL's old form, with a DEK-Info header",
        });
    }
    match tag.as_str() {
        "PRIVATE KEY" => Ok(KeyDer::Pkcs8(contents)),
        "RSA PRIVATE KEY" => Ok(KeyDer::Pkcs1(contents)),
        "ENCRYPTED PRIVATE KEY" => {
            let info = EncryptedPrivateKeyInfoRef::try_from(contents.as_slice()).map_err(|_| {
                CertificateError::Unreadable { what: "private key", detail: "it is not encrypted PKCS#8" }
            })?;
            let password = match password {
                None | Some("") => return Err(CertificateError::NoPassword),
                Some(password) => password,
            };
            if info.encryption_algorithm.pbes2().is_none() {
                return Err(CertificateError::Encryption { detail: "it is PBES1, of PKCS#5 version 1" });
            }
            let open = info.decrypt(password).map_err(|_| CertificateError::WrongPassword)?;
            Ok(KeyDer::Pkcs8(Zeroizing::new(open.as_bytes().to_vec())))
        }
        _ => Err(CertificateError::NotRsa),
    }
}

const PEM_MARK: &[u8] = b"-----BEGIN ";
