//! Writing what a tape holds.
//!
//! Each element is a few short pieces that are appended in whole blocks: the tag of its kind, the attribute of its name,
//! its value, its end tag.

use super::digits::{push_number, push_signed};
use super::encode::{Encoder, Name};
use super::names::{NameId, Names};
use super::node::{Kind, Node};
use super::padded::{Padded, push_block};
use super::scan::Scanner;
use super::short::Short;
use super::tags::Tags;
use super::tape::Tape;
use super::value::Value;
use super::wide::index;
use super::write::{push_base64, push_escaped_part, push_guid, push_xml};

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
struct Walk<'t> {
    tape: &'t Tape,
    scanner: Scanner,
    open: Short<Open, 8>,
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

    /// INVARIANT: no recursion, because references may nest objects of a tape deeper than the tape itself is.
    fn write_tree(&mut self, name: Name<'_>, root: Value<'_>) {
        let tape = root.tape();
        let mut walk = Walk { tape, scanner: Scanner::detect(), open: Short::default() };
        let attributes = self.root_attributes(name, root.kind());
        let mut next = self.write_node(attributes.as_ref(), root.node(), root.index(), &mut walk);
        while let Some(innermost) = walk.open.last() {
            match tape.nodes().get(index(next)) {
                Some(node) if next < innermost.end => {
                    let name = NameId::new(node.name).and_then(|id| Names::attribute(tape.names(), id));
                    next = self.write_node(name, node, next, &mut walk);
                }
                _ => {
                    Tags::of(innermost.kind).push_end(self.out);
                    next = innermost.after;
                    walk.open.pop();
                }
            }
        }
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

    /// Writes a leaf, or the start tag of a container, which then is the innermost open one. Gives back the index of
    /// the node to write next.
    #[inline(always)]
    fn write_node(&mut self, name: Option<&Padded>, node: &Node, at: u32, walk: &mut Walk<'_>) -> u32 {
        let Some(kind) = Kind::from_number(node.kind) else {
            debug_assert!(false, "the decoder writes known kinds only");
            return at + 1;
        };
        let tags = Tags::of(node.kind);
        match kind {
            Kind::String | Kind::Uri | Kind::XmlDocument | Kind::ScriptBlock => {
                self.start_leaf(tags, name);
                self.push_text(node, walk);
            }
            Kind::ToString | Kind::TypeName => {
                tags.push_start(self.out);
                if node.b == 0 {
                    self.out.extend_from_slice(b" />");
                    return at + 1;
                }
                self.out.push(b'>');
                self.push_text(node, walk);
            }
            Kind::SByte | Kind::Int16 | Kind::Int32 | Kind::Int64 => {
                self.start_leaf(tags, name);
                push_signed(self.out, node.bits().cast_signed());
            }
            Kind::Char | Kind::Byte | Kind::UInt16 | Kind::UInt32 | Kind::UInt64 => {
                self.start_leaf(tags, name);
                push_number(self.out, node.bits());
            }
            Kind::Nil => {
                self.start_empty(tags, name);
                return at + 1;
            }
            Kind::Bytes if node.b == 0 => {
                self.start_empty(tags, name);
                return at + 1;
            }
            Kind::Object => return self.write_object(name, node, at, node.a, walk),
            Kind::Ref => {
                let target = node.a;
                let Some(object) = walk.tape.nodes().get(index(target)) else { return at + 1 };
                return self.write_object(name, object, target, at + 1, walk);
            }
            Kind::TypeNames => {
                self.type_names_of(walk.tape, at);
                return node.a;
            }
            Kind::TypeNamesRef => {
                self.type_names_of(walk.tape, node.a);
                return at + 1;
            }
            Kind::Members => {
                self.start_attributes(tags, name);
                return self.descend(node, at, node.a, walk);
            }
            _ if kind.is_container() && kind != Kind::Progress => {
                tags.push_start(self.out);
                return self.descend(node, at, node.a, walk);
            }
            _ => {
                self.start_leaf(tags, name);
                self.push_rare(kind, at, walk);
                tags.push_end(self.out);
                return if kind == Kind::Progress { node.a } else { at + 1 };
            }
        }
        tags.push_end(self.out);
        at + 1
    }

    /// The content of a leaf of a kind that objects hold few of, or that takes long to write.
    fn push_rare(&mut self, kind: Kind, at: u32, walk: &Walk<'_>) {
        let Some(value) = walk.tape.value_at(at) else { return };
        let bytes = walk.tape.slice(value.node());
        match kind {
            Kind::Guid => push_guid(self.out, bytes),
            Kind::Decimal => push_xml(self.out, bytes.strip_prefix(b"+").unwrap_or(bytes)),
            Kind::Version | Kind::SemanticVersion | Kind::SecureString => push_xml(self.out, bytes),
            Kind::Bytes => push_base64(self.out, bytes),
            Kind::Progress => self.progress(value),
            _ => value.write_scalar(self.out),
        }
    }

    /// Writes an object, or a reference to it if it was written before.
    #[inline]
    fn write_object(
        &mut self,
        name: Option<&Padded>,
        object: &Node,
        at: u32,
        after: u32,
        walk: &mut Walk<'_>,
    ) -> u32 {
        if let Some(id) = self.object_nodes.find(walk.tape.serial(), at) {
            self.start_attributes(Tags::of(Kind::Ref.number()), name);
            self.ref_id(id, b"\" />");
            return after;
        }
        self.start_attributes(Tags::of(Kind::Object.number()), name);
        let id = self.objects;
        self.objects += 1;
        self.ref_id(id, b"\"");
        self.object_nodes.insert(walk.tape.serial(), at, id);
        self.descend(object, at, after, walk)
    }

    /// Ends a start tag, and the element if nothing is in it.
    #[inline]
    fn descend(&mut self, container: &Node, at: u32, after: u32, walk: &mut Walk<'_>) -> u32 {
        if at + 1 < container.a {
            self.out.push(b'>');
            walk.open.push(Open { kind: container.kind, end: container.a, after });
            at + 1
        } else {
            self.out.extend_from_slice(b" />");
            after
        }
    }

    /// `<tag N="…">`
    #[inline(always)]
    fn start_leaf(&mut self, tags: &Tags, name: Option<&Padded>) {
        tags.push_start(self.out);
        match name {
            Some(name) => name.push_without(0, self.out),
            None => self.out.push(b'>'),
        }
    }

    /// `<tag N="…"`
    #[inline]
    fn start_attributes(&mut self, tags: &Tags, name: Option<&Padded>) {
        tags.push_start(self.out);
        if let Some(name) = name {
            name.push_without(1, self.out);
        }
    }

    /// `<tag N="…" />`
    #[inline]
    fn start_empty(&mut self, tags: &Tags, name: Option<&Padded>) {
        self.start_attributes(tags, name);
        push_block(self.out, b" />\0", 3);
    }

    #[inline(always)]
    fn push_text(&mut self, node: &Node, walk: &Walk<'_>) {
        let (arena, start) = (walk.tape.arena(node), index(node.a));
        push_escaped_part::<false>(walk.scanner, self.out, arena, start, start + index(node.b));
    }

    /// A list is compared name by name once; later references to its node know its id.
    #[inline]
    fn type_names_of(&mut self, tape: &Tape, at: u32) {
        match self.list_nodes.find(tape.serial(), at) {
            Some(id) => self.type_names_reference(id),
            None => {
                let Some(list) = tape.value_at(at) else { return };
                let id = self.type_names(list.children().filter_map(Value::text));
                self.list_nodes.insert(tape.serial(), at, id);
            }
        }
    }

    fn progress(&mut self, record: Value<'_>) {
        for part in record.children() {
            match (part.name(), part.kind()) {
                (Some(tag), Kind::String) => {
                    self.element(tag.as_str().unwrap_or_default(), part.text().unwrap_or_default());
                }
                (Some(tag), _) => {
                    let tag = tag.as_str().unwrap_or_default();
                    self.leaf(tag, Name(None), |out| part.write_scalar(out));
                }
                (None, Kind::String) => self.text(None, part.text().unwrap_or_default()),
                (None, _) => self.nil(None),
            }
        }
    }
}

const START: &[u8] = br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04""#;
