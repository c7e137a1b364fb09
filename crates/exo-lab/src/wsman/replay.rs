//! Robust connections: answers kept for clients that lost them (MS-WSMV 3.1.4.1.39).

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use tokio::sync::watch;

use crate::wsman::answer::Answer;

/// The operations of late, and what was answered.
#[derive(Debug, Default)]
pub(crate) struct Replays(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    kept: HashMap<Key, watch::Receiver<Option<Answer>>>,
    /// The oldest first.
    order: VecDeque<Key>,
}

/// Who asked, and the id of the operation.
type Key = (String, String);

/// What to do with a request.
pub(super) enum Turn {
    /// Act, and keep the answer with this.
    Act(watch::Sender<Option<Answer>>),
    /// Somebody acts or has acted already; the answer comes here.
    Wait(watch::Receiver<Option<Answer>>),
    /// The id was used, and the client does not say that it repeats itself.
    Refuse,
}

impl Replays {
    pub(super) fn turn(&self, user: &str, operation_id: &str, again: bool) -> Turn {
        let mut table = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (user.to_ascii_lowercase(), operation_id.to_ascii_lowercase());
        match table.kept.get(&key) {
            Some(answer) if again => return Turn::Wait(answer.clone()),
            Some(_) => return Turn::Refuse,
            None => {}
        }
        let (sender, receiver) = watch::channel(None);
        table.kept.insert(key.clone(), receiver);
        table.order.push_back(key);
        while MAX_KEPT < table.order.len() {
            if let Some(oldest) = table.order.pop_front() {
                table.kept.remove(&oldest);
            }
        }
        table.forget_long_answers();
        Turn::Act(sender)
    }
}

impl Table {
    /// Large answers are kept for a shorter time.
    fn forget_long_answers(&mut self) {
        let len_of = |answer: &watch::Receiver<Option<Answer>>| {
            answer.borrow().as_ref().map_or(0, |answer| answer.envelope.len())
        };
        let mut len: usize = self.kept.values().map(len_of).sum();
        while MAX_KEPT_LEN < len {
            let Some(oldest) = self.order.pop_front() else { return };
            if let Some(answer) = self.kept.remove(&oldest) {
                len = len.saturating_sub(len_of(&answer));
            }
        }
    }
}

const MAX_KEPT: usize = 512;
const MAX_KEPT_LEN: usize = 32 * 1024 * 1024;
