//! [2.2.4] Packet fragments: a message cut into pieces and put together again.
//!
//! Twenty-one bytes of header, then the blob; integers are big-endian. A message may span many
//! fragments and many reads, and fragments of several messages may alternate.
//!
//! [2.2.4]: https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp/3610dae4-67f7-4175-82da-a3fab83af288

mod defragmenter;

use std::collections::VecDeque;
use std::fmt;

use bytes::Buf;

pub use self::defragmenter::{Defragmenter, FragmentLimits};
use crate::error::FragmentError;
use crate::message::Message;

/// One piece of a message.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fragment<'a> {
    /// The message this is a piece of: greater than zero, one number per message of a pool and its
    /// pipelines.
    pub object_id: u64,
    /// Starts at 0 and grows by 1 within an object.
    pub fragment_id: u64,
    /// First piece.
    pub start: bool,
    /// Last piece.
    pub end: bool,
    /// The bytes.
    pub blob: &'a [u8],
}

impl fmt::Debug for Fragment<'_> {
    /// The header: blobs hold people's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fragment { object_id, fragment_id, start, end, blob } = self;
        f.debug_struct("Fragment")
            .field("object_id", object_id)
            .field("fragment_id", fragment_id)
            .field("start", start)
            .field("end", end)
            .field("blob_len", &blob.len())
            .finish()
    }
}

impl<'a> Fragment<'a> {
    /// Length of the header in bytes.
    pub const HEADER_LEN: usize =
        8 /* object id */ + 8 /* fragment id */ + 1 /* flags */ + 4 /* blob length */;

    /// Reads one fragment from the front of `src` and gives the rest; `None` asks for more bytes.
    ///
    /// # Errors
    /// The header breaks a rule of 2.2.4, or announces a blob of more than `max_blob_len` bytes: that is
    /// said before the bytes are awaited.
    pub fn decode(
        src: &'a [u8],
        max_blob_len: usize,
    ) -> Result<Option<(Fragment<'a>, &'a [u8])>, FragmentError> {
        let Some((header, rest)) = src.split_first_chunk::<{ Fragment::HEADER_LEN }>() else {
            return Ok(None);
        };
        let header = Header::decode(header)?;
        if header.blob_len > max_blob_len {
            return Err(FragmentError::TooLarge {
                object_id: header.object_id,
                announced_len: header.blob_len,
                limit: max_blob_len,
            });
        }
        let Some((blob, rest)) = rest.split_at_checked(header.blob_len) else { return Ok(None) };
        let Header { object_id, fragment_id, start, end, .. } = header;
        Ok(Some((Fragment { object_id, fragment_id, start, end, blob }, rest)))
    }

    /// Appends header and blob to `out`. A header can announce 4 GiB - 1 at most: of a longer blob only so much is
    /// written ([`Fragmenter`] never makes one).
    pub fn encode(&self, out: &mut Vec<u8>) {
        let (blob_len, blob) = match u32::try_from(self.blob.len()) {
            Ok(len) => (len, self.blob),
            Err(_) => (u32::MAX, self.blob.get(..MAX_BLOB_LEN).unwrap_or(self.blob)),
        };
        out.reserve(Fragment::HEADER_LEN + blob.len());
        out.extend_from_slice(&self.object_id.to_be_bytes());
        out.extend_from_slice(&self.fragment_id.to_be_bytes());
        out.push((u8::from(self.start) * START) | (u8::from(self.end) * END));
        out.extend_from_slice(&blob_len.to_be_bytes());
        out.extend_from_slice(blob);
    }
}

/// The fixed part of a fragment.
#[derive(Debug, Clone, Copy)]
struct Header {
    object_id: u64,
    fragment_id: u64,
    start: bool,
    end: bool,
    blob_len: usize,
}

impl Header {
    fn decode(src: &[u8; Fragment::HEADER_LEN]) -> Result<Header, FragmentError> {
        let mut src = &src[..];
        let object_id = src.get_u64();
        let fragment_id = src.get_u64();
        let flags = src.get_u8();
        let announced = src.get_u32();
        if object_id == 0 {
            return Err(FragmentError::ZeroObjectId { fragment_id });
        }
        // A target whose `usize` cannot hold the length cannot hold the blob either: the limit refuses it.
        let blob_len = usize::try_from(announced).unwrap_or(usize::MAX);
        Ok(Header { object_id, fragment_id, start: flags & START != 0, end: flags & END != 0, blob_len })
    }

    /// Whether it is a message for itself, with all of its blob in the `here` bytes behind the header.
    fn is_whole(&self, here: usize) -> bool {
        self.start && self.end && self.blob_len <= here
    }
}

/// Cuts messages into fragments, in the order they were pushed.
#[derive(Debug, Default)]
pub struct Fragmenter {
    queue: VecDeque<Outgoing>,
    last_object_id: u64,
}

struct Outgoing {
    object_id: u64,
    fragment_id: u64,
    bytes: Vec<u8>,
    sent: usize,
}

impl fmt::Debug for Outgoing {
    /// Without the bytes: parameters may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "object {}: {} of {} bytes sent", self.object_id, self.sent, self.bytes.len())
    }
}

impl Fragmenter {
    /// The smallest room a fragment with one byte of a message needs.
    pub const MIN_LEN: usize = Fragment::HEADER_LEN + 1;

    /// An empty queue; the first message gets object id 1.
    #[must_use]
    pub fn new() -> Fragmenter {
        Fragmenter::default()
    }

    /// Queues a message and gives it the next object id, which is returned.
    pub fn push(&mut self, message: &Message) -> u64 {
        let object_id = self.last_object_id + 1;
        let mut bytes = Vec::with_capacity(Message::HEADER_LEN + message.data.len());
        message.encode(&mut bytes);
        self.push_encoded(object_id, bytes);
        object_id
    }

    /// Queues the encoded bytes of a message under an object id that the caller counts.
    pub(crate) fn push_encoded(&mut self, object_id: u64, bytes: Vec<u8>) {
        self.last_object_id = object_id;
        self.queue.push_back(Outgoing { object_id, fragment_id: 0, bytes, sent: 0 });
    }

    /// The next bytes to send: one or more whole fragments, together at most `max_len` bytes
    /// (a `max_len` below [`Fragmenter::MIN_LEN`] counts as that).
    ///
    /// A message is cut only when it does not fit into `max_len` alone. Poll again after each `push` and until
    /// `None`.
    pub fn poll_transmit(&mut self, max_len: usize) -> Option<Vec<u8>> {
        let max_len = max_len.max(Fragmenter::MIN_LEN);
        let mut out = self.poll_fragment(max_len)?;
        while let Some(next) = self.queue.front() {
            let whole_len = Fragment::HEADER_LEN + (next.bytes.len() - next.sent);
            if whole_len > max_len - out.len() {
                break;
            }
            self.cut(whole_len, &mut out);
        }
        Some(out)
    }

    /// The next single fragment, at most `max_len` bytes long: what the Command request of WSMan carries.
    ///
    /// Poll again after each `push` and until `None`.
    pub fn poll_fragment(&mut self, max_len: usize) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        self.cut(max_len.max(Fragmenter::MIN_LEN), &mut out);
        (!out.is_empty()).then_some(out)
    }

    /// Nothing waits to be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Appends one fragment of the first message, at most `room` bytes long.
    fn cut(&mut self, room: usize, out: &mut Vec<u8>) {
        let Some(first) = self.queue.front_mut() else { return };
        let left = first.bytes.get(first.sent..).unwrap_or_default();
        let blob_len = left.len().min(room.saturating_sub(Fragment::HEADER_LEN)).min(MAX_BLOB_LEN);
        let end = blob_len == left.len();
        let fragment = Fragment {
            object_id: first.object_id,
            fragment_id: first.fragment_id,
            start: first.fragment_id == 0,
            end,
            blob: left.get(..blob_len).unwrap_or_default(),
        };
        fragment.encode(out);
        if end {
            self.queue.pop_front();
        } else {
            first.sent += blob_len;
            first.fragment_id += 1;
        }
    }
}

const START: u8 = 0x01;
const END: u8 = 0x02;
/// The longest blob a header can announce.
const MAX_BLOB_LEN: usize = 0xFFFF_FFFF;
