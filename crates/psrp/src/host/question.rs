//! What a host call asks a person (2.2.3.17, 2.2.6).

use super::{HostCall, HostMethod};
use crate::clixml::{Text, Value};

/// A call that a person must answer, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// A line of text.
    Line,
    /// A line that is not shown while it is typed.
    SecureLine,
    /// One of several choices; the answer is its place, from 0.
    Choice(ChoiceQuestion),
    /// A user name and a password.
    Credential(CredentialQuestion),
    /// A value for each of some fields.
    Prompt(PromptQuestion),
}

/// PromptForChoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceQuestion {
    /// What it is about.
    pub caption: String,
    /// The question.
    pub message: String,
    /// What may be chosen.
    pub choices: Vec<Choice>,
    /// The place of the choice to offer first; negative when there is none.
    pub default: i32,
}

/// One choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Choice {
    /// Its name, with `&` in front of the letter that stands for it.
    pub label: String,
    /// What it means.
    pub help: String,
}

/// PromptForCredential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialQuestion {
    /// What it is about.
    pub caption: String,
    /// What it is for.
    pub message: String,
    /// The name to offer first; may be empty.
    pub user_name: String,
    /// What the name belongs to; may be empty.
    pub target_name: String,
}

/// Prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptQuestion {
    /// What it is about.
    pub caption: String,
    /// What it is for.
    pub message: String,
    /// The fields, in the order of the answer.
    pub fields: Vec<PromptField>,
}

/// One field of a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromptField {
    /// Its name, which the answer repeats.
    pub name: String,
    /// What to show in its place; may be empty.
    pub label: String,
    /// What it means; may be empty.
    pub help: String,
    /// The .NET type of the value, such as `System.String` or `System.Security.SecureString`.
    pub type_name: String,
    /// A value must be given.
    pub is_mandatory: bool,
}

impl HostCall {
    /// What is asked; `None` for a method that asks nobody, or whose parameters are not as they must be.
    #[must_use]
    pub fn question(&self) -> Option<Question> {
        let parameters: Vec<Value<'_>> = self.parameters().map(Value::resolve).collect();
        let text = |index: usize| parameters.get(index).copied().map(owned).unwrap_or_default();
        Some(match self.method {
            HostMethod::ReadLine => Question::Line,
            HostMethod::ReadLineAsSecureString => Question::SecureLine,
            HostMethod::PromptForChoice => Question::Choice(ChoiceQuestion {
                caption: text(0),
                message: text(1),
                choices: parameters.get(2)?.items().map(choice).collect(),
                default: i32::try_from(parameters.get(3)?.as_i64()?).ok()?,
            }),
            HostMethod::PromptForCredential1 | HostMethod::PromptForCredential2 => {
                Question::Credential(CredentialQuestion {
                    caption: text(0),
                    message: text(1),
                    user_name: text(2),
                    target_name: text(3),
                })
            }
            HostMethod::Prompt => Question::Prompt(PromptQuestion {
                caption: text(0),
                message: text(1),
                fields: parameters.get(2)?.items().map(field).collect(),
            }),
            _ => return None,
        })
    }
}

fn choice(value: Value<'_>) -> Choice {
    let value = value.resolve();
    Choice { label: member(value, "label"), help: member(value, "helpMessage") }
}

fn field(value: Value<'_>) -> PromptField {
    let value = value.resolve();
    PromptField {
        name: member(value, "name"),
        label: member(value, "label"),
        help: member(value, "helpMessage"),
        type_name: member(value, "parameterTypeFullName"),
        is_mandatory: value.member("isMandatory").and_then(Value::as_bool).unwrap_or(false),
    }
}

fn member(value: Value<'_>, name: &str) -> String {
    value.member(name).map(owned).unwrap_or_default()
}

fn owned(value: Value<'_>) -> String {
    value.resolve().text().map(Text::to_lossy).unwrap_or_default().into_owned()
}
