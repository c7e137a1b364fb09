//! Takes inputs and makes them ready, as many as go into one request.

use std::sync::atomic::{AtomicU64, Ordering};

use psrp::clixml::Tape;
use tokio::sync::{Semaphore, SemaphorePermit, mpsc, watch};
use uuid::Uuid;

use super::super::call::First;
use super::super::{Client, Confirm, Transport};
use super::{End, Item, Unit};
use crate::catalog::Cmdlet;
use crate::error::Error;

/// What the inputs become.
pub(super) struct Shape<'a, T> {
    pub(super) client: &'a Client<T>,
    pub(super) cmdlet: &'a Cmdlet,
    pub(super) confirm: Confirm,
    pub(super) batch_size: usize,
}

/// What makes that nothing more is sent.
pub(super) struct Ends {
    /// Why the next inputs would fail too.
    pub(super) stopped: watch::Receiver<Option<Error>>,
    /// The caller's word.
    pub(super) cancelled: watch::Receiver<bool>,
}

pub(super) struct Gatherer<'a, T> {
    shape: Shape<'a, T>,
    inputs: mpsc::Receiver<Tape>,
    permits: &'a Semaphore,
    ends: Ends,
    /// How many inputs, from the first, have been handed on.
    sent: &'a AtomicU64,
    /// The place of the next input.
    next: u64,
    /// What there is of the next request.
    gathered: Vec<Item<'a>>,
    request_id: Uuid,
    permit: Option<SemaphorePermit<'a>>,
}

impl<'a, T: Transport> Gatherer<'a, T> {
    pub(super) fn new(
        shape: Shape<'a, T>,
        inputs: mpsc::Receiver<Tape>,
        permits: &'a Semaphore,
        ends: Ends,
        sent: &'a AtomicU64,
    ) -> Self {
        let (gathered, request_id) = (Vec::new(), Uuid::new_v4());
        Self { shape, inputs, permits, ends, sent, next: 0, gathered, request_id, permit: None }
    }

    /// The inputs of the next request, once it may be sent; `None` when there are no more, or nothing more is sent.
    /// Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Option<Unit<'a, 'a>> {
        let mut stopped = self.ends.stopped.clone();
        tokio::select! {
            biased;
            _ = stopped.wait_for(Option::is_some) => None,
            unit = self.gather() => unit,
        }
    }

    /// Takes no more inputs.
    pub(super) fn close(&mut self) {
        self.inputs.close();
    }

    async fn gather(&mut self) -> Option<Unit<'a, 'a>> {
        if self.permit.is_none() {
            // The semaphore is never closed.
            self.permit = self.permits.acquire().await.ok();
        }
        while self.gathered.len() < self.shape.batch_size && !self.gathered.last().is_some_and(Item::asks) {
            let Some(parameters) = self.inputs.recv().await else { break };
            let item = self.item(parameters);
            self.gathered.push(item);
            self.next += 1;
        }
        let asks = self.gathered.last()?.asks();
        self.shape.client.throttle.ready(&self.shape.client.transport).await;
        // The end of the input does not send what was cancelled just before.
        if *self.ends.cancelled.borrow() {
            return None;
        }
        // One that asks is sent when its turn has come.
        self.sent.store(if asks { self.next - 1 } else { self.next }, Ordering::Release);
        self.request_id = Uuid::new_v4();
        Some(Unit {
            items: std::mem::take(&mut self.gathered),
            end: End::Answered,
            _permit: self.permit.take()?,
        })
    }

    fn item(&self, parameters: Tape) -> Item<'a> {
        let Shape { client, cmdlet, confirm, .. } = self.shape;
        let made = client.ready(cmdlet, &parameters, confirm, self.request_id);
        let asks = made.as_ref().is_ok_and(|ready| ready.asks);
        Item { input: self.next, made, parameters: asks.then_some(parameters), first: First::NotAsked }
    }
}
