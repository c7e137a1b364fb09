//! Sign-in with Kerberos tickets (RFC 4559), and messages that are sealed under it: both belong to one connection.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use exo_gss::{Context, Credential};
use wsman::{SealedMessage, SealingProtocol};

use crate::StartError;

/// With what the lab finds out who its callers are.
#[derive(Debug)]
pub(crate) struct Kerberos {
    credential: Arc<Credential>,
    schemes: Vec<Scheme>,
    /// The application data of the channel bindings of its TLS connections (RFC 5929, `tls-server-end-point`).
    bindings: Vec<u8>,
}

/// An HTTP authentication scheme for tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Negotiate`: tickets inside SPNEGO, or bare.
    Negotiate,
    /// `Kerberos`: bare tickets.
    Kerberos,
}

impl Scheme {
    /// As it stands in `WWW-Authenticate`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "Negotiate",
            Self::Kerberos => "Kerberos",
        }
    }

    fn sealing(self) -> SealingProtocol {
        match self {
            Self::Negotiate => SealingProtocol::Spnego,
            Self::Kerberos => SealingProtocol::Kerberos,
        }
    }
}

impl Kerberos {
    pub(crate) fn new(keytab: &Path, schemes: &[Scheme], bindings: Vec<u8>) -> Result<Self, StartError> {
        let credential = Credential::of_service(keytab)
            .map_err(|source| StartError::Keytab { path: PathBuf::from(keytab), source })?;
        Ok(Self { credential: Arc::new(credential), schemes: schemes.to_vec(), bindings })
    }

    pub(crate) fn schemes(&self) -> &[Scheme] {
        &self.schemes
    }
}

/// One connection, in the extensions of each of its requests.
#[derive(Clone)]
pub(crate) struct Connection(Arc<Inner>);

struct Inner {
    is_tls: bool,
    state: Mutex<State>,
}

enum State {
    Nobody,
    Meeting(Box<Context>),
    /// `principal` has proved who it is.
    Known {
        context: Box<Context>,
        scheme: Scheme,
        principal: String,
    },
}

/// What a token came to.
pub(crate) enum Step {
    /// The other side is to go on.
    More(HeaderValue),
    /// The other side is known; the header has the proof for it of who this side is.
    Known { principal: String, proof: Option<HeaderValue> },
    /// The token was not good.
    Refused,
}

impl Connection {
    pub(crate) fn new(is_tls: bool) -> Self {
        Self(Arc::new(Inner { is_tls, state: Mutex::new(State::Nobody) }))
    }

    pub(crate) fn is_tls(&self) -> bool {
        self.0.is_tls
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Who signed in on this connection.
    pub(crate) fn principal(&self) -> Option<String> {
        match &*self.state() {
            State::Known { principal, .. } => Some(principal.clone()),
            _ => None,
        }
    }

    /// Takes a token out of `Authorization: SCHEME TOKEN`.
    pub(crate) fn step(&self, kerberos: &Kerberos, scheme: Scheme, token: &str) -> Step {
        let mut state = self.state();
        let begun = std::mem::replace(&mut *state, State::Nobody);
        let Ok(token) = STANDARD.decode(token.trim()) else { return Step::Refused };
        if !kerberos.schemes.contains(&scheme) {
            return Step::Refused;
        }
        let mut context = match begun {
            State::Meeting(context) => context,
            // Who begins anew on a connection is somebody new.
            State::Nobody | State::Known { .. } => {
                let bindings = self.0.is_tls.then(|| kerberos.bindings.clone());
                match Context::accept(Arc::clone(&kerberos.credential), bindings) {
                    Ok(context) => Box::new(context),
                    Err(_) => return Step::Refused,
                }
            }
        };
        let Ok(answer) = context.step(&token) else { return Step::Refused };
        let header = HeaderValue::from_str(&format!("{} {}", scheme.name(), STANDARD.encode(&answer)));
        if !context.is_established() {
            *state = State::Meeting(context);
            return header.map_or(Step::Refused, Step::More);
        }
        let Some(principal) = context.peer().map(str::to_owned) else { return Step::Refused };
        *state = State::Known { context, scheme, principal: principal.clone() };
        Step::Known { principal, proof: header.ok().filter(|_| !answer.is_empty()) }
    }

    /// Opens a body that was sealed on this connection; `None`, and nobody is signed in any more, when it was not.
    pub(crate) fn open(&self, protocol: SealingProtocol, body: &[u8]) -> Option<Vec<u8>> {
        let mut state = self.state();
        let State::Known { context, scheme, .. } = &mut *state else { return None };
        let message = SealedMessage::decode(body)
            .ok()
            .filter(|message| message.protocol == scheme.sealing() && message.protocol == protocol);
        let opened = message.and_then(|message| {
            let opened = context.open(message.header, message.data).ok()?;
            (opened.len() == message.original_len).then_some(opened)
        });
        if opened.is_none() {
            *state = State::Nobody;
        }
        opened
    }

    /// Seals an answer, and gives its content type with it.
    pub(crate) fn seal(&self, envelope: &[u8]) -> Option<(&'static str, Vec<u8>)> {
        let mut state = self.state();
        let State::Known { context, scheme, .. } = &mut *state else { return None };
        let sealed = context.seal(envelope.to_vec()).ok()?;
        let protocol = scheme.sealing();
        let message = SealedMessage {
            protocol,
            original_len: envelope.len(),
            header: &sealed.header,
            data: &sealed.data,
        };
        Some((protocol.content_type(), message.encode()))
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("is_tls", &self.0.is_tls).finish_non_exhaustive()
    }
}
