//! Coming to the first token, by the way that the options name.

use std::time::Duration;

use exo_auth::{
    AccessToken, AuthError, BrowserHints, Claims, ClientCertificate, Clock, DeviceCodePrompt, Grant,
    IdentityEndpoint, ManagedIdentity, Secret, SignIn, Tokens,
};
use zeroize::Zeroizing;

use crate::connect::ConnectEvent;
use crate::connect::authorization::{Source, SystemClock, told};
use crate::connect::loopback::Loopback;
use crate::connect::plan::{Plan, missing};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::sign_in::SignInHttp;
use crate::http::{Http, HttpSettings, origin_of};
use crate::options::{BrowserChoice, CertificateSource, ConnectOptions, SignInMethod};
use crate::surroundings::{Surroundings, default_token_cache};
use crate::token_cache::TokenCache;

/// A sign-in that has been done, and how to go on from it.
pub(crate) struct Acquired {
    pub(crate) source: Source,
    /// What the identity token said.
    pub(crate) id: Claims,
    /// Where it was.
    pub(crate) sign_in: SignIn,
    /// Whether an earlier run had done it.
    pub(crate) from_cache: bool,
}

/// Signs in.
pub(crate) async fn acquire(
    options: &ConnectOptions,
    plan: &Plan,
    events: &mut (dyn FnMut(ConnectEvent) + Send),
) -> Result<Acquired, Error> {
    let mut sign_in = SignIn::new(plan.sign_in_authority(options)?, plan.environment.scope(plan.service));
    if let Some(app_id) = &options.app_id {
        sign_in = sign_in.as_client(app_id);
    }
    let mut attempt =
        Attempt { options, plan, events, http: SignInHttp::new(Http::new(settings(options, plan))?) };
    let place = options.token_cache.clone().or_else(|| {
        let kept = if options.kept_sign_ins { default_token_cache() } else { None };
        kept.filter(|place| place.exists())
    });
    let store = place.filter(|_| options.sign_in.is_of_a_person()).map(TokenCache::open).transpose()?;
    if !matches!(options.sign_in, SignInMethod::AccessToken | SignInMethod::ManagedIdentity) {
        sign_in = sign_in.discover(&attempt.http).await.map_err(|error| told(error, &attempt.http))?;
    }
    let user = options.user.as_deref();
    let mut kept = None;
    // Who gives a password wants that one to be looked at, not what was kept.
    if let Some(store) = store.as_ref().filter(|_| options.sign_in != SignInMethod::Password) {
        let outcome = sign_in.silently(&attempt.http, &SystemClock, store, user).await;
        kept = outcome.map_err(|error| told(error, &attempt.http))?;
    }
    let from_cache = kept.is_some();
    let (tokens, grant) = match kept {
        Some(tokens) => (tokens, Grant::None),
        None => {
            let (tokens, grant) = attempt.by_method(&sign_in).await?;
            if let Some(store) = &store {
                sign_in.keep(store, user, &tokens).await.map_err(|error| told(error, &attempt.http))?;
            }
            (tokens, grant)
        }
    };
    let id = tokens.id.clone();
    let user = options.user.clone();
    let source = Source::new(attempt.http, SystemClock, sign_in.clone(), user, tokens, grant, store);
    Ok(Acquired { source, id, sign_in, from_cache })
}

struct Attempt<'a> {
    options: &'a ConnectOptions,
    plan: &'a Plan,
    events: &'a mut (dyn FnMut(ConnectEvent) + Send),
    http: SignInHttp,
}

impl Attempt<'_> {
    async fn by_method(&mut self, sign_in: &SignIn) -> Result<(Tokens, Grant), Error> {
        match self.options.sign_in {
            SignInMethod::AccessToken => self.given(sign_in),
            SignInMethod::Password => self.by_password(sign_in).await,
            SignInMethod::Device => Ok((self.by_device_code(sign_in).await?, Grant::None)),
            SignInMethod::Browser => Ok((self.in_browser_or_by_code(sign_in).await?, Grant::None)),
            SignInMethod::Certificate => self.by_certificate(sign_in).await,
            SignInMethod::ManagedIdentity => self.by_identity(sign_in).await,
        }
    }

    fn given(&mut self, sign_in: &SignIn) -> Result<(Tokens, Grant), Error> {
        let options = self.options;
        let secret = options.access_token.clone().ok_or_else(|| missing("access token", "is needed"))?;
        let access = AccessToken::from_secret(secret).map_err(refused)?;
        access.check(options.user.as_deref(), SystemClock.now()).map_err(refused)?;
        let origin = origin_of(&self.plan.url);
        let tenant = options.organization.as_deref();
        if !access.check_made_for(sign_in.scope(), &origin, tenant).map_err(refused)? {
            let given = access.claims().aud.clone().unwrap_or_default();
            let text = format!(
                "the access token is for {given}, not for {}",
                sign_in.scope().trim_end_matches("/.default")
            );
            (self.events)(ConnectEvent::Warning(text));
        }
        Ok((Tokens { access, refresh: None, id: Claims::default() }, Grant::None))
    }

    async fn by_password(&mut self, sign_in: &SignIn) -> Result<(Tokens, Grant), Error> {
        let user = self
            .options
            .user
            .clone()
            .ok_or_else(|| missing("user name", "is needed to sign in with a password"))?;
        let password = self.options.password.clone().ok_or_else(|| missing("password", "is needed"))?;
        (self.events)(ConnectEvent::Warning(PASSWORD_WARNING.to_owned()));
        let outcome = sign_in.with_password(&self.http, &SystemClock, &user, &password).await;
        Ok((outcome.map_err(|error| told(error, &self.http))?, Grant::Password { user, password }))
    }

    async fn by_device_code(&mut self, sign_in: &SignIn) -> Result<Tokens, Error> {
        let events = &mut self.events;
        let show = |prompt: DeviceCodePrompt| events(ConnectEvent::DeviceCode(prompt));
        let user = self.options.user.as_deref();
        let outcome = sign_in.with_device_code(&self.http, &SystemClock, user, show).await;
        outcome.map_err(|error| told(error, &self.http))
    }

    async fn in_browser_or_by_code(&mut self, sign_in: &SignIn) -> Result<Tokens, Error> {
        let reason = match self.options.browser {
            BrowserChoice::Auto => {
                let here = self.options.surroundings.clone().unwrap_or_else(Surroundings::here);
                here.no_browser().map(str::to_owned)
            }
            BrowserChoice::System | BrowserChoice::Caller => None,
        };
        let reason = match reason {
            Some(reason) => reason,
            None => match self.in_browser(sign_in).await? {
                Ok(tokens) => return Ok(tokens),
                Err(reason) => reason,
            },
        };
        let text = format!("no browser can be opened ({reason}); signing in with a device code instead");
        (self.events)(ConnectEvent::Warning(text));
        self.by_device_code(sign_in).await
    }

    /// The inner error says why there is no browser after all.
    async fn in_browser(&mut self, sign_in: &SignIn) -> Result<Result<Tokens, String>, Error> {
        let options = self.options;
        let is_system = options.browser == BrowserChoice::System;
        let loopback = match Loopback::bind().await {
            Ok(loopback) => loopback,
            Err(error) => return Ok(Err(format!("no port of this machine can be listened on: {error}"))),
        };
        let hints = BrowserHints {
            user: options.user.clone(),
            domain: options.domain_hint.clone(),
            prompt: options.prompt,
        };
        let browser = sign_in.begin_in_browser(&loopback.redirect_uri(), &hints);
        let opened = options.browser != BrowserChoice::Caller;
        if opened && let Err(error) = open_browser(browser.uri()).await {
            let reason = format!("the system could not open one: {error}");
            if !is_system {
                return Ok(Err(reason));
            }
            (self.events)(ConnectEvent::Warning(reason));
        }
        (self.events)(ConnectEvent::Browser { uri: browser.uri().to_owned(), opened });
        let limit = options.sign_in_timeout;
        let landed = tokio::time::timeout(limit, loopback.land(&browser)).await;
        let Ok((code, landed)) = landed else { return Err(refused(AuthError::browser_timeout(limit))) };
        let outcome = match code {
            Ok(code) => {
                let user = options.user.as_deref();
                sign_in.with_code(&self.http, &SystemClock, user, &browser, &code).await
            }
            Err(error) => Err(error),
        };
        let outcome = outcome.map_err(|error| told(error, &self.http));
        match &outcome {
            Ok(_) => landed.show(Ok(())).await,
            Err(error) => landed.show(Err(&error.to_string())).await,
        }
        outcome.map(Ok)
    }

    async fn by_certificate(&mut self, sign_in: &SignIn) -> Result<(Tokens, Grant), Error> {
        if self.options.app_id.is_none() {
            return Err(missing("appId", "is needed to sign in with a certificate"));
        }
        let certificate = certificate(self.options)?;
        let outcome = sign_in.with_certificate(&self.http, &SystemClock, &certificate, None).await;
        Ok((outcome.map_err(|error| told(error, &self.http))?, Grant::Certificate(certificate)))
    }

    async fn by_identity(&mut self, sign_in: &SignIn) -> Result<(Tokens, Grant), Error> {
        let here = self.options.surroundings.clone().unwrap_or_else(Surroundings::here);
        let endpoint: IdentityEndpoint = here.identity().clone();
        let identity = ManagedIdentity { endpoint, client_id: self.options.managed_identity_id.clone() };
        let outcome = sign_in.with_managed_identity(&self.http, &SystemClock, &identity).await;
        Ok((outcome.map_err(|error| told(error, &self.http))?, Grant::ManagedIdentity(identity)))
    }
}

/// The certificate that the options name, opened.
fn certificate(options: &ConnectOptions) -> Result<ClientCertificate, Error> {
    let password = options.certificate_password.as_ref().map(Secret::expose);
    let opened = match (&options.certificate, &options.certificate_file) {
        (Some(CertificateSource::Bytes(bytes)), _) => ClientCertificate::from_file(bytes, password),
        (Some(CertificateSource::KeyPair { certificate, pkcs8 }), _) => {
            ClientCertificate::from_der(certificate.clone(), pkcs8)
        }
        (Some(CertificateSource::Remote { certificate, signer }), _) => {
            ClientCertificate::with_signer(certificate.clone(), std::sync::Arc::clone(signer))
        }
        (None, Some(file)) => {
            let read = |error: std::io::Error| {
                let problem = format!("{} cannot be read: {error}", file.display());
                Error::with_source(Step::Options, Kind::Option { name: "certificateFile", problem }, error)
            };
            let len = std::fs::metadata(file).map_err(read)?.len();
            if MAX_FILE_LEN < len {
                let problem = format!("{} is {len} bytes long, and no certificate is", file.display());
                return Err(Error::new(Step::Options, Kind::Option { name: "certificateFile", problem }));
            }
            ClientCertificate::from_file(&Zeroizing::new(std::fs::read(file).map_err(read)?), password)
        }
        (None, None) => return Err(missing("certificate", "is needed to sign in with one")),
    };
    opened.map_err(|error| refused(error.into()))
}

/// Opening may take as long as the browser runs, where it is one for the terminal.
async fn open_browser(uri: &str) -> Result<(), String> {
    let uri = uri.to_owned();
    let opening = tokio::task::spawn_blocking(move || webbrowser::open(&uri));
    match tokio::time::timeout(OPEN_LIMIT, opening).await {
        Ok(Ok(outcome)) => outcome.map_err(|error| error.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Ok(()),
    }
}

/// The identity endpoint is this machine's, and is reached without a proxy; where nobody answers soon there is none.
fn settings(options: &ConnectOptions, plan: &Plan) -> HttpSettings {
    let usual = plan.sign_in_settings(options);
    if options.sign_in != SignInMethod::ManagedIdentity {
        return usual;
    }
    HttpSettings {
        proxy: None,
        no_proxy: true,
        connect_timeout: IDENTITY_LIMIT.min(options.connect_timeout),
        ..usual
    }
}

#[cold]
fn refused(error: AuthError) -> Error {
    Error::new(Step::SignIn, Kind::SignIn(error))
}

const PASSWORD_WARNING: &str = "Microsoft is withdrawing sign-in with user name and password, which cannot do \
     multi-factor authentication; sign in with the browser, a device code or a certificate instead";
const MAX_FILE_LEN: u64 = 1 << 20;
const OPEN_LIMIT: Duration = Duration::from_secs(5);
const IDENTITY_LIMIT: Duration = Duration::from_secs(5);
