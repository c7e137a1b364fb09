//! Writing what a tape holds.
//!
//! Each element is a few short pieces that are written into one line as whole blocks: the tag of its kind, the attribute
//! of its name, its value, its end tag.

use std::ops::Range;

use super::date::{DateTime, write_duration};
use super::digits::{push_number, push_signed};
use super::element::{Part, push_end_tag, push_id, push_type_names, push_with_id};
use super::encode::{Encoder, Name};
use super::names::Attributes;
use super::node::{Kind, Node};
use super::opening;
use super::padded::Padded;
use super::scan::{Scanner, Work};
use super::sheet::Sheet;
use super::short::Short;
use super::tags::{Content, Tags};
use super::tape::Tape;
use super::value::Value;
use super::wide::{index, number};
use super::write::{push_bool, push_double, push_guid, push_plain, push_single, push_text, push_xml};

/// Writes a tape as a document: `<Objs>` with the namespace, each value in order, without line breaks.
pub fn encode_document(tape: &Tape) -> Vec<u8> {
    let mut out = Vec::with_capacity(tape.text().len() + START.len());
    out.extend_from_slice(START);
    out.push(b'>');
    Encoder::new(&mut out).close_with("Objs", |objs| {
        for value in tape.values() {
            objs.value(value);
        }
    });
    out
}

/// A container that is being written.
#[derive(Clone, Copy, Default)]
struct Open {
    /// One past the last node inside.
    end: u32,
    /// Where the walk goes on behind it: its end, or for an object met by a reference what follows that.
    after: u32,
    /// A [`Kind`] by number.
    kind: u32,
}

/// A walk over one tape.
struct Walk<'w, 'b> {
    encoder: &'w mut Encoder<'b>,
    tape: &'w Tape,
    nodes: &'w [Node],
    attributes: Attributes<'w>,
    text: &'w [u8],
    side: &'w [u8],
    serial: u64,
    scanner: Scanner,
    /// The output of the encoder, while the walk goes on.
    sheet: Sheet,
    /// The innermost one last. The first stands for what holds nothing but the node to be written.
    open: Short<Open, 8>,
    /// The end of the innermost one.
    end: u32,
}

impl Encoder<'_> {
    /// Writes a value of a tape with the name it has there.
    ///
    /// An object is written where this encoder meets it first, be it by reference; everywhere else, and inside itself,
    /// it becomes a reference. So a part of a tape takes along what it refers to, and cycles keep their form.
    pub fn value(&mut self, value: Value<'_>) {
        let node = value.node();
        self.stream = node.stream();
        let name = node.name_id().and_then(|id| value.tape().names().get(id));
        self.write_tree(Name(name), value, node);
    }

    /// Writes a value of a tape under another name, or under none.
    pub fn value_named<'n>(&mut self, name: impl Into<Name<'n>>, value: Value<'_>) {
        self.write_tree(name.into(), value, value.node());
    }

    #[inline]
    fn write_tree(&mut self, name: Name<'_>, root: Value<'_>, node: &Node) {
        if name.0.is_some() || self.forced_name.is_some() || self.stream.is_some() {
            let attributes = self.root_attributes(name, root.kind());
            self.walk(&attributes, root, None);
        } else if node.kind != Kind::String.number() || !self.write_plain(root.tape().slice(node)) {
            let opening = if self.is_new() { opening::as_written(root.tape(), node) } else { None };
            self.walk(BARE, root, opening);
        }
    }

    /// Writes a value. The opening of an object, with where the type names stand in it, is copied if it is given.
    #[inline(never)]
    fn walk(&mut self, attributes: &Padded, root: Value<'_>, opening: Option<(&[u8], Range<usize>)>) {
        let (tape, scanner) = (root.tape(), Scanner::detect());
        let (nodes, side, serial) = tape.parts();
        let is_open = opening.is_some();
        let mut expected = expected_len(nodes, root.index(), tape.text().len());
        if let Some((opening, names)) = opening {
            self.out.reserve(expected);
            self.copy_opening(opening, names, serial);
            expected = expected.saturating_sub(opening.len());
        }
        let mut walk = Walk {
            tape,
            nodes,
            attributes: Attributes::new(tape.names()),
            text: tape.text(),
            side,
            serial,
            scanner,
            sheet: Sheet::take(self.out, expected),
            open: Short::default(),
            end: 0,
            encoder: self,
        };
        walk.enter(Open { end: root.index() + 1, ..Open::default() });
        let (attributes, from) =
            if is_open { walk.enter_open(root.node()) } else { (attributes, root.index()) };
        scanner.run(From(&mut walk, attributes, from));
        let Walk { encoder, sheet, .. } = walk;
        sheet.give_back(encoder.out);
    }

    /// Writes the start of the first object of a tape as it came, and remembers that.
    fn copy_opening(&mut self, opening: &[u8], names: Range<usize>, tape: u64) {
        let start = self.out.len();
        self.out.extend_from_slice(opening);
        self.objects = 1;
        let written = self.written();
        written.object_nodes.insert(tape, 0, 0);
        written.list_nodes.insert(tape, 1, 0);
        written.lists.insert(start + names.start..start + names.end);
    }

    /// Writes a string without attributes in which nothing is to be escaped, as many a message is: it needs no walk.
    /// `false`, and nothing is written, when the value is something else.
    fn write_plain(&mut self, text: &[u8]) -> bool {
        const START: &[u8] = b"<S>";
        const END: &[u8] = b"</S>";
        let is_plain = Scanner::detect().is_plain(text);
        if is_plain {
            self.out.reserve(START.len() + text.len() + END.len());
            [START, text, END].into_iter().for_each(|piece| self.out.extend_from_slice(piece));
        }
        is_plain
    }

    /// The attributes of the outermost element, which may stand in a stream and under any name.
    fn root_attributes(&mut self, name: Name<'_>, kind: Kind) -> Padded {
        let start = self.out.len();
        if matches!(kind, Kind::Object | Kind::Ref) {
            self.stream_attribute();
            self.name_attribute(name);
        } else {
            self.attributes(name);
        }
        self.out.push(b'>');
        let attributes = Padded::new(self.out.get(start..).unwrap_or_default());
        self.out.truncate(start);
        attributes
    }

    fn progress(&mut self, record: Value<'_>) {
        for part in record.children() {
            match (part.name(), part.kind()) {
                (Some(tag), Kind::String) => {
                    self.element(tag.as_str().unwrap_or_default(), part.text().unwrap_or_default());
                }
                (Some(tag), _) => {
                    let tag = tag.as_str().unwrap_or_default();
                    self.short_leaf(tag, Name(None), |line| part.write_scalar(line));
                }
                (None, Kind::String) => self.text(None, part.text().unwrap_or_default()),
                (None, _) => self.nil(None),
            }
        }
    }
}

/// A walk from some node on, which gets these attributes.
struct From<'a, 'w, 'b>(&'a mut Walk<'w, 'b>, &'a Padded, u32);

impl Work for From<'_, '_, '_> {
    #[inline(always)]
    fn run(self) {
        let From(walk, attributes, root) = self;
        walk.write(attributes, root);
    }
}

impl<'w> Walk<'w, '_> {
    /// Writes a node with all that is in it.
    ///
    /// INVARIANT: no recursion, because references may nest objects of a tape deeper than the tape itself is.
    #[inline(always)]
    fn write(&mut self, root_attributes: &Padded, root: u32) {
        let nodes = self.nodes;
        let (mut attribute, mut at) = (root_attributes, root);
        loop {
            let mut rest = nodes.get(index(at)..index(self.end)).unwrap_or_default();
            at = self.end;
            // Mostly leaves, many in a row.
            while let [node, behind @ ..] = rest {
                let tags = Tags::of(node.kind);
                if !tags.content.is_leaf() {
                    at = self.write_parts(tags.content, attribute, node, at - number(rest.len()));
                    break;
                }
                self.write_leaf(tags, attribute, node);
                attribute = self.attributes.of(behind.first());
                rest = behind;
            }
            let Some(next) = self.leave(at) else { return };
            at = next;
            attribute = self.attributes.of(nodes.get(index(at)));
        }
    }

    /// Goes on in the first object of a tape, whose opening is written. Gives back the attributes and the index of the node
    /// to write next.
    #[inline(always)]
    fn enter_open(&mut self, object: &Node) -> (&'w Padded, u32) {
        let inside = self.descend(object, 0, object.a);
        let from = self.nodes.get(index(inside)).map_or(object.a, |names| names.a);
        (self.attributes.of(self.nodes.get(index(from))), from)
    }

    #[inline(always)]
    fn enter(&mut self, container: Open) {
        self.open.push(container);
        self.end = container.end;
    }

    /// Ends the containers that end ahead of a node. Gives back the index of the node to write next; `None` when all is
    /// written.
    #[inline(always)]
    fn leave(&mut self, at: u32) -> Option<u32> {
        let mut at = at;
        while self.end <= at {
            let Open { after, kind, .. } = self.open.pop()?;
            self.end = self.open.last()?.end;
            push_end_tag(&mut self.sheet, Tags::of(kind));
            at = after;
        }
        Some(at)
    }

    /// Writes an element with one value.
    #[inline(always)]
    fn write_leaf(&mut self, tags: &Tags, attribute: &Padded, node: &Node) {
        let Some(mut line) = self.sheet.start_tag(tags, attribute) else { return };
        match tags.content {
            Content::Nothing => {
                let len = line.end_empty();
                return self.sheet.advance(len);
            }
            Content::Description | Content::Bytes if node.b == 0 => {
                let len = line.end_empty();
                return self.sheet.advance(len);
            }
            Content::Text | Content::Description => {
                let text = part(self.text, self.side, node);
                let at = push_plain::<false>(&mut line, self.scanner, text.bytes, text.start, text.end);
                if at < text.end {
                    let len = line.len();
                    self.sheet.advance(len);
                    push_text::<false>(&mut self.sheet, self.scanner, text.bytes, at, text.end);
                    let Some(next) = self.sheet.line() else { return };
                    line = next;
                }
            }
            Content::Bool => push_bool(&mut line, node.a != 0),
            Content::Signed => push_signed(&mut line, node.bits().cast_signed()),
            Content::Unsigned => push_number(&mut line, node.bits()),
            Content::Double => push_double(&mut line, f64::from_bits(node.bits())),
            Content::Single => push_single(&mut line, f32::from_bits(node.a)),
            Content::Duration => write_duration(node.bits().cast_signed(), &mut line),
            Content::Date => {
                if let Some(date) = DateTime::from_node(node) {
                    date.write(&mut line);
                }
            }
            Content::Guid => push_guid(&mut line, self.tape.slice(node)),
            Content::Number => {
                let text = part(self.text, self.side, node);
                let block = text.bytes.get(text.start..).and_then(<[u8]>::first_chunk::<32>);
                let text_len = text.end - text.start;
                // What needs no escape needs no entity either.
                match block
                    .filter(|block| block[0] != b'+' && text_len <= self.scanner.plain_len::<false>(block))
                {
                    Some(block) => line.push(block, text_len),
                    None => {
                        let len = line.len();
                        self.sheet.advance(len);
                        self.write_long(node);
                        let Some(next) = self.sheet.line() else { return };
                        line = next;
                    }
                }
            }
            // Bytes; what else there is are no leaves.
            _ => {
                let len = line.len();
                self.sheet.advance(len);
                self.write_long(node);
                let Some(next) = self.sheet.line() else { return };
                line = next;
            }
        }
        tags.push_end(&mut line);
        let len = line.len();
        self.sheet.advance(len);
    }

    /// Writes what is no leaf, or of a container that is not empty the start tag; it then is the innermost open one.
    /// Gives back the index of the node to write next.
    #[inline(always)]
    fn write_parts(&mut self, content: Content, attribute: &Padded, node: &Node, at: u32) -> u32 {
        match content {
            Content::Object => self.write_object(attribute, node, at, node.a),
            Content::Reference => match self.nodes.get(index(node.a)) {
                Some(object) => self.write_object(attribute, object, node.a, at + 1),
                None => at + 1,
            },
            Content::TypeNames => {
                self.write_type_names(at);
                node.a
            }
            Content::TypeNamesReference => {
                self.write_type_names(node.a);
                at + 1
            }
            Content::Progress => {
                self.write_progress(attribute, at);
                node.a
            }
            Content::Values => {
                let attribute = if node.kind == Kind::Members.number() { attribute } else { BARE };
                let Some(line) = self.sheet.start_tag(Tags::of(node.kind), attribute) else {
                    return node.a;
                };
                let has_content = at + 1 < node.a;
                let len = if has_content { line.len() } else { line.end_empty() };
                self.sheet.advance(len);
                if has_content { self.descend(node, at, node.a) } else { node.a }
            }
            _ => {
                debug_assert!(false, "the decoder writes known kinds only");
                at + 1
            }
        }
    }

    /// The content of a leaf that may be long.
    #[inline(never)]
    fn write_long(&mut self, node: &Node) {
        let (bytes, scanner) = (self.tape.slice(node), self.scanner);
        self.sheet.with_vector(|out| match Kind::from_number(node.kind) {
            Some(Kind::Bytes) => scanner.encode_base64(bytes, out),
            Some(Kind::Decimal) => push_xml(out, bytes.strip_prefix(b"+").unwrap_or(bytes)),
            _ => push_xml(out, bytes),
        });
    }

    #[inline(never)]
    fn write_progress(&mut self, attribute: &Padded, at: u32) {
        let Some(record) = self.tape.value_at(at) else { return };
        let Some(line) = self.sheet.start_tag(Tags::of(Kind::Progress.number()), attribute) else { return };
        let len = line.len();
        self.sheet.advance(len);
        std::mem::replace(&mut self.sheet, Sheet::take(&mut Vec::new(), 0)).give_back(self.encoder.out);
        self.encoder.progress(record);
        self.sheet = Sheet::take(self.encoder.out, 0);
        push_end_tag(&mut self.sheet, Tags::of(Kind::Progress.number()));
    }

    /// Writes an object, or a reference to it if it was written before.
    #[inline(always)]
    fn write_object(&mut self, attribute: &Padded, object: &Node, at: u32, after: u32) -> u32 {
        let next_id = self.encoder.objects;
        let written = self.encoder.written().object_nodes.find_or_insert(self.serial, at, next_id);
        let (kind, id) = match written {
            Some(id) => (Kind::Ref, id),
            None => {
                self.encoder.objects = next_id + 1;
                (Kind::Object, next_id)
            }
        };
        let has_content = written.is_none() && at + 1 < object.a;
        let Some(mut line) = self.sheet.start_tag(Tags::of(kind.number()), attribute) else { return after };
        line.reopen_tag();
        push_id(&mut line, id, !has_content);
        let len = line.len();
        self.sheet.advance(len);
        if has_content { self.descend(object, at, after) } else { after }
    }

    /// Goes on inside a container whose start tag is written.
    #[inline(always)]
    fn descend(&mut self, container: &Node, at: u32, after: u32) -> u32 {
        self.enter(Open { end: container.a, after, kind: container.kind.into() });
        at + 1
    }

    /// A list is compared name by name once; later references to its node know its id.
    #[inline(always)]
    fn write_type_names(&mut self, at: u32) {
        if let Some(id) = self.encoder.written().list_nodes.find(self.serial, at) {
            push_with_id(&mut self.sheet, Kind::TypeNamesRef, id, true);
            return;
        }
        let Some(list) = self.nodes.get(index(at)) else { return };
        let (text, side) = (self.text, self.side);
        let names = self.nodes.get(index(at + 1)..index(list.a)).unwrap_or_default();
        let names = names.iter().map(|name| part(text, side, name));
        let id = push_type_names(&mut self.sheet, self.scanner, &mut self.encoder.written().lists, names);
        self.encoder.written().list_nodes.insert(self.serial, at, id);
    }
}

/// About how long a node is as an element, when it is short: what takes no more than a node in the text takes so much.
#[inline]
fn expected_len(nodes: &[Node], root: u32, text_len: usize) -> usize {
    let Some(node) = nodes.get(index(root)) else { return 0 };
    match Tags::of(node.kind).content {
        Content::Text | Content::Bytes => index(node.b) + 320,
        content if content.is_leaf() => 0,
        // Mostly the same for objects of one type: so it is foreseen how room is made.
        _ => (index(node.a.saturating_sub(root)) * 48).min(text_len | 255),
    }
}

/// The text of a node.
#[inline(always)]
fn part<'t>(text: &'t [u8], side: &'t [u8], node: &Node) -> Part<'t> {
    let start = index(node.a);
    let bytes = if node.flags & Node::IN_SIDE == 0 { text } else { side };
    Part { bytes, start, end: start + index(node.b) }
}

const BARE: &Padded = &Padded::BARE;
const START: &[u8] = br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04""#;
