//! Before the cmdlet: scripted trouble, whose token it is, which host serves it.

use axum::body::{Body, to_bytes};
use axum::extract::Request as HttpRequest;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use crate::adminapi::Regional;
use crate::adminapi::answer::{self, Answer};
use crate::adminapi::catalog::Area;
use crate::adminapi::failure;
use crate::adminapi::refused::Reason;
use crate::adminapi::role::Role;
use crate::body::FaultyBody;
use crate::entra::AUTHENTICATION_CONTEXT;
use crate::fault::{FaultKind, Stage};
use crate::listener::HangUp;
use crate::{Service, clouds};

/// Who asks.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) upn: String,
    pub(super) role: Role,
    pub(super) host: Area,
    /// `https://HOST/adminapi/beta/TENANT`, as the caller sees it; links lead back there.
    pub(super) base: String,
}

/// The answer of a fault that is due for any request, or for one that runs cmdlets, whatever it says.
pub(super) async fn misbehave(service: &Service, runs_cmdlets: bool) -> Option<Response> {
    let faults = &service.faults;
    if runs_cmdlets && faults.hangs(Stage::Command) {
        return std::future::pending().await;
    }
    if let Some(FaultKind::Status(status)) = faults.take(|kind| matches!(kind, FaultKind::Status(_))) {
        if status == 401 {
            return Some(unauthorized(service, Reason::Expired));
        }
        let mut answer = failed(status);
        if status == 429 || status == 503 {
            answer = answer.with_header("Retry-After", "1");
        }
        return Some(answer.into_response(false));
    }
    if runs_cmdlets && faults.take(|kind| *kind == FaultKind::NulForbidden).is_some() {
        return Some(nul_forbidden());
    }
    if runs_cmdlets && faults.take(|kind| *kind == FaultKind::Transient).is_some() {
        return Some(failure::transient().into_response(false));
    }
    let is_web_page =
        |kind: &FaultKind| *kind == FaultKind::Html || (runs_cmdlets && *kind == FaultKind::NotJson);
    if faults.take(is_web_page).is_some() {
        let page = "<!doctype html><html><head><title>Sign in</title></head><body>Outlook</body></html>";
        return Some(Html(page).into_response());
    }
    None
}

/// What a server in trouble says.
pub(super) fn failed(status: u16) -> Answer {
    match status {
        401 => Answer::refusal(status, "Unauthorized", TOKEN_EXPIRED),
        429 => Answer::refusal(status, "429", "Server is busy."),
        503 => Answer::refusal(status, "ServiceUnavailable", "Service is unavailable."),
        504 => Answer::refusal(status, "GatewayTimeout", "The gateway timed out."),
        _ => Answer::refusal(status, &status.to_string(), "The request failed on purpose."),
    }
}

/// Who asks, or the refusal, or the way to the host that serves them.
pub(super) fn admit(service: &Service, request: &HttpRequest, tenant: &str) -> Result<Caller, Box<Response>> {
    let token = bearer(request.headers()).ok_or_else(|| Box::new(without_token(service)))?;
    let (upn, role, host) = bearer_of(service, token)?;
    let directory = &service.directory;
    if matches!(tenant, "organizations" | "common") || !directory.knows_tenant(tenant) {
        let answer =
            Answer::bad_request(&format!("The tenant '{tenant}' is not the one the token was issued for."));
        return Err(Box::new(answer.into_response(false)));
    }
    let is_regional = request.extensions().get::<Regional>().is_some();
    if host == Area::Compliance && !is_regional {
        return Err(Box::new(to_region(service, request)));
    }
    if host == Area::Exchange && is_regional {
        return Err(Box::new(unauthorized(service, Reason::Expired)));
    }
    let authority = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let origin = match authority {
        Some(authority) => format!("https://{authority}"),
        None if is_regional => service.adminapi.regional_origin.clone(),
        None => service.origin.clone(),
    };
    Ok(Caller { upn, role, host, base: format!("{origin}/adminapi/beta/{tenant}") })
}

/// User, role and host of a token; an answer when it is no good.
fn bearer_of(service: &Service, token: &str) -> Result<(String, Role, Area), Box<Response>> {
    let refused = &service.adminapi.refused;
    if let Some(reason) = refused.reason(token) {
        return Err(Box::new(unauthorized(service, reason)));
    }
    let Some(claims) = service.tokens.check(token, service) else {
        return Err(Box::new(unauthorized(service, Reason::Expired)));
    };
    let Some(host) = served(&claims.audience, &service.origin) else {
        return Err(Box::new(unauthorized(service, Reason::Expired)));
    };
    if !claims.has_role {
        return Err(Box::new(Answer::refusal(403, "Forbidden", WITHOUT_ROLE).into_response(false)));
    }
    if !claims.has_context && service.faults.is_due(|kind| *kind == FaultKind::AuthContext) {
        return Err(Box::new(unauthorized(service, Reason::Context)));
    }
    let due = service.faults.take(|kind| matches!(kind, FaultKind::TokenExpired | FaultKind::Claims));
    let due = due.map(|kind| if kind == FaultKind::Claims { Reason::Claims } else { Reason::Expired });
    if let Some(reason) = due {
        refused.add(token, reason);
        return Err(Box::new(unauthorized(service, reason)));
    }
    let role = Role::of(&claims.user);
    Ok((claims.user, role, host))
}

/// Whether a token in an item of a batch is that of the envelope's caller, or at least of a user of the same host.
pub(super) fn item_caller(service: &Service, authorization: Option<&str>, caller: &Caller) -> Option<Caller> {
    let Some(authorization) = authorization else {
        return Some(caller.clone());
    };
    let (scheme, token) = authorization.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("Bearer") || service.adminapi.refused.reason(token).is_some() {
        return None;
    }
    let claims = service.tokens.check(token.trim(), service).filter(|claims| claims.has_role)?;
    let host = served(&claims.audience, &service.origin)?;
    let role = Role::of(&claims.user);
    (host == caller.host).then(|| Caller { upn: claims.user, role, host, base: caller.base.clone() })
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("Bearer").then(|| token.trim())
}

/// Which service a token was issued for.
fn served(audience: &str, origin: &str) -> Option<Area> {
    let audience = audience.trim_end_matches('/');
    if audience == origin || EXCHANGE_AUDIENCES.contains(&audience) {
        Some(Area::Exchange)
    } else if COMPLIANCE_AUDIENCES.contains(&audience) {
        Some(Area::Compliance)
    } else {
        None
    }
}

/// 302: compliance is served by regional hosts, whose cookie comes along.
fn to_region(service: &Service, request: &HttpRequest) -> Response {
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    let mut response = StatusCode::FOUND.into_response();
    answer::standard_headers(response.headers_mut());
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let region = if host.is_some_and(|host| host.eq_ignore_ascii_case(clouds::COMPLIANCE_DOOR)) {
        clouds::REGION
    } else {
        &service.adminapi.regional_origin
    };
    if let Ok(location) = HeaderValue::from_str(&format!("{region}{path}")) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// 401 without a body: nobody signed in.
fn without_token(service: &Service) -> Response {
    let mut response = StatusCode::UNAUTHORIZED.into_response();
    answer::standard_headers(response.headers_mut());
    challenge(service, "", response.headers_mut());
    response
}

fn unauthorized(service: &Service, reason: Reason) -> Response {
    let (text, parameters) = match reason {
        Reason::Expired => (TOKEN_EXPIRED, ", error=\"invalid_token\"".to_owned()),
        Reason::Claims | Reason::Context => {
            let (name, value) = match reason {
                Reason::Context => ("acrs", AUTHENTICATION_CONTEXT.to_owned()),
                _ => ("nbf", service.now().unix().to_string()),
            };
            let claims =
                format!("{{\"access_token\":{{\"{name}\":{{\"essential\":true,\"value\":\"{value}\"}}}}}}");
            (
                "Continuous access evaluation resulted in claims challenge.",
                format!(", error=\"insufficient_claims\", claims=\"{}\"", STANDARD.encode(claims)),
            )
        }
    };
    let mut response = Answer::refusal(401, "Unauthorized", text).into_response(false);
    challenge(service, &parameters, response.headers_mut());
    response
}

fn challenge(service: &Service, parameters: &str, headers: &mut HeaderMap) {
    let value = format!(
        "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", \
         client_id=\"00000002-0000-0ff1-ce00-000000000000\"{parameters}",
        service.origin
    );
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::WWW_AUTHENTICATE, value);
    }
}

/// 403 as Exchange sends it for a cmdlet outside the caller's roles: NUL bytes that claim to be gzip.
pub(super) fn nul_forbidden() -> Response {
    let mut response = Response::new(Body::from(vec![0_u8; NUL_BODY_LEN]));
    *response.status_mut() = StatusCode::FORBIDDEN;
    answer::standard_headers(response.headers_mut());
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// The head and the whole body of a request.
pub(super) async fn body(request: HttpRequest) -> Result<(Parts, Bytes), Answer> {
    let (head, body) = request.into_parts();
    match to_bytes(body, MAX_REQUEST_LEN).await {
        Ok(body) => Ok((head, body)),
        Err(_) => Err(Answer::refusal(413, "RequestEntityTooLarge", "The request body is too large.")),
    }
}

/// Packs an answer for the wire; that of a cmdlet is damaged on purpose when it is time.
pub(super) async fn deliver(
    service: &Service,
    answer: Answer,
    accepts_gzip: bool,
    runs_cmdlets: bool,
) -> Response {
    if answer.status == 403 && answer.body.is_empty() {
        return nul_forbidden();
    }
    if !runs_cmdlets {
        return answer.into_response(accepts_gzip);
    }
    let take = |wanted: FaultKind| service.faults.take(|kind| *kind == wanted).is_some();
    if take(FaultKind::DropBefore) {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(HangUp);
        return response;
    }
    let faulty = if take(FaultKind::DropMid) {
        FaultyBody::breaking_off(&answer.body)
    } else if take(FaultKind::SlowDrip) {
        FaultyBody::dripping(answer.body.clone())
    } else if answer.body.len() < LONG_BODY_LEN {
        return answer.into_response(accepts_gzip);
    } else {
        let packed = tokio::task::spawn_blocking(move || answer.into_response(accepts_gzip));
        return packed.await.unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let mut response = answer.into_response(false);
    *response.body_mut() = faulty;
    response
}

const WITHOUT_ROLE: &str = "The role assigned to application isn't supported in this scenario. Please check online documentation for \
     assigning correct Directory Roles to Azure AD Application for EXO App-Only Authentication.";
const TOKEN_EXPIRED: &str = "The token has expired or is not for this service.";
/// Room for a file of a few megabytes written as a list of numbers.
const MAX_REQUEST_LEN: usize = 32 * 1024 * 1024;
/// From here on packing takes long enough to be done on a thread of its own.
const LONG_BODY_LEN: usize = 64 * 1024;
const NUL_BODY_LEN: usize = 64;
const EXCHANGE_AUDIENCES: &[&str] = &[
    "https://outlook.office365.com",
    "https://outlook.office365.us",
    "https://outlook-dod.office365.us",
    "https://outlook.office365.cn",
    "https://partner.outlook.cn",
    "https://outlook.office.de",
    "https://outlook.office.com",
];
const COMPLIANCE_AUDIENCES: &[&str] = &[
    "https://ps.compliance.protection.outlook.com",
    "https://ps.compliance.protection.office365.us",
    "https://ps.compliance.protection.partner.outlook.cn",
    "https://ps.compliance.protection.outlook.de",
];
