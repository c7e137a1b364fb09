//! What the options come to: address, carrier, authentication, authority.

use std::time::Duration;

use exo_auth::Authority;
use reqwest::Url;
use uuid::Uuid;

use crate::connect::credential::Credential;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::host::{is_loopback, is_microsoft_cloud, may_carry_secrets};
use crate::http::{HttpSettings, Redirects, host_of, shown_address, stays_on_this_machine};
use crate::options::{Authentication, CarrierChoice, ConnectOptions, SignInMethod};

/// Everything decided before the first byte is sent.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The address asked for, as the caller or the environment gave it.
    pub(crate) url: Url,
    pub(crate) authentication: Authentication,
    pub(crate) authority: Authority,
    pub(crate) redirects: Redirects,
    pub(crate) warnings: Vec<String>,
}

impl Plan {
    pub(crate) fn of(options: &ConnectOptions) -> Result<Self, Error> {
        let text =
            options.connection_uri.as_deref().unwrap_or(options.environment.connection_uri(options.service));
        let url = parse_address(text)?;
        let host = host_of(&url);
        let warnings = check_carrier(options.carrier, &url)?;
        if !may_carry_secrets(&url) {
            return Err(Error::new(Step::Options, Kind::PlainHttp { host }));
        }
        let authority = match &options.authority {
            Some(text) => Authority::parse(text),
            None => options.environment.authority(),
        };
        let authority = authority.map_err(|error| {
            let problem = format!("cannot be used: {error}");
            Error::with_source(Step::Options, Kind::Option { name: "authority", problem }, error)
        })?;
        if options.max_envelope_len < wsman::MIN_MAX_ENVELOPE_LEN {
            let problem = format!(
                "is {} bytes, WSMan asks for at least {}",
                options.max_envelope_len,
                wsman::MIN_MAX_ENVELOPE_LEN
            );
            return Err(Error::new(Step::Options, Kind::Option { name: "maxEnvelopeLen", problem }));
        }
        Ok(Self {
            authentication: choose_authentication(options, &url),
            authority,
            redirects: if options.allow_redirection { Redirects::Follow } else { Redirects::Refuse },
            warnings,
            url,
        })
    }

    /// For the requests to the server.
    pub(crate) fn http_settings(&self, options: &ConnectOptions) -> HttpSettings {
        HttpSettings {
            proxy: options.proxy.clone(),
            no_proxy: options.proxy.is_none() && stays_on_this_machine(&self.url),
            ca_file: options.ca_file.clone(),
            connect_timeout: options.connect_timeout,
            read_timeout: options.operation_timeout.saturating_add(READ_MARGIN),
            max_body_len: usize::try_from(options.max_envelope_len)
                .unwrap_or(usize::MAX)
                .saturating_mul(2)
                .max(MAX_ANSWER_LEN),
        }
    }

    /// For the requests to the sign-in service.
    pub(crate) fn sign_in_settings(&self, options: &ConnectOptions) -> HttpSettings {
        HttpSettings {
            no_proxy: options.proxy.is_none() && is_loopback(self.authority.host()),
            read_timeout: SIGN_IN_READ_TIMEOUT,
            max_body_len: exo_auth::MAX_ANSWER_LEN,
            ..self.http_settings(options)
        }
    }

    /// The address with the query fields that the cloud-style endpoints look at. Fields the caller wrote stay.
    pub(crate) fn session_url(&self, options: &ConnectOptions, credential: &Credential, id: Uuid) -> Url {
        let mut url = self.url.clone();
        let mut fields: Vec<(&str, String)> = Vec::new();
        if self.authentication == Authentication::BasicToken {
            fields.push(("BasicAuthToOAuthConversion", "true".to_owned()));
        }
        if is_cloud_style(&url) {
            fields.push(("HideBannerMessage", "true".to_owned()));
            fields.push(("ConnectionId", id.to_string()));
            fields.push(("ClientProcessId", std::process::id().to_string()));
            fields.push(("ExoModuleVersion", env!("CARGO_PKG_VERSION").to_owned()));
            fields.push(("OSVersion", std::env::consts::OS.to_owned()));
            if let Some(anchor) =
                credential.mailbox_anchor.as_ref().filter(|_| !options.bypass_mailbox_anchoring)
            {
                fields.push(("email", anchor.clone()));
            }
        }
        if let Some(organization) = &options.delegated_organization {
            fields.push(("DelegatedOrg", organization.clone()));
        }
        let written: Vec<String> = url.query_pairs().map(|(name, _)| name.to_ascii_lowercase()).collect();
        fields.retain(|(name, _)| !written.contains(&name.to_ascii_lowercase()));
        if !fields.is_empty() {
            url.query_pairs_mut().extend_pairs(fields);
        }
        url
    }
}

impl Authentication {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
            Self::BasicToken => "basicToken",
        }
    }
}

/// An option that must be there is not.
#[cold]
pub(crate) fn missing(name: &'static str, problem: &str) -> Error {
    Error::new(Step::Options, Kind::Option { name, problem: problem.to_owned() })
}

/// The address without the query, which may name people.
pub(crate) fn without_query(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.into()
}

fn parse_address(text: &str) -> Result<Url, Error> {
    let wrong = |problem: &str| {
        let problem = format!("'{}' {problem}", shown_address(text));
        Error::new(Step::Options, Kind::Option { name: "connectionUri", problem })
    };
    let url = Url::parse(text.trim()).map_err(|_| wrong("is not an absolute http or https address"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none_or(str::is_empty) {
        return Err(wrong("is not an absolute http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("has a user name or password in it, which belong into the options of their own"));
    }
    Ok(url)
}

/// The table of the two carriers; this version has one of them.
fn check_carrier(choice: CarrierChoice, url: &Url) -> Result<Vec<String>, Error> {
    let host = host_of(url);
    let cloud = is_microsoft_cloud(&host);
    let rest = match choice {
        CarrierChoice::Psrp => false,
        CarrierChoice::Rest => true,
        CarrierChoice::Auto => cloud || !has_powershell_path(url),
    };
    if rest {
        return Err(Error::new(Step::Options, Kind::NeedsRest { host }));
    }
    if cloud {
        return Ok(vec![format!(
            "{host} no longer offers remote PowerShell; expect it to refuse the session"
        )]);
    }
    Ok(Vec::new())
}

/// What the requests carry when the caller leaves it open: a token, except that a password for a server of
/// one's own is for that server and goes to no sign-in service.
fn choose_authentication(options: &ConnectOptions, url: &Url) -> Authentication {
    if let Some(authentication) = options.authentication {
        return authentication;
    }
    let own_server = !is_cloud_style(url) && !is_microsoft_cloud(&host_of(url));
    if own_server && options.sign_in == SignInMethod::Password && options.authority.is_none() {
        Authentication::Basic
    } else if is_cloud_style(url) {
        Authentication::BasicToken
    } else {
        Authentication::Bearer
    }
}

/// `/powershell-liveid`, the path under which Microsoft's endpoints take tokens in Basic.
fn is_cloud_style(url: &Url) -> bool {
    path_begins_with(url, "/powershell-liveid")
}

fn has_powershell_path(url: &Url) -> bool {
    path_begins_with(url, "/powershell")
}

fn path_begins_with(url: &Url, prefix: &str) -> bool {
    url.path().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

/// Room above the operation timeout for the server's own delay.
const READ_MARGIN: Duration = Duration::from_secs(30);
const SIGN_IN_READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest envelope accepted: far above what any server sends, so that only broken ones meet it.
const MAX_ANSWER_LEN: usize = 64 << 20;

#[cfg(test)]
mod tests;
