//! Text as .NET writes it, with entities and escapes.

use super::error::DecodeError;
use super::escape::escape_at;
use super::node::Node;
use super::parse::Parser;
use super::scan::{LOW_DIGIT, Scanner, Special, Unusual, Work, word_at};
use super::start_tag::Start;
use super::tag::Tag;
use super::text::write_code_point;
use super::wide::number;

impl Parser<'_> {
    /// A text in which `_xHHHH_` stands for a UTF-16 unit.
    #[inline(always)]
    pub(super) fn escaped_text(&mut self, tag: Tag, start: &Start, aux: u16) -> Result<(), DecodeError> {
        let begin = self.at;
        let mut node = Node { kind: tag.0, flags: 0, aux, name: start.name, a: number(begin), b: 0 };
        if !start.empty {
            let end = self.text_end(begin);
            match tag.end_at(self.body, end) {
                Some(next) => (node.b, self.at) = (number(end - begin), next),
                None => return self.broken_text(tag, node, end),
            }
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Where a text first holds what does not stand for itself, or is not ASCII. Its first block is looked at without a
    /// call, as most end in it.
    #[inline(always)]
    fn text_end(&self, begin: usize) -> usize {
        let block = self.body.get(begin..).and_then(<[u8]>::first_chunk);
        let len = block.map_or(0, |block| self.scanner.len_before::<Unusual>(block));
        match block {
            Some(block) if len < block.len() => begin + len,
            _ => self.scanner.find::<Unusual>(self.body, begin + len),
        }
    }

    /// The same for a text that does not end where the scan came to a halt.
    #[inline(never)]
    fn broken_text(&mut self, tag: Tag, mut node: Node, halt: usize) -> Result<(), DecodeError> {
        let mut end = halt;
        loop {
            match self.body.get(end) {
                Some(b'<') => break,
                Some(b'\t' | b'\n' | 0x80..) => end += 1,
                Some(b'_') if escape_at(self.body.get(end..).unwrap_or_default()).is_none() => end += 1,
                _ => return self.decoded_text(tag, node, halt),
            }
            end = self.scanner.find::<Special>(self.body, end);
        }
        self.check_part(halt, end)?;
        let Some(next) = tag.end_at(self.body, end) else {
            return self.slow_text(tag, node, true);
        };
        node.b = number(end - self.at);
        self.nodes.push(node);
        self.at = next;
        Ok(())
    }

    /// Text in which only the predefined entities, escapes, tabs and line feeds do not stand for themselves, all decoded
    /// in one go; up to `halt` all do. Becomes side text. Anything else is left to [`Parser::slow_text`].
    #[inline(never)]
    fn decoded_text(&mut self, tag: Tag, mut node: Node, halt: usize) -> Result<(), DecodeError> {
        let base = self.side.len();
        let text = self.rest();
        let len = memchr::memchr(b'<', text).unwrap_or(0);
        self.check_part(halt, self.at + len)?;
        let plain_len = halt - self.at;
        let next = tag.end_at(self.body, self.at + len).filter(|_| self.check_expanded(len).is_ok());
        let decoded = next.filter(|_| decode_usual(self.scanner, text, plain_len, len, &mut self.side));
        let Some(next) = decoded else {
            return self.slow_text(tag, node, true);
        };
        self.at = next;
        node.flags |= Node::IN_SIDE;
        (node.a, node.b) = (number(base), number(self.side.len() - base));
        self.nodes.push(node);
        Ok(())
    }
}

/// Appends the first `len` bytes of a text, decoded, to `side`; the first `plain_len` stand for themselves. `false`, and
/// nothing is appended, when there is more in them than .NET writes. The `<` that ends them follows.
pub(super) fn decode_usual(
    scanner: Scanner,
    text: &[u8],
    plain_len: usize,
    len: usize,
    side: &mut Vec<u8>,
) -> bool {
    let base = side.len();
    // Text never gets longer. What is too much of a block is written over by the next one.
    side.extend_from_slice(text.get(..len + BLOCK_LEN).unwrap_or(text));
    side.resize(base + len + BLOCK_LEN, 0);
    let out = side.get_mut(base..).unwrap_or_default();
    let mut outcome = None;
    scanner.run(Decoding { scanner, text, plain_len, out, outcome: &mut outcome });
    let to = outcome.and_then(|(from, to)| (from == len).then_some(to));
    side.truncate(base + to.unwrap_or(0));
    to.is_some()
}

/// A text up to the next `<`, on its way to `out`.
struct Decoding<'d> {
    scanner: Scanner,
    text: &'d [u8],
    /// So many bytes of it stand for themselves, and are in `out`.
    plain_len: usize,
    /// INVARIANT: longer than the text by a block.
    out: &'d mut [u8],
    /// How many bytes there were, and how many they became; `None` when there is more in them than .NET writes.
    outcome: &'d mut Option<(usize, usize)>,
}

impl Work for Decoding<'_> {
    #[inline(always)]
    fn run(self) {
        *self.outcome = decode(self.scanner, self.text, self.plain_len, self.out);
    }
}

#[inline(always)]
fn decode(scanner: Scanner, text: &[u8], plain_len: usize, out: &mut [u8]) -> Option<(usize, usize)> {
    let (from, to, ended) = decode_blocks(scanner, text, plain_len, out, plain_len)?;
    if ended {
        return Some((from, to));
    }
    // The last bytes are copied to where a whole block can be read, once for all that stands in them.
    let mut tail = [0; 2 * BLOCK_LEN];
    let rest = text.get(from..)?;
    tail.get_mut(..rest.len())?.copy_from_slice(rest);
    let (more, to, ended) = decode_blocks(scanner, &tail, 0, out, to)?;
    ended.then_some((from + more, to))
}

/// From `from` on as long as a whole block can be read: where in `text` that was, where in `out` ends what became of it
/// behind its first `to` bytes, and whether the `<` was found.
#[inline(always)]
fn decode_blocks(
    scanner: Scanner,
    text: &[u8],
    mut from: usize,
    out: &mut [u8],
    mut to: usize,
) -> Option<(usize, usize, bool)> {
    while let Some(block) = text.get(from..)?.first_chunk::<BLOCK_LEN>() {
        *out.get_mut(to..)?.first_chunk_mut()? = *block;
        let plain = scanner.len_before::<Special>(block);
        (from, to) = (from + plain, to + plain);
        if plain == BLOCK_LEN {
            continue;
        }
        // What does not stand for itself often stands in a row.
        loop {
            let rest = text.get(from..)?;
            let (byte, len) = match rest {
                [b'<', ..] => return Some((from, to, true)),
                [b'&', ..] => usual_entity(word_at(rest, 0))?,
                [b'_', ..] => match usual_escape(word_at(rest, 0)) {
                    Some(found) => found,
                    None => match escape_at(rest) {
                        Some((code, len)) => {
                            (from, to) = (from + len, write_code_point(out, to, code));
                            break;
                        }
                        // What follows as an entity could make it an escape after all.
                        None if rest.iter().take(MAX_ESCAPE_LEN).any(|byte| *byte == b'&') => return None,
                        None => (b'_', 1),
                    },
                },
                [byte @ (b'\t' | b'\n'), ..] => (*byte, 1),
                _ => return None,
            };
            *out.get_mut(to)? = byte;
            (from, to) = (from + len, to + 1);
            if !matches!(text.get(from), Some(b'<' | b'&' | b'_')) {
                break;
            }
        }
    }
    Some((from, to, false))
}

/// The ASCII character that an escape of .NET at the start of a word stands for, and the escape's length.
#[inline(always)]
fn usual_escape(word: u64) -> Option<(u8, usize)> {
    const MASK: u64 = u64::from_le_bytes(*b"\xFF\xFF\xFF\xFF\0\0\xFF\0");
    const FORM: u64 = u64::from_le_bytes(*b"_x00\0\0_\0");
    let [.., high, low, _, _] = word.to_le_bytes();
    let (high, low) = (LOW_DIGIT[usize::from(high)], LOW_DIGIT[usize::from(low)]);
    (word & MASK == FORM && high < 8 && low < 16).then_some((high << 4 | low, 7))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_in_a_row_mean_the_same_wherever_a_block_ends() {
        let escaped =
            "&lt;_x000D__x000A_&amp;&quot;é&apos;&gt;_x00E9__x0041__X004a__y_\t_x000041__x20AC_, later ";
        let plain = "<\r\n&\"é'>éAJ_y_\t_x000041_€, later ";
        for ahead in 0..70 {
            let ahead = "x".repeat(ahead);
            let text = [&ahead, escaped, &ahead, escaped].concat();
            let expected = [&ahead, plain, &ahead, plain].concat();
            for behind in ["<", "</S>", &"</S>".repeat(20)] {
                for scanner in [Scanner::Portable, Scanner::detect()] {
                    for plain_len in [0, ahead.len()] {
                        let mut side = b"side".to_vec();
                        let bytes = [&text, behind].concat();
                        assert!(decode_usual(scanner, bytes.as_bytes(), plain_len, text.len(), &mut side));
                        assert_eq!(String::from_utf8_lossy(&side), ["side", &expected].concat());
                    }
                }
            }
        }
    }

    #[test]
    fn what_dotnet_does_not_write_is_refused_and_leaves_nothing() {
        for text in ["&#65;", "a&copy;b", "&lt", "_x00&#x34;1_", "a\u{1}b", "&lt;\r", "_x0041_\u{0}"] {
            for behind in ["<", &"</S>".repeat(20), ""] {
                let mut side = b"side".to_vec();
                let bytes = [text, behind].concat();
                assert!(
                    !decode_usual(Scanner::detect(), bytes.as_bytes(), 0, text.len(), &mut side),
                    "{text:?}"
                );
                assert_eq!(side, b"side");
            }
        }
    }
}
