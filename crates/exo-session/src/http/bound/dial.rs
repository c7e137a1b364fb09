//! From an address to a connection: name, TCP, proxy, TLS.

use std::error::Error as StdError;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1;
use hyper_util::client::legacy::connect::proxy::Tunnel;
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use reqwest::Url;
use reqwest::header::HeaderValue;
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls_platform_verifier::Verifier;
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tower_service::Service;
use x509_parser::parse_x509_certificate;

use super::lane::{Driver, Lane, Limits};
use crate::error::kind::{Kind, shown};
use crate::error::{Error, Step};
use crate::http::{
    HttpSettings, credential, extra_roots, failure, host_of, origin_of, shown_address, without_brackets,
};
use crate::tickets::Scheme;

/// What connections are made with.
pub(super) struct Dialer {
    tls: TlsConnector,
    proxies: Option<Matcher>,
    /// What the proxy is told, when the options say whom.
    proxy_credential: Option<HeaderValue>,
    connect_timeout: Duration,
    limits: Limits,
}

impl Dialer {
    pub(super) fn new(settings: &HttpSettings) -> Result<Self, Error> {
        Ok(Self {
            tls: TlsConnector::from(Arc::new(tls_config(extra_roots(settings)?)?)),
            proxies: proxies(settings),
            proxy_credential: proxy_credential(settings)?,
            connect_timeout: settings.connect_timeout,
            limits: Limits { read_timeout: settings.read_timeout, max_body_len: settings.max_body_len },
        })
    }

    /// A connection to the server of `url`, on which nobody has signed in.
    pub(super) async fn dial(&self, url: &Url, step: Step) -> Result<Lane, Error> {
        let limit = self.connect_timeout;
        let dialed = tokio::time::timeout(limit, self.dial_in_time(url)).await;
        let dialed =
            dialed.map_err(|_| Error::new(step, Kind::ConnectTimeout { host: host_of(url), limit }))?;
        dialed.map_err(|kind| Error::new(step, kind))
    }

    async fn dial_in_time(&self, url: &Url) -> Result<Lane, Kind> {
        let stream = self.tcp(url).await?;
        if url.scheme() != "https" {
            return self.lane(stream, url, None).await;
        }
        let host = host_of(url);
        let name = without_brackets(&host).to_owned();
        let name = ServerName::try_from(name).map_err(|_| Kind::Dns { host: host.clone() })?;
        let stream = self.tls.connect(name, stream).await.map_err(|error| failure::of_tls(&error, host))?;
        let certificate = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let bindings = certificate.and_then(|certificate| bindings(certificate));
        self.lane(stream, url, bindings).await
    }

    /// Through a proxy, where one is named for the address.
    async fn tcp(&self, url: &Url) -> Result<TcpStream, Kind> {
        let unknown = || Kind::Dns { host: host_of(url) };
        let host = url.host_str().ok_or_else(unknown)?;
        let port = url.port_or_known_default().ok_or_else(unknown)?;
        let address = format!("{}://{host}:{port}", url.scheme());
        let address: hyper::Uri = address.parse().map_err(|_| unknown())?;
        let Some(proxy) = self.proxies.as_ref().and_then(|proxies| proxies.intercept(&address)) else {
            return reach(host, port).await;
        };
        let to = proxy.uri().clone();
        let failed = |detail: String| Kind::Proxy { proxy: shown_address(&to.to_string()), detail };
        if to.scheme_str().is_some_and(|scheme| scheme != "http") {
            return Err(failed("tickets go through proxies that are reached by http:// only".to_owned()));
        }
        let mut tunnel = Tunnel::new(to.clone(), Reach);
        if let Some(credential) = self.proxy_credential.as_ref().or(proxy.basic_auth()) {
            tunnel = tunnel.with_auth(credential.clone());
        }
        match tunnel.call(address).await {
            Ok(stream) => Ok(stream.into_inner()),
            Err(error) => Err(failed(failure::innermost(&error))),
        }
    }

    async fn lane(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        url: &Url,
        bindings: Option<Vec<u8>>,
    ) -> Result<Lane, Kind> {
        let opened = http1::handshake::<_, Full<Bytes>>(TokioIo::new(stream)).await;
        let (sender, connection) = opened.map_err(|_| Kind::CutOff { host: host_of(url), inside: false })?;
        let driver = tokio::spawn(async move {
            // What ends the connection shows at the request that was under way.
            let _ = connection.await;
        });
        Ok(Lane {
            origin: origin_of(url),
            context: None,
            scheme: Scheme::Negotiate,
            bindings,
            sender,
            driver: Driver(driver),
            limits: self.limits,
        })
    }
}

/// Tries the addresses of a name one after the other.
async fn reach(host: &str, port: u16) -> Result<TcpStream, Kind> {
    let named = || host.to_owned();
    let found = tokio::net::lookup_host((without_brackets(host), port))
        .await
        .map_err(|_| Kind::Dns { host: named() })?;
    let found: Vec<SocketAddr> = found.collect();
    let mut last = Kind::Dns { host: named() };
    for address in found {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Without it the last part of a request may wait for an acknowledgement; nothing else depends on it.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                last = Kind::Refused { host: named(), port };
            }
            Err(error) => {
                last = Kind::Unreachable { host: named(), port, detail: shown(&error.to_string()) };
            }
        }
    }
    Err(last)
}

/// [`reach`] for the proxy of a tunnel.
struct Reach;

impl Service<hyper::Uri> for Reach {
    type Response = TokioIo<TcpStream>;
    type Error = Box<dyn StdError + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, proxy: hyper::Uri) -> Self::Future {
        Box::pin(async move {
            let host = proxy.host().unwrap_or_default();
            let stream = reach(host, proxy.port_u16().unwrap_or(80)).await;
            stream.map(TokioIo::new).map_err(|kind| kind.to_string().into())
        })
    }
}

/// The same verifier, and the same roots, as the other client's.
fn tls_config(roots: Vec<CertificateDer<'static>>) -> Result<ClientConfig, Error> {
    let wrong = |error: rustls::Error| {
        let problem = format!("cannot be set up: {}", shown(&error.to_string()));
        Error::with_source(Step::Options, Kind::Option { name: "TLS", problem }, error)
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = Verifier::new_with_extra_roots(roots, Arc::clone(&provider)).map_err(wrong)?;
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(wrong)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn proxies(settings: &HttpSettings) -> Option<Matcher> {
    if settings.no_proxy {
        return None;
    }
    if let Some(proxy) = &settings.proxy {
        return Some(Matcher::builder().all(proxy.clone()).build());
    }
    let Some(variables) = &settings.proxy_variables else { return Some(Matcher::from_system()) };
    let named = |variable: &Option<String>| variable.clone().unwrap_or_default();
    let builder = Matcher::builder().all(named(&variables.all)).http(named(&variables.http));
    Some(builder.https(named(&variables.https)).no(named(&variables.no)).build())
}

fn proxy_credential(settings: &HttpSettings) -> Result<Option<HeaderValue>, Error> {
    let Some(user) = &settings.proxy_user else { return Ok(None) };
    let password = settings.proxy_password.as_ref().map_or("", |password| password.expose());
    credential::basic("proxyUser", user, &[password]).map(Some)
}

/// `tls-server-end-point` (RFC 5929 §4.1): the certificate under the hash of its signature, and SHA-256 for older ones. `None` for
/// signatures that have no hash of their own.
fn bindings(certificate: &[u8]) -> Option<Vec<u8>> {
    let (_, parsed) = parse_x509_certificate(certificate).ok()?;
    let hash = match parsed.signature_algorithm.algorithm.to_id_string().as_str() {
        // MD5, SHA-1 and SHA-256 with RSA; SHA-1 and SHA-256 with ECDSA
        "1.2.840.113549.1.1.4"
        | "1.2.840.113549.1.1.5"
        | "1.2.840.113549.1.1.11"
        | "1.2.840.10045.4.1"
        | "1.2.840.10045.4.3.2" => Sha256::digest(certificate).to_vec(),
        "1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" => Sha384::digest(certificate).to_vec(),
        "1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" => Sha512::digest(certificate).to_vec(),
        _ => return None,
    };
    Some([b"tls-server-end-point:", &hash[..]].concat())
}
