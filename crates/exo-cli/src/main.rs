//! `exo`, the native command: the session manager without PowerShell.
//!
//! Objects go to standard output, everything else to standard error. `exo --help` says the rest.
#![forbid(unsafe_code)]

mod args;
mod asking;
mod attach;
mod bulk;
mod cmdlets;
mod connection;
mod decode;
mod doctor;
mod exit;
mod interrupt;
mod login;
mod print;
mod progress;
mod run;
mod secret;
mod streams;
mod value;

use std::future::Future;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tracing_subscriber::EnvFilter;

use crate::args::{Arguments, Command};
use crate::exit::{Exit, Failure};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = start_log(arguments.log.as_deref()).and_then(|()| match arguments.command {
        Command::Run(arguments) if arguments.many.input.is_some() => {
            bulk::Prepared::new(arguments).and_then(|run| wait_for(run.run()))
        }
        Command::Attach(arguments) => {
            attach::Prepared::new(arguments).and_then(|attach| wait_for(attach.run()))
        }
        Command::Run(arguments) => run::Prepared::new(arguments).and_then(|run| wait_for(run.run())),
        Command::Cmdlets(arguments) => match cmdlets::Prepared::new(arguments)? {
            cmdlets::Prepared::File(list) => list.print(),
            cmdlets::Prepared::Connection(list) => wait_for(list.run()),
        },
        Command::Login(arguments) => login::Prepared::new(arguments).and_then(|login| wait_for(login.run())),
        Command::Status(arguments) => wait_for(login::status(arguments)),
        Command::Logout(arguments) => wait_for(login::logout(arguments)),
        Command::Decode(arguments) => decode::run(&arguments),
        Command::Doctor(arguments) => {
            doctor::Prepared::new(arguments).and_then(|doctor| wait_for(doctor.run()))
        }
    });
    outcome.unwrap_or_else(|failure| failure.report()).into()
}

fn wait_for(work: impl Future<Output = Result<Exit, Failure>>) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let outcome = runtime.block_on(work);
    // The system's Kerberos library must not be in use when the process ends; a name that is still being looked up must
    // not hold the program back for long.
    runtime.shutdown_timeout(THREADS_LIMIT);
    outcome
}

fn start_log(filter: Option<&str>) -> Result<(), Failure> {
    let Some(filter) = filter else { return Ok(()) };
    let filter = EnvFilter::builder()
        .parse(filter)
        .map_err(|error| Failure::Usage(format!("--log does not understand `{filter}`: {error}")))?;
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    Ok(())
}

/// Beside the main thread, which prints: a second one would mostly be woken to find nothing to do (`cargo xtask bench --client`).
const WORKERS: usize = 1;
/// How long threads may take to end.
const THREADS_LIMIT: Duration = Duration::from_millis(500);
