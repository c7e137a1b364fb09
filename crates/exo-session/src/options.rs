//! What the caller asks for when connecting.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use exo_auth::{Environment, Prompt, Secret, Service, Signer};
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use crate::catalog::CatalogCache;
use crate::http::shown_address;
use crate::surroundings::Surroundings;

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
    /// User principal name, `DOMAIN\user` for Basic, or `user@REALM` for Kerberos. Where a person signs in it is offered to the sign-in page, and
    /// compared with the account that signed in.
    pub user: Option<String>,
    /// The application to sign in as: needed with a certificate; otherwise instead of Exchange's own client.
    pub app_id: Option<String>,
    /// The organization's domain or tenant id: the tenant of an application's sign-in, and of the REST addresses.
    pub organization: Option<String>,
    /// A PFX or PEM file with certificate and private key.
    pub certificate_file: Option<PathBuf>,
    /// The certificate, instead of a file.
    #[serde(skip)]
    pub certificate: Option<CertificateSource>,
    /// The password of the certificate file.
    #[serde(skip)]
    pub certificate_password: Option<Secret>,
    /// The client id of a user-assigned managed identity; `None` is the machine's own.
    pub managed_identity_id: Option<String>,
    /// What the sign-in page asks although it could do without.
    #[serde(deserialize_with = "prompt")]
    pub prompt: Option<Prompt>,
    /// The domain whose own sign-in service the page should go to at once.
    pub domain_hint: Option<String>,
    /// Who opens the browser.
    pub browser: BrowserChoice,
    /// How long the sign-in in the browser may take.
    #[serde(rename = "signInTimeoutMs", deserialize_with = "milliseconds")]
    pub sign_in_timeout: Duration,
    /// The file where the tokens of people are kept between runs, sealed; `None` keeps them in memory only.
    pub token_cache: Option<PathBuf>,
    /// Uses the sign-ins that `exo login` keeps for this user ([`default_token_cache`](crate::default_token_cache)), where
    /// it keeps any and `token_cache` names no other place.
    pub kept_sign_ins: bool,
    /// What is known about this machine; `None` looks at its environment variables.
    #[serde(skip)]
    pub surroundings: Option<Surroundings>,
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
    /// Kerberos: the name of the server's service has the port in it (`HTTP/host:port`).
    pub include_port_in_spn: bool,
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
    /// What the variables for proxies say, where the caller has an environment of its own: .NET's is a copy, and what a
    /// script sets in it this process does not see.
    pub proxy_variables: Option<ProxyVariables>,
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
    /// WSMan IdleTimeOut: after how long without requests the server may end the session; `None` leaves it to the
    /// server. While the session is in use there are always requests.
    #[serde(rename = "idleTimeoutMs", deserialize_with = "some_milliseconds")]
    pub idle_timeout: Option<Duration>,
    /// What the server does with output that nobody takes while the session is left; `None` leaves it to the server.
    pub output_buffering: Option<OutputBuffering>,
    /// How often a WSMan request whose connection failed is sent again, with growing pauses; only where that cannot
    /// have anything done twice.
    pub max_connection_retry_count: u32,
    /// Whether a remote PowerShell session that was lost is opened again for the next command.
    pub reconnect: bool,
    /// WSMan MaxEnvelopeSize in bytes; the specification asks for at least 8192.
    pub max_envelope_len: u32,
    /// Most objects in one page of an answer over REST, 1 to 1000.
    pub page_size: u32,
    /// Most objects in one page of a query over REST that says with `-ResultSize` how many it wants: fewer take less
    /// memory and more requests. At most `page_size` counts.
    pub streaming_page_size: u32,
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
    /// What scripts on a PSRP server find in `$PSSenderInfo.ApplicationArguments`: strings, numbers, booleans, null, lists
    /// and tables of them.
    pub application_arguments: Option<serde_json::Map<String, serde_json::Value>>,
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
            app_id: None,
            organization: None,
            certificate_file: None,
            certificate: None,
            certificate_password: None,
            managed_identity_id: None,
            prompt: None,
            domain_hint: None,
            browser: BrowserChoice::default(),
            sign_in_timeout: Duration::from_secs(300),
            token_cache: None,
            kept_sign_ins: false,
            surroundings: None,
            password: None,
            access_token: None,
            delegated_organization: None,
            bypass_mailbox_anchoring: false,
            include_port_in_spn: false,
            configuration_name: "Microsoft.Exchange".to_owned(),
            proxy: None,
            proxy_user: None,
            proxy_password: None,
            no_proxy: false,
            proxy_variables: None,
            ca_file: None,
            allow_redirection: true,
            connect_timeout: Duration::from_secs(30),
            open_timeout: Duration::from_secs(180),
            operation_timeout: Duration::from_secs(180),
            idle_timeout: None,
            output_buffering: None,
            max_connection_retry_count: 5,
            reconnect: true,
            max_envelope_len: 512_000,
            page_size: crate::adminapi::MAX_PAGE_SIZE,
            streaming_page_size: crate::adminapi::MAX_PAGE_SIZE,
            command_names: Vec::new(),
            catalog_cache: CatalogCache::default(),
            max_message_len: 512 << 20,
            max_object_len: 75_000_000,
            application_arguments: None,
        }
    }
}

/// The variables that name proxies, each as its owner wrote it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ProxyVariables {
    /// `HTTPS_PROXY`.
    pub https: Option<String>,
    /// `HTTP_PROXY`.
    pub http: Option<String>,
    /// `ALL_PROXY`.
    pub all: Option<String>,
    /// `NO_PROXY`: hosts and domains that are asked directly.
    pub no: Option<String>,
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
            .field("browser", &self.browser)
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
    /// A Kerberos ticket: with `password` one that is got for `user`, otherwise one that there is. Over plain http the messages
    /// are encrypted with it. Begins with the HTTP scheme `Kerberos`.
    Kerberos,
    /// The same, and begins with the HTTP scheme `Negotiate`.
    Negotiate,
}

/// What becomes of output for which a server has no room while a session is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum OutputBuffering {
    /// The command waits until somebody comes back to the session.
    Block,
    /// It is lost, and the command goes on.
    Drop,
}

/// How to come to a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SignInMethod {
    /// User and password.
    #[default]
    Password,
    /// The system's browser.
    Browser,
    /// A code that the user types on another device.
    Device,
    /// An application's certificate.
    Certificate,
    /// The identity of this machine.
    ManagedIdentity,
    /// A token the caller already has.
    AccessToken,
}

impl SignInMethod {
    /// The name as the options spell it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::Browser => "browser",
            Self::Device => "device",
            Self::Certificate => "certificate",
            Self::ManagedIdentity => "managedIdentity",
            Self::AccessToken => "accessToken",
        }
    }

    /// Whether a person signs in, so that there are tokens to keep for the next time.
    pub(crate) fn is_of_a_person(self) -> bool {
        matches!(self, Self::Password | Self::Browser | Self::Device)
    }
}

/// Who opens the browser of [`SignInMethod::Browser`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BrowserChoice {
    /// The system's, where there is one for this user; otherwise a device code takes its place.
    #[default]
    Auto,
    /// The system's, whatever the surroundings look like.
    System,
    /// The caller, with the address of [`ConnectEvent::Browser`](crate::ConnectEvent::Browser).
    Caller,
}

/// A certificate that is not in a file.
#[derive(Clone)]
#[non_exhaustive]
pub enum CertificateSource {
    /// What a PFX or PEM file holds.
    Bytes(Zeroizing<Vec<u8>>),
    /// A certificate and its private key.
    KeyPair {
        /// X.509, DER.
        certificate: Vec<u8>,
        /// PKCS#8, DER.
        pkcs8: Zeroizing<Vec<u8>>,
    },
    /// A certificate whose key stays where it is; see [`remote_signer`](crate::remote_signer).
    Remote {
        /// X.509, DER.
        certificate: Vec<u8>,
        /// Who signs.
        signer: Arc<dyn Signer>,
    },
}

impl fmt::Debug for CertificateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes(_) => "Bytes(…)",
            Self::KeyPair { .. } => "KeyPair(…)",
            Self::Remote { .. } => "Remote(…)",
        })
    }
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

fn prompt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Prompt>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    enum Name {
        SelectAccount,
        Login,
        Consent,
    }
    Ok(Option::<Name>::deserialize(deserializer)?.map(|name| match name {
        Name::SelectAccount => Prompt::SelectAccount,
        Name::Login => Prompt::Login,
        Name::Consent => Prompt::Consent,
    }))
}

fn environment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Environment, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

fn milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_millis)
}

fn some_milliseconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    Option::<u64>::deserialize(deserializer).map(|value| value.map(Duration::from_millis))
}
