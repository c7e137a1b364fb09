//! The client of one connection, and how it asks until there is something final to say.

use std::sync::Arc;

use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::mpsc;

use super::answer::AnswerError;
use super::call::{Halt, Output, Run};
use super::failure::Failure;
use super::retry::{Verdict, judge};
use super::seal::ServiceKey;
use super::throttle::Throttle;
use super::{Answer, Endpoint, Request, Transport};
use crate::catalog::{Catalog, Cmdlet, ConfirmImpact};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::session::Invocation;

/// Runs the cmdlets of one connection.
#[derive(Debug)]
pub struct Client<T> {
    pub(super) endpoint: Endpoint,
    pub(super) catalog: Arc<Catalog>,
    /// For secrets among the parameters.
    pub(super) key: Option<ServiceKey>,
    pub(super) transport: T,
    pub(super) throttle: Throttle,
}

/// Whether somebody can be asked before a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// Nobody: what must be confirmed is refused.
    Refuse,
    /// Changes that weigh at least this much are asked about, and none for [`ConfirmImpact::None`].
    From(ConfirmImpact),
}

/// One call under way: where its events go and where answers to its questions come from.
#[derive(Debug)]
pub struct Call {
    /// What to run.
    pub invocation: Invocation,
    /// Whether somebody can be asked.
    pub confirm: Confirm,
    /// What it writes; the last is a final state or an error.
    pub events: mpsc::Sender<Result<PipelineEvent, Error>>,
    /// The numbers of the choices taken, one for each question.
    pub answers: mpsc::UnboundedReceiver<i32>,
}

/// What one request came to, after all repetitions.
pub(super) enum Outcome<R> {
    Done(R),
    Failed { failure: Box<Failure>, after_retries: bool },
}

impl<T: Transport> Client<T> {
    /// A client for the cmdlets in `catalog`.
    pub fn new(endpoint: Endpoint, catalog: Arc<Catalog>, transport: T) -> Self {
        let key = catalog.public_key.as_deref().and_then(ServiceKey::read);
        Self { endpoint, catalog, key, transport, throttle: Throttle::default() }
    }

    /// The cmdlets.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Where the requests go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What carries the requests.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Runs a call to its end. What goes wrong goes into its events.
    pub async fn run(&self, call: Call) {
        let Call { invocation, confirm, events, mut answers } = call;
        let mut run = Run::new(self, Output::Call(&events), &mut answers);
        let ended = match self.cmdlet(&invocation.command) {
            Ok(cmdlet) => run.invoke(cmdlet, &invocation.parameters, confirm).await,
            Err(error) => Err(error.into()),
        };
        let last = match ended {
            Ok(()) => Ok(PipelineEvent::State { state: PsInvocationState::Completed, reason: None }),
            Err(Halt::Failed(error)) => Err(error),
            Err(Halt::Gone) => return,
        };
        // A reader that has gone needs no end.
        let _ = events.send(last).await;
    }

    pub(super) fn cmdlet(&self, name: &str) -> Result<&Cmdlet, Error> {
        let name = name.trim();
        self.catalog.cmdlet(name).ok_or_else(|| wrong(Kind::UnknownCommand { name: name.to_owned() }))
    }

    /// Sends one request until there is something final to say about it. `given` is the answer when the request has been
    /// sent once already; `changes` says that it must not be sent again when it may have been carried out.
    pub(super) async fn fetch<R>(
        &self,
        cmdlet: &Cmdlet,
        request: &Request,
        changes: bool,
        mut given: Option<Answer>,
        read: fn(&mut Answer) -> Result<R, AnswerError>,
    ) -> Result<Outcome<R>, Error> {
        let doubtful = |error: Error| if changes { unknown(cmdlet, error) } else { error };
        let mut tries = 0;
        loop {
            tries += 1;
            let mut answer = match given.take() {
                Some(answer) => answer,
                None => self
                    .transport
                    .send(request)
                    .await
                    .map_err(|error| if error.leaves_doubt() { doubtful(error) } else { error })?,
            };
            self.throttle.note(&answer);
            if (200..300).contains(&answer.status) {
                match read(&mut answer) {
                    Ok(done) => return Ok(Outcome::Done(done)),
                    Err(AnswerError::Failure) => {}
                    Err(error) => {
                        let problem = error.to_string();
                        return Err(doubtful(Error::with_source(
                            Step::Run,
                            Kind::Protocol { problem },
                            error,
                        )));
                    }
                }
            }
            let failure = Box::new(Failure::of(&answer));
            let verdict = judge(&failure, tries, changes);
            tracing::debug!(status = failure.status, tries, ?verdict, "the service refused a request");
            match verdict {
                Verdict::Wait(time) => {
                    let _held = (failure.status == 429).then(|| self.throttle.hold());
                    self.transport.wait(time).await;
                }
                Verdict::Renew(time, claims) => {
                    self.transport.wait(time).await;
                    self.transport.renew(claims.as_deref()).await?;
                }
                Verdict::Final => return Ok(Outcome::Failed { failure, after_retries: false }),
                Verdict::Exhausted => return Ok(Outcome::Failed { failure, after_retries: true }),
            }
        }
    }
}

/// What came of a refused request outside of a call.
pub(crate) enum Failed {
    /// Waited, and renewed the token where that was it.
    TryAgain,
    /// It stays so; with what the service said.
    Final { said: Option<String> },
}

/// Deals with an answer that is no success, of a request that changes nothing.
pub(crate) async fn failed<T: Transport>(
    transport: &T,
    answer: &Answer,
    tries: u32,
) -> Result<Failed, Error> {
    let failure = Failure::of(answer);
    match judge(&failure, tries, false) {
        Verdict::Wait(time) => transport.wait(time).await,
        Verdict::Renew(time, claims) => {
            transport.wait(time).await;
            transport.renew(claims.as_deref()).await?;
        }
        Verdict::Final | Verdict::Exhausted => return Ok(Failed::Final { said: failure.said() }),
    }
    Ok(Failed::TryAgain)
}

/// A change that may have been carried out although `error` hides how it went.
pub(super) fn unknown(cmdlet: &Cmdlet, error: Error) -> Error {
    if error.is_outcome_unknown() {
        return error;
    }
    let kind = Kind::OutcomeUnknown { command: cmdlet.name.clone(), problem: error.what() };
    Error::with_source(Step::Run, kind, error)
}

pub(super) fn wrong(kind: Kind) -> Error {
    Error::new(Step::Run, kind)
}
