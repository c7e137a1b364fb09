//! Parameter values as JSON: what the service understands of a PowerShell value.

use psrp::clixml::{Kind, Tape, Value};

use self::shape::{flag_of, text_of};
use self::writer::Writer;
use super::json::push_str;
use super::seal::ServiceKey;
use crate::catalog::{Cmdlet, Parameter};

mod shape;
mod text;
mod writer;

/// Why a value cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParameterError {
    /// A date that could be any zone's.
    #[error("the parameter {name} has a date without a zone: give it as UTC or with an offset")]
    DateWithoutZone {
        /// The parameter.
        name: String,
    },
    /// A password, and no key to encrypt it with.
    #[error("the parameter {name} holds a secret, and the service has given no key to encrypt it with")]
    NoKey {
        /// The parameter.
        name: String,
    },
    /// A password that cannot be encrypted.
    #[error("the secret in the parameter {name} cannot be encrypted: {problem}")]
    Secret {
        /// The parameter.
        name: String,
        /// Why, in a few words.
        problem: String,
    },
    /// The same parameter a second time.
    #[error("the parameter {name} is given twice")]
    Twice {
        /// The parameter.
        name: String,
    },
    /// More than a request may hold.
    #[error("the parameter {name} is too large: a request holds at most {limit} bytes")]
    TooLarge {
        /// The parameter.
        name: String,
        /// The limit in bytes.
        limit: usize,
    },
    /// The tape is not one object with members.
    #[error("the parameters are not the members of one object")]
    Shape,
}

/// The parameters of one call, looked at through the declaration of its cmdlet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arguments<'a> {
    cmdlet: &'a Cmdlet,
    given: Option<Value<'a>>,
    key: Option<&'a ServiceKey>,
}

impl<'a> Arguments<'a> {
    /// The members of the tape's one object; an empty tape has none.
    /// `key` encrypts secrets.
    pub(crate) fn new(
        cmdlet: &'a Cmdlet,
        parameters: &'a Tape,
        key: Option<&'a ServiceKey>,
    ) -> Result<Self, ParameterError> {
        let given = parameters.first();
        if given.is_some_and(|given| given.resolve().kind() != Kind::Object) {
            return Err(ParameterError::Shape);
        }
        let arguments = Self { cmdlet, given, key };
        let mut names: Vec<String> =
            arguments.iter().map(|(name, _)| name.as_str().to_ascii_lowercase()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| matches!(pair, [one, other] if one == other)) {
            Some(pair) => Err(ParameterError::Twice { name: pair.first().cloned().unwrap_or_default() }),
            None => Ok(arguments),
        }
    }

    /// Name and value of each, names as the service declares them.
    fn iter(self) -> impl Iterator<Item = (Named<'a>, Value<'a>)> {
        self.given.into_iter().flat_map(Value::members).map(move |value| {
            let own = value.name().map_or_else(String::new, |name| name.to_lossy().into_owned());
            let declared = self.cmdlet.parameter(&own);
            (Named { declared, own }, value.resolve())
        })
    }

    /// The value given for a parameter.
    pub(crate) fn get(self, name: &str) -> Option<Value<'a>> {
        self.iter().find(|(own, _)| own.as_str().eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// Whether a switch or a Boolean is given, and what it says.
    pub(crate) fn flag(self, name: &str) -> Option<bool> {
        self.get(name).and_then(flag_of)
    }

    /// What a value shows as text; a list shows nothing.
    pub(crate) fn text(self, name: &str) -> Option<String> {
        self.get(name).map(|value| text_of(value).into_owned()).filter(|text| !text.is_empty())
    }

    /// Appends the object of parameters. `confirm` takes the place of what is given for `-Confirm`. Gives back whether
    /// something lay so deep that only its type's name went out.
    pub(crate) fn write(self, confirm: Option<bool>, out: &mut Vec<u8>) -> Result<bool, ParameterError> {
        let mut writer = Writer::new(self.key);
        let mut is_first = true;
        let mut separate = |out: &mut Vec<u8>| {
            if !std::mem::take(&mut is_first) {
                out.push(b',');
            }
        };
        out.push(b'{');
        for (name, value) in self.iter() {
            let shown = name.as_str();
            if shown.eq_ignore_ascii_case(CUSTOM_ROUTING)
                || (confirm.is_some() && shown.eq_ignore_ascii_case("Confirm"))
            {
                continue;
            }
            separate(out);
            push_str(out, shown);
            out.push(b':');
            writer.name.clear();
            writer.name.push_str(shown);
            let collection = writer.parameter(&name, value, out)?;
            if let Some(of) = collection {
                separate(out);
                push_str(out, &format!("{shown}@odata.type"));
                out.push(b':');
                push_str(out, &format!("#Collection({of})"));
            }
        }
        if let Some(confirm) = confirm {
            separate(out);
            out.extend_from_slice(if confirm { b"\"Confirm\":true" } else { b"\"Confirm\":false" });
        }
        out.push(b'}');
        Ok(writer.cut)
    }
}

/// A parameter by the name it was given and, when the service declares it, with that declaration.
struct Named<'a> {
    declared: Option<&'a Parameter>,
    own: String,
}

impl Named<'_> {
    fn as_str(&self) -> &str {
        self.declared.map_or(&self.own, |declared| &declared.name)
    }

    fn type_name(&self) -> &str {
        self.declared.map_or("System.Object", |declared| &declared.type_name)
    }

    /// Whether a piped object can become its value.
    fn takes_pipeline(&self) -> bool {
        self.declared.is_some_and(|declared| {
            declared.sets.iter().any(|set| set.pipeline || set.pipeline_by_property_name)
        })
    }
}

/// Chooses routing and is no parameter of the service.
const CUSTOM_ROUTING: &str = "UseCustomRouting";

#[cfg(test)]
mod tests;
