//! The person at the terminal, when the remote command asks something.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::sync::{Arc, Mutex, PoisonError};

use exo_session::{FieldValue, Host, Refusal, Secret};
use indicatif::ProgressBar;
use psrp::{ChoiceQuestion, CredentialQuestion, PromptQuestion};

use crate::print::text::printable_lines;

/// Asks on stderr and reads from the terminal, whatever standard input is.
pub(crate) struct TerminalHost {
    bar: ProgressBar,
    typed: Mutex<BufReader<File>>,
}

impl TerminalHost {
    /// `None` where nobody sits: stderr is no terminal, or there is none to read from.
    pub(crate) fn open(bar: ProgressBar) -> Option<Arc<Self>> {
        if !io::stderr().is_terminal() {
            return None;
        }
        let terminal = File::open(TERMINAL).ok()?;
        Some(Arc::new(Self { bar, typed: Mutex::new(BufReader::new(terminal)) }))
    }

    /// One question at a time, with the progress line out of the way.
    fn with_terminal<T>(
        &self,
        ask: impl FnOnce(&mut dyn BufRead, &mut dyn Write) -> io::Result<T>,
    ) -> Result<T, Refusal> {
        let mut typed = self.typed.lock().unwrap_or_else(PoisonError::into_inner);
        // For good: nobody may wait for the line while a person thinks.
        self.bar.finish_and_clear();
        ask(&mut *typed, &mut io::stderr())
            .map_err(|error| Refusal(format!("the person at the terminal did not answer: {error}")))
    }

    /// A line that is not shown.
    fn secret(&self, prompt: &str) -> Result<Secret, Refusal> {
        self.with_terminal(|_, shown| {
            write!(shown, "{prompt}")?;
            shown.flush()?;
            Ok(Secret::new(console::Term::stderr().read_secure_line()?))
        })
    }
}

impl Host for TerminalHost {
    fn choose(&self, question: &ChoiceQuestion) -> Result<i32, Refusal> {
        self.with_terminal(|typed, shown| choose(question, typed, shown))
    }

    fn read_line(&self) -> Result<String, Refusal> {
        self.with_terminal(|typed, shown| line("", typed, shown))
    }

    fn read_secret(&self) -> Result<Secret, Refusal> {
        self.secret("")
    }

    fn credential(&self, question: &CredentialQuestion) -> Result<(String, Secret), Refusal> {
        let user_name = self.with_terminal(|typed, shown| {
            head(&question.caption, &question.message, shown)?;
            let offered = printable_lines(&question.user_name);
            let prompt = if offered.is_empty() { "User: ".to_owned() } else { format!("User ({offered}): ") };
            let name = line(&prompt, typed, shown)?;
            Ok(if name.is_empty() { question.user_name.clone() } else { name })
        })?;
        let password = self.secret("Password: ")?;
        Ok((user_name, password))
    }

    fn prompt(&self, question: &PromptQuestion) -> Result<Vec<(String, FieldValue)>, Refusal> {
        self.with_terminal(|_, shown| head(&question.caption, &question.message, shown))?;
        let mut values = Vec::new();
        for field in &question.fields {
            let prompt = format!("{}: ", printable_lines(&field.name));
            let value = if field.type_name == SECURE_STRING {
                FieldValue::Secret(self.secret(&prompt)?)
            } else {
                FieldValue::Text(self.with_terminal(|typed, shown| line(&prompt, typed, shown))?)
            };
            values.push((field.name.clone(), value));
        }
        Ok(values)
    }
}

/// What a question is about; nothing in it may steer the terminal.
fn head(caption: &str, message: &str, shown: &mut dyn Write) -> io::Result<()> {
    for text in [caption, message] {
        if !text.is_empty() {
            writeln!(shown, "{}", printable_lines(text))?;
        }
    }
    Ok(())
}

fn line(prompt: &str, typed: &mut dyn BufRead, shown: &mut dyn Write) -> io::Result<String> {
    write!(shown, "{prompt}")?;
    shown.flush()?;
    let mut text = String::new();
    if typed.read_line(&mut text)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

/// As PowerShell asks: `[Y] Yes  [N] No  (default is "Y")`, until one of them is typed.
fn choose(question: &ChoiceQuestion, typed: &mut dyn BufRead, shown: &mut dyn Write) -> io::Result<i32> {
    head(&question.caption, &question.message, shown)?;
    let named: Vec<(String, String)> =
        question.choices.iter().map(|choice| named(&printable_lines(&choice.label))).collect();
    let default = usize::try_from(question.default).ok().and_then(|place| named.get(place));
    let mut prompt: String = named.iter().map(|(key, label)| format!("[{key}] {label}  ")).collect();
    prompt.push_str("[?] Help");
    if let Some((key, _)) = default {
        prompt.push_str(&format!(" (default is \"{key}\")"));
    }
    prompt.push_str(": ");
    loop {
        let answer = line(&prompt, typed, shown)?;
        let answer = answer.trim();
        if answer == "?" {
            for ((key, _), choice) in named.iter().zip(&question.choices) {
                writeln!(shown, "{key} - {}", printable_lines(&choice.help))?;
            }
            continue;
        }
        if answer.is_empty() && default.is_some() {
            return Ok(question.default);
        }
        let is_meant = |(key, label): &(String, String)| {
            key.eq_ignore_ascii_case(answer) || label.eq_ignore_ascii_case(answer)
        };
        if let Some(place) = named.iter().position(is_meant).and_then(|place| i32::try_from(place).ok()) {
            return Ok(place);
        }
    }
}

/// The letter behind `&` and the label without it; without a letter the label stands for itself.
fn named(label: &str) -> (String, String) {
    let Some((before, behind)) = label.split_once('&') else { return (label.to_owned(), label.to_owned()) };
    let whole = format!("{before}{behind}");
    match behind.chars().next() {
        Some(key) => (key.to_uppercase().collect(), whole),
        None => (whole.clone(), whole),
    }
}

const TERMINAL: &str = if cfg!(windows) { "CONIN$" } else { "/dev/tty" };
const SECURE_STRING: &str = "System.Security.SecureString";

#[cfg(test)]
mod tests {
    use psrp::Choice;

    use super::*;

    fn confirm(default: i32) -> ChoiceQuestion {
        let choice = |label: &str, help: &str| Choice { label: label.to_owned(), help: help.to_owned() };
        ChoiceQuestion {
            caption: "Confirm".to_owned(),
            message: "Are you sure?\nIt\u{1b}[2J goes.".to_owned(),
            choices: vec![
                choice("&Yes", "do it"),
                choice("Yes to &All", "all of it"),
                choice("&No", "do not"),
                choice("No to A&ll", "none of it"),
            ],
            default,
        }
    }

    #[test]
    fn a_choice_is_taken_by_letter_or_name_and_the_default_by_enter() {
        for (typed, default, expected) in [
            ("y\n", 0, 0),
            ("A\r\n", 0, 1),
            ("no\n", 0, 2),
            ("L\n", 0, 3),
            ("\n", 2, 2),
            ("\nx\nyes to all\n", -1, 1),
            ("?\nn\n", 0, 2),
        ] {
            let mut shown = Vec::new();
            let place = choose(&confirm(default), &mut typed.as_bytes(), &mut shown).unwrap();
            assert_eq!(place, expected, "{typed:?}");
        }
    }

    #[test]
    fn a_question_looks_as_in_powershell_and_cannot_steer_the_terminal() {
        let mut shown = Vec::new();
        choose(&confirm(0), &mut &b"?\n\n"[..], &mut shown).unwrap();
        let shown = String::from_utf8(shown).unwrap();
        let prompt = "[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [?] Help (default is \"Y\"): ";
        assert!(shown.starts_with("Confirm\nAre you sure?\n"), "{shown}");
        assert!(!shown.contains('\u{1b}'), "{shown}");
        assert!(
            shown.ends_with(&format!(
                "{prompt}Y - do it\nA - all of it\nN - do not\nL - none of it\n{prompt}"
            ))
        );
    }

    #[test]
    fn the_end_of_what_is_typed_is_no_answer() {
        let error = choose(&confirm(0), &mut &b""[..], &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    }
}
