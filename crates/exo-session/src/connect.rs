//! From options to an open session.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exo_auth::{DeviceCodePrompt, Service};
use serde::Serialize;
use uuid::Uuid;

use crate::asking::Host;
use crate::carrier::psrp;
use crate::carrier::rest::RestCarrier;
use crate::carrier::rest::transport::HttpTransport;
use crate::connect::authorization::{Authorization, Form};
use crate::connect::credential::Credential;
use crate::connect::plan::{Plan, without_query};
use crate::connect::prepared::Prepared;
use crate::connect::sign_in::{Acquired, acquire};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::Http;
use crate::options::{Authentication, CarrierChoice, ConnectOptions, SignInMethod};
use crate::session::{ConnectionInfo, DisconnectedSession, Pipeline, Session};
use crate::tickets::{Tickets, scheme_of};

pub(crate) mod authorization;
mod credential;
mod loopback;
pub(crate) mod plan;
pub(crate) mod prepared;
mod rest;
mod sign_in;

/// What happens while connecting.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectEvent {
    /// A step is done.
    Step {
        /// `endpoint`, `sign-in` or `session`.
        name: &'static str,
        /// What it saw, for people.
        detail: String,
        /// How long it took.
        elapsed: Duration,
    },
    /// The user must sign in in a browser; connecting waits for that.
    Browser {
        /// The address that it shows. It is good for this sign-in only.
        uri: String,
        /// Whether the system's browser was asked to show it; else that is the caller's part.
        opened: bool,
    },
    /// The user must enter a code on another device; connecting waits for that.
    DeviceCode(DeviceCodePrompt),
    /// Something the user should know.
    Warning(String),
}

/// Connects: chooses endpoint and carrier, signs in, opens the session.
///
/// Dropping the future gives up; a session that had come about on the server by then is ended in the
/// background, for at most two seconds. Must be called inside a tokio runtime.
///
/// # Errors
/// One sentence for each of the ways this can fail; see [`Error`].
pub async fn connect(
    options: ConnectOptions,
    events: impl FnMut(ConnectEvent) + Send,
) -> Result<Session, Error> {
    connect_until(options, events, std::future::pending()).await
}

/// As [`connect`], and gives up when `cancel` completes: then a session that had come about on the server is
/// ended before this returns, for at most two seconds. For programs that end right after.
///
/// # Errors
/// As [`connect`]; [`Error::is_cancelled`] after `cancel`.
pub async fn connect_until(
    options: ConnectOptions,
    mut events: impl FnMut(ConnectEvent) + Send,
    cancel: impl Future<Output = ()> + Send,
) -> Result<Session, Error> {
    let mut cancel = std::pin::pin!(cancel);
    let mut prepared = prepare(&options, &mut events, &mut cancel).await?;
    let started = Instant::now();
    if let Some(base) = prepared.plan.rest.clone() {
        let http = prepared.http(&options)?;
        let session = tokio::select! {
            biased;
            () = &mut cancel => return Err(Error::new(Step::Open, Kind::Cancelled)),
            session = open_rest(&options, prepared, base, http) => session?,
        };
        let count = session.catalog().map_or(0, |catalog| catalog.cmdlets.len());
        let detail = format!("{count} cmdlets at {}", session.info().server_uri);
        events(ConnectEvent::Step { name: "session", detail, elapsed: started.elapsed() });
        return Ok(session);
    }
    let mut attempt = 0;
    let (session_id, opened) = loop {
        let session_id = Uuid::new_v4();
        match psrp::open(prepared.opening(&options, session_id)?, &mut cancel).await {
            Ok(opened) => break (session_id, opened),
            // Behind changing addresses the second request may have reached another server. A new client has no
            // cookies that lead there.
            Err(error) if attempt == 0 && is_another_server(&error) => {
                attempt += 1;
                events(ConnectEvent::Warning(once_more(&error)));
            }
            Err(error) => return Err(error),
        }
    };
    let session = standing(&options, prepared, session_id, opened);
    let info = session.info();
    let detail = format!("shell {} over PSRP {}", info.shell_id, info.protocol_version);
    events(ConnectEvent::Step { name: "session", detail, elapsed: started.elapsed() });
    Ok(session)
}

/// Takes over a session that was left with [`Session::disconnect`], from another program or machine, with the commands
/// that it names: one [`Pipeline`] each, in their order, whose output nobody has received goes on there. `host` answers
/// what they ask.
///
/// The options are those for the session's server: its address is [`DisconnectedSession::server_uri`] when they have
/// none. When `cancel` completes, a session that had been taken over is left again.
///
/// # Errors
/// As [`connect`]; the server has ended the session meanwhile, or another client has it.
pub async fn attach(
    mut options: ConnectOptions,
    left: &DisconnectedSession,
    host: Option<Arc<dyn Host>>,
    mut events: impl FnMut(ConnectEvent) + Send,
    cancel: impl Future<Output = ()> + Send,
) -> Result<(Session, Vec<Pipeline>), Error> {
    options.connection_uri.get_or_insert_with(|| left.server_uri.clone());
    options.carrier = CarrierChoice::Psrp;
    options.configuration_name.clone_from(&left.configuration_name);
    let mut cancel = std::pin::pin!(cancel);
    let mut prepared = prepare(&options, &mut events, &mut cancel).await?;
    let started = Instant::now();
    let opening = prepared.opening(&options, Uuid::new_v4())?;
    let wanted = psrp::Left { session: left, hosted: host.is_some() };
    let (opened, running) = psrp::attach(opening, wanted, &mut cancel).await?;
    let session = standing(&options, prepared, left.session_id, opened);
    let pipelines = running.into_iter().map(|running| match &host {
        Some(host) => session.asking(running, Arc::clone(host)),
        None => Pipeline::new(running),
    });
    let pipelines = pipelines.collect();
    let info = session.info();
    let detail = format!("shell {} over PSRP {}, taken over", info.shell_id, info.protocol_version);
    events(ConnectEvent::Step { name: "session", detail, elapsed: started.elapsed() });
    Ok((session, pipelines))
}

/// Plans, and signs in.
async fn prepare(
    options: &ConnectOptions,
    events: &mut (dyn FnMut(ConnectEvent) + Send),
    cancel: &mut (dyn Future<Output = ()> + Send + Unpin),
) -> Result<Prepared, Error> {
    tokio::select! {
        biased;
        () = cancel => Err(Error::new(Step::SignIn, Kind::Cancelled)),
        prepared = Prepared::of(options, events) => prepared,
    }
}

/// Whether a shell that has just been made is not known where it is asked for.
pub(crate) fn is_another_server(error: &Error) -> bool {
    error.fault().is_some_and(wsman::Fault::is_shell_not_found)
}

/// Tells that a second attempt follows.
pub(crate) fn once_more(error: &Error) -> String {
    format!("{error}; trying once more with a new shell")
}

/// The session over a shell that stands.
fn standing(options: &ConnectOptions, prepared: Prepared, session_id: Uuid, opened: psrp::Opened) -> Session {
    let Prepared { plan, authorization, credential, .. } = prepared;
    let info = ConnectionInfo {
        session_id,
        server_uri: without_query(&opened.url),
        carrier: "psrp",
        shell_id: opened.shell_id,
        protocol_version: opened.protocol_version,
        ..known(options, &plan, credential, &authorization)
    };
    Session::new(Arc::new(opened.carrier), info, authorization, options.configuration_name.clone())
}

/// Opens a session over REST.
async fn open_rest(
    options: &ConnectOptions,
    prepared: Prepared,
    base: reqwest::Url,
    http: Http,
) -> Result<Session, Error> {
    let Prepared { plan, authorization, credential, .. } = prepared;
    let connection_id = Uuid::new_v4();
    let transport = HttpTransport::new(http, plan.redirects, Arc::clone(&authorization));
    let opening = rest::Opening { transport, base, connection_id, credential: &credential, options };
    let opened = tokio::time::timeout(options.open_timeout, rest::open(opening)).await;
    let client = opened.map_err(|_| {
        let host = crate::http::host_of(&plan.url);
        Error::new(Step::Open, Kind::AnswerTimeout { host, limit: options.open_timeout })
    })??;
    let info = ConnectionInfo {
        session_id: connection_id,
        server_uri: client.endpoint().base.clone(),
        carrier: "rest",
        shell_id: connection_id.to_string(),
        protocol_version: client.endpoint().module_version.clone(),
        ..known(options, &plan, credential, &authorization)
    };
    let configuration_name = options.configuration_name.clone();
    Ok(Session::new(Arc::new(RestCarrier::new(client)), info, authorization, configuration_name))
}

/// What a sign-in without a session came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct SignedIn {
    /// The account; an application has none.
    pub user: Option<String>,
    /// The id of its tenant.
    pub tenant_id: Option<String>,
    /// The application the token was made for.
    pub app_id: Option<String>,
    /// Where it was.
    pub authority: String,
    /// When the token ends, in seconds since 1970.
    pub expires_at: Option<u64>,
    /// Whether it was done without the user, by what an earlier run kept.
    pub from_cache: bool,
}

/// Signs in as [`connect`] would, keeps the tokens where [`ConnectOptions::token_cache`] says, and opens no session.
///
/// # Errors
/// As [`connect`]; [`Error::is_cancelled`] after `cancel`.
pub async fn sign_in(
    options: ConnectOptions,
    mut events: impl FnMut(ConnectEvent) + Send,
    cancel: impl Future<Output = ()> + Send,
) -> Result<SignedIn, Error> {
    let plan = Plan::of(&options)?;
    let acquired = tokio::select! {
        biased;
        () = cancel => return Err(Error::new(Step::SignIn, Kind::Cancelled)),
        acquired = acquire(&options, &plan, &mut events) => acquired?,
    };
    let Acquired { source, id, sign_in, from_cache } = acquired;
    let token = source.current();
    let credential = Credential::of_token(&options, &token, &id);
    Ok(SignedIn {
        user: credential.user,
        tenant_id: credential.tenant_id,
        app_id: credential.app_id,
        authority: sign_in.authority().to_string(),
        expires_at: seconds(token.expires_at()),
        from_cache,
    })
}

/// What the requests will carry, and for whom.
async fn authorize(
    options: &ConnectOptions,
    plan: &Plan,
    events: &mut (dyn FnMut(ConnectEvent) + Send),
) -> Result<(Arc<Authorization>, Credential), Error> {
    if let Some(scheme) = scheme_of(plan.authentication) {
        let tickets = Arc::new(Tickets::of(options, scheme)?);
        tickets.check().await?;
        return Ok((Arc::new(Authorization::Tickets(tickets)), Credential::of_ticket(options)));
    }
    if plan.authentication == Authentication::Basic {
        return Ok((Arc::new(Authorization::basic(options)?), Credential::of_password(options)));
    }
    let Acquired { source, id, .. } = acquire(options, plan, events).await?;
    let credential = Credential::of_token(options, &source.current(), &id);
    let form = if plan.authentication == Authentication::Bearer {
        Form::Bearer
    } else {
        // The server looks at the token; an application's token has no user, and any name does.
        let user = credential.user.clone().unwrap_or_else(|| APPLICATION_USER.to_owned());
        Form::Basic { user }
    };
    Ok((Arc::new(Authorization::Token { source: Arc::new(source), form }), credential))
}

/// What is known about a connection before its server has said anything.
fn known(
    options: &ConnectOptions,
    plan: &Plan,
    credential: Credential,
    authorization: &Authorization,
) -> ConnectionInfo {
    let has_token = authorization.has_token();
    ConnectionInfo {
        session_id: Uuid::nil(),
        connection_uri: without_query(&plan.url),
        server_uri: String::new(),
        service: service_name(plan.service),
        environment: plan.environment.name(),
        carrier: "",
        authentication: plan.authentication.name(),
        sign_in: has_token.then(|| options.sign_in.name()),
        authority: has_token.then(|| plan.authority.to_string()),
        certificate_authentication: has_token && options.sign_in == SignInMethod::Certificate,
        user: credential.user,
        tenant_id: credential.tenant_id,
        app_id: credential.app_id,
        organization: options.organization.clone(),
        delegated_organization: options.delegated_organization.clone(),
        token_expires_at: seconds(authorization.expires_at()),
        shell_id: String::new(),
        protocol_version: String::new(),
    }
}

fn service_name(service: Service) -> &'static str {
    match service {
        Service::Exchange => "exchange",
        Service::Compliance => "compliance",
    }
}

/// Seconds since 1970.
pub(crate) fn seconds(time: Option<SystemTime>) -> Option<u64> {
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs())
}

const APPLICATION_USER: &str = "OAuthUser";
