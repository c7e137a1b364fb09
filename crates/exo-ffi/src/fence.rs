//! The fence: every exported body runs inside it, and no panic leaves it.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{ExoError, Refusal, refuse};
use crate::handle;
use crate::status::{EXO_STATUS_OK, EXO_STATUS_PANIC, ExoStatus};

/// Runs the body of an export and puts its error, if any, into `*err`.
///
/// `err` may be NULL; otherwise it is NULL after a success and after a status that is no error.
pub(crate) fn fence(err: *mut *mut ExoError, body: impl FnOnce() -> Result<(), Refusal>) -> ExoStatus {
    report(err, None);
    match guard(body) {
        Ok(()) => EXO_STATUS_OK,
        Err(refusal) => {
            let status = refusal.status();
            report(err, refusal.into_error());
            status
        }
    }
}

/// Runs the body of an export that has no `err`.
pub(crate) fn fence_quiet(body: impl FnOnce() -> Result<(), Refusal>) -> ExoStatus {
    match guard(body) {
        Ok(()) => EXO_STATUS_OK,
        Err(refusal) => refusal.status(),
    }
}

/// Runs `body` and turns a panic into a refusal.
pub(crate) fn guard<T>(body: impl FnOnce() -> Result<T, Refusal>) -> Result<T, Refusal> {
    // A body that panics may leave a session half changed; sessions are poisoned for that reason (`session.rs`), and
    // nothing else outlives the call.
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| Err(panicked(payload.as_ref())))
}

/// The refusal that a panic becomes.
#[cold]
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Refusal {
    let text = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    refuse(EXO_STATUS_PANIC, format_args!("the library failed unexpectedly: {text}"))
}

fn report(err: *mut *mut ExoError, error: Option<ExoError>) {
    if err.is_null() || !err.is_aligned() {
        return;
    }
    let pointer = error.map_or(std::ptr::null_mut(), handle::give);
    // SAFETY: not NULL and aligned; every export asks its caller for a writable `err`.
    unsafe { err.write(pointer) }
}

#[cfg(test)]
mod tests;
