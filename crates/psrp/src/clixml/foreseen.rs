//! Members that come as they came last: objects of one type have the same members in the same order.

use super::error::DecodeError;
use super::node::{Kind, Node};
use super::parse::{Parser, is_bag};
use super::scan::word_at;
use super::start_tag::{Start, tag_end};
use super::tag::{Tag, class};

impl Parser<'_> {
    /// The element that is expected next in a bag, if that is what stands here: its tag, its name, and where the name's
    /// attribute ends. Its first bytes are `word`.
    #[inline(always)]
    pub(super) fn foreseen(&self, word: u64) -> Option<(Tag, u32, usize)> {
        if !is_bag(self.top.tag) || self.value_end < self.at {
            return None;
        }
        self.interner.guess(self.scanner, self.body, self.at, word)
    }

    /// Reads an expected element if it is a primitive or null whose start tag says nothing but its name.
    #[inline(always)]
    pub(super) fn takes_leaf(&mut self, (tag, name, after): (Tag, u32, usize)) -> Result<bool, DecodeError> {
        let Some((len, empty)) = tag_end(word_at(self.body, after)) else { return Ok(false) };
        if tag.class() == class::PRIMITIVE {
            self.interner.pass(name);
            self.at = after + len;
            self.primitive(tag, &Start { name, ref_id: None, stream: 0, empty })?;
            return Ok(true);
        }
        if tag == NIL && empty {
            self.interner.pass(name);
            self.at = after + len;
            self.nodes.push(Node { kind: NIL.0, flags: 0, aux: 0, name, a: 0, b: 0 });
            return Ok(true);
        }
        Ok(false)
    }
}

const NIL: Tag = Tag::of(Kind::Nil);
