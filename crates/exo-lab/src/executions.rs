//! How often cmdlets were executed: what a client believes it did is compared with this.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Counts by name, without regard to case.
#[derive(Debug, Default)]
pub(crate) struct Executions(Mutex<HashMap<String, u64>>);

impl Executions {
    pub(crate) fn note(&self, cmdlet: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(cmdlet.to_ascii_lowercase()).or_default() += 1;
    }

    pub(crate) fn of(&self, cmdlet: &str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&cmdlet.to_ascii_lowercase()).copied().unwrap_or(0)
    }
}
