//! Errors of a session: one sentence each, saying what failed, at which step, and what to do.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use exo_auth::{AuthErrorKind, Reason};

use crate::error::kind::Kind;

pub(crate) mod certificate;
mod fault;
pub(crate) mod kind;

/// Something that kept a session from opening or a command from finishing.
///
/// An error *record* that a command writes is not one of these: it is data on the command's error stream.
/// Cloning is cheap; a broken session gives the same error to each command that ran in it.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    step: Step,
    kind: Kind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// What was being done when an error arose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Looking at the options, before anything was sent.
    Options,
    /// Signing in to get a token.
    SignIn,
    /// Opening the session: name resolution, TCP, TLS, the first answers of the server.
    Open,
    /// Reading which commands the account may run.
    Commands,
    /// Running a command.
    Run,
    /// Closing the session.
    Close,
    /// Leaving the session, which goes on.
    Disconnect,
    /// Coming back to it.
    Reconnect,
}

/// Whose turn it is to act: what exit codes and error categories are made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Category {
    /// The caller asked for something that cannot be.
    Usage,
    /// Sign-in was refused or could not be finished.
    SignIn,
    /// The server could not be reached, refused, or broke off.
    Connection,
    /// The other side broke a rule of the protocol, or a limit was passed.
    Protocol,
    /// The server reported a failure of the command or of the session.
    Remote,
    /// The caller cancelled.
    Cancelled,
}

/// Why a sign-in failed, for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignInFailure<'a> {
    /// What a caller may decide on.
    pub kind: AuthErrorKind,
    /// What the service's number stands for.
    pub reason: Option<Reason>,
    /// The number after `AADSTS`.
    pub aadsts: Option<u32>,
    /// The id under which the service logged it.
    pub correlation_id: Option<&'a str>,
}

impl Error {
    #[cold]
    pub(crate) fn new(step: Step, kind: Kind) -> Self {
        Self(Arc::new(Inner { step, kind, source: None }))
    }

    #[cold]
    pub(crate) fn with_source(
        step: Step,
        kind: Kind,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self(Arc::new(Inner { step, kind, source: Some(source.into()) }))
    }

    /// The step at which it failed.
    #[must_use]
    pub fn step(&self) -> Step {
        self.0.step
    }

    /// Whose turn it is to act.
    #[must_use]
    pub fn category(&self) -> Category {
        self.0.kind.category()
    }

    /// What failed, without the step and without advice.
    #[must_use]
    pub fn what(&self) -> String {
        self.0.kind.to_string()
    }

    /// What to do about it, when something can be said. It is the end of the `Display` text too.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.0.kind.advice()
    }

    /// Whether the caller cancelled.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        matches!(self.0.kind, Kind::Cancelled)
    }

    /// Whether a time limit passed without an answer.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self.0.kind, Kind::ConnectTimeout { .. } | Kind::AnswerTimeout { .. })
    }

    /// Whether signing in failed or the server refused the credentials.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        self.category() == Category::SignIn
    }

    /// What the sign-in service said, when the sign-in failed.
    #[must_use]
    pub fn sign_in(&self) -> Option<SignInFailure<'_>> {
        let Kind::SignIn(error) = &self.0.kind else { return None };
        Some(SignInFailure {
            kind: error.kind(),
            reason: error.reason(),
            aadsts: error.aadsts(),
            correlation_id: error.correlation_id(),
        })
    }

    /// Whether the server could not be reached, refused, or broke off.
    #[must_use]
    pub fn is_connection(&self) -> bool {
        self.category() == Category::Connection
    }

    /// Whether the session is gone, so that only a new one can run commands.
    #[must_use]
    pub fn needs_reconnect(&self) -> bool {
        match &self.0.kind {
            Kind::Fault(fault) => fault.is_shell_not_found(),
            Kind::Broken { .. } | Kind::Closed | Kind::TokenEnded => true,
            Kind::SignIn(error) => error.kind() == AuthErrorKind::Expired,
            _ => false,
        }
    }

    /// Whether the session was closed before.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        matches!(self.0.kind, Kind::Closed)
    }

    /// Whether a change was sent and its answer is not known: it may have been carried out.
    #[must_use]
    pub fn is_outcome_unknown(&self) -> bool {
        matches!(self.0.kind, Kind::OutcomeUnknown { .. })
    }

    /// Whether the command asks before it acts, and nobody could be asked.
    #[must_use]
    pub fn needs_confirmation(&self) -> bool {
        matches!(self.0.kind, Kind::NeedsConfirmation { .. })
    }

    /// The fault the server answered with, if it did.
    #[must_use]
    pub fn fault(&self) -> Option<&wsman::Fault> {
        match &self.0.kind {
            Kind::Fault(fault) | Kind::TooManySessions { fault, .. } => Some(fault),
            _ => None,
        }
    }

    /// The `FailureCategory` that Exchange servers write into their faults, for example `WSMan-Others`.
    #[must_use]
    pub fn failure_category(&self) -> Option<&str> {
        self.fault().and_then(|found| fault::split_exchange_prefix(fault::reason_of(found)).0)
    }

    /// The number under which Windows' own client reports this, where it has one.
    #[must_use]
    pub fn winrm_code(&self) -> Option<i32> {
        self.0.kind.winrm_code()
    }

    /// Whether the server may have carried out what it was asked, although there was no answer.
    pub(crate) fn leaves_doubt(&self) -> bool {
        self.is_cut()
            || matches!(
                self.0.kind,
                Kind::BodyTooLong { .. }
                    | Kind::BadGzip
                    | Kind::Proxy { .. }
                    | Kind::Tls { .. }
                    | Kind::Sealing { .. }
            )
    }

    /// Whether no byte of the request can have reached the server.
    pub(crate) fn cannot_have_arrived(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Dns { .. } | Kind::Refused { .. } | Kind::Unreachable { .. } | Kind::ConnectTimeout { .. }
        )
    }

    /// Whether somebody in front of the server answered, who does not act on requests.
    pub(crate) fn was_turned_away(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::ForeignRedirect { .. }
                | Kind::RedirectToPlainHttp { .. }
                | Kind::RedirectRefused { .. }
                | Kind::TooManyRedirects { .. }
                | Kind::BadRedirect { .. }
                | Kind::Unauthorized { .. }
                | Kind::Forbidden { .. }
                | Kind::NotFound { .. }
        )
    }

    /// Whether the server may have acted on the request, and its word for that did not come.
    pub(crate) fn lost_its_answer(&self) -> bool {
        match &self.0.kind {
            Kind::CutOff { .. }
            | Kind::AnswerTimeout { .. }
            | Kind::Busy { .. }
            | Kind::Tls { .. }
            | Kind::Html { .. } => true,
            Kind::Status { status, .. } => 500 <= *status,
            _ => false,
        }
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<std::time::Duration> {
        match self.0.kind {
            Kind::Busy { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// Whether the connection ended before the answer did.
    pub(crate) fn is_cut_off(&self) -> bool {
        matches!(self.0.kind, Kind::CutOff { .. })
    }

    /// Whether a connection that stood was cut.
    pub(crate) fn is_cut(&self) -> bool {
        matches!(self.0.kind, Kind::CutOff { .. } | Kind::AnswerTimeout { .. })
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.step, self.0.kind)?;
        match self.advice() {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("step", &self.0.step)
            .field("kind", &self.0.kind)
            .finish_non_exhaustive()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| -> &(dyn StdError + 'static) { source })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Options => "could not use the connection options",
            Self::SignIn => "could not sign in",
            Self::Open => "could not open the session",
            Self::Commands => "could not read the list of commands",
            Self::Run => "could not run the command",
            Self::Close => "could not close the session",
            Self::Disconnect => "could not disconnect the session",
            Self::Reconnect => "could not reconnect the session",
        })
    }
}

#[cfg(test)]
mod tests;
