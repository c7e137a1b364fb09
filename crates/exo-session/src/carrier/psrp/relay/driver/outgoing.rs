//! What is sent, and when.

use std::sync::Arc;

use psrp::Stream;
use uuid::Uuid;
use wsman::{Carrying, Endpoint, FALLBACK_MAX_ENVELOPE_LEN, ShellId, Signal};

use super::{Arrival, Call, Driver, Stage, Stop};
use crate::error::Step;

impl Driver {
    /// Sends whatever may be sent now.
    pub(super) fn advance(&mut self) {
        if self.is_over || self.stage != Stage::Running {
            return;
        }
        self.borrow_shell();
        let Some(shell) = self.link.as_ref().and_then(|link| link.shell.clone()) else { return };
        if let Some(pool) = self.channels.get_mut(&Uuid::nil()) {
            pool.stage = Stage::Running;
        }
        let guids: Vec<Uuid> = self.channels.keys().copied().collect();
        for guid in guids {
            self.advance_channel(guid, &shell);
        }
    }

    fn advance_channel(&mut self, guid: Uuid, shell: &ShellId) {
        let Some(channel) = self.channels.get_mut(&guid) else { return };
        if channel.stage == Stage::Announced && !channel.pieces.is_empty() {
            channel.stage = Stage::Beginning;
            return self.begin(guid, shell);
        }
        if channel.stage != Stage::Running {
            return;
        }
        if channel.closing {
            if !std::mem::replace(&mut channel.released, true) {
                self.signal(Call::Release(guid), guid, shell, Signal::Terminate);
            }
            return;
        }
        if channel.stop == Stop::Asked {
            if channel.done {
                self.stopped(guid);
            } else {
                channel.stop = Stop::Sent;
                self.signal(Call::Stop(guid), guid, shell, Signal::CtrlC);
            }
        }
        self.send(guid, shell);
        self.receive(guid, shell);
    }

    /// Asks for the shell of the session for each pipeline that is to begin: it may be another one than for the last.
    fn borrow_shell(&mut self) {
        let Some(guest) = &self.guest else { return };
        let waiting = self.channels.iter_mut().filter(|(_, channel)| {
            channel.stage == Stage::Announced && !channel.done && !channel.pieces.is_empty()
        });
        for (guid, channel) in waiting {
            channel.stage = Stage::Beginning;
            let (guid, lent) = (*guid, guest.borrow());
            self.calls.spawn(async move { Arrival::Lent(guid, lent.await.map(Box::new)) });
        }
    }

    /// The first bytes of a pipeline are the arguments of its Command.
    pub(super) fn begin(&mut self, guid: Uuid, shell: &ShellId) {
        let Some(link) = &self.link else { return };
        let endpoint = Arc::clone(&link.endpoint);
        let room = sending(&endpoint).max_fragment_len(Carrying::Arguments { shell });
        let Some(piece) = self.channels.get_mut(&guid).and_then(|channel| channel.take_piece(room)) else {
            return;
        };
        let shell = shell.clone();
        self.call(Call::Command(guid), Step::Run, move |ids, _| {
            endpoint.build_command(ids, &shell, guid, &piece.bytes)
        });
    }

    fn send(&mut self, guid: Uuid, shell: &ShellId) {
        let (Some(channel), Some(link)) = (self.channels.get_mut(&guid), &self.link) else { return };
        if channel.sending || channel.pieces.is_empty() {
            return;
        }
        let endpoint = Arc::clone(&link.endpoint);
        let command_id = (!guid.is_nil()).then_some(guid);
        let carrying = Carrying::Stream { shell, stream: "stdin", to_command: command_id.is_some() };
        let Some(piece) = channel.take_piece(sending(&endpoint).max_fragment_len(carrying)) else { return };
        channel.sending = true;
        let name = match piece.stream {
            Stream::Default => "stdin",
            Stream::PromptResponse => "pr",
        };
        let shell = shell.clone();
        let call = Call::Send { guid, ends_line: piece.ends_line };
        self.call(call, Step::Run, move |ids, _| {
            endpoint.build_send(ids, &shell, name, command_id, &piece.bytes)
        });
    }

    /// Asks for more, unless PowerShell is behind.
    fn receive(&mut self, guid: Uuid, shell: &ShellId) {
        let has_room = self.outlet.has_room(guid);
        let (Some(channel), Some(link)) = (self.channels.get(&guid), &self.link) else { return };
        if !has_room || channel.done || channel.receive.is_some() {
            return;
        }
        let step = if self.is_heard { Step::Run } else { Step::Open };
        let (endpoint, shell) = (Arc::clone(&link.endpoint), shell.clone());
        let command_id = (!guid.is_nil()).then_some(guid);
        let receive = self
            .call(Call::Receive(guid), step, move |ids, _| endpoint.build_receive(ids, &shell, command_id));
        if let Some(channel) = self.channels.get_mut(&guid) {
            channel.receive = receive;
        }
    }

    pub(super) fn signal(&mut self, call: Call, guid: Uuid, shell: &ShellId, signal: Signal) {
        let Some(link) = &self.link else { return };
        let (endpoint, shell) = (Arc::clone(&link.endpoint), shell.clone());
        self.call(call, Step::Run, move |ids, _| endpoint.build_signal(ids, &shell, guid, signal));
    }
}

/// The endpoint with the limit for what is sent: PowerShell's lines are far below what the oldest servers take, so that
/// nobody is asked for more.
fn sending(endpoint: &Endpoint) -> Endpoint {
    Endpoint {
        max_envelope_len: endpoint.max_envelope_len.min(FALLBACK_MAX_ENVELOPE_LEN),
        ..Endpoint::clone(endpoint)
    }
}
