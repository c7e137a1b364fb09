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
#[derive(Debug)]
pub struct Defragmenter {
    limits: FragmentLimits,
    open: Vec<Open>,
    open_len: usize,
    position: Position,
    ready: VecDeque<Message>,
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

impl Defragmenter {
    /// An empty one.
    #[must_use]
    pub fn new(limits: FragmentLimits) -> Defragmenter {
        Defragmenter {
            limits,
            open: Vec::new(),
            open_len: 0,
            position: AT_HEADER,
            ready: VecDeque::new(),
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
        self.ready.pop_front()
    }

    fn read(&mut self, mut bytes: Bytes) -> Result<(), Error> {
        while !bytes.is_empty() {
            match &mut self.position {
                Position::Header { bytes: header, filled } => {
                    let wanted = header.get_mut(*filled..).unwrap_or_default();
                    let taken = wanted.len().min(bytes.len());
                    let Some((wanted, rest)) = wanted.split_at_mut_checked(taken) else { continue };
                    bytes.copy_to_slice(wanted);
                    *filled += taken;
                    if rest.is_empty() {
                        let header = Header::decode(header)?;
                        self.position = AT_HEADER;
                        self.begin(header, &mut bytes)?;
                    }
                }
                Position::Blob { object, missing, end } => {
                    let (object, end) = (*object, *end);
                    let piece = bytes.split_to(bytes.len().min(*missing));
                    *missing -= piece.len();
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

    /// Checks a header against what is open and against the limits, before its blob is awaited.
    fn begin(&mut self, header: Header, bytes: &mut Bytes) -> Result<(), Error> {
        let Header { object_id, fragment_id, start, end, blob_len } = header;
        let known = self.open.iter().position(|open| open.object_id == object_id);
        let message_len = match known {
            None if !start => return Err(FragmentError::MissingStart { object_id, fragment_id }.into()),
            None if fragment_id != 0 => {
                return Err(FragmentError::OutOfOrder { object_id, fragment_id, expected: 0 }.into());
            }
            None => blob_len,
            Some(index) => {
                let open = &self.open[index];
                if start {
                    return Err(FragmentError::SecondStart { object_id, fragment_id }.into());
                }
                if fragment_id != open.next_fragment_id {
                    let expected = open.next_fragment_id;
                    return Err(FragmentError::OutOfOrder { object_id, fragment_id, expected }.into());
                }
                open.bytes.len().saturating_add(blob_len)
            }
        };
        if message_len > self.limits.max_message_len {
            let limit = self.limits.max_message_len;
            return Err(FragmentError::TooLarge { object_id, announced_len: message_len, limit }.into());
        }
        if start && end && blob_len <= bytes.len() {
            self.ready.push_back(Message::decode(bytes.split_to(blob_len))?);
            return Ok(());
        }
        let open_len = self.open_len.saturating_add(blob_len);
        if open_len > self.limits.max_open_len {
            let limit = self.limits.max_open_len;
            return Err(FragmentError::TooMuchOpen { announced_len: open_len, limit }.into());
        }
        let object = match known {
            Some(index) => index,
            None if self.open.len() < self.limits.max_open_objects => {
                self.open.push(Open { object_id, next_fragment_id: 0, bytes: Vec::new() });
                self.open.len() - 1
            }
            None => {
                let limit = self.limits.max_open_objects;
                return Err(FragmentError::TooManyOpen { object_id, limit }.into());
            }
        };
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
        self.ready.push_back(Message::decode(Bytes::from(open.bytes))?);
        Ok(())
    }
}

const AT_HEADER: Position = Position::Header { bytes: [0; Fragment::HEADER_LEN], filled: 0 };
