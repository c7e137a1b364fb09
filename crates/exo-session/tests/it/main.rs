//! The session manager against the stand-in tenant, over TLS on loopback.
#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure to report")]

mod bad_input;
mod cancel;
mod peer;
mod run;
mod shell;
mod support;
