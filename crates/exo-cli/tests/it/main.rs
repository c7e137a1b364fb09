//! The `exo` binary: on files, and against a stand-in tenant on loopback.
#![expect(clippy::unwrap_used, reason = "a failed test is a panic")]

mod attach;
mod browser;
mod bulk;
mod cmdlets;
mod command;
mod decode;
mod doctor;
mod kerberos;
mod login;
mod meddler;
mod recorded;
mod rest;
mod run;
mod signin;
mod tenant;
mod tunnel;
mod usage;
mod webdriver;
