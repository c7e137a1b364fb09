//! One node of a tape, and the kinds of node.

use super::names::NameId;
use super::value::Stream;

/// What a node is. The numbers are part of the C ABI and never change.
///
/// The first block are the primitives (MS-PSRP 2.2.5.1), the others the parts of a complex object (2.2.5.2): parts of
/// the object itself, containers of values, and the two bags of members.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[non_exhaustive]
pub enum Kind {
    /// `<Nil />`: null.
    Nil = 1,
    /// `<B>`: a Boolean.
    Bool = 2,
    /// `<C>`: one UTF-16 unit.
    Char = 3,
    /// `<By>`: 0 to 255.
    Byte = 4,
    /// `<SB>`: −128 to 127.
    SByte = 5,
    /// `<I16>`
    Int16 = 6,
    /// `<U16>`
    UInt16 = 7,
    /// `<I32>`
    Int32 = 8,
    /// `<U32>`
    UInt32 = 9,
    /// `<I64>`
    Int64 = 10,
    /// `<U64>`
    UInt64 = 11,
    /// `<Sg>`: a 32-bit float.
    Single = 12,
    /// `<Db>`: a 64-bit float.
    Double = 13,
    /// `<D>`: a 96-bit decimal, kept as text so that the scale stays.
    Decimal = 14,
    /// `<DT>`: a date with 100 ns ticks.
    DateTime = 15,
    /// `<TS>`: a duration in 100 ns ticks.
    TimeSpan = 16,
    /// `<S>`: a string.
    String = 17,
    /// `<G>`: a GUID, kept as text.
    Guid = 18,
    /// `<URI>`
    Uri = 19,
    /// `<Version>`: two to four parts, kept as text.
    Version = 20,
    /// `<XD>`: an XML document as text.
    XmlDocument = 21,
    /// `<SBK>`: a script block as text.
    ScriptBlock = 22,
    /// `<SS>`: a secure string, base64 text that this crate does not open.
    SecureString = 23,
    /// `<BA>`: a byte array.
    Bytes = 24,
    /// `<PR>`: a progress record; its parts follow as named nodes.
    Progress = 25,
    /// `<SemanticVersion>`: a version of PowerShell 6 and later, kept as text.
    SemanticVersion = 26,
    /// `<Obj>`
    Object = 32,
    /// `<Ref>`: the object at node index `a`.
    Ref = 33,
    /// `<TN>`: type names, most derived first.
    TypeNames = 34,
    /// `<TNRef>`: the type names at node index `a`.
    TypeNamesRef = 35,
    /// `<T>`: one type name.
    TypeName = 36,
    /// `<ToString>`: display text.
    ToString = 37,
    /// `<LST>`: a list.
    List = 40,
    /// `<IE>`: an enumerable.
    Enumerable = 41,
    /// `<STK>`: a stack, top first.
    Stack = 42,
    /// `<QUE>`: a queue.
    Queue = 43,
    /// `<DCT>`: a dictionary of entries.
    Dictionary = 44,
    /// `<En>`: a key and its value, exactly two children.
    Entry = 45,
    /// `<Props>`: adapted members.
    Props = 48,
    /// `<MS>`: extended members; with a name, a member set inside another.
    Members = 49,
}

impl Kind {
    /// The kind with this number.
    pub const fn from_number(number: u8) -> Option<Self> {
        Some(match number {
            1 => Kind::Nil,
            2 => Kind::Bool,
            3 => Kind::Char,
            4 => Kind::Byte,
            5 => Kind::SByte,
            6 => Kind::Int16,
            7 => Kind::UInt16,
            8 => Kind::Int32,
            9 => Kind::UInt32,
            10 => Kind::Int64,
            11 => Kind::UInt64,
            12 => Kind::Single,
            13 => Kind::Double,
            14 => Kind::Decimal,
            15 => Kind::DateTime,
            16 => Kind::TimeSpan,
            17 => Kind::String,
            18 => Kind::Guid,
            19 => Kind::Uri,
            20 => Kind::Version,
            21 => Kind::XmlDocument,
            22 => Kind::ScriptBlock,
            23 => Kind::SecureString,
            24 => Kind::Bytes,
            25 => Kind::Progress,
            26 => Kind::SemanticVersion,
            32 => Kind::Object,
            33 => Kind::Ref,
            34 => Kind::TypeNames,
            35 => Kind::TypeNamesRef,
            36 => Kind::TypeName,
            37 => Kind::ToString,
            40 => Kind::List,
            41 => Kind::Enumerable,
            42 => Kind::Stack,
            43 => Kind::Queue,
            44 => Kind::Dictionary,
            45 => Kind::Entry,
            48 => Kind::Props,
            49 => Kind::Members,
            _ => return None,
        })
    }

    /// The number, as it stands in [`Node::kind`].
    #[expect(clippy::as_conversions, reason = "reading the discriminant of a repr(u8) enum")]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The element name on the wire.
    pub const fn tag(self) -> &'static str {
        match self {
            Kind::Nil => "Nil",
            Kind::Bool => "B",
            Kind::Char => "C",
            Kind::Byte => "By",
            Kind::SByte => "SB",
            Kind::Int16 => "I16",
            Kind::UInt16 => "U16",
            Kind::Int32 => "I32",
            Kind::UInt32 => "U32",
            Kind::Int64 => "I64",
            Kind::UInt64 => "U64",
            Kind::Single => "Sg",
            Kind::Double => "Db",
            Kind::Decimal => "D",
            Kind::DateTime => "DT",
            Kind::TimeSpan => "TS",
            Kind::String => "S",
            Kind::Guid => "G",
            Kind::Uri => "URI",
            Kind::Version => "Version",
            Kind::XmlDocument => "XD",
            Kind::ScriptBlock => "SBK",
            Kind::SecureString => "SS",
            Kind::Bytes => "BA",
            Kind::Progress => "PR",
            Kind::SemanticVersion => "SemanticVersion",
            Kind::Object => "Obj",
            Kind::Ref => "Ref",
            Kind::TypeNames => "TN",
            Kind::TypeNamesRef => "TNRef",
            Kind::TypeName => "T",
            Kind::ToString => "ToString",
            Kind::List => "LST",
            Kind::Enumerable => "IE",
            Kind::Stack => "STK",
            Kind::Queue => "QUE",
            Kind::Dictionary => "DCT",
            Kind::Entry => "En",
            Kind::Props => "Props",
            Kind::Members => "MS",
        }
    }

    /// Whether [`Node::a`] of this kind is a skip link.
    pub const fn is_container(self) -> bool {
        use Kind::{
            Dictionary, Entry, Enumerable, List, Members, Object, Progress, Props, Queue, Stack, TypeNames,
        };
        matches!(
            self,
            Progress
                | Object
                | TypeNames
                | List
                | Enumerable
                | Stack
                | Queue
                | Dictionary
                | Entry
                | Props
                | Members
        )
    }

    /// Whether the value is text with an offset and a length in [`Node::a`] and [`Node::b`].
    pub const fn is_text(self) -> bool {
        use Kind::{
            Decimal, Guid, ScriptBlock, SecureString, SemanticVersion, String, Uri, Version, XmlDocument,
        };
        matches!(
            self,
            String
                | Uri
                | XmlDocument
                | ScriptBlock
                | SecureString
                | Decimal
                | Guid
                | Version
                | SemanticVersion
        ) || matches!(self, Kind::TypeName | Kind::ToString)
    }

    /// Whether it is a primitive (MS-PSRP 2.2.5.1), null and the progress record included.
    pub const fn is_primitive(self) -> bool {
        self.number() <= Kind::SemanticVersion.number()
    }
}

/// Sixteen bytes of a tape. The layout is part of the C ABI.
///
/// | kind | `a` | `b` |
/// |---|---|---|
/// | containers | index one past the last descendant | 0 |
/// | text kinds, `Bytes` | offset in bytes | length in bytes |
/// | `Ref`, `TypeNamesRef` | index of the target node | 0 |
/// | `Bool`, `Char`, integers, floats (their bits), `TimeSpan` and `DateTime` (ticks) | low half of the 64-bit value | high half |
///
/// Signed integers are sign-extended to 64 bits, a `Single` keeps its 32 bits in `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct Node {
    /// A [`Kind`] by number.
    pub kind: u8,
    /// [`Node::IN_SIDE`] for text and bytes. For a date, its [`DateTimeKind`](super::DateTimeKind) from bit
    /// [`Node::DATE_KIND_SHIFT`] on and, at top level, its stream from bit [`Node::DATE_STREAM_SHIFT`] on.
    /// [`Node::OPENS_AS_WRITTEN`] for the first object.
    pub flags: u8,
    /// For a date the offset in minutes as the bits of an `i16`. For any other node at top level the
    /// [`Stream`](super::Stream) by number, 0 for none.
    pub aux: u16,
    /// Number of the member name, 0 when there is none.
    pub name: u32,
    /// See the table above.
    pub a: u32,
    /// See the table above.
    pub b: u32,
}

impl Node {
    /// Flag of text and bytes: the offset counts in [`Tape::side`](super::Tape::side), otherwise in
    /// [`Tape::text`](super::Tape::text).
    pub const IN_SIDE: u8 = 1;
    /// Flag of the first node, an object: the text begins with its start tag and type names just as an
    /// [`Encoder`](super::Encoder) writes them.
    pub const OPENS_AS_WRITTEN: u8 = 0x40;
    /// Where the two bits with the kind of a date begin in [`Node::flags`].
    pub const DATE_KIND_SHIFT: u32 = 1;
    /// Where the three bits with the stream of a top-level date begin in [`Node::flags`].
    pub const DATE_STREAM_SHIFT: u32 = 3;

    /// The member name, if there is one.
    pub fn name_id(&self) -> Option<NameId> {
        NameId::new(self.name)
    }

    /// `a` and `b` as one 64-bit value.
    pub fn bits(&self) -> u64 {
        u64::from(self.b) << 32 | u64::from(self.a)
    }

    /// The stream of a node at top level.
    #[inline]
    pub(super) fn stream(&self) -> Option<Stream> {
        Stream::from_number(if self.kind == Kind::DateTime.number() {
            u16::from(self.flags >> Node::DATE_STREAM_SHIFT)
        } else {
            self.aux
        })
    }

    /// The index of the node after this one's subtree, given this one's own index.
    pub(super) fn end_after(&self, own: u32) -> u32 {
        match Kind::from_number(self.kind) {
            Some(kind) if kind.is_container() => self.a.max(own + 1),
            _ => own + 1,
        }
    }
}

const _: () = assert!(size_of::<Node>() == 16);
