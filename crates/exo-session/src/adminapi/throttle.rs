//! When the service wants fewer requests: new ones of a batch run wait for that.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::retry::{MAX_WAIT, retry_after};
use super::{Answer, Transport};

/// What the answers of one connection say about its share.
#[derive(Debug)]
pub(super) struct Throttle {
    /// Requests that wait because they were refused with 429.
    held: watch::Sender<u32>,
    /// The share is used up for this long, by the last answer that said something.
    used_up: Mutex<Option<Duration>>,
}

impl Default for Throttle {
    fn default() -> Self {
        Self { held: watch::Sender::new(0), used_up: Mutex::new(None) }
    }
}

impl Throttle {
    /// Reads `Rate-Limit-Remaining` and `Rate-Limit-Reset` (seconds).
    pub(super) fn note(&self, answer: &Answer) {
        let Some(remaining) = answer.header("Rate-Limit-Remaining") else { return };
        let reset = answer.header("Rate-Limit-Reset").and_then(retry_after).map(|reset| reset.min(MAX_WAIT));
        let used_up = reset.filter(|_| remaining.trim().parse::<f64>().is_ok_and(|left| left < 1.0));
        *self.used_up.lock().unwrap_or_else(PoisonError::into_inner) = used_up;
    }

    /// Holds new requests back until the guard goes.
    pub(super) fn hold(&self) -> Held<'_> {
        self.held.send_modify(|held| *held += 1);
        Held(self)
    }

    /// Waits until a new request may be sent.
    pub(super) async fn ready(&self, transport: &impl Transport) {
        // The sender lives as long as this.
        let _ = self.held.subscribe().wait_for(|held| *held == 0).await;
        let used_up = *self.used_up.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(time) = used_up {
            transport.wait(time).await;
            self.used_up.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// A request that waits because it was refused.
pub(super) struct Held<'t>(&'t Throttle);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.held.send_modify(|held| *held = held.saturating_sub(1));
    }
}
