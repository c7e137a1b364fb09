//! Attributes in any order and form; [`super::parse`] reads the usual ones itself.

use super::content::CHARACTER;
use super::error::{DecodeError, DecodeErrorKind};
use super::escape::{entity_at, unescape};
use super::parse::Parser;
use super::primitive::trim;
use super::scan::Markup;
use super::start_tag::Start;
use super::tag::is_name_end;
use super::text::push_code_point;
use super::value::Stream;

impl Parser<'_> {
    /// Any attributes in any order and form, from `after` the element name on.
    #[cold]
    #[inline(never)]
    pub(super) fn slow_start_tag(&mut self, after: usize) -> Result<Start, DecodeError> {
        self.attributes(after, &mut None)
    }

    /// Each attribute is looked at once, so a million of them take as long as their bytes.
    pub(super) fn attributes(
        &mut self,
        after: usize,
        version: &mut Option<(usize, usize)>,
    ) -> Result<Start, DecodeError> {
        let mut start = Start { name: 0, ref_id: None, stream: 0, empty: false };
        let mut seen_name = false;
        self.check_utf8()?;
        self.at = after;
        loop {
            let spaces = self.skip_blanks();
            match self.peek() {
                Some(b'>') => {
                    self.at += 1;
                    return Ok(start);
                }
                Some(b'/') if self.body.get(self.at + 1) == Some(&b'>') => {
                    self.at += 2;
                    start.empty = true;
                    return Ok(start);
                }
                None => return Err(self.truncated()),
                Some(_) if spaces == 0 => return Err(DecodeError::syntax("the end of a start tag", self.at)),
                Some(_) => {}
            }
            let begin = self.at;
            let (name, from, to) = self.attribute()?;
            let repeated = || DecodeError::syntax("each attribute once", begin);
            match name {
                b"N" if seen_name => return Err(repeated()),
                b"N" => (start.name, seen_name) = (self.name_value(from, to)?, true),
                b"RefId" if start.ref_id.is_some() => return Err(repeated()),
                b"RefId" => start.ref_id = Some(self.ref_id_value(from, to)?),
                b"S" => start.stream = self.stream_value(from, to),
                b"Version" => *version = Some((from, to)),
                b"xmlns" if self.body.get(from..to) != Some(NAMESPACE) => {
                    return Err(DecodeError::syntax("the namespace of PowerShell", from));
                }
                _ => {}
            }
        }
    }

    /// One attribute: its name, and where its value stands.
    pub(super) fn attribute(&mut self) -> Result<(&'static [u8], usize, usize), DecodeError> {
        let rest = self.rest();
        let len = rest
            .iter()
            .take_while(|byte| !is_name_end(**byte) && !matches!(byte, b'=' | b'<' | b'"' | b'\''))
            .count();
        let written = rest.get(..len).unwrap_or_default();
        let name = KNOWN_ATTRIBUTES.into_iter().find(|known| *known == written).unwrap_or_default();
        self.at += len;
        self.skip_blanks();
        if len == 0 || self.peek() != Some(b'=') {
            return Err(self.expected("an attribute with a value"));
        }
        self.at += 1;
        self.skip_blanks();
        let Some(quote @ (b'"' | b'\'')) = self.peek() else {
            return Err(self.expected("an attribute value in quotes"));
        };
        let from = self.at + 1;
        let value = self.body.get(from..).unwrap_or_default();
        match memchr::memchr2(quote, b'<', value) {
            Some(len) if value.get(len) == Some(&quote) => {
                self.at = from + len + 1;
                Ok((name, from, from + len))
            }
            Some(len) => Err(DecodeError::syntax("an attribute value without <", from + len)),
            None => Err(self.truncated()),
        }
    }

    /// The number of a member name whose wire form may need decoding.
    pub(super) fn name_value(&mut self, from: usize, to: usize) -> Result<u32, DecodeError> {
        if self.limits.max_name_len < to - from {
            return Err(self.name_too_long(from));
        }
        let base = self.side.len();
        self.decode_attribute(from, to)?;
        unescape(&mut self.side, base, self.scratch);
        let name = self.side.get(base..).unwrap_or_default();
        // PowerShell knows no member without a name either.
        let id = if name.is_empty() { Ok(0) } else { self.interner.number(name, self.limits) };
        self.side.truncate(base);
        id.map_err(|met| DecodeError::new(met, from))
    }

    /// Appends an attribute value to the side text, its entities decoded and its white space made spaces.
    pub(super) fn decode_attribute(&mut self, from: usize, to: usize) -> Result<(), DecodeError> {
        let base = self.side.len();
        let mut at = from;
        while at < to {
            let text = self.body.get(at..to).unwrap_or_default();
            match text.first() {
                Some(b'&') => {
                    let (code, len) =
                        entity_at(text).ok_or_else(|| DecodeError::new(DecodeErrorKind::Entity, at))?;
                    push_code_point(&mut self.side, base, code);
                    at += len;
                }
                Some(b'\r') if text.get(1) == Some(&b'\n') => at += 1,
                Some(b'\t' | b'\r' | b'\n') => {
                    self.side.push(b' ');
                    at += 1;
                }
                Some(0..=0x1F) => return Err(DecodeError::syntax(CHARACTER, at)),
                _ => {
                    let len = self.scanner.find::<Markup>(text, 0).max(1);
                    self.side.extend_from_slice(text.get(..len).unwrap_or_default());
                    at += len;
                }
            }
        }
        Ok(())
    }

    pub(super) fn ref_id_value(&self, from: usize, to: usize) -> Result<u64, DecodeError> {
        let text = trim(self.body.get(from..to).unwrap_or_default());
        let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let value =
            if digits { std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()) } else { None };
        value.ok_or_else(|| DecodeError::syntax("a number as RefId", from))
    }

    pub(super) fn stream_value(&self, from: usize, to: usize) -> u16 {
        Stream::from_name(self.body.get(from..to).unwrap_or_default()).map_or(0, Stream::number)
    }

    pub(super) fn skip_blanks(&mut self) -> usize {
        let spaces =
            self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
        self.at += spaces;
        spaces
    }
}

const NAMESPACE: &[u8] = b"http://schemas.microsoft.com/powershell/2004/04";
const KNOWN_ATTRIBUTES: [&[u8]; 5] = [b"N", b"RefId", b"S", b"Version", b"xmlns"];
