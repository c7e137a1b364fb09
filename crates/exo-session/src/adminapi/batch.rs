//! One cmdlet for many inputs: ten to a request, several requests under way, everything shown in the order of the
//! inputs.
//!
//! Two halves work side by side. One takes inputs, makes requests of them and gets their answers; the other shows the
//! answers, one input after the other, and asks for what is still missing of each: a repetition, the next page.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures_util::stream::{FuturesOrdered, StreamExt};
use psrp::PipelineEvent;
use psrp::clixml::Tape;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};

use self::envelope::Envelope;
use self::gather::{Ends, Gatherer, Shape};
use self::show::Show;
use super::answer::Page;
use super::call::{First, Ready, Refused};
use super::client::{Outcome, unknown, wrong};
use super::failure::Failure;
use super::{Client, Confirm, Transport};
use crate::error::Error;
use crate::error::kind::Kind;

mod envelope;
mod gather;
mod show;

/// What comes of one input of a batch, in the order of the inputs.
#[derive(Debug)]
pub struct BatchEvent {
    /// The place of the input, from 0.
    pub input: u64,
    /// What happened.
    pub kind: BatchEventKind,
}

/// What happens to one input.
#[derive(Debug)]
pub enum BatchEventKind {
    /// The command wrote something; never a state.
    Event(PipelineEvent),
    /// The last for this input.
    Ended(InputOutcome),
}

/// How one input ended.
#[derive(Debug)]
pub enum InputOutcome {
    /// Without an error.
    Succeeded,
    /// The service said that it did not do it, or not all of it. Without an error here, error records told why.
    Failed(Option<Error>),
    /// It was sent, and its answer is not known: it may have been done. It is not sent again.
    Unknown(Error),
    /// It was not sent: the batch was cancelled or failed before, the service could not be reached, or it was too busy for
    /// the whole request.
    NotSent,
}

/// A batch under way: where its inputs come from and where its events go.
#[derive(Debug)]
pub struct BatchCall {
    /// The cmdlet.
    pub command: String,
    /// Whether somebody can be asked. What asks is sent alone.
    pub confirm: Confirm,
    /// How many requests may be between being sent and being read at once.
    pub in_flight: usize,
    /// How many inputs go into one request.
    pub batch_size: usize,
    /// The parameters of each call.
    pub inputs: mpsc::Receiver<Tape>,
    /// What the calls write; an error comes last, when the whole has failed.
    pub events: mpsc::Sender<Result<BatchEvent, Error>>,
    /// The numbers of the choices taken, one for each question.
    pub answers: mpsc::UnboundedReceiver<i32>,
    /// How many inputs, from the first, have been put into requests; counted here.
    pub sent: Arc<AtomicU64>,
    /// How many inputs, from the first, the reader is done with: it has their end and came back for more.
    pub read: watch::Receiver<u64>,
    /// Set when nothing more is to be sent, and what is under way is given up.
    pub cancelled: watch::Receiver<bool>,
}

/// One input on its way.
struct Item<'c> {
    input: u64,
    made: Result<Ready<'c>, Refused>,
    /// Kept for a call that asks.
    parameters: Option<Tape>,
    first: First,
}

impl Item<'_> {
    fn asks(&self) -> bool {
        self.parameters.is_some()
    }
}

/// The inputs of one request.
struct Unit<'c, 'p> {
    items: Vec<Item<'c>>,
    end: End,
    /// Held until all is read: no more than so many requests are under way.
    _permit: SemaphorePermit<'p>,
}

/// What came of the request as a whole.
enum End {
    Answered,
    /// Its calls were not made.
    Refused {
        failure: Box<Failure>,
        after_retries: bool,
    },
    /// There is no answer to any of them.
    Lost(Error),
}

impl<T: Transport> Client<T> {
    /// Runs a batch to its end. What goes wrong goes into its events.
    pub async fn run_batch(&self, call: BatchCall) {
        let BatchCall {
            command,
            confirm,
            in_flight,
            batch_size,
            inputs,
            events,
            mut answers,
            sent,
            read,
            mut cancelled,
        } = call;
        let cmdlet = match self.cmdlet(&command) {
            Ok(cmdlet) => cmdlet,
            Err(error) => {
                // A reader that has gone needs no error.
                let _ = events.send(Err(error)).await;
                return;
            }
        };
        let in_flight = in_flight.max(1);
        let permits = Semaphore::new(in_flight);
        let (stop, stopped) = watch::channel(None);
        let batch_size = if cmdlet.supports_batching { batch_size.clamp(1, MAX_BATCH_SIZE) } else { 1 };
        let gatherer = Gatherer::new(
            Shape { client: self, cmdlet, confirm, batch_size },
            inputs,
            &permits,
            Ends { stopped, cancelled: cancelled.clone() },
            &sent,
        );
        // Room for all that the permits allow, so that nobody waits to hand on an answer.
        let (answered, mut units) = mpsc::channel(in_flight);
        let asking = self.ask_all(gatherer, answered);
        let showing = async {
            let mut show = Show { client: self, events: &events, answers: &mut answers, sent: &sent, read };
            while let Some(unit) = units.recv().await {
                match show.unit(unit).await {
                    Ok(None) => {}
                    Ok(Some(error)) => stop.send_modify(|stop| {
                        stop.get_or_insert(error);
                    }),
                    Err(()) => return,
                }
            }
        };
        let asking = async {
            asking.await;
            // What has been asked is still to be shown.
            std::future::pending::<()>().await;
        };
        tokio::select! {
            biased;
            Ok(_) = cancelled.wait_for(|is_set| *is_set) => return,
            () = showing => {}
            () = asking => {}
        }
        let failed = stop.borrow().clone();
        if let Some(error) = failed {
            let _ = events.send(Err(error)).await;
        }
    }

    /// Sends unit after unit, side by side, and hands on their answers in order.
    async fn ask_all<'a>(&'a self, mut gatherer: Gatherer<'a, T>, answered: mpsc::Sender<Unit<'a, 'a>>) {
        let mut asked = FuturesOrdered::new();
        let mut is_over = false;
        loop {
            tokio::select! {
                unit = gatherer.next(), if !is_over => match unit {
                    Some(unit) => asked.push_back(self.ask(unit)),
                    None => {
                        is_over = true;
                        // Whoever writes is told now.
                        gatherer.close();
                    }
                },
                Some(unit) = asked.next() => {
                    if answered.send(unit).await.is_err() {
                        return;
                    }
                }
                else => return,
            }
        }
    }

    /// Sends the calls of a unit, but for those that ask first.
    async fn ask<'c, 'p>(&self, mut unit: Unit<'c, 'p>) -> Unit<'c, 'p> {
        let to_send = |item: &&mut Item<'c>| !item.asks() && item.made.is_ok();
        let calls: Vec<&Ready<'_>> = unit
            .items
            .iter()
            .filter(|item| !item.asks())
            .filter_map(|item| item.made.as_ref().ok())
            .collect();
        let Some(call) = calls.first() else { return unit };
        let (cmdlet, changes) = (call.cmdlet, calls.iter().any(|call| call.changes()));
        let firsts = if cmdlet.supports_batching {
            let url = format!("{}/adminapi/beta/{}/$batch", self.endpoint.base, self.endpoint.tenant);
            let request = envelope::request(url, &calls);
            match self.fetch(cmdlet, &request, changes, None, Envelope::decode).await {
                Ok(Outcome::Done(envelope)) => match envelope.by_place(calls.len()) {
                    Ok(answers) => Ok(answers
                        .into_iter()
                        .map(|answer| answer.map_or(First::Missing, First::Answered))
                        .collect::<Vec<_>>()),
                    Err(error) => {
                        let error = wrong(Kind::Protocol { problem: error.to_string() });
                        Err(End::Lost(if changes { unknown(cmdlet, error) } else { error }))
                    }
                },
                Ok(Outcome::Failed { failure, after_retries }) => {
                    Err(End::Refused { failure, after_retries })
                }
                Err(error) => Err(End::Lost(error)),
            }
        } else {
            let request = call.template.request(call.body.clone(), call.paging.page_size());
            match self.fetch(cmdlet, &request, changes, None, Page::decode_answer).await {
                Ok(outcome) => Ok(vec![First::Reached(Box::new(outcome))]),
                Err(error) => Err(End::Lost(error)),
            }
        };
        match firsts {
            Ok(firsts) => {
                for (item, first) in unit.items.iter_mut().filter(to_send).zip(firsts) {
                    item.first = first;
                }
            }
            Err(end) => unit.end = end,
        }
        unit
    }
}

/// As many as the service takes in one request.
pub const MAX_BATCH_SIZE: usize = 10;
