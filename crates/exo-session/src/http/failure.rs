//! What a failed request means.

use std::error::Error as StdError;
use std::io;

use reqwest::Url;
use rustls::CertificateError;

use super::{HttpSettings, host_of, shown_address};
use crate::error::certificate::CertificateProblem;
use crate::error::kind::{Kind, shown};
use crate::error::{Error, Step};

/// A request that got no answer.
#[cold]
pub(crate) fn of_request(error: reqwest::Error, url: &Url, settings: &HttpSettings, step: Step) -> Error {
    let kind = request_kind(&error, url, settings);
    Error::with_source(step, kind, error.without_url())
}

/// An answer that broke off.
#[cold]
pub(crate) fn of_body(error: reqwest::Error, url: &Url, settings: &HttpSettings, step: Step) -> Error {
    let host = host_of(url);
    let kind = if error.is_timeout() {
        Kind::AnswerTimeout { host, limit: settings.read_timeout }
    } else {
        Kind::CutOff { host, inside: true }
    };
    Error::with_source(step, kind, error.without_url())
}

fn request_kind(error: &reqwest::Error, url: &Url, settings: &HttpSettings) -> Kind {
    let host = host_of(url);
    let port = url.port_or_known_default().unwrap_or(0);
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls_kind(tls, host);
    }
    let explicit_proxy = settings.proxy.as_ref().filter(|_| !settings.no_proxy);
    if error.is_connect() {
        if error.is_timeout() {
            return Kind::ConnectTimeout { host, limit: settings.connect_timeout };
        }
        if let Some(proxy) = explicit_proxy {
            return Kind::Proxy { proxy: shown_address(proxy), detail: innermost(error) };
        }
        if error.is_dns() {
            return Kind::Dns { host };
        }
        return match find::<io::Error>(error).map(io::Error::kind) {
            Some(io::ErrorKind::ConnectionRefused) => Kind::Refused { host, port },
            // The server closed inside the handshake: it does not speak TLS, or gave up.
            Some(io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset)
                if url.scheme() == "https" =>
            {
                Kind::Tls { host, detail: "the connection was closed inside the TLS handshake".to_owned() }
            }
            _ => Kind::Unreachable { host, port, detail: innermost(error) },
        };
    }
    if error.is_timeout() {
        return Kind::AnswerTimeout { host, limit: settings.read_timeout };
    }
    Kind::CutOff { host, inside: false }
}

/// A TLS handshake that failed.
#[cold]
pub(crate) fn of_tls(error: &io::Error, host: String) -> Kind {
    match find::<rustls::Error>(error) {
        Some(tls) => tls_kind(tls, host),
        None => Kind::Tls { host, detail: "the connection was closed inside the TLS handshake".to_owned() },
    }
}

fn tls_kind(error: &rustls::Error, host: String) -> Kind {
    match error {
        rustls::Error::InvalidCertificate(problem) => {
            Kind::Certificate { host, problem: certificate_problem(problem) }
        }
        other => Kind::Tls { host, detail: shown(&other.to_string()) },
    }
}

fn certificate_problem(error: &CertificateError) -> CertificateProblem {
    match error {
        CertificateError::UnknownIssuer => CertificateProblem::UnknownIssuer,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateProblem::WrongName
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateProblem::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateProblem::NotYetValid
        }
        CertificateError::Revoked => CertificateProblem::Revoked,
        _ => CertificateProblem::Other,
    }
}

/// The last error of the chain, in words.
pub(crate) fn innermost(error: &(dyn StdError + 'static)) -> String {
    let mut text = error.to_string();
    walk(error, &mut |error| text = error.to_string());
    shown(&text)
}

/// The last error of a type in the chain: of several `io::Error`s the inner one knows more.
fn find<'e, T: StdError + 'static>(error: &'e (dyn StdError + 'static)) -> Option<&'e T> {
    let mut found = None;
    walk(error, &mut |error| {
        if let Some(hit) = error.downcast_ref::<T>() {
            found = Some(hit);
        }
    });
    found
}

/// Visits the chain of sources. An `io::Error` hides the error it carries from `source`, so it is opened.
fn walk<'e>(error: &'e (dyn StdError + 'static), visit: &mut dyn FnMut(&'e (dyn StdError + 'static))) {
    let mut next = Some(error);
    while let Some(error) = next {
        visit(error);
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(carried) => Some(carried),
            None => error.source(),
        };
    }
}
