//! What waits for PowerShell to take it.

use std::collections::VecDeque;

use bytes::Bytes;
use psrp::{Line, LineRequest, Stream};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::RelayEvent;

/// The events that wait, and how much of them the server wrote.
#[derive(Debug)]
pub(super) struct Outlet {
    events: mpsc::Sender<RelayEvent>,
    waiting: VecDeque<(RelayEvent, Weight)>,
    /// Bytes that wait, of the pool.
    pool_len: usize,
    /// Bytes that wait, of all pipelines.
    pipelines_len: usize,
}

/// What an event counts for.
#[derive(Debug, Clone, Copy)]
enum Weight {
    None,
    Pool(usize),
    Pipelines(usize),
}

impl Outlet {
    pub(super) fn new(events: mpsc::Sender<RelayEvent>) -> Self {
        Self { events, waiting: VecDeque::new(), pool_len: 0, pipelines_len: 0 }
    }

    pub(super) fn push(&mut self, event: RelayEvent) {
        self.waiting.push_back((event, Weight::None));
    }

    /// Bytes of the server for the pool or a pipeline.
    pub(super) fn push_data(&mut self, guid: Uuid, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let piece = bytes.split_to(bytes.len().min(MAX_LINE_LEN));
            let line = Line::Data { stream: Stream::Default, guid, bytes: piece }.encode();
            let weight = if guid.is_nil() {
                self.pool_len += line.len();
                Weight::Pool(line.len())
            } else {
                self.pipelines_len += line.len();
                Weight::Pipelines(line.len())
            };
            self.waiting.push_back((RelayEvent::Line(line), weight));
        }
    }

    pub(super) fn push_data_ack(&mut self, guid: Uuid) {
        self.push(RelayEvent::Line(Line::DataAck(guid).encode()));
    }

    pub(super) fn push_ack(&mut self, request: LineRequest, guid: Uuid) {
        self.push(RelayEvent::Line(Line::Ack(request, guid).encode()));
    }

    /// Whether the server may be asked for more for this one: PowerShell is not far behind.
    ///
    /// What pipelines write does not hold up the pool, whose Receive keeps the session from lying idle.
    pub(super) fn has_room(&self, guid: Uuid) -> bool {
        let len = if guid.is_nil() { self.pool_len } else { self.pipelines_len };
        len < MAX_WAITING_LEN
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Waits until the reader takes an event, and hands over the first. `false`: there is no reader any more. With nothing
    /// to hand over it waits for that.
    pub(super) async fn hand_over(&mut self) -> bool {
        if self.waiting.is_empty() {
            self.events.closed().await;
            return false;
        }
        let Ok(permit) = self.events.reserve().await else { return false };
        if let Some((event, weight)) = self.waiting.pop_front() {
            match weight {
                Weight::None => {}
                Weight::Pool(len) => self.pool_len -= len,
                Weight::Pipelines(len) => self.pipelines_len -= len,
            }
            permit.send(event);
        }
        true
    }
}

/// How far PowerShell may be behind before the server is no longer asked for more; one answer may pass it.
const MAX_WAITING_LEN: usize = 256 * 1024;
/// Bytes of one line; where a line ends means nothing. PowerShell is told that a command has ended only after it has read
/// what came before, and short lines let it be stopped soon.
const MAX_LINE_LEN: usize = 48 * 1024;
