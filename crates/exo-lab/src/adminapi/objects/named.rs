//! Objects with names of their own: listed, made, changed, removed.

use uuid::Uuid;

use crate::adminapi::objects::change::change_record;
use crate::adminapi::objects::noun::Noun;
use crate::adminapi::objects::{Kept, MAX_OBJECTS, Objects, answers_to, limit, mailbox_of};
use crate::adminapi::page::MORE_RESULTS;
use crate::clock::Moment;
use crate::cmdlets::{CmdletError, Halt, Invocation, warn_unchanged};
use crate::data::filter::Filter;
use crate::data::record::Record;
use crate::data::value::Value;

impl Objects {
    pub(super) fn list(&self, invocation: &mut Invocation<'_>, noun: &'static Noun) -> Result<(), Halt> {
        let filter = filter(invocation)?;
        let owner = mailbox_of(invocation, "Mailbox")?;
        let parents: Vec<(&str, String)> = ["Policy", "Case", "SenderAddress", "RecipientAddress"]
            .into_iter()
            .filter_map(|name| Some((name, invocation.text(name)?)))
            .collect();
        let identity = invocation.text("Identity");
        let found: Vec<Record> = self.with(noun, |kept| {
            let wanted = kept.iter().filter(|kept| {
                identity.as_ref().is_none_or(|identity| answers_to(&kept.record, identity))
                    && (owner.is_none() || kept.owner == owner)
                    && parents.iter().all(|(name, wanted)| {
                        let value = kept.record.property(name).map(Value::display).unwrap_or_default();
                        value.eq_ignore_ascii_case(wanted)
                    })
                    && filter.as_ref().is_none_or(|filter| filter.matches(&kept.record))
            });
            wanted.map(|kept| kept.record.clone()).collect()
        });
        if let Some(identity) = identity.filter(|identity| found.is_empty() && !identity.contains('*')) {
            return invocation.error(CmdletError::not_found(invocation.cmdlet, &identity));
        }
        let limit = limit(invocation);
        for record in found.iter().take(limit) {
            invocation.write(record)?;
        }
        if limit < found.len() {
            invocation.warn(MORE_RESULTS)?;
        }
        Ok(())
    }

    pub(super) fn create(&self, invocation: &mut Invocation<'_>, noun: &'static Noun) -> Result<(), Halt> {
        let owner = mailbox_of(invocation, "Mailbox")?;
        let name =
            invocation.text("Name").unwrap_or_else(|| format!("{} {}", noun.name, Uuid::new_v4().simple()));
        let mut record = noun.record(&name);
        let now = Value::Date(Moment::now().ticks());
        for property in ["WhenCreatedUTC", "WhenChangedUTC"] {
            record.set(property, now.clone());
        }
        change_record(invocation, &mut record)?;
        let what_if = invocation.is_what_if();
        let outcome = self.with(noun, |kept| {
            if kept.iter().any(|kept| kept.owner == owner && answers_to(&kept.record, &name)) {
                return Err(format!(
                    "The {} \"{name}\" already exists. Please specify a different name.",
                    noun.name
                ));
            }
            if MAX_OBJECTS <= kept.len() {
                return Err(format!("There can't be more than {MAX_OBJECTS} objects of this kind."));
            }
            if !what_if {
                kept.push(Kept { owner, record: record.clone() });
            }
            Ok(())
        });
        match outcome {
            Ok(()) => invocation.write(&record),
            Err(message) => Err(CmdletError::invalid(invocation.cmdlet, message).into()),
        }
    }

    pub(super) fn change(
        &self,
        invocation: &mut Invocation<'_>,
        noun: &'static Noun,
        verb: &str,
    ) -> Result<(), Halt> {
        let identity = invocation.text("Identity");
        let preview = invocation.is_what_if();
        let outcome: Result<Option<bool>, CmdletError> = self.with(noun, |kept| {
            let found = kept
                .iter_mut()
                .find(|kept| identity.as_ref().is_none_or(|identity| answers_to(&kept.record, identity)));
            let Some(found) = found else { return Ok(None) };
            let mut changed = found.record.clone();
            match verb {
                "Enable" => changed.set("Enabled", Value::Bool(true)),
                "Disable" => changed.set("Enabled", Value::Bool(false)),
                "Start" => changed.set("Status", Value::text("Completed")),
                "Clear" => changed.set("Status", Value::text("DeviceWipePending")),
                _ => change_record(invocation, &mut changed)?,
            }
            let is_different = changed != found.record;
            if is_different && !preview {
                changed.set("WhenChangedUTC", Value::Date(Moment::now().ticks()));
                found.record = changed;
            }
            Ok(Some(is_different))
        });
        let identity = identity.unwrap_or_default();
        match outcome? {
            None => invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)),
            Some(false) if verb == "Set" => warn_unchanged(invocation, &identity),
            Some(_) => Ok(()),
        }
    }

    pub(super) fn remove(&self, invocation: &mut Invocation<'_>, noun: &'static Noun) -> Result<(), Halt> {
        let identity = invocation.text("Identity").unwrap_or_default();
        let owner = mailbox_of(invocation, "Mailbox")?;
        let preview = invocation.is_what_if();
        let is_found = self.with(noun, |kept| {
            let index = kept.iter().position(|kept| {
                (owner.is_none() || kept.owner == owner) && answers_to(&kept.record, &identity)
            });
            if let Some(index) = index.filter(|_| !preview) {
                kept.remove(index);
            }
            index.is_some()
        });
        if is_found { Ok(()) } else { invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)) }
    }
}

fn filter(invocation: &Invocation<'_>) -> Result<Option<Filter>, CmdletError> {
    let Some(text) = invocation.text("Filter") else {
        return Ok(None);
    };
    Filter::parse(&text).map(Some).map_err(|error| {
        let message =
            format!("Invalid filter syntax at position {}: expected {}.", error.position, error.expected);
        CmdletError::invalid(invocation.cmdlet, message)
    })
}
