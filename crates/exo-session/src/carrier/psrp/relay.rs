//! A shell in which somebody else speaks PSRP: PowerShell itself, in the lines of its transports ([`psrp::Line`]).
//!
//! Fragments pass unchanged between the lines and WSMan; nothing of them is read but which pool they belong to. One task
//! owns the wire, as for the other carrier, and uses the same HTTP, sign-in and WSMan.
//!
//! | line from PowerShell | request | answer |
//! | --- | --- | --- |
//! | `Data`, the first of the pool | Create, then a Receive that is always out | `DataAck` |
//! | `Command` | | `CommandAck` at once |
//! | `Data`, the first of a pipeline | Command, then Receives | `DataAck` |
//! | `Data` | Send to `stdin` or `pr` | `DataAck` |
//! | `Signal` | Signal ctrl_c | `SignalAck` behind the state of the pipeline |
//! | `Close` of a pipeline | Signal terminate | `CloseAck` |
//! | `Close` of the pool | Delete | `CloseAck` |
//!
//! In the shell of a session that is there already, only the pipelines are the client's: what it says of its pool is
//! answered here.
//!
//! Once the link is broken everything that waits for an answer gets one from here: PowerShell waits a minute for each.

use std::sync::Arc;

use psrp::{Line, ProtocolVersion};
use tokio::sync::mpsc;

use self::driver::Driver;
use self::guest::Guest;
use crate::carrier::Carrier;
use crate::connect::ConnectEvent;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::options::{CarrierChoice, ConnectOptions};

mod channel;
mod driver;
mod guest;
mod outlet;
mod renaming;

pub(crate) use self::guest::Lent;

/// What a relay tells, in order.
#[derive(Debug)]
#[non_exhaustive]
pub enum RelayEvent {
    /// Something happened while connecting.
    Connect(ConnectEvent),
    /// A line for PowerShell, without an end.
    Line(String),
    /// The session could not be opened, or is lost. Lines that answer follow until PowerShell has closed.
    Broken(Error),
}

/// Where the events of a relay are pulled. Dropping it ends the session on the server, within two seconds as well as can
/// be done.
#[derive(Debug)]
pub struct Relay {
    events: mpsc::Receiver<RelayEvent>,
}

/// Where PowerShell's lines are written.
#[derive(Debug, Clone)]
pub struct RelayWriter {
    lines: mpsc::Sender<Line>,
}

/// A shell whose protocol the caller speaks, over WSMan whatever [`ConnectOptions::carrier`] says. Nothing is sent before
/// the first line. Must be called inside a tokio runtime.
#[must_use]
pub fn relay(mut options: ConnectOptions) -> (RelayWriter, Relay) {
    options.carrier = CarrierChoice::Psrp;
    let (lines, written) = mpsc::channel(MAX_WAITING_LINES);
    let (told, events) = mpsc::channel(1);
    tokio::spawn(Driver::new(options, written, told).run());
    (RelayWriter { lines }, Relay { events })
}

/// A relay in the shell of a session beside the session's own commands. The client's pool is opened here, with what the
/// session's server said of itself, and its pipelines run in the shell that the session has when they begin. Over REST,
/// where there is none, they fail. Closing the pool ends its pipelines and leaves the session as it is; a session that ends
/// takes nothing along: a pipeline fails then, until the client closes its pool.
pub(crate) fn relay_within(
    session: &Arc<dyn Carrier>,
    version: Option<ProtocolVersion>,
) -> (RelayWriter, Relay) {
    let (lines, written) = mpsc::channel(MAX_WAITING_LINES);
    let (told, events) = mpsc::channel(1);
    tokio::spawn(Driver::within(Guest::new(session, version), written, told).run());
    (RelayWriter { lines }, Relay { events })
}

impl Relay {
    /// The next event; `None` when the session was closed.
    pub async fn next(&mut self) -> Option<RelayEvent> {
        self.events.recv().await
    }
}

impl RelayWriter {
    /// Takes one line; returns at once. After the session's end lines are ignored.
    ///
    /// # Errors
    /// It is no line of a client, or it does not wait for the answers that it must wait for.
    pub fn write(&self, line: &str) -> Result<(), Error> {
        let wrong = |problem: &str| {
            Error::new(Step::Run, Kind::Protocol { problem: format!("PowerShell's line {problem}") })
        };
        match Line::decode(line) {
            Some(line @ (Line::Data { .. } | Line::Ask(..))) => match self.lines.try_send(line) {
                Err(mpsc::error::TrySendError::Full(_)) => Err(wrong("did not wait for an answer")),
                _ => Ok(()),
            },
            _ => Err(wrong("is none that a client writes")),
        }
    }

    /// Waits until the session has ended, on the server too as far as that could be done.
    pub async fn ended(&self) {
        self.lines.closed().await;
    }
}

/// A client has one data line out for each of its pipelines, and two requests.
const MAX_WAITING_LINES: usize = 512;
