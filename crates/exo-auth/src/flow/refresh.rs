//! Another access token without the user, by the refresh token ([RFC 6749] section 6).
//!
//! [RFC 6749]: https://www.rfc-editor.org/rfc/rfc6749#section-6

use crate::answer;
use crate::clock::Clock;
use crate::error::{AuthError, Cause};
use crate::flow::SignIn;
use crate::form;
use crate::http::HttpClient;
use crate::token::{RefreshToken, Tokens};

impl SignIn {
    /// Exchanges a refresh token. The service may give another one with it, which replaces this one; where it gives none,
    /// this one stays good. `claims` is what a challenge asked for, as JSON text. When `user` is given, the account must
    /// still be that one.
    ///
    /// # Errors
    /// [`AuthErrorKind::Expired`](crate::AuthErrorKind::Expired) when the sign-in was revoked or is too old; otherwise
    /// see [`AuthErrorKind`](crate::AuthErrorKind).
    pub async fn with_refresh_token<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        user: Option<&str>,
        refresh: &RefreshToken,
        claims: Option<&str>,
    ) -> Result<Tokens, AuthError> {
        let scope = self.user_scope();
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("scope", &scope),
            ("refresh_token", refresh.expose()),
        ];
        fields.extend(claims.map(|claims| ("claims", claims)));
        let request = form::post(self.endpoints.token.clone(), &fields);
        let response = self.send(http, request).await?;
        match answer::tokens(self.authority.host(), &response, user, clock.now())? {
            Ok(mut tokens) => {
                tokens.refresh.get_or_insert_with(|| refresh.clone());
                Ok(tokens)
            }
            Err(refusal) if refusal.error == "invalid_grant" || refusal.error == "interaction_required" => {
                Err(Cause::GrantEnded(refusal).into())
            }
            Err(refusal) => Err(Cause::Refused(refusal).into()),
        }
    }
}
