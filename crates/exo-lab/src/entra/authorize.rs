//! The authorization endpoint (RFC 6749 §4.1, OpenID Connect Core §3.1.2): what is asked, and the way back.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use uuid::Uuid;

use crate::Service;
use crate::directory::Account;
use crate::entra::browser::{self, Purpose};
use crate::entra::code::{Challenge, Code};
use crate::entra::token::{Bearer, Grant};
use crate::entra::{Fields, Refusal, check_client, encoded, opaque, origin, page};

/// An authorization request whose client and way back are known to be good.
#[derive(Debug, Clone)]
pub(super) struct AuthorizeRequest {
    client: String,
    redirect_uri: String,
    mode: ResponseMode,
    state: Option<String>,
    scope: String,
    nonce: Option<String>,
    challenge: Option<Challenge>,
}

/// How the answer travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ResponseMode {
    Query,
    Fragment,
    FormPost,
}

/// `GET /{tenant}/oauth2/v2.0/authorize`
pub(crate) async fn authorize(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    Query(fields): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let mut request = match way_back(&service, &origin(&service, &headers), &tenant, &fields) {
        Ok(request) => request,
        // Whoever sent the browser here is not known: the person is told, and nobody else.
        Err(refusal) => {
            let text = refusal.description(Uuid::new_v4(), service.now());
            return page::message(StatusCode::BAD_REQUEST, "We can't sign you in", &text);
        }
    };
    if let Err(refusal) = request.read(&fields) {
        return request.refuse(&service, refusal);
    }
    let known = browser::cookie(&headers);
    let browser = known.map_or_else(opaque, str::to_owned);
    let hint = fields.get("login_hint").map_or("", String::as_str);
    let prompt = fields.get("prompt").map_or("", String::as_str);
    let signed_in = service.browsers.account(&browser);
    let suits = |account: &Account| hint.is_empty() || account.upn().eq_ignore_ascii_case(hint);
    if !matches!(prompt, "login" | "select_account")
        && let Some(account) = signed_in.filter(suits)
    {
        return request.accept(&service, account);
    }
    if prompt == "none" {
        return request.refuse(&service, Refusal::nobody_signed_in());
    }
    let flow = service.browsers.begin(&browser, Purpose::Authorize(Box::new(request)));
    let mut response = page::sign_in(&tenant, &flow, hint, None);
    if known.is_none() {
        browser::set_cookie(&mut response, &browser);
    }
    response
}

/// Client and redirect address: unless both are good, nothing is sent back.
fn way_back(
    service: &Service,
    origin: &str,
    tenant: &str,
    fields: &Fields,
) -> Result<AuthorizeRequest, Refusal> {
    let client = check_client(service, tenant, fields)?.to_owned();
    let Some(redirect_uri) = fields.get("redirect_uri").filter(|uri| !uri.is_empty()) else {
        return Err(Refusal::missing_parameter("redirect_uri"));
    };
    let native = format!("{origin}/common/oauth2/nativeclient");
    if !is_loopback(redirect_uri) && *redirect_uri != native {
        return Err(Refusal::unregistered_redirect(redirect_uri, &client));
    }
    let mode = match fields.get("response_mode").map(String::as_str) {
        None | Some("query") => ResponseMode::Query,
        Some("fragment") => ResponseMode::Fragment,
        Some("form_post") => ResponseMode::FormPost,
        Some(other) => return Err(Refusal::unsupported_mode(other)),
    };
    Ok(AuthorizeRequest {
        client,
        redirect_uri: redirect_uri.clone(),
        mode,
        state: fields.get("state").cloned(),
        scope: String::new(),
        nonce: fields.get("nonce").cloned(),
        challenge: None,
    })
}

/// `http://localhost` with any port and no path is registered for the clients of this lab; an address instead of the
/// name is not (RFC 8252 §7.3 notwithstanding).
fn is_loopback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://localhost") else { return false };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    match rest.strip_prefix(':') {
        None => rest.is_empty(),
        Some(port) => port.parse::<u16>().is_ok_and(|port| port != 0),
    }
}

impl AuthorizeRequest {
    /// The rest of the request.
    fn read(&mut self, fields: &Fields) -> Result<(), Refusal> {
        let field = |name: &str| fields.get(name).map(String::as_str);
        match field("response_type") {
            Some("code") => {}
            other => return Err(Refusal::unsupported_response(other.unwrap_or_default())),
        }
        if !matches!(field("prompt"), None | Some("none" | "login" | "select_account" | "consent")) {
            return Err(Refusal::unsupported_prompt(field("prompt").unwrap_or_default()));
        }
        self.scope = match field("scope") {
            Some(scope) if !scope.is_empty() => scope.to_owned(),
            _ => return Err(Refusal::missing_parameter("scope")),
        };
        self.challenge = match (field("code_challenge"), field("code_challenge_method")) {
            (None, _) => None,
            // RFC 7636 §4.2: 43 to 128 characters, whatever the method.
            (Some(value), Some("S256")) if value.len() == 43 => {
                Some(Challenge { value: value.to_owned(), is_hashed: true })
            }
            (Some(value), None | Some("plain")) if (43..=128).contains(&value.len()) => {
                Some(Challenge { value: value.to_owned(), is_hashed: false })
            }
            _ => return Err(Refusal::bad_challenge()),
        };
        Ok(())
    }

    /// Sends the code.
    pub(super) fn accept(self, service: &Service, account: Account) -> Response {
        let grant = Grant {
            client: self.client.clone(),
            scope: self.scope.clone(),
            nonce: self.nonce.clone(),
            is_multi_factor: true,
            sign_in: service.tokens.begin_sign_in(account.upn()),
            bearer: Bearer::Account(account),
        };
        let code = Code::new(grant, self.redirect_uri.clone(), self.challenge.clone());
        let code = service.codes.issue(code);
        self.answer(vec![("code", code), ("session_state", Uuid::new_v4().to_string())])
    }

    /// Sends the reason why there is no code.
    pub(super) fn refuse(self, service: &Service, refusal: Refusal) -> Response {
        let refusal = refusal.spoiled(&service.faults);
        let text = refusal.description(Uuid::new_v4(), service.now());
        self.answer(vec![("error", refusal.error().to_owned()), ("error_description", text)])
    }

    fn answer(self, mut parameters: Vec<(&str, String)>) -> Response {
        if let Some(state) = self.state {
            parameters.push(("state", state));
        }
        let mark = match self.mode {
            ResponseMode::FormPost => return page::form_post(&self.redirect_uri, &parameters),
            ResponseMode::Query => '?',
            ResponseMode::Fragment => '#',
        };
        let pairs: Vec<String> =
            parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let target = format!("{}{mark}{}", self.redirect_uri, pairs.join("&"));
        let mut response = StatusCode::FOUND.into_response();
        if let Ok(target) = HeaderValue::from_str(&target) {
            response.headers_mut().insert(header::LOCATION, target);
        }
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

/// `GET /common/oauth2/nativeclient`: where clients without a listener of their own let the browser end.
pub(crate) async fn native_client() -> Response {
    page::message(StatusCode::OK, "Signed in", "You may close this window.")
}
