//! A shell's beginning and its end.

use std::sync::Arc;
use std::time::Duration;

use ::psrp::Target;
use reqwest::Url;
use wsman::{Carrying, Endpoint, ShellId};

use super::{Call, DROP_LIMIT, Driver, Live, Standing, of_psrp};
use crate::carrier::psrp::shell;
use crate::error::kind::Kind;
use crate::error::{Error, Step};

impl Driver {
    pub(super) async fn open_in_time(&mut self) -> Result<Standing, Error> {
        let limit = self.blueprint.open_timeout;
        match tokio::time::timeout(limit, self.open()).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let host = crate::http::host_of(&self.wire.url);
                Err(Error::new(Step::Open, Kind::AnswerTimeout { host, limit }))
            }
        }
    }

    /// Creates the shell, or takes it over, and waits until the pool in it is open.
    async fn open(&mut self) -> Result<Standing, Error> {
        match &self.taking {
            Some(taking) => {
                let shell = taking.shell.clone();
                self.connect(shell)?;
            }
            None => self.create()?,
        }
        while !self.opened {
            self.arrived().await?;
            self.advance()?;
        }
        self.live = Some(Live::enter(self.pool.rpid(), crate::http::host_of(&self.wire.url)));
        let version = self.pool.protocol_version().map(|version| version.to_string()).unwrap_or_default();
        Ok(Standing {
            url: self.wire.url.clone(),
            shell_id: self.shell.as_ref().map(ToString::to_string).unwrap_or_default(),
            protocol_version: version,
        })
    }

    fn create(&mut self) -> Result<(), Error> {
        let offered = ::psrp::ProtocolVersion::CURRENT.to_string();
        let idle_timeout = self.blueprint.idle_timeout;
        let carrying = Carrying::Creation { protocol_version: &offered, idle_timeout, name: None };
        let room = self.endpoint.max_fragment_len(carrying);
        self.pool.open().map_err(|error| of_psrp(Step::Open, error.into()))?;
        let creation =
            self.pool.poll_transmit(Target::Pool, room).map(|sent| sent.payload.to_vec()).unwrap_or_default();
        let (endpoint, shell_id) = (Arc::clone(&self.endpoint), self.pool.rpid());
        self.call(Call::Create, Step::Open, move |ids, url| {
            let endpoint = Endpoint { to: url.as_str().to_owned(), ..Endpoint::clone(&endpoint) };
            endpoint.build_create(ids, shell_id, &creation, &offered, idle_timeout, None)
        });
        Ok(())
    }

    /// After a failed opening: waits a moment for the Create or Connect under way, and deletes what was made or gives
    /// back what was taken over.
    pub(super) async fn abandon(&mut self) {
        if self.shell.is_none() && !self.calls.is_empty() {
            let answered = async {
                while self.shell.is_none() && !self.calls.is_empty() {
                    if self.arrived().await.is_err() {
                        break;
                    }
                }
            };
            if tokio::time::timeout(DROP_LIMIT / 2, answered).await.is_err() && !self.is_guest {
                // The answer is late, but the shell may exist by the name that was asked for.
                self.shell = Some(ShellId::from(self.pool.rpid()));
            }
        }
        self.calls.abort_all();
        if self.is_guest {
            return self.give_back().await;
        }
        if let Err(error) = self.delete(DROP_LIMIT / 2).await {
            tracing::debug!(%error, "the shell was not deleted");
        }
    }

    /// Ends the shell.
    pub(super) async fn delete(&mut self, limit: Duration) -> Result<(), Error> {
        let Some(shell) = self.shell.take() else { return Ok(()) };
        self.pool.closing();
        let endpoint = Arc::clone(&self.endpoint);
        if self.presence.is_left() {
            // Only its client may delete it. Whether that went well shows with the Delete.
            let back = |ids, _: &Url| endpoint.build_reconnect(ids, &shell, None);
            let _ = tokio::time::timeout(limit / 2, self.wire.exchange(&back, Step::Close)).await;
        }
        shell::delete(&self.wire, endpoint, shell, limit).await
    }
}
