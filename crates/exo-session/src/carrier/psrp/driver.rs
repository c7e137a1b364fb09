//! The task that owns a session's wire: its life from opening to end.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use ::psrp::clixml::Tape;
use ::psrp::{Availability, HostCall, PipelineEvent, PsInvocationState, RunspacePool, SecretError};
use reqwest::Url;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;
use wsman::{Endpoint, ShellId, Signal};

use self::envelope::Envelope;
use self::keys::Keys;
use self::left::Presence;
use super::Blueprint;
use super::entry::Entry;
use super::live::Live;
use super::relay::Lent;
use super::runspaces::{Question, Runspaces};
use super::shell::{Outcome, next_arrival};
use super::told::Told;
use super::wire::Wire;
use crate::asking::Reply;
use crate::carrier::{Event, Extras};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::secret::KeyPair;
use crate::session::{Invocation, SessionState};

mod envelope;
mod incoming;
mod input;
mod keys;
mod left;
mod opening;
mod outgoing;
mod questions;
mod reopening;
mod replies;
mod taking;

/// What a handle wants from the task.
pub(crate) enum Ask {
    Start {
        pid: Uuid,
        work: Work,
        extras: Extras,
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
    Question {
        question: Question,
        done: oneshot::Sender<Result<Availability, Error>>,
    },
    /// The shell is to be left as it is.
    Disconnect(Leave),
    Reconnect {
        done: oneshot::Sender<Result<(), Error>>,
    },
    /// Somebody else's commands are to run in the shell too.
    Lend {
        done: oneshot::Sender<Result<Lent, Error>>,
    },
    Close {
        done: oneshot::Sender<Result<(), Error>>,
    },
}

/// How a shell is left. The answer names the commands that go on in it.
#[derive(Debug)]
pub(crate) struct Leave {
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) done: oneshot::Sender<Result<Vec<Uuid>, Error>>,
}

/// What is taken over from another client.
pub(crate) struct Taking {
    pub(crate) shell: ShellId,
    pub(crate) commands: Vec<(Uuid, mpsc::Sender<Event>)>,
    /// Somebody answers their questions.
    pub(crate) hosted: bool,
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
    /// How long a Command or a Send may be.
    envelope: Envelope,
    pool: RunspacePool,
    keys: Keys,
    runspaces: Runspaces,
    /// The entry among this program's sessions.
    live: Option<Live>,
    shell: Option<ShellId>,
    presence: Presence,
    /// What is taken over, until that was answered.
    taking: Option<Taking>,
    /// The shell was made by another client, and is given back when it cannot be taken over.
    is_guest: bool,
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
    told: Arc<Told>,
}

/// Something that the task waited for.
enum Arrival {
    Answer { call: Call, outcome: Box<Outcome> },
    Room { pid: Uuid, permit: Option<mpsc::OwnedPermit<Event>> },
    Overdue { pid: Uuid },
    Keys(Result<Box<KeyPair>, SecretError>),
    KeyOverdue,
    Input { pid: Uuid, input: mpsc::Receiver<Tape>, first: Option<Tape> },
    QuestionOverdue { call_id: i64 },
    LeaveOverdue,
}

/// Which request an answer belongs to.
#[derive(Debug, Clone, Copy)]
enum Call {
    Create,
    Config,
    Command(Uuid),
    Send(Option<Uuid>),
    Receive(Option<Uuid>),
    Signal(Uuid, Signal),
    Disconnect,
    /// Of the shell, or of one of its commands.
    Reconnect(Option<Uuid>),
    Connect(Option<Uuid>),
}

/// Why the task stops serving.
enum End {
    Closed(oneshot::Sender<Result<(), Error>>),
    Dropped,
    Broken(Error),
}

impl Driver {
    /// `session_id` marks the requests of this client, `rpid` is the runspace pool: one of its own has the same.
    pub(crate) fn new(
        wire: Wire,
        blueprint: Blueprint,
        (session_id, rpid): (Uuid, Uuid),
        taking: Option<Taking>,
        fate: Arc<OnceLock<Error>>,
        told: Arc<Told>,
    ) -> Self {
        let endpoint = blueprint.endpoint(&wire.url, session_id);
        Self {
            envelope: Envelope::new(endpoint.max_envelope_len),
            endpoint: Arc::new(endpoint),
            pool: blueprint.pool(rpid),
            wire,
            blueprint,
            keys: Keys::None,
            runspaces: Runspaces::new(),
            live: None,
            shell: None,
            presence: Presence::Here,
            is_guest: taking.is_some(),
            taking,
            opened: false,
            calls: JoinSet::new(),
            pipelines: HashMap::new(),
            pool_receive: None,
            pool_sending: false,
            pool_feeds_pipelines: false,
            pool_receive_sent: Instant::now(),
            pool_failures: 0,
            fate,
            told,
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
            biased;
            _ = given_up => Err(Error::new(Step::Open, Kind::Cancelled)),
            outcome = self.open_in_time() => outcome,
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
            self.told.state(SessionState::Opened);
            let error = match self.serve(&mut asks, &mut queued).await {
                End::Broken(error) if self.blueprint.reconnects => error,
                end => return self.end(end, asks).await,
            };
            self.told.state(SessionState::Broken);
            let refused = self.lose(&error).await;
            if let Some(end) = self.reopen(&error, refused, &mut asks, &mut queued).await {
                return self.end(end, asks).await;
            }
        }
    }

    /// Works until there is a reason to stop.
    async fn serve(&mut self, asks: &mut mpsc::UnboundedReceiver<Ask>, queued: &mut VecDeque<Ask>) -> End {
        loop {
            let step = tokio::select! {
                ask = next_ask(asks, queued) => match ask {
                    Some(Ask::Start { pid, work, extras, step, events }) => {
                        self.start(pid, work, Entry::new(step, extras, events));
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
                    Some(Ask::Question { question, done }) => {
                        self.question(question, done);
                        Ok(())
                    }
                    Some(Ask::Disconnect(leave)) => {
                        self.leave(leave);
                        Ok(())
                    }
                    Some(Ask::Reconnect { done }) => {
                        self.come_back(done);
                        Ok(())
                    }
                    Some(Ask::Lend { done }) => {
                        // Whoever asked may have gone.
                        let _ = done.send(self.lend());
                        Ok(())
                    }
                    Some(Ask::Close { done }) => return End::Closed(done),
                    None => return End::Dropped,
                },
                arrival = next_arrival(&mut self.calls) => arrival.and_then(|arrival| self.handle(arrival)),
            };
            if let Err(error) = step.and_then(|()| self.advance()) {
                return End::Broken(error);
            }
        }
    }

    /// The shell as it is now, for commands that are none of this task's.
    fn lend(&self) -> Result<Lent, Error> {
        match &self.shell {
            Some(shell) if self.presence.is_here() => Ok(Lent {
                wire: self.wire.clone(),
                endpoint: Arc::clone(&self.endpoint),
                shell: shell.clone(),
                rpid: self.pool.rpid(),
            }),
            _ => {
                let problem = "the session is disconnected, or about to be";
                Err(Error::new(Step::Run, Kind::Presence { problem }))
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
        self.told.state(match &end {
            End::Broken(_) => SessionState::Broken,
            _ => SessionState::Closed,
        });
        self.told.end();
        if let End::Broken(error) = &end {
            self.fail_all(error);
        }
        if matches!(end, End::Dropped) && self.presence.is_left() {
            // It was left on purpose, for this client or another one to come back to.
            self.shell = None;
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
        self.after(STOP_LIMIT, Arrival::Overdue { pid });
    }

    /// Lets `arrival` happen when `time` has passed.
    fn after(&mut self, time: Duration, arrival: Arrival) {
        self.calls.spawn(async move {
            tokio::time::sleep(time).await;
            arrival
        });
    }

    /// Waits for one thing under way and acts on it.
    async fn arrived(&mut self) -> Result<(), Error> {
        let arrival = next_arrival(&mut self.calls).await?;
        self.handle(arrival)
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
