//! What the `Set-` cmdlets share: each bound parameter becomes the property of its name.

use crate::cmdlets::{Argument, CmdletError, Halt, Invocation, Kind, Parameter};
use crate::data::recipient::{Recipient, RecipientKind};
use crate::data::record::Record;
use crate::data::value::{List, Value};

/// The bound parameters that mean properties: not the identity, not what every cmdlet has.
fn changes<'i>(invocation: &'i Invocation<'_>) -> Vec<(&'static Parameter, &'i Argument)> {
    let own = invocation.cmdlet.parameters;
    let is_property = |parameter: &Parameter| {
        own.iter().any(|own| own.name == parameter.name) && !NOT_PROPERTIES.contains(&parameter.name)
    };
    invocation.bound.iter().filter(|(parameter, _)| is_property(parameter)).collect()
}

/// What a `Set-` cmdlet does to the recipient that `-Identity` names.
pub(crate) fn change_named(
    invocation: &mut Invocation<'_>,
    identity: &str,
    is_meant: fn(RecipientKind) -> bool,
) -> Result<(), Halt> {
    let organization = invocation.organization;
    let changed = match organization.write().find_mut(identity, is_meant) {
        None => None,
        Some(_) if invocation.is_what_if() => Some(true),
        Some(recipient) => Some(change_recipient(invocation, recipient)?),
    };
    match changed {
        None => invocation.error(CmdletError::not_found(invocation.cmdlet, identity)),
        Some(true) => Ok(()),
        Some(false) => warn_unchanged(invocation, identity),
    }
}

/// Changes a recipient as the caller says. True: something is different now.
pub(crate) fn change_recipient(
    invocation: &Invocation<'_>,
    recipient: &mut Recipient,
) -> Result<bool, CmdletError> {
    let before = recipient.record();
    let refuse = |parameter: &Parameter, argument: &Argument| {
        let value = argument.text().unwrap_or_default();
        CmdletError::bad_argument(invocation.cmdlet, parameter.name, &value, parameter.type_name())
    };
    let mut changed = recipient.clone();
    for (parameter, argument) in changes(invocation) {
        let text = || argument.text().ok_or_else(|| refuse(parameter, argument));
        match parameter.name {
            "Alias" => changed.alias = text()?,
            "Name" => changed.name = text()?,
            "DisplayName" => changed.display_name = text()?,
            "FirstName" => changed.first_name = text()?,
            "LastName" => changed.last_name = text()?,
            "UserPrincipalName" | "MicrosoftOnlineServicesID" => changed.user_principal_name = text()?,
            "PrimarySmtpAddress" | "WindowsEmailAddress" => changed.set_primary_address(&text()?),
            "EmailAddresses" => {
                change_addresses(&mut changed, argument).ok_or_else(|| refuse(parameter, argument))?;
            }
            "Type" => {
                changed.kind = match text()?.to_ascii_lowercase().as_str() {
                    "regular" => RecipientKind::UserMailbox,
                    "shared" => RecipientKind::SharedMailbox,
                    "room" => RecipientKind::RoomMailbox,
                    _ => return Err(refuse(parameter, argument)),
                };
            }
            name => {
                let old = before.property(name);
                let value =
                    edited(old, parameter.kind, argument).ok_or_else(|| refuse(parameter, argument))?;
                changed.changes.insert(name, value);
            }
        }
    }
    let is_different = changed.record() != before || changed.kind != recipient.kind;
    *recipient = changed;
    Ok(is_different)
}

/// Changes an object that is kept whole. True: something is different now.
pub(crate) fn change_record(invocation: &Invocation<'_>, record: &mut Record) -> Result<bool, CmdletError> {
    let mut changed = record.clone();
    for (parameter, argument) in changes(invocation) {
        let value = edited(changed.property(parameter.name), parameter.kind, argument).ok_or_else(|| {
            let value = argument.text().unwrap_or_default();
            CmdletError::bad_argument(invocation.cmdlet, parameter.name, &value, parameter.type_name())
        })?;
        if parameter.name == "Name" {
            changed.text = value.display();
        }
        changed.set(parameter.name, value);
    }
    let is_different = changed != *record;
    *record = changed;
    Ok(is_different)
}

/// What Exchange says when a `Set-` cmdlet found nothing to do.
pub(crate) fn warn_unchanged(invocation: &mut Invocation<'_>, identity: &str) -> Result<(), Halt> {
    invocation.warn(&format!(
        "The command completed successfully but no settings of '{identity}' have been modified."
    ))
}

/// The new value of a property: the argument itself, or the old list with `@{Add=…; Remove=…}` done to it.
fn edited(old: Option<&Value>, kind: Kind, argument: &Argument) -> Option<Value> {
    let Argument::Table(edits) = argument else {
        return argument.as_property(old, kind);
    };
    let (types, mut items) = match old {
        Some(Value::List(list)) => (Some(list.types), list.items.clone()),
        _ => (None, Vec::new()),
    };
    for (verb, operands) in edits {
        let operands = operands.texts()?;
        if verb.eq_ignore_ascii_case("add") {
            items.extend(operands.into_iter().map(Value::Text));
        } else if verb.eq_ignore_ascii_case("remove") {
            items.retain(|item| !operands.iter().any(|operand| item.display().eq_ignore_ascii_case(operand)));
        } else {
            return None;
        }
    }
    Some(match types {
        Some(types) => Value::List(List { types, items }),
        None => Value::strings(items.iter().map(Value::display)),
    })
}

fn change_addresses(recipient: &mut Recipient, argument: &Argument) -> Option<()> {
    let prefixed = |address: String| if address.contains(':') { address } else { format!("smtp:{address}") };
    let same = |left: &str, right: &str| {
        let bare = |address: &str| address.split_once(':').map_or(address, |(_, rest)| rest).to_lowercase();
        bare(left) == bare(right)
    };
    if let Argument::Table(edits) = argument {
        for (verb, operands) in edits {
            let operands = operands.texts()?;
            match verb.to_ascii_lowercase().as_str() {
                "add" => {
                    for address in operands {
                        if !recipient.addresses.iter().any(|old| same(old, &address)) {
                            recipient.addresses.push(prefixed(address));
                        }
                    }
                }
                "remove" => recipient.addresses.retain(|old| !operands.iter().any(|gone| same(old, gone))),
                _ => return None,
            }
        }
        return Some(());
    }
    recipient.addresses = argument.texts()?.into_iter().map(prefixed).collect();
    Some(())
}

/// Parameters of `Set-` and `New-` cmdlets that are no properties.
const NOT_PROPERTIES: &[&str] = &[
    "Identity",
    "Force",
    "Password",
    "RemoveManagedFolderAndPolicy",
    "Shared",
    "Room",
    "Equipment",
    "Members",
    "Member",
    "IgnoreNamingPolicy",
    "BypassSecurityGroupManagerCheck",
    "DomainController",
    "Organization",
];
