use std::ptr::null_mut;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, mpsc};
use std::time::Duration;

use super::{exo_shutdown, threads};
use crate::error::refuse;
use crate::operation::ExoOperation;
use crate::status::{EXO_STATUS_CONNECTION, EXO_STATUS_OK, EXO_STATUS_SHUT_DOWN};

/// An operation that computes while the library shuts down must not find the threads of its connection gone: that reads
/// like a server out of reach.
#[test]
fn shutting_down_waits_until_an_operation_that_computes_has_heard_of_it() {
    let _ending = LIBRARY.write().unwrap_or_else(PoisonError::into_inner);
    let (begun, has_begun) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let operation = ExoOperation::start(&threads().unwrap(), |sender, _| async move {
        begun.send(()).unwrap();
        // As long as one poll takes on a busy machine.
        may_go_on.recv().unwrap();
        // As a connection is driven: by a task of its own, which a library that is gone cancels.
        let outcome = tokio::spawn(std::future::pending::<()>()).await;
        sender.end(outcome.map_err(|error| refuse(EXO_STATUS_CONNECTION, format_args!("{error}"))));
    });
    has_begun.recv().unwrap();
    std::thread::scope(|scope| {
        // SAFETY: no place for an error is given.
        let ending = scope.spawn(|| unsafe { exo_shutdown(30_000, null_mut()) });
        // Long enough for a library that does not wait to be gone.
        std::thread::sleep(Duration::from_millis(100));
        go_on.send(()).unwrap();
        assert_eq!(ending.join().unwrap(), EXO_STATUS_OK);
    });
    assert_eq!(operation.wait(), EXO_STATUS_SHUT_DOWN);
}

/// Held by tests that use the library's threads.
pub(crate) fn working() -> RwLockReadGuard<'static, ()> {
    LIBRARY.read().unwrap_or_else(PoisonError::into_inner)
}

/// Written by tests that end the library's threads.
static LIBRARY: RwLock<()> = RwLock::new(());
