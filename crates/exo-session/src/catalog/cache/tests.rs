//! Copies on disk: what comes back, and what does not.

use std::fs;
use std::path::PathBuf;

use super::{Copy, ENDING, Key, MAX_FOLDER_LEN, MAX_TEXT_LEN, Store, Validator};

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store { folder: folder.path().join("made/here") };
    (folder, store)
}

fn copy(text: &str) -> Copy {
    Copy { validator: Validator::Etag("\"one\"".to_owned()), text: text.to_owned() }
}

fn files(store: &Store) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(&store.folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn what_was_kept_comes_back_and_belongs_to_its_key_alone() {
    let (_folder, store) = store();
    let key = Key::of(&["tenant", "ana@contoso.com"]);
    assert_eq!(store.load(&key), None);
    store.keep(&key, &copy("text\nof more lines"));
    store.keep(&key, &copy("another \u{e4}"));
    assert_eq!(store.load(&key), Some(copy("another \u{e4}")));
    for other in [&["tenantana@contoso.com"][..], &["tenant", "ana@contoso.com", ""], &["tenant"]] {
        assert_eq!(store.load(&Key::of(other)), None);
    }
    let files = files(&store);
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(!files[0].to_str().unwrap().contains("ana"));
}

#[test]
#[cfg(unix)]
fn only_the_user_may_look() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, store) = store();
    let key = Key::of(&["x"]);
    store.keep(&key, &copy("text"));
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&store.path(&key)), mode(&store.folder)), (0o600, 0o700));
    fs::set_permissions(store.path(&key), fs::Permissions::from_mode(0o620)).unwrap();
    assert_eq!(store.load(&key), None);
    assert!(files(&store).is_empty());
}

#[test]
fn a_damaged_copy_is_taken_away() {
    let (_folder, store) = store();
    let key = Key::of(&["x"]);
    store.keep(&key, &copy("the text that was kept"));
    let whole = fs::read(store.path(&key)).unwrap();
    let head = whole.iter().position(|&byte| byte == b'\n').unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..whole.len()).map(|len| whole[..len].to_vec()).collect();
    for place in [0, head, head + 1, whole.len() - 1] {
        let mut bytes = whole.clone();
        bytes[place] ^= 0x20;
        damaged.push(bytes);
    }
    let other_format = String::from_utf8(whole.clone()).unwrap().replace("\"format\":1", "\"format\":2");
    damaged.push(other_format.into_bytes());
    let hostile = String::from_utf8(whole.clone()).unwrap().replace("\\\"one\\\"", "a\\r\\nX: y");
    damaged.push(hostile.into_bytes());
    for bytes in damaged {
        fs::write(store.path(&key), &bytes).unwrap();
        assert_eq!(store.load(&key), None, "{}", String::from_utf8_lossy(&bytes));
        assert!(files(&store).is_empty());
    }
}

#[test]
fn the_folder_stays_below_its_limit_and_the_last_used_stay() {
    let (_folder, store) = store();
    let text = "x".repeat(MAX_TEXT_LEN);
    let keys: Vec<Key> = (0..6).map(|number| Key::of(&[&number.to_string()])).collect();
    for key in &keys {
        store.keep(key, &copy(&text));
    }
    let total: u64 = files(&store).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(total <= MAX_FOLDER_LEN, "{total}");
    assert!(store.load(&keys[5]).is_some() && store.load(&keys[0]).is_none());
    store.keep(&Key::of(&["too long"]), &copy(&(text + "x")));
    assert_eq!(store.load(&Key::of(&["too long"])), None);
}

#[test]
fn two_who_write_at_once_leave_one_whole_copy() {
    let (_folder, store) = store();
    let key = Key::of(&["x"]);
    let texts = ["a".repeat(100_000), "b".repeat(200_000)];
    std::thread::scope(|scope| {
        for text in &texts {
            let (store, key) = (&store, &key);
            scope.spawn(move || {
                for _ in 0..50 {
                    store.keep(key, &copy(text));
                    let found = store.load(key).expect("there is always one").text;
                    assert!(found.bytes().all(|byte| byte == found.as_bytes()[0]));
                }
            });
        }
    });
    let files = files(&store);
    assert_eq!(files.len(), 1, "{files:?}");
    assert!(files[0].to_str().unwrap().ends_with(ENDING));
}

#[test]
fn a_validator_goes_back_as_a_condition_and_fits_a_header() {
    let etag = Validator::of(Some("W/\"1\""), Some("Sat, 21 Nov 2026 10:00:00 GMT")).unwrap();
    assert_eq!(etag.condition(), ("If-None-Match", "W/\"1\""));
    let date = Validator::of(None, Some("Sat, 21 Nov 2026 10:00:00 GMT")).unwrap();
    assert_eq!(date.condition(), ("If-Modified-Since", "Sat, 21 Nov 2026 10:00:00 GMT"));
    for bad in ["", "a\nb", "\u{e4}", &"x".repeat(2_000)] {
        assert_eq!(Validator::of(Some(bad), None), None, "{bad}");
    }
}
