//! The host of a command over remote PowerShell: each question goes to the caller as an event and waits for the reply.

use std::sync::mpsc::{Receiver, Sender as StdSender, channel};
use std::sync::{Mutex, PoisonError};

use exo_session::{FieldValue, Host, Refusal as Refused, Secret};
use psrp::{ChoiceQuestion, CredentialQuestion, HostCall, PromptQuestion, Question};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::error::Refusal;
use crate::event::ExoEvent;
use crate::secrets::Secrets;

/// A question as JSON, the field `question` of `EXO_EVENT_HOST_CALL`.
pub(crate) fn describe(call: &HostCall) -> Option<Value> {
    Some(match call.question()? {
        Question::Choice(question) => choice(&question),
        Question::Line => json!({ "kind": "line" }),
        Question::SecureLine => json!({ "kind": "secureLine" }),
        Question::Credential(question) => credential(&question),
        Question::Prompt(question) => prompt(&question),
        _ => return None,
    })
}

/// What a caller replied; the rest lies in the secrets.
#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub(crate) struct Reply {
    choice: Option<i32>,
    line: Option<String>,
    user_name: Option<String>,
    fields: Option<serde_json::Map<String, Value>>,
    /// Nobody answers; why.
    pub(crate) refused: Option<String>,
    #[serde(skip)]
    pub(crate) secrets: Option<Secrets>,
}

/// The host, and where replies to it go.
pub(crate) struct Caller {
    questions: mpsc::UnboundedSender<ExoEvent>,
    /// One question at a time: the session asks the next when the one before is answered.
    replies: Mutex<Receiver<Reply>>,
}

impl Caller {
    /// The host, the questions it puts, and the way for the replies. Dropping the way refuses what is still asked.
    pub(crate) fn new() -> (Self, mpsc::UnboundedReceiver<ExoEvent>, StdSender<Reply>) {
        let (questions, asked) = mpsc::unbounded_channel();
        let (replies, replied) = channel();
        (Self { questions, replies: Mutex::new(replied) }, asked, replies)
    }

    fn ask(&self, name: &str, question: &Value) -> Result<Reply, Refused> {
        let gone = || Refused("the command has ended".to_owned());
        self.questions.send(ExoEvent::question(name, question)).map_err(|_| gone())?;
        let replies = self.replies.lock().unwrap_or_else(PoisonError::into_inner);
        let reply = replies.recv().map_err(|_| gone())?;
        match reply.refused {
            Some(reason) => Err(Refused(reason)),
            None => Ok(reply),
        }
    }
}

impl Host for Caller {
    fn choose(&self, question: &ChoiceQuestion) -> Result<i32, Refused> {
        self.ask("PromptForChoice", &choice(question))?.choice.ok_or_else(|| unfit("no choice"))
    }

    fn read_line(&self) -> Result<String, Refused> {
        self.ask("ReadLine", &json!({ "kind": "line" }))?.line.ok_or_else(|| unfit("no line"))
    }

    fn read_secret(&self) -> Result<Secret, Refused> {
        let mut reply = self.ask("ReadLineAsSecureString", &json!({ "kind": "secureLine" }))?;
        reply.secret("line")
    }

    fn credential(&self, question: &CredentialQuestion) -> Result<(String, Secret), Refused> {
        let mut reply = self.ask("PromptForCredential", &credential(question))?;
        let password = reply.secret("password")?;
        Ok((reply.user_name.ok_or_else(|| unfit("no user name"))?, password))
    }

    fn prompt(&self, question: &PromptQuestion) -> Result<Vec<(String, FieldValue)>, Refused> {
        let reply = self.ask("Prompt", &prompt(question))?;
        let mut values = Vec::new();
        for (name, value) in reply.fields.unwrap_or_default() {
            let Value::String(text) = value else { return Err(unfit("a field that is no text")) };
            values.push((name, FieldValue::Text(text)));
        }
        if let Some(secrets) = reply.secrets {
            let texts = secrets.texts().map_err(|refusal| refused(&refusal))?;
            values
                .extend(texts.into_iter().map(|(name, text)| (name, FieldValue::Secret(Secret::from(text)))));
        }
        Ok(values)
    }
}

impl Reply {
    /// The place of a choice.
    pub(crate) fn choice(place: i32) -> Self {
        Self { choice: Some(place), ..Self::default() }
    }

    /// The place of the choice that answers a question about a change; whatever is no choice is no.
    pub(crate) fn or_no(&self) -> i32 {
        self.choice.unwrap_or(NO)
    }

    fn secret(&mut self, name: &str) -> Result<Secret, Refused> {
        let secrets = self.secrets.as_mut().ok_or_else(|| unfit("no secret"))?;
        let text = secrets.text(name).map_err(|refusal| refused(&refusal))?;
        text.map(Secret::from).ok_or_else(|| unfit("no secret of the right name"))
    }
}

/// The place of "no" among the choices of a confirmation.
const NO: i32 = 2;

fn choice(question: &ChoiceQuestion) -> Value {
    let choices: Vec<Value> =
        question.choices.iter().map(|choice| json!({ "label": choice.label, "help": choice.help })).collect();
    json!({
        "kind": "choice", "caption": question.caption, "message": question.message,
        "choices": choices, "default": question.default,
    })
}

fn credential(question: &CredentialQuestion) -> Value {
    json!({
        "kind": "credential", "caption": question.caption, "message": question.message,
        "userName": question.user_name, "targetName": question.target_name,
    })
}

fn prompt(question: &PromptQuestion) -> Value {
    let fields: Vec<Value> = question
        .fields
        .iter()
        .map(|field| {
            json!({
                "name": field.name, "label": field.label, "help": field.help,
                "type": field.type_name, "mandatory": field.is_mandatory,
            })
        })
        .collect();
    json!({ "kind": "prompt", "caption": question.caption, "message": question.message, "fields": fields })
}

#[cold]
fn unfit(what: &str) -> Refused {
    Refused(format!("the host replied with {what}"))
}

#[cold]
fn refused(refusal: &Refusal) -> Refused {
    Refused(format!("the reply of the host cannot be used (status {})", refusal.status()))
}
