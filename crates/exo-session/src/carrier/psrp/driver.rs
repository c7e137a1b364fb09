//! The task that owns a session's wire: its life from opening to end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ::psrp::clixml::Tape;
use ::psrp::{HostCall, PipelineEvent, PsInvocationState, RunspacePool, SecretError, Target};
use reqwest::Url;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;
use wsman::{Carrying, Endpoint, FALLBACK_MAX_ENVELOPE_LEN, Response, ShellId, Signal};

use self::keys::Keys;
use super::Blueprint;
use super::entry::Entry;
use super::live::{self, Live};
use super::runspaces::Runspaces;
use super::wire::Wire;
use crate::asking::Reply;
use crate::carrier::Event;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::secret::KeyPair;
use crate::session::Invocation;

mod incoming;
mod input;
mod keys;
mod outgoing;
mod reopening;
mod replies;

/// What a handle wants from the task.
pub(crate) enum Ask {
    Start {
        pid: Uuid,
        work: Work,
        /// The values for a command that takes input.
        input: Option<mpsc::Receiver<Tape>>,
        /// Somebody answers its questions.
        hosted: bool,
        step: Step,
        events: mpsc::Sender<Event>,
    },
    Cancel {
        pid: Uuid,
    },
    Reply {
        call: Arc<HostCall>,
        reply: Reply,
    },
    Close {
        done: oneshot::Sender<Result<(), Error>>,
    },
}

/// The two kinds of pipeline.
pub(crate) enum Work {
    Command(Invocation),
    Metadata(Vec<String>),
}

/// What the caller learns when the session stands.
pub(crate) struct Standing {
    pub(crate) url: Url,
    pub(crate) shell_id: String,
    pub(crate) protocol_version: String,
}

/// The state machine, the shell, and the requests under way.
pub(crate) struct Driver {
    wire: Wire,
    /// What the next shell is made from, when this one is lost.
    blueprint: Blueprint,
    endpoint: Arc<Endpoint>,
    /// Bytes of one Command or Send; small enough for servers with old limits.
    max_send_len: u32,
    pool: RunspacePool,
    keys: Keys,
    runspaces: Runspaces,
    /// The entry among this program's sessions.
    live: Option<Live>,
    shell: Option<ShellId>,
    opened: bool,
    calls: JoinSet<Arrival>,
    pipelines: HashMap<Uuid, Entry>,
    pool_receive: Option<AbortHandle>,
    pool_sending: bool,
    /// What the Receive of the shell itself brought was for a pipeline whose consumer is behind.
    pool_feeds_pipelines: bool,
    /// When the Receive of the shell itself went out.
    pool_receive_sent: Instant,
    /// Receives of the shell itself that broke soon one after another.
    pool_failures: u32,
    fate: Arc<OnceLock<Error>>,
}

/// An answer, and the address that gave it.
type Outcome = Result<(Response, Url), Error>;

/// Something that the task waited for.
enum Arrival {
    Answer { call: Call, outcome: Box<Outcome> },
    Room { pid: Uuid, permit: Option<mpsc::OwnedPermit<Event>> },
    Overdue { pid: Uuid },
    Keys(Result<Box<KeyPair>, SecretError>),
    KeyOverdue,
    Input { pid: Uuid, input: mpsc::Receiver<Tape>, first: Option<Tape> },
}

/// Which request an answer belongs to.
#[derive(Debug, Clone, Copy)]
enum Call {
    Create,
    Command(Uuid),
    Send(Option<Uuid>),
    Receive(Option<Uuid>),
    Signal(Uuid, Signal),
}

/// Why the task stops serving.
enum End {
    Closed(oneshot::Sender<Result<(), Error>>),
    Dropped,
    Broken(Error),
}

impl Driver {
    pub(crate) fn new(wire: Wire, blueprint: Blueprint, id: Uuid, fate: Arc<OnceLock<Error>>) -> Self {
        let endpoint = blueprint.endpoint(&wire.url, id);
        Self {
            max_send_len: endpoint.max_envelope_len.min(FALLBACK_MAX_ENVELOPE_LEN),
            endpoint: Arc::new(endpoint),
            pool: blueprint.pool(id),
            wire,
            blueprint,
            keys: Keys::None,
            runspaces: Runspaces::new(),
            live: None,
            shell: None,
            opened: false,
            calls: JoinSet::new(),
            pipelines: HashMap::new(),
            pool_receive: None,
            pool_sending: false,
            pool_feeds_pipelines: false,
            pool_receive_sent: Instant::now(),
            pool_failures: 0,
            fate,
        }
    }

    /// Opens the session, serves it, ends it. `given_up` completes when the caller no longer wants it.
    ///
    /// A session that is lost ends nothing by itself: the next command gets a new shell.
    pub(crate) async fn run(
        mut self,
        mut asks: mpsc::UnboundedReceiver<Ask>,
        given_up: oneshot::Receiver<()>,
        done: oneshot::Sender<Result<Standing, Error>>,
    ) {
        let outcome = tokio::select! {
            outcome = self.open_in_time() => outcome,
            _ = given_up => Err(Error::new(Step::Open, Kind::Cancelled)),
        };
        let standing = match outcome {
            Ok(standing) => standing,
            Err(error) => {
                tracing::debug!(session = %self.pool.rpid(), "the session did not open");
                self.abandon().await;
                // The caller may have gone.
                let _ = done.send(Err(error));
                return;
            }
        };
        if done.send(Ok(standing)).is_err() {
            self.abandon().await;
            return;
        }
        let mut queued = VecDeque::new();
        loop {
            let error = match self.serve(&mut asks, &mut queued).await {
                End::Broken(error) if self.blueprint.reconnects => error,
                end => return self.end(end, asks).await,
            };
            let refused = self.lose(&error).await;
            if let Some(end) = self.reopen(&error, refused, &mut asks, &mut queued).await {
                return self.end(end, asks).await;
            }
        }
    }

    async fn open_in_time(&mut self) -> Result<Standing, Error> {
        let limit = self.blueprint.open_timeout;
        match tokio::time::timeout(limit, self.open()).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let host = crate::http::host_of(&self.wire.url);
                Err(Error::new(Step::Open, Kind::AnswerTimeout { host, limit }))
            }
        }
    }

    /// Creates the shell and waits until the pool in it is open.
    async fn open(&mut self) -> Result<Standing, Error> {
        let offered = ::psrp::ProtocolVersion::CURRENT.to_string();
        let idle_timeout = self.blueprint.idle_timeout;
        let carrying = Carrying::Creation { protocol_version: &offered, idle_timeout, name: None };
        let room = self.endpoint.max_fragment_len(carrying);
        self.pool.open().map_err(|error| of_psrp(Step::Open, error.into()))?;
        let creation =
            self.pool.poll_transmit(Target::Pool, room).map(|sent| sent.payload.to_vec()).unwrap_or_default();
        let (endpoint, shell_id) = (Arc::clone(&self.endpoint), self.pool.rpid());
        self.call(Call::Create, Step::Open, move |ids, url| {
            let endpoint = Endpoint { to: url.as_str().to_owned(), ..Endpoint::clone(&endpoint) };
            endpoint.build_create(ids, shell_id, &creation, &offered, idle_timeout, None)
        });
        while !self.opened {
            self.arrived().await?;
            self.advance()?;
        }
        self.live = Some(Live::enter(self.pool.rpid(), crate::http::host_of(&self.wire.url)));
        let version = self.pool.protocol_version().map(|version| version.to_string()).unwrap_or_default();
        Ok(Standing {
            url: self.wire.url.clone(),
            shell_id: self.shell.as_ref().map(ToString::to_string).unwrap_or_default(),
            protocol_version: version,
        })
    }

    /// Works until there is a reason to stop.
    async fn serve(&mut self, asks: &mut mpsc::UnboundedReceiver<Ask>, queued: &mut VecDeque<Ask>) -> End {
        loop {
            let step = tokio::select! {
                ask = next_ask(asks, queued) => match ask {
                    Some(Ask::Start { pid, work, input, hosted, step, events }) => {
                        let mut entry = Entry::new(step, events);
                        entry.input = input;
                        entry.hosted = hosted;
                        self.start(pid, work, entry);
                        Ok(())
                    }
                    Some(Ask::Cancel { pid }) => {
                        self.cancel(pid);
                        Ok(())
                    }
                    Some(Ask::Reply { call, reply }) => {
                        self.reply(call, reply);
                        Ok(())
                    }
                    Some(Ask::Close { done }) => return End::Closed(done),
                    None => return End::Dropped,
                },
                arrival = Self::next_arrival(&mut self.calls) => arrival.and_then(|arrival| self.handle(arrival)),
            };
            if let Err(error) = step.and_then(|()| self.advance()) {
                return End::Broken(error);
            }
        }
    }

    /// Ends the session on the server, and tells everybody.
    async fn end(mut self, end: End, mut asks: mpsc::UnboundedReceiver<Ask>) {
        let (fate, limit) = match &end {
            End::Closed(_) => (Error::new(Step::Run, Kind::Closed), CLOSE_LIMIT),
            End::Dropped => (Error::new(Step::Run, Kind::Closed), DROP_LIMIT),
            End::Broken(error) => (broken(error), DROP_LIMIT),
        };
        // Set before the channels end, so that whoever sees an end finds the reason.
        let _ = self.fate.set(fate);
        if let End::Broken(error) = &end {
            self.fail_all(error);
        }
        self.pipelines.clear();
        self.calls.abort_all();
        let outcome = self.delete(limit).await;
        self.live = None;
        if let End::Closed(done) = end {
            let _ = done.send(outcome);
        } else if let Err(error) = outcome {
            tracing::debug!(%error, "the shell was not deleted");
        }
        // Whoever asks to close now gets an answer: there is nothing left.
        asks.close();
        while let Some(ask) = asks.recv().await {
            if let Ask::Close { done } = ask {
                let _ = done.send(Ok(()));
            }
        }
    }

    fn fail_all(&mut self, error: &Error) {
        for (_, mut entry) in self.pipelines.drain() {
            entry.fail_in_doubt(error.clone());
            // What came before is still good, and a slow consumer takes it in its own time.
            tokio::spawn(entry.hand_over());
        }
    }

    /// After a failed opening: waits a moment for the Create under way, and deletes what it made.
    async fn abandon(&mut self) {
        if self.shell.is_none() && !self.calls.is_empty() {
            let answered = async {
                while self.shell.is_none() && !self.calls.is_empty() {
                    if self.arrived().await.is_err() {
                        break;
                    }
                }
            };
            if tokio::time::timeout(DROP_LIMIT / 2, answered).await.is_err() {
                // The answer is late, but the shell may exist by the name that was asked for.
                self.shell = Some(ShellId::from(self.pool.rpid()));
            }
        }
        self.calls.abort_all();
        if let Err(error) = self.delete(DROP_LIMIT / 2).await {
            tracing::debug!(%error, "the shell was not deleted");
        }
    }

    async fn delete(&mut self, limit: Duration) -> Result<(), Error> {
        let Some(shell) = self.shell.take() else { return Ok(()) };
        self.pool.closing();
        let endpoint = Arc::clone(&self.endpoint);
        let make = move |ids, _: &Url| endpoint.build_delete(ids, &shell);
        match tokio::time::timeout(limit, self.wire.exchange(&make, Step::Close)).await {
            Ok(Ok((Response::Fault(fault), _))) if !fault.is_shell_not_found() => {
                Err(Error::new(Step::Close, Kind::Fault(Box::new(fault))))
            }
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error),
            Err(_) => {
                let host = crate::http::host_of(&self.wire.url);
                Err(Error::new(Step::Close, Kind::AnswerTimeout { host, limit }))
            }
        }
    }

    fn cancel(&mut self, pid: Uuid) {
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        if entry.cancelled {
            return;
        }
        entry.cancelled = true;
        entry.discard();
        if entry.ended {
            return;
        }
        if entry.waiting.take().is_some() {
            // The server has never heard of it.
            entry.push(PipelineEvent::State { state: PsInvocationState::Stopped, reason: None });
            return;
        }
        // The pipeline is known: its entry has not ended.
        let _ = self.pool.stopping(pid);
        self.calls.spawn(async move {
            tokio::time::sleep(STOP_LIMIT).await;
            Arrival::Overdue { pid }
        });
    }

    /// Waits for one thing under way and acts on it.
    async fn arrived(&mut self) -> Result<(), Error> {
        let arrival = Self::next_arrival(&mut self.calls).await?;
        self.handle(arrival)
    }

    /// Skips calls that were aborted; waits for ever when nothing is under way.
    async fn next_arrival(calls: &mut JoinSet<Arrival>) -> Result<Arrival, Error> {
        loop {
            match calls.join_next().await {
                Some(Ok(arrival)) => return Ok(arrival),
                Some(Err(error)) if error.is_cancelled() => {}
                Some(Err(error)) => {
                    let problem = "a request ended without an answer or a reason".to_owned();
                    return Err(Error::with_source(Step::Run, Kind::Protocol { problem }, error));
                }
                None => std::future::pending().await,
            }
        }
    }

    fn step_of(&self, pid: Uuid) -> Step {
        self.pipelines.get(&pid).map_or(Step::Run, |entry| entry.step)
    }
}

/// What came while a session was opened again comes first.
async fn next_ask(asks: &mut mpsc::UnboundedReceiver<Ask>, queued: &mut VecDeque<Ask>) -> Option<Ask> {
    match queued.pop_front() {
        Some(ask) => Some(ask),
        None => asks.recv().await,
    }
}

/// What every later call of a broken session gets.
#[cold]
fn broken(error: &Error) -> Error {
    Error::with_source(Step::Run, Kind::Broken { reason: error.what() }, error.clone())
}

#[cold]
fn of_psrp(step: Step, error: ::psrp::Error) -> Error {
    let problem = error.to_string();
    let kind = if error.is_limit() { Kind::TooLarge { problem } } else { Kind::Protocol { problem } };
    Error::with_source(step, kind, error)
}

/// How long an explicit close waits for the server.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
/// How long a close in the background takes at most.
const DROP_LIMIT: Duration = Duration::from_secs(2);
/// How long a cancelled command may take to confirm.
const STOP_LIMIT: Duration = Duration::from_secs(5);
