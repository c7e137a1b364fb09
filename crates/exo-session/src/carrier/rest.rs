//! Cmdlets as calls of the REST interface, each in a task of its own.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, OnceLock};

use ::psrp::clixml::Tape;
use ::psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::{mpsc, watch};

use super::{Begun, Carrier, Closing, Running};
use crate::adminapi::{BatchCall, Call, Client, Confirm};
use crate::batch::{BatchInvocation, RunningBatch};
use crate::carrier::rest::transport::HttpTransport;
use crate::catalog::Catalog;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::session::{Invocation, SessionState};

pub(crate) mod transport;

/// A connection over REST. The server keeps nothing for it, so that closing it is only a word.
pub(crate) struct RestCarrier {
    client: Arc<Client<HttpTransport>>,
    closed: watch::Sender<bool>,
    fate: Arc<OnceLock<Error>>,
}

impl RestCarrier {
    pub(crate) fn new(client: Client<HttpTransport>) -> Self {
        let (closed, _) = watch::channel(false);
        Self { client: Arc::new(client), closed, fate: Arc::new(OnceLock::new()) }
    }
}

impl Carrier for RestCarrier {
    fn invoke(&self, invocation: Invocation, confirm: Confirm) -> Result<Running, Error> {
        if let Some(error) = self.fate.get() {
            return Err(error.clone());
        }
        // Room for one page: while the reader has that, the next one is fetched.
        let (events, written) = mpsc::channel(1);
        let (answers, answered) = mpsc::unbounded_channel();
        let (cancel, mut cancelled) = watch::channel(false);
        let mut closed = self.closed.subscribe();
        let client = Arc::clone(&self.client);
        let last = events.clone();
        tokio::spawn(async move {
            let call = Call { invocation, confirm, events, answers: answered };
            tokio::select! {
                // What is cancelled before it began is not sent.
                biased;
                Ok(()) = until(&mut closed) => {}
                Ok(()) = until(&mut cancelled) => {
                    let end = PipelineEvent::State { state: PsInvocationState::Stopped, reason: None };
                    let _ = last.send(Ok(end)).await;
                }
                () = client.run(call) => {}
            }
        });
        let cancel = Box::new(move || {
            cancel.send_replace(true);
        });
        Ok(Running { events: written, cancel, answers: Some(answers), fate: Arc::clone(&self.fate) })
    }

    fn invoke_batch(&self, batch: &BatchInvocation, inputs: mpsc::Receiver<Tape>) -> Begun {
        if let Some(error) = self.fate.get() {
            return Begun::Running(Err(error.clone()));
        }
        let (events, written) = mpsc::channel(1);
        let (answers, answered) = mpsc::unbounded_channel();
        let (cancel, cancelled) = watch::channel(false);
        let mut closed = self.closed.subscribe();
        let client = Arc::clone(&self.client);
        let sent = Arc::new(AtomicU64::new(0));
        let (read, done) = watch::channel(0);
        let call = BatchCall {
            command: batch.command.clone(),
            confirm: batch.confirm_from.map_or(Confirm::Refuse, Confirm::From),
            in_flight: batch.in_flight,
            batch_size: batch.batch_size,
            inputs,
            events,
            answers: answered,
            sent: Arc::clone(&sent),
            read: done,
            cancelled,
        };
        tokio::spawn(async move {
            tokio::select! {
                biased;
                Ok(()) = until(&mut closed) => {}
                () = client.run_batch(call) => {}
            }
        });
        let cancel = Box::new(move || {
            cancel.send_replace(true);
        });
        Begun::Running(Ok(RunningBatch {
            events: written,
            cancel,
            answers,
            sent,
            read,
            fate: Arc::clone(&self.fate),
        }))
    }

    fn commands(&self, _names: Vec<String>) -> Result<Running, Error> {
        // INVARIANT: a session asks the catalogue of a carrier that has one.
        Err(Error::new(Step::Commands, Kind::Closed))
    }

    fn state(&self) -> SessionState {
        if self.fate.get().is_some() { SessionState::Closed } else { SessionState::Opened }
    }

    fn catalog(&self) -> Option<&Catalog> {
        Some(self.client.catalog())
    }

    fn close(&self) -> Closing<'_> {
        // What is set already is the same.
        let _ = self.fate.set(Error::new(Step::Run, Kind::Closed));
        self.closed.send_replace(true);
        Box::pin(std::future::ready(Ok(())))
    }
}

/// Waits for the word; an error means that nobody can give it any more.
async fn until(said: &mut watch::Receiver<bool>) -> Result<(), watch::error::RecvError> {
    said.wait_for(|said| *said).await.map(|_| ())
}

impl fmt::Debug for RestCarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RestCarrier").field("ended", &self.fate.get().is_some()).finish_non_exhaustive()
    }
}
