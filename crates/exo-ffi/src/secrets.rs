//! Secrets beside a JSON document: each has a name, and is copied into memory that is cleared.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::error::{Refusal, bad_argument, refuse};
use crate::status::EXO_STATUS_BAD_JSON;
use crate::text::{ExoText, secret, span, text};

/// A secret that belongs to a JSON document and never lies in it. The library copies it to memory that is cleared after
/// use; the caller clears its own.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ExoSecret {
    /// Which one it is; the function says which there are.
    pub name: ExoText,
    /// Its bytes: a text is in UTF-16 and aligned for it, anything else as the function says.
    pub ptr: *const u8,
    /// How many bytes.
    pub len: usize,
}

/// The secrets of one call, by name. What nobody takes is refused by [`Secrets::all_taken`].
pub(crate) struct Secrets(BTreeMap<String, Zeroizing<Vec<u8>>>);

impl Secrets {
    /// Copies what a caller passed.
    ///
    /// # Safety
    /// `ptr` is NULL or points to `len` secrets whose names and bytes are readable.
    pub(crate) unsafe fn copy(ptr: *const ExoSecret, len: usize) -> Result<Self, Refusal> {
        // SAFETY: the caller promises readable elements.
        let given = unsafe { span(ptr, len, "secrets") }?;
        let mut secrets = BTreeMap::new();
        for secret in given {
            // SAFETY: the caller promises readable bytes.
            let name = unsafe { text(secret.name.ptr, secret.name.len, "the name of a secret") }?;
            // SAFETY: the caller promises readable bytes.
            let bytes = unsafe { span(secret.ptr, secret.len, "a secret") }?;
            if secrets.insert(name.to_owned(), Zeroizing::new(bytes.to_vec())).is_some() {
                return Err(bad_argument("secrets", format_args!("there are two called `{name}`")));
            }
        }
        Ok(Self(secrets))
    }

    /// Takes the bytes of one; `None` when it was not given.
    pub(crate) fn bytes(&mut self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        self.0.remove(name)
    }

    /// Takes the text of one; `None` when it was not given.
    pub(crate) fn text(&mut self, name: &str) -> Result<Option<Zeroizing<String>>, Refusal> {
        let Some(bytes) = self.bytes(name) else { return Ok(None) };
        let (pairs, rest) = bytes.as_chunks::<2>();
        if !rest.is_empty() {
            let message = format_args!("`{name}` has {} bytes, which is no text in UTF-16", bytes.len());
            return Err(bad_argument("secrets", message));
        }
        let units: Zeroizing<Vec<u16>> =
            Zeroizing::new(pairs.iter().map(|pair| u16::from_ne_bytes(*pair)).collect());
        // SAFETY: the span is that of a vector that lives during the call.
        let text = unsafe { secret(units.as_ptr(), units.len(), "a secret") }?;
        // Nothing was typed, which is not the same as nothing given.
        Ok(Some(text.unwrap_or_default()))
    }

    /// What is left, as texts by their names.
    pub(crate) fn texts(mut self) -> Result<Vec<(String, Zeroizing<String>)>, Refusal> {
        let names: Vec<String> = self.0.keys().cloned().collect();
        let mut texts = Vec::with_capacity(names.len());
        for name in names {
            if let Some(text) = self.text(&name)? {
                texts.push((name, text));
            }
        }
        Ok(texts)
    }

    /// Refuses secrets that have no meaning.
    pub(crate) fn all_taken(self) -> Result<(), Refusal> {
        match self.0.keys().next() {
            Some(name) => {
                Err(bad_argument("secrets", format_args!("there is no secret called `{name}` here")))
            }
            None => Ok(()),
        }
    }
}

/// Without what is in them.
impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// Reads a JSON object.
pub(crate) fn object<T: DeserializeOwned>(json: &str, what: &'static str) -> Result<T, Refusal> {
    // Deserializing takes an array for a struct too.
    if !json.trim_start().starts_with('{') {
        return Err(refuse(EXO_STATUS_BAD_JSON, format_args!("{what} are not a JSON object")));
    }
    serde_json::from_str(json)
        .map_err(|error| refuse(EXO_STATUS_BAD_JSON, format_args!("{what} cannot be used: {error}")))
}
