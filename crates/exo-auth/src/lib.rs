//! Sign-in against Microsoft Entra ID: steps without I/O over an HTTP trait.
//!
//! A [`SignIn`] names the authority, the client and the scope; its methods run one flow each: the browser
//! ([`SignIn::begin_in_browser`], [`SignIn::with_code`]), [`SignIn::with_device_code`], [`SignIn::with_password`],
//! [`SignIn::with_certificate`], [`SignIn::with_managed_identity`], and [`SignIn::with_refresh_token`]. A [`TokenSource`]
//! goes on from there for as long as a session lives. Network and time come in as [`HttpClient`] and [`Clock`], the file
//! of a [`TokenCache`] as [`Store`], so everything runs in a test without any of them. [`Environment`] is the table of
//! Microsoft's clouds.
//!
//! Secrets ([`Secret`], [`AccessToken`], [`RefreshToken`], keys, request and answer bodies) are wiped when dropped
//! and print as a placeholder.
#![forbid(unsafe_code)]

mod advice;
mod answer;
mod assertion;
mod authority;
mod cache;
mod certificate;
mod claims;
mod clock;
mod environment;
mod error;
mod flow;
mod form;
mod http;
mod page;
mod secret;
mod source;
mod token;

pub use self::advice::Reason;
pub use self::authority::{Authority, AuthorityError};
pub use self::cache::{CacheError, CachedAccount, Page, SealKey, Store, TokenCache};
pub use self::certificate::{CertificateError, ClientCertificate, SignatureAlgorithm, Signer};
pub use self::claims::{Claims, challenge_claims};
pub use self::clock::Clock;
pub use self::environment::{Environment, Service, UnknownEnvironment};
pub use self::error::{AuthError, AuthErrorKind};
pub use self::flow::{
    BrowserHints, BrowserSignIn, DeviceCodePrompt, EXCHANGE_CLIENT_ID, IdentityEndpoint, KeyFileReader,
    Landing, ManagedIdentity, Prompt, SignIn,
};
pub use self::http::{
    HttpClient, HttpError, HttpErrorKind, HttpMethod, HttpRequest, HttpResponse, MAX_ANSWER_LEN,
};
pub use self::page::end_page;
pub use self::secret::Secret;
pub use self::source::{Grant, TokenSource};
pub use self::token::{AccessToken, RefreshToken, Tokens};
