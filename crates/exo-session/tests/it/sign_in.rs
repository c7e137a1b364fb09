//! Every way to sign in, against the stand-in tenant's Entra ID, over both carriers.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use exo_lab::{Fault, FaultKind, Lab, LabConfig};
use exo_session::{
    AuthErrorKind, BrowserChoice, CarrierChoice, CertificateSource, ConnectEvent, ConnectOptions, Error,
    Reason, Secret, Session, SignInMethod, Surroundings, connect, remote_signer,
};
use tempfile::TempDir;

use crate::support::{command, lab, lab_with, options, read};

mod browser;
mod cache;
mod life;
mod secrets;
mod trouble;

/// Options without any way to sign in yet, for a carrier.
fn plain(lab: &Lab, carrier: CarrierChoice) -> ConnectOptions {
    let mut options = options(lab);
    options.password = None;
    options.user = None;
    options.carrier = carrier;
    options
}

const CARRIERS: [CarrierChoice; 2] = [CarrierChoice::Rest, CarrierChoice::Psrp];

async fn works(session: &Session) {
    let written = read(session.invoke(command("Get-Mailbox", &[("ResultSize", "2")])).await.unwrap()).await;
    let written = written.unwrap();
    // A page of several objects is one tape over REST.
    let objects: usize = written.output.iter().map(|tape| tape.values().count()).sum();
    assert_eq!((objects, written.errors), (2, 0));
}

/// Connects, runs a command and gives what is known.
async fn signed_in(options: ConnectOptions) -> Session {
    let session = connect(options, |_| {}).await.unwrap();
    works(&session).await;
    session
}

async fn refused(options: ConnectOptions) -> Error {
    connect(options, |_| {}).await.unwrap_err()
}

/// A lab with an application, where there is `openssl` to make its certificates.
#[expect(clippy::print_stderr, reason = "who runs the tests hears what was left out")]
async fn lab_with_application(test: &str, faults: Vec<Fault>) -> Option<(Lab, TempDir)> {
    let openssl = std::process::Command::new("openssl").arg("version").output();
    if openssl.is_err() {
        eprintln!("ignored: {test}: openssl is not installed");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let certificates = Some(folder.path().join("certificates"));
    Some((lab_with(LabConfig { certificates, faults, ..LabConfig::default() }).await, folder))
}

fn application(lab: &Lab, carrier: CarrierChoice) -> ConnectOptions {
    let mut options = plain(lab, carrier);
    options.sign_in = SignInMethod::Certificate;
    options.app_id = lab.application_id();
    options.organization = Some(lab.organization().to_owned());
    options.certificate_file = Some(lab.certificates().unwrap().pem());
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_signs_in_with_each_file_over_both_carriers() {
    let test = "an_application_signs_in_with_each_file_over_both_carriers";
    let Some((lab, _folder)) = lab_with_application(test, Vec::new()).await else { return };
    let files = lab.certificates().unwrap();
    for (file, protected) in
        [(files.pem(), false), (files.encrypted_pem(), true), (files.pfx(), true), (files.legacy_pfx(), true)]
    {
        let mut options = application(&lab, CarrierChoice::Rest);
        options.certificate_password = protected.then(|| Secret::new(lab.password().to_owned()));
        options.certificate_file = Some(file);
        signed_in(options).await.close().await.unwrap();
    }
    for carrier in CARRIERS {
        let session = signed_in(application(&lab, carrier)).await;
        let info = session.info();
        assert_eq!((info.sign_in, info.certificate_authentication), (Some("certificate"), true));
        assert_eq!((info.app_id.clone(), info.user.as_deref()), (lab.application_id(), None));
        assert_eq!(info.tenant_id.as_deref(), Some(lab.tenant_id().as_str()));
        assert_eq!(info.organization.as_deref(), Some(lab.organization()));
        session.close().await.unwrap();
    }
    for request in lab.token_requests() {
        assert_eq!(request.grant, "client_credentials");
        assert_eq!(request.assertion_algorithm.as_deref(), Some("PS256"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn where_ps256_is_refused_the_application_signs_with_rs256() {
    let test = "where_ps256_is_refused_the_application_signs_with_rs256";
    let faults = vec![Fault::always(FaultKind::RefusePs256)];
    let Some((lab, _folder)) = lab_with_application(test, faults).await else { return };
    signed_in(application(&lab, CarrierChoice::Rest)).await.close().await.unwrap();
    let asked = lab.token_requests();
    let algorithms: Vec<_> = asked.iter().map(|request| request.assertion_algorithm.as_deref()).collect();
    assert_eq!(algorithms, [Some("PS256"), Some("RS256")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_leave_signs_when_it_is_asked_and_again_hours_later() {
    let test = "a_key_that_cannot_leave_signs_when_it_is_asked_and_again_hours_later";
    let Some((lab, _folder)) = lab_with_application(test, Vec::new()).await else { return };
    let pem = lab.certificates().unwrap().pem();
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output =
            std::process::Command::new("openssl").current_dir(folder.path()).args(arguments).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}");
        output.stdout
    };
    let pem = pem.to_str().unwrap().to_owned();
    let certificate = openssl(&["x509", "-in", &pem, "-outform", "DER"]);
    let (signer, mut requests) = remote_signer();
    let mut options = application(&lab, CarrierChoice::Rest);
    options.certificate_file = None;
    options.certificate = Some(CertificateSource::Remote { certificate, signer });
    let place = folder.path().to_owned();
    let signing = tokio::spawn(async move {
        let mut signed = 0;
        while let Some(request) = requests.next().await {
            std::fs::write(place.join("input"), &request.data).unwrap();
            let mut command = std::process::Command::new("openssl");
            command.current_dir(&place).args(["dgst", "-sha256", "-sign", &pem]);
            command.args(["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "input"]);
            request.answer(Ok(command.output().unwrap().stdout));
            signed += 1;
        }
        signed
    });
    let session = signed_in(options).await;
    // The service takes the token no longer: another one needs another signature.
    lab.add_fault(Fault::times(FaultKind::TokenExpired, 1));
    works(&session).await;
    session.close().await.unwrap();
    drop(session);
    assert_eq!(signing.await.unwrap(), 2, "and the requests end with the session");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_an_application_is_told() {
    let test = "what_is_wrong_with_an_application_is_told";
    let Some((lab, _folder)) = lab_with_application(test, Vec::new()).await else { return };
    let files = lab.certificates().unwrap();
    let check =
        |change: &dyn Fn(&mut ConnectOptions), kind: Option<AuthErrorKind>, sentence: &'static str| {
            let mut options = application(&lab, CarrierChoice::Rest);
            change(&mut options);
            async move {
                let error = refused(options).await;
                assert!(error.to_string().contains(sentence), "{error}");
                assert_eq!(error.sign_in().map(|failure| failure.kind), kind, "{error}");
            }
        };
    let certificate = Some(AuthErrorKind::Certificate);
    check(
        &|options| options.certificate_file = Some(files.expired_pem()),
        certificate,
        "the certificate ended at 20",
    )
    .await;
    check(&|options| options.certificate_file = Some(files.pfx()), certificate, "protected by a password")
        .await;
    let wrong = || Some(Secret::new("wrong".to_owned()));
    let pfx = &|options: &mut ConnectOptions| {
        options.certificate_file = Some(files.pfx());
        options.certificate_password = wrong();
    };
    check(pfx, certificate, "the password of the certificate file is wrong").await;
    let keyless = &|options: &mut ConnectOptions| {
        options.certificate_file = Some(files.keyless_pfx());
        options.certificate_password = Some(Secret::new(lab.password().to_owned()));
    };
    check(keyless, certificate, "has no private key in it").await;
    check(
        &|options| options.certificate_file = Some("/nowhere.pfx".into()),
        None,
        "/nowhere.pfx cannot be read",
    )
    .await;
    check(&|options| options.certificate_file = None, None, "certificate is needed").await;
    check(&|options| options.app_id = None, None, "appId is needed").await;
    let stranger = &|options: &mut ConnectOptions| options.certificate_file = Some(files.stranger_pem());
    check(stranger, Some(AuthErrorKind::BadClient), "AADSTS700027").await;
    let nobody = &|options: &mut ConnectOptions| {
        options.app_id = Some("11111111-2222-3333-4444-555555555555".to_owned());
    };
    check(nobody, Some(AuthErrorKind::BadClient), "AADSTS700016").await;
    let elsewhere = &|options: &mut ConnectOptions| options.organization = Some("unknown.example".to_owned());
    check(elsewhere, Some(AuthErrorKind::BadClient), "AADSTS90002").await;
}

/// Surroundings with these variables and nothing else.
fn surroundings(set: &[(&str, &str)]) -> Surroundings {
    let variable =
        |name: &str| set.iter().find(|(own, _)| *own == name).map(|(_, value)| OsString::from(value));
    Surroundings::of(&variable, &|_: &Path| false)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_identity_of_a_machine_and_of_an_app_sign_in_over_both_carriers() {
    let lab = lab().await;
    let app = format!("{}/msi/token", lab.identity_url());
    let machine = surroundings(&[("AZURE_POD_IDENTITY_AUTHORITY_HOST", lab.identity_url())]);
    let app = surroundings(&[("IDENTITY_ENDPOINT", &app), ("IDENTITY_HEADER", lab.identity_header())]);
    for (here, id) in [(&machine, None), (&machine, Some(lab.identity_client_id())), (&app, None)] {
        for carrier in CARRIERS {
            let mut options = plain(&lab, carrier);
            options.sign_in = SignInMethod::ManagedIdentity;
            options.organization = Some(lab.organization().to_owned());
            options.surroundings = Some(here.clone());
            options.managed_identity_id = id.clone();
            let session = signed_in(options).await;
            assert_eq!(session.info().sign_in, Some("managedIdentity"));
            if let Some(id) = &id {
                assert_eq!(session.info().app_id.as_ref(), Some(id));
            }
            session.close().await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_that_is_not_there_is_told() {
    let lab = lab().await;
    let app = format!("{}/msi/token", lab.identity_url());
    for (set, id, sentence) in [
        (
            vec![("IDENTITY_ENDPOINT", app.as_str()), ("IDENTITY_HEADER", "guess")],
            None,
            "the managed identity endpoint refused (status 401)",
        ),
        (
            vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", lab.identity_url())],
            Some("11111111-2222-3333-4444-555555555555"),
            "Identity not found",
        ),
        (
            vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://127.0.0.1:1")],
            None,
            "no managed identity is offered on this machine",
        ),
        (
            vec![("AZURE_POD_IDENTITY_AUTHORITY_HOST", "http://example.com")],
            None,
            "neither https nor an address of this machine",
        ),
    ] {
        let mut options = plain(&lab, CarrierChoice::Rest);
        options.sign_in = SignInMethod::ManagedIdentity;
        options.organization = Some(lab.organization().to_owned());
        options.surroundings = Some(surroundings(&set));
        options.managed_identity_id = id.map(str::to_owned);
        let error = refused(options).await;
        assert!(error.to_string().contains(sentence), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_warns_and_a_second_factor_is_advised() {
    let lab = lab().await;
    let mut options = options(&lab);
    options.carrier = CarrierChoice::Rest;
    let mut warnings = Vec::new();
    let note = |event| {
        if let ConnectEvent::Warning(text) = event {
            warnings.push(text);
        }
    };
    connect(options.clone(), note).await.unwrap().close().await.unwrap();
    assert!(warnings.iter().any(|text| text.contains("Microsoft is withdrawing")), "{warnings:?}");
    let user = lab.user();
    let (_, domain) = user.split_once('@').unwrap();
    options.user = Some(format!("mfa@{domain}"));
    let error = refused(options).await;
    let failure = error.sign_in().unwrap();
    assert_eq!(
        (failure.kind, failure.reason),
        (AuthErrorKind::InteractionRequired, Some(Reason::SecondFactor))
    );
    assert!(failure.correlation_id.is_some());
    assert!(
        error.to_string().contains("AADSTS50076") && error.advice().unwrap().contains("device code"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_browser_a_device_code_takes_its_place_and_says_why() {
    let lab = lab().await;
    for (set, reason) in [
        (vec![("SSH_CONNECTION", "1.2.3.4 5 6.7.8.9 22"), ("DISPLAY", ":0")], "this is an ssh session"),
        (vec![("WSL_DISTRO_NAME", "Debian"), ("DISPLAY", ":0")], "Windows Subsystem for Linux"),
        (vec![("KUBERNETES_SERVICE_HOST", "10.0.0.1"), ("DISPLAY", ":0")], "this is a container"),
    ] {
        let mut options = plain(&lab, CarrierChoice::Rest);
        options.sign_in = SignInMethod::Browser;
        options.surroundings = Some(surroundings(&set));
        let mut told = Vec::new();
        let session = connect(options, |event| match event {
            ConnectEvent::Warning(text) => told.push(text),
            ConnectEvent::DeviceCode(prompt) => {
                assert!(lab.approve_device(&prompt.user_code));
                told.push("code".to_owned());
            }
            ConnectEvent::Browser { .. } => told.push("browser".to_owned()),
            _ => {}
        });
        let session = session.await.unwrap();
        assert!(told.len() == 2 && told[0].starts_with("no browser can be opened ("), "{told:?}");
        assert!(told[0].contains(reason) && told[0].ends_with("with a device code instead"), "{told:?}");
        assert_eq!(told[1], "code");
        session.close().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_given_token_is_checked_before_it_is_sent() {
    let lab = lab().await;
    let token = |claims: &str| {
        use base64::Engine;
        let part = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
        Some(Secret::new(format!("{}.{}.sig", part("{}"), part(claims))))
    };
    for (claims, sentence) in [
        (
            r#"{"exp":1000}"#,
            "the access token has expired: it ended at 1970-01-01 00:16 UTC, and by this machine's clock it is 20",
        ),
        (
            r#"{"aud":"https://graph.microsoft.com"}"#,
            "the access token is for https://graph.microsoft.com, and this service takes tokens for https://outlook.office365.com",
        ),
        (
            r#"{"tid":"11111111-2222-3333-4444-555555555555"}"#,
            "the access token is for the tenant 11111111-2222-3333-4444-555555555555",
        ),
        (
            r#"{"upn":"other@contoso.com"}"#,
            "user `other@contoso.com` returned by the service does not match user `admin@contoso.com`",
        ),
    ] {
        let mut options = plain(&lab, CarrierChoice::Rest);
        options.sign_in = SignInMethod::AccessToken;
        options.user = Some("admin@contoso.com".to_owned());
        options.organization = Some("99999999-2222-3333-4444-555555555555".to_owned());
        options.access_token = token(claims);
        let error = refused(options).await;
        assert!(error.to_string().contains(sentence), "{error}");
    }
    assert!(lab.token_requests().is_empty());
}

#[test]
fn what_signs_is_not_shown() {
    let (signer, _requests) = remote_signer();
    let source = CertificateSource::Remote { certificate: vec![1, 2, 3], signer: Arc::clone(&signer) };
    assert_eq!(format!("{source:?}"), "Remote(…)");
    let mut options = ConnectOptions::default();
    assert_eq!(options.browser, BrowserChoice::Auto);
    options.certificate_password = Some(Secret::new("hunter2".to_owned()));
    options.certificate = Some(CertificateSource::Bytes(b"hunter2".to_vec().into()));
    assert!(!format!("{options:?}").contains("hunter2"));
}
