//! The sign-in service: discovery, sign-in pages, device codes, the token endpoint, managed identities.
//!
//! It answers as Entra ID does for the flows that Exchange's modules have: browser, device code, password, certificate,
//! managed identity and refresh. Everything else gets Entra's own refusal. It is written from Entra's documents and the
//! RFCs and judged by Microsoft's own client library (`tests/peers/msal_client.py`), not by ours.

mod application;
mod assertion;
mod authorize;
mod browser;
mod code;
mod device;
mod discovery;
mod grant;
mod identity;
mod log;
mod login;
mod page;
mod refusal;
mod signing;
mod token;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::Service;

pub(crate) use application::{Application, RegisteredCertificate};
pub(crate) use authorize::{authorize, native_client};
pub(crate) use browser::Browsers;
pub(crate) use code::Codes;
pub(crate) use device::DeviceCodes;
pub(crate) use discovery::{instance, keys, openid_configuration, user_realm};
pub(crate) use grant::token;
pub(crate) use identity::{Identities, router as identity_router};
pub(crate) use log::Log;
pub use log::TokenRequest;
pub(crate) use login::{
    device_approval, device_code as device_code_typed, device_page, password, second_factor,
};
pub(crate) use refusal::Refusal;
pub(crate) use signing::SigningKey;
pub(crate) use token::{AUTHENTICATION_CONTEXT, Tokens};

/// The form fields of a request, as sent.
type Fields = HashMap<String, String>;

/// `POST /{tenant}/oauth2/v2.0/devicecode`
pub(crate) async fn device_code(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let answer = || -> Result<Value, Refusal> {
        let client = check_client(&service, &tenant, &fields)?;
        let scope = required(&fields, "scope")?;
        let code = service.devices.issue(client, scope)?;
        let page = format!("{}/device", origin(&service, &headers));
        Ok(json!({
            "user_code": code.user_code,
            "device_code": code.device_code,
            "verification_uri": page,
            "expires_in": service.devices.lifetime().as_secs(),
            "interval": service.devices.interval().as_secs(),
            "message": format!(
                "To sign in, use a web browser to open the page {page} and enter the code {} to authenticate.",
                code.user_code
            ),
        }))
    };
    let refuse = |refusal: Refusal| refusal.into_response(&headers, service.now());
    answer().map_or_else(refuse, |body| json_response(&body))
}

/// `https://HOST` as the caller sees it: through a proxy the lab answers under the names of Microsoft's own hosts.
fn origin(service: &Service, headers: &HeaderMap) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_host = |host: &&str| {
        !host.is_empty() && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte))
    };
    host.filter(is_host).map_or_else(|| service.origin.clone(), |host| format!("https://{host}"))
}

/// The tenant and the application must be known ones.
fn check_client<'f>(service: &Service, tenant: &str, fields: &'f Fields) -> Result<&'f str, Refusal> {
    if !service.directory.knows_tenant(tenant) {
        return Err(Refusal::unknown_tenant(tenant));
    }
    let client = required(fields, "client_id")?;
    let is_known = KNOWN_CLIENTS.iter().any(|known| known.eq_ignore_ascii_case(client))
        || service.directory.application(client).is_some();
    if is_known { Ok(client) } else { Err(Refusal::unknown_client(client)) }
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

/// Text as it may stand in a query (RFC 3986 §2.3).
fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut safe, byte| {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                safe.push(char::from(byte));
            }
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
        safe
    })
}

/// A new opaque secret: two random identifiers without hyphens.
fn opaque() -> String {
    format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple())
}

/// How long device-code clients are told to wait between polls, unless the lab is told otherwise.
pub(crate) const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(5);
/// The applications that Exchange's own modules sign in as.
const KNOWN_CLIENTS: [&str; 2] =
    ["fb78d390-0c51-40cd-8e17-fdbfab77341b", "a0c73c16-a7e3-4564-9a95-2bdf47383716"];
