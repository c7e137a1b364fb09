//! Writing what a tape holds.

use super::encode::{Encoder, Name, RefId};
use super::node::Kind;
use super::tape::Tape;
use super::value::Value;
use super::write::{push_base64, push_guid, push_xml};

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

/// A container that is being written: what is left of it, and how it ends.
struct Open {
    tag: &'static str,
    next: u32,
    end: u32,
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
        let mut open = Vec::new();
        self.write_node(name, root, &mut open);
        while let Some(innermost) = open.last_mut() {
            let (tag, next) = (innermost.tag, innermost.next);
            let child = if next < innermost.end { root.at(next) } else { None };
            let Some(child) = child else {
                self.end(tag);
                open.pop();
                continue;
            };
            innermost.next = child.node().end_after(next);
            self.write_node(Name(child.name()), child, &mut open);
        }
    }

    /// Writes a leaf, or the start tag of a container, which then is the innermost open one.
    fn write_node(&mut self, name: Name<'_>, value: Value<'_>, open: &mut Vec<Open>) {
        let kind = value.kind();
        let text = value.text().unwrap_or_default();
        match kind {
            Kind::Nil => self.nil(name),
            Kind::String | Kind::Uri | Kind::XmlDocument | Kind::ScriptBlock => {
                self.escaped(kind, name, text);
            }
            Kind::ToString => self.display_text(text),
            Kind::TypeName => self.element("T", text),
            Kind::Guid => self.leaf(kind.tag(), name, |out| push_guid(out, text.as_bytes())),
            Kind::Decimal => {
                let digits = text.as_bytes();
                self.leaf(kind.tag(), name, |out| push_xml(out, digits.strip_prefix(b"+").unwrap_or(digits)));
            }
            Kind::Version | Kind::SemanticVersion | Kind::SecureString => {
                self.leaf(kind.tag(), name, |out| push_xml(out, text.as_bytes()));
            }
            Kind::Bytes => match value.bytes() {
                Some(bytes) if !bytes.is_empty() => {
                    self.leaf(kind.tag(), name, |out| push_base64(out, bytes));
                }
                _ => self.bytes(name, &[]),
            },
            Kind::Progress => self.progress(name, value),
            Kind::Object | Kind::Ref => {
                let object = value.resolve();
                match self.written.get(&key(object)) {
                    Some(id) => self.reference(name, RefId(*id)),
                    None => self.start_tree_object(name, object, open),
                }
            }
            Kind::TypeNames => self.type_names_of(value),
            Kind::TypeNamesRef => match value.at(value.node().a) {
                Some(list) => self.type_names_of(list),
                None => debug_assert!(false, "the decoder checks each reference"),
            },
            _ if kind.is_container() => {
                if kind == Kind::Members {
                    self.start(kind.tag(), name);
                } else {
                    self.open(kind.tag());
                }
                self.descend(kind, value, open);
            }
            _ => self.leaf(kind.tag(), name, |out| value.write_scalar(out)),
        }
    }

    fn start_tree_object(&mut self, name: Name<'_>, object: Value<'_>, open: &mut Vec<Open>) {
        let id = self.start_object(name);
        self.written.insert(key(object), id);
        self.out.pop();
        self.descend(Kind::Object, object, open);
    }

    /// Ends a start tag, and the element if nothing is in it.
    fn descend(&mut self, kind: Kind, value: Value<'_>, open: &mut Vec<Open>) {
        let (next, end) = (value.index() + 1, value.node().a);
        if next < end {
            self.out.push(b'>');
            open.push(Open { tag: kind.tag(), next, end });
        } else {
            self.out.extend_from_slice(b" />");
        }
    }

    /// A list is compared name by name once; later references to its node know its id.
    fn type_names_of(&mut self, list: Value<'_>) {
        match self.written.get(&key(list)) {
            Some(id) => {
                let id = *id;
                self.type_names_reference(id);
            }
            None => {
                let id = self.type_names(list.children().filter_map(Value::text));
                self.written.insert(key(list), id);
            }
        }
    }

    fn progress(&mut self, name: Name<'_>, record: Value<'_>) {
        self.start("PR", name);
        self.out.push(b'>');
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
        self.end("PR");
    }
}

fn key(value: Value<'_>) -> (u64, u32) {
    (value.tape().serial(), value.index())
}

const START: &[u8] = br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04""#;
