//! One WSMan request and what its answer means.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};
use uuid::Uuid;
use wsman::{EnvelopeErrorKind, Ids, NotXml, Response};

use crate::adminapi::claims_of;
use crate::connect::authorization::{Authorization, Sent};
use crate::error::kind::{Kind, shown};
use crate::error::{Error, Step};
use crate::http::{Answer, Http, Redirects, Request, host_of};

/// The way to one server with one account.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    pub(crate) http: Http,
    pub(crate) url: Url,
    pub(crate) authorization: Arc<Authorization>,
    pub(crate) redirects: Redirects,
    /// How often a request that got no answer is sent again.
    pub(crate) retries: u32,
    /// What the answers have told of the server.
    pub(crate) rapport: Arc<Rapport>,
}

/// What is known of a server.
#[derive(Debug, Default)]
pub(crate) struct Rapport {
    /// It has answered: the address is right, and a connection that fails now may not fail later.
    answers: AtomicBool,
    /// It keeps its answers for clients that lost them, so that no request has to be acted on twice.
    keeps_answers: AtomicBool,
    /// The last request could not be sent, and is sent again.
    is_silent: AtomicBool,
}

impl Rapport {
    /// Whether the server is not to be reached just now.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent.load(Ordering::Relaxed)
    }
}

impl Wire {
    /// Sends one envelope. `body` makes it for the address it goes to. Gives the answer, a fault being one,
    /// and the address that gave it.
    ///
    /// A request that cannot have arrived is sent again, and so is one whose answer was lost when the server keeps its
    /// answers (MS-WSMV 3.1.4.1.39), with the same ids; after one that did not come in time only once. Any other lost
    /// answer is an error: what was asked may have been done.
    pub(crate) async fn exchange(
        &self,
        body: &(dyn Fn(Ids, &Url) -> Vec<u8> + Send + Sync),
        step: Step,
    ) -> Result<(Response, Url), Error> {
        let mut ids = Ids { message_id: Uuid::new_v4(), operation_id: Uuid::new_v4(), again: false };
        let (mut left, mut pause) = (self.retries, FIRST_PAUSE);
        let mut lost: Option<Error> = None;
        loop {
            let error = match self.exchange_once(ids, body, step).await {
                Err(error) if 0 < left && self.may_repeat(&error, ids, step) => error,
                // An attempt before this one may have arrived, and that is what the caller must know.
                Err(error) if error.cannot_have_arrived() => return Err(lost.unwrap_or(error)),
                outcome => return outcome,
            };
            tracing::debug!(%error, left, "a request is sent again");
            self.rapport.is_silent.store(error.cannot_have_arrived(), Ordering::Relaxed);
            left = if error.is_cut() && !error.is_cut_off() { 0 } else { left - 1 };
            tokio::time::sleep(error.retry_after().map_or(pause, |asked| asked.min(LONGEST_PAUSE))).await;
            pause = (pause * 3).min(LONGEST_PAUSE);
            if !error.cannot_have_arrived() {
                ids.again = true;
                lost = Some(error);
            }
        }
    }

    fn may_repeat(&self, error: &Error, ids: Ids, step: Step) -> bool {
        let rapport = &self.rapport;
        if step == Step::Close && error.cannot_have_arrived() {
            // Nobody waits for the end of what is out of reach: it ends by itself, by its idle time-out.
            return false;
        }
        if !rapport.answers.load(Ordering::Relaxed) {
            // The first Create. The answer has the cookies without which a shell that was made could not even be
            // deleted; a server that keeps no answers finds that the shell exists.
            return error.is_cut_off() && !ids.again;
        }
        error.cannot_have_arrived()
            || (error.lost_its_answer() && rapport.keeps_answers.load(Ordering::Relaxed))
    }

    async fn exchange_once(
        &self,
        ids: Ids,
        body: &(dyn Fn(Ids, &Url) -> Vec<u8> + Send + Sync),
        step: Step,
    ) -> Result<(Response, Url), Error> {
        let body = |url: &Url| Bytes::from(body(ids, url));
        let mut sent = self.authorization.value().await?;
        let mut answer = self.send(&sent, &body, step).await?;
        if answer.status == StatusCode::UNAUTHORIZED {
            // A request that was not let in was not carried out, so that it may be sent again.
            let claims = challenge(&answer.headers);
            if self.authorization.renew(&sent, claims.as_deref()).await? {
                sent = self.authorization.value().await?;
                answer = self.send(&sent, &body, step).await?;
            }
        }
        let url = answer.url.clone();
        let rapport = &self.rapport;
        rapport.is_silent.store(false, Ordering::Relaxed);
        if !rapport.keeps_answers.load(Ordering::Relaxed)
            && answer.body.as_ref().is_ok_and(|body| wsman::keeps_answers(body, ids.operation_id))
        {
            rapport.keeps_answers.store(true, Ordering::Relaxed);
        }
        let response = judge(answer, self.authorization.is_basic(), step)?;
        rapport.answers.store(true, Ordering::Relaxed);
        Ok((response, url))
    }

    async fn send(
        &self,
        sent: &Sent,
        body: &(dyn Fn(&Url) -> Bytes + Send + Sync),
        step: Step,
    ) -> Result<Answer, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/soap+xml;charset=UTF-8"));
        let request = Request {
            method: Method::POST,
            url: self.url.clone(),
            headers,
            credential: sent.header.as_ref(),
            secret: true,
            body,
            redirects: self.redirects,
        };
        self.http.send(request, step).await
    }
}

/// What the server wants in the next token.
fn challenge(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    values.into_iter().find_map(claims_of)
}

/// Status first, then the envelope: a fault arrives with status 500 or 400, and what is no envelope is told by
/// its status.
fn judge(answer: Answer, basic: bool, step: Step) -> Result<Response, Error> {
    let Answer { status, headers, body, url } = answer;
    let host = host_of(&url);
    if status == StatusCode::UNAUTHORIZED {
        return Err(Error::new(step, Kind::Unauthorized { host, basic }));
    }
    if status.is_success() {
        let body = body?;
        return Response::decode(&body).map_err(|error| {
            let kind = match error.kind() {
                EnvelopeErrorKind::NotXml(NotXml::Html) => {
                    Kind::Html { host, expected: "WSMan", title: html_title(&body) }
                }
                EnvelopeErrorKind::Truncated => Kind::CutOff { host, inside: true },
                EnvelopeErrorKind::TooLarge { .. } => Kind::TooLarge { problem: error.to_string() },
                _ => Kind::Protocol { problem: format!("{host} broke the WSMan protocol: {error}") },
            };
            Error::with_source(step, kind, error)
        });
    }
    let body = body.unwrap_or_default();
    if let Ok(fault @ Response::Fault(_)) = Response::decode(&body) {
        return Ok(fault);
    }
    let detail = detail_of(&body);
    let kind = match status {
        StatusCode::FORBIDDEN => Kind::Forbidden { host, detail },
        StatusCode::NOT_FOUND => Kind::NotFound { host, path: url.path().to_owned() },
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            let wait = headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            let retry_after = wait.and_then(|wait| wait.trim().parse().ok()).map(Duration::from_secs);
            Kind::Busy { host, status: status.as_u16(), retry_after }
        }
        _ => Kind::Status { host, status: status.as_u16(), detail },
    };
    Err(Error::new(step, kind))
}

/// What a body that is no envelope says, for people: the title of a page, or a first line of text.
fn detail_of(body: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim();
    let detail = if text.starts_with('<') { html_title(body)? } else { shown(text) };
    Some(detail).filter(|detail| !detail.is_empty())
}

fn html_title(body: &[u8]) -> Option<String> {
    let start = body.get(..body.len().min(MAX_TITLE_DEPTH))?;
    let text = String::from_utf8_lossy(start);
    // Only ASCII letters change, so that positions stay the same.
    let lower = text.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let begin = open + lower.get(open..)?.find('>')? + 1;
    let end = begin + lower.get(begin..)?.find("</title")?;
    Some(shown(text.get(begin..end)?)).filter(|title| !title.is_empty())
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How far into a page its title is looked for.
const MAX_TITLE_DEPTH: usize = 16 << 10;

#[cfg(test)]
mod tests;
