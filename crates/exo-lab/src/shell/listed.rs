//! Shells as their owner finds them in a list.

use std::time::Duration;

use uuid::Uuid;
use wsman::{CreateResponse, ListedShell, ShellId};

use super::{Inside, Shell, Shells};

impl Shells {
    /// The shells of this owner.
    pub(crate) fn of(&self, owner: &str, max_idle: Duration) -> Vec<ListedShell> {
        let live = self.lock();
        let theirs =
            live.values().filter(|shell| shell.owner.eq_ignore_ascii_case(owner) && !shell.is_dead());
        theirs.map(|shell| shell.listed(max_idle)).collect()
    }
}

impl Shell {
    pub(crate) fn listed(&self, max_idle: Duration) -> ListedShell {
        let shell = CreateResponse {
            shell_id: ShellId::new(self.id.as_str()),
            resource_uri: Some(self.resource_uri.clone()),
            owner: Some(self.owner.clone()),
            idle_timeout: Some(self.idle_limit),
            max_idle_timeout: Some(max_idle),
        };
        ListedShell { shell, is_disconnected: self.client().has_left }
    }

    /// The commands in it.
    pub(crate) fn commands(&self) -> Vec<Uuid> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.commands(),
            Inside::Relay(relay) => relay.commands(),
        }
    }
}
