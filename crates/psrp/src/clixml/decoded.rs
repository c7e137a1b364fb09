//! Text with entities and escapes as .NET writes them.

use super::error::DecodeError;
use super::escape::escape_at;
use super::node::Node;
use super::parse::Parser;
use super::scan::{Scanner, Work, word_at};
use super::tag::Tag;
use super::text::write_code_point;
use super::wide::number;

impl Parser<'_> {
    /// Text in which only the predefined entities, escapes, tabs and line feeds do not stand for themselves, all decoded
    /// in one go. Becomes side text. Anything else is left to [`Parser::slow_text`].
    #[inline(never)]
    pub(super) fn decoded_text(&mut self, tag: Tag, mut node: Node) -> Result<(), DecodeError> {
        let (begin, base) = (self.at, self.side.len());
        let raw_len = memchr::memchr(b'<', self.rest()).unwrap_or(0);
        let end = begin + raw_len;
        let Some(next) = tag.end_at(self.body, end).filter(|_| self.check_expanded(raw_len).is_ok()) else {
            return self.slow_text(tag, node, true);
        };
        // Text never gets longer. What is too much of a block is written over by the next one.
        self.side.resize(base + raw_len + BLOCK_LEN, 0);
        let out = self.side.get_mut(base..).unwrap_or_default();
        let mut progress = Progress { from: begin, to: 0, outcome: Outcome::Short };
        let scanner = self.scanner;
        scanner.run(Decoding { scanner, text: self.body, out, progress: &mut progress });
        if progress.outcome == Outcome::Short {
            let mut tail = [b'<'; BLOCK_LEN * 2];
            let rest = self.body.get(progress.from..).unwrap_or_default();
            if let Some(to) = tail.get_mut(..rest.len()) {
                to.copy_from_slice(rest);
            }
            progress.from = 0;
            scanner.run(Decoding { scanner, text: &tail, out, progress: &mut progress });
        }
        if progress.outcome != Outcome::Whole {
            self.side.truncate(base);
            return self.slow_text(tag, node, true);
        }
        self.side.truncate(base + progress.to);
        self.at = next;
        node.flags |= Node::IN_SIDE;
        (node.a, node.b) = (number(base), number(progress.to));
        self.nodes.push(node);
        Ok(())
    }
}

/// A text up to the next `<`, on its way to `out`.
struct Decoding<'d> {
    scanner: Scanner,
    text: &'d [u8],
    /// INVARIANT: longer than the text by a block.
    out: &'d mut [u8],
    progress: &'d mut Progress,
}

/// How far a text has come.
struct Progress {
    /// Where it goes on.
    from: usize,
    /// How much was written.
    to: usize,
    outcome: Outcome,
}

#[derive(PartialEq)]
enum Outcome {
    /// The text is decoded.
    Whole,
    /// Less than a block is left of the bytes.
    Short,
    /// There is more in it than .NET writes.
    Unusual,
}

impl Work for Decoding<'_> {
    #[inline(always)]
    fn run(mut self) {
        self.progress.outcome = self.decode().unwrap_or(Outcome::Unusual);
    }
}

impl Decoding<'_> {
    #[inline(always)]
    fn decode(&mut self) -> Option<Outcome> {
        let Decoding { scanner, text, out, progress: Progress { from, to, .. } } = self;
        loop {
            let rest = text.get(*from..)?;
            let Some(block) = rest.first_chunk::<BLOCK_LEN>() else { return Some(Outcome::Short) };
            *out.get_mut(*to..)?.first_chunk_mut()? = *block;
            let plain = scanner.text_len(block);
            (*from, *to) = (*from + plain, *to + plain);
            let rest = rest.get(plain..)?;
            let len = match rest {
                _ if plain == BLOCK_LEN => continue,
                [b'<', ..] => return Some(Outcome::Whole),
                [b'&', ..] => {
                    let (byte, len) = usual_entity(word_at(rest, 0))?;
                    *out.get_mut(*to)? = byte;
                    *to += 1;
                    len
                }
                [b'_', ..] => match escape_at(rest) {
                    Some((code, len)) => {
                        *to = write_code_point(out, *to, code);
                        len
                    }
                    // What follows as an entity could make it an escape after all.
                    None if rest.iter().take(MAX_ESCAPE_LEN).any(|byte| *byte == b'&') => return None,
                    // It stands for itself, as the other two, and is copied already.
                    None => {
                        *to += 1;
                        1
                    }
                },
                [b'\t' | b'\n', ..] => {
                    *to += 1;
                    1
                }
                _ => return None,
            };
            *from += len;
        }
    }
}

/// The character that a predefined entity at the start of a word stands for, and the entity's length.
#[inline(always)]
fn usual_entity(word: u64) -> Option<(u8, usize)> {
    const LT: u64 = u64::from_le_bytes(*b"&lt;\0\0\0\0");
    const GT: u64 = u64::from_le_bytes(*b"&gt;\0\0\0\0");
    const AMP: u64 = u64::from_le_bytes(*b"&amp;\0\0\0");
    const QUOT: u64 = u64::from_le_bytes(*b"&quot;\0\0");
    const APOS: u64 = u64::from_le_bytes(*b"&apos;\0\0");
    match (word & 0xFFFF_FFFF, word & 0xFF_FFFF_FFFF, word & 0xFFFF_FFFF_FFFF) {
        (LT, ..) => Some((b'<', 4)),
        (GT, ..) => Some((b'>', 4)),
        (_, AMP, _) => Some((b'&', 5)),
        (.., QUOT) => Some((b'"', 6)),
        (.., APOS) => Some((b'\'', 6)),
        _ => None,
    }
}

const BLOCK_LEN: usize = 32;
/// `_xHHHHHHHH_`
const MAX_ESCAPE_LEN: usize = 11;
