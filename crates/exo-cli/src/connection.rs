//! From the options of the command line to a connection.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exo_session::catalog::CatalogCache;
use exo_session::{
    Authentication, BrowserChoice, CarrierChoice, ConnectEvent, ConnectOptions, DisconnectedSession, Host,
    Pipeline, Service, Session, SignInMethod, SignedIn,
};
use tokio::sync::Notify;

use crate::args::{AuthenticationName, CarrierName, Connection, ServiceName, TokenCacheFile};
use crate::exit::{Failure, complain, note};
use crate::interrupt::Interrupt;
use crate::progress::Progress;
use crate::secret::{Extent, from_stdin};

/// Reads the secret, if one was announced, and makes the session crate's options.
///
/// Without a way to sign in, the sign-in that `exo login` kept is used; where nothing is kept and somebody sits at the
/// terminal, the browser.
pub(crate) fn options(connection: Connection, extent: Extent) -> Result<ConnectOptions, Failure> {
    let mut options = ConnectOptions::default();
    check(&connection)?;
    let has_ticket = connection.has_ticket();
    let named = connection.kept.token_cache.is_some();
    let kept = connection.kept.place();
    if connection.password_stdin {
        options.sign_in = SignInMethod::Password;
        options.password = Some(from_stdin("password", extent)?);
    } else if connection.access_token_stdin {
        options.sign_in = SignInMethod::AccessToken;
        options.access_token = Some(from_stdin("access token", extent)?);
    } else if connection.device {
        options.sign_in = SignInMethod::Device;
    } else if let Some(file) = connection.certificate {
        options.sign_in = SignInMethod::Certificate;
        options.certificate_file = Some(file);
        if connection.certificate_password_stdin {
            options.certificate_password = Some(from_stdin("password of the certificate", extent)?);
        }
    } else if let Some(id) = connection.managed_identity {
        options.sign_in = SignInMethod::ManagedIdentity;
        options.managed_identity_id = id;
    } else if has_ticket {
        // Without a password: what kinit got.
        options.sign_in = SignInMethod::Password;
    } else {
        options.sign_in = SignInMethod::Browser;
        if !connection.browser {
            let is_kept = kept.as_ref().is_some_and(|place| place.exists());
            if !is_kept && !std::io::stderr().is_terminal() {
                return Err(Failure::Usage(HOW_TO_SIGN_IN.to_owned()));
            }
            if is_kept {
                options.token_cache.clone_from(&kept);
            }
            if !std::io::stderr().is_terminal() {
                // Nobody would see the browser: what is kept must do.
                options.browser = BrowserChoice::Caller;
            }
        }
    }
    if named {
        options.token_cache = kept;
    }
    options.app_id = connection.app_id;
    options.organization = connection.organization;
    options.authentication = match (connection.authentication, options.sign_in) {
        (None, _) => None,
        (Some(AuthenticationName::Bearer), _) => Some(Authentication::Bearer),
        (Some(AuthenticationName::Basic), SignInMethod::Password) => Some(Authentication::Basic),
        (Some(AuthenticationName::Basic), _) => Some(Authentication::BasicToken),
        (Some(AuthenticationName::Kerberos), _) => Some(Authentication::Kerberos),
        (Some(AuthenticationName::Negotiate), _) => Some(Authentication::Negotiate),
    };
    options.service = match connection.service {
        ServiceName::Exchange => Service::Exchange,
        ServiceName::Compliance => Service::Compliance,
    };
    options.carrier = match connection.carrier {
        CarrierName::Auto => CarrierChoice::Auto,
        CarrierName::Rest => CarrierChoice::Rest,
        CarrierName::Psrp => CarrierChoice::Psrp,
    };
    options.environment = connection.environment;
    options.connection_uri = connection.connection_uri;
    options.authority = connection.authority;
    options.user = connection.user;
    options.delegated_organization = connection.delegated_organization;
    options.proxy = connection.proxy;
    options.ca_file = connection.ca_file;
    options.catalog_cache = match connection.catalog_cache {
        None => CatalogCache::User,
        Some(folder) if folder.as_os_str() == "off" => CatalogCache::Off,
        Some(folder) => CatalogCache::Folder(folder),
    };
    Ok(options)
}

/// What goes together on the command line, and what does not.
fn check(connection: &Connection) -> Result<(), Failure> {
    let has_certificate = connection.certificate.is_some();
    let is_basic = connection.authentication == Some(AuthenticationName::Basic);
    let problem = if connection.password_stdin && connection.user.is_none() {
        "--password-stdin needs --user UPN: whose password it is"
    } else if has_certificate && connection.app_id.is_none() {
        "--certificate needs --app-id ID: which application it belongs to"
    } else if has_certificate && connection.organization.is_none() {
        "--certificate needs --organization DOMAIN: in which organization the application signs in"
    } else if has_certificate && connection.user.is_some() {
        "--user does not go with --certificate, which signs in as an application and no person"
    } else if connection.managed_identity.is_some() && connection.user.is_some() {
        "--user does not go with --managed-identity, which signs in as the machine and no person"
    } else if connection.certificate_password_stdin && !has_certificate {
        "--certificate-password-stdin needs --certificate FILE: what it opens"
    } else if connection.managed_identity.is_some() && connection.app_id.is_some() {
        "--app-id does not go with --managed-identity; write --managed-identity ID for a user-assigned identity"
    } else if connection.has_ticket() && connection.connection_uri.is_none() {
        "--authentication kerberos needs --connection-uri URI: Microsoft's cloud takes no tickets"
    } else if connection.has_ticket()
        && (connection.browser
            || connection.device
            || connection.access_token_stdin
            || connection.managed_identity.is_some()
            || has_certificate)
    {
        "--authentication kerberos goes with --password-stdin, or with a ticket that kinit got, and with nothing else"
    } else if is_basic && connection.user.is_none() && !connection.access_token_stdin {
        "--authentication basic needs --user NAME --password-stdin, or a token"
    } else {
        return Ok(());
    };
    Err(Failure::Usage(problem.to_owned()))
}

impl Connection {
    /// Whether a Kerberos ticket shows who asks.
    fn has_ticket(&self) -> bool {
        matches!(self.authentication, Some(AuthenticationName::Kerberos | AuthenticationName::Negotiate))
    }
}

impl TokenCacheFile {
    /// Where sign-ins are kept; `None` = nowhere.
    pub(crate) fn place(&self) -> Option<PathBuf> {
        match &self.token_cache {
            Some(file) if file.as_os_str() == "off" => None,
            Some(file) => Some(file.clone()),
            None => exo_session::default_token_cache(),
        }
    }
}

/// Tells the person what the sign-in wants of them.
fn tell(event: ConnectEvent) {
    match event {
        ConnectEvent::DeviceCode(prompt) => note("", &prompt.message),
        ConnectEvent::Warning(text) => note("WARNING: ", &text),
        ConnectEvent::Browser { uri, .. } => {
            note(
                "",
                &format!("Sign in in the browser that has opened; if none did, open this address:\n{uri}"),
            );
        }
        _ => {}
    }
}

/// Signs in and keeps that where the options say.
pub(crate) async fn sign_in(options: ConnectOptions, interrupt: &Interrupt) -> Result<SignedIn, Failure> {
    Ok(exo_session::sign_in(options, tell, interrupt.wait()).await?)
}

/// Connects, and shows how far it is.
pub(crate) async fn open(
    options: ConnectOptions,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Result<Session, Failure> {
    let step = |name: &'static str, detail: &str, _| progress.say(&format!("{name}: {detail}"));
    connect(options, interrupt, step).await
}

/// Connects; `step` hears of each step that is done. An interrupt gives up and leaves nothing behind.
pub(crate) async fn connect(
    options: ConnectOptions,
    interrupt: &Interrupt,
    mut step: impl FnMut(&'static str, &str, Duration) + Send,
) -> Result<Session, Failure> {
    let asked = Asked::of(&options, interrupt);
    let events = |event| asked.hear(event, &mut step);
    let connecting = exo_session::connect_until(options, events, asked.give_up());
    connecting.await.map_err(|error| asked.failure(error))
}

/// Takes a session over that was left; an interrupt gives up and leaves it again.
pub(crate) async fn attach(
    options: ConnectOptions,
    left: &DisconnectedSession,
    host: Option<Arc<dyn Host>>,
    interrupt: &Interrupt,
    progress: &Progress,
) -> Result<(Session, Vec<Pipeline>), Failure> {
    let asked = Asked::of(&options, interrupt);
    let mut step = |name: &'static str, detail: &str, _| progress.say(&format!("{name}: {detail}"));
    let events = |event| asked.hear(event, &mut step);
    let attaching = exo_session::attach(options, left, host, events, asked.give_up());
    attaching.await.map_err(|error| asked.failure(error))
}

/// Whether connecting came to where a person would be asked and nobody is there.
struct Asked<'a> {
    must_not_ask: bool,
    browser: Notify,
    interrupt: &'a Interrupt,
}

impl<'a> Asked<'a> {
    fn of(options: &ConnectOptions, interrupt: &'a Interrupt) -> Self {
        let must_not_ask = options.browser == BrowserChoice::Caller;
        Self { must_not_ask, browser: Notify::new(), interrupt }
    }

    fn hear(&self, event: ConnectEvent, step: &mut impl FnMut(&'static str, &str, Duration)) {
        match event {
            ConnectEvent::Step { name, detail, elapsed } => step(name, &detail, elapsed),
            ConnectEvent::Browser { .. } if self.must_not_ask => self.browser.notify_one(),
            event => tell(event),
        }
    }

    async fn give_up(&self) {
        tokio::select! {
            () = self.interrupt.wait() => {}
            () = self.browser.notified() => {}
        }
    }

    fn failure(&self, error: exo_session::Error) -> Failure {
        if self.must_not_ask && error.is_cancelled() && !self.interrupt.is_heard() {
            return Failure::SignIn(NOT_KEPT.to_owned());
        }
        error.into()
    }
}

/// Ends the session; a failure to do so is said and changes nothing about what was achieved. After an interrupt nobody
/// wants to wait for a server that does not answer: it ends the session itself when that was idle for long enough.
pub(crate) async fn close(session: &Session, interrupt: &Interrupt) {
    let hurry = async {
        interrupt.wait().await;
        tokio::time::sleep(CLOSE_PATIENCE).await;
    };
    tokio::select! {
        closed = session.close() => {
            if let Err(error) = closed {
                complain(&error.to_string());
            }
        }
        () = hurry => complain("the server did not say in time that the session is closed"),
    }
}

/// With what stopping the command may take, two seconds from an interrupt to the end.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);
const HOW_TO_SIGN_IN: &str = "say how to sign in: --browser, --device, --user UPN --password-stdin, --access-token-stdin, \
     --certificate FILE --app-id ID --organization DOMAIN or --managed-identity; or run `exo login` once";
const NOT_KEPT: &str = "nobody is signed in who suits, and there is no terminal to ask at; run `exo login` with the same \
     --user, --service, --environment and --authority first";
