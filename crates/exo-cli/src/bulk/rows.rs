//! The rows of an input file: comma-separated values with a header, or one JSON object on each line.
//!
//! The file is read once, and what is wrong with it is told before anything is sent. Rows are made again from its text
//! whenever they are walked over, so that a long file costs its own length and no more. It may hold passwords: the
//! text is wiped when it goes.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use self::csv::Csv;
use self::jsonl::JsonLines;
use crate::exit::Failure;
use crate::value::Parameter;

mod csv;
mod encoding;
mod jsonl;

/// A file of rows.
pub(crate) struct Rows {
    name: String,
    path: PathBuf,
    form: Form,
    /// SHA-256 of the file as it was read, in hexadecimal.
    digest: String,
}

enum Form {
    Csv(Csv),
    JsonLines(JsonLines),
}

/// One row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) place: Place,
    cells: Cells,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Counted from 1; a header does not count.
    pub(crate) number: u32,
    /// Of the file, counted from 1.
    pub(crate) line: u64,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "row {} (line {})", self.number, self.line)
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Cells {
    /// In the order of the header.
    Csv(::csv::StringRecord),
    Json(serde_json::Map<String, serde_json::Value>),
}

impl Rows {
    /// Reads the file; its name decides the form.
    pub(crate) fn open(path: &Path, delimiter: u8) -> Result<Self, Failure> {
        let name = path.display().to_string();
        let bytes = read(path, &name)?;
        let digest = Sha256::digest(&*bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        let wrong = |problem: String| Failure::Usage(format!("{name} {problem}"));
        let text = encoding::utf8(&bytes).map_err(wrong)?;
        let ending = path.extension().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        let is_json = ["jsonl", "ndjson"].iter().any(|known| known.eq_ignore_ascii_case(ending));
        let form = if is_json {
            Form::JsonLines(JsonLines::new(text).map_err(wrong)?)
        } else {
            Form::Csv(Csv::new(text, delimiter).map_err(wrong)?)
        };
        Ok(Self { name, path: path.to_owned(), form, digest })
    }

    /// The file's name as the user wrote it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What tells this content from another.
    pub(crate) fn digest(&self) -> &str {
        &self.digest
    }

    /// Walks over the rows. The problem of a row names its place.
    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = Result<Row, String>> + '_> {
        match &self.form {
            Form::Csv(csv) => Box::new(csv.rows()),
            Form::JsonLines(lines) => Box::new(lines.rows()),
        }
    }

    /// The names of the columns; `None` where each row has its own.
    pub(crate) fn columns(&self) -> Option<Vec<&str>> {
        match &self.form {
            Form::Csv(csv) => Some(csv.columns()),
            Form::JsonLines(_) => None,
        }
    }

    /// What a cell of this name is in a row; `None` when the row has none. Case does not count.
    pub(crate) fn cell(&self, row: &Row, column: &str) -> Option<Parameter> {
        match (&row.cells, &self.form) {
            (Cells::Csv(record), Form::Csv(csv)) => {
                record.get(csv.place(column)?).map(|text| Parameter::Text(text.to_owned()))
            }
            (Cells::Json(object), _) => {
                let exact = object.get(column);
                let value = exact.or_else(|| {
                    object.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)).map(|(_, value)| value)
                });
                value.map(jsonl::parameter)
            }
            (Cells::Csv(_), Form::JsonLines(_)) => None,
        }
    }
}

fn read(path: &Path, name: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let cannot = |error: std::io::Error| Failure::Usage(format!("{name} cannot be read: {error}"));
    let file = File::open(path).map_err(cannot)?;
    let metadata = file.metadata().map_err(cannot)?;
    if !metadata.is_file() {
        let problem = "is no file: rows that come once only could not be found again after an interruption";
        return Err(Failure::Usage(format!("{name} {problem}")));
    }
    let len = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    let too_long = || Failure::Usage(format!("{name} is longer than {} MB: split it", MAX_LEN / 1_000_000));
    if MAX_LEN < len {
        return Err(too_long());
    }
    // Taken once, so that growing leaves no copy behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(len + 1));
    file.take(metadata.len() + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if len < bytes.len() {
        return Err(Failure::Usage(format!("{name} grew while it was read: try again when it is finished")));
    }
    Ok(bytes)
}

/// Some millions of rows.
const MAX_LEN: usize = 500_000_000;

#[cfg(test)]
mod tests;
