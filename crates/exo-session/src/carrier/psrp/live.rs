//! The sessions that this program has open: what a user can close when a server allows no more.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use uuid::Uuid;

/// By id, the host of each.
static LIVE: Mutex<BTreeMap<Uuid, String>> = Mutex::new(BTreeMap::new());

/// An entry for as long as its session lives.
#[derive(Debug)]
pub(super) struct Live(Uuid);

impl Live {
    pub(super) fn enter(id: Uuid, host: String) -> Self {
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).insert(id, host);
        Self(id)
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.0);
    }
}

/// The sessions with this host.
pub(super) fn sessions(host: &str) -> Vec<Uuid> {
    let live = LIVE.lock().unwrap_or_else(PoisonError::into_inner);
    live.iter().filter(|(_, own)| own.eq_ignore_ascii_case(host)).map(|(id, _)| *id).collect()
}
