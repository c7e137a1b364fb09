//! The catalogue: which cmdlets the service offers over REST, with the parameters they take there.
//!
//! It is written down in the tables `catalog/*.txt`; `catalog/table.rs` has their grammar.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::adminapi::role::Role;
use crate::cmdlets::{self, Cmdlet, Halt, Invocation, Kind, Parameter};

mod table;

/// One cmdlet as the service describes it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) help: &'static str,
    pub(super) area: Area,
    pub(super) default_set: Option<&'static str>,
    /// `Medium` or `High`; `None`: it changes nothing and has neither -WhatIf nor -Confirm.
    pub(super) impact: Option<&'static str>,
    pub(super) declared: Vec<Declared>,
    pub(super) type_rules: Vec<TypeRule>,
    /// For binding arguments and running; `None`: the tenant has no implementation of its own, only objects of that noun.
    pub(super) cmdlet: &'static Cmdlet,
    pub(super) is_built_in: bool,
}

/// Where a cmdlet is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Area {
    Exchange,
    Compliance,
    Both,
}

/// One parameter as the module text declares it.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: String,
    pub(super) alias: Option<&'static str>,
    pub(super) shape: Shape,
    pub(super) rules: Vec<Rule>,
    /// Empty: in every set, by name only.
    pub(super) sets: Vec<Set>,
}

/// A declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Any,
    Text,
    Switch,
    Bool,
    List,
    Texts,
    Bytes,
    Secret,
    Credential,
}

/// A rule for a parameter's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    NotEmpty,
    AllowNull,
    Two(&'static str, i64, i64),
}

/// What a parameter is in one parameter set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Set {
    /// `None`: in every set.
    pub(super) name: Option<&'static str>,
    pub(super) position: Option<usize>,
    pub(super) is_mandatory: bool,
    pub(super) takes_object: bool,
    pub(super) takes_property: bool,
}

/// Piped objects of these types belong to this parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TypeRule {
    pub(super) parameter: &'static str,
    pub(super) types: Vec<&'static str>,
}

/// Every cmdlet, sorted by name.
pub(super) fn all() -> &'static [Entry] {
    &CATALOG.entries
}

/// The cmdlet of this name, whatever its case.
pub(super) fn named(name: &str) -> Option<&'static Entry> {
    CATALOG.by_name.get(&name.to_ascii_lowercase()).and_then(|index| CATALOG.entries.get(*index))
}

/// How cmdlets are described that only recorded documents answer; each has its own name.
pub(super) fn recorded() -> Option<&'static Entry> {
    CATALOG.recorded.first()
}

impl Entry {
    /// Whether this user finds the cmdlet on this host.
    pub(super) fn is_offered(&self, role: Role, host: Area) -> bool {
        (self.area == Area::Both || self.area == host) && role.permits(self.name, host)
    }

    /// Cmdlets with -UseCustomRouting are never sent in batches.
    pub(super) fn supports_batching(&self) -> bool {
        self.declared("UseCustomRouting").is_none()
    }

    pub(super) fn declared(&self, name: &str) -> Option<&Declared> {
        self.declared.iter().find(|declared| declared.name.eq_ignore_ascii_case(name))
    }
}

struct Catalog {
    entries: Vec<Entry>,
    recorded: Vec<Entry>,
    by_name: HashMap<String, usize>,
    /// What could not be read; a test wants none.
    #[cfg_attr(not(test), expect(dead_code, reason = "only the test of the tables asks"))]
    unreadable: Vec<String>,
}

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut entries = Vec::new();
    let mut unreadable = Vec::new();
    for table in TABLES {
        table::read(table, &mut entries, &mut unreadable);
    }
    for entry in &mut entries {
        entry.cmdlet = runnable(entry);
    }
    entries.sort_by(|left, right| left.name.cmp(right.name));
    let by_name =
        entries.iter().enumerate().map(|(index, entry)| (entry.name.to_ascii_lowercase(), index)).collect();
    let mut recorded = Vec::new();
    table::read(RECORDED, &mut recorded, &mut unreadable);
    Catalog { entries, recorded, by_name, unreadable }
});

/// The cmdlet behind an entry: the tenant's own implementation, with the parameters of the catalogue.
fn runnable(entry: &Entry) -> &'static Cmdlet {
    let own = cmdlets::named(entry.name);
    let parameters: Vec<Parameter> = entry
        .declared
        .iter()
        .map(|declared| {
            let known = own.and_then(|own| own.parameters.iter().find(|own| own.is_called(&declared.name)));
            let name: &'static str = match known {
                Some(known) => known.name,
                None => String::leak(declared.name.clone()),
            };
            Parameter {
                name,
                kind: known.map_or_else(|| declared.kind(), |known| known.kind),
                aliases: known.map_or(&[], |known| known.aliases),
                is_mandatory: known.is_some_and(|known| known.is_mandatory)
                    || declared.sets.iter().any(|set| set.is_mandatory && set.name.is_none()),
                position: declared.sets.iter().find_map(|set| set.position),
            }
        })
        .collect();
    // The table is read once in a process; its cmdlets live as long as that.
    Box::leak(Box::new(Cmdlet {
        name: entry.name,
        parameters: Vec::leak(parameters),
        run: own.map_or(run_nothing, |own| own.run),
    }))
}

impl Declared {
    /// What the service itself takes, where the declaration says less.
    fn kind(&self) -> Kind {
        match self.shape {
            _ if self.name == "ResultSize" => Kind::Limit,
            Shape::Switch => Kind::Switch,
            Shape::Bool => Kind::Bool,
            Shape::Texts => Kind::Texts,
            Shape::Text | Shape::Any | Shape::List | Shape::Bytes | Shape::Secret | Shape::Credential => {
                Kind::Any
            }
        }
    }
}

fn run_nothing(_: &mut Invocation<'_>) -> Result<(), Halt> {
    Ok(())
}

/// What stands in until an entry is read whole.
static ABSENT: Cmdlet = Cmdlet { name: "", parameters: &[], run: run_nothing };

const TABLES: [&str; 4] = [
    include_str!("catalog/mailboxes.txt"),
    include_str!("catalog/recipients.txt"),
    include_str!("catalog/organization.txt"),
    include_str!("catalog/compliance.txt"),
];

const RECORDED: &str = "\
@ Microsoft.Exchange.RecordsandEdge-Help.xml exchange
Get-Recorded default=Identity
  Filter$(ne) Identity{Identity@0<.} ResultSize";

#[cfg(test)]
mod tests;
