//! Authorization codes (RFC 6749 §4.1, RFC 7636): good once, for ten minutes, for who holds the verifier.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::Service;
use crate::entra::token::Grant;
use crate::entra::{Refusal, opaque};

/// The codes that were given out.
#[derive(Debug, Default)]
pub(crate) struct Codes {
    issued: Mutex<HashMap<String, Code>>,
}

/// What a code stands for.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect_uri: String,
    pub(super) challenge: Option<Challenge>,
    issued: Instant,
    is_used: bool,
}

impl Code {
    pub(super) fn new(grant: Grant, redirect_uri: String, challenge: Option<Challenge>) -> Self {
        Self { grant, redirect_uri, challenge, issued: Instant::now(), is_used: false }
    }
}

/// What the client must prove to know (RFC 7636 §4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Challenge {
    pub(super) value: String,
    pub(super) is_hashed: bool,
}

impl Challenge {
    fn accepts(&self, verifier: &str) -> bool {
        if !self.is_hashed {
            return self.value == verifier;
        }
        // RFC 7636 §4.1: 43 to 128 characters.
        (43..=128).contains(&verifier.len())
            && self.value == URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()))
    }
}

impl Codes {
    pub(super) fn issue(&self, code: Code) -> String {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        issued.retain(|_, code| code.issued.elapsed() < REMEMBERED);
        if issued.len() >= MAX_CODES {
            issued.clear();
        }
        let name = format!("1.{}{}", opaque(), opaque());
        issued.insert(name.clone(), code);
        name
    }

    /// The sign-in behind a code. A code that comes twice was stolen: everything it led to is revoked.
    pub(super) fn redeem(
        &self,
        name: &str,
        client: &str,
        redirect_uri: &str,
        verifier: Option<&str>,
        service: &Service,
    ) -> Result<Grant, Refusal> {
        let mut issued = self.issued.lock().unwrap_or_else(PoisonError::into_inner);
        let code = issued.get_mut(name).ok_or_else(Refusal::bad_code)?;
        if !code.grant.client.eq_ignore_ascii_case(client) {
            return Err(Refusal::bad_code());
        }
        if code.is_used {
            service.tokens.revoke(code.grant.sign_in);
            return Err(Refusal::code_redeemed());
        }
        if code.issued.elapsed() >= LIFETIME {
            return Err(Refusal::code_too_old());
        }
        if code.redirect_uri != redirect_uri {
            return Err(Refusal::other_redirect(redirect_uri, &code.redirect_uri));
        }
        match (&code.challenge, verifier) {
            (None, None) => {}
            (Some(challenge), Some(verifier)) if challenge.accepts(verifier) => {}
            _ => return Err(Refusal::bad_verifier()),
        }
        code.is_used = true;
        Ok(code.grant.clone())
    }
}

const LIFETIME: Duration = Duration::from_secs(600);
/// A used code is known again for this long.
const REMEMBERED: Duration = Duration::from_secs(3_600);
const MAX_CODES: usize = 10_000;
