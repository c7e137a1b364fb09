//! Work over a session: running a command, asking for the commands there are.

use std::pin::pin;
use std::sync::Arc;

use exo_session::catalog::ConfirmImpact;
use exo_session::{Error, Invocation, Pipeline};
use psrp::clixml::Tape;
use psrp::secret::decode_secret;
use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::mpsc;
use zeroize::Zeroizing;

use crate::clixml::bad_clixml;
use crate::error::{ExoError, Refusal, bad_argument, refuse, refuse_because};
use crate::event::{
    EXO_EVENT_COMMANDS, EXO_EVENT_DEBUG, EXO_EVENT_ERROR, EXO_EVENT_INFORMATION, EXO_EVENT_OUTPUT,
    EXO_EVENT_PROGRESS, EXO_EVENT_VERBOSE, EXO_EVENT_WARNING, EXO_STATE_COMPLETED, EXO_STATE_FAILED,
    EXO_STATE_STOPPED, ExoEvent,
};
use crate::fence::fence;
use crate::handle::{self, Out, share};
use crate::operation::{ExoOperation, Orders};
use crate::question::{Caller, Reply};
use crate::queue::Sender;
use crate::session::ExoSession;
use crate::status::{EXO_STATUS_BAD_JSON, EXO_STATUS_CANCELLED, EXO_STATUS_PROTOCOL, ExoStatus};
use crate::text::{span, text};

/// Runs one command with named parameters and tells what it writes: `EXO_EVENT_OUTPUT` and the other records as they
/// arrive, then `EXO_EVENT_FINISHED` with the state.
///
/// `parameters` is CLIXML of one object whose extended members (`<MS>`) are the parameters in order; empty means none.
/// Further values at its top level are arguments without a name, in order; only remote PowerShell takes those. A secure
/// string in it is `<SS>` with the base64 text of its characters in UTF-16LE, a credential an object of the type
/// `System.Management.Automation.PSCredential` with the properties `UserName` and `Password`; the copy that is made here
/// is cleared after use, and the caller clears its own.
///
/// What needs a confirmation is refused over REST; see `exo_session_invoke_asking`.
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
        let invocation = invocation(command, parameters)?;
        let operation =
            session.start(|session, sender, orders| run(session, invocation, None, sender, orders))?;
        out.write(handle::give(operation));
        Ok(())
    })
}

/// As `exo_session_invoke`, for a caller who can ask the user. Over REST a change that weighs at least `ask_from`, one of
/// `EXO_IMPACT_*`, is asked about first: an `EXO_EVENT_HOST_CALL` with the name `PromptForChoice` comes, and nothing is
/// changed until `exo_operation_answer` says yes. `EXO_IMPACT_NONE` asks about nothing. A bound parameter `Confirm`
/// decides before that. Over remote PowerShell the server decides for itself what it asks, and may ask for other things;
/// each question is an `EXO_EVENT_HOST_CALL` and waits for `exo_operation_answer` or `exo_operation_reply`.
///
/// # Safety
/// `session` is a live handle or NULL. `command` points to `command_len` bytes or is NULL, `parameters` to
/// `parameters_len` bytes or is NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_invoke_asking(
    session: *const ExoSession,
    command: *const u8,
    command_len: usize,
    parameters: *const u8,
    parameters_len: usize,
    ask_from: u32,
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
        let ask_from = impact(ask_from)?;
        let invocation = invocation(command, parameters)?;
        let operation = session
            .start(|session, sender, orders| run(session, invocation, Some(ask_from), sender, orders))?;
        out.write(handle::give(operation));
        Ok(())
    })
}

/// Asks about nothing.
pub const EXO_IMPACT_NONE: u32 = 0;
/// Asks about every change.
pub const EXO_IMPACT_LOW: u32 = 1;
/// Asks about changes of medium weight and above.
pub const EXO_IMPACT_MEDIUM: u32 = 2;
/// Asks about changes of high weight; PowerShell's default.
pub const EXO_IMPACT_HIGH: u32 = 3;

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
        let operation = session.start(|session, sender, orders| list(session, names, sender, orders))?;
        out.write(handle::give(operation));
        Ok(())
    })
}

/// A command and its parameters; the copy of the parameters is cleared when it goes, as they may hold secrets.
fn invocation(command: &str, parameters: &[u8]) -> Result<Invocation, Refusal> {
    Ok(Invocation { command: command.to_owned(), parameters: self::parameters(parameters)? })
}

/// The parameters of a call; the copy made here is cleared when it goes.
pub(crate) fn parameters(clixml: &[u8]) -> Result<Tape, Refusal> {
    decode_secret(Zeroizing::new(clixml.to_vec())).map_err(|error| bad_clixml(&error))
}

pub(crate) fn impact(number: u32) -> Result<ConfirmImpact, Refusal> {
    Ok(match number {
        EXO_IMPACT_NONE => ConfirmImpact::None,
        EXO_IMPACT_LOW => ConfirmImpact::Low,
        EXO_IMPACT_MEDIUM => ConfirmImpact::Medium,
        EXO_IMPACT_HIGH => ConfirmImpact::High,
        other => return Err(bad_argument("ask_from", format_args!("{other} is not an impact"))),
    })
}

async fn run(
    session: Arc<ExoSession>,
    invocation: Invocation,
    ask_from: Option<ConfirmImpact>,
    sender: Sender,
    orders: Orders,
) {
    let manager = session.manager();
    let started: Result<(Pipeline, Asked), Error> = match ask_from {
        None => manager.invoke(invocation).await.map(|pipeline| (pipeline, Asked::Session)),
        // The service asks about changes only; a server of remote PowerShell may ask anything.
        Some(impact) if manager.catalog().is_some() => {
            manager.invoke_asking(invocation, impact).await.map(|pipeline| (pipeline, Asked::Session))
        }
        Some(_) => {
            let (host, questions, replies) = Caller::new();
            let pipeline = manager.invoke_with_host(invocation, Arc::new(host)).await;
            pipeline.map(|pipeline| (pipeline, Asked::Host { questions, replies }))
        }
    };
    let outcome = match started {
        Ok((pipeline, asked)) => pump(pipeline, asked, &sender, orders).await,
        Err(error) => Err(error.into()),
    };
    sender.end(outcome);
}

/// Who puts the questions of a command, and waits for the replies.
enum Asked {
    /// The session itself.
    Session,
    /// A host on a thread of its own.
    Host { questions: mpsc::UnboundedReceiver<ExoEvent>, replies: std::sync::mpsc::Sender<Reply> },
}

impl Asked {
    /// The next question of a host; never comes when there is none.
    async fn question(&mut self) -> ExoEvent {
        if let Self::Host { questions, .. } = self
            && let Some(question) = questions.recv().await
        {
            return question;
        }
        std::future::pending().await
    }

    fn reply(&self, pipeline: &Pipeline, reply: Reply) {
        match self {
            Self::Session => pipeline.answer(reply.or_no()),
            // A host that has gone asks nothing any more.
            Self::Host { replies, .. } => drop(replies.send(reply)),
        }
    }
}

/// Hands on what a command writes until its end, or until nobody reads; dropping the pipeline cancels the command.
async fn pump(
    mut pipeline: Pipeline,
    mut asked: Asked,
    sender: &Sender,
    mut orders: Orders,
) -> Result<(), Refusal> {
    loop {
        let event = tokio::select! {
            // What was cancelled is not answered any more, and nothing more of it is asked for.
            biased;
            () = orders.cancelled.notified() => {
                pipeline.cancel();
                continue;
            }
            Some(reply) = orders.replies.recv() => {
                asked.reply(&pipeline, reply);
                continue;
            }
            question = asked.question() => {
                sender.post(question);
                continue;
            }
            event = pipeline.next() => event,
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
                biased;
                () = orders.cancelled.notified() => pipeline.cancel(),
                read = &mut sending => break read,
            }
        };
        if !read {
            return Ok(());
        }
    }
}

async fn list(session: Arc<ExoSession>, names: Vec<String>, sender: Sender, orders: Orders) {
    let outcome = tokio::select! {
        biased;
        () = orders.cancelled.notified() => Err(refuse(EXO_STATUS_CANCELLED, format_args!("the question was cancelled"))),
        commands = session.manager().commands(&names) => commands.map_err(Refusal::from),
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
pub(crate) fn told(event: PipelineEvent) -> Option<ExoEvent> {
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
