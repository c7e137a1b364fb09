//! From a call to the request that is sent.

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::json::push_str;
use super::parameter::{Arguments, ParameterError};
use super::route::mailbox_hint;
use super::{Endpoint, Request};
use crate::catalog::Cmdlet;

/// What stays the same over all pages, repetitions and steps of one call.
#[derive(Debug)]
pub(crate) struct Template {
    url: String,
    headers: Vec<(String, String)>,
    time_limit: Duration,
}

impl Template {
    pub(crate) fn new(
        endpoint: &Endpoint,
        cmdlet: &Cmdlet,
        arguments: Arguments<'_>,
        request_id: Uuid,
    ) -> Self {
        let mut headers: Vec<(String, String)> = Vec::with_capacity(18);
        let mut add = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        add("Accept", "application/json");
        add("Accept-Charset", "UTF-8");
        add("Accept-Language", &endpoint.culture);
        add("Content-Type", "application/json");
        add("X-CmdletName", &cmdlet.name);
        add("client-request-id", &request_id.to_string());
        add("connection-id", &endpoint.connection_id.to_string());
        add("X-ResponseFormat", "clixml");
        add("X-SerializationLevel", "Partial");
        add("X-ClientApplication", "ExoManagementModule");
        add("X-ClientModuleVersion", &endpoint.module_version);
        // The service knows no `Ignore` in this header.
        let warnings = arguments.text("WarningAction").unwrap_or_default();
        add(
            "WarningAction",
            if warnings.eq_ignore_ascii_case("Ignore") { "SilentlyContinue" } else { &warnings },
        );
        match mailbox(endpoint, cmdlet, arguments) {
            Some(hint) => {
                add(super::route::ANCHOR, &hint);
                add("parameter-based-routing", "True");
            }
            None => {
                if let Some(hint) = &endpoint.routing.value {
                    add(&endpoint.routing.header, hint);
                }
            }
        }
        Self {
            url: format!("{}/adminapi/beta/{}/InvokeCommand", endpoint.base, endpoint.tenant),
            headers,
            time_limit: time_limit(&cmdlet.name),
        }
    }

    /// The request for the first page.
    pub(crate) fn request(&self, body: Bytes, page_size: u64) -> Request {
        let mut headers = self.headers.clone();
        headers.push(("Prefer".to_owned(), format!("odata.maxpagesize={page_size}")));
        Request {
            url: self.url.clone(),
            headers,
            body,
            time_limit: self.time_limit,
            token_places: Vec::new(),
        }
    }

    /// As it stands in a batch, and as it is repeated alone after one.
    pub(crate) fn request_of_batch(&self, body: Bytes, page_size: u64) -> Request {
        let mut request = self.request(body, page_size);
        if let Some((_, prefer)) = request.headers.last_mut() {
            prefer.push(';');
            prefer.push_str(CONTINUE_ON_ERROR);
        }
        request
    }

    /// What a batch says whose last call this is.
    pub(crate) fn of_envelope(&self) -> (Vec<(String, String)>, Duration) {
        let mut headers = self.headers.clone();
        headers.push(("Prefer".to_owned(), CONTINUE_ON_ERROR.to_owned()));
        (headers, self.time_limit)
    }
}

/// The body of a call. Gives back too whether something lay too deep to be sent whole.
pub(crate) fn body(
    cmdlet: &Cmdlet,
    arguments: Arguments<'_>,
    confirm: Option<bool>,
) -> Result<(Bytes, bool), ParameterError> {
    let mut out = Vec::with_capacity(256);
    out.extend_from_slice(br#"{"CmdletInput":{"CmdletName":"#);
    push_str(&mut out, &cmdlet.name);
    out.extend_from_slice(br#","Parameters":"#);
    let cut = arguments.write(confirm, &mut out)?;
    out.extend_from_slice(b"}}");
    Ok((out.into(), cut))
}

/// The server of a mailbox, when the caller asked to go by it and a parameter names it.
fn mailbox(endpoint: &Endpoint, cmdlet: &Cmdlet, arguments: Arguments<'_>) -> Option<String> {
    let routing = cmdlet.routing.as_ref().filter(|_| arguments.flag("UseCustomRouting") == Some(true))?;
    mailbox_hint(routing, &arguments.text(&routing.parameter)?, &endpoint.tenant)
}

/// The service's own limits, with room for the way.
fn time_limit(cmdlet: &str) -> Duration {
    let is_one_of = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(cmdlet));
    Duration::from_secs(if is_one_of(AN_HOUR) {
        3600
    } else if is_one_of(HALF_AN_HOUR) {
        1860
    } else {
        960
    })
}

/// A failed call does not keep the service from the next one.
const CONTINUE_ON_ERROR: &str = "odata.continue-on-error";
const AN_HOUR: &[&str] = &[
    "Get-DistributionGroupMember",
    "Import-TransportRuleCollection",
    "Set-UnifiedGroup",
    "Update-DistributionGroupMember",
];
const HALF_AN_HOUR: &[&str] = &["Set-OrganizationConfig", "Update-RoleGroupMember"];
