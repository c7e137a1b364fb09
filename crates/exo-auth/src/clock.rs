//! Time as an argument.

use std::future::Future;
use std::time::{Duration, SystemTime};

/// Where the flows get the time from and how they wait.
pub trait Clock {
    /// The time now, for expiry dates.
    fn now(&self) -> SystemTime;

    /// Waits. Dropping the future ends the wait.
    fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send;
}
