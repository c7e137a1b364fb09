//! Before the envelope: scripted trouble, who asks, and how long the body is.

use axum::body::to_bytes;
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::Service;
use crate::fault::FaultKind;
use crate::wsman::{Admitted, converts_to_oauth};

/// The answer of a fault that is due for any request, whatever it says.
pub(super) fn misbehave(service: &Service, uri: &Uri) -> Option<Response> {
    let faults = &service.faults;
    let is_live_id = uri.path().to_ascii_lowercase().starts_with("/powershell-liveid");
    if is_live_id && let Some(kind) = faults.take(is_move) {
        return moved(service, kind);
    }
    if let Some(FaultKind::Status(status)) = faults.take(|kind| matches!(kind, FaultKind::Status(_))) {
        return Some(refuse(service, status));
    }
    faults.take(|kind| *kind == FaultKind::Html).map(|_| web_page())
}

/// Whether a fault is about the place of the endpoint.
pub(super) fn is_move(kind: &FaultKind) -> bool {
    matches!(kind, FaultKind::Redirect(_) | FaultKind::RedirectLoop | FaultKind::RedirectForeign)
}

/// The answer that the endpoint is elsewhere.
pub(super) fn moved(service: &Service, kind: FaultKind) -> Option<Response> {
    let target = match kind {
        FaultKind::Redirect(url) if url.starts_with('/') => format!("{}{url}", service.origin),
        FaultKind::Redirect(url) => url,
        FaultKind::RedirectForeign => "https://attacker.invalid/powershell-liveid/".to_owned(),
        _ => format!("{}/powershell-liveid/?again=true", service.origin),
    };
    let target = HeaderValue::from_str(&target).ok()?;
    Some((StatusCode::FOUND, [(header::LOCATION, target)]).into_response())
}

/// An answer of this status without an envelope.
pub(super) fn refuse(service: &Service, status: u16) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Html(format!("<html><body><h1>{status}</h1></body></html>"))).into_response();
    if status == StatusCode::UNAUTHORIZED {
        challenge(service, response.headers_mut());
    }
    if status == StatusCode::SERVICE_UNAVAILABLE || status == StatusCode::TOO_MANY_REQUESTS {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    response
}

/// A page where an envelope is expected.
pub(super) fn web_page() -> Response {
    Html("<!doctype html><html><head><title>Sign in</title></head><body>Outlook</body></html>")
        .into_response()
}

/// Who asks, and the request with its body, or the refusal.
pub(super) async fn admit(
    service: &Service,
    request: HttpRequest,
) -> Result<(String, Admitted), Box<Response>> {
    let refuse = |status: StatusCode| Box::new(status.into_response());
    if request.method() != Method::POST {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED));
    }
    let Some(user) = user(service, request.uri(), request.headers()) else {
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        challenge(service, response.headers_mut());
        return Err(Box::new(response));
    };
    // WSMan takes no chunked requests: MS-WSMV 3.1.4.1.31.8.
    let len = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|len| len.to_str().ok()?.parse::<usize>().ok());
    match len {
        None => return Err(refuse(StatusCode::LENGTH_REQUIRED)),
        Some(len) if len > MAX_REQUEST_LEN => return Err(refuse(StatusCode::PAYLOAD_TOO_LARGE)),
        Some(_) => {}
    }
    let (head, body) = request.into_parts();
    let body = to_bytes(body, MAX_REQUEST_LEN).await.map_err(|_| refuse(StatusCode::BAD_REQUEST))?;
    Ok((user, Admitted { headers: head.headers, body }))
}

/// The user behind the credentials: a bearer token, a password, or a token in the password's place.
fn user(service: &Service, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let authorization = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = authorization.split_once(' ')?;
    let bearer = |token: &str| {
        service.tokens.check(token.trim(), service).filter(|claims| claims.has_role).map(|claims| claims.user)
    };
    if scheme.eq_ignore_ascii_case("Bearer") {
        return bearer(credentials);
    }
    if !scheme.eq_ignore_ascii_case("Basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(credentials.trim()).ok()?).ok()?;
    let (user, password) = decoded.split_once(':')?;
    if converts_to_oauth(uri) {
        return bearer(password.strip_prefix("Bearer ")?);
    }
    service.directory.sign_in(user, password).ok().map(|account| account.upn().to_owned())
}

/// How to sign in.
fn challenge(service: &Service, headers: &mut HeaderMap) {
    let bearer = format!(
        "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", authorization_uri=\"{}/common/oauth2/authorize\"",
        service.origin
    );
    headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"localhost\""));
    if let Ok(bearer) = HeaderValue::from_str(&bearer) {
        headers.append(header::WWW_AUTHENTICATE, bearer);
    }
}

/// A little more than the largest envelope a client may send (MaxEnvelopeSizekb 500).
const MAX_REQUEST_LEN: usize = 640 * 1024;
