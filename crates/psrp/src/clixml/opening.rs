//! How a body begins: the messages of one command are objects of one type, so the next one begins like the last, and mostly
//! just as an encoder would write it.

use std::ops::Range;

use super::intern::Place;
use super::node::{Kind, Node};
use super::parse::{Frame, Parser};
use super::scan::Scanner;
use super::tag::Tag;
use super::tape::Tape;
use super::wide::index;

/// The start of an object as .NET writes it, to the end of its type names, and the nodes that it becomes.
///
/// The same bytes at the start of a body become the same nodes, so they need only be compared.
#[derive(Default)]
pub(super) struct Opening {
    text: Vec<u8>,
    nodes: Vec<Node>,
}

impl Opening {
    /// The length of the start and its nodes, if the body begins with it.
    #[inline]
    fn of(&self, body: &[u8]) -> Option<(usize, &[Node])> {
        (!self.nodes.is_empty() && body.starts_with(&self.text)).then_some((self.text.len(), &self.nodes))
    }

    /// Remembers how a body begins that was read without an error to these nodes; nothing when it begins in another way.
    #[inline(never)]
    pub(super) fn learn(&mut self, scanner: Scanner, body: &[u8], nodes: &mut [Node]) {
        self.nodes.clear();
        let Some(list) = nodes.get(1).filter(|_| body.starts_with(START)) else { return };
        let Some(head) = nodes.get_mut(..index(list.a)) else { return };
        let Some(([object, _], names)) = head.split_first_chunk_mut::<2>() else { return };
        let Some(last) = names.last() else { return };
        let end = index(last.a) + index(last.b);
        let ends_here = body.get(end..).is_some_and(|rest| rest.starts_with(END));
        let Some(text) = body.get(..end + END.len()).filter(|text| text.len() <= MAX_LEN) else { return };
        if !ends_here || names.iter().any(|name| name.flags & Node::IN_SIDE != 0) {
            return;
        }
        if is_as_written(scanner, body, names) {
            object.flags |= Node::OPENS_AS_WRITTEN;
        }
        self.text.clear();
        self.text.extend_from_slice(text);
        self.nodes.extend_from_slice(head);
    }
}

/// Whether type names stand in the body as an encoder writes them: nothing between them, none empty, nothing in them that
/// is to be escaped.
fn is_as_written(scanner: Scanner, body: &[u8], names: &[Node]) -> bool {
    let mut at = START.len();
    names.iter().all(|name| {
        let (start, end) = (at + "<T>".len(), index(name.a) + index(name.b));
        at = end + "</T>".len();
        index(name.a) == start && start < end && scanner.is_plain(body.get(start..end).unwrap_or_default())
    })
}

/// The start of a tape's first object, to the end of its type names, if it stands in the text as a new encoder writes it,
/// and where in it the names stand.
#[inline]
pub(super) fn as_written<'t>(tape: &'t Tape, object: &Node) -> Option<(&'t [u8], Range<usize>)> {
    if object.flags & Node::OPENS_AS_WRITTEN == 0 {
        return None;
    }
    let list = tape.nodes().get(1)?;
    let last = tape.nodes().get(index(list.a).checked_sub(1)?)?;
    let end_of_names = index(last.a) + index(last.b) + "</T>".len();
    let opening = tape.text().get(..end_of_names + "</TN>".len())?;
    Some((opening, START.len()..end_of_names))
}

impl Parser<'_> {
    /// Takes the start of the body over if it is that of the last one.
    #[inline(always)]
    pub(super) fn open_as_before(&mut self) -> bool {
        let Some((len, nodes)) = self.opening.of(self.body) else { return false };
        // The object and its list of type names are the first two nodes, and have the RefId 0 both.
        self.nodes.extend_from_slice(nodes);
        self.objects.set(0, 0);
        self.types.set(0, 1);
        self.type_lists = 1;
        self.value_end = self.limits.max_object_len;
        self.stack.push(self.top);
        self.top = Frame { tag: Tag::of(Kind::Object), node: 0, count: 1, place: Place::START };
        self.at = len;
        true
    }
}

const START: &[u8] = br#"<Obj RefId="0"><TN RefId="0">"#;
const END: &[u8] = b"</T></TN>";
/// Longer ones are not kept.
const MAX_LEN: usize = 4096;
