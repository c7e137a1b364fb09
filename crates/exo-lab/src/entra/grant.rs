//! The token endpoint: each grant type, and the answer that all of them share.

use std::sync::Arc;

use axum::Form;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Service;
use crate::body::FaultyBody;
use crate::entra::log::TokenRequest;
use crate::entra::token::{Bearer, Grant};
use crate::entra::{Fields, Refusal, assertion, check_client, json_response, origin, required};
use crate::fault::{FaultKind, Stage};
use crate::listener::HangUp;

/// `POST /{tenant}/oauth2/v2.0/token`
pub(crate) async fn token(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    if service.faults.hangs(Stage::Token) {
        return std::future::pending().await;
    }
    if let Some(response) = misbehave(&service) {
        return response;
    }
    let outcome = answer(&service, &origin(&service, &headers), &tenant, &fields);
    service.log.add(TokenRequest::of(&fields, outcome.as_ref().err()));
    let response = match outcome {
        Ok(body) => json_response(&body),
        Err(refusal) => refusal.spoiled(&service.faults).into_response(&headers, service.now()),
    };
    deliver(&service, response).await
}

/// Trouble that comes whatever is asked.
pub(super) fn misbehave(service: &Service) -> Option<Response> {
    let take = |wanted: FaultKind| service.faults.is_due(|kind| *kind == wanted);
    if take(FaultKind::TokenDrop) {
        let mut response = Response::new(Body::empty());
        response.extensions_mut().insert(HangUp);
        return Some(response);
    }
    if take(FaultKind::TokenHtml) {
        return Some(Html("<!doctype html><title>Proxy</title><p>Please log on.").into_response());
    }
    let status = service.faults.take(|kind| matches!(kind, FaultKind::TokenStatus(_)));
    if let Some(FaultKind::TokenStatus(status)) = status {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return Some((status, [(header::RETRY_AFTER, "1")], "The service is unavailable.").into_response());
    }
    None
}

/// Sends an answer, whole and at once unless something else is due. The date is that of the service's own clock.
pub(super) async fn deliver(service: &Service, response: Response) -> Response {
    let (mut head, body) = response.into_parts();
    head.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    head.headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    if let Ok(date) = HeaderValue::from_str(&service.now().http()) {
        head.headers.insert(header::DATE, date);
    }
    let take = |wanted: FaultKind| service.faults.is_due(|kind| *kind == wanted);
    let (breaks_off, drips) = (take(FaultKind::TokenDropMid), take(FaultKind::TokenSlow));
    if !breaks_off && !drips {
        return Response::from_parts(head, body);
    }
    // An answer made here is in memory already, so that reading it cannot fail.
    let bytes: Bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default();
    let body = if breaks_off { FaultyBody::breaking_off(&bytes) } else { FaultyBody::dripping(bytes) };
    Response::from_parts(head, body)
}

fn answer(service: &Service, origin: &str, tenant: &str, fields: &Fields) -> Result<Value, Refusal> {
    let client = check_client(service, tenant, fields)?;
    let requested = requested_claims(fields)?;
    let grant = match required(fields, "grant_type")? {
        "authorization_code" => service.codes.redeem(
            required(fields, "code")?,
            client,
            required(fields, "redirect_uri")?,
            fields.get("code_verifier").map(String::as_str),
            service,
        )?,
        "password" => password(service, client, fields)?,
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
            let code = fields.get("device_code").or_else(|| fields.get("code"));
            let code = code.ok_or_else(|| Refusal::missing_parameter("device_code"))?;
            if service.faults.is_due(|kind| *kind == FaultKind::SlowDown) {
                return Err(Refusal::slow_down());
            }
            service.devices.redeem(code, client, service)?
        }
        "refresh_token" => {
            let mut grant = service.tokens.redeem_refresh(required(fields, "refresh_token")?, client)?;
            // The nonce belongs to the request that the person answered.
            grant.nonce = None;
            if let Some(scope) = fields.get("scope") {
                grant.scope.clone_from(scope);
            }
            grant
        }
        "client_credentials" => client_credentials(service, origin, tenant, client, fields)?,
        other => return Err(Refusal::unsupported_grant(other)),
    };
    tokens(service, origin, grant, &requested, fields.get("client_info").is_some_and(|wanted| wanted == "1"))
}

fn password(service: &Service, client: &str, fields: &Fields) -> Result<Grant, Refusal> {
    let user = required(fields, "username")?;
    let account = service.directory.sign_in(user, required(fields, "password")?)?;
    if account.needs_second_factor() {
        return Err(Refusal::numbered(50076, user));
    }
    Ok(Grant {
        client: client.to_owned(),
        scope: required(fields, "scope")?.to_owned(),
        nonce: None,
        is_multi_factor: false,
        sign_in: service.tokens.begin_sign_in(account.upn()),
        bearer: Bearer::Account(account),
    })
}

fn client_credentials(
    service: &Service,
    origin: &str,
    tenant: &str,
    client: &str,
    fields: &Fields,
) -> Result<Grant, Refusal> {
    if matches!(tenant, "organizations" | "common") {
        return Err(Refusal::numbered(50059, ""));
    }
    let Some(application) = service.directory.application(client) else {
        // The clients that everybody shares have no credentials of their own.
        return Err(Refusal::unknown_client(client));
    };
    let application = assertion::check(service, application, origin, tenant, fields)?;
    let scope = required(fields, "scope")?;
    if !scope.split(' ').all(|part| part.ends_with("/.default")) {
        return Err(Refusal::bad_application_scope(scope));
    }
    Ok(Grant {
        client: client.to_owned(),
        scope: scope.to_owned(),
        nonce: None,
        is_multi_factor: false,
        sign_in: Uuid::nil(),
        bearer: Bearer::Application(application.clone()),
    })
}

/// The `claims` parameter: which claims the tokens are to have.
fn requested_claims(fields: &Fields) -> Result<Value, Refusal> {
    match fields.get("claims") {
        None => Ok(Value::Null),
        Some(text) => serde_json::from_str(text).map_err(|_| Refusal::bad_claims()),
    }
}

/// The body of a successful answer.
fn tokens(
    service: &Service,
    origin: &str,
    grant: Grant,
    requested: &Value,
    wants_client_info: bool,
) -> Result<Value, Refusal> {
    let resource = grant.scope.split(' ').find_map(|part| part.strip_suffix("/.default"));
    let audience = resource.unwrap_or(DEFAULT_AUDIENCE).to_owned();
    let lifetime = service.tokens.lifetime().as_secs();
    let access = service.tokens.access_token(&grant, &audience, requested, service)?;
    let mut body = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": access,
    });
    let Some(fields) = body.as_object_mut() else { return Ok(body) };
    let Bearer::Account(account) = &grant.bearer else { return Ok(body) };
    let scope = format!("{audience}/AdminApi.AccessAsUser.All {audience}/.default");
    fields.insert("scope".to_owned(), scope.into());
    let asked = |name: &str| grant.scope.split(' ').any(|part| part == name);
    if asked("openid") {
        fields
            .insert("id_token".to_owned(), service.tokens.id_token(&grant, account, origin, service)?.into());
    }
    if wants_client_info {
        let info = json!({ "uid": account.object_id().to_string(), "utid": service.directory.tenant_id().to_string() });
        fields.insert("client_info".to_owned(), URL_SAFE_NO_PAD.encode(info.to_string()).into());
    }
    if asked("offline_access") {
        fields.insert("refresh_token".to_owned(), service.tokens.refresh_token(grant).into());
    }
    Ok(body)
}

const DEFAULT_AUDIENCE: &str = "https://outlook.office365.com";
