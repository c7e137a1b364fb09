//! What the server does with each message (3.2.5.4).

use uuid::Uuid;

use super::{HostResponse, Pipeline, Running, ServerEvent, ServerPool, event};
use crate::clixml::Tape;
use crate::error::{Error, StateError, StateErrorKind};
use crate::message::{Destination, Message, MessageTarget, MessageType};
use crate::state::{PsInvocationState, RunspacePoolState};
use crate::version;

impl ServerPool {
    /// An error here breaks the pool.
    pub(super) fn handle_message(&mut self, message: Message) -> Result<(), Error> {
        let message_type = message.message_type;
        if message.destination != Destination::Server {
            return Err(Error::WrongSide { message_type });
        }
        if self.author.rpid.is_nil() {
            self.author.rpid = message.rpid;
        } else if message.rpid != self.author.rpid {
            return Err(Error::WrongPool { found: message.rpid, expected: self.author.rpid });
        }
        let pid = message.pid;
        let body =
            self.decoder.decode_body(message.data).map_err(|error| Error::body(message_type, error))?;
        let body = self.unsealed(body)?;
        match message_type.target() {
            MessageTarget::Pool => self.handle_pool_message(message_type, pid, body),
            MessageTarget::Pipeline => self.handle_pipeline_message(message_type, pid, body),
        }
    }

    fn handle_pool_message(
        &mut self,
        message_type: MessageType,
        pid: Option<Uuid>,
        body: Tape,
    ) -> Result<(), Error> {
        let call = |member| event::integer(&body, message_type, member);
        let event = match message_type {
            MessageType::SessionCapability => {
                let takes_over = self.state == RunspacePoolState::Disconnected;
                if !takes_over {
                    self.expect(RunspacePoolState::BeforeOpen, "take a SESSION_CAPABILITY")?;
                }
                let version = self.config.protocol_version.with_client(version::decode_capability(&body)?)?;
                self.version = Some(version);
                self.state = match takes_over {
                    true => RunspacePoolState::Connecting,
                    false => RunspacePoolState::NegotiationSucceeded,
                };
                ServerEvent::Negotiated { version }
            }
            MessageType::InitRunspacePool => {
                self.expect(RunspacePoolState::NegotiationSucceeded, "take an INIT_RUNSPACEPOOL")?;
                ServerEvent::OpenRequested { rpid: self.author.rpid, body }
            }
            MessageType::CreatePipeline | MessageType::GetCommandMetadata => {
                self.expect(RunspacePoolState::Opened, "create a pipeline")?;
                let pid = pid.ok_or(Error::Shape { message_type, member: "PID" })?;
                self.begin(pid)?;
                match message_type {
                    MessageType::CreatePipeline => {
                        ServerEvent::CreatePipeline { pid, pipeline: Pipeline::decode(body)? }
                    }
                    _ => ServerEvent::GetCommandMetadata { pid, body },
                }
            }
            MessageType::RunspacePoolHostResponse => {
                ServerEvent::HostResponse(HostResponse::decode(message_type, None, body)?)
            }
            MessageType::SetMaxRunspaces => {
                ServerEvent::SetMaxRunspaces { call_id: call("ci")?, count: call("MaxRunspaces")? }
            }
            MessageType::SetMinRunspaces => {
                ServerEvent::SetMinRunspaces { call_id: call("ci")?, count: call("MinRunspaces")? }
            }
            MessageType::GetAvailableRunspaces => ServerEvent::GetAvailableRunspaces { call_id: call("ci")? },
            MessageType::ResetRunspaceState => ServerEvent::ResetRunspaceState { call_id: call("ci")? },
            MessageType::PublicKey => self.key_received(&body)?,
            MessageType::ConnectRunspacePool => {
                self.expect(RunspacePoolState::Connecting, "take a CONNECT_RUNSPACEPOOL")?;
                ServerEvent::ConnectRequested { body }
            }
            _ => return Err(Error::WrongSide { message_type }),
        };
        self.events.push_back(event);
        Ok(())
    }

    /// Messages for pipelines that do not run are late, and dropped.
    fn handle_pipeline_message(
        &mut self,
        message_type: MessageType,
        pid: Option<Uuid>,
        body: Tape,
    ) -> Result<(), Error> {
        let pid = pid.ok_or(Error::Shape { message_type, member: "PID" })?;
        let event = match message_type {
            MessageType::PipelineInput => ServerEvent::Input { pid, value: body },
            MessageType::EndOfPipelineInput => ServerEvent::EndOfInput { pid },
            MessageType::PipelineHostResponse => {
                ServerEvent::HostResponse(HostResponse::decode(message_type, Some(pid), body)?)
            }
            _ => return Err(Error::WrongSide { message_type }),
        };
        if self.pipelines.contains_key(&pid) {
            self.events.push_back(event);
        }
        Ok(())
    }

    fn begin(&mut self, pid: Uuid) -> Result<(), StateError> {
        if let Some(running) = self.pipelines.get(&pid) {
            let kind = StateErrorKind::DuplicatePipeline;
            return Err(StateError::new(kind, "create a pipeline", running.state.name(), &[])
                .with_advice("a pipeline with this id runs"));
        }
        let running = Running { state: PsInvocationState::Running, outbox: std::mem::take(&mut self.spare) };
        self.pipelines.insert(pid, running);
        Ok(())
    }

    pub(super) fn expect(&self, state: RunspacePoolState, action: &'static str) -> Result<(), StateError> {
        if self.state == state {
            return Ok(());
        }
        let (kind, allowed): (_, &'static [&'static str]) = match state {
            RunspacePoolState::BeforeOpen => (StateErrorKind::AlreadyOpen, &["BeforeOpen"]),
            RunspacePoolState::NegotiationSucceeded => (StateErrorKind::NotOpen, &["NegotiationSucceeded"]),
            RunspacePoolState::Connecting => (StateErrorKind::AlreadyOpen, &["Connecting"]),
            RunspacePoolState::Disconnected => (StateErrorKind::AlreadyOpen, &["Disconnected"]),
            _ => (StateErrorKind::NotOpen, &["Opened"]),
        };
        Err(StateError::new(kind, action, self.state.name(), allowed))
    }
}
