//! One object as a cmdlet writes it.

use crate::data::value::Value;

/// A top-level object: its types, what it reads as, its properties in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) types: &'static [&'static str],
    pub(crate) text: String,
    pub(crate) properties: Vec<(&'static str, Value)>,
}

impl Record {
    /// The property of this name, whatever its case.
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.properties.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Gives a property a new value, keeping its place; a new one goes to the end.
    pub(crate) fn set(&mut self, name: &'static str, value: Value) {
        match self.properties.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, old)) => *old = value,
            None => self.properties.push((name, value)),
        }
    }
}
