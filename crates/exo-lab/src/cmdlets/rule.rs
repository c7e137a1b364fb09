//! Transport rules.

use crate::cmdlets::change::{change_record, warn_unchanged};
use crate::cmdlets::identity::{answers_to, list_records};
use crate::cmdlets::{Cmdlet, CmdletError, Halt, Invocation, Kind, Parameter};
use crate::data::random::Random;
use crate::data::record::Record;
use crate::data::value::Value;
use crate::data::{Content, item};

pub(crate) const CMDLETS: &[Cmdlet] = &[
    Cmdlet { name: "Get-TransportRule", parameters: GET, run: get },
    Cmdlet { name: "Set-TransportRule", parameters: SET, run: set },
    Cmdlet { name: "New-TransportRule", parameters: NEW, run: new },
    Cmdlet { name: "Remove-TransportRule", parameters: CHOOSE, run: remove },
    Cmdlet { name: "Enable-TransportRule", parameters: CHOOSE, run: enable },
    Cmdlet { name: "Disable-TransportRule", parameters: CHOOSE, run: disable },
];

fn get(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let rules = invocation.organization.read().transport_rules.clone();
    list_records(invocation, &rules)
}

fn set(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let outcome =
        with_rule(invocation, |invocation, content, index| match content.transport_rules.get_mut(index) {
            Some(rule) => change_record(invocation, rule),
            None => Ok(true),
        })?;
    match outcome {
        Some((identity, false)) => warn_unchanged(invocation, &identity),
        _ => Ok(()),
    }
}

fn new(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let name = invocation.text("Name").unwrap_or_default();
    let organization = invocation.organization;
    let rule = {
        let mut content = organization.write();
        if content.transport_rules.iter().any(|rule| answers_to(rule, &name)) {
            let message = format!(
                "The transport rule can't be created because a rule with the name \"{name}\" already exists."
            );
            return Err(CmdletError::invalid(invocation.cmdlet, message).into());
        }
        if content.transport_rules.len() >= MAX_RULES {
            let message = format!("The number of transport rules can't exceed {MAX_RULES}.");
            return Err(CmdletError::invalid(invocation.cmdlet, message).into());
        }
        let priority = i32::try_from(content.transport_rules.len()).unwrap_or(i32::MAX);
        let guid = Random::new(content.new_seed()).guid();
        let mut rule = item::transport_rule(&name, priority, guid);
        change_record(invocation, &mut rule)?;
        if !invocation.is_what_if() {
            content.transport_rules.push(rule.clone());
        }
        rule
    };
    invocation.write(&rule)
}

fn remove(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    with_rule(invocation, |_, content, index| {
        content.transport_rules.remove(index);
        for (priority, rule) in (0..).zip(&mut content.transport_rules) {
            rule.set("Priority", Value::Int(priority));
        }
        Ok(true)
    })?;
    Ok(())
}

fn enable(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    set_state(invocation, "Enabled", 0)
}

fn disable(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    set_state(invocation, "Disabled", 1)
}

fn set_state(invocation: &mut Invocation<'_>, state: &str, number: i32) -> Result<(), Halt> {
    with_rule(invocation, |_, content, index| {
        if let Some(rule) = content.transport_rules.get_mut(index) {
            rule.set(
                "State",
                Value::enumeration("Microsoft.Exchange.MessagingPolicies.Rules.RuleState", state, number),
            );
        }
        Ok(true)
    })?;
    Ok(())
}

/// Does something to the rule that `-Identity` names; gives back that name and what was done. `None`: an error was written, or
/// nothing was to be done.
fn with_rule(
    invocation: &mut Invocation<'_>,
    act: impl Fn(&Invocation<'_>, &mut Content, usize) -> Result<bool, CmdletError>,
) -> Result<Option<(String, bool)>, Halt> {
    let identity = invocation.text("Identity").unwrap_or_default();
    let organization = invocation.organization;
    let outcome = {
        let mut content = organization.write();
        let index = content.transport_rules.iter().position(|rule: &Record| answers_to(rule, &identity));
        match index {
            None => None,
            Some(_) if invocation.is_what_if() => Some(true),
            Some(index) => Some(act(invocation, &mut content, index)?),
        }
    };
    match outcome {
        Some(done) => Ok(Some((identity, done))),
        None => {
            invocation.error(CmdletError::not_found(invocation.cmdlet, &identity))?;
            Ok(None)
        }
    }
}

const RULE_ID: &str = "Microsoft.Exchange.Configuration.Tasks.RuleIdParameter";
const MAX_RULES: usize = 300;

const GET: &[Parameter] = &[
    Parameter::identity(RULE_ID),
    Parameter::text("DlpPolicy"),
    Parameter::switch("ExcludeConditionActionDetails"),
    Parameter::text("Filter"),
    Parameter::new("ResultSize", Kind::Limit),
    Parameter::text("State"),
];

const SET: &[Parameter] = &[
    Parameter::identity(RULE_ID).mandatory(),
    Parameter::text("ApplyHtmlDisclaimerText"),
    Parameter::texts("BlindCopyTo"),
    Parameter::text("Comments"),
    Parameter::bool("DeleteMessage"),
    Parameter::text("FromScope"),
    Parameter::text("Mode"),
    Parameter::text("Name"),
    Parameter::text("PrependSubject"),
    Parameter::new("Priority", Kind::Int),
    Parameter::texts("RedirectMessageTo"),
    Parameter::text("RejectMessageReasonText"),
    Parameter::text("SenderAddressLocation"),
    Parameter::texts("SentTo"),
    Parameter::text("SetSCL"),
    Parameter::bool("StopRuleProcessing"),
    Parameter::texts("SubjectContainsWords"),
];

const NEW: &[Parameter] = &[
    Parameter::text("Name").mandatory().at(0),
    Parameter::text("ApplyHtmlDisclaimerText"),
    Parameter::texts("BlindCopyTo"),
    Parameter::text("Comments"),
    Parameter::bool("DeleteMessage"),
    Parameter::text("FromScope"),
    Parameter::text("Mode"),
    Parameter::text("PrependSubject"),
    Parameter::new("Priority", Kind::Int),
    Parameter::texts("RedirectMessageTo"),
    Parameter::text("RejectMessageReasonText"),
    Parameter::texts("SentTo"),
    Parameter::text("SetSCL"),
    Parameter::bool("StopRuleProcessing"),
    Parameter::texts("SubjectContainsWords"),
];

const CHOOSE: &[Parameter] = &[Parameter::identity(RULE_ID).mandatory(), Parameter::text("DomainController")];
