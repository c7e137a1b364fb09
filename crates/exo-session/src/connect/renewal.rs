//! Coming to another token while a session is open.

use exo_auth::{Secret, SignIn};

use crate::carrier::rest::transport::Token;
use crate::connect::credential::Credential;
use crate::connect::{SystemClock, sign_in_error};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::sign_in::SignInHttp;
use crate::http::{Http, HttpSettings};

/// How a new token is had without the user.
pub(crate) enum Renewal {
    /// By the password, as the first one.
    Password {
        /// Where and for what.
        sign_in: SignIn,
        /// How to reach it.
        settings: Box<HttpSettings>,
        user: String,
        password: Secret,
    },
    /// Not at all: the token came from outside, or from a person with a device.
    Never,
}

impl Renewal {
    pub(crate) fn is_possible(&self) -> bool {
        matches!(self, Self::Password { .. })
    }

    /// A new token.
    pub(crate) async fn renew(&self, step: Step) -> Result<Token, Error> {
        let Self::Password { sign_in, settings, user, password } = self else {
            return Err(Error::new(step, Kind::TokenEnded));
        };
        let http = SignInHttp::new(Http::new((**settings).clone())?);
        let tokens = sign_in.with_password(&http, &SystemClock, user, password).await;
        let tokens = tokens.map_err(|error| sign_in_error(error, &http))?;
        let header = Credential::bearer(&tokens.access)?;
        Ok(Token { header, expires_at: tokens.access.expires_at() })
    }
}
