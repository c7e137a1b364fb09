//! Who may do what with a mailbox.

use crate::adminapi::objects::noun::Noun;
use crate::adminapi::objects::{Kept, MAX_OBJECTS, Objects, mailbox_of};
use crate::cmdlets::{Argument, CmdletError, Halt, Invocation};
use crate::data::record::Record;
use crate::data::value::Value;

impl Objects {
    pub(super) fn show_permissions(
        &self,
        invocation: &mut Invocation<'_>,
        noun: &'static Noun,
    ) -> Result<(), Halt> {
        let wanted = invocation.text("Identity");
        let owner = mailbox_of(invocation, "Identity")?;
        let user = invocation.text("User").or_else(|| invocation.text("Trustee"));
        let mut records: Vec<Record> = Vec::new();
        if owner.is_some() {
            records.extend(noun.samples.iter().map(|trustee| {
                noun.permission(&wanted.clone().unwrap_or_default(), trustee, "FullAccess, ReadPermission")
            }));
        }
        records.extend(self.with(noun, |kept| {
            let wanted = kept.iter().filter(|kept| owner.is_none() || kept.owner == owner);
            wanted.map(|kept| kept.record.clone()).collect::<Vec<_>>()
        }));
        for record in records {
            let trustee = record.property(noun.trustee()).map(Value::display).unwrap_or_default();
            if user.as_ref().is_none_or(|user| user.eq_ignore_ascii_case(&trustee)) {
                invocation.write(&record)?;
            }
        }
        Ok(())
    }

    pub(super) fn grant(&self, invocation: &mut Invocation<'_>, noun: &'static Noun) -> Result<(), Halt> {
        let identity = invocation.text("Identity").unwrap_or_default();
        let Some(owner) = mailbox_of(invocation, "Identity")? else {
            return Err(CmdletError::missing_parameter(invocation.cmdlet, "Identity").into());
        };
        let trustee = trustee(invocation)?;
        let rights = rights(invocation);
        let record = noun.permission(&identity, &trustee, &rights);
        let preview = invocation.is_what_if();
        let is_new = self.with(noun, |kept| {
            let same = |kept: &&Kept| kept.owner == Some(owner) && kept.record == record;
            let is_new = kept.iter().find(same).is_none();
            if is_new && !preview && kept.len() < MAX_OBJECTS {
                kept.push(Kept { owner: Some(owner), record: record.clone() });
            }
            is_new
        });
        if is_new {
            invocation.write(&record)
        } else {
            invocation.warn("The appropriate access control entry is already present on the object.")
        }
    }

    pub(super) fn revoke(&self, invocation: &mut Invocation<'_>, noun: &'static Noun) -> Result<(), Halt> {
        let Some(owner) = mailbox_of(invocation, "Identity")? else {
            return Err(CmdletError::missing_parameter(invocation.cmdlet, "Identity").into());
        };
        let trustee = trustee(invocation)?;
        let preview = invocation.is_what_if();
        let is_found = self.with(noun, |kept| {
            let is_meant = |kept: &Kept| {
                let own = kept.record.property(noun.trustee()).map(Value::display).unwrap_or_default();
                kept.owner == Some(owner) && own.eq_ignore_ascii_case(&trustee)
            };
            let is_found = kept.iter().any(is_meant);
            if !preview {
                kept.retain(|kept| !is_meant(kept));
            }
            is_found
        });
        if is_found {
            Ok(())
        } else {
            invocation.warn(&format!(
                "Can't remove the access control entry on the object for account \"{trustee}\" because the ACE isn't present."
            ))
        }
    }
}

/// The user that a permission is about, by display name if there is one.
fn trustee(invocation: &Invocation<'_>) -> Result<String, CmdletError> {
    let given = invocation.text("User").or_else(|| invocation.text("Trustee"));
    let Some(given) = given else {
        return Err(CmdletError::missing_parameter(invocation.cmdlet, "User"));
    };
    let content = invocation.organization.read();
    match content.find(&given, |_| true) {
        Some(recipient) => Ok(recipient.primary_address().to_owned()),
        None if ["Default", "Anonymous"].iter().any(|known| known.eq_ignore_ascii_case(&given)) => Ok(given),
        None => Err(CmdletError::not_found(invocation.cmdlet, &given)),
    }
}

fn rights(invocation: &Invocation<'_>) -> String {
    invocation.argument("AccessRights").and_then(Argument::texts).unwrap_or_default().join(", ")
}
