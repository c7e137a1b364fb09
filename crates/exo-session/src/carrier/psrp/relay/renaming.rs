//! The name of a pool in messages that pass, where the two sides have given it different ones.

use psrp::Fragment;
use uuid::Uuid;

/// Gives the pool of each message in a stream of fragments another name (MS-PSRP 2.2.1, 2.2.4).
#[derive(Debug)]
pub(super) struct Renaming {
    name: [u8; 16],
    /// How much of the present fragment has passed.
    passed: usize,
    header: [u8; Fragment::HEADER_LEN],
}

impl Renaming {
    pub(super) fn to(name: Uuid) -> Self {
        Self { name: name.to_bytes_le(), passed: 0, header: [0; Fragment::HEADER_LEN] }
    }

    /// Takes the next bytes of the stream, wherever they were cut.
    pub(super) fn apply(&mut self, mut bytes: &mut [u8]) {
        while !bytes.is_empty() {
            let len = bytes.len().min(self.left());
            let (piece, rest) = bytes.split_at_mut(len);
            match self.passed.checked_sub(Fragment::HEADER_LEN) {
                Some(within) if self.is_start() => self.rename(within, piece),
                Some(_) => {}
                None => {
                    for (kept, byte) in self.header.iter_mut().skip(self.passed).zip(&*piece) {
                        *kept = *byte;
                    }
                }
            }
            self.passed += len;
            if Fragment::HEADER_LEN <= self.passed && self.left() == 0 {
                self.passed = 0;
            }
            bytes = rest;
        }
    }

    /// How much of the header is to come, or of the blob behind it.
    fn left(&self) -> usize {
        match self.passed.checked_sub(Fragment::HEADER_LEN) {
            Some(within) => self.blob_len().saturating_sub(within),
            None => Fragment::HEADER_LEN - self.passed,
        }
    }

    /// A piece of a message's beginning, which lies so far within the blob.
    fn rename(&self, within: usize, piece: &mut [u8]) {
        for (at, byte) in (within..NAME_END).zip(piece) {
            if let Some(new) = at.checked_sub(NAME_BEGIN).and_then(|at| self.name.get(at)) {
                *byte = *new;
            }
        }
    }

    fn is_start(&self) -> bool {
        self.header.get(FLAGS).is_some_and(|flags| flags & START != 0)
    }

    fn blob_len(&self) -> usize {
        let len = self.header.last_chunk().map_or(0, |len| u32::from_be_bytes(*len));
        usize::try_from(len).unwrap_or(usize::MAX)
    }
}

/// Where a message has the name of its pool: behind destination and type.
const NAME_BEGIN: usize = 8;
const NAME_END: usize = 24;
/// Where a fragment has its flags.
const FLAGS: usize = 16;
/// The fragment begins a message.
const START: u8 = 1;

#[cfg(test)]
mod tests {
    use psrp::{Destination, Message, MessageType};

    use super::*;

    #[test]
    fn each_message_gets_the_name_wherever_the_stream_is_cut() {
        let (old, new) = (Uuid::from_u128(1), Uuid::from_u128(u128::MAX / 3));
        // The last one looks like a header within.
        let bodies: [&[u8]; 3] = [b"", b"short", &[1; 300]];
        let stream = |name: Uuid, blob_len: usize| {
            let mut stream = Vec::new();
            for (number, body) in bodies.iter().enumerate() {
                let message = Message {
                    destination: Destination::Server,
                    message_type: MessageType::PipelineInput,
                    rpid: name,
                    pid: Some(Uuid::from_u128(7)),
                    data: body.to_vec().into(),
                };
                let mut whole = Vec::new();
                message.encode(&mut whole);
                let pieces = whole.chunks(blob_len).count();
                for (piece, blob) in whole.chunks(blob_len).enumerate() {
                    let fragment = Fragment {
                        object_id: u64::try_from(number).unwrap() + 1,
                        fragment_id: u64::try_from(piece).unwrap(),
                        start: piece == 0,
                        end: piece + 1 == pieces,
                        blob,
                    };
                    fragment.encode(&mut stream);
                }
            }
            stream
        };
        // Also with the name itself in several fragments' place: only the first has one.
        for blob_len in [40, 64, 1_000] {
            for cut in [1, 2, 3, 7, 20, 21, 22, 29, 45, 10_000] {
                let mut passing = stream(old, blob_len);
                let mut renaming = Renaming::to(new);
                passing.chunks_mut(cut).for_each(|piece| renaming.apply(piece));
                assert_eq!(passing, stream(new, blob_len), "blobs of {blob_len}, pieces of {cut}");
            }
        }
    }
}
