//! Resource owner password credentials: the grant behind `-Credential`. It cannot do a second factor.

use serde::Deserialize;

use crate::answer;
use crate::clock::Clock;
use crate::error::{AuthError, Cause};
use crate::flow::SignIn;
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
            self.endpoints.token.clone(),
            &[
                ("grant_type", "password"),
                ("client_id", &self.client_id),
                ("scope", &self.user_scope()),
                ("username", user),
                ("password", password.expose()),
            ],
        );
        let response = self.send(http, request).await?;
        match answer::tokens(self.authority.host(), &response, Some(user), clock.now())? {
            Ok(tokens) => Ok(tokens),
            // A wrong password is what the service says of one that it does not check itself.
            Err(refusal) if matches!(refusal.aadsts, Some(50126 | 50034)) => {
                Err(match self.federation(http, user).await {
                    Some(host) => Cause::Federated { host }.into(),
                    None => Cause::Refused(refusal).into(),
                })
            }
            Err(refusal) => Err(Cause::Refused(refusal).into()),
        }
    }

    /// The host of the organization's own sign-in service, when it checks the passwords of `user`'s domain. What cannot
    /// be learnt changes nothing about the refusal.
    async fn federation<H: HttpClient + Sync>(&self, http: &H, user: &str) -> Option<String> {
        let user = form::path_segment(user);
        let uri = format!("{}/common/userrealm/{user}?api-version=1.0", self.authority.origin());
        let response = self.send(http, form::get(uri)).await.ok()?;
        let realm: Realm = serde_json::from_slice(&response.body).ok()?;
        if response.status != 200 || !realm.account_type?.eq_ignore_ascii_case("federated") {
            return None;
        }
        let address = realm.federation_active_auth_url.or(realm.federation_metadata_url);
        Some(address.as_deref().and_then(host_of).map_or_else(|| "another host".to_owned(), answer::plain))
    }
}

/// Who checks the passwords of a domain.
#[derive(Deserialize)]
struct Realm {
    account_type: Option<String>,
    federation_active_auth_url: Option<String>,
    federation_metadata_url: Option<String>,
}

/// The host in an address of the service's answer.
fn host_of(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    rest.split(['/', ':', '?', '#']).next().filter(|host| !host.is_empty())
}
