//! The public surface of exo-auth against a scripted service, without network or clock.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test is a panic")]

mod authority;
mod browser;
mod cache;
mod certificate;
mod device_code;
mod discovery;
mod environment;
mod errors;
mod identity;
mod life;
mod password;
mod service;
mod tokens;
