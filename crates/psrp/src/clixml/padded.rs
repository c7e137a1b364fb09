//! Short texts in whole blocks, so that appending one takes no look at its length.

/// A text that is appended often: stored with room behind it up to a whole number of blocks.
pub(super) struct Padded {
    first: [u8; BLOCK_LEN],
    more: Box<[[u8; BLOCK_LEN]]>,
    len: usize,
}

impl Padded {
    pub(super) fn new(text: &[u8]) -> Self {
        let mut blocks = text.chunks(BLOCK_LEN).map(|piece| {
            let mut block = [0; BLOCK_LEN];
            block.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            block
        });
        Padded { first: blocks.next().unwrap_or_default(), more: blocks.collect(), len: text.len() }
    }

    /// Appends the text without its last `cut` bytes, at most one.
    #[inline]
    pub(super) fn push_without(&self, cut: usize, out: &mut Vec<u8>) {
        let end = (out.len() + self.len).saturating_sub(cut);
        out.extend_from_slice(&self.first);
        for block in &self.more {
            out.extend_from_slice(block);
        }
        out.truncate(end);
    }
}

/// Appends the first `len` bytes of a block.
#[inline(always)]
pub(super) fn push_block<const N: usize>(out: &mut Vec<u8>, block: &[u8; N], len: usize) {
    let end = out.len() + len;
    out.extend_from_slice(block);
    out.truncate(end);
}

/// Appends the first `len` bytes of a little-endian word.
#[inline(always)]
pub(super) fn push_word(out: &mut Vec<u8>, word: u64, len: usize) {
    push_block(out, &word.to_le_bytes(), len);
}

const BLOCK_LEN: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_padded_text_of_any_length_is_appended_without_its_padding() {
        for len in 0..100 {
            let text: Vec<u8> = (b'!'..).take(len).collect();
            let mut out = b"ahead".to_vec();
            let padded = Padded::new(&text);
            padded.push_without(0, &mut out);
            assert_eq!(out, [b"ahead", text.as_slice()].concat());
            padded.push_without(1, &mut out);
            assert_eq!(out, [b"ahead", text.as_slice(), text.as_slice()].concat()[..out.len()]);
        }
    }
}
