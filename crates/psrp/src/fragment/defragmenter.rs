//! Fragments put together to messages, within limits.

use std::collections::VecDeque;
use std::fmt;

use bytes::{Buf, Bytes};

use super::{Fragment, Header};
use crate::error::{Error, FragmentError};
use crate::message::{Message, Parts};

/// What a [`Defragmenter`] may hold at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FragmentLimits {
    /// Bytes of one message, its 40-byte header included.
    pub max_message_len: usize,
    /// Messages begun and not yet ended.
    pub max_open_objects: usize,
    /// Bytes of all messages begun and not yet ended.
    pub max_open_len: usize,
}

impl Default for FragmentLimits {
    /// 512 MiB a message, 64 open messages with 512 MiB together.
    fn default() -> Self {
        FragmentLimits { max_message_len: 512 << 20, max_open_objects: 64, max_open_len: 512 << 20 }
    }
}

/// Puts messages together again ([3.1.1.2.3]).
///
/// Bytes may arrive in any slices: a header or a blob may be split over reads. A message that is one
/// fragment in one read is handed on without a copy. Bytes are read when messages are asked for, so each message comes
/// right after its bytes were looked at for the first time; all that lie in a read once would be a walk from header to
/// header through memory that is not in the cache yet. After an error no more bytes are taken; the messages completed
/// before it came ahead of it.
///
/// [3.1.1.2.3]: https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp/6e2faef7-13a5-4617-9243-a42d260c6f3c
pub struct Defragmenter {
    limits: FragmentLimits,
    open: Vec<Open>,
    open_len: usize,
    position: Position,
    /// Bytes of the stream that were read.
    offset: u64,
    /// What is left of the read that messages are taken out of.
    read: Bytes,
    /// The reads behind it.
    later: VecDeque<Bytes>,
    failed: Option<Error>,
}

/// Where in the byte stream the next byte belongs.
#[derive(Debug)]
enum Position {
    Header {
        bytes: [u8; Fragment::HEADER_LEN],
        filled: usize,
    },
    /// INVARIANT: `open[object]` exists and `missing` is greater than zero.
    Blob {
        object: usize,
        missing: usize,
        end: bool,
    },
}

/// A message begun and not yet ended.
struct Open {
    object_id: u64,
    next_fragment_id: u64,
    bytes: Vec<u8>,
}

impl fmt::Debug for Open {
    /// Without the bytes: they hold people's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "object {}: {} bytes, next fragment {}",
            self.object_id,
            self.bytes.len(),
            self.next_fragment_id
        )
    }
}

impl fmt::Debug for Defragmenter {
    /// Without the bytes: they hold people's data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Defragmenter")
            .field("limits", &self.limits)
            .field("open", &self.open)
            .field("offset", &self.offset)
            .field("read_len", &self.read.len())
            .field("later", &self.later.len())
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl Defragmenter {
    /// An empty one.
    #[must_use]
    pub fn new(limits: FragmentLimits) -> Defragmenter {
        Defragmenter {
            limits,
            open: Vec::new(),
            open_len: 0,
            position: AT_HEADER,
            offset: 0,
            read: Bytes::new(),
            later: VecDeque::new(),
            failed: None,
        }
    }

    /// Takes the next bytes of the stream. Poll messages after it.
    pub fn handle_bytes(&mut self, bytes: Bytes) {
        if self.failed.is_some() {
            return;
        }
        if self.read.is_empty() {
            self.read = bytes;
        } else {
            self.later.push_back(bytes);
        }
    }

    /// The next complete message. Poll after each `handle_bytes`, until there is none or an error.
    ///
    /// # Errors
    /// A fragment out of order, over a limit or without a start, or a message whose header is wrong. The error
    /// stays: each later call gives it again.
    #[inline]
    pub fn poll_message(&mut self) -> Result<Option<Message>, Error> {
        match self.whole_message() {
            Some((parts, body_len)) => Ok(Some(self.take_message(parts, body_len))),
            None => self.poll_pieces(),
        }
    }

    /// The next message when none stands whole in front.
    #[inline(never)]
    fn poll_pieces(&mut self) -> Result<Option<Message>, Error> {
        loop {
            if self.read.is_empty() {
                match (self.later.pop_front(), &self.failed) {
                    (Some(read), _) => self.read = read,
                    (None, Some(error)) => return Err(error.clone()),
                    (None, None) => return Ok(None),
                }
                if let Some((parts, body_len)) = self.whole_message() {
                    return Ok(Some(self.take_message(parts, body_len)));
                }
            }
            match self.next_piece() {
                Ok(None) => {}
                Ok(message) => return Ok(message),
                Err(error) => {
                    self.failed = Some(error.clone());
                    (self.open, self.read, self.later) = (Vec::new(), Bytes::new(), VecDeque::new());
                    return Err(error);
                }
            }
        }
    }

    /// What the message in front says of itself, and how long its body is, when it is one fragment and nothing else is
    /// under way: the usual case, in which nothing has to be looked up. What is wrong with any other is said when it is read
    /// in pieces.
    #[inline(always)]
    fn whole_message(&self) -> Option<(Parts, usize)> {
        if !matches!(self.position, Position::Header { filled: 0, .. }) || !self.open.is_empty() {
            return None;
        }
        let (header, behind) = self.read.split_first_chunk()?;
        let header = Header::decode(header).ok()?;
        if header.fragment_id != 0
            || self.limits.max_message_len < header.blob_len
            || !header.is_whole(behind.len())
        {
            return None;
        }
        let parts = Message::decode_header(behind.get(..header.blob_len)?).ok()?;
        Some((parts, header.blob_len - Message::HEADER_LEN))
    }

    /// Takes the message that [`Defragmenter::whole_message`] found: both headers are passed over first, so that the body
    /// is cut out once and stays as it is.
    #[inline(always)]
    fn take_message(&mut self, parts: Parts, body_len: usize) -> Message {
        const HEADERS_LEN: usize = Fragment::HEADER_LEN + Message::HEADER_LEN;
        self.offset += wide(HEADERS_LEN + body_len);
        self.read.advance(HEADERS_LEN);
        parts.with_body(self.read.split_to(body_len))
    }

    /// Reads a piece of what is in front: of a header or of a blob. Gives the message that it completes.
    fn next_piece(&mut self) -> Result<Option<Message>, Error> {
        match &mut self.position {
            Position::Header { bytes: header, filled } => {
                let wanted = header.get_mut(*filled..).unwrap_or_default();
                let taken = wanted.len().min(self.read.len());
                let Some((wanted, rest)) = wanted.split_at_mut_checked(taken) else { return Ok(None) };
                self.read.copy_to_slice(wanted);
                *filled += taken;
                self.offset += wide(taken);
                if !rest.is_empty() {
                    return Ok(None);
                }
                let header = Header::decode(header);
                self.position = AT_HEADER;
                let offset = self.offset - wide(Fragment::HEADER_LEN);
                let known = header.and_then(|header| Ok((header, self.check(&header, self.read.len())?)));
                let (header, known) = known.map_err(|error| Error::Fragment { error, offset })?;
                self.begin(header, known)
            }
            Position::Blob { object, missing, end } => {
                let (object, end) = (*object, *end);
                let piece = self.read.split_to(self.read.len().min(*missing));
                *missing -= piece.len();
                self.offset += wide(piece.len());
                let ended = *missing == 0;
                self.append(object, &piece);
                if !ended {
                    return Ok(None);
                }
                self.position = AT_HEADER;
                if end { self.finish(object).map(Some) } else { Ok(None) }
            }
        }
    }

    /// Checks a header against what is open and against the limits, before its blob is awaited. `here` is how much of
    /// the blob came with it. Gives back the place of the message among the open ones, if it is one.
    fn check(&self, header: &Header, here: usize) -> Result<Option<usize>, FragmentError> {
        let Header { object_id, fragment_id, start, blob_len, .. } = *header;
        let known = self.open.iter().position(|open| open.object_id == object_id);
        let message_len = match known.and_then(|index| self.open.get(index)) {
            None if !start => return Err(FragmentError::MissingStart { object_id, fragment_id }),
            None if fragment_id != 0 => {
                return Err(FragmentError::OutOfOrder { object_id, fragment_id, expected: 0 });
            }
            None => blob_len,
            Some(_) if start => return Err(FragmentError::SecondStart { object_id, fragment_id }),
            Some(open) if fragment_id != open.next_fragment_id => {
                let expected = open.next_fragment_id;
                return Err(FragmentError::OutOfOrder { object_id, fragment_id, expected });
            }
            Some(open) => open.bytes.len().saturating_add(blob_len),
        };
        let FragmentLimits { max_message_len, max_open_objects, max_open_len } = self.limits;
        if message_len > max_message_len {
            let limit = max_message_len;
            return Err(FragmentError::TooLarge { object_id, announced_len: message_len, limit });
        }
        if header.is_whole(here) {
            return Ok(None);
        }
        let open_len = self.open_len.saturating_add(blob_len);
        if open_len > max_open_len {
            return Err(FragmentError::TooMuchOpen { announced_len: open_len, limit: max_open_len });
        }
        if known.is_none() && max_open_objects <= self.open.len() {
            return Err(FragmentError::TooManyOpen { object_id, limit: max_open_objects });
        }
        Ok(known)
    }

    /// Takes up a fragment whose header was checked. Gives the message that it completes.
    fn begin(&mut self, header: Header, known: Option<usize>) -> Result<Option<Message>, Error> {
        let Header { object_id, end, blob_len, .. } = header;
        if header.is_whole(self.read.len()) {
            self.offset += wide(blob_len);
            return Ok(Some(Message::decode(self.read.split_to(blob_len))?));
        }
        let object = known.unwrap_or_else(|| {
            self.open.push(Open { object_id, next_fragment_id: 0, bytes: Vec::new() });
            self.open.len() - 1
        });
        self.open[object].next_fragment_id += 1;
        if blob_len > 0 {
            self.position = Position::Blob { object, missing: blob_len, end };
        } else if end {
            return self.finish(object).map(Some);
        }
        Ok(None)
    }

    fn append(&mut self, object: usize, piece: &[u8]) {
        self.open[object].bytes.extend_from_slice(piece);
        self.open_len += piece.len();
    }

    fn finish(&mut self, object: usize) -> Result<Message, Error> {
        let open = self.open.swap_remove(object);
        self.open_len -= open.bytes.len();
        Ok(Message::decode(Bytes::from(open.bytes))?)
    }
}

/// A length as a part of the stream's.
fn wide(len: usize) -> u64 {
    // INVARIANT: no target has lengths of more than 64 bits.
    u64::try_from(len).unwrap_or(u64::MAX)
}

const AT_HEADER: Position = Position::Header { bytes: [0; Fragment::HEADER_LEN], filled: 0 };
