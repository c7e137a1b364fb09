//! Command text to values: what stands behind `--` on the command line.
//!
//! ```text
//! Set-Mailbox -Identity ana -HiddenFromAddressListsEnabled $true -EmailAddresses @{Add='a@x.y','b@x.y'} -Force
//! ```
//!
//! | text | value |
//! |---|---|
//! | `text`, `'it''s'`, `"text"` | a string; inside quotes everything stands for itself but the doubled quote |
//! | `$true`, `$false`, `$null` | Boolean or null |
//! | `5`, `-5`, `1.5` | a number, where its usual spelling is the text; `007` and `+49` stay strings |
//! | `a,b,c`, `@(a,b)`, `@()` | a list |
//! | `@{Add='x';Remove='y'}` | a table |
//! | `@stdin`, `@prompt` | a SecureString: the next line of standard input, or what is typed at the terminal |
//!
//! Text that does not begin with a quote, `@` or `$` and that has white space in it is one string as it stands:
//! the shell took its quotes off (`-DisplayName "Doe, Ana"`).

use std::fmt;

use exo_session::Secret;
use psrp::clixml::{DecodeError, Encoder, Tape};
use psrp::secret::{decode_secret, secure_text};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::exit::Failure;
use crate::secret::Source;

mod lexer;

/// A command with its parameters in the order written.
#[derive(Debug)]
pub(crate) struct CommandLine {
    /// The name of the command.
    pub(crate) command: String,
    /// Names without the dash, and values.
    pub(crate) parameters: Vec<(String, Parameter)>,
}

/// The value of a parameter.
#[derive(Clone)]
pub(crate) enum Parameter {
    Null,
    Bool(bool),
    Int32(i32),
    Int64(i64),
    Double(f64),
    Text(String),
    List(Vec<Parameter>),
    Table(Vec<(String, Parameter)>),
    /// A secret that is still to be read.
    Source(Source),
    /// A secret.
    Secure(Secret),
}

/// Why a command line was not understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ParseError {
    /// Nothing, or something that is no name, where the command must stand.
    NoCommand,
    /// A value without a parameter name in front.
    Positional { number: usize },
    /// Something that begins with a dash and is no parameter name.
    BadName { text: String },
    /// A name with a colon and nothing behind it.
    NoValue { name: String },
    /// A parameter given twice.
    Twice { name: String },
    /// A value that cannot be read, with the place counted in characters from 1.
    BadValue { name: String, at: usize, problem: &'static str },
}

impl CommandLine {
    /// Reads the words behind `--`, as the shell has split them.
    pub(crate) fn parse(words: &[String]) -> Result<Self, ParseError> {
        let (command, mut rest) = words.split_first().ok_or(ParseError::NoCommand)?;
        let named = command.starts_with(|letter: char| letter.is_alphabetic())
            && command
                .chars()
                .all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '\\' | '.'));
        if !named {
            return Err(ParseError::NoCommand);
        }
        let mut parameters: Vec<(String, Parameter)> = Vec::new();
        let mut number = 0;
        while let Some((word, after)) = rest.split_first() {
            rest = after;
            number += 1;
            let (name, attached) = split_name(word, number)?;
            if parameters.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
                return Err(ParseError::Twice { name: name.to_owned() });
            }
            let text = match attached {
                Some("") => {
                    Some(take_value(&mut rest).ok_or_else(|| ParseError::NoValue { name: name.to_owned() })?)
                }
                Some(text) => Some(text.to_owned()),
                None if rest.first().is_some_and(|next| is_value(next)) => take_value(&mut rest),
                None => None,
            };
            let value = match text.as_deref() {
                // A switch: a server turns a Boolean into whatever the parameter is.
                None => Parameter::Bool(true),
                Some("") => Parameter::Text(String::new()),
                Some(text) if let Some(source) = Source::named(text) => Parameter::Source(source),
                Some(text) => lexer::parse(text).map_err(|(at, problem)| ParseError::BadValue {
                    name: name.to_owned(),
                    at,
                    problem,
                })?,
            };
            parameters.push((name.to_owned(), value));
        }
        Ok(Self { command: command.clone(), parameters })
    }

    /// Whether a value comes from standard input.
    pub(crate) fn takes_stdin(&self) -> bool {
        self.parameters.iter().any(|(_, value)| matches!(value, Parameter::Source(Source::Stdin)))
    }

    /// Reads the secrets in the order written.
    pub(crate) fn read_secrets(&mut self) -> Result<(), Failure> {
        for (name, value) in &mut self.parameters {
            if let Parameter::Source(source) = value {
                *value = Parameter::Secure(source.read(name)?);
            }
        }
        Ok(())
    }

    /// The parameters as one object whose extended members they are.
    pub(crate) fn to_tape(&self) -> Result<Tape, DecodeError> {
        // Enough for secrets of any length that is read, so that growing leaves no copy behind.
        let secrets = self.parameters.iter().map(|(_, value)| match value {
            Parameter::Secure(secret) => secret.expose().len() * BYTES_OF_SECURE_TEXT,
            _ => 0,
        });
        let mut body = Zeroizing::new(Vec::with_capacity(secrets.sum::<usize>() + USUAL_LEN));
        let mut encoder = Encoder::new(&mut body);
        encoder.object(None, &[], None, |object| {
            object.members(|members| {
                for (name, value) in &self.parameters {
                    value.encode(members, Some(name));
                }
            });
        });
        drop(encoder);
        decode_secret(body)
    }
}

/// Splits `-Name`, `-Name:` and `-Name:value`.
fn split_name(word: &str, number: usize) -> Result<(&str, Option<&str>), ParseError> {
    let Some(rest) = word.strip_prefix('-') else { return Err(ParseError::Positional { number }) };
    let (name, value) = match rest.split_once(':') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let first = name.starts_with(|letter: char| letter.is_alphabetic() || letter == '_');
    if first && name.chars().all(|letter| letter.is_alphanumeric() || letter == '_') {
        Ok((name, value))
    } else {
        Err(ParseError::BadName { text: word.to_owned() })
    }
}

/// Whether a word behind a name is its value: everything but the next name. A negative number is a value.
fn is_value(word: &str) -> bool {
    match word.strip_prefix('-') {
        Some(rest) => rest.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.'),
        None => true,
    }
}

/// One value: a word, and the ones after it as long as a comma stands at the end, as in `a, b`.
fn take_value(rest: &mut &[String]) -> Option<String> {
    let (word, after) = rest.split_first()?;
    *rest = after;
    let mut text = word.clone();
    while text.ends_with(',')
        && let Some((word, after)) = rest.split_first()
    {
        *rest = after;
        text.push_str(word);
    }
    Some(text)
}

impl Parameter {
    fn encode(&self, encoder: &mut Encoder<'_>, name: Option<&str>) {
        match self {
            Self::Null => encoder.nil(name),
            Self::Bool(value) => encoder.bool(name, *value),
            Self::Int32(value) => encoder.i32(name, *value),
            Self::Int64(value) => encoder.i64(name, *value),
            Self::Double(value) => encoder.f64(name, *value),
            Self::Text(value) => encoder.string(name, value),
            Self::Secure(secret) => encoder.secure_string(name, &secure_text(secret.expose())),
            // Without its value it is nothing that could be sent.
            Self::Source(_) => encoder.nil(name),
            Self::List(items) => {
                encoder.object(name, &LIST_TYPES, None, |object| {
                    object.list(|list| {
                        for item in items {
                            item.encode(list, None);
                        }
                    });
                });
            }
            Self::Table(entries) => {
                encoder.object(name, &TABLE_TYPES, None, |object| {
                    object.dictionary(|dictionary| {
                        for (key, value) in entries {
                            dictionary.entry(|slot| slot.string(None, key), |slot| value.encode(slot, None));
                        }
                    });
                });
            }
        }
    }
}

impl Parameter {
    /// Feeds a hash with what tells this value from others.
    pub(crate) fn digest(&self, hash: &mut Sha256) {
        // The kind, and how much follows, so that no two values come to the same bytes.
        let mut part = |kind: u8, bytes: &[u8]| {
            hash.update([kind]);
            hash.update(u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_le_bytes());
            hash.update(bytes);
        };
        match self {
            Self::Null | Self::Source(_) => part(0, &[]),
            Self::Bool(value) => part(1, &[u8::from(*value)]),
            Self::Int32(value) => part(2, &value.to_le_bytes()),
            Self::Int64(value) => part(3, &value.to_le_bytes()),
            Self::Double(value) => part(4, &value.to_le_bytes()),
            Self::Text(text) => part(5, text.as_bytes()),
            Self::Secure(secret) => part(6, secret.expose().as_bytes()),
            Self::List(items) => {
                part(7, &u64::try_from(items.len()).unwrap_or(u64::MAX).to_le_bytes());
                items.iter().for_each(|item| item.digest(hash));
            }
            Self::Table(entries) => {
                part(8, &u64::try_from(entries.len()).unwrap_or(u64::MAX).to_le_bytes());
                for (key, value) in entries {
                    Self::Text(key.clone()).digest(hash);
                    value.digest(hash);
                }
            }
        }
    }
}

impl fmt::Debug for Parameter {
    /// For tests; values may be personal, so nothing logs them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("$null"),
            Self::Bool(value) => write!(f, "${value}"),
            Self::Int32(value) => write!(f, "{value}"),
            Self::Int64(value) => write!(f, "{value}L"),
            Self::Double(value) => write!(f, "{value:?}d"),
            Self::Text(value) => write!(f, "{value:?}"),
            Self::Source(source) => write!(f, "{source:?}"),
            Self::Secure(_) => f.write_str("secret"),
            Self::List(items) => f.debug_list().entries(items).finish(),
            Self::Table(entries) => {
                f.debug_map().entries(entries.iter().map(|(key, value)| (key, value))).finish()
            }
        }
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCommand => {
                f.write_str("after -- stands no command: write for example -- Get-Mailbox -ResultSize 10")
            }
            Self::Positional { number } => write!(
                f,
                "argument {number} of the command has no parameter name: write -Name value, for example -Identity ana"
            ),
            Self::BadName { text } => write!(
                f,
                "`{text}` is no parameter name: write -Name value, and quote a value that begins with a dash: -Name \"'{text}'\""
            ),
            Self::NoValue { name } => write!(f, "after -{name}: stands no value"),
            Self::Twice { name } => write!(f, "-{name} is given twice"),
            Self::BadValue { name, at, problem } => {
                write!(f, "the value of -{name} cannot be read at character {at}: {problem}")
            }
        }
    }
}

impl std::error::Error for ParseError {}

/// Base64 of two bytes for each at most.
const BYTES_OF_SECURE_TEXT: usize = 4;
const USUAL_LEN: usize = 16 << 10;
const LIST_TYPES: [&str; 3] = ["System.Object[]", "System.Array", "System.Object"];
const TABLE_TYPES: [&str; 2] = ["System.Collections.Hashtable", "System.Object"];

#[cfg(test)]
mod tests;
