//! What can go wrong, each in one sentence.

use std::fmt;

/// Why something with tickets did not work.
#[derive(Debug, Clone)]
pub struct Error {
    kind: ErrorKind,
    /// The status of GSSAPI (RFC 2744 §3.9.1).
    major: u32,
    /// The mechanism's status, a number that MIT and Heimdal share.
    minor: u32,
    /// What the library says, in its own words.
    detail: String,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No library could be loaded.
    Library,
    /// The library lacks a function.
    Function(&'static str),
    /// A name could not be read.
    Name,
    /// There is no credential, or it could not be got.
    Credential,
    /// The two sides did not come to an agreement.
    Establish,
    /// The other side did not prove who it is.
    NotMutual,
    /// Messages cannot be kept secret.
    NotConfidential,
    /// A message could not be sealed.
    Seal,
    /// A message could not be opened: it was changed, is out of order, or is not for this context.
    Open,
    /// A message was signed only, although it had to be sealed.
    NotSealed,
}

/// Causes that somebody can do something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// There is no ticket in the cache.
    NoTicket,
    /// The ticket has ended.
    TicketExpired,
    /// The password is wrong.
    WrongPassword,
    /// The password has to be changed first.
    PasswordExpired,
    /// The account is locked or disabled.
    AccountRevoked,
    /// The realm has no such user.
    UnknownUser,
    /// The realm has no such service.
    UnknownService,
    /// The clocks are too far apart.
    ClockSkew,
    /// No server of the realm answers.
    NoKdc,
    /// Nothing is known about the realm.
    UnknownRealm,
}

impl Error {
    #[cold]
    pub(crate) fn new(kind: ErrorKind, detail: String) -> Self {
        Self { kind, major: 0, minor: 0, detail }
    }

    #[cold]
    pub(crate) fn of_status(kind: ErrorKind, major: u32, minor: u32, detail: String) -> Self {
        Self { kind, major, minor, detail }
    }

    /// What was being done.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What somebody can do something about, when it is known.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        let known = STATUSES.iter().find(|(minor, _)| *minor == self.minor).map(|(_, reason)| *reason);
        known.or(match self.major & ROUTINE_ERROR {
            NO_CREDENTIAL if self.kind == ErrorKind::Credential => Some(Reason::NoTicket),
            CREDENTIALS_EXPIRED => Some(Reason::TicketExpired),
            _ => None,
        })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ErrorKind::Library => f.write_str("this system has no Kerberos library"),
            ErrorKind::Function(name) => write!(f, "the system's Kerberos library has no {name}"),
            ErrorKind::Name => f.write_str("the name cannot be used with Kerberos"),
            ErrorKind::Credential => f.write_str("there is no Kerberos credential"),
            ErrorKind::Establish => f.write_str("Kerberos sign-in failed"),
            ErrorKind::NotMutual => f.write_str("the other side did not prove who it is"),
            ErrorKind::NotConfidential => f.write_str("Kerberos gave no means to encrypt messages"),
            ErrorKind::Seal => f.write_str("a message could not be encrypted"),
            ErrorKind::Open => f.write_str("a message could not be decrypted"),
            ErrorKind::NotSealed => f.write_str("a message came signed but not encrypted"),
        }?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

impl std::error::Error for Error {}

/// Status numbers of the Kerberos libraries (`krb5_err.et`): 0x96C73A00 and the number of RFC 4120 §7.5.9, and
/// from 128 on the libraries' own.
pub(crate) const STATUSES: [(u32, Reason); 15] = [
    (BASE + 6, Reason::UnknownUser),
    (BASE + 7, Reason::UnknownService),
    (BASE + 18, Reason::AccountRevoked),
    (BASE + 23, Reason::PasswordExpired),
    (BASE + 24, Reason::WrongPassword),
    (BASE + 31, Reason::WrongPassword),
    (BASE + 32, Reason::TicketExpired),
    (BASE + 37, Reason::ClockSkew),
    (BASE + 141, Reason::NoTicket),
    (BASE + 148, Reason::ClockSkew),
    (BASE + 154, Reason::UnknownRealm),
    (BASE + 156, Reason::NoKdc),
    (BASE + 195, Reason::NoTicket),
    (BASE + 217, Reason::UnknownRealm),
    (BASE + 220, Reason::NoKdc),
];
const BASE: u32 = 0x96C7_3A00;
/// RFC 2744 §3.9.1: the bits with what made a call fail.
pub(crate) const ROUTINE_ERROR: u32 = 0x00FF_0000;
const NO_CREDENTIAL: u32 = 7 << 16;
const CREDENTIALS_EXPIRED: u32 = 11 << 16;
