//! The seam to the network: one request, one answer, plain types.

use std::error::Error;
use std::fmt;
use std::future::Future;
use std::time::Duration;

use zeroize::Zeroizing;

/// Sends one request and gives the answer, whatever its status.
///
/// An implementation must
/// * **not follow redirects**: the body of a sign-in request is a password or a code;
/// * stop reading after [`MAX_ANSWER_LEN`] bytes and give [`HttpErrorKind::TooLarge`];
/// * check the server's certificate for `https`;
/// * log neither bodies nor the `Authorization` header.
///
/// Dropping the future cancels the request.
pub trait HttpClient {
    /// Sends `request`. An answer with an error status is an answer, not an error.
    fn send(&self, request: HttpRequest) -> impl Future<Output = Result<HttpResponse, HttpError>> + Send;
}

/// The longest answer a sign-in service may give, in bytes. Real ones are below 10 KB.
pub const MAX_ANSWER_LEN: usize = 1 << 20;

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpMethod {
    /// Reads.
    Get,
    /// Sends a body.
    Post,
}

/// A request, complete but for the connection.
pub struct HttpRequest {
    /// What to do.
    pub method: HttpMethod,
    /// Absolute URI, `https` or loopback `http`.
    pub uri: String,
    /// Header fields besides `Host` and `Content-Length`.
    pub headers: Vec<(&'static str, String)>,
    /// The body; wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, uri, headers: _, body } = self;
        f.debug_struct("HttpRequest")
            .field("method", method)
            .field("uri", uri)
            .field("body_len", &body.len())
            .finish_non_exhaustive()
    }
}

/// An answer: any status, the header fields and the body without transfer encoding.
pub struct HttpResponse {
    /// Status code.
    pub status: u16,
    /// Header fields; names in any case.
    pub headers: Vec<(String, String)>,
    /// The body, at most [`MAX_ANSWER_LEN`] bytes; wiped when dropped.
    pub body: Zeroizing<Vec<u8>>,
}

impl HttpResponse {
    /// The first header field of this name, compared without case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
        Some(value.as_str())
    }

    /// `Retry-After` in seconds. The date form is not used by the sign-in service and gives `None`.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, headers: _, body } = self;
        f.debug_struct("HttpResponse")
            .field("status", status)
            .field("body_len", &body.len())
            .finish_non_exhaustive()
    }
}

/// What kept an answer from arriving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpErrorKind {
    /// No connection: name not found, refused, unreachable, proxy.
    Connect,
    /// TLS: the certificate is not trusted or does not fit the host.
    Tls,
    /// No answer in time.
    Timeout,
    /// The answer passed [`MAX_ANSWER_LEN`].
    TooLarge,
    /// The connection ended inside the answer, or the answer is not HTTP.
    Broken,
}

/// No answer arrived.
#[derive(Debug, thiserror::Error)]
#[error("{sentence}")]
pub struct HttpError {
    kind: HttpErrorKind,
    sentence: String,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl HttpError {
    /// `sentence` says what failed, in lower case, without a full stop and without secrets.
    #[cold]
    pub fn new(kind: HttpErrorKind, sentence: impl Into<String>) -> Self {
        Self { kind, sentence: sentence.into(), source: None }
    }

    /// Adds the error below.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What kind of failure.
    pub fn kind(&self) -> HttpErrorKind {
        self.kind
    }
}
