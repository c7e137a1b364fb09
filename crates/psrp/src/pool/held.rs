//! What overtook the session key.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::error::Error;
use crate::message::Message;

/// Messages with secure strings that came before their key, and what came behind them for the same pipelines.
#[derive(Debug, Default)]
pub(super) struct Held {
    messages: Vec<Message>,
    pipelines: BTreeSet<Uuid>,
    /// Those of them of which the carrier has no more, and why.
    gone: Vec<(Uuid, String)>,
    /// Bytes of the messages, headers included: messages without a body must not be free.
    len: usize,
}

impl Held {
    pub(super) fn has(&self, pid: Uuid) -> bool {
        self.pipelines.contains(&pid)
    }

    /// Keeps a message, within `limit` bytes for all of them.
    pub(super) fn keep(&mut self, pid: Uuid, message: Message, limit: usize) -> Result<(), Error> {
        let len = self.len.saturating_add(Message::HEADER_LEN).saturating_add(message.data.len());
        if limit < len {
            let reason = format!("more than {limit} bytes (max_message_len) wait for a session key");
            return Err(Error::Gone { reason });
        }
        self.len = len;
        self.pipelines.insert(pid);
        self.messages.push(message);
        Ok(())
    }

    /// Keeps the word that the carrier has no more of a pipeline, which is behind all its messages.
    pub(super) fn keep_gone(&mut self, pid: Uuid, reason: &str) {
        self.gone.push((pid, reason.to_owned()));
    }

    /// The messages in the order in which they came, and the pipelines that are gone behind them.
    pub(super) fn into_parts(self) -> (Vec<Message>, Vec<(Uuid, String)>) {
        (self.messages, self.gone)
    }
}
