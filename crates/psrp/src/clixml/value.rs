//! Reading a tape: one value and the way to what it holds.

use std::fmt;

use super::date::{DateTime, write_duration};
use super::digits::{push_number, push_signed};
use super::node::{Kind, Node};
use super::scan::Scanner;
use super::sheet::{Line, push_line};
use super::tape::{Siblings, Tape};
use super::text::Text;
use super::wide::index;
use super::write::{push_bool, push_double, push_single};

/// One value of a [`Tape`]: a cheap, copyable view.
///
/// A value that the wire gives as a reference has the kind [`Kind::Ref`]. [`Value::resolve`] follows it; the accessors
/// that look inside an object ([`Value::base`], [`Value::member`], [`Value::items`] and the like) do so by themselves.
/// References may form cycles, so a walk over a whole tape must not follow them without a bound.
///
/// Where an object has a part twice that can be there once (what it wraps, its type names, its display text, a member
/// of one name), the last one counts, as in PowerShell. An object has at most [`Limits::max_parts`](super::Limits) parts,
/// so asking for one takes a bounded time, however often and through however many references it is asked for; only the
/// look-up of a member or an entry by its name takes as long as there are members or entries.
///
/// ```
/// use psrp::clixml::{Kind, Value, decode};
///
/// // Walking a tape: every value at its depth, without recursion. References are not followed.
/// let tape = decode(r#"<Obj RefId="0"><LST><I32>1</I32><Obj RefId="1"><LST><Ref RefId="0" /></LST></Obj></LST></Obj>"#)?;
/// let mut open = vec![tape.values()];
/// let mut seen = Vec::new();
/// while let Some(siblings) = open.last_mut() {
///     match siblings.next() {
///         Some(value) => {
///             seen.push((open.len(), value.kind()));
///             open.push(value.children());
///         }
///         None => drop(open.pop()),
///     }
/// }
/// assert_eq!(seen, [
///     (1, Kind::Object), (2, Kind::List), (3, Kind::Int32),
///     (3, Kind::Object), (4, Kind::List), (5, Kind::Ref),
/// ]);
/// // The same nodes stand side by side in the tape.
/// assert_eq!(tape.nodes().len(), seen.len());
/// # Ok::<(), psrp::clixml::DecodeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Value<'t> {
    pub(super) tape: &'t Tape,
    pub(super) index: u32,
}

/// The output stream that the `S` attribute of a top-level value names (MS-PSRP has no section for it; PowerShell
/// writes it into redirected output).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Stream {
    /// `Error`
    Error = 1,
    /// `Warning`
    Warning = 2,
    /// `Verbose`
    Verbose = 3,
    /// `Debug`
    Debug = 4,
    /// `progress`
    Progress = 5,
    /// `information`
    Information = 6,
}

impl Stream {
    /// The stream with this number.
    pub fn from_number(number: u16) -> Option<Self> {
        Stream::ALL.into_iter().find(|stream| stream.number() == number)
    }

    /// The stream with this name, the case of letters ignored.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        Stream::ALL.into_iter().find(|stream| stream.name().as_bytes().eq_ignore_ascii_case(name))
    }

    /// The number, as it stands in a node.
    pub const fn number(self) -> u16 {
        match self {
            Stream::Error => 1,
            Stream::Warning => 2,
            Stream::Verbose => 3,
            Stream::Debug => 4,
            Stream::Progress => 5,
            Stream::Information => 6,
        }
    }

    /// The name as PowerShell writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Stream::Error => "Error",
            Stream::Warning => "Warning",
            Stream::Verbose => "Verbose",
            Stream::Debug => "Debug",
            Stream::Progress => "progress",
            Stream::Information => "information",
        }
    }

    const ALL: [Stream; 6] = [
        Stream::Error,
        Stream::Warning,
        Stream::Verbose,
        Stream::Debug,
        Stream::Progress,
        Stream::Information,
    ];
}

impl<'t> Value<'t> {
    /// What it is.
    pub fn kind(self) -> Kind {
        // INVARIANT: a Value is made only for a node whose kind is known.
        Kind::from_number(self.node().kind).unwrap_or(Kind::Nil)
    }

    /// The index of its node. Two values of one tape are the same object when their indices, after
    /// [`Value::resolve`], are equal.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The tape it belongs to.
    pub fn tape(self) -> &'t Tape {
        self.tape
    }

    /// The member name (`N` attribute), or `None` when there is none.
    #[inline]
    pub fn name(self) -> Option<Text<'t>> {
        let id = self.node().name_id()?;
        self.tape.names().get(id)
    }

    /// The stream of a top-level value (`S` attribute).
    pub fn stream(self) -> Option<Stream> {
        self.node().stream()
    }

    /// The object a `<Ref>` points at; the value itself when it is no reference.
    pub fn resolve(self) -> Value<'t> {
        match self.kind() {
            Kind::Ref => self.at(self.node().a).unwrap_or(self),
            _ => self,
        }
    }

    /// The text of a text kind: string, URI, XML document, script block, secure string (its base64), decimal, GUID,
    /// version, type name or `<ToString>`.
    pub fn text(self) -> Option<Text<'t>> {
        self.kind().is_text().then(|| self.tape.text_of(self.node()))
    }

    /// The bytes of a byte array.
    pub fn bytes(self) -> Option<&'t [u8]> {
        matches!(self.kind(), Kind::Bytes).then(|| self.tape.slice(self.node()))
    }

    /// Whether it is null.
    pub fn is_nil(self) -> bool {
        matches!(self.kind(), Kind::Nil)
    }

    /// A Boolean, also when an object wraps it (a SwitchParameter's `IsPresent` is such a member).
    pub fn as_bool(self) -> Option<bool> {
        let base = self.base()?;
        matches!(base.kind(), Kind::Bool).then(|| base.node().a != 0)
    }

    /// An integer of any width that fits, also when an object wraps it: the number of an enum value.
    pub fn as_i64(self) -> Option<i64> {
        let base = self.base()?;
        let bits = base.node().bits();
        match base.kind() {
            kind if is_signed(kind) => Some(bits.cast_signed()),
            kind if is_unsigned(kind) => i64::try_from(bits).ok(),
            _ => None,
        }
    }

    /// A non-negative integer of any width, also when an object wraps it.
    pub fn as_u64(self) -> Option<u64> {
        let base = self.base()?;
        let bits = base.node().bits();
        match base.kind() {
            kind if is_signed(kind) => u64::try_from(bits.cast_signed()).ok(),
            kind if is_unsigned(kind) => Some(bits),
            _ => None,
        }
    }

    /// An integer of any width that fits an `i32`; see [`Value::as_i64`].
    pub fn as_i32(self) -> Option<i32> {
        i32::try_from(self.as_i64()?).ok()
    }

    /// A 32-bit or 64-bit float.
    pub fn as_f64(self) -> Option<f64> {
        let base = self.base()?;
        match base.kind() {
            Kind::Double => Some(f64::from_bits(base.node().bits())),
            Kind::Single => Some(f64::from(f32::from_bits(base.node().a))),
            _ => None,
        }
    }

    /// A 32-bit float.
    pub fn as_f32(self) -> Option<f32> {
        let base = self.base()?;
        matches!(base.kind(), Kind::Single).then(|| f32::from_bits(base.node().a))
    }

    /// A float as it was written: the number itself does not tell how many digits that were. `None` for other kinds,
    /// and when the text had to be decoded first.
    pub fn float_text(self) -> Option<Text<'t>> {
        self.tape.float_text(self.index)
    }

    /// The UTF-16 unit of a `<C>`, surrogate halves included.
    pub fn as_char(self) -> Option<u16> {
        let base = self.base()?;
        if base.kind() == Kind::Char { u16::try_from(base.node().a).ok() } else { None }
    }

    /// A date.
    pub fn date_time(self) -> Option<DateTime> {
        let base = self.base()?;
        if base.kind() == Kind::DateTime { DateTime::from_node(base.node()) } else { None }
    }

    /// A duration in ticks of 100 ns.
    pub fn time_span_ticks(self) -> Option<i64> {
        let base = self.base()?;
        matches!(base.kind(), Kind::TimeSpan).then(|| base.node().bits().cast_signed())
    }

    /// A string, URI or other text, also when an object wraps it and when it holds no lone surrogate. For display and
    /// look-ups; [`Value::text`] keeps everything.
    pub fn as_str(self) -> Option<&'t str> {
        self.base()?.text()?.as_str()
    }

    /// What stands directly inside a container, in order, of every kind.
    pub fn children(self) -> Siblings<'t> {
        let node = self.node();
        if self.kind().is_container() {
            Siblings { tape: self.tape, next: self.index + 1, end: node.a }
        } else {
            Siblings::none(self.tape)
        }
    }

    /// The value that an object wraps (2.2.5.2: a primitive, a container, or an inner object); for anything that is no
    /// object, the value itself. `None` for an object that has members only.
    pub fn base(self) -> Option<Value<'t>> {
        let value = self.resolve();
        if value.kind() != Kind::Object {
            return Some(value);
        }
        value.children().filter(|child| is_base(child.kind())).last()
    }

    /// The type names, most derived first, as the wire has them.
    pub fn type_names(self) -> TypeNames<'t> {
        TypeNames(self.type_list().map_or(Siblings::none(self.tape), Value::children))
    }

    /// The node with the type names, which objects with the same names share.
    pub(super) fn type_list(self) -> Option<Value<'t>> {
        let named = |child: Value<'t>| match child.kind() {
            Kind::TypeNames => Some(child),
            Kind::TypeNamesRef => child.at(child.node().a),
            _ => None,
        };
        self.resolve().children().filter_map(named).last()
    }

    /// Whether a type name equals this one; a `Deserialized.` in front is ignored on the wire's side.
    pub fn is_type(self, type_name: &str) -> bool {
        self.type_names().any(|name| {
            let bytes = name.as_bytes();
            let bare = bytes.strip_prefix(b"Deserialized.").unwrap_or(bytes);
            bare == type_name.as_bytes() || bytes == type_name.as_bytes()
        })
    }

    /// The display text (`<ToString>`) of an object.
    pub fn to_string_text(self) -> Option<Text<'t>> {
        self.resolve().children().filter(|child| child.kind() == Kind::ToString).last()?.text()
    }

    /// The adapted members (`<Props>`) of an object, in order.
    pub fn props(self) -> Bag<'t> {
        Bag::new(self, Kind::Props)
    }

    /// The extended members (`<MS>`) of an object, in order; of a member set, what it holds.
    pub fn members(self) -> Bag<'t> {
        Bag::new(self, Kind::Members)
    }

    /// The member with this name, the case of ASCII letters ignored as PowerShell does: extended members first, then
    /// adapted ones. A member that is a reference is given as such.
    pub fn member(self, name: &str) -> Option<Value<'t>> {
        let named = |value: &Value<'t>| value.name().is_some_and(|own| own.eq_ignore_ascii_case(name));
        self.members().filter(named).last().or_else(|| self.props().filter(named).last())
    }

    /// The elements of a list, enumerable, stack or queue, also through the object that wraps it.
    pub fn items(self) -> Siblings<'t> {
        match self.innermost() {
            Some(value)
                if matches!(value.kind(), Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue) =>
            {
                value.children()
            }
            _ => Siblings::none(self.tape),
        }
    }

    /// The keys and values of a dictionary, in the order of the wire, also through the object that wraps it.
    pub fn entries(self) -> Entries<'t> {
        match self.innermost() {
            Some(value) if value.kind() == Kind::Dictionary => Entries(value.children()),
            _ => Entries(Siblings::none(self.tape)),
        }
    }

    /// The value of the first entry whose key is this text, the case of ASCII letters ignored.
    pub fn entry(self, key: &str) -> Option<Value<'t>> {
        self.entries()
            .find(|(own, _)| own.text().is_some_and(|own| own.eq_ignore_ascii_case(key)))
            .map(|(_, value)| value)
    }

    /// The node it is a view of.
    pub fn node(self) -> &'t Node {
        // INVARIANT: the index was checked when the value was made, and a tape does not change.
        const NIL: Node = Node { kind: 1, flags: 0, aux: 0, name: 0, a: 0, b: 0 };
        self.tape.nodes().get(index(self.index)).unwrap_or(&NIL)
    }

    /// Appends the text of a number, Boolean, char, date or duration as it stands on the wire; nothing for other kinds.
    pub(super) fn write_scalar(self, line: &mut Line<'_>) {
        let node = self.node();
        let bits = node.bits();
        match self.kind() {
            Kind::Bool => push_bool(line, node.a != 0),
            Kind::Single => push_single(line, f32::from_bits(node.a)),
            Kind::Double => push_double(line, f64::from_bits(bits)),
            Kind::DateTime => {
                if let Some(date) = DateTime::from_node(node) {
                    date.write(line);
                }
            }
            Kind::TimeSpan => write_duration(bits.cast_signed(), line),
            Kind::Char => push_number(line, bits),
            kind if is_signed(kind) => push_signed(line, bits.cast_signed()),
            kind if is_unsigned(kind) => push_number(line, bits),
            _ => {}
        }
    }

    pub(super) fn at(self, index: u32) -> Option<Value<'t>> {
        self.tape.value_at(index)
    }

    /// The base behind objects that wrap objects. The nesting of one object in another is bounded by the depth limit,
    /// but a reference as base could lead round in a circle, so the steps are counted.
    fn innermost(self) -> Option<Value<'t>> {
        let mut value = self.base()?;
        for _ in 0..MAX_WRAPPING {
            if !matches!(value.kind(), Kind::Object | Kind::Ref) {
                return Some(value);
            }
            value = value.base()?;
        }
        None
    }
}

/// Writes a primitive as the text that stands for it on the wire, escapes decoded: numbers in .NET's invariant form, a
/// byte array as base64, null and everything that is no primitive as nothing. An object shows its display text, or else
/// what it wraps.
impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = match (self.to_string_text(), self.base()) {
            (Some(text), _) => return f.pad(&text.to_lossy()),
            (None, base) => base.unwrap_or(*self),
        };
        if let Some(text) = shown.text() {
            return f.pad(&text.to_lossy());
        }
        let mut out = Vec::new();
        match shown.bytes() {
            Some(bytes) => Scanner::detect().encode_base64(bytes, &mut out),
            None => push_line(&mut out, |line| shown.write_scalar(line)),
        }
        f.pad(&String::from_utf8_lossy(&out))
    }
}

/// Prints kind and place only: payloads hold personal data.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Value({:?} at {})", self.kind(), self.index)
    }
}

/// Two values are equal when they are the same node of the same tape.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.tape, other.tape) && self.index == other.index
    }
}

impl Eq for Value<'_> {}

/// The type names of a value; made by [`Value::type_names`].
#[derive(Clone, Debug)]
pub struct TypeNames<'t>(Siblings<'t>);

impl<'t> Iterator for TypeNames<'t> {
    type Item = Text<'t>;

    fn next(&mut self) -> Option<Text<'t>> {
        self.0.next()?.text()
    }
}

/// The key and value pairs of a dictionary; made by [`Value::entries`].
#[derive(Clone, Debug)]
pub struct Entries<'t>(Siblings<'t>);

impl<'t> Iterator for Entries<'t> {
    type Item = (Value<'t>, Value<'t>);

    fn next(&mut self) -> Option<(Value<'t>, Value<'t>)> {
        let mut pair = self.0.next()?.children();
        Some((pair.next()?, pair.next()?))
    }
}

/// The members in the `<Props>` or the `<MS>` elements of an object; made by [`Value::props`] and [`Value::members`].
#[derive(Clone, Debug)]
pub struct Bag<'t> {
    kind: Kind,
    rest: Siblings<'t>,
    inside: Siblings<'t>,
}

impl<'t> Bag<'t> {
    fn new(value: Value<'t>, kind: Kind) -> Self {
        let value = value.resolve();
        match value.kind() {
            Kind::Object => Bag { kind, rest: value.children(), inside: Siblings::none(value.tape) },
            own if own == kind => Bag { kind, rest: Siblings::none(value.tape), inside: value.children() },
            _ => Bag { kind, rest: Siblings::none(value.tape), inside: Siblings::none(value.tape) },
        }
    }
}

impl<'t> Iterator for Bag<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Value<'t>> {
        loop {
            if let Some(member) = self.inside.next() {
                return Some(member);
            }
            self.inside = self.rest.find(|child| child.kind() == self.kind)?.children();
        }
    }
}

fn is_base(kind: Kind) -> bool {
    !matches!(kind, Kind::TypeNames | Kind::TypeNamesRef | Kind::ToString | Kind::Props | Kind::Members)
}

fn is_signed(kind: Kind) -> bool {
    matches!(kind, Kind::SByte | Kind::Int16 | Kind::Int32 | Kind::Int64)
}

fn is_unsigned(kind: Kind) -> bool {
    matches!(kind, Kind::Byte | Kind::UInt16 | Kind::UInt32 | Kind::UInt64)
}

const MAX_WRAPPING: usize = 1024;
