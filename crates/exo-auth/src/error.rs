//! Why a sign-in failed.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::advice::{self, Reason};
use crate::cache::CacheError;
use crate::certificate::CertificateError;
use crate::clock::utc;
use crate::http::{HttpError, HttpErrorKind};

/// A sign-in failed. One sentence by `Display`; what to do by [`AuthError::advice`].
///
/// Neither text holds a password, a token or a code. `Debug` leaves names of accounts out too. Clones are the same
/// failure: all who waited for one renewal get it.
#[derive(Clone)]
pub struct AuthError {
    cause: Arc<Cause>,
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
    /// The certificate or its key cannot be used.
    Certificate,
    /// The token cache cannot be used.
    Cache,
}

impl AuthError {
    /// What a caller may decide on.
    pub fn kind(&self) -> AuthErrorKind {
        match &*self.cause {
            Cause::Refused(refusal) => refusal.kind(),
            Cause::OtherAccount { .. }
            | Cause::Declined
            | Cause::PageRefused(_)
            | Cause::Forged { .. }
            | Cause::WrongTenant { .. } => AuthErrorKind::Denied,
            Cause::CodeEnded
            | Cause::TokenEnded { .. }
            | Cause::GivenTokenRefused
            | Cause::PageTimeout { .. }
            | Cause::GrantEnded(_) => AuthErrorKind::Expired,
            Cause::NotAToken
            | Cause::WrongAudience { .. }
            | Cause::ClockOff { .. }
            | Cause::Federated { .. }
            | Cause::Endpoint { .. }
            | Cause::NoIdentity
            | Cause::Identity { .. } => AuthErrorKind::BadClient,
            Cause::Cache(_) => AuthErrorKind::Cache,
            Cause::Certificate(_) => AuthErrorKind::Certificate,
            Cause::Status { status: 429 | 503, .. } => AuthErrorKind::Throttled,
            Cause::Http { .. }
            | Cause::Html { .. }
            | Cause::Redirect { .. }
            | Cause::Status { .. }
            | Cause::NotJson { .. }
            | Cause::Elsewhere { .. }
            | Cause::UnsafePage { .. } => AuthErrorKind::Network,
        }
    }

    /// What the number of the service stands for, when it is one that is known here.
    pub fn reason(&self) -> Option<Reason> {
        self.aadsts().and_then(advice::row).map(|row| row.reason)
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
            Cause::Refused(refusal) | Cause::PageRefused(refusal) => refusal.advice(),
            Cause::GrantEnded(_) | Cause::PageTimeout { .. } => Some("sign in again"),
            Cause::OtherAccount { .. } => Some(
                "sign in as the account asked for (in the browser choose \"Use another account\"), or connect without naming one",
            ),
            Cause::Declined => Some("start again and accept the request on the sign-in page"),
            Cause::Forged { .. } => {
                Some("start again; when it happens each time, something on this machine interferes")
            }
            Cause::CodeEnded => Some("start again and enter the new code in time"),
            Cause::TokenEnded { .. } | Cause::GivenTokenRefused => Some(
                "get a new access token and connect again: one that was given cannot be renewed. If it should still be good, check this machine's clock",
            ),
            Cause::NotAToken => {
                Some("give the access token alone, on one line, without quotes and without `Bearer`")
            }
            Cause::WrongAudience { .. } => Some("get a token for this service and environment"),
            Cause::WrongTenant { .. } => Some("get a token for that organization, or name the token's own"),
            Cause::ClockOff { .. } => Some("set this machine's clock right and try again"),
            Cause::Federated { .. } => Some("sign in with the browser or a device code instead"),
            Cause::Certificate(error) => error.advice(),
            Cause::Cache(error) => Some(error.advice()),
            Cause::NoIdentity | Cause::Endpoint { .. } => Some(
                "run this on an Azure machine, App Service, Function, Container App or Arc server that has a managed identity, or sign in with a certificate",
            ),
            Cause::Identity { .. } => Some("check that the identity is assigned to this machine"),
            Cause::Http { error, .. } => match error.kind() {
                HttpErrorKind::Tls => Some(
                    "name the certificate authority of the host, or of the proxy before it, with a CA file",
                ),
                _ => Some("check the name of the authority, DNS, the proxy and the firewall"),
            },
            Cause::Html { .. } | Cause::Redirect { .. } | Cause::NotJson { .. } => Some(
                "check the authority; a proxy or a sign-in page of the network may have answered instead",
            ),
            Cause::Elsewhere { .. } => {
                Some("name that address as the authority, if it is the right one to sign in at")
            }
            Cause::Status { status: 429 | 503, .. } => advice::of_kind(AuthErrorKind::Throttled),
            Cause::Status { .. } | Cause::UnsafePage { .. } => Some("check the authority"),
        }
    }

    /// This machine offers no identity of its own.
    pub fn no_identity() -> Self {
        Cause::NoIdentity.into()
    }

    /// Whether the way to further tokens is gone, so that asking again cannot help.
    pub(crate) fn is_end_of_grant(&self) -> bool {
        matches!(&*self.cause, Cause::GrantEnded(_))
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match &*self.cause {
            Cause::Refused(refusal)
            | Cause::GrantEnded(refusal)
            | Cause::PageRefused(refusal)
            | Cause::ClockOff { refusal, .. } => Some(refusal),
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
        Self { cause: Arc::new(cause) }
    }
}

impl From<CertificateError> for AuthError {
    #[cold]
    fn from(error: CertificateError) -> Self {
        Cause::Certificate(error).into()
    }
}

impl From<CacheError> for AuthError {
    #[cold]
    fn from(error: CacheError) -> Self {
        Cause::Cache(error).into()
    }
}

/// What happened, with its data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Cause {
    #[error("{0}")]
    Refused(Refusal),
    #[error("the earlier sign-in no longer holds: {0}")]
    GrantEnded(Refusal),
    #[error("the sign-in page gave no code: {0}")]
    PageRefused(Refusal),
    #[error("nobody finished the sign-in in the browser within {} s", limit.as_secs())]
    PageTimeout { limit: Duration },
    #[error("the answer to the sign-in in the browser does not belong to it: {detail}")]
    Forged { detail: &'static str },
    #[error("user `{given}` returned by the service does not match user `{asked}` in the request")]
    OtherAccount { asked: String, given: String },
    #[error("the sign-in was declined on the sign-in page")]
    Declined,
    #[error("the device code ended before it was used")]
    CodeEnded,
    #[error("the access token has expired: it ended at {}, and by this machine's clock it is {}", utc(*end), utc(*now))]
    TokenEnded { end: SystemTime, now: SystemTime },
    #[error("the service wants another access token than the one that was given")]
    GivenTokenRefused,
    #[error("the access token is empty, longer than 64 KiB, or has characters that no token has")]
    NotAToken,
    #[error("the access token is for {given}, and this service takes tokens for {wanted}")]
    WrongAudience { given: String, wanted: String },
    #[error("the access token is for the tenant {given}, and the organization asked for is {wanted}")]
    WrongTenant { given: String, wanted: String },
    #[error("this machine's clock is {} {}: {refusal}", span(*by), if *ahead { "ahead" } else { "behind" })]
    ClockOff { by: Duration, ahead: bool, refusal: Refusal },
    #[error(
        "the account is federated: its password is checked by {host}, the organization's own sign-in service"
    )]
    Federated { host: String },
    #[error("{0}")]
    Certificate(CertificateError),
    #[error("{0}")]
    Cache(CacheError),
    #[error("no managed identity is offered on this machine")]
    NoIdentity,
    #[error("the managed identity endpoint cannot be used: {detail}")]
    Endpoint { detail: String },
    #[error("the managed identity endpoint refused (status {status}): {said}")]
    Identity { status: u16, said: String },
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
    #[error("the discovery document of {host} points elsewhere, to {to}")]
    Elsewhere { host: String, to: String },
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
    /// The service's own time, by the `Date` of its answer.
    pub(crate) date: Option<SystemTime>,
}

impl Refusal {
    pub(crate) fn kind(&self) -> AuthErrorKind {
        if let Some(row) = self.aadsts.and_then(advice::row) {
            return row.kind;
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

    fn advice(&self) -> Option<&'static str> {
        let row = self.aadsts.and_then(advice::row);
        row.map(|row| row.advice).or_else(|| advice::of_kind(self.kind()))
    }
}

/// Our sentence where there is one, Microsoft's text, and the id that its support asks for.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = self.aadsts.and_then(advice::row).map(|row| row.sentence);
        let said = if self.description.is_empty() { &self.error } else { &self.description };
        write!(f, "{}: {said}", sentence.unwrap_or("the sign-in service refused"))?;
        match &self.correlation_id {
            Some(id) => write!(f, " (correlation id {id})"),
            None => Ok(()),
        }
    }
}

/// A span for people.
fn span(by: Duration) -> String {
    match by.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}
