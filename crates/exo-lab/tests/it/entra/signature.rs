//! The lab's signatures and keys, judged by OpenSSL.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::lab;
use crate::http::{access_token, send};

#[tokio::test]
async fn openssl_verifies_a_token_with_the_published_key() {
    if !has_openssl("openssl_verifies_a_token_with_the_published_key") {
        return;
    }
    let lab = lab().await;
    let token = access_token(&lab).await;
    let configuration = send(&lab, "GET", "/organizations/v2.0/.well-known/openid-configuration", &[], None)
        .await
        .expect("an answer")
        .json();
    let keys = configuration["jwks_uri"].as_str().expect("an address");
    let path = keys.strip_prefix(lab.rest_url()).expect("the keys are here");
    let keys = send(&lab, "GET", path, &[], None).await.expect("an answer").json();
    let (signed, signature) = token.rsplit_once('.').expect("a signature");
    let (header, _) = signed.split_once('.').expect("a header");
    let header: serde_json::Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).expect("base64")).expect("JSON");
    let key = keys["keys"].as_array().expect("keys").iter().find(|key| key["kid"] == header["kid"]);
    let key = key.expect("the key of the token");
    assert_eq!((&header["alg"], &key["alg"]), (&"RS256".into(), &"RS256".into()));

    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, bytes).expect("it is written");
        path
    };
    let certificate = STANDARD.decode(key["x5c"][0].as_str().expect("a certificate")).expect("base64");
    let certificate = file("certificate.der", &certificate);
    let public = openssl(&["x509", "-inform", "DER", "-noout", "-pubkey", "-in"], &certificate);
    let public = file("public.pem", &public);
    // The numbers of the JWK are those of the certificate.
    let modulus = openssl(&["rsa", "-pubin", "-noout", "-modulus", "-in"], &public);
    let numbers = URL_SAFE_NO_PAD.decode(key["n"].as_str().expect("a number")).expect("base64");
    let numbers: String = numbers.iter().map(|byte| format!("{byte:02X}")).collect();
    assert_eq!(String::from_utf8_lossy(&modulus).trim(), format!("Modulus={numbers}"));

    let signature = file("signature", &URL_SAFE_NO_PAD.decode(signature).expect("base64"));
    for (text, is_good) in [(signed.to_owned(), true), (format!("{signed}x"), false)] {
        let text = file("signed", text.as_bytes());
        let verdict = Command::new("openssl")
            .args(["dgst", "-sha256", "-verify"])
            .arg(&public)
            .arg("-signature")
            .arg(&signature)
            .arg(&text)
            .output()
            .expect("openssl runs");
        assert_eq!(verdict.status.success(), is_good, "{}", String::from_utf8_lossy(&verdict.stdout));
    }
    lab.shutdown().await;
}

fn openssl(arguments: &[&str], file: &Path) -> Vec<u8> {
    let output = Command::new("openssl").args(arguments).arg(file).output().expect("openssl runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Whether there is an OpenSSL to ask; says so when not, past the harness's capture.
pub(super) fn has_openssl(test: &str) -> bool {
    use std::io::Write as _;
    if Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
        return true;
    }
    let line = format!("ignored: {test}: the openssl command is not here\n");
    std::io::stderr().write_all(line.as_bytes()).expect("stderr");
    false
}
