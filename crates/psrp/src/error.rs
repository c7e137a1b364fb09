//! What can go wrong below the commands: fragments, messages, bodies, order of events.
//!
//! An error record of the remote side is not here: it is data, and arrives as an event.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;

use crate::clixml::DecodeError;
use crate::message::MessageType;
use crate::secret::SecretError;
use crate::version::ProtocolVersion;

/// Why bytes or a call were refused.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Error {
    /// The stream of fragments is broken; nothing after it can be trusted.
    Fragment {
        /// What is wrong with it, or the limit that was met.
        error: FragmentError,
        /// The byte of the stream, counted from its start over all reads, at which the fragment begins.
        offset: u64,
    },
    /// A message that is not one.
    Message(MessageError),
    /// A body that is not CLIXML, or over a limit.
    Body {
        /// The message it came in.
        message_type: MessageType,
        /// Why it could not be read.
        source: Arc<DecodeError>,
    },
    /// A body without what its message type must carry.
    Shape {
        /// The message.
        message_type: MessageType,
        /// The member that is missing or of another kind, as on the wire.
        member: &'static str,
    },
    /// A message that only the other side may send.
    WrongSide {
        /// The message.
        message_type: MessageType,
    },
    /// A message of another runspace pool.
    WrongPool {
        /// The pool in the message.
        found: Uuid,
        /// The pool that was fed.
        expected: Uuid,
    },
    /// The two sides have no protocol version in common.
    Negotiation {
        /// What this side offered.
        ours: ProtocolVersion,
        /// What the other side answered or asked for.
        theirs: ProtocolVersion,
    },
    /// The carrier ended something before it told its end.
    Gone {
        /// What happened, for a person.
        reason: String,
    },
    /// A session key, or a secure string under it, cannot be read.
    Secret(SecretError),
    /// The call or the message does not fit the state.
    State(StateError),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Fragment { error, offset } => write!(f, "{error} (byte {offset} of the stream)"),
            Error::Message(error) => error.fmt(f),
            Error::Body { message_type, source } => {
                write!(f, "body of {message_type} cannot be read: {source}")
            }
            Error::Shape { message_type, member } => {
                write!(f, "{message_type} has no valid member {member}")
            }
            Error::WrongSide { message_type } => {
                write!(f, "{message_type} came from the side that receives it")
            }
            Error::WrongPool { found, expected } => {
                write!(f, "message for runspace pool {found} arrived in pool {expected}")
            }
            Error::Negotiation { ours, theirs } => write!(
                f,
                "the other side speaks protocol {theirs}, which cannot be used with {ours} of this side"
            ),
            Error::Gone { reason } => f.write_str(reason),
            Error::Secret(error) => error.fmt(f),
            Error::State(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Body { source, .. } => Some(&**source),
            _ => None,
        }
    }
}

impl Error {
    /// Whether a limit was met ([`FragmentLimits`](crate::FragmentLimits) or [`Limits`](crate::clixml::Limits)), so that
    /// a higher one would help.
    #[must_use]
    pub fn is_limit(&self) -> bool {
        match self {
            Error::Fragment { error, .. } => matches!(
                error,
                FragmentError::TooLarge { .. }
                    | FragmentError::TooMuchOpen { .. }
                    | FragmentError::TooManyOpen { .. }
            ),
            Error::Body { source, .. } => source.is_limit(),
            _ => false,
        }
    }

    #[cold]
    pub(crate) fn body(message_type: MessageType, source: DecodeError) -> Error {
        Error::Body { message_type, source: Arc::new(source) }
    }
}

impl From<MessageError> for Error {
    fn from(error: MessageError) -> Error {
        Error::Message(error)
    }
}

impl From<SecretError> for Error {
    fn from(error: SecretError) -> Error {
        Error::Secret(error)
    }
}

impl From<StateError> for Error {
    fn from(error: StateError) -> Error {
        Error::State(error)
    }
}

/// A fragment that breaks 2.2.4 or a limit.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FragmentError {
    /// Object ids begin at 1.
    ZeroObjectId {
        /// The fragment that carried it.
        fragment_id: u64,
    },
    /// A gap or a fragment sent twice.
    OutOfOrder {
        /// The message.
        object_id: u64,
        /// The fragment that came.
        fragment_id: u64,
        /// The fragment that had to come.
        expected: u64,
    },
    /// A continuation of a message that was never begun.
    MissingStart {
        /// The message.
        object_id: u64,
        /// The fragment that came.
        fragment_id: u64,
    },
    /// A message begun again before it ended.
    SecondStart {
        /// The message.
        object_id: u64,
        /// The fragment that came.
        fragment_id: u64,
    },
    /// One message is, or announces to become, too long.
    TooLarge {
        /// The message.
        object_id: u64,
        /// Its length with what the fragment announces, in bytes.
        announced_len: usize,
        /// `max_message_len`, in bytes.
        limit: usize,
    },
    /// All unfinished messages together are too long.
    TooMuchOpen {
        /// Their length with what the fragment announces, in bytes.
        announced_len: usize,
        /// `max_open_len`, in bytes.
        limit: usize,
    },
    /// Too many messages are begun and not ended.
    TooManyOpen {
        /// The message that was one too many.
        object_id: u64,
        /// `max_open_objects`.
        limit: usize,
    },
}

impl fmt::Display for FragmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FragmentError::ZeroObjectId { fragment_id } => {
                write!(f, "fragment {fragment_id} has object id 0, ids begin at 1")
            }
            FragmentError::OutOfOrder { object_id, fragment_id, expected } => {
                write!(f, "fragment {fragment_id} of object {object_id} arrived, expected {expected}")
            }
            FragmentError::MissingStart { object_id, fragment_id } => {
                write!(
                    f,
                    "fragment {fragment_id} of object {object_id} arrived before the start of the object"
                )
            }
            FragmentError::SecondStart { object_id, fragment_id } => {
                write!(f, "fragment {fragment_id} of object {object_id} starts the object a second time")
            }
            FragmentError::TooLarge { object_id, announced_len, limit } => write!(
                f,
                "object {object_id} has at least {announced_len} bytes, the limit max_message_len is {limit}; \
                 raise it or ask for less at a time"
            ),
            FragmentError::TooMuchOpen { announced_len, limit } => write!(
                f,
                "unfinished objects have at least {announced_len} bytes, the limit max_open_len is {limit}"
            ),
            FragmentError::TooManyOpen { object_id, limit } => write!(
                f,
                "object {object_id} was begun while {limit} others are unfinished, the limit max_open_objects is {limit}"
            ),
        }
    }
}

impl std::error::Error for FragmentError {}

/// A message header that breaks 2.2.1.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum MessageError {
    /// Shorter than its header.
    Truncated {
        /// Bytes that came.
        len: usize,
    },
    /// Neither client nor server.
    UnknownDestination(u32),
    /// No message type has this number.
    UnknownType(u32),
}

impl fmt::Display for MessageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MessageError::Truncated { len } => {
                write!(f, "message has {len} bytes, its header alone needs 40")
            }
            MessageError::UnknownDestination(number) => {
                write!(f, "message is for destination {number}, known are 1 (client) and 2 (server)")
            }
            MessageError::UnknownType(number) => write!(f, "message type 0x{number:08X} is not known"),
        }
    }
}

impl std::error::Error for MessageError {}

/// Something was asked that the state does not allow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateError {
    kind: StateErrorKind,
    action: &'static str,
    state: &'static str,
    allowed: &'static [&'static str],
    advice: Option<&'static str>,
}

/// The sort of a [`StateError`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StateErrorKind {
    /// Not opened yet.
    NotOpen,
    /// Opened before.
    AlreadyOpen,
    /// Ended in order.
    Closed,
    /// Ended by an error.
    Broken,
    /// No pipeline has this id, or it has ended and was removed.
    UnknownPipeline,
    /// A pipeline with this id exists.
    DuplicatePipeline,
    /// The pipeline takes no input, or its input has ended.
    NoInput,
    /// The negotiated protocol or this implementation does not have it.
    NotSupported,
    /// A secure string is to be sent, and there is no session key yet: exchange one, then try again.
    NeedsSessionKey,
    /// The session key was asked for, was received or stands already, or cannot be used.
    SessionKey,
}

impl StateError {
    #[cold]
    pub(crate) fn new(
        kind: StateErrorKind,
        action: &'static str,
        state: &'static str,
        allowed: &'static [&'static str],
    ) -> StateError {
        StateError { kind, action, state, allowed, advice: None }
    }

    pub(crate) fn with_advice(mut self, advice: &'static str) -> StateError {
        self.advice = Some(advice);
        self
    }

    /// The sort.
    #[must_use]
    pub fn kind(&self) -> StateErrorKind {
        self.kind
    }

    /// What was asked.
    #[must_use]
    pub fn action(&self) -> &'static str {
        self.action
    }

    /// The state it was asked in.
    #[must_use]
    pub fn state(&self) -> &'static str {
        self.state
    }

    /// The states it may be asked in.
    #[must_use]
    pub fn allowed(&self) -> &'static [&'static str] {
        self.allowed
    }
}

impl fmt::Display for StateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {} in state {}", self.action, self.state)?;
        if !self.allowed.is_empty() {
            write!(f, ", allowed in {}", self.allowed.join(", "))?;
        }
        match self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for StateError {}
