//! WS-Management shells (MS-WSMV, DSP0226): envelopes and faults as bytes, without I/O.
//!
//! The crate writes the requests of a client and reads the answers of a server, and the reverse: the same
//! types serve a client and a server. It carries opaque bytes in its streams and knows nothing of the
//! protocol inside them, of HTTP, of sign-in or of time.
//!
//! | to do | with |
//! | --- | --- |
//! | write a request | [`Endpoint`]: `build_create`, `build_command`, `build_send`, `build_receive`, `build_signal`, `build_delete`, `build_disconnect`, `build_reconnect`, `build_connect`, `build_get_config` |
//! | read an answer | [`Response::decode`] |
//! | read a request | [`Request::decode`] |
//! | write an answer | [`Reply`] |
//! | judge a fault | [`Fault`] and its predicates |
//! | frame an encrypted message | [`SealedMessage`], [`SealingProtocol`] |
//! | size a payload | [`Endpoint::max_fragment_len`], [`Reply::max_stream_len`] |
#![forbid(unsafe_code)]

mod attach;
mod command;
mod envelope;
mod error;
mod fault;
mod listing;
mod operation;
mod reply;
mod request;
mod response;
mod robust;
mod sealed;
mod shell;
mod stream;
mod time;
mod xml;

pub use attach::BufferMode;
pub use command::{CommandState, ReceiveResponse, Signal, StreamChunk};
pub use envelope::{
    Carrying, DEFAULT_MAX_ENVELOPE_LEN, Endpoint, FALLBACK_MAX_ENVELOPE_LEN, Ids, Limits,
    MIN_MAX_ENVELOPE_LEN, RESOURCE_EXCHANGE, RESOURCE_POWERSHELL,
};
pub use error::{EnvelopeError, EnvelopeErrorKind, NotXml};
pub use fault::{Fault, FaultCode, ProviderFault};
pub use listing::ListedShell;
pub use operation::Operation;
pub use reply::Reply;
pub use request::Request;
pub use response::Response;
pub use robust::keeps_answers;
pub use sealed::{SealedError, SealedMessage, SealingProtocol};
pub use shell::{CreateResponse, ShellId};
