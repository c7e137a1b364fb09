//! Values apart from their tape, for callers that want a tree of their own.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use super::date::DateTime;
use super::names::NameId;
use super::node::Kind;
use super::text::Text;
use super::value::Value;

/// A value that owns all it holds.
///
/// A [`Tape`](super::Tape) is what the decoder makes, and most callers need nothing else. This is for those that take a
/// value apart, keep a few of many, or send one elsewhere. Member names stay numbers of the table that the tape has
/// ([`Tape::names`](super::Tape::names)), and lists of type names are shared among the objects of one value.
///
/// ```
/// use psrp::clixml::{Owned, decode};
///
/// let tape = decode(r#"<Obj RefId="0"><MS><S N="Alias">anna</S><I32 N="Size">7</I32></MS></Obj>"#)?;
/// let names = tape.names().clone();
/// let person = tape.first().map(Owned::of).expect("one value").expect("not nested deeply");
/// drop(tape);
///
/// let Owned::Object(person) = person else { panic!("an object") };
/// let [alias, size] = person.members.as_slice() else { panic!("two members") };
/// assert_eq!(names.get(alias.name).expect("its name"), "Alias");
/// assert!(matches!(&alias.value, Owned::Text(_, text) if text.as_text() == "anna"));
/// assert!(matches!(size.value, Owned::Int32(7)));
/// # Ok::<(), psrp::clixml::DecodeError>(())
/// ```
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum Owned {
    /// Null.
    Nil,
    /// A Boolean.
    Bool(bool),
    /// One UTF-16 unit.
    Char(u16),
    /// 8 bits without sign.
    Byte(u8),
    /// 8 bits.
    SByte(i8),
    /// 16 bits.
    Int16(i16),
    /// 16 bits without sign.
    UInt16(u16),
    /// 32 bits.
    Int32(i32),
    /// 32 bits without sign.
    UInt32(u32),
    /// 64 bits.
    Int64(i64),
    /// 64 bits without sign.
    UInt64(u64),
    /// A 32-bit float.
    Single(f32),
    /// A 64-bit float.
    Double(f64),
    /// A date with 100 ns ticks, of the clock as written.
    DateTime(DateTime),
    /// A duration in 100 ns ticks.
    TimeSpan(i64),
    /// What is kept as text: a string, decimal, GUID, URI, version, XML document, script block or secure string, as the
    /// kind says.
    Text(Kind, OwnedText),
    /// A byte array.
    Bytes(Box<[u8]>),
    /// The parts of a progress record; the current operation has no name.
    Progress(Vec<(Option<NameId>, Owned)>),
    /// An object.
    Object(Box<OwnedObject>),
    /// A reference to the object with this [`OwnedObject::index`], which may be one that this value lies in.
    Ref(u32),
    /// A set of members inside another.
    MemberSet(Vec<OwnedMember>),
}

/// An object that owns all it holds.
#[derive(Clone, PartialEq)]
pub struct OwnedObject {
    /// The index that its node had in the tape ([`Value::index`]): what [`Owned::Ref`] says.
    pub index: u32,
    /// Most derived first; shared with other objects of the same list.
    pub type_names: Arc<[OwnedText]>,
    /// The display text.
    pub to_string: Option<OwnedText>,
    /// What it wraps.
    pub base: Option<OwnedBase>,
    /// Adapted members.
    pub props: Vec<OwnedMember>,
    /// Extended members.
    pub members: Vec<OwnedMember>,
}

/// What an object wraps.
#[derive(Clone, PartialEq)]
pub enum OwnedBase {
    /// A primitive or another object.
    Value(Owned),
    /// A list, enumerable, stack (top first) or queue, as the kind says.
    List(Kind, Vec<Owned>),
    /// Keys and values of a dictionary.
    Dictionary(Vec<(Owned, Owned)>),
}

/// A member of an object.
#[derive(Clone, PartialEq)]
pub struct OwnedMember {
    /// Its name, in the table of the tape.
    pub name: NameId,
    /// What it holds.
    pub value: Owned,
}

/// Text in WTF-8; see [`Text`].
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OwnedText(Box<[u8]>);

/// A value nests deeper than a tree is made of: 256 elements inside each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooDeepForTree;

impl OwnedText {
    /// The text, borrowed.
    pub fn as_text(&self) -> Text<'_> {
        Text(&self.0)
    }
}

impl Owned {
    /// Copies a value out of its tape, without its own name and stream. References stay references, so this takes no more memory than a small multiple
    /// of the value.
    ///
    /// # Errors
    /// It nests deeper than 256 elements: a tree is made and dropped on the machine stack, so a decoder that was allowed
    /// more depth than the default can make tapes that have no tree.
    pub fn of(value: Value<'_>) -> Result<Owned, TooDeepForTree> {
        Grower { lists: BTreeMap::new() }.value(value, MAX_DEPTH)
    }
}

/// What is known while a tree grows.
struct Grower {
    /// The lists of type names met so far, by node: a list is copied once, however often it is referred to.
    lists: BTreeMap<u32, Arc<[OwnedText]>>,
}

impl Grower {
    fn value(&mut self, value: Value<'_>, depth: u32) -> Result<Owned, TooDeepForTree> {
        let depth = depth.checked_sub(1).ok_or(TooDeepForTree)?;
        // INVARIANT: the decoder checks that a number fits its type, so nothing is cut off.
        let signed = || value.as_i64().unwrap_or(0);
        let unsigned = || value.as_u64().unwrap_or(0);
        Ok(match value.kind() {
            kind if kind.is_text() => Owned::Text(kind, text(value)),
            Kind::Bool => Owned::Bool(value.as_bool().unwrap_or(false)),
            Kind::Char => Owned::Char(value.as_char().unwrap_or(0)),
            Kind::Byte => Owned::Byte(u8::try_from(unsigned()).unwrap_or(u8::MAX)),
            Kind::SByte => Owned::SByte(i8::try_from(signed()).unwrap_or(i8::MAX)),
            Kind::Int16 => Owned::Int16(i16::try_from(signed()).unwrap_or(i16::MAX)),
            Kind::UInt16 => Owned::UInt16(u16::try_from(unsigned()).unwrap_or(u16::MAX)),
            Kind::Int32 => Owned::Int32(i32::try_from(signed()).unwrap_or(i32::MAX)),
            Kind::UInt32 => Owned::UInt32(u32::try_from(unsigned()).unwrap_or(u32::MAX)),
            Kind::Int64 => Owned::Int64(signed()),
            Kind::UInt64 => Owned::UInt64(unsigned()),
            Kind::Single => Owned::Single(value.as_f32().unwrap_or(f32::NAN)),
            Kind::Double => Owned::Double(value.as_f64().unwrap_or(f64::NAN)),
            Kind::DateTime => value.date_time().map_or(Owned::Nil, Owned::DateTime),
            Kind::TimeSpan => Owned::TimeSpan(value.time_span_ticks().unwrap_or(0)),
            Kind::Bytes => Owned::Bytes(value.bytes().unwrap_or_default().into()),
            Kind::Progress => {
                let parts =
                    value.children().map(|part| Ok((part.node().name_id(), self.value(part, depth)?)));
                Owned::Progress(parts.collect::<Result<_, _>>()?)
            }
            Kind::Object => Owned::Object(Box::new(self.object(value, depth)?)),
            Kind::Ref => Owned::Ref(value.node().a),
            Kind::Members => Owned::MemberSet(self.members(value, depth)?),
            _ => Owned::Nil,
        })
    }

    fn object(&mut self, value: Value<'_>, depth: u32) -> Result<OwnedObject, TooDeepForTree> {
        let mut object = OwnedObject {
            index: value.index(),
            type_names: Arc::default(),
            to_string: None,
            base: None,
            props: Vec::new(),
            members: Vec::new(),
        };
        for part in value.children() {
            match part.kind() {
                Kind::TypeNames => object.type_names = self.list(part),
                Kind::TypeNamesRef => {
                    let list = part.tape().value_at(part.node().a);
                    object.type_names = list.map_or_else(Arc::default, |list| self.list(list));
                }
                Kind::ToString => object.to_string = Some(text(part)),
                Kind::Props => object.props.append(&mut self.members(part, depth)?),
                Kind::Members => object.members.append(&mut self.members(part, depth)?),
                kind @ (Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue) => {
                    let items = part.children().map(|item| self.value(item, depth));
                    object.base = Some(OwnedBase::List(kind, items.collect::<Result<_, _>>()?));
                }
                Kind::Dictionary => {
                    let mut entries = Vec::new();
                    for entry in part.children() {
                        if let (Some(key), Some(value)) = (entry.children().next(), entry.children().nth(1)) {
                            entries.push((self.value(key, depth)?, self.value(value, depth)?));
                        }
                    }
                    object.base = Some(OwnedBase::Dictionary(entries));
                }
                _ => object.base = Some(OwnedBase::Value(self.value(part, depth)?)),
            }
        }
        Ok(object)
    }

    fn list(&mut self, list: Value<'_>) -> Arc<[OwnedText]> {
        let known = self.lists.entry(list.index());
        Arc::clone(known.or_insert_with(|| list.children().map(text).collect()))
    }

    fn members(&mut self, bag: Value<'_>, depth: u32) -> Result<Vec<OwnedMember>, TooDeepForTree> {
        let named = bag.children().filter_map(|member| Some((member.node().name_id()?, member)));
        named.map(|(name, member)| Ok(OwnedMember { name, value: self.value(member, depth)? })).collect()
    }
}

/// The text of a value that is one.
fn text(value: Value<'_>) -> OwnedText {
    OwnedText(value.tape().text_of(value.node()).as_bytes().into())
}

impl fmt::Display for TooDeepForTree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the value nests deeper than {MAX_DEPTH} elements; read it from its tape")
    }
}

impl Error for TooDeepForTree {}

/// Prints what it is and nothing of it: payloads hold personal data.
macro_rules! says_its_name_only {
    ($($type:ident),*) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    )*};
}

says_its_name_only!(Owned, OwnedBase, OwnedMember, OwnedObject, OwnedText);

const MAX_DEPTH: u32 = 256;
