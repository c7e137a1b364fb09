//! A session that was lost: what ran in it ends, and the next command gets a new shell.

use std::collections::VecDeque;
use std::sync::Arc;

use ::psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Ask, DROP_LIMIT, Driver, End, Work, broken, next_ask};
use crate::adminapi::record;
use crate::carrier::psrp::entry::Entry;
use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// A command that no shell has begun.
pub(super) struct Refused {
    pid: Uuid,
    work: Work,
    entry: Entry,
}

impl Driver {
    /// Ends every command with this error, and the shell, should there still be one. Gives those back that the server
    /// refused to begin because it is gone.
    pub(super) async fn lose(&mut self, error: &Error) -> VecDeque<Refused> {
        tracing::debug!(%error, session = %self.pool.rpid(), "the session is lost");
        if error.fault().is_some() && tokio::time::timeout(DROP_LIMIT, self.hear_commands()).await.is_err() {
            tracing::debug!("the server did not say whether it began the last commands");
        }
        let refused = self.pipelines.extract_if(|_, entry| entry.wants_new_shell);
        let refused = refused.filter_map(|(pid, mut entry)| {
            entry.wants_new_shell = false;
            entry.unconfirmed.take().map(|work| Refused { pid, work, entry })
        });
        let refused = refused.collect();
        self.live = None;
        self.fail_all(error);
        self.calls.abort_all();
        if let Err(error) = self.delete(DROP_LIMIT).await {
            tracing::debug!(%error, "the shell was not deleted");
        }
        refused
    }

    /// Waits for the answers of the Commands that are out: a shell that is gone may be reported first by its own Receive,
    /// while the server refuses to begin a command in it.
    async fn hear_commands(&mut self) {
        let is_unheard = |entry: &Entry| {
            entry.unconfirmed.is_some() && !(entry.started || entry.wants_new_shell || entry.ended)
        };
        while self.pipelines.values().any(is_unheard) {
            if let Err(error) = self.arrived().await {
                tracing::debug!(%error, "after the session was lost");
            }
        }
    }

    /// Waits for the next command and opens a shell for it; gives the end, when that comes first.
    pub(super) async fn reopen(
        &mut self,
        lost: &Error,
        mut refused: VecDeque<Refused>,
        asks: &mut mpsc::UnboundedReceiver<Ask>,
        queued: &mut VecDeque<Ask>,
    ) -> Option<End> {
        loop {
            let next = match refused.pop_front() {
                Some(next) => Ok(next),
                None => Err(next_ask(asks, queued).await),
            };
            let Refused { pid, work, mut entry } = match next {
                Ok(next) => next,
                Err(Some(Ask::Start { pid, work, extras, step, events })) => {
                    Refused { pid, work, entry: Entry::new(step, extras, events) }
                }
                Err(Some(Ask::Close { done })) => return Some(End::Closed(done)),
                // They were for commands that have ended.
                Err(Some(Ask::Cancel { .. } | Ask::Reply { .. })) => continue,
                Err(Some(Ask::Question { done, .. })) => {
                    let _ = done.send(Err(broken(lost)));
                    continue;
                }
                Err(Some(Ask::Disconnect(leave))) => {
                    let _ = leave.done.send(Err(broken(lost)));
                    continue;
                }
                Err(Some(Ask::Lend { done })) => {
                    let _ = done.send(Err(broken(lost)));
                    continue;
                }
                Err(Some(Ask::Reconnect { done })) => {
                    let _ = done.send(Err(broken(lost)));
                    continue;
                }
                Err(None) => return Some(End::Dropped),
            };
            let mut end = None;
            let outcome = match self.renew() {
                Err(error) => Err(error),
                Ok(()) => tokio::select! {
                    biased;
                    stopped = stopped(pid, asks, queued) => {
                        end = stopped;
                        Err(Error::new(Step::Run, Kind::Cancelled))
                    }
                    outcome = self.open_in_time() => outcome,
                },
            };
            match outcome {
                Ok(_) => {
                    let text = format!("{}; a new session was opened for this command.", lost.what());
                    entry.push(PipelineEvent::Warning(record::warning(&text)));
                    self.start(pid, work, entry);
                    for Refused { pid, work, entry } in refused {
                        self.start(pid, work, entry);
                    }
                    return None;
                }
                Err(error) => {
                    self.abandon().await;
                    if error.is_cancelled() {
                        let state = PsInvocationState::Stopped;
                        entry.push(PipelineEvent::State { state, reason: None });
                    } else {
                        for Refused { mut entry, .. } in refused.drain(..) {
                            entry.fail(error.clone());
                            tokio::spawn(entry.hand_over());
                        }
                        entry.fail(error);
                    }
                    tokio::spawn(entry.hand_over());
                    if end.is_some() {
                        return end;
                    }
                }
            }
        }
    }

    /// Everything as before the first opening, with another id and without cookies that lead to a lost server.
    fn renew(&mut self) -> Result<(), Error> {
        let mut wire = self.wire.clone();
        wire.http = self.wire.http.anew()?;
        wire.url = self.blueprint.url.clone();
        let (fate, told, id) = (Arc::clone(&self.fate), Arc::clone(&self.told), Uuid::new_v4());
        *self = Self::new(wire, self.blueprint.clone(), (id, id), None, fate, told);
        Ok(())
    }
}

/// Waits until the command that a session is opened for is not wanted any more. Other asks wait in the queue.
async fn stopped(
    pid: Uuid,
    asks: &mut mpsc::UnboundedReceiver<Ask>,
    queued: &mut VecDeque<Ask>,
) -> Option<End> {
    let is_meant = |ask: &Ask| matches!(ask, Ask::Cancel { pid: cancelled } if *cancelled == pid);
    if queued.iter().any(is_meant) {
        // It came while a shell was waited for that another command would have got.
        return None;
    }
    loop {
        match asks.recv().await {
            Some(ask) if is_meant(&ask) => return None,
            Some(Ask::Close { done }) => return Some(End::Closed(done)),
            Some(ask) => queued.push_back(ask),
            None => return Some(End::Dropped),
        }
    }
}
