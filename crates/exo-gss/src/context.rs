//! A conversation between two sides that know each other.

use std::sync::Arc;

use crate::credential::{Credential, Target};
use crate::error::{Error, ErrorKind};
use crate::split;
use crate::sys::{self, CONFIDENTIAL, MUTUAL, Name, SecurityContext};

/// One side of a conversation, from its first token on.
pub struct Context {
    inner: SecurityContext,
    credential: Arc<Credential>,
    role: Role,
    /// Ties the conversation to the channel under it.
    bindings: Option<Vec<u8>>,
    is_established: bool,
}

enum Role {
    Initiator { target: Name, needs: Needs },
    Acceptor { peer: Option<String> },
}

/// What the side that begins cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// To know who the other side is.
    Mutual,
    /// That, and to keep secret what is said.
    MutualAndSealing,
}

/// A message that nobody else can read or change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    /// The per-message token (RFC 4121 §4.2.4) with everything that is not the message's own length.
    pub header: Vec<u8>,
    /// The encrypted message. As long as the message; with RC4 one byte longer.
    pub data: Vec<u8>,
}

impl Context {
    /// The side that begins. `bindings` is the application data of the channel bindings (RFC 5929), when there is a
    /// channel with any.
    ///
    /// # Errors
    /// [`ErrorKind::Name`] for a target that cannot be.
    pub fn initiate(
        credential: Arc<Credential>,
        target: &Target,
        needs: Needs,
        bindings: Option<Vec<u8>>,
    ) -> Result<Self, Error> {
        let role = Role::Initiator { target: target.name()?, needs };
        Self::new(credential, role, bindings)
    }

    /// The side that is asked.
    ///
    /// # Errors
    /// [`ErrorKind::Library`], though a credential without a library cannot be.
    pub fn accept(credential: Arc<Credential>, bindings: Option<Vec<u8>>) -> Result<Self, Error> {
        Self::new(credential, Role::Acceptor { peer: None }, bindings)
    }

    fn new(credential: Arc<Credential>, role: Role, bindings: Option<Vec<u8>>) -> Result<Self, Error> {
        let inner = SecurityContext::new(sys::table()?);
        Ok(Self { inner, credential, role, bindings, is_established: false })
    }

    /// Takes what the other side said, nothing at the beginning, and gives what to answer; an empty answer is none. May ask a
    /// server of the realm for a ticket.
    ///
    /// # Errors
    /// [`ErrorKind::Establish`], and where this side needs more than was agreed upon [`ErrorKind::NotMutual`] or
    /// [`ErrorKind::NotConfidential`]. The context cannot be used after that.
    pub fn step(&mut self, token: &[u8]) -> Result<Vec<u8>, Error> {
        if self.is_established {
            let problem = "the other side goes on although nothing is left to say".to_owned();
            return Err(Error::new(ErrorKind::Establish, problem));
        }
        let bindings = self.bindings.as_deref();
        let credential = &self.credential;
        let stepped = match &mut self.role {
            Role::Initiator { target, needs } => {
                let mechanism = credential.mechanism;
                let stepped = self.inner.initiate(&credential.handle, target, mechanism, bindings, token)?;
                if stepped.is_done && stepped.flags & MUTUAL == 0 {
                    return Err(Error::new(ErrorKind::NotMutual, String::new()));
                }
                if stepped.is_done && *needs == Needs::MutualAndSealing && stepped.flags & CONFIDENTIAL == 0 {
                    return Err(Error::new(ErrorKind::NotConfidential, String::new()));
                }
                stepped
            }
            Role::Acceptor { peer } => {
                let (stepped, name) = self.inner.accept(&credential.handle, bindings, token)?;
                if stepped.is_done {
                    *peer = name.map(|name| name.text()).transpose()?;
                }
                stepped
            }
        };
        self.is_established = stepped.is_done;
        Ok(stepped.token)
    }

    /// Whether this side has proof of who the other is, as far as it asked, and can seal and open messages.
    #[must_use]
    pub fn is_established(&self) -> bool {
        self.is_established
    }

    /// Who began, `user@REALM`: known to the side that was asked, once the context stands.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        match &self.role {
            Role::Acceptor { peer } => peer.as_deref(),
            Role::Initiator { .. } => None,
        }
    }

    /// Encrypts and signs a message. Messages must arrive in the order in which they were sealed.
    ///
    /// # Errors
    /// [`ErrorKind::Seal`], [`ErrorKind::NotConfidential`].
    pub fn seal(&mut self, mut message: Vec<u8>) -> Result<Sealed, Error> {
        self.must_stand(ErrorKind::Seal)?;
        if self.inner.has_parts() {
            let header = self.inner.wrap_parts(&mut message)?;
            return Ok(Sealed { header, data: message });
        }
        split::split(self.inner.wrap(&message)?, message.len())
    }

    /// Checks and decrypts the next message of the other side.
    ///
    /// # Errors
    /// [`ErrorKind::Open`] for a message that was changed, comes again or out of order; [`ErrorKind::NotSealed`].
    pub fn open(&mut self, header: &[u8], data: &[u8]) -> Result<Vec<u8>, Error> {
        self.must_stand(ErrorKind::Open)?;
        let opened = if self.inner.has_parts() {
            self.inner.unwrap_parts(header, data)?
        } else {
            self.inner.unwrap(&[header, data].concat())?
        };
        if opened.was_sealed {
            Ok(opened.message)
        } else {
            Err(Error::new(ErrorKind::NotSealed, String::new()))
        }
    }

    fn must_stand(&self, kind: ErrorKind) -> Result<(), Error> {
        if self.is_established {
            return Ok(());
        }
        Err(Error::new(kind, "the two sides have not agreed yet".to_owned()))
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("is_established", &self.is_established).finish_non_exhaustive()
    }
}
