//! The flows: each asks the authority for tokens in its own way.

mod device_code;
mod password;

use crate::authority::Authority;
use crate::error::{AuthError, Cause};
use crate::http::{HttpClient, HttpRequest, HttpResponse};

pub use self::device_code::DeviceCodePrompt;

/// The client id that Microsoft registered for Exchange PowerShell over REST. It takes device codes and
/// passwords.
pub const EXCHANGE_CLIENT_ID: &str = "fb78d390-0c51-40cd-8e17-fdbfab77341b";

/// What every flow needs: where to sign in, and for which service. The client is [`EXCHANGE_CLIENT_ID`].
///
/// Dropping the future of a flow cancels it; nothing is left running.
#[derive(Clone, Debug)]
pub struct SignIn {
    authority: Authority,
    scope: String,
}

impl SignIn {
    /// `scope` is a service's `…/.default`, as [`Environment::scope`] gives it;
    /// the flows add the scopes for a refresh token and for the account's name.
    ///
    /// [`Environment::scope`]: crate::Environment::scope
    pub fn new(authority: Authority, scope: &str) -> Self {
        Self { authority, scope: format!("{scope} offline_access openid profile") }
    }

    /// Where tokens are asked for.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    async fn send<H: HttpClient + Sync>(
        &self,
        http: &H,
        request: HttpRequest,
    ) -> Result<HttpResponse, AuthError> {
        let host = self.authority.host();
        match http.send(request).await {
            Ok(response) => {
                tracing::debug!(host, status = response.status, len = response.body.len(), "sign-in answer");
                Ok(response)
            }
            Err(error) => Err(Cause::Http { host: host.to_owned(), error }.into()),
        }
    }
}
