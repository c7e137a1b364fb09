//! The client: a runspace pool with its pipelines ([3.1]).
//!
//! It is told what arrived (`handle_*`) and asked what to do (`poll_*`). It never looks for itself.
//!
//! [3.1]: https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp/b959c4da-87b1-41b5-b98f-3ea0480354b9

mod config;
mod event;
mod held;
mod key;
mod receive;
mod runspaces;

use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;
use uuid::Uuid;

pub use self::config::PoolConfig;
pub use self::event::{Availability, PipelineEvent, PoolEvent};
use self::held::Held;
pub(crate) use self::key::{key_state, no_session_key};
use crate::clixml::{Decoder, Encoder, Tape, Value};
use crate::error::{Error, StateError, StateErrorKind};
use crate::fragment::Defragmenter;
use crate::host::{self, HostAnswer, HostCall};
use crate::message::{Destination, MessageType};
use crate::metadata::{self, CommandTypes};
use crate::outbox::{Author, Outbox, Target, Transmit};
use crate::pipeline::{self, Pipeline, PipelineSpec};
use crate::secret::SessionKey;
use crate::state::{PsInvocationState, RunspacePoolState};
use crate::version::{self, ProtocolVersion};

/// The client side of a runspace pool.
#[derive(Debug)]
pub struct RunspacePool {
    config: PoolConfig,
    state: RunspacePoolState,
    version: Option<ProtocolVersion>,
    author: Author,
    outbox: Outbox,
    pipelines: BTreeMap<Uuid, Pipeline>,
    /// Empty; its memory is for the next pipeline.
    spare: Outbox,
    defragmenter: Defragmenter,
    decoder: Decoder,
    session_key: SessionKey,
    held: Held,
    events: VecDeque<PoolEvent>,
}

impl RunspacePool {
    /// A pool that is not open. `rpid` must be new; the carrier uses it for the shell as well.
    #[must_use]
    pub fn new(rpid: Uuid, config: PoolConfig) -> RunspacePool {
        RunspacePool {
            state: RunspacePoolState::BeforeOpen,
            version: None,
            author: Author::new(Destination::Server, rpid),
            outbox: Outbox::default(),
            pipelines: BTreeMap::new(),
            spare: Outbox::default(),
            defragmenter: Defragmenter::new(config.fragment_limits),
            decoder: Decoder::new(config.limits.clone()),
            session_key: SessionKey::None,
            held: Held::default(),
            events: VecDeque::new(),
            config,
        }
    }

    /// The identifier of the pool.
    #[must_use]
    pub fn rpid(&self) -> Uuid {
        self.author.rpid
    }

    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> RunspacePoolState {
        self.state
    }

    /// What both sides speak; `None` until the server has answered.
    #[must_use]
    pub fn protocol_version(&self) -> Option<ProtocolVersion> {
        self.version
    }

    /// Where a pipeline stands; `None` when there is no such pipeline, or it has ended.
    #[must_use]
    pub fn pipeline_state(&self, pid: Uuid) -> Option<PsInvocationState> {
        self.pipelines.get(&pid).map(|pipeline| pipeline.state)
    }

    /// Begins to open: what [`RunspacePool::poll_transmit`] then gives for [`Target::Pool`] is the content of
    /// `creationXml`, SESSION_CAPABILITY and INIT_RUNSPACEPOOL. [`PoolEvent::Opened`] tells when it is open.
    ///
    /// # Errors
    /// It was opened before.
    pub fn open(&mut self) -> Result<(), StateError> {
        if self.state != RunspacePoolState::BeforeOpen {
            let kind = StateErrorKind::AlreadyOpen;
            return Err(StateError::new(kind, "open the runspace pool", self.state.name(), &["BeforeOpen"]));
        }
        let offered = self.config.protocol_version;
        self.tell_server(MessageType::SessionCapability, |body| version::encode_capability(offered, body));
        let config = &self.config;
        self.author.write(&mut self.outbox.default, MessageType::InitRunspacePool, None, |body| {
            config::encode_init(config, body);
        });
        self.state = RunspacePoolState::NegotiationSent;
        Ok(())
    }

    /// Queues a pipeline. Its first transmission is the content of the Command request's `Arguments`.
    ///
    /// # Errors
    /// The pool is not open, a pipeline with this id runs, or a parameter is a secure string and the pool has no
    /// session key for it ([`StateErrorKind::NeedsSessionKey`]).
    pub fn create_pipeline(&mut self, pid: Uuid, spec: &PipelineSpec<'_>) -> Result<(), StateError> {
        const ACTION: &str = "create a pipeline";
        let version = self.check_open(ACTION)?;
        // Commands with secure strings, and their parameters as they may be sent.
        let mut sealed = Vec::new();
        for (index, command) in spec.commands.iter().enumerate() {
            if let Some(parameters) = command.parameters
                && let Some(parameters) = self.sealed(version, parameters, parameters.values())?
            {
                sealed.push((index, parameters));
            }
        }
        let mut with_sealed = None;
        for (index, parameters) in &sealed {
            let spec = with_sealed.get_or_insert_with(|| spec.clone());
            if let Some(command) = spec.commands.get_mut(*index) {
                command.parameters = Some(parameters);
            }
        }
        let spec = with_sealed.as_ref().unwrap_or(spec);
        self.begin(pid, ACTION, MessageType::CreatePipeline, !spec.no_input, |body| {
            pipeline::encode_create(spec, version, body);
        })
    }

    /// Queues the question which commands the server has. The answers are [`PipelineEvent::Output`], first
    /// [`command_count`](crate::metadata::command_count), then one
    /// [`CommandMetadata`](crate::metadata::CommandMetadata) each. No names ask for all commands.
    ///
    /// # Errors
    /// The pool is not open, or a pipeline with this id runs.
    pub fn command_metadata(
        &mut self,
        pid: Uuid,
        names: &[&str],
        types: CommandTypes,
    ) -> Result<(), StateError> {
        const ACTION: &str = "ask for command metadata";
        self.check_open(ACTION)?;
        self.begin(pid, ACTION, MessageType::GetCommandMetadata, false, |body| {
            metadata::encode_request(names, types, body);
        })
    }

    /// Queues one value of input.
    ///
    /// # Errors
    /// The pipeline is not there, takes no input, or the value is a secure string and the pool has no session key
    /// for it ([`StateErrorKind::NeedsSessionKey`]).
    pub fn input(&mut self, pid: Uuid, value: Value<'_>) -> Result<(), StateError> {
        const ACTION: &str = "send input";
        let version = self.check_open(ACTION)?;
        let sealed = self.sealed(version, value.tape(), std::iter::once(value))?;
        let value = sealed.as_ref().and_then(Tape::first).unwrap_or(value);
        let pipeline = taking_input(&mut self.pipelines, pid, ACTION)?;
        let to = &mut pipeline.outbox.default;
        self.author.write(to, MessageType::PipelineInput, Some(pid), |body| {
            if !value.is_nil() {
                Encoder::new(body).value(value);
            }
        });
        Ok(())
    }

    /// Queues the end of input.
    ///
    /// # Errors
    /// The pipeline is not there, takes no input, or its input has ended.
    pub fn end_input(&mut self, pid: Uuid) -> Result<(), StateError> {
        const ACTION: &str = "end the input";
        self.check_open(ACTION)?;
        let pipeline = taking_input(&mut self.pipelines, pid, ACTION)?;
        pipeline.takes_input = false;
        let to = &mut pipeline.outbox.default;
        self.author.write(to, MessageType::EndOfPipelineInput, Some(pid), |_| {});
        Ok(())
    }

    /// Notes that the caller asks the carrier to stop the pipeline (a Signal). The end still comes as an event.
    ///
    /// # Errors
    /// The pipeline is not there.
    pub fn stopping(&mut self, pid: Uuid) -> Result<(), StateError> {
        let pipeline = known(&mut self.pipelines, pid, "stop a pipeline")?;
        pipeline.state = PsInvocationState::Stopping;
        Ok(())
    }

    /// Queues the answer to a host call. A method without a return value gets no answer, and then nothing is queued.
    ///
    /// # Errors
    /// The pool is not open, or the pipeline that asked has ended, or the answer is a secure string and the pool has
    /// no session key for it ([`StateErrorKind::NeedsSessionKey`]).
    pub fn host_response(&mut self, call: &HostCall, answer: HostAnswer<'_>) -> Result<(), StateError> {
        const ACTION: &str = "answer a host call";
        let version = self.check_open(ACTION)?;
        if !call.method.has_return() {
            return Ok(());
        }
        let sealed = match answer {
            HostAnswer::Value(value) => self.sealed(version, value.tape(), std::iter::once(value))?,
            _ => None,
        };
        let answer = sealed.as_ref().and_then(Tape::first).map_or(answer, HostAnswer::Value);
        let (message_type, outbox) = match call.pid {
            Some(pid) => {
                let pipeline = known(&mut self.pipelines, pid, ACTION)?;
                (MessageType::PipelineHostResponse, &mut pipeline.outbox)
            }
            None => (MessageType::RunspacePoolHostResponse, &mut self.outbox),
        };
        self.author.write(&mut outbox.prompt_response, message_type, call.pid, |body| {
            host::encode_response(call.call_id, call.method, answer, body);
        });
        Ok(())
    }

    /// Takes the bytes of any Receive: each message names its pipeline itself. Poll events, and transmissions, after
    /// each call, also after one that failed.
    ///
    /// A body that cannot be read ends its pipeline with [`PipelineEvent::Broken`] and leaves the pool open.
    ///
    /// # Errors
    /// Broken fragments, an unknown message, versions that do not fit, or a message for the pool that cannot be
    /// read: the pool is then `Broken`. What came before the error stays in the queue of events.
    pub fn handle_bytes(&mut self, bytes: Bytes) -> Result<(), Error> {
        match self.state {
            RunspacePoolState::Closed => return Ok(()),
            RunspacePoolState::BeforeOpen => return Err(self.cannot_take(StateErrorKind::NotOpen)),
            RunspacePoolState::Broken => return Err(self.cannot_take(StateErrorKind::Broken)),
            _ => {}
        }
        self.defragmenter.handle_bytes(bytes);
        let result = self.handle_messages();
        if let Err(error) = &result {
            self.end_pipelines(RunspacePoolState::Broken, error);
        }
        result
    }

    fn handle_messages(&mut self) -> Result<(), Error> {
        while let Some(message) = self.defragmenter.poll_message()? {
            self.handle_message(message)?;
        }
        Ok(())
    }

    /// Notes that the carrier has no more of this pipeline: its command ended (`CommandState/Done`), or is not known
    /// any more. A pipeline that has told its end is not concerned, also when it is told among messages that still wait
    /// for the session key; one that has not ends with [`PipelineEvent::Broken`]. Poll events after it.
    pub fn handle_pipeline_gone(&mut self, pid: Uuid, reason: &str) {
        if self.held.has(pid) {
            self.held.keep_gone(pid, reason);
        } else if self.pipelines.remove(&pid).is_some() {
            let event = PipelineEvent::Broken(Error::Gone { reason: reason.to_owned() });
            self.events.push_back(PoolEvent::Pipeline { pid, event });
        }
    }

    /// Notes that the caller closes the pool (a Delete of the shell).
    pub fn closing(&mut self) {
        if !self.state.is_final() {
            self.state = RunspacePoolState::Closing;
        }
    }

    /// Notes that the shell is gone. Pipelines that have not ended end with [`PipelineEvent::Broken`]. Poll events
    /// after it.
    pub fn handle_closed(&mut self) {
        if !self.state.is_final() {
            let error = Error::Gone { reason: "the runspace pool was closed".to_owned() };
            self.end_pipelines(RunspacePoolState::Closed, &error);
            let state = RunspacePoolState::Closed;
            self.events.push_back(PoolEvent::StateChanged { state, reason: None });
        }
    }

    /// The next bytes for the pool or a pipeline, whole fragments of together at most `max_len` bytes, where
    /// their messages were encoded.
    ///
    /// Poll after `open`, `create_pipeline`, `command_metadata`, `input`, `end_input`, `host_response` and
    /// `handle_bytes`, until `None`. The first of a pipeline is one fragment, for the Command request.
    pub fn poll_transmit(&mut self, target: Target, max_len: usize) -> Option<Transmit<'_>> {
        match target {
            Target::Pool => self.outbox.poll(max_len),
            Target::Pipeline(pid) => self.pipelines.get_mut(&pid)?.poll_transmit(max_len),
        }
    }

    /// Whom bytes wait for. Ask after the same calls as `poll_transmit`.
    pub fn waiting_targets(&self) -> impl Iterator<Item = Target> {
        let pool = (!self.outbox.is_empty()).then_some(Target::Pool);
        let pipelines = self.pipelines.iter().filter(|(_, pipeline)| pipeline.has_output());
        pool.into_iter().chain(pipelines.map(|(pid, _)| Target::Pipeline(*pid)))
    }

    /// The next thing that happened. Poll after `handle_bytes`, `handle_pipeline_gone` and `handle_closed`, until
    /// `None`.
    pub fn poll_event(&mut self) -> Option<PoolEvent> {
        self.events.pop_front()
    }

    /// Gives the memory of a tape back, to be used for the next one.
    pub fn recycle(&mut self, tape: Tape) {
        self.decoder.recycle(tape);
    }

    fn begin(
        &mut self,
        pid: Uuid,
        action: &'static str,
        message_type: MessageType,
        takes_input: bool,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), StateError> {
        if let Some(pipeline) = self.pipelines.get(&pid) {
            let kind = StateErrorKind::DuplicatePipeline;
            return Err(StateError::new(kind, action, pipeline.state.name(), &[])
                .with_advice("a pipeline with this id runs, choose another id"));
        }
        let mut pipeline = Pipeline::new(takes_input, std::mem::take(&mut self.spare));
        self.author.write(&mut pipeline.outbox.default, message_type, Some(pid), write);
        self.pipelines.insert(pid, pipeline);
        Ok(())
    }

    /// Queues a message for the pool.
    fn tell_server(&mut self, message_type: MessageType, write: impl FnOnce(&mut Vec<u8>)) {
        self.author.write(&mut self.outbox.default, message_type, None, write);
    }

    #[cold]
    fn cannot_take(&self, kind: StateErrorKind) -> Error {
        let allowed = &["NegotiationSent", "NegotiationSucceeded", "Opened", "Closing"];
        StateError::new(kind, "take bytes", self.state.name(), allowed).into()
    }

    fn check_open(&self, action: &'static str) -> Result<ProtocolVersion, StateError> {
        let kind = match self.state {
            RunspacePoolState::Opened => return Ok(self.version.unwrap_or(self.config.protocol_version)),
            RunspacePoolState::Closed | RunspacePoolState::Closing => StateErrorKind::Closed,
            RunspacePoolState::Broken => StateErrorKind::Broken,
            _ => StateErrorKind::NotOpen,
        };
        Err(StateError::new(kind, action, self.state.name(), &["Opened"]))
    }

    /// Ends the pool: every pipeline gets its end.
    fn end_pipelines(&mut self, state: RunspacePoolState, error: &Error) {
        self.state = state;
        for (pid, _) in std::mem::take(&mut self.pipelines) {
            self.events.push_back(PoolEvent::Pipeline { pid, event: PipelineEvent::Broken(error.clone()) });
        }
    }
}

fn known<'p>(
    pipelines: &'p mut BTreeMap<Uuid, Pipeline>,
    pid: Uuid,
    action: &'static str,
) -> Result<&'p mut Pipeline, StateError> {
    pipelines.get_mut(&pid).ok_or_else(|| {
        StateError::new(StateErrorKind::UnknownPipeline, action, "NotStarted", &["Running"])
            .with_advice("no pipeline with this id runs")
    })
}

fn taking_input<'p>(
    pipelines: &'p mut BTreeMap<Uuid, Pipeline>,
    pid: Uuid,
    action: &'static str,
) -> Result<&'p mut Pipeline, StateError> {
    let pipeline = known(pipelines, pid, action)?;
    if pipeline.takes_input {
        return Ok(pipeline);
    }
    Err(StateError::new(StateErrorKind::NoInput, action, pipeline.state.name(), &[])
        .with_advice("the pipeline takes no input, or its input has ended"))
}
