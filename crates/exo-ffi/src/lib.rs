//! C ABI of the session manager: `libexo`, described by `include/exo.h`.
//!
//! This is the only crate of the workspace with `unsafe`. It holds no protocol: it turns pointers into borrowed
//! Rust values, calls [`exo_session`], and turns what comes back into handles, statuses and tapes.
//!
//! # Conventions
//!
//! * A function returns an [`ExoStatus`]; `_free` returns nothing; [`exo_abi_version`] and [`exo_event_kind`]
//!   return their number because they cannot fail.
//! * Arguments come in the order handle, inputs, outputs, `ExoError **err`. `err` may be NULL. An output is set to
//!   NULL first and written only when the status is [`EXO_STATUS_OK`]. `*err` is set for every other status except
//!   [`EXO_STATUS_PENDING`] and [`EXO_STATUS_END`].
//! * Handles are opaque. Each has one `_free`, which accepts NULL. An event, an error or bytes belong to one
//!   thread at a time; a session and an operation may be shared between threads.
//! * Text goes in as pointer and length, UTF-8, and is checked. Text comes out as [`ExoText`], borrowed from the
//!   handle it was asked of. Nothing ends in NUL.
//! * Events are pulled with [`exo_operation_next`]; there are no callbacks.
//! * A panic never crosses: it becomes [`EXO_STATUS_PANIC`], and the session it happened in refuses further work
//!   with [`EXO_STATUS_POISONED`].

#[cfg(not(panic = "unwind"))]
compile_error!("exo-ffi turns panics into statuses and has to be built with panic = \"unwind\"");

mod batch;
mod bytes;
mod clixml;
mod connect;
mod connection;
mod error;
mod event;
mod fence;
mod handle;
mod invoke;
mod memory;
mod operation;
mod question;
mod queue;
mod relay;
mod runtime;
mod secrets;
mod session;
mod signing;
mod status;
mod tape;
mod text;
mod version;

pub use batch::{exo_operation_end_input, exo_operation_write, exo_session_invoke_batch};
pub use bytes::{ExoBytes, exo_bytes_free, exo_bytes_view};
pub use clixml::exo_clixml_decode;
pub use connect::{exo_connect, exo_connect_with};
pub use error::{ExoError, ExoErrorView, exo_error_free, exo_error_view};
pub use event::{
    EXO_EVENT_BROKEN, EXO_EVENT_BROWSER, EXO_EVENT_COMMANDS, EXO_EVENT_CONNECT_STEP,
    EXO_EVENT_CONNECT_WARNING, EXO_EVENT_CONNECTED, EXO_EVENT_DEBUG, EXO_EVENT_DEVICE_CODE, EXO_EVENT_ERROR,
    EXO_EVENT_FINISHED, EXO_EVENT_HOST_CALL, EXO_EVENT_INFORMATION, EXO_EVENT_INPUT_ENDED, EXO_EVENT_LINE,
    EXO_EVENT_OUTPUT, EXO_EVENT_PROGRESS, EXO_EVENT_SIGN_REQUEST, EXO_EVENT_VALUES, EXO_EVENT_VERBOSE,
    EXO_EVENT_WARNING, EXO_OUTCOME_FAILED, EXO_OUTCOME_NOT_SENT, EXO_OUTCOME_SUCCEEDED, EXO_OUTCOME_UNKNOWN,
    EXO_STATE_COMPLETED, EXO_STATE_FAILED, EXO_STATE_STOPPED, ExoEvent, exo_event_error, exo_event_free,
    exo_event_input, exo_event_json, exo_event_kind, exo_event_session, exo_event_state, exo_event_tape,
    exo_event_text, exo_tape_name,
};
pub use invoke::{
    EXO_IMPACT_HIGH, EXO_IMPACT_LOW, EXO_IMPACT_MEDIUM, EXO_IMPACT_NONE, exo_session_commands,
    exo_session_invoke, exo_session_invoke_asking,
};
pub use operation::{
    EXO_WAIT_FOREVER, ExoOperation, exo_operation_answer, exo_operation_cancel, exo_operation_free,
    exo_operation_next, exo_operation_reply,
};
pub use relay::{exo_relay, exo_relay_write, exo_session_relay};
pub use runtime::exo_shutdown;
pub use secrets::ExoSecret;
pub use session::{ExoSession, exo_session_close, exo_session_free, exo_session_info};
pub use status::{
    EXO_STATUS_AUTHENTICATION, EXO_STATUS_BAD_ARGUMENT, EXO_STATUS_BAD_CLIXML, EXO_STATUS_BAD_JSON,
    EXO_STATUS_BAD_OPTION, EXO_STATUS_BAD_UTF8, EXO_STATUS_BUSY, EXO_STATUS_CANCELLED, EXO_STATUS_CLOSED,
    EXO_STATUS_CONNECTION, EXO_STATUS_END, EXO_STATUS_NO_SUCH_NAME, EXO_STATUS_NULL, EXO_STATUS_OK,
    EXO_STATUS_PANIC, EXO_STATUS_PENDING, EXO_STATUS_POISONED, EXO_STATUS_PROTOCOL, EXO_STATUS_REMOTE,
    EXO_STATUS_RUNTIME, EXO_STATUS_SESSION_LOST, EXO_STATUS_SHUT_DOWN, EXO_STATUS_TIMED_OUT,
    EXO_STATUS_WRONG_EVENT, ExoStatus, exo_status_name,
};
pub use tape::{EXO_TAPE_VERSION, ExoNode, ExoTape};
pub use text::ExoText;
pub use version::{
    EXO_ABI_MAJOR, EXO_ABI_MINOR, EXO_VERSION_MAJOR, EXO_VERSION_MINOR, EXO_VERSION_PATCH, exo_abi_version,
};
