//! Cmdlets, one to a line.

use std::io::{self, Write};

use exo_session::CommandInfo;

use crate::print::text::printable;

/// Name, what a change weighs, parameters.
pub(crate) fn print(out: &mut impl Write, commands: &[CommandInfo]) -> io::Result<()> {
    let widest =
        commands.iter().map(|command| command.name.chars().count()).max().unwrap_or(0).max(HEAD.len());
    if !commands.is_empty() {
        writeln!(out, "{HEAD:widest$}  Impact  Parameters")?;
        writeln!(out, "{}  ------  ----------", "-".repeat(widest))?;
    }
    for command in commands {
        let impact = match (command.supports_should_process, command.confirm_impact) {
            (Some(true), Some(impact)) => format!("{impact:?}"),
            _ => "-".to_owned(),
        };
        let names: Vec<&str> = command.parameters.iter().map(|parameter| parameter.name.as_str()).collect();
        writeln!(out, "{:widest$}  {impact:6}  {}", printable(&command.name), printable(&names.join(" ")))?;
    }
    Ok(())
}

const HEAD: &str = "Name";
