//! The status numbers: frozen, grouped by hundred, never reused.

use crate::fence::fence_quiet;
use crate::handle::Out;
use crate::text::ExoText;

/// What a call came to. 0 is success; the hundreds say whose turn it is to act.
///
/// 1xx nothing went wrong, 2xx the caller broke a rule, 3xx the library cannot go on, 4xx sign-in,
/// 5xx connection, 6xx what the peer sent, 7xx the caller asked for it.
pub type ExoStatus = u32;

/// The call did what it says.
pub const EXO_STATUS_OK: ExoStatus = 0;

/// Nothing arrived within the time given; ask again.
pub const EXO_STATUS_PENDING: ExoStatus = 100;
/// The operation has no more events.
pub const EXO_STATUS_END: ExoStatus = 101;

/// A pointer that must not be NULL was NULL.
pub const EXO_STATUS_NULL: ExoStatus = 200;
/// A text is not UTF-8.
pub const EXO_STATUS_BAD_UTF8: ExoStatus = 201;
/// A text is not the JSON that was expected.
pub const EXO_STATUS_BAD_JSON: ExoStatus = 202;
/// An argument is out of its range.
pub const EXO_STATUS_BAD_ARGUMENT: ExoStatus = 203;
/// Another thread is using the handle.
pub const EXO_STATUS_BUSY: ExoStatus = 204;
/// The session was closed.
pub const EXO_STATUS_CLOSED: ExoStatus = 205;
/// The event does not carry what was asked of it.
pub const EXO_STATUS_WRONG_EVENT: ExoStatus = 206;
/// The tape has no name of that number.
pub const EXO_STATUS_NO_SUCH_NAME: ExoStatus = 207;
/// A connect option has a value that cannot be used.
pub const EXO_STATUS_BAD_OPTION: ExoStatus = 208;

/// The library failed in a way it should not; the message says where.
pub const EXO_STATUS_PANIC: ExoStatus = 300;
/// The session met a panic before and accepts no more work.
pub const EXO_STATUS_POISONED: ExoStatus = 301;
/// The threads of the library could not be started.
pub const EXO_STATUS_RUNTIME: ExoStatus = 302;
/// `exo_shutdown` ended the operation.
pub const EXO_STATUS_SHUT_DOWN: ExoStatus = 303;

/// Sign-in was refused or could not be finished.
pub const EXO_STATUS_AUTHENTICATION: ExoStatus = 400;

/// The server could not be reached, or refused the connection.
pub const EXO_STATUS_CONNECTION: ExoStatus = 500;
/// No answer came within the time limit.
pub const EXO_STATUS_TIMED_OUT: ExoStatus = 501;
/// The session is gone on the server; connect again.
pub const EXO_STATUS_SESSION_LOST: ExoStatus = 502;

/// The peer broke the protocol, or a limit was passed.
pub const EXO_STATUS_PROTOCOL: ExoStatus = 600;
/// The bytes are not CLIXML that can be kept completely.
pub const EXO_STATUS_BAD_CLIXML: ExoStatus = 601;
/// The server reported a failure of the command or of the session.
pub const EXO_STATUS_REMOTE: ExoStatus = 602;

/// The operation was cancelled.
pub const EXO_STATUS_CANCELLED: ExoStatus = 700;

/// What a status is called, in C and in PowerShell.
pub(crate) struct StatusRow {
    pub(crate) status: ExoStatus,
    /// The name of the constant without `EXO_STATUS_`.
    pub(crate) name: &'static str,
    /// Name of the `System.Management.Automation.ErrorCategory` value.
    pub(crate) category: &'static str,
    /// The first part of the `FullyQualifiedErrorId`.
    pub(crate) error_id: &'static str,
}

impl StatusRow {
    /// The row of a status of this library.
    pub(crate) fn of(status: ExoStatus) -> Option<&'static Self> {
        TABLE.iter().find(|row| row.status == status)
    }
}

/// Gives the name of a status, without the prefix `EXO_STATUS_`. The text lives as long as the library.
///
/// # Safety
/// `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_status_name(status: ExoStatus, out: *mut ExoText) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a writable `out`; `Out` refuses NULL.
        let out = unsafe { Out::new(out, "out") }?;
        let row = StatusRow::of(status)
            .ok_or_else(|| crate::error::bad_argument("status", format_args!("{status} is not a status")))?;
        out.write(ExoText::of(row.name.as_bytes()));
        Ok(())
    })
}

const fn row(
    status: ExoStatus,
    name: &'static str,
    category: &'static str,
    error_id: &'static str,
) -> StatusRow {
    StatusRow { status, name, category, error_id }
}

const TABLE: [StatusRow; 24] = [
    row(EXO_STATUS_OK, "OK", "NotSpecified", "ExoOk"),
    row(EXO_STATUS_PENDING, "PENDING", "OperationTimeout", "ExoPending"),
    row(EXO_STATUS_END, "END", "NotSpecified", "ExoEnd"),
    row(EXO_STATUS_NULL, "NULL", "InvalidArgument", "ExoNull"),
    row(EXO_STATUS_BAD_UTF8, "BAD_UTF8", "InvalidArgument", "ExoBadUtf8"),
    row(EXO_STATUS_BAD_JSON, "BAD_JSON", "InvalidArgument", "ExoBadJson"),
    row(EXO_STATUS_BAD_ARGUMENT, "BAD_ARGUMENT", "InvalidArgument", "ExoBadArgument"),
    row(EXO_STATUS_BUSY, "BUSY", "ResourceBusy", "ExoBusy"),
    row(EXO_STATUS_CLOSED, "CLOSED", "InvalidOperation", "ExoSessionClosed"),
    row(EXO_STATUS_WRONG_EVENT, "WRONG_EVENT", "InvalidOperation", "ExoWrongEvent"),
    row(EXO_STATUS_NO_SUCH_NAME, "NO_SUCH_NAME", "ObjectNotFound", "ExoNoSuchName"),
    row(EXO_STATUS_BAD_OPTION, "BAD_OPTION", "InvalidArgument", "ExoBadOption"),
    row(EXO_STATUS_PANIC, "PANIC", "NotSpecified", "ExoPanic"),
    row(EXO_STATUS_POISONED, "POISONED", "InvalidOperation", "ExoSessionPoisoned"),
    row(EXO_STATUS_RUNTIME, "RUNTIME", "ResourceUnavailable", "ExoRuntime"),
    row(EXO_STATUS_SHUT_DOWN, "SHUT_DOWN", "OperationStopped", "ExoShutDown"),
    row(EXO_STATUS_AUTHENTICATION, "AUTHENTICATION", "AuthenticationError", "ExoAuthenticationFailed"),
    row(EXO_STATUS_CONNECTION, "CONNECTION", "ConnectionError", "ExoConnectionFailed"),
    row(EXO_STATUS_TIMED_OUT, "TIMED_OUT", "OperationTimeout", "ExoTimedOut"),
    row(EXO_STATUS_SESSION_LOST, "SESSION_LOST", "ConnectionError", "ExoSessionLost"),
    row(EXO_STATUS_PROTOCOL, "PROTOCOL", "ProtocolError", "ExoProtocolError"),
    row(EXO_STATUS_BAD_CLIXML, "BAD_CLIXML", "InvalidData", "ExoBadClixml"),
    row(EXO_STATUS_REMOTE, "REMOTE", "NotSpecified", "ExoRemoteFailure"),
    row(EXO_STATUS_CANCELLED, "CANCELLED", "OperationStopped", "ExoCancelled"),
];
