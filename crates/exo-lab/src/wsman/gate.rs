//! Before the envelope: scripted trouble, who asks, and how long the body is.

use axum::body::to_bytes;
use axum::extract::Request as HttpRequest;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use wsman::SealingProtocol;

use crate::Service;
use crate::fault::FaultKind;
use crate::negotiate::{Connection, Kerberos, Scheme, Step};
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

/// The request with who asks and its body, or the refusal.
pub(super) async fn admit(service: &Service, request: HttpRequest) -> Result<Admitted, Box<Response>> {
    let refuse = |status: StatusCode| Box::new(status.into_response());
    if request.method() != Method::POST {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED));
    }
    // The regional and the proxied endpoints have connections of their own making.
    let connection = request.extensions().get::<Connection>().cloned();
    let connection = connection.unwrap_or_else(|| Connection::new(true));
    let (user, proof) = caller(service, &connection, request.uri(), request.headers())?;
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
    let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let sealing = SealingProtocol::of_content_type(content_type.unwrap_or_default());
    let (body, is_sealed) = match sealing.map_err(|_| refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE))? {
        Some(protocol) => {
            let opened = connection.open(protocol, &body).ok_or_else(|| refuse(StatusCode::BAD_REQUEST))?;
            (Bytes::from(opened), true)
        }
        None if connection.is_tls() || service.plain_passwords => (body, false),
        // Nothing but the sign-in goes over plain http unsealed: then its answer has nothing to say either.
        None if body.is_empty() => {
            let mut response = StatusCode::OK.into_response();
            if let Some(proof) = proof {
                response.headers_mut().append(header::WWW_AUTHENTICATE, proof);
            }
            return Err(Box::new(response));
        }
        None => return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    };
    Ok(Admitted { user, headers: head.headers, body, connection, is_sealed, proof })
}

/// Who asks, with what proves to them who answers; or how to go on, or the refusal.
fn caller(
    service: &Service,
    connection: &Connection,
    uri: &Uri,
    headers: &HeaderMap,
) -> Result<(String, Option<HeaderValue>), Box<Response>> {
    let takes_passwords = connection.is_tls() || service.plain_passwords;
    let challenged = || {
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        if takes_passwords {
            challenge(service, response.headers_mut());
        } else {
            offer_tickets(service, response.headers_mut());
        }
        Box::new(response)
    };
    let of_account = |principal: &str| {
        let account = service.directory.of_principal(principal).map(|account| account.upn().to_owned());
        account.ok_or_else(|| Box::new(StatusCode::FORBIDDEN.into_response()))
    };
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = authorization.and_then(|value| value.split_once(' ')).unwrap_or_default();
    let scheme =
        [Scheme::Negotiate, Scheme::Kerberos].into_iter().find(|one| scheme.eq_ignore_ascii_case(one.name()));
    match (&service.kerberos, scheme) {
        (Some(kerberos), Some(scheme)) => match connection.step(kerberos, scheme, token) {
            Step::Known { principal, proof } => Ok((of_account(&principal)?, proof)),
            Step::More(token) => {
                let mut response = StatusCode::UNAUTHORIZED.into_response();
                response.headers_mut().append(header::WWW_AUTHENTICATE, token);
                Err(Box::new(response))
            }
            Step::Refused => Err(challenged()),
        },
        (Some(_), None) if authorization.is_none() => {
            let principal = connection.principal().ok_or_else(challenged)?;
            Ok((of_account(&principal)?, None))
        }
        // A password or a token has no business on plain http, unless the lab is told so.
        _ if !takes_passwords => Err(challenged()),
        _ => Ok((user(service, uri, headers).ok_or_else(challenged)?, None)),
    }
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

/// The schemes for those with a ticket.
fn offer_tickets(service: &Service, headers: &mut HeaderMap) {
    for scheme in service.kerberos.iter().flat_map(Kerberos::schemes) {
        headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme.name()));
    }
}

/// How to sign in.
fn challenge(service: &Service, headers: &mut HeaderMap) {
    offer_tickets(service, headers);
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
