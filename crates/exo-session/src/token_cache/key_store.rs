//! The key of a cache in the key store of the system: the Secret Service of a Linux desktop, the keychain of macOS.
//!
//! The store's client may start a runtime of its own, which a thread of ours does not bear; each call has its own thread.

use std::path::Path;

use exo_auth::{CacheError, SealKey};
use keyring::Entry;
use zeroize::Zeroizing;

/// The key that the store has for this cache.
///
/// # Errors
/// The store does not answer, or what it has is no key.
pub(super) fn key(cache: &Path) -> Result<Option<SealKey>, CacheError> {
    let found = ask(cache, |entry| match entry.get_secret() {
        Ok(secret) => Ok(Some(Zeroizing::new(secret))),
        Err(keyring::Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    });
    found?.map(|secret| SealKey::from_bytes(&secret)).transpose()
}

/// Gives a key to the store.
///
/// # Errors
/// The store does not answer, or takes nothing.
pub(super) fn keep(cache: &Path, key: &SealKey) -> Result<(), CacheError> {
    ask(cache, |entry| entry.set_secret(key.as_bytes()))
}

/// Takes the key out of the store. Says whether there was one; a store that does not answer has none.
pub(super) fn forget(cache: &Path) -> bool {
    ask(cache, |entry| entry.delete_credential()).is_ok()
}

fn ask<T: Send>(
    cache: &Path,
    question: impl FnOnce(&Entry) -> keyring::Result<T> + Send,
) -> Result<T, CacheError> {
    // Two names of one file are one cache.
    let cache = std::path::absolute(cache).unwrap_or_else(|_| cache.to_owned());
    let name = cache.to_string_lossy().into_owned();
    let answer =
        std::thread::scope(|scope| scope.spawn(move || question(&Entry::new(SERVICE, &name)?)).join());
    let failed = |detail: String| CacheError::Io { doing: "opened: the system's key store", detail };
    match answer {
        Ok(answer) => answer.map_err(|error| failed(error.to_string())),
        Err(_) => Err(failed("it broke off".to_owned())),
    }
}

const SERVICE: &str = "exo token cache";
