//! How cmdlets are called, in the form of PowerShell's `Get-Command -Syntax`.

use std::collections::BTreeMap;
use std::io::{self, Write};

use exo_session::catalog::{ALL_SETS, ParameterSet};
use exo_session::{CommandInfo, ParameterInfo};

use crate::print::text::printable;

/// One line for each parameter set, with empty lines around.
pub(crate) fn print(out: &mut impl Write, commands: &[CommandInfo]) -> io::Result<()> {
    for command in commands {
        for set in sets(command) {
            writeln!(out, "\n{}", printable(&line(command, set)))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// The sets in PowerShell's order: the default one first, then as they are met, within a parameter from the last.
fn sets(command: &CommandInfo) -> Vec<&str> {
    let mut sets: Vec<&str> = command.default_parameter_set.as_deref().into_iter().collect();
    for parameter in &command.parameters {
        for set in parameter.sets.iter().rev() {
            if set.name != ALL_SETS && !sets.iter().any(|known| known.eq_ignore_ascii_case(&set.name)) {
                sets.push(&set.name);
            }
        }
    }
    if sets.is_empty() { vec![ALL_SETS] } else { sets }
}

fn line(command: &CommandInfo, set: &str) -> String {
    let mut positional = BTreeMap::new();
    let mut mandatory = Vec::new();
    let mut others = Vec::new();
    for parameter in &command.parameters {
        let Some(place) = place(parameter, set) else { continue };
        match (place.position, place.mandatory) {
            // Of two with one place PowerShell shows the later.
            (Some(position), _) => {
                positional.insert(position, (parameter, place));
            }
            (None, true) => mandatory.push((parameter, place)),
            (None, false) => others.push((parameter, place)),
        }
    }
    let mut line = command.name.clone();
    for (parameter, place) in positional.into_values().chain(mandatory).chain(others) {
        push(&mut line, parameter, place);
    }
    if command.supports_should_process == Some(true) {
        line.push_str(" [-WhatIf] [-Confirm]");
    }
    line.push_str(" [<CommonParameters>]");
    line
}

/// What a parameter is in a set; `None` when it does not belong to it.
fn place<'c>(parameter: &'c ParameterInfo, set: &str) -> Option<&'c ParameterSet> {
    let named = |name: &str| parameter.sets.iter().find(|own| own.name.eq_ignore_ascii_case(name));
    named(set).or_else(|| named(ALL_SETS))
}

/// `[[-Name] <type>]`, with brackets around what may be left out.
fn push(line: &mut String, parameter: &ParameterInfo, place: &ParameterSet) {
    let name = &parameter.name;
    let shown = match (parameter.is_switch, place.position.is_some()) {
        (true, false) => format!("-{name}"),
        (true, true) => format!("[-{name}]"),
        (false, is_positional) => {
            let kind = short(parameter.type_name.as_deref().unwrap_or("System.Object"));
            if is_positional { format!("[-{name}] <{kind}>") } else { format!("-{name} <{kind}>") }
        }
    };
    line.push(' ');
    line.push_str(&if place.mandatory { shown } else { format!("[{shown}]") });
}

/// The name PowerShell shows for a type: its own short word, or the last part of the full name.
fn short(full: &str) -> String {
    if let Some(element) = full.strip_suffix("[]") {
        return format!("{}[]", short(element));
    }
    if let Some((generic, arguments)) =
        full.split_once('[').map(|(g, a)| (g, a.strip_suffix(']').unwrap_or(a)))
    {
        if generic == "System.Nullable`1" {
            return short(arguments);
        }
        let generic = generic.split('`').next().unwrap_or(generic);
        let arguments: Vec<String> = arguments.split(',').map(short).collect();
        return format!("{}[{}]", last(generic), arguments.join(","));
    }
    match WORDS.iter().find(|(known, _)| *known == full) {
        Some((_, word)) => (*word).to_owned(),
        None => last(full).to_owned(),
    }
}

fn last(full: &str) -> &str {
    full.rsplit(['.', '+']).next().unwrap_or(full)
}

/// Type accelerators, as far as a parameter may have them.
const WORDS: &[(&str, &str)] = &[
    ("System.Boolean", "bool"),
    ("System.Byte", "byte"),
    ("System.Char", "char"),
    ("System.Collections.Hashtable", "hashtable"),
    ("System.DateTime", "datetime"),
    ("System.Decimal", "decimal"),
    ("System.Double", "double"),
    ("System.Globalization.CultureInfo", "cultureinfo"),
    ("System.Guid", "guid"),
    ("System.Int16", "short"),
    ("System.Int32", "int"),
    ("System.Int64", "long"),
    ("System.Management.Automation.PSCredential", "pscredential"),
    ("System.Management.Automation.PSObject", "psobject"),
    ("System.Management.Automation.ScriptBlock", "scriptblock"),
    ("System.Management.Automation.SwitchParameter", "switch"),
    ("System.Net.IPAddress", "ipaddress"),
    ("System.Net.Mail.MailAddress", "mailaddress"),
    ("System.SByte", "sbyte"),
    ("System.Security.SecureString", "securestring"),
    ("System.Single", "float"),
    ("System.String", "string"),
    ("System.TimeSpan", "timespan"),
    ("System.UInt16", "ushort"),
    ("System.UInt32", "uint"),
    ("System.UInt64", "ulong"),
    ("System.Uri", "uri"),
    ("System.Version", "version"),
    ("System.Xml.XmlDocument", "xml"),
];
