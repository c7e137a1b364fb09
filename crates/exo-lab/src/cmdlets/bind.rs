//! From what the caller wrote to a cmdlet's parameters, by PowerShell's rules.

use crate::cmdlets::{Argument, Cmdlet, CmdletError, Kind, Parameter, SECURE_STRING};

/// Which parameter got which argument.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound {
    arguments: Vec<(&'static Parameter, Argument)>,
}

impl Bound {
    pub(crate) fn argument(&self, name: &str) -> Option<&Argument> {
        self.arguments.iter().find(|(parameter, _)| parameter.name == name).map(|(_, argument)| argument)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Parameter, &Argument)> {
        self.arguments.iter().map(|(parameter, argument)| (*parameter, argument))
    }

    /// Whether a switch is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.argument(name).and_then(Argument::bool).unwrap_or(false)
    }

    pub(crate) fn push(&mut self, parameter: &'static Parameter, argument: Argument) {
        self.arguments.push((parameter, argument));
    }
}

/// Binds named and positional arguments. A name may be short as long as it fits one parameter.
pub(crate) fn bind(
    cmdlet: &Cmdlet,
    arguments: Vec<(Option<String>, Argument)>,
) -> Result<Bound, CmdletError> {
    let mut bound = Bound::default();
    let mut positional = Vec::new();
    let mut arguments = arguments.into_iter().peekable();
    while let Some((name, mut argument)) = arguments.next() {
        let Some(name) = name else {
            positional.push(argument);
            continue;
        };
        let name = name.trim_end();
        let parameter = find(cmdlet, name.trim_start_matches('-').trim_end_matches(':'))?;
        if bound.argument(parameter.name).is_some() {
            return Err(CmdletError::bound_twice(cmdlet, parameter.name));
        }
        // A parameter as script text has it, `-Name value`, arrives as a name without value and a value without name.
        if argument == Argument::Null && name.starts_with('-') && !name.ends_with(':') {
            match arguments.peek() {
                _ if parameter.kind == Kind::Switch => argument = Argument::Bool(true),
                Some((None, _)) => argument = arguments.next().map_or(Argument::Null, |(_, value)| value),
                _ => {}
            }
        }
        bound.push(parameter, checked(cmdlet, parameter, argument)?);
    }
    for argument in positional {
        let free = cmdlet.all_parameters().filter(|parameter| bound.argument(parameter.name).is_none());
        let next = free
            .filter_map(|parameter| Some((parameter.position?, parameter)))
            .min_by_key(|(position, _)| *position);
        let Some((_, parameter)) = next else {
            return Err(CmdletError::too_many_arguments(cmdlet, &argument.text().unwrap_or_default()));
        };
        bound.push(parameter, checked(cmdlet, parameter, argument)?);
    }
    Ok(bound)
}

/// Refuses a call that lacks a mandatory parameter.
pub(crate) fn require_mandatory(cmdlet: &Cmdlet, bound: &Bound) -> Result<(), CmdletError> {
    let missing = cmdlet.parameters.iter().filter(|parameter| {
        parameter.is_mandatory
            && bound.argument(parameter.name).is_none_or(|argument| *argument == Argument::Null)
    });
    let names: Vec<&str> = missing.map(|parameter| parameter.name).collect();
    if names.is_empty() { Ok(()) } else { Err(CmdletError::missing_parameter(cmdlet, &names.join(" "))) }
}

fn find(cmdlet: &Cmdlet, name: &str) -> Result<&'static Parameter, CmdletError> {
    if let Some(parameter) = cmdlet.all_parameters().find(|parameter| parameter.is_called(name)) {
        return Ok(parameter);
    }
    let begins = |parameter: &&Parameter| {
        !name.is_empty()
            && parameter.name.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let candidates: Vec<&'static Parameter> = cmdlet.all_parameters().filter(begins).collect();
    match candidates.as_slice() {
        [] => Err(CmdletError::unknown_parameter(cmdlet, name)),
        [one] => Ok(one),
        several => {
            let names: Vec<&str> = several.iter().map(|parameter| parameter.name).collect();
            Err(CmdletError::ambiguous_parameter(cmdlet, name, &names))
        }
    }
}

fn checked(cmdlet: &Cmdlet, parameter: &Parameter, argument: Argument) -> Result<Argument, CmdletError> {
    let fits = match parameter.kind {
        // A switch without a value is on.
        Kind::Switch => {
            if argument == Argument::Null {
                return Ok(Argument::Bool(true));
            }
            argument.bool().is_some()
        }
        _ if argument == Argument::Null => true,
        // The REST endpoint has looked at the secret already and gives its type only.
        Kind::Secret => match &argument {
            Argument::Secret(_) => true,
            Argument::Object(name) => name == SECURE_STRING,
            _ => false,
        },
        Kind::Any => !matches!(argument, Argument::Other(_)),
        Kind::Text | Kind::Identity(_) => argument.text().is_some(),
        Kind::Texts => matches!(argument, Argument::Table(_)) || argument.texts().is_some(),
        Kind::Bool => argument.bool().is_some(),
        Kind::Int => argument.number().is_some(),
        Kind::Quota => argument.quota().is_some(),
        Kind::Limit => argument.limit().is_some(),
    };
    if fits {
        return Ok(argument);
    }
    let value = match &argument {
        Argument::Other(kind) => (*kind).to_owned(),
        Argument::Table(_) => "System.Collections.Hashtable".to_owned(),
        Argument::Secret(_) => SECURE_STRING.to_owned(),
        other => other.text().unwrap_or_else(|| "System.Object[]".to_owned()),
    };
    Err(CmdletError::bad_argument(cmdlet, parameter.name, &value, parameter.type_name()))
}

#[cfg(test)]
mod tests;
