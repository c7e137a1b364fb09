//! What everybody does who drives a shell: making it, hearing what became of a request, ending it.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Url;
use tokio::task::JoinSet;
use wsman::{Endpoint, Response, ShellId};

use super::live;
use super::wire::Wire;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::host_of;

/// An answer, and the address that gave it.
pub(super) type Outcome = Result<(Response, Url), Error>;

/// What a Create came to. From now on everything goes to the server that has the shell.
pub(super) fn created(
    outcome: Outcome,
    endpoint: &mut Arc<Endpoint>,
    wire: &mut Wire,
) -> Result<ShellId, Error> {
    match outcome? {
        (Response::Create(created), url) => {
            url.as_str().clone_into(&mut Arc::make_mut(endpoint).to);
            wire.url = url;
            Ok(created.shell_id)
        }
        (Response::Fault(fault), url) if fault.is_shell_quota_exceeded() => {
            let own = live::sessions(&host_of(&url));
            Err(Error::new(Step::Open, Kind::TooManySessions { fault: Box::new(fault), own }))
        }
        (Response::Fault(fault), _) => Err(Error::new(Step::Open, Kind::Fault(Box::new(fault)))),
        _ => Err(unexpected(Step::Open, "Create")),
    }
}

/// Ends a shell; one that is gone has ended. A Delete that fails or gets no answer is sent once more, within the same limit.
pub(super) async fn delete(
    wire: &Wire,
    endpoint: Arc<Endpoint>,
    shell: ShellId,
    limit: Duration,
) -> Result<(), Error> {
    let make = |ids, _: &Url| endpoint.build_delete(ids, &shell);
    let mut failure = Error::new(Step::Close, Kind::AnswerTimeout { host: host_of(&wire.url), limit });
    for _ in 0..2 {
        match tokio::time::timeout(limit / 2, wire.exchange(&make, Step::Close)).await {
            Ok(Ok((Response::Fault(fault), _))) if !fault.is_shell_not_found() => {
                return Err(Error::new(Step::Close, Kind::Fault(Box::new(fault))));
            }
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => failure = error,
            Err(_) => {}
        }
    }
    Err(failure)
}

/// What a request that should just be accepted was refused with.
pub(super) fn refusal(outcome: Outcome, step: Step) -> Option<Error> {
    match outcome {
        Ok((Response::Fault(fault), _)) => Some(Error::new(step, Kind::Fault(Box::new(fault)))),
        Ok(_) => None,
        Err(error) => Some(error),
    }
}

#[cold]
pub(super) fn unexpected(step: Step, request: &str) -> Error {
    Error::new(step, Kind::Protocol { problem: format!("the server answered something else than {request}") })
}

/// Waits for one of the calls; skips those that were aborted, waits for ever when nothing is under way.
pub(super) async fn next_arrival<T: 'static>(calls: &mut JoinSet<T>) -> Result<T, Error> {
    loop {
        match calls.join_next().await {
            Some(Ok(arrival)) => return Ok(arrival),
            Some(Err(error)) if error.is_cancelled() => {}
            Some(Err(error)) => {
                let problem = "a request ended without an answer or a reason".to_owned();
                return Err(Error::with_source(Step::Run, Kind::Protocol { problem }, error));
            }
            None => std::future::pending().await,
        }
    }
}

/// How often a Receive that brought nothing is repeated.
pub(super) const MAX_FAILURES: u32 = 3;
