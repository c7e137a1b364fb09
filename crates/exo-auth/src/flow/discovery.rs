//! What an authority says about its own addresses ([OpenID Connect Discovery 1.0]).
//!
//! [OpenID Connect Discovery 1.0]: https://openid.net/specs/openid-connect-discovery-1_0.html

use serde::Deserialize;

use crate::answer;
use crate::authority::origin_of;
use crate::error::{AuthError, Cause};
use crate::flow::{Endpoints, SignIn};
use crate::form;
use crate::http::HttpClient;

impl SignIn {
    /// Asks an authority that is none of Microsoft's known hosts where it takes what. The addresses must be on the host
    /// that the user named: a document that sends passwords elsewhere is refused. An authority without such a document
    /// is taken to have Entra's own paths.
    ///
    /// # Errors
    /// The document points elsewhere, or the host did not answer.
    pub async fn discover<H: HttpClient + Sync>(self, http: &H) -> Result<Self, AuthError> {
        if self.authority.is_known() {
            return Ok(self);
        }
        let host = self.authority.host();
        let response = self.send(http, form::get(self.authority.discovery_uri())).await?;
        if response.status == 404 {
            return Ok(self);
        }
        let document = match answer::body::<Document>(host, &response)? {
            Ok(document) => document,
            Err(refusal) => return Err(Cause::Refused(refusal).into()),
        };
        let here = |address: Option<String>, usual: &str| match address {
            None => Ok(usual.to_owned()),
            Some(address) if origin_of(&address) == origin_of(self.authority.origin()) => Ok(address),
            Some(address) => {
                let to = origin_of(&address).unwrap_or_else(|| "what is no address".to_owned());
                Err(AuthError::from(Cause::Elsewhere { host: host.to_owned(), to }))
            }
        };
        let endpoints = Endpoints {
            authorize: here(document.authorization_endpoint, &self.endpoints.authorize)?,
            device_code: here(document.device_authorization_endpoint, &self.endpoints.device_code)?,
            token: here(document.token_endpoint, &self.endpoints.token)?,
        };
        Ok(Self { endpoints, ..self })
    }
}

#[derive(Deserialize)]
struct Document {
    authorization_endpoint: Option<String>,
    device_authorization_endpoint: Option<String>,
    token_endpoint: Option<String>,
}
