//! What waits to be sent, per addressee and stream.

use std::ops::Range;

use bytes::Bytes;
use uuid::Uuid;

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
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Transmit<'o> {
    /// The stream they belong to.
    pub stream: Stream,
    /// The fragments, where their messages were written.
    pub payload: &'o [u8],
}

impl std::fmt::Debug for Transmit<'_> {
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

    /// Queues a message whose body `write` appends; a byte order mark goes in front of it, as PowerShell has it, unless
    /// the body stays empty.
    pub(crate) fn write(
        &mut self,
        to: &mut Fragmenter,
        message_type: MessageType,
        pid: Option<Uuid>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.write_for(self.rpid, to, message_type, pid, write);
    }

    /// The same with another runspace pool in the header: a server leaves it zero in its first message.
    pub(crate) fn write_for(
        &mut self,
        rpid: Uuid,
        to: &mut Fragmenter,
        message_type: MessageType,
        pid: Option<Uuid>,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        self.last_object_id += 1;
        let header = Message { destination: self.destination, message_type, rpid, pid, data: Bytes::new() };
        to.push_with(self.last_object_id, |bytes| {
            header.encode_header(bytes);
            let header_end = bytes.len();
            bytes.extend_from_slice(BYTE_ORDER_MARK);
            let empty_end = bytes.len();
            write(bytes);
            if bytes.len() == empty_end {
                bytes.truncate(header_end);
            }
        });
    }
}

/// The messages for one addressee.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pub(crate) default: Fragmenter,
    pub(crate) prompt_response: Fragmenter,
}

/// Where in an [`Outbox`] something stands that was taken from it.
pub(crate) struct Taken {
    stream: Stream,
    place: Range<usize>,
}

impl Outbox {
    pub(crate) fn is_empty(&self) -> bool {
        self.default.is_empty() && self.prompt_response.is_empty()
    }

    /// Forgets what waits and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.default.clear();
        self.prompt_response.clear();
    }

    pub(crate) fn poll(&mut self, max_len: usize) -> Option<Transmit<'_>> {
        let taken = self.take(max_len)?;
        self.taken(taken)
    }

    /// The first fragment alone, on the default stream.
    pub(crate) fn poll_first(&mut self, max_len: usize) -> Option<Transmit<'_>> {
        let payload = self.default.poll_fragment(max_len)?;
        Some(Transmit { stream: Stream::Default, payload })
    }

    /// Takes what [`Outbox::poll`] gives. Answers to host calls go first: the remote side waits for them.
    pub(crate) fn take(&mut self, max_len: usize) -> Option<Taken> {
        if let Some(place) = self.prompt_response.take(max_len) {
            return Some(Taken { stream: Stream::PromptResponse, place });
        }
        let place = self.default.take(max_len)?;
        Some(Taken { stream: Stream::Default, place })
    }

    /// What was taken last.
    pub(crate) fn taken(&self, taken: Taken) -> Option<Transmit<'_>> {
        let fragmenter = match taken.stream {
            Stream::Default => &self.default,
            Stream::PromptResponse => &self.prompt_response,
        };
        Some(Transmit { stream: taken.stream, payload: fragmenter.taken(taken.place)? })
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
