//! Managed identities: the endpoints that Azure puts beside a machine or an app, over plain http on loopback.
//!
//! The virtual machine's (IMDS), the one of App Service, Functions and Container Apps, and that of Azure Arc with its
//! challenge file.

use std::fs;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::entra::application::Application;
use crate::entra::token::{Bearer, Grant};
use crate::entra::{Fields, Refusal, json_response, opaque};
use crate::fault::Stage;
use crate::{Service, StartError};

/// The identities of the machine, and what proves that a caller runs on it.
pub(crate) struct Identities {
    /// `http://127.0.0.1:PORT`
    origin: String,
    system: Application,
    user: Application,
    /// `X-IDENTITY-HEADER`
    header: String,
    /// Where the challenge file of Azure Arc lies, and what stands in it.
    arc_file: PathBuf,
    arc_secret: String,
}

impl Identities {
    /// Writes the challenge file into `folder`.
    pub(crate) fn new(port: u16, folder: &FilePath) -> Result<Self, StartError> {
        let (arc_file, arc_secret) = (folder.join(format!("{}.key", Uuid::new_v4())), opaque());
        fs::write(&arc_file, &arc_secret).map_err(|source| StartError::folder(&arc_file, source))?;
        Ok(Self {
            origin: format!("http://127.0.0.1:{port}"),
            system: Application::new("exo-lab machine", Vec::new(), true),
            user: Application::new("exo-lab user-assigned identity", Vec::new(), true),
            header: opaque(),
            arc_file,
            arc_secret,
        })
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    pub(crate) fn header(&self) -> &str {
        &self.header
    }

    /// The client id of the user-assigned identity.
    pub(crate) fn client_id(&self) -> Uuid {
        self.user.id()
    }

    /// The identity that a request names; without a name, the system-assigned one.
    fn named(&self, fields: &Fields) -> Option<&Application> {
        match ["client_id", "object_id", "principal_id"].iter().find_map(|name| fields.get(*name)) {
            None => Some(&self.system),
            Some(id) => {
                let id = Uuid::parse_str(id).ok()?;
                [&self.system, &self.user]
                    .into_iter()
                    .find(|identity| identity.id() == id || identity.object_id() == id)
            }
        }
    }
}

impl Drop for Identities {
    fn drop(&mut self) {
        // A file that cannot be removed holds nothing that is still good.
        drop(fs::remove_file(&self.arc_file));
    }
}

impl std::fmt::Debug for Identities {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identities").field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// The three endpoints.
pub(crate) fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/metadata/identity/oauth2/token", get(machine))
        .route("/msi/token", get(app_service))
        .route("/arc/metadata/identity/oauth2/token", get(arc))
        .with_state(service)
}

/// `GET /metadata/identity/oauth2/token`: the instance metadata service of a virtual machine.
async fn machine(
    State(service): State<Arc<Service>>,
    Query(fields): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    if !is_marked(&headers) {
        return metadata_refusal("invalid_request", "Required metadata header not specified");
    }
    if fields.get("api-version").is_none_or(|version| version != "2018-02-01") {
        return metadata_refusal("bad_request_102", "Required api-version is missing or not supported");
    }
    give(&service, &fields, Form::Metadata).await
}

/// `GET /msi/token`: App Service, Functions and Container Apps.
async fn app_service(
    State(service): State<Arc<Service>>,
    Query(fields): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    let proof = headers.get("x-identity-header").and_then(|proof| proof.to_str().ok());
    if proof != Some(&service.identities.header) {
        let body = json!({ "statusCode": 401, "message": "The X-IDENTITY-HEADER is missing or wrong." });
        return (StatusCode::UNAUTHORIZED, body.to_string()).into_response();
    }
    if fields.get("api-version").is_none_or(|version| version != "2019-08-01") {
        let body = json!({ "statusCode": 400, "message": "The api-version is not supported." });
        return (StatusCode::BAD_REQUEST, body.to_string()).into_response();
    }
    give(&service, &fields, Form::AppService).await
}

/// `GET /arc/metadata/identity/oauth2/token`: Azure Arc, whose callers prove that they can read a file of root's.
async fn arc(
    State(service): State<Arc<Service>>,
    Query(fields): Query<Fields>,
    headers: HeaderMap,
) -> Response {
    if !is_marked(&headers) {
        return metadata_refusal("invalid_request", "Required metadata header not specified");
    }
    let proof = headers.get(header::AUTHORIZATION).and_then(|proof| proof.to_str().ok());
    let identities = &service.identities;
    // The secret goes as it is; Arc calls this Basic all the same.
    if proof.and_then(|proof| proof.strip_prefix("Basic ")) != Some(&identities.arc_secret) {
        let challenge = format!("Basic realm={}", identities.arc_file.display());
        let mut response = StatusCode::UNAUTHORIZED.into_response();
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        return response;
    }
    give(&service, &fields, Form::Metadata).await
}

/// The two forms of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Metadata,
    AppService,
}

async fn give(service: &Service, fields: &Fields, form: Form) -> Response {
    if service.faults.hangs(Stage::Token) {
        return std::future::pending().await;
    }
    if let Some(response) = super::grant::misbehave(service) {
        return response;
    }
    let Some(identity) = service.identities.named(fields) else {
        return match form {
            Form::Metadata => metadata_refusal("invalid_request", "Identity not found"),
            Form::AppService => {
                let text = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId.";
                let body = json!({ "statusCode": 400, "message": text, "correlationId": Uuid::new_v4().to_string() });
                (StatusCode::BAD_REQUEST, body.to_string()).into_response()
            }
        };
    };
    let Some(resource) = fields.get("resource").filter(|resource| !resource.is_empty()) else {
        return metadata_refusal("invalid_resource", "The resource parameter is missing");
    };
    let grant = Grant {
        client: identity.id().to_string(),
        scope: String::new(),
        nonce: None,
        is_multi_factor: false,
        sign_in: Uuid::nil(),
        bearer: Bearer::Application(identity.clone()),
    };
    let token = match service.tokens.access_token(&grant, resource, &Value::Null, service) {
        Ok(token) => token,
        Err(refusal) => return metadata_failure(&refusal),
    };
    let lifetime = service.tokens.lifetime().as_secs();
    let now = service.now().unix();
    // Numbers are texts here.
    let mut body = json!({
        "access_token": token,
        "client_id": identity.id().to_string(),
        "expires_on": now.saturating_add(lifetime).to_string(),
        "resource": resource,
        "token_type": "Bearer",
    });
    if form == Form::Metadata
        && let Some(fields) = body.as_object_mut()
    {
        fields.insert("expires_in".to_owned(), lifetime.to_string().into());
        fields.insert("ext_expires_in".to_owned(), lifetime.to_string().into());
        fields.insert("not_before".to_owned(), now.to_string().into());
    }
    super::grant::deliver(service, json_response(&body)).await
}

fn is_marked(headers: &HeaderMap) -> bool {
    headers.get("metadata").is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"true"))
}

fn metadata_refusal(error: &str, text: &str) -> Response {
    let body = json!({ "error": error, "error_description": text });
    let content_type = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (StatusCode::BAD_REQUEST, content_type, body.to_string()).into_response()
}

fn metadata_failure(refusal: &Refusal) -> Response {
    metadata_refusal(refusal.error(), "The token could not be made")
}
