//! Why a sign-in failed.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use crate::advice;
use crate::http::{HttpError, HttpErrorKind};

/// A sign-in failed. One sentence by `Display`; what to do by [`AuthError::advice`].
///
/// Neither text holds a password, a token or a code. `Debug` leaves names of accounts out too.
pub struct AuthError {
    cause: Box<Cause>,
}

/// What a caller may decide on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthErrorKind {
    /// The service refused: wrong password, unknown or blocked account, no consent, a policy.
    Denied,
    /// The account needs a step that this flow cannot do, such as a second factor.
    InteractionRequired,
    /// A code, token or grant ended before it was used.
    Expired,
    /// Tenant, application or request are wrong: trying again cannot help.
    BadClient,
    /// The service asks to wait.
    Throttled,
    /// No usable answer: unreachable, broken, or not a sign-in service.
    Network,
}

impl AuthError {
    /// What a caller may decide on.
    pub fn kind(&self) -> AuthErrorKind {
        match &*self.cause {
            Cause::Refused(refusal) => refusal.kind(),
            Cause::OtherAccount { .. } | Cause::Declined => AuthErrorKind::Denied,
            Cause::CodeEnded | Cause::TokenEnded => AuthErrorKind::Expired,
            Cause::NotAToken => AuthErrorKind::BadClient,
            Cause::Status { status: 429 | 503, .. } => AuthErrorKind::Throttled,
            Cause::Http { .. }
            | Cause::Html { .. }
            | Cause::Redirect { .. }
            | Cause::Status { .. }
            | Cause::NotJson { .. }
            | Cause::UnsafePage { .. } => AuthErrorKind::Network,
        }
    }

    /// The number after `AADSTS`, when the service gave one.
    pub fn aadsts(&self) -> Option<u32> {
        self.refusal()?.aadsts
    }

    /// The id under which the service logged the failure, for a support case.
    pub fn correlation_id(&self) -> Option<&str> {
        self.refusal()?.correlation_id.as_deref()
    }

    /// How long the service asks to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        match &*self.cause {
            Cause::Refused(refusal) => refusal.retry_after,
            Cause::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// What to do, in one sentence, where there is something to say.
    pub fn advice(&self) -> Option<&'static str> {
        match &*self.cause {
            Cause::Refused(refusal) => {
                refusal.aadsts.and_then(advice::of_code).or_else(|| advice::of_kind(refusal.kind()))
            }
            Cause::OtherAccount { .. } => {
                Some("sign in with the account asked for, or connect without naming one")
            }
            Cause::Declined => Some("start again and accept the request on the sign-in page"),
            Cause::CodeEnded => Some("start again and enter the new code in time"),
            Cause::TokenEnded => Some("get a new access token and connect again"),
            Cause::NotAToken => {
                Some("give the access token alone, on one line, without quotes and without `Bearer`")
            }
            Cause::Http { error, .. } => match error.kind() {
                HttpErrorKind::Tls => Some(
                    "name the certificate authority of the host, or of the proxy before it, with a CA file",
                ),
                _ => Some("check the name of the authority, DNS, the proxy and the firewall"),
            },
            Cause::Html { .. } | Cause::Redirect { .. } | Cause::NotJson { .. } => Some(
                "check the authority; a proxy or a sign-in page of the network may have answered instead",
            ),
            Cause::Status { status: 429 | 503, .. } => advice::of_kind(AuthErrorKind::Throttled),
            Cause::Status { .. } | Cause::UnsafePage { .. } => Some("check the authority"),
        }
    }

    fn refusal(&self) -> Option<&Refusal> {
        match &*self.cause {
            Cause::Refused(refusal) => Some(refusal),
            _ => None,
        }
    }
}

impl fmt::Display for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl fmt::Debug for AuthError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthError")
            .field("kind", &self.kind())
            .field("aadsts", &self.aadsts())
            .field("correlation_id", &self.correlation_id())
            .finish_non_exhaustive()
    }
}

impl Error for AuthError {
    /// What lies below the request that had no answer; the sentence about it is part of `Display`.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &*self.cause {
            Cause::Http { error, .. } => error.source(),
            _ => None,
        }
    }
}

impl From<Cause> for AuthError {
    #[cold]
    fn from(cause: Cause) -> Self {
        Self { cause: Box::new(cause) }
    }
}

/// What happened, with its data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("{0}")]
    Refused(Refusal),
    #[error("user `{given}` returned by the service does not match user `{asked}` in the request")]
    OtherAccount { asked: String, given: String },
    #[error("the sign-in was declined on the sign-in page")]
    Declined,
    #[error("the device code ended before it was used")]
    CodeEnded,
    #[error("the access token has expired")]
    TokenEnded,
    #[error("the access token is empty, longer than 64 KiB, or has characters that no token has")]
    NotAToken,
    #[error("{host} could not be asked for a token: {error}")]
    Http { host: String, error: HttpError },
    #[error("{host} answered with a web page (status {status}) instead of a token")]
    Html { host: String, status: u16 },
    #[error(
        "{host} redirected the token request (status {status}), which is not followed with a password or code in it"
    )]
    Redirect { host: String, status: u16 },
    #[error("{host} answered with status {status} to the token request")]
    Status { host: String, status: u16, retry_after: Option<Duration> },
    #[error("{host} gave an answer that is not a token answer: {detail}")]
    NotJson { host: String, detail: &'static str },
    #[error("{host} names a sign-in page that is not https")]
    UnsafePage { host: String },
}

/// The service's own words.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// The OAuth error, such as `invalid_grant`.
    pub(crate) error: String,
    /// The first sentence of the description, without control characters.
    pub(crate) description: String,
    pub(crate) aadsts: Option<u32>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
}

impl Refusal {
    fn kind(&self) -> AuthErrorKind {
        if let Some(kind) = self.aadsts.and_then(advice::kind_of_code) {
            return kind;
        }
        match self.error.as_str() {
            "interaction_required" | "login_required" | "consent_required" => {
                AuthErrorKind::InteractionRequired
            }
            "expired_token" => AuthErrorKind::Expired,
            "invalid_client"
            | "unauthorized_client"
            | "invalid_request"
            | "invalid_scope"
            | "invalid_resource"
            | "unsupported_grant_type" => AuthErrorKind::BadClient,
            "temporarily_unavailable" | "server_error" => AuthErrorKind::Throttled,
            _ => AuthErrorKind::Denied,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.description.is_empty() {
            write!(f, "the sign-in service refused: {}", self.error)
        } else {
            write!(f, "the sign-in service refused: {}", self.description)
        }
    }
}
