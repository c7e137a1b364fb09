//! No secret is in what is logged, shown, or said in an error, at any level.

use std::error::Error as StdError;
use std::io;
use std::sync::{Arc, Mutex};

use exo_lab::{DeviceApproval, Fault, FaultKind, LabConfig};
use exo_session::{
    BrowserChoice, CarrierChoice, ConnectEvent, ConnectOptions, Secret, SignInMethod, connect,
};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::util::SubscriberInitExt;

use super::{plain, works};
use crate::support::{command, lab_with, options, read};

/// Everything that is written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// All that an error tells: the sentence, what `Debug` shows, and the same of everything below it.
fn told(error: &dyn StdError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut below = error.source();
    while let Some(error) = below {
        text.push_str(&format!(" {error} {error:?}"));
        below = error.source();
    }
    text
}

/// In a process of its own: what is logged at all is decided for a whole process, and the other tests log nothing.
#[test]
fn no_secret_is_logged_shown_or_said() {
    let ran = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "sign_in::secrets::every_step_and_failure"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success() && said.contains("1 passed"),
        "{said}{}",
        String::from_utf8_lossy(&ran.stderr)
    );
}

// One thread, so that every event of client and lab comes to this test's subscriber.
#[tokio::test]
#[ignore = "a part of no_secret_is_logged_shown_or_said, which runs it"]
async fn every_step_and_failure() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone());
    let _guard = subscriber.finish().set_default();
    let config = LabConfig {
        password: Some("PlantedPassw0rd!".to_owned()),
        device_approval: DeviceApproval::AfterPolls(0),
        device_interval: std::time::Duration::from_secs(1),
        ..LabConfig::default()
    };
    let lab = lab_with(config).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let mut texts = Vec::new();

    // What goes well: a password over both carriers, a renewal, a device code, the cache.
    for carrier in [CarrierChoice::Rest, CarrierChoice::Psrp] {
        let mut options = options(&lab);
        options.carrier = carrier;
        options.token_cache = Some(path.clone());
        texts.push(format!("{options:?}"));
        let session = connect(options, |event| texts.push(format!("{event:?}"))).await.unwrap();
        works(&session).await;
        if carrier == CarrierChoice::Rest {
            lab.add_fault(Fault::times(FaultKind::TokenExpired, 1));
            works(&session).await;
        }
        texts.push(format!(
            "{session:?} {:?} {}",
            session.info(),
            serde_json::to_string(session.info()).unwrap()
        ));
        session.close().await.unwrap();
    }

    // What fails: each way with a planted secret.
    let planted = |change: &dyn Fn(&mut ConnectOptions)| {
        let mut options = plain(&lab, CarrierChoice::Rest);
        change(&mut options);
        options
    };
    let secret = |text: &str| Some(Secret::new(text.to_owned()));
    let failing = [
        planted(&|options| {
            options.user = Some(lab.user());
            options.password = secret("PlantedWrongPassword");
        }),
        planted(&|options| {
            options.sign_in = SignInMethod::AccessToken;
            options.access_token = secret("planted.access.token");
            options.organization = Some(lab.organization().to_owned());
        }),
        planted(&|options| {
            options.sign_in = SignInMethod::AccessToken;
            options.access_token = secret("planted access token");
        }),
        planted(&|options| {
            options.sign_in = SignInMethod::Certificate;
            options.app_id = Some("a-1".to_owned());
            options.organization = Some("contoso.com".to_owned());
            options.certificate =
                Some(exo_session::CertificateSource::Bytes(b"PlantedKeyBytes".to_vec().into()));
            options.certificate_password = secret("PlantedCertificatePassword");
        }),
        planted(&|options| {
            options.sign_in = SignInMethod::Browser;
            options.browser = BrowserChoice::Caller;
            options.sign_in_timeout = std::time::Duration::from_millis(1);
        }),
    ];
    let mut in_addresses = Vec::new();
    for options in failing {
        texts.push(format!("{options:?}"));
        let outcome = connect(options, |event| {
            if let ConnectEvent::Browser { uri, .. } = &event {
                let url = reqwest::Url::parse(uri).unwrap();
                let field =
                    |name: &str| url.query_pairs().find(|(own, _)| own == name).unwrap().1.into_owned();
                in_addresses.extend([field("state"), field("nonce")]);
            }
        });
        let error = match outcome.await {
            Err(error) => error,
            Ok(session) => {
                let pipeline = session.invoke(command("Get-Mailbox", &[])).await;
                match pipeline {
                    Ok(pipeline) => read(pipeline).await.unwrap_err(),
                    Err(error) => error,
                }
            }
        };
        texts.push(told(&error));
    }
    lab.add_fault(Fault::times(FaultKind::TokenDropMid, 1));
    let mut broken = options(&lab);
    broken.carrier = CarrierChoice::Rest;
    texts.push(told(&connect(broken, |_| {}).await.unwrap_err()));

    // The tokens that were at work, out of the cache.
    let key =
        exo_auth::SealKey::from_bytes(&std::fs::read(folder.path().join("tokens.key")).unwrap()).unwrap();
    let kept = key.open(&std::fs::read(&path).unwrap()).unwrap();
    let kept: serde_json::Value = serde_json::from_slice(&kept).unwrap();
    let entry = &kept["accounts"][0];
    let (access, refresh) =
        (entry["access"][0]["token"].as_str().unwrap(), entry["refresh"].as_str().unwrap());
    let mut secrets: Vec<String> = [
        "PlantedPassw0rd!",
        "PlantedPassw0rd%21",
        "PlantedWrongPassword",
        "planted.access.token",
        "planted access token",
        "PlantedKeyBytes",
        "PlantedCertificatePassword",
        access,
        access.rsplit('.').next().unwrap(),
        refresh,
    ]
    .map(str::to_owned)
    .into();
    use base64::Engine;
    let basic = format!("{}:Bearer {access}", lab.user());
    secrets.push(base64::engine::general_purpose::STANDARD.encode(basic));
    secrets.extend(in_addresses);
    secrets.extend(key_texts(&key));
    texts.push(log.text());
    for secret in secrets {
        for text in &texts {
            if let Some(at) = text.find(&secret) {
                let start = text[..at].char_indices().rev().nth(200).map_or(0, |(index, _)| index);
                panic!("`{secret}` stands in: {}", &text[start..at]);
            }
        }
    }
    let logged = log.text();
    assert!(
        logged.contains("sign-in answer") && logged.contains("TRACE"),
        "the log was on: {}",
        logged.len()
    );
}

/// The key of the cache in the forms in which it could slip out.
fn key_texts(key: &exo_auth::SealKey) -> Vec<String> {
    use base64::Engine;
    let bytes = key.as_bytes();
    vec![
        base64::engine::general_purpose::STANDARD.encode(bytes),
        bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        format!("{bytes:?}"),
    ]
}
