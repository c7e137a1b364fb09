//! Tests of the public interface.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::needless_pass_by_value,
    reason = "a test ends where something is wrong, says why it is ignored, and takes its expectation by value"
)]

mod clixml;
mod counts;
mod fragment;
mod line;
mod message;
mod pair;
mod pool;
mod powershell;
#[cfg(unix)]
mod powershell_client;
mod recordings;
mod records;
mod replay;
mod secret;
mod shared;
mod takeover;
mod written;
