//! The session key of the client (3.1.4.9, 3.1.5.4.3 to 3.1.5.4.5).

use std::time::Duration;

use super::{PoolEvent, RunspacePool};
use crate::clixml::{Tape, Value};
use crate::error::{Error, StateError, StateErrorKind};
use crate::message::MessageType;
use crate::secret::{self, EncryptedKey, PublicKey, SecretCodec, SecretError, SessionKey};
use crate::state::RunspacePoolState;
use crate::version::ProtocolVersion;

impl RunspacePool {
    /// Queues the public half of a fresh key pair. [`PoolEvent::SessionKey`] brings the answer; a second call is an
    /// error, so that one key pair belongs to one pool and decrypts one message. Poll for transmissions, and
    /// [`RunspacePool::poll_timeout`], after it.
    ///
    /// # Errors
    /// The pool is not open, the protocol is 2.4 or later and has no session key, or one was asked for before.
    pub fn exchange_keys(&mut self, key: &PublicKey) -> Result<(), StateError> {
        const ACTION: &str = "exchange a session key";
        if self.check_open(ACTION)?.is_without_session_key() {
            return Err(no_session_key(ACTION));
        }
        if !matches!(self.session_key, SessionKey::None) {
            return Err(key_state(ACTION, &self.session_key));
        }
        self.tell_server(MessageType::PublicKey, |body| {
            secret::encode_blob(secret::PUBLIC_KEY, &key.to_blob(), body);
        });
        self.session_key = SessionKey::Asked;
        Ok(())
    }

    /// Takes the session key that came with [`PoolEvent::SessionKey`]: secure strings can be sent from now on.
    /// Output that came before the key and needs it is taken up: poll events after it.
    ///
    /// # Errors
    /// None has come, or it was handed in before.
    pub fn session_key(&mut self, codec: Box<dyn SecretCodec>) -> Result<(), StateError> {
        if !matches!(self.session_key, SessionKey::Received) {
            return Err(key_state("take a session key", &self.session_key));
        }
        self.session_key = SessionKey::Ready(codec);
        self.release();
        Ok(())
    }

    /// How long after the last transmission for the pool [`RunspacePool::handle_timeout`] is to be called, unless
    /// this has become `None` by then: the timer for the session key (3.1.2).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Duration> {
        let waits = self.state == RunspacePoolState::Opened && matches!(self.session_key, SessionKey::Asked);
        waits.then_some(self.config.session_key_timeout)
    }

    /// Notes that the time of [`RunspacePool::poll_timeout`] is over. When the server still has not sent the session
    /// key, the pool is broken. Poll events after it.
    pub fn handle_timeout(&mut self) {
        let Some(limit) = self.poll_timeout() else { return };
        let reason = format!(
            "the server sent no session key for secure strings within {} seconds (session_key_timeout)",
            limit.as_secs_f32()
        );
        let state = RunspacePoolState::Broken;
        self.end_pipelines(state, &Error::Gone { reason });
        self.events.push_back(PoolEvent::StateChanged { state, reason: None });
    }

    /// The values as they may be sent, when that is another form than they have: under the session key.
    pub(super) fn sealed<'t>(
        &self,
        version: ProtocolVersion,
        tape: &Tape,
        values: impl Iterator<Item = Value<'t>>,
    ) -> Result<Option<Tape>, StateError> {
        const ACTION: &str = "send a secure string";
        if version.is_without_session_key() || !secret::has_secure_string(tape) {
            return Ok(None);
        }
        let Some(codec) = self.session_key.codec() else {
            let kind = StateErrorKind::NeedsSessionKey;
            return Err(StateError::new(kind, ACTION, self.session_key.state(), &["with a session key"]));
        };
        match secret::seal(values, codec) {
            Ok(sealed) => Ok(Some(sealed)),
            Err(SecretError) => Err(key_state(ACTION, &self.session_key).with_advice(
                "its text must be base64 of UTF-16LE characters, as secret::secure_text makes it",
            )),
        }
    }

    pub(super) fn key_requested(&mut self) -> Result<(), Error> {
        const ACTION: &str = "take a PUBLIC_KEY_REQUEST";
        if self.check_open(ACTION)?.is_without_session_key() {
            return Err(no_session_key(ACTION).into());
        }
        match self.session_key {
            SessionKey::None => self.events.push_back(PoolEvent::SessionKeyRequested),
            // The client's own wish for a key has crossed it.
            SessionKey::Asked => {}
            _ => return Err(key_state(ACTION, &self.session_key).into()),
        }
        Ok(())
    }

    /// One for each public key, and never again.
    pub(super) fn key_received(&mut self, body: &Tape) -> Result<(), Error> {
        if !matches!(self.session_key, SessionKey::Asked) {
            return Err(key_state("take an ENCRYPTED_SESSION_KEY", &self.session_key).into());
        }
        let blob =
            secret::decode_blob(body, MessageType::EncryptedSessionKey, secret::ENCRYPTED_SESSION_KEY)?;
        let key = EncryptedKey::from_blob(&blob)?;
        self.session_key = SessionKey::Received;
        self.events.push_back(PoolEvent::SessionKey(key));
        Ok(())
    }
}

#[cold]
pub(crate) fn no_session_key(action: &'static str) -> StateError {
    StateError::new(StateErrorKind::NotSupported, action, "Opened", &[])
        .with_advice("protocol 2.4 and later have no session key, the carrier keeps secure strings secret")
}

#[cold]
pub(crate) fn key_state(action: &'static str, key: &SessionKey) -> StateError {
    StateError::new(StateErrorKind::SessionKey, action, key.state(), &[])
}
