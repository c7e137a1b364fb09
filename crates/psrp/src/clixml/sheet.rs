//! Output with room behind its end, so that short pieces are written as whole blocks, whatever their length.
//!
//! Appending to a vector asks each time whether there is room and moves a length in memory. A [`Line`] asks once for all
//! the short pieces of an element, and copies a piece as a block of fixed size: what is too much of it is written over
//! by the next piece.

use super::padded::Padded;
use super::tags::Tags;

/// A vector being appended to. Its vector is longer than what was written.
pub(super) struct Sheet {
    bytes: Vec<u8>,
    /// Where what was written ends.
    end: usize,
    /// How much room to make at a time.
    room: usize,
}

impl Sheet {
    /// Takes what `out` holds, until [`Sheet::give_back`]; about so many bytes will be appended.
    #[inline]
    pub(super) fn take(out: &mut Vec<u8>, expected: usize) -> Self {
        let bytes = std::mem::take(out);
        let end = bytes.len();
        Sheet { bytes, end, room: expected.min(MAX_ROOM) + LINE_LEN }
    }

    #[inline]
    pub(super) fn give_back(mut self, out: &mut Vec<u8>) {
        self.bytes.truncate(self.end);
        *out = self.bytes;
    }

    /// What stands here, as a vector without room behind it.
    pub(super) fn with_vector<T>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        self.bytes.truncate(self.end);
        let result = append(&mut self.bytes);
        self.end = self.bytes.len();
        result
    }

    /// Where what was written ends.
    #[inline(always)]
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// What was written, with the room behind it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Takes back what was written from `end` on.
    pub(super) fn cut(&mut self, end: usize) {
        self.end = self.end.min(end);
    }

    /// Room for the short pieces of one element. There always is; `None` only says so to the compiler.
    #[inline(always)]
    pub(super) fn line(&mut self) -> Option<Line<'_>> {
        let room = self.bytes.len().checked_sub(self.end)?;
        if room < LINE_LEN {
            return self.line_of_more();
        }
        Some(Line { room: self.bytes.get_mut(self.end..)?.first_chunk_mut()?, len: 0 })
    }

    /// Takes over the first bytes of the last [`Sheet::line`].
    #[inline(always)]
    pub(super) fn advance(&mut self, len: usize) {
        self.end += len;
        debug_assert!(self.end <= self.bytes.len(), "a line is part of the vector");
    }

    /// `<tag N="…">` as the start of a line.
    #[inline(always)]
    pub(super) fn start_tag(&mut self, tags: &Tags, attribute: &Padded) -> Option<Line<'_>> {
        let Some((block, len)) = attribute.block() else {
            return self.long_start_tag(tags, attribute);
        };
        let mut line = self.line()?;
        tags.push_start(&mut line);
        line.push(block, len);
        Some(line)
    }

    /// What ends the tag stands in the line, so that it can be taken back.
    #[cold]
    #[inline(never)]
    fn long_start_tag(&mut self, tags: &Tags, attribute: &Padded) -> Option<Line<'_>> {
        self.with_vector(|out| {
            push_line(out, |line| tags.push_start(line));
            attribute.pieces().for_each(|piece| out.extend_from_slice(piece));
            out.pop();
        });
        let mut line = self.line()?;
        line.push(b">", 1);
        Some(line)
    }

    #[cold]
    #[inline(never)]
    fn line_of_more(&mut self) -> Option<Line<'_>> {
        self.bytes.resize(self.end + self.room, 0);
        self.room = MAX_ROOM + LINE_LEN;
        Some(Line { room: self.bytes.get_mut(self.end..)?.first_chunk_mut()?, len: 0 })
    }
}

/// The room of [`Sheet::line`], and how much of it is written.
pub(super) struct Line<'r> {
    room: &'r mut [u8; LINE_LEN],
    /// INVARIANT: at most [`LINE_MAX`].
    len: usize,
}

impl Line<'_> {
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Appends the first `len` bytes of a block.
    #[inline(always)]
    pub(super) fn push<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        const { assert!(N <= BLOCK_MAX) }
        debug_assert!(len <= N && self.len + len <= LINE_MAX, "an element has few short pieces");
        // So the compiler sees that the block fits.
        let start = self.len & (LINE_MAX - 1);
        if let Some(to) = self.room.get_mut(start..).and_then(<[u8]>::first_chunk_mut::<N>) {
            *to = *block;
        }
        self.len += len;
    }

    /// Appends the first `len` bytes of a little-endian word.
    #[inline(always)]
    pub(super) fn push_word(&mut self, word: u64, len: usize) {
        self.push(&word.to_le_bytes(), len);
    }

    /// Takes back the last byte, which ends a start tag, so that the tag can go on.
    #[inline(always)]
    pub(super) fn reopen_tag(&mut self) {
        self.len -= 1;
    }

    /// Makes an element without content of a start tag. Gives back how long the line is then.
    #[inline(always)]
    pub(super) fn end_empty(mut self) -> usize {
        self.reopen_tag();
        self.push(b" />", 3);
        self.len
    }

    /// Appends a text that is no longer than its block.
    #[inline(always)]
    pub(super) fn push_padded(&mut self, text: &Padded) {
        let (block, len) = text.block().unwrap_or((&[0; BLOCK_MAX], 0));
        self.push(block, len);
    }
}

/// Appends short pieces to a vector.
#[inline]
pub(super) fn push_line(out: &mut Vec<u8>, write: impl FnOnce(&mut Line<'_>)) {
    let mut room = [0; LINE_LEN];
    let mut line = Line { room: &mut room, len: 0 };
    write(&mut line);
    let len = line.len;
    out.extend_from_slice(room.get(..len).unwrap_or_default());
}

/// The longest block.
const BLOCK_MAX: usize = 64;
/// The short pieces of an element have at most: start tag 16, attribute 64, text 96 or number 64, end tag 18 bytes.
const LINE_MAX: usize = 256;
const LINE_LEN: usize = LINE_MAX + BLOCK_MAX;
/// The room costs a store for every 32 bytes, as long as it is less than 2 KB in all.
const MAX_ROOM: usize = 1600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_any_length_follow_each_other_without_gaps() {
        let mut out = b"ahead".to_vec();
        let mut expected = out.clone();
        let mut sheet = Sheet::take(&mut out, 100);
        for round in 0..500_usize {
            let text: Vec<u8> = (b' '..).take(round % 64).collect();
            let mut line = sheet.line().unwrap();
            line.push_padded(&Padded::new(&text));
            line.push_word(0x6E69_6C2D, 4);
            let len = line.len();
            sheet.advance(len);
            expected.extend([text.as_slice(), b"-lin"].concat());
            if round % 50 == 0 {
                sheet.with_vector(|vector| vector.extend_from_slice(b"vector"));
                expected.extend(b"vector");
            }
            assert_eq!(sheet.bytes()[..sheet.end()], expected);
        }
        sheet.cut(expected.len() - 3);
        sheet.give_back(&mut out);
        assert_eq!(out, expected[..expected.len() - 3]);
    }

    #[test]
    fn an_attribute_of_any_length_follows_its_tag() {
        for len in 1..150 {
            let text: Vec<u8> = (b'!'..).take(len - 1).chain([b'>']).collect();
            let attribute = Padded::new(&text);
            for is_empty in [false, true] {
                let mut out = b"ahead".to_vec();
                let mut sheet = Sheet::take(&mut out, 100);
                let mut line = sheet.start_tag(Tags::of(32_u8), &attribute).unwrap();
                if !is_empty {
                    line.push(b"!", 1);
                }
                let len = if is_empty { line.end_empty() } else { line.len() };
                sheet.advance(len);
                sheet.give_back(&mut out);
                let end = if is_empty { " />" } else { ">!" };
                assert_eq!(out, [b"ahead<Obj", &text[..text.len() - 1], end.as_bytes()].concat());
            }
        }
    }
}
