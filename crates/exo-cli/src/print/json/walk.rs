//! From one value down through everything it holds.

use std::collections::{HashMap, HashSet};
use std::io::{self, Write};

use psrp::clixml::{Kind, Text, Value};

use super::scalar;
use crate::print::text;

/// White space in the output.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    /// None.
    Compact,
    /// Two spaces a level, beginning at this one.
    Indented { level: usize },
}

/// Writes one top-level value.
pub(super) struct Walk<'t, 'w, W> {
    out: &'w mut W,
    layout: Layout,
    /// How deep the place being written is.
    depth: usize,
    /// How it is reached from the top.
    path: Vec<Step<'t>>,
    /// The objects being written, with the length of the path to each.
    open: Vec<(u32, usize)>,
    /// Objects that were written.
    written: HashSet<u32>,
    /// How many of the open objects had been written before.
    repeating: usize,
    /// What repetition has cost so far, in nodes.
    spent: u64,
}

enum Step<'t> {
    Name(Text<'t>),
    Key(String),
    Index(usize),
}

impl<'t, 'w, W: Write> Walk<'t, 'w, W> {
    pub(super) fn new(out: &'w mut W, layout: Layout) -> Self {
        Self {
            out,
            layout,
            depth: 0,
            path: Vec::new(),
            open: Vec::new(),
            written: HashSet::new(),
            repeating: 0,
            spent: 0,
        }
    }

    pub(super) fn top(&mut self, value: Value<'t>) -> io::Result<()> {
        self.value(value)
    }

    /// An object of these members, null where the value has none of the name.
    pub(super) fn selected(&mut self, value: Value<'t>, names: &'t [String]) -> io::Result<()> {
        let value = value.resolve();
        self.open.push((value.index(), 0));
        self.begin(b"{")?;
        for (index, name) in names.iter().enumerate() {
            let name = Text::from(name.as_str());
            let member = name.as_str().and_then(|name| value.member(name));
            self.member(index, name, member)?;
        }
        self.end(names.len(), b"}")
    }

    fn value(&mut self, value: Value<'t>) -> io::Result<()> {
        if 0 < self.repeating {
            let len = value.text().map_or(0, Text::len).max(value.bytes().map_or(0, <[u8]>::len));
            self.spent += 1 + u64::try_from(len / BYTES_PER_NODE).unwrap_or(u64::MAX >> 1);
        }
        match value.kind() {
            Kind::Ref => self.object(value.resolve()),
            Kind::Object => self.object(value),
            Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue => self.list(value),
            Kind::Dictionary => self.dictionary(value),
            Kind::Members | Kind::Props | Kind::Progress => self.named(value.children()),
            _ => scalar::write(self.out, value),
        }
    }

    fn object(&mut self, object: Value<'t>) -> io::Result<()> {
        if let Some(&(_, len)) = self.open.iter().find(|(index, _)| *index == object.index()) {
            return self.reference(len);
        }
        let repeated = !self.written.insert(object.index());
        if MAX_DEPTH <= self.open.len() || repeated && MAX_REPEATED <= self.spent {
            return self.out.write_all(b"{\"$ref\":null}");
        }
        self.repeating += usize::from(repeated);
        self.open.push((object.index(), self.path.len()));
        self.inside(object)?;
        self.open.pop();
        self.repeating -= usize::from(repeated);
        Ok(())
    }

    fn inside(&mut self, object: Value<'t>) -> io::Result<()> {
        if let Some(base) = object.base() {
            return match object.to_string_text() {
                Some(name) if text::is_enum(object) => scalar::write_text(self.out, name),
                _ => self.value(base),
            };
        }
        let visible = |member: &Value<'t>| !is_hidden(*member);
        let mut members = object.props().chain(object.members()).filter(visible).peekable();
        if members.peek().is_some() {
            return self.merged(object);
        }
        match object.to_string_text() {
            Some(text) => scalar::write_text(self.out, text),
            None => self.out.write_all(b"{}"),
        }
    }

    /// Adapted members, each in the form of the extended member of its name where there is one; then the
    /// other extended members.
    fn merged(&mut self, object: Value<'t>) -> io::Result<()> {
        self.begin(b"{")?;
        let extended: Vec<Value<'t>> = object.members().filter(|member| !is_hidden(*member)).collect();
        let by_name = ByName::new(&extended);
        let mut taken = vec![false; extended.len()];
        let mut count = 0;
        for member in object.props() {
            let name = member.name().unwrap_or_default();
            let shown = match by_name.find(&extended, name) {
                Some(index) => {
                    if let Some(taken) = taken.get_mut(index) {
                        *taken = true;
                    }
                    extended.get(index).copied().unwrap_or(member)
                }
                None => member,
            };
            self.member(count, name, Some(shown))?;
            count += 1;
        }
        for (member, _) in extended.iter().zip(&taken).filter(|(_, taken)| !**taken) {
            self.member(count, member.name().unwrap_or_default(), Some(*member))?;
            count += 1;
        }
        self.end(count, b"}")
    }

    fn named(&mut self, members: impl Iterator<Item = Value<'t>>) -> io::Result<()> {
        self.begin(b"{")?;
        let mut count = 0;
        for member in members {
            self.member(count, member.name().unwrap_or_default(), Some(member))?;
            count += 1;
        }
        self.end(count, b"}")
    }

    fn member(&mut self, index: usize, name: Text<'t>, value: Option<Value<'t>>) -> io::Result<()> {
        self.separate(index)?;
        scalar::write_text(self.out, name)?;
        self.colon()?;
        self.path.push(Step::Name(name));
        match value {
            Some(value) => self.value(value)?,
            None => self.out.write_all(b"null")?,
        }
        self.path.pop();
        Ok(())
    }

    fn list(&mut self, list: Value<'t>) -> io::Result<()> {
        self.begin(b"[")?;
        let mut count = 0;
        for item in list.children() {
            self.separate(count)?;
            self.path.push(Step::Index(count));
            self.value(item)?;
            self.path.pop();
            count += 1;
        }
        self.end(count, b"]")
    }

    fn dictionary(&mut self, dictionary: Value<'t>) -> io::Result<()> {
        self.begin(b"{")?;
        let mut count = 0;
        for (key, item) in dictionary.entries() {
            self.separate(count)?;
            let step = match key.text().filter(|_| key.kind() != Kind::SecureString) {
                Some(text) => {
                    scalar::write_text(self.out, text)?;
                    Step::Name(text)
                }
                None => {
                    let text = text::cell(key);
                    self.out.write_all(b"\"")?;
                    scalar::write_str(self.out, &text)?;
                    self.out.write_all(b"\"")?;
                    Step::Key(text)
                }
            };
            self.colon()?;
            self.path.push(step);
            self.value(item)?;
            self.path.pop();
            count += 1;
        }
        self.end(count, b"}")
    }

    /// `{"$ref":"$.A[0].B"}` for the first `len` steps of the path.
    fn reference(&mut self, len: usize) -> io::Result<()> {
        self.out.write_all(b"{\"$ref\":\"$")?;
        for step in self.path.iter().take(len) {
            let name = match step {
                Step::Index(index) => {
                    write!(self.out, "[{index}]")?;
                    continue;
                }
                Step::Name(name) => name.to_lossy(),
                Step::Key(name) => name.as_str().into(),
            };
            if !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
                write!(self.out, ".{name}")?;
            } else {
                self.out.write_all(b"['")?;
                scalar::write_str(self.out, &name.replace('\'', "''"))?;
                self.out.write_all(b"']")?;
            }
        }
        self.out.write_all(b"\"}")
    }

    fn begin(&mut self, bracket: &[u8]) -> io::Result<()> {
        self.depth += 1;
        self.out.write_all(bracket)
    }

    /// Between elements, and before the first.
    fn separate(&mut self, index: usize) -> io::Result<()> {
        if 0 < index {
            self.out.write_all(b",")?;
        }
        self.new_line()
    }

    fn end(&mut self, count: usize, bracket: &[u8]) -> io::Result<()> {
        self.depth -= 1;
        if 0 < count {
            self.new_line()?;
        }
        self.out.write_all(bracket)
    }

    fn colon(&mut self) -> io::Result<()> {
        self.out.write_all(match self.layout {
            Layout::Compact => b":",
            Layout::Indented { .. } => b": ",
        })
    }

    fn new_line(&mut self) -> io::Result<()> {
        let Layout::Indented { level } = self.layout else { return Ok(()) };
        self.out.write_all(b"\n")?;
        for _ in 0..level + self.depth {
            self.out.write_all(b"  ")?;
        }
        Ok(())
    }
}

/// The member set that holds how PowerShell displays an object.
fn is_hidden(member: Value<'_>) -> bool {
    member.kind() == Kind::Members
        && member.name().is_some_and(|name| name.eq_ignore_ascii_case("PSStandardMembers"))
}

/// Where the extended member of a name stands: looked up when there are many, else searched for.
struct ByName(Option<HashMap<Vec<u8>, usize>>);

impl ByName {
    fn new(members: &[Value<'_>]) -> Self {
        if members.len() <= FEW {
            return Self(None);
        }
        let mut places = HashMap::with_capacity(members.len());
        for (index, member) in members.iter().enumerate() {
            places.entry(member.name().unwrap_or_default().as_bytes().to_ascii_lowercase()).or_insert(index);
        }
        Self(Some(places))
    }

    fn find(&self, members: &[Value<'_>], name: Text<'_>) -> Option<usize> {
        let name = name.as_bytes();
        match &self.0 {
            Some(places) => places.get(&name.to_ascii_lowercase()).copied(),
            None => members
                .iter()
                .position(|other| other.name().unwrap_or_default().as_bytes().eq_ignore_ascii_case(name)),
        }
    }
}

/// Objects inside each other. A document cannot nest this deep; a chain of references can.
const MAX_DEPTH: usize = 300;
/// Nodes that repetition may add to one top-level value.
const MAX_REPEATED: u64 = 1_000_000;
/// Bytes of text that count as one more node.
const BYTES_PER_NODE: usize = 64;
/// Up to how many members a search is cheaper than a table.
const FEW: usize = 16;
