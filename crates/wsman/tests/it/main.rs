//! Envelopes: byte for byte, against recorded Windows traffic, and against what goes wrong.
#![expect(clippy::panic, reason = "a test that cannot go on says so")]

mod conversations;
mod faults;
mod hostile;
mod requests;
mod round_trips;
mod sealed;
