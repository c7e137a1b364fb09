//! What an encoder has written already, so that it can be referred to.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::Range;

use super::hash::Seeded;
use super::short::Short;

/// What was written of one message.
#[derive(Default)]
pub(super) struct Written {
    /// Lists of type names by what they are.
    pub(super) lists: WrittenLists,
    /// Nodes that are lists of type names.
    pub(super) list_nodes: WrittenNodes,
    /// Nodes that are objects.
    pub(super) object_nodes: WrittenNodes,
}

/// Nodes of tapes that were written, each with the id it got.
///
/// A walk over one tape meets its nodes in order, so nearly all are found by searching a sorted list; only what was
/// reached by a reference ahead of its place, or belongs to a second tape, is looked up in a map.
#[derive(Default)]
pub(super) struct WrittenNodes {
    /// The tape of `in_order`, by serial.
    tape: u64,
    /// Nodes and their ids. INVARIANT: ascending by node.
    in_order: Short<(u64, u64), 8>,
    /// One past the last node of `in_order`.
    end: u64,
    others: Option<HashMap<(u64, u32), u64, Seeded>>,
}

impl WrittenNodes {
    /// The id of a node of the tape with this serial, if it was written.
    #[inline(always)]
    pub(super) fn find(&self, tape: u64, node: u32) -> Option<u64> {
        if self.is_next(tape, node) && self.others.is_none() {
            return None;
        }
        self.search(tape, node)
    }

    /// The id of a node that was written; otherwise it gets this one.
    #[inline(always)]
    pub(super) fn find_or_insert(&mut self, tape: u64, node: u32, id: u64) -> Option<u64> {
        let found = self.find(tape, node);
        if found.is_none() {
            self.insert(tape, node, id);
        }
        found
    }

    #[inline(always)]
    pub(super) fn insert(&mut self, tape: u64, node: u32, id: u64) {
        if self.is_next(tape, node) {
            self.tape = tape;
            self.in_order.push((node.into(), id));
            self.end = u64::from(node) + 1;
        } else {
            self.others.get_or_insert_default().insert((tape, node), id);
        }
    }

    /// Whether a node has its place behind all of `in_order`.
    #[inline(always)]
    fn is_next(&self, tape: u64, node: u32) -> bool {
        self.end <= node.into() && (self.tape == tape || self.end == 0)
    }

    fn search(&self, tape: u64, node: u32) -> Option<u64> {
        if self.tape == tape {
            let in_order = self.in_order.as_slice();
            let wanted = u64::from(node);
            if let Some((last, id)) = in_order.last()
                && *last == wanted
            {
                return Some(*id);
            }
            if let Ok(place) = in_order.binary_search_by_key(&wanted, |(node, _)| *node) {
                return in_order.get(place).map(|(_, id)| *id);
            }
        }
        self.others.as_ref()?.get(&(tape, node)).copied()
    }
}

/// Where in the output a list of type names stands.
#[derive(Clone, Copy, Default)]
struct Place {
    start: usize,
    end: usize,
}

impl Place {
    fn bytes(self, out: &[u8]) -> &[u8] {
        out.get(self.start..self.end).unwrap_or_default()
    }
}

/// Lists of type names that were written, by the bytes that stand for them in the output.
#[derive(Default)]
pub(super) struct WrittenLists {
    places: Short<Place, FEW>,
    /// Used from [`FEW`] lists on; by the hash of the bytes.
    by_hash: Option<HashMap<u64, usize, Seeded>>,
}

impl WrittenLists {
    /// The id that the next new list gets.
    pub(super) fn next_id(&self) -> u64 {
        u64::try_from(self.places.as_slice().len()).unwrap_or(u64::MAX)
    }

    /// The id of an earlier list with the same bytes as this one, which was just written; otherwise it counts as new.
    #[inline(always)]
    pub(super) fn find_or_insert(&mut self, out: &[u8], list: Range<usize>) -> Option<u64> {
        let place = Place { start: list.start, end: list.end };
        let found = if self.next_id() == 0 { None } else { self.find(out, place.bytes(out)) };
        if found.is_none() {
            self.insert(list);
        }
        found.and_then(|id| u64::try_from(id).ok())
    }

    /// Remembers a list that is not like an earlier one.
    #[inline(always)]
    pub(super) fn insert(&mut self, list: Range<usize>) {
        self.places.push(Place { start: list.start, end: list.end });
    }

    /// INVARIANT: what is not found here is inserted.
    #[inline(never)]
    fn find(&mut self, out: &[u8], bytes: &[u8]) -> Option<usize> {
        let places = self.places.as_slice();
        if places.len() < FEW {
            return places.iter().position(|place| place.bytes(out) == bytes);
        }
        let by_hash = self.by_hash.get_or_insert_with(|| {
            places.iter().enumerate().map(|(id, place)| (hash(place.bytes(out)), id)).collect()
        });
        let known = by_hash.get(&hash(bytes)).copied();
        let known = known.filter(|id| places.get(*id).is_some_and(|place| place.bytes(out) == bytes));
        if known.is_none() {
            by_hash.insert(hash(bytes), places.len());
        }
        known
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = Seeded::default().build_hasher();
    hasher.write(bytes);
    hasher.finish()
}

/// So many lists are compared one by one: objects of a page have a handful.
const FEW: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_found_whatever_the_order_they_were_written_in() {
        let mut written = WrittenNodes::default();
        let order = [(1, 2), (1, 9), (1, 5), (2, 9), (1, 12), (2, 1), (1, 3)];
        for (id, (tape, node)) in (0..).zip(order) {
            assert_eq!(written.find(tape, node), None);
            written.insert(tape, node, id);
        }
        for (id, (tape, node)) in (0..).zip(order) {
            assert_eq!(written.find(tape, node), Some(id));
        }
        for (tape, node) in [(1, 1), (1, 4), (1, 13), (2, 2), (3, 9)] {
            assert_eq!(written.find(tape, node), None);
        }
    }

    #[test]
    fn a_list_is_found_among_few_and_among_many() {
        let (mut written, mut out) = (WrittenLists::default(), Vec::new());
        for _ in 0..2 {
            let is_new = out.is_empty();
            for id in 0..40_u64 {
                let start = out.len();
                out.extend_from_slice(format!("<T>Type {id}</T>").as_bytes());
                let expected = if is_new { None } else { Some(id) };
                assert_eq!(written.find_or_insert(&out, start..out.len()), expected);
            }
        }
        assert_eq!(written.next_id(), 40);
    }
}
