//! What the caller asks for when connecting.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use exo_auth::{Environment, Secret, Service};
use serde::{Deserialize, Deserializer};

use crate::catalog::CatalogCache;
use crate::http::shown_address;

/// Everything [`connect`](crate::connect) needs to know.
///
/// The `Deserialize` form uses camelCase names and refuses unknown ones; durations are whole
/// milliseconds (`connectTimeoutMs`). Secrets are not part of it: they are set on the value afterwards, so that
/// they never lie in a document.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ConnectOptions {
    /// Which service's addresses the environment stands for: `exchange` or `compliance`.
    #[serde(deserialize_with = "service")]
    pub service: Service,
    /// The cloud environment, for the connection address and the sign-in authority.
    #[serde(deserialize_with = "environment")]
    pub environment: Environment,
    /// The endpoint, instead of the environment's own.
    pub connection_uri: Option<String>,
    /// The sign-in authority, for example `https://login.microsoftonline.com/organizations`, instead of the
    /// environment's own.
    pub authority: Option<String>,
    /// Which carrier to speak.
    pub carrier: CarrierChoice,
    /// What the requests carry; `None` chooses by address and sign-in method.
    pub authentication: Option<Authentication>,
    /// How to come to a token, when one is needed.
    pub sign_in: SignInMethod,
    /// User principal name, or `DOMAIN\user` for Basic.
    pub user: Option<String>,
    /// The password of `user`.
    #[serde(skip)]
    pub password: Option<Secret>,
    /// The token to use with [`SignInMethod::AccessToken`].
    #[serde(skip)]
    pub access_token: Option<Secret>,
    /// The customer's domain, when a partner administers it.
    pub delegated_organization: Option<String>,
    /// Sends no mailbox hint (`email`) with the connection address.
    pub bypass_mailbox_anchoring: bool,
    /// The session configuration: the last part of the WSMan resource URI.
    pub configuration_name: String,
    /// `http://host:port` of a proxy, instead of what the environment variables say.
    pub proxy: Option<String>,
    /// Who the proxy is told asks; with the proxy of [`ConnectOptions::proxy`].
    pub proxy_user: Option<String>,
    /// The password of `proxy_user`.
    #[serde(skip)]
    pub proxy_password: Option<Secret>,
    /// Goes through no proxy, whatever the environment variables say.
    pub no_proxy: bool,
    /// A PEM file with certificates of issuers to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Whether an answer may send the client to another address (at most five times).
    pub allow_redirection: bool,
    /// How long one TCP and TLS connection may take to stand.
    #[serde(rename = "connectTimeoutMs", deserialize_with = "milliseconds")]
    pub connect_timeout: Duration,
    /// How long the session may take to open once its first request is under way.
    #[serde(rename = "openTimeoutMs", deserialize_with = "milliseconds")]
    pub open_timeout: Duration,
    /// WSMan OperationTimeout: after this time without output the server says "ask again".
    #[serde(rename = "operationTimeoutMs", deserialize_with = "milliseconds")]
    pub operation_timeout: Duration,
    /// WSMan MaxEnvelopeSize in bytes; the specification asks for at least 8192.
    pub max_envelope_len: u32,
    /// Most objects in one page of an answer over REST, 1 to 1000.
    pub page_size: u32,
    /// Over REST, the cmdlets to ask for and to have in the catalogue; `*` and `?` stand for any characters and any
    /// one. Empty: all that the account may run.
    pub command_names: Vec<String>,
    /// Over REST, where the catalogue is kept from one connection to the next: `"off"`, `"user"` or
    /// `{"folder": "/path"}`.
    pub catalog_cache: CatalogCache,
    /// Longest PSRP message, and longest page over REST, accepted, in bytes.
    pub max_message_len: usize,
    /// Largest object accepted, in bytes of CLIXML.
    pub max_object_len: usize,
}

impl Default for ConnectOptions {
    fn default() -> Self {
        Self {
            service: Service::default(),
            environment: Environment::default(),
            connection_uri: None,
            authority: None,
            carrier: CarrierChoice::default(),
            authentication: None,
            sign_in: SignInMethod::default(),
            user: None,
            password: None,
            access_token: None,
            delegated_organization: None,
            bypass_mailbox_anchoring: false,
            configuration_name: "Microsoft.Exchange".to_owned(),
            proxy: None,
            proxy_user: None,
            proxy_password: None,
            no_proxy: false,
            ca_file: None,
            allow_redirection: true,
            connect_timeout: Duration::from_secs(30),
            open_timeout: Duration::from_secs(180),
            operation_timeout: Duration::from_secs(180),
            max_envelope_len: 512_000,
            page_size: crate::adminapi::MAX_PAGE_SIZE,
            command_names: Vec::new(),
            catalog_cache: CatalogCache::default(),
            max_message_len: 512 << 20,
            max_object_len: 75_000_000,
        }
    }
}

/// Shows what is chosen, not who: addresses may hold passwords, and names of people stay out of logs.
impl fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectOptions")
            .field("service", &self.service)
            .field("environment", &self.environment)
            .field("connection_uri", &self.connection_uri.as_deref().map(shown_address))
            .field("carrier", &self.carrier)
            .field("authentication", &self.authentication)
            .field("sign_in", &self.sign_in)
            .field("proxy", &self.proxy.as_deref().map(shown_address))
            .field("ca_file", &self.ca_file)
            .field("catalog_cache", &self.catalog_cache)
            .finish_non_exhaustive()
    }
}

/// The carrier under the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CarrierChoice {
    /// By address: Microsoft's clouds answer over REST, other hosts with a path below `/powershell` over PSRP.
    #[default]
    Auto,
    /// The REST interface of Microsoft's cloud.
    Rest,
    /// PowerShell remoting over WSMan.
    Psrp,
}

/// What the WSMan requests carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Authentication {
    /// `Authorization: Bearer <token>`.
    Bearer,
    /// `Authorization: Basic` with user and password.
    Basic,
    /// `Authorization: Basic` with the user's name and `Bearer <token>` as password, and
    /// `BasicAuthToOAuthConversion=true` in the address.
    BasicToken,
}

/// How to come to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInMethod {
    /// User and password.
    #[default]
    Password,
    /// A code that the user types on another device.
    Device,
    /// A token the caller already has.
    AccessToken,
}

/// Either service by name; the type is the sign-in crate's, which knows no documents.
fn service<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Service, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Name {
        Exchange,
        Compliance,
    }
    Ok(match Name::deserialize(deserializer)? {
        Name::Exchange => Service::Exchange,
        Name::Compliance => Service::Compliance,
    })
}

fn environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Environment, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}
