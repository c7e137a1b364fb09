//! msal, Microsoft's own sign-in library, signs in to the lab with each grant it has: the lab's Entra ID is not only
//! what we think Entra ID is.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use exo_lab::{Lab, LabConfig};
use serde_json::{Value, json};

use super::{ignored, python};
use crate::bounded;

/// A lab, and msal's reports on signing in to it.
async fn reports(test: &str, grants: impl FnOnce(&Lab, &Path) -> Value) -> Option<(Lab, Vec<Value>)> {
    let interpreter = match tokio::task::spawn_blocking(python::interpreter).await.expect("no panic") {
        Ok(interpreter) => interpreter,
        Err(reason) => {
            ignored(test, reason);
            return None;
        }
    };
    if !Command::new("openssl").arg("version").output().is_ok_and(|output| output.status.success()) {
        ignored(test, "the openssl command is not here");
        return None;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let config = LabConfig {
        certificates: Some(folder.path().to_owned()),
        arc_folder: Some(folder.path().to_owned()),
        device_interval: std::time::Duration::from_secs(1),
        ..LabConfig::default()
    };
    let lab = Lab::start(config).await.expect("the lab starts");
    let request = json!({
        "authority": lab.authority(),
        "tenant_authority": format!("{}/{}", lab.rest_url(), lab.organization()),
        "ca_file": lab.ca_file(),
        "client_id": "fb78d390-0c51-40cd-8e17-fdbfab77341b",
        "scope": "https://outlook.office365.com/.default",
        "resource": "https://outlook.office365.com",
        "user": lab.user(),
        "password": lab.password(),
        "second_factor": lab.second_factor(),
        "rest_url": lab.rest_url(),
        "grants": grants(&lab, folder.path()),
    });
    let run = move || {
        let mut client = Command::new(interpreter);
        client.arg(python::script("msal_client.py")).stdin(Stdio::piped());
        let mut child = bounded::start(&mut client).expect("it starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(request.to_string().as_bytes()).expect("it reads");
        drop(stdin);
        let output = bounded::wait(child).expect("it ends");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("it writes JSON")
    };
    Some((lab, tokio::task::spawn_blocking(run).await.expect("no panic")))
}

#[tokio::test(flavor = "multi_thread")]
async fn msal_signs_a_person_in_with_each_grant() {
    let test = "msal_signs_a_person_in_with_each_grant";
    let grants = |lab: &Lab, _: &Path| {
        json!([
            {"grant": "auth_code"},
            {"grant": "auth_code", "response_mode": "form_post"},
            {"grant": "device_code"},
            {"grant": "password_grant", "user": lab.user(), "password": lab.password()},
            {"grant": "refresh"},
            {"grant": "refresh", "claims": r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"#},
        ])
    };
    let Some((lab, reports)) = reports(test, grants).await else { return };
    assert_eq!(reports.len(), 6);
    for report in &reports {
        assert_eq!(report["status"], 200, "{report}");
        assert_eq!(report["claims"]["upn"], lab.user());
        assert_eq!(report["claims"]["xms_cc"], json!(["CP1"]));
        assert_eq!(report["id_claims"]["tid"], lab.tenant_id());
        assert_eq!(report["username"], lab.user());
    }
    assert_eq!(reports[0]["claims"]["amr"], json!(["pwd", "mfa"]));
    assert_eq!(reports[5]["claims"]["acrs"], json!(["c1"]));
    let grants: Vec<String> = lab.token_requests().into_iter().map(|request| request.grant).collect();
    assert_eq!(grants.iter().filter(|grant| *grant == "refresh_token").count(), 4, "{grants:?}");
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn msal_signs_applications_and_machines_in() {
    let test = "msal_signs_applications_and_machines_in";
    let grants = |lab: &Lab, arc_folder: &Path| {
        let files = lab.certificates().expect("they are written");
        let id = lab.application_id().expect("it is registered");
        let key = std::fs::read_to_string(files.pem()).expect("it is written");
        let certificate =
            |credential: Value| json!({"grant": "certificate", "client_id": id, "credential": credential});
        let pfx = |path: &Path| json!({"private_key_pfx_path": path, "passphrase": lab.password()});
        let app_service = json!({
            "IDENTITY_ENDPOINT": format!("{}/msi/token", lab.identity_url()),
            "IDENTITY_HEADER": lab.identity_header(),
        });
        let imds = json!({"AZURE_POD_IDENTITY_AUTHORITY_HOST": lab.identity_url()});
        let arc = json!({
            "IDENTITY_ENDPOINT": format!("{}/arc/metadata/identity/oauth2/token", lab.identity_url()),
            "IMDS_ENDPOINT": lab.identity_url(),
        });
        let user = lab.identity_client_id();
        json!([
            certificate(pfx(&files.pfx())),
            certificate(pfx(&files.legacy_pfx())),
            certificate(json!({"private_key": key, "thumbprint": sha1(&files.pem())})),
            {"grant": "managed_identity", "environment": imds},
            {"grant": "managed_identity", "environment": imds, "client_id": user},
            {"grant": "managed_identity", "environment": app_service},
            {"grant": "managed_identity", "environment": app_service, "client_id": user},
            {"grant": "managed_identity", "environment": arc, "arc_folder": arc_folder},
        ])
    };
    let Some((lab, reports)) = reports(test, grants).await else { return };
    assert_eq!(reports.len(), 8);
    for report in &reports {
        assert_eq!(report["status"], 200, "{report}");
        assert_eq!(report["claims"]["roles"], json!(["Exchange.ManageAsApp"]));
        assert!(report["claims"].get("upn").is_none(), "{report}");
    }
    let algorithms: Vec<Option<String>> =
        lab.token_requests().into_iter().map(|request| request.assertion_algorithm).collect();
    let named = |name: &str| Some(name.to_owned());
    assert_eq!(algorithms, [named("PS256"), named("PS256"), named("RS256")]);
    assert_eq!(reports[4]["claims"]["appid"], lab.identity_client_id());
    lab.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn msal_understands_the_refusals() {
    let test = "msal_understands_the_refusals";
    let grants = |lab: &Lab, _: &Path| {
        let user = |alias: &str| format!("{alias}@{}", lab.organization());
        let stranger = std::fs::read_to_string(lab.certificates().expect("they are written").stranger_pem())
            .expect("it is written");
        json!([
            {"grant": "password_grant", "user": lab.user(), "password": "wrong"},
            {"grant": "password_grant", "user": user("mfa"), "password": lab.password()},
            {"grant": "password_grant", "user": user("aadsts50173"), "password": "x"},
            {"grant": "certificate", "client_id": lab.application_id(), "credential": {
                "private_key": stranger, "thumbprint": "00112233445566778899AABBCCDDEEFF00112233"}},
        ])
    };
    let Some((lab, reports)) = reports(test, grants).await else { return };
    let seen: Vec<(&str, u64)> = reports
        .iter()
        .map(|report| {
            let number = report["error_codes"][0].as_u64().unwrap_or_else(|| panic!("{report}"));
            (report["error"].as_str().expect("a word"), number)
        })
        .collect();
    let expected = [
        ("invalid_grant", 50126),
        ("interaction_required", 50076),
        ("invalid_grant", 50173),
        ("invalid_client", 700_027),
    ];
    assert_eq!(seen, expected);
    lab.shutdown().await;
}

/// The SHA-1 thumbprint of a certificate, in hexadecimal.
fn sha1(pem: &Path) -> String {
    let output = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha1", "-in"])
        .arg(pem)
        .output()
        .expect("openssl runs");
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    text.split_once('=').expect("a fingerprint").1.trim().replace(':', "")
}
