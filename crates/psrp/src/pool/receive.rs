//! What the client does with each message (3.1.5.4).

use uuid::Uuid;

use super::{Availability, PipelineEvent, PoolEvent, RunspacePool};
use crate::clixml::{Kind, Tape, Value};
use crate::error::{Error, StateError, StateErrorKind};
use crate::host::HostCall;
use crate::message::{Destination, Message, MessageTarget, MessageType};
use crate::records;
use crate::secret;
use crate::state::{PIPELINE_STATE, PsInvocationState, RUNSPACE_STATE, RunspacePoolState};
use crate::version;

impl RunspacePool {
    /// An error here breaks the pool; one that concerns a pipeline only has become an event.
    pub(super) fn handle_message(&mut self, message: Message) -> Result<(), Error> {
        let message_type = message.message_type;
        if message.destination != Destination::Client {
            return Err(Error::WrongSide { message_type });
        }
        // A server leaves the pool zero in messages it sends before it knows the pool.
        if !message.rpid.is_nil() && message.rpid != self.author.rpid {
            return Err(Error::WrongPool { found: message.rpid, expected: self.author.rpid });
        }
        match message_type.target() {
            MessageTarget::Pool => self.handle_pool_message(message),
            MessageTarget::Pipeline => self.handle_pipeline_message(message),
        }
    }

    fn handle_pool_message(&mut self, message: Message) -> Result<(), Error> {
        let message_type = message.message_type;
        let pid = message.pid;
        let body = self.decode(message)?;
        match message_type {
            MessageType::SessionCapability => self.negotiate(&body),
            MessageType::RunspacePoolState => self.change_state(body),
            MessageType::ApplicationPrivateData => self.tell(PoolEvent::ApplicationPrivateData(body)),
            MessageType::UserEvent => self.tell(PoolEvent::UserEvent(body)),
            MessageType::RunspacePoolHostCall => {
                let call = HostCall::decode(message_type, pid, body)?;
                self.tell(PoolEvent::HostCall(call))
            }
            MessageType::RunspaceAvailability => {
                let call_id = integer(&body, message_type, "ci")?;
                let member = "SetMinMaxRunspacesResponse";
                let answer = body.first().and_then(|body| body.member(member)).and_then(Value::base);
                let answer = match answer.map(|answer| (answer.kind(), answer)) {
                    Some((Kind::Bool, answer)) => answer.as_bool().map(Availability::Done),
                    Some((_, answer)) => answer.as_i64().map(Availability::Count),
                    None => None,
                };
                let answer = answer.ok_or(Error::Shape { message_type, member })?;
                self.tell(PoolEvent::RunspaceAvailability { call_id, answer })
            }
            MessageType::RunspacePoolInitData => {
                let count = |member| {
                    let count = i32::try_from(integer(&body, message_type, member)?);
                    count.map_err(|_| Error::Shape { message_type, member })
                };
                let (min_runspaces, max_runspaces) = (count("MinRunspaces")?, count("MaxRunspaces")?);
                self.tell(PoolEvent::InitData { min_runspaces, max_runspaces })
            }
            MessageType::PublicKeyRequest => self.key_requested(),
            MessageType::EncryptedSessionKey => self.key_received(&body),
            _ => Err(Error::WrongSide { message_type }),
        }
    }

    fn negotiate(&mut self, body: &Tape) -> Result<(), Error> {
        let takes_over = self.state == RunspacePoolState::Connecting;
        if self.state != RunspacePoolState::NegotiationSent && !takes_over {
            let action = "take a SESSION_CAPABILITY";
            let kind = StateErrorKind::AlreadyOpen;
            return Err(
                StateError::new(kind, action, self.state.name(), &["NegotiationSent", "Connecting"]).into()
            );
        }
        let server = version::decode_capability(body)?;
        self.version = Some(self.config.protocol_version.with_server(server)?);
        if takes_over {
            self.state = RunspacePoolState::Opened;
            return self.tell(PoolEvent::Opened);
        }
        self.state = RunspacePoolState::NegotiationSucceeded;
        Ok(())
    }

    fn change_state(&mut self, body: Tape) -> Result<(), Error> {
        let message_type = MessageType::RunspacePoolState;
        let number = integer(&body, message_type, RUNSPACE_STATE)?;
        let state = RunspacePoolState::from_number(number)
            .ok_or(Error::Shape { message_type, member: RUNSPACE_STATE })?;
        match (self.state, state) {
            (RunspacePoolState::NegotiationSucceeded, RunspacePoolState::Opened) => {
                self.state = state;
                return self.tell(PoolEvent::Opened);
            }
            (RunspacePoolState::NegotiationSent, RunspacePoolState::Opened) => {
                let kind = StateErrorKind::NotOpen;
                let allowed = &["NegotiationSucceeded"];
                return Err(StateError::new(kind, "become Opened", self.state.name(), allowed).into());
            }
            // Told again, for example after a reconnect; or too late, because this side closes.
            (_, RunspacePoolState::Opened) => return Ok(()),
            _ => {}
        }
        if state.is_final() {
            let reason = records::state_reason(&body).and_then(records::ErrorRecord::message);
            let reason = match reason {
                Some(reason) => format!("the server tells that the runspace pool is {state}: {reason}"),
                None => format!("the server tells that the runspace pool is {state}"),
            };
            self.end_pipelines(state, &Error::Gone { reason });
        } else if state == RunspacePoolState::Closing {
            self.state = state;
        }
        let reason = records::state_reason(&body).is_some().then_some(body);
        self.tell(PoolEvent::StateChanged { state, reason })
    }

    /// Messages for pipelines that have ended are late, and dropped, as PowerShell does.
    fn handle_pipeline_message(&mut self, message: Message) -> Result<(), Error> {
        let message_type = message.message_type;
        let Some(pid) = message.pid else {
            return Err(Error::Shape { message_type, member: "PID" });
        };
        if !self.pipelines.contains_key(&pid) {
            return Ok(());
        }
        // The carrier receives for the pool and for each pipeline apart, so output can overtake the session key.
        if self.session_key.is_coming() && (self.held.has(pid) || mentions_secret(&message)) {
            return self.held.keep(pid, message, self.config.fragment_limits.max_message_len);
        }
        let event = match self.pipeline_event(pid, message) {
            Ok(event) => event,
            Err(Error::WrongSide { message_type }) => return Err(Error::WrongSide { message_type }),
            Err(error) => PipelineEvent::Broken(error),
        };
        if event.is_final()
            && let Some(pipeline) = self.pipelines.remove(&pid)
        {
            self.spare = pipeline.outbox;
            self.spare.clear();
        }
        self.tell(PoolEvent::Pipeline { pid, event })
    }

    /// Takes up the messages that waited for the session key.
    pub(super) fn release(&mut self) {
        let (messages, gone) = std::mem::take(&mut self.held).into_parts();
        for message in messages {
            if let Err(error) = self.handle_pipeline_message(message) {
                self.end_pipelines(RunspacePoolState::Broken, &error);
                return;
            }
        }
        for (pid, reason) in gone {
            self.handle_pipeline_gone(pid, &reason);
        }
    }

    fn pipeline_event(&mut self, pid: Uuid, message: Message) -> Result<PipelineEvent, Error> {
        let message_type = message.message_type;
        let body = self.decode(message)?;
        Ok(match message_type {
            MessageType::PipelineOutput => PipelineEvent::Output(body),
            MessageType::ErrorRecord => PipelineEvent::Error(body),
            MessageType::WarningRecord => PipelineEvent::Warning(body),
            MessageType::VerboseRecord => PipelineEvent::Verbose(body),
            MessageType::DebugRecord => PipelineEvent::Debug(body),
            MessageType::InformationRecord => PipelineEvent::Information(body),
            MessageType::ProgressRecord => PipelineEvent::Progress(body),
            MessageType::PipelineHostCall => {
                PipelineEvent::HostCall(HostCall::decode(message_type, Some(pid), body)?)
            }
            MessageType::PipelineState => {
                let number = integer(&body, message_type, PIPELINE_STATE)?;
                let state = PsInvocationState::from_number(number)
                    .ok_or(Error::Shape { message_type, member: PIPELINE_STATE })?;
                if let Some(pipeline) = self.pipelines.get_mut(&pid) {
                    pipeline.state = state;
                }
                let reason = records::state_reason(&body).is_some().then_some(body);
                PipelineEvent::State { state, reason }
            }
            _ => return Err(Error::WrongSide { message_type }),
        })
    }

    fn decode(&mut self, message: Message) -> Result<Tape, Error> {
        let message_type = message.message_type;
        let tape =
            self.decoder.decode_body(message.data).map_err(|error| Error::body(message_type, error))?;
        // A server has nothing to encrypt with before there is a key, so nothing is looked for.
        match self.session_key.codec() {
            Some(codec) if secret::has_secure_string(&tape) => Ok(secret::unseal(&tape, codec)?),
            _ => Ok(tape),
        }
    }

    fn tell(&mut self, event: PoolEvent) -> Result<(), Error> {
        self.events.push_back(event);
        Ok(())
    }
}

/// Whether the body may hold a secure string. Text cannot have `<`, so this errs only on the safe side.
fn mentions_secret(message: &Message) -> bool {
    memchr::memmem::find(&message.data, b"<SS").is_some()
}

/// An integer member of a body.
fn integer(body: &Tape, message_type: MessageType, member: &'static str) -> Result<i64, Error> {
    body.first()
        .and_then(|body| body.member(member))
        .and_then(Value::as_i64)
        .ok_or(Error::Shape { message_type, member })
}
