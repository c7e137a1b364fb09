//! The token cache on disk: silent sign-in, several processes, damage, and signing out.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use exo_lab::{DeviceApproval, Lab, LabConfig};
use exo_session::{
    AuthErrorKind, CarrierChoice, ConnectEvent, ConnectOptions, KeyPlace, SignInMethod, TokenCache, connect,
    sign_in,
};
use serde_json::json;

use super::{plain, works};
use crate::support::lab_with;

async fn patient_lab(lifetime: Duration) -> Lab {
    lab_with(LabConfig {
        token_lifetime: lifetime,
        device_approval: DeviceApproval::AfterPolls(0),
        device_interval: Duration::from_secs(1),
        ..LabConfig::default()
    })
    .await
}

fn kept(lab: &Lab, path: &Path) -> ConnectOptions {
    let mut options = plain(lab, CarrierChoice::Rest);
    options.sign_in = SignInMethod::Device;
    options.token_cache = Some(path.to_owned());
    options
}

/// Signs in; whether a code had to be entered.
async fn asks(options: ConnectOptions) -> Result<bool, exo_session::Error> {
    let mut asked = false;
    let events = |event| asked |= matches!(event, ConnectEvent::DeviceCode(_));
    let signed_in = sign_in(options, events, std::future::pending()).await?;
    assert_eq!(signed_in.from_cache, !asked);
    Ok(asked)
}

/// What lies in the directory, by name.
fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_sign_in_asks_nobody_and_signing_out_removes_everything() {
    let lab = patient_lab(Duration::from_secs(3600)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state").join("tokens");
    let cache = TokenCache::open(&path).unwrap();
    assert!(cache.accounts().await.unwrap().is_empty() && !path.exists());
    assert!(asks(kept(&lab, &path)).await.unwrap());
    assert!(!asks(kept(&lab, &path)).await.unwrap());
    let session = connect(kept(&lab, &path), |event| {
        assert!(!matches!(event, ConnectEvent::DeviceCode(_)), "nobody has to be asked");
    })
    .await
    .unwrap();
    works(&session).await;
    assert_eq!(session.info().user.as_deref(), Some(lab.user().as_str()));
    session.close().await.unwrap();

    // A password is looked at, whatever was kept.
    let mut wrong = kept(&lab, &path);
    wrong.sign_in = SignInMethod::Password;
    wrong.user = Some(lab.user());
    wrong.password = Some(exo_session::Secret::new("wrong".to_owned()));
    assert_eq!(asks(wrong).await.unwrap_err().sign_in().unwrap().aadsts, Some(50126));

    let accounts = cache.accounts().await.unwrap();
    assert_eq!(accounts.len(), 1);
    assert_eq!((accounts[0].user.as_str(), accounts[0].renewable), (lab.user().as_str(), true));
    if cache.key_place() == KeyPlace::KeyStore {
        assert_eq!(files(path.parent().unwrap()), ["tokens", "tokens.lock"]);
        assert!(cache.clear().await.unwrap());
        assert_eq!(cache.key_place(), KeyPlace::File, "the store has forgotten the key");
        return;
    }
    let state = path.parent().unwrap();
    assert_eq!(files(state), ["tokens", "tokens.key", "tokens.lock"]);
    #[cfg(unix)]
    for name in files(state) {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(state.join(&name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}");
    }
    let sealed = std::fs::read(&path).unwrap();
    assert!(!sealed.windows(5).any(|window| window == b"token") && sealed.starts_with(b"EXO-TOKENS"));

    // What a crash in the middle of writing leaves.
    std::fs::write(state.join("tokens.4711.new"), b"half").unwrap();
    assert!(cache.clear().await.unwrap());
    assert!(files(state).is_empty(), "{:?}", files(state));
    assert!(!cache.clear().await.unwrap());
    assert!(asks(kept(&lab, &path)).await.unwrap());
    assert!(cache.remove(&lab.user().to_uppercase()).await.unwrap());
    assert!(!cache.remove(&lab.user()).await.unwrap());
    assert!(cache.accounts().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_that_was_touched_is_told_and_not_used() {
    let lab = patient_lab(Duration::from_secs(3600)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    let key = folder.path().join("tokens.key");
    assert!(asks(kept(&lab, &path)).await.unwrap());
    if TokenCache::open(&path).unwrap().key_place() == KeyPlace::KeyStore {
        eprintln!(
            "ignored: a_cache_that_was_touched_is_told_and_not_used: the key is in the system's key store"
        );
        return;
    }
    let (good, good_key) = (std::fs::read(&path).unwrap(), std::fs::read(&key).unwrap());
    let mut altered = good.clone();
    *altered.last_mut().unwrap() ^= 1;
    let mut newer = good.clone();
    newer[15] = 9;
    for (file, content, sentence) in [
        (&path, altered, "the token cache was altered or belongs to another key"),
        (&path, good[..good.len() - 1].to_vec(), "the token cache was altered or belongs to another key"),
        (&path, good[..20].to_vec(), "the token cache is cut off after 20 bytes"),
        (&path, Vec::new(), "the token cache is cut off after 0 bytes"),
        (&path, newer, "the token cache has version 9, and this program reads version 1"),
        (&path, b"hello".to_vec(), "the token cache is not one"),
        (&key, vec![7; 32], "the token cache was altered or belongs to another key"),
        (&key, vec![7; 31], "the key of the token cache is damaged"),
        (&key, vec![7; 33], "the key of the token cache is damaged"),
    ] {
        std::fs::write(file, &content).unwrap();
        let error = asks(kept(&lab, &path)).await.unwrap_err();
        assert_eq!(error.sign_in().unwrap().kind, AuthErrorKind::Cache, "{error}");
        assert!(error.to_string().contains(sentence), "{error}");
        assert!(error.advice().unwrap().contains("sign out"), "{error}");
        // Reading it breaks nothing, and says the same.
        assert!(TokenCache::open(&path).unwrap().accounts().await.is_err());
        std::fs::write(&path, &good).unwrap();
        std::fs::write(&key, &good_key).unwrap();
    }
    std::fs::remove_file(&key).unwrap();
    let error = asks(kept(&lab, &path)).await.unwrap_err();
    // Built with the key store, the key might be there, and a store that does not answer says so.
    let sentences = ["the key of the token cache is gone", "the system's key store"];
    assert!(sentences.iter().any(|sentence| error.to_string().contains(sentence)), "{error}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(&key, &good_key).unwrap();
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
        let error = asks(kept(&lab, &path)).await.unwrap_err();
        assert!(error.to_string().contains("its key can be read by others (mode 644)"), "{error}");
    }
    // Signing out is the way out of all of it.
    assert!(TokenCache::open(&path).unwrap().clear().await.unwrap());
    assert!(asks(kept(&lab, &path)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_that_was_revoked_is_forgotten_and_the_person_is_asked_again() {
    let lab = patient_lab(Duration::from_secs(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("tokens");
    assert!(asks(kept(&lab, &path)).await.unwrap());
    lab.revoke_sign_ins(&lab.user());
    // While the kept access token is still good nobody notices; it ends by itself.
    while !asks(kept(&lab, &path)).await.unwrap() {}
    assert_eq!(TokenCache::open(&path).unwrap().accounts().await.unwrap().len(), 1);
}

/// The other process of the test below; it reads its options from the standard input.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a part of processes_that_refresh_at_once_never_use_a_token_twice, which runs it"]
async fn another_process() {
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text).unwrap();
    for _ in 0..10 {
        let options: ConnectOptions = serde_json::from_str(&text).unwrap();
        assert!(!asks(options).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn processes_that_refresh_at_once_never_use_a_token_twice() {
    // Each token lives a second, so that every process has to refresh again and again; a refresh token is good once.
    let lab = patient_lab(Duration::from_secs(1)).await;
    let folder = tempfile::tempdir().unwrap();
    let path: PathBuf = folder.path().join("tokens");
    assert!(asks(kept(&lab, &path)).await.unwrap());
    let options = json!({
        "connectionUri": lab.url(), "authority": lab.authority(), "caFile": lab.ca_file(), "carrier": "rest",
        "signIn": "device", "tokenCache": path,
    });
    let mut processes = Vec::new();
    for _ in 0..3 {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "sign_in::cache::another_process", "--ignored"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        process.stdin.take().unwrap().write_all(options.to_string().as_bytes()).unwrap();
        processes.push(process);
    }
    for process in processes {
        let output = tokio::task::spawn_blocking(move || process.wait_with_output().unwrap()).await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains("1 passed"), "{text}");
    }
    let refreshes: Vec<_> =
        lab.token_requests().into_iter().filter(|asked| asked.grant == "refresh_token").collect();
    assert!(refreshes.iter().all(|asked| asked.refused.is_none()), "{refreshes:?}");
}
