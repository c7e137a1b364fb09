//! One command for many inputs: written one by one while what came of them is pulled.

use std::sync::{Arc, Mutex};

use exo_session::{Batch, BatchEventKind, BatchInvocation, InputOutcome, TryWriteError};

use crate::error::{ExoError, Refusal, bad_argument};
use crate::event::{
    EXO_OUTCOME_FAILED, EXO_OUTCOME_NOT_SENT, EXO_OUTCOME_SUCCEEDED, EXO_OUTCOME_UNKNOWN,
    EXO_STATE_COMPLETED, ExoEvent,
};
use crate::fence::{fence, fence_quiet};
use crate::handle::{self, Out, share};
use crate::invoke::{impact, parameters, told};
use crate::operation::{ExoOperation, InputSlot, Orders};
use crate::queue::Sender;
use crate::session::ExoSession;
use crate::status::{EXO_STATUS_END, EXO_STATUS_PENDING, ExoStatus};
use crate::text::{span, text};

/// Starts one command for many inputs, over REST ten to a request. Write the inputs with `exo_operation_write`, end them
/// with `exo_operation_end_input`, and pull events at the same time: everything of the first input, then of the second and
/// so on, each followed by `EXO_EVENT_INPUT_ENDED`; `exo_event_input` gives the input. The last is `EXO_EVENT_FINISHED`.
///
/// `ask_from` as in `exo_session_invoke_asking`. `in_flight` is how many requests may be under way at once, 1 to 16; with 1
/// nothing of a request is sent before all of the one before was pulled and the caller pulls again.
///
/// # Safety
/// `session` is a live handle or NULL. `command` points to `command_len` bytes or is NULL. `out` is writable or NULL. `err`
/// is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_invoke_batch(
    session: *const ExoSession,
    command: *const u8,
    command_len: usize,
    ask_from: u32,
    in_flight: u32,
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
        let mut invocation = BatchInvocation::new(command);
        invocation.in_flight = usize::try_from(in_flight)
            .map_err(|_| bad_argument("in_flight", format_args!("{in_flight} is too many")))?;
        invocation.confirm_from = Some(impact(ask_from)?);
        let one_by_one = invocation.in_flight == 1;
        let (batch, input) =
            session.wait_for(|session| async move { session.invoke_batch(invocation).await })?;
        let input: InputSlot = Arc::new(Mutex::new(Some(input)));
        let kept = Arc::clone(&input);
        let operation = session.start(|_, sender, orders| async move {
            run(batch, one_by_one, sender, orders).await;
            drop(kept);
        })?;
        out.write(handle::give(operation.with_input(input)));
        Ok(())
    })
}

/// Gives a command of `exo_session_invoke_batch` its next input: CLIXML of the parameters, as in `exo_session_invoke`.
///
/// `EXO_STATUS_PENDING`: there is no room, and the input was not taken; pull events first. `EXO_STATUS_END`: the command
/// takes no more input; pull its end.
///
/// # Safety
/// `operation` is a live handle or NULL. `clixml` points to `clixml_len` bytes or is NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_write(
    operation: *const ExoOperation,
    clixml: *const u8,
    clixml_len: usize,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        // SAFETY: the caller promises readable bytes.
        let clixml = unsafe { span(clixml, clixml_len, "clixml") }?;
        let input = operation.input();
        let Some(input) = input.as_ref() else { return Err(Refusal::Quiet(EXO_STATUS_END)) };
        input.try_write(parameters(clixml)?).map_err(|error| match error {
            TryWriteError::Full(_) => Refusal::Quiet(EXO_STATUS_PENDING),
            TryWriteError::Ended => Refusal::Quiet(EXO_STATUS_END),
        })
    })
}

/// Says that there is no more input; what has been written is still sent. A second call does nothing.
///
/// # Safety
/// `operation` is a live handle or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_end_input(operation: *const ExoOperation) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        drop(operation.input().take());
        Ok(())
    })
}

/// Hands on what comes of the inputs until the end, or until nobody reads; dropping the batch cancels it. With `one_by_one`
/// the batch is asked for more only by a caller who is done with what there was.
async fn run(mut batch: Batch, one_by_one: bool, sender: Sender, mut orders: Orders) {
    let outcome = loop {
        let next = async {
            if one_by_one && !sender.drained().await {
                return None;
            }
            batch.next().await
        };
        let event = tokio::select! {
            // To ask a batch for more lets it send more: not after the word that ends it.
            biased;
            () = orders.cancelled.notified() => {
                batch.cancel();
                continue;
            }
            Some(reply) = orders.replies.recv() => {
                batch.answer(reply.or_no());
                continue;
            }
            event = next => event,
        };
        let event = match event {
            None => {
                sender.post(ExoEvent::finished(EXO_STATE_COMPLETED, None));
                break Ok(());
            }
            Some(Err(error)) => break Err(error.into()),
            Some(Ok(event)) => event,
        };
        let told = match event.kind {
            BatchEventKind::Event(happened) => told(happened),
            BatchEventKind::Ended(outcome) => Some(ended(outcome)),
        };
        let Some(told) = told else { continue };
        let mut sending = std::pin::pin!(sender.send(told.of_input(event.input)));
        let read = loop {
            tokio::select! {
                biased;
                () = orders.cancelled.notified() => batch.cancel(),
                read = &mut sending => break read,
            }
        };
        if !read {
            break Ok(());
        }
    };
    sender.end(outcome);
}

fn ended(outcome: InputOutcome) -> ExoEvent {
    let (outcome, error) = match outcome {
        InputOutcome::Succeeded => (EXO_OUTCOME_SUCCEEDED, None),
        InputOutcome::Failed(error) => (EXO_OUTCOME_FAILED, error),
        InputOutcome::Unknown(error) => (EXO_OUTCOME_UNKNOWN, Some(error)),
        InputOutcome::NotSent => (EXO_OUTCOME_NOT_SENT, None),
    };
    ExoEvent::input_ended(outcome, error.and_then(|error| Refusal::from(error).into_error()))
}
