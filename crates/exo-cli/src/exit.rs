//! How the command ends: exit codes, and what is said on stderr.

use std::io;
use std::process::ExitCode;

use exo_session::Category;

use crate::print::text::printable_lines;
use crate::value::ParseError;

/// What the exit code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Success,
    /// 1: the remote command reported an error, or the document cannot be read.
    Remote,
    /// 2: wrong usage.
    Usage,
    /// 3: sign-in failed.
    SignIn,
    /// 4: connection failed.
    Connection,
    /// 130: interrupted.
    Interrupted,
}

impl Exit {
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Remote => 1,
            Self::Usage => 2,
            Self::SignIn => 3,
            Self::Connection => 4,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// Why the command ends before its end.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Wrong usage, in a sentence.
    Usage(String),
    /// What the user gave cannot be read, in a sentence.
    Input(String),
    /// Nobody is signed in, in a sentence.
    SignIn(String),
    /// Connecting or the session failed.
    Session(exo_session::Error),
    /// The output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// Says on stderr what happened, where there is something to say.
    pub(crate) fn report(&self) -> Exit {
        let (exit, text) = match self {
            Self::Usage(text) => (Exit::Usage, text.clone()),
            Self::Input(text) => (Exit::Remote, text.clone()),
            Self::SignIn(text) => (Exit::SignIn, text.clone()),
            Self::Session(error) => (exit_of(error), error.to_string()),
            // The reader has seen enough: `exo … | head` is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Success,
            Self::Output(error) => (Exit::Remote, format!("the output cannot be written: {error}")),
        };
        // Of an interrupt was told when it was heard.
        if exit != Exit::Interrupted {
            complain(&text);
        }
        exit
    }
}

impl From<exo_session::Error> for Failure {
    fn from(error: exo_session::Error) -> Self {
        Self::Session(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::Usage(error.to_string())
    }
}

/// Writes a line about this program's own doings to stderr.
pub(crate) fn complain(text: &str) {
    note("exo: ", text);
}

/// Writes text to stderr behind a prefix, without what steers a terminal.
pub(crate) fn note(prefix: &str, text: &str) {
    use io::Write;
    let text = printable_lines(text);
    // Nobody is left to tell when stderr itself is gone.
    let _ = writeln!(io::stderr().lock(), "{prefix}{}", text.trim_end());
}

fn exit_of(error: &exo_session::Error) -> Exit {
    match error.category() {
        Category::Usage => Exit::Usage,
        Category::SignIn => Exit::SignIn,
        Category::Connection | Category::Protocol => Exit::Connection,
        Category::Remote => Exit::Remote,
        Category::Cancelled => Exit::Interrupted,
        _ => Exit::Remote,
    }
}
