//! Module texts kept on disk, so that connecting again downloads nothing that has not changed.
//!
//! Each text lies in a file of its own: one line of JSON ([`Head`]) and the text as the service sent it, which is read
//! with the same distrust as one that comes over the wire. Whether a copy still stands is the service's to say: the
//! copy's validator (RFC 9110 8.8) goes out with the request, and 304 means yes. A service that gives no validator is
//! asked for the text each time.
//!
//! A file appears by renaming, so that of two processes each reads a whole one. It is not forced to the disk: what a
//! power failure tears apart fails its checksum and is fetched again.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Where the catalogues of REST connections are kept between them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CatalogCache {
    /// Nowhere: each connection downloads its own.
    #[default]
    Off,
    /// In the user's folder for such things: `$XDG_CACHE_HOME/exo` or `~/.cache/exo`, on macOS `~/Library/Caches/exo`,
    /// on Windows `%LOCALAPPDATA%\exo`. Without any of these, nowhere.
    User,
    /// In this folder, which is made when it is not there.
    Folder(PathBuf),
}

/// A folder of copies.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    folder: PathBuf,
}

/// What a copy belongs to, as a file name that tells nothing about it.
#[derive(Debug, Clone)]
pub(crate) struct Key(String);

/// A text as it was downloaded, and the service's mark for it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) validator: Validator,
    pub(crate) text: String,
}

/// By what the service knows its own text again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Validator {
    /// The value of `ETag`.
    Etag(String),
    /// The value of `Last-Modified`.
    LastModified(String),
}

/// The first line of a file.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Head {
    format: u32,
    validator: Validator,
    /// Of the text, in bytes.
    len: usize,
    /// Of the text.
    sha256: String,
}

impl Key {
    /// For a text that depends on all of `parts`.
    pub(crate) fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.as_bytes());
            // No part holds one, so that two lists never come to the same.
            hash.update([0]);
        }
        Self(hex(&hash.finalize()))
    }
}

impl Validator {
    /// The header that asks for the text only when it is another one.
    pub(crate) fn condition(&self) -> (&'static str, &str) {
        match self {
            Self::Etag(tag) => ("If-None-Match", tag),
            Self::LastModified(date) => ("If-Modified-Since", date),
        }
    }

    /// Out of the headers of an answer, the tag before the date; nothing that could not go back in a header.
    pub(crate) fn of(etag: Option<&str>, last_modified: Option<&str>) -> Option<Self> {
        let fits = |value: &&str| {
            !value.is_empty()
                && value.len() <= MAX_VALIDATOR_LEN
                && value.bytes().all(|byte| matches!(byte, b' '..=b'~'))
        };
        let etag = etag.filter(fits).map(|tag| Self::Etag(tag.to_owned()));
        etag.or_else(|| last_modified.filter(fits).map(|date| Self::LastModified(date.to_owned())))
    }
}

impl Store {
    /// The folder that is meant; `None` when nothing is to be kept, or there is no place for it.
    pub(crate) fn of(choice: &CatalogCache) -> Option<Self> {
        let folder = match choice {
            CatalogCache::Off => return None,
            CatalogCache::Folder(folder) => folder.clone(),
            CatalogCache::User => user_folder()?,
        };
        Some(Self { folder })
    }

    /// The copy for `key`. One that cannot be used is told in the log and taken away.
    pub(crate) fn load(&self, key: &Key) -> Option<Copy> {
        let path = self.path(key);
        match read(&path) {
            Ok(copy) => {
                // So that the one not used for the longest time goes first. Not worth a word when it fails.
                let _ = File::options()
                    .append(true)
                    .open(&path)
                    .and_then(|file| file.set_modified(SystemTime::now()));
                Some(copy)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!(%error, "the kept catalogue cannot be used and is fetched again");
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps a text, and lets go of what has not been used for long when there is too much. A failure is told in the
    /// log and changes nothing else.
    pub(crate) fn keep(&self, key: &Key, copy: &Copy) {
        if MAX_TEXT_LEN < copy.text.len() {
            tracing::debug!(len = copy.text.len(), "the catalogue is too long to be kept");
            return;
        }
        if let Err(error) = self.write(key, copy) {
            tracing::warn!(%error, folder = %self.folder.display(), "the catalogue cannot be kept");
        }
        self.prune();
    }

    fn write(&self, key: &Key, copy: &Copy) -> io::Result<()> {
        let mut folders = DirBuilder::new();
        folders.recursive(true);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
            folders.mode(0o700);
            options.mode(0o600);
        }
        folders.create(&self.folder)?;
        let new = self.folder.join(format!("{}{NEW_ENDING}", Uuid::new_v4().simple()));
        let head = Head {
            format: FORMAT,
            validator: copy.validator.clone(),
            len: copy.text.len(),
            sha256: hex(&Sha256::digest(copy.text.as_bytes())),
        };
        let written = options.open(&new).and_then(|mut file| {
            let mut line = serde_json::to_vec(&head)?;
            line.push(b'\n');
            file.write_all(&line)?;
            file.write_all(copy.text.as_bytes())?;
            fs::rename(&new, self.path(key))
        });
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written
    }

    /// Keeps the folder below its limit, and takes away what a process left that ended while it wrote.
    fn prune(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let mut copies = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(name) = name.to_str() else { continue };
            let Ok(metadata) = entry.metadata() else { continue };
            let Ok(used) = metadata.modified() else { continue };
            if name.ends_with(NEW_ENDING) && used.elapsed().is_ok_and(|age| ABANDONED < age) {
                let _ = fs::remove_file(entry.path());
            } else if name.ends_with(ENDING) {
                copies.push((used, metadata.len(), entry.path()));
            }
        }
        copies.sort_by_key(|&(used, ..)| std::cmp::Reverse(used));
        let mut total = 0u64;
        for (_, len, path) in copies {
            total = total.saturating_add(len);
            if MAX_FOLDER_LEN < total {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(format!("{}{ENDING}", key.0))
    }
}

fn read(path: &Path) -> io::Result<Copy> {
    let wrong = |problem: &'static str| io::Error::new(io::ErrorKind::InvalidData, problem);
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if metadata.permissions().mode() & WRITABLE_BY_OTHERS != 0 {
            return Err(wrong("others may write to it"));
        }
    }
    if MAX_FILE_LEN < metadata.len() {
        return Err(wrong("it is longer than any that is kept"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0));
    file.take(MAX_FILE_LEN).read_to_end(&mut bytes)?;
    let end = memchr::memchr(b'\n', &bytes).ok_or_else(|| wrong("it has no first line"))?;
    let text = bytes.split_off(end + 1);
    let head: Head = serde_json::from_slice(&bytes).map_err(|_| wrong("its first line cannot be read"))?;
    if head.format != FORMAT {
        return Err(wrong("it has another format"));
    }
    if head.len != text.len() || head.sha256 != hex(&Sha256::digest(&text)) {
        return Err(wrong("its text is not the one that was written"));
    }
    let (etag, date) = match &head.validator {
        Validator::Etag(tag) => (Some(tag.as_str()), None),
        Validator::LastModified(date) => (None, Some(date.as_str())),
    };
    let validator = Validator::of(etag, date).ok_or_else(|| wrong("its validator fits no header"))?;
    let text = String::from_utf8(text).map_err(|_| wrong("its text is not UTF-8"))?;
    Ok(Copy { validator, text })
}

/// Where a program of this user may keep what it can fetch again.
fn user_folder() -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let home = || std::env::home_dir().filter(|folder| folder.is_absolute());
    let caches = if cfg!(windows) {
        absolute("LOCALAPPDATA")
    } else if let Some(folder) = absolute("XDG_CACHE_HOME") {
        Some(folder)
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        home().map(|home| home.join(".cache"))
    };
    caches.map(|folder| folder.join("exo").join("catalogs"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

const FORMAT: u32 = 1;
const ENDING: &str = ".catalog";
const NEW_ENDING: &str = ".new";
/// Eight times what the service sends.
const MAX_TEXT_LEN: usize = 16 << 20;
/// With its first line.
const MAX_FILE_LEN: u64 = (16 << 20) + (4 << 10);
/// The texts of some thirty accounts.
const MAX_FOLDER_LEN: u64 = 64 << 20;
const MAX_VALIDATOR_LEN: usize = 1 << 10;
/// Nobody writes for so long.
const ABANDONED: Duration = Duration::from_secs(3_600);
#[cfg(unix)]
const WRITABLE_BY_OTHERS: u32 = 0o022;

#[cfg(test)]
mod tests;
