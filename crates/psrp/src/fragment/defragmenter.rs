//! Fragments put together to messages, within limits.

use std::collections::VecDeque;
use std::fmt;

use bytes::{Buf, Bytes};

use super::{Fragment, Header};
use crate::error::{Error, FragmentError};
use crate::message::Message;

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
/// fragment in one read is handed on without a copy. After an error no more bytes are taken, and the
/// messages completed before it are still delivered.
///
/// [3.1.1.2.3]: https://learn.microsoft.com/openspecs/windows_protocols/ms-psrp/6e2faef7-13a5-4617-9243-a42d260c6f3c
pub struct Defragmenter {
    limits: FragmentLimits,
    open: Vec<Open>,
    open_len: usize,
    position: Position,
    /// Bytes of the stream that were taken.
    offset: u64,
    ready: VecDeque<Message>,
    /// What lies in one read as whole messages, one fragment each, behind those that are ready. They are taken apart when
    /// they are asked for: there may be thousands.
    ///
    /// INVARIANT: whole fragments, each with the header of a message.
    whole: Bytes,
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
            .field("ready", &self.ready)
            .field("whole_len", &self.whole.len())
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
            ready: VecDeque::new(),
            whole: Bytes::new(),
            failed: None,
        }
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// A fragment out of order, over a limit or without a start, or a message whose header is wrong. The error
    /// stays: each later call gives it again.
    pub fn handle_bytes(&mut self, bytes: Bytes) -> Result<(), Error> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let result = self.read(bytes);
        if let Err(error) = &result {
            self.failed = Some(error.clone());
            self.open = Vec::new();
        }
        result
    }

    /// The next complete message. Poll after each `handle_bytes`, also after one that failed, until `None`.
    pub fn poll_message(&mut self) -> Option<Message> {
        if let Some(message) = self.ready.pop_front() {
            return Some(message);
        }
        split_first(&mut self.whole)
    }

    fn read(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        while !bytes.is_empty() {
            let whole_len = self.whole_len(&bytes);
            if 0 < whole_len {
                self.offset += wide(whole_len);
                self.take_whole_apart();
                let is_all = whole_len == bytes.len();
                self.whole = if is_all { std::mem::take(&mut bytes) } else { bytes.split_to(whole_len) };
                continue;
            }
            match &mut self.position {
                Position::Header { bytes: header, filled } => {
                    let wanted = header.get_mut(*filled..).unwrap_or_default();
                    let taken = wanted.len().min(bytes.len());
                    let Some((wanted, rest)) = wanted.split_at_mut_checked(taken) else { continue };
                    bytes.copy_to_slice(wanted);
                    *filled += taken;
                    self.offset += wide(taken);
                    if rest.is_empty() {
                        let header = Header::decode(header);
                        self.position = AT_HEADER;
                        let offset = self.offset - wide(Fragment::HEADER_LEN);
                        let known = header.and_then(|header| Ok((header, self.check(&header, bytes.len())?)));
                        let (header, known) = known.map_err(|error| Error::Fragment { error, offset })?;
                        self.begin(header, known, &mut bytes)?;
                    }
                }
                Position::Blob { object, missing, end } => {
                    let (object, end) = (*object, *end);
                    let piece = bytes.split_to(bytes.len().min(*missing));
                    *missing -= piece.len();
                    self.offset += wide(piece.len());
                    let ended = *missing == 0;
                    self.append(object, &piece);
                    if ended {
                        self.position = AT_HEADER;
                        if end {
                            self.finish(object)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// How many bytes in front are whole messages of one fragment each, while nothing else is under way: the usual case,
    /// in which nothing has to be looked up. What is wrong with the message behind them is said when it is read.
    fn whole_len(&self, bytes: &[u8]) -> usize {
        if !matches!(self.position, Position::Header { filled: 0, .. }) || !self.open.is_empty() {
            return 0;
        }
        let mut rest = bytes;
        while let Some((header, behind)) = rest.split_first_chunk::<{ Fragment::HEADER_LEN }>()
            && let Ok(header) = Header::decode(header)
            && header.fragment_id == 0
            && header.blob_len <= self.limits.max_message_len
            && header.is_whole(behind.len())
            && let Some((message, behind)) = behind.split_at_checked(header.blob_len)
            && Message::check_header(message).is_ok()
        {
            rest = behind;
        }
        bytes.len() - rest.len()
    }

    /// Something comes behind the whole messages of the last read.
    fn take_whole_apart(&mut self) {
        while let Some(message) = split_first(&mut self.whole) {
            self.ready.push_back(message);
        }
    }

    fn push(&mut self, message: Message) {
        self.take_whole_apart();
        self.ready.push_back(message);
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

    /// Takes up a fragment whose header was checked.
    fn begin(&mut self, header: Header, known: Option<usize>, bytes: &mut Bytes) -> Result<(), Error> {
        let Header { object_id, end, blob_len, .. } = header;
        if header.is_whole(bytes.len()) {
            self.offset += wide(blob_len);
            self.push(Message::decode(bytes.split_to(blob_len))?);
            return Ok(());
        }
        let object = known.unwrap_or_else(|| {
            self.open.push(Open { object_id, next_fragment_id: 0, bytes: Vec::new() });
            self.open.len() - 1
        });
        self.open[object].next_fragment_id += 1;
        if blob_len > 0 {
            self.position = Position::Blob { object, missing: blob_len, end };
        } else if end {
            self.finish(object)?;
        }
        Ok(())
    }

    fn append(&mut self, object: usize, piece: &[u8]) {
        self.open[object].bytes.extend_from_slice(piece);
        self.open_len += piece.len();
    }

    fn finish(&mut self, object: usize) -> Result<(), Error> {
        let open = self.open.swap_remove(object);
        self.open_len -= open.bytes.len();
        self.push(Message::decode(Bytes::from(open.bytes))?);
        Ok(())
    }
}

/// Splits off the message in front; see the invariant of [`Defragmenter::whole`]. The last one takes the buffer along
/// instead of sharing it.
fn split_first(whole: &mut Bytes) -> Option<Message> {
    let header = Header::decode(whole.first_chunk()?).ok()?;
    let len = Fragment::HEADER_LEN + header.blob_len;
    let fragment = if len < whole.len() { whole.split_to(len) } else { std::mem::take(whole) };
    Message::decode_behind(fragment, Fragment::HEADER_LEN).ok()
}

/// A length as a part of the stream's.
fn wide(len: usize) -> u64 {
    // INVARIANT: no target has lengths of more than 64 bits.
    u64::try_from(len).unwrap_or(u64::MAX)
}

const AT_HEADER: Position = Position::Header { bytes: [0; Fragment::HEADER_LEN], filled: 0 };
