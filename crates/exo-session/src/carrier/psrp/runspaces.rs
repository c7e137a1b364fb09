//! How many commands the server runs at the same time.

/// What was asked of the server and what it has granted.
///
/// A session begins with one runspace, as PowerShell's own clients ask for it: an Exchange server counts runspaces
/// against the account (PowerShellMaxConcurrency, PowerShellMaxRunspaces), and most sessions never need a second one.
/// When commands overlap, more are asked for. A server that refuses runs them one after another, which is what would
/// have happened anyway, and is not asked again.
#[derive(Debug)]
pub(super) struct Runspaces {
    granted: i32,
    /// The number asked for, and the id of the question.
    asked: Option<(i64, i32)>,
    last_call_id: i64,
    is_refused: bool,
}

impl Runspaces {
    pub(super) const fn new() -> Self {
        Self { granted: 1, asked: None, last_call_id: 0, is_refused: false }
    }

    /// The question to ask now, as call id and number, when this many commands run.
    pub(super) fn wanted(&mut self, running: usize) -> Option<(i64, i32)> {
        let wanted = i32::try_from(running).unwrap_or(MAX_RUNSPACES).min(MAX_RUNSPACES);
        if wanted <= self.granted || self.asked.is_some() || self.is_refused {
            return None;
        }
        self.last_call_id += 1;
        self.asked = Some((self.last_call_id, wanted));
        self.asked
    }

    /// The server's answer.
    pub(super) fn answered(&mut self, call_id: i64, is_done: bool) {
        match self.asked.take_if(|(asked, _)| *asked == call_id) {
            Some((_, count)) if is_done => self.granted = count,
            Some(_) => self.is_refused = true,
            None => {}
        }
    }
}

/// The usual limit of an Exchange server (PowerShellMaxConcurrency) is 18 for one account, so two sessions fit.
const MAX_RUNSPACES: i32 = 8;

#[cfg(test)]
mod tests;
