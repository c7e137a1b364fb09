//! Sign-in against Microsoft Entra ID: steps without I/O over an HTTP trait.
//!
//! A [`SignIn`] names the authority, the client and the scope; its methods run one flow each:
//! [`SignIn::with_password`] and [`SignIn::with_device_code`]. Network and time come in as [`HttpClient`]
//! and [`Clock`], so every flow runs in a test without either. [`Environment`] is the table of Microsoft's
//! clouds.
//!
//! Secrets ([`Secret`], [`AccessToken`], [`RefreshToken`], request and answer bodies) are wiped when dropped
//! and print as a placeholder.
#![forbid(unsafe_code)]

mod advice;
mod answer;
mod authority;
mod claims;
mod clock;
mod environment;
mod error;
mod flow;
mod form;
mod http;
mod secret;
mod token;

pub use self::authority::{Authority, AuthorityError};
pub use self::claims::Claims;
pub use self::clock::Clock;
pub use self::environment::{Environment, Service, UnknownEnvironment};
pub use self::error::{AuthError, AuthErrorKind};
pub use self::flow::{DeviceCodePrompt, EXCHANGE_CLIENT_ID, SignIn};
pub use self::http::{
    HttpClient, HttpError, HttpErrorKind, HttpMethod, HttpRequest, HttpResponse, MAX_ANSWER_LEN,
};
pub use self::secret::Secret;
pub use self::token::{AccessToken, RefreshToken, Tokens};
