//! What a runspace pool tells.

use uuid::Uuid;

use crate::clixml::Tape;
use crate::error::Error;
use crate::host::HostCall;
use crate::secret::EncryptedKey;
use crate::state::{PsInvocationState, RunspacePoolState};

/// Something the pool learned.
#[derive(Debug)]
#[non_exhaustive]
pub enum PoolEvent {
    /// Commands can run now.
    Opened,
    /// The server told another state, or the shell was closed.
    StateChanged {
        /// The new state.
        state: RunspacePoolState,
        /// The message, when it holds a reason: [`state_reason`](crate::records::state_reason) reads it.
        reason: Option<Tape>,
    },
    /// Something about a pipeline.
    Pipeline {
        /// Which.
        pid: Uuid,
        /// What.
        event: PipelineEvent,
    },
    /// What the server says of itself, in the member `ApplicationPrivateData`.
    ApplicationPrivateData(Tape),
    /// An event of the server's session, in members `PSEventArgs.*`.
    UserEvent(Tape),
    /// A call on the host that belongs to no pipeline.
    HostCall(HostCall),
    /// The answer to a question about runspaces.
    RunspaceAvailability {
        /// The call it answers.
        call_id: i64,
        /// What it says.
        answer: Availability,
    },
    /// The runspaces of a pool that was taken over.
    InitData {
        /// Runspaces the server keeps ready.
        min_runspaces: i32,
        /// Pipelines that may run at the same time.
        max_runspaces: i32,
    },
    /// The server wants to send a secure string and asks for a public key: make a key pair and call
    /// [`RunspacePool::exchange_keys`](crate::RunspacePool::exchange_keys).
    SessionKeyRequested,
    /// The session key came: decrypt it, drop the private key, and call
    /// [`RunspacePool::session_key`](crate::RunspacePool::session_key).
    SessionKey(EncryptedKey),
}

/// The two forms of RUNSPACE_AVAILABILITY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Availability {
    /// Whether the server did what was asked.
    Done(bool),
    /// How many runspaces are free.
    Count(i64),
}

/// Something about a pipeline.
#[derive(Debug)]
#[non_exhaustive]
pub enum PipelineEvent {
    /// A value of the output; a tape without values is a null.
    Output(Tape),
    /// An error: [`ErrorRecord`](crate::records::ErrorRecord) reads it. The pipeline may go on.
    Error(Tape),
    /// A warning: [`InformationalRecord`](crate::records::InformationalRecord) reads it.
    Warning(Tape),
    /// Verbose text, likewise.
    Verbose(Tape),
    /// Debug text, likewise.
    Debug(Tape),
    /// Information: [`InformationRecord`](crate::records::InformationRecord) reads it.
    Information(Tape),
    /// Progress: [`ProgressRecord`](crate::records::ProgressRecord) reads it.
    Progress(Tape),
    /// A call on the host; answer it with [`RunspacePool::host_response`](crate::RunspacePool::host_response).
    HostCall(HostCall),
    /// The server told a state. After `Stopped`, `Completed` or `Failed` nothing follows.
    State {
        /// The state.
        state: PsInvocationState,
        /// The message, when it holds a reason: [`state_reason`](crate::records::state_reason) reads it.
        reason: Option<Tape>,
    },
    /// This side gave the pipeline up: a message could not be read, or the pipeline or its pool is gone. Nothing
    /// follows. Where the server may still be at work, stop it with a Signal.
    Broken(Error),
}

impl PipelineEvent {
    /// Nothing follows for this pipeline.
    #[must_use]
    pub fn is_final(&self) -> bool {
        match self {
            PipelineEvent::State { state, .. } => state.is_final(),
            PipelineEvent::Broken(_) => true,
            _ => false,
        }
    }
}
