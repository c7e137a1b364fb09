//! The session key for secure strings: made when the first one is to cross.

use ::psrp::{EncryptedKey, SecretError};
use uuid::Uuid;

use super::{Arrival, Driver, of_psrp};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::secret::KeyPair;

/// How far the key pair of this session is.
#[derive(Debug)]
pub(super) enum Keys {
    /// Not needed until now.
    None,
    /// Being searched for.
    Making,
    /// Sent; it decrypts one answer.
    Made(Box<KeyPair>),
    /// It has.
    Used,
}

impl Keys {
    /// One is being made, or the server is to answer one.
    pub(super) fn are_exchanged_now(&self) -> bool {
        matches!(self, Self::Making | Self::Made(_))
    }
}

impl Driver {
    /// Begins to make a key pair, unless that was done before.
    pub(super) fn make_keys(&mut self) {
        if matches!(self.keys, Keys::None) {
            self.keys = Keys::Making;
            self.calls.spawn(async {
                let made = tokio::task::spawn_blocking(KeyPair::generate).await;
                Arrival::Keys(made.unwrap_or(Err(SecretError)).map(Box::new))
            });
        }
    }

    pub(super) fn keys_made(&mut self, made: Result<Box<KeyPair>, SecretError>) -> Result<(), Error> {
        let pair = made.map_err(|error| of_psrp(Step::Run, error.into()))?;
        self.pool.exchange_keys(pair.public()).map_err(|error| of_psrp(Step::Run, error.into()))?;
        self.keys = Keys::Made(pair);
        if let Some(limit) = self.pool.poll_timeout() {
            self.after(limit, Arrival::KeyOverdue);
        }
        Ok(())
    }

    /// The private key goes here, also when the answer is not good.
    pub(super) fn take_session_key(&mut self, encrypted: &EncryptedKey) -> Result<(), Error> {
        let opened = match std::mem::replace(&mut self.keys, Keys::Used) {
            Keys::Made(pair) => pair.open(encrypted),
            _ => Err(SecretError),
        };
        let key = opened.map_err(|error| of_psrp(Step::Run, error.into()))?;
        self.pool.session_key(Box::new(key)).map_err(|error| of_psrp(Step::Run, error.into()))?;
        let waiting: Vec<Uuid> = self.pipelines.keys().copied().collect();
        for pid in waiting {
            if let Some(work) = self.pipelines.get_mut(&pid).and_then(|entry| entry.waiting.take()) {
                self.begin(pid, work);
            }
            self.feed(pid);
            self.reply_again(pid);
        }
        Ok(())
    }

    /// The timer of MS-PSRP 3.1.2 has run out.
    pub(super) fn key_overdue(&mut self) -> Result<(), Error> {
        let Some(limit) = self.pool.poll_timeout() else { return Ok(()) };
        self.pool.handle_timeout();
        let problem =
            format!("the server sent no session key for secure strings within {} s", limit.as_secs());
        Err(Error::new(Step::Run, Kind::Protocol { problem }))
    }
}
