//! [2.2.4] Packet fragments: a message cut into pieces and put together again.
//!
//! Twenty-one bytes of header, then the blob; integers are big-endian. A message may span many
//! fragments and many reads, and fragments of several messages may alternate.
//!
//! [2.2.4]: https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp/3610dae4-67f7-4175-82da-a3fab83af288

mod defragmenter;

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use bytes::{Buf, BufMut as _};

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
        let blob = self.blob.get(..MAX_BLOB_LEN).unwrap_or(self.blob);
        let Fragment { object_id, fragment_id, start, end, .. } = *self;
        let header = Header { object_id, fragment_id, start, end, blob_len: blob.len() };
        out.reserve(Fragment::HEADER_LEN + blob.len());
        out.extend_from_slice(&header.encode());
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

    fn encode(&self) -> [u8; Fragment::HEADER_LEN] {
        let mut bytes = [0; Fragment::HEADER_LEN];
        let mut rest = &mut bytes[..];
        rest.put_u64(self.object_id);
        rest.put_u64(self.fragment_id);
        rest.put_u8((u8::from(self.start) * START) | (u8::from(self.end) * END));
        // INVARIANT: the length is at most MAX_BLOB_LEN.
        rest.put_u32(u32::try_from(self.blob_len).unwrap_or(u32::MAX));
        bytes
    }

    /// Whether it is a message for itself, with all of its blob in the `here` bytes behind the header.
    fn is_whole(&self, here: usize) -> bool {
        self.start && self.end && self.blob_len <= here
    }
}

/// Cuts messages into fragments, in the order they were pushed.
///
/// Messages are written into one buffer, each behind room for a header, and a fragment is a slice of it. Where a message
/// is cut, the header of its next fragment is written over the end of the fragment before, which was taken by then.
#[derive(Default)]
pub struct Fragmenter {
    bytes: Vec<u8>,
    /// Where the first message that waits goes on, or ends the last that was taken.
    ///
    /// INVARIANT: ahead of it is a header's room that nobody needs any more.
    at: usize,
    queue: VecDeque<Outgoing>,
    last_object_id: u64,
}

/// A message that waits, or what is left of it.
struct Outgoing {
    object_id: u64,
    fragment_id: u64,
    /// Bytes that were not taken.
    left: usize,
}

impl fmt::Debug for Fragmenter {
    /// Without the bytes: parameters may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting: usize = self.queue.iter().map(|message| message.left).sum();
        write!(f, "Fragmenter({} messages of {waiting} bytes wait)", self.queue.len())
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
        self.push_with(object_id, |bytes| message.encode(bytes));
        object_id
    }

    /// Queues a message that `write` appends to the bytes it is given, under an object id that the caller counts.
    pub(crate) fn push_with(&mut self, object_id: u64, write: impl FnOnce(&mut Vec<u8>)) {
        self.make_room();
        self.bytes.extend_from_slice(&[0; Fragment::HEADER_LEN]);
        let start = self.bytes.len();
        if self.queue.is_empty() {
            self.at = start;
        }
        write(&mut self.bytes);
        let left = self.bytes.len().saturating_sub(start);
        self.last_object_id = object_id;
        self.queue.push_back(Outgoing { object_id, fragment_id: 0, left });
    }

    /// The next bytes to send: one or more whole fragments, together at most `max_len` bytes
    /// (a `max_len` below [`Fragmenter::MIN_LEN`] counts as that).
    ///
    /// A message is cut only when it does not fit into `max_len` alone. Poll again after each `push` and until
    /// `None`.
    pub fn poll_transmit(&mut self, max_len: usize) -> Option<&[u8]> {
        let taken = self.take(max_len)?;
        self.bytes.get(taken)
    }

    /// The next single fragment, at most `max_len` bytes long: what the Command request of WSMan carries.
    ///
    /// Poll again after each `push` and until `None`.
    pub fn poll_fragment(&mut self, max_len: usize) -> Option<&[u8]> {
        let taken = self.cut(max_len.max(Fragmenter::MIN_LEN))?;
        self.bytes.get(taken)
    }

    /// Nothing waits to be sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Takes what [`Fragmenter::poll_transmit`] gives; where it stands until the next message is pushed.
    pub(crate) fn take(&mut self, max_len: usize) -> Option<Range<usize>> {
        let max_len = max_len.max(Fragmenter::MIN_LEN);
        let mut taken = self.cut(max_len)?;
        while let Some(next) = self.queue.front()
            && Fragment::HEADER_LEN + next.left <= max_len - taken.len()
            && let Some(next) = self.cut(max_len)
        {
            taken.end = next.end;
        }
        Some(taken)
    }

    /// What was taken last.
    pub(crate) fn taken(&self, place: Range<usize>) -> Option<&[u8]> {
        self.bytes.get(place)
    }

    /// Forgets what waits and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.queue.clear();
        self.make_room();
    }

    /// Takes one fragment of the first message, at most `room` bytes long, and writes its header.
    fn cut(&mut self, room: usize) -> Option<Range<usize>> {
        let first = self.queue.front_mut()?;
        let blob_len = first.left.min(room.saturating_sub(Fragment::HEADER_LEN)).min(MAX_BLOB_LEN);
        let header = Header {
            object_id: first.object_id,
            fragment_id: first.fragment_id,
            start: first.fragment_id == 0,
            end: blob_len == first.left,
            blob_len,
        };
        let place = self.at.checked_sub(Fragment::HEADER_LEN)?..self.at + blob_len;
        *self.bytes.get_mut(place.clone())?.first_chunk_mut()? = header.encode();
        self.at = place.end;
        if header.end {
            self.queue.pop_front();
            // The next message begins behind its own room for a header.
            if !self.queue.is_empty() {
                self.at += Fragment::HEADER_LEN;
            }
        } else {
            first.left -= blob_len;
            first.fragment_id += 1;
        }
        Some(place)
    }

    /// Takes away what was sent, once it is the larger part: so a byte is moved once on the average.
    fn make_room(&mut self) {
        if self.queue.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_LEN);
            return;
        }
        let sent = self.at.saturating_sub(Fragment::HEADER_LEN);
        if self.bytes.len() / 2 < sent {
            self.bytes.drain(..sent);
            self.at -= sent;
        }
    }
}

const START: u8 = 0x01;
const END: u8 = 0x02;
/// The longest blob a header can announce.
const MAX_BLOB_LEN: usize = 0xFFFF_FFFF;
/// So much memory is kept for the next messages when all were sent.
const KEPT_LEN: usize = 1 << 18;
