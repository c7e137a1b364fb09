//! A batch where the carrier has none: one pipeline after the other.

use std::sync::Weak;

use psrp::clixml::Tape;
use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::{mpsc, watch};

use super::{BatchEvent, BatchEventKind, InputOutcome};
use crate::adminapi::Confirm;
use crate::carrier::Carrier;
use crate::command::failure_text;
use crate::error::kind::Kind;
use crate::error::{Category, Error, Step};
use crate::session::{Invocation, Pipeline};

pub(crate) struct OneByOne {
    carrier: Weak<dyn Carrier>,
    command: String,
    confirm: Confirm,
    inputs: mpsc::Receiver<Tape>,
    cancelled: watch::Sender<bool>,
    /// The pipeline of the last input that was started.
    current: Option<Current>,
    /// How many inputs have been started.
    started: u64,
    /// Why no more is.
    failed: Option<Error>,
}

struct Current {
    pipeline: Pipeline,
    had_errors: bool,
    is_cancelled: bool,
}

impl OneByOne {
    pub(crate) fn new(
        carrier: Weak<dyn Carrier>,
        command: String,
        confirm: Confirm,
        inputs: mpsc::Receiver<Tape>,
    ) -> Self {
        let cancelled = watch::Sender::new(false);
        Self { carrier, command, confirm, inputs, cancelled, current: None, started: 0, failed: None }
    }

    pub(crate) fn started(&self) -> u64 {
        self.started
    }

    pub(crate) fn cancel(&self) {
        self.cancelled.send_replace(true);
    }

    pub(crate) fn answer(&self, choice: i32) {
        if let Some(current) = &self.current {
            current.pipeline.answer(choice);
        }
    }

    pub(crate) async fn next(&mut self) -> Option<Result<BatchEvent, Error>> {
        let mut cancelled = self.cancelled.subscribe();
        loop {
            let Some(current) = &mut self.current else {
                if let Some(error) = self.failed.take() {
                    return Some(Err(error));
                }
                let parameters = tokio::select! {
                    biased;
                    // The sender lives as long as this.
                    _ = cancelled.wait_for(|cancelled| *cancelled) => return None,
                    parameters = self.inputs.recv() => parameters?,
                };
                self.start(parameters);
                continue;
            };
            let event = tokio::select! {
                biased;
                _ = cancelled.wait_for(|cancelled| *cancelled), if !current.is_cancelled => {
                    current.is_cancelled = true;
                    current.pipeline.cancel();
                    continue;
                }
                event = current.pipeline.next() => event,
            };
            let outcome = match event {
                Some(Ok(PipelineEvent::State { state, reason })) if state.is_final() => match state {
                    PsInvocationState::Completed if !current.had_errors => InputOutcome::Succeeded,
                    PsInvocationState::Stopped => {
                        InputOutcome::Unknown(Error::new(Step::Run, Kind::Cancelled))
                    }
                    PsInvocationState::Completed => InputOutcome::Failed(None),
                    _ => {
                        let reason = failure_text(reason.as_ref());
                        InputOutcome::Failed(Some(Error::new(Step::Run, Kind::Remote { reason })))
                    }
                },
                Some(Ok(PipelineEvent::State { .. })) => continue,
                Some(Ok(event)) => {
                    current.had_errors |= matches!(event, PipelineEvent::Error(_));
                    return Some(Ok(BatchEvent {
                        input: self.started.saturating_sub(1),
                        kind: BatchEventKind::Event(event),
                    }));
                }
                Some(Err(error)) => self.of_error(error),
                None => InputOutcome::Unknown(Error::new(Step::Run, Kind::Closed)),
            };
            self.current = None;
            return Some(Ok(BatchEvent {
                input: self.started.saturating_sub(1),
                kind: BatchEventKind::Ended(outcome),
            }));
        }
    }

    fn start(&mut self, parameters: Tape) {
        let invocation = Invocation { command: self.command.clone(), parameters };
        let carrier = self.carrier.upgrade().ok_or_else(|| Error::new(Step::Run, Kind::Closed));
        match carrier.and_then(|carrier| carrier.invoke(invocation, self.confirm)) {
            Ok(running) => {
                self.started += 1;
                let pipeline = Pipeline::new(running);
                self.current = Some(Current { pipeline, had_errors: false, is_cancelled: false });
            }
            Err(error) => self.failed = Some(error),
        }
    }

    /// An error that ended one pipeline; what is not only its own ends the batch.
    fn of_error(&mut self, error: Error) -> InputOutcome {
        if matches!(error.category(), Category::Connection | Category::SignIn) || error.is_closed() {
            self.failed = Some(error.clone());
        }
        if error.leaves_doubt() || error.needs_reconnect() {
            InputOutcome::Unknown(error)
        } else {
            InputOutcome::Failed(Some(error))
        }
    }
}
