//! What the server tells about a command (MS-PSRP 2.2.3.22 and 2.2.3.23).

use psrp::clixml::{Tape, Text};
use psrp::metadata::{CommandMetadata, ParameterMetadata};
use psrp::records::{ErrorRecord, state_reason};
use serde::Serialize;

use crate::catalog::{Catalog, Cmdlet, ConfirmImpact, Parameter, ParameterSet, TypeRule};
use crate::error::kind::shown;

/// One command that the account may run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct CommandInfo {
    /// For example `Get-Mailbox`.
    pub name: String,
    /// The kind of command as a number of `System.Management.Automation.CommandTypes`: 1 alias, 2 function,
    /// 8 cmdlet.
    pub command_type: i32,
    /// The command an alias stands for.
    pub resolved_command_name: Option<String>,
    /// Where its help is.
    pub help_uri: Option<String>,
    /// The types it says it writes.
    pub output_types: Vec<String>,
    /// In the order of the answer.
    pub parameters: Vec<ParameterInfo>,
    /// The parameter set that is taken when the parameters do not decide; `None` when there is none, or the server
    /// does not say (PSRP).
    pub default_parameter_set: Option<String>,
    /// Whether `-WhatIf` and `-Confirm` exist; `None` when the server does not say (PSRP).
    pub supports_should_process: Option<bool>,
    /// What a change weighs; `None` when the server does not say (PSRP).
    pub confirm_impact: Option<ConfirmImpact>,
    /// Where a piped object goes by its type, before ordinary binding.
    pub type_rules: Vec<TypeRule>,
}

/// One parameter of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ParameterInfo {
    /// Without the dash.
    pub name: String,
    /// The .NET type's full name; `None` when the server does not say.
    #[serde(rename = "type")]
    pub type_name: Option<String>,
    /// Other names it goes by.
    pub aliases: Vec<String>,
    /// Whether it is a switch, which takes no value.
    pub is_switch: bool,
    /// Whether it exists only together with others.
    pub is_dynamic: bool,
    /// What it is in each parameter set; empty when the server does not say (PSRP).
    pub sets: Vec<ParameterSet>,
    /// What a value must satisfy, such as `ValidateNotNullOrEmpty` or `Length(1,320)`.
    pub validation: Vec<String>,
}

impl CommandInfo {
    /// The command in one output object of the answer; `None` for the count that the answer begins with.
    pub(crate) fn of_output(output: &Tape) -> Option<Self> {
        let command = CommandMetadata::new(output)?;
        Some(Self {
            name: owned(command.name()?),
            command_type: command.command_type().map_or(0, |types| types.0),
            resolved_command_name: command.resolved_command_name().map(owned).filter(|name| !name.is_empty()),
            help_uri: command.help_uri().map(owned).filter(|uri| !uri.is_empty()),
            output_types: command.output_types().map(owned).collect(),
            parameters: command.parameters().filter_map(ParameterInfo::of).collect(),
            default_parameter_set: None,
            supports_should_process: None,
            confirm_impact: None,
            type_rules: Vec::new(),
        })
    }

    /// The commands of a catalogue whose names match one of `names` (wildcards allowed), or all when there are none.
    #[must_use]
    pub fn of_catalog(catalog: &Catalog, names: &[String]) -> Vec<Self> {
        let is_wanted =
            |cmdlet: &&Cmdlet| names.is_empty() || names.iter().any(|name| matches(name, &cmdlet.name));
        catalog.cmdlets.iter().filter(is_wanted).map(Self::of_cmdlet).collect()
    }

    fn of_cmdlet(cmdlet: &Cmdlet) -> Self {
        Self {
            name: cmdlet.name.clone(),
            command_type: FUNCTION,
            resolved_command_name: None,
            help_uri: None,
            output_types: Vec::new(),
            parameters: cmdlet.parameters.iter().map(ParameterInfo::of_catalog).collect(),
            default_parameter_set: cmdlet.default_parameter_set.clone(),
            supports_should_process: Some(cmdlet.supports_should_process),
            confirm_impact: Some(cmdlet.confirm_impact),
            type_rules: cmdlet.type_rules.clone(),
        }
    }
}

impl ParameterInfo {
    fn of(parameter: ParameterMetadata<'_>) -> Option<Self> {
        Some(Self {
            name: owned(parameter.name()?),
            type_name: parameter.parameter_type().map(owned).filter(|name| !name.is_empty()),
            aliases: parameter.aliases().map(owned).collect(),
            is_switch: parameter.is_switch(),
            is_dynamic: parameter.is_dynamic(),
            sets: Vec::new(),
            validation: Vec::new(),
        })
    }

    fn of_catalog(parameter: &Parameter) -> Self {
        Self {
            name: parameter.name.clone(),
            type_name: Some(parameter.type_name.clone()),
            aliases: parameter.aliases.clone(),
            is_switch: parameter.type_name == "System.Management.Automation.SwitchParameter",
            is_dynamic: false,
            sets: parameter.sets.clone(),
            validation: parameter.validation.iter().map(ToString::to_string).collect(),
        }
    }
}

/// Whether a name fits a pattern with `*` and `?`, the case of letters ignored. At most quadratic.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut from) = (0, 0);
    // Where the last star stands, and how much of the name it has taken.
    let mut star: Option<(usize, usize)> = None;
    loop {
        match (pattern.get(at), name.get(from)) {
            (Some(b'*'), _) => {
                star = Some((at, from));
                at += 1;
            }
            (None, None) => return true,
            (Some(b'?'), Some(_)) => {
                at += 1;
                from += 1;
            }
            (Some(one), Some(other)) if one == other => {
                at += 1;
                from += 1;
            }
            _ => match &mut star {
                Some((place, taken)) if *taken < name.len() => {
                    *taken += 1;
                    at = *place + 1;
                    from = *taken;
                }
                _ => return false,
            },
        }
    }
}

/// What the service's cmdlets are to PowerShell.
const FUNCTION: i32 = 2;

fn owned(text: Text<'_>) -> String {
    text.to_lossy().into_owned()
}

/// Why a pool or a pipeline failed: the message of the error record in its last state.
pub(crate) fn failure_text(reason: Option<&Tape>) -> String {
    reason
        .and_then(state_reason)
        .and_then(ErrorRecord::message)
        .map_or_else(|| "it gave no reason".to_owned(), |text| shown(&text.to_lossy()))
}
