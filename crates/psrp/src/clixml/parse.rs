//! The elements of CLIXML: one pass over the bytes with a stack of open elements.
//!
//! Each element is first read on the assumption that it is written as .NET writes it. When it is not,
//! [`super::attributes`] and [`super::content`] read the same bytes again in all the ways of XML.

use super::error::{DecodeError, DecodeErrorKind};
use super::escape::escape_at;
use super::intern::Interner;
use super::limits::Limits;
use super::node::{Kind, Node};
use super::primitive::{Scalar, expectation, is_valid_text, parse_scalar};
use super::refs::RefTable;
use super::scan::{find_markup, find_special, find_tag, word_at};
use super::tag::{Tag, class};
use super::tape::FloatText;
use super::wide::{index, number};

/// The state of one pass.
pub(super) struct Parser<'d> {
    pub(super) body: &'d [u8],
    /// The next byte to read.
    pub(super) at: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) side: Vec<u8>,
    pub(super) floats: Vec<FloatText>,
    /// The innermost open element; the others are on the stack.
    pub(super) top: Frame,
    pub(super) stack: &'d mut Vec<Frame>,
    pub(super) objects: &'d mut RefTable,
    pub(super) types: &'d mut RefTable,
    pub(super) interner: &'d mut Interner,
    pub(super) scratch: &'d mut Vec<u8>,
    pub(super) limits: &'d Limits,
    /// Where the top-level value begins that is being read.
    pub(super) value_start: usize,
    /// Whether the document's version is later than 1.1, so that unknown elements in objects are skipped.
    pub(super) skips_unknown: bool,
}

/// An open element.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) tag: Tag,
    /// Its node; the root has none.
    node: u32,
    /// Elements read inside, counted for dictionary entries and type names.
    count: u32,
}

impl Frame {
    /// A message body, or the inside of an `<Objs>`.
    pub(super) const ROOT: Frame = Frame { tag: Tag::OBJS, node: u32::MAX, count: 0 };
}

/// What a start tag says.
#[derive(Clone, Copy)]
pub(super) struct Start {
    pub(super) name: u32,
    pub(super) ref_id: Option<u64>,
    pub(super) stream: u16,
    /// Whether the element ends with the tag.
    pub(super) empty: bool,
}

impl Parser<'_> {
    /// Reads the whole body.
    pub(super) fn document(&mut self) -> Result<(), DecodeError> {
        let wrapped = self.prolog()?;
        if wrapped == Some(true) {
            return self.epilog();
        }
        loop {
            match self.peek() {
                Some(b'<') => {}
                Some(b' ' | b'\t' | b'\r' | b'\n') => {
                    self.at += 1;
                    continue;
                }
                Some(_) => return Err(DecodeError::syntax("an element", self.at)),
                None if wrapped.is_none() && self.stack.is_empty() => return Ok(()),
                None => return Err(self.truncated()),
            }
            match self.body.get(self.at + 1) {
                Some(b'/') => {
                    if self.stack.is_empty() {
                        if wrapped.is_none() {
                            return Err(DecodeError::syntax("an element", self.at));
                        }
                        self.end_tag(Tag::OBJS)?;
                        return self.epilog();
                    }
                    self.close()?;
                }
                Some(b'!' | b'?') => self.skip_markup()?,
                _ => self.element()?,
            }
        }
    }

    #[inline]
    fn element(&mut self) -> Result<(), DecodeError> {
        let begin = self.at;
        if self.stack.is_empty() {
            self.value_start = begin;
        }
        if self.limits.max_object_len < begin - self.value_start {
            return Err(self.object_too_long());
        }
        let Some((tag, after)) = Tag::read(self.body, begin + 1) else {
            return self.unknown_element();
        };
        let parent = self.top.tag;
        let tag_class = tag.class();
        if tag_class & parent.holds() == 0 {
            return Err(self.misplaced(tag));
        }
        let start = self.start_tag(after)?;
        if start.name == 0 && needs_name(parent) {
            return Err(self.nameless(begin));
        }
        if parent == ENTRY {
            self.entry_part(tag, &start, begin)?;
        }
        if tag_class & PARTS == 0 {
            return self.primitive(tag, &start);
        }
        self.part(tag, &start, begin)
    }

    /// Everything that is no primitive: null, references, and what has elements inside.
    fn part(&mut self, tag: Tag, start: &Start, begin: usize) -> Result<(), DecodeError> {
        let own = number(self.nodes.len());
        let (mut aux, mut target) = (0, own + 1);
        match tag {
            OBJECT => {
                if let Some(id) = start.ref_id {
                    self.objects.set(id, own);
                }
                aux = start.stream;
            }
            TYPE_NAMES => {
                if let Some(id) = start.ref_id {
                    self.types.set(id, own);
                }
            }
            REF | TYPE_NAMES_REF => {
                let table = if tag == REF { &*self.objects } else { &*self.types };
                let Some(id) = start.ref_id else {
                    return Err(DecodeError::new(DecodeErrorKind::MissingRefId { tag: tag.name() }, begin));
                };
                let Some(node) = table.find(id) else {
                    return Err(DecodeError::new(DecodeErrorKind::UnknownRefId { tag: tag.name() }, begin));
                };
                target = node;
                aux = start.stream;
            }
            NIL => (target, aux) = (0, start.stream),
            TO_STRING | TYPE_NAME => {
                if tag == TYPE_NAME {
                    self.count_type_name()?;
                }
                return self.escaped_text(tag, start, 0);
            }
            _ => {}
        }
        self.nodes.push(Node { kind: tag.0, flags: 0, aux, name: start.name, a: target, b: 0 });
        let leaf = matches!(tag, NIL | REF | TYPE_NAMES_REF);
        match (leaf, start.empty) {
            (true, true) => Ok(()),
            (true, false) => {
                self.skip_space()?;
                self.end_tag(tag)
            }
            (false, true) if tag == ENTRY => Err(self.entry_incomplete(begin)),
            (false, true) => Ok(()),
            (false, false) => {
                let depth = index(self.limits.max_depth);
                if depth <= self.stack.len() {
                    return Err(self.too_deep(begin));
                }
                self.stack.push(self.top);
                self.top = Frame { tag, node: own, count: 0 };
                Ok(())
            }
        }
    }

    /// An end tag; there is an open element beside the root.
    #[inline]
    fn close(&mut self) -> Result<(), DecodeError> {
        let begin = self.at;
        self.end_tag(self.top.tag)?;
        if self.top.tag == ENTRY && self.top.count != 2 {
            return Err(self.entry_incomplete(begin));
        }
        let end = number(self.nodes.len());
        if let Some(node) = self.nodes.get_mut(index(self.top.node)) {
            node.a = end;
        }
        if let Some(parent) = self.stack.pop() {
            self.top = parent;
        }
        if self.stack.is_empty() && self.limits.max_object_len < self.at - self.value_start {
            return Err(self.object_too_long());
        }
        Ok(())
    }

    #[inline]
    fn primitive(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        match tag {
            STRING | URI | SCRIPT_BLOCK | XML_DOCUMENT => self.escaped_text(tag, start, start.stream),
            BOOL => self.bool(start),
            PROGRESS => self.progress(start),
            BYTES => self.byte_array(start),
            GUID | VERSION | DECIMAL | SEMANTIC_VERSION | SECURE_STRING => self.plain_text(tag, start),
            _ => self.scalar(tag, start),
        }?;
        if self.stack.is_empty() && self.limits.max_object_len < self.at - self.value_start {
            return Err(self.object_too_long());
        }
        Ok(())
    }

    /// A text in which `_xHHHH_` stands for a UTF-16 unit.
    #[inline]
    fn escaped_text(&mut self, tag: Tag, start: &Start, aux: u16) -> Result<(), DecodeError> {
        let begin = self.at;
        let mut node = Node { kind: tag.0, flags: 0, aux, name: start.name, a: number(begin), b: 0 };
        if start.empty {
            self.nodes.push(node);
            return Ok(());
        }
        let mut end = begin;
        loop {
            end = find_special(self.body, end);
            match self.body.get(end) {
                Some(b'<') => break,
                Some(b'\t' | b'\n') => end += 1,
                Some(b'_') if escape_at(self.body.get(end..).unwrap_or_default()).is_none() => end += 1,
                _ => return self.slow_text(tag, node, true),
            }
        }
        let Some(next) = tag.end_at(self.body, end) else {
            return self.slow_text(tag, node, true);
        };
        node.b = number(end - begin);
        self.nodes.push(node);
        self.at = next;
        Ok(())
    }

    /// A text that is kept as it is written, after a check.
    fn plain_text(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        let begin = self.at;
        let mut node =
            Node { kind: tag.0, flags: 0, aux: start.stream, name: start.name, a: number(begin), b: 0 };
        let end = if start.empty { begin } else { find_markup(self.body, begin) };
        let next = if start.empty { Some(begin) } else { tag.end_at(self.body, end) };
        let text = self.body.get(begin..end).unwrap_or_default();
        match (next, Kind::from_number(tag.0)) {
            (Some(next), Some(kind)) if is_valid_text(kind, text) => {
                node.b = number(end - begin);
                self.nodes.push(node);
                self.at = next;
                Ok(())
            }
            (_, Some(kind)) if start.empty => Err(DecodeError::value(tag.name(), expectation(kind), begin)),
            _ => self.slow_text(tag, node, false),
        }
    }

    #[inline]
    fn bool(&mut self, start: &Start) -> Result<(), DecodeError> {
        const TRUE: u64 = u64::from_le_bytes(*b"true</B>");
        const FALSE: u64 = u64::from_le_bytes(*b"false</B");
        let word = word_at(self.body, self.at);
        let (value, len) = match word {
            TRUE if !start.empty => (1, 8),
            FALSE if !start.empty && self.body.get(self.at + 8) == Some(&b'>') => (0, 9),
            _ => return self.scalar(BOOL, start),
        };
        self.at += len;
        self.nodes.push(Node { kind: BOOL.0, flags: 0, aux: start.stream, name: start.name, a: value, b: 0 });
        Ok(())
    }

    /// A primitive whose value fits a node.
    fn scalar(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        let Some(kind) = Kind::from_number(tag.0) else {
            return self.unknown_element();
        };
        let begin = self.at;
        if start.empty {
            return Err(DecodeError::value(tag.name(), expectation(kind), begin));
        }
        let end = find_tag(self.body, begin);
        let text = self.body.get(begin..end).unwrap_or_default();
        match (tag.end_at(self.body, end), parse_scalar(kind, text)) {
            (Some(next), Some(scalar)) => {
                if tag == DOUBLE || tag == SINGLE {
                    let (node, start) = (number(self.nodes.len()), number(begin));
                    self.floats.push(FloatText { node, start, len: number(end - begin) });
                }
                self.at = next;
                self.push_scalar(tag, start, scalar);
                Ok(())
            }
            _ => self.slow_scalar(tag, kind, start),
        }
    }

    pub(super) fn push_scalar(&mut self, tag: Tag, start: &Start, scalar: Scalar) {
        let (low, high) = (scalar.bits & 0xFFFF_FFFF, scalar.bits >> 32);
        let (mut flags, mut aux) = (scalar.flags, scalar.aux);
        if tag == DATE_TIME {
            flags |= u8::try_from(start.stream << Node::DATE_STREAM_SHIFT).unwrap_or(0);
        } else {
            aux = start.stream;
        }
        self.nodes.push(Node {
            kind: tag.0,
            flags,
            aux,
            name: start.name,
            a: u32::try_from(low).unwrap_or(0),
            b: u32::try_from(high).unwrap_or(0),
        });
    }

    /// What stands behind an element name, from `after` on.
    #[inline]
    fn start_tag(&mut self, after: usize) -> Result<Start, DecodeError> {
        const NAME: u64 = u64::from_le_bytes(*b" N=\"\0\0\0\0");
        const REF_ID: u64 = u64::from_le_bytes(*b" RefId=\"");
        let mut start = Start { name: 0, ref_id: None, stream: 0, empty: false };
        let mut at = after;
        let mut word = word_at(self.body, at);
        if word & 0xFFFF_FFFF == NAME {
            match self.interner.guess(self.body, at + 4) {
                Some((name, end)) => (start.name, at) = (name, end),
                None => match self.plain_name(at + 4)? {
                    Some((name, end)) => (start.name, at) = (name, end),
                    None => return self.slow_start_tag(after),
                },
            }
            word = word_at(self.body, at);
        }
        if word == REF_ID {
            match digits(self.body, at + 8) {
                Some((id, end)) => (start.ref_id, at) = (Some(id), end),
                None => return self.slow_start_tag(after),
            }
            word = word_at(self.body, at);
        }
        if word & 0xFF == 0x3E {
            self.at = at + 1;
        } else if word & 0xFF_FFFF == 0x3E_2F20 {
            (self.at, start.empty) = (at + 3, true);
        } else if word & 0xFFFF == 0x3E2F {
            (self.at, start.empty) = (at + 2, true);
        } else {
            return self.slow_start_tag(after);
        }
        Ok(start)
    }

    /// A name that stands for itself, and where its attribute ends. `None` when it has to be decoded.
    #[inline(never)]
    fn plain_name(&mut self, begin: usize) -> Result<Option<(u32, usize)>, DecodeError> {
        let rest = self.body.get(begin..).unwrap_or_default();
        let Some(len) = rest.iter().position(|byte| matches!(byte, b'"' | b'&' | b'<' | 0..=0x1F)) else {
            return Err(self.truncated());
        };
        let name = rest.get(..len).unwrap_or_default();
        let escaped =
            memchr::memchr_iter(b'_', name).any(|at| escape_at(name.get(at..).unwrap_or_default()).is_some());
        if rest.get(len) != Some(&b'"') || escaped || name.is_empty() {
            return Ok(None);
        }
        let id = self.intern(begin, begin + len)?;
        Ok(Some((id, begin + len + 1)))
    }

    fn intern(&mut self, begin: usize, end: usize) -> Result<u32, DecodeError> {
        let name = self.body.get(begin..end).unwrap_or_default();
        if self.limits.max_name_len < name.len() {
            return Err(self.name_too_long(begin));
        }
        let id = self.interner.number(name, self.limits);
        id.map_err(|met| DecodeError::limit(met.limit, met.max, begin))
    }

    /// The first or second element of a dictionary entry. Its name must say so, and a key cannot be null.
    fn entry_part(&mut self, tag: Tag, start: &Start, begin: usize) -> Result<(), DecodeError> {
        let expected = match self.top.count {
            0 if self.interner.is(start.name, "Key") => None,
            1 if self.interner.is(start.name, "Value") => None,
            0 => Some("an element with the name Key first"),
            1 => Some("an element with the name Value second"),
            _ => Some("two elements only"),
        };
        if let Some(expected) = expected {
            return Err(DecodeError::new(DecodeErrorKind::Misplaced { parent: "En", expected }, begin));
        }
        if tag == NIL && self.top.count == 0 {
            return Err(DecodeError::new(DecodeErrorKind::KeyIsNil, begin));
        }
        self.top.count += 1;
        Ok(())
    }

    fn count_type_name(&mut self) -> Result<(), DecodeError> {
        let max = self.limits.max_type_names;
        if self.top.count == max {
            return Err(DecodeError::limit("max_type_names", u64::from(max), self.at));
        }
        self.top.count += 1;
        Ok(())
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }
}

/// A number and the quote behind it; its value and where the quote ends.
#[inline]
fn digits(body: &[u8], begin: usize) -> Option<(u64, usize)> {
    let rest = body.get(begin..)?;
    let (mut value, mut len) = (0_u64, 0);
    for byte in rest {
        let digit = byte.wrapping_sub(b'0');
        if 9 < digit {
            return (*byte == b'"' && len != 0).then_some((value, begin + len + 1));
        }
        value = value.checked_mul(10)?.checked_add(u64::from(digit))?;
        len += 1;
    }
    None
}

#[inline]
fn needs_name(parent: Tag) -> bool {
    parent == PROPS || parent == MEMBERS
}

/// Classes that are no primitives.
const PARTS: u16 = !class::PRIMITIVE;

const NIL: Tag = Tag::of(Kind::Nil);
const BOOL: Tag = Tag::of(Kind::Bool);
const STRING: Tag = Tag::of(Kind::String);
const URI: Tag = Tag::of(Kind::Uri);
const XML_DOCUMENT: Tag = Tag::of(Kind::XmlDocument);
const SCRIPT_BLOCK: Tag = Tag::of(Kind::ScriptBlock);
const GUID: Tag = Tag::of(Kind::Guid);
const VERSION: Tag = Tag::of(Kind::Version);
const SEMANTIC_VERSION: Tag = Tag::of(Kind::SemanticVersion);
const DECIMAL: Tag = Tag::of(Kind::Decimal);
const SECURE_STRING: Tag = Tag::of(Kind::SecureString);
const BYTES: Tag = Tag::of(Kind::Bytes);
const SINGLE: Tag = Tag::of(Kind::Single);
const DOUBLE: Tag = Tag::of(Kind::Double);
const DATE_TIME: Tag = Tag::of(Kind::DateTime);
const PROGRESS: Tag = Tag::of(Kind::Progress);
const OBJECT: Tag = Tag::of(Kind::Object);
const REF: Tag = Tag::of(Kind::Ref);
const TYPE_NAMES: Tag = Tag::of(Kind::TypeNames);
const TYPE_NAMES_REF: Tag = Tag::of(Kind::TypeNamesRef);
const TYPE_NAME: Tag = Tag::of(Kind::TypeName);
const TO_STRING: Tag = Tag::of(Kind::ToString);
const ENTRY: Tag = Tag::of(Kind::Entry);
const PROPS: Tag = Tag::of(Kind::Props);
const MEMBERS: Tag = Tag::of(Kind::Members);
