//! Whether a change may be made: asked of the client's host, as a server of this kind does.

use psrp::HostMethod;

use crate::cmdlets::{Argument, Bound, Cmdlet, CmdletError, Halt};
use crate::shell::output::PipelineOutput;

/// Asks where the cmdlet or its caller wants that; false is a no.
pub(super) fn is_confirmed(
    output: &mut PipelineOutput,
    cmdlet: &Cmdlet,
    bound: &Bound,
) -> Result<bool, Halt> {
    let asks = match bound.argument("Confirm").and_then(Argument::bool) {
        Some(asks) => asks,
        None => ASKS_BY_ITSELF.contains(&cmdlet.name),
    };
    if !asks || bound.is_on("WhatIf") {
        return Ok(true);
    }
    let target = bound.argument("Identity").and_then(Argument::text).unwrap_or_default();
    let doing = match cmdlet.name {
        "Remove-Mailbox" => format!(
            "Removing the mailbox \"{target}\" will remove the user object and mark the mailbox for removal."
        ),
        name => format!("Performing the operation \"{name}\" on target \"{target}\"."),
    };
    let question = format!("Are you sure you want to perform this action?\n{doing}");
    let answer = output.call_host(cmdlet, HostMethod::PromptForChoice, |parameters| {
        parameters.string(None, "Confirm");
        parameters.string(None, &question);
        parameters.object(None, ARRAY_LIST, None, |list| {
            list.list(|list| {
                for (label, help) in CHOICES {
                    list.object(None, &[], None, |choice| {
                        choice.members(|members| {
                            members.string("label", label);
                            members.string("helpMessage", help);
                        });
                    });
                }
            });
        });
        parameters.i32(None, 0);
    })?;
    if let Some(error) = answer.error() {
        let reason = error.message().map(|text| text.to_lossy().into_owned()).unwrap_or_default();
        return Err(CmdletError::invalid(cmdlet, reason).into());
    }
    Ok(matches!(answer.value().and_then(psrp::clixml::Value::as_i64), Some(0 | 1)))
}

/// What is asked about unless the caller says `-Confirm:$false`.
const ASKS_BY_ITSELF: &[&str] = &["Remove-Mailbox"];
const CHOICES: &[(&str, &str)] = &[
    ("&Yes", "Continue with only the next step of the operation."),
    ("Yes to &All", "Continue with all the steps of the operation."),
    ("&No", "Skip this operation and proceed with the next operation."),
    ("No to A&ll", "Skip this operation and all subsequent operations."),
];
const ARRAY_LIST: &[&str] = &["System.Collections.ArrayList", "System.Object"];
