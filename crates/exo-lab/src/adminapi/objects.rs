//! Objects that only the REST side knows: policies, cases, permissions, settings of mailboxes.
//!
//! A noun is a row of `objects/nouns.txt`; the verbs mean the same for all of them.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

use crate::adminapi::objects::noun::{Noun, Shape};
use crate::cmdlets::{Argument, CmdletError, Halt, Invocation};
use crate::data::filter::wildcard;
use crate::data::recipient::RecipientKind;
use crate::data::record::Record;

mod change;
mod named;
mod noun;
mod permission;
mod settings;
mod special;

/// What was made or changed, by noun.
#[derive(Debug, Default)]
pub(super) struct Objects {
    nouns: Mutex<HashMap<&'static str, Vec<Kept>>>,
}

/// One object that is kept.
#[derive(Debug, Clone)]
struct Kept {
    /// The mailbox it belongs to, for settings and permissions.
    owner: Option<Uuid>,
    record: Record,
}

/// Runs a cmdlet by its verb and noun.
pub(super) fn run(objects: &Objects, invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    if let Some(special) = special::named(invocation.cmdlet.name) {
        return special(invocation);
    }
    let (verb, noun) = invocation.cmdlet.name.split_once('-').unwrap_or_default();
    let Some(noun) = noun::named(noun) else {
        return Err(CmdletError::unknown_command(invocation.cmdlet.name).into());
    };
    match (noun.shape, verb) {
        (Shape::Named, "Get" | "Search") => objects.list(invocation, noun),
        (Shape::Named, "New") => objects.create(invocation, noun),
        (Shape::Settings, "Get") => objects.show_settings(invocation, noun),
        (Shape::Permission, "Get") => objects.show_permissions(invocation, noun),
        (Shape::Permission, "Add") => objects.grant(invocation, noun),
        (Shape::Permission, _) => objects.revoke(invocation, noun),
        (_, "Remove") => objects.remove(invocation, noun),
        (Shape::Settings, _) => objects.change_settings(invocation, noun),
        (Shape::Named, _) => objects.change(invocation, noun, verb),
    }
}

impl Objects {
    /// Works on the objects of a noun; the samples are there from the first time on.
    fn with<R>(&self, noun: &'static Noun, work: impl FnOnce(&mut Vec<Kept>) -> R) -> R {
        let mut nouns = self.nouns.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = nouns.entry(noun.name).or_insert_with(|| {
            let is_named = noun.shape == Shape::Named;
            let samples = noun.samples.iter().filter(|_| is_named);
            samples.map(|name| Kept { owner: None, record: noun.record(name) }).collect()
        });
        work(kept)
    }
}

/// The mailbox that a parameter names; `None` when it was not given. A folder after a colon is left out.
fn mailbox_of(invocation: &Invocation<'_>, parameter: &str) -> Result<Option<Uuid>, CmdletError> {
    let Some(identity) = invocation.text(parameter) else {
        return Ok(None);
    };
    let mailbox = identity.split_once(":\\").map_or(identity.as_str(), |(mailbox, _)| mailbox);
    let content = invocation.organization.read();
    match content.find(mailbox, RecipientKind::is_mailbox) {
        Some(recipient) => Ok(Some(recipient.guid)),
        None => Err(CmdletError::not_found(invocation.cmdlet, mailbox)),
    }
}

/// How many objects `-ResultSize` leaves.
fn limit(invocation: &Invocation<'_>) -> usize {
    let limit = invocation.argument("ResultSize").and_then(Argument::limit).flatten();
    limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX)
}

/// Whether an identity, perhaps with wildcards, means this object.
fn answers_to(record: &Record, identity: &str) -> bool {
    let fits = |text: &str| {
        if identity.contains('*') { wildcard(identity, text) } else { text.eq_ignore_ascii_case(identity) }
    };
    fits(&record.text)
        || ["Name", "Guid", "Identity"]
            .into_iter()
            .any(|name| record.property(name).is_some_and(|value| fits(&value.display())))
}

const MAX_OBJECTS: usize = 10_000;
