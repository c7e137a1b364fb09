//! The pool or one pipeline, as the task sees it.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use psrp::Stream;
use tokio::task::AbortHandle;
use uuid::Uuid;

use super::renaming::Renaming;

/// What is under way for the pool or a pipeline.
#[derive(Debug, Default)]
pub(super) struct Channel {
    pub(super) stage: Stage,
    /// What the client wrote and no request has taken, the first first.
    pub(super) pieces: VecDeque<Piece>,
    /// A Send is out; each stream takes one at a time.
    pub(super) sending: bool,
    /// The Receive that is out.
    pub(super) receive: Option<AbortHandle>,
    /// Receives that brought nothing, one after another.
    pub(super) failures: u32,
    /// The server says that nothing more comes, or there is no way to hear it.
    pub(super) done: bool,
    pub(super) stop: Stop,
    /// The client wants it forgotten.
    pub(super) closing: bool,
    /// The Signal that lets the server forget it is out.
    pub(super) released: bool,
    /// Where client and server call the pool differently.
    pub(super) renamings: Option<Renamings>,
}

/// The pool's other name, for each stream of a pipeline.
#[derive(Debug)]
pub(super) struct Renamings {
    default: Renaming,
    prompt_response: Renaming,
    output: Renaming,
}

impl Renamings {
    pub(super) fn new(of_server: Uuid, of_client: Uuid) -> Self {
        Self {
            default: Renaming::to(of_server),
            prompt_response: Renaming::to(of_server),
            output: Renaming::to(of_client),
        }
    }
}

/// Whether the server knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stage {
    #[default]
    Announced,
    /// The Create or the Command is out.
    Beginning,
    Running,
}

/// Where the Signal stands that stops a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Stop {
    #[default]
    NotAsked,
    Asked,
    Sent,
    /// The server has answered; the client is told when it has heard of the end.
    Answered,
}

/// Bytes for one request.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) stream: Stream,
    pub(super) bytes: Bytes,
    /// The last of its line, so that the client may send the next.
    pub(super) ends_line: bool,
}

impl Channel {
    /// Takes the first piece, cut to what one request carries.
    pub(super) fn take_piece(&mut self, room: usize) -> Option<Piece> {
        let mut piece = self.pieces.pop_front()?;
        if room < piece.bytes.len() {
            let rest = piece.bytes.split_off(room.max(1));
            self.pieces.push_front(Piece { bytes: rest, ..piece });
            piece.ends_line = false;
        }
        if let Some(renamings) = &mut self.renamings {
            let renaming = match piece.stream {
                Stream::Default => &mut renamings.default,
                Stream::PromptResponse => &mut renamings.prompt_response,
            };
            piece.bytes = applied(renaming, piece.bytes);
        }
        Some(piece)
    }

    /// What the server has written, as the client knows it.
    pub(super) fn renamed(&mut self, bytes: Bytes) -> Bytes {
        match &mut self.renamings {
            Some(renamings) => applied(&mut renamings.output, bytes),
            None => bytes,
        }
    }

    pub(super) fn stop_receiving(&mut self) {
        if let Some(receive) = self.receive.take() {
            receive.abort();
        }
    }
}

/// In their own place, where nobody else has them.
fn applied(renaming: &mut Renaming, bytes: Bytes) -> Bytes {
    let mut bytes = bytes.try_into_mut().unwrap_or_else(|shared| BytesMut::from(shared.as_ref()));
    renaming.apply(&mut bytes);
    bytes.freeze()
}
