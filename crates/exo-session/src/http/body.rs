//! The body of an answer, as it comes.

use bytes::{Bytes, BytesMut};

/// What has come of a body that may not be longer than a limit.
pub(super) struct Body {
    bytes: BytesMut,
    limit: usize,
}

/// More than the limit, announced or come.
#[derive(Debug)]
pub(super) struct TooLong;

impl Body {
    /// `announced` is what the header says of the length, in bytes.
    pub(super) fn announced(announced: Option<usize>, limit: usize) -> Result<Self, TooLong> {
        if announced.is_some_and(|len| limit < len) {
            return Err(TooLong);
        }
        // The announced length is the other side's word: memory for more than this comes as the bytes come.
        let bytes = BytesMut::with_capacity(announced.unwrap_or(0).min(1 << 20));
        Ok(Self { bytes, limit })
    }

    pub(super) fn push(&mut self, chunk: &[u8]) -> Result<(), TooLong> {
        if self.limit - self.bytes.len() < chunk.len() {
            return Err(TooLong);
        }
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    pub(super) fn finish(self) -> Bytes {
        self.bytes.freeze()
    }
}
