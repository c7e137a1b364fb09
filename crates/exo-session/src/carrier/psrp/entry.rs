//! One running pipeline, as the task sees it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::psrp::clixml::Tape;
use ::psrp::{HostCall, PipelineEvent};
use tokio::sync::mpsc::{self, OwnedPermit, error::TrySendError};
use tokio::task::AbortHandle;

use super::driver::Work;
use crate::asking::Reply;
use crate::carrier::{Event, Extras};
use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// A pipeline and what is under way for it.
pub(crate) struct Entry {
    pub(crate) step: Step,
    /// The name of a command that may change something.
    pub(crate) change: Option<String>,
    /// `None` once the consumer has gone.
    events: Option<mpsc::Sender<Event>>,
    /// What the consumer has not had room for.
    backlog: VecDeque<Event>,
    waiting_for_room: bool,
    /// What the caller feeds in; `None` when there is nothing more, or while the next is waited for.
    pub(crate) input: Option<mpsc::Receiver<Tape>>,
    /// Input that the state machine has not taken.
    pub(crate) values: VecDeque<Tape>,
    /// Values of the first of them that it has.
    pub(crate) values_fed: usize,
    /// Somebody answers its questions.
    pub(crate) hosted: bool,
    /// Its output waits on the server for whoever comes later.
    pub(crate) unread: bool,
    /// An answer that waits for the session key.
    pub(crate) reply: Option<(Arc<HostCall>, Reply)>,
    /// Nothing follows the values.
    pub(crate) input_ends: bool,
    /// What to start once there is a session key for its secrets.
    pub(crate) waiting: Option<Work>,
    /// What was sent as a Command whose answer is not there.
    pub(crate) unconfirmed: Option<Work>,
    /// The Command was sent more than once, because an answer was lost: a shell that is gone may have run it.
    pub(crate) repeated: Arc<AtomicBool>,
    /// The server refused the Command because the shell is gone, so that it can go to another one.
    pub(crate) wants_new_shell: bool,
    /// The Command was answered: the server knows the pipeline.
    pub(crate) started: bool,
    /// The Receive that is out.
    pub(crate) receive: Option<AbortHandle>,
    /// Receives that the server threw away.
    pub(crate) failures: u32,
    /// A Send is out; each stream takes one at a time.
    pub(crate) sending: bool,
    pub(crate) cancelled: bool,
    pub(crate) ctrl_c_sent: bool,
    /// The final event is in the backlog or delivered.
    pub(crate) ended: bool,
    /// The server says that nothing more comes.
    pub(crate) done: bool,
    pub(crate) release: Release,
}

/// Where the Signal stands that lets the server forget a pipeline after its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Release {
    NotSent,
    Sent,
    Answered,
}

/// What became of the attempt to hand events over.
pub(crate) enum Delivery {
    /// The consumer has everything.
    Empty,
    /// The consumer must take something first; this sender waits for that.
    Full(mpsc::Sender<Event>),
    /// As before, and somebody waits already.
    StillFull,
    /// There is no consumer any more.
    Gone,
}

impl Entry {
    pub(crate) fn new(step: Step, extras: Extras, events: mpsc::Sender<Event>) -> Self {
        Self {
            step,
            change: None,
            events: Some(events),
            backlog: VecDeque::new(),
            waiting_for_room: false,
            input: extras.input,
            values: VecDeque::new(),
            values_fed: 0,
            hosted: extras.hosted,
            unread: extras.unread,
            reply: None,
            input_ends: false,
            waiting: None,
            unconfirmed: None,
            repeated: Arc::default(),
            wants_new_shell: false,
            started: false,
            receive: None,
            failures: 0,
            sending: false,
            cancelled: false,
            ctrl_c_sent: false,
            ended: false,
            done: false,
            release: Release::NotSent,
        }
    }

    /// Keeps an event for the consumer. After a cancellation only the end counts.
    pub(crate) fn push(&mut self, event: PipelineEvent) {
        let last = event.is_final();
        if self.ended || (self.cancelled && !last) {
            return;
        }
        self.ended = last;
        self.backlog.push_back(Ok(event));
    }

    /// Ends the pipeline with an error.
    pub(crate) fn fail(&mut self, error: Error) {
        if !self.ended {
            self.ended = true;
            self.backlog.push_back(Err(error));
        }
    }

    /// The same when the server may have done what it was asked: of a change that is all that can be said.
    pub(crate) fn fail_in_doubt(&mut self, error: Error) {
        // What waits for a session key has not gone out.
        let handed_over = self.waiting.is_none();
        match self.change.take().filter(|_| handed_over) {
            Some(command) => {
                let problem = error.what();
                self.fail(Error::with_source(self.step, Kind::OutcomeUnknown { command, problem }, error));
            }
            None => self.fail(error),
        }
    }

    /// Whether the server cannot have run it, when it says that the shell is gone: then another shell can.
    pub(crate) fn may_begin_elsewhere(&self) -> bool {
        !self.cancelled && (self.change.is_none() || !self.repeated.load(Ordering::Relaxed))
    }

    /// Forgets what the consumer has not taken: it does not want it any more.
    pub(crate) fn discard(&mut self) {
        self.backlog.retain(|event| match event {
            Ok(event) => event.is_final(),
            Err(_) => true,
        });
    }

    /// Hands over what there is room for.
    pub(crate) fn deliver(&mut self) -> Delivery {
        let Some(events) = &self.events else {
            self.backlog.clear();
            return Delivery::Empty;
        };
        while let Some(event) = self.backlog.pop_front() {
            match events.try_send(event) {
                Ok(()) => {}
                Err(TrySendError::Full(event)) => {
                    self.backlog.push_front(event);
                    if self.waiting_for_room {
                        return Delivery::StillFull;
                    }
                    self.waiting_for_room = true;
                    return Delivery::Full(events.clone());
                }
                Err(TrySendError::Closed(_)) => {
                    self.events = None;
                    self.backlog.clear();
                    return Delivery::Gone;
                }
            }
        }
        Delivery::Empty
    }

    /// The consumer took something, or went.
    pub(crate) fn room(&mut self, permit: Option<OwnedPermit<Event>>) {
        self.waiting_for_room = false;
        if let Some(permit) = permit
            && let Some(event) = self.backlog.pop_front()
        {
            permit.send(event);
        }
    }

    /// Hands over everything that is left, however long the consumer takes.
    pub(crate) async fn hand_over(self) {
        let Some(events) = self.events else { return };
        for event in self.backlog {
            if events.send(event).await.is_err() {
                return;
            }
        }
    }

    pub(crate) fn has_backlog(&self) -> bool {
        !self.backlog.is_empty()
    }

    pub(crate) fn backlog_len(&self) -> usize {
        self.backlog.len()
    }

    /// Nothing is left to do or to wait for.
    pub(crate) fn is_over(&self) -> bool {
        let released = self.release == Release::Answered || !self.started;
        self.ended && released && !self.sending && self.receive.is_none() && self.backlog.is_empty()
    }
}
