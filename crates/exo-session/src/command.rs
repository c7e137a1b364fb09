//! What the server tells about a command (MS-PSRP 2.2.3.22 and 2.2.3.23).

use psrp::clixml::{Tape, Text};
use psrp::metadata::{CommandMetadata, ParameterMetadata};
use psrp::records::{ErrorRecord, state_reason};
use serde::Serialize;

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
        })
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
        })
    }
}

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
