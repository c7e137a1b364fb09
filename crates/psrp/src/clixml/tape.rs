//! The tape: one flat, read-only array of nodes for every value of a message or document.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use super::names::Names;
use super::node::{Kind, Node};
use super::text::Text;
use super::value::Value;
use super::wide::index;

/// What a [`Decoder`](super::Decoder) makes of one message body or document.
///
/// The nodes stand in document order: a container is followed by what it holds, and its [`Node::a`] is the index one
/// past its last descendant. Text is not copied: a node points into the message text, or into the side text when the
/// wire form had to be decoded. References are node indices, so a thousand references to one object cost a thousand
/// nodes, and cycles are harmless.
pub struct Tape {
    pub(super) nodes: Vec<Node>,
    pub(super) text: Bytes,
    pub(super) side: Vec<u8>,
    pub(super) names: Arc<Names>,
    /// Where the floats stand in the text, by node, ascending.
    pub(super) floats: Vec<FloatText>,
    /// Tells this tape from every other one of the process.
    pub(super) serial: u64,
}

impl Tape {
    /// A tape without values, as an empty message gives.
    pub fn empty() -> Self {
        Tape::new(Parts::default(), Bytes::new(), Arc::new(Names::new()))
    }

    pub(super) fn new(parts: Parts, text: Bytes, names: Arc<Names>) -> Self {
        static SERIALS: AtomicU64 = AtomicU64::new(0);
        let Parts { nodes, side, floats } = parts;
        Tape { nodes, text, side, names, floats, serial: SERIALS.fetch_add(1, Ordering::Relaxed) }
    }

    /// The memory that another tape can use.
    pub(super) fn into_parts(self) -> Parts {
        Parts { nodes: self.nodes, side: self.side, floats: self.floats }
    }

    /// The top-level values in document order: one in a message, any number in a document.
    pub fn values(&self) -> Siblings<'_> {
        Siblings { tape: self, next: 0, end: super::wide::number(self.nodes.len()) }
    }

    /// The first top-level value.
    pub fn first(&self) -> Option<Value<'_>> {
        self.values().next()
    }

    /// The value at a node index, or `None` past the end.
    pub fn value_at(&self, index: u32) -> Option<Value<'_>> {
        let node = self.nodes.get(super::wide::index(index))?;
        Kind::from_number(node.kind)?;
        Some(Value { tape: self, index })
    }

    /// Whether there is no value, as in an END_OF_PIPELINE_INPUT message.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The nodes as they stand; this layout crosses the C ABI.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The message text the nodes point into: UTF-8 as it came.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The side text: WTF-8 of what had escapes, and the bytes of byte arrays.
    pub fn side(&self) -> &[u8] {
        &self.side
    }

    /// The table of member names that [`Node::name`] counts in.
    pub fn names(&self) -> &Arc<Names> {
        &self.names
    }

    /// The bytes a text or [`Kind::Bytes`] node stands for.
    pub(super) fn slice(&self, node: &Node) -> &[u8] {
        let arena: &[u8] = if node.flags & Node::IN_SIDE == 0 { &self.text } else { &self.side };
        let start = index(node.a);
        arena.get(start..start.saturating_add(index(node.b))).unwrap_or_default()
    }

    pub(super) fn text_of(&self, node: &Node) -> Text<'_> {
        Text(self.slice(node))
    }
}

/// The arrays of a tape.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) nodes: Vec<Node>,
    pub(super) side: Vec<u8>,
    pub(super) floats: Vec<FloatText>,
}

impl Parts {
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.side.clear();
        self.floats.clear();
    }

    /// Gives memory back that is not used.
    pub(super) fn trim(&mut self) {
        self.nodes.shrink_to_fit();
        self.side.shrink_to_fit();
        self.floats.shrink_to_fit();
    }

    pub(super) fn capacity_len(&self) -> usize {
        let nodes = self.nodes.capacity() * size_of::<Node>();
        nodes + self.side.capacity() + self.floats.capacity() * size_of::<FloatText>()
    }
}

/// The text of one float: the number alone does not tell how many digits were written.
#[derive(Clone, Copy)]
pub(super) struct FloatText {
    pub(super) node: u32,
    pub(super) start: u32,
    pub(super) len: u32,
}

impl<'t> IntoIterator for &'t Tape {
    type Item = Value<'t>;
    type IntoIter = Siblings<'t>;

    fn into_iter(self) -> Siblings<'t> {
        self.values()
    }
}

/// Prints sizes only: payloads hold personal data.
impl fmt::Debug for Tape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tape")
            .field("nodes", &self.nodes.len())
            .field("text_len", &self.text.len())
            .field("side_len", &self.side.len())
            .finish()
    }
}

/// Values that stand side by side; made by [`Tape::values`], [`Value::children`] and others.
#[derive(Clone)]
pub struct Siblings<'t> {
    pub(super) tape: &'t Tape,
    pub(super) next: u32,
    pub(super) end: u32,
}

impl<'t> Siblings<'t> {
    pub(super) fn none(tape: &'t Tape) -> Self {
        Siblings { tape, next: 0, end: 0 }
    }
}

impl<'t> Iterator for Siblings<'t> {
    type Item = Value<'t>;

    fn next(&mut self) -> Option<Value<'t>> {
        if self.end <= self.next {
            return None;
        }
        let value = self.tape.value_at(self.next)?;
        self.next = value.node().end_after(self.next);
        Some(value)
    }
}

impl fmt::Debug for Siblings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Siblings({}..{})", self.next, self.end)
    }
}
