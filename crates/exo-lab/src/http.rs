//! Which path goes where.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::{Service, entra, wsman};

/// The lab's routes: the sign-in service by exact path, remote PowerShell by path in any case.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(entra::openid_configuration))
        .route("/{tenant}/.well-known/openid-configuration", get(entra::openid_configuration))
        .route("/common/discovery/instance", get(entra::instance_discovery))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(entra::device_code))
        .route("/{tenant}/oauth2/v2.0/token", post(entra::token))
        .route("/device", get(entra::device_page).post(entra::device_approval))
        .fallback(wsman::endpoint)
        .layer(DefaultBodyLimit::max(MAX_FORM_LEN))
        .with_state(service)
}

const MAX_FORM_LEN: usize = 64 * 1024;
