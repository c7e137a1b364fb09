//! The lab driven from outside: its sign-in service, and its endpoint as seen by a PSRP client over WSMan.

#![expect(clippy::panic, clippy::print_stderr, reason = "a test that cannot go on says why and ends")]

mod adminapi;
mod command;
mod endpoint;
mod entra;
mod faults;
mod http;
mod organization;
mod proxy;
mod recorded;
mod session;
mod takeover;
