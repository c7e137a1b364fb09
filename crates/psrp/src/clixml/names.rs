//! Member names, stored once.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::padded::Padded;
use super::text::Text;
use super::wide::index;
use super::write::push_escaped;

/// The number of a name in a [`Names`] table; the numbers start at 1 and are dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NameId(pub(super) NonZeroU32);

impl NameId {
    /// The id with this number; `None` for 0, which stands for "no name" in a node.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(NameId)
    }

    /// The number as it stands in [`Node::name`](super::Node::name).
    pub fn number(self) -> u32 {
        self.0.get()
    }
}

/// The member names a decoder has met, each stored once.
///
/// The table only grows, and an id keeps its meaning as long as the table lives, so a reader may keep what it has
/// looked up. Reading takes no lock; only the decoder that owns the table writes.
pub struct Names {
    len: AtomicU32,
    /// Chunk `n` holds `FIRST_CHUNK << n` names, so the table grows without moving a name.
    chunks: [OnceLock<Chunk>; CHUNKS],
}

type Chunk = Box<[OnceLock<Stored>]>;

struct Stored {
    name: Box<[u8]>,
    /// ` N="…">` as the encoder writes it.
    attribute: Padded,
}

impl Names {
    pub(super) fn new() -> Self {
        Names { len: AtomicU32::new(0), chunks: [const { OnceLock::new() }; CHUNKS] }
    }

    /// The name with this id, or `None` when the table has no such name.
    pub fn get(&self, id: NameId) -> Option<Text<'_>> {
        Some(Text(&self.stored(id)?.name))
    }

    /// ` N="…">` with this name, escaped.
    #[inline]
    pub(super) fn attribute(&self, id: NameId) -> Option<&Padded> {
        Some(&self.stored(id)?.attribute)
    }

    #[inline]
    fn stored(&self, id: NameId) -> Option<&Stored> {
        let (chunk, offset) = place(id.number());
        self.chunks.get(chunk)?.get()?.get(offset)?.get()
    }

    /// How many names there are; the highest id is this number.
    pub fn len(&self) -> u32 {
        self.len.load(Ordering::Acquire)
    }

    /// Whether there is no name yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Appends a name. Only the owning decoder calls this; a second writer could only lose its own name.
    pub(super) fn push(&self, name: &[u8]) -> Option<NameId> {
        let id = NameId::new(self.len().checked_add(1)?)?;
        let (chunk, offset) = place(id.number());
        let slots = self.chunks.get(chunk)?.get_or_init(|| {
            let len = FIRST_CHUNK << chunk;
            std::iter::repeat_with(OnceLock::new).take(index(len)).collect()
        });
        let mut attribute = b" N=\"".to_vec();
        push_escaped::<true>(&mut attribute, name);
        attribute.extend_from_slice(b"\">");
        let stored = Stored { name: name.into(), attribute: Padded::new(&attribute) };
        slots.get(offset)?.set(stored).ok()?;
        self.len.store(id.number(), Ordering::Release);
        Some(id)
    }
}

/// Prints how many names there are: a name may be a person's.
impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Names({})", self.len())
    }
}

/// Chunk and place in it of a name's number.
#[inline]
fn place(number: u32) -> (usize, usize) {
    // INVARIANT: number is at least 1. Numbers from 2^31 on have no place and are never given out.
    if number <= FIRST_CHUNK {
        return (0, index(number - 1));
    }
    let shifted = (number - 1).saturating_add(FIRST_CHUNK);
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (index(chunk), index(shifted - (FIRST_CHUNK << chunk)))
}

const FIRST_CHUNK: u32 = 64;
const CHUNKS: usize = 24;
