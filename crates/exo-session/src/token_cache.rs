//! The sealed file with the tokens of people, for the next run.
//!
//! Three files lie beside each other, each for its owner only: the cache, its key (`.key`), unless the key store of the
//! system keeps that, and a lock (`.lock`). The seal protects a copy of the cache alone (a backup, a shared disk) and
//! shows that somebody changed it. It does not protect against programs of the same user, which can read the key too;
//! nothing on a machine without a key store can.

use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use exo_auth::{CacheError, CachedAccount, Page, SealKey, Store};
use zeroize::Zeroizing;

use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// A cache file. Several processes may use it at once; one at a time has it.
#[derive(Clone)]
pub struct TokenCache {
    path: Arc<Path>,
}

/// Where the key of a cache is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyPlace {
    /// A file beside the cache that only its owner can read.
    File,
    /// The key store of the system, which knows the user.
    KeyStore,
}

impl TokenCache {
    /// Names a cache. Nothing is read or made yet.
    ///
    /// # Errors
    /// The path has no file name.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        if path.file_name().is_none() {
            let problem = "is not the path of a file".to_owned();
            return Err(Error::new(Step::Options, Kind::Option { name: "tokenCache", problem }));
        }
        Ok(Self { path: path.into() })
    }

    /// Where its key is kept; a file, as long as there is none.
    #[must_use]
    pub fn key_place(&self) -> KeyPlace {
        let in_store = !self.beside(".key").exists() && matches!(stored_key(&self.path), Ok(Some(_)));
        if in_store { KeyPlace::KeyStore } else { KeyPlace::File }
    }

    /// Who has signed in. No file is nobody.
    ///
    /// # Errors
    /// The file is damaged, altered, or cannot be read.
    pub async fn accounts(&self) -> Result<Vec<CachedAccount>, Error> {
        if !self.path.exists() {
            return Ok(Vec::new());
        }
        Ok(self.lock().await.map_err(refused)?.cache().accounts())
    }

    /// Forgets one account. Says whether it was there.
    ///
    /// # Errors
    /// As [`TokenCache::accounts`], or the file cannot be written.
    pub async fn remove(&self, user: &str) -> Result<bool, Error> {
        if !self.path.exists() {
            return Ok(false);
        }
        let mut page = self.lock().await.map_err(refused)?;
        let was_there = page.cache().remove(user);
        if was_there {
            page.save().map_err(refused)?;
        }
        Ok(was_there)
    }

    /// Removes everything: the cache, whatever it holds, its key, and what a crash may have left. Says whether there was
    /// anything.
    ///
    /// # Errors
    /// A file cannot be removed.
    pub async fn clear(&self) -> Result<bool, Error> {
        let directory = self.directory();
        if !directory.exists() {
            return Ok(false);
        }
        let lock = wait_for(&self.beside(".lock")).await.map_err(refused)?;
        let mut removed = forget_stored_key(&self.path);
        for path in [self.path.to_path_buf(), self.beside(".key")].into_iter().chain(self.leftovers()) {
            match fs::remove_file(path) {
                Ok(()) => removed = true,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(refused(failed("removed", &error))),
            }
        }
        // On systems that do not remove open files the empty lock stays.
        let _ = fs::remove_file(self.beside(".lock"));
        drop(lock);
        Ok(removed)
    }

    fn directory(&self) -> &Path {
        self.path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut path = self.path.as_os_str().to_owned();
        path.push(ending);
        path.into()
    }

    /// Files that were being written when their process ended.
    fn leftovers(&self) -> Vec<PathBuf> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_one = |path: &PathBuf| {
            let own = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            own.strip_prefix(&name).is_some_and(|rest| rest.starts_with('.') && rest.ends_with(".new"))
        };
        let entries = fs::read_dir(self.directory()).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).filter(is_one).collect()
    }

    fn key(&self) -> Result<Option<SealKey>, CacheError> {
        let path = self.beside(".key");
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return stored_key(&self.path),
            Err(error) => return Err(failed("opened: its key", &error)),
        };
        check_private(&file, "its key")?;
        let mut bytes = Zeroizing::new(Vec::with_capacity(SealKey::LEN + 1));
        let limit = u64::try_from(SealKey::LEN).unwrap_or(0) + 1;
        (&mut file).take(limit).read_to_end(&mut bytes).map_err(|error| failed("opened: its key", &error))?;
        SealKey::from_bytes(&bytes).map(Some)
    }

    /// A new key, where it is kept best: a key store that takes it, else a file.
    fn new_key(&self) -> Result<SealKey, CacheError> {
        let key = SealKey::generate();
        if keep_in_store(&self.path, &key).is_err() {
            self.write(&self.beside(".key"), key.as_bytes())?;
        }
        Ok(key)
    }

    fn read(&self) -> Result<Vec<u8>, CacheError> {
        let file = match File::open(&*self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("read", &error)),
        };
        let mut bytes = Vec::new();
        file.take(MAX_LEN + 1).read_to_end(&mut bytes).map_err(|error| failed("read", &error))?;
        if MAX_LEN < u64::try_from(bytes.len()).unwrap_or(u64::MAX) {
            return Err(CacheError::NotACache);
        }
        Ok(bytes)
    }

    /// Writes a file so that it is there whole, or as it was.
    fn write(&self, path: &Path, bytes: &[u8]) -> Result<(), CacheError> {
        let error = |error| failed("written", &error);
        let new = self.beside(&format!(".{}.new", std::process::id()));
        // A process of this number that crashed may have left one, with other rights perhaps.
        let _ = fs::remove_file(&new);
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&new).map_err(error)?;
        let written = file.write_all(bytes).and_then(|()| file.sync_all());
        drop(file);
        written.and_then(|()| fs::rename(&new, path)).map_err(|failure| {
            let _ = fs::remove_file(&new);
            error(failure)
        })?;
        // The name is safe once the directory is; systems that cannot do that do it themselves.
        if let Ok(directory) = File::open(self.directory()) {
            let _ = directory.sync_all();
        }
        Ok(())
    }
}

/// The cache, while this process has it.
pub struct HeldCache {
    file: TokenCache,
    key: SealKey,
    cache: exo_auth::TokenCache,
    _lock: File,
}

impl Store for TokenCache {
    type Page = HeldCache;

    async fn lock(&self) -> Result<HeldCache, CacheError> {
        let directory = self.directory();
        if !directory.exists() {
            make_private(directory).map_err(|error| failed("opened", &error))?;
        }
        let lock = wait_for(&self.beside(".lock")).await?;
        let sealed = self.read()?;
        let (key, cache) = match self.key() {
            // Without a cache a store that does not answer is no loss.
            Ok(None) | Err(CacheError::Io { .. }) if sealed.is_empty() && !self.beside(".key").exists() => {
                (self.new_key()?, exo_auth::TokenCache::default())
            }
            Ok(None) => return Err(CacheError::NoKey),
            Err(error) => return Err(error),
            Ok(Some(key)) if sealed.is_empty() && !self.path.exists() => {
                (key, exo_auth::TokenCache::default())
            }
            Ok(Some(key)) => {
                let json = key.open(&sealed)?;
                let cache = exo_auth::TokenCache::from_json(&json)?;
                (key, cache)
            }
        };
        Ok(HeldCache { file: self.clone(), key, cache, _lock: lock })
    }
}

impl Page for HeldCache {
    fn cache(&mut self) -> &mut exo_auth::TokenCache {
        &mut self.cache
    }

    fn save(&mut self) -> Result<(), CacheError> {
        let sealed = self.key.seal(&self.cache.to_json()?)?;
        self.file.write(&self.file.path, &sealed)
    }
}

/// Waits for the lock without keeping a thread, so that giving up gives up. A lock file that was removed meanwhile is
/// nobody's lock any more.
async fn wait_for(path: &Path) -> Result<File, CacheError> {
    let error = |error: io::Error| failed("opened: its lock", &error);
    let mut waited = Duration::ZERO;
    loop {
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(path)
            .map_err(error)?;
        match file.try_lock() {
            Ok(()) if is_at(&file, path) => return Ok(file),
            Ok(()) => continue,
            Err(TryLockError::WouldBlock) if waited < LOCK_LIMIT => {
                tokio::time::sleep(LOCK_PAUSE).await;
                waited += LOCK_PAUSE;
            }
            Err(TryLockError::WouldBlock) => {
                let detail = "another process has held it for two minutes".to_owned();
                return Err(CacheError::Io { doing: "opened", detail });
            }
            Err(TryLockError::Error(failure)) => return Err(error(failure)),
        }
    }
}

#[cfg(feature = "key-store")]
use self::key_store::{forget as forget_stored_key, keep as keep_in_store, key as stored_key};

#[cfg(feature = "key-store")]
mod key_store;

/// Built without the system's key store: it has nothing and takes nothing.
#[cfg(not(feature = "key-store"))]
fn stored_key(_: &Path) -> Result<Option<SealKey>, CacheError> {
    Ok(None)
}

#[cfg(not(feature = "key-store"))]
fn keep_in_store(_: &Path, _: &SealKey) -> Result<(), CacheError> {
    Err(CacheError::NoKey)
}

#[cfg(not(feature = "key-store"))]
fn forget_stored_key(_: &Path) -> bool {
    false
}

#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(own), Ok(there)) = (file.metadata(), fs::metadata(path)) else { return false };
    (own.dev(), own.ino()) == (there.dev(), there.ino())
}

#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn make_private(directory: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// A key that others can read is no key.
#[cfg(unix)]
fn check_private(file: &File, what: &str) -> Result<(), CacheError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|error| failed("opened", &error))?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    let detail = format!("{what} can be read by others (mode {mode:o}); sign out and in again");
    Err(CacheError::Io { doing: "used", detail })
}

#[cfg(not(unix))]
fn check_private(_: &File, _: &str) -> Result<(), CacheError> {
    Ok(())
}

#[cold]
fn failed(doing: &'static str, error: &io::Error) -> CacheError {
    CacheError::Io { doing, detail: error.to_string() }
}

#[cold]
fn refused(error: CacheError) -> Error {
    Error::new(Step::SignIn, Kind::SignIn(error.into()))
}

impl fmt::Debug for TokenCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenCache").finish_non_exhaustive()
    }
}

impl fmt::Debug for HeldCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldCache").field("cache", &self.cache).finish_non_exhaustive()
    }
}

/// Room for thousands of accounts.
const MAX_LEN: u64 = 32 << 20;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// Longer than a renewal over a slow network takes.
const LOCK_LIMIT: Duration = Duration::from_secs(120);
