//! Text with entities and escapes as .NET writes them.

use super::error::DecodeError;
use super::escape::escape_at;
use super::node::Node;
use super::parse::Parser;
use super::scan::{Scanner, Work, word_at};
use super::tag::Tag;
use super::text::write_code_point;
use super::wide::number;
use super::write::pad;

impl Parser<'_> {
    /// Text in which only the predefined entities, escapes, tabs and line feeds do not stand for themselves, all decoded
    /// in one go. Becomes side text. Anything else is left to [`Parser::slow_text`].
    #[inline(never)]
    pub(super) fn decoded_text(&mut self, tag: Tag, mut node: Node) -> Result<(), DecodeError> {
        let base = self.side.len();
        let text = self.rest();
        let len = memchr::memchr(b'<', text).unwrap_or(0);
        let next = tag.end_at(self.body, self.at + len).filter(|_| self.check_expanded(len).is_ok());
        let Some(next) = next.filter(|_| decode_usual(self.scanner, text, len, &mut self.side)) else {
            return self.slow_text(tag, node, true);
        };
        self.at = next;
        node.flags |= Node::IN_SIDE;
        (node.a, node.b) = (number(base), number(self.side.len() - base));
        self.nodes.push(node);
        Ok(())
    }
}

/// Appends the first `len` bytes of a text, decoded, to `side`. `false`, and nothing is appended, when there is more in
/// them than .NET writes. The `<` that ends them follows.
pub(super) fn decode_usual(scanner: Scanner, text: &[u8], len: usize, side: &mut Vec<u8>) -> bool {
    let base = side.len();
    // Text never gets longer. What is too much of a block is written over by the next one.
    side.resize(base + len + BLOCK_LEN, 0);
    let out = side.get_mut(base..).unwrap_or_default();
    let mut outcome = None;
    scanner.run(Decoding { scanner, text, out, outcome: &mut outcome });
    let to = outcome.and_then(|(from, to)| (from == len).then_some(to));
    side.truncate(base + to.unwrap_or(0));
    to.is_some()
}

/// A text up to the next `<`, on its way to `out`.
struct Decoding<'d> {
    scanner: Scanner,
    text: &'d [u8],
    /// INVARIANT: longer than the text by a block.
    out: &'d mut [u8],
    /// How many bytes there were, and how many they became; `None` when there is more in them than .NET writes.
    outcome: &'d mut Option<(usize, usize)>,
}

impl Work for Decoding<'_> {
    #[inline(always)]
    fn run(self) {
        *self.outcome = decode(self.scanner, self.text, self.out);
    }
}

#[inline(always)]
fn decode(scanner: Scanner, text: &[u8], out: &mut [u8]) -> Option<(usize, usize)> {
    let (mut from, mut to) = (0, 0);
    loop {
        let rest = text.get(from..)?;
        let padded;
        let block = match rest.first_chunk::<BLOCK_LEN>() {
            Some(block) => block,
            None => {
                padded = pad(rest);
                &padded
            }
        };
        *out.get_mut(to..)?.first_chunk_mut()? = *block;
        let plain = scanner.text_len(block);
        (from, to) = (from + plain, to + plain);
        let rest = rest.get(plain..)?;
        let len = match rest {
            _ if plain == BLOCK_LEN => continue,
            [b'<', ..] => return Some((from, to)),
            [b'&', ..] => {
                let (byte, len) = usual_entity(word_at(rest, 0))?;
                *out.get_mut(to)? = byte;
                to += 1;
                len
            }
            [b'_', ..] => match escape_at(rest) {
                Some((code, len)) => {
                    to = write_code_point(out, to, code);
                    len
                }
                // What follows as an entity could make it an escape after all.
                None if rest.iter().take(MAX_ESCAPE_LEN).any(|byte| *byte == b'&') => return None,
                // It stands for itself, as the other two, and is copied already.
                None => {
                    to += 1;
                    1
                }
            },
            [b'\t' | b'\n', ..] => {
                to += 1;
                1
            }
            _ => return None,
        };
        from += len;
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
