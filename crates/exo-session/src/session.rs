//! An open session and the commands that run in it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use psrp::clixml::Tape;
use psrp::{PipelineEvent, PsInvocationState};
use serde::Serialize;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::carrier::{Carrier, Event, Running};
use crate::command::CommandInfo;
use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// An open session. Clones are handles of the same session.
///
/// [`Session::close`] ends it on the server and says whether that worked. When the last handle is dropped
/// without, it is ended in the background, for at most two seconds.
#[derive(Debug, Clone)]
pub struct Session {
    carrier: Arc<dyn Carrier>,
    info: Arc<ConnectionInfo>,
}

/// One command with its parameters. Never script text: Exchange's endpoints refuse it.
#[derive(Debug)]
pub struct Invocation {
    /// The command's name, for example `Get-Mailbox`.
    pub command: String,
    /// One object whose members (MS-PSRP 2.2.5.2.9) are the parameters in order; an empty tape means none.
    pub parameters: Tape,
}

/// What is known about a connection.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Chosen by the client; also the id of the shell it asked for.
    pub session_id: Uuid,
    /// The address asked for, without its query.
    pub connection_uri: String,
    /// The address that answered, after redirections, without its query.
    pub server_uri: String,
    /// `exchange` or `compliance`.
    pub service: &'static str,
    /// The environment's name.
    pub environment: &'static str,
    /// `psrp`.
    pub carrier: &'static str,
    /// `bearer`, `basic` or `basicToken`.
    pub authentication: &'static str,
    /// The account, as far as it is known.
    pub user: Option<String>,
    /// Tenant id of the token.
    pub tenant_id: Option<String>,
    /// The organization administered for a customer.
    pub delegated_organization: Option<String>,
    /// When the token ends, in seconds since 1970.
    pub token_expires_at: Option<u64>,
    /// The server's name for the shell.
    pub shell_id: String,
    /// The PSRP version spoken, for example `2.3`.
    pub protocol_version: String,
}

impl Session {
    pub(crate) fn new(carrier: Arc<dyn Carrier>, info: ConnectionInfo) -> Self {
        Self { carrier, info: Arc::new(info) }
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.info.session_id
    }

    /// What is known about the connection.
    #[must_use]
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Starts a command. Several may run at once. What goes wrong later comes out of [`Pipeline::next`].
    ///
    /// # Errors
    /// The session is closed or broken, or the invocation names no command.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Pipeline, Error> {
        if invocation.command.trim().is_empty() {
            return Err(Error::new(
                Step::Run,
                Kind::Option { name: "command", problem: "has no name".to_owned() },
            ));
        }
        self.carrier.invoke(invocation).map(Pipeline::new)
    }

    /// Asks which commands this account may run: those that match one of `names` (wildcards allowed), or all
    /// when there are none.
    ///
    /// # Errors
    /// The session is closed or broken, or the server reports a failure.
    pub async fn commands(&self, names: &[String]) -> Result<Vec<CommandInfo>, Error> {
        let mut pipeline = Pipeline::new(self.carrier.commands(names.to_vec())?);
        let mut commands = Vec::new();
        while let Some(event) = pipeline.next().await {
            match event? {
                PipelineEvent::Output(tape) => commands.extend(CommandInfo::of_output(&tape)),
                PipelineEvent::State { state: PsInvocationState::Failed, reason } => {
                    let reason = crate::command::failure_text(reason.as_ref());
                    return Err(Error::new(Step::Commands, Kind::Remote { reason }));
                }
                PipelineEvent::State { state: PsInvocationState::Stopped, .. } => {
                    return Err(Error::new(Step::Commands, Kind::Cancelled));
                }
                _ => {}
            }
        }
        Ok(commands)
    }

    /// Ends the session on the server and waits for its word. Commands that still run end with an error. A
    /// second call does nothing.
    ///
    /// # Errors
    /// The server could not be told; it will end the session itself after its idle time.
    pub async fn close(&self) -> Result<(), Error> {
        self.carrier.close().await
    }
}

/// A command that runs. Dropping it cancels the command.
pub struct Pipeline {
    events: mpsc::Receiver<Event>,
    cancel: Box<dyn Fn() + Send + Sync>,
    fate: Arc<OnceLock<Error>>,
    ended: bool,
}

impl Pipeline {
    fn new(running: Running) -> Self {
        Self { events: running.events, cancel: running.cancel, fate: running.fate, ended: false }
    }

    /// The next thing the command wrote. The last one is a final state, or an error; then `None`.
    ///
    /// While nobody asks, the server is not asked for more. Dropping the future loses nothing. A host call is
    /// told for information only: the session has no host and has answered it with a failure.
    pub async fn next(&mut self) -> Option<Result<PipelineEvent, Error>> {
        if self.ended {
            return None;
        }
        let event = self.events.recv().await.unwrap_or_else(|| {
            // The session ended before the command did.
            Err(self.fate.get().cloned().unwrap_or_else(|| Error::new(Step::Run, Kind::Closed)))
        });
        self.ended = match &event {
            Ok(PipelineEvent::State { state, .. }) => state.is_final(),
            Ok(_) => false,
            Err(_) => true,
        };
        Some(event)
    }

    /// Asks the server to stop the command. Returns at once; [`Pipeline::next`] then gives the end, usually
    /// the state `Stopped`, and no further output.
    pub fn cancel(&self) {
        (self.cancel)();
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.ended {
            (self.cancel)();
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("ended", &self.ended).finish_non_exhaustive()
    }
}
