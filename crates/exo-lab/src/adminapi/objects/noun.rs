//! The table of nouns.
//!
//! ```text
//! NOUN SHAPE CLASS
//!   Property=value…      `true` and `false` are truth values, digits a number, nothing is null, the rest text
//!   - NAME               an object that is there from the start
//! ```

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::data::record::Record;
use crate::data::value::Value;

/// A kind of object.
#[derive(Debug)]
pub(super) struct Noun {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    types: &'static [&'static str],
    defaults: Vec<(&'static str, Value)>,
    /// What is there from the start; for settings `*`, or the parts that each mailbox has.
    pub(super) samples: Vec<&'static str>,
}

/// What its objects belong to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// They have names of their own.
    Named,
    /// Each mailbox has one.
    Settings,
    /// What somebody may do with a mailbox.
    Permission,
}

/// The noun of this name.
pub(super) fn named(name: &str) -> Option<&'static Noun> {
    NOUNS.iter().find(|noun| noun.name.eq_ignore_ascii_case(name))
}

impl Noun {
    /// An object as it is before anybody changed it.
    pub(super) fn record(&self, name: &str) -> Record {
        let mut properties = vec![
            ("Name", Value::text(name)),
            ("Identity", Value::text(name)),
            ("Guid", Value::Guid(guid_of(self.name, name))),
        ];
        properties.extend(self.defaults.iter().cloned());
        properties.extend([
            ("WhenCreatedUTC", Value::Date(CREATED)),
            ("WhenChangedUTC", Value::Date(CREATED)),
            ("IsValid", Value::Bool(true)),
            ("ObjectState", Value::enumeration("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1)),
        ]);
        Record { types: self.types, text: name.to_owned(), properties }
    }

    /// An entry of a permission list.
    pub(super) fn permission(&self, identity: &str, trustee: &str, rights: &str) -> Record {
        let properties = vec![
            ("Identity", Value::text(identity)),
            (self.trustee(), Value::text(trustee)),
            ("AccessRights", Value::strings(rights.split(", ").collect::<Vec<_>>())),
            ("Deny", Value::Bool(false)),
            ("InheritanceType", Value::text("All")),
            ("IsInherited", Value::Bool(false)),
            ("IsValid", Value::Bool(true)),
            ("ObjectState", Value::enumeration("Microsoft.Exchange.Data.ObjectState", "Unchanged", 1)),
        ];
        Record { types: self.types, text: identity.to_owned(), properties }
    }

    /// The property that says who may.
    pub(super) fn trustee(&self) -> &'static str {
        if self.name == "RecipientPermission" { "Trustee" } else { "User" }
    }
}

/// The same name gives the same identifier in every lab.
fn guid_of(noun: &str, name: &str) -> Uuid {
    let digest = Sha256::new().chain_update(noun).chain_update("\\").chain_update(name).finalize();
    let mut bytes = [0; 16];
    for (to, from) in bytes.iter_mut().zip(digest) {
        *to = from;
    }
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

static NOUNS: LazyLock<Vec<Noun>> = LazyLock::new(|| {
    let mut nouns: Vec<Noun> = Vec::new();
    for line in include_str!("nouns.txt").lines().filter(|line| !line.starts_with('#')) {
        if !line.starts_with(' ') {
            nouns.extend(noun(line));
        } else if let Some(noun) = nouns.last_mut() {
            match line.trim().strip_prefix("- ") {
                Some(sample) => noun.samples.push(sample),
                None => noun.defaults.extend(line.split_ascii_whitespace().filter_map(property)),
            }
        }
    }
    for noun in nouns.iter_mut().filter(|noun| noun.shape == Shape::Settings && noun.samples.is_empty()) {
        noun.samples.push("*");
    }
    nouns
});

fn noun(line: &'static str) -> Option<Noun> {
    let mut words = line.split_ascii_whitespace();
    let name = words.next()?;
    let shape = match words.next()? {
        "settings" => Shape::Settings,
        "permission" => Shape::Permission,
        _ => Shape::Named,
    };
    let types = vec![words.next()?, "Microsoft.Exchange.Data.ConfigurableObject", "System.Object"];
    Some(Noun { name, shape, types: Vec::leak(types), defaults: Vec::new(), samples: Vec::new() })
}

fn property(word: &'static str) -> Option<(&'static str, Value)> {
    let (name, text) = word.split_once('=')?;
    let value = match text {
        "" => Value::Nil,
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => text.parse().map_or_else(|_| Value::text(text), Value::Int),
    };
    Some((name, value))
}

/// 2021-01-01
const CREATED: i64 = 637_450_560_000_000_000;

#[cfg(test)]
mod tests;
