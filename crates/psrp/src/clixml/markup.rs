//! What may stand around elements: a document's head and end, white space, comments, and end tags.

use super::error::{DecodeError, DecodeErrorKind};
use super::node::Kind;
use super::parse::Parser;
use super::primitive::is_valid_text;
use super::tag::{Tag, is_name_end};
use super::wide::index;

impl<'d> Parser<'d> {
    /// Byte order mark, XML declaration, and the start tag of an `<Objs>`. `None` when there is no such wrapper, else
    /// whether it is empty.
    pub(super) fn prolog(&mut self) -> Result<Option<bool>, DecodeError> {
        if self.rest().starts_with(BYTE_ORDER_MARK) {
            self.at += BYTE_ORDER_MARK.len();
        }
        self.skip_space()?;
        let is_wrapper =
            self.rest().strip_prefix(b"<Objs").and_then(<[u8]>::first).is_some_and(|byte| is_name_end(*byte));
        if !is_wrapper {
            return Ok(None);
        }
        let mut version = None;
        let start = self.attributes(self.at + 5, &mut version)?;
        if let Some((from, to)) = version {
            let text = self.body.get(from..to).unwrap_or_default();
            let minor =
                known_version(text).ok_or_else(|| DecodeError::new(DecodeErrorKind::Version, from))?;
            self.skips_unknown = 1 < minor;
        }
        Ok(Some(start.empty))
    }

    /// Nothing but white space and comments may follow the wrapper.
    pub(super) fn epilog(&mut self) -> Result<(), DecodeError> {
        self.skip_space()?;
        if self.at < self.body.len() {
            Err(DecodeError::syntax("nothing behind </Objs>", self.at))
        } else {
            Ok(())
        }
    }

    /// White space, comments and processing instructions.
    pub(super) fn skip_space(&mut self) -> Result<(), DecodeError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'<') if matches!(self.body.get(self.at + 1), Some(b'!' | b'?')) => {
                    self.skip_markup()?;
                }
                _ => return Ok(()),
            }
        }
    }

    /// A comment or processing instruction, the only markup that may stand between elements.
    #[cold]
    pub(super) fn skip_markup(&mut self) -> Result<(), DecodeError> {
        self.check_utf8()?;
        let rest = self.rest();
        let (skip, end): (usize, &[u8]) = if rest.starts_with(b"<!--") {
            (4, b"-->")
        } else if rest.starts_with(b"<?") {
            (2, b"?>")
        } else if rest.starts_with(b"<!DOCTYPE") {
            return Err(DecodeError::new(DecodeErrorKind::Dtd, self.at));
        } else {
            return Err(DecodeError::syntax("an element", self.at));
        };
        let inside = rest.get(skip..).unwrap_or_default();
        match memchr::memmem::find(inside, end) {
            Some(len) => self.at += skip + len + end.len(),
            None => return Err(self.truncated()),
        }
        Ok(())
    }

    /// The end tag of an element, white space in it allowed.
    #[inline]
    pub(super) fn end_tag(&mut self, tag: Tag) -> Result<(), DecodeError> {
        if let Some(end) = tag.end_at(self.body, self.at) {
            self.at = end;
            return Ok(());
        }
        self.slow_end_tag(tag)
    }

    #[cold]
    pub(super) fn slow_end_tag(&mut self, tag: Tag) -> Result<(), DecodeError> {
        self.named_end_tag(tag.name())
    }

    pub(super) fn named_end_tag(&mut self, open: &'static str) -> Result<(), DecodeError> {
        let rest = self.rest();
        if rest.is_empty() {
            return Err(DecodeError::new(DecodeErrorKind::Truncated { open }, self.at));
        }
        let mismatch = || DecodeError::new(DecodeErrorKind::Mismatch { open }, self.at);
        let after = rest
            .strip_prefix(b"</")
            .and_then(|rest| rest.strip_prefix(open.as_bytes()))
            .ok_or_else(mismatch)?;
        let space = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        match after.get(space) {
            Some(b'>') => self.at += rest.len() - after.len() + space + 1,
            Some(_) => return Err(mismatch()),
            None => return Err(DecodeError::new(DecodeErrorKind::Truncated { open }, self.body.len())),
        }
        Ok(())
    }

    /// An element that CLIXML does not have: an error, or, inside an object of a later document version, nothing.
    #[cold]
    #[inline(never)]
    pub(super) fn unknown_element(&mut self) -> Result<(), DecodeError> {
        self.check_utf8()?;
        let begin = self.at;
        if self.rest().len() < 2 {
            return Err(self.truncated());
        }
        let named = self
            .rest()
            .get(1)
            .is_some_and(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | 0x80..));
        if !named {
            return Err(DecodeError::syntax("an element name", begin + 1));
        }
        if !self.skips_unknown || self.top.tag != Tag::of(Kind::Object) {
            return Err(DecodeError::new(DecodeErrorKind::UnknownElement, begin));
        }
        // The names of the elements that are open, as ranges of the body.
        let mut open: Vec<(usize, usize)> = Vec::new();
        loop {
            let rest = self.rest();
            match rest {
                [b'<', b'!', b'[', ..] => {
                    let base = self.side.len();
                    self.cdata("")?;
                    self.side.truncate(base);
                }
                [b'<', b'!' | b'?', ..] => self.skip_markup()?,
                [b'<', b'/', name @ ..] => {
                    let Some((from, to)) = open.pop() else { return Err(self.truncated()) };
                    let expected = self.body.get(from..to).unwrap_or_default();
                    let after = name.strip_prefix(expected).unwrap_or_default();
                    let space = after.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
                    if after.get(space) != Some(&b'>') {
                        return Err(DecodeError::syntax("the end tag of the innermost element", self.at));
                    }
                    self.at += 2 + (to - from) + space + 1;
                }
                [b'<', name @ ..] => {
                    let len = name.iter().take_while(|byte| !is_name_end(**byte)).count();
                    let (from, to) = (self.at + 1, self.at + 1 + len);
                    if index(self.limits.max_depth) <= self.stack.len() + open.len() {
                        return Err(self.too_deep(self.at));
                    }
                    if !self.unknown_start_tag(to)? {
                        open.push((from, to));
                    }
                }
                [] => return Err(self.truncated()),
                _ => self.at += memchr::memchr(b'<', rest).unwrap_or(rest.len()),
            }
            if open.is_empty() {
                return Ok(());
            }
        }
    }

    /// Whether a start tag whose attributes mean nothing is that of an empty element.
    pub(super) fn unknown_start_tag(&mut self, after: usize) -> Result<bool, DecodeError> {
        self.at = after;
        loop {
            self.skip_blanks();
            match self.rest() {
                [b'>', ..] => {
                    self.at += 1;
                    return Ok(false);
                }
                [b'/', b'>', ..] => {
                    self.at += 2;
                    return Ok(true);
                }
                _ => self.attribute()?,
            };
        }
    }

    pub(super) fn rest(&self) -> &'d [u8] {
        self.body.get(self.at..).unwrap_or_default()
    }
}

/// The minor number of a document version with the major number 1.
fn known_version(text: &[u8]) -> Option<u32> {
    if !is_valid_text(Kind::Version, text) {
        return None;
    }
    let mut parts =
        text.split(|byte| *byte == b'.').map(|part| std::str::from_utf8(part).ok()?.parse::<u32>().ok());
    match (parts.next()??, parts.next()??) {
        (1, minor) => Some(minor),
        _ => None,
    }
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
