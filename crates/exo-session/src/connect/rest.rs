//! Opening a session over REST: the catalogue is the first thing asked for, and where it comes from is the host of the
//! session.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, Url};
use serde::Deserialize;
use uuid::Uuid;

use crate::adminapi::{Answer, Client, Endpoint, Failed, Request, RoutingHint, failed};
use crate::carrier::rest::transport::HttpTransport;
use crate::catalog::cache::{Copy, Key, Store, Validator};
use crate::catalog::{Catalog, CatalogError};
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
    endpoint.streaming_page_size = options.streaming_page_size.max(1);
    endpoint.max_object_len = options.max_object_len;
    let names = CommandNames::of(&options.command_names)?;
    let shelf = Shelf::of(&endpoint, credential, options, &names);
    let (mut catalog, url) = fetch(&transport, &endpoint, &names, shelf).await?;
    endpoint.base = origin_of(&url);
    catalog.retain(&options.command_names);
    for refusal in &catalog.refused {
        tracing::warn!(name = refusal.name, reason = refusal.reason, "a cmdlet was left out");
    }
    Ok(Client::new(endpoint, Arc::new(catalog), transport))
}

/// The `CommandName` header: what the service is asked for.
struct CommandNames(String);

impl CommandNames {
    fn of(names: &[String]) -> Result<Self, Error> {
        let fits = |name: &String| {
            let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.*?".contains(&byte);
            !name.is_empty() && name.len() <= MAX_NAME_LEN && name.bytes().all(is_part)
        };
        if let Some(name) = names.iter().find(|name| !fits(name)) {
            let problem = format!("has `{}`, which is no name of a cmdlet with * and ?", shown(name));
            return Err(Error::new(Step::Options, Kind::Option { name: "commandNames", problem }));
        }
        Ok(Self(if names.is_empty() { "*".to_owned() } else { names.join(",") }))
    }
}

/// Where the text for this connection lies between connections.
#[derive(Clone)]
struct Shelf {
    store: Store,
    key: Key,
}

impl Shelf {
    /// What the text depends on: who asks whom for what. `None` when nothing is kept, or nobody knows who asks.
    fn of(
        endpoint: &Endpoint,
        credential: &Credential,
        options: &ConnectOptions,
        names: &CommandNames,
    ) -> Option<Self> {
        let store = Store::of(&options.catalog_cache)?;
        let who = credential.user.as_deref().or(credential.app_id.as_deref())?.to_ascii_lowercase();
        let tenant = endpoint.tenant.to_ascii_lowercase();
        let key = Key::of(&[&endpoint.base, &tenant, &who, &endpoint.module_version, &names.0]);
        Some(Self { store, key })
    }

    async fn load(&self) -> Option<Copy> {
        let shelf = self.clone();
        // A thread that ended badly has nothing to give.
        tokio::task::spawn_blocking(move || shelf.store.load(&shelf.key)).await.ok().flatten()
    }

    async fn keep(self, copy: Copy) {
        // Whatever keeps it from being written is told there.
        let _ = tokio::task::spawn_blocking(move || self.store.keep(&self.key, &copy)).await;
    }
}

/// The catalogue, out of the kept text when the service says that it still stands, and where it was asked for.
async fn fetch(
    transport: &HttpTransport,
    endpoint: &Endpoint,
    names: &CommandNames,
    shelf: Option<Shelf>,
) -> Result<(Catalog, Url), Error> {
    let mut kept = match &shelf {
        Some(shelf) => shelf.load().await,
        None => None,
    };
    loop {
        let validator = kept.as_ref().map(|copy| &copy.validator);
        let (answer, url) = ask(transport, &module_file_request(endpoint, names, validator)).await?;
        if answer.status == NOT_MODIFIED {
            let Some(copy) = kept.take() else { continue };
            match Catalog::read(&copy.text) {
                Ok(catalog) => {
                    tracing::debug!("the kept catalogue still stands");
                    return Ok((catalog, url));
                }
                Err(error) => {
                    tracing::warn!(%error, "the kept catalogue cannot be used and is fetched again");
                    continue;
                }
            }
        }
        let text = module_text(&answer.body, &url)?;
        let catalog = match Catalog::read(&text) {
            // No cmdlet of these names, and so nothing is exported.
            Err(CatalogError::NoExports) if names.0 != "*" && !text.is_empty() => Catalog::default(),
            read => read.map_err(|error| {
                let problem = format!("the list of commands of {} cannot be used: {error}", host_of(&url));
                Error::with_source(Step::Open, Kind::Protocol { problem }, error)
            })?,
        };
        let validator = Validator::of(answer.header("etag"), answer.header("last-modified"));
        if let (Some(shelf), Some(validator)) = (shelf, validator) {
            shelf.keep(Copy { validator, text }).await;
        }
        return Ok((catalog, url));
    }
}

/// The customer's tenant, the token's, or the domain of the account.
fn tenant(credential: &Credential, options: &ConnectOptions) -> Result<String, Error> {
    let domain = credential.user.as_deref().and_then(|user| user.rsplit_once('@')).map(|(_, domain)| domain);
    let known = options
        .delegated_organization
        .as_deref()
        .or(options.organization.as_deref())
        .or(credential.tenant_id.as_deref())
        .or(domain);
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

fn module_file_request(endpoint: &Endpoint, names: &CommandNames, kept: Option<&Validator>) -> Request {
    let version = &endpoint.module_version;
    let mut headers: Vec<(String, String)> = [
        ("Accept", "application/json"),
        ("CommandName", &names.0),
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
    if let Some((name, value)) = kept.map(Validator::condition) {
        headers.push((name.to_owned(), value.to_owned()));
    }
    Request {
        url: format!("{}/AdminApi/v1.0/{}/EXOModuleFile?Version={version}", endpoint.base, endpoint.tenant),
        headers,
        body: bytes::Bytes::new(),
        time_limit: TIME_LIMIT,
        token_places: Vec::new(),
    }
}

/// Asks until there is a final answer; a good one, or the word that nothing has changed since.
async fn ask(transport: &HttpTransport, request: &Request) -> Result<(Answer, Url), Error> {
    let is_conditional = request.headers.iter().any(|(name, _)| name.starts_with("If-"));
    let mut tries = 0;
    loop {
        tries += 1;
        let (answer, url) = transport.exchange(Method::GET, request, Step::Open).await?;
        if answer.status == 200 || (answer.status == NOT_MODIFIED && is_conditional) {
            return Ok((answer, url));
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

/// The module text out of the answer.
fn module_text(body: &[u8], url: &Url) -> Result<String, Error> {
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
    let mut files: Files = serde_json::from_slice(body).map_err(|error| {
        let problem = format!(
            "the list of commands of {host} is not the JSON that the service sends (line {}, column {})",
            error.line(),
            error.column()
        );
        Error::new(Step::Open, Kind::Protocol { problem })
    })?;
    let is_module = |file: &File| {
        file.file_name.rsplit('.').next().is_some_and(|ending| ending.eq_ignore_ascii_case("psm1"))
    };
    let place = files.value.iter().position(is_module).unwrap_or(0);
    Ok(if place < files.value.len() { files.value.swap_remove(place).file_content } else { String::new() })
}

/// The first, and one renewed.
const MAX_TOKENS: u32 = 2;
const NOT_MODIFIED: u16 = 304;
/// As long as the name of a cmdlet may be.
const MAX_NAME_LEN: usize = 100;
const TIME_LIMIT: Duration = Duration::from_secs(180);

#[cfg(test)]
mod tests;
