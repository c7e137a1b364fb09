//! Text that is not simply there: entities, escapes, CDATA, comments, line ends, base64.

use std::ops::Range;

use super::error::{DecodeError, DecodeErrorKind};
use super::escape::{entity_at, unescape};
use super::node::{Kind, Node};
use super::parse::Parser;
use super::primitive::{expectation, is_valid_text, parse_scalar, trim, trimmed};
use super::scan::Markup;
use super::start_tag::Start;
use super::tag::Tag;
use super::text::push_code_point;
use super::wide::number;

impl Parser<'_> {
    /// Text with entities, escapes, CDATA, comments or white space around it; becomes side text.
    #[cold]
    #[inline(never)]
    pub(super) fn slow_text(&mut self, tag: Tag, mut node: Node, escaped: bool) -> Result<(), DecodeError> {
        let (begin, base) = (self.at, self.side.len());
        self.content(tag.name())?;
        if escaped {
            unescape(&mut self.side, base, self.scratch);
        } else {
            let text = self.side.get(base..).unwrap_or_default();
            let Range { start, end } = trimmed(text);
            let kind = Kind::from_number(tag.0).unwrap_or(Kind::String);
            if !is_valid_text(kind, text.get(start..end).unwrap_or_default()) {
                return Err(DecodeError::value(tag.name(), expectation(kind), begin));
            }
            self.side.copy_within(base + start..base + end, base);
            self.side.truncate(base + end - start);
        }
        node.flags |= Node::IN_SIDE;
        (node.a, node.b) = (number(base), number(self.side.len() - base));
        self.nodes.push(node);
        Ok(())
    }

    #[cold]
    #[inline(never)]
    pub(super) fn slow_scalar(&mut self, tag: Tag, kind: Kind, start: &Start) -> Result<(), DecodeError> {
        let (begin, base) = (self.at, self.side.len());
        self.content(tag.name())?;
        let scalar = parse_scalar(kind, trim(self.side.get(base..).unwrap_or_default()));
        self.side.truncate(base);
        let scalar = scalar.ok_or_else(|| DecodeError::value(tag.name(), expectation(kind), begin))?;
        self.push_scalar(tag, start, scalar);
        Ok(())
    }

    /// `<BA>`: base64, decoded into the side text.
    pub(super) fn byte_array(&mut self, start: &Start) -> Result<(), DecodeError> {
        const TAG: Tag = Tag::of(Kind::Bytes);
        let (begin, base) = (self.at, self.side.len());
        if !start.empty {
            let rest = self.rest();
            let len = memchr::memchr(b'<', rest).unwrap_or(rest.len());
            let text = rest.get(..len).unwrap_or_default();
            self.check_expanded(text.len() / 4 * 3)?;
            let decoded = self.scanner.decode_base64(text, &mut self.side);
            match TAG.end_at(self.body, begin + len) {
                Some(next) if decoded => self.at = next,
                _ => {
                    self.side.truncate(base);
                    self.slow_byte_array(begin)?;
                }
            }
        }
        self.nodes.push(Node {
            kind: Kind::Bytes.number(),
            flags: Node::IN_SIDE,
            aux: start.stream,
            name: start.name,
            a: number(base),
            b: number(self.side.len() - base),
        });
        Ok(())
    }

    #[cold]
    pub(super) fn slow_byte_array(&mut self, begin: usize) -> Result<(), DecodeError> {
        let base = self.side.len();
        self.content(Kind::Bytes.tag())?;
        self.scratch.clear();
        let digits = self.side.iter().skip(base).filter(|byte| !byte.is_ascii_whitespace());
        self.scratch.extend(digits);
        self.side.truncate(base);
        if self.scanner.decode_base64(self.scratch, &mut self.side) {
            Ok(())
        } else {
            Err(DecodeError::value(Kind::Bytes.tag(), expectation(Kind::Bytes), begin))
        }
    }

    /// The text of an element up to and with its end tag, appended to the side text. Entities are decoded, CDATA is
    /// text, comments are nothing, and each line end is one line feed.
    pub(super) fn content(&mut self, open: &'static str) -> Result<(), DecodeError> {
        self.check_utf8()?;
        let base = self.side.len();
        loop {
            let end = self.scanner.find::<Markup>(self.body, self.at);
            self.check_expanded(end - self.at)?;
            self.side.extend_from_slice(self.body.get(self.at..end).unwrap_or_default());
            self.at = end;
            match self.rest() {
                [] => return Err(DecodeError::new(DecodeErrorKind::Truncated { open }, self.at)),
                [b'<', b'/', ..] => return self.named_end_tag(open),
                [b'<', b'!', b'[', ..] => self.cdata(open)?,
                [b'<', b'!' | b'?', ..] => self.skip_markup()?,
                [b'<', ..] => return Err(DecodeError::syntax("text and no element", self.at)),
                [b'&', ..] => {
                    let (code, len) = entity_at(self.rest())
                        .ok_or_else(|| DecodeError::new(DecodeErrorKind::Entity, self.at))?;
                    self.check_expanded(1)?;
                    push_code_point(&mut self.side, base, code);
                    self.at += len;
                }
                [control, ..] => self.control(*control)?,
            }
        }
    }

    pub(super) fn cdata(&mut self, open: &'static str) -> Result<(), DecodeError> {
        let Some(inside) = self.rest().strip_prefix(b"<![CDATA[") else {
            return Err(DecodeError::syntax("text", self.at));
        };
        let Some(len) = memchr::memmem::find(inside, b"]]>") else {
            return Err(DecodeError::new(DecodeErrorKind::Truncated { open }, self.body.len()));
        };
        self.check_expanded(len)?;
        let (from, to) = (self.at + 9, self.at + 9 + len);
        self.at = from;
        while self.at < to {
            let text = self.body.get(self.at..to).unwrap_or_default();
            let plain = text.iter().position(|byte| *byte < 0x20).unwrap_or(text.len());
            self.side.extend_from_slice(text.get(..plain).unwrap_or_default());
            self.at += plain;
            if let Some(control) = text.get(plain) {
                self.control(*control)?;
            }
        }
        self.at = to + 3;
        Ok(())
    }

    /// A control character that stands as such: XML has three, and two of them are line ends.
    pub(super) fn control(&mut self, byte: u8) -> Result<(), DecodeError> {
        match byte {
            b'\r' if self.body.get(self.at + 1) == Some(&b'\n') => {}
            b'\r' | b'\n' => self.side.push(b'\n'),
            b'\t' => self.side.push(b'\t'),
            _ => return Err(DecodeError::syntax(CHARACTER, self.at)),
        }
        self.at += 1;
        Ok(())
    }
}

pub(super) const CHARACTER: &str = "a character that XML allows";
