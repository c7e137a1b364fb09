//! How a body begins: the messages of one command are objects of one type, so the next one begins like the last.

use super::intern::Place;
use super::node::{Kind, Node};
use super::parse::{Frame, Parser};
use super::tag::Tag;
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
    pub(super) fn learn(&mut self, body: &[u8], nodes: &[Node]) {
        self.nodes.clear();
        let Some(list) = nodes.get(1).filter(|_| body.starts_with(START)) else { return };
        let Some(head) = nodes.get(..index(list.a)) else { return };
        let Some((_, names @ [.., last])) = head.split_first_chunk::<2>() else { return };
        let all_in_body = names.iter().all(|name| name.flags & Node::IN_SIDE == 0);
        let end = index(last.a) + index(last.b);
        let ends_here = body.get(end..).is_some_and(|rest| rest.starts_with(END));
        let Some(text) = body.get(..end + END.len()) else { return };
        if all_in_body && ends_here && text.len() <= MAX_LEN {
            self.text.clear();
            self.text.extend_from_slice(text);
            self.nodes.extend_from_slice(head);
        }
    }
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
