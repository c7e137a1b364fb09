//! What a session tells beside its commands.

use std::sync::{Arc, Mutex, PoisonError};

use ::psrp::clixml::Tape;
use tokio::sync::{broadcast, watch};

use crate::session::SessionState;

/// Written by the session's task, read by its handles.
#[derive(Debug)]
pub(crate) struct Told {
    state: watch::Sender<SessionState>,
    private_data: watch::Sender<Option<Arc<Tape>>>,
    /// `None` once the session has ended, so that listeners hear of it.
    user_events: Mutex<Option<broadcast::Sender<Arc<Tape>>>>,
}

impl Told {
    pub(super) fn new() -> Self {
        let (user_events, _) = broadcast::channel(MAX_WAITING_USER_EVENTS);
        Self {
            state: watch::Sender::new(SessionState::Opened),
            private_data: watch::Sender::new(None),
            user_events: Mutex::new(Some(user_events)),
        }
    }

    pub(super) fn state(&self, state: SessionState) {
        self.state.send_replace(state);
    }

    pub(super) fn private_data(&self, data: Tape) {
        self.private_data.send_replace(Some(Arc::new(data)));
    }

    pub(super) fn user_event(&self, event: Tape) {
        if let Some(listeners) = &*self.user_events.lock().unwrap_or_else(PoisonError::into_inner) {
            // Nobody may listen.
            let _ = listeners.send(Arc::new(event));
        }
    }

    /// Nothing follows.
    pub(super) fn end(&self) {
        self.user_events.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    pub(super) fn present_state(&self) -> SessionState {
        *self.state.borrow()
    }

    pub(crate) fn present_private_data(&self) -> Option<Arc<Tape>> {
        self.private_data.borrow().clone()
    }

    pub(crate) fn user_events(&self) -> broadcast::Receiver<Arc<Tape>> {
        match &*self.user_events.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(listeners) => listeners.subscribe(),
            None => broadcast::channel(1).1,
        }
    }
}

/// The oldest go when a listener does not listen.
const MAX_WAITING_USER_EVENTS: usize = 256;
