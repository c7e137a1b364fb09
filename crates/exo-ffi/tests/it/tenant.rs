//! A stand-in tenant for one test, on threads of its own.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use exo_lab::{Lab, LabConfig};
use serde_json::json;
use tokio::runtime::Runtime;

use crate::api::{Event, Operation, Session, connect};

pub(crate) struct Tenant {
    pub(crate) lab: Lab,
    _runtime: Runtime,
}

impl Tenant {
    pub(crate) fn start(config: LabConfig) -> Self {
        let runtime = Runtime::new().unwrap();
        let lab = runtime.block_on(Lab::start(config)).unwrap();
        Self { lab, _runtime: runtime }
    }

    /// The connect options for the administrator.
    pub(crate) fn options(&self) -> serde_json::Value {
        json!({
            "connectionUri": self.lab.url(),
            "authority": self.lab.authority(),
            "user": self.lab.user(),
            "caFile": self.lab.ca_file(),
        })
    }

    pub(crate) fn start_connect(&self) -> Operation {
        connect(&self.options().to_string(), Some(self.lab.password())).unwrap()
    }

    pub(crate) fn connect(&self) -> Session {
        session_of(&self.start_connect().rest().unwrap())
    }
}

/// The session among the events of connecting.
pub(crate) fn session_of(events: &[Event]) -> Session {
    let connected = events.iter().find(|event| event.kind() == exo::EXO_EVENT_CONNECTED).unwrap();
    connected.session().unwrap()
}

/// Held by tests that use the library's threads.
pub(crate) fn working() -> RwLockReadGuard<'static, ()> {
    LIBRARY.read().unwrap_or_else(PoisonError::into_inner)
}

/// Held by tests that end the library's threads.
pub(crate) fn ending() -> RwLockWriteGuard<'static, ()> {
    LIBRARY.write().unwrap_or_else(PoisonError::into_inner)
}

static LIBRARY: RwLock<()> = RwLock::new(());
