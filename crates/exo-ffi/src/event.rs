//! Events: what an operation tells its caller, one at a time.

use std::sync::Arc;

use psrp::HostCall;
use psrp::clixml::{NameId, Tape};
use serde_json::json;

use crate::error::{ExoError, ExoErrorView, Refusal, refuse};
use crate::fence::fence_quiet;
use crate::handle::{self, Boxed, Handle, Out, borrow};
use crate::question;
use crate::session::ExoSession;
use crate::status::{EXO_STATUS_NO_SUCH_NAME, EXO_STATUS_WRONG_EVENT, ExoStatus};
use crate::tape::ExoTape;
use crate::text::ExoText;

/// Connecting reached a step. Text: what happened. JSON: `{"name", "detail", "elapsedMs"}`.
pub const EXO_EVENT_CONNECT_STEP: u32 = 1;
/// Somebody has to open a page and enter a code. Text: the sentence to show. JSON: `{"message", "userCode",
/// "verificationUri", "expiresInSeconds", "intervalSeconds"}`.
pub const EXO_EVENT_DEVICE_CODE: u32 = 2;
/// Something about the connection that the user should know. Text: the sentence.
pub const EXO_EVENT_CONNECT_WARNING: u32 = 3;
/// The session is there; take it with `exo_event_session`.
pub const EXO_EVENT_CONNECTED: u32 = 4;

/// Somebody has to sign in on a page. Text: the sentence to show. JSON: `{"uri", "opened"}`; `opened` says whether a browser
/// was told to show it.
pub const EXO_EVENT_BROWSER: u32 = 5;
/// Something is to be signed with the caller's key; see `exo_connect_with`. Text: what. JSON: `{"algorithm"}`, `PS256`
/// (RSASSA-PSS) or `RS256` (PKCS#1), both with SHA-256.
pub const EXO_EVENT_SIGN_REQUEST: u32 = 6;

/// A value of the output stream. Tape: the value; a tape without values is null.
pub const EXO_EVENT_OUTPUT: u32 = 10;
/// A record of the error stream. Tape: the ErrorRecord.
pub const EXO_EVENT_ERROR: u32 = 11;
/// A record of the warning stream. Tape: the InformationalRecord.
pub const EXO_EVENT_WARNING: u32 = 12;
/// A record of the verbose stream. Tape: the InformationalRecord.
pub const EXO_EVENT_VERBOSE: u32 = 13;
/// A record of the debug stream. Tape: the InformationalRecord.
pub const EXO_EVENT_DEBUG: u32 = 14;
/// A record of the information stream. Tape: the InformationRecord.
pub const EXO_EVENT_INFORMATION: u32 = 15;
/// A record of the progress stream. Tape: the ProgressRecord.
pub const EXO_EVENT_PROGRESS: u32 = 16;
/// The server called the host. Calls that only show something need no answer; their tape is the call as it came. JSON:
/// `{"name"}`, and of a question `"question"` with its `"kind"`:
///
/// `choice` (`caption`, `message`, `choices` of `{"label", "help"}`, `default`), `line`, `secureLine`, `credential`
/// (`caption`, `message`, `userName`, `targetName`), `prompt` (`caption`, `message`, `fields` of `{"name", "label", "help",
/// "type", "mandatory"}`).
///
/// A question of a command started with `exo_session_invoke_asking` waits for `exo_operation_answer` or
/// `exo_operation_reply`; to others the session has answered that there is nobody to ask.
pub const EXO_EVENT_HOST_CALL: u32 = 17;

/// The commands that the account may run. JSON: an array, as `exo_session_commands` says.
pub const EXO_EVENT_COMMANDS: u32 = 20;
/// Decoded CLIXML. Tape: the values.
pub const EXO_EVENT_VALUES: u32 = 21;

/// One input of `exo_session_invoke_batch` has ended; how is with `exo_event_state`, one of `EXO_OUTCOME_*`, and why with
/// `exo_event_error`, when no error record has told it.
pub const EXO_EVENT_INPUT_ENDED: u32 = 31;

/// The operation came to its end; the state is with `exo_event_state`. Tape: the reason as an ErrorRecord, when there
/// is one.
pub const EXO_EVENT_FINISHED: u32 = 30;

/// A line for PowerShell, without an end, of `exo_relay`. Text: the line.
pub const EXO_EVENT_LINE: u32 = 40;
/// The session of `exo_relay` could not be opened, or is lost; why is with `exo_event_error`. JSON: `{"code"}`, the number
/// that Windows has for it, or null. Text: the reason and what to do.
pub const EXO_EVENT_BROKEN: u32 = 41;

/// The command was stopped.
pub const EXO_STATE_STOPPED: u32 = 3;
/// The operation did all it had to.
pub const EXO_STATE_COMPLETED: u32 = 4;
/// The command failed; the reason is the event's tape.
pub const EXO_STATE_FAILED: u32 = 5;

/// The command was carried out for the input.
pub const EXO_OUTCOME_SUCCEEDED: u32 = 1;
/// The service said that it did not do it, or not all of it.
pub const EXO_OUTCOME_FAILED: u32 = 2;
/// It was sent, and no answer came: it may have been done. It is not sent again.
pub const EXO_OUTCOME_UNKNOWN: u32 = 3;
/// It was not sent.
pub const EXO_OUTCOME_NOT_SENT: u32 = 4;

/// One thing that happened. Ask `exo_event_kind` first; free it with `exo_event_free`.
pub struct ExoEvent {
    kind: u32,
    state: u32,
    text: Option<String>,
    json: Option<Vec<u8>>,
    tape: Option<Tape>,
    host_call: Option<HostCall>,
    session: Option<Arc<ExoSession>>,
    input: Option<u64>,
    error: Option<ExoError>,
}

/// Gives the kind, one of `EXO_EVENT_*`; 0 for NULL.
///
/// # Safety
/// `event` is a live handle or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_kind(event: *const ExoEvent) -> u32 {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { borrow(event) }.map_or(0, |event| event.kind)
}

/// Gives the sentence of an event that has one.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_text(event: *const ExoEvent, out: *mut ExoText) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::new(out, "out") }?;
        out.write(ExoText::of(event.text.as_ref().ok_or_else(|| event.lacks("text"))?.as_bytes()));
        Ok(())
    })
}

/// Gives the JSON of an event that has it.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_json(event: *const ExoEvent, out: *mut ExoText) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::new(out, "out") }?;
        out.write(ExoText::of(event.json.as_ref().ok_or_else(|| event.lacks("JSON"))?));
        Ok(())
    })
}

/// Gives the state of `EXO_EVENT_FINISHED`, one of `EXO_STATE_*`, or of `EXO_EVENT_INPUT_ENDED`, one of `EXO_OUTCOME_*`.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_state(event: *const ExoEvent, out: *mut u32) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::new(out, "out") }?;
        if !matches!(event.kind, EXO_EVENT_FINISHED | EXO_EVENT_INPUT_ENDED) {
            return Err(event.lacks("state"));
        }
        out.write(event.state);
        Ok(())
    })
}

/// Gives the number of the input that an event of `exo_session_invoke_batch` belongs to, from 0.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_input(event: *const ExoEvent, out: *mut u64) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::new(out, "out") }?;
        out.write(event.input.ok_or_else(|| event.lacks("input"))?);
        Ok(())
    })
}

/// Reads the error of an `EXO_EVENT_INPUT_ENDED` that has one, or of `EXO_EVENT_BROKEN`. `out->size` has to be set. What it
/// points to lives as long as the event.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL, and its `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_error(event: *const ExoEvent, out: *mut ExoErrorView) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable struct whose `size` is set.
        let out = unsafe { Out::sized(out, "out") }?;
        out.write(event.error.as_ref().ok_or_else(|| event.lacks("error"))?.view());
        Ok(())
    })
}

/// Takes the session of `EXO_EVENT_CONNECTED`. Each call gives a handle of its own to the same session, to be freed
/// with `exo_session_free`.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_session(event: *const ExoEvent, out: *mut *mut ExoSession) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        let session = event.session.as_ref().ok_or_else(|| event.lacks("session"))?;
        out.write(handle::lend(Arc::clone(session)));
        Ok(())
    })
}

/// Lends the tape of an event that has one. `out->size` has to be set. What the tape points to lives as long as the
/// event.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL, and its `size` is set.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_tape(event: *const ExoEvent, out: *mut ExoTape) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable struct whose `size` is set.
        let out = unsafe { Out::sized(out, "out") }?;
        out.write(ExoTape::of(event.tape_or_refuse()?));
        Ok(())
    })
}

/// Gives the member name with the number `name` of the event's tape. The text lives as long as the event.
///
/// # Safety
/// `event` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_tape_name(event: *const ExoEvent, name: u32, out: *mut ExoText) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let event = unsafe { borrow(event) }?;
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::new(out, "out") }?;
        let tape = event.tape_or_refuse()?;
        let text = NameId::new(name).and_then(|id| tape.names().get(id)).ok_or_else(|| {
            let known = tape.names().len();
            refuse(
                EXO_STATUS_NO_SUCH_NAME,
                format_args!("the tape has {known} names and none with the number {name}"),
            )
        })?;
        out.write(ExoText::of(text.as_bytes()));
        Ok(())
    })
}

/// Frees an event; NULL is accepted.
///
/// # Safety
/// `event` is a live handle or NULL and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_event_free(event: *mut ExoEvent) {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { handle::free(event) }
}

impl ExoEvent {
    const fn new(kind: u32) -> Self {
        Self {
            kind,
            state: 0,
            text: None,
            json: None,
            tape: None,
            host_call: None,
            session: None,
            input: None,
            error: None,
        }
    }

    /// An event with a sentence.
    pub(crate) fn text(kind: u32, text: String) -> Self {
        Self { text: Some(text), ..Self::new(kind) }
    }

    /// An event with JSON and, when there is one, a sentence.
    pub(crate) fn json(kind: u32, text: Option<String>, json: &serde_json::Value) -> Self {
        Self { text, ..Self::json_bytes(kind, json.to_string().into_bytes()) }
    }

    /// An event with JSON that is written already.
    pub(crate) fn json_bytes(kind: u32, json: Vec<u8>) -> Self {
        Self { json: Some(json), ..Self::new(kind) }
    }

    /// An event with a tape.
    pub(crate) fn tape(kind: u32, tape: Tape) -> Self {
        Self { tape: Some(tape), ..Self::new(kind) }
    }

    /// The server called the host.
    pub(crate) fn host_call(call: HostCall) -> Self {
        let mut json = json!({ "name": call.method.name() });
        if let (Some(question), Some(fields)) = (question::describe(&call), json.as_object_mut()) {
            fields.insert("question".to_owned(), question);
        }
        Self { host_call: Some(call), ..Self::json(EXO_EVENT_HOST_CALL, None, &json) }
    }

    /// The server asks the user.
    pub(crate) fn question(name: &str, question: &serde_json::Value) -> Self {
        Self::json(EXO_EVENT_HOST_CALL, None, &json!({ "name": name, "question": question }))
    }

    /// The session is there.
    pub(crate) fn connected(session: Arc<ExoSession>) -> Self {
        Self { session: Some(session), ..Self::new(EXO_EVENT_CONNECTED) }
    }

    /// One input has ended.
    pub(crate) fn input_ended(outcome: u32, error: Option<ExoError>) -> Self {
        Self { state: outcome, error, ..Self::new(EXO_EVENT_INPUT_ENDED) }
    }

    /// The same with the reason.
    pub(crate) fn with_error(self, error: Option<ExoError>) -> Self {
        Self { error, ..self }
    }

    /// The same as part of what comes of an input.
    pub(crate) fn of_input(self, input: u64) -> Self {
        Self { input: Some(input), ..self }
    }

    /// The end.
    pub(crate) fn finished(state: u32, reason: Option<Tape>) -> Self {
        Self { state, tape: reason, ..Self::new(EXO_EVENT_FINISHED) }
    }

    /// Roughly how much memory the event holds, in KiB.
    pub(crate) fn cost_kib(&self) -> usize {
        let tape = self.tape.as_ref().map_or(0, |tape| {
            size_of_val(tape.nodes()).saturating_add(tape.text().len()).saturating_add(tape.side().len())
        });
        let text = self.text.as_ref().map_or(0, String::len);
        tape.saturating_add(text).saturating_add(self.json.as_ref().map_or(0, Vec::len)) / 1024
    }

    fn tape_or_refuse(&self) -> Result<&Tape, Refusal> {
        let of_call = || self.host_call.as_ref().map(HostCall::body);
        self.tape.as_ref().or_else(of_call).ok_or_else(|| self.lacks("tape"))
    }

    #[cold]
    fn lacks(&self, what: &'static str) -> Refusal {
        refuse(EXO_STATUS_WRONG_EVENT, format_args!("an event of kind {} has no {what}", self.kind))
    }
}

impl Handle for ExoEvent {
    type Kept = Boxed;
    const NAME: &'static str = "event";
}

/// Prints the kind and what there is: payloads hold personal data.
impl std::fmt::Debug for ExoEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExoEvent")
            .field("kind", &self.kind)
            .field("state", &self.state)
            .field("tape", &self.tape)
            .finish_non_exhaustive()
    }
}
