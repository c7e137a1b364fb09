//! The kinds of error with what they carry, their sentences and their advice.

use std::fmt;
use std::time::Duration;

use exo_auth::{AuthError, AuthErrorKind};
use uuid::Uuid;
use wsman::Fault;

use super::Category;
use super::certificate::CertificateProblem;
use super::fault::{fault_advice, write_fault};

/// What failed. The text has neither the step nor the advice.
#[derive(Debug)]
pub(crate) enum Kind {
    /// An option has a value that cannot be.
    Option { name: &'static str, problem: String },
    /// A password or a token would go over plain http.
    PlainHttp { host: String },

    /// The command is none of those in the catalogue.
    UnknownCommand { name: String },
    /// A parameter has a value that cannot be sent.
    Parameter { command: String, problem: String },
    /// The command asks before it acts, and there is nobody to ask.
    NeedsConfirmation { command: String },

    /// The sign-in did not give a token.
    SignIn(AuthError),
    /// The token ended, and there is no way to another one without the user.
    TokenEnded,
    /// There is no Kerberos ticket, or it is of no use.
    Ticket(exo_gss::Error),
    /// 401 although there was a ticket.
    TicketRefused { host: String },
    /// The server offers no way to sign in with a ticket.
    NoTickets { host: String },
    /// The server let the client in without a proof of who it is.
    NotProven { host: String },
    /// A message over plain http is not encrypted as it must be, or was changed.
    Sealing { host: String, problem: String },
    /// 401.
    Unauthorized { host: String, basic: bool },
    /// 403.
    Forbidden { host: String, detail: Option<String> },

    /// The name has no address.
    Dns { host: String },
    /// Nobody listens.
    Refused { host: String, port: u16 },
    /// No route, or the connection attempt failed otherwise.
    Unreachable { host: String, port: u16, detail: String },
    /// No connection in time.
    ConnectTimeout { host: String, limit: Duration },
    /// No answer in time.
    AnswerTimeout { host: String, limit: Duration },
    /// The certificate was not accepted.
    Certificate { host: String, problem: CertificateProblem },
    /// The TLS handshake failed.
    Tls { host: String, detail: String },
    /// The connection through the proxy failed.
    Proxy { proxy: String, detail: String },
    /// The connection ended before or inside an answer.
    CutOff { host: String, inside: bool },

    /// An answer sent the client to a host that may not see the credentials.
    ForeignRedirect { from: String, to: String },
    /// An answer sent the client from https to http.
    RedirectToPlainHttp { from: String, to: String },
    /// The next page of an answer lies on a host that may not see the token.
    ForeignPage { from: String, to: String },
    /// The connection failed while a change was under way.
    OutcomeUnknown { command: String, problem: String },
    /// Redirection was not allowed.
    RedirectRefused { from: String, to: String },
    /// More redirections than allowed.
    TooManyRedirects { limit: usize },
    /// A redirection without an address, or with one that cannot be read.
    BadRedirect { host: String, status: u16 },

    /// 404 and its like.
    NotFound { host: String, path: String },
    /// 429 and 503.
    Busy { host: String, status: u16, retry_after: Option<Duration> },
    /// Any other status that is no success.
    Status { host: String, status: u16, detail: Option<String> },
    /// A page for people instead of an envelope.
    Html { host: String, expected: &'static str, title: Option<String> },
    /// The body passed the limit.
    BodyTooLong { limit: usize },
    /// The body cannot be decompressed.
    BadGzip,

    /// The server answered with a fault.
    Fault(Box<Fault>),
    /// The account has as many sessions as allowed; these of them are this program's.
    TooManySessions { fault: Box<Fault>, own: Vec<Uuid> },
    /// The envelope, a fragment or a message is not what the protocol says.
    Protocol { problem: String },
    /// A message, an object or a fragment passed a limit.
    TooLarge { problem: String },

    /// The server reported that the session or the command failed.
    Remote { reason: String },
    /// The session ended because of an earlier error.
    Broken { reason: String },
    /// The session was closed by the caller.
    Closed,
    /// The session is left, or is not.
    Presence { problem: &'static str },
    /// The caller cancelled.
    Cancelled,
}

impl Kind {
    pub(crate) fn category(&self) -> Category {
        match self {
            Self::Option { .. }
            | Self::PlainHttp { .. }
            | Self::UnknownCommand { .. }
            | Self::Parameter { .. }
            | Self::NeedsConfirmation { .. }
            | Self::Presence { .. }
            | Self::Closed => Category::Usage,
            Self::SignIn(error) if error.kind() == AuthErrorKind::Network => Category::Connection,
            Self::Ticket(error) if error.reason() == Some(exo_gss::Reason::NoKdc) => Category::Connection,
            Self::SignIn(_)
            | Self::Ticket(_)
            | Self::TicketRefused { .. }
            | Self::NoTickets { .. }
            | Self::NotProven { .. }
            | Self::TokenEnded
            | Self::Unauthorized { .. }
            | Self::Forbidden { .. } => Category::SignIn,
            Self::Dns { .. }
            | Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectTimeout { .. }
            | Self::AnswerTimeout { .. }
            | Self::Certificate { .. }
            | Self::Tls { .. }
            | Self::Proxy { .. }
            | Self::CutOff { .. }
            | Self::ForeignRedirect { .. }
            | Self::ForeignPage { .. }
            | Self::OutcomeUnknown { .. }
            | Self::RedirectToPlainHttp { .. }
            | Self::RedirectRefused { .. }
            | Self::TooManyRedirects { .. }
            | Self::BadRedirect { .. }
            | Self::NotFound { .. }
            | Self::Busy { .. }
            | Self::Status { .. }
            | Self::Html { .. }
            | Self::Fault(_)
            | Self::TooManySessions { .. }
            | Self::Broken { .. } => Category::Connection,
            Self::BodyTooLong { .. }
            | Self::BadGzip
            | Self::Protocol { .. }
            | Self::Sealing { .. }
            | Self::TooLarge { .. } => Category::Protocol,
            Self::Remote { .. } => Category::Remote,
            Self::Cancelled => Category::Cancelled,
        }
    }

    /// The number under which Windows' own client reports this. PowerShell has names for some of them, which scripts look
    /// for: `AccessDenied,PSSessionOpenFailed`.
    pub(crate) fn winrm_code(&self) -> Option<i32> {
        Some(match self {
            Self::Unauthorized { .. } | Self::Forbidden { .. } => ERROR_ACCESS_DENIED,
            Self::Dns { .. } => ERROR_WSMAN_NAME_NOT_RESOLVED,
            Self::Refused { .. }
            | Self::Unreachable { .. }
            | Self::ConnectTimeout { .. }
            | Self::AnswerTimeout { .. }
            | Self::CutOff { .. } => ERROR_WSMAN_CANNOT_CONNECT,
            Self::Certificate { .. } | Self::Tls { .. } => ERROR_WINHTTP_SECURE_FAILURE,
            Self::NotFound { .. } => ERROR_WSMAN_URL_NOT_AVAILABLE,
            Self::Fault(fault) | Self::TooManySessions { fault, .. } => fault.wsman_code?.cast_signed(),
            _ => return None,
        })
    }

    /// What to do; the end of the sentence.
    pub(crate) fn advice(&self) -> Option<&'static str> {
        Some(match self {
            Self::PlainHttp { .. } => "use an https address",
            Self::Ticket(error) => return ticket_advice(error),
            Self::TicketRefused { .. } => {
                "check that the name is the server's own and that the account may sign in there"
            }
            Self::NoTickets { .. } => "use Basic over https, or have Kerberos enabled on the server",
            Self::NotProven { .. } | Self::Sealing { .. } => {
                "something between here and the server changes what they say; use an https address"
            }
            Self::UnknownCommand { .. } => {
                "check the spelling, or have an administrator give the account a role with it"
            }
            Self::NeedsConfirmation { .. } => "give -Confirm:$false to have it done without a question",
            Self::ForeignPage { .. } => "the token is not sent there; ask for fewer objects, or report this",
            Self::OutcomeUnknown { .. } => "look before trying again",
            Self::SignIn(error) => return error.advice(),
            Self::TokenEnded => "connect again",
            Self::Unauthorized { basic: true, .. } => {
                "check the user name and the password, and that the server allows Basic authentication"
            }
            Self::Unauthorized { basic: false, .. } => {
                "sign in again, and check that the account belongs to this organization"
            }
            Self::Forbidden { .. } => {
                "an administrator can enable the account with Set-User -RemotePowerShellEnabled $true \
                 (in the cloud: -EXOModuleEnabled $true)"
            }
            Self::Dns { .. } => "check the host name and the network's name servers",
            Self::Refused { .. } => "check the address and the port, and that the server is running",
            Self::Unreachable { .. } => "check the network, the firewall and the proxy setting",
            Self::ConnectTimeout { .. } => "check the address, the firewall and the proxy setting",
            Self::AnswerTimeout { .. } => "try again, or allow more time",
            Self::Certificate { problem, .. } => problem.advice(),
            Self::Tls { .. } => "check that the port speaks TLS 1.2 or 1.3",
            Self::Proxy { .. } => "check the proxy's address and whether it wants a user name",
            Self::CutOff { .. } => {
                "try again; when it happens each time, look for a proxy or firewall that cuts"
            }
            Self::ForeignRedirect { .. } => {
                "if that address is right, connect to it directly: credentials are not sent on to another host"
            }
            Self::RedirectToPlainHttp { .. } => "use the https address of that server",
            Self::RedirectRefused { .. } => "allow redirection, or connect to that address directly",
            Self::TooManyRedirects { .. } => "connect directly to the server that holds the mailbox",
            Self::NotFound { .. } => {
                "check the path of the connection address, usually /powershell-liveid/ or /powershell/"
            }
            Self::Busy { .. } => "wait a little and try again",
            Self::Html { .. } => {
                "check the connection address, and whether a proxy or a sign-in page stands in the way"
            }
            Self::BodyTooLong { .. } | Self::TooLarge { .. } => {
                "ask for fewer or smaller objects, or raise the limit"
            }
            Self::Fault(fault) | Self::TooManySessions { fault, .. } => return fault_advice(fault),
            Self::Broken { .. } => "connect again",
            Self::Closed => "connect first",
            Self::Presence { .. }
            | Self::Option { .. }
            | Self::Parameter { .. }
            | Self::BadRedirect { .. }
            | Self::Status { .. }
            | Self::BadGzip
            | Self::Protocol { .. }
            | Self::Remote { .. }
            | Self::Cancelled => return None,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option { name, problem } => write!(f, "{name} {problem}"),
            Self::UnknownCommand { name } => {
                write!(f, "{name} is not among the commands that this account may run")
            }
            Self::Parameter { command, problem } => write!(f, "{command}: {problem}"),
            Self::NeedsConfirmation { command } => write!(f, "{command} asks before it acts"),
            Self::ForeignPage { from, to } => {
                write!(
                    f,
                    "{from} has its next page at {to}, which is neither the same host nor one of Microsoft's"
                )
            }
            Self::OutcomeUnknown { command, problem } => {
                write!(f, "whether {command} was carried out is not known: {problem}")
            }
            Self::PlainHttp { host } => {
                write!(
                    f,
                    "a password or a token would go to {host} over plain http, where anybody could read it"
                )
            }
            Self::SignIn(error) => error.fmt(f),
            Self::Ticket(error) => error.fmt(f),
            Self::TicketRefused { host } => write!(f, "{host} did not accept the Kerberos ticket (HTTP 401)"),
            Self::NoTickets { host } => write!(f, "{host} takes no Kerberos tickets (HTTP 401)"),
            Self::NotProven { host } => write!(f, "{host} did not prove that it is the server meant"),
            Self::Sealing { host, problem } => write!(f, "what {host} answered is not safe: {problem}"),
            Self::TokenEnded => {
                f.write_str("the service wants a new token, and the one there is cannot be renewed")
            }
            Self::Unauthorized { host, basic: true } => {
                write!(f, "{host} did not accept the user name and the password (HTTP 401)")
            }
            Self::Unauthorized { host, basic: false } => {
                write!(f, "{host} did not accept the token (HTTP 401)")
            }
            Self::Forbidden { host, detail } => {
                write!(f, "{host} does not allow this account remote PowerShell (HTTP 403)")?;
                write_detail(f, detail.as_deref())
            }
            Self::Dns { host } => write!(f, "the host name {host} has no address"),
            Self::Refused { host, port } => write!(f, "{host} refused the connection on port {port}"),
            Self::Unreachable { host, port, detail } => {
                write!(f, "{host} cannot be reached on port {port}: {detail}")
            }
            Self::ConnectTimeout { host, limit } => {
                write!(f, "no connection to {host} came about within {} s", limit.as_secs_f32())
            }
            Self::AnswerTimeout { host, limit } => {
                write!(f, "{host} did not answer within {} s", limit.as_secs_f32())
            }
            Self::Certificate { host, problem } => write!(f, "the certificate of {host} {problem}"),
            Self::Tls { host, detail } => write!(f, "no TLS connection to {host}: {detail}"),
            Self::Proxy { proxy, detail } => write!(f, "the proxy {proxy} gave no connection: {detail}"),
            Self::CutOff { host, inside: true } => {
                write!(f, "the answer of {host} ended before it was complete")
            }
            Self::CutOff { host, inside: false } => {
                write!(f, "{host} closed the connection without an answer")
            }
            Self::ForeignRedirect { from, to } => {
                write!(f, "{from} redirects to {to}, which is neither the same host nor one of Microsoft's")
            }
            Self::RedirectToPlainHttp { from, to } => write!(f, "{from} redirects to plain http at {to}"),
            Self::RedirectRefused { from, to } => {
                write!(f, "{from} redirects to {to}, and redirection is not allowed")
            }
            Self::TooManyRedirects { limit } => write!(f, "more than {limit} redirections"),
            Self::BadRedirect { host, status } => {
                write!(f, "{host} redirects (HTTP {status}) without a usable address")
            }
            Self::NotFound { host, path } => write!(f, "{host} has nothing at {path} (HTTP 404)"),
            Self::Busy { host, status, retry_after } => {
                write!(f, "{host} is busy (HTTP {status})")?;
                match retry_after {
                    Some(wait) => write!(f, " and asks to wait {} s", wait.as_secs()),
                    None => Ok(()),
                }
            }
            Self::Status { host, status, detail } => {
                write!(f, "{host} answered HTTP {status}")?;
                write_detail(f, detail.as_deref())
            }
            Self::Html { host, expected, title } => {
                write!(f, "{host} answered with an HTML page instead of {expected}")?;
                write_detail(f, title.as_deref())
            }
            Self::BodyTooLong { limit } => write!(f, "the answer is longer than the limit of {limit} bytes"),
            Self::BadGzip => f.write_str("the answer says it is gzip and cannot be unpacked"),
            Self::Fault(fault) => write_fault(f, fault),
            Self::TooManySessions { fault, own } => {
                write_fault(f, fault)?;
                let own: Vec<String> = own.iter().map(Uuid::to_string).collect();
                match own.as_slice() {
                    [] => f.write_str("; none of the open sessions is of this program"),
                    own => write!(f, "; of this program {} are open: {}", own.len(), own.join(", ")),
                }
            }
            Self::Protocol { problem } | Self::TooLarge { problem } => f.write_str(problem),
            Self::Remote { reason } => write!(f, "the server reports: {reason}"),
            Self::Broken { reason } => write!(f, "the session ended: {reason}"),
            Self::Closed => f.write_str("the session is closed"),
            Self::Presence { problem } => f.write_str(problem),
            Self::Cancelled => f.write_str("the operation was cancelled"),
        }
    }
}

/// What to do about a ticket.
fn ticket_advice(error: &exo_gss::Error) -> Option<&'static str> {
    use exo_gss::{ErrorKind, Reason};
    Some(match (error.reason(), error.kind()) {
        (Some(Reason::NoTicket), _) => "get one with kinit, or give a user name and a password",
        (Some(Reason::TicketExpired), _) => "get a new one with kinit",
        (Some(Reason::WrongPassword), _) => "check the password",
        (Some(Reason::PasswordExpired), _) => "change the password first, for example with kpasswd",
        (Some(Reason::AccountRevoked), _) => "have an administrator of the domain look at the account",
        (Some(Reason::UnknownUser), _) => {
            "check the user name: name@REALM, the realm usually in capital letters"
        }
        (Some(Reason::UnknownService), _) => {
            "connect by the name under which the domain knows the server, usually its full name"
        }
        (Some(Reason::ClockSkew), _) => "set this machine's clock: it may differ by five minutes",
        (Some(Reason::NoKdc), _) => "check the network, and the realm's servers in krb5.conf",
        (Some(Reason::UnknownRealm), _) => {
            "check the spelling of the realm, and that krb5.conf or the name service knows it"
        }
        (None, ErrorKind::Library | ErrorKind::Function(_)) => {
            "install MIT Kerberos (libgssapi-krb5-2, krb5-libs), or name its library with EXO_GSSAPI_LIBRARY"
        }
        _ => return None,
    })
}

/// The first line, short and without control characters: what may be shown of a foreign text.
pub(crate) fn shown(text: &str) -> String {
    let line = text.trim().lines().next().unwrap_or_default();
    let mut out: String = line.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_LEN).collect();
    if out.len() < line.len() {
        out.push('…');
    }
    out
}

pub(super) fn write_detail(f: &mut fmt::Formatter<'_>, detail: Option<&str>) -> fmt::Result {
    match detail {
        Some(detail) if !detail.is_empty() => write!(f, ": {detail}"),
        _ => Ok(()),
    }
}

const MAX_SHOWN_LEN: usize = 400;

const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_WINHTTP_SECURE_FAILURE: i32 = 12175;
const ERROR_WSMAN_NAME_NOT_RESOLVED: i32 = -2_144_108_103;
const ERROR_WSMAN_URL_NOT_AVAILABLE: i32 = -2_144_108_269;
const ERROR_WSMAN_CANNOT_CONNECT: i32 = -2_144_108_526;
