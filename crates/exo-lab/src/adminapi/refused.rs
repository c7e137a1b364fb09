//! Tokens that are good by themselves and refused all the same, until the caller comes with another one.

use std::sync::{Mutex, PoisonError};

use sha2::{Digest as _, Sha256};

/// The refused tokens of a lab, known by their digests.
#[derive(Debug, Default)]
pub(super) struct Refused {
    tokens: Mutex<Vec<(Vec<u8>, Reason)>>,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    Expired,
    /// The caller is to come with a token that has certain claims.
    Claims,
    /// The caller is to come with a token for a certain authentication context.
    Context,
}

impl Refused {
    pub(super) fn reason(&self, token: &str) -> Option<Reason> {
        let digest = digest(token);
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        tokens.iter().find(|(refused, _)| *refused == digest).map(|(_, reason)| *reason)
    }

    pub(super) fn add(&self, token: &str, reason: Reason) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.len() >= MAX_TOKENS {
            tokens.clear();
        }
        tokens.push((digest(token), reason));
    }
}

fn digest(token: &str) -> Vec<u8> {
    Sha256::new().chain_update(token).finalize().to_vec()
}

const MAX_TOKENS: usize = 1_000;
