//! What the options come to: address, carrier, authentication, authority.

use std::time::Duration;

use exo_auth::{Authority, Environment, Service};
use reqwest::Url;
use uuid::Uuid;

use crate::adminapi::MAX_PAGE_SIZE;
use crate::connect::credential::Credential;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::host::{is_loopback, is_microsoft_cloud, may_carry_secrets};
use crate::http::{HttpSettings, Redirects, host_of, shown_address, stays_on_this_machine};
use crate::options::{Authentication, CarrierChoice, ConnectOptions, SignInMethod};
use crate::tickets::scheme_of;

/// Everything decided before the first byte is sent.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The address asked for, as the caller or the environment gave it.
    pub(crate) url: Url,
    /// The base address when the REST carrier is to be spoken.
    pub(crate) rest: Option<Url>,
    pub(crate) authentication: Authentication,
    pub(crate) environment: Environment,
    pub(crate) service: Service,
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
        let (is_rest, warnings) = choose_carrier(options.carrier, &url);
        let rest = is_rest.then(|| rest_base(&url));
        let (environment, service) = served(options, &host);
        // Tickets seal what goes over plain http.
        let is_sealed =
            options.authentication.is_some_and(|it| scheme_of(it).is_some()) && url.scheme() == "http";
        if !is_sealed && !may_carry_secrets(&url) {
            return Err(Error::new(Step::Options, Kind::PlainHttp { host }));
        }
        let authority = match &options.authority {
            Some(text) => Authority::parse(text),
            None => environment.authority(),
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
        if !(1..=MAX_PAGE_SIZE).contains(&options.page_size) {
            let problem = format!("is {}, and a page has 1 to {MAX_PAGE_SIZE} objects", options.page_size);
            return Err(Error::new(Step::Options, Kind::Option { name: "pageSize", problem }));
        }
        let authentication =
            if is_rest { rest_authentication(options)? } else { choose_authentication(options, &url) };
        Ok(Self {
            rest,
            authentication,
            environment,
            service,
            authority,
            redirects: if options.allow_redirection { Redirects::Follow } else { Redirects::Refuse },
            warnings,
            url,
        })
    }

    /// Where to sign in: an application at its organization, everybody else where the options or the environment say.
    pub(crate) fn sign_in_authority(&self, options: &ConnectOptions) -> Result<Authority, Error> {
        if options.sign_in != SignInMethod::Certificate {
            // Security & Compliance takes a partner only when the customer's own tenant has signed him in.
            let customer = options.delegated_organization.as_deref();
            let customer =
                customer.filter(|_| self.service == Service::Compliance && options.authority.is_none());
            return Ok(customer
                .and_then(|customer| self.authority.with_tenant(customer).ok())
                .unwrap_or_else(|| self.authority.clone()));
        }
        let named = options.organization.as_deref().or(options.delegated_organization.as_deref());
        let Some(organization) = named else {
            // An authority with a tenant names the organization too.
            if matches!(self.authority.tenant(), "organizations" | "common") {
                return Err(missing("organization", "is needed to sign in with a certificate"));
            }
            return Ok(self.authority.clone());
        };
        self.authority.with_tenant(organization).map_err(|error| {
            let problem = format!("cannot be used: {error}");
            Error::with_source(Step::Options, Kind::Option { name: "organization", problem }, error)
        })
    }

    /// For the requests to the server.
    pub(crate) fn http_settings(&self, options: &ConnectOptions) -> HttpSettings {
        HttpSettings {
            proxy: options.proxy.clone(),
            proxy_user: options.proxy_user.clone(),
            proxy_password: options.proxy_password.clone(),
            proxy_variables: options.proxy_variables.clone(),
            no_proxy: options.no_proxy || (options.proxy.is_none() && stays_on_this_machine(&self.url)),
            ca_file: options.ca_file.clone(),
            connect_timeout: options.connect_timeout,
            read_timeout: match self.rest {
                Some(_) => REST_READ_TIMEOUT,
                None => options.operation_timeout.saturating_add(READ_MARGIN),
            },
            max_body_len: match self.rest {
                Some(_) => options.max_message_len,
                None => usize::try_from(options.max_envelope_len)
                    .unwrap_or(usize::MAX)
                    .saturating_mul(2)
                    .max(MAX_ANSWER_LEN),
            },
        }
    }

    /// For the requests to the sign-in service.
    pub(crate) fn sign_in_settings(&self, options: &ConnectOptions) -> HttpSettings {
        HttpSettings {
            no_proxy: options.no_proxy || (options.proxy.is_none() && is_loopback(self.authority.host())),
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
            Self::Kerberos => "kerberos",
            Self::Negotiate => "negotiate",
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

/// The table of the two carriers. Says too what the user should know about the choice.
fn choose_carrier(choice: CarrierChoice, url: &Url) -> (bool, Vec<String>) {
    let host = host_of(url);
    let cloud = is_microsoft_cloud(&host);
    let is_rest = match choice {
        CarrierChoice::Psrp => false,
        CarrierChoice::Rest => true,
        CarrierChoice::Auto => cloud || !has_powershell_path(url),
    };
    let warnings = if cloud && !is_rest {
        vec![format!("{host} no longer offers remote PowerShell; expect it to refuse the session")]
    } else {
        Vec::new()
    };
    (is_rest, warnings)
}

/// Where the REST interface is for a connection address: on the same host, but for a few old names.
fn rest_base(url: &Url) -> Url {
    let mut base = url.clone();
    base.set_path("/");
    base.set_query(None);
    base.set_fragment(None);
    let host = host_of(url).to_ascii_lowercase();
    if let Some((_, name)) = REST_HOSTS.iter().find(|(old, _)| *old == host) {
        // A name from the table is a host; the address stays what it was otherwise.
        let _ = base.set_host(Some(name));
    }
    base
}

/// Which environment and service an address of Microsoft's belongs to; what the options say for any other.
fn served(options: &ConnectOptions, host: &str) -> (Environment, Service) {
    let is_its = |(environment, service): &(Environment, Service)| {
        let own = Url::parse(environment.connection_uri(*service)).ok();
        own.and_then(|own| own.host_str().map(|own| own.eq_ignore_ascii_case(host))).unwrap_or(false)
    };
    let all =
        Environment::ALL.into_iter().flat_map(|one| [(one, Service::Exchange), (one, Service::Compliance)]);
    let named = options.connection_uri.as_deref().and_then(|_| all.into_iter().find(is_its));
    let further = FURTHER_HOSTS.into_iter().find(|(name, ..)| name.eq_ignore_ascii_case(host));
    let further = further.map(|(_, environment, service)| (environment, service));
    named.or(further).unwrap_or((options.environment, options.service))
}

/// The service takes tokens only.
fn rest_authentication(options: &ConnectOptions) -> Result<Authentication, Error> {
    match options.authentication {
        Some(Authentication::Basic) => {
            Err(missing("authentication", "is Basic, and the service takes only tokens over REST"))
        }
        Some(Authentication::Kerberos | Authentication::Negotiate) => {
            Err(missing("authentication", "is Kerberos, and the service takes only tokens over REST"))
        }
        _ => Ok(Authentication::Bearer),
    }
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

/// Hosts of connection addresses, and where the same service answers over REST.
const REST_HOSTS: [(&str, &str); 4] = [
    ("partner.outlook.cn", "outlook.office365.cn"),
    ("webmail.apps.mil", "outlook-dod.office365.us"),
    ("ps.protection.outlook.com", "outlook.office365.com"),
    ("ps.protection.outlook.de", "outlook.office.de"),
];
/// Hosts of the documentation that no environment has as its own. The first two are of standalone Exchange Online
/// Protection: since 2020 Exchange's own serve it, with its tokens.
const FURTHER_HOSTS: [(&str, Environment, Service); 3] = [
    ("ps.protection.outlook.com", Environment::O365Default, Service::Exchange),
    ("ps.protection.outlook.de", Environment::O365GermanyCloud, Service::Exchange),
    ("compliance.dod.microsoft.com", Environment::O365USGovDoD, Service::Compliance),
];
/// The service's longest limit for a cmdlet, with room; each request has a limit of its own.
const REST_READ_TIMEOUT: Duration = Duration::from_secs(3700);
/// Room above the operation timeout for the server's own delay.
const READ_MARGIN: Duration = Duration::from_secs(30);
const SIGN_IN_READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Longest envelope accepted: far above what any server sends, so that only broken ones meet it.
const MAX_ANSWER_LEN: usize = 64 << 20;

#[cfg(test)]
mod tests;
