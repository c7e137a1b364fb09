//! How many commands the server runs at the same time.

use std::collections::BTreeMap;

use ::psrp::Availability;
use tokio::sync::oneshot;

use crate::error::Error;

/// What a caller can ask about them.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    Max(i32),
    Min(i32),
    Available,
    Reset,
}

/// What was asked of the server and what it has granted.
///
/// A session begins with one runspace, as PowerShell's own clients ask for it: an Exchange server counts runspaces
/// against the account (PowerShellMaxConcurrency, PowerShellMaxRunspaces), and most sessions never need a second one.
/// When commands overlap, more are asked for. A server that refuses runs them one after another, which is what would
/// have happened anyway, and is not asked again; nor is one whose number the caller has chosen.
#[derive(Debug)]
pub(super) struct Runspaces {
    granted: i32,
    /// The number asked for, and the id of the question.
    asked: Option<(i64, i32)>,
    last_call_id: i64,
    is_refused: bool,
    /// What the caller has asked, by call id.
    questions: BTreeMap<i64, (Question, oneshot::Sender<Result<Availability, Error>>)>,
}

impl Runspaces {
    pub(super) const fn new() -> Self {
        Self { granted: 1, asked: None, last_call_id: 0, is_refused: false, questions: BTreeMap::new() }
    }

    /// The pool had so many when it was taken over.
    pub(super) fn found(&mut self, count: i32) {
        self.granted = count;
    }

    pub(super) fn next_call_id(&mut self) -> i64 {
        self.last_call_id += 1;
        self.last_call_id
    }

    /// Keeps a question until its answer comes.
    pub(super) fn ask(
        &mut self,
        call_id: i64,
        question: Question,
        done: oneshot::Sender<Result<Availability, Error>>,
    ) {
        self.questions.insert(call_id, (question, done));
    }

    /// Answers a question with an error.
    pub(super) fn give_up(&mut self, call_id: i64, error: Error) {
        if let Some((_, done)) = self.questions.remove(&call_id) {
            // Whoever asked may have gone.
            let _ = done.send(Err(error));
        }
    }

    /// The question to ask now, as call id and number, when this many commands run.
    pub(super) fn wanted(&mut self, running: usize) -> Option<(i64, i32)> {
        let wanted = i32::try_from(running).unwrap_or(MAX_RUNSPACES).min(MAX_RUNSPACES);
        if wanted <= self.granted || self.asked.is_some() || self.is_refused {
            return None;
        }
        self.asked = Some((self.next_call_id(), wanted));
        self.asked
    }

    /// The server's answer.
    pub(super) fn answered(&mut self, call_id: i64, answer: Availability) {
        let is_done = answer == Availability::Done(true);
        match self.asked.take_if(|(asked, _)| *asked == call_id) {
            Some((_, count)) if is_done => self.granted = count,
            Some(_) => self.is_refused = true,
            None => {}
        }
        if let Some((question, done)) = self.questions.remove(&call_id) {
            if let (Question::Max(count), true) = (question, is_done) {
                self.granted = count;
                self.is_refused = true;
            }
            let _ = done.send(Ok(answer));
        }
    }
}

/// The usual limit of an Exchange server (PowerShellMaxConcurrency) is 18 for one account, so two sessions fit.
const MAX_RUNSPACES: i32 = 8;

#[cfg(test)]
mod tests;
