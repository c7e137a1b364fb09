//! The session manager against the stand-in tenant, over TLS on loopback.
#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the failure to report")]

mod asking;
mod bad_input;
mod batch;
mod cancel;
mod catalog;
mod catalog_cache;
mod envelope;
mod faults;
mod hang;
mod input;
mod left;
mod many;
mod peer;
mod powershell;
mod proxy;
mod relay;
mod rest;
mod rest_replay;
mod run;
mod runspaces;
mod secret;
mod shell;
mod sign_in;
mod support;
