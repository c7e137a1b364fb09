//! What only remote PowerShell has: sessions that are left and come back to, and the runspaces in them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use psrp::clixml::Tape;
use psrp::{Availability, ProtocolVersion};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;
use uuid::Uuid;

use super::{Invocation, Session, check_name};
use crate::carrier::Extras;
use crate::carrier::psrp::relay::{Relay, RelayWriter, relay_within};
use crate::carrier::psrp::{PsrpCarrier, Question};
use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum SessionState {
    /// Commands can run.
    Opened,
    /// It was left; commands that run go on without this client.
    Disconnected,
    /// It was lost. With [`ConnectOptions::reconnect`](crate::ConnectOptions::reconnect) the next command opens another.
    Broken,
    /// It was closed.
    Closed,
}

/// A session that its client has left and that goes on on its server: what it takes to come back to it from anywhere,
/// with [`attach`](crate::attach). There is no secret in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[non_exhaustive]
pub struct DisconnectedSession {
    /// The address that has the session.
    pub server_uri: String,
    /// The session configuration.
    pub configuration_name: String,
    /// The id of the runspace pool.
    pub session_id: Uuid,
    /// The server's name for the shell.
    pub shell_id: String,
    /// The commands that had not ended.
    pub commands: Vec<Uuid>,
}

impl Session {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> SessionState {
        self.carrier.state()
    }

    /// Leaves the session, which goes on on the server for `idle_timeout` or as long as the server allows.
    ///
    /// What was begun is sent to its end first. A [`Pipeline`](super::Pipeline) of a command that has not ended waits
    /// until [`Session::reconnect`] and then goes on; pipeline input waits likewise. Another client takes the session over
    /// with [`attach`](crate::attach): it gets what this one has not received. Dropping the session from now on leaves
    /// it there, [`Session::close`] ends it.
    ///
    /// # Errors
    /// There is nothing to leave over REST, the server is too old (protocol 2.1) or refuses, or the session is not open.
    pub async fn disconnect(&self, idle_timeout: Option<Duration>) -> Result<DisconnectedSession, Error> {
        let commands = self.remoting(Step::Disconnect)?.disconnect(idle_timeout).await?;
        Ok(DisconnectedSession {
            server_uri: self.info.server_uri.clone(),
            configuration_name: self.configuration_name.clone(),
            session_id: self.info.session_id,
            shell_id: self.info.shell_id.clone(),
            commands,
        })
    }

    /// Comes back to a session that was left with [`Session::disconnect`]; nothing is done when it was not.
    ///
    /// # Errors
    /// The server has ended it meanwhile, another client has it, or the connection fails: then it can be tried again.
    pub async fn reconnect(&self) -> Result<(), Error> {
        self.remoting(Step::Reconnect)?.reconnect().await
    }

    /// Starts a command and leaves the session: nothing the command writes is received here.
    ///
    /// # Errors
    /// As [`Session::invoke`] and [`Session::disconnect`]; then the session is not left. The server may have begun the
    /// command all the same; it stops when the session is closed.
    pub async fn invoke_and_disconnect(
        &self,
        invocation: Invocation,
        idle_timeout: Option<Duration>,
    ) -> Result<DisconnectedSession, Error> {
        check_name(&invocation.command)?;
        self.remoting(Step::Disconnect)?;
        let extras = Extras { unread: true, ..Extras::default() };
        // Held until the session is left, so that the command is not taken for unwanted.
        let mut running = self.carrier.invoke_with(invocation, extras)?;
        let left = self.disconnect(idle_timeout).await;
        // The only thing that can have come is that it was not begun.
        match running.events.try_recv() {
            Ok(Err(error)) => {
                if left.is_ok() {
                    self.reconnect().await?;
                }
                Err(error)
            }
            _ => left,
        }
    }

    /// A client of PSRP beside this one, in the lines of PowerShell's transports: what it runs, runs in this session's shell.
    /// Over REST it opens, and its commands fail. When it closes, this session stays; this session does not live on for its
    /// sake. Must be called inside a tokio runtime.
    #[must_use]
    pub fn relay(&self) -> (RelayWriter, Relay) {
        let version = ProtocolVersion::from_text(&self.info.protocol_version);
        relay_within(&self.carrier, version.filter(|_| self.carrier.remoting().is_some()))
    }

    /// What the server said of itself when the session opened (APPLICATION_PRIVATE_DATA): an object with the dictionary
    /// `ApplicationPrivateData`. `None` over REST.
    #[must_use]
    pub fn private_data(&self) -> Option<Arc<Tape>> {
        self.carrier.remoting()?.told().present_private_data()
    }

    /// The events of the server's session (`Register-EngineEvent -Forward`) from now on. `None` over REST.
    #[must_use]
    pub fn user_events(&self) -> Option<UserEvents> {
        Some(UserEvents(self.carrier.remoting()?.told().user_events()))
    }

    /// Asks that at most `count` commands run at the same time; gives whether the server does that. From then on nothing
    /// is asked for automatically.
    ///
    /// # Errors
    /// There are no runspaces over REST, the session is not open, or the server does not answer.
    pub async fn set_max_runspaces(&self, count: i32) -> Result<bool, Error> {
        self.ask(Question::Max(count)).await.map(|answer| answer == Availability::Done(true))
    }

    /// Asks that `count` runspaces be kept ready; gives whether the server does that.
    ///
    /// # Errors
    /// As [`Session::set_max_runspaces`].
    pub async fn set_min_runspaces(&self, count: i32) -> Result<bool, Error> {
        self.ask(Question::Min(count)).await.map(|answer| answer == Availability::Done(true))
    }

    /// How many more commands could run now.
    ///
    /// # Errors
    /// As [`Session::set_max_runspaces`].
    pub async fn available_runspaces(&self) -> Result<i64, Error> {
        match self.ask(Question::Available).await? {
            Availability::Count(count) => Ok(count),
            Availability::Done(_) => {
                let problem =
                    "the server told a yes or no where a number of runspaces was asked for".to_owned();
                Err(Error::new(Step::Run, Kind::Protocol { problem }))
            }
        }
    }

    /// Lets the session forget its variables and modules, as a new one would have none; gives whether it did.
    ///
    /// # Errors
    /// As [`Session::set_max_runspaces`], and servers before protocol 2.3 cannot.
    pub async fn reset_runspace(&self) -> Result<bool, Error> {
        self.ask(Question::Reset).await.map(|answer| answer == Availability::Done(true))
    }

    async fn ask(&self, question: Question) -> Result<Availability, Error> {
        self.remoting(Step::Run)?.question(question).await
    }

    fn remoting(&self, step: Step) -> Result<&PsrpCarrier, Error> {
        self.carrier.remoting().ok_or_else(|| {
            let problem = "the session is over REST, where the server keeps none";
            Error::new(step, Kind::Presence { problem })
        })
    }
}

/// Events of the server's session, as they come. A listener that does not listen misses the oldest.
pub struct UserEvents(broadcast::Receiver<Arc<Tape>>);

impl UserEvents {
    /// The next event: an object with members `PSEventArgs.*` (MS-PSRP 2.2.2.12). `None` when the session has ended.
    pub async fn next(&mut self) -> Option<Arc<Tape>> {
        loop {
            match self.0.recv().await {
                Ok(event) => return Some(event),
                Err(broadcast::error::RecvError::Lagged(missed)) => tracing::warn!(missed, "user events"),
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }
}

impl fmt::Debug for UserEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserEvents")
    }
}
