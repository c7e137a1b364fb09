//! The REST interface of Exchange Online and Security & Compliance (`adminapi`): one cmdlet call is one POST, and its
//! objects come back as CLIXML inside of JSON.
//!
//! Everything here is without sockets and clocks: a [`Client`] turns calls into [`Request`]s and hands them to a
//! [`Transport`], which sends, waits and renews tokens. What comes back are the same events that remoting gives.

use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::error::Error;

mod answer;
mod batch;
mod call;
mod client;
mod failure;
mod json;
mod paging;
mod parameter;
pub(crate) mod record;
mod request;
mod retry;
mod route;
mod seal;
mod throttle;

pub use self::batch::{BatchCall, BatchEvent, BatchEventKind, InputOutcome, MAX_BATCH_SIZE};
pub use self::client::{Call, Client, Confirm};
pub(crate) use self::client::{Failed, failed};
pub use self::parameter::ParameterError;
pub(crate) use self::retry::claims_of;
pub use self::route::RoutingHint;

/// Where requests go and what all of them say.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Endpoint {
    /// Scheme, host and port, without a slash at the end.
    pub base: String,
    /// The tenant's id.
    pub tenant: String,
    /// The connection's id.
    pub connection_id: Uuid,
    /// The hint for calls that name no mailbox to route by.
    pub routing: RoutingHint,
    /// Most objects in a page, 1 to 1000.
    pub page_size: u32,
    /// Most objects in a page of a call that says with `-ResultSize` how many it wants: fewer take less memory. Without
    /// `-ResultSize` a page is all that a call gives, so that this does not count there.
    pub streaming_page_size: u32,
    /// The version of the interface that is spoken.
    pub module_version: String,
    /// The language of messages, for example `en-US`.
    pub culture: String,
    /// Largest object accepted, in bytes of CLIXML.
    pub max_object_len: usize,
}

impl Endpoint {
    /// The tenant's endpoint at `base`, with the usual page size and language.
    #[must_use]
    pub fn new(base: impl Into<String>, tenant: impl Into<String>, connection_id: Uuid) -> Self {
        Self {
            base: base.into(),
            tenant: tenant.into(),
            connection_id,
            routing: RoutingHint::anchor(None),
            page_size: MAX_PAGE_SIZE,
            streaming_page_size: MAX_PAGE_SIZE,
            module_version: MODULE_VERSION.to_owned(),
            culture: "en-US".to_owned(),
            max_object_len: 75_000_000,
        }
    }
}

/// One POST. `Authorization` is the transport's to add, in a batch to each of its calls too.
#[derive(Clone)]
pub struct Request {
    /// The whole address.
    pub url: String,
    /// Names and values; each name once.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: Bytes,
    /// How long the service may take for this cmdlet.
    pub time_limit: Duration,
    /// Where in the body the value of `Authorization` belongs, in ascending order.
    pub token_places: Vec<usize>,
}

impl Request {
    /// The body with the value of `Authorization` where it belongs; wiped when it goes.
    #[must_use]
    pub fn body_with(&self, authorization: &str) -> Bytes {
        if self.token_places.is_empty() {
            return self.body.clone();
        }
        let mut token = Zeroizing::new(Vec::with_capacity(authorization.len() + 16));
        json::push_str(&mut token, authorization);
        let token = token.get(1..token.len() - 1).unwrap_or_default();
        let len = self.body.len() + self.token_places.len() * token.len();
        let mut body = Zeroizing::new(Vec::with_capacity(len));
        let mut from = 0;
        for &place in &self.token_places {
            body.extend_from_slice(self.body.get(from..place).unwrap_or_default());
            body.extend_from_slice(token);
            from = place;
        }
        body.extend_from_slice(self.body.get(from..).unwrap_or_default());
        Bytes::from_owner(body)
    }
}

/// Without headers and body, which hold names of people and what is done to them.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("body_len", &self.body.len()).finish_non_exhaustive()
    }
}

/// What came back, of any status, unpacked.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names and values as they came.
    pub headers: Vec<(String, String)>,
    /// Empty when there was none.
    pub body: Bytes,
}

impl Answer {
    /// The first header with this name, in any case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let named = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }
}

/// Without headers and body.
impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("body_len", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Sends requests, waits, and comes to tokens.
pub trait Transport: Send + Sync {
    /// Sends a request with the current token and reads the whole answer.
    ///
    /// # Errors
    /// There was no answer, or its body could not be read.
    fn send(&self, request: &Request) -> impl Future<Output = Result<Answer, Error>> + Send;

    /// Waits.
    fn wait(&self, time: Duration) -> impl Future<Output = ()> + Send;

    /// Comes to a new token after the service refused the current one; `claims` is what it wants in it.
    ///
    /// # Errors
    /// There is no way to another token without the user.
    fn renew(&self, claims: Option<&str>) -> impl Future<Output = Result<(), Error>> + Send;
}

/// As many objects as the service puts into one page.
pub const MAX_PAGE_SIZE: u32 = 1000;
/// The version whose requests these are.
pub const MODULE_VERSION: &str = "3.5.0";

#[cfg(test)]
mod tests;
