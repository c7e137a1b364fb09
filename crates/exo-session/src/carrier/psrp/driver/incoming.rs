//! What arrives, and what it changes.

use std::time::Duration;

use ::psrp::{PipelineEvent, PoolEvent, PsInvocationState, RunspacePoolState};
use uuid::Uuid;
use wsman::{ReceiveResponse, Response, ShellId, Signal};

use super::{Arrival, Call, Driver, Outcome, of_psrp};
use crate::carrier::psrp::entry::{Entry, Release};
use crate::carrier::psrp::shell::{self, MAX_FAILURES, refusal, unexpected};
use crate::command::failure_text;
use crate::error::kind::Kind;
use crate::error::{Error, Step};

impl Driver {
    /// An error ends the session.
    pub(super) fn handle(&mut self, arrival: Arrival) -> Result<(), Error> {
        match arrival {
            Arrival::Room { pid, permit } => {
                if let Some(entry) = self.pipelines.get_mut(&pid) {
                    entry.room(permit);
                }
                Ok(())
            }
            Arrival::Overdue { pid } => {
                self.stop_waiting(pid);
                Ok(())
            }
            Arrival::Input { pid, input, first } => {
                self.input_arrived(pid, input, first);
                Ok(())
            }
            Arrival::Keys(made) => self.keys_made(made),
            Arrival::KeyOverdue => self.key_overdue(),
            Arrival::QuestionOverdue { call_id } => {
                self.question_overdue(call_id);
                Ok(())
            }
            Arrival::LeaveOverdue => {
                self.leave_overdue();
                Ok(())
            }
            Arrival::Answer { call, outcome } => self.answered(call, *outcome),
        }
    }

    fn answered(&mut self, call: Call, outcome: Outcome) -> Result<(), Error> {
        match call {
            Call::Create => return self.created(outcome),
            Call::Receive(None) => return self.pool_received(outcome),
            Call::Receive(Some(pid)) => return self.received(pid, outcome),
            Call::Command(pid) => return self.commanded(pid, outcome),
            Call::Disconnect => return self.disconnected(outcome),
            Call::Reconnect(pid) => return self.reconnected(pid, outcome),
            Call::Connect(None) => return self.connected(outcome),
            Call::Connect(Some(pid)) => self.command_connected(pid, outcome),
            Call::Config => self.configured(&outcome),
            Call::Send(None) => {
                self.pool_sending = false;
                match refusal(outcome, Step::Run) {
                    // What the pool itself sends is answered by messages, which are waited for no longer than they may
                    // take; so it does not matter whether this one arrived.
                    Some(error) if error.is_cut() => {
                        tracing::debug!(%error, "no answer to a message of the pool");
                    }
                    Some(error) => return Err(error),
                    None => {}
                }
            }
            Call::Send(Some(pid)) => {
                let refused = refusal(outcome, self.step_of(pid));
                if let Some(entry) = self.pipelines.get_mut(&pid) {
                    entry.sending = false;
                    if let Some(error) = refused {
                        entry.fail_in_doubt(error);
                    }
                }
            }
            Call::Signal(pid, signal) => self.signalled(pid, signal, outcome),
        }
        Ok(())
    }

    fn commanded(&mut self, pid: Uuid, outcome: Outcome) -> Result<(), Error> {
        let refused = refusal(outcome, self.step_of(pid));
        match (self.pipelines.get_mut(&pid), refused) {
            (Some(entry), None) => {
                entry.started = true;
                entry.unconfirmed = None;
            }
            (Some(entry), Some(error))
                if error.fault().is_some() && error.needs_reconnect() && entry.may_begin_elsewhere() =>
            {
                entry.wants_new_shell = true;
                return Err(error);
            }
            // It says that it did not start the command, or was never asked.
            (Some(entry), Some(error)) if says_not_begun(&error, entry) => entry.fail(error),
            // It may have: then the command is released as if it had been confirmed.
            (Some(entry), Some(error)) => {
                entry.started = true;
                entry.fail_in_doubt(error);
            }
            // The caller stopped waiting before the server answered; the command must not go on unseen.
            (None, None) => {
                if let Some(shell) = self.shell.clone() {
                    self.signal(pid, &shell, Signal::Terminate, Step::Run);
                }
            }
            (None, Some(error)) => tracing::debug!(%error, "an abandoned command was refused"),
        }
        Ok(())
    }

    fn created(&mut self, outcome: Outcome) -> Result<(), Error> {
        if outcome.as_ref().is_err_and(Error::is_cut) {
            // The answer is lost, but the shell may exist by the name that was asked for.
            self.shell = Some(ShellId::from(self.pool.rpid()));
        }
        self.shell = Some(shell::created(outcome, &mut self.endpoint, &mut self.wire)?);
        Ok(())
    }

    fn pool_received(&mut self, outcome: Outcome) -> Result<(), Error> {
        self.pool_receive = None;
        if self.is_of_leaving(&outcome) {
            return Ok(());
        }
        if SETTLED < self.pool_receive_sent.elapsed() {
            self.pool_failures = 0;
        }
        let step = if self.opened { Step::Run } else { Step::Open };
        match outcome {
            Ok((Response::Receive(received), _)) => {
                self.pool_failures = 0;
                let waiting =
                    |driver: &Self| driver.pipelines.values().map(Entry::backlog_len).sum::<usize>();
                let before = waiting(self);
                let taken = self.take_bytes(received, step);
                self.pool_feeds_pipelines |= before < waiting(self);
                taken
            }
            Ok((Response::Fault(fault), _)) if fault.is_operation_timeout() => {
                self.pool_failures = 0;
                Ok(())
            }
            // A Receive that is thrown away says nothing of the shell; the next one does.
            Ok((Response::Fault(fault), _)) if fault.is_aborted() && self.pool_failures < MAX_FAILURES => {
                self.pool_failures += 1;
                Ok(())
            }
            Ok((Response::Fault(fault), _)) => Err(Error::new(step, Kind::Fault(Box::new(fault)))),
            Ok(_) => Err(unexpected(step, "Receive")),
            // The shell's own Receive is idle most of the time, which is when connections get cut.
            Err(error) if self.opened && error.is_cut() && self.pool_failures < MAX_FAILURES => {
                self.pool_failures += 1;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn received(&mut self, pid: Uuid, outcome: Outcome) -> Result<(), Error> {
        let step = self.step_of(pid);
        let is_of_leaving = self.is_of_leaving(&outcome);
        let Some(entry) = self.pipelines.get_mut(&pid) else { return Ok(()) };
        entry.receive = None;
        if is_of_leaving {
            return Ok(());
        }
        match outcome {
            Ok((Response::Receive(received), _)) => {
                if received.command_state.as_ref().is_some_and(|state| state.done) {
                    entry.done = true;
                }
                // The next Receive goes out before the bytes of this one are read: the server works meanwhile.
                self.ask_for_more(pid);
                self.take_bytes(received, step)?;
                if self.pipelines.get(&pid).is_some_and(|entry| entry.done && !entry.ended) {
                    self.pool.handle_pipeline_gone(pid, "the server ended the command without a final state");
                }
                Ok(())
            }
            Ok((Response::Fault(fault), _)) if fault.is_operation_timeout() => Ok(()),
            Ok((Response::Fault(fault), _)) if fault.is_aborted() && entry.failures < MAX_FAILURES => {
                entry.failures += 1;
                Ok(())
            }
            Ok((Response::Fault(fault), _)) => {
                entry.done = true;
                let error = Error::new(step, Kind::Fault(Box::new(fault)));
                if error.needs_reconnect() && !entry.ended && !entry.cancelled {
                    // Not the command is gone, or not only: without its shell nothing else can run either.
                    return Err(error);
                }
                entry.fail_in_doubt(error);
                Ok(())
            }
            Ok(_) => {
                entry.fail(unexpected(step, "Receive"));
                Ok(())
            }
            Err(error) => {
                // What was in the lost answer cannot be had again, so the command's output has a hole.
                entry.fail_in_doubt(error);
                Ok(())
            }
        }
    }

    fn signalled(&mut self, pid: Uuid, signal: Signal, outcome: Outcome) {
        let step = self.step_of(pid);
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        if signal == Signal::Terminate {
            entry.release = Release::Answered;
            // A Receive that is still out has nothing left to bring.
            if let Some(receive) = entry.receive.take() {
                receive.abort();
            }
        } else if let Some(error) = refusal(outcome, step) {
            entry.fail(error);
        }
    }

    /// A stop that the server does not confirm is over for the caller all the same.
    fn stop_waiting(&mut self, pid: Uuid) {
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        if let Some(receive) = entry.receive.take() {
            receive.abort();
        }
        entry.push(PipelineEvent::State { state: PsInvocationState::Stopped, reason: None });
    }

    /// Feeds the state machine and sorts what it says. An error ends the session.
    fn take_bytes(&mut self, received: ReceiveResponse, step: Step) -> Result<(), Error> {
        let mut result = Ok(());
        for chunk in received.streams {
            if result.is_ok() && !chunk.bytes.is_empty() {
                result = self.pool.handle_bytes(chunk.bytes).map_err(|error| of_psrp(step, error));
            }
        }
        // What came before a broken fragment is still good.
        self.sort_events(step).and(result)
    }

    pub(super) fn sort_events(&mut self, step: Step) -> Result<(), Error> {
        while let Some(event) = self.pool.poll_event() {
            match event {
                PoolEvent::Opened => self.opened = true,
                PoolEvent::Pipeline { pid, event } => self.pipeline_event(pid, event),
                PoolEvent::HostCall(call) => self.refuse_host_call(&call),
                PoolEvent::StateChanged { state: RunspacePoolState::Broken, reason } => {
                    let reason = failure_text(reason.as_ref());
                    return Err(Error::new(step, Kind::Remote { reason }));
                }
                PoolEvent::StateChanged { state: RunspacePoolState::Closed, .. } => {
                    let reason = "the server closed it".to_owned();
                    return Err(Error::new(step, Kind::Broken { reason }));
                }
                PoolEvent::RunspaceAvailability { call_id, answer } => {
                    self.runspaces.answered(call_id, answer);
                }
                PoolEvent::InitData { max_runspaces, .. } => self.runspaces.found(max_runspaces),
                PoolEvent::ApplicationPrivateData(data) => self.told.private_data(data),
                PoolEvent::UserEvent(event) => self.told.user_event(event),
                PoolEvent::SessionKeyRequested => self.make_keys(),
                PoolEvent::SessionKey(encrypted) => self.take_session_key(&encrypted)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn pipeline_event(&mut self, pid: Uuid, event: PipelineEvent) {
        if let PipelineEvent::HostCall(call) = &event
            && !self.pipelines.get(&pid).is_some_and(|entry| entry.hosted)
        {
            self.refuse_host_call(call);
        }
        let step = self.step_of(pid);
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        match event {
            // A server may end a command that was stopped without telling the state.
            PipelineEvent::Broken(_) if entry.cancelled => {
                entry.push(PipelineEvent::State { state: PsInvocationState::Stopped, reason: None });
            }
            PipelineEvent::Broken(error) => entry.fail_in_doubt(of_psrp(step, error)),
            event => entry.push(event),
        }
    }
}

/// Whether the answer to a Command shows that the server has not begun it.
fn says_not_begun(error: &Error, entry: &Entry) -> bool {
    let is_doubtful = error.needs_reconnect() && !entry.may_begin_elsewhere() && !entry.cancelled;
    (error.fault().is_some() && !is_doubtful) || error.cannot_have_arrived() || error.was_turned_away()
}

/// A Receive that was out for this long had a connection that works, whatever cut it in the end.
const SETTLED: Duration = Duration::from_secs(10);
