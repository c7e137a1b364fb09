//! What a tape holds, counted as the independent program counted that made the expectations.

use std::collections::{BTreeMap, BTreeSet};

use psrp::clixml::{Kind, Tape, Text, Value};
use sha2::{Digest, Sha256};

/// The counts of the recorded expectations, taken from a tape.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) elements: BTreeMap<String, u64>,
    pub(crate) objects: u64,
    pub(crate) refs: u64,
    pub(crate) cycles: u64,
    pub(crate) depth: u64,
    pub(crate) props: u64,
    pub(crate) members: u64,
    pub(crate) member_sets: u64,
    pub(crate) both: u64,
    pub(crate) containers_with_members: u64,
    text: Sha256,
}

impl Counts {
    pub(crate) fn of(tape: &Tape) -> Self {
        let mut counts = Self::default();
        for value in tape.values() {
            counts.walk(value, 0, &mut Vec::new());
        }
        counts
    }

    /// SHA-256 over the text of every leaf in document order, as UTF-16LE with two zero bytes behind each.
    pub(crate) fn text_sha256(&self) -> String {
        format!("{:x}", self.text.clone().finalize())
    }

    fn walk(&mut self, value: Value<'_>, depth: u64, open: &mut Vec<u32>) {
        let kind = value.kind();
        let depth = depth + 1;
        self.depth = self.depth.max(depth);
        *self.elements.entry(kind.tag().to_owned()).or_default() += 1;
        let children = u64::try_from(value.children().count()).unwrap();
        match kind {
            Kind::Object => {
                self.objects += 1;
                let kinds: BTreeSet<_> = value.children().map(Value::kind).collect();
                let has_members = kinds.contains(&Kind::Members) || kinds.contains(&Kind::Props);
                self.both += u64::from(kinds.contains(&Kind::Members) && kinds.contains(&Kind::Props));
                let is_container = kinds.iter().any(|kind| {
                    matches!(
                        kind,
                        Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue | Kind::Dictionary
                    )
                });
                self.containers_with_members += u64::from(is_container && has_members);
                open.push(value.index());
            }
            Kind::Ref => {
                self.refs += 1;
                self.cycles += u64::from(open.contains(&value.resolve().index()));
            }
            Kind::Props => self.props += children,
            Kind::Members => {
                self.members += children;
                self.member_sets += u64::from(value.name().is_some());
            }
            _ => {}
        }
        for child in value.children() {
            self.walk(child, depth, open);
        }
        if kind == Kind::Object {
            open.pop();
        }
        if !kind.is_container() && !matches!(kind, Kind::Nil | Kind::Ref | Kind::TypeNamesRef) {
            self.leaf(value);
        }
    }

    fn leaf(&mut self, value: Value<'_>) {
        let shown = value.to_string();
        let text = value.text().or(value.float_text()).unwrap_or(Text::from(shown.as_str()));
        for unit in text.encode_utf16() {
            self.text.update(unit.to_le_bytes());
        }
        self.text.update([0, 0]);
    }
}
