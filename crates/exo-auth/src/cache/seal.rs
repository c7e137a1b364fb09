//! The sealed form of the cache: `magic | version | nonce | AES-256-GCM(JSON)`, with the first three authenticated too.

use std::fmt;

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use rsa::rand_core::{OsRng, RngCore};
use zeroize::Zeroizing;

/// The key of a cache: 256 random bits. Wiped when dropped.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; SealKey::LEN]>);

/// Why a token cache cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CacheError {
    /// It is another file.
    #[error("the token cache is not one: it does not begin like a token cache")]
    NotACache,
    /// A program of the future wrote it.
    #[error("the token cache has version {found}, and this program reads version {VERSION}")]
    Version {
        /// The version in the file.
        found: u32,
    },
    /// Shorter than its own head.
    #[error("the token cache is cut off after {len} bytes")]
    CutOff {
        /// How long it is.
        len: usize,
    },
    /// The seal does not hold: a byte was changed, or the key is another one.
    #[error("the token cache was altered or belongs to another key")]
    Altered,
    /// Sealed by this program's key, and no cache in it.
    #[error("the token cache cannot be read although its seal holds")]
    Damaged,
    /// The key is not 32 bytes long.
    #[error("the key of the token cache is damaged")]
    BadKey,
    /// The cache is there, and its key is not.
    #[error("the key of the token cache is gone")]
    NoKey,
    /// File or key store.
    #[error("the token cache cannot be {doing}: {detail}")]
    Io {
        /// `opened`, `read`, `written`…
        doing: &'static str,
        /// What the system says.
        detail: String,
    },
}

impl CacheError {
    /// What to do, in one sentence.
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Version { .. } => "update this program, or sign out with it to begin a new cache",
            Self::Io { .. } => "check the directory's owner, rights and space",
            _ => "sign out (exo logout) to remove it, and sign in again",
        }
    }
}

impl SealKey {
    /// Length in bytes.
    pub const LEN: usize = 32;

    /// A new one.
    pub fn generate() -> Self {
        let mut key = Zeroizing::new([0; Self::LEN]);
        OsRng.fill_bytes(&mut *key);
        Self(key)
    }

    /// The one that was kept.
    ///
    /// # Errors
    /// It has another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CacheError> {
        let mut key = Zeroizing::new([0; Self::LEN]);
        if bytes.len() != key.len() {
            return Err(CacheError::BadKey);
        }
        key.copy_from_slice(bytes);
        Ok(Self(key))
    }

    /// The key itself, to keep it.
    pub fn as_bytes(&self) -> &[u8; Self::LEN] {
        &self.0
    }

    /// Seals, with a new nonce each time.
    ///
    /// # Errors
    /// None in practice: the text would have to be 64 GiB long.
    pub fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, CacheError> {
        let mut nonce = [0; NONCE_LEN];
        OsRng.fill_bytes(&mut nonce);
        let mut sealed = Vec::with_capacity(HEAD_LEN + plain.len() + TAG_LEN);
        sealed.extend_from_slice(MAGIC);
        sealed.extend_from_slice(&VERSION.to_be_bytes());
        sealed.extend_from_slice(&nonce);
        let payload = Payload { msg: plain, aad: &sealed };
        let body = self.cipher()?.encrypt(&Nonce::from(nonce), payload).map_err(|_| CacheError::Damaged)?;
        sealed.extend_from_slice(&body);
        Ok(sealed)
    }

    /// Opens what [`SealKey::seal`] made.
    ///
    /// # Errors
    /// Head, body or key are not those of a seal of this key.
    pub fn open(&self, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CacheError> {
        let cut_off = || CacheError::CutOff { len: sealed.len() };
        if !sealed.starts_with(MAGIC) {
            let is_beginning = MAGIC.starts_with(sealed);
            return Err(if is_beginning { cut_off() } else { CacheError::NotACache });
        }
        let (head, body) = sealed.split_at_checked(HEAD_LEN).ok_or_else(cut_off)?;
        let version = head.get(MAGIC.len()..).and_then(|rest| rest.first_chunk()).ok_or_else(cut_off)?;
        let version = u32::from_be_bytes(*version);
        if version != VERSION {
            return Err(CacheError::Version { found: version });
        }
        if body.len() < TAG_LEN {
            return Err(cut_off());
        }
        let nonce: [u8; NONCE_LEN] = *head.last_chunk().ok_or_else(cut_off)?;
        let payload = Payload { msg: body, aad: head };
        let plain = self.cipher()?.decrypt(&Nonce::from(nonce), payload);
        plain.map(Zeroizing::new).map_err(|_| CacheError::Altered)
    }

    fn cipher(&self) -> Result<Aes256Gcm, CacheError> {
        Aes256Gcm::new_from_slice(&*self.0).map_err(|_| CacheError::BadKey)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(…)")
    }
}

const MAGIC: &[u8] = b"EXO-TOKENS\r\n";
const VERSION: u32 = 1;
const NONCE_LEN: usize = 12;
const HEAD_LEN: usize = MAGIC.len() + 4 + NONCE_LEN;
const TAG_LEN: usize = 16;
