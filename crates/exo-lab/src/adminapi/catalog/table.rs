//! The grammar of the tables, one token a parameter:
//!
//! ```text
//! @ HELPFILE AREA                     for the cmdlets that follow; AREA: exchange, compliance or both
//! Verb-Noun [impact=I] [default=SET]
//!   Name~Alias TYPE (RULE,…)… {SET@POSITION!<.;SET…}       without blanks inside; TYPE, rules and sets may be absent
//!   ! Parameter TypeName…             a piped object of such a type belongs to this parameter
//! ```
//!
//! TYPE: `$` text, `?` switch, `+` bool, `*` any list, `&` list of texts, `=` bytes, `#` secret, `%` credential.
//! Rules: `ne` not null or empty, `null` null allowed, `len`, `range`, `count` with two numbers.
//! In a set: `_` every set, `@N` position, `!` mandatory, `<` takes the piped object, `.` takes its property.
//! `Name1..15` stands for fifteen parameters.

use crate::adminapi::catalog::{ABSENT, Area, Declared, Entry, Rule, Set, Shape, TypeRule};
use crate::cmdlets;

/// Adds what a table says; tokens that are none go to `unreadable`.
pub(super) fn read(table: &'static str, entries: &mut Vec<Entry>, unreadable: &mut Vec<String>) {
    let (mut help, mut area) = ("", Area::Both);
    for line in table.lines() {
        let mut words = line.split_ascii_whitespace();
        let Some(first) = words.clone().next().filter(|first| !first.starts_with('#')) else {
            continue;
        };
        if first == "@" {
            words.next();
            help = words.next().unwrap_or_default();
            area = match words.next() {
                Some("exchange") => Area::Exchange,
                Some("compliance") => Area::Compliance,
                _ => Area::Both,
            };
        } else if !line.starts_with(' ') {
            entries.push(entry(first, words.skip(1), help, area));
        } else if let Some(entry) = entries.last_mut() {
            if first == "!" {
                let parameter = words.nth(1).unwrap_or_default();
                entry.type_rules.push(TypeRule { parameter, types: words.collect() });
                continue;
            }
            for word in words {
                match declared(word) {
                    Some(parameters) => entry.declared.extend(parameters),
                    None => unreadable.push(format!("{} {word}", entry.name)),
                }
            }
        }
    }
}

fn entry(
    name: &'static str,
    attributes: impl Iterator<Item = &'static str>,
    help: &'static str,
    area: Area,
) -> Entry {
    let mut entry = Entry {
        name,
        help,
        area,
        default_set: None,
        impact: None,
        declared: Vec::new(),
        type_rules: Vec::new(),
        cmdlet: &ABSENT,
        is_built_in: cmdlets::named(name).is_some(),
    };
    for attribute in attributes {
        match attribute.split_once('=') {
            Some(("default", set)) => entry.default_set = Some(set),
            Some(("impact", impact)) => entry.impact = Some(impact),
            _ => {}
        }
    }
    entry
}

/// One token of the table; several parameters when it stands for a row of them.
fn declared(word: &'static str) -> Option<Vec<Declared>> {
    let name_len = word.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let (mut name, mut rest) = word.split_at_checked(name_len)?;
    let mut last = None;
    if let Some(range) = rest.strip_prefix("..") {
        let digits = range.bytes().take_while(u8::is_ascii_digit).count();
        last = range.get(..digits)?.parse::<u32>().ok();
        name = name.trim_end_matches('1');
        rest = range.get(digits..)?;
    }
    let mut alias = None;
    if let Some(after) = rest.strip_prefix('~') {
        let len = after.bytes().take_while(u8::is_ascii_alphanumeric).count();
        alias = after.get(..len);
        rest = after.get(len..)?;
    }
    let shape = match rest.bytes().next() {
        Some(b'$') => Shape::Text,
        Some(b'?') => Shape::Switch,
        Some(b'+') => Shape::Bool,
        Some(b'*') => Shape::List,
        Some(b'&') => Shape::Texts,
        Some(b'=') => Shape::Bytes,
        Some(b'#') => Shape::Secret,
        Some(b'%') => Shape::Credential,
        _ => Shape::Any,
    };
    if shape != Shape::Any {
        rest = rest.get(1..)?;
    }
    let mut rules = Vec::new();
    while let Some(inner) = rest.strip_prefix('(') {
        let (rule, after) = inner.split_once(')')?;
        let mut parts = rule.split(',');
        rules.push(match parts.next()? {
            "ne" => Rule::NotEmpty,
            "null" => Rule::AllowNull,
            "len" => Rule::Two("ValidateLength", parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            "range" => Rule::Two("ValidateRange", parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            "count" => Rule::Two("ValidateCount", parts.next()?.parse().ok()?, parts.next()?.parse().ok()?),
            _ => return None,
        });
        rest = after;
    }
    let mut sets = Vec::new();
    if let Some(inner) = rest.strip_prefix('{') {
        let (inner, after) = inner.split_once('}')?;
        for text in inner.split(';') {
            sets.push(set(text)?);
        }
        rest = after;
    }
    if !rest.is_empty() || name.is_empty() {
        return None;
    }
    let one = |name: String| Declared { name, alias, shape, rules: rules.clone(), sets: sets.clone() };
    Some(match last {
        None => vec![one(name.to_owned())],
        Some(last) => (1..=last).map(|number| one(format!("{name}{number}"))).collect(),
    })
}

fn set(text: &'static str) -> Option<Set> {
    let len = text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_').count();
    let (name, mut rest) = text.split_at_checked(len)?;
    let mut set = Set {
        name: if name == "_" { None } else { Some(name) },
        position: None,
        is_mandatory: false,
        takes_object: false,
        takes_property: false,
    };
    if let Some(after) = rest.strip_prefix('@') {
        set.position = Some(after.get(..1)?.parse().ok()?);
        rest = after.get(1..)?;
    }
    for mark in rest.bytes() {
        match mark {
            b'!' => set.is_mandatory = true,
            b'<' => set.takes_object = true,
            b'.' => set.takes_property = true,
            _ => return None,
        }
    }
    Some(set)
}
