//! Who answers when a command asks.

use std::fmt;

use exo_auth::Secret;
use psrp::clixml::{Encoder, Tape};
use psrp::secret::{decode_secret, secure_text};
use psrp::{ChoiceQuestion, CredentialQuestion, HostCall, PromptQuestion, Question};
use zeroize::Zeroizing;

/// A person, or what stands for one. Each method may block as long as that takes: it is called on a thread of its own.
///
/// What a host does not answer is refused, and the command gets an error where it asked.
pub trait Host: Send + Sync {
    /// The place of one of the choices, from 0.
    ///
    /// # Errors
    /// Nobody answers.
    fn choose(&self, _question: &ChoiceQuestion) -> Result<i32, Refusal> {
        Err(Refusal::default())
    }

    /// A line of text.
    ///
    /// # Errors
    /// Nobody answers.
    fn read_line(&self) -> Result<String, Refusal> {
        Err(Refusal::default())
    }

    /// A line that is not shown while it is typed.
    ///
    /// # Errors
    /// Nobody answers.
    fn read_secret(&self) -> Result<Secret, Refusal> {
        Err(Refusal::default())
    }

    /// A user name and a password.
    ///
    /// # Errors
    /// Nobody answers.
    fn credential(&self, _question: &CredentialQuestion) -> Result<(String, Secret), Refusal> {
        Err(Refusal::default())
    }

    /// A value for each field that gets one, by its name.
    ///
    /// # Errors
    /// Nobody answers.
    fn prompt(&self, _question: &PromptQuestion) -> Result<Vec<(String, FieldValue)>, Refusal> {
        Err(Refusal::default())
    }
}

/// The value of a field of a prompt.
#[derive(Clone)]
pub enum FieldValue {
    /// A text; the server turns it into the type of the field.
    Text(String),
    /// A SecureString.
    Secret(Secret),
}

impl fmt::Debug for FieldValue {
    /// Without what a person typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text",
            Self::Secret(_) => "Secret",
        })
    }
}

/// Why there is no answer, in a sentence that the command shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal(pub String);

impl Default for Refusal {
    fn default() -> Self {
        Self("the host of this session does not answer such questions".to_owned())
    }
}

/// An answer on its way to the server.
pub(crate) enum Reply {
    Choice(i32),
    Value(Tape),
    Refused(String),
}

impl fmt::Debug for Reply {
    /// Without what a person typed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reply")
    }
}

/// Puts a call to the host.
pub(crate) fn ask(host: &dyn Host, call: &HostCall) -> Reply {
    let answered = match call.question() {
        Some(Question::Choice(question)) => host.choose(&question).map(Reply::Choice),
        Some(Question::Line) => host.read_line().map(|line| value(|out| out.string(None, &line))),
        Some(Question::SecureLine) => host
            .read_secret()
            .map(|secret| value(|out| out.secure_string(None, &secure_text(secret.expose())))),
        Some(Question::Credential(question)) => {
            host.credential(&question).map(|(user_name, password)| credential(&user_name, &password))
        }
        Some(Question::Prompt(question)) => host.prompt(&question).map(|fields| table(&fields)),
        _ => Err(Refusal(format!("the host of this session has no {}", call.method))),
    };
    answered.unwrap_or_else(|Refusal(reason)| Reply::Refused(reason))
}

fn value(write: impl FnOnce(&mut Encoder<'_>)) -> Reply {
    // Usually enough, so that growing leaves no copy behind.
    let mut body = Zeroizing::new(Vec::with_capacity(USUAL_LEN));
    write(&mut Encoder::new(&mut body));
    match decode_secret(body) {
        Ok(tape) => Reply::Value(tape),
        // Only what is beyond the limits of an object.
        Err(error) => Reply::Refused(format!("the answer cannot be sent: {error}")),
    }
}

fn credential(user_name: &str, password: &Secret) -> Reply {
    value(|out| {
        out.object(None, CREDENTIAL, CREDENTIAL.first().copied(), |object| {
            object.props(|props| {
                props.string("UserName", user_name);
                props.secure_string("Password", &secure_text(password.expose()));
            });
        });
    })
}

fn table(fields: &[(String, FieldValue)]) -> Reply {
    value(|out| {
        out.object(None, HASHTABLE, None, |object| {
            object.dictionary(|dictionary| {
                for (name, field) in fields {
                    dictionary.entry(
                        |key| key.string(None, name),
                        |slot| match field {
                            FieldValue::Text(text) => slot.string(None, text),
                            FieldValue::Secret(secret) => {
                                slot.secure_string(None, &secure_text(secret.expose()));
                            }
                        },
                    );
                }
            });
        });
    })
}

const USUAL_LEN: usize = 16 << 10;
const CREDENTIAL: &[&str] = &["System.Management.Automation.PSCredential", "System.Object"];
const HASHTABLE: &[&str] = &["System.Collections.Hashtable", "System.Object"];
