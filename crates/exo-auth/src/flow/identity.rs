//! Managed identity: the machine has an identity of its own, and hands out its tokens.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use crate::answer::{Seconds, plain};
use crate::authority::{is_safe_page, split_uri_host};
use crate::clock::Clock;
use crate::error::{AuthError, Cause};
use crate::flow::SignIn;
use crate::form;
use crate::http::{HttpClient, HttpError, HttpErrorKind, HttpRequest, HttpResponse};
use crate::secret::Secret;
use crate::token::{AccessToken, Tokens};

/// Which identity, and where its tokens are.
#[derive(Clone, Debug)]
pub struct ManagedIdentity {
    /// Who hands them out.
    pub endpoint: IdentityEndpoint,
    /// The client id of a user-assigned identity; `None` is the machine's own.
    pub client_id: Option<String>,
}

/// Who hands out the tokens of an identity.
#[derive(Clone)]
#[non_exhaustive]
pub enum IdentityEndpoint {
    /// The instance metadata service of a virtual machine, at `http://169.254.169.254`.
    Imds {
        /// Scheme and host.
        origin: String,
    },
    /// App Service, Functions, Automation and Container Apps: `IDENTITY_ENDPOINT` with `IDENTITY_HEADER`.
    AppService {
        /// The address.
        endpoint: String,
        /// What proves that a request comes from the application.
        header: Secret,
    },
    /// The agent of an Azure Arc server: `IDENTITY_ENDPOINT`, and a file that only its users can read.
    Arc {
        /// The address.
        endpoint: String,
        /// Reads that file.
        read: KeyFileReader,
    },
}

/// Reads the file that an Azure Arc agent names. The path has been checked; the text is at most 4096 bytes.
pub type KeyFileReader = Arc<dyn Fn(&str) -> io::Result<Secret> + Send + Sync>;

impl SignIn {
    /// Asks the machine for a token of its identity.
    ///
    /// # Errors
    /// [`AuthErrorKind::BadClient`](crate::AuthErrorKind::BadClient) when there is no such identity, or the endpoint is
    /// none; [`AuthErrorKind::Network`](crate::AuthErrorKind::Network) when nobody answers.
    pub async fn with_managed_identity<H: HttpClient + Sync, C: Clock + Sync>(
        &self,
        http: &H,
        clock: &C,
        identity: &ManagedIdentity,
    ) -> Result<Tokens, AuthError> {
        let resource = self.scope.strip_suffix("/.default").unwrap_or(&self.scope);
        let request = identity.request(resource)?;
        let host = split_uri_host(&request.uri).unwrap_or_default().to_owned();
        let is_imds = matches!(identity.endpoint, IdentityEndpoint::Imds { .. });
        let mut response = match http.send(identity.request(resource)?).await {
            // Its address is the same everywhere; where nobody answers there is none.
            Err(error)
                if is_imds && matches!(error.kind(), HttpErrorKind::Connect | HttpErrorKind::Timeout) =>
            {
                tracing::debug!(%error, "no instance metadata service");
                return Err(AuthError::no_identity());
            }
            answer => read(&host, answer)?,
        };
        if let IdentityEndpoint::Arc { read: key_file, .. } = &identity.endpoint
            && response.status == 401
        {
            let secret = challenged(&response, key_file)?;
            let mut again = request;
            again.headers.push(("Authorization", format!("Basic {}", secret.expose())));
            response = read(&host, http.send(again).await)?;
        }
        let access = token(&host, &response, clock.now())?;
        Ok(Tokens { access, refresh: None, id: crate::claims::Claims::default() })
    }
}

impl ManagedIdentity {
    fn request(&self, resource: &str) -> Result<HttpRequest, AuthError> {
        let (endpoint, version, header) = match &self.endpoint {
            IdentityEndpoint::Imds { origin } => {
                let endpoint = format!("{}/metadata/identity/oauth2/token", origin.trim_end_matches('/'));
                (endpoint, "2018-02-01", ("Metadata", "true".to_owned()))
            }
            IdentityEndpoint::AppService { endpoint, header } => {
                (endpoint.clone(), "2019-08-01", ("X-IDENTITY-HEADER", header.expose().to_owned()))
            }
            IdentityEndpoint::Arc { endpoint, .. } => {
                if self.client_id.is_some() {
                    let detail = "an Azure Arc server has its own identity only, no user-assigned one";
                    return Err(Cause::Endpoint { detail: detail.to_owned() }.into());
                }
                (endpoint.clone(), "2019-11-01", ("Metadata", "true".to_owned()))
            }
        };
        if !is_of_this_machine(&endpoint) {
            let detail = "it is neither https nor an address of this machine";
            return Err(Cause::Endpoint { detail: detail.to_owned() }.into());
        }
        let mut fields = vec![("api-version", version), ("resource", resource)];
        fields.extend(self.client_id.as_deref().map(|id| ("client_id", id)));
        let query = form::encode(&fields);
        let join = if endpoint.contains('?') { '&' } else { '?' };
        let mut request = form::get(format!("{endpoint}{join}{}", String::from_utf8_lossy(&query)));
        request.headers.push(header);
        Ok(request)
    }
}

fn read(host: &str, answer: Result<HttpResponse, HttpError>) -> Result<HttpResponse, AuthError> {
    let response = answer.map_err(|error| Cause::Http { host: host.to_owned(), error })?;
    tracing::debug!(host, status = response.status, len = response.body.len(), "identity answer");
    Ok(response)
}

/// The secret that a 401 of the Arc agent points to. Only its own directory is read, whatever it says.
fn challenged(response: &HttpResponse, key_file: &KeyFileReader) -> Result<Secret, AuthError> {
    let endpoint = |detail: &str| AuthError::from(Cause::Endpoint { detail: detail.to_owned() });
    let challenge = response.header("www-authenticate").unwrap_or_default();
    let path = challenge.trim().strip_prefix("Basic realm=").map(|path| path.trim_matches('"'));
    let path = path.ok_or_else(|| endpoint("its challenge names no file"))?;
    let name = path.strip_prefix(ARC_KEYS).and_then(|name| name.strip_suffix(".key"));
    if !name.is_some_and(|name| !name.is_empty() && !name.contains(['/', '\\', '\0'])) {
        return Err(endpoint("its challenge names a file outside of /var/opt/azcmagent/tokens"));
    }
    let secret = key_file(path).map_err(|error| {
        let advice = match error.kind() {
            io::ErrorKind::PermissionDenied => "; join the group himds to be let in",
            _ => "",
        };
        endpoint(&format!("the file of its challenge cannot be read: {error}{advice}"))
    })?;
    let fits = !secret.is_empty()
        && secret.expose().len() <= MAX_KEY_LEN
        && secret.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if fits { Ok(secret) } else { Err(endpoint("the file of its challenge holds no key")) }
}

fn token(host: &str, response: &HttpResponse, now: SystemTime) -> Result<AccessToken, AuthError> {
    let status = response.status;
    if status == 200 {
        let wrong = || Cause::NotJson { host: host.to_owned(), detail: "it has no token of an identity" };
        let answer: Answer = serde_json::from_slice(&response.body).map_err(|_| wrong())?;
        let end = match (answer.expires_in, answer.expires_on) {
            (Some(Seconds(left)), _) => now.checked_add(Duration::from_secs(left.min(MAX_LIFE_SECS))),
            (None, Some(Seconds(end))) => UNIX_EPOCH.checked_add(Duration::from_secs(end)),
            (None, None) => None,
        };
        return AccessToken::new(answer.access_token, end, Some(now));
    }
    if matches!(status, 429 | 500..=599) {
        let retry_after = response.retry_after();
        return Err(Cause::Status { host: host.to_owned(), status, retry_after }.into());
    }
    let said: Refused = serde_json::from_slice(&response.body).unwrap_or_default();
    let said = said.error_description.or(said.message).or(said.error).map(|said| plain(&said));
    Err(Cause::Identity { status, said: said.unwrap_or_else(|| "no reason is given".to_owned()) }.into())
}

/// Plain http is as good as the machine: its own addresses, and those that only the host below it answers.
fn is_of_this_machine(uri: &str) -> bool {
    let link_local = || {
        let host = split_uri_host(uri)?;
        let address: std::net::IpAddr = host.parse().ok()?;
        Some(match address {
            std::net::IpAddr::V4(address) => address.is_link_local(),
            std::net::IpAddr::V6(address) => address.is_unicast_link_local(),
        })
    };
    is_safe_page(uri) || (uri.starts_with("http://") && link_local().unwrap_or(false))
}

impl fmt::Debug for IdentityEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Imds { .. } => "Imds",
            Self::AppService { .. } => "AppService",
            Self::Arc { .. } => "Arc",
        })
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: Secret,
    /// Seconds since 1970.
    expires_on: Option<Seconds>,
    expires_in: Option<Seconds>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: Option<String>,
    error_description: Option<String>,
    message: Option<String>,
}

const ARC_KEYS: &str = "/var/opt/azcmagent/tokens/";
const MAX_KEY_LEN: usize = 4096;
const MAX_LIFE_SECS: u64 = 7 * 24 * 3600;
