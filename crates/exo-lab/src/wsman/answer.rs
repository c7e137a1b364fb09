//! An answer before it is sent: as it is, or with scripted trouble.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;

use crate::Service;
use crate::body::FaultyBody;
use crate::fault::{FaultKind, Stage};
use crate::listener::HangUp;
use crate::wsman::{Admitted, gate};

/// An envelope with its HTTP status.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) envelope: Bytes,
    pub(super) cookies: Vec<HeaderValue>,
    /// It brings output of a command, which faults without a stage mean.
    pub(super) brings_output: bool,
}

impl Answer {
    pub(super) fn good(envelope: Vec<u8>) -> Self {
        Self { status: StatusCode::OK, envelope: envelope.into(), cookies: Vec::new(), brings_output: false }
    }

    pub(super) fn fault(envelope: Vec<u8>) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, ..Self::good(envelope) }
    }

    /// The answer to a request as it goes out, after the trouble that is due at this stage.
    pub(super) fn send(self, service: &Service, stage: Option<Stage>, request: &Admitted) -> Response {
        let brings_output = self.brings_output;
        let due = |wanted: FaultKind| is_due(service, stage, brings_output, &wanted);
        if due(FaultKind::DropBefore) {
            return hang_up();
        }
        let (kind, mut envelope) = if request.is_sealed {
            match request.connection.seal(&self.envelope) {
                Some((kind, sealed)) => (kind, Bytes::from(sealed)),
                None => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            }
        } else {
            ("application/soap+xml;charset=UTF-8", self.envelope)
        };
        let body = if due(FaultKind::DropMid) {
            FaultyBody::breaking_off(&envelope)
        } else if due(FaultKind::Truncate) {
            envelope.truncate(envelope.len() / 3 * 2);
            Body::from(envelope)
        } else if due(FaultKind::SlowDrip) {
            FaultyBody::dripping(envelope)
        } else {
            Body::from(envelope)
        };
        let mut response = (self.status, [(header::CONTENT_TYPE, kind)], body).into_response();
        for cookie in self.cookies {
            let cookie = if request.connection.is_tls() { Some(cookie) } else { for_plain_http(&cookie) };
            if let Some(cookie) = cookie {
                response.headers_mut().append(header::SET_COOKIE, cookie);
            }
        }
        if let Some(proof) = &request.proof {
            response.headers_mut().append(header::WWW_AUTHENTICATE, proof.clone());
        }
        response
    }
}

/// A cookie that comes back without TLS too.
fn for_plain_http(cookie: &HeaderValue) -> Option<HeaderValue> {
    HeaderValue::from_str(&cookie.to_str().ok()?.replace("; secure", "")).ok()
}

/// Whether a fault is due, for this stage by name or for the output of commands without one.
pub(super) fn is_due(
    service: &Service,
    stage: Option<Stage>,
    brings_output: bool,
    wanted: &FaultKind,
) -> bool {
    let is_wanted = |kind: &FaultKind| kind == wanted;
    stage.is_some_and(|stage| service.faults.take_at(stage, is_wanted).is_some())
        || (brings_output && service.faults.take(is_wanted).is_some())
}

/// The trouble that keeps a request of this stage from being acted on.
pub(super) fn instead_of_acting(service: &Service, stage: Option<Stage>) -> Option<Response> {
    let stage = stage?;
    let due = |kind: &FaultKind| {
        matches!(kind, FaultKind::DropRequest | FaultKind::Status(_) | FaultKind::Html) || gate::is_move(kind)
    };
    Some(match service.faults.take_at(stage, due)? {
        FaultKind::Status(status) => gate::refuse(service, status),
        FaultKind::Html => gate::web_page(),
        moved if gate::is_move(&moved) => gate::moved(service, moved)?,
        _ => hang_up(),
    })
}

fn hang_up() -> Response {
    let mut response = Response::new(Body::empty());
    response.extensions_mut().insert(HangUp);
    response
}
