//! The tape as it crosses: the decoder's own memory, lent, and a number for its table of names.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use psrp::clixml::{Names, Node, Tape};

use crate::handle::Growing;

/// The version of the tape: the meaning of [`ExoNode`] and the numbers of its kinds.
pub const EXO_TAPE_VERSION: u32 = 1;

/// Sixteen bytes of a tape: one value, or one part of an object. Nodes stand in document order.
///
/// | `kind` | meaning of `a` and `b` |
/// |---|---|
/// | 1 null | nothing |
/// | 2 Boolean, 3 UTF-16 unit, 4 to 11 integers (U8 I8 I16 U16 I32 U32 I64 U64) | the value, sign-extended to 64 bits: `a` low, `b` high half |
/// | 12 single, 13 double | the bits: a single in `a`, a double in both |
/// | 14 decimal, 17 string, 18 GUID, 19 URI, 20 version, 21 XML, 22 script block, 23 secure string (base64), 36 type name, 37 display text | offset and length in bytes of the text |
/// | 15 date | 100 ns ticks since 0001-01-01 of the clock as written; `flags >> 1 & 3` is 0 unspecified, 1 UTC, 2 with offset; `aux` then holds the offset in minutes as a signed number |
/// | 16 duration | 100 ns ticks, signed |
/// | 24 bytes | offset and length |
/// | 25 progress record, 32 object, 34 type names, 40 list, 41 enumerable, 42 stack, 43 queue, 44 dictionary, 45 entry (key and value), 48 adapted members, 49 extended members | `a` is the index one past what it holds |
/// | 33 reference, 35 reference to type names | `a` is the index of the target |
///
/// An offset counts in the side text when `flags & 1` is set, otherwise in the text. Text is UTF-8; text in the side
/// may also hold lone surrogates as three bytes each.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExoNode {
    /// What the node is.
    pub kind: u8,
    /// Bit 0: the offset counts in the side text. Bits 1 and 2 of a date: its kind. The others mean nothing here.
    pub flags: u8,
    /// Of a date: its offset in minutes. Of another top-level value: its stream (0 none, 1 error, 2 warning,
    /// 3 verbose, 4 debug, 5 progress, 6 information).
    pub aux: u16,
    /// The number of the member name, 0 when there is none. Read it with `exo_tape_name`.
    pub name: u32,
    /// See the table.
    pub a: u32,
    /// See the table.
    pub b: u32,
}

/// A tape, lent by an event; everything it points to lives as long as the event.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ExoTape {
    /// Set by the caller to `sizeof(ExoTape)`.
    pub size: u32,
    /// `EXO_TAPE_VERSION`.
    pub version: u32,
    /// The nodes.
    pub nodes: *const ExoNode,
    /// How many nodes.
    pub node_count: usize,
    /// The message text.
    pub text: *const u8,
    /// Its length in bytes.
    pub text_len: usize,
    /// The side text: decoded escapes and byte arrays.
    pub side: *const u8,
    /// Its length in bytes.
    pub side_len: usize,
    /// Which table of names `ExoNode.name` counts in. The number is never given to another table, and a name never
    /// changes, so a reader may keep names by this number.
    pub names_id: u64,
    /// How many names that table has now; the numbers are 1 to this.
    pub name_count: u32,
    /// Always 0.
    pub reserved: u32,
}

// SAFETY: `repr(C)`, and `size` comes first.
unsafe impl Growing for ExoTape {
    #[expect(clippy::as_conversions, reason = "a constant far below 2^32")]
    const SIZE: u32 = size_of::<Self>() as u32;
}

impl ExoTape {
    /// Lends a tape.
    pub(crate) fn of(tape: &Tape) -> Self {
        Self {
            size: Self::SIZE,
            version: EXO_TAPE_VERSION,
            nodes: tape.nodes().as_ptr().cast(),
            node_count: tape.nodes().len(),
            text: tape.text().as_ptr(),
            text_len: tape.text().len(),
            side: tape.side().as_ptr(),
            side_len: tape.side().len(),
            names_id: names_id(tape.names()),
            name_count: tape.names().len(),
            reserved: 0,
        }
    }
}

/// The number of a table of names.
///
/// A weak reference is kept for each table that has a number. It keeps the address of the table from being used
/// again, so that equal addresses mean the same table; the entries of tables that are gone are removed here.
fn names_id(names: &Arc<Names>) -> u64 {
    let mut tables = TABLES.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, id)) =
        tables.known.iter().find(|(table, _)| std::ptr::eq(table.as_ptr(), Arc::as_ptr(names)))
    {
        return *id;
    }
    tables.known.retain(|(table, _)| 0 < table.strong_count());
    tables.last_id += 1;
    let id = tables.last_id;
    tables.known.push((Arc::downgrade(names), id));
    id
}

struct Tables {
    known: Vec<(Weak<Names>, u64)>,
    last_id: u64,
}

static TABLES: Mutex<Tables> = Mutex::new(Tables { known: Vec::new(), last_id: 0 });

// The nodes of the decoder cross as they are; their layout is this one.
const _: () = {
    assert!(size_of::<ExoNode>() == size_of::<Node>());
    assert!(align_of::<ExoNode>() == align_of::<Node>());
    assert!(std::mem::offset_of!(ExoNode, kind) == std::mem::offset_of!(Node, kind));
    assert!(std::mem::offset_of!(ExoNode, flags) == std::mem::offset_of!(Node, flags));
    assert!(std::mem::offset_of!(ExoNode, aux) == std::mem::offset_of!(Node, aux));
    assert!(std::mem::offset_of!(ExoNode, name) == std::mem::offset_of!(Node, name));
    assert!(std::mem::offset_of!(ExoNode, a) == std::mem::offset_of!(Node, a));
    assert!(std::mem::offset_of!(ExoNode, b) == std::mem::offset_of!(Node, b));
};
