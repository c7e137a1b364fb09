//! PowerShell remoting (MS-PSRP) over WSMan (MS-WSMV).
//!
//! One task per session, the [`Driver`], owns the state machine, the shell and the requests under way. The
//! handle here only sends it [`Ask`]s.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ::psrp::clixml::Tape;
use ::psrp::{HostCall, PoolConfig, RunspacePool};
use reqwest::Url;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;
use wsman::Endpoint;

use self::driver::{Ask, Driver, Work};
use self::wire::Wire;
use super::{Carrier, Closing, Running};
use crate::adminapi::Confirm;
use crate::asking::Reply;
use crate::connect::authorization::Authorization;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::{Http, Redirects};
use crate::options::ConnectOptions;
use crate::session::Invocation;

mod driver;
mod entry;
mod live;
mod runspaces;
mod wire;

/// What a session is opened with.
pub(crate) struct Opening<'a> {
    pub(crate) http: Http,
    pub(crate) url: Url,
    pub(crate) redirects: Redirects,
    pub(crate) session_id: Uuid,
    pub(crate) authorization: Arc<Authorization>,
    pub(crate) options: &'a ConnectOptions,
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
}

/// What each shell of a session is made from.
#[derive(Debug, Clone)]
pub(crate) struct Blueprint {
    /// The address asked for, before any redirection.
    pub(crate) url: Url,
    resource_uri: String,
    max_envelope_len: u32,
    operation_timeout: Duration,
    max_message_len: usize,
    max_object_len: usize,
    pub(crate) idle_timeout: Option<Duration>,
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
            idle_timeout: options.idle_timeout,
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
        let mut config = PoolConfig::default();
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
    let options = opening.options;
    let blueprint = Blueprint::of(options, opening.url.clone());
    let wire = Wire {
        http: opening.http,
        url: opening.url,
        authorization: opening.authorization,
        redirects: opening.redirects,
        retries: options.max_connection_retry_count,
        rapport: Arc::default(),
    };
    let (asks, asked) = mpsc::unbounded_channel();
    let fate = Arc::new(OnceLock::new());
    let driver = Driver::new(wire, blueprint, opening.session_id, Arc::clone(&fate));
    let (give_up, given_up) = oneshot::channel::<()>();
    let (done, mut opened) = oneshot::channel();
    tokio::spawn(driver.run(asked, given_up, done));
    let outcome = tokio::select! {
        outcome = &mut opened => outcome,
        () = cancel => {
            // The task deletes what it made and then answers.
            drop(give_up);
            opened.await
        }
    };
    let opened = outcome.unwrap_or_else(|_| Err(Error::new(Step::Open, Kind::Closed)))?;
    Ok(Opened {
        carrier: PsrpCarrier { asks, fate },
        url: opened.url,
        shell_id: opened.shell_id,
        protocol_version: opened.protocol_version,
    })
}

impl PsrpCarrier {
    fn start(
        &self,
        work: Work,
        input: Option<mpsc::Receiver<Tape>>,
        hosted: bool,
        step: Step,
    ) -> Result<Running, Error> {
        if let Some(error) = self.fate.get() {
            return Err(error.clone());
        }
        let pid = Uuid::new_v4();
        let (sender, events) = mpsc::channel(MAX_WAITING_EVENTS);
        self.asks
            .send(Ask::Start { pid, work, input, hosted, step, events: sender })
            .map_err(|_| self.fate.get().cloned().unwrap_or_else(|| Error::new(step, Kind::Closed)))?;
        let asks = self.asks.clone();
        let cancel = Box::new(move || {
            // A session that has ended has nothing left to cancel.
            let _ = asks.send(Ask::Cancel { pid });
        });
        Ok(Running { events, cancel, answers: None, fate: Arc::clone(&self.fate) })
    }
}

impl Carrier for PsrpCarrier {
    fn invoke(&self, invocation: Invocation, _confirm: Confirm) -> Result<Running, Error> {
        self.start(Work::Command(invocation), None, false, Step::Run)
    }

    fn invoke_with_input(
        &self,
        invocation: Invocation,
        input: mpsc::Receiver<Tape>,
    ) -> Result<Running, Error> {
        self.start(Work::Command(invocation), Some(input), false, Step::Run)
    }

    fn invoke_with_host(&self, invocation: Invocation) -> Result<Running, Error> {
        self.start(Work::Command(invocation), None, true, Step::Run)
    }

    fn reply(&self, call: Arc<HostCall>, reply: Reply) {
        // A session that has ended has no command that waits.
        let _ = self.asks.send(Ask::Reply { call, reply });
    }

    fn commands(&self, names: Vec<String>) -> Result<Running, Error> {
        self.start(Work::Metadata(names), None, false, Step::Commands)
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
