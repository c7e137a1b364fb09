//! Throw-away certificates for an application, as files that clients read.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rcgen::{
    CertificateParams, DnType, KeyPair, PKCS_RSA_SHA256, PublicKeyData as _, RsaKeySize, date_time_ymd,
};

use crate::StartError;
use crate::entra::RegisteredCertificate;

/// Where an application's certificates lie, and how they are opened.
#[derive(Debug, Clone)]
pub struct CertificateFiles {
    folder: PathBuf,
}

impl CertificateFiles {
    /// Certificate and unencrypted key, PEM.
    pub fn pem(&self) -> PathBuf {
        self.folder.join("app.pem")
    }

    /// The same with its key encrypted (PKCS#8, AES-256), PEM.
    pub fn encrypted_pem(&self) -> PathBuf {
        self.folder.join("app-encrypted.pem")
    }

    /// The same as PKCS#12 with AES-256.
    pub fn pfx(&self) -> PathBuf {
        self.folder.join("app.pfx")
    }

    /// The same as PKCS#12 in the old way: 3DES for the key, RC2 for the certificate, SHA-1.
    pub fn legacy_pfx(&self) -> PathBuf {
        self.folder.join("app-legacy.pfx")
    }

    /// PKCS#12 with the certificate and no key.
    pub fn keyless_pfx(&self) -> PathBuf {
        self.folder.join("app-keyless.pfx")
    }

    /// A registered certificate that ended in 2020, with its key, PEM.
    pub fn expired_pem(&self) -> PathBuf {
        self.folder.join("expired.pem")
    }

    /// A good certificate that no application is registered with, PEM.
    pub fn stranger_pem(&self) -> PathBuf {
        self.folder.join("stranger.pem")
    }

    /// Makes all of them; what is encrypted is so with `password`. The certificates to register come back.
    ///
    /// The PKCS#12 files are OpenSSL's, which is not what any client of ours reads them with.
    pub(crate) fn write(
        folder: &Path,
        password: &str,
    ) -> Result<(Self, Vec<RegisteredCertificate>), StartError> {
        fs::create_dir_all(folder).map_err(|source| StartError::folder(folder, source))?;
        let files = Self { folder: folder.to_owned() };
        let good = Certificate::generate("exo-lab application", LAST_YEAR)?;
        good.write(&files.pem())?;
        let expired = Certificate::generate("exo-lab expired application", EXPIRED_YEAR)?;
        expired.write(&files.expired_pem())?;
        Certificate::generate("exo-lab stranger", LAST_YEAR)?.write(&files.stranger_pem())?;

        let (pem, out) = (files.pem(), |path: PathBuf| path.into_os_string());
        let export = |path: PathBuf, more: &[&str]| {
            let mut openssl = Command::new("openssl");
            openssl.args(["pkcs12", "-export", "-in"]).arg(&pem).arg("-out").arg(out(path));
            openssl.args(["-passout", "stdin"]).args(more);
            run(openssl, password)
        };
        export(files.pfx(), &["-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "SHA256"])?;
        export(files.legacy_pfx(), &["-legacy", "-certpbe", "PBE-SHA1-RC2-40", "-keypbe", "PBE-SHA1-3DES"])?;
        export(files.keyless_pfx(), &["-nokeys"])?;
        let mut openssl = Command::new("openssl");
        openssl.args(["pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in"]).arg(&pem);
        openssl.args(["-passout", "stdin", "-out"]).arg(files.encrypted_pem());
        run(openssl, password)?;
        let mut encrypted = fs::read_to_string(files.encrypted_pem())
            .map_err(|source| StartError::folder(&files.encrypted_pem(), source))?;
        encrypted.push_str(&good.certificate.pem());
        write(&files.encrypted_pem(), &encrypted)?;
        Ok((files, vec![good.registration(), expired.registration()]))
    }
}

struct Certificate {
    certificate: rcgen::Certificate,
    key: KeyPair,
    not_after: u64,
}

impl Certificate {
    /// Self-signed, good until the end of a year.
    fn generate(name: &str, last_year: i32) -> Result<Self, StartError> {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?;
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.not_before = date_time_ymd(2019, 1, 1);
        parameters.not_after = date_time_ymd(last_year, 12, 31);
        let not_after = u64::try_from(parameters.not_after.unix_timestamp()).unwrap_or_default();
        let certificate = parameters.self_signed(&key)?;
        Ok(Self { certificate, key, not_after })
    }

    fn registration(&self) -> RegisteredCertificate {
        RegisteredCertificate::new(self.certificate.der(), self.key.der_bytes(), self.not_after)
    }

    fn write(&self, path: &Path) -> Result<(), StartError> {
        write(path, &format!("{}{}", self.certificate.pem(), self.key.serialize_pem()))
    }
}

fn write(path: &Path, text: &str) -> Result<(), StartError> {
    fs::write(path, text).map_err(|source| StartError::folder(path, source))
}

/// Runs OpenSSL with the password on its standard input.
fn run(mut openssl: Command, password: &str) -> Result<(), StartError> {
    let failed = |reason: String| StartError::OpenSsl { reason };
    let mut child = openssl
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(error.to_string()))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(format!("{password}\n").as_bytes()).map_err(|error| failed(error.to_string()))?;
    }
    let output = child.wait_with_output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(failed(said.lines().next().unwrap_or("no reason given").to_owned()))
}

const LAST_YEAR: i32 = 2096;
const EXPIRED_YEAR: i32 = 2020;
