//! A shell that another client has left is taken over, with its commands (MS-PSRP 3.1.4.10.3).

use std::sync::Arc;

use ::psrp::{ProtocolVersion, Target};
use uuid::Uuid;
use wsman::{Endpoint, Response, ShellId};

use super::{Call, DROP_LIMIT, Driver, Outcome, of_psrp};
use crate::carrier::Extras;
use crate::carrier::psrp::entry::Entry;
use crate::carrier::psrp::shell::{refusal, unexpected};
use crate::error::kind::Kind;
use crate::error::{Error, Step};

impl Driver {
    pub(super) fn connect(&mut self, shell: ShellId) -> Result<(), Error> {
        self.pool.connect().map_err(|error| of_psrp(Step::Open, error.into()))?;
        let opening = self.pool.poll_transmit(Target::Pool, MAX_OPENING_LEN);
        let opening = opening.map(|sent| sent.payload.to_vec()).unwrap_or_default();
        let (endpoint, offered) = (Arc::clone(&self.endpoint), ProtocolVersion::CURRENT.to_string());
        self.call(Call::Connect(None), Step::Open, move |ids, url| {
            let endpoint = Endpoint { to: url.as_str().to_owned(), ..Endpoint::clone(&endpoint) };
            endpoint.build_connect(ids, &shell, &opening, &offered)
        });
        Ok(())
    }

    /// The shell is this client's: now its commands.
    pub(super) fn connected(&mut self, outcome: Outcome) -> Result<(), Error> {
        let (told, url) = match outcome? {
            (Response::Connect { connect_response_xml: Some(told) }, url) => (told, url),
            (Response::Fault(fault), _) => return Err(Error::new(Step::Open, Kind::Fault(Box::new(fault)))),
            _ => return Err(unexpected(Step::Open, "Connect")),
        };
        let Some(taking) = self.taking.take() else { return Ok(()) };
        self.shell = Some(taking.shell.clone());
        url.as_str().clone_into(&mut Arc::make_mut(&mut self.endpoint).to);
        self.wire.url = url;
        self.pool.handle_bytes(told).map_err(|error| of_psrp(Step::Open, error))?;
        for (pid, events) in taking.commands {
            self.pool.connect_pipeline(pid).map_err(|error| of_psrp(Step::Open, error.into()))?;
            let extras = Extras { hosted: taking.hosted, ..Extras::default() };
            self.pipelines.insert(pid, Entry::new(Step::Run, extras, events));
            let (endpoint, shell) = (Arc::clone(&self.endpoint), taking.shell.clone());
            self.call(Call::Connect(Some(pid)), Step::Run, move |ids, _| {
                endpoint.build_connect_command(ids, &shell, pid)
            });
        }
        Ok(())
    }

    /// A command of it is this client's, or not there any more.
    pub(super) fn command_connected(&mut self, pid: Uuid, outcome: Outcome) {
        let refused = refusal(outcome, Step::Run);
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        match refused {
            None => entry.started = true,
            Some(error) => entry.fail(error),
        }
    }

    /// Leaves the shell as it was found, for its owner: best effort.
    pub(super) async fn give_back(&mut self) {
        let Some(shell) = self.shell.take() else { return };
        let endpoint = Arc::clone(&self.endpoint);
        let make = |ids, _: &reqwest::Url| endpoint.build_disconnect(ids, &shell, None, None);
        let given = tokio::time::timeout(DROP_LIMIT / 2, self.wire.exchange(&make, Step::Close)).await;
        if !matches!(given, Ok(Ok((Response::Disconnect, _)))) {
            tracing::debug!("the shell was not given back");
        }
    }
}

/// More than the two messages of a Connect take.
const MAX_OPENING_LEN: usize = 64 << 10;
