//! Secrets that never stand on the command line: from standard input, or typed without being shown.

use std::io::{self, IsTerminal, Read};

use exo_session::Secret;
use zeroize::Zeroizing;

use crate::exit::{Failure, complain};

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `@stdin`: the next line of standard input.
    Stdin,
    /// `@prompt`: asked for at the terminal.
    Prompt,
}

/// How much of standard input is one secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it; the line end at its end does not count.
    Whole,
    /// One line, because more secrets follow.
    Line,
}

impl Source {
    /// The source that a word names, if it names one.
    pub(crate) fn named(word: &str) -> Option<Self> {
        match word {
            "@stdin" => Some(Self::Stdin),
            "@prompt" => Some(Self::Prompt),
            _ => None,
        }
    }

    /// Reads the value of a parameter.
    pub(crate) fn read(self, parameter: &str) -> Result<Secret, Failure> {
        match self {
            Self::Stdin => from_stdin(&format!("value of -{parameter}"), Extent::Line),
            Self::Prompt => from_terminal(parameter),
        }
    }
}

/// A secret on standard input.
pub(crate) fn from_stdin(what: &str, extent: Extent) -> Result<Secret, Failure> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        let end = match extent {
            Extent::Whole => "Enter and Ctrl+D",
            Extent::Line => "Enter",
        };
        complain(&format!("reading the {what} from the terminal, which shows it; end it with {end}"));
    }
    // Taken once, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(vec![0; MAX_SECRET_LEN + 1]);
    let mut len = 0;
    let mut lock = stdin.lock();
    while let Some(room) = bytes.get_mut(len..).filter(|room| !room.is_empty()) {
        let room = match extent {
            Extent::Whole => room,
            Extent::Line => room.get_mut(..1).unwrap_or_default(),
        };
        match lock.read(room) {
            Ok(0) => break,
            Ok(more) => {
                len += more;
                if extent == Extent::Line && room.first() == Some(&b'\n') {
                    break;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                return Err(Failure::Usage(format!(
                    "the {what} cannot be read from standard input: {error}"
                )));
            }
        }
    }
    let too_long =
        || Failure::Usage(format!("the {what} on standard input is longer than {MAX_SECRET_LEN} bytes"));
    let text = bytes.get(..len).filter(|_| len <= MAX_SECRET_LEN).ok_or_else(too_long)?;
    let text = std::str::from_utf8(text)
        .map_err(|_| Failure::Usage(format!("the {what} on standard input is not UTF-8")))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(Failure::Usage(format!("there is no {what} on standard input")));
    }
    Ok(Secret::new(text.to_owned()))
}

/// Asks at the terminal, whatever standard input is.
fn from_terminal(parameter: &str) -> Result<Secret, Failure> {
    let nobody = || {
        let problem = "there is no terminal to type it at; give the line on standard input with @stdin";
        Failure::Usage(format!("the value of -{parameter} cannot be asked for: {problem}"))
    };
    let terminal = console::Term::stderr();
    if !terminal.is_term() {
        return Err(nobody());
    }
    let asked = terminal.write_str(&format!("{parameter}: ")).and_then(|()| terminal.read_secure_line());
    let typed = asked.map_err(|_| nobody())?;
    if typed.is_empty() {
        return Err(Failure::Usage(format!("nothing was typed for -{parameter}")));
    }
    Ok(Secret::new(typed))
}

const MAX_SECRET_LEN: usize = 64 << 10;
