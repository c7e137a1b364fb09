//! Shows what came of the inputs of one request, one after the other.

use std::sync::atomic::{AtomicU64, Ordering};

use psrp::clixml::Tape;
use tokio::sync::{mpsc, watch};

use super::super::call::{First, Halt, Output, Ready, Refused, Run};
use super::super::client::{unknown, wrong};
use super::super::{Client, Transport};
use super::{BatchEvent, BatchEventKind, End, InputOutcome, Unit};
use crate::error::kind::{Kind, shown};
use crate::error::{Category, Error};

pub(super) struct Show<'a, T> {
    pub(super) client: &'a Client<T>,
    pub(super) events: &'a mpsc::Sender<Result<BatchEvent, Error>>,
    pub(super) answers: &'a mut mpsc::UnboundedReceiver<i32>,
    pub(super) sent: &'a AtomicU64,
    pub(super) read: watch::Receiver<u64>,
}

/// The reader has gone.
type Gone = ();

impl<T: Transport> Show<'_, T> {
    /// Returns when the reader has come back for more. Gives back why nothing more should be sent, if that is so.
    pub(super) async fn unit(&mut self, unit: Unit<'_, '_>) -> Result<Option<Error>, Gone> {
        let mut stop = None;
        let mut is_told = false;
        let mut shown = 0;
        for item in unit.items {
            let input = item.input;
            shown = input + 1;
            let outcome = match (item.made, &unit.end) {
                (Err(Refused::Record(record)), _) => {
                    self.run(input).write_error(record).await.map_err(drop)?;
                    InputOutcome::Failed(None)
                }
                (Err(Refused::Error(error)), _) => InputOutcome::Failed(Some(error)),
                (Ok(ready), End::Refused { failure, after_retries }) if !ready.asks => {
                    // Told once: it is about the request, and the pipeline ends with it.
                    if !std::mem::replace(&mut is_told, true) {
                        self.run(input).fail(ready.cmdlet, failure, *after_retries).await.map_err(drop)?;
                        stop = Some(self.refused(failure.status, failure.said()));
                    }
                    // What the service has no time for, or no trust in, is as if it had not been sent.
                    if matches!(failure.status, 401 | 429 | 503) {
                        InputOutcome::NotSent
                    } else {
                        InputOutcome::Failed(None)
                    }
                }
                (Ok(ready), End::Lost(error)) if !ready.asks => {
                    stop = Some(error.clone());
                    let never_arrived =
                        error.is_connection() && !error.leaves_doubt() && !error.is_outcome_unknown();
                    if never_arrived { InputOutcome::NotSent } else { outcome_of(error.clone()) }
                }
                (Ok(ready), _) => {
                    let (outcome, error) = self.item(input, ready, item.first, item.parameters).await?;
                    stop = stop.or(error);
                    outcome
                }
            };
            let event = BatchEvent { input, kind: BatchEventKind::Ended(outcome) };
            self.events.send(Ok(event)).await.map_err(drop)?;
        }
        self.read.wait_for(|read| shown <= *read).await.map_err(drop)?;
        Ok(stop)
    }

    /// One input whose call was made, or is made now. With an error that the next ones would meet too.
    async fn item(
        &mut self,
        input: u64,
        ready: Ready<'_>,
        first: First,
        parameters: Option<Tape>,
    ) -> Result<(InputOutcome, Option<Error>), Gone> {
        self.sent.fetch_max(input + 1, Ordering::AcqRel);
        let mut run = self.run(input);
        let ended = match first {
            First::Missing if ready.changes() => {
                let problem = "the answer to the batch leaves it out".to_owned();
                Err(Halt::Failed(unknown(ready.cmdlet, wrong(Kind::Protocol { problem }))))
            }
            first => run.go(ready, first, parameters.as_ref()).await,
        };
        Ok(match ended {
            Ok(()) if run.had_errors => (InputOutcome::Failed(None), None),
            Ok(()) => (InputOutcome::Succeeded, None),
            Err(Halt::Gone) => return Err(()),
            Err(Halt::Failed(error)) => {
                let is_general = matches!(error.category(), Category::Connection | Category::SignIn);
                (outcome_of(error.clone()), is_general.then_some(error))
            }
        })
    }

    fn run(&mut self, input: u64) -> Run<'_, T> {
        Run::new(self.client, Output::Input { events: self.events, input }, self.answers)
    }

    /// The service does not take a batch.
    fn refused(&self, status: u16, said: Option<String>) -> Error {
        let base = &self.client.endpoint.base;
        let host = base.split_once("://").map_or(base.as_str(), |(_, host)| host).to_owned();
        wrong(Kind::Status { host, status, detail: said.map(|said| shown(&said)) })
    }
}

fn outcome_of(error: Error) -> InputOutcome {
    if error.is_outcome_unknown() { InputOutcome::Unknown(error) } else { InputOutcome::Failed(Some(error)) }
}
