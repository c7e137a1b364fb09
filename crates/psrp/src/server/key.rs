//! The session key of the server (3.2.5.4.3 to 3.2.5.4.5).

use super::{ServerEvent, ServerPool};
use crate::clixml::Tape;
use crate::error::{Error, StateError, StateErrorKind};
use crate::message::MessageType;
use crate::pool::{key_state, no_session_key};
use crate::secret::{self, EncryptedKey, PublicKey, SecretCodec, SecretError, SessionKey};
use crate::state::RunspacePoolState;
use crate::version::ProtocolVersion;

impl ServerPool {
    /// Asks the client for a public key, because a secure string is to be sent. [`ServerEvent::PublicKey`] brings it.
    ///
    /// # Errors
    /// The pool is not open, the protocol is 2.4 or later, or a key stands or was asked for already.
    pub fn request_public_key(&mut self) -> Result<(), StateError> {
        const ACTION: &str = "ask for a public key";
        self.expect(RunspacePoolState::Opened, ACTION)?;
        if self.is_without_session_key() {
            return Err(no_session_key(ACTION));
        }
        if !matches!(self.session_key, SessionKey::None) {
            return Err(key_state(ACTION, &self.session_key));
        }
        self.session_key = SessionKey::Asked;
        self.tell_pool(MessageType::PublicKeyRequest, |out| {
            crate::clixml::Encoder::new(out).string(None, "");
        });
        Ok(())
    }

    /// Answers [`ServerEvent::PublicKey`] with a fresh session key: `encrypted` for the client, `codec` for this
    /// side.
    ///
    /// # Errors
    /// No public key has come, or it was answered before.
    pub fn session_key(
        &mut self,
        encrypted: &EncryptedKey,
        codec: Box<dyn SecretCodec>,
    ) -> Result<(), StateError> {
        if !matches!(self.session_key, SessionKey::Received) {
            return Err(key_state("answer a public key", &self.session_key));
        }
        self.tell_pool(MessageType::EncryptedSessionKey, |out| {
            secret::encode_blob(secret::ENCRYPTED_SESSION_KEY, &encrypted.to_blob(), out);
        });
        self.session_key = SessionKey::Ready(codec);
        Ok(())
    }

    /// Values with secure strings in the form in which they may be sent; others, and all from version 2.4 on, as
    /// they are.
    ///
    /// # Errors
    /// There is no session key yet ([`StateErrorKind::NeedsSessionKey`]), or a secure string is not
    /// [`secure_text`](secret::secure_text).
    pub fn sealed(&self, tape: Tape) -> Result<Tape, StateError> {
        const ACTION: &str = "send a secure string";
        if self.is_without_session_key() || !secret::has_secure_string(&tape) {
            return Ok(tape);
        }
        let Some(codec) = self.session_key.codec() else {
            let kind = StateErrorKind::NeedsSessionKey;
            return Err(StateError::new(kind, ACTION, self.session_key.state(), &["with a session key"]));
        };
        secret::seal(tape.values(), codec).map_err(|SecretError| key_state(ACTION, &self.session_key))
    }

    /// A body with its secure strings as the process has them.
    pub(super) fn unsealed(&self, tape: Tape) -> Result<Tape, Error> {
        if self.is_without_session_key() || !secret::has_secure_string(&tape) {
            return Ok(tape);
        }
        let codec = self.session_key.codec().ok_or(SecretError)?;
        Ok(secret::unseal(&tape, codec)?)
    }

    /// One in the life of a pool.
    pub(super) fn key_received(&mut self, body: &Tape) -> Result<ServerEvent, Error> {
        const ACTION: &str = "take a PUBLIC_KEY";
        self.expect(RunspacePoolState::Opened, ACTION)?;
        if self.is_without_session_key() {
            return Err(no_session_key(ACTION).into());
        }
        if !matches!(self.session_key, SessionKey::None | SessionKey::Asked) {
            return Err(key_state(ACTION, &self.session_key).into());
        }
        let blob = secret::decode_blob(body, MessageType::PublicKey, secret::PUBLIC_KEY)?;
        let key = PublicKey::from_blob(&blob)?;
        self.session_key = SessionKey::Received;
        Ok(ServerEvent::PublicKey(key))
    }

    fn is_without_session_key(&self) -> bool {
        self.version.is_some_and(ProtocolVersion::is_without_session_key)
    }
}
