//! The tape: one flat, read-only array of nodes for every value of a message or document.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use bytes::Bytes;

use super::names::Names;
use super::node::{Kind, Node};
use super::scan::find_tag;
use super::text::Text;
use super::value::Value;
use super::wide::{index, number};

/// What a [`Decoder`](super::Decoder) makes of one message body or document.
///
/// The nodes stand in document order: a container is followed by what it holds, and its [`Node::a`] is the index one
/// past its last descendant. Text is not copied: a node points into the message text, or into the side text when the
/// wire form had to be decoded. References are node indices, so a thousand references to one object cost a thousand
/// nodes, and cycles are harmless.
///
/// It keeps at most 1.7 bytes for each byte of the body, text included, for bodies like those of Exchange; that is
/// why a body of which much had to be decoded is not kept itself.
pub struct Tape {
    text: Bytes,
    content: Content,
}

enum Content {
    /// One value that is no container and needs no side text: most short messages are such, and so take no memory of
    /// their own. It has no name, and so no table of names: sharing one would cost more than reading the message.
    One(Node),
    Many {
        /// `None` when nothing has a name.
        names: Option<Arc<Names>>,
        arrays: Box<Arrays>,
        /// Tells this tape from every other one of the process.
        serial: u64,
    },
}

const _: () = assert!(size_of::<Tape>() <= 56);

impl Tape {
    /// A tape without values, as an empty message gives.
    pub fn empty() -> Self {
        let serial = SERIALS.fetch_add(1, Ordering::Relaxed);
        Tape::new(Box::default(), Bytes::new(), Arc::new(Names::new()), serial)
    }

    pub(super) fn new(arrays: Box<Arrays>, text: Bytes, names: Arc<Names>, serial: u64) -> Self {
        Tape { text, content: Content::Many { names: Some(names), arrays, serial } }
    }

    /// A tape of one text that is no container and has no name.
    pub(super) fn of_one_in(arrays: Box<Arrays>, text: Bytes) -> Self {
        Tape { text, content: Content::Many { names: None, arrays, serial: 0 } }
    }

    /// A tape of one text that is no container, has no name and stands in `text`.
    #[inline]
    pub(super) fn of_one(node: Node, text: Bytes) -> Self {
        Tape { text, content: Content::One(node) }
    }

    /// Gives memory back that is not needed, the body included when its decoded text counts more.
    pub(super) fn trim(&mut self) {
        let Content::Many { arrays, .. } = &mut self.content else { return };
        if self.text.len() / MIN_DECODED_SHARE < arrays.side.len() {
            self.text = arrays.compact(&self.text);
        }
        match *arrays.nodes.as_slice() {
            [node] if arrays.is_plain(node) => self.content = Content::One(node),
            _ => arrays.trim(),
        }
    }

    /// The memory that another tape can use.
    #[inline]
    pub(super) fn into_arrays(self) -> Option<Box<Arrays>> {
        match self.content {
            Content::One(_) => None,
            Content::Many { arrays, .. } => Some(arrays),
        }
    }

    /// The top-level values in document order: one in a message, any number in a document.
    pub fn values(&self) -> Siblings<'_> {
        Siblings { tape: self, next: 0, end: number(self.nodes().len()) }
    }

    /// The first top-level value.
    pub fn first(&self) -> Option<Value<'_>> {
        self.values().next()
    }

    /// The value at a node index, or `None` past the end.
    pub fn value_at(&self, index: u32) -> Option<Value<'_>> {
        let node = self.nodes().get(super::wide::index(index))?;
        Kind::from_number(node.kind)?;
        Some(Value { tape: self, index })
    }

    /// Whether there is no value, as in an END_OF_PIPELINE_INPUT message.
    pub fn is_empty(&self) -> bool {
        self.nodes().is_empty()
    }

    /// The nodes as they stand; this layout crosses the C ABI.
    #[inline]
    pub fn nodes(&self) -> &[Node] {
        self.parts().0
    }

    /// The text the nodes point into: the body as it came, or, when much of it had to be decoded, only the text of its
    /// nodes (WTF-8) and its byte arrays.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The side text: WTF-8 of what had escapes, and the bytes of byte arrays.
    pub fn side(&self) -> &[u8] {
        self.parts().1
    }

    /// The table of member names that [`Node::name`] counts in; an empty one for a value without a name.
    pub fn names(&self) -> &Arc<Names> {
        static NONE: LazyLock<Arc<Names>> = LazyLock::new(|| Arc::new(Names::new()));
        match &self.content {
            Content::Many { names: Some(names), .. } => names,
            Content::One(_) | Content::Many { names: None, .. } => &NONE,
        }
    }

    /// The nodes, the side text, and a number that tells this tape from every other one of the process that has objects or
    /// lists of type names.
    #[inline]
    pub(super) fn parts(&self) -> (&[Node], &[u8], u64) {
        match &self.content {
            Content::One(node) => (std::slice::from_ref(node), &[], 0),
            Content::Many { arrays, serial, .. } => (&arrays.nodes, &arrays.side, *serial),
        }
    }

    /// The bytes a text or [`Kind::Bytes`] node stands for.
    pub(super) fn slice(&self, node: &Node) -> &[u8] {
        part(self.arena(node), node.a, node.b)
    }

    /// The text that the offset of a text or [`Kind::Bytes`] node counts in.
    pub(super) fn arena(&self, node: &Node) -> &[u8] {
        if node.flags & Node::IN_SIDE == 0 { &self.text } else { self.side() }
    }

    pub(super) fn text_of(&self, node: &Node) -> Text<'_> {
        Text(self.slice(node))
    }

    /// The text of the float at a node index, if it is known.
    pub(super) fn float_text(&self, node: u32) -> Option<Text<'_>> {
        let Content::Many { arrays, .. } = &self.content else { return None };
        let place = arrays.floats.binary_search_by_key(&node, |float| float.node).ok()?;
        let float = arrays.floats.get(place)?;
        Some(Text(float.text(&self.text)))
    }
}

fn part(arena: &[u8], start: u32, len: u32) -> &[u8] {
    let start = index(start);
    arena.get(start..start.saturating_add(index(len))).unwrap_or_default()
}

/// The arrays of a tape.
#[derive(Default)]
pub(super) struct Arrays {
    pub(super) nodes: Vec<Node>,
    pub(super) side: Vec<u8>,
    /// Where the floats stand in the text, by node, ascending.
    pub(super) floats: Vec<FloatText>,
}

impl Arrays {
    /// Empty ones with room for so many nodes.
    pub(super) fn with_nodes(count: usize) -> Box<Self> {
        Box::new(Arrays { nodes: Vec::with_capacity(count), ..Arrays::default() })
    }

    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.side.clear();
        self.floats.clear();
    }

    /// Whether a tape of this one node alone needs no arrays and no table of names.
    fn is_plain(&self, node: Node) -> bool {
        let is_container = Kind::from_number(node.kind).is_none_or(Kind::is_container);
        !is_container && node.name == 0 && self.side.is_empty() && self.floats.is_empty()
    }

    /// The side text and, of the body, what nodes point to, together as the new text; there is no side text then.
    ///
    /// INVARIANT: each byte of the side text stands for at least one of the body to which no node points, so this is
    /// never longer than the body.
    fn compact(&mut self, body: &[u8]) -> Bytes {
        let in_body = |node: &Node| {
            let is_text = Kind::from_number(node.kind).is_some_and(Kind::is_text);
            is_text && node.flags & Node::IN_SIDE == 0
        };
        let texts: usize = self.nodes.iter().filter(|node| in_body(node)).map(|node| index(node.b)).sum();
        let floats: usize = self.floats.iter().map(|float| float.text(body).len() + 1).sum();
        let mut text = std::mem::take(&mut self.side);
        text.reserve_exact(texts + floats);
        for node in &mut self.nodes {
            if in_body(node) {
                let start = number(text.len());
                text.extend_from_slice(part(body, node.a, node.b));
                node.a = start;
            }
            node.flags &= !(Node::IN_SIDE | Node::OPENS_AS_WRITTEN);
        }
        for float in &mut self.floats {
            let start = number(text.len());
            text.extend_from_slice(float.text(body));
            text.push(FloatText::END);
            float.start = start;
        }
        Bytes::from(text.into_boxed_slice())
    }

    /// Gives memory back that is not used.
    fn trim(&mut self) {
        self.nodes.shrink_to_fit();
        self.side.shrink_to_fit();
        self.floats.shrink_to_fit();
    }

    pub(super) fn capacity_len(&self) -> usize {
        let nodes = self.nodes.capacity() * size_of::<Node>();
        nodes + self.side.capacity() + self.floats.capacity() * size_of::<FloatText>()
    }
}

/// Serial numbers for tapes, taken from the process's count many at a time: threads that decode do not wait for it.
#[derive(Default)]
pub(super) struct Serials {
    next: u64,
    left: u32,
}

impl Serials {
    #[inline]
    pub(super) fn next(&mut self) -> u64 {
        if self.left == 0 {
            self.next = SERIALS.fetch_add(AT_ONCE.into(), Ordering::Relaxed);
            self.left = AT_ONCE;
        }
        let serial = self.next;
        (self.next, self.left) = (serial + 1, self.left - 1);
        serial
    }
}

static SERIALS: AtomicU64 = AtomicU64::new(0);
const AT_ONCE: u32 = 1024;
/// The body is let go when more than this part of its length had to be decoded beside it.
const MIN_DECODED_SHARE: usize = 4;

/// Where the text of one float stands: the number alone does not tell how many digits were written.
#[derive(Clone, Copy)]
pub(super) struct FloatText {
    pub(super) node: u32,
    /// Its start in the text; it ends ahead of the next [`FloatText::END`].
    pub(super) start: u32,
}

impl FloatText {
    const END: u8 = b'<';

    fn text(self, text: &[u8]) -> &[u8] {
        let start = index(self.start);
        text.get(start..find_tag(text, start)).unwrap_or_default()
    }
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
            .field("nodes", &self.nodes().len())
            .field("text_len", &self.text.len())
            .field("side_len", &self.side().len())
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

    #[inline]
    fn next(&mut self) -> Option<Value<'t>> {
        if self.end <= self.next {
            return None;
        }
        let index = self.next;
        let node = self.tape.nodes().get(super::wide::index(index))?;
        Kind::from_number(node.kind)?;
        self.next = node.end_after(index);
        Some(Value { tape: self.tape, index })
    }
}

impl fmt::Debug for Siblings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Siblings({}..{})", self.next, self.end)
    }
}
