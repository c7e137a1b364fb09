//! The events of one operation on their way to the caller: bounded, filled by a task, emptied by a thread.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::error::{Refusal, refuse};
use crate::event::ExoEvent;
use crate::status::{EXO_STATUS_END, EXO_STATUS_PANIC, EXO_STATUS_PENDING, EXO_STATUS_SHUT_DOWN};

/// The caller's end.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    /// Room in KiB; a task that finds none waits for the caller. An event takes room until the caller is done with it
    /// and asks for the next.
    room: Semaphore,
    /// How much there is when nothing waits.
    room_kib: usize,
}

/// The task's end. An operation whose task ends without a word has failed.
pub(crate) struct Sender {
    queue: Arc<Queue>,
    /// Set when the task panics.
    poison: Option<Arc<AtomicBool>>,
    ended: bool,
}

/// A queue and the end that fills it, with the usual room.
pub(crate) fn queue() -> (Sender, Arc<Queue>) {
    queue_within(ROOM_KIB)
}

/// The same with room for so many KiB.
pub(crate) fn queue_within(room_kib: usize) -> (Sender, Arc<Queue>) {
    let queue = Arc::new(Queue {
        state: Mutex::new(State { waiting: VecDeque::new(), taken: 0, ended: None }),
        arrived: Condvar::new(),
        room: Semaphore::new(room_kib),
        room_kib,
    });
    (Sender { queue: Arc::clone(&queue), poison: None, ended: false }, queue)
}

impl Queue {
    /// Takes the next event; waits at most `timeout`, or as long as it takes when that is `None`.
    pub(crate) fn next(&self, timeout: Option<Duration>) -> Result<ExoEvent, Refusal> {
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        let mut state = self.lock();
        self.room.add_permits(std::mem::take(&mut state.taken));
        loop {
            if let Some((event, cost)) = state.waiting.pop_front() {
                state.taken = cost;
                return Ok(event);
            }
            if let Some(end) = &mut state.ended {
                return Err(end.take().unwrap_or(Refusal::Quiet(EXO_STATUS_END)));
            }
            state = match deadline {
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(deadline) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Err(Refusal::Quiet(EXO_STATUS_PENDING));
                    }
                    self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// The caller will not ask again: what waits is dropped and the task finds no reader.
    pub(crate) fn abandon(&self) {
        self.room.close();
        self.lock().waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // INVARIANT: no code that can panic runs under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sender {
    /// The same end; a panic of the task sets `poison` before the caller hears of it.
    pub(crate) fn poisoning(mut self, poison: Arc<AtomicBool>) -> Self {
        self.poison = Some(poison);
        self
    }

    /// Hands an event over, waiting for room. `false` means that nobody reads any more.
    pub(crate) async fn send(&self, event: ExoEvent) -> bool {
        let cost = event.cost_kib().clamp(1, self.queue.room_kib);
        let Some(room) = self.room(cost).await else { return false };
        room.forget();
        self.queue.lock().waiting.push_back((event, cost));
        self.queue.arrived.notify_one();
        true
    }

    /// Waits until the caller is done with all it was handed. `false` means that nobody reads any more.
    pub(crate) async fn drained(&self) -> bool {
        self.room(self.queue.room_kib).await.is_some()
    }

    /// Waits for so much room; `None` when nobody reads any more.
    async fn room(&self, kib: usize) -> Option<SemaphorePermit<'_>> {
        self.queue.room.acquire_many(u32::try_from(kib).unwrap_or(u32::MAX)).await.ok()
    }

    /// Hands an event over without waiting for room: for the few and small ones.
    pub(crate) fn post(&self, event: ExoEvent) {
        self.queue.lock().waiting.push_back((event, 0));
        self.queue.arrived.notify_one();
    }

    /// Ends the operation: with nothing more to say, or with an error.
    pub(crate) fn end(mut self, outcome: Result<(), Refusal>) {
        self.finish(outcome.err());
    }

    fn finish(&mut self, refusal: Option<Refusal>) {
        self.ended = true;
        self.queue.lock().ended = Some(refusal);
        self.queue.arrived.notify_all();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let refusal = if std::thread::panicking() {
            if let Some(poison) = &self.poison {
                poison.store(true, Ordering::Release);
            }
            refuse(EXO_STATUS_PANIC, format_args!("the library failed unexpectedly while the operation ran"))
        } else {
            refuse(EXO_STATUS_SHUT_DOWN, format_args!("the library was shut down while the operation ran"))
        };
        self.finish(Some(refusal));
    }
}

struct State {
    waiting: VecDeque<(ExoEvent, usize)>,
    /// The room of the event that the caller has.
    taken: usize,
    /// Set when no more will come; the error inside is given once.
    ended: Option<Option<Refusal>>,
}

/// How much may wait for the caller: 16 MiB, or one event when that is larger.
const ROOM_KIB: usize = 16 * 1024;

#[cfg(test)]
mod tests;
