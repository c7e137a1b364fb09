//! The element names of CLIXML (MS-PSRP 2.2.5), found with one load, one multiplication and one comparison.

use super::node::Kind;
use super::scan::{keep, name_len, word_at};
use super::wide::index;

/// What an element is: the number of its [`Kind`], or [`Tag::OBJS`] for the wrapper of a document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag(pub(super) u8);

impl Tag {
    pub(super) const NONE: Tag = Tag(0);
    pub(super) const OBJS: Tag = Tag(63);

    pub(super) const fn of(kind: Kind) -> Tag {
        Tag(kind.number())
    }

    /// The tag whose name begins at `at`, and where the name ends.
    #[inline]
    pub(super) fn read(body: &[u8], at: usize) -> Option<(Tag, usize)> {
        let word = word_at(body, at);
        let len = name_len(word);
        let key = keep(word, len);
        let slot = SLOTS.get(slot_of(key))?;
        if slot.key == key && key != 0 && len < 8 {
            return Some((slot.tag, at + index(len)));
        }
        Tag::read_long(body, at)
    }

    /// Names of eight bytes and more do not fit a word together with what ends them.
    #[cold]
    #[inline(never)]
    fn read_long(body: &[u8], at: usize) -> Option<(Tag, usize)> {
        let rest = body.get(at..)?;
        LONG.into_iter().find_map(|kind| {
            let name = kind.tag().as_bytes();
            let ends = rest.strip_prefix(name)?.first().is_some_and(|byte| is_name_end(*byte));
            ends.then(|| (Tag::of(kind), at + name.len()))
        })
    }

    /// The name as errors show it.
    pub(super) fn name(self) -> &'static str {
        match Kind::from_number(self.0) {
            Some(kind) => kind.tag(),
            None if self == Tag::OBJS => "Objs",
            None => "",
        }
    }

    /// `<tag` as a word and how many bytes that is, for the tags with which it fits a word.
    pub(super) fn start_word(self) -> Option<(u64, u8)> {
        let name = self.name();
        let len = u8::try_from(name.len()).ok().filter(|len| (1..=7).contains(len))?;
        Some((0x3C | key_of(name) << 8, len + 1))
    }

    /// What it may stand for inside a parent: one bit of [`class`].
    #[inline]
    pub(super) fn class(self) -> u16 {
        TRAITS.get(usize::from(self.0)).map_or(0, |traits| traits.class)
    }

    /// The bits of [`class`] that this element may hold.
    #[inline]
    pub(super) fn holds(self) -> u16 {
        TRAITS.get(usize::from(self.0)).map_or(0, |traits| traits.holds)
    }

    /// Where the end tag of this element ends, when it begins at `at` and is written without white space.
    #[inline(always)]
    pub(super) fn end_at(self, body: &[u8], at: usize) -> Option<usize> {
        let traits = TRAITS.get(usize::from(self.0))?;
        if word_at(body, at) & traits.end_mask != traits.end_word {
            return None;
        }
        if 8 < traits.end_len && !self.name_ends_at(body, at + 8) {
            return None;
        }
        Some(at + usize::from(traits.end_len))
    }

    /// Whether what an end tag has beyond a word stands at `at`.
    #[inline]
    fn name_ends_at(self, body: &[u8], at: usize) -> bool {
        let name = self.name().as_bytes();
        let rest = body.get(at..).and_then(|rest| rest.strip_prefix(name.get(6..)?));
        rest.and_then(<[u8]>::first) == Some(&b'>')
    }
}

/// What an element is, seen from its parent.
pub(super) mod class {
    pub(in super::super) const PRIMITIVE: u16 = 1;
    pub(in super::super) const NIL: u16 = 1 << 1;
    pub(in super::super) const REF: u16 = 1 << 2;
    pub(in super::super) const OBJECT: u16 = 1 << 3;
    pub(in super::super) const CONTAINER: u16 = 1 << 4;
    pub(in super::super) const TYPES: u16 = 1 << 5;
    pub(in super::super) const TO_STRING: u16 = 1 << 6;
    pub(in super::super) const PROPS: u16 = 1 << 7;
    pub(in super::super) const MEMBERS: u16 = 1 << 8;
    pub(in super::super) const ENTRY: u16 = 1 << 9;
    pub(in super::super) const TYPE: u16 = 1 << 10;
    /// Anything that is a value by itself.
    pub(in super::super) const VALUE: u16 = PRIMITIVE | NIL | REF | OBJECT;
    /// What an object is made of.
    pub(in super::super) const IN_OBJECT: u16 =
        PRIMITIVE | OBJECT | CONTAINER | TYPES | TO_STRING | PROPS | MEMBERS;
}

pub(super) const fn is_name_end(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'/' | b'>')
}

#[derive(Clone, Copy)]
struct Slot {
    key: u64,
    tag: Tag,
}

#[derive(Clone, Copy)]
struct Traits {
    class: u16,
    holds: u16,
    end_len: u8,
    /// The first bytes of the end tag, all of it when it is no longer.
    end_mask: u64,
    end_word: u64,
}

const fn slot_of(key: u64) -> usize {
    const { assert!(size_of::<usize>() >= size_of::<u32>()) }
    #[expect(clippy::as_conversions, reason = "seven bits fit")]
    let slot = (key.wrapping_mul(MULTIPLIER) >> 57) as usize;
    slot
}

/// The first bytes of a name as a little-endian word.
const fn key_of(name: &str) -> u64 {
    let (bytes, mut key, mut at) = (name.as_bytes(), 0, 0);
    while at < bytes.len() && at < 8 {
        #[expect(clippy::as_conversions, reason = "`From` is not callable in a constant")]
        let byte = bytes[at] as u64;
        key |= byte << (at * 8);
        at += 1;
    }
    key
}

const fn slots() -> [Slot; 128] {
    let mut slots = [Slot { key: 0, tag: Tag::NONE }; 128];
    let mut number = 0;
    while number < 64 {
        if let Some((tag, name)) = tag_and_name(number)
            && name.len() < 8
        {
            let key = key_of(name);
            let slot = &mut slots[slot_of(key)];
            assert!(slot.key == 0, "the multiplier must keep all names apart");
            *slot = Slot { key, tag };
        }
        number += 1;
    }
    slots
}

const fn traits() -> [Traits; 64] {
    let mut all = [Traits { class: 0, holds: 0, end_len: 0, end_mask: 0, end_word: 1 }; 64];
    let mut number = 0;
    while number < 64 {
        if let Some((tag, name)) = tag_and_name(number) {
            let index = number;
            #[expect(clippy::as_conversions, reason = "`usize::from` is not callable in a constant")]
            let entry = &mut all[index as usize];
            (entry.class, entry.holds) = class_and_holds(tag);
            let len = name.len() + 3;
            #[expect(clippy::as_conversions, reason = "at most eighteen")]
            let end_len = len as u8;
            entry.end_len = end_len;
            entry.end_word = 0x2F3C | key_of(name) << 16;
            if len <= 8 {
                entry.end_mask = u64::MAX >> ((8 - len) * 8);
                entry.end_word |= 0x3E << ((len - 1) * 8);
            } else {
                entry.end_mask = u64::MAX;
            }
        }
        number += 1;
    }
    all
}

/// [`Kind::from_number`] and [`Tag::OBJS`], callable in a constant.
const fn tag_and_name(number: u8) -> Option<(Tag, &'static str)> {
    if number == Tag::OBJS.0 {
        return Some((Tag::OBJS, "Objs"));
    }
    let mut at = 0;
    while at < ALL.len() {
        if ALL[at].number() == number {
            return Some((Tag::of(ALL[at]), ALL[at].tag()));
        }
        at += 1;
    }
    None
}

const fn class_and_holds(tag: Tag) -> (u16, u16) {
    const NIL: u8 = Kind::Nil.number();
    const REF: u8 = Kind::Ref.number();
    const OBJECT: u8 = Kind::Object.number();
    const TYPE_NAMES: u8 = Kind::TypeNames.number();
    const TYPE_NAMES_REF: u8 = Kind::TypeNamesRef.number();
    const TYPE_NAME: u8 = Kind::TypeName.number();
    const TO_STRING: u8 = Kind::ToString.number();
    const LIST: u8 = Kind::List.number();
    const QUEUE: u8 = Kind::Queue.number();
    const DICTIONARY: u8 = Kind::Dictionary.number();
    const ENTRY: u8 = Kind::Entry.number();
    const PROPS: u8 = Kind::Props.number();
    const MEMBERS: u8 = Kind::Members.number();
    match tag.0 {
        NIL => (class::NIL, 0),
        REF => (class::REF, 0),
        OBJECT => (class::OBJECT, class::IN_OBJECT),
        TYPE_NAMES => (class::TYPES, class::TYPE),
        TYPE_NAMES_REF => (class::TYPES, 0),
        TYPE_NAME => (class::TYPE, 0),
        TO_STRING => (class::TO_STRING, 0),
        LIST..=QUEUE => (class::CONTAINER, class::VALUE),
        DICTIONARY => (class::CONTAINER, class::ENTRY),
        ENTRY => (class::ENTRY, class::VALUE),
        PROPS => (class::PROPS, class::VALUE),
        MEMBERS => (class::MEMBERS, class::VALUE | class::MEMBERS),
        63 => (0, class::VALUE),
        _ => (class::PRIMITIVE, 0),
    }
}

const ALL: [Kind; 40] = [
    Kind::Nil,
    Kind::Bool,
    Kind::Char,
    Kind::Byte,
    Kind::SByte,
    Kind::Int16,
    Kind::UInt16,
    Kind::Int32,
    Kind::UInt32,
    Kind::Int64,
    Kind::UInt64,
    Kind::Single,
    Kind::Double,
    Kind::Decimal,
    Kind::DateTime,
    Kind::TimeSpan,
    Kind::String,
    Kind::Guid,
    Kind::Uri,
    Kind::Version,
    Kind::XmlDocument,
    Kind::ScriptBlock,
    Kind::SecureString,
    Kind::Bytes,
    Kind::Progress,
    Kind::SemanticVersion,
    Kind::Object,
    Kind::Ref,
    Kind::TypeNames,
    Kind::TypeNamesRef,
    Kind::TypeName,
    Kind::ToString,
    Kind::List,
    Kind::Enumerable,
    Kind::Stack,
    Kind::Queue,
    Kind::Dictionary,
    Kind::Entry,
    Kind::Props,
    Kind::Members,
];
const LONG: [Kind; 2] = [Kind::ToString, Kind::SemanticVersion];
const MULTIPLIER: u64 = 0x8AE6_3AB1_AA31_1157;
static SLOTS: [Slot; 128] = slots();
static TRAITS: [Traits; 64] = traits();
