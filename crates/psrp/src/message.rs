//! [2.2.1] Messages: a 40-byte header, then a CLIXML body.
//!
//! [2.2.1]: https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp/497ac440-89fb-4cb3-9cc1-3434c1aa74c3

mod kind;

use bytes::{Buf, Bytes};
use uuid::Uuid;

pub use self::kind::{MessageTarget, MessageType};
use crate::error::MessageError;

/// Who a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum Destination {
    /// The side that asked.
    Client = 1,
    /// The side that runs commands.
    Server = 2,
}

impl Destination {
    /// The number on the wire.
    #[must_use]
    pub fn number(self) -> u32 {
        match self {
            Destination::Client => 1,
            Destination::Server => 2,
        }
    }
}

impl TryFrom<u32> for Destination {
    type Error = MessageError;

    fn try_from(number: u32) -> Result<Destination, MessageError> {
        match number {
            1 => Ok(Destination::Client),
            2 => Ok(Destination::Server),
            _ => Err(MessageError::UnknownDestination(number)),
        }
    }
}

/// A message, whole.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Which side it is for.
    pub destination: Destination,
    /// What it says.
    pub message_type: MessageType,
    /// The runspace pool. A server leaves it zero where it does not know the pool yet.
    pub rpid: Uuid,
    /// The pipeline; `None` (all zero on the wire) when the message is for the pool.
    pub pid: Option<Uuid>,
    /// CLIXML in UTF-8, with or without a byte order mark; may be empty.
    pub data: Bytes,
}

impl std::fmt::Debug for Message {
    /// The header and the length of the body: bodies hold people's data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Message")
            .field("destination", &self.destination)
            .field("message_type", &self.message_type)
            .field("rpid", &self.rpid)
            .field("pid", &self.pid)
            .field("data_len", &self.data.len())
            .finish()
    }
}

impl Message {
    /// Length of the header in bytes.
    pub const HEADER_LEN: usize =
        4 /* destination */ + 4 /* type */ + 16 /* RPID */ + 16 /* PID */;

    /// Reads header and body; the body is a slice of `src`, not a copy.
    ///
    /// # Errors
    /// Fewer than 40 bytes, or a destination or type that MS-PSRP does not know.
    pub fn decode(mut src: Bytes) -> Result<Message, MessageError> {
        let parts = Message::decode_header(&src)?;
        src.advance(Message::HEADER_LEN);
        Ok(parts.with_body(src))
    }

    /// What the header of a message says.
    #[inline(always)]
    pub(crate) fn decode_header(src: &[u8]) -> Result<Parts, MessageError> {
        let Some(mut header) = src.first_chunk::<{ Message::HEADER_LEN }>().map(<[u8; _]>::as_slice) else {
            return Err(MessageError::Truncated { len: src.len() });
        };
        let destination = Destination::try_from(header.get_u32_le())?;
        let message_type = MessageType::try_from(header.get_u32_le())?;
        let rpid = header.first_chunk().and_then(guid).unwrap_or(Uuid::nil());
        let pid = header.last_chunk().and_then(guid);
        Ok(Parts { destination, message_type, rpid, pid })
    }

    /// Appends header and body to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.encode_header(out);
        out.extend_from_slice(&self.data);
    }

    /// Appends the header to `out`: its integers are little-endian, and so are the first three groups of its
    /// identifiers.
    pub(crate) fn encode_header(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.destination.number().to_le_bytes());
        out.extend_from_slice(&self.message_type.number().to_le_bytes());
        out.extend_from_slice(&self.rpid.to_bytes_le());
        out.extend_from_slice(&self.pid.unwrap_or(Uuid::nil()).to_bytes_le());
    }
}

/// What the header of a message says.
pub(crate) struct Parts {
    destination: Destination,
    message_type: MessageType,
    rpid: Uuid,
    pid: Option<Uuid>,
}

impl Parts {
    /// The message that has this header, and this body.
    #[inline(always)]
    pub(crate) fn with_body(self, data: Bytes) -> Message {
        let Parts { destination, message_type, rpid, pid } = self;
        Message { destination, message_type, rpid, pid, data }
    }
}

/// An identifier, whose first three groups are little-endian; `None` when it is all zero.
#[inline]
fn guid(bytes: &[u8; 16]) -> Option<Uuid> {
    // As one number, because byte by byte it takes as long as the whole message.
    let bits = u128::from_le_bytes(*bytes);
    let fours = bits << 24 & 0xFF00_0000 | bits << 8 & 0xFF_0000 | bits >> 8 & 0xFF00 | bits >> 24 & 0xFF;
    let twos = bits << 8 & 0xFF00_FF00_0000_0000 | bits >> 8 & 0x00FF_00FF_0000_0000;
    let last = bits >> 64 << 64;
    (bits != 0).then(|| Uuid::from_bytes((fours | twos | last).to_le_bytes()))
}
