//! Requests over HTTPS, with a token that is renewed when it can be.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, StatusCode, Url};

use crate::adminapi::{Answer, Request, Transport};
use crate::connect::authorization::{Authorization, Sent};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::{self, Http, Redirects, host_of};

/// The way to the service for one session.
pub(crate) struct HttpTransport {
    http: Http,
    redirects: Redirects,
    authorization: Arc<Authorization>,
    /// What was sent when the service last refused a token.
    refused: Mutex<Option<Arc<Sent>>>,
}

impl HttpTransport {
    pub(crate) fn new(http: Http, redirects: Redirects, authorization: Arc<Authorization>) -> Self {
        Self { http, redirects, authorization, refused: Mutex::default() }
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
        let sent = self.authorization.value().await?;
        let body = match sent.header.as_ref().and_then(|header| header.to_str().ok()) {
            Some(token) => request.body_with(token),
            None => request.body.clone(),
        };
        let call = http::Request {
            method,
            url,
            headers: headers(&request.headers, step)?,
            credential: sent.header.as_ref(),
            secret: true,
            body: &|_| -> Bytes { body.clone() },
            redirects: self.redirects,
        };
        let limit = request.time_limit.saturating_add(MARGIN);
        let answer = tokio::time::timeout(limit, self.http.send(call, step))
            .await
            .map_err(|_| Error::new(step, Kind::AnswerTimeout { host, limit }))??;
        if answer.status == StatusCode::UNAUTHORIZED {
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(sent));
        }
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
}

impl Transport for HttpTransport {
    async fn send(&self, request: &Request) -> Result<Answer, Error> {
        self.exchange(Method::POST, request, Step::Run).await.map(|(answer, _)| answer)
    }

    async fn wait(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }

    async fn renew(&self, claims: Option<&str>) -> Result<(), Error> {
        let refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let renewed = match refused {
            Some(refused) => self.authorization.renew(&refused, claims).await?,
            None => false,
        };
        if renewed { Ok(()) } else { Err(Error::new(Step::Run, Kind::TokenEnded)) }
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
