//! PowerShell remoting (MS-PSRP) over WSMan (MS-WSMV).
//!
//! One task per session, the [`Driver`], owns the state machine, the shell and the requests under way. The
//! handle here only sends it [`Ask`]s.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::psrp::{Availability, HostCall, PoolConfig, RunspacePool};
use reqwest::Url;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use wsman::{BufferMode, Endpoint, ShellId};

use self::driver::{Ask, Driver, Leave, Taking, Work};
use self::relay::Lent;
use self::wire::Wire;
use super::{Carrier, Closing, Extras, Running};
use crate::adminapi::Confirm;
use crate::asking::Reply;
use crate::connect::authorization::Authorization;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::{Http, Redirects};
use crate::options::{ConnectOptions, OutputBuffering};
use crate::session::{DisconnectedSession, Invocation, SessionState};

mod arguments;
mod driver;
mod entry;
mod live;
pub(crate) mod relay;
mod runspaces;
mod shell;
mod told;
mod wire;

pub(crate) use self::runspaces::Question;
pub(crate) use self::told::Told;

/// What a session is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) http: Http,
    pub(crate) url: Url,
    pub(crate) redirects: Redirects,
    pub(crate) session_id: Uuid,
    pub(crate) authorization: Arc<Authorization>,
    pub(crate) options: &'a ConnectOptions,
}

/// What another client has left, and how much of it is wanted.
pub(crate) struct Left<'a> {
    pub(crate) session: &'a DisconnectedSession,
    /// Somebody answers what its commands ask.
    pub(crate) hosted: bool,
}

impl Opening<'_> {
    /// The way to the server, and what shells are made from.
    fn begin(self) -> (Wire, Blueprint) {
        let blueprint = Blueprint::of(self.options, self.url.clone());
        let wire = Wire {
            http: self.http,
            url: self.url,
            authorization: self.authorization,
            redirects: self.redirects,
            retries: self.options.max_connection_retry_count,
            rapport: Arc::default(),
        };
        (wire, blueprint)
    }
}

/// A session that stands.
pub(crate) struct Opened {
    pub(crate) carrier: PsrpCarrier,
    /// The address that answered.
    pub(crate) url: Url,
    pub(crate) shell_id: String,
    pub(crate) protocol_version: String,
}

/// The handle of a session's task.
pub(crate) struct PsrpCarrier {
    asks: mpsc::UnboundedSender<Ask>,
    fate: Arc<OnceLock<Error>>,
    told: Arc<Told>,
}

/// What each shell of a session is made from.
#[derive(Debug, Clone)]
pub(crate) struct Blueprint {
    /// The address asked for, before any redirection.
    pub(crate) url: Url,
    resource_uri: String,
    max_envelope_len: u32,
    pub(crate) operation_timeout: Duration,
    max_message_len: usize,
    max_object_len: usize,
    application_arguments: Option<serde_json::Map<String, serde_json::Value>>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) buffer_mode: Option<BufferMode>,
    pub(crate) open_timeout: Duration,
    /// A lost session is opened again for the next command.
    pub(crate) reconnects: bool,
}

impl Blueprint {
    fn of(options: &ConnectOptions, url: Url) -> Self {
        Self {
            url,
            resource_uri: format!("{RESOURCE_PREFIX}{}", options.configuration_name),
            max_envelope_len: options.max_envelope_len,
            operation_timeout: options.operation_timeout,
            max_message_len: options.max_message_len,
            max_object_len: options.max_object_len,
            application_arguments: options.application_arguments.clone(),
            idle_timeout: options.idle_timeout,
            buffer_mode: options.output_buffering.map(|mode| match mode {
                OutputBuffering::Block => BufferMode::Block,
                OutputBuffering::Drop => BufferMode::Drop,
            }),
            open_timeout: options.open_timeout,
            reconnects: options.reconnect,
        }
    }

    pub(crate) fn endpoint(&self, url: &Url, session_id: Uuid) -> Endpoint {
        let mut endpoint = Endpoint::new(url.as_str(), self.resource_uri.as_str(), session_id);
        endpoint.max_envelope_len = self.max_envelope_len;
        endpoint.operation_timeout = self.operation_timeout;
        endpoint
    }

    pub(crate) fn pool(&self, rpid: Uuid) -> RunspacePool {
        let mut config = PoolConfig {
            application_arguments: self.application_arguments.as_ref().map(arguments::encode),
            ..PoolConfig::default()
        };
        config.fragment_limits.max_message_len = self.max_message_len;
        config.fragment_limits.max_open_len = self.max_message_len;
        config.limits.max_body_len = self.max_message_len;
        config.limits.max_object_len = self.max_object_len;
        RunspacePool::new(rpid, config)
    }
}

/// Opens a shell and the runspace pool in it.
///
/// When `cancel` completes, a shell that had come about is deleted before this returns, for at most two
/// seconds; when the future is dropped, the same happens in the background.
pub(crate) async fn open(opening: Opening<'_>, cancel: impl Future<Output = ()>) -> Result<Opened, Error> {
    let ids = (opening.session_id, opening.session_id);
    start(opening, ids, None, cancel).await
}

/// Takes over a shell that another client has left, with its commands, in the order in which they are named.
///
/// When that is given up, a shell that had been taken over is left again.
pub(crate) async fn attach(
    opening: Opening<'_>,
    left: Left<'_>,
    cancel: impl Future<Output = ()>,
) -> Result<(Opened, Vec<Running>), Error> {
    let mut commands = Vec::new();
    let mut receivers = Vec::new();
    for pid in &left.session.commands {
        let (sender, events) = mpsc::channel(MAX_WAITING_EVENTS);
        commands.push((*pid, sender));
        receivers.push((*pid, events));
    }
    let shell = ShellId::new(left.session.shell_id.as_str());
    let ids = (opening.session_id, left.session.session_id);
    let taking = Taking { shell, commands, hosted: left.hosted };
    let opened = start(opening, ids, Some(taking), cancel).await?;
    let running = receivers.into_iter().map(|(pid, events)| opened.carrier.running(pid, events)).collect();
    Ok((opened, running))
}

async fn start(
    opening: Opening<'_>,
    ids: (Uuid, Uuid),
    taking: Option<Taking>,
    cancel: impl Future<Output = ()>,
) -> Result<Opened, Error> {
    let (wire, blueprint) = opening.begin();
    let is_guest = taking.is_some();
    let (asks, asked) = mpsc::unbounded_channel();
    let (fate, told) = (Arc::new(OnceLock::new()), Arc::new(Told::new()));
    let driver = Driver::new(wire, blueprint, ids, taking, Arc::clone(&fate), Arc::clone(&told));
    let (give_up, given_up) = oneshot::channel::<()>();
    let (done, mut opened) = oneshot::channel();
    let task = tokio::spawn(driver.run(asked, given_up, done));
    let carrier = PsrpCarrier { asks, fate, told };
    let outcome = tokio::select! {
        biased;
        () = cancel => {
            // The task ends what it made and then answers, unless it had just opened.
            drop(give_up);
            let outcome = opened.await;
            if let Ok(Ok(_)) = outcome {
                carrier.give_up(is_guest).await;
                // Its end tells nothing more.
                let _ = task.await;
                return Err(Error::new(Step::Open, Kind::Cancelled));
            }
            outcome
        }
        outcome = &mut opened => outcome,
    };
    let opened = outcome.unwrap_or_else(|_| Err(Error::new(Step::Open, Kind::Closed)))?;
    Ok(Opened {
        carrier,
        url: opened.url,
        shell_id: opened.shell_id,
        protocol_version: opened.protocol_version,
    })
}

impl PsrpCarrier {
    fn start(&self, work: Work, extras: Extras, step: Step) -> Result<Running, Error> {
        if let Some(error) = self.fate.get() {
            return Err(error.clone());
        }
        let pid = Uuid::new_v4();
        let (sender, events) = mpsc::channel(MAX_WAITING_EVENTS);
        self.asks
            .send(Ask::Start { pid, work, extras, step, events: sender })
            .map_err(|_| self.ended(step))?;
        Ok(self.running(pid, events))
    }

    fn running(&self, pid: Uuid, events: mpsc::Receiver<super::Event>) -> Running {
        let asks = self.asks.clone();
        let cancel = Box::new(move || {
            // A session that has ended has nothing left to cancel.
            let _ = asks.send(Ask::Cancel { pid });
        });
        Running { events, cancel, answers: None, fate: Arc::clone(&self.fate) }
    }

    /// What the server has told of the session.
    pub(crate) fn told(&self) -> &Told {
        &self.told
    }

    /// Asks about the runspaces, and waits for the answer.
    pub(crate) async fn question(&self, question: Question) -> Result<Availability, Error> {
        let (done, answer) = oneshot::channel();
        self.ask(Ask::Question { question, done }, answer, Step::Run).await
    }

    /// Leaves the shell; gives the commands that go on in it.
    pub(crate) async fn disconnect(&self, idle_timeout: Option<Duration>) -> Result<Vec<Uuid>, Error> {
        let (done, answer) = oneshot::channel();
        self.ask(Ask::Disconnect(Leave { idle_timeout, done }), answer, Step::Disconnect).await
    }

    /// Comes back to it.
    pub(crate) async fn reconnect(&self) -> Result<(), Error> {
        let (done, answer) = oneshot::channel();
        self.ask(Ask::Reconnect { done }, answer, Step::Reconnect).await
    }

    /// Goes without a session that stands: its task ends it, or leaves one that was taken over.
    async fn give_up(self, is_guest: bool) {
        if is_guest && let Err(error) = self.disconnect(None).await {
            tracing::debug!(%error, "the session was not left again");
        }
    }

    /// The shell, for commands beside the session's own.
    async fn lend(&self) -> Result<Lent, Error> {
        let (done, answer) = oneshot::channel();
        self.ask(Ask::Lend { done }, answer, Step::Run).await
    }

    /// A session that ends meanwhile is the answer, too.
    async fn ask<T>(
        &self,
        ask: Ask,
        answer: oneshot::Receiver<Result<T, Error>>,
        step: Step,
    ) -> Result<T, Error> {
        self.asks.send(ask).map_err(|_| self.ended(step))?;
        answer.await.unwrap_or_else(|_| Err(self.ended(step)))
    }

    fn ended(&self, step: Step) -> Error {
        let lost = || Kind::Broken { reason: "it was lost meanwhile".to_owned() };
        self.fate.get().cloned().unwrap_or_else(|| Error::new(step, lost()))
    }
}

impl Carrier for PsrpCarrier {
    fn invoke(&self, invocation: Invocation, _confirm: Confirm) -> Result<Running, Error> {
        self.start(Work::Command(invocation), Extras::default(), Step::Run)
    }

    fn invoke_with(&self, invocation: Invocation, extras: Extras) -> Result<Running, Error> {
        self.start(Work::Command(invocation), extras, Step::Run)
    }

    fn reply(&self, call: Arc<HostCall>, reply: Reply) {
        // A session that has ended has no command that waits.
        let _ = self.asks.send(Ask::Reply { call, reply });
    }

    fn commands(&self, names: Vec<String>) -> Result<Running, Error> {
        self.start(Work::Metadata(names), Extras::default(), Step::Commands)
    }

    fn remoting(&self) -> Option<&PsrpCarrier> {
        Some(self)
    }

    fn state(&self) -> SessionState {
        self.told.present_state()
    }

    fn close(&self) -> Closing<'_> {
        let (done, closed) = oneshot::channel();
        let sent = self.asks.send(Ask::Close { done });
        Box::pin(async move {
            match sent {
                Ok(()) => closed.await.unwrap_or(Ok(())),
                // The task has ended, and the shell with it.
                Err(_) => Ok(()),
            }
        })
    }
}

impl fmt::Debug for PsrpCarrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PsrpCarrier").field("ended", &self.fate.get().is_some()).finish_non_exhaustive()
    }
}

const RESOURCE_PREFIX: &str = "http://schemas.microsoft.com/powershell/";
/// Events a consumer may be behind before the server is no longer asked for more.
const MAX_WAITING_EVENTS: usize = 64;
