//! Writing what a tape holds.
//!
//! Each element is a few short pieces that are written into one line as whole blocks: the tag of its kind, the attribute
//! of its name, its value, its end tag.

use super::date::{DateTime, write_duration};
use super::digits::{push_number, push_signed};
use super::element::{Part, push_end_tag, push_text_element, push_type_names, push_with_id};
use super::encode::{Encoder, Name};
use super::names::{NameId, Names};
use super::node::{Kind, Node};
use super::padded::Padded;
use super::scan::{Scanner, Work};
use super::sheet::Sheet;
use super::short::Short;
use super::tags::Tags;
use super::tape::Tape;
use super::value::Value;
use super::wide::index;
use super::write::{push_base64, push_bool, push_double, push_guid, push_single, push_xml};

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
    /// A [`Kind`] by number.
    kind: u8,
    /// One past the last node inside.
    end: u32,
    /// Where the walk goes on behind it: its end, or for an object met by a reference what follows that.
    after: u32,
}

/// A walk over one tape.
struct Walk<'w, 'b> {
    encoder: &'w mut Encoder<'b>,
    tape: &'w Tape,
    nodes: &'w [Node],
    scanner: Scanner,
    /// The output of the encoder, while the walk goes on.
    sheet: Sheet,
    innermost: Open,
    /// The containers around the innermost one.
    outer: Short<Open, 8>,
}

impl Encoder<'_> {
    /// Writes a value of a tape with the name it has there.
    ///
    /// An object is written where this encoder meets it first, be it by reference; everywhere else, and inside itself,
    /// it becomes a reference. So a part of a tape takes along what it refers to, and cycles keep their form.
    pub fn value(&mut self, value: Value<'_>) {
        self.stream = value.stream();
        self.write_tree(Name(value.name()), value);
    }

    /// Writes a value of a tape under another name, or under none.
    pub fn value_named<'n>(&mut self, name: impl Into<Name<'n>>, value: Value<'_>) {
        self.write_tree(name.into(), value);
    }

    fn write_tree(&mut self, name: Name<'_>, root: Value<'_>) {
        let attributes = self.root_attributes(name, root.kind());
        if attributes.is_none() && self.write_plain(root) {
            return;
        }
        let (tape, scanner) = (root.tape(), Scanner::detect());
        let sheet = Sheet::take(self.out, expected_len(root));
        let (innermost, outer) = (Open::default(), Short::default());
        let mut walk = Walk { encoder: self, tape, nodes: tape.nodes(), scanner, sheet, innermost, outer };
        scanner.run(From(&mut walk, attributes.as_ref(), root.index()));
        let Walk { encoder, sheet, .. } = walk;
        sheet.give_back(encoder.out);
    }

    /// Writes a string without attributes in which nothing is to be escaped, as many a message is: it needs no walk.
    /// `false`, and nothing is written, when the value is something else.
    fn write_plain(&mut self, value: Value<'_>) -> bool {
        const START: &[u8] = b"<S>";
        const END: &[u8] = b"</S>";
        let node = value.node();
        let text = value.tape().slice(node);
        let is_plain = node.kind == Kind::String.number() && Scanner::detect().is_plain(text);
        if is_plain {
            self.out.reserve(START.len() + text.len() + END.len());
            [START, text, END].into_iter().for_each(|piece| self.out.extend_from_slice(piece));
        }
        is_plain
    }

    /// The attributes of the outermost element, which may stand in a stream and under any name.
    fn root_attributes(&mut self, name: Name<'_>, kind: Kind) -> Option<Padded> {
        if name.0.is_none() && self.forced_name.is_none() && self.stream.is_none() {
            return None;
        }
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
        Some(attributes)
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
struct From<'a, 'w, 'b>(&'a mut Walk<'w, 'b>, Option<&'a Padded>, u32);

impl Work for From<'_, '_, '_> {
    #[inline(always)]
    fn run(self) {
        let From(walk, attribute, root) = self;
        walk.write(attribute, root);
    }
}

impl<'w> Walk<'w, '_> {
    /// Writes a node with all that is in it.
    ///
    /// INVARIANT: no recursion, because references may nest objects of a tape deeper than the tape itself is.
    #[inline(always)]
    fn write(&mut self, attribute: Option<&Padded>, root: u32) {
        const BARE: &Padded = &Padded::BARE;
        let (mut attribute, mut at) = (attribute.unwrap_or(BARE), root);
        while let Some(node) = self.nodes.get(index(at)) {
            at = self.write_node(attribute, node, at);
            while self.innermost.end <= at {
                if self.innermost.kind == Open::default().kind {
                    return;
                }
                push_end_tag(&mut self.sheet, self.innermost.kind);
                at = self.innermost.after;
                self.innermost = self.outer.pop().unwrap_or_default();
            }
            let name = self.nodes.get(index(at)).and_then(|node| NameId::new(node.name));
            attribute = name.and_then(|id| Names::attribute(self.tape.names(), id)).unwrap_or(BARE);
        }
    }

    /// Writes a leaf, or the start tag of a container, which then is the innermost open one. Gives back the index of
    /// the node to write next.
    #[inline(always)]
    fn write_node(&mut self, attribute: &Padded, node: &Node, at: u32) -> u32 {
        let Some(kind) = Kind::from_number(node.kind) else {
            debug_assert!(false, "the decoder writes known kinds only");
            return at + 1;
        };
        match kind {
            Kind::String
            | Kind::Uri
            | Kind::XmlDocument
            | Kind::ScriptBlock
            | Kind::ToString
            | Kind::TypeName => {
                push_text_element(&mut self.sheet, self.scanner, kind, attribute, part(self.tape, node));
                at + 1
            }
            Kind::Object => self.write_object(attribute, node, at, node.a),
            Kind::Ref => match self.nodes.get(index(node.a)) {
                Some(object) => self.write_object(attribute, object, node.a, at + 1),
                None => at + 1,
            },
            Kind::TypeNames => {
                self.write_type_names(at);
                node.a
            }
            Kind::TypeNamesRef => {
                self.write_type_names(node.a);
                at + 1
            }
            Kind::Progress => {
                let tags = Tags::of(node.kind);
                let Some(line) = self.sheet.start_tag(tags, attribute, 0) else { return node.a };
                let len = line.len();
                self.sheet.advance(len);
                self.write_progress(at);
                push_end_tag(&mut self.sheet, node.kind);
                node.a
            }
            _ if kind.is_container() => {
                let attribute = if kind == Kind::Members { attribute } else { &Padded::BARE };
                let is_empty = node.a <= at + 1;
                let tags = Tags::of(node.kind);
                let Some(mut line) = self.sheet.start_tag(tags, attribute, usize::from(is_empty)) else {
                    return node.a;
                };
                if is_empty {
                    line.push(b" />", 3);
                }
                let len = line.len();
                self.sheet.advance(len);
                self.descend(node, at, node.a)
            }
            _ => {
                self.write_leaf(attribute, kind, node);
                at + 1
            }
        }
    }

    /// Writes a primitive that is not escaped text.
    #[inline(always)]
    fn write_leaf(&mut self, attribute: &Padded, kind: Kind, node: &Node) {
        let is_empty = kind == Kind::Nil || kind == Kind::Bytes && node.b == 0;
        let tags = Tags::of(node.kind);
        let Some(mut line) = self.sheet.start_tag(tags, attribute, usize::from(is_empty)) else { return };
        if is_empty {
            line.push(b" />", 3);
            let len = line.len();
            self.sheet.advance(len);
            return;
        }
        match kind {
            Kind::Bool => push_bool(&mut line, node.a != 0),
            Kind::SByte | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
                push_signed(&mut line, node.bits().cast_signed());
            }
            Kind::Char | Kind::Byte | Kind::UInt16 | Kind::UInt32 | Kind::UInt64 => {
                push_number(&mut line, node.bits());
            }
            Kind::Double => push_double(&mut line, f64::from_bits(node.bits())),
            Kind::Single => push_single(&mut line, f32::from_bits(node.a)),
            Kind::TimeSpan => write_duration(node.bits().cast_signed(), &mut line),
            Kind::DateTime => {
                if let Some(date) = DateTime::from_node(node) {
                    date.write(&mut line);
                }
            }
            Kind::Guid => push_guid(&mut line, self.tape.slice(node)),
            _ => {
                let text = part(self.tape, node);
                let block = text.bytes.get(text.start..).and_then(<[u8]>::first_chunk::<32>);
                let text_len = text.end - text.start;
                // Numbers with points: what needs no escape needs no entity either.
                match block.filter(|block| {
                    let is_plus = block[0] == b'+';
                    kind != Kind::Bytes && !is_plus && text_len <= self.scanner.plain_len::<false>(block)
                }) {
                    Some(block) => line.push(block, text_len),
                    None => {
                        let len = line.len();
                        self.sheet.advance(len);
                        self.write_long(kind, node);
                        let Some(next) = self.sheet.line() else { return };
                        line = next;
                    }
                }
            }
        }
        tags.push_end(&mut line);
        let len = line.len();
        self.sheet.advance(len);
    }

    /// The content of a leaf that may be long.
    #[inline(never)]
    fn write_long(&mut self, kind: Kind, node: &Node) {
        let bytes = self.tape.slice(node);
        self.sheet.with_vector(|out| match kind {
            Kind::Bytes => push_base64(out, bytes),
            Kind::Decimal => push_xml(out, bytes.strip_prefix(b"+").unwrap_or(bytes)),
            _ => push_xml(out, bytes),
        });
    }

    #[inline(never)]
    fn write_progress(&mut self, at: u32) {
        let Some(record) = self.tape.value_at(at) else { return };
        std::mem::replace(&mut self.sheet, Sheet::take(&mut Vec::new(), 0)).give_back(self.encoder.out);
        self.encoder.progress(record);
        self.sheet = Sheet::take(self.encoder.out, 0);
    }

    /// Writes an object, or a reference to it if it was written before.
    #[inline(always)]
    fn write_object(&mut self, attribute: &Padded, object: &Node, at: u32, after: u32) -> u32 {
        let serial = self.tape.serial();
        let written = self.encoder.written().object_nodes.find(serial, at);
        let id = written.unwrap_or(self.encoder.objects);
        let kind = if written.is_some() { Kind::Ref } else { Kind::Object };
        let has_content = written.is_none() && at + 1 < object.a;
        let Some(mut line) = self.sheet.start_tag(Tags::of(kind.number()), attribute, 1) else {
            return after;
        };
        line.push(b" RefId=\"", 8);
        push_number(&mut line, id);
        let (end, end_len) = if has_content { (b"\">\0\0", 2) } else { (b"\" />", 4) };
        line.push(end, end_len);
        let len = line.len();
        self.sheet.advance(len);
        if written.is_some() {
            return after;
        }
        self.encoder.objects += 1;
        self.encoder.written().object_nodes.insert(serial, at, id);
        self.descend(object, at, after)
    }

    /// Goes on inside a container whose start tag is written; behind it if nothing is inside.
    #[inline(always)]
    fn descend(&mut self, container: &Node, at: u32, after: u32) -> u32 {
        if container.a <= at + 1 {
            return after;
        }
        self.outer.push(self.innermost);
        self.innermost = Open { kind: container.kind, end: container.a, after };
        at + 1
    }

    /// A list is compared name by name once; later references to its node know its id.
    #[inline(always)]
    fn write_type_names(&mut self, at: u32) {
        let serial = self.tape.serial();
        if let Some(id) = self.encoder.written().list_nodes.find(serial, at) {
            push_with_id(&mut self.sheet, Kind::TypeNamesRef, id, b" />", 3);
            return;
        }
        let Some(list) = self.nodes.get(index(at)) else { return };
        let tape = self.tape;
        let names = self.nodes.get(index(at + 1)..index(list.a)).unwrap_or_default();
        let names = names.iter().map(|name| part(tape, name));
        let id = push_type_names(&mut self.sheet, self.scanner, &mut self.encoder.written().lists, names);
        self.encoder.written().list_nodes.insert(serial, at, id);
    }
}

/// About how long a value is as an element, when it is short: what takes no more than a node in the text takes so much.
fn expected_len(value: Value<'_>) -> usize {
    let node = value.node();
    match value.kind() {
        kind if kind.is_container() => index(node.a - value.index()) * 48,
        kind if kind.is_text() => index(node.b) + 320,
        _ => 0,
    }
}

/// The text of a node.
#[inline(always)]
fn part<'t>(tape: &'t Tape, node: &Node) -> Part<'t> {
    let start = index(node.a);
    Part { bytes: tape.arena(node), start, end: start + index(node.b) }
}

const START: &[u8] = br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04""#;
