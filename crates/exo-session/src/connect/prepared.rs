//! What is decided and known before a session is opened.

use std::sync::Arc;
use std::time::Instant;

use uuid::Uuid;

use super::{ConnectEvent, authorize};
use crate::carrier::psrp::Opening;
use crate::connect::authorization::Authorization;
use crate::connect::credential::Credential;
use crate::connect::plan::Plan;
use crate::error::Error;
use crate::http::{Http, origin_of};
use crate::options::ConnectOptions;

/// The choices made, and the account signed in.
pub(crate) struct Prepared {
    pub(super) plan: Plan,
    /// The client that was made to check its options; the first session has it.
    http: Option<Http>,
    pub(super) authorization: Arc<Authorization>,
    pub(super) credential: Credential,
}

impl Prepared {
    /// Chooses, checks and signs in, and tells the steps.
    pub(crate) async fn of(
        options: &ConnectOptions,
        events: &mut (dyn FnMut(ConnectEvent) + Send),
    ) -> Result<Self, Error> {
        let started = Instant::now();
        let plan = Plan::of(options)?;
        let http = Some(Http::new(plan.http_settings(options))?);
        for warning in &plan.warnings {
            events(ConnectEvent::Warning(warning.clone()));
        }
        let detail = match &plan.rest {
            Some(base) => format!("REST at {}", origin_of(base)),
            None => format!("PSRP over WSMan at {}{}", origin_of(&plan.url), plan.url.path()),
        };
        events(ConnectEvent::Step { name: "endpoint", detail, elapsed: started.elapsed() });

        let started = Instant::now();
        let (authorization, credential) = authorize(options, &plan, events).await?;
        let detail = credential.detail();
        events(ConnectEvent::Step { name: "sign-in", detail, elapsed: started.elapsed() });
        Ok(Self { plan, http, authorization, credential })
    }

    /// A client with connections and cookies of its own. With tickets it is the connections that show who asks.
    pub(super) fn http(&mut self, options: &ConnectOptions) -> Result<Http, Error> {
        let http = self.http.take().map_or_else(|| Http::new(self.plan.http_settings(options)), Ok)?;
        match self.authorization.tickets() {
            Some(tickets) => http.signed_in_by(tickets),
            None => Ok(http),
        }
    }

    /// What a session over WSMan is opened with.
    pub(crate) fn opening<'a>(
        &mut self,
        options: &'a ConnectOptions,
        session_id: Uuid,
    ) -> Result<Opening<'a>, Error> {
        Ok(Opening {
            http: self.http(options)?,
            url: self.plan.session_url(options, &self.credential, session_id),
            redirects: self.plan.redirects,
            session_id,
            authorization: Arc::clone(&self.authorization),
            options,
        })
    }
}
