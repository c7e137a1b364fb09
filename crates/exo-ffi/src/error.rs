//! Errors as the caller sees them: a status, a sentence, and what to do about it.

use std::error::Error;
use std::fmt::{self, Write};

use exo_session::{Category, Step};

use crate::fence::fence_quiet;
use crate::handle::{self, Boxed, Growing, Handle, Out, borrow};
use crate::status::{
    EXO_STATUS_AUTHENTICATION, EXO_STATUS_BAD_ARGUMENT, EXO_STATUS_BAD_OPTION, EXO_STATUS_CANCELLED,
    EXO_STATUS_CLOSED, EXO_STATUS_CONNECTION, EXO_STATUS_PROTOCOL, EXO_STATUS_REMOTE,
    EXO_STATUS_SESSION_LOST, EXO_STATUS_TIMED_OUT, ExoStatus, StatusRow,
};
use crate::text::ExoText;

/// Why a call did not succeed. Read it with `exo_error_view`, free it with `exo_error_free`.
#[derive(Debug)]
pub struct ExoError {
    status: ExoStatus,
    message: String,
    category: &'static str,
    error_id: &'static str,
    advice: String,
    step: String,
    chain: String,
}

/// What an error says. The texts live as long as the error. An empty text means that there is nothing to say.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ExoErrorView {
    /// Set by the caller to `sizeof(ExoErrorView)`.
    pub size: u32,
    /// The status that the failed call returned.
    pub status: ExoStatus,
    /// One sentence that says what failed.
    pub message: ExoText,
    /// The name of a value of PowerShell's `ErrorCategory`.
    pub category: ExoText,
    /// The first part of PowerShell's `FullyQualifiedErrorId`.
    pub error_id: ExoText,
    /// What to do about it.
    pub advice: ExoText,
    /// The step at which it failed: `options`, `signIn`, `open`, `commands`, `run`, `close`, `disconnect`, `reconnect`.
    pub step: ExoText,
    /// The causes below the message, one per line, the nearest first.
    pub chain: ExoText,
}

/// Reads an error.
///
/// # Safety
/// `error` is a live handle or NULL. `out` is writable or NULL, and its `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_error_view(error: *const ExoError, out: *mut ExoErrorView) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let error = unsafe { borrow(error) }?;
        // SAFETY: the caller promises a writable struct whose `size` is set.
        let out = unsafe { Out::sized(out, "out") }?;
        out.write(error.view());
        Ok(())
    })
}

/// Frees an error; NULL is accepted.
///
/// # Safety
/// `error` is a live handle or NULL and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_error_free(error: *mut ExoError) {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { handle::free(error) }
}

impl Handle for ExoError {
    type Kept = Boxed;
    const NAME: &'static str = "error";
}

// SAFETY: `repr(C)`, and `size` comes first.
unsafe impl Growing for ExoErrorView {
    #[expect(clippy::as_conversions, reason = "a constant far below 2^32")]
    const SIZE: u32 = size_of::<Self>() as u32;
}

impl ExoError {
    pub(crate) fn view(&self) -> ExoErrorView {
        ExoErrorView {
            size: ExoErrorView::SIZE,
            status: self.status,
            message: ExoText::of(self.message.as_bytes()),
            category: ExoText::of(self.category.as_bytes()),
            error_id: ExoText::of(self.error_id.as_bytes()),
            advice: ExoText::of(self.advice.as_bytes()),
            step: ExoText::of(self.step.as_bytes()),
            chain: ExoText::of(self.chain.as_bytes()),
        }
    }
}

/// Why a body stopped early.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// A status that is no error and has nothing to explain.
    Quiet(ExoStatus),
    /// An error.
    Error(Box<ExoError>),
}

impl Refusal {
    pub(crate) fn status(&self) -> ExoStatus {
        match self {
            Self::Quiet(status) => *status,
            Self::Error(error) => error.status,
        }
    }

    pub(crate) fn into_error(self) -> Option<ExoError> {
        match self {
            Self::Quiet(_) => None,
            Self::Error(error) => Some(*error),
        }
    }
}

/// A refusal with the category and id of its status.
#[cold]
pub(crate) fn refuse(status: ExoStatus, message: fmt::Arguments<'_>) -> Refusal {
    let row = StatusRow::of(status);
    Refusal::Error(Box::new(ExoError {
        status,
        message: message.to_string(),
        category: row.map_or("NotSpecified", |row| row.category),
        error_id: row.map_or("ExoError", |row| row.error_id),
        advice: String::new(),
        step: String::new(),
        chain: String::new(),
    }))
}

/// An argument is out of its range.
#[cold]
pub(crate) fn bad_argument(what: &'static str, message: fmt::Arguments<'_>) -> Refusal {
    refuse(EXO_STATUS_BAD_ARGUMENT, format_args!("{what} cannot be used: {message}"))
}

/// A refusal because of an error of another crate, with the causes below it.
#[cold]
pub(crate) fn refuse_because(status: ExoStatus, error: &(dyn Error + 'static)) -> Refusal {
    let mut refusal = refuse(status, format_args!("{error}"));
    if let Refusal::Error(made) = &mut refusal {
        made.chain = chain_of(error);
    }
    refusal
}

/// What the session manager reports, sorted into a status.
impl From<exo_session::Error> for Refusal {
    fn from(error: exo_session::Error) -> Self {
        let message = format_args!("{}: {}", error.step(), error.what()).to_string();
        let mut refusal = refuse(status_of(&error), format_args!("{message}"));
        if let Self::Error(made) = &mut refusal {
            step_name(error.step()).clone_into(&mut made.step);
            error.advice().unwrap_or_default().clone_into(&mut made.advice);
            made.chain = chain_of(&error);
        }
        refusal
    }
}

fn status_of(error: &exo_session::Error) -> ExoStatus {
    if error.is_closed() {
        return EXO_STATUS_CLOSED;
    }
    if error.needs_reconnect() {
        return EXO_STATUS_SESSION_LOST;
    }
    if error.is_timeout() {
        return EXO_STATUS_TIMED_OUT;
    }
    match error.category() {
        Category::Usage => EXO_STATUS_BAD_OPTION,
        Category::SignIn => EXO_STATUS_AUTHENTICATION,
        Category::Connection => EXO_STATUS_CONNECTION,
        Category::Remote => EXO_STATUS_REMOTE,
        Category::Cancelled => EXO_STATUS_CANCELLED,
        _ => EXO_STATUS_PROTOCOL,
    }
}

fn step_name(step: Step) -> &'static str {
    match step {
        Step::Options => "options",
        Step::SignIn => "signIn",
        Step::Open => "open",
        Step::Commands => "commands",
        Step::Run => "run",
        Step::Close => "close",
        Step::Disconnect => "disconnect",
        Step::Reconnect => "reconnect",
        _ => "",
    }
}

fn chain_of(error: &(dyn Error + 'static)) -> String {
    let mut chain = String::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        if !chain.is_empty() {
            chain.push('\n');
        }
        // Writing into a string cannot fail.
        let _ = write!(chain, "{error}");
        cause = error.source();
    }
    chain
}
