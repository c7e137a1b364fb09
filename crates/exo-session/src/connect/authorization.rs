//! What the requests of a session carry in `Authorization`, for as long as it lives.

use std::sync::Arc;
use std::time::SystemTime;

use exo_auth::{AccessToken, AuthError, AuthErrorKind, Clock, TokenSource};
use reqwest::header::HeaderValue;

use crate::connect::plan::missing;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::credential;
use crate::http::sign_in::SignInHttp;
use crate::options::ConnectOptions;
use crate::tickets::Tickets;
use crate::token_cache::TokenCache;

/// Where the tokens of a session come from.
pub(crate) type Source = TokenSource<SignInHttp, SystemClock, TokenCache>;

/// A header field that stays good: a token in it is renewed.
#[derive(Debug)]
pub(crate) enum Authorization {
    /// `Basic` with user and password.
    Basic(HeaderValue),
    /// Tickets, which belong to the connections and not to a header field.
    Tickets(Arc<Tickets>),
    /// A token, as the server wants it.
    Token { source: Arc<Source>, form: Form },
}

/// How a token is written.
#[derive(Debug)]
pub(crate) enum Form {
    /// `Bearer` and the token.
    Bearer,
    /// `Basic` with this user and `Bearer`, blank, the token as password.
    Basic { user: String },
}

/// A header value, and the token in it.
pub(crate) struct Sent {
    /// `None` with tickets.
    pub(crate) header: Option<HeaderValue>,
    token: Option<Arc<AccessToken>>,
}

impl Authorization {
    /// `Basic` with user and password.
    pub(crate) fn basic(options: &ConnectOptions) -> Result<Self, Error> {
        let user = options
            .user
            .as_deref()
            .ok_or_else(|| missing("user name", "is needed for Basic authentication"))?;
        let password = options.password.as_ref().ok_or_else(|| missing("password", "is needed"))?;
        Ok(Self::Basic(credential::basic("user name", user, &[password.expose()])?))
    }

    /// The present value, with another token when the old one is about to end.
    pub(crate) async fn value(&self) -> Result<Sent, Error> {
        match self {
            Self::Basic(header) => Ok(Sent { header: Some(header.clone()), token: None }),
            Self::Tickets(_) => Ok(Sent { header: None, token: None }),
            Self::Token { source, form } => {
                let token = match source.fresh() {
                    Some(token) => token,
                    None => {
                        let asking = Arc::clone(source);
                        finished(tokio::spawn(async move { asking.token().await }), source).await?
                    }
                };
                Ok(Sent { header: Some(form.header(&token)?), token: Some(token) })
            }
        }
    }

    /// Comes to another token after `refused` was not accepted. `claims` is what the challenge asks for, as the header
    /// has it. `false` when there is none to be had, and the refusal stands as it is.
    pub(crate) async fn renew(&self, refused: &Sent, claims: Option<&str>) -> Result<bool, Error> {
        let (Self::Token { source, .. }, Some(token)) = (self, &refused.token) else { return Ok(false) };
        if !source.is_renewable() && !source.has_ended() {
            return Ok(false);
        }
        let claims = claims.and_then(exo_auth::challenge_claims);
        let (asking, token) = (Arc::clone(source), Arc::clone(token));
        finished(tokio::spawn(async move { asking.renew(&token, claims.as_deref()).await }), source).await?;
        Ok(true)
    }

    /// The tickets, if that is what shows who asks.
    pub(crate) fn tickets(&self) -> Option<Arc<Tickets>> {
        match self {
            Self::Tickets(tickets) => Some(Arc::clone(tickets)),
            Self::Basic(_) | Self::Token { .. } => None,
        }
    }

    /// Whether a password is sent.
    pub(crate) fn is_basic(&self) -> bool {
        matches!(self, Self::Basic(_))
    }

    /// Whether a token of the sign-in service is sent.
    pub(crate) fn has_token(&self) -> bool {
        matches!(self, Self::Token { .. })
    }

    /// When the present token ends.
    pub(crate) fn expires_at(&self) -> Option<SystemTime> {
        match self {
            Self::Basic(_) | Self::Tickets(_) => None,
            Self::Token { source, .. } => source.current().expires_at(),
        }
    }
}

/// A renewal in a task of its own: a caller who gives up must not lose the refresh token that is on its way.
async fn finished(
    asking: tokio::task::JoinHandle<Result<Arc<AccessToken>, AuthError>>,
    source: &Source,
) -> Result<Arc<AccessToken>, Error> {
    let outcome = asking.await.map_err(|_| Error::new(Step::SignIn, Kind::Cancelled))?;
    outcome.map_err(|error| told(error, source.http()))
}

impl Form {
    pub(crate) fn header(&self, token: &AccessToken) -> Result<HeaderValue, Error> {
        match self {
            Self::Bearer => credential::bearer(token.expose()),
            Self::Basic { user } => credential::basic("user name", user, &["Bearer ", token.expose()]),
        }
    }
}

/// A request without an answer is told in the session's own words, which say more.
#[cold]
pub(crate) fn told(error: AuthError, http: &SignInHttp) -> Error {
    let own = http.take_failure().filter(|_| error.kind() == AuthErrorKind::Network);
    own.unwrap_or_else(|| Error::new(Step::SignIn, Kind::SignIn(error)))
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: std::time::Duration) {
        tokio::time::sleep(duration).await;
    }
}
