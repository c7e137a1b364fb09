//! Operations: connecting, a command, a question. Each runs as a task; its events are pulled.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use exo_session::{BatchInput, RelayWriter};
use tokio::sync::{Notify, mpsc};

use crate::error::{ExoError, refuse};
use crate::event::ExoEvent;
use crate::fence::{fence, fence_quiet};
use crate::handle::{self, Handle, Out, Shared, share};
use crate::question::Reply;
use crate::queue::{Queue, Sender, queue};
use crate::runtime::Threads;
use crate::secrets::{ExoSecret, Secrets, object};
use crate::status::{EXO_STATUS_BUSY, ExoStatus};
use crate::text::text;

/// As a `timeout_ms`: wait until something happens.
pub const EXO_WAIT_FOREVER: u32 = 0xFFFF_FFFF;

/// Something that runs and tells what happens. Made by `exo_connect`, `exo_session_invoke`, `exo_session_commands` and
/// `exo_relay`; pulled with `exo_operation_next`; freed with `exo_operation_free`.
pub struct ExoOperation {
    queue: Arc<Queue>,
    cancelled: Arc<Notify>,
    replies: mpsc::UnboundedSender<Reply>,
    /// Takes the inputs of a batch; `None` for other operations, and after the last input.
    /// The task holds it too: an operation that is freed is cancelled before its input ends, so that nothing more is sent.
    input: InputSlot,
    /// Takes PowerShell's lines; `None` for other operations.
    relay: Option<RelayWriter>,
    /// Whether a thread is in `exo_operation_next`.
    pulling: AtomicBool,
}

/// Waits for the next event. `*out` is set only when the status is `EXO_STATUS_OK`.
///
/// `EXO_STATUS_PENDING`: nothing arrived within `timeout_ms`; ask again. `EXO_STATUS_END`: there is no more.
/// `EXO_STATUS_BUSY`: another thread is waiting on the same operation. Another status ends the operation; `*err` says
/// why, once.
///
/// # Safety
/// `operation` is a live handle or NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_next(
    operation: *const ExoOperation,
    timeout_ms: u32,
    out: *mut *mut ExoEvent,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        if operation.pulling.swap(true, Ordering::Acquire) {
            return Err(refuse(EXO_STATUS_BUSY, format_args!("another thread is waiting on this operation")));
        }
        let timeout = if timeout_ms == EXO_WAIT_FOREVER {
            None
        } else {
            Some(Duration::from_millis(timeout_ms.into()))
        };
        let event = operation.queue.next(timeout);
        operation.pulling.store(false, Ordering::Release);
        out.write(handle::give(event?));
        Ok(())
    })
}

/// Asks the operation to stop. Returns at once and may be called by any thread at any time. The operation tells its end
/// through `exo_operation_next`: a command with `EXO_EVENT_FINISHED` and the state stopped, another operation with
/// `EXO_STATUS_CANCELLED`.
///
/// # Safety
/// `operation` is a live handle or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_cancel(operation: *const ExoOperation) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        operation.cancelled.notify_one();
        Ok(())
    })
}

/// Answers the question that a command started with `exo_session_invoke_asking` waits with, by the place of the choice
/// taken: 0 is yes, 1 yes to all, 2 no, 3 no to all. Any other number is no. Without a question it is kept for the next
/// one; an operation that asks nothing takes no notice.
///
/// # Safety
/// `operation` is a live handle or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_answer(operation: *const ExoOperation, choice: i32) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        // An operation that has ended has no question.
        let _ = operation.replies.send(Reply::choice(choice));
        Ok(())
    })
}

/// Replies to the question that a command started with `exo_session_invoke_asking` waits with. `reply` is a JSON object:
///
/// `{"choice": 0}`; `{"line": "…"}`, of a `secureLine` `{}` with the secret `line`; `{"userName": "…"}` with the secret
/// `password`; `{"fields": {"name": "text"}}` with a secret for each field that is one, by the field's name;
/// `{"refused": "why"}` to any of them, which ends the command with that error where it asked.
///
/// # Safety
/// `operation` is a live handle or NULL. `reply` points to `reply_len` bytes or is NULL. `secrets` points to
/// `secret_count` secrets or is NULL; their names and bytes are readable. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_reply(
    operation: *const ExoOperation,
    reply: *const u8,
    reply_len: usize,
    secrets: *const ExoSecret,
    secret_count: usize,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        // SAFETY: the caller promises readable bytes.
        let reply = unsafe { text(reply, reply_len, "reply") }?;
        // SAFETY: the caller promises readable secrets.
        let secrets = unsafe { Secrets::copy(secrets, secret_count) }?;
        let mut reply: Reply = object(reply, "the replies")?;
        reply.secrets = Some(secrets);
        // An operation that has ended has no question.
        let _ = operation.replies.send(reply);
        Ok(())
    })
}

/// Frees an operation; NULL is accepted. One that still runs is cancelled.
///
/// # Safety
/// `operation` is a live handle or NULL and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_operation_free(operation: *mut ExoOperation) {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { handle::free(operation) }
}

impl ExoOperation {
    /// The same, with inputs to write.
    pub(crate) fn with_input(mut self, input: InputSlot) -> Self {
        self.input = input;
        self
    }

    /// The same, with lines to write.
    pub(crate) fn with_relay(mut self, relay: RelayWriter) -> Self {
        self.relay = Some(relay);
        self
    }

    /// Where PowerShell's lines are written.
    pub(crate) fn relay(&self) -> Option<&RelayWriter> {
        self.relay.as_ref()
    }

    /// Where the inputs are written.
    pub(crate) fn input(&self) -> MutexGuard<'_, Option<BatchInput>> {
        self.input.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a task and gives the operation that stands for it. `task` fills the sender and heeds the orders.
    pub(crate) fn start<F>(threads: &Threads, task: impl FnOnce(Sender, Orders) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self::start_with(threads, queue(), task)
    }

    /// The same with a queue of another size.
    pub(crate) fn start_with<F>(
        threads: &Threads,
        (sender, queue): (Sender, Arc<Queue>),
        task: impl FnOnce(Sender, Orders) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let cancelled = Arc::new(Notify::new());
        let (replies, replied) = mpsc::unbounded_channel();
        threads.operate(task(sender, Orders { cancelled: Arc::clone(&cancelled), replies: replied }));
        Self {
            queue,
            cancelled,
            replies,
            input: InputSlot::default(),
            relay: None,
            pulling: AtomicBool::new(false),
        }
    }
}

/// Where the inputs of a batch are written, until they have ended.
pub(crate) type InputSlot = Arc<Mutex<Option<BatchInput>>>;

/// What the caller tells a task that runs.
#[derive(Debug)]
pub(crate) struct Orders {
    /// To stop.
    pub(crate) cancelled: Arc<Notify>,
    /// What was replied, once for each question.
    pub(crate) replies: mpsc::UnboundedReceiver<Reply>,
}

#[cfg(test)]
impl ExoOperation {
    /// The status of the next event.
    pub(crate) fn wait(&self) -> ExoStatus {
        self.queue.next(None).err().map_or(0, |refusal| refusal.status())
    }
}

impl Drop for ExoOperation {
    fn drop(&mut self) {
        self.queue.abandon();
        self.cancelled.notify_one();
    }
}

impl Handle for ExoOperation {
    type Kept = Shared;
    const NAME: &'static str = "operation";
}

impl std::fmt::Debug for ExoOperation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExoOperation").field("pulling", &self.pulling).finish_non_exhaustive()
    }
}
