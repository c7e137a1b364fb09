//! Recorded documents that answer the cmdlets they are named after.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use psrp::clixml::{self, Tape};

/// The documents of a folder and of those below it.
#[derive(Debug, Default)]
pub(crate) struct Recordings {
    /// By path, so that answers come in the same order every time.
    documents: Vec<Document>,
}

/// One document, known by its name until it is wanted.
#[derive(Debug)]
pub(crate) struct Document {
    path: PathBuf,
    /// The file's name without its ending.
    stem: String,
}

impl Recordings {
    /// Finds every `.xml` below `folder`, without reading any.
    pub(crate) fn find(folder: &Path) -> io::Result<Self> {
        let mut documents = Vec::new();
        let mut folders = vec![(folder.to_owned(), 0)];
        while let Some((folder, depth)) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    if depth < MAX_DEPTH {
                        folders.push((path, depth + 1));
                    }
                } else if path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xml"))
                    && let Some(stem) = path.file_stem().and_then(|stem| stem.to_str())
                    && documents.len() < MAX_DOCUMENTS
                {
                    let stem = stem.to_owned();
                    documents.push(Document { path, stem });
                }
            }
        }
        documents.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(Self { documents })
    }

    /// The documents that answer this cmdlet.
    ///
    /// Those whose name has `GetNoun` as a whole word; when there are none, those that have it anywhere. `is_known` says that
    /// the cmdlet exists without recordings: then only whole words count, so that `GetMailboxServer` does not answer Get-Mailbox.
    pub(crate) fn answering(&self, cmdlet: &str, is_known: bool) -> Vec<&Document> {
        let Some(noun) = strip_prefix_ignoring_case(cmdlet, "Get-").filter(|noun| !noun.is_empty()) else {
            return Vec::new();
        };
        let wanted = format!("get{}", noun.to_lowercase());
        let whole: Vec<_> =
            self.documents.iter().filter(|document| document.words().any(|word| word == wanted)).collect();
        if !whole.is_empty() || is_known {
            return whole;
        }
        self.documents.iter().filter(|document| document.stem.to_lowercase().contains(&wanted)).collect()
    }

    /// The cmdlets that the documents are named after.
    pub(crate) fn cmdlets(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for document in &self.documents {
            for word in document.stem.split(|c: char| !c.is_ascii_alphanumeric()) {
                if let Some(noun) = strip_prefix_ignoring_case(word, "Get").filter(|noun| !noun.is_empty()) {
                    let name = format!("Get-{noun}");
                    if !names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
                        names.push(name);
                    }
                }
            }
        }
        names
    }
}

impl Document {
    fn words(&self) -> impl Iterator<Item = String> {
        self.stem.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_lowercase)
    }

    /// Reads and decodes the document. The error is one sentence that names the file.
    pub(crate) fn read(&self) -> Result<Tape, String> {
        let refuse = |why: &dyn std::fmt::Display| {
            format!("The recorded document {} cannot be read: {why}.", self.path.display())
        };
        let len = fs::metadata(&self.path).map_err(|error| refuse(&error))?.len();
        if len > MAX_DOCUMENT_LEN {
            return Err(refuse(&format_args!("it has {len} bytes, more than {MAX_DOCUMENT_LEN}")));
        }
        let file = fs::read(&self.path).map_err(|error| refuse(&error))?;
        let text = clixml::utf8_document(file).map_err(|error| refuse(&error))?;
        clixml::decode(text).map_err(|error| refuse(&error))
    }
}

fn strip_prefix_ignoring_case<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let start = text.get(..prefix.len())?;
    if start.eq_ignore_ascii_case(prefix) { text.get(prefix.len()..) } else { None }
}

const MAX_DEPTH: u32 = 16;
const MAX_DOCUMENTS: usize = 10_000;
const MAX_DOCUMENT_LEN: u64 = 512 * 1024 * 1024;
