//! Certificate files made by `openssl`, and assertions that `openssl` verifies.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_auth::{
    AuthErrorKind, CertificateError, ClientCertificate, HttpError, HttpResponse, SignIn, SignatureAlgorithm,
    Signer,
};
use tempfile::TempDir;

use crate::service::{FakeClock, Service, answer, answer_with, refusal, run, sign_in, token};

const APP: &str = "11111111-2222-3333-4444-555555555555";
const PASSWORD: &str = "p\u{e4}ss w\"rd";

/// A directory with what `openssl` makes.
pub(crate) struct Maker(TempDir);

impl Maker {
    /// `None`, and a line that says so, where there is no `openssl`.
    #[expect(clippy::print_stderr, reason = "who runs the tests hears what was left out")]
    pub(crate) fn new(test: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").stdout(Stdio::null()).status().is_err() {
            eprintln!("ignored: {test}: openssl is not installed");
            return None;
        }
        Some(Self(tempfile::tempdir().unwrap()))
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn openssl(&self, arguments: &[&str]) -> bool {
        let mut command = Command::new("openssl");
        command.current_dir(self.0.path()).args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().unwrap().success()
    }

    fn run(&self, arguments: &[&str]) {
        assert!(self.openssl(arguments), "openssl {arguments:?}");
    }

    /// `key.pem` (PKCS#8) and `cert.pem`, self-signed.
    pub(crate) fn pair(&self, key: &[&str]) {
        let mut arguments = vec!["genpkey", "-out", "key.pem"];
        arguments.extend(key);
        self.run(&arguments);
        let days = ["-days", "30", "-out", "cert.pem"];
        let make = ["req", "-new", "-x509", "-key", "key.pem", "-subj", "/CN=automation"];
        self.run(&[&make[..], &days[..]].concat());
    }

    pub(crate) fn rsa(&self, bits: u32) {
        self.pair(&["-algorithm", "RSA", "-pkeyopt", &format!("rsa_keygen_bits:{bits}")]);
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.0.path().join(name)).unwrap()
    }

    fn der(&self, name: &str) -> Vec<u8> {
        self.run(&["x509", "-in", name, "-outform", "DER", "-out", "cert.der"]);
        self.read("cert.der")
    }

    /// Checks a signature over `input` with the certificate, by `openssl` alone.
    fn verifies(&self, algorithm: &str, input: &str, signature: &[u8]) -> bool {
        std::fs::write(self.0.path().join("input"), input).unwrap();
        std::fs::write(self.0.path().join("signature"), signature).unwrap();
        self.run(&["x509", "-in", "cert.pem", "-pubkey", "-noout", "-out", "public.pem"]);
        let mut arguments = vec!["dgst", "-sha256", "-verify", "public.pem"];
        if algorithm == "PS256" {
            arguments.extend(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]);
            arguments.extend(["-sigopt", "rsa_mgf1_md:sha256"]);
        }
        arguments.extend(["-signature", "signature", "input"]);
        self.openssl(&arguments)
    }
}

fn granted() -> Result<HttpResponse, HttpError> {
    let access = token(&format!(r#"{{"appid":"{APP}","tid":"t-1"}}"#));
    answer(200, &format!(r#"{{"token_type":"Bearer","expires_in":3599,"access_token":"{access}"}}"#))
}

fn application() -> SignIn {
    sign_in().as_client(APP)
}

/// Now, for certificates that hold from now on.
fn clock() -> FakeClock {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    FakeClock::at(now + 5)
}

/// The field of a form body, which for these needs no decoding.
fn field(body: &str, name: &str) -> String {
    let found = body.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
    found.unwrap_or_else(|| panic!("{name} in {body}")).to_owned()
}

fn part(text: &str) -> serde_json::Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

#[test]
fn openssl_verifies_what_each_kind_of_file_signs() {
    let Some(maker) = Maker::new("openssl_verifies_what_each_kind_of_file_signs") else { return };
    maker.rsa(2048);
    let pass = format!("pass:{PASSWORD}");
    let export = ["pkcs12", "-export", "-inkey", "key.pem", "-in", "cert.pem", "-passout", &pass];
    let with = |more: &[&str]| maker.openssl(&[&export[..], more].concat());
    let mut files = Vec::new();
    assert!(with(&["-out", "aes.pfx"]));
    files.push(("aes.pfx", true));
    // The forms of old Windows and old OpenSSL; a hardened OpenSSL cannot write them.
    for (name, encryption) in [
        ("3des.pfx", &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1"][..]),
        (
            "rc2.pfx",
            &["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-RC2-40", "-macalg", "sha1", "-legacy"],
        ),
    ] {
        if with(&[&["-out", name][..], encryption].concat()) {
            files.push((name, true));
        } else {
            eprintln!(
                "ignored: openssl_verifies_what_each_kind_of_file_signs: this openssl writes no {name}"
            );
        }
    }
    assert!(with(&["-out", "open.pfx", "-keypbe", "NONE", "-certpbe", "NONE"]));
    files.push(("open.pfx", true));
    let join = |key: &str, name: &str| {
        let text = [maker.read("cert.pem"), b"\n# a comment between\n".to_vec(), maker.read(key)].concat();
        std::fs::write(maker.path().join(name), text).unwrap();
    };
    join("key.pem", "pkcs8.pem");
    files.push(("pkcs8.pem", false));
    assert!(maker.openssl(&["rsa", "-in", "key.pem", "-traditional", "-out", "pkcs1-key.pem"]));
    join("pkcs1-key.pem", "pkcs1.pem");
    files.push(("pkcs1.pem", false));
    for (name, encryption) in [
        ("pbes2-aes", &["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA256"][..]),
        ("pbes2-sha1", &["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA1"]),
        ("pbes2-3des", &["-v2", "des3", "-v2prf", "hmacWithSHA256"]),
        ("scrypt", &["-scrypt"]),
    ] {
        let key = format!("{name}-key.pem");
        let make = ["pkcs8", "-topk8", "-in", "key.pem", "-passout", &pass, "-out", &key];
        assert!(maker.openssl(&[&make[..], encryption].concat()), "{name}");
        join(&key, name);
        files.push((name, true));
    }
    for (name, has_password) in files {
        let opened = ClientCertificate::from_file(&maker.read(name), has_password.then_some(PASSWORD));
        let certificate = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
        let service = Service::new([granted()]);
        run(application().with_certificate(&service, &clock(), &certificate, None)).unwrap();
        let assertion = field(&service.asked()[0].1, "client_assertion");
        let (input, signature) = assertion.rsplit_once('.').unwrap();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        assert!(maker.verifies("PS256", input, &signature), "{name}");
        assert!(!maker.verifies("RS256", input, &signature), "{name}");
    }
}

#[test]
fn the_assertion_says_what_the_specification_wants() {
    let Some(maker) = Maker::new("the_assertion_says_what_the_specification_wants") else { return };
    maker.rsa(3072);
    let file = [maker.read("cert.pem"), maker.read("key.pem")].concat();
    let certificate = ClientCertificate::from_file(&file, None).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 5;
    let service = Service::new([granted(), granted()]);
    let claims = Some(r#"{"access_token":{}}"#);
    for claims in [None, claims] {
        run(application().with_certificate(&service, &FakeClock::at(now), &certificate, claims)).unwrap();
    }
    let (uri, body) = &service.asked()[0];
    assert_eq!(uri, "https://login.example/contoso.com/oauth2/v2.0/token");
    assert_eq!(field(body, "grant_type"), "client_credentials");
    assert_eq!(field(body, "client_id"), APP);
    assert_eq!(field(body, "scope"), "https%3A%2F%2Foutlook.office365.com%2F.default");
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    assert_eq!(field(body, "client_assertion_type"), kind);
    let assertion = field(body, "client_assertion");
    let parts: Vec<&str> = assertion.split('.').collect();
    let thumbprint =
        URL_SAFE_NO_PAD.encode(<rsa::sha2::Sha256 as rsa::sha2::Digest>::digest(maker.der("cert.pem")));
    assert_eq!(part(parts[0]), serde_json::json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint }));
    let said = part(parts[1]);
    assert_eq!(said["aud"], *uri);
    assert_eq!((&said["iss"], &said["sub"]), (&APP.into(), &APP.into()));
    assert_eq!((&said["nbf"], &said["iat"], &said["exp"]), (&now.into(), &now.into(), &(now + 300).into()));
    let again = field(&service.asked()[1].1, "client_assertion");
    assert_ne!(said["jti"], part(again.split('.').nth(1).unwrap())["jti"], "each assertion has its own id");
    assert_eq!(field(&service.asked()[1].1, "claims"), "%7B%22access_token%22%3A%7B%7D%7D");
}

#[test]
fn where_ps256_is_refused_rs256_with_the_old_thumbprint_follows() {
    let Some(maker) = Maker::new("where_ps256_is_refused_rs256_with_the_old_thumbprint_follows") else {
        return;
    };
    maker.rsa(2048);
    let file = [maker.read("cert.pem"), maker.read("key.pem")].concat();
    let certificate = ClientCertificate::from_file(&file, None).unwrap();
    let old = r#"{"error":"invalid_client","error_description":"MSIS9622: Client authentication failed."}"#;
    for first in [refusal("invalid_client", 50027), refusal("invalid_client", 5_002_723), answer(400, old)] {
        let service = Service::new([first, granted()]);
        run(application().with_certificate(&service, &clock(), &certificate, None)).unwrap();
        let assertion = field(&service.asked()[1].1, "client_assertion");
        let header = part(assertion.split('.').next().unwrap());
        let thumbprint = URL_SAFE_NO_PAD.encode(<sha1::Sha1 as sha1::Digest>::digest(maker.der("cert.pem")));
        assert_eq!(header, serde_json::json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint }));
        let (input, signature) = assertion.rsplit_once('.').unwrap();
        assert!(maker.verifies("RS256", input, &URL_SAFE_NO_PAD.decode(signature).unwrap()));
    }
    // Another refusal is final, and so is the second one.
    let unregistered = r#"{"error":"invalid_client","error_description":"AADSTS700027: The certificate is not registered. [Reason - The key was not found.]","error_codes":[700027]}"#;
    let service = Service::new([answer(401, unregistered)]);
    let error = run(application().with_certificate(&service, &clock(), &certificate, None)).unwrap_err();
    assert_eq!((error.aadsts(), error.kind()), (Some(700_027), AuthErrorKind::BadClient));
    let service = Service::new([refusal("invalid_client", 50027), refusal("invalid_client", 50027)]);
    run(application().with_certificate(&service, &clock(), &certificate, None)).unwrap_err();
    assert_eq!(service.asked().len(), 2);
}

#[test]
fn a_clock_that_is_off_is_told_by_how_much() {
    let Some(maker) = Maker::new("a_clock_that_is_off_is_told_by_how_much") else { return };
    maker.rsa(2048);
    let file = [maker.read("cert.pem"), maker.read("key.pem")].concat();
    let certificate = ClientCertificate::from_file(&file, None).unwrap();
    let ours = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() + 5;
    let date = |seconds: u64| {
        let output = Command::new("date").args(["-u", "-R", "-d", &format!("@{seconds}")]).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().replace("+0000", "GMT")
    };
    let body = r#"{"error":"invalid_client","error_description":"AADSTS700024: Client assertion is not within its valid time range.","error_codes":[700024],"correlation_id":"c-1"}"#;
    for (service_time, expected) in [
        (ours - 3600, Some("this machine's clock is 60 min ahead: ")),
        (ours + 3600, Some("this machine's clock is 60 min behind: ")),
        (ours + 90, Some("this machine's clock is 90 s behind: ")),
        (ours + 10, None),
    ] {
        let service = Service::new([answer_with(401, &[("Date", &date(service_time))], body)]);
        let error = run(application().with_certificate(&service, &FakeClock::at(ours), &certificate, None))
            .unwrap_err();
        let text = error.to_string();
        assert_eq!(text.starts_with("this machine's clock is"), expected.is_some(), "{text}");
        assert!(text.starts_with(expected.unwrap_or_default()) && text.contains("AADSTS700024"), "{text}");
        assert_eq!((error.aadsts(), error.correlation_id()), (Some(700_024), Some("c-1")));
        assert!(error.advice().unwrap().contains("clock"), "{text}");
    }
}

#[test]
fn keys_of_2048_to_4096_bits_are_taken_and_no_others() {
    let Some(maker) = Maker::new("keys_of_2048_to_4096_bits_are_taken_and_no_others") else { return };
    for (bits, fits) in [(1024, false), (2048, true), (4096, true)] {
        maker.rsa(bits);
        let file = [maker.read("cert.pem"), maker.read("key.pem")].concat();
        match ClientCertificate::from_file(&file, None) {
            Ok(certificate) => {
                assert!(fits, "{bits}");
                let service = Service::new([granted()]);
                run(application().with_certificate(&service, &clock(), &certificate, None)).unwrap();
            }
            Err(error) => {
                assert!(!fits, "{bits}: {error}");
                assert_eq!(
                    error.to_string(),
                    "the certificate's RSA key has 1024 bits, and 2048 to 4096 are accepted"
                );
            }
        }
    }
}

#[test]
fn each_thing_that_is_wrong_with_a_file_is_its_own_error() {
    let Some(maker) = Maker::new("each_thing_that_is_wrong_with_a_file_is_its_own_error") else { return };
    maker.rsa(2048);
    let pass = format!("pass:{PASSWORD}");
    let export = |more: &[&str]| {
        let usual = ["pkcs12", "-export", "-in", "cert.pem", "-passout", &pass];
        assert!(maker.openssl(&[&usual[..], more].concat()), "{more:?}");
    };
    export(&["-inkey", "key.pem", "-out", "good.pfx"]);
    export(&["-nokeys", "-out", "nokey.pfx"]);
    let encrypted = ["pkcs8", "-topk8", "-in", "key.pem", "-passout", &pass, "-out", "encrypted.pem"];
    assert!(maker.openssl(&encrypted));
    let old = ["rsa", "-in", "key.pem", "-traditional", "-aes128", "-passout", &pass, "-out", "old.pem"];
    assert!(maker.openssl(&old));
    let (cert, key) = (maker.read("cert.pem"), maker.read("key.pem"));
    let (good, nokey) = (maker.read("good.pfx"), maker.read("nokey.pfx"));
    let (encrypted, old) = (maker.read("encrypted.pem"), maker.read("old.pem"));
    let mut altered = good.clone();
    let middle = altered.len() / 2;
    altered[middle] ^= 1;
    maker.pair(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let elliptic = [maker.read("cert.pem"), maker.read("key.pem")].concat();
    assert!(maker.openssl(&["ec", "-in", "key.pem", "-out", "sec1.pem"]));
    let sec1 = [maker.read("cert.pem"), maker.read("sec1.pem")].concat();
    maker.rsa(2048);
    let foreign = [maker.read("cert.pem"), key.clone()].concat();
    let right = Some(PASSWORD);
    for (name, bytes, password, sentence) in [
        ("wrong", good.clone(), Some("wrong"), "the password of the certificate file is wrong"),
        ("none", good.clone(), None, "the certificate file is protected by a password, and none was given"),
        ("altered", altered, right, "the password of the certificate file is wrong"),
        (
            "cut",
            good[..good.len() - 9].to_vec(),
            right,
            "the PFX file cannot be read: it is damaged or cut off",
        ),
        ("no key", nokey, right, "the certificate file has no private key in it"),
        ("no key pem", cert.clone(), None, "the certificate file has no private key in it"),
        ("no certificate", key.clone(), None, "the certificate file has no certificate in it"),
        ("foreign", foreign, None, "the certificate does not belong to the private key beside it"),
        (
            "encrypted, none",
            [cert.clone(), encrypted.clone()].concat(),
            None,
            "the certificate file is protected by a password, and none was given",
        ),
        (
            "encrypted, wrong",
            [cert.clone(), encrypted].concat(),
            Some("wrong"),
            "the password of the certificate file is wrong",
        ),
        (
            "old",
            [cert.clone(), old].concat(),
            right,
            "the certificate file is encrypted in a way that is not supported: it is OpenSSL's old form, with a DEK-Info header",
        ),
        (
            "elliptic",
            elliptic,
            None,
            "the certificate's key is not an RSA key, and the sign-in service takes only RSA",
        ),
        (
            "sec1",
            sec1,
            None,
            "the certificate's key is not an RSA key, and the sign-in service takes only RSA",
        ),
        ("text", b"hello".to_vec(), None, "the certificate file is neither a PFX (PKCS#12) nor a PEM file"),
        ("empty", Vec::new(), None, "the certificate file is neither a PFX (PKCS#12) nor a PEM file"),
        (
            "block",
            b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n".to_vec(),
            None,
            "the PEM file cannot be read: a block in it is damaged",
        ),
        (
            "der",
            vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
            None,
            "the PFX file cannot be read: it is damaged or cut off",
        ),
    ] {
        let error = ClientCertificate::from_file(&bytes, password).unwrap_err();
        assert_eq!(error.to_string(), sentence, "{name}");
        assert!(error.advice().is_some(), "{name}");
        assert!(!format!("{error:?}").contains(PASSWORD));
    }
}

#[test]
fn a_certificate_outside_of_its_time_is_told_before_anything_is_sent() {
    let Some(maker) = Maker::new("a_certificate_outside_of_its_time_is_told_before_anything_is_sent") else {
        return;
    };
    maker.rsa(2048);
    let file = [maker.read("cert.pem"), maker.read("key.pem")].concat();
    let certificate = ClientCertificate::from_file(&file, None).unwrap();
    let end = certificate.not_after().duration_since(UNIX_EPOCH).unwrap().as_secs();
    for (now, beginning) in
        [(end + 1, "the certificate ended at "), (1_000_000, "the certificate holds only from ")]
    {
        let service = Service::new([]);
        let error = run(application().with_certificate(&service, &FakeClock::at(now), &certificate, None))
            .unwrap_err();
        assert!(error.to_string().starts_with(beginning), "{error}");
        assert_eq!(error.kind(), AuthErrorKind::Certificate);
        assert!(service.asked().is_empty());
    }
}

/// Signs nothing; gives what the test says.
struct Says(Result<Vec<u8>, String>);

impl Signer for Says {
    fn sign<'a>(
        &'a self,
        _: SignatureAlgorithm,
        _: &'a [u8],
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>> {
        Box::pin(std::future::ready(self.0.clone()))
    }
}

/// Signs with `openssl`, which has a key that this process never sees.
struct Openssl(std::path::PathBuf);

impl Signer for Openssl {
    fn sign<'a>(
        &'a self,
        algorithm: SignatureAlgorithm,
        data: &'a [u8],
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send + 'a>> {
        std::fs::write(self.0.join("remote-input"), data).unwrap();
        let mut command = Command::new("openssl");
        command.current_dir(&self.0).args(["dgst", "-sha256", "-sign", "key.pem"]);
        if algorithm == SignatureAlgorithm::Ps256 {
            command.args(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"]);
        }
        let output = command.arg("remote-input").output().unwrap();
        Box::pin(std::future::ready(Ok(output.stdout)))
    }
}

#[test]
fn a_key_that_stays_elsewhere_signs_and_its_signature_is_checked() {
    let Some(maker) = Maker::new("a_key_that_stays_elsewhere_signs_and_its_signature_is_checked") else {
        return;
    };
    maker.rsa(2048);
    let der = maker.der("cert.pem");
    let with =
        |signer: std::sync::Arc<dyn Signer>| ClientCertificate::with_signer(der.clone(), signer).unwrap();
    let service = Service::new([refusal("invalid_client", 50027), granted()]);
    let certificate = with(std::sync::Arc::new(Openssl(maker.path().to_owned())));
    run(application().with_certificate(&service, &clock(), &certificate, None)).unwrap();
    assert_eq!(service.asked().len(), 2, "PS256 and RS256 both went through");
    for (said, sentence) in [
        (Ok(vec![0; 256]), "the signature that came back does not belong to the certificate"),
        (Ok(Vec::new()), "the signature that came back does not belong to the certificate"),
        (
            Err("the smart card was\u{7} removed".to_owned()),
            "the private key could not sign: the smart card was removed",
        ),
    ] {
        let certificate = with(std::sync::Arc::new(Says(said)));
        let error =
            run(application().with_certificate(&Service::new([]), &clock(), &certificate, None)).unwrap_err();
        assert_eq!(error.to_string(), sentence);
    }
}

#[test]
fn a_pair_of_certificate_and_key_in_der_signs() {
    let Some(maker) = Maker::new("a_pair_of_certificate_and_key_in_der_signs") else { return };
    maker.rsa(2048);
    let der = maker.der("cert.pem");
    assert!(
        maker.openssl(&[
            "pkcs8", "-topk8", "-nocrypt", "-in", "key.pem", "-outform", "DER", "-out", "key.der"
        ])
    );
    let certificate = ClientCertificate::from_der(der.clone(), &maker.read("key.der")).unwrap();
    run(application().with_certificate(&Service::new([granted()]), &clock(), &certificate, None)).unwrap();
    let error = ClientCertificate::from_der(der, b"no key").unwrap_err();
    assert!(matches!(error, CertificateError::Unreadable { what: "private key", .. }));
}
