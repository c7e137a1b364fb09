//! Which path goes where.

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::routing::{any, get, post};
use axum::{Extension, Router};

use crate::adminapi::Regional;
use crate::{Service, adminapi, entra, wsman};

/// The lab's routes: the sign-in service by exact path, remote PowerShell by path in any case.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(entra::openid_configuration))
        .route("/{tenant}/.well-known/openid-configuration", get(entra::openid_configuration))
        .route("/common/discovery/instance", get(entra::instance))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(entra::device_code))
        .route("/{tenant}/oauth2/v2.0/token", post(entra::token))
        .route("/{tenant}/oauth2/v2.0/authorize", get(entra::authorize))
        .route("/{tenant}/login", post(entra::password))
        .route("/{tenant}/SAS/ProcessAuth", post(entra::second_factor))
        .route("/{tenant}/discovery/v2.0/keys", get(entra::keys))
        .route("/common/userrealm/{user}", get(entra::user_realm))
        .route("/common/oauth2/nativeclient", get(entra::native_client))
        .route("/device", get(entra::device_page).post(entra::device_code_typed))
        .route("/device/approve", post(entra::device_approval))
        .route("/adminapi/{*path}", any(adminapi::endpoint))
        .route("/AdminApi/{*path}", any(adminapi::endpoint))
        .fallback(wsman::endpoint)
        .layer(DefaultBodyLimit::max(MAX_FORM_LEN))
        .with_state(service)
}

/// The routes of the regional compliance host: REST only.
pub(crate) fn regional_router(service: Arc<Service>) -> Router {
    Router::new().fallback(adminapi::endpoint).layer(Extension(Regional)).with_state(service)
}

const MAX_FORM_LEN: usize = 64 * 1024;
