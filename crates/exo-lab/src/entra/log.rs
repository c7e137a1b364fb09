//! The sign-in log: what was asked of the token endpoint, without any secret.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::entra::{Fields, Refusal};

/// One request to the token endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenRequest {
    /// `grant_type`.
    pub grant: String,
    /// The algorithm of the client assertion, if there was one.
    pub assertion_algorithm: Option<String>,
    /// The `claims` parameter.
    pub claims: Option<String>,
    /// The AADSTS number it was refused with; `None` = tokens were given.
    pub refused: Option<u32>,
}

impl TokenRequest {
    pub(super) fn of(fields: &Fields, refusal: Option<&Refusal>) -> Self {
        let header = fields.get("client_assertion").and_then(|assertion| assertion.split('.').next());
        Self {
            grant: fields.get("grant_type").cloned().unwrap_or_default(),
            assertion_algorithm: header.and_then(algorithm),
            claims: fields.get("claims").cloned(),
            refused: refusal.map(Refusal::code),
        }
    }
}

/// The algorithm that a JOSE header names.
fn algorithm(header: &str) -> Option<String> {
    use base64::Engine as _;
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(header).ok()?;
    let header: serde_json::Value = serde_json::from_slice(&header).ok()?;
    header["alg"].as_str().map(str::to_owned)
}

/// The requests of late, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Log {
    requests: Mutex<VecDeque<TokenRequest>>,
}

impl Log {
    pub(super) fn add(&self, request: TokenRequest) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        if requests.len() >= MAX_REQUESTS {
            requests.pop_front();
        }
        requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> Vec<TokenRequest> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

const MAX_REQUESTS: usize = 10_000;
