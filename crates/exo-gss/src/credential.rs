//! Who somebody is, and whom they want to speak to.

use std::ffi::CString;
use std::path::Path;
use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::sys::{self, CredentialHandle, Form, Name, Usage};

/// How the two sides talk while they get to know each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// Kerberos 5 (RFC 4121): the HTTP scheme `Kerberos`.
    Kerberos,
    /// Kerberos 5 inside SPNEGO (RFC 4178): the HTTP scheme `Negotiate`.
    Spnego,
}

/// What proves who somebody is.
pub struct Credential {
    pub(crate) handle: CredentialHandle,
    pub(crate) mechanism: Mechanism,
}

impl Credential {
    /// Of a user: with a password a ticket is got; without one the tickets that there are are used (`kinit`, a desktop's
    /// sign-in, the client keytab), of this user or the default one. Asks a server of the realm where needed.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`] when there is no ticket, or the password gives none; [`ErrorKind::Name`].
    pub fn of_user(mechanism: Mechanism, user: Option<&str>, password: Option<&str>) -> Result<Self, Error> {
        let table = sys::table()?;
        let name = user.map(|user| Name::import(table, user, Form::User)).transpose()?;
        let usage = match (&name, password) {
            (Some(name), Some(password)) if !password.is_empty() => {
                Usage::Password(name, password.as_bytes())
            }
            (_, Some(_)) => {
                let problem = "neither the user name nor the password may be empty".to_owned();
                return Err(Error::new(ErrorKind::Credential, problem));
            }
            (name, None) => Usage::Tickets(name.as_ref()),
        };
        let credential = Self { handle: CredentialHandle::acquire(table, mechanism, &usage)?, mechanism };
        // MIT looks for the tickets only when somebody asks about them.
        credential.lifetime()?;
        Ok(credential)
    }

    /// Of the services whose keys are in a keytab.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`] when there is no key; [`ErrorKind::Function`] where the library reads no chosen file.
    pub fn of_service(keytab: &Path) -> Result<Self, Error> {
        let bad = || Error::new(ErrorKind::Credential, format!("{} is no file name", keytab.display()));
        let file = keytab.to_str().ok_or_else(bad)?;
        let file = CString::new(format!("FILE:{file}")).map_err(|_| bad())?;
        let handle = CredentialHandle::acquire(sys::table()?, Mechanism::Kerberos, &Usage::Keytab(&file))?;
        Ok(Self { handle, mechanism: Mechanism::Kerberos })
    }

    /// How long it is good for; `None` when the library does not know.
    ///
    /// # Errors
    /// [`ErrorKind::Credential`] when it is not good at all.
    pub fn lifetime(&self) -> Result<Option<Duration>, Error> {
        self.handle.lifetime(self.mechanism)
    }

    /// How its owner talks.
    #[must_use]
    pub fn mechanism(&self) -> Mechanism {
        self.mechanism
    }
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

/// The service to speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A service on a host; the library finds the realm, and may ask the name service for the host's full name.
    Host {
        /// For example `HTTP`.
        service: String,
        /// The host's name.
        host: String,
    },
    /// A service principal as it stands, for example `HTTP/mail.contoso.com:8080`.
    Principal(String),
}

impl Target {
    pub(crate) fn name(&self) -> Result<Name, Error> {
        let table = sys::table()?;
        match self {
            Self::Host { service, host } => {
                Name::import(table, &format!("{service}@{host}"), Form::HostService)
            }
            Self::Principal(principal) => Name::import(table, principal, Form::Principal),
        }
    }
}
