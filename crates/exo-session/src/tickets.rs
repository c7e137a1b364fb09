//! Kerberos tickets of a session: whose they are, and which service they are for.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use exo_auth::Secret;
use exo_gss::{Context, Credential, Mechanism, Needs, Target};
use reqwest::Url;

use crate::connect::plan::missing;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::host_of;
use crate::options::{Authentication, ConnectOptions};

/// The HTTP authentication schemes for tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// `Kerberos`: the ticket itself.
    Kerberos,
    /// `Negotiate` (RFC 4559): the ticket inside SPNEGO.
    Negotiate,
}

impl Scheme {
    /// As it stands in the header fields.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Kerberos => "Kerberos",
            Self::Negotiate => "Negotiate",
        }
    }

    fn mechanism(self) -> Mechanism {
        match self {
            Self::Kerberos => Mechanism::Kerberos,
            Self::Negotiate => Mechanism::Spnego,
        }
    }
}

/// Where the tickets of a session come from.
pub(crate) struct Tickets {
    user: Option<String>,
    password: Option<Secret>,
    preferred: Scheme,
    has_port_in_name: bool,
    /// What was got last, and for which scheme.
    got: Mutex<Option<Arc<Credential>>>,
}

impl Tickets {
    /// What the options ask for. Nothing is got yet.
    pub(crate) fn of(options: &ConnectOptions, preferred: Scheme) -> Result<Self, Error> {
        if options.password.is_some() && options.user.is_none() {
            return Err(missing("user name", "is needed with a password"));
        }
        Ok(Self {
            user: options.user.clone(),
            password: options.password.clone(),
            preferred,
            has_port_in_name: options.include_port_in_spn,
            got: Mutex::new(None),
        })
    }

    /// The scheme to begin with.
    pub(crate) fn preferred(&self) -> Scheme {
        self.preferred
    }

    /// Looks whether there is a ticket, or gets one.
    pub(crate) async fn check(self: &Arc<Self>) -> Result<(), Error> {
        let this = Arc::clone(self);
        waiting(Step::SignIn, move || this.credential(this.preferred)).await.map(drop)
    }

    /// A context for one connection to `url`, and its first token. `bindings` ties it to the connection's TLS.
    pub(crate) async fn begin(
        self: &Arc<Self>,
        scheme: Scheme,
        url: &Url,
        bindings: Option<Vec<u8>>,
        step: Step,
    ) -> Result<(Context, Vec<u8>), Error> {
        let this = Arc::clone(self);
        let target = self.target(url);
        let needs = if url.scheme() == "https" { Needs::Mutual } else { Needs::MutualAndSealing };
        waiting(step, move || {
            let mut context = Context::initiate(this.credential(scheme)?, &target, needs, bindings)?;
            let token = context.step(b"")?;
            Ok((context, token))
        })
        .await
    }

    /// The next token for what the other side said; none is empty.
    pub(crate) async fn go_on(
        mut context: Context,
        said: Vec<u8>,
        step: Step,
    ) -> Result<(Context, Vec<u8>), Error> {
        waiting(step, move || {
            let token = context.step(&said)?;
            Ok((context, token))
        })
        .await
    }

    /// `HTTP/host`, or with the port as `New-PSSessionOption -IncludePortInSPN` asks.
    fn target(&self, url: &Url) -> Target {
        let host = host_of(url);
        match url.port_or_known_default() {
            Some(port) if self.has_port_in_name => Target::Principal(format!("{SERVICE}/{host}:{port}")),
            _ => Target::Host { service: SERVICE.to_owned(), host },
        }
    }

    /// What was got before, while it is good for some time yet; then another. May wait for a server of the realm.
    fn credential(&self, scheme: Scheme) -> Result<Arc<Credential>, exo_gss::Error> {
        let mut got = self.got.lock().unwrap_or_else(PoisonError::into_inner);
        let mechanism = scheme.mechanism();
        if let Some(credential) = got.as_ref().filter(|credential| credential.mechanism() == mechanism)
            && credential.lifetime().is_ok_and(|left| left.is_none_or(|left| RENEWED_BEFORE < left))
        {
            return Ok(Arc::clone(credential));
        }
        let password = self.password.as_ref().map(Secret::expose);
        let credential = Arc::new(Credential::of_user(mechanism, self.user.as_deref(), password)?);
        *got = Some(Arc::clone(&credential));
        Ok(credential)
    }
}

/// Runs what may wait for a server of the realm where waiting holds up nobody.
async fn waiting<T: Send + 'static>(
    step: Step,
    work: impl FnOnce() -> Result<T, exo_gss::Error> + Send + 'static,
) -> Result<T, Error> {
    let outcome = tokio::task::spawn_blocking(work).await;
    let outcome = outcome.map_err(|_| Error::new(step, Kind::Cancelled))?;
    outcome.map_err(|error| Error::new(step, Kind::Ticket(error)))
}

/// The scheme that an authentication begins with; `None` when it is none with tickets.
pub(crate) fn scheme_of(authentication: Authentication) -> Option<Scheme> {
    match authentication {
        Authentication::Kerberos => Some(Scheme::Kerberos),
        Authentication::Negotiate => Some(Scheme::Negotiate),
        Authentication::Basic | Authentication::BasicToken | Authentication::Bearer => None,
    }
}

impl std::fmt::Debug for Tickets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tickets").field("preferred", &self.preferred).finish_non_exhaustive()
    }
}

/// The service class of everything that speaks HTTP.
const SERVICE: &str = "HTTP";
const RENEWED_BEFORE: Duration = Duration::from_secs(300);
