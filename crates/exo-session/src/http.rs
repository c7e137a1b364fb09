//! The HTTP client of one session: its own connections, its own cookies, its own redirect walk.

use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use exo_auth::Secret;
use flate2::bufread::MultiGzDecoder;
use reqwest::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Certificate, Client, Method, NoProxy, Proxy, Response, StatusCode, Url};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use self::body::{Body, TooLong};
use self::bound::Bound;
use crate::error::kind::{Kind, shown};
use crate::error::{Error, Step};
use crate::host::{is_loopback, is_microsoft_cloud, may_carry_secrets};
use crate::options::ProxyVariables;
use crate::tickets::Tickets;

mod body;
mod bound;
pub(crate) mod credential;
pub(crate) mod failure;
pub(crate) mod sign_in;

/// What the client of a session is made from.
#[derive(Clone)]
pub(crate) struct HttpSettings {
    /// `http://host:port`; `None` asks the environment variables.
    pub(crate) proxy: Option<String>,
    /// Whom the proxy is told; with `proxy` only.
    pub(crate) proxy_user: Option<String>,
    pub(crate) proxy_password: Option<Secret>,
    /// Instead of the environment variables.
    pub(crate) proxy_variables: Option<ProxyVariables>,
    /// Asks neither the option nor the environment: for addresses of this machine.
    pub(crate) no_proxy: bool,
    /// PEM file with issuers to trust beside the system's.
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) connect_timeout: Duration,
    /// Longest silence within an answer; above the WSMan operation timeout.
    pub(crate) read_timeout: Duration,
    /// Longest body accepted, as received and unpacked.
    pub(crate) max_body_len: usize,
}

/// One request. The body is made for the address it goes to, because an envelope names its address.
pub(crate) struct Request<'a> {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    /// Value of `Authorization`; sent again only where the walk trusts.
    pub(crate) credential: Option<&'a HeaderValue>,
    /// Whether the body or the credential must not go over plain http.
    pub(crate) secret: bool,
    pub(crate) body: &'a (dyn Fn(&Url) -> Bytes + Send + Sync),
    pub(crate) redirects: Redirects,
}

/// What to do when an answer names another address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redirects {
    /// Ask there, at most [`MAX_REDIRECTS`] times.
    Follow,
    /// Fail, and say where it would have gone.
    Refuse,
    /// Give the redirecting answer itself.
    Answer,
}

/// An answer of any status. The body is a result of its own, so that a broken body never hides the status.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Result<Bytes, Error>,
    /// The address that answered, after redirections.
    pub(crate) url: Url,
}

/// The client.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    settings: HttpSettings,
    /// Instead of `client`, when who asks is shown by tickets.
    bound: Option<Arc<Bound>>,
}

/// Without the proxy, whose address may hold a password.
impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http").finish_non_exhaustive()
    }
}

impl Http {
    /// Reads the certificates and makes the client. Nothing is sent.
    pub(crate) fn new(settings: HttpSettings) -> Result<Self, Error> {
        let mut builder = Client::builder()
            .user_agent(USER_AGENT_VALUE)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .cookie_store(true)
            .connect_timeout(settings.connect_timeout)
            .read_timeout(settings.read_timeout)
            .tls_certs_merge(trusted(&settings)?);
        if settings.no_proxy {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &settings.proxy {
            let proxy = Proxy::all(proxy).map_err(|error| {
                let problem =
                    format!("{} is not an address of the form http://host:port", shown_address(proxy));
                Error::with_source(Step::Options, Kind::Option { name: "proxy", problem }, error)
            })?;
            builder = builder.proxy(match (&settings.proxy_user, &settings.proxy_password) {
                (Some(user), Some(password)) => proxy.basic_auth(user, password.expose()),
                (Some(user), None) => proxy.basic_auth(user, ""),
                _ => proxy,
            });
        } else if let Some(variables) = &settings.proxy_variables {
            builder = builder.no_proxy();
            for proxy in named_proxies(variables)? {
                builder = builder.proxy(proxy);
            }
        }
        let client = builder.build().map_err(|error| {
            let problem = format!("cannot be set up: {}", failure::innermost(&error));
            Error::with_source(Step::Options, Kind::Option { name: "TLS", problem }, error)
        })?;
        Ok(Self { client, settings, bound: None })
    }

    /// The same for requests that tickets are for: each connection is signed in on, and over plain http they are sealed.
    pub(crate) fn signed_in_by(self, tickets: Arc<Tickets>) -> Result<Self, Error> {
        let bound = Some(Arc::new(Bound::new(&self.settings, tickets)?));
        Ok(Self { bound, ..self })
    }

    /// Another one for the same purpose, with its own connections and cookies.
    pub(crate) fn anew(&self) -> Result<Self, Error> {
        let http = Self::new(self.settings.clone())?;
        match &self.bound {
            Some(bound) => http.signed_in_by(bound.tickets()),
            None => Ok(http),
        }
    }

    /// Sends a request and walks along redirections. A failure names `step`.
    pub(crate) async fn send(&self, request: Request<'_>, step: Step) -> Result<Answer, Error> {
        let mut url = request.url.clone();
        for hop in 0..=MAX_REDIRECTS {
            let reply = match &self.bound {
                Some(bound) => Reply::Whole(bound.send_once(&request, &url, step).await?),
                None => Reply::Begun(self.send_once(&request, &url, step).await?),
            };
            let status = reply.status();
            if !status.is_redirection()
                || status == StatusCode::NOT_MODIFIED
                || request.redirects == Redirects::Answer
            {
                return Ok(match reply {
                    Reply::Whole(answer) => answer,
                    Reply::Begun(response) => self.read(response, url, step).await,
                });
            }
            let location = reply.headers().get(LOCATION).and_then(|value| value.to_str().ok());
            let next = next_address(&url, status, location).map_err(|kind| Error::new(step, kind))?;
            if request.redirects == Redirects::Refuse {
                return Err(Error::new(
                    step,
                    Kind::RedirectRefused { from: host_of(&url), to: origin_of(&next) },
                ));
            }
            tracing::debug!(hop, from = url.host_str(), to = next.host_str(), "redirected");
            url = next;
        }
        Err(Error::new(step, Kind::TooManyRedirects { limit: MAX_REDIRECTS }))
    }

    async fn send_once(&self, request: &Request<'_>, url: &Url, step: Step) -> Result<Response, Error> {
        if (request.secret || request.credential.is_some()) && !may_carry_secrets(url) {
            return Err(Error::new(step, Kind::PlainHttp { host: host_of(url) }));
        }
        let mut call = self
            .client
            .request(request.method.clone(), url.clone())
            .headers(request.headers.clone())
            .header(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        if let Some(credential) = request.credential {
            call = call.header(AUTHORIZATION, credential.clone());
        }
        if request.method != Method::GET {
            call = call.body((request.body)(url));
        }
        call.send().await.map_err(|error| failure::of_request(error, url, &self.settings, step))
    }

    async fn read(&self, mut response: Response, url: Url, step: Step) -> Answer {
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let limit = self.settings.max_body_len;
        let raw = read_raw(&mut response, limit).await.map_err(|stop| match stop {
            Stop::TooLong => Error::new(step, Kind::BodyTooLong { limit }),
            Stop::Failed(error) => failure::of_body(error, &url, &self.settings, step),
        });
        tracing::debug!(
            host = url.host_str(),
            status = status.as_u16(),
            len = raw.as_ref().map_or(0, Bytes::len),
            "answer"
        );
        let body = raw.and_then(|raw| unpack(raw, &headers, limit).map_err(|kind| Error::new(step, kind)));
        Answer { status, headers, body, url }
    }
}

/// An answer, with its body or before it.
enum Reply {
    Whole(Answer),
    Begun(Response),
}

impl Reply {
    fn status(&self) -> StatusCode {
        match self {
            Self::Whole(answer) => answer.status,
            Self::Begun(response) => response.status(),
        }
    }

    fn headers(&self) -> &HeaderMap {
        match self {
            Self::Whole(answer) => &answer.headers,
            Self::Begun(response) => response.headers(),
        }
    }
}

/// Where a redirecting answer sends to, when that is a place credentials may go.
fn next_address(url: &Url, status: StatusCode, location: Option<&str>) -> Result<Url, Kind> {
    let bad = || Kind::BadRedirect { host: host_of(url), status: status.as_u16() };
    let mut next = url.join(location.ok_or_else(bad)?).map_err(|_| bad())?;
    if !matches!(next.scheme(), "http" | "https")
        || next.set_username("").is_err()
        || next.set_password(None).is_err()
    {
        return Err(bad());
    }
    if url.scheme() == "https" && next.scheme() == "http" {
        return Err(Kind::RedirectToPlainHttp { from: host_of(url), to: origin_of(&next) });
    }
    next = public_name(next).ok_or_else(bad)?;
    let target = next.host_str().ok_or_else(bad)?;
    let same = url.host_str().is_some_and(|host| host.eq_ignore_ascii_case(target));
    if !same && !is_microsoft_cloud(target) {
        return Err(Kind::ForeignRedirect { from: host_of(url), to: origin_of(&next) });
    }
    Ok(next)
}

/// The compliance service names its regions by internal hosts and a port of their own; the same region answers the public
/// under another name. Any other address stays what it is.
fn public_name(mut url: Url) -> Option<Url> {
    let region = url.host_str().and_then(|host| host.strip_suffix(ADMIN_SUFFIX)).map(str::to_owned);
    if let (Some(region), Some(ADMIN_PORT)) = (region, url.port()) {
        url.set_host(Some(&format!("{region}{REGION_SUFFIX}"))).ok()?;
        url.set_port(None).ok()?;
    }
    Some(url)
}

enum Stop {
    TooLong,
    Failed(reqwest::Error),
}

impl From<TooLong> for Stop {
    fn from(TooLong: TooLong) -> Self {
        Self::TooLong
    }
}

async fn read_raw(response: &mut Response, limit: usize) -> Result<Bytes, Stop> {
    let announced = response.content_length().and_then(|len| usize::try_from(len).ok());
    let mut body = Body::announced(announced, limit)?;
    while let Some(chunk) = response.chunk().await.map_err(Stop::Failed)? {
        body.push(&chunk)?;
    }
    Ok(body.finish())
}

/// Undoes gzip. A body that is labelled gzip and does not begin like gzip is taken as it is, and one of
/// zero bytes only counts as empty: the service sends such bodies with its 403.
fn unpack(raw: Bytes, headers: &HeaderMap, limit: usize) -> Result<Bytes, Kind> {
    let labelled = headers
        .get_all(CONTENT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| matches!(coding.trim().to_ascii_lowercase().as_str(), "gzip" | "x-gzip"));
    if labelled && raw.starts_with(&GZIP_MAGIC) {
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        let mut out = Vec::with_capacity(raw.len().saturating_mul(4).min(limit));
        MultiGzDecoder::new(raw.as_ref()).take(most).read_to_end(&mut out).map_err(|_| Kind::BadGzip)?;
        return if limit < out.len() { Err(Kind::BodyTooLong { limit }) } else { Ok(out.into()) };
    }
    if raw.iter().all(|byte| *byte == 0) {
        return Ok(Bytes::new());
    }
    Ok(raw)
}

/// The proxies of the variables, the more particular first.
fn named_proxies(variables: &ProxyVariables) -> Result<Vec<Proxy>, Error> {
    type Made = fn(&str) -> reqwest::Result<Proxy>;
    let named: [(_, _, Made); 3] = [
        ("HTTPS_PROXY", &variables.https, |address| Proxy::https(address)),
        ("HTTP_PROXY", &variables.http, |address| Proxy::http(address)),
        ("ALL_PROXY", &variables.all, |address| Proxy::all(address)),
    ];
    let mut proxies = Vec::new();
    for (name, address, proxy) in named {
        let Some(address) = address.as_deref().filter(|address| !address.is_empty()) else { continue };
        let proxy = proxy(address).map_err(|error| {
            let problem =
                format!("{} is not an address of the form http://host:port", shown_address(address));
            Error::with_source(Step::Options, Kind::Option { name, problem }, error)
        })?;
        proxies.push(proxy.no_proxy(variables.no.as_deref().and_then(NoProxy::from_string)));
    }
    Ok(proxies)
}

/// [`extra_roots`] for the client.
fn trusted(settings: &HttpSettings) -> Result<Vec<Certificate>, Error> {
    let made = extra_roots(settings)?.into_iter().map(|root| Certificate::from_der(&root));
    made.collect::<reqwest::Result<_>>().map_err(|error| {
        let problem = format!("has a certificate that cannot be used: {}", failure::innermost(&error));
        Error::with_source(Step::Options, Kind::Option { name: "ca-file", problem }, error)
    })
}

/// Certificates to trust beside the system's: the option's file, and `SSL_CERT_FILE`, which the system's
/// own verifier reads on Linux only.
fn extra_roots(settings: &HttpSettings) -> Result<Vec<CertificateDer<'static>>, Error> {
    let mut roots = Vec::new();
    let option = settings.ca_file.clone().map(|file| ("ca-file", file));
    let variable = std::env::var_os("SSL_CERT_FILE").filter(|file| !file.is_empty()).map(PathBuf::from);
    for (name, file) in option.into_iter().chain(variable.map(|file| ("SSL_CERT_FILE", file))) {
        let wrong = |problem: String| Error::new(Step::Options, Kind::Option { name, problem });
        let pem = std::fs::read(&file)
            .map_err(|error| wrong(format!("{} cannot be read: {error}", file.display())))?;
        let certificates: Vec<_> = CertificateDer::pem_slice_iter(&pem)
            .collect::<Result<_, _>>()
            .map_err(|_| wrong(format!("{} is not a PEM file of certificates", file.display())))?;
        if certificates.is_empty() {
            return Err(wrong(format!("{} has no certificate in it", file.display())));
        }
        roots.extend(certificates);
    }
    Ok(roots)
}

/// The host of an address, for texts.
pub(crate) fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Scheme, host and port of an address, for texts: the rest may hold names of people.
pub(crate) fn origin_of(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// An address as somebody wrote it, without what may be a password in it.
pub(crate) fn shown_address(text: &str) -> String {
    match (text.find("://"), text.rfind('@')) {
        (Some(start), Some(at)) if start < at => shown(&format!("{}://…{}", &text[..start], &text[at..])),
        (None, Some(at)) => shown(&format!("…{}", &text[at..])),
        _ => shown(text),
    }
}

/// The name or the number of a host, without the brackets that an address puts around IPv6.
pub(crate) fn without_brackets(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// Whether requests to `url` must not go through a proxy that nobody named for it.
pub(crate) fn stays_on_this_machine(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback)
}

const ADMIN_PORT: u16 = 446;
const ADMIN_SUFFIX: &str = ".admin.protection.outlook.com";
const REGION_SUFFIX: &str = ".ps.compliance.protection.outlook.com";
/// As many as PowerShell allows.
pub(crate) const MAX_REDIRECTS: usize = 5;
const USER_AGENT_VALUE: &str = concat!("exo-session/", env!("CARGO_PKG_VERSION"));
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

#[cfg(test)]
mod tests;
