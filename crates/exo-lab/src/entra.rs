//! The sign-in service: discovery documents, device code, token endpoint.
//!
//! It answers as Entra ID does for the flows it knows: password, device code and refresh token. Everything else gets
//! Entra's own refusal for an unsupported grant type.

mod device;
mod refusal;
mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Service;
use crate::directory::Account;
use crate::fault::Stage;

pub(crate) use device::DeviceCodes;
pub(crate) use refusal::Refusal;
pub(crate) use token::Tokens;

/// The form fields of a request, as sent.
type Fields = HashMap<String, String>;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration`
pub(crate) async fn openid_configuration(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !service.directory.knows_tenant(&tenant) {
        return Refusal::unknown_tenant(&tenant).into_response(&headers);
    }
    let base = format!("{}/{tenant}", service.origin);
    json_response(&json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "issuer": format!("{}/{}/v2.0", service.origin, service.directory.tenant_id()),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "exo-lab",
    }))
}

/// `GET /common/discovery/instance`: which hosts make up this cloud.
pub(crate) async fn instance_discovery(
    State(service): State<Arc<Service>>,
    Query(fields): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let Some(asked) = fields.get("authorization_endpoint") else {
        return Refusal::missing_parameter("authorization_endpoint").into_response(&headers);
    };
    let tenant = asked.strip_prefix(&service.origin).and_then(|rest| rest.split('/').nth(1));
    let Some(tenant) = tenant.filter(|tenant| service.directory.knows_tenant(tenant)) else {
        return Refusal::unknown_instance().into_response(&headers);
    };
    let host = service.origin.trim_start_matches("https://");
    json_response(&json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", service.origin),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

/// `POST /{tenant}/oauth2/v2.0/devicecode`
pub(crate) async fn device_code(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let answer = || -> Result<Value, Refusal> {
        check_client(&service, &tenant, &fields)?;
        let scope = required(&fields, "scope")?;
        let code = service.devices.issue(scope)?;
        Ok(json!({
            "user_code": code.user_code,
            "device_code": code.device_code,
            "verification_uri": format!("{}/device", service.origin),
            "expires_in": device::LIFETIME.as_secs(),
            "interval": service.devices.interval().as_secs(),
            "message": format!(
                "To sign in, use a web browser to open the page {}/device and enter the code {} to authenticate.",
                service.origin, code.user_code
            ),
        }))
    };
    answer().map_or_else(|refusal| refusal.into_response(&headers), |body| json_response(&body))
}

/// `GET /device`: where a person types the code.
pub(crate) async fn device_page() -> Html<&'static str> {
    Html(
        "<!doctype html><title>Sign in to the lab</title><form method=post>\
         <p><label>Code <input name=user_code></label>\
         <p><label>User <input name=username></label>\
         <p><label>Password <input name=password type=password></label>\
         <p><button>Next</button> <button name=decline value=true>Cancel</button></form>",
    )
}

/// `POST /device`: approves (or, with `decline=true`, declines) a user code. Without `username` the lab's own user signs in.
pub(crate) async fn device_approval(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let answer = || -> Result<&'static str, Refusal> {
        let code = required(&fields, "user_code")?;
        if fields.get("decline").is_some_and(|decline| decline == "true") {
            service.devices.decline(code)?;
            return Ok("You have cancelled the sign-in. You may close this window.");
        }
        let account = match fields.get("username") {
            None => service.directory.administrator(),
            Some(user) => {
                service.directory.sign_in(user, fields.get("password").map_or("", String::as_str))?
            }
        };
        service.devices.approve(code, account)?;
        Ok("You have signed in. You may close this window.")
    };
    answer().map_or_else(|refusal| refusal.into_response(&headers), |text| Html(text).into_response())
}

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
    let answer = || -> Result<Value, Refusal> {
        let client = check_client(&service, &tenant, &fields)?;
        let grant = required(&fields, "grant_type")?;
        let (account, scope) = match grant {
            "password" => {
                let user = required(&fields, "username")?;
                let password = required(&fields, "password")?;
                (service.directory.sign_in(user, password)?, required(&fields, "scope")?.to_owned())
            }
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
                let code = fields.get("device_code").or_else(|| fields.get("code"));
                let code = code.ok_or_else(|| Refusal::missing_parameter("device_code"))?;
                service.devices.redeem(code, &service.directory)?
            }
            "refresh_token" => {
                let (account, scope) = service.tokens.redeem_refresh(required(&fields, "refresh_token")?)?;
                (account, fields.get("scope").cloned().unwrap_or(scope))
            }
            other => return Err(Refusal::unsupported_grant(other)),
        };
        Ok(grant_tokens(&service, client, &account, &scope))
    };
    let status = answer().map_or_else(|refusal| refusal.into_response(&headers), |body| json_response(&body));
    ([(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")], status).into_response()
}

/// The body of a successful token answer.
fn grant_tokens(service: &Service, client: &str, account: &Account, scope: &str) -> Value {
    let resource = scope.split(' ').find_map(|part| part.strip_suffix("/.default"));
    let audience = resource.unwrap_or(DEFAULT_AUDIENCE);
    let lifetime = service.tokens.lifetime();
    let access = service.tokens.access_token(account, client, audience, service);
    let mut body = json!({
        "token_type": "Bearer",
        "scope": format!("{audience}/AdminApi.AccessAsUser.All {audience}/.default"),
        "expires_in": lifetime.as_secs(),
        "ext_expires_in": lifetime.as_secs(),
        "access_token": access,
    });
    let asked = |name: &str| scope.split(' ').any(|part| part == name);
    if let Some(fields) = body.as_object_mut() {
        if asked("offline_access") {
            fields.insert("refresh_token".to_owned(), service.tokens.refresh_token(account, scope).into());
        }
        if asked("openid") {
            let id = service.tokens.id_token(account, client, service);
            fields.insert("id_token".to_owned(), id.into());
        }
    }
    body
}

/// The tenant and the application must be known ones.
fn check_client<'f>(service: &Service, tenant: &str, fields: &'f Fields) -> Result<&'f str, Refusal> {
    if !service.directory.knows_tenant(tenant) {
        return Err(Refusal::unknown_tenant(tenant));
    }
    let client = required(fields, "client_id")?;
    if KNOWN_CLIENTS.iter().any(|known| known.eq_ignore_ascii_case(client)) {
        Ok(client)
    } else {
        Err(Refusal::unknown_client(client))
    }
}

fn required<'f>(fields: &'f Fields, name: &'static str) -> Result<&'f str, Refusal> {
    match fields.get(name) {
        Some(value) if !value.is_empty() => Ok(value),
        _ => Err(Refusal::missing_parameter(name)),
    }
}

fn json_response(body: &Value) -> Response {
    (StatusCode::OK, [(header::CONTENT_TYPE, "application/json; charset=utf-8")], body.to_string())
        .into_response()
}

/// How long a sign-in page keeps a code.
pub(crate) const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(5);

/// A new opaque secret: two random identifiers without hyphens.
fn opaque() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// The applications that Exchange's own modules sign in as.
const KNOWN_CLIENTS: [&str; 2] =
    ["fb78d390-0c51-40cd-8e17-fdbfab77341b", "a0c73c16-a7e3-4564-9a95-2bdf47383716"];
const DEFAULT_AUDIENCE: &str = "https://outlook.office365.com";
