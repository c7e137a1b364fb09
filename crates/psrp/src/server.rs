//! The server: the other half of a runspace pool and its pipelines (3.2).
//!
//! Like the client it is told what arrived and asked what to do; who uses it runs the commands.

mod body;
mod event;
mod key;
mod receive;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use uuid::Uuid;

pub use self::body::{ErrorBody, InformationBody, InformationalBody, ProgressBody};
pub use self::event::{Command, HostResponse, Pipeline, ServerEvent};
use crate::clixml::{Decoder, Encoder, Limits, Tape, Value};
use crate::error::{Error, StateError, StateErrorKind};
use crate::fragment::{Defragmenter, FragmentLimits, Fragmenter};
use crate::host::{self, HostMethod};
use crate::message::{Destination, MessageType};
use crate::outbox::{Author, Outbox, Target};
use crate::pool::Availability;
use crate::secret::SessionKey;
use crate::state::{PIPELINE_STATE, PsInvocationState, RUNSPACE_STATE, RunspacePoolState};
use crate::version::{self, ProtocolVersion};

/// What a server speaks and accepts.
#[derive(Debug, Clone)]
pub struct ServerConfig {
    /// The newest protocol version to speak; an older client gets its own.
    pub protocol_version: ProtocolVersion,
    /// What a body may hold.
    pub limits: Limits,
    /// What may be waiting for its other fragments.
    pub fragment_limits: FragmentLimits,
}

impl Default for ServerConfig {
    fn default() -> ServerConfig {
        ServerConfig {
            protocol_version: ProtocolVersion::CURRENT,
            limits: Limits::default(),
            fragment_limits: FragmentLimits::default(),
        }
    }
}

/// The server side of a runspace pool.
#[derive(Debug)]
pub struct ServerPool {
    config: ServerConfig,
    state: RunspacePoolState,
    version: Option<ProtocolVersion>,
    author: Author,
    outbox: Outbox,
    pipelines: BTreeMap<Uuid, Running>,
    /// Nothing waits in it; its memory is for the next pipeline.
    spare: Outbox,
    defragmenter: Defragmenter,
    decoder: Decoder,
    session_key: SessionKey,
    events: VecDeque<ServerEvent>,
    last_call_id: i64,
}

/// A pipeline that runs, or whose last bytes have not been taken.
#[derive(Debug)]
struct Running {
    state: PsInvocationState,
    outbox: Outbox,
}

impl ServerPool {
    /// A pool that no client has spoken to.
    #[must_use]
    pub fn new(config: ServerConfig) -> ServerPool {
        ServerPool {
            state: RunspacePoolState::BeforeOpen,
            version: None,
            author: Author::new(Destination::Client, Uuid::nil()),
            outbox: Outbox::default(),
            pipelines: BTreeMap::new(),
            spare: Outbox::default(),
            defragmenter: Defragmenter::new(config.fragment_limits),
            decoder: Decoder::new(config.limits.clone()),
            session_key: SessionKey::None,
            events: VecDeque::new(),
            last_call_id: 0,
            config,
        }
    }

    /// The identifier of the pool, which the client chose; zero before its first message.
    #[must_use]
    pub fn rpid(&self) -> Uuid {
        self.author.rpid
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> RunspacePoolState {
        self.state
    }

    /// What both sides speak; `None` until the client has spoken.
    #[must_use]
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.version
    }

    /// Takes bytes of `creationXml`, of a command's arguments or of a Send. Poll events after each call, also after
    /// one that failed.
    ///
    /// # Errors
    /// Broken fragments, a message a client may not send now, or a body that cannot be read. What came before the
    /// error stays in the queue of events; the pool takes no more bytes.
    pub fn handle_bytes(&mut self, bytes: Bytes) -> Result<(), Error> {
        if self.state.is_final() {
            let kind = StateErrorKind::Closed;
            let allowed = &["BeforeOpen", "NegotiationSucceeded", "Opened"];
            return Err(StateError::new(kind, "take bytes", self.state.name(), allowed).into());
        }
        self.defragmenter.handle_bytes(bytes);
        let result = self.handle_messages();
        if result.is_err() {
            self.state = RunspacePoolState::Broken;
        }
        result
    }

    fn handle_messages(&mut self) -> Result<(), Error> {
        while let Some(message) = self.defragmenter.poll_message()? {
            self.handle_message(message)?;
        }
        Ok(())
    }

    /// The next thing the client wants. Poll after `handle_bytes`, until `None`.
    pub fn poll_event(&mut self) -> Option<ServerEvent> {
        self.events.pop_front()
    }

    /// Opens the pool: queues SESSION_CAPABILITY, APPLICATION_PRIVATE_DATA and RUNSPACEPOOL_STATE Opened.
    /// `private_data` is a dictionary for the client; `None` sends an empty one.
    ///
    /// # Errors
    /// The client has not asked for it, or it is open already.
    pub fn open(&mut self, private_data: Option<&Tape>) -> Result<(), StateError> {
        let (RunspacePoolState::NegotiationSucceeded, Some(version)) = (self.state, self.version) else {
            let kind = match self.state {
                RunspacePoolState::Opened => StateErrorKind::AlreadyOpen,
                _ => StateErrorKind::NotOpen,
            };
            let allowed = &["NegotiationSucceeded"];
            return Err(StateError::new(kind, "open the runspace pool", self.state.name(), allowed));
        };
        // PowerShell leaves the pool zero in its first message.
        let (to, message_type) = (&mut self.outbox.default, MessageType::SessionCapability);
        self.author.write_for(Uuid::nil(), to, message_type, None, |out| {
            version::encode_capability(version, out);
        });
        self.tell_pool(MessageType::ApplicationPrivateData, |out| {
            encode_private_data(private_data, out);
        });
        self.state = RunspacePoolState::Opened;
        self.tell_state(RunspacePoolState::Opened, None);
        Ok(())
    }

    /// Notes that the client has left the pool, which goes on without it (a Disconnect).
    ///
    /// # Errors
    /// The pool is not open.
    pub fn disconnect(&mut self) -> Result<(), StateError> {
        self.expect(RunspacePoolState::Opened, "leave a pool")?;
        self.state = RunspacePoolState::Disconnected;
        Ok(())
    }

    /// Notes that the client that has left the pool is back (a Reconnect).
    ///
    /// # Errors
    /// Nobody has left it.
    pub fn reconnect(&mut self) -> Result<(), StateError> {
        self.expect(RunspacePoolState::Disconnected, "come back to a pool")?;
        self.state = RunspacePoolState::Opened;
        Ok(())
    }

    /// Gives the pool to another client: queues SESSION_CAPABILITY, RUNSPACEPOOL_INIT_DATA and
    /// APPLICATION_PRIVATE_DATA.
    ///
    /// # Errors
    /// No other client has asked for it.
    pub fn connect(
        &mut self,
        min_runspaces: i32,
        max_runspaces: i32,
        private_data: Option<&Tape>,
    ) -> Result<(), StateError> {
        self.expect(RunspacePoolState::Connecting, "give a pool to another client")?;
        let version = self.version.unwrap_or(self.config.protocol_version);
        self.tell_pool(MessageType::SessionCapability, |out| version::encode_capability(version, out));
        self.tell_pool(MessageType::RunspacePoolInitData, |out| {
            Encoder::new(out).object(None, &[], None, |data| {
                data.members(|members| {
                    members.i32("MinRunspaces", min_runspaces);
                    members.i32("MaxRunspaces", max_runspaces);
                });
            });
        });
        self.tell_pool(MessageType::ApplicationPrivateData, |out| encode_private_data(private_data, out));
        // The key was the other client's; this one makes its own.
        self.session_key = SessionKey::None;
        self.state = RunspacePoolState::Opened;
        Ok(())
    }

    /// Tells the client that the pool is open: the first thing that one receives which has taken it over.
    ///
    /// # Errors
    /// It is not.
    pub fn tell_opened(&mut self) -> Result<(), StateError> {
        self.expect(RunspacePoolState::Opened, "tell that a pool is open")?;
        self.tell_state(RunspacePoolState::Opened, None);
        Ok(())
    }

    /// Ends the pool and tells the client: `Closed`, or `Broken` with a reason.
    pub fn close(&mut self, reason: Option<&ErrorBody<'_>>) {
        let state = match reason {
            Some(_) => RunspacePoolState::Broken,
            None => RunspacePoolState::Closed,
        };
        if !self.state.is_final() {
            self.tell_state(state, reason);
        }
        self.state = state;
    }

    /// Queues one value of output: `body` is the CLIXML of one value, empty for null.
    ///
    /// # Errors
    /// The pipeline does not run.
    pub fn output(&mut self, pid: Uuid, body: &[u8]) -> Result<(), StateError> {
        self.record(pid, MessageType::PipelineOutput, body)
    }

    /// Queues a record for one of the streams beside the output; `body` is its CLIXML, as [`ErrorBody`] and its
    /// siblings encode it.
    ///
    /// # Errors
    /// The pipeline does not run.
    pub fn record(&mut self, pid: Uuid, message_type: MessageType, body: &[u8]) -> Result<(), StateError> {
        let running = running(&mut self.pipelines, pid, "write a record")?;
        let to = &mut running.outbox.default;
        self.author.write(to, message_type, Some(pid), |out| out.extend_from_slice(body));
        Ok(())
    }

    /// Tells the state of a pipeline, with a reason for `Failed` or `Stopped`.
    ///
    /// # Errors
    /// The pipeline does not run.
    pub fn pipeline_state(
        &mut self,
        pid: Uuid,
        state: PsInvocationState,
        reason: Option<&ErrorBody<'_>>,
    ) -> Result<(), StateError> {
        let running = running(&mut self.pipelines, pid, "tell the state of a pipeline")?;
        running.state = state;
        let to = &mut running.outbox.default;
        self.author.write(to, MessageType::PipelineState, Some(pid), |out| {
            encode_state(PIPELINE_STATE, state.number(), reason, out);
        });
        Ok(())
    }

    /// Calls a method of the client's host; `parameters` writes the elements of the list. Gives the call id, which
    /// the [`HostResponse`] repeats; methods without an answer have -100, as PowerShell gives them.
    ///
    /// # Errors
    /// The pool is not open, or the pipeline does not run.
    pub fn host_call(
        &mut self,
        pid: Option<Uuid>,
        method: HostMethod,
        parameters: impl FnOnce(&mut Encoder<'_>),
    ) -> Result<i64, StateError> {
        let call_id = if method.has_return() { self.last_call_id + 1 } else { CALL_WITHOUT_ANSWER };
        let write = |out: &mut Vec<u8>| host::encode_call(call_id, method, parameters, out);
        match pid {
            Some(pid) => {
                let running = running(&mut self.pipelines, pid, "call the host")?;
                let to = &mut running.outbox.default;
                self.author.write(to, MessageType::PipelineHostCall, Some(pid), write);
            }
            None => {
                if self.state != RunspacePoolState::Opened {
                    let kind = StateErrorKind::NotOpen;
                    return Err(StateError::new(kind, "call the host", self.state.name(), &["Opened"]));
                }
                self.tell_pool(MessageType::RunspacePoolHostCall, write);
            }
        }
        if method.has_return() {
            self.last_call_id = call_id;
        }
        Ok(call_id)
    }

    /// Tells an event of the server's session (2.2.2.12): `body` is its CLIXML, an object with members `PSEventArgs.*`.
    pub fn user_event(&mut self, body: &[u8]) {
        self.tell_pool(MessageType::UserEvent, |out| out.extend_from_slice(body));
    }

    /// Answers a question about runspaces with the call id it carried.
    pub fn runspace_availability(&mut self, call_id: i64, answer: Availability) {
        self.tell_pool(MessageType::RunspaceAvailability, |out| {
            Encoder::new(out).object(None, &[], None, |object| {
                object.members(|members| {
                    match answer {
                        Availability::Done(done) => members.bool("SetMinMaxRunspacesResponse", done),
                        Availability::Count(count) => match i32::try_from(count) {
                            Ok(count) => members.i32("SetMinMaxRunspacesResponse", count),
                            Err(_) => members.i64("SetMinMaxRunspacesResponse", count),
                        },
                    }
                    members.i64("ci", call_id);
                });
            });
        });
    }

    /// Forgets a pipeline and what it still had to send: the client has signalled that it is done with it.
    pub fn remove_pipeline(&mut self, pid: Uuid) {
        self.pipelines.remove(&pid);
    }

    /// Where a pipeline stands; `None` when it is not known, or has ended and everything of it was taken.
    #[must_use]
    pub fn state_of(&self, pid: Uuid) -> Option<PsInvocationState> {
        self.pipelines.get(&pid).map(|running| running.state)
    }

    /// The pipeline has told its end and everything of it was taken: the carrier may say `Done`.
    #[must_use]
    pub fn is_done(&self, pid: Uuid) -> bool {
        self.pipelines.get(&pid).is_none_or(|running| running.state.is_final() && running.outbox.is_empty())
    }

    /// The next bytes for the client from the pool or a pipeline, whole fragments of together at most `max_len`
    /// bytes.
    ///
    /// Poll after each call that queues something, until `None`.
    pub fn poll_transmit(&mut self, target: Target, max_len: usize) -> Option<&[u8]> {
        let (outbox, taken) = match target {
            Target::Pool => {
                let taken = self.outbox.take(max_len);
                (&self.outbox, taken)
            }
            Target::Pipeline(pid) => {
                let taken = self.pipelines.get_mut(&pid)?.outbox.take(max_len);
                if self.is_done(pid)
                    && let Some(ended) = self.pipelines.remove(&pid)
                {
                    self.spare = ended.outbox;
                    (&self.spare, taken)
                } else {
                    (&self.pipelines.get(&pid)?.outbox, taken)
                }
            }
        };
        Some(outbox.taken(taken?)?.payload)
    }

    /// Where bytes for the client wait. Ask after the same calls as `poll_transmit`.
    pub fn waiting_targets(&self) -> impl Iterator<Item = Target> {
        let pool = (!self.outbox.is_empty()).then_some(Target::Pool);
        let pipelines = self.pipelines.iter().filter(|(_, running)| !running.outbox.is_empty());
        pool.into_iter().chain(pipelines.map(|(pid, _)| Target::Pipeline(*pid)))
    }

    fn tell_state(&mut self, state: RunspacePoolState, reason: Option<&ErrorBody<'_>>) {
        self.tell_pool(MessageType::RunspacePoolState, |out| {
            encode_state(RUNSPACE_STATE, state.number(), reason, out);
        });
    }

    fn tell_pool(&mut self, message_type: MessageType, write: impl FnOnce(&mut Vec<u8>)) {
        self.author.write(&mut self.outbox.default, message_type, None, write);
    }
}

fn running<'p>(
    pipelines: &'p mut BTreeMap<Uuid, Running>,
    pid: Uuid,
    action: &'static str,
) -> Result<&'p mut Running, StateError> {
    match pipelines.get_mut(&pid) {
        Some(running) if !running.state.is_final() => Ok(running),
        Some(running) => {
            let state = running.state.name();
            Err(StateError::new(StateErrorKind::Closed, action, state, &["Running", "Stopping"]))
        }
        None => Err(StateError::new(
            StateErrorKind::UnknownPipeline,
            action,
            "NotStarted",
            &["Running", "Stopping"],
        )
        .with_advice("no pipeline with this id runs")),
    }
}

/// The fragments that tell a client of the failure of a pipeline which its server never began: for whoever carries the
/// messages of both and knows why.
#[must_use]
pub fn encode_pipeline_failure(rpid: Uuid, pid: Uuid, reason: &ErrorBody<'_>) -> Vec<u8> {
    let mut fragments = Fragmenter::new();
    Author::new(Destination::Client, rpid).write(
        &mut fragments,
        MessageType::PipelineState,
        Some(pid),
        |out| {
            encode_state(PIPELINE_STATE, PsInvocationState::Failed.number(), Some(reason), out);
        },
    );
    fragments.poll_transmit(usize::MAX).map(<[u8]>::to_vec).unwrap_or_default()
}

/// Appends the body of RUNSPACEPOOL_STATE or PIPELINE_STATE to `out`.
fn encode_state(name: &str, number: i32, reason: Option<&ErrorBody<'_>>, out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |state| {
        state.members(|members| {
            members.i32(name, number);
            if let Some(reason) = reason {
                reason.encode_named("ExceptionAsErrorRecord", members);
            }
        });
    });
}

/// Appends the body of APPLICATION_PRIVATE_DATA to `out`.
fn encode_private_data(data: Option<&Tape>, out: &mut Vec<u8>) {
    const NAME: &str = "ApplicationPrivateData";
    Encoder::new(out).object(None, &[], None, |object| {
        object.members(|members| match data.and_then(Tape::first) {
            Some(data) => members.value_named(NAME, Value::resolve(data)),
            None => {
                members.object(NAME, PRIMITIVE_DICTIONARY, None, |table| table.dictionary(|_| {}));
            }
        });
    });
}

/// The call id of host calls that nobody answers.
const CALL_WITHOUT_ANSWER: i64 = -100;
const PRIMITIVE_DICTIONARY: &[&str] =
    &["System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"];
