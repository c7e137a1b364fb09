//! Short texts that stand in a block, so that appending one takes no look at its length.

/// A text that is appended often: in one block when it fits, with zeros behind.
pub(super) struct Padded {
    first: [u8; BLOCK_LEN],
    len: usize,
    /// What does not fit `first`.
    more: Vec<u8>,
}

impl Padded {
    /// What ends a start tag without attributes.
    pub(super) const BARE: Padded = {
        let mut first = [0; BLOCK_LEN];
        first[0] = b'>';
        Padded { first, len: 1, more: Vec::new() }
    };

    pub(super) fn new(text: &[u8]) -> Self {
        let mut first = [0; BLOCK_LEN];
        first.iter_mut().zip(text).for_each(|(to, from)| *to = *from);
        Padded { first, len: text.len(), more: text.get(BLOCK_LEN..).unwrap_or_default().to_vec() }
    }

    /// The block and how long the text in it is; `None` when it is longer.
    #[inline(always)]
    pub(super) fn block(&self) -> Option<(&[u8; BLOCK_LEN], usize)> {
        (self.len <= BLOCK_LEN).then_some((&self.first, self.len))
    }

    /// The text of any length.
    pub(super) fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        [self.first.get(..self.len).unwrap_or(&self.first), &self.more].into_iter()
    }
}

const BLOCK_LEN: usize = 64;
