//! What waits to be sent, per addressee and stream.

use uuid::Uuid;

use bytes::Bytes;

use crate::fragment::Fragmenter;
use crate::message::{Destination, Message, MessageType};

/// Whom bytes are for: the carrier has one queue for the pool and one for each pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// The runspace pool.
    Pool,
    /// One of its pipelines.
    Pipeline(Uuid),
}

/// Which input stream of the carrier takes the bytes (3.1.5.3.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// `stdin`.
    Default,
    /// `pr`: answers to host calls.
    PromptResponse,
}

/// Whole fragments that are ready to go.
#[derive(Clone, PartialEq, Eq)]
pub struct Transmit {
    /// The stream they belong to.
    pub stream: Stream,
    /// The fragments.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for Transmit {
    /// Without the payload: it holds parameters of commands.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Transmit")
            .field("stream", &self.stream)
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// Writes messages of one side of one pool and counts their object ids, which the pool shares with its pipelines.
#[derive(Debug)]
pub(crate) struct Author {
    destination: Destination,
    pub(crate) rpid: Uuid,
    last_object_id: u64,
}

impl Author {
    pub(crate) fn new(destination: Destination, rpid: Uuid) -> Author {
        Author { destination, rpid, last_object_id: 0 }
    }

    /// A message whose body `write` appends; a byte order mark goes in front of it, as PowerShell has it, unless the
    /// body stays empty.
    pub(crate) fn write(
        &mut self,
        message_type: MessageType,
        pid: Option<Uuid>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Letter {
        self.write_for(self.rpid, message_type, pid, write)
    }

    /// The same with another runspace pool in the header: a server leaves it zero in its first message.
    pub(crate) fn write_for(
        &mut self,
        rpid: Uuid,
        message_type: MessageType,
        pid: Option<Uuid>,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Letter {
        let mut bytes = Vec::new();
        Message { destination: self.destination, message_type, rpid, pid, data: Bytes::new() }
            .encode_header(&mut bytes);
        let header_len = bytes.len();
        bytes.extend_from_slice(BYTE_ORDER_MARK);
        let empty_len = bytes.len();
        write(&mut bytes);
        if bytes.len() == empty_len {
            bytes.truncate(header_len);
        }
        self.last_object_id += 1;
        Letter { object_id: self.last_object_id, bytes }
    }
}

/// An encoded message with its object id.
pub(crate) struct Letter {
    object_id: u64,
    bytes: Vec<u8>,
}

/// The messages for one addressee.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    default: Fragmenter,
    prompt_response: Fragmenter,
}

impl Outbox {
    pub(crate) fn push(&mut self, stream: Stream, letter: Letter) {
        let fragmenter = match stream {
            Stream::Default => &mut self.default,
            Stream::PromptResponse => &mut self.prompt_response,
        };
        fragmenter.push_encoded(letter.object_id, letter.bytes);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.default.is_empty() && self.prompt_response.is_empty()
    }

    /// Answers to host calls go first: the remote side waits for them.
    pub(crate) fn poll(&mut self, max_len: usize) -> Option<Transmit> {
        if let Some(payload) = self.prompt_response.poll_transmit(max_len) {
            return Some(Transmit { stream: Stream::PromptResponse, payload });
        }
        let payload = self.default.poll_transmit(max_len)?;
        Some(Transmit { stream: Stream::Default, payload })
    }

    /// The first fragment alone, on the default stream.
    pub(crate) fn poll_first(&mut self, max_len: usize) -> Option<Transmit> {
        let payload = self.default.poll_fragment(max_len)?;
        Some(Transmit { stream: Stream::Default, payload })
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
