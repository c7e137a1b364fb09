//! Answers in pages: a cmdlet runs on a thread of its own and waits until somebody wants what comes next.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::adminapi::answer::Answer;
use crate::adminapi::value::{Format, Item};
use crate::cmdlets::{CmdletError, Emission, Halt, Output};

/// What goes into one answer.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// JSON text of its objects.
    pub(super) value: Vec<u8>,
    pub(super) is_empty: bool,
    pub(super) warnings: Vec<String>,
    /// Errors that did not end the cmdlet.
    pub(super) errors: Vec<CmdletError>,
    /// The error that did.
    pub(super) failure: Option<CmdletError>,
    pub(super) has_more: bool,
}

/// Where a cmdlet writes when its output goes out in pages.
#[derive(Debug)]
pub(super) struct PagedOutput {
    pages: mpsc::Sender<Page>,
    page: Page,
    items: Vec<Item>,
    page_len: usize,
    format: Format,
    runtime: Handle,
}

impl PagedOutput {
    pub(super) fn new(pages: mpsc::Sender<Page>, page_len: usize, format: Format, runtime: Handle) -> Self {
        let page_len = page_len.max(1);
        Self { pages, page: Page::default(), items: Vec::new(), page_len, format, runtime }
    }

    /// Adds an object; a full page goes out as soon as it is known that more follows.
    pub(super) fn push(&mut self, item: Item) -> Result<(), Halt> {
        if self.page_len <= self.items.len() {
            self.page.has_more = true;
            self.send()?;
        }
        self.items.push(item);
        Ok(())
    }

    /// Writes the objects out here, on the cmdlet's thread: a page can be tens of megabytes.
    fn send(&mut self) -> Result<(), Halt> {
        let mut page = std::mem::take(&mut self.page);
        page.is_empty = self.items.is_empty();
        page.value = self.format.text(&self.items);
        self.items.clear();
        self.pages.blocking_send(page).map_err(|_| Halt::Stopped)
    }

    /// Sends what is left, and why the cmdlet ended early if it did.
    pub(super) fn finish(mut self, outcome: Result<(), Halt>) {
        match outcome {
            Ok(()) => {}
            Err(Halt::Failed(error)) => self.page.failure = Some(*error),
            Err(Halt::Stopped) => return,
        }
        // Nobody waits any more when this fails.
        drop(self.send());
    }
}

impl Output for PagedOutput {
    fn write(&mut self, emission: Emission<'_>) -> Result<(), Halt> {
        match emission {
            Emission::Record(record) => return self.push(Item::Record(record.clone())),
            Emission::Text(text) => return self.push(Item::Text(text.to_owned())),
            Emission::Error(error) => self.page.errors.push(error.clone()),
            Emission::Warning(text) => self.page.warnings.push(text.to_owned()),
            // Only these two streams have a place in an answer.
            Emission::Verbose(_) | Emission::Progress(_) => {}
        }
        if self.pages.is_closed() { Err(Halt::Stopped) } else { Ok(()) }
    }

    fn wait(&mut self, time: Duration) -> Result<(), Halt> {
        match self.runtime.block_on(tokio::time::timeout(time, self.pages.closed())) {
            Ok(()) => Err(Halt::Stopped),
            Err(_) => Ok(()),
        }
    }
}

/// A cmdlet whose next page is still to come, or may be asked for again.
#[derive(Debug)]
pub(super) struct Cursor {
    /// Whose it is; nobody else gets its pages.
    pub(super) owner: String,
    /// What it was asked; every page is asked for with the same.
    pub(super) input: Value,
    pub(super) state: tokio::sync::Mutex<CursorState>,
}

/// How far the pages of a cursor have been read.
#[derive(Debug)]
pub(super) struct CursorState {
    pub(super) pages: mpsc::Receiver<Page>,
    /// The number of the last page that went out, and its answer: a client may ask for it once more.
    pub(super) served: (u32, Answer),
}

/// The cursors of one lab, oldest first.
#[derive(Debug, Default)]
pub(super) struct Cursors {
    open: Mutex<VecDeque<(Uuid, Arc<Cursor>)>>,
}

impl Cursors {
    /// Keeps a cursor; the oldest goes when there are too many.
    pub(super) fn add(&self, id: Uuid, cursor: Cursor) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= MAX_CURSORS {
            open.pop_front();
        }
        open.push_back((id, Arc::new(cursor)));
    }

    pub(super) fn find(&self, id: Uuid) -> Option<Arc<Cursor>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().find(|(own, _)| *own == id).map(|(_, cursor)| Arc::clone(cursor))
    }

    pub(super) fn clear(&self) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// `SKIPTOKEN` of a link: which cursor, which page.
pub(super) fn parse_token(token: &str) -> Option<(Uuid, u32)> {
    let (id, number) = token.rsplit_once('-')?;
    Some((Uuid::parse_str(id).ok()?, number.parse().ok()?))
}

/// The value of `$skiptoken` in a query.
pub(super) fn token_of(query: &str) -> Option<&str> {
    let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .find(|(name, _)| {
            name.eq_ignore_ascii_case("$skiptoken") || name.eq_ignore_ascii_case("%24skiptoken")
        })
        .map(|(_, value)| value)
}

const MAX_CURSORS: usize = 16;
