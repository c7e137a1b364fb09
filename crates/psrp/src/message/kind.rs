//! The types of messages, their numbers and what each is addressed to.

use crate::error::MessageError;

/// Every message of 2.2.2, by the number in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum MessageType {
    /// SESSION_CAPABILITY. Both ways: versions of each side.
    SessionCapability = 0x0001_0002,
    /// INIT_RUNSPACEPOOL. To the server: open a pool.
    InitRunspacePool = 0x0001_0004,
    /// PUBLIC_KEY. To the server: the client's RSA key.
    PublicKey = 0x0001_0005,
    /// ENCRYPTED_SESSION_KEY. To the client: the session key under that RSA key.
    EncryptedSessionKey = 0x0001_0006,
    /// PUBLIC_KEY_REQUEST. To the client: asks for the RSA key.
    PublicKeyRequest = 0x0001_0007,
    /// CONNECT_RUNSPACEPOOL. To the server: take over a disconnected pool.
    ConnectRunspacePool = 0x0001_0008,
    /// SET_MAX_RUNSPACES. To the server.
    SetMaxRunspaces = 0x0002_1002,
    /// SET_MIN_RUNSPACES. To the server.
    SetMinRunspaces = 0x0002_1003,
    /// RUNSPACE_AVAILABILITY. To the client: the answer to the two above, to a question for the count and to a reset.
    RunspaceAvailability = 0x0002_1004,
    /// RUNSPACEPOOL_STATE. To the client.
    RunspacePoolState = 0x0002_1005,
    /// CREATE_PIPELINE. To the server: run commands.
    CreatePipeline = 0x0002_1006,
    /// GET_AVAILABLE_RUNSPACES. To the server.
    GetAvailableRunspaces = 0x0002_1007,
    /// USER_EVENT. To the client.
    UserEvent = 0x0002_1008,
    /// APPLICATION_PRIVATE_DATA. To the client.
    ApplicationPrivateData = 0x0002_1009,
    /// GET_COMMAND_METADATA. To the server: describe commands.
    GetCommandMetadata = 0x0002_100A,
    /// RUNSPACEPOOL_INIT_DATA. To the client: the answer to CONNECT_RUNSPACEPOOL.
    RunspacePoolInitData = 0x0002_100B,
    /// RESET_RUNSPACE_STATE. To the server, protocol 2.3 and later.
    ResetRunspaceState = 0x0002_100C,
    /// RUNSPACEPOOL_HOST_CALL. To the client.
    RunspacePoolHostCall = 0x0002_1100,
    /// RUNSPACEPOOL_HOST_RESPONSE. To the server.
    RunspacePoolHostResponse = 0x0002_1101,
    /// PIPELINE_INPUT. To the server: one value; no bytes are a null.
    PipelineInput = 0x0004_1002,
    /// END_OF_PIPELINE_INPUT. To the server: no bytes.
    EndOfPipelineInput = 0x0004_1003,
    /// PIPELINE_OUTPUT. To the client: one value; no bytes are a null.
    PipelineOutput = 0x0004_1004,
    /// ERROR_RECORD. To the client.
    ErrorRecord = 0x0004_1005,
    /// PIPELINE_STATE. To the client.
    PipelineState = 0x0004_1006,
    /// DEBUG_RECORD. To the client.
    DebugRecord = 0x0004_1007,
    /// VERBOSE_RECORD. To the client.
    VerboseRecord = 0x0004_1008,
    /// WARNING_RECORD. To the client.
    WarningRecord = 0x0004_1009,
    /// PROGRESS_RECORD. To the client.
    ProgressRecord = 0x0004_1010,
    /// INFORMATION_RECORD. To the client, protocol 2.3 and later.
    InformationRecord = 0x0004_1011,
    /// PIPELINE_HOST_CALL. To the client.
    PipelineHostCall = 0x0004_1100,
    /// PIPELINE_HOST_RESPONSE. To the server.
    PipelineHostResponse = 0x0004_1101,
}

/// What a message of some type is addressed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MessageTarget {
    /// The runspace pool.
    Pool,
    /// One of its pipelines.
    Pipeline,
}

impl MessageType {
    /// Every type, in the order of their numbers.
    pub const ALL: &'static [MessageType] = &[
        MessageType::SessionCapability,
        MessageType::InitRunspacePool,
        MessageType::PublicKey,
        MessageType::EncryptedSessionKey,
        MessageType::PublicKeyRequest,
        MessageType::ConnectRunspacePool,
        MessageType::SetMaxRunspaces,
        MessageType::SetMinRunspaces,
        MessageType::RunspaceAvailability,
        MessageType::RunspacePoolState,
        MessageType::CreatePipeline,
        MessageType::GetAvailableRunspaces,
        MessageType::UserEvent,
        MessageType::ApplicationPrivateData,
        MessageType::GetCommandMetadata,
        MessageType::RunspacePoolInitData,
        MessageType::ResetRunspaceState,
        MessageType::RunspacePoolHostCall,
        MessageType::RunspacePoolHostResponse,
        MessageType::PipelineInput,
        MessageType::EndOfPipelineInput,
        MessageType::PipelineOutput,
        MessageType::ErrorRecord,
        MessageType::PipelineState,
        MessageType::DebugRecord,
        MessageType::VerboseRecord,
        MessageType::WarningRecord,
        MessageType::ProgressRecord,
        MessageType::InformationRecord,
        MessageType::PipelineHostCall,
        MessageType::PipelineHostResponse,
    ];

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            MessageType::SessionCapability => 0x0001_0002,
            MessageType::InitRunspacePool => 0x0001_0004,
            MessageType::PublicKey => 0x0001_0005,
            MessageType::EncryptedSessionKey => 0x0001_0006,
            MessageType::PublicKeyRequest => 0x0001_0007,
            MessageType::ConnectRunspacePool => 0x0001_0008,
            MessageType::SetMaxRunspaces => 0x0002_1002,
            MessageType::SetMinRunspaces => 0x0002_1003,
            MessageType::RunspaceAvailability => 0x0002_1004,
            MessageType::RunspacePoolState => 0x0002_1005,
            MessageType::CreatePipeline => 0x0002_1006,
            MessageType::GetAvailableRunspaces => 0x0002_1007,
            MessageType::UserEvent => 0x0002_1008,
            MessageType::ApplicationPrivateData => 0x0002_1009,
            MessageType::GetCommandMetadata => 0x0002_100A,
            MessageType::RunspacePoolInitData => 0x0002_100B,
            MessageType::ResetRunspaceState => 0x0002_100C,
            MessageType::RunspacePoolHostCall => 0x0002_1100,
            MessageType::RunspacePoolHostResponse => 0x0002_1101,
            MessageType::PipelineInput => 0x0004_1002,
            MessageType::EndOfPipelineInput => 0x0004_1003,
            MessageType::PipelineOutput => 0x0004_1004,
            MessageType::ErrorRecord => 0x0004_1005,
            MessageType::PipelineState => 0x0004_1006,
            MessageType::DebugRecord => 0x0004_1007,
            MessageType::VerboseRecord => 0x0004_1008,
            MessageType::WarningRecord => 0x0004_1009,
            MessageType::ProgressRecord => 0x0004_1010,
            MessageType::InformationRecord => 0x0004_1011,
            MessageType::PipelineHostCall => 0x0004_1100,
            MessageType::PipelineHostResponse => 0x0004_1101,
        }
    }

    /// The name MS-PSRP gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            MessageType::SessionCapability => "SESSION_CAPABILITY",
            MessageType::InitRunspacePool => "INIT_RUNSPACEPOOL",
            MessageType::PublicKey => "PUBLIC_KEY",
            MessageType::EncryptedSessionKey => "ENCRYPTED_SESSION_KEY",
            MessageType::PublicKeyRequest => "PUBLIC_KEY_REQUEST",
            MessageType::ConnectRunspacePool => "CONNECT_RUNSPACEPOOL",
            MessageType::SetMaxRunspaces => "SET_MAX_RUNSPACES",
            MessageType::SetMinRunspaces => "SET_MIN_RUNSPACES",
            MessageType::RunspaceAvailability => "RUNSPACE_AVAILABILITY",
            MessageType::RunspacePoolState => "RUNSPACEPOOL_STATE",
            MessageType::CreatePipeline => "CREATE_PIPELINE",
            MessageType::GetAvailableRunspaces => "GET_AVAILABLE_RUNSPACES",
            MessageType::UserEvent => "USER_EVENT",
            MessageType::ApplicationPrivateData => "APPLICATION_PRIVATE_DATA",
            MessageType::GetCommandMetadata => "GET_COMMAND_METADATA",
            MessageType::RunspacePoolInitData => "RUNSPACEPOOL_INIT_DATA",
            MessageType::ResetRunspaceState => "RESET_RUNSPACE_STATE",
            MessageType::RunspacePoolHostCall => "RUNSPACEPOOL_HOST_CALL",
            MessageType::RunspacePoolHostResponse => "RUNSPACEPOOL_HOST_RESPONSE",
            MessageType::PipelineInput => "PIPELINE_INPUT",
            MessageType::EndOfPipelineInput => "END_OF_PIPELINE_INPUT",
            MessageType::PipelineOutput => "PIPELINE_OUTPUT",
            MessageType::ErrorRecord => "ERROR_RECORD",
            MessageType::PipelineState => "PIPELINE_STATE",
            MessageType::DebugRecord => "DEBUG_RECORD",
            MessageType::VerboseRecord => "VERBOSE_RECORD",
            MessageType::WarningRecord => "WARNING_RECORD",
            MessageType::ProgressRecord => "PROGRESS_RECORD",
            MessageType::InformationRecord => "INFORMATION_RECORD",
            MessageType::PipelineHostCall => "PIPELINE_HOST_CALL",
            MessageType::PipelineHostResponse => "PIPELINE_HOST_RESPONSE",
        }
    }

    /// What a message of this type is addressed to: the upper half of the number says so. CREATE_PIPELINE and
    /// GET_COMMAND_METADATA are addressed to the pool although they carry the pipeline they begin.
    #[must_use]
    pub const fn target(self) -> MessageTarget {
        match self.number() >> 16 {
            4 => MessageTarget::Pipeline,
            _ => MessageTarget::Pool,
        }
    }
}

impl std::fmt::Display for MessageType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl TryFrom<u32> for MessageType {
    type Error = MessageError;

    fn try_from(number: u32) -> Result<MessageType, MessageError> {
        MessageType::ALL
            .iter()
            .copied()
            .find(|message_type| message_type.number() == number)
            .ok_or(MessageError::UnknownType(number))
    }
}
