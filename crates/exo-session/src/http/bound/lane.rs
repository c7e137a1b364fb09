//! One connection, one request at a time.

use std::time::Duration;

use bytes::Bytes;
use exo_gss::Context;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use reqwest::header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderValue};
use reqwest::{Method, StatusCode, Url};
use tokio::task::JoinHandle;
use wsman::SealingProtocol;

use crate::error::kind::{Kind, shown};
use crate::error::{Error, Step};
use crate::http::body::{Body, TooLong};
use crate::http::host_of;
use crate::tickets::Scheme;

/// A connection, and the sign-in on it.
pub(crate) struct Lane {
    /// Scheme, host and port of the addresses it is good for.
    pub(super) origin: String,
    /// Once both sides know each other.
    pub(super) context: Option<Context>,
    pub(super) scheme: Scheme,
    /// The application data of the channel bindings, over TLS.
    pub(super) bindings: Option<Vec<u8>>,
    pub(super) sender: SendRequest<Full<Bytes>>,
    pub(super) driver: Driver,
    pub(super) limits: Limits,
}

/// How long an answer may be, and how long in coming.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Longest silence.
    pub(super) read_timeout: Duration,
    pub(super) max_body_len: usize,
}

/// The task that reads and writes the connection; it ends with this value.
pub(super) struct Driver(pub(super) JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What became of a request.
pub(super) enum Sent {
    Answered(Raw),
    /// The connection had ended before; the server has seen nothing.
    NotSent,
}

/// An answer as it came.
pub(super) struct Raw {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Result<Bytes, Error>,
}

impl Lane {
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed() || self.driver.0.is_finished()
    }

    /// How the messages of this connection are sealed.
    pub(super) fn protocol(&self) -> SealingProtocol {
        match self.scheme {
            Scheme::Kerberos => SealingProtocol::Kerberos,
            Scheme::Negotiate => SealingProtocol::Spnego,
        }
    }

    /// Sends a request, and reads its answer to the end.
    pub(super) async fn exchange(
        &mut self,
        method: &Method,
        url: &Url,
        headers: HeaderMap,
        body: Bytes,
        step: Step,
    ) -> Result<Sent, Error> {
        let host = host_of(url);
        if self.sender.ready().await.is_err() {
            return Ok(Sent::NotSent);
        }
        // The servers want a length, also of nothing.
        let len = HeaderValue::from(body.len());
        let mut request = hyper::Request::new(Full::new(body));
        *request.method_mut() = method.clone();
        let target =
            url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
        *request.uri_mut() = target.parse().map_err(|_| {
            let problem = "has a path or a query that cannot be sent".to_owned();
            Error::new(step, Kind::Option { name: "connectionUri", problem })
        })?;
        *request.headers_mut() = headers;
        request.headers_mut().insert(CONTENT_LENGTH, len);
        let authority = url.port().map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        if let Ok(authority) = HeaderValue::from_str(&authority) {
            request.headers_mut().insert(HOST, authority);
        }
        let limits = self.limits;
        let late =
            || Error::new(step, Kind::AnswerTimeout { host: host.clone(), limit: limits.read_timeout });
        let sending = self.sender.try_send_request(request);
        let response = match tokio::time::timeout(limits.read_timeout, sending).await {
            Err(_) => return Err(late()),
            Ok(Err(error)) if error.message().is_some() => return Ok(Sent::NotSent),
            Ok(Err(error)) => return Err(broken(error.into_error(), &host, false, step)),
            Ok(Ok(response)) => response,
        };
        let (head, body) = response.into_parts();
        let body = limits.read(body, head.headers.get(CONTENT_LENGTH), &host, step).await;
        Ok(Sent::Answered(Raw { status: head.status, headers: head.headers, body }))
    }
}

impl Limits {
    async fn read(
        self,
        mut body: Incoming,
        announced: Option<&HeaderValue>,
        host: &str,
        step: Step,
    ) -> Result<Bytes, Error> {
        let limit = self.max_body_len;
        let too_long = || Error::new(step, Kind::BodyTooLong { limit });
        let announced = announced.and_then(|len| len.to_str().ok()?.parse().ok());
        let mut whole = Body::announced(announced, limit).map_err(|TooLong| too_long())?;
        loop {
            let frame = tokio::time::timeout(self.read_timeout, body.frame()).await.map_err(|_| {
                Error::new(step, Kind::AnswerTimeout { host: host.to_owned(), limit: self.read_timeout })
            })?;
            let Some(frame) = frame else { return Ok(whole.finish()) };
            let frame = frame.map_err(|error| broken(error, host, true, step))?;
            let Some(chunk) = frame.data_ref() else { continue };
            whole.push(chunk).map_err(|TooLong| too_long())?;
        }
    }
}

#[cold]
fn broken(error: hyper::Error, host: &str, inside: bool, step: Step) -> Error {
    let host = host.to_owned();
    let kind = if error.is_parse() {
        Kind::Protocol { problem: format!("{host} does not speak HTTP: {}", shown(&error.to_string())) }
    } else {
        Kind::CutOff { host, inside }
    };
    Error::with_source(step, kind, error)
}
