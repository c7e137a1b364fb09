//! Member names, stored once.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::node::Node;
use super::padded::Padded;
use super::text::Text;
use super::wide::{index, number};
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

    #[inline]
    fn stored(&self, id: NameId) -> Option<&Stored> {
        let (chunk, offset) = place(id);
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
        let (chunk, offset) = place(id);
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

/// The attributes of names that mostly stand near each other in their table, as those of one object do.
pub(super) struct Attributes<'n> {
    names: &'n Names,
    /// The chunk that the last name stands in.
    chunk: &'n [OnceLock<Stored>],
    /// The number of the first name there.
    first: u32,
}

impl<'n> Attributes<'n> {
    pub(super) fn new(names: &'n Names) -> Self {
        let chunk = names.chunks.first().and_then(OnceLock::get);
        Attributes { names, chunk: chunk.map_or(&[], |chunk| chunk), first: 1 }
    }

    /// Those of a node; where there is none, of one without a name.
    #[inline(always)]
    pub(super) fn of(&mut self, node: Option<&Node>) -> &'n Padded {
        self.get(node.map_or(0, |node| node.name))
    }

    /// ` N="…">` with the name of this number, escaped; for 0, which is no name, what ends a start tag without one.
    #[inline(always)]
    fn get(&mut self, number: u32) -> &'n Padded {
        const BARE: &Padded = &Padded::BARE;
        let Some(id) = NameId::new(number) else { return BARE };
        let slot = match self.chunk.get(index(number.wrapping_sub(self.first))) {
            Some(slot) => slot.get(),
            None => self.turn_to(id),
        };
        match slot {
            Some(stored) => &stored.attribute,
            None => BARE,
        }
    }

    #[cold]
    #[inline(never)]
    fn turn_to(&mut self, id: NameId) -> Option<&'n Stored> {
        let (chunk, offset) = place(id);
        self.chunk = self.names.chunks.get(chunk)?.get()?;
        self.first = id.number() - number(offset);
        self.chunk.get(offset)?.get()
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
fn place(id: NameId) -> (usize, usize) {
    // Numbers from about 2^30 on have no chunk and are never given out.
    let shifted = id.0.saturating_add(FIRST_CHUNK - 1);
    let chunk = shifted.ilog2() - FIRST_CHUNK.ilog2();
    (index(chunk), index(shifted.get() - (FIRST_CHUNK << chunk)))
}

const FIRST_CHUNK: u32 = 64;
const CHUNKS: usize = 24;
