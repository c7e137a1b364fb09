//! Cmdlets as one JSON array.

use std::io::{self, Write};

use exo_session::{CommandInfo, ParameterInfo};
use serde_json::{Value, json};

/// One cmdlet on each line of the array.
pub(crate) fn print(out: &mut impl Write, commands: &[CommandInfo]) -> io::Result<()> {
    out.write_all(b"[")?;
    for (place, command) in commands.iter().enumerate() {
        out.write_all(if place == 0 { b"\n" } else { b",\n" })?;
        serde_json::to_writer(&mut *out, &cmdlet(command))?;
    }
    out.write_all(if commands.is_empty() { b"]\n" } else { b"\n]\n" })
}

/// What a server did not say is null.
fn cmdlet(command: &CommandInfo) -> Value {
    json!({
        "name": command.name,
        "defaultParameterSet": command.default_parameter_set,
        "supportsShouldProcess": command.supports_should_process,
        "confirmImpact": command.confirm_impact,
        "parameters": command.parameters.iter().map(parameter).collect::<Vec<_>>(),
    })
}

fn parameter(parameter: &ParameterInfo) -> Value {
    json!({
        "name": parameter.name,
        "type": parameter.type_name.as_deref().unwrap_or("System.Object"),
        "aliases": parameter.aliases,
        "sets": parameter.sets,
        "validation": parameter.validation,
    })
}
