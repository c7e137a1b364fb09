//! What a client asks of a server.

use uuid::Uuid;

use crate::clixml::{Tape, Text, Value};
use crate::error::Error;
use crate::host::{self, HostInfo, HostMethod};
use crate::message::MessageType;
use crate::records::{ErrorRecord, member_text};
use crate::secret::PublicKey;
use crate::version::ProtocolVersion;

/// Something the client wants.
#[derive(Debug)]
#[non_exhaustive]
pub enum ServerEvent {
    /// The client has told its version; both sides now speak this one.
    Negotiated {
        /// The common version.
        version: ProtocolVersion,
    },
    /// Open the pool: answer with [`ServerPool::open`](super::ServerPool::open).
    OpenRequested {
        /// The identifier of the pool.
        rpid: Uuid,
        /// The body of INIT_RUNSPACEPOOL.
        body: Tape,
    },
    /// Another client wants the pool that its client has left: answer with
    /// [`ServerPool::connect`](super::ServerPool::connect).
    ConnectRequested {
        /// The body of CONNECT_RUNSPACEPOOL.
        body: Tape,
    },
    /// Run commands.
    CreatePipeline {
        /// The identifier of the pipeline.
        pid: Uuid,
        /// The commands.
        pipeline: Pipeline,
    },
    /// Describe commands: [`MetadataRequest`](crate::metadata::MetadataRequest) reads the body. The answers are
    /// output, first [`encode_command_count`](crate::metadata::encode_command_count), then one
    /// [`CommandBody`](crate::metadata::CommandBody) each, then the state `Completed`.
    GetCommandMetadata {
        /// The identifier of the pipeline.
        pid: Uuid,
        /// What is asked for.
        body: Tape,
    },
    /// One value of input; a tape without values is a null.
    Input {
        /// The identifier of the pipeline.
        pid: Uuid,
        /// The value.
        value: Tape,
    },
    /// No more input.
    EndOfInput {
        /// The identifier of the pipeline.
        pid: Uuid,
    },
    /// The answer to a host call.
    HostResponse(HostResponse),
    /// Allow this many pipelines at the same time; answer with
    /// [`ServerPool::runspace_availability`](super::ServerPool::runspace_availability).
    SetMaxRunspaces {
        /// What the answer repeats.
        call_id: i64,
        /// How many.
        count: i64,
    },
    /// Keep this many runspaces ready; answer likewise.
    SetMinRunspaces {
        /// What the answer repeats.
        call_id: i64,
        /// How many.
        count: i64,
    },
    /// How many runspaces are free; answer likewise.
    GetAvailableRunspaces {
        /// What the answer repeats.
        call_id: i64,
    },
    /// Forget variables and modules; answer likewise.
    ResetRunspaceState {
        /// What the answer repeats.
        call_id: i64,
    },
    /// The client's public key: make a session key and answer with
    /// [`ServerPool::session_key`](super::ServerPool::session_key). Until then the client holds back what has secure
    /// strings in it.
    PublicKey(PublicKey),
}

/// The commands of a CREATE_PIPELINE, with a view of each.
#[derive(Debug)]
pub struct Pipeline {
    body: Tape,
}

impl Pipeline {
    pub(super) fn decode(body: Tape) -> Result<Pipeline, Error> {
        let commands = body.first().and_then(|create| create.member("PowerShell")?.resolve().member("Cmds"));
        let shape = Error::Shape { message_type: MessageType::CreatePipeline, member: "Cmds" };
        commands.ok_or(shape)?;
        Ok(Pipeline { body })
    }

    /// The commands, first to last.
    pub fn commands(&self) -> impl Iterator<Item = Command<'_>> {
        self.member("PowerShell")
            .and_then(|shell| shell.member("Cmds"))
            .into_iter()
            .flat_map(|commands| commands.resolve().items())
            .map(|command| Command(command.resolve()))
    }

    /// No input follows.
    #[must_use]
    pub fn no_input(&self) -> bool {
        self.member("NoInput").and_then(Value::as_bool).unwrap_or(true)
    }

    /// The client wants it in the history.
    #[must_use]
    pub fn add_to_history(&self) -> bool {
        self.member("AddToHistory").and_then(Value::as_bool).unwrap_or(false)
    }

    /// The host of the pipeline.
    #[must_use]
    pub fn host(&self) -> HostInfo {
        self.body.first().map(HostInfo::decode).unwrap_or_default()
    }

    /// The body as it came.
    #[must_use]
    pub fn body(&self) -> &Tape {
        &self.body
    }

    fn member(&self, name: &str) -> Option<Value<'_>> {
        self.body.first()?.member(name).map(Value::resolve)
    }
}

/// One command of a pipeline.
#[derive(Debug, Clone, Copy)]
pub struct Command<'t>(Value<'t>);

impl<'t> Command<'t> {
    /// Its name, or the text of the script.
    #[must_use]
    pub fn name(self) -> Option<Text<'t>> {
        member_text(self.0, "Cmd")
    }

    /// The name is the text of a script.
    #[must_use]
    pub fn is_script(self) -> bool {
        self.0.member("IsScript").and_then(Value::as_bool).unwrap_or(false)
    }

    /// Its parameters in order: the name (`None` for a positional argument) and the value (`None` when it was left
    /// out on the wire). Imported commands send a name as it stood in the script, such as `-Identity:`; it is given
    /// here without dash, colon and spaces.
    pub fn parameters(self) -> impl Iterator<Item = (Option<Text<'t>>, Option<Value<'t>>)> {
        self.arguments().map(|(name, value)| (name.map(bare_name), value))
    }

    /// The same with the names as they came. Of a script block, `-Name value` comes as the name `-Name` without a value
    /// and a value without a name, `-Name: value` as one.
    pub fn arguments(self) -> impl Iterator<Item = (Option<Text<'t>>, Option<Value<'t>>)> {
        let arguments = self.0.member("Args").map(Value::resolve);
        arguments.into_iter().flat_map(Value::items).map(|argument| {
            let argument = argument.resolve();
            (member_text(argument, "N"), argument.member("V").map(Value::resolve))
        })
    }

    /// The value of a parameter, by its name without regard to case.
    #[must_use]
    pub fn parameter(self, name: &str) -> Option<Value<'t>> {
        let mut parameters = self.parameters();
        parameters.find(|(own, _)| own.is_some_and(|own| own.eq_ignore_ascii_case(name)))?.1
    }
}

/// The answer of the client's host.
#[derive(Debug)]
pub struct HostResponse {
    /// The pipeline that asked; `None` for the pool.
    pub pid: Option<Uuid>,
    /// The call it answers.
    pub call_id: i64,
    /// The method that was called.
    pub method: HostMethod,
    body: Tape,
}

impl HostResponse {
    pub(super) fn decode(
        message_type: MessageType,
        pid: Option<Uuid>,
        body: Tape,
    ) -> Result<HostResponse, Error> {
        let (call_id, method) = host::call_id_and_method(&body, message_type)?;
        Ok(HostResponse { pid, call_id, method, body })
    }

    /// What the method returned; `None` for null.
    #[must_use]
    pub fn value(&self) -> Option<Value<'_>> {
        let value = self.body.first()?.member(host::RETURN_VALUE)?.resolve();
        (!value.is_nil()).then_some(value)
    }

    /// Why the method failed.
    #[must_use]
    pub fn error(&self) -> Option<ErrorRecord<'_>> {
        Some(ErrorRecord::of(self.body.first()?.member(host::EXCEPTION)?))
    }
}

/// A parameter's name without what a script may have around it.
fn bare_name(name: Text<'_>) -> Text<'_> {
    let bytes = name.as_bytes();
    let Some(bytes) = bytes.strip_prefix(b"-") else { return name };
    let bytes = bytes.trim_ascii_end();
    Text(bytes.strip_suffix(b":").unwrap_or(bytes))
}

/// An integer member of a body.
pub(super) fn integer(body: &Tape, message_type: MessageType, member: &'static str) -> Result<i64, Error> {
    body.first()
        .and_then(|body| body.member(member))
        .and_then(Value::as_i64)
        .ok_or(Error::Shape { message_type, member })
}
