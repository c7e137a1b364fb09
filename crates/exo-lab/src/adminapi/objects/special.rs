//! Cmdlets that are unlike the others of their noun.

use crate::cmdlets::{Argument, CmdletError, Halt, Invocation};
use crate::data::item;
use crate::data::random::Random;
use crate::data::recipient::RecipientKind;
use crate::data::value::Value;

/// What a cmdlet does.
type Run = fn(&mut Invocation<'_>) -> Result<(), Halt>;

/// What runs instead of the verb's usual meaning.
pub(super) fn named(cmdlet: &str) -> Option<Run> {
    match cmdlet {
        "Import-TransportRuleCollection" => Some(import_transport_rules),
        "Set-User" => Some(set_user),
        _ => None,
    }
}

/// Adds a rule for each `<rule name="…">` of the file that is not there yet.
fn import_transport_rules(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let file = invocation.text("FileData").unwrap_or_default();
    let names: Vec<&str> = file
        .split("<rule ")
        .skip(1)
        .filter_map(|rule| rule.split_once("name=\"")?.1.split_once('"').map(|(name, _)| name))
        .collect();
    if names.is_empty() {
        let message = "The file isn't a transport rule collection: it has no rules.";
        return Err(CmdletError::invalid(invocation.cmdlet, message).into());
    }
    if invocation.is_what_if() {
        return Ok(());
    }
    let mut content = invocation.organization.write();
    for name in names.into_iter().take(MAX_RULES) {
        let is_there = |text: &str| text.eq_ignore_ascii_case(name);
        if content.transport_rules.len() < MAX_RULES
            && !content.transport_rules.iter().any(|rule| is_there(&rule.text))
        {
            let priority = i32::try_from(content.transport_rules.len()).unwrap_or(i32::MAX);
            let guid = Random::new(content.new_seed()).guid();
            content.transport_rules.push(item::transport_rule(name, priority, guid));
        }
    }
    Ok(())
}

/// Get-User shows what was set here.
fn set_user(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let identity = invocation.text("Identity").unwrap_or_default();
    let mut changes: Vec<(&'static str, Value)> = Vec::new();
    for (parameter, argument) in invocation.bound.iter() {
        let is_own = invocation.cmdlet.parameters.iter().any(|own| own.name == parameter.name);
        if !is_own || matches!(parameter.name, "Identity" | "Force") {
            continue;
        }
        let Some(value) = argument.as_property(None, parameter.kind) else {
            let text = argument.text().unwrap_or_default();
            let error =
                CmdletError::bad_argument(invocation.cmdlet, parameter.name, &text, parameter.type_name());
            return Err(error.into());
        };
        changes.push((parameter.name, value));
    }
    let name_of = |wanted: &str| invocation.argument(wanted).and_then(Argument::text);
    let (display, first, last) = (name_of("DisplayName"), name_of("FirstName"), name_of("LastName"));
    let is_found = {
        let mut content = invocation.organization.write();
        let user = content.find_mut(&identity, |kind| kind != RecipientKind::DistributionGroup);
        match user {
            None => false,
            Some(_) if invocation.is_what_if() => true,
            Some(user) => {
                if let Some(display) = display {
                    user.display_name = display;
                }
                if let Some(first) = first {
                    user.first_name = first;
                }
                if let Some(last) = last {
                    user.last_name = last;
                }
                user.changes.extend(changes);
                true
            }
        }
    };
    if is_found { Ok(()) } else { invocation.error(CmdletError::not_found(invocation.cmdlet, &identity)) }
}

const MAX_RULES: usize = 300;
