//! What a session handle stands for. The library keeps it until the server was told that it ends.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use exo_session::Session;

use crate::error::{Refusal, refuse};
use crate::runtime::{self, Threads};
use crate::status::{EXO_STATUS_CLOSED, EXO_STATUS_SHUT_DOWN, EXO_STATUS_TIMED_OUT};

/// A session, the threads its tasks run on, and whether it was closed.
pub(crate) struct Connection {
    session: Session,
    threads: Threads,
    closed: AtomicBool,
}

impl Connection {
    /// Keeps a session until it is closed, so that `exo_shutdown` can close it.
    pub(crate) fn keep(session: Session, threads: Threads) -> Arc<Self> {
        let connection = Arc::new(Self { session, threads, closed: AtomicBool::new(false) });
        runtime::keep(Arc::clone(&connection));
        connection
    }

    /// The session as the session manager knows it.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// The threads to start work on; refuses when the session was closed.
    pub(crate) fn open_threads(&self) -> Result<&Threads, Refusal> {
        if self.closed.load(Ordering::Acquire) { Err(closed()) } else { Ok(&self.threads) }
    }

    /// Begins to close the session; refuses when that was done before.
    pub(crate) fn start_close(self: &Arc<Self>) -> Result<Closing, Refusal> {
        if self.closed.swap(true, Ordering::AcqRel) {
            return Err(closed());
        }
        let (done, waiting) = mpsc::channel();
        let connection = Arc::clone(self);
        self.threads.finish(async move {
            let outcome = connection.session.close().await;
            runtime::let_go(&connection);
            // Nobody may be waiting any more.
            let _ = done.send(outcome);
        });
        Ok(Closing(waiting))
    }
}

/// A session on its way to being closed.
pub(crate) struct Closing(mpsc::Receiver<Result<(), exo_session::Error>>);

impl Closing {
    /// Waits for the server's answer.
    pub(crate) fn wait(self, timeout: Duration) -> Result<(), Refusal> {
        match self.0.recv_timeout(timeout) {
            Ok(outcome) => Ok(outcome?),
            Err(mpsc::RecvTimeoutError::Timeout) => Err(refuse(
                EXO_STATUS_TIMED_OUT,
                format_args!("the server did not confirm within {timeout:?} that the session is closed"),
            )),
            Err(mpsc::RecvTimeoutError::Disconnected) => Err(refuse(
                EXO_STATUS_SHUT_DOWN,
                format_args!("the library was shut down while the session closed"),
            )),
        }
    }
}

#[cold]
fn closed() -> Refusal {
    refuse(EXO_STATUS_CLOSED, format_args!("the session was closed"))
}
