//! `RefId` numbers to node indices.

use std::collections::HashMap;

use super::wide::index;

/// One of the two tables of a message: objects, or lists of type names. Ids are nearly always dense, so they index an
/// array; ids that are far off go into a hash table.
#[derive(Default)]
pub(super) struct RefTable {
    dense: Vec<u32>,
    sparse: HashMap<u64, u32>,
}

impl RefTable {
    pub(super) fn clear(&mut self) {
        self.dense.clear();
        if !self.sparse.is_empty() {
            self.sparse.clear();
        }
    }

    /// Gives an id to a node; an id that comes again stands for the later node.
    #[inline]
    pub(super) fn set(&mut self, id: u64, node: u32) {
        let Ok(place) = u32::try_from(id).map(index) else {
            self.sparse.insert(id, node);
            return;
        };
        if place == self.dense.len() {
            self.dense.push(node);
        } else if let Some(slot) = self.dense.get_mut(place) {
            *slot = node;
        } else if place <= self.dense.len() + MAX_GAP {
            self.dense.resize(place, NONE);
            self.dense.push(node);
        } else {
            self.sparse.insert(id, node);
            return;
        }
        if !self.sparse.is_empty() {
            self.sparse.remove(&id);
        }
    }

    /// The node with this id.
    #[inline]
    pub(super) fn find(&self, id: u64) -> Option<u32> {
        let dense = u32::try_from(id).ok().and_then(|place| self.dense.get(index(place)));
        match dense {
            Some(node) if *node != NONE => Some(*node),
            _ => self.sparse.get(&id).copied(),
        }
    }
}

const NONE: u32 = u32::MAX;
const MAX_GAP: usize = 16;
