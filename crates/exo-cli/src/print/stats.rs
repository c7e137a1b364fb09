//! What a document consists of, as one JSON line of counts.
//!
//! | field | meaning |
//! |---|---|
//! | `top` | top-level values |
//! | `elements` | elements by name, `Objs` not counted |
//! | `objs`, `refs` | objects, references |
//! | `cyc_refs` | references to an object they stand in |
//! | `dangling` | references to nothing: always 0, since such a document is refused |
//! | `depth` | elements inside each other below `Objs` |
//! | `props`, `ms` | adapted and extended members |
//! | `psets` | member sets inside member sets |
//! | `both` | objects with adapted and extended members |
//! | `list_ms` | objects that are a container and have members |
//! | `dup_names` | objects with a name in both bags |
//! | `esc` | `_xHHHH_` escapes |
//! | `text_sha256` | SHA-256 over the text of every leaf in order, as UTF-16LE, two zero bytes behind each |

mod wire;

use std::collections::{BTreeMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use psrp::clixml::{Kind, Tape, Text, Value};
use serde_json::json;
use sha2::{Digest, Sha256};

use self::wire::WireText;

/// The counts of a document and of the tape made of it, as a JSON object on one line.
pub(crate) fn line(document: &[u8], tape: &Tape) -> String {
    let mut stats = Stats::new(document);
    for value in tape.values() {
        stats.top += 1;
        stats.walk(value);
    }
    stats.escapes = escapes(document);
    stats.into_line()
}

struct Stats<'t> {
    wire: WireText<'t>,
    top: u64,
    elements: BTreeMap<String, u64>,
    cyclic: u64,
    depth: usize,
    props: u64,
    members: u64,
    sets: u64,
    both: u64,
    container_members: u64,
    double_names: u64,
    escapes: u64,
    text: Sha256,
}

impl<'t> Stats<'t> {
    fn new(document: &'t [u8]) -> Self {
        Self {
            wire: WireText::new(document),
            top: 0,
            elements: BTreeMap::new(),
            cyclic: 0,
            depth: 0,
            props: 0,
            members: 0,
            sets: 0,
            both: 0,
            container_members: 0,
            double_names: 0,
            escapes: 0,
            text: Sha256::new(),
        }
    }

    fn walk(&mut self, top: Value<'_>) {
        let mut path = vec![top];
        let mut open = vec![top.children()];
        self.enter(&path);
        while let Some(siblings) = open.last_mut() {
            let Some(value) = siblings.next() else {
                open.pop();
                path.pop();
                continue;
            };
            path.push(value);
            self.enter(&path);
            open.push(value.children());
        }
    }

    /// Counts the last value of the path, whose parents the others are.
    fn enter(&mut self, path: &[Value<'_>]) {
        let Some((&value, parents)) = path.split_last() else { return };
        self.depth = self.depth.max(path.len());
        let parent = parents.last().map(|parent| parent.kind());
        let tag = match (parent, value.name()) {
            (Some(Kind::Progress), Some(name)) => name.to_string(),
            _ => value.kind().tag().to_owned(),
        };
        match parent {
            Some(Kind::Props) => self.props += 1,
            Some(Kind::Members) => {
                self.members += 1;
                self.sets += u64::from(value.kind() == Kind::Members);
            }
            _ => {}
        }
        match value.kind() {
            Kind::Object => self.object(value),
            Kind::Ref if parents.contains(&value.resolve()) => self.cyclic += 1,
            Kind::Ref | Kind::TypeNamesRef | Kind::Nil => {}
            kind if kind.is_container() => {}
            _ => self.leaf(value, &tag),
        }
        *self.elements.entry(tag).or_default() += 1;
    }

    fn object(&mut self, object: Value<'_>) {
        let has = |wanted: &[Kind]| object.children().any(|child| wanted.contains(&child.kind()));
        let (props, members) = (has(&[Kind::Props]), has(&[Kind::Members]));
        self.both += u64::from(props && members);
        let container = has(&[Kind::List, Kind::Enumerable, Kind::Stack, Kind::Queue, Kind::Dictionary]);
        self.container_members += u64::from(container && (props || members));
        if props && members {
            let adapted: HashSet<_> = object.props().map(Value::name).collect();
            self.double_names += u64::from(object.members().any(|member| adapted.contains(&member.name())));
        }
    }

    /// Hashes the text of an element as it stands there, escapes decoded. The tape keeps numbers and dates as values, and
    /// there are several ways to write one: .NET Framework gives a double up to 17 digits where fewer would do.
    fn leaf(&mut self, value: Value<'_>, tag: &str) {
        let written = match value.text() {
            Some(_) => None,
            None => self.wire.next(tag),
        };
        let made;
        let text = match (value.text(), written) {
            (Some(text), _) => text,
            (None, Some(written)) => Text::from(written),
            (None, None) => {
                made = canonical(value);
                Text::from(made.as_str())
            }
        };
        for unit in text.encode_utf16().chain([0]) {
            self.text.update(unit.to_le_bytes());
        }
    }

    fn into_line(self) -> String {
        let count = |tag: &str| self.elements.get(tag).copied().unwrap_or_default();
        let (objects, references) = (count("Obj"), count("Ref"));
        let hash: String = self.text.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        json!({
            "top": self.top,
            "elements": self.elements,
            "objs": objects,
            "refs": references,
            "cyc_refs": self.cyclic,
            "dangling": 0,
            "depth": self.depth,
            "props": self.props,
            "ms": self.members,
            "psets": self.sets,
            "both": self.both,
            "list_ms": self.container_members,
            "dup_names": self.double_names,
            "esc": self.escapes,
            "text_sha256": hash,
        })
        .to_string()
    }
}

/// The text that PowerShell would write for a leaf.
fn canonical(value: Value<'_>) -> String {
    match value.kind() {
        Kind::Char => value.as_char().unwrap_or_default().to_string(),
        Kind::Bytes => STANDARD.encode(value.bytes().unwrap_or_default()),
        _ => value.to_string(),
    }
}

/// Counts `_xHHHH_` from left to right; the underscore at the end of one does not begin another.
fn escapes(text: &[u8]) -> u64 {
    let mut count = 0;
    let mut rest = text;
    while let Some(start) = rest.windows(2).position(|pair| pair == b"_x") {
        rest = rest.get(start..).unwrap_or_default();
        let (digits, end) = (rest.get(2..6).unwrap_or_default(), rest.get(6));
        let found = digits.len() == 4 && digits.iter().all(u8::is_ascii_hexdigit) && end == Some(&b'_');
        count += u64::from(found);
        rest = rest.get(if found { 7 } else { 1 }..).unwrap_or_default();
    }
    count
}
