//! What a sign-in gives.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::claims::Claims;
use crate::error::{AuthError, Cause};
use crate::secret::Secret;

/// The tokens of one sign-in.
#[derive(Debug)]
pub struct Tokens {
    /// What is sent to the service.
    pub access: AccessToken,
    /// What a new access token can be had for, when the service gave one.
    pub refresh: Option<RefreshToken>,
}

/// A bearer token. Wiped when dropped; `Debug` shows neither the token nor the account.
#[derive(Clone, Debug)]
pub struct AccessToken {
    secret: Secret,
    claims: Claims,
    expires_at: Option<SystemTime>,
}

/// A refresh token. Wiped when dropped.
#[derive(Clone, Debug)]
pub struct RefreshToken(Secret);

impl AccessToken {
    /// Takes a token that the user brought. Its claims are read where it has any; see [`Claims`] for what
    /// they are worth.
    ///
    /// # Errors
    /// The text is empty, longer than 64 KiB, or has characters that no token has.
    pub fn from_secret(secret: Secret) -> Result<Self, AuthError> {
        Self::new(secret, None)
    }

    pub(crate) fn new(secret: Secret, expires_at: Option<SystemTime>) -> Result<Self, AuthError> {
        // The characters of RFC 6750, section 2.1: what may stand in the header field.
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
        let text = secret.expose();
        if text.is_empty() || MAX_TOKEN_LEN < text.len() || !text.bytes().all(fits) {
            return Err(Cause::NotAToken.into());
        }
        let claims = Claims::of_token(text).unwrap_or_default();
        let claimed = claims.exp.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
        Ok(Self { secret, claims, expires_at: expires_at.or(claimed) })
    }

    /// The token itself, for the `Authorization` header.
    pub fn expose(&self) -> &str {
        self.secret.expose()
    }

    /// What the token says about itself, unverified.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// When the token ends: the lifetime that the service gave with it, counted by our clock; else its claim.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// Whether the token has ended. One that does not say when it ends has not.
    pub fn is_expired(&self, now: SystemTime) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Refuses a token made for another account, and one that has ended.
    ///
    /// A token without any name in it, such as an application's, is accepted for every name.
    ///
    /// # Errors
    /// [`AuthErrorKind::Denied`](crate::AuthErrorKind::Denied) for another account,
    /// [`AuthErrorKind::Expired`](crate::AuthErrorKind::Expired) for a token that has ended.
    pub fn check(&self, user: Option<&str>, now: SystemTime) -> Result<(), AuthError> {
        if self.is_expired(now) {
            return Err(Cause::TokenEnded.into());
        }
        check_account(user, &[&self.claims])
    }
}

impl RefreshToken {
    pub(crate) fn new(secret: Secret) -> Self {
        Self(secret)
    }

    /// The token itself, for the body of a refresh request.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// Compares the account asked for with every name in `claims`, without case.
pub(crate) fn check_account(asked: Option<&str>, claims: &[&Claims]) -> Result<(), AuthError> {
    let Some(asked) = asked else { return Ok(()) };
    let mut names = claims.iter().flat_map(|claims| claims.accounts()).peekable();
    let Some(&first) = names.peek() else { return Ok(()) };
    if names.any(|name| name.to_lowercase() == asked.to_lowercase()) {
        return Ok(());
    }
    Err(Cause::OtherAccount { asked: asked.to_owned(), given: first.to_owned() }.into())
}

const MAX_TOKEN_LEN: usize = 64 << 10;
