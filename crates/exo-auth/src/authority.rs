//! Where to sign in: host and tenant.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A validated sign-in authority: `https://host[:port]/tenant`.
///
/// Plain `http` is accepted for loopback hosts only, because the password travels in the request body.
/// The tenant is a domain, a tenant id, or `organizations`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    /// Scheme and host, in lower case, without a final slash.
    origin: String,
    host_start: usize,
    tenant: String,
}

/// Why a text is no authority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// Not `https://host/tenant`.
    #[error("the authority `{text}` is not an address of the form https://host/tenant")]
    NotAnAddress {
        /// What was given.
        text: String,
    },
    /// `http` to a host that is not loopback.
    #[error("the authority `{text}` uses plain http: a password or code goes over https only")]
    PlainHttp {
        /// What was given.
        text: String,
    },
    /// A tenant with characters that no domain or id has.
    #[error("the tenant `{tenant}` is neither a domain nor a tenant id")]
    BadTenant {
        /// What was given.
        tenant: String,
    },
}

impl Authority {
    /// Reads an authority that a person wrote. Without a tenant it is `organizations`.
    pub fn parse(text: &str) -> Result<Self, AuthorityError> {
        let not_an_address = || AuthorityError::NotAnAddress { text: shown(text) };
        let (scheme, rest) = text.trim().split_once("://").ok_or_else(not_an_address)?;
        let scheme = scheme.to_ascii_lowercase();
        let (host_and_port, path) = rest.split_once('/').unwrap_or((rest, ""));
        let host_and_port = host_and_port.to_ascii_lowercase();
        let host = split_host(&host_and_port).ok_or_else(not_an_address)?;
        match scheme.as_str() {
            "https" => {}
            "http" if is_loopback(host) => {}
            "http" => return Err(AuthorityError::PlainHttp { text: shown(text) }),
            _ => return Err(not_an_address()),
        }
        let tenant = match path.trim_end_matches('/') {
            "" => ORGANIZATIONS,
            tenant => tenant,
        };
        let origin = format!("{scheme}://{host_and_port}");
        Self { origin, host_start: scheme.len() + 3, tenant: String::new() }.with_tenant(tenant)
    }

    /// The same host with another tenant: a customer's domain when a partner signs in for it.
    pub fn with_tenant(&self, tenant: &str) -> Result<Self, AuthorityError> {
        let letters =
            tenant.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
        let dots_only = tenant.bytes().all(|byte| byte == b'.');
        if tenant.is_empty() || MAX_TENANT_LEN < tenant.len() || !letters || dots_only {
            return Err(AuthorityError::BadTenant { tenant: shown(tenant) });
        }
        Ok(Self { tenant: tenant.to_owned(), ..self.clone() })
    }

    /// The host without port, in lower case.
    pub fn host(&self) -> &str {
        split_host(self.origin.get(self.host_start..).unwrap_or_default()).unwrap_or_default()
    }

    /// A domain, a tenant id, or `organizations`.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Scheme, host and port, in lower case.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Whether this is one of Microsoft's own sign-in hosts, whose addresses are known.
    pub fn is_known(&self) -> bool {
        KNOWN_HOSTS.contains(&self.host())
    }

    /// Where the browser signs in.
    pub fn authorize_uri(&self) -> String {
        format!("{}/{}/oauth2/v2.0/authorize", self.origin, self.work_tenant())
    }

    /// Where the authority describes itself.
    pub(crate) fn discovery_uri(&self) -> String {
        format!("{}/{}/v2.0/.well-known/openid-configuration", self.origin, self.work_tenant())
    }

    /// Where tokens are asked for.
    pub fn token_uri(&self) -> String {
        format!("{}/{}/oauth2/v2.0/token", self.origin, self.work_tenant())
    }

    /// Where a device code is asked for.
    pub fn device_code_uri(&self) -> String {
        format!("{}/{}/oauth2/v2.0/devicecode", self.origin, self.work_tenant())
    }

    /// `common`, which old scripts name, also admits private accounts, and the service refuses passwords
    /// there. No private account has an Exchange organization, so it means `organizations`.
    fn work_tenant(&self) -> &str {
        if self.tenant.eq_ignore_ascii_case("common") { ORGANIZATIONS } else { &self.tenant }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.origin, self.tenant)
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authority({self})")
    }
}

/// Takes the port off; `None` when host or port has a character it cannot have.
fn split_host(host_and_port: &str) -> Option<&str> {
    if let Some(rest) = host_and_port.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        inside.parse::<Ipv6Addr>().ok()?;
        if !port.is_empty() {
            port.strip_prefix(':')?.parse::<u16>().ok()?;
        }
        return Some(inside);
    }
    let (host, port) = match host_and_port.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (host_and_port, None),
    };
    if let Some(port) = port {
        port.parse::<u16>().ok()?;
    }
    let letters = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    let sane = letters && !host.is_empty() && host.len() <= MAX_HOST_LEN && !host.starts_with(['.', '-']);
    sane.then_some(host)
}

/// Scheme, host and port of an address, in lower case; `None` for what may not carry a secret.
pub(crate) fn origin_of(uri: &str) -> Option<String> {
    if !is_safe_page(uri) {
        return None;
    }
    let (scheme, rest) = uri.split_once("://")?;
    let (host_and_port, _) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    let origin = format!("{scheme}://{host_and_port}").to_ascii_lowercase();
    Some(origin.strip_suffix(":443").filter(|_| origin.starts_with("https:")).unwrap_or(&origin).to_owned())
}

/// The host in an address, without port.
pub(crate) fn split_uri_host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    split_host(rest.split(['/', '?', '#']).next()?)
}

/// Whether a host (without port) names this machine.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<Ipv4Addr>().is_ok_and(|address| address.is_loopback())
        || host.parse::<Ipv6Addr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a person may be sent to this address to sign in.
pub(crate) fn is_safe_page(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once("://") else { return false };
    let (host_and_port, _) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    match (scheme.to_ascii_lowercase().as_str(), split_host(host_and_port)) {
        ("https", Some(_)) => true,
        ("http", Some(host)) => is_loopback(host),
        _ => false,
    }
}

/// A wrong text for an error message: short, without control characters, without what may be a password.
fn shown(text: &str) -> String {
    let text = match (text.find("://"), text.rfind('@')) {
        (Some(start), Some(at)) if start + 3 <= at => format!("{}…{}", &text[..start + 3], &text[at..]),
        _ => text.to_owned(),
    };
    text.chars().filter(|letter| !letter.is_control()).take(MAX_SHOWN_LEN).collect()
}

/// Microsoft's sign-in hosts, old names included.
const KNOWN_HOSTS: [&str; 10] = [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
    "login.microsoftonline.de",
    "login.microsoftonline.us",
    "login.usgovcloudapi.net",
    "login-us.microsoftonline.com",
];
const ORGANIZATIONS: &str = "organizations";
const MAX_HOST_LEN: usize = 253;
const MAX_TENANT_LEN: usize = 253;
const MAX_SHOWN_LEN: usize = 200;
