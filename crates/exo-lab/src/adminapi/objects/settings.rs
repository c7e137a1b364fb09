//! Settings that every mailbox has, whether somebody changed them or not.

use uuid::Uuid;

use crate::adminapi::objects::change::change_record;
use crate::adminapi::objects::noun::Noun;
use crate::adminapi::objects::{Kept, Objects, limit, mailbox_of};
use crate::cmdlets::{CmdletError, Halt, Invocation, warn_unchanged};
use crate::data::record::Record;
use crate::data::value::Value;

impl Objects {
    /// Settings of one mailbox, or of each.
    pub(super) fn show_settings(
        &self,
        invocation: &mut Invocation<'_>,
        noun: &'static Noun,
    ) -> Result<(), Halt> {
        let owner = match mailbox_of(invocation, "Identity")? {
            None => mailbox_of(invocation, "Mailbox")?,
            identity => identity,
        };
        if let Some(owner) = owner {
            for record in self.settings(invocation, noun, owner) {
                invocation.write(&record)?;
            }
            return Ok(());
        }
        let limit = limit(invocation);
        let owners: Vec<Uuid> = {
            let content = invocation.organization.read();
            let mailboxes = content.recipients.iter().filter(|recipient| recipient.kind.is_mailbox());
            mailboxes.map(|recipient| recipient.guid).take(limit).collect()
        };
        for owner in owners {
            for record in self.settings(invocation, noun, owner) {
                invocation.write(&record)?;
            }
        }
        Ok(())
    }

    /// What was kept for a mailbox, or what every mailbox has at first: one object a sample.
    fn settings(&self, invocation: &Invocation<'_>, noun: &'static Noun, owner: Uuid) -> Vec<Record> {
        let kept: Vec<Record> = self.with(noun, |kept| {
            kept.iter().filter(|kept| kept.owner == Some(owner)).map(|kept| kept.record.clone()).collect()
        });
        if !kept.is_empty() {
            return kept;
        }
        let content = invocation.organization.read();
        let Some(recipient) = content.by_guid(owner) else {
            return Vec::new();
        };
        let samples = noun.samples.iter().map(|sample| {
            let mut record = noun.record(&recipient.name);
            if *sample != "*" {
                record.set("Name", Value::text(*sample));
                record.set("Identity", Value::Text(format!("{}\\{sample}", recipient.name)));
                record.text = format!("{}\\{sample}", recipient.name);
            }
            record.set("DisplayName", Value::text(&recipient.display_name));
            record.set("PrimarySmtpAddress", Value::text(recipient.primary_address()));
            record.set("Guid", Value::Guid(owner));
            record
        });
        samples.collect()
    }

    pub(super) fn change_settings(
        &self,
        invocation: &mut Invocation<'_>,
        noun: &'static Noun,
    ) -> Result<(), Halt> {
        let identity = invocation.text("Identity").unwrap_or_default();
        let Some(owner) = mailbox_of(invocation, "Identity")? else {
            return Err(CmdletError::missing_parameter(invocation.cmdlet, "Identity").into());
        };
        let Some(before) = self.settings(invocation, noun, owner).into_iter().next() else {
            return Ok(());
        };
        let mut record = before.clone();
        change_record(invocation, &mut record)?;
        if record == before {
            return warn_unchanged(invocation, &identity);
        }
        if !invocation.is_what_if() {
            self.with(noun, |kept| {
                kept.retain(|kept| kept.owner != Some(owner));
                kept.push(Kept { owner: Some(owner), record });
            });
        }
        Ok(())
    }
}
