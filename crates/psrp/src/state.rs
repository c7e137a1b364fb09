//! 2.2.3.4, 2.2.3.5: the states of pools and pipelines.

use std::fmt;

/// The state of a runspace pool, by its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum RunspacePoolState {
    /// Made, and not opened yet.
    BeforeOpen = 0,
    /// Being opened.
    Opening = 1,
    /// Commands can run.
    Opened = 2,
    /// Ended in order.
    Closed = 3,
    /// Being closed.
    Closing = 4,
    /// Ended by an error.
    Broken = 5,
    /// The versions were sent.
    NegotiationSent = 6,
    /// The versions agree.
    NegotiationSucceeded = 7,
    /// Being taken over.
    Connecting = 8,
    /// Kept by the server without a client.
    Disconnected = 9,
}

impl RunspacePoolState {
    /// The state of a number on the wire.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<RunspacePoolState> {
        Some(match number {
            0 => RunspacePoolState::BeforeOpen,
            1 => RunspacePoolState::Opening,
            2 => RunspacePoolState::Opened,
            3 => RunspacePoolState::Closed,
            4 => RunspacePoolState::Closing,
            5 => RunspacePoolState::Broken,
            6 => RunspacePoolState::NegotiationSent,
            7 => RunspacePoolState::NegotiationSucceeded,
            8 => RunspacePoolState::Connecting,
            9 => RunspacePoolState::Disconnected,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            RunspacePoolState::BeforeOpen => 0,
            RunspacePoolState::Opening => 1,
            RunspacePoolState::Opened => 2,
            RunspacePoolState::Closed => 3,
            RunspacePoolState::Closing => 4,
            RunspacePoolState::Broken => 5,
            RunspacePoolState::NegotiationSent => 6,
            RunspacePoolState::NegotiationSucceeded => 7,
            RunspacePoolState::Connecting => 8,
            RunspacePoolState::Disconnected => 9,
        }
    }

    /// The name MS-PSRP gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            RunspacePoolState::BeforeOpen => "BeforeOpen",
            RunspacePoolState::Opening => "Opening",
            RunspacePoolState::Opened => "Opened",
            RunspacePoolState::Closed => "Closed",
            RunspacePoolState::Closing => "Closing",
            RunspacePoolState::Broken => "Broken",
            RunspacePoolState::NegotiationSent => "NegotiationSent",
            RunspacePoolState::NegotiationSucceeded => "NegotiationSucceeded",
            RunspacePoolState::Connecting => "Connecting",
            RunspacePoolState::Disconnected => "Disconnected",
        }
    }

    /// Nothing comes after it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, RunspacePoolState::Closed | RunspacePoolState::Broken)
    }
}

impl fmt::Display for RunspacePoolState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The state of a pipeline, by its number on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(i32)]
pub enum PsInvocationState {
    /// Not begun.
    NotStarted = 0,
    /// At work.
    Running = 1,
    /// Asked to stop.
    Stopping = 2,
    /// Stopped when asked to.
    Stopped = 3,
    /// Done, perhaps with error records.
    Completed = 4,
    /// Ended by an error.
    Failed = 5,
    /// Kept by the server without a client.
    Disconnected = 6,
}

impl PsInvocationState {
    /// The state of a number on the wire.
    #[must_use]
    pub const fn from_number(number: i64) -> Option<PsInvocationState> {
        Some(match number {
            0 => PsInvocationState::NotStarted,
            1 => PsInvocationState::Running,
            2 => PsInvocationState::Stopping,
            3 => PsInvocationState::Stopped,
            4 => PsInvocationState::Completed,
            5 => PsInvocationState::Failed,
            6 => PsInvocationState::Disconnected,
            _ => return None,
        })
    }

    /// The number on the wire.
    #[must_use]
    pub const fn number(self) -> i32 {
        match self {
            PsInvocationState::NotStarted => 0,
            PsInvocationState::Running => 1,
            PsInvocationState::Stopping => 2,
            PsInvocationState::Stopped => 3,
            PsInvocationState::Completed => 4,
            PsInvocationState::Failed => 5,
            PsInvocationState::Disconnected => 6,
        }
    }

    /// The name MS-PSRP gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            PsInvocationState::NotStarted => "NotStarted",
            PsInvocationState::Running => "Running",
            PsInvocationState::Stopping => "Stopping",
            PsInvocationState::Stopped => "Stopped",
            PsInvocationState::Completed => "Completed",
            PsInvocationState::Failed => "Failed",
            PsInvocationState::Disconnected => "Disconnected",
        }
    }

    /// Nothing comes after it.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, PsInvocationState::Stopped | PsInvocationState::Completed | PsInvocationState::Failed)
    }
}

impl fmt::Display for PsInvocationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The member that holds the number of a pool's state.
pub(crate) const RUNSPACE_STATE: &str = "RunspaceState";
/// The member that holds the number of a pipeline's state.
pub(crate) const PIPELINE_STATE: &str = "PipelineState";
