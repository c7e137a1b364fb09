//! Requests over HTTPS, with a token that is renewed when it can be.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

use crate::adminapi::{Answer, Request, Transport};
use crate::connect::renewal::Renewal;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::{self, Http, Redirects, host_of};

/// The way to the service for one session.
pub(crate) struct HttpTransport {
    http: Http,
    redirects: Redirects,
    token: Mutex<Token>,
    renewal: Renewal,
    /// One renewal at a time; who waited for it takes its token.
    renewing: tokio::sync::Mutex<()>,
}

#[derive(Clone)]
pub(crate) struct Token {
    /// `Bearer …`
    pub(crate) header: HeaderValue,
    pub(crate) expires_at: Option<SystemTime>,
}

impl HttpTransport {
    pub(crate) fn new(http: Http, redirects: Redirects, token: Token, renewal: Renewal) -> Self {
        Self { http, redirects, token: Mutex::new(token), renewal, renewing: tokio::sync::Mutex::new(()) }
    }

    /// Sends anything with the current token. Says too where the answer came from.
    pub(crate) async fn exchange(
        &self,
        method: Method,
        request: &Request,
        step: Step,
    ) -> Result<(Answer, Url), Error> {
        let url = Url::parse(&request.url).map_err(|_| {
            Error::new(step, Kind::Protocol { problem: "an address cannot be read".to_owned() })
        })?;
        let host = host_of(&url);
        let token = self.current(step).await?;
        let body = match token.to_str() {
            Ok(token) => request.body_with(token),
            Err(_) => request.body.clone(),
        };
        let call = http::Request {
            method,
            url,
            headers: headers(&request.headers, step)?,
            credential: Some(&token),
            secret: true,
            body: &|_| -> Bytes { body.clone() },
            redirects: self.redirects,
        };
        let limit = request.time_limit.saturating_add(MARGIN);
        let answer = tokio::time::timeout(limit, self.http.send(call, step))
            .await
            .map_err(|_| Error::new(step, Kind::AnswerTimeout { host, limit }))??;
        let headers = answer.headers.iter();
        let headers = headers
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        let body = match answer.body {
            Ok(body) => body,
            // The status says more than that its explanation could not be read.
            Err(_) if !answer.status.is_success() => Bytes::new(),
            Err(error) => return Err(error),
        };
        Ok((Answer { status: answer.status.as_u16(), headers: headers.collect(), body }, answer.url))
    }

    /// The token, a new one when it is about to end and another can be had.
    async fn current(&self, step: Step) -> Result<HeaderValue, Error> {
        let token = self.token();
        let soon = SystemTime::now() + EARLY;
        if token.expires_at.is_none_or(|end| soon < end) || !self.renewal.is_possible() {
            return Ok(token.header);
        }
        self.renew_from(&token.header, step).await?;
        Ok(self.token().header)
    }

    async fn renew_from(&self, old: &HeaderValue, step: Step) -> Result<(), Error> {
        let _one_at_a_time = self.renewing.lock().await;
        if self.token().header != *old {
            return Ok(());
        }
        let token = self.renewal.renew(step).await?;
        *self.token.lock().unwrap_or_else(PoisonError::into_inner) = token;
        tracing::debug!("token renewed");
        Ok(())
    }

    fn token(&self) -> Token {
        self.token.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Answer, Error> {
        self.exchange(Method::POST, request, Step::Run).await.map(|(answer, _)| answer)
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn renew(&self, _claims: Option<&str>) -> Result<(), Error> {
        // A token made after the challenge has what a challenge asks for: a time of issue, or a present policy check.
        let old = self.token().header;
        self.renew_from(&old, Step::Run).await
    }
}

fn headers(list: &[(String, String)], step: Step) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(list.len());
    for (name, value) in list {
        let bad = || {
            let problem = format!("the header {name} cannot carry its value");
            Error::new(step, Kind::Protocol { problem })
        };
        let value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| bad())?;
        headers.insert(HeaderName::try_from(name.as_str()).map_err(|_| bad())?, value);
    }
    Ok(headers)
}

/// Above the service's own limit, so that its answer arrives.
const MARGIN: Duration = Duration::from_secs(30);
/// How long before its end a token is renewed.
const EARLY: Duration = Duration::from_secs(300);
