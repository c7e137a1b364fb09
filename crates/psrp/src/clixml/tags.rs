//! The tags of each kind of element, ready to be appended.

use super::node::Kind;
use super::sheet::Line;
use super::wide::index;

/// How an element of a kind is written: its tags, without what ends the start tag, and what stands between them.
#[repr(align(64))]
pub(super) struct Tags {
    start: [u8; 16],
    /// The longest has 18 bytes: `</SemanticVersion>`.
    end: [u8; 32],
    start_len: u8,
    end_len: u8,
    pub(super) content: Content,
}

/// What stands between the tags of an element, by the form that its node has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Content {
    /// No kind has this number.
    Unknown,
    Object,
    Reference,
    TypeNames,
    TypeNamesReference,
    Progress,
    /// What any other container holds.
    Values,
    Nothing,
    Bool,
    Signed,
    Unsigned,
    Single,
    Double,
    Date,
    Duration,
    /// Text in which characters are escaped.
    Text,
    /// The same as a part of an object; without text it has no end tag.
    Description,
    Guid,
    /// Text of a few kinds of characters, of which none is escaped.
    Number,
    Bytes,
}

impl Content {
    /// Whether it is all in one node.
    #[inline(always)]
    pub(super) const fn is_leaf(self) -> bool {
        use Content::{Object, Progress, Reference, TypeNames, TypeNamesReference, Unknown, Values};
        !matches!(self, Unknown | Object | Reference | TypeNames | TypeNamesReference | Progress | Values)
    }
}

impl Tags {
    /// The tags of a [`Kind`] by its number.
    #[inline(always)]
    pub(super) fn of(kind: impl Into<u32>) -> &'static Tags {
        // INVARIANT: every kind is below 64.
        &TAGS[index(kind.into() & 63)]
    }

    /// Appends `<` and the name.
    #[inline(always)]
    pub(super) fn push_start(&self, line: &mut Line<'_>) {
        line.push(&self.start, usize::from(self.start_len));
    }

    /// Appends the end tag.
    #[inline(always)]
    pub(super) fn push_end(&self, line: &mut Line<'_>) {
        line.push(&self.end, usize::from(self.end_len));
    }

    const fn new(number: u8) -> Tags {
        let mut tags =
            Tags { start: [0; 16], end: [0; 32], start_len: 1, end_len: 3, content: Content::Unknown };
        let Some(kind) = Kind::from_number(number) else { return tags };
        tags.content = content(kind);
        let name = kind.tag().as_bytes();
        (tags.start[0], tags.end[0], tags.end[1]) = (b'<', b'<', b'/');
        let mut at = 0;
        while at < name.len() {
            tags.start[1 + at] = name[at];
            tags.end[2 + at] = name[at];
            tags.start_len += 1;
            tags.end_len += 1;
            at += 1;
        }
        tags.end[2 + at] = b'>';
        tags
    }
}

const fn content(kind: Kind) -> Content {
    match kind {
        Kind::Nil => Content::Nothing,
        Kind::Bool => Content::Bool,
        Kind::SByte | Kind::Int16 | Kind::Int32 | Kind::Int64 => Content::Signed,
        Kind::Char | Kind::Byte | Kind::UInt16 | Kind::UInt32 | Kind::UInt64 => Content::Unsigned,
        Kind::Single => Content::Single,
        Kind::Double => Content::Double,
        Kind::DateTime => Content::Date,
        Kind::TimeSpan => Content::Duration,
        Kind::String | Kind::Uri | Kind::XmlDocument | Kind::ScriptBlock => Content::Text,
        Kind::ToString | Kind::TypeName => Content::Description,
        Kind::Guid => Content::Guid,
        Kind::Decimal | Kind::Version | Kind::SecureString | Kind::SemanticVersion => Content::Number,
        Kind::Bytes => Content::Bytes,
        Kind::Object => Content::Object,
        Kind::Ref => Content::Reference,
        Kind::TypeNames => Content::TypeNames,
        Kind::TypeNamesRef => Content::TypeNamesReference,
        Kind::Progress => Content::Progress,
        Kind::List
        | Kind::Enumerable
        | Kind::Stack
        | Kind::Queue
        | Kind::Dictionary
        | Kind::Entry
        | Kind::Props
        | Kind::Members => Content::Values,
    }
}

static TAGS: [Tags; 64] = {
    let mut tags = [const { Tags::new(0) }; 64];
    let mut number = 0_u8;
    while number < 64 {
        #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
        let place = number as usize;
        tags[place] = Tags::new(number);
        number += 1;
    }
    tags
};
