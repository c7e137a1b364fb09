//! Session manager for Exchange: connects, runs commands over a carrier, streams what comes back.
//!
//! [`connect`] turns [`ConnectOptions`] into a [`Session`]; [`Session::invoke`] starts a command and gives a
//! [`Pipeline`] to pull events from; [`Session::close`] ends it all. Everything that can go wrong is an
//! [`Error`]: one sentence with the step it happened at and what to do.
//!
//! One task per session owns its wire: the PSRP state machine, the WSMan shell and the HTTP requests under way.
//! Handles talk to it over channels, so several commands may run at once and a reader that is slow slows only
//! its own command.
#![forbid(unsafe_code)]

pub mod adminapi;
mod asking;
mod batch;
mod carrier;
pub mod catalog;
mod command;
mod connect;
mod error;
mod host;
mod http;
mod input;
mod options;
mod secret;
mod session;
mod signer;
mod surroundings;
mod tickets;
mod token_cache;

pub use self::asking::{FieldValue, Host, Refusal};
pub use self::batch::{
    Batch, BatchEvent, BatchEventKind, BatchInput, BatchInvocation, InputOutcome, MAX_BATCH_SIZE,
    MAX_IN_FLIGHT, TryWriteError,
};
pub use self::carrier::psrp::relay::{Relay, RelayEvent, RelayWriter, relay};
pub use self::command::{CommandInfo, ParameterInfo};
pub use self::connect::{ConnectEvent, SignedIn, attach, connect, connect_until, sign_in};
pub use self::error::{Category, Error, SignInFailure, Step};
pub use self::input::{Input, InputEnded};
pub use self::options::{
    Authentication, BrowserChoice, CarrierChoice, CertificateSource, ConnectOptions, OutputBuffering,
    ProxyVariables, SignInMethod,
};
pub use self::session::{
    ConnectionInfo, DisconnectedSession, Invocation, Pipeline, Session, SessionState, UserEvents,
};
pub use self::signer::{SignRequest, SignRequests, remote_signer};
pub use self::surroundings::{Surroundings, default_token_cache};
pub use self::token_cache::{KeyPlace, TokenCache};
pub use exo_auth::{
    AuthErrorKind, CachedAccount, DeviceCodePrompt, Environment, Prompt, Reason, Secret, Service,
    SignatureAlgorithm, Signer,
};
