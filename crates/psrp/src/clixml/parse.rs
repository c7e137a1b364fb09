//! The elements of CLIXML: one pass over the bytes with a stack of open elements.
//!
//! Each element is first read on the assumption that it is written as .NET writes it. When it is not,
//! [`super::attributes`] and [`super::content`] read the same bytes again in all the ways of XML.

use super::error::{DecodeError, DecodeErrorKind};
use super::intern::{Interner, Place};
use super::limits::Limits;
use super::node::{Kind, Node};
use super::opening::Opening;
use super::refs::RefTable;
use super::scan::{Scanner, Work, word_at};
use super::start_tag::Start;
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
    pub(super) opening: &'d mut Opening,
    pub(super) interner: &'d mut Interner,
    pub(super) scratch: &'d mut Vec<u8>,
    pub(super) limits: &'d Limits,
    pub(super) scanner: Scanner,
    /// Where the top-level value must have ended that is being read.
    pub(super) value_end: usize,
    /// Lists of type names that were read.
    pub(super) type_lists: u32,
    /// Whether all of the body was looked through for UTF-8.
    pub(super) is_utf8: bool,
    /// Whether the document's version is later than 1.1, so that unknown elements in objects are skipped.
    pub(super) skips_unknown: bool,
}

/// The pass, compiled for the scanner's instructions.
struct Reading<'p, 'd> {
    parser: &'p mut Parser<'d>,
    outcome: &'p mut Result<(), DecodeError>,
}

impl Work for Reading<'_, '_> {
    #[inline(always)]
    fn run(self) {
        *self.outcome = self.parser.document();
    }
}

/// An open element.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) tag: Tag,
    /// Its node; the root has none.
    pub(super) node: u32,
    /// Elements read inside, counted for objects, dictionary entries and type names.
    pub(super) count: u32,
    /// Where the guess at a name goes on behind it.
    pub(super) place: Place,
}

impl Frame {
    /// A message body, or the inside of an `<Objs>`.
    pub(super) const ROOT: Frame = Frame { tag: Tag::OBJS, node: u32::MAX, count: 0, place: Place::START };
}

impl Parser<'_> {
    /// Reads the whole body, which is UTF-8 then.
    ///
    /// INVARIANT: what was read is ASCII, or equals what an earlier body had in its place, or was looked through by
    /// [`Parser::check_part`]. So ASCII, which most of a body is, is gone through only once.
    pub(super) fn read(&mut self) -> Result<(), DecodeError> {
        let mut outcome = Ok(());
        self.scanner.run(Reading { parser: self, outcome: &mut outcome });
        debug_assert!(outcome.is_err() || std::str::from_utf8(self.body).is_ok(), "what was read is UTF-8");
        outcome
    }

    #[inline(always)]
    fn document(&mut self) -> Result<(), DecodeError> {
        let is_open = self.open_as_before();
        let wrapped = if is_open { None } else { self.prolog()? };
        self.elements(wrapped)?;
        if !is_open {
            self.opening.learn(self.scanner, self.body, &mut self.nodes);
        }
        Ok(())
    }

    /// The elements up to the end; `wrapped` as [`Parser::prolog`] says it.
    #[inline(always)]
    fn elements(&mut self, wrapped: Option<bool>) -> Result<(), DecodeError> {
        if wrapped == Some(true) {
            return self.epilog();
        }
        loop {
            let word = word_at(self.body, self.at);
            let met = self.foreseen(word);
            if let Some(met) = met
                && self.takes_leaf(met)?
            {
                continue;
            }
            match word.to_le_bytes() {
                [b'<', b'/', ..] => {
                    if self.stack.is_empty() {
                        if wrapped.is_none() {
                            return Err(DecodeError::syntax("an element", self.at));
                        }
                        self.end_tag(Tag::OBJS)?;
                        return self.epilog();
                    }
                    self.close()?;
                }
                [b'<', b'!' | b'?', ..] => self.skip_markup()?,
                [b'<', ..] => self.element(met)?,
                [b' ' | b'\t' | b'\r' | b'\n', ..] => self.at += 1,
                _ if self.at < self.body.len() => return Err(DecodeError::syntax("an element", self.at)),
                _ if wrapped.is_none() && self.stack.is_empty() => return Ok(()),
                _ => return Err(self.truncated()),
            }
        }
    }

    /// An element in any form, with what is known of it; a container is left open.
    #[inline(always)]
    fn element(&mut self, met: Option<(Tag, u32, usize)>) -> Result<(), DecodeError> {
        let begin = self.at;
        if self.stack.is_empty() {
            self.value_end = begin.saturating_add(self.limits.max_object_len);
        }
        if self.value_end < begin {
            return Err(self.object_too_long());
        }
        let mut start = Start { name: 0, ref_id: None, stream: 0, empty: false };
        let (tag, after) = match met {
            Some((tag, name, after)) => {
                self.interner.pass(name);
                start.name = name;
                (tag, after)
            }
            None => match Tag::read(self.body, begin + 1) {
                Some(read) => read,
                None => return self.unknown_element(),
            },
        };
        let parent = self.top.tag;
        let tag_class = tag.class();
        if tag_class & parent.holds() == 0 {
            return Err(self.misplaced(tag));
        }
        if !self.usual_start_tag(tag, after, &mut start)? {
            start = self.slow_start_tag(begin + 1 + tag.name().len())?;
        }
        if start.name == 0 && is_bag(parent) {
            return Err(self.nameless(begin));
        }
        if parent == ENTRY {
            self.entry_part(tag, &start, begin)?;
        } else if parent == OBJECT {
            if self.top.count == self.limits.max_parts {
                return Err(self.too_many_parts(begin));
            }
            self.top.count += 1;
        }
        if tag_class & PARTS != 0 {
            return self.part(tag, &start, begin);
        }
        self.other_primitive(tag, &start)
    }

    /// Everything that is no primitive: null, references, and what has elements inside.
    #[inline(always)]
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
                if self.type_lists == self.limits.max_type_lists {
                    return Err(self.too_many_type_lists(begin));
                }
                self.type_lists += 1;
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
                    self.count_type_name(begin)?;
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
                let place = self.interner.enter(start.name);
                self.top = Frame { tag, node: own, count: 0, place };
                Ok(())
            }
        }
    }

    /// An end tag; there is an open element beside the root.
    #[inline(always)]
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
        // The members of an object's two bags are one sequence; what is inside another element is not.
        if self.top.tag != PROPS && self.top.tag != MEMBERS {
            self.interner.leave(self.top.place);
        }
        if let Some(parent) = self.stack.pop() {
            self.top = parent;
        }
        if self.stack.is_empty() && self.value_end < self.at {
            return Err(self.object_too_long());
        }
        Ok(())
    }

    /// A primitive that was not expected.
    #[inline(never)]
    fn other_primitive(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        self.primitive(tag, start)?;
        if self.stack.is_empty() && self.value_end < self.at {
            return Err(self.object_too_long());
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn primitive(&mut self, tag: Tag, start: &Start) -> Result<(), DecodeError> {
        match tag {
            STRING | URI | SCRIPT_BLOCK | XML_DOCUMENT => self.escaped_text(tag, start, start.stream),
            BOOL => self.bool(start),
            CHAR | BYTE | SIGNED_BYTE | INT_16 | UINT_16 | INT_32 | UINT_32 | INT_64 | UINT_64 => {
                self.integer(tag, start)
            }
            DATE_TIME => self.date_time(start),
            DURATION => self.duration(start),
            DOUBLE => self.double(start),
            PROGRESS => self.progress(start),
            BYTES => self.byte_array(start),
            VERSION => self.version(start),
            GUID => self.guid(start),
            DECIMAL | SEMANTIC_VERSION | SECURE_STRING => self.plain_text(tag, start),
            _ => self.scalar(tag, start),
        }
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

    fn count_type_name(&mut self, begin: usize) -> Result<(), DecodeError> {
        let max = self.limits.max_type_names;
        if self.top.count == max {
            return Err(DecodeError::new(DecodeErrorKind::TooManyTypeNames { max }, begin));
        }
        self.top.count += 1;
        Ok(())
    }

    /// Looks through the whole body for UTF-8, once: for what is rare in it.
    #[cold]
    #[inline(never)]
    pub(super) fn check_utf8(&mut self) -> Result<(), DecodeError> {
        self.check_part(0, self.body.len())?;
        self.is_utf8 = true;
        Ok(())
    }

    /// Looks through a part of the body, unless all of it was.
    #[inline(never)]
    pub(super) fn check_part(&self, begin: usize, end: usize) -> Result<(), DecodeError> {
        let part = self.body.get(begin..end).filter(|_| !self.is_utf8).unwrap_or_default();
        let valid_up_to = |len| DecodeError::new(DecodeErrorKind::Utf, begin + len);
        self.scanner.check_utf8(part).map_err(valid_up_to)
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }
}

/// Whether it holds values with a name each.
#[inline]
pub(super) fn is_bag(tag: Tag) -> bool {
    tag == PROPS || tag == MEMBERS
}

/// Classes that are no primitives.
const PARTS: u16 = !class::PRIMITIVE;

const NIL: Tag = Tag::of(Kind::Nil);
const BOOL: Tag = Tag::of(Kind::Bool);
const CHAR: Tag = Tag::of(Kind::Char);
const BYTE: Tag = Tag::of(Kind::Byte);
const SIGNED_BYTE: Tag = Tag::of(Kind::SByte);
const INT_16: Tag = Tag::of(Kind::Int16);
const UINT_16: Tag = Tag::of(Kind::UInt16);
const INT_32: Tag = Tag::of(Kind::Int32);
const UINT_32: Tag = Tag::of(Kind::UInt32);
const INT_64: Tag = Tag::of(Kind::Int64);
const UINT_64: Tag = Tag::of(Kind::UInt64);
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
const DOUBLE: Tag = Tag::of(Kind::Double);
const DATE_TIME: Tag = Tag::of(Kind::DateTime);
const DURATION: Tag = Tag::of(Kind::TimeSpan);
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
