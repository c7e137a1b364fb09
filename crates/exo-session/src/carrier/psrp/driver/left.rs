//! Leaving the shell, which goes on, and coming back to it (MS-PSRP 3.1.4.10.1 and 3.1.4.10.2).

use std::sync::Arc;

use ::psrp::{ProtocolVersion, Target};
use tokio::sync::oneshot;
use uuid::Uuid;
use wsman::{Response, ShellId};

use super::{Arrival, Call, DROP_LIMIT, Driver, Leave, Outcome};
use crate::carrier::psrp::entry::{Entry, Release};
use crate::carrier::psrp::shell::{refusal, unexpected};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::session::SessionState;

/// Whether this client is at its shell.
#[derive(Debug)]
pub(super) enum Presence {
    Here,
    /// The shell is left once everything that was begun is answered.
    Leaving(Leave),
    /// The Disconnect is out, or confirmed while Receives are still out: what they bring is not lost.
    Going {
        leave: Leave,
        confirmed: bool,
    },
    Left,
    /// The Reconnect of the shell is out, or that of so many commands.
    Returning {
        commands: usize,
        done: oneshot::Sender<Result<(), Error>>,
    },
}

impl Presence {
    /// Commands may be started and fed.
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Self::Here)
    }

    /// Requests may go to the shell.
    pub(super) fn is_at_shell(&self) -> bool {
        matches!(self, Self::Here | Self::Leaving(_))
    }

    pub(super) fn is_left(&self) -> bool {
        matches!(self, Self::Left)
    }
}

impl Driver {
    /// The caller wants to leave.
    pub(super) fn leave(&mut self, leave: Leave) {
        let problem = if !self.presence.is_here() {
            Some("the session is disconnected, or about to be")
        } else if self.pool.protocol_version().is_none_or(|version| version < ProtocolVersion::V2_2) {
            Some("the server speaks a protocol version before 2.2, which cannot be disconnected")
        } else {
            None
        };
        match problem {
            Some(problem) => {
                let kind = Kind::Presence { problem };
                // Whoever asked may have gone.
                let _ = leave.done.send(Err(Error::new(Step::Disconnect, kind)));
            }
            None => self.presence = Presence::Leaving(leave),
        }
    }

    /// Sends the Disconnect when nothing else is to be sent or answered.
    pub(super) fn leave_when_quiet(&mut self, shell: &ShellId) {
        if !matches!(self.presence, Presence::Leaving(_)) || !self.is_quiet() {
            return;
        }
        let Presence::Leaving(leave) = std::mem::replace(&mut self.presence, Presence::Here) else { return };
        let (endpoint, shell, idle_timeout) = (Arc::clone(&self.endpoint), shell.clone(), leave.idle_timeout);
        let buffer_mode = self.blueprint.buffer_mode;
        self.presence = Presence::Going { leave, confirmed: false };
        self.call(Call::Disconnect, Step::Disconnect, move |ids, _| {
            endpoint.build_disconnect(ids, &shell, idle_timeout, buffer_mode)
        });
    }

    /// Nothing but Receives is out, and nothing waits to be sent.
    fn is_quiet(&self) -> bool {
        let is_waiting = |target| match target {
            Target::Pool => true,
            Target::Pipeline(pid) => self.pipelines.get(&pid).is_some_and(|entry| !entry.ended),
        };
        let is_settled = |entry: &Entry| {
            let is_released = entry.release == Release::Answered || !(entry.started && entry.ended);
            (entry.started || entry.ended)
                && is_released
                && !entry.sending
                && (entry.ended || !entry.cancelled)
        };
        !self.pool_sending
            && !self.keys.are_exchanged_now()
            && !self.pool.waiting_targets().any(is_waiting)
            && self.pipelines.values().all(is_settled)
    }

    pub(super) fn disconnected(&mut self, outcome: Outcome) -> Result<(), Error> {
        let Presence::Going { leave, .. } = std::mem::replace(&mut self.presence, Presence::Here) else {
            return Ok(());
        };
        let refused = match outcome {
            Ok((Response::Disconnect, _)) => None,
            Ok((Response::Fault(fault), _)) => {
                Some(Error::new(Step::Disconnect, Kind::Fault(Box::new(fault))))
            }
            Ok(_) => Some(unexpected(Step::Disconnect, "Disconnect")),
            Err(error) => Some(error),
        };
        if let Some(error) = refused {
            let _ = leave.done.send(Err(error.clone()));
            return if error.needs_reconnect() { Err(error) } else { Ok(()) };
        }
        // It was open: the Disconnect went out.
        let _ = self.pool.disconnected();
        self.presence = Presence::Going { leave, confirmed: true };
        self.after(DROP_LIMIT, Arrival::LeaveOverdue);
        Ok(())
    }

    /// A server that answers a Receive no more although the shell was left.
    pub(super) fn leave_overdue(&mut self) {
        if matches!(self.presence, Presence::Going { confirmed: true, .. }) {
            let own = self.pipelines.values_mut().filter_map(|entry| entry.receive.take());
            for receive in own.chain(self.pool_receive.take()) {
                receive.abort();
            }
        }
    }

    /// Tells the caller that the shell was left, when all Receives are back.
    pub(super) fn left_when_empty(&mut self) {
        let is_out =
            self.pool_receive.is_some() || self.pipelines.values().any(|entry| entry.receive.is_some());
        if is_out || !matches!(self.presence, Presence::Going { confirmed: true, .. }) {
            return;
        }
        if let Presence::Going { leave, .. } = std::mem::replace(&mut self.presence, Presence::Left) {
            self.told.state(SessionState::Disconnected);
            let mut running: Vec<Uuid> = self.running().collect();
            running.sort_unstable();
            let _ = leave.done.send(Ok(running));
        }
    }

    /// Whether an answer to a Receive says no more than that the shell was left.
    pub(super) fn is_of_leaving(&self, outcome: &Outcome) -> bool {
        !self.presence.is_at_shell() && !matches!(outcome, Ok((Response::Receive(_), _)))
    }

    /// The caller wants to come back.
    pub(super) fn come_back(&mut self, done: oneshot::Sender<Result<(), Error>>) {
        match (&self.presence, self.shell.clone()) {
            (Presence::Left, Some(shell)) => {
                self.presence = Presence::Returning { commands: 0, done };
                self.reconnect(&shell, None);
            }
            (Presence::Here, _) => {
                let _ = done.send(Ok(()));
            }
            _ => {
                let kind =
                    Kind::Presence { problem: "the session is about to be disconnected or reconnected" };
                let _ = done.send(Err(Error::new(Step::Reconnect, kind)));
            }
        }
    }

    fn reconnect(&mut self, shell: &ShellId, pid: Option<Uuid>) {
        let (endpoint, shell) = (Arc::clone(&self.endpoint), shell.clone());
        self.call(Call::Reconnect(pid), Step::Reconnect, move |ids, _| {
            endpoint.build_reconnect(ids, &shell, pid)
        });
    }

    /// The shell is this client's again, or one of its commands.
    pub(super) fn reconnected(&mut self, pid: Option<Uuid>, outcome: Outcome) -> Result<(), Error> {
        let refused = refusal(outcome, Step::Reconnect);
        let Presence::Returning { commands, done } = std::mem::replace(&mut self.presence, Presence::Left)
        else {
            return Ok(());
        };
        let commands = match (pid, refused, self.shell.clone()) {
            (None, Some(error), _) => {
                let _ = done.send(Err(error.clone()));
                return if error.needs_reconnect() { Err(error) } else { Ok(()) };
            }
            (None, None, Some(shell)) => {
                // It was left.
                let _ = self.pool.reconnected();
                let running: Vec<Uuid> = self.running().collect();
                for pid in &running {
                    self.reconnect(&shell, Some(*pid));
                }
                running.len()
            }
            (Some(pid), Some(error), _) => {
                if let Some(entry) = self.pipelines.get_mut(&pid) {
                    entry.done = true;
                    entry.fail_in_doubt(error);
                }
                commands.saturating_sub(1)
            }
            (_, None, _) => commands.saturating_sub(1),
        };
        if 0 < commands {
            self.presence = Presence::Returning { commands, done };
            return Ok(());
        }
        self.presence = Presence::Here;
        self.told.state(SessionState::Opened);
        let _ = done.send(Ok(()));
        // What the caller said meanwhile.
        let pids: Vec<Uuid> = self.pipelines.keys().copied().collect();
        for pid in pids {
            self.feed(pid);
            self.reply_again(pid);
        }
        Ok(())
    }

    /// The commands that the server knows and that have not ended.
    fn running(&self) -> impl Iterator<Item = Uuid> {
        let is_running = |entry: &Entry| entry.started && !entry.ended && !entry.done;
        self.pipelines.iter().filter(move |(_, entry)| is_running(entry)).map(|(pid, _)| *pid)
    }
}
