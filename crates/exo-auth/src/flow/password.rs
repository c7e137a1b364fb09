//! Resource owner password credentials: the grant behind `-Credential`. It cannot do a second factor.

use crate::answer;
use crate::clock::Clock;
use crate::error::{AuthError, Cause};
use crate::flow::{EXCHANGE_CLIENT_ID, SignIn};
use crate::form;
use crate::http::HttpClient;
use crate::secret::Secret;
use crate::token::Tokens;

impl SignIn {
    /// Signs in with user name and password ([RFC 6749] section 4.3), and compares the account of the
    /// answer with `user`.
    ///
    /// # Errors
    /// [`AuthErrorKind::InteractionRequired`](crate::AuthErrorKind::InteractionRequired) when the account
    /// needs a second factor; otherwise see [`AuthErrorKind`](crate::AuthErrorKind).
    ///
    /// [RFC 6749]: https://www.rfc-editor.org/rfc/rfc6749#section-4.3
    pub async fn with_password<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        user: &str,
        password: &Secret,
    ) -> Result<Tokens, AuthError> {
        let request = form::post(
            self.authority.token_uri(),
            &[
                ("grant_type", "password"),
                ("client_id", EXCHANGE_CLIENT_ID),
                ("scope", &self.scope),
                ("username", user),
                ("password", password.expose()),
            ],
        );
        let response = self.send(http, request).await?;
        match answer::tokens(self.authority.host(), &response, Some(user), clock.now())? {
            Ok(tokens) => Ok(tokens),
            Err(refusal) => Err(Cause::Refused(refusal).into()),
        }
    }
}
