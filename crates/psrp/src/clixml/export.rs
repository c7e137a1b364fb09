//! Writing a tape as `Import-Clixml | Export-Clixml` does.
//!
//! PowerShell's reader turns a document into objects of its own, and its writer shows what became of them: type names
//! begin with `Deserialized.`, an enumerable is a list, a plain value loses the object around it, references are
//! numbered anew, and a date with an offset is on the local clock.

mod indented;
mod live;
mod shape;

use std::collections::HashMap;
use std::io::{self, Write};
use std::net::IpAddr;

use self::indented::{Indented, push_decimal, push_version};
use self::live::{AddressProperties, Live, LiveType};
use self::shape::{MARK, Shape, has_notes, is_marked, own_types};
use super::date::{DateTime, DateTimeKind};
use super::encode::Name;
use super::node::Kind;
use super::sheet::push_line;
use super::tape::{Siblings, Tape};
use super::text::Text;
use super::value::{Bag, Entries, Value};
use super::write::push_escaped;

/// Writes a tape as PowerShell's `Import-Clixml | Export-Clixml -Depth 50` would: byte for byte, in UTF-8 without byte
/// order mark, two spaces for each level.
///
/// `local_offset` gives the minutes by which the local clock is ahead of UTC at an instant, which is given in ticks of
/// 100 ns since 0001-01-01T00:00:00Z; dates with an offset are written on that clock.
///
/// The exceptions, in which nothing of the wire is lost or made up:
///
/// | input | PowerShell | here |
/// |---|---|---|
/// | adapted members of a string or number | dropped | kept |
/// | a member name twice in one bag | the last one counts | both stand |
/// | entries of a hashtable | in an order that changes from run to run | in the order of the wire |
/// | an object that wraps an object | a copy of the inner members outside, lists as what .NET knows of them | as it stands |
/// | types that PowerShell makes live again (CIM instances, `PSCredential`, …) | live objects | `Deserialized.` ones, except addresses, certificates and switches |
/// | `<XD>`, `<SS>`, `<SemanticVersion>` | parsed, opened, refused | the text as it stands |
/// | decimals of more than 28 digits | rounded | all digits |
///
/// # Errors
/// Those of `out`.
///
/// ```
/// use psrp::clixml::{decode, export_document};
///
/// let tape = decode(r#"<Obj RefId="7"><IE><DT>2026-11-21T02:00:00+02:00</DT></IE></Obj>"#)?;
/// let mut out = Vec::new();
/// export_document(&tape, |_| 0, &mut out)?;
/// assert_eq!(
///     String::from_utf8(out)?,
///     r#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">
///   <Obj RefId="0">
///     <TN RefId="0">
///       <T>System.Collections.ArrayList</T>
///       <T>System.Object</T>
///     </TN>
///     <LST>
///       <DT>2026-11-21T00:00:00+00:00</DT>
///     </LST>
///   </Obj>
/// </Objs>"#
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn export_document(
    tape: &Tape,
    local_offset: impl Fn(i64) -> i16,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut export = Export {
        xml: Indented::new(START),
        tasks: vec![Task::End("Objs"), Task::Values(tape.values())],
        local_offset,
        objects: HashMap::new(),
        next_object: 0,
        types: HashMap::new(),
        type_nodes: HashMap::new(),
        live_nodes: HashMap::new(),
        plain: HashMap::new(),
        repeated_len: 0,
    };
    while let Some(task) = export.tasks.pop() {
        export.run(task);
        if FLUSH_LEN < export.xml.text.len() {
            out.write_all(&export.xml.text)?;
            export.xml.text.clear();
        }
    }
    out.write_all(&export.xml.text)
}

struct Export<'t, F> {
    /// What is not yet handed on.
    xml: Indented,
    /// What is left to write, the next on top. INVARIANT: no recursion, because references may nest objects of a tape
    /// deeper than the tape itself is.
    tasks: Vec<Task<'t>>,
    local_offset: F,
    /// Objects that were begun, by node, each with its id.
    objects: HashMap<u32, u64>,
    next_object: u64,
    /// Lists of type names that were written, each with its id.
    types: HashMap<Vec<u8>, u64>,
    /// The same by node, so that a list is compared name by name only once.
    type_nodes: HashMap<u32, Option<u64>>,
    /// The type that PowerShell makes live, by node of a list of type names.
    live_nodes: HashMap<u32, Option<LiveType>>,
    /// What stands in the place of an object that has no id, by node of the object: looked for only once.
    plain: HashMap<u32, Value<'t>>,
    /// Bytes written more than once because a plain value has no reference.
    repeated_len: usize,
}

enum Task<'t> {
    /// The elements of a container, the members of a member set, or the top-level values.
    Values(Siblings<'t>),
    /// The entries of a dictionary.
    Entries(Entries<'t>),
    /// The parts of a dictionary entry, or what an object wraps: a value whose name is told.
    Value(Option<&'static str>, Value<'t>),
    /// The members of an object, in an element that is there only if a member is.
    Bag(&'static str, Bag<'t>),
    /// The members behind the first.
    Members(Bag<'t>),
    End(&'static str),
}

impl<'t, F: Fn(i64) -> i16> Export<'t, F> {
    fn run(&mut self, task: Task<'t>) {
        match task {
            Task::Values(mut rest) => {
                if let Some(value) = rest.next() {
                    self.tasks.push(Task::Values(rest));
                    self.value(value.name(), value);
                }
            }
            Task::Entries(mut rest) => {
                if let Some((key, value)) = rest.next() {
                    self.tasks.push(Task::Entries(rest));
                    self.xml.start("En", None);
                    self.tasks.extend([
                        Task::End("En"),
                        Task::Value(Some("Value"), value),
                        Task::Value(Some("Key"), key),
                    ]);
                }
            }
            Task::Value(name, value) => self.value(name.map(Text::from), value),
            Task::Bag(tag, mut members) => {
                if let Some(first) = members.next() {
                    self.xml.start(tag, None);
                    self.tasks.extend([Task::End(tag), Task::Members(members)]);
                    self.value(first.name(), first);
                }
            }
            Task::Members(mut rest) => {
                if let Some(member) = rest.next() {
                    self.tasks.push(Task::Members(rest));
                    self.value(member.name(), member);
                }
            }
            Task::End(tag) => self.xml.end(tag),
        }
    }

    fn value(&mut self, name: Option<Text<'t>>, value: Value<'t>) {
        match value.kind() {
            Kind::Object | Kind::Ref => self.object(name, value),
            Kind::Members => {
                self.xml.start("MS", name);
                self.finish_later("MS", Task::Values(value.children()));
            }
            Kind::Progress => self.progress(name, value),
            _ => self.plain(name, value),
        }
    }

    fn object(&mut self, name: Option<Text<'t>>, value: Value<'t>) {
        let object = value.resolve();
        if let Some(id) = self.objects.get(&object.index()) {
            let id = *id;
            self.xml.start("Ref", name);
            self.xml.ref_id(id);
            self.xml.end("Ref");
            return;
        }
        let known = self.plain.get(&object.index()).copied();
        let base = known.or_else(|| object.base());
        let shape = Shape::of(base);
        if let (Shape::Plain, Some(base)) = (shape, base)
            && (known.is_some() || !has_notes(object))
        {
            self.plain.insert(object.index(), base);
            if self.may_repeat(value, base) {
                self.value(name, base);
                return;
            }
        }
        let id = self.next_object;
        self.next_object += 1;
        self.objects.insert(object.index(), id);
        self.xml.start("Obj", name);
        self.xml.ref_id(id);
        if shape == Shape::Complex && base.is_none() {
            let type_list = object.type_list();
            if let Some(live_type) = type_list.and_then(|list| self.live_type(list))
                && let Some(live) = live_type.revive(object, &self.local_offset)
            {
                self.live(live_type, &live, object);
                return;
            }
        }
        self.type_names(object, base);
        // The display text of a container is its type name, so PowerShell does not write it.
        if shape != Shape::Container
            && let Some(text) = object.to_string_text()
        {
            self.xml.element("ToString", text);
        }
        self.tasks.extend([
            Task::End("Obj"),
            Task::Bag("MS", object.members()),
            Task::Bag("Props", object.props()),
        ]);
        match (shape, base) {
            (Shape::Container, Some(container)) => self.container(container),
            (_, Some(base)) => self.tasks.push(Task::Value(None, base)),
            (_, None) => {}
        }
    }

    fn live_type(&mut self, list: Value<'t>) -> Option<LiveType> {
        *self.live_nodes.entry(list.index()).or_insert_with(|| LiveType::of(list.children()))
    }

    /// The rest of an object that PowerShell made live: what .NET says of it, and the extended members of the wire.
    fn live(&mut self, live_type: LiveType, live: &Live, object: Value<'t>) {
        self.type_list(live_type.type_names().iter().map(|name| (false, Text::from(*name))));
        let shown = match live {
            Live::Certificate { text } => Some(Text::from(text.as_str())),
            Live::Address { .. } | Live::Switch => object.to_string_text(),
        };
        if let Some(text) = shown {
            self.xml.element("ToString", text);
        }
        self.tasks.push(Task::End("Obj"));
        let Live::Address { address, scope } = *live else {
            self.tasks.extend([Task::Bag("MS", object.members()), Task::Bag("Props", object.props())]);
            return;
        };
        self.address(address, scope);
        match shown {
            // PowerShell's own extended property, which an address from a server brings along.
            Some(text) if object.members().next().is_none() => {
                self.xml.start("MS", None);
                self.xml.leaf(|leaf| leaf.text("IPAddressToString", text));
                self.xml.end("MS");
            }
            _ => self.tasks.push(Task::Bag("MS", object.members())),
        }
    }

    fn address(&mut self, address: IpAddr, scope: u32) {
        let properties = AddressProperties::of(address, scope);
        self.xml.start("Props", None);
        self.xml.leaf(|leaf| leaf.string("AddressFamily", properties.family));
        if let Some(scope) = properties.scope {
            self.xml.leaf(|leaf| leaf.i64("ScopeId", scope));
        }
        for (name, is_set) in properties.flags {
            self.xml.leaf(|leaf| leaf.bool(name, is_set));
        }
        if let Some(number) = properties.number {
            self.xml.leaf(|leaf| leaf.i64("Address", number));
        }
        self.xml.end("Props");
    }

    fn container(&mut self, container: Value<'t>) {
        let (tag, items) = match container.kind() {
            Kind::Dictionary => ("DCT", Task::Entries(container.entries())),
            Kind::Queue => ("QUE", Task::Values(container.children())),
            Kind::Stack => ("STK", Task::Values(container.children())),
            _ => ("LST", Task::Values(container.children())),
        };
        self.xml.start(tag, None);
        self.finish_later(tag, items);
    }

    /// `<TN>`, `<TNRef>`, or nothing.
    fn type_names(&mut self, object: Value<'t>, base: Option<Value<'t>>) {
        let Some(list) = object.type_list() else {
            // PowerShell names the type of its own object where the wire names none.
            if let Some(names) = own_types(base) {
                self.type_list(names.iter().map(|name| (false, Text::from(*name))));
            } else if let Some(inner) = base.map(Value::resolve).filter(|base| base.kind() == Kind::Object)
                && let Some(list) = inner.type_list()
            {
                self.type_list_of(list);
            }
            return;
        };
        self.type_list_of(list);
    }

    fn type_list_of(&mut self, list: Value<'t>) {
        match self.type_nodes.get(&list.index()) {
            Some(Some(id)) => {
                let id = *id;
                self.type_reference(id);
            }
            Some(None) => {}
            None => {
                let names = list.children().filter_map(Value::text).filter(|name| !name.is_empty());
                let id = self.type_list(names.map(|name| (!is_marked(name), name)));
                self.type_nodes.insert(list.index(), id);
            }
        }
    }

    /// Writes names, the marked ones with `Deserialized.` ahead; gives back the id of the list, if it has names.
    fn type_list<'n>(&mut self, names: impl Iterator<Item = (bool, Text<'n>)> + Clone) -> Option<u64> {
        let prefix = |is_marked| if is_marked { MARK } else { "" };
        let mut key = Vec::new();
        for (is_marked, name) in names.clone() {
            let mark = prefix(is_marked);
            key.extend_from_slice(&(mark.len() + name.len()).to_le_bytes());
            key.extend_from_slice(mark.as_bytes());
            key.extend_from_slice(name.as_bytes());
        }
        if key.is_empty() {
            return None;
        }
        if let Some(id) = self.types.get(&key) {
            let id = *id;
            self.type_reference(id);
            return Some(id);
        }
        let id = u64::try_from(self.types.len()).unwrap_or(u64::MAX);
        self.types.insert(key, id);
        self.xml.start("TN", None);
        self.xml.ref_id(id);
        for (is_marked, name) in names {
            self.xml.line();
            self.xml.text.extend_from_slice(b"<T>");
            self.xml.text.extend_from_slice(prefix(is_marked).as_bytes());
            push_escaped::<false>(&mut self.xml.text, name.as_bytes());
            self.xml.text.extend_from_slice(b"</T>");
        }
        self.xml.end("TN");
        Some(id)
    }

    fn type_reference(&mut self, id: u64) {
        self.xml.start("TNRef", None);
        self.xml.ref_id(id);
        self.xml.end("TNRef");
    }

    /// Whether a value without reference may stand here once more. PowerShell sets no bound, and a short reference
    /// could make a long text grow without one; from then on the value is an object that is referred to.
    fn may_repeat(&mut self, reference: Value<'_>, base: Value<'_>) -> bool {
        if reference.kind() != Kind::Ref {
            return true;
        }
        let len = base.text().map_or(0, Text::len) + base.bytes().map_or(0, <[u8]>::len);
        self.repeated_len = self.repeated_len.saturating_add(len);
        self.repeated_len <= MAX_REPEATED_LEN
    }

    fn progress(&mut self, name: Option<Text<'t>>, record: Value<'t>) {
        self.xml.start("PR", name);
        for part in record.children() {
            let Some(tag) = part.name().and_then(Text::as_str) else {
                self.plain(None, part);
                continue;
            };
            match part.text() {
                Some(text) => self.xml.element(tag, text),
                None => {
                    let mut shown = Vec::new();
                    push_line(&mut shown, |line| part.write_scalar(line));
                    self.xml.element(tag, Text(&shown));
                }
            }
        }
        self.xml.end("PR");
    }

    /// A primitive without an object around it.
    fn plain(&mut self, name: Option<Text<'t>>, value: Value<'t>) {
        let date = value.date_time().map(|date| on_local_clock(date, &self.local_offset));
        let name = Name(name);
        self.xml.leaf(|leaf| match (value.kind(), date) {
            (Kind::DateTime, Some(date)) => leaf.date_time(name, date),
            // A script block arrives as its text.
            (Kind::ScriptBlock, _) => leaf.text(name, value.text().unwrap_or_default()),
            (Kind::Decimal, _) => leaf.leaf("D", name, |out| push_decimal(out, value)),
            (Kind::Version, _) => leaf.leaf("Version", name, |out| push_version(out, value)),
            _ => leaf.value_named(name, value),
        });
    }

    fn finish_later(&mut self, tag: &'static str, content: Task<'t>) {
        self.tasks.extend([Task::End(tag), content]);
    }
}

/// A date with an offset as the local clock shows it; other dates have no place in the world or keep theirs.
fn on_local_clock(date: DateTime, local_offset: &impl Fn(i64) -> i16) -> DateTime {
    if date.kind != DateTimeKind::Local {
        return date;
    }
    let instant = date.on_clock(0);
    instant.on_clock(local_offset(instant.ticks))
}

const START: &[u8] = br#"<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04""#;
const FLUSH_LEN: usize = 64 * 1024;
/// 16 MiB
const MAX_REPEATED_LEN: usize = 16 * 1024 * 1024;
