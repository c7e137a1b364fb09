//! Sessions: what is connected, and closing it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use exo_session::Session;

use crate::bytes::ExoBytes;
use crate::connection::{Closing, Connection};
use crate::error::{ExoError, Refusal, refuse};
use crate::fence::{fence, guard};
use crate::handle::{self, Handle, Out, Shared, share};
use crate::operation::{EXO_WAIT_FOREVER, ExoOperation, Orders};
use crate::queue::Sender;
use crate::relay;
use crate::runtime::Threads;
use crate::status::{EXO_STATUS_PANIC, EXO_STATUS_POISONED, EXO_STATUS_PROTOCOL, ExoStatus};

/// A connection. Taken with `exo_event_session`, closed with `exo_session_close`, freed with `exo_session_free`.
pub struct ExoSession {
    connection: Arc<Connection>,
    poisoned: Arc<AtomicBool>,
}

/// Gives what is known about the connection as JSON: an object with camelCase keys.
///
/// # Safety
/// `session` is a live handle or NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_info(
    session: *const ExoSession,
    out: *mut *mut ExoBytes,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises a live handle or NULL.
        let session = unsafe { share(session) }?;
        let json = session.fenced(|session| {
            serde_json::to_vec(&session.manager().info()).map_err(|error| {
                refuse(EXO_STATUS_PROTOCOL, format_args!("the connection cannot be described: {error}"))
            })
        })?;
        out.write(handle::give(ExoBytes::new(json)));
        Ok(())
    })
}

/// Closes the session on the server; waits at most `timeout_ms`. Commands that still run end. A second call returns
/// `EXO_STATUS_CLOSED`. The handle stays valid until it is freed.
///
/// # Safety
/// `session` is a live handle or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_close(
    session: *const ExoSession,
    timeout_ms: u32,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a live handle or NULL.
        let session = unsafe { share(session) }?;
        let closing = session.start_close()?;
        closing.wait(if timeout_ms == EXO_WAIT_FOREVER {
            Duration::MAX
        } else {
            Duration::from_millis(timeout_ms.into())
        })
    })
}

/// Frees a session; NULL is accepted. One that was not closed is closed in the background when its last handle goes.
///
/// # Safety
/// `session` is a live handle or NULL and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_free(session: *mut ExoSession) {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { handle::free(session) }
}

impl ExoSession {
    /// Wraps a session whose tasks run on `threads`.
    pub(crate) fn new(session: Session, threads: Threads) -> Self {
        Self { connection: Connection::keep(session, threads), poisoned: Arc::new(AtomicBool::new(false)) }
    }

    /// The session as the session manager knows it.
    pub(crate) fn manager(&self) -> &Session {
        self.connection.session()
    }

    /// Starts work over the session, unless it was closed or poisoned. A panic in the task poisons the session.
    pub(crate) fn start<F>(
        self: &Arc<Self>,
        task: impl FnOnce(Arc<Self>, Sender, Orders) -> F,
    ) -> Result<ExoOperation, Refusal>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.fenced(|session| {
            let threads = session.connection.open_threads()?;
            Ok(ExoOperation::start(threads, |sender, orders| {
                task(Arc::clone(self), sender.poisoning(Arc::clone(&session.poisoned)), orders)
            }))
        })
    }

    /// Starts a relay in the session's shell, unless the session was closed or poisoned.
    pub(crate) fn relay(&self) -> Result<ExoOperation, Refusal> {
        self.fenced(|session| {
            let threads = session.connection.open_threads()?;
            Ok(relay::serve(threads, || session.manager().relay()))
        })
    }

    /// Waits for an answer of the session manager that needs no peer.
    pub(crate) fn wait_for<T, F>(&self, ask: impl FnOnce(Session) -> F) -> Result<T, Refusal>
    where
        F: Future<Output = Result<T, exo_session::Error>>,
    {
        self.fenced(|session| {
            let threads = session.connection.open_threads()?;
            Ok(threads.block_on(ask(session.manager().clone()))?)
        })
    }

    /// Runs `body`; a panic in it poisons the session.
    pub(crate) fn fenced<T>(&self, body: impl FnOnce(&Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        self.sound()?;
        let result = guard(|| body(self));
        if let Err(refusal) = &result
            && refusal.status() == EXO_STATUS_PANIC
        {
            self.poisoned.store(true, Ordering::Release);
        }
        result
    }

    /// Begins to close the session; refuses when that was done before. A poisoned session can be closed.
    pub(crate) fn start_close(&self) -> Result<Closing, Refusal> {
        self.connection.start_close()
    }

    fn sound(&self) -> Result<(), Refusal> {
        if self.poisoned.load(Ordering::Acquire) {
            let message =
                format_args!("the session failed unexpectedly before; disconnect and connect again");
            return Err(refuse(EXO_STATUS_POISONED, message));
        }
        Ok(())
    }
}

impl Drop for ExoSession {
    fn drop(&mut self) {
        // Closed before, or closing now: both are right.
        let _ = self.start_close();
    }
}

impl Handle for ExoSession {
    type Kept = Shared;
    const NAME: &'static str = "session";
}

impl std::fmt::Debug for ExoSession {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ExoSession").field("poisoned", &self.poisoned).finish_non_exhaustive()
    }
}

// Sessions are used from any thread.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<ExoSession>>();
};

#[cfg(test)]
mod tests;
