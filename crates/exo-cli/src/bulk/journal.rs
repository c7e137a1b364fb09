//! What became of each row, in a file beside the input, so that an interrupted run goes on where it was.
//!
//! Format 1: JSON lines, appended to and never changed. The first names the input by its hash, the command line (which
//! holds no secret) and whom it is for; then come two lines a row: that it is about to be sent, and how it ended.
//!
//! ```text
//! {"exoJournal":1,"input":"9f86d0…","rows":3,"command":["Set-Mailbox","-Identity","{Identity}"],"target":"…"}
//! {"row":1,"state":"started"}
//! {"row":1,"state":"done"}
//! ```
//!
//! What a row's state is worth after a crash hangs on one order: "started" is on the disk before the row goes out
//! ([`Journal::start`] waits for it, once for each request's rows, which costs milliseconds beside a request's hundreds).
//! So a row without "started" was never sent. The other lines are written and not waited for: of those that a power
//! failure takes along, the row is "started" without an end, which counts as unknown and is not sent again by itself. A
//! process that is killed loses nothing that was written. A last line without its end was cut while it was written, and
//! is taken away.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::exit::{Failure, complain};

/// The open journal of one run. Nobody else may have it open meanwhile.
pub(crate) struct Journal {
    file: File,
    path: PathBuf,
    head: Head,
    /// Whether the head is in the file.
    is_begun: bool,
    /// By row, from 0.
    states: Vec<State>,
}

/// How far a row has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// Never sent, or sent in vain: it is safe to send it.
    #[default]
    NotSent,
    /// About to be sent; without a later line, nobody knows whether it was done.
    Started,
    /// The service did it.
    Done,
    /// The service said that it did not do it.
    Failed,
    /// It was sent, and the answer was lost.
    Unknown,
}

/// What a journal belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Head {
    exo_journal: u32,
    /// SHA-256 of the file.
    input: String,
    rows: u32,
    /// The words behind `--`.
    command: Vec<String>,
    /// The tenant, or the host where there is none to know.
    target: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'t> {
    row: u32,
    state: State,
    /// Why, in one line.
    #[serde(default, skip_serializing_if = "Option::is_none", borrow)]
    error: Option<std::borrow::Cow<'t, str>>,
}

impl Head {
    pub(crate) fn new(input: &str, rows: u32, command: Vec<String>) -> Self {
        Self { exo_journal: FORMAT, input: input.to_owned(), rows, command, target: String::new() }
    }

    /// Why a journal with this head is of no use for `wanted`.
    fn mismatch(&self, wanted: &Self) -> Option<String> {
        if self.input != wanted.input || self.rows != wanted.rows {
            return Some("the input has changed since".to_owned());
        }
        if self.command != wanted.command {
            return Some(format!("it was {}", self.command.join(" ")));
        }
        None
    }
}

impl Journal {
    /// Opens the journal at `path`, or begins one there, and reads how far the run has come. `restart` forgets that.
    pub(crate) fn open(path: PathBuf, head: Head, restart: bool) -> Result<Self, Failure> {
        let name = path.display();
        let cannot = |error: io::Error| {
            Failure::Usage(format!(
                "the journal {name} cannot be used: {error}; --journal names another place"
            ))
        };
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            options.mode(0o600);
        }
        let mut file = options.open(&path).map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::Usage(format!("another exo is at work with the journal {name}")));
            }
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                complain("the journal cannot be locked here: do not start a second run beside this one");
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        let rows = usize::try_from(head.rows).unwrap_or(usize::MAX);
        let found = if restart { None } else { read(&mut file, &path)? };
        let mut states = vec![State::NotSent; rows];
        let mut head = head;
        let is_begun = match found {
            None => {
                file.set_len(0).map_err(cannot)?;
                false
            }
            Some(found) => {
                match found.head.mismatch(&head) {
                    None => {
                        states = found.states;
                        head.target = found.head.target;
                        true
                    }
                    // Nothing of it is left to be done: another day's input under the same name.
                    Some(_) if found.states.iter().all(|&state| state == State::Done) => {
                        file.set_len(0).map_err(cannot)?;
                        false
                    }
                    Some(problem) => {
                        return Err(Failure::Usage(format!(
                            "the journal {name} belongs to a run that is not finished, and {problem}: \
                             finish that one, or give --restart to forget it"
                        )));
                    }
                }
            }
        };
        Ok(Self { file, path, head, is_begun, states })
    }

    /// Checks that it is the same tenant as before, and writes the first line of a new journal.
    pub(crate) fn begin(&mut self, target: &str) -> Result<(), Failure> {
        if self.is_begun {
            if self.head.target == target {
                return Ok(());
            }
            return Err(Failure::Usage(format!(
                "the journal {} belongs to a run for {}, and this connection is to {target}",
                self.path.display(),
                self.head.target
            )));
        }
        target.clone_into(&mut self.head.target);
        self.is_begun = true;
        let mut line = serde_json::to_vec(&self.head).map_err(io::Error::from)?;
        line.push(b'\n');
        self.append(&line)?;
        Ok(())
    }

    /// How many rows there are.
    pub(crate) fn rows(&self) -> usize {
        self.states.len()
    }

    /// Their numbers.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        1..=self.head.rows
    }

    /// How far a row, counted from 1, has come.
    pub(crate) fn state(&self, row: u32) -> State {
        let place = usize::try_from(row).ok().and_then(|row| row.checked_sub(1));
        place.and_then(|place| self.states.get(place)).copied().unwrap_or_default()
    }

    /// How many rows have come so far.
    pub(crate) fn count(&self, state: State) -> usize {
        self.states.iter().filter(|&&other| other == state).count()
    }

    /// Says that these rows are about to be sent. When this returns, a power failure does not forget it.
    pub(crate) fn start(&mut self, rows: &[u32]) -> io::Result<()> {
        let mut lines = Vec::new();
        for &row in rows {
            self.push(&mut lines, row, State::Started, None)?;
        }
        self.append(&lines)?;
        self.file.sync_data()
    }

    /// Says how a row ended.
    pub(crate) fn end(&mut self, row: u32, state: State, error: Option<&str>) -> io::Result<()> {
        let mut line = Vec::new();
        self.push(&mut line, row, state, error)?;
        self.append(&line)
    }

    /// Waits until all of it is on the disk.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn push(&mut self, lines: &mut Vec<u8>, row: u32, state: State, error: Option<&str>) -> io::Result<()> {
        serde_json::to_writer(&mut *lines, &Line { row, state, error: error.map(Into::into) })?;
        lines.push(b'\n');
        let place = usize::try_from(row).ok().and_then(|row| row.checked_sub(1));
        if let Some(slot) = place.and_then(|place| self.states.get_mut(place)) {
            *slot = state;
        }
        Ok(())
    }

    /// In one write, so that a line is there or not; with the path in the error.
    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.file.write_all(lines).map_err(|error| {
            io::Error::new(error.kind(), format!("the journal {}: {error}", self.path.display()))
        })
    }
}

struct Found {
    head: Head,
    states: Vec<State>,
}

/// Reads a journal to its end; `None` when nothing was written yet.
fn read(file: &mut File, path: &Path) -> Result<Option<Found>, Failure> {
    let name = path.display();
    let wrong = |line: u64, problem: &str| {
        let advice = "--restart forgets it, --journal names another place";
        Failure::Usage(format!(
            "{name} is no journal that can be gone on with: line {line} {problem}; {advice}"
        ))
    };
    let cannot = |error: io::Error| Failure::Usage(format!("the journal {name} cannot be read: {error}"));
    file.seek(SeekFrom::Start(0)).map_err(cannot)?;
    let mut reader = BufReader::new(&mut *file);
    let mut found: Option<Found> = None;
    let mut whole_len = 0u64;
    let mut text = Vec::new();
    for number in 1u64.. {
        text.clear();
        let len = reader.by_ref().take(MAX_LINE_LEN).read_until(b'\n', &mut text).map_err(cannot)?;
        if text.last() != Some(&b'\n') {
            if u64::try_from(len).unwrap_or(u64::MAX) == MAX_LINE_LEN {
                return Err(wrong(number, "is too long"));
            }
            break;
        }
        whole_len += u64::try_from(len).unwrap_or(0);
        let Some(found) = &mut found else {
            let head: Head = serde_json::from_slice(&text)
                .map_err(|_| wrong(number, "does not say what it belongs to"))?;
            if head.exo_journal != FORMAT {
                return Err(wrong(number, "has a format that this version does not know"));
            }
            let rows = usize::try_from(head.rows).unwrap_or(usize::MAX);
            found = Some(Found { head, states: vec![State::NotSent; rows.min(super::MAX_ROWS)] });
            continue;
        };
        let line: Line<'_> =
            serde_json::from_slice(&text).map_err(|_| wrong(number, "says nothing about a row"))?;
        let place = usize::try_from(line.row).ok().and_then(|row| row.checked_sub(1));
        let slot = place.and_then(|place| found.states.get_mut(place));
        *slot.ok_or_else(|| wrong(number, "is about a row that the input does not have"))? = line.state;
    }
    drop(reader);
    file.set_len(whole_len).map_err(cannot)?;
    Ok(found)
}

const FORMAT: u32 = 1;
/// An error's text is cut long before.
const MAX_LINE_LEN: u64 = 64 << 10;

#[cfg(test)]
mod tests;
