//! Opening a session over REST: the catalogue is the first thing asked for, and where it comes from is the host of the
//! session.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Deserialize;
use uuid::Uuid;

use crate::adminapi::{Client, Endpoint, Failed, Request, RoutingHint, failed};
use crate::carrier::rest::transport::HttpTransport;
use crate::catalog::Catalog;
use crate::connect::credential::Credential;
use crate::error::kind::{Kind, shown};
use crate::error::{Error, Step};
use crate::http::{host_of, origin_of};
use crate::options::ConnectOptions;

/// What it takes to open a session.
pub(crate) struct Opening<'a> {
    pub(crate) transport: HttpTransport,
    /// The base address, scheme and host only.
    pub(crate) base: Url,
    pub(crate) connection_id: Uuid,
    pub(crate) credential: &'a Credential,
    pub(crate) options: &'a ConnectOptions,
}

/// Asks which cmdlets there are, and from where they are served.
pub(crate) async fn open(opening: Opening<'_>) -> Result<Client<HttpTransport>, Error> {
    let Opening { transport, base, connection_id, credential, options } = opening;
    let tenant = tenant(credential, options)?;
    let mut endpoint = Endpoint::new(origin_of(&base), tenant, connection_id);
    endpoint.routing = RoutingHint::anchor(anchor(credential, options, &endpoint.tenant));
    endpoint.page_size = options.page_size;
    endpoint.max_object_len = options.max_object_len;
    let request = module_file_request(&endpoint);
    let (body, url) = ask(&transport, &request).await?;
    endpoint.base = origin_of(&url);
    let catalog = read(&body, &url)?;
    for refusal in &catalog.refused {
        tracing::warn!(name = refusal.name, reason = refusal.reason, "a cmdlet was left out");
    }
    Ok(Client::new(endpoint, Arc::new(catalog), transport))
}

/// The customer's tenant, the token's, or the domain of the account.
fn tenant(credential: &Credential, options: &ConnectOptions) -> Result<String, Error> {
    let domain = credential.user.as_deref().and_then(|user| user.rsplit_once('@')).map(|(_, domain)| domain);
    let known = options.delegated_organization.as_deref().or(credential.tenant_id.as_deref()).or(domain);
    let is_tenant = |name: &&str| {
        !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
    };
    known.filter(is_tenant).map(str::to_owned).ok_or_else(|| {
        let problem =
            "does not say which tenant it is for; name the user or the delegated organization".to_owned();
        Error::new(Step::Options, Kind::Option { name: "token", problem })
    })
}

/// The mailbox whose server the requests should reach: the user's, or one that every tenant has.
fn anchor(credential: &Credential, options: &ConnectOptions, tenant: &str) -> Option<String> {
    if options.bypass_mailbox_anchoring {
        return None;
    }
    Some(match (&credential.user, &options.delegated_organization) {
        (Some(user), None) => format!("UPN:{user}"),
        (_, Some(_)) => format!("TID:{tenant}"),
        (None, None) => format!("APP:{}@{tenant}", super::credential::SYSTEM_MAILBOX),
    })
}

fn module_file_request(endpoint: &Endpoint) -> Request {
    let version = &endpoint.module_version;
    let mut headers: Vec<(String, String)> = [
        ("Accept", "application/json"),
        ("CommandName", "*"),
        ("ps-version", "7.6.0"),
        ("exomodule-version", version),
        ("is-cloud-shell-environment", "False"),
        ("X-InitializeConnectionContextObjectIdDynamic", "true"),
        ("connection-id", &endpoint.connection_id.to_string()),
        ("client-request-id", &Uuid::new_v4().to_string()),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();
    if let Some(hint) = &endpoint.routing.value {
        headers.push((endpoint.routing.header.clone(), hint.clone()));
    }
    Request {
        url: format!("{}/AdminApi/v1.0/{}/EXOModuleFile?Version={version}", endpoint.base, endpoint.tenant),
        headers,
        body: bytes::Bytes::new(),
        time_limit: TIME_LIMIT,
    }
}

/// Asks until there is a final answer; the body of a good one.
async fn ask(transport: &HttpTransport, request: &Request) -> Result<(bytes::Bytes, Url), Error> {
    let mut tries = 0;
    loop {
        tries += 1;
        let (answer, url) = transport.exchange(Method::GET, request, Step::Open).await?;
        if answer.status == 200 {
            return Ok((answer.body, url));
        }
        let status = answer.status;
        // A token that is new and refused too stays refused: the account may not use the service.
        let gives_up = status == 401 && MAX_TOKENS <= tries;
        let said = if gives_up {
            None
        } else {
            match failed(transport, &answer, tries).await? {
                Failed::TryAgain => continue,
                Failed::Final { said } => said.map(|said| shown(&said)),
            }
        };
        let host = host_of(&url);
        return Err(Error::new(
            Step::Open,
            match status {
                401 => Kind::Unauthorized { host, basic: false },
                403 => Kind::Forbidden { host, detail: said },
                404 => Kind::NotFound { host, path: "/AdminApi/v1.0/…/EXOModuleFile".to_owned() },
                429 | 503 => Kind::Busy { host, status, retry_after: None },
                status => Kind::Status { host, status, detail: said },
            },
        ));
    }
}

/// The module text out of the answer, and the cmdlets out of that.
fn read(body: &[u8], url: &Url) -> Result<Catalog, Error> {
    #[derive(Deserialize)]
    struct Files {
        value: Vec<File>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct File {
        #[serde(default)]
        file_name: String,
        #[serde(default)]
        file_content: String,
    }
    let host = host_of(url);
    if body.trim_ascii_start().starts_with(b"<") {
        return Err(Error::new(
            Step::Open,
            Kind::Html { host, expected: "the list of commands", title: None },
        ));
    }
    let files: Files = serde_json::from_slice(body).map_err(|error| {
        let problem = format!(
            "the list of commands of {host} is not the JSON that the service sends (line {}, column {})",
            error.line(),
            error.column()
        );
        Error::new(Step::Open, Kind::Protocol { problem })
    })?;
    let is_module = |file: &&File| {
        file.file_name.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("psm1"))
    };
    let file = files.value.iter().find(is_module).or(files.value.first());
    let text = file.map_or("", |file| file.file_content.as_str());
    Catalog::read(text).map_err(|error| {
        let problem = format!("the list of commands of {host} cannot be used: {error}");
        Error::with_source(Step::Open, Kind::Protocol { problem }, error)
    })
}

/// The first, and one renewed.
const MAX_TOKENS: u32 = 2;
const TIME_LIMIT: Duration = Duration::from_secs(180);
