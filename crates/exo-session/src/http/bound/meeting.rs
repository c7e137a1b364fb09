//! The sign-in on a new connection: tokens both ways until each side knows the other.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};

use super::Bound;
use super::lane::{Lane, Raw, Sent};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::http::host_of;
use crate::tickets::{Scheme, Tickets};

impl Bound {
    /// Signs in on `lane` with requests that have these header fields and this body. Gives the answer to the last one, with a
    /// context in the lane when that let the client in.
    pub(super) async fn meet(
        &self,
        lane: &mut Lane,
        headers: HeaderMap,
        body: Bytes,
        url: &Url,
        step: Step,
    ) -> Result<Raw, Error> {
        let mut scheme = *self.scheme.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let refused = || Error::new(step, Kind::TicketRefused { host: host_of(url) });
        let (mut context, mut token) = self.tickets.begin(scheme, url, lane.bindings.clone(), step).await?;
        let mut has_changed = false;
        for _ in 0..MAX_LEGS {
            let mut headers = headers.clone();
            headers.insert(AUTHORIZATION, authorization(scheme, &token).ok_or_else(refused)?);
            let sent = lane.exchange(&Method::POST, url, headers, body.clone(), step).await?;
            let Sent::Answered(raw) = sent else {
                return Err(Error::new(step, Kind::CutOff { host: host_of(url), inside: false }));
            };
            let is_refusal = raw.status == StatusCode::UNAUTHORIZED;
            let said = answered(&raw.headers, scheme);
            let has_said = said.is_some();
            if let Some(said) = said {
                (context, token) = Tickets::go_on(context, said, step).await?;
            }
            if context.is_established() && !is_refusal {
                lane.context = Some(context);
                lane.scheme = scheme;
                return Ok(raw);
            }
            if has_said {
                if token.is_empty() {
                    return Err(refused());
                }
                continue;
            }
            // An answer of success by somebody who did not prove who they are is none.
            if raw.status.is_success() {
                return Err(Error::new(step, Kind::NotProven { host: host_of(url) }));
            }
            if !is_refusal {
                return Ok(raw);
            }
            if offers(&raw.headers, scheme) {
                return Err(refused());
            }
            if has_changed || !offers(&raw.headers, other(scheme)) {
                return Err(Error::new(step, Kind::NoTickets { host: host_of(url) }));
            }
            has_changed = true;
            scheme = other(scheme);
            *self.scheme.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = scheme;
            (context, token) = self.tickets.begin(scheme, url, lane.bindings.clone(), step).await?;
        }
        Err(refused())
    }
}

fn authorization(scheme: Scheme, token: &[u8]) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(&format!("{} {}", scheme.name(), STANDARD.encode(token))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The other side's token, if it said one.
fn answered(headers: &HeaderMap, scheme: Scheme) -> Option<Vec<u8>> {
    challenges(headers)
        .filter(|(name, _)| name.eq_ignore_ascii_case(scheme.name()))
        .find_map(|(_, token)| STANDARD.decode(token).ok().filter(|token| !token.is_empty()))
}

fn offers(headers: &HeaderMap, scheme: Scheme) -> bool {
    challenges(headers).any(|(name, _)| name.eq_ignore_ascii_case(scheme.name()))
}

/// Name and token of each challenge. Several may stand in one field, with commas between them.
fn challenges(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    let fields = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    fields.flat_map(|field| field.split(',')).map(|one| {
        let (name, token) = one.trim().split_once(' ').unwrap_or((one.trim(), ""));
        (name, token.trim())
    })
}

fn other(scheme: Scheme) -> Scheme {
    match scheme {
        Scheme::Kerberos => Scheme::Negotiate,
        Scheme::Negotiate => Scheme::Kerberos,
    }
}

/// Kerberos takes one token each way, SPNEGO at most two more.
const MAX_LEGS: usize = 6;

#[cfg(test)]
mod tests;
