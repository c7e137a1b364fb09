//! The catalogue between connections: kept on disk, asked about, and never trusted.

use std::fs;
use std::path::{Path, PathBuf};

use exo_lab::{Lab, LabConfig};
use exo_session::catalog::CatalogCache;
use exo_session::{CarrierChoice, ConnectOptions, Session};

use crate::support::{lab, lab_with, open, options, refused};

fn kept_in(lab: &Lab, folder: &Path) -> ConnectOptions {
    let mut options = options(lab);
    options.carrier = CarrierChoice::Rest;
    options.catalog_cache = CatalogCache::Folder(folder.to_owned());
    options
}

fn names(session: &Session) -> Vec<String> {
    session.catalog().unwrap().cmdlets.iter().map(|cmdlet| cmdlet.name.clone()).collect()
}

fn only_file(folder: &Path) -> PathBuf {
    let files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

#[tokio::test]
async fn a_second_connection_downloads_nothing() {
    let lab = lab().await;
    let folder = tempfile::tempdir().unwrap();
    let first = open(kept_in(&lab, folder.path())).await;
    assert_eq!(lab.module_downloads(), 1);
    for _ in 0..3 {
        let again = open(kept_in(&lab, folder.path())).await;
        assert_eq!(again.catalog(), first.catalog());
    }
    assert_eq!(lab.module_downloads(), 1);
}

#[tokio::test]
async fn without_a_place_nothing_is_kept() {
    let lab = lab().await;
    for downloads in 1..=2 {
        let mut options = options(&lab);
        options.carrier = CarrierChoice::Rest;
        assert_eq!(options.catalog_cache, CatalogCache::Off);
        open(options).await;
        assert_eq!(lab.module_downloads(), downloads);
    }
}

#[tokio::test]
async fn accounts_services_and_name_lists_have_copies_of_their_own() {
    let lab = lab().await;
    let folder = tempfile::tempdir().unwrap();
    let mut counts = Vec::new();
    for _ in 0..2 {
        let administrator = open(kept_in(&lab, folder.path())).await;
        let mut viewer = kept_in(&lab, folder.path());
        viewer.user = Some(lab.user().replace("admin@", "viewer@"));
        let viewer = open(viewer).await;
        let mut some = kept_in(&lab, folder.path());
        some.command_names = vec!["Get-Mailbox".to_owned(), "*-InboxRule".to_owned()];
        let some = open(some).await;
        counts.push([&administrator, &viewer, &some].map(|session| names(session).len()));
        assert_eq!(lab.module_downloads(), 3);
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0][2] < counts[0][1] && counts[0][1] < counts[0][0], "{counts:?}");
}

#[tokio::test]
async fn what_is_damaged_or_out_of_date_is_fetched_again() {
    let lab = lab().await;
    let folder = tempfile::tempdir().unwrap();
    let whole = names(&open(kept_in(&lab, folder.path())).await);
    let file = only_file(folder.path());
    let good = fs::read(&file).unwrap();
    let of_another_text = String::from_utf8(good.clone()).unwrap().replacen("\\\"", "\\\"0", 1);
    let cases: [(&str, Vec<u8>); 4] = [
        ("cut in the middle", good[..good.len() / 2].to_vec()),
        ("empty", Vec::new()),
        ("something else", b"\x7fELF and more".to_vec()),
        ("a text that the service has replaced", of_another_text.into_bytes()),
    ];
    for (downloads, (case, bytes)) in (2..).zip(cases) {
        fs::write(&file, bytes).unwrap();
        assert_eq!(names(&open(kept_in(&lab, folder.path())).await), whole, "{case}");
        assert_eq!(lab.module_downloads(), downloads, "{case}");
        assert_eq!(only_file(folder.path()), file, "{case}");
        assert_eq!(names(&open(kept_in(&lab, folder.path())).await), whole, "{case}");
        assert_eq!(lab.module_downloads(), downloads, "{case}");
    }
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_no_reason_not_to_connect() {
    let lab = lab().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "not a folder").unwrap();
    let session = open(kept_in(&lab, &file)).await;
    assert!(!names(&session).is_empty());
}

#[tokio::test]
async fn connections_at_once_share_one_copy() {
    let lab = lab_with(LabConfig { cmdlets: 200, ..LabConfig::default() }).await;
    let folder = tempfile::tempdir().unwrap();
    let mut all = tokio::task::JoinSet::new();
    for _ in 0..6 {
        all.spawn(open(kept_in(&lab, folder.path())));
    }
    while let Some(session) = all.join_next().await {
        assert_eq!(names(&session.unwrap()).len(), 200);
    }
    only_file(folder.path());
    let before = lab.module_downloads();
    open(kept_in(&lab, folder.path())).await;
    assert_eq!(lab.module_downloads(), before);
}

#[tokio::test]
async fn command_names_choose_what_the_catalogue_has() {
    let lab = lab().await;
    let connect_with = async |wanted: &[&str]| {
        let mut options = options(&lab);
        options.carrier = CarrierChoice::Rest;
        options.command_names = wanted.iter().map(|&name| name.to_owned()).collect();
        names(&open(options).await)
    };
    assert_eq!(connect_with(&["get-mailbo?", "Set-Mailbox"]).await, ["Get-Mailbox", "Set-Mailbox"]);
    assert!(connect_with(&["Get-Nothing*"]).await.is_empty());
    for bad in ["", "a,b", "Get-Mailbox\r\nX-Evil: 1", "$(x)"] {
        let mut options = options(&lab);
        options.carrier = CarrierChoice::Rest;
        options.command_names = vec![bad.to_owned()];
        let error = refused(options).await;
        assert!(error.to_string().contains("commandNames has `"), "{error}");
    }
}

#[test]
fn the_options_are_read_from_json() {
    for (json, expected) in [
        (r#"{}"#, CatalogCache::Off),
        (r#"{"catalogCache":"off"}"#, CatalogCache::Off),
        (r#"{"catalogCache":"user"}"#, CatalogCache::User),
        (r#"{"catalogCache":{"folder":"/var/tmp/x"}}"#, CatalogCache::Folder("/var/tmp/x".into())),
    ] {
        let options: ConnectOptions = serde_json::from_str(json).unwrap();
        assert_eq!(options.catalog_cache, expected);
    }
    let options: ConnectOptions = serde_json::from_str(r#"{"commandNames":["Get-*"]}"#).unwrap();
    assert_eq!(options.command_names, ["Get-*"]);
}
