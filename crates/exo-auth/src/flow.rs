//! The flows: each asks the authority for tokens in its own way.

mod browser;
mod certificate;
mod device_code;
mod discovery;
mod identity;
mod password;
mod refresh;

use uuid::Uuid;

use crate::authority::Authority;
use crate::error::{AuthError, Cause};
use crate::http::{HttpClient, HttpRequest, HttpResponse};

pub use self::browser::{BrowserHints, BrowserSignIn, Landing, Prompt};
pub use self::device_code::DeviceCodePrompt;
pub use self::identity::{IdentityEndpoint, KeyFileReader, ManagedIdentity};

/// The client id that Microsoft registered for Exchange PowerShell over REST. It takes browsers, device codes and
/// passwords.
pub const EXCHANGE_CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";

/// What every flow needs: where to sign in, as which client, and for which service.
///
/// Dropping the future of a flow cancels it; nothing is left running.
#[derive(Clone, Debug)]
pub struct SignIn {
    authority: Authority,
    endpoints: Endpoints,
    client_id: String,
    scope: String,
}

/// The addresses of an authority.
#[derive(Clone, Debug)]
struct Endpoints {
    authorize: String,
    device_code: String,
    token: String,
}

impl SignIn {
    /// As the client [`EXCHANGE_CLIENT_ID`]. `scope` is a service's `…/.default`, as [`Environment::scope`] gives it;
    /// the flows of people add the scopes for a refresh token and for the account's name.
    ///
    /// [`Environment::scope`]: crate::Environment::scope
    pub fn new(authority: Authority, scope: &str) -> Self {
        let endpoints = Endpoints {
            authorize: authority.authorize_uri(),
            device_code: authority.device_code_uri(),
            token: authority.token_uri(),
        };
        Self { authority, endpoints, client_id: EXCHANGE_CLIENT_ID.to_owned(), scope: scope.to_owned() }
    }

    /// The same as another client.
    #[must_use]
    pub fn as_client(self, client_id: &str) -> Self {
        Self { client_id: client_id.to_owned(), ..self }
    }

    /// Where tokens are asked for.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// As which client.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The service's `…/.default`.
    pub fn scope(&self) -> &str {
        &self.scope
    }

    fn user_scope(&self) -> String {
        format!("{} offline_access openid profile", self.scope)
    }

    async fn send<H: HttpClient + Sync>(
        &self,
        http: &H,
        mut request: HttpRequest,
    ) -> Result<HttpResponse, AuthError> {
        let host = self.authority.host();
        // Under this id the service logs the request; a refusal names it.
        request.headers.push(("client-request-id", Uuid::new_v4().to_string()));
        match http.send(request).await {
            Ok(response) => {
                tracing::debug!(host, status = response.status, len = response.body.len(), "sign-in answer");
                Ok(response)
            }
            Err(error) => Err(Cause::Http { host: host.to_owned(), error }.into()),
        }
    }
}
