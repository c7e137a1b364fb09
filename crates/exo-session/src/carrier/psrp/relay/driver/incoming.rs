//! What arrives, and what it changes.

use bytes::Bytes;
use psrp::LineRequest;
use psrp::server::{ErrorBody, encode_pipeline_failure};
use uuid::Uuid;
use wsman::Response;

use super::{Arrival, Call, Driver, Lent, Link, Renamings, Stage, Stop};
use crate::carrier::psrp::live::Live;
use crate::carrier::psrp::relay::RelayEvent;
use crate::carrier::psrp::shell::{self, MAX_FAILURES, Outcome, refusal, unexpected};
use crate::connect::{ConnectEvent, is_another_server, once_more};
use crate::error::kind::Kind;
use crate::error::{Error, Step};

impl Driver {
    pub(super) fn arrived(&mut self, arrival: Arrival) {
        // What was told on the way comes before what came of it.
        while let Ok(event) = self.news.1.try_recv() {
            self.outlet.push(RelayEvent::Connect(event));
        }
        let outcome = match arrival {
            Arrival::Prepared(Ok(prepared)) => {
                self.prepared = Some(prepared);
                self.create()
            }
            Arrival::Prepared(Err(error)) => Err(error),
            Arrival::Lent(guid, lent) => {
                self.lent(guid, lent);
                Ok(())
            }
            Arrival::Answer { call, outcome } => self.answered(call, *outcome),
            Arrival::OpenOverdue(attempt) if attempt == self.attempts && !self.is_heard => {
                let (host, limit) = (self.host(), self.options.open_timeout);
                Err(Error::new(Step::Open, Kind::AnswerTimeout { host, limit }))
            }
            Arrival::OpenOverdue(_) => Ok(()),
            Arrival::StopOverdue(guid) => {
                self.stopped(guid);
                Ok(())
            }
            Arrival::CloseOverdue(guid) => {
                if self.channels.get(&guid).is_some_and(|channel| channel.closing) {
                    self.forget(guid);
                }
                Ok(())
            }
        };
        if let Err(error) = outcome {
            self.opening_failed(error);
        }
    }

    /// A shell that is not found right after it was made may have been made at another server: once more, without cookies
    /// that lead there.
    fn opening_failed(&mut self, error: Error) {
        if self.is_heard || self.attempts != 1 || !is_another_server(&error) {
            return self.break_off(error);
        }
        self.outlet.push(RelayEvent::Connect(ConnectEvent::Warning(once_more(&error))));
        self.calls.abort_all();
        if let Some(pool) = self.channels.get_mut(&Uuid::nil()) {
            pool.receive = None;
            pool.sending = false;
        }
        self.stage = Stage::Beginning;
        if let Err(error) = self.create() {
            self.break_off(error);
        }
    }

    /// An error ends the session.
    fn answered(&mut self, call: Call, outcome: Outcome) -> Result<(), Error> {
        match call {
            Call::Create => self.created(outcome),
            Call::Command(guid) => self.commanded(guid, outcome),
            Call::Send { guid, ends_line } => self.sent(guid, ends_line, outcome),
            Call::Receive(guid) => self.received(guid, outcome),
            Call::Stop(guid) => {
                if let Some(channel) = self.channels.get_mut(&guid) {
                    channel.stop = Stop::Answered;
                    // What was refused cannot be waited for.
                    if channel.done || refusal(outcome, Step::Run).is_some() {
                        self.stopped(guid);
                    }
                }
                Ok(())
            }
            Call::Release(guid) => {
                // Whatever the server says, it has nothing more to say of it.
                if self.channels.contains_key(&guid) {
                    self.forget(guid);
                }
                Ok(())
            }
        }
    }

    /// Begins a pipeline in the shell of the session, as it is called now.
    fn lent(&mut self, guid: Uuid, lent: Result<Box<Lent>, Error>) {
        match lent {
            Ok(lent) => {
                let Lent { wire, endpoint, shell, rpid } = *lent;
                let Some(guest) = &self.guest else { return };
                if let Some(channel) = self.channels.get_mut(&guid) {
                    channel.renamings = Some(Renamings::new(rpid, guest.rpid()));
                }
                self.link = Some(Link { wire, endpoint, shell_id: rpid, shell: Some(shell.clone()) });
                self.begin(guid, &shell);
            }
            Err(error) => {
                self.fail(guid, &error);
                let Some(channel) = self.channels.get_mut(&guid) else { return };
                // The server has never heard of it.
                channel.stage = Stage::Announced;
                let is_closing = channel.closing;
                self.stopped(guid);
                if is_closing {
                    self.forget(guid);
                }
            }
        }
    }

    /// Whether an error of a pipeline is the end of the client's session: the shell of somebody else's session, should it
    /// be lost, is opened again by its owner.
    fn is_end(&self, error: &Error) -> bool {
        self.guest.is_none() && error.needs_reconnect()
    }

    fn created(&mut self, outcome: Outcome) -> Result<(), Error> {
        if outcome.as_ref().is_err_and(Error::is_cut) {
            self.suppose_shell();
        }
        if let Some(link) = &mut self.link {
            link.shell = Some(shell::created(outcome, &mut link.endpoint, &mut link.wire)?);
        }
        self.stage = Stage::Running;
        self.outlet.push_data_ack(Uuid::nil());
        Ok(())
    }

    fn commanded(&mut self, guid: Uuid, outcome: Outcome) -> Result<(), Error> {
        let refused = refusal(outcome, Step::Run);
        let is_end = refused.as_ref().is_some_and(|error| self.is_end(error));
        let Some(channel) = self.channels.get_mut(&guid) else { return Ok(()) };
        // Should the answer be lost, the server may have begun it: then it is released as if it had said so.
        channel.stage = Stage::Running;
        match refused {
            // Of a line that did not fit the rest follows.
            None if channel.pieces.is_empty() => self.outlet.push_data_ack(guid),
            None => {}
            Some(error) if is_end => return Err(error),
            Some(error) => self.fail(guid, &error),
        }
        Ok(())
    }

    fn sent(&mut self, guid: Uuid, ends_line: bool, outcome: Outcome) -> Result<(), Error> {
        let refused = refusal(outcome, Step::Run);
        let Some(channel) = self.channels.get_mut(&guid) else { return Ok(()) };
        channel.sending = false;
        match refused {
            None if ends_line => self.outlet.push_data_ack(guid),
            None => {}
            Some(error) if guid.is_nil() || self.is_end(&error) => return Err(error),
            Some(error) => self.fail(guid, &error),
        }
        Ok(())
    }

    fn received(&mut self, guid: Uuid, outcome: Outcome) -> Result<(), Error> {
        let Some(channel) = self.channels.get_mut(&guid) else { return Ok(()) };
        channel.receive = None;
        let may_fail = channel.failures < MAX_FAILURES;
        let error = match outcome {
            Ok((Response::Receive(received), _)) => {
                channel.failures = 0;
                channel.done = received.command_state.as_ref().is_some_and(|state| state.done);
                let is_stopped = channel.done && channel.stop == Stop::Answered;
                let chunks = received.streams.into_iter().filter(|chunk| !chunk.bytes.is_empty());
                let chunks: Vec<Bytes> = chunks.map(|chunk| channel.renamed(chunk.bytes)).collect();
                for bytes in chunks {
                    self.outlet.push_data(guid, bytes);
                    if !self.is_heard {
                        self.heard();
                    }
                }
                if is_stopped {
                    self.stopped(guid);
                }
                return Ok(());
            }
            Ok((Response::Fault(fault), _)) if fault.is_operation_timeout() => return Ok(()),
            // A Receive that is thrown away says nothing of the shell; the next one does.
            Ok((Response::Fault(fault), _)) if fault.is_aborted() && may_fail => {
                channel.failures += 1;
                return Ok(());
            }
            Ok((Response::Fault(fault), _)) => Error::new(Step::Run, Kind::Fault(Box::new(fault))),
            Ok(_) => unexpected(Step::Run, "Receive"),
            // The shell's own Receive is idle most of the time, which is when connections get cut.
            Err(error) if guid.is_nil() && self.is_heard && error.is_cut() && may_fail => {
                channel.failures += 1;
                return Ok(());
            }
            Err(error) => error,
        };
        if guid.is_nil() || self.is_end(&error) {
            return Err(error);
        }
        // What was in a lost answer cannot be had again, so that the output has a hole.
        self.fail(guid, &error);
        Ok(())
    }

    /// The server has written into the shell: it stands.
    fn heard(&mut self) {
        self.is_heard = true;
        self.creation.clear();
        let Some(link) = &self.link else { return };
        self.live = Some(Live::enter(link.shell_id, self.host()));
        let shell = link.shell.as_ref().map(ToString::to_string).unwrap_or_default();
        let detail = format!("shell {shell}");
        let step = ConnectEvent::Step { name: "session", detail, elapsed: self.asked_at.elapsed() };
        self.outlet.push(RelayEvent::Connect(step));
    }

    /// Ends one pipeline with an error, and nothing else.
    fn fail(&mut self, guid: Uuid, error: &Error) {
        let pool = match (&self.guest, &self.link) {
            (Some(guest), _) => guest.rpid(),
            (None, Some(link)) => link.shell_id,
            (None, None) => return,
        };
        let Some(channel) = self.channels.get_mut(&guid) else { return };
        channel.done = true;
        channel.pieces.clear();
        if !channel.closing {
            let message = error.to_string();
            let failure = encode_pipeline_failure(pool, guid, &ErrorBody::new(&message));
            self.outlet.push_data(guid, failure.into());
        }
        if channel.stop == Stop::Answered {
            self.stopped(guid);
        }
    }

    /// Tells that a pipeline has stopped, unless that was told.
    pub(super) fn stopped(&mut self, guid: Uuid) {
        let Some(channel) = self.channels.get_mut(&guid) else { return };
        if std::mem::take(&mut channel.stop) != Stop::NotAsked {
            self.outlet.push_ack(LineRequest::Signal, guid);
        }
    }
}
