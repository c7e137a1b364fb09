//! Work over a session: running a command, asking for the commands there are.

use std::pin::pin;
use std::sync::Arc;

use exo_session::{Invocation, Pipeline};
use psrp::clixml::{Tape, decode};
use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::Notify;

use crate::clixml::bad_clixml;
use crate::error::{ExoError, Refusal, refuse, refuse_because};
use crate::event::{
    EXO_EVENT_COMMANDS, EXO_EVENT_DEBUG, EXO_EVENT_ERROR, EXO_EVENT_INFORMATION, EXO_EVENT_OUTPUT,
    EXO_EVENT_PROGRESS, EXO_EVENT_VERBOSE, EXO_EVENT_WARNING, EXO_STATE_COMPLETED, EXO_STATE_FAILED,
    EXO_STATE_STOPPED, ExoEvent,
};
use crate::fence::fence;
use crate::handle::{self, Out, share};
use crate::operation::ExoOperation;
use crate::queue::Sender;
use crate::session::ExoSession;
use crate::status::{EXO_STATUS_BAD_JSON, EXO_STATUS_CANCELLED, EXO_STATUS_PROTOCOL, ExoStatus};
use crate::text::{span, text};

/// Runs one command with named parameters and tells what it writes: `EXO_EVENT_OUTPUT` and the other records as they
/// arrive, then `EXO_EVENT_FINISHED` with the state.
///
/// `parameters` is CLIXML of one object whose extended members (`<MS>`) are the parameters in order; empty means none.
///
/// # Safety
/// `session` is a live handle or NULL. `command` points to `command_len` bytes or is NULL, `parameters` to
/// `parameters_len` bytes or is NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_invoke(
    session: *const ExoSession,
    command: *const u8,
    command_len: usize,
    parameters: *const u8,
    parameters_len: usize,
    out: *mut *mut ExoOperation,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises a live handle or NULL.
        let session = unsafe { share(session) }?;
        // SAFETY: the caller promises readable bytes.
        let command = unsafe { text(command, command_len, "command") }?;
        // SAFETY: the caller promises readable bytes.
        let parameters = unsafe { span(parameters, parameters_len, "parameters") }?;
        let parameters = decode(parameters.to_vec()).map_err(|error| bad_clixml(&error))?;
        let invocation = Invocation { command: command.to_owned(), parameters };
        let operation =
            session.start(|session, sender, cancelled| run(session, invocation, sender, cancelled))?;
        out.write(handle::give(operation));
        Ok(())
    })
}

/// Asks for the commands that the account may run, with their parameters, and tells them in one `EXO_EVENT_COMMANDS`.
///
/// `names` is a JSON array of names, wildcards allowed; empty means all.
///
/// # Safety
/// `session` is a live handle or NULL. `names` points to `names_len` bytes or is NULL. `out` is writable or NULL. `err`
/// is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_commands(
    session: *const ExoSession,
    names: *const u8,
    names_len: usize,
    out: *mut *mut ExoOperation,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises a live handle or NULL.
        let session = unsafe { share(session) }?;
        // SAFETY: the caller promises readable bytes.
        let names = match unsafe { text(names, names_len, "names") }? {
            "" => Vec::new(),
            names => serde_json::from_str(names).map_err(|error| {
                refuse(EXO_STATUS_BAD_JSON, format_args!("the names are not a JSON array of texts: {error}"))
            })?,
        };
        let operation =
            session.start(|session, sender, cancelled| list(session, names, sender, cancelled))?;
        out.write(handle::give(operation));
        Ok(())
    })
}

async fn run(session: Arc<ExoSession>, invocation: Invocation, sender: Sender, cancelled: Arc<Notify>) {
    let outcome = match session.manager().invoke(invocation).await {
        Ok(pipeline) => pump(pipeline, &sender, &cancelled).await,
        Err(error) => Err(error.into()),
    };
    sender.end(outcome);
}

/// Hands on what a command writes until its end, or until nobody reads; dropping the pipeline cancels the command.
async fn pump(mut pipeline: Pipeline, sender: &Sender, cancelled: &Notify) -> Result<(), Refusal> {
    loop {
        let event = tokio::select! {
            event = pipeline.next() => event,
            () = cancelled.notified() => {
                pipeline.cancel();
                continue;
            }
        };
        let Some(event) = event else {
            return Ok(());
        };
        let event = match event? {
            PipelineEvent::Broken(error) => return Err(refuse_because(EXO_STATUS_PROTOCOL, &error)),
            event => told(event),
        };
        let Some(event) = event else {
            continue;
        };
        let mut sending = pin!(sender.send(event));
        let read = loop {
            tokio::select! {
                read = &mut sending => break read,
                () = cancelled.notified() => pipeline.cancel(),
            }
        };
        if !read {
            return Ok(());
        }
    }
}

async fn list(session: Arc<ExoSession>, names: Vec<String>, sender: Sender, cancelled: Arc<Notify>) {
    let outcome = tokio::select! {
        commands = session.manager().commands(&names) => commands.map_err(Refusal::from),
        () = cancelled.notified() => Err(refuse(EXO_STATUS_CANCELLED, format_args!("the question was cancelled"))),
    };
    let outcome = outcome.and_then(|commands| {
        serde_json::to_vec(&commands).map_err(|error| {
            refuse(EXO_STATUS_PROTOCOL, format_args!("the commands cannot be described: {error}"))
        })
    });
    let outcome = outcome.map(|json| {
        sender.post(ExoEvent::json_bytes(EXO_EVENT_COMMANDS, json));
        sender.post(ExoEvent::finished(EXO_STATE_COMPLETED, None));
    });
    sender.end(outcome);
}

/// What a pipeline event is to the caller; `None` for what it need not know.
fn told(event: PipelineEvent) -> Option<ExoEvent> {
    let record = |kind, tape: Tape| Some(ExoEvent::tape(kind, tape));
    match event {
        PipelineEvent::Output(tape) => record(EXO_EVENT_OUTPUT, tape),
        PipelineEvent::Error(tape) => record(EXO_EVENT_ERROR, tape),
        PipelineEvent::Warning(tape) => record(EXO_EVENT_WARNING, tape),
        PipelineEvent::Verbose(tape) => record(EXO_EVENT_VERBOSE, tape),
        PipelineEvent::Debug(tape) => record(EXO_EVENT_DEBUG, tape),
        PipelineEvent::Information(tape) => record(EXO_EVENT_INFORMATION, tape),
        PipelineEvent::Progress(tape) => record(EXO_EVENT_PROGRESS, tape),
        PipelineEvent::HostCall(call) => Some(ExoEvent::host_call(call)),
        PipelineEvent::State { state: PsInvocationState::Completed, reason } => {
            Some(ExoEvent::finished(EXO_STATE_COMPLETED, reason))
        }
        PipelineEvent::State { state: PsInvocationState::Stopped, reason } => {
            Some(ExoEvent::finished(EXO_STATE_STOPPED, reason))
        }
        PipelineEvent::State { state: PsInvocationState::Failed, reason } => {
            Some(ExoEvent::finished(EXO_STATE_FAILED, reason))
        }
        // States on the way, and news that this interface has no number for.
        _ => None,
    }
}
