//! Applications with certificates: assertions that OpenSSL signed, and each way in which one can be wrong.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_lab::{Lab, LabConfig};
use serde_json::{Value, json};

use super::signature::has_openssl;
use super::{claims, rest_status};
use crate::http::post_form;

/// `openssl` with something on its standard input.
fn openssl(arguments: &[&str], stdin: &[u8]) -> Vec<u8> {
    let mut child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl runs");
    child.stdin.take().expect("a pipe").write_all(stdin).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn thumbprint(pem: &Path, hash: &str) -> String {
    let der = openssl(&["x509", "-outform", "DER", "-in", pem.to_str().expect("a path")], b"");
    URL_SAFE_NO_PAD.encode(openssl(&["dgst", hash, "-binary"], &der))
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a clock").as_secs()
}

struct Assertion<'a> {
    pem: &'a Path,
    algorithm: &'a str,
    header: Value,
    claims: Value,
}

impl<'a> Assertion<'a> {
    fn good(lab: &Lab, pem: &'a Path, algorithm: &'a str) -> Self {
        let (name, hash) = if algorithm == "PS256" { ("x5t#S256", "-sha256") } else { ("x5t", "-sha1") };
        let id = lab.application_id().expect("it is registered");
        let audience = format!("{}/{}/oauth2/v2.0/token", lab.rest_url(), lab.organization());
        Self {
            pem,
            algorithm,
            header: json!({ "typ": "JWT", "alg": algorithm, name: thumbprint(pem, hash) }),
            claims: json!({
                "aud": audience, "iss": id, "sub": id, "jti": "1", "nbf": now(), "exp": now() + 300,
            }),
        }
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.claims[name] = value;
        self
    }

    fn signed(&self) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&self.header), part(&self.claims));
        let mut arguments = vec!["dgst", "-sha256", "-sign", self.pem.to_str().expect("a path")];
        if self.algorithm == "PS256" {
            arguments.extend(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"]);
        }
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(openssl(&arguments, signed.as_bytes())))
    }
}

/// Asks for a token with this assertion; the answer's JSON.
async fn ask(lab: &Lab, client: &str, tenant: &str, assertion: &str) -> Value {
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", client),
        ("scope", "https://outlook.office365.com/.default"),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", assertion),
    ];
    post_form(lab, &format!("/{tenant}/oauth2/v2.0/token"), &fields).await.json()
}

async fn lab_with_certificates() -> (Lab, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let certificates = Some(folder.path().join("certificates"));
    let config = LabConfig { certificates, ..LabConfig::default() };
    (Lab::start(config).await.expect("the lab starts"), folder)
}

#[tokio::test]
async fn an_application_proves_itself_by_certificate() {
    if !has_openssl("an_application_proves_itself_by_certificate") {
        return;
    }
    let (lab, _folder) = lab_with_certificates().await;
    let (client, tenant) = (lab.application_id().expect("it is registered"), lab.organization().to_owned());
    let files = lab.certificates().expect("they are written");
    let pem = files.pem();
    for algorithm in ["PS256", "RS256"] {
        let answer = ask(&lab, &client, &tenant, &Assertion::good(&lab, &pem, algorithm).signed()).await;
        let token = answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}"));
        let claims = claims(token);
        assert_eq!((&claims["appid"], &claims["idtyp"]), (&client.as_str().into(), &"app".into()));
        assert_eq!(claims["roles"], json!(["Exchange.ManageAsApp"]));
        assert!(claims.get("upn").is_none() && answer.get("refresh_token").is_none(), "{answer}");
        assert_eq!(rest_status(&lab, token).await, 200);
    }
    // Nobody gave the other application a role.
    let roleless = lab.roleless_application_id().expect("it is registered");
    let id = Value::from(roleless.clone());
    let assertion = Assertion::good(&lab, &pem, "PS256").with("iss", id.clone()).with("sub", id).signed();
    let answer = ask(&lab, &roleless, &tenant, &assertion).await;
    assert_eq!(rest_status(&lab, answer["access_token"].as_str().expect("a token")).await, 403);
    lab.shutdown().await;
}

#[tokio::test]
async fn each_wrong_assertion_has_its_number() {
    if !has_openssl("each_wrong_assertion_has_its_number") {
        return;
    }
    let (lab, _folder) = lab_with_certificates().await;
    let (client, tenant) = (lab.application_id().expect("it is registered"), lab.organization().to_owned());
    let files = lab.certificates().expect("they are written");
    let (pem, expired, stranger) = (files.pem(), files.expired_pem(), files.stranger_pem());
    let good = || Assertion::good(&lab, &pem, "PS256");
    let mut forged = good();
    forged.pem = &stranger;
    let mut unsigned = good();
    unsigned.header["alg"] = "none".into();
    let mut other_padding = good();
    other_padding.algorithm = "RS256";
    for (assertion, number) in [
        (Assertion::good(&lab, &stranger, "PS256"), 700_027),
        (Assertion::good(&lab, &expired, "PS256"), 1_000_502),
        (forged, 700_027),
        (unsigned, 700_027),
        (other_padding, 700_027),
        (good().with("aud", "https://elsewhere.invalid/token".into()), 700_023),
        (good().with("iss", "somebody".into()), 50027),
        (good().with("jti", Value::Null), 50027),
        (good().with("nbf", (now() - 3_600).into()).with("exp", (now() - 3_300).into()), 700_024),
        (good().with("nbf", (now() + 3_600).into()).with("exp", (now() + 3_900).into()), 700_024),
    ] {
        let answer = ask(&lab, &client, &tenant, &assertion.signed()).await;
        assert_eq!(answer["error_codes"][0], number, "{answer}");
        assert_eq!(answer["error"], "invalid_client");
    }
    for (client, tenant, assertion, number) in [
        (&*client, "organizations", good().signed(), 50059),
        (&*client, &*tenant, "no.jwt".to_owned(), 50027),
        (crate::http::CLIENT_ID, &*tenant, good().signed(), 700_016),
    ] {
        assert_eq!(ask(&lab, client, tenant, &assertion).await["error_codes"][0], number);
    }
    let bare = [("grant_type", "client_credentials"), ("client_id", &*client), ("scope", "x/.default")];
    for (more, number) in [(("x", ""), 7_000_218), (("client_secret", "s"), 7_000_215)] {
        let fields = [&bare[..], &[more]].concat();
        let answer = post_form(&lab, &format!("/{tenant}/oauth2/v2.0/token"), &fields).await.json();
        assert_eq!(answer["error_codes"][0], number, "{answer}");
    }
    lab.add_fault("refuse-ps256".parse().expect("a fault"));
    assert_eq!(ask(&lab, &client, &tenant, &good().signed()).await["error_codes"][0], 700_027);
    let old = Assertion::good(&lab, &pem, "RS256").signed();
    assert!(ask(&lab, &client, &tenant, &old).await["access_token"].is_string());
    let last = lab.token_requests().pop().expect("a request");
    assert_eq!(last.assertion_algorithm.as_deref(), Some("RS256"));
    lab.shutdown().await;
}

#[tokio::test]
async fn the_pfx_files_hold_what_their_names_say() {
    if !has_openssl("the_pfx_files_hold_what_their_names_say") {
        return;
    }
    let (lab, _folder) = lab_with_certificates().await;
    let files = lab.certificates().expect("they are written");
    let password = format!("{}\n", lab.password());
    for (pfx, more, wanted) in [
        (files.pfx(), &[][..], "AES-256-CBC"),
        (files.legacy_pfx(), &["-legacy"][..], "pbeWithSHA1And40BitRC2-CBC"),
        (files.legacy_pfx(), &["-legacy"][..], "pbeWithSHA1And3-KeyTripleDES-CBC"),
    ] {
        let pfx = pfx.to_str().expect("a path").to_owned();
        let mut arguments = vec!["pkcs12", "-info", "-noout", "-passin", "stdin", "-in", &pfx];
        arguments.extend(more);
        let mut child = Command::new("openssl")
            .args(arguments)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("openssl runs");
        child.stdin.take().expect("a pipe").write_all(password.as_bytes()).expect("it reads");
        let said = child.wait_with_output().expect("it ends").stderr;
        let said = String::from_utf8_lossy(&said).into_owned();
        assert!(said.contains(wanted), "{said}");
    }
    lab.shutdown().await;
}
