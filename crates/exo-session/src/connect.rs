//! From options to an open session.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use exo_auth::{AccessToken, AuthError, Clock, DeviceCodePrompt, Service, SignIn};
use uuid::Uuid;

use crate::carrier::psrp;
use crate::carrier::rest::RestCarrier;
use crate::carrier::rest::transport::{HttpTransport, Token};
use crate::connect::credential::Credential;
use crate::connect::plan::{Plan, missing, without_query};
use crate::connect::renewal::Renewal;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::sign_in::SignInHttp;
use crate::http::{Http, origin_of};
use crate::options::{Authentication, ConnectOptions, SignInMethod};
use crate::session::{ConnectionInfo, Session};

mod credential;
mod plan;
pub(crate) mod renewal;
mod rest;

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
    let started = Instant::now();
    let plan = Plan::of(&options)?;
    let mut http = Some(Http::new(plan.http_settings(&options))?);
    for warning in &plan.warnings {
        events(ConnectEvent::Warning(warning.clone()));
    }
    let detail = match &plan.rest {
        Some(base) => format!("REST at {}", origin_of(base)),
        None => format!("PSRP over WSMan at {}{}", origin_of(&plan.url), plan.url.path()),
    };
    events(ConnectEvent::Step { name: "endpoint", detail, elapsed: started.elapsed() });

    let started = Instant::now();
    let credential = match plan.authentication {
        Authentication::Basic => Credential::of_password(&options)?,
        Authentication::Bearer | Authentication::BasicToken => {
            let token = tokio::select! {
                token = sign_in(&options, &plan, &mut events) => token?,
                () = &mut cancel => return Err(Error::new(Step::SignIn, Kind::Cancelled)),
            };
            Credential::of_token(&options, plan.authentication, &token)?
        }
    };
    let credential_detail = credential.detail();
    events(ConnectEvent::Step { name: "sign-in", detail: credential_detail, elapsed: started.elapsed() });

    let started = Instant::now();
    if let Some(base) = plan.rest.clone() {
        let http = http.take().map_or_else(|| Http::new(plan.http_settings(&options)), Ok)?;
        let session = tokio::select! {
            session = open_rest(&options, &plan, base, http, credential) => session?,
            () = &mut cancel => return Err(Error::new(Step::Open, Kind::Cancelled)),
        };
        let count = session.catalog().map_or(0, |catalog| catalog.cmdlets.len());
        let detail = format!("{count} cmdlets at {}", session.info().server_uri);
        events(ConnectEvent::Step { name: "session", detail, elapsed: started.elapsed() });
        return Ok(session);
    }
    let mut attempt = 0;
    let (session_id, opened) = loop {
        let session_id = Uuid::new_v4();
        let opening = psrp::Opening {
            http: http.take().map_or_else(|| Http::new(plan.http_settings(&options)), Ok)?,
            url: plan.session_url(&options, &credential, session_id),
            redirects: plan.redirects,
            session_id,
            authorization: credential.header.clone(),
            basic: plan.authentication == Authentication::Basic,
            options: &options,
        };
        match psrp::open(opening, &mut cancel).await {
            Ok(opened) => break (session_id, opened),
            // Behind changing addresses the second request may have reached another server. A new client has no
            // cookies that lead there.
            Err(error) if attempt == 0 && error.fault().is_some_and(wsman::Fault::is_shell_not_found) => {
                attempt += 1;
                events(ConnectEvent::Warning(format!("{error}; trying once more with a new shell")));
            }
            Err(error) => return Err(error),
        }
    };
    let info = ConnectionInfo {
        session_id,
        connection_uri: without_query(&plan.url),
        server_uri: without_query(&opened.url),
        service: service_name(plan.service),
        environment: plan.environment.name(),
        carrier: "psrp",
        authentication: plan.authentication.name(),
        user: credential.user,
        tenant_id: credential.tenant_id,
        delegated_organization: options.delegated_organization.clone(),
        token_expires_at: seconds(credential.expires_at),
        shell_id: opened.shell_id,
        protocol_version: opened.protocol_version,
    };
    let detail = format!("shell {} over PSRP {}", info.shell_id, info.protocol_version);
    events(ConnectEvent::Step { name: "session", detail, elapsed: started.elapsed() });
    Ok(Session::new(Arc::new(opened.carrier), info))
}

/// Opens a session over REST.
async fn open_rest(
    options: &ConnectOptions,
    plan: &Plan,
    base: reqwest::Url,
    http: Http,
    credential: Credential,
) -> Result<Session, Error> {
    let connection_id = Uuid::new_v4();
    let renewal = match (options.sign_in, &options.user, &options.password) {
        (SignInMethod::Password, Some(user), Some(password)) => Renewal::Password {
            sign_in: SignIn::new(plan.authority.clone(), plan.environment.scope(plan.service)),
            settings: Box::new(plan.sign_in_settings(options)),
            user: user.clone(),
            password: password.clone(),
        },
        _ => Renewal::Never,
    };
    let token = Token { header: credential.header.clone(), expires_at: credential.expires_at };
    let transport = HttpTransport::new(http, plan.redirects, token, renewal);
    let opening = rest::Opening { transport, base, connection_id, credential: &credential, options };
    let opened = tokio::time::timeout(options.open_timeout, rest::open(opening)).await;
    let client = opened.map_err(|_| {
        let host = crate::http::host_of(&plan.url);
        Error::new(Step::Open, Kind::AnswerTimeout { host, limit: options.open_timeout })
    })??;
    let info = ConnectionInfo {
        session_id: connection_id,
        connection_uri: without_query(&plan.url),
        server_uri: client.endpoint().base.clone(),
        service: service_name(plan.service),
        environment: plan.environment.name(),
        carrier: "rest",
        authentication: plan.authentication.name(),
        tenant_id: credential.tenant_id,
        delegated_organization: options.delegated_organization.clone(),
        token_expires_at: seconds(credential.expires_at),
        user: credential.user,
        shell_id: connection_id.to_string(),
        protocol_version: client.endpoint().module_version.clone(),
    };
    Ok(Session::new(Arc::new(RestCarrier::new(client)), info))
}

fn service_name(service: Service) -> &'static str {
    match service {
        Service::Exchange => "exchange",
        Service::Compliance => "compliance",
    }
}

/// Seconds since 1970.
fn seconds(time: Option<SystemTime>) -> Option<u64> {
    time.and_then(|time| time.duration_since(UNIX_EPOCH).ok()).map(|since| since.as_secs())
}

/// Comes to a token by the way the options name.
async fn sign_in(
    options: &ConnectOptions,
    plan: &Plan,
    events: &mut (impl FnMut(ConnectEvent) + Send),
) -> Result<AccessToken, Error> {
    let user = options.user.as_deref();
    let clock = SystemClock;
    if options.sign_in == SignInMethod::AccessToken {
        let secret = options.access_token.clone().ok_or_else(|| missing("access token", "is needed"))?;
        let refused = |error| Error::new(Step::SignIn, Kind::SignIn(error));
        let token = AccessToken::from_secret(secret).map_err(refused)?;
        token.check(user, clock.now()).map_err(refused)?;
        return Ok(token);
    }
    let http = SignInHttp::new(Http::new(plan.sign_in_settings(options))?);
    let sign_in = SignIn::new(plan.authority.clone(), plan.environment.scope(plan.service));
    let outcome = if options.sign_in == SignInMethod::Device {
        sign_in.with_device_code(&http, &clock, user, |prompt| events(ConnectEvent::DeviceCode(prompt))).await
    } else {
        let user = user.ok_or_else(|| missing("user name", "is needed to sign in with a password"))?;
        let password = options.password.as_ref().ok_or_else(|| missing("password", "is needed"))?;
        sign_in.with_password(&http, &clock, user, password).await
    };
    outcome.map(|tokens| tokens.access).map_err(|error| sign_in_error(error, &http))
}

/// A request without an answer is told in the session's own words, which say more.
#[cold]
pub(crate) fn sign_in_error(error: AuthError, http: &SignInHttp) -> Error {
    match http.take_failure() {
        Some(failure) => failure,
        None => Error::new(Step::SignIn, Kind::SignIn(error)),
    }
}

pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}
