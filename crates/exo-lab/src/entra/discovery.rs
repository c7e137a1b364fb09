//! What a client reads before it signs in: metadata, keys, what kind of account a name is.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use crate::Service;
use crate::entra::{Fields, Refusal, json_response, origin};
use crate::fault::FaultKind;

/// `GET /{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery §4)
pub(crate) async fn openid_configuration(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
) -> Response {
    if !service.directory.knows_tenant(&tenant) {
        return Refusal::unknown_tenant(&tenant).into_response(&headers, service.now());
    }
    let leads_astray = service.faults.is_due(|kind| *kind == FaultKind::DiscoveryElsewhere);
    let origin = origin(&service, &headers);
    let base = match leads_astray {
        true => format!("https://attacker.invalid/{tenant}"),
        false => format!("{origin}/{tenant}"),
    };
    // Of an authority for many tenants the issuer has a gap.
    let issuer = match tenant.as_str() {
        "organizations" | "common" => "{tenantid}".to_owned(),
        _ => service.directory.tenant_id().to_string(),
    };
    json_response(&json!({
        "token_endpoint": format!("{base}/oauth2/v2.0/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/discovery/v2.0/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": format!("{origin}/{issuer}/v2.0"),
        "request_uri_parameter_supported": false,
        "authorization_endpoint": format!("{base}/oauth2/v2.0/authorize"),
        "device_authorization_endpoint": format!("{base}/oauth2/v2.0/devicecode"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "acr", "nonce", "preferred_username", "name", "tid"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": host(&origin),
    }))
}

/// `GET /{tenant}/discovery/v2.0/keys`
pub(crate) async fn keys(State(service): State<Arc<Service>>) -> Response {
    json_response(&json!({ "keys": [service.tokens.key().jwk()] }))
}

/// `GET /common/discovery/instance`: which hosts make up this cloud.
pub(crate) async fn instance(
    State(service): State<Arc<Service>>,
    Query(fields): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let refuse = |refusal: Refusal| refusal.into_response(&headers, service.now());
    let Some(asked) = fields.get("authorization_endpoint") else {
        return refuse(Refusal::missing_parameter("authorization_endpoint"));
    };
    let origin = origin(&service, &headers);
    let rest = asked.strip_prefix(&origin).or_else(|| asked.strip_prefix(&service.origin));
    let tenant = rest.and_then(|rest| rest.split('/').nth(1));
    let Some(tenant) = tenant.filter(|tenant| service.directory.knows_tenant(tenant)) else {
        return refuse(Refusal::unknown_instance());
    };
    let host = host(&origin);
    json_response(&json!({
        "tenant_discovery_endpoint": format!("{origin}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{ "preferred_network": host, "preferred_cache": host, "aliases": [host] }],
    }))
}

/// `GET /common/userrealm/{user}`: whether the password is checked here or by the organization's own service.
/// Accounts called `federated…` are of the second kind.
pub(crate) async fn user_realm(
    State(service): State<Arc<Service>>,
    Path(user): Path<String>,
    headers: HeaderMap,
) -> Response {
    let origin = origin(&service, &headers);
    let host = host(&origin);
    let (alias, domain) = user.split_once('@').unwrap_or((&user, ""));
    let realm: Value = if alias.to_ascii_lowercase().starts_with("federated") {
        let sts = "https://sts.contoso.invalid/adfs/services/trust";
        json!({
            "ver": "1.0",
            "account_type": "Federated",
            "domain_name": domain,
            "federation_protocol": "WSTrust",
            "federation_metadata_url": format!("{sts}/mex"),
            "federation_active_auth_url": format!("{sts}/2005/usernamemixed"),
            "cloud_instance_name": host,
            "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        })
    } else if service.directory.knows_tenant(domain) {
        json!({
            "ver": "1.0",
            "account_type": "Managed",
            "domain_name": domain,
            "cloud_instance_name": host,
            "cloud_audience_urn": "urn:federation:MicrosoftOnline",
        })
    } else {
        json!({ "ver": "1.0", "account_type": "Unknown", "cloud_instance_name": host })
    };
    json_response(&realm).into_response()
}

fn host(origin: &str) -> &str {
    origin.trim_start_matches("https://")
}
