//! Kerberos through the system's GSSAPI (RFC 2743, RFC 2744), loaded at run time: building needs no headers.
//!
//! | to do | with |
//! | --- | --- |
//! | find out whether there is a library | [`library`] |
//! | prove who the user is | [`Credential::of_user`], then [`Context::initiate`] and [`Context::step`] |
//! | find out who the other side is | [`Credential::of_service`], then [`Context::accept`] and [`Context::step`] |
//! | keep what is said secret | [`Context::seal`], [`Context::open`] |
//!
//! The library is the first of these that there is: what the environment variable [`LIBRARY_VARIABLE`] names,
//! MIT's `libgssapi_krb5.so.2`, Heimdal's `libgssapi.so.3`, the GSS framework of macOS. It is never unloaded.
//! What it does, it does in the calling thread: getting a ticket asks a server, so call [`Credential::of_user`] and
//! [`Context::step`] where waiting is allowed.
#![deny(unsafe_code)]

mod context;
mod credential;
mod error;
mod split;
mod sys;

pub use context::{Context, Needs, Sealed};
pub use credential::{Credential, Mechanism, Target};
pub use error::{Error, ErrorKind, Reason};
pub use sys::{LIBRARY_VARIABLE, library};
