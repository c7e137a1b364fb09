//! The sign-in crate's requests, sent by the session's client.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use exo_auth::{HttpClient, HttpError, HttpErrorKind, HttpMethod, HttpRequest, HttpResponse};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use zeroize::{Zeroize, Zeroizing};

use super::{Http, Redirects, Request};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::host::is_link_local;

/// Sends sign-in requests and keeps the last failure: the session's sentence about it says more than the
/// sign-in crate can pass on.
#[derive(Debug)]
pub(crate) struct SignInHttp {
    http: Http,
    failed: Mutex<Option<Error>>,
}

impl SignInHttp {
    /// `http` was made with [`exo_auth::MAX_ANSWER_LEN`] as its limit.
    pub(crate) fn new(http: Http) -> Self {
        Self { http, failed: Mutex::new(None) }
    }

    /// The failure of the last request, if it had no answer.
    pub(crate) fn take_failure(&self) -> Option<Error> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn ask(&self, request: HttpRequest) -> Result<HttpResponse, Error> {
        let url = Url::parse(&request.uri).map_err(|_| {
            Error::new(
                Step::SignIn,
                Kind::Option { name: "authority", problem: "is not an address".to_owned() },
            )
        })?;
        let method = match request.method {
            HttpMethod::Get => Method::GET,
            HttpMethod::Post => Method::POST,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(*name), HeaderValue::try_from(value)) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        // The endpoint of the machine's identity speaks plain http; nobody else can be reached at such an address.
        let is_beside = url.host_str().is_some_and(is_link_local);
        let body = Bytes::from_owner(Wiped(request.body));
        let call = Request {
            method,
            url,
            headers,
            credential: None,
            secret: !is_beside,
            body: &|_| body.clone(),
            redirects: Redirects::Answer,
        };
        let answer = self.http.send(call, Step::SignIn).await?;
        let headers = answer
            .headers
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let received = answer.body?;
        let body = Zeroizing::new(received.to_vec());
        // The answer holds a token; what it was received into goes the same way as the copy.
        if let Ok(mut received) = received.try_into_mut() {
            received.as_mut().zeroize();
        }
        Ok(HttpResponse { status: answer.status.as_u16(), headers, body })
    }
}

impl HttpClient for SignInHttp {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        self.ask(request).await.map_err(|error| {
            let kind = match error.kind() {
                Kind::Certificate { .. } | Kind::Tls { .. } => HttpErrorKind::Tls,
                Kind::ConnectTimeout { .. } | Kind::AnswerTimeout { .. } => HttpErrorKind::Timeout,
                Kind::BodyTooLong { .. } => HttpErrorKind::TooLarge,
                Kind::CutOff { .. } | Kind::BadGzip => HttpErrorKind::Broken,
                _ => HttpErrorKind::Connect,
            };
            let sentence = error.what();
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            HttpError::new(kind, sentence)
        })
    }
}

/// Lends the wiped buffer to the client: no copy of the password is made on the way to TLS.
struct Wiped(Zeroizing<Vec<u8>>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
