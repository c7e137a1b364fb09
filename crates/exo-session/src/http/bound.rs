//! Connections that each carry a sign-in of their own (RFC 4559): a context of Kerberos belongs to the connection it was made
//! on, so these are not the pooled ones of the other client.
//!
//! Over plain http every message is sealed under the context of its connection (MS-WSMV 2.2.9.1), and an answer that is not is not
//! believed. Over https TLS does that, and the context is bound to the server's certificate.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use reqwest::Url;
use reqwest::cookie::{CookieStore, Jar};
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderValue, SET_COOKIE, USER_AGENT,
};
use wsman::{SealedMessage, SealingProtocol};

use self::dial::Dialer;
use self::lane::{Lane, Raw, Sent};
use super::{Answer, HttpSettings, Request, host_of, origin_of, unpack};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::tickets::{Scheme, Tickets};

mod dial;
mod lane;
mod meeting;

/// The connections of one session to its server.
pub(crate) struct Bound {
    dialer: Dialer,
    tickets: Arc<Tickets>,
    jar: Jar,
    max_body_len: usize,
    /// The scheme that the server took last.
    scheme: Mutex<Scheme>,
    /// Connections between two requests.
    idle: Mutex<Vec<Lane>>,
}

impl Bound {
    pub(crate) fn new(settings: &HttpSettings, tickets: Arc<Tickets>) -> Result<Self, Error> {
        Ok(Self {
            dialer: Dialer::new(settings)?,
            scheme: Mutex::new(tickets.preferred()),
            tickets,
            jar: Jar::default(),
            max_body_len: settings.max_body_len,
            idle: Mutex::default(),
        })
    }

    /// What each connection is signed in on with.
    pub(crate) fn tickets(&self) -> Arc<Tickets> {
        Arc::clone(&self.tickets)
    }

    /// Sends a request to one address. Gives any answer but 401.
    pub(crate) async fn send_once(
        &self,
        request: &Request<'_>,
        url: &Url,
        step: Step,
    ) -> Result<Answer, Error> {
        // A connection of before may have ended, and its context with it: the server has not looked at what came then.
        while let Some(mut lane) = self.take_idle(url) {
            match self.send_on(&mut lane, request, url, step).await? {
                Sent::Answered(raw) if raw.status != 401 => return self.finish(lane, raw, url, step),
                Sent::Answered(_) | Sent::NotSent => {}
            }
        }
        let mut lane = self.dialer.dial(url, step).await?;
        let is_tls = url.scheme() == "https";
        // TLS lets the request come along with the sign-in; over plain http nothing goes before it can be sealed.
        let riding = if is_tls { (request.body)(url) } else { Bytes::new() };
        let raw = self.meet(&mut lane, self.headers(request, url, is_tls), riding, url, step).await?;
        if is_tls || !raw.status.is_success() {
            return self.finish(lane, raw, url, step);
        }
        match self.send_on(&mut lane, request, url, step).await? {
            Sent::Answered(raw) if raw.status != 401 => self.finish(lane, raw, url, step),
            Sent::Answered(_) => Err(Error::new(step, Kind::TicketRefused { host: host_of(url) })),
            Sent::NotSent => Err(Error::new(step, Kind::CutOff { host: host_of(url), inside: false })),
        }
    }

    /// Sends a request on a connection whose sign-in stands.
    async fn send_on(
        &self,
        lane: &mut Lane,
        request: &Request<'_>,
        url: &Url,
        step: Step,
    ) -> Result<Sent, Error> {
        let mut headers = self.headers(request, url, true);
        let mut body = (request.body)(url);
        if url.scheme() != "https" {
            let protocol = lane.protocol();
            let original_len = body.len();
            let context = lane.context.as_mut().ok_or_else(|| no_context(step, url))?;
            let sealed = context.seal(body.to_vec()).map_err(|error| not_sealed(step, url, &error))?;
            let message =
                SealedMessage { protocol, original_len, header: &sealed.header, data: &sealed.data };
            body = message.encode().into();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(protocol.content_type()));
        }
        lane.exchange(&request.method, url, headers, body, step).await
    }

    /// Keeps the connection for the next request, and opens what came over it.
    fn finish(&self, mut lane: Lane, raw: Raw, url: &Url, step: Step) -> Result<Answer, Error> {
        let mut cookies = raw.headers.get_all(SET_COOKIE).iter();
        self.jar.set_cookies(&mut cookies, url);
        let body = raw.body.and_then(|body| {
            unpack(body, &raw.headers, self.max_body_len).map_err(|kind| Error::new(step, kind))
        });
        let is_whole = body.is_ok();
        let body = match body {
            Ok(body) if url.scheme() != "https" => {
                Ok(open(&mut lane, &body, raw.status.is_success(), &raw.headers, url, step)?)
            }
            other => other,
        };
        tracing::debug!(
            host = url.host_str(),
            status = raw.status.as_u16(),
            len = body.as_ref().map_or(0, Bytes::len),
            "answer"
        );
        if is_whole && lane.context.is_some() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < MAX_IDLE {
                idle.push(lane);
            }
        }
        Ok(Answer { status: raw.status, headers: raw.headers, body, url: url.clone() })
    }

    fn take_idle(&self, url: &Url) -> Option<Lane> {
        let origin = origin_of(url);
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|lane| !lane.is_closed());
        let at = idle.iter().rposition(|lane| lane.origin == origin)?;
        Some(idle.swap_remove(at))
    }

    /// The header fields of a request. `whole`: its body goes along.
    fn headers(&self, request: &Request<'_>, url: &Url, whole: bool) -> HeaderMap {
        let mut headers = request.headers.clone();
        if !whole {
            headers.remove(CONTENT_TYPE);
        }
        headers.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT_VALUE));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(cookies) = self.jar.cookies(url) {
            headers.insert(COOKIE, cookies);
        }
        headers.remove(AUTHORIZATION);
        headers
    }
}

/// What an answer over plain http says. One that is not sealed may come from anybody: a success is refused, and of a failure
/// the status counts alone.
fn open(
    lane: &mut Lane,
    body: &[u8],
    is_success: bool,
    headers: &HeaderMap,
    url: &Url,
    step: Step,
) -> Result<Bytes, Error> {
    let host = || host_of(url);
    let broken = |problem: String| Error::new(step, Kind::Sealing { host: host(), problem });
    let content_type = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let protocol =
        SealingProtocol::of_content_type(content_type).map_err(|error| broken(error.to_string()))?;
    if protocol.is_none() {
        return if is_success && !body.is_empty() {
            Err(broken("the answer is not encrypted".to_owned()))
        } else {
            Ok(Bytes::new())
        };
    }
    let message = SealedMessage::decode(body).map_err(|error| broken(error.to_string()))?;
    let context = lane.context.as_mut().ok_or_else(|| no_context(step, url))?;
    let opened = context.open(message.header, message.data).map_err(|error| broken(error.to_string()))?;
    if opened.len() != message.original_len {
        return Err(broken("the message is not as long as it says".to_owned()));
    }
    Ok(opened.into())
}

#[cold]
fn no_context(step: Step, url: &Url) -> Error {
    let problem = "the connection has no sign-in".to_owned();
    Error::new(step, Kind::Sealing { host: host_of(url), problem })
}

#[cold]
fn not_sealed(step: Step, url: &Url, error: &exo_gss::Error) -> Error {
    Error::new(step, Kind::Sealing { host: host_of(url), problem: error.to_string() })
}

impl std::fmt::Debug for Bound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bound").field("tickets", &self.tickets).finish_non_exhaustive()
    }
}

/// More than a session has requests under way, most of the time.
const MAX_IDLE: usize = 16;
