//! What a request asks a server to do.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::attach::BufferMode;
use crate::command::{Signal, StreamChunk};
use crate::shell::ShellId;

/// What a request asks for. `Debug` shows the length of payloads only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A shell is wanted.
    Create {
        /// The name the client would like.
        shell_id: Option<ShellId>,
        /// A name for people.
        name: Option<String>,
        /// What the protocol inside says first.
        creation_xml: Bytes,
        /// That protocol's version.
        protocol_version: Option<String>,
        /// After how long without requests the shell may be ended.
        idle_timeout: Option<Duration>,
    },
    /// A command is to be started.
    Command {
        /// In this shell.
        shell_id: ShellId,
        /// With this name; without one the server chooses.
        command_id: Option<Uuid>,
        /// The beginning of what the command is.
        arguments: Bytes,
    },
    /// Bytes for a command or shell.
    Send {
        /// The shell.
        shell_id: ShellId,
        /// What is sent.
        streams: Vec<StreamChunk>,
    },
    /// Something to read is waited for.
    Receive {
        /// The shell.
        shell_id: ShellId,
        /// The command; `None` is the shell itself.
        command_id: Option<Uuid>,
        /// The client wants an answer, if an empty one, before the operation timeout.
        keep_alive: bool,
    },
    /// A command is to be told something.
    Signal {
        /// The shell.
        shell_id: ShellId,
        /// The command.
        command_id: Option<Uuid>,
        /// What it is told; `None` is a code nobody knows.
        signal: Option<Signal>,
    },
    /// A shell is no longer wanted.
    Delete {
        /// The shell.
        shell_id: ShellId,
    },
    /// The client leaves the shell, which is to stay.
    Disconnect {
        /// The shell.
        shell_id: ShellId,
        /// How long it may stay without a client.
        idle_timeout: Option<Duration>,
        /// What becomes of output meanwhile; `None` is for the server to choose.
        buffer_mode: Option<BufferMode>,
    },
    /// The client that has left the shell is back.
    Reconnect {
        /// The shell.
        shell_id: ShellId,
        /// The command to come back to; `None` is the shell itself.
        command_id: Option<Uuid>,
    },
    /// Another client takes over.
    Connect {
        /// The shell.
        shell_id: ShellId,
        /// The command to take over; `None` is the shell itself.
        command_id: Option<Uuid>,
        /// What the protocol inside says first, for the shell.
        connect_xml: Option<Bytes>,
    },
    /// What is known of a shell is wanted, or only whether it is there.
    GetShell {
        /// The shell.
        shell_id: ShellId,
    },
    /// The shells of the caller are wanted.
    EnumerateShells,
    /// The commands of one of them are wanted.
    EnumerateCommands {
        /// The shell.
        shell_id: ShellId,
    },
    /// The server's configuration is wanted.
    GetConfig,
    /// Something else, or a shell that is not PowerShell's. The fault to answer with is
    /// [`Fault::action_not_supported`](crate::Fault::action_not_supported).
    Other,
}

impl Operation {
    /// The shell it goes to; none when it makes one, or is about something else.
    #[must_use]
    pub fn shell_id(&self) -> Option<&ShellId> {
        match self {
            Self::Command { shell_id, .. }
            | Self::Send { shell_id, .. }
            | Self::Receive { shell_id, .. }
            | Self::Signal { shell_id, .. }
            | Self::Disconnect { shell_id, .. }
            | Self::Reconnect { shell_id, .. }
            | Self::Connect { shell_id, .. }
            | Self::GetShell { shell_id }
            | Self::EnumerateCommands { shell_id }
            | Self::Delete { shell_id } => Some(shell_id),
            Self::Create { .. } | Self::EnumerateShells | Self::GetConfig | Self::Other => None,
        }
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Create { shell_id, name, creation_xml, protocol_version, idle_timeout } => f
                .debug_struct("Create")
                .field("shell_id", shell_id)
                .field("name", name)
                .field("creation_xml_len", &creation_xml.len())
                .field("protocol_version", protocol_version)
                .field("idle_timeout", idle_timeout)
                .finish(),
            Self::Command { shell_id, command_id, arguments } => f
                .debug_struct("Command")
                .field("shell_id", shell_id)
                .field("command_id", command_id)
                .field("arguments_len", &arguments.len())
                .finish(),
            Self::Send { shell_id, streams } => {
                f.debug_struct("Send").field("shell_id", shell_id).field("streams", streams).finish()
            }
            Self::Receive { shell_id, command_id, keep_alive } => f
                .debug_struct("Receive")
                .field("shell_id", shell_id)
                .field("command_id", command_id)
                .field("keep_alive", keep_alive)
                .finish(),
            Self::Signal { shell_id, command_id, signal } => f
                .debug_struct("Signal")
                .field("shell_id", shell_id)
                .field("command_id", command_id)
                .field("signal", signal)
                .finish(),
            Self::Delete { shell_id } => f.debug_struct("Delete").field("shell_id", shell_id).finish(),
            Self::Disconnect { shell_id, idle_timeout, buffer_mode } => f
                .debug_struct("Disconnect")
                .field("shell_id", shell_id)
                .field("idle_timeout", idle_timeout)
                .field("buffer_mode", buffer_mode)
                .finish(),
            Self::Reconnect { shell_id, command_id } => f
                .debug_struct("Reconnect")
                .field("shell_id", shell_id)
                .field("command_id", command_id)
                .finish(),
            Self::Connect { shell_id, command_id, connect_xml } => f
                .debug_struct("Connect")
                .field("shell_id", shell_id)
                .field("command_id", command_id)
                .field("connect_xml_len", &connect_xml.as_ref().map_or(0, Bytes::len))
                .finish(),
            Self::GetShell { shell_id } => f.debug_struct("GetShell").field("shell_id", shell_id).finish(),
            Self::EnumerateShells => f.write_str("EnumerateShells"),
            Self::EnumerateCommands { shell_id } => {
                f.debug_struct("EnumerateCommands").field("shell_id", shell_id).finish()
            }
            Self::GetConfig => f.write_str("GetConfig"),
            Self::Other => f.write_str("Other"),
        }
    }
}
