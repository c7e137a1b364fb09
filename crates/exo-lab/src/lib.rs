//! A stand-in tenant on loopback: sign-in, REST and WSMan/PSRP endpoints, sample data.
//!
//! [`Lab::start`] gives a running tenant to tests; the `exo-lab` command does the same for people and scripts. It binds
//! loopback only, makes its own certificate authority, and forgets everything when it stops.

#![forbid(unsafe_code)]

mod adminapi;
mod body;
mod certificates;
mod clock;
mod clouds;
mod cmdlets;
mod config;
mod cookie;
mod data;
mod directory;
mod entra;
mod error;
mod executions;
mod fault;
mod http;
mod listener;
mod negotiate;
mod proxy;
mod realm;
mod shell;
mod tls;
mod wsman;

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::adminapi::AdminApi;
use crate::clock::Moment;
use crate::data::Organization;
use crate::data::recorded::Recordings;
use crate::directory::Directory;
use crate::entra::{Application, Browsers, Codes, DeviceCodes, Identities, Log, SigningKey, Tokens};
use crate::executions::Executions;
use crate::fault::Faults;
use crate::negotiate::Kerberos;
use crate::proxy::Proxy;
use crate::shell::Shells;
use crate::tls::Tls;
use crate::wsman::replay::Replays;

pub use crate::adminapi::module_text;
pub use crate::certificates::CertificateFiles;
pub use crate::config::{Backend, DeviceApproval, LabConfig};
pub use crate::entra::TokenRequest;
pub use crate::error::StartError;
pub use crate::fault::{Fault, FaultKind, FaultSyntax, Stage};
pub use crate::negotiate::Scheme;
pub use crate::realm::{Realm, RealmError};

/// A running stand-in tenant. Dropping it closes its sockets and ends its connections.
pub struct Lab {
    service: Arc<Service>,
    tls: Tls,
    addresses: Vec<SocketAddr>,
    proxy_address: SocketAddr,
    plain_port: Option<u16>,
    listeners: JoinSet<()>,
}

impl Lab {
    /// Starts a tenant inside the current tokio runtime.
    ///
    /// # Errors
    /// When the configuration asks for something impossible, a socket cannot be bound, or the certificate cannot be
    /// made or written.
    pub async fn start(config: LabConfig) -> Result<Self, StartError> {
        let tls = Tls::generate()?;
        let proxy_credential = config.proxy_credential.clone();
        let sockets = listener::bind(config.port)
            .await
            .map_err(|source| StartError::Bind { port: config.port, source })?;
        let mut addresses = Vec::new();
        for socket in &sockets {
            addresses
                .push(socket.local_addr().map_err(|source| StartError::Bind { port: config.port, source })?);
        }
        let port = addresses.first().map_or(config.port, SocketAddr::port);
        let regional = listener::bind(0).await.map_err(|source| StartError::Bind { port: 0, source })?;
        let regional_address = regional.first().and_then(|socket| socket.local_addr().ok());
        let regional_port = regional_address.map_or(0, |address| address.port());
        let identity = listener::bind(0).await.map_err(|source| StartError::Bind { port: 0, source })?;
        let identity_address = identity.first().and_then(|socket| socket.local_addr().ok());
        let arc_folder = config.arc_folder.clone().unwrap_or_else(|| tls.folder().to_owned());
        let identities = Identities::new(identity_address.map_or(0, |address| address.port()), &arc_folder)?;
        let kerberos = match &config.keytab {
            Some(keytab) => Some(Kerberos::new(keytab, &config.schemes, tls.bindings())?),
            None => None,
        };
        let plain = if kerberos.is_some() || config.plain_passwords {
            listener::bind(0).await.map_err(|source| StartError::Bind { port: 0, source })?
        } else {
            Vec::new()
        };
        let plain_port = plain.first().and_then(|socket| Some(socket.local_addr().ok()?.port()));
        let service = Arc::new(Service::new(config, port, regional_port, identities, kerberos)?);
        let mut listeners = JoinSet::new();
        listeners.spawn(sweep(Arc::clone(&service)));
        let router = http::router(Arc::clone(&service));
        let acceptor = TlsAcceptor::from(tls.server());
        let proxy = Proxy {
            acceptor: acceptor.clone(),
            main: router.clone(),
            regional: http::regional_router(Arc::clone(&service)),
            credential: proxy_credential,
        };
        let proxy_socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|source| StartError::Bind { port: 0, source })?;
        let proxy_address =
            proxy_socket.local_addr().map_err(|source| StartError::Bind { port: 0, source })?;
        listeners.spawn(proxy.serve(proxy_socket));
        for socket in sockets {
            listeners.spawn(listener::serve(socket, acceptor.clone(), router.clone()));
        }
        let router = Router::new().fallback(wsman::endpoint).with_state(Arc::clone(&service));
        for socket in plain {
            listeners.spawn(listener::serve_plain(socket, router.clone()));
        }
        let router = http::regional_router(Arc::clone(&service));
        for socket in regional {
            listeners.spawn(listener::serve(socket, acceptor.clone(), router.clone()));
        }
        let router = entra::identity_router(Arc::clone(&service));
        for socket in identity {
            listeners.spawn(listener::serve_plain(socket, router.clone()));
        }
        Ok(Self { service, tls, addresses, proxy_address, plain_port, listeners })
    }

    /// The loopback addresses it listens on: IPv4, and IPv6 where the machine has it.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The remote PowerShell endpoint, `https://localhost:PORT/powershell-liveid/`.
    pub fn url(&self) -> String {
        format!("{}/powershell-liveid/", self.service.origin)
    }

    /// The remote PowerShell endpoint as servers in a domain have it, `http://localhost:PORT/powershell/`: for callers with
    /// Kerberos tickets, who seal their messages, or with passwords. `None` without [`LabConfig::keytab`] and
    /// [`LabConfig::plain_passwords`].
    pub fn plain_url(&self) -> Option<String> {
        self.plain_port.map(|port| format!("http://localhost:{port}/powershell/"))
    }

    /// The sign-in authority, `https://localhost:PORT/organizations`.
    pub fn authority(&self) -> String {
        format!("{}/organizations", self.service.origin)
    }

    /// An HTTP proxy that leads the names of Microsoft's clouds to this lab, `http://127.0.0.1:PORT`. With `HTTPS_PROXY` set
    /// to it, and the lab's authority trusted, scripts run as they are written for the clouds.
    pub fn proxy(&self) -> String {
        format!("http://{}", self.proxy_address)
    }

    /// The administrator's user principal name.
    pub fn user(&self) -> String {
        self.service.directory.administrator().upn().to_owned()
    }

    /// The administrator's password; `viewer@` and `compliance@` of the same domain have it too, and fewer rights.
    pub fn password(&self) -> &str {
        self.service.directory.password()
    }

    /// The certificate authority to trust, a PEM file that exists as long as the lab.
    pub fn ca_file(&self) -> &Path {
        self.tls.ca_file()
    }

    /// The variables that scripts use, in the order the command prints them.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        let mut variables = vec![
            ("EXO_LAB_URL", self.url()),
            ("EXO_LAB_REST_URL", self.rest_url().to_owned()),
            ("EXO_LAB_AUTHORITY", self.authority()),
            ("EXO_LAB_USER", self.user()),
            ("EXO_LAB_PASSWORD", self.password().to_owned()),
            ("EXO_LAB_SECOND_FACTOR", self.second_factor().to_owned()),
            ("EXO_LAB_DEVICE_PAGE", format!("{}/device", self.service.origin)),
            ("EXO_LAB_PROXY", self.proxy()),
            ("EXO_LAB_ORGANIZATION", self.organization().to_owned()),
            // The name that clients know for another address of the metadata service.
            ("AZURE_POD_IDENTITY_AUTHORITY_HOST", self.identity_url().to_owned()),
            ("EXO_LAB_IDENTITY_ENDPOINT", format!("{}/msi/token", self.identity_url())),
            ("EXO_LAB_IDENTITY_HEADER", self.identity_header().to_owned()),
            ("EXO_LAB_IDENTITY_CLIENT_ID", self.identity_client_id()),
            ("EXO_LAB_ARC_ENDPOINT", format!("{}/arc/metadata/identity/oauth2/token", self.identity_url())),
        ];
        if let (Some(application), Some(files)) = (self.application_id(), self.certificates()) {
            variables.extend([
                ("EXO_LAB_APP_ID", application),
                ("EXO_LAB_CERTIFICATE", files.pfx().display().to_string()),
                ("EXO_LAB_CERTIFICATE_PEM", files.pem().display().to_string()),
            ]);
        }
        variables.extend(self.plain_url().map(|url| ("EXO_LAB_HTTP_URL", url)));
        // The last one, so that who reads it has seen all.
        variables.push(("SSL_CERT_FILE", self.ca_file().display().to_string()));
        variables
    }

    /// The code of the authenticator app that the sign-in pages ask for.
    pub fn second_factor(&self) -> &str {
        self.service.directory.second_factor()
    }

    /// The tenant's domain, as `-Organization` takes it.
    pub fn organization(&self) -> &str {
        self.service.directory.domain()
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> String {
        self.service.directory.tenant_id().to_string()
    }

    /// The files of [`LabConfig::certificates`]; what is encrypted there opens with [`Lab::password`].
    pub fn certificates(&self) -> Option<&CertificateFiles> {
        self.service.certificates.as_ref().map(|certificates| &certificates.files)
    }

    /// The id of the application that signs in with those certificates.
    pub fn application_id(&self) -> Option<String> {
        self.service.certificates.as_ref().map(|certificates| certificates.application.clone())
    }

    /// The id of another application with the same certificates, to which nobody assigned a role.
    pub fn roleless_application_id(&self) -> Option<String> {
        self.service.certificates.as_ref().map(|certificates| certificates.roleless.clone())
    }

    /// Where managed identities come from: `http://127.0.0.1:PORT`, with `/metadata/identity/oauth2/token` (IMDS),
    /// `/msi/token` (App Service, Functions, Container Apps) and `/arc/metadata/identity/oauth2/token`.
    pub fn identity_url(&self) -> &str {
        self.service.identities.origin()
    }

    /// What `IDENTITY_HEADER` must hold at `/msi/token`.
    pub fn identity_header(&self) -> &str {
        self.service.identities.header()
    }

    /// The client id of the user-assigned identity.
    pub fn identity_client_id(&self) -> String {
        self.service.identities.client_id().to_string()
    }

    /// What was asked of the token endpoint of late, oldest first.
    pub fn token_requests(&self) -> Vec<TokenRequest> {
        self.service.log.requests()
    }

    /// Ends all sign-ins of a user, as an administrator does in the portal: no token of theirs is good any more.
    pub fn revoke_sign_ins(&self, user: &str) {
        self.service.tokens.revoke_user(user);
    }

    /// Does one more thing wrong from now on.
    pub fn add_fault(&self, fault: Fault) {
        self.service.faults.add(fault);
    }

    /// Does nothing wrong from now on.
    pub fn clear_faults(&self) {
        self.service.faults.clear();
    }

    /// Approves a device code for the administrator, as a person at the sign-in page would. False: no such code waits.
    pub fn approve_device(&self, user_code: &str) -> bool {
        self.service.devices.approve(user_code, self.service.directory.administrator()).is_ok()
    }

    /// Declines a device code. False: no such code waits.
    pub fn decline_device(&self, user_code: &str) -> bool {
        self.service.devices.decline(user_code).is_ok()
    }

    /// The address of the REST endpoints, `https://localhost:PORT`; whom a token was issued for decides which service answers.
    pub fn rest_url(&self) -> &str {
        &self.service.origin
    }

    /// The regional host that the compliance service sends its callers to, `https://localhost:PORT`.
    pub fn compliance_url(&self) -> &str {
        self.service.adminapi.regional_origin()
    }

    /// How often a cmdlet was executed over either carrier; previews and confirmation questions do not count.
    pub fn executions(&self, cmdlet: &str) -> u64 {
        self.service.executions.of(cmdlet)
    }

    /// How many objects the commands that have ended in its own remote shells wrote.
    pub fn objects_written(&self) -> u64 {
        self.service.objects_written.load(Ordering::Acquire)
    }

    /// How often `EXOModuleFile` was sent whole; an answer that nothing has changed does not count.
    pub fn module_downloads(&self) -> u64 {
        self.service.adminapi.module_downloads()
    }

    /// How many clients the REST side has told apart: whoever comes without a cookie of it is a new one.
    pub fn rest_clients(&self) -> u64 {
        self.service.adminapi.clients()
    }

    /// How many requests were read and left without an answer so far.
    pub fn hung_requests(&self) -> usize {
        self.service.hung.load(Ordering::Acquire)
    }

    /// Ends every remote shell, as a server does that is restarted.
    pub fn end_shells(&self) {
        self.service.shells.close_all();
    }

    /// How many remote shells exist now.
    pub fn live_shells(&self) -> usize {
        self.service.shells.len()
    }

    /// How many of their commands have not ended; of those of [`Backend::Pwsh`] none are known.
    pub fn running_commands(&self) -> usize {
        self.service.shells.running_commands()
    }

    /// Stops listening and ends every connection and shell.
    pub async fn shutdown(mut self) {
        self.service.shells.close_all();
        self.service.adminapi.close_all();
        self.listeners.shutdown().await;
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Cmdlets wait on threads of their own; they give up when their shell or their pages are closed.
        self.service.shells.close_all();
        self.service.adminapi.close_all();
    }
}

/// Ends idle shells, again and again.
async fn sweep(service: Arc<Service>) {
    let pause = (service.shell_idle / 4).clamp(SHORTEST_SWEEP, LONGEST_SWEEP);
    loop {
        tokio::time::sleep(pause).await;
        service.shells.sweep().await;
    }
}

impl std::fmt::Debug for Lab {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lab").field("addresses", &self.addresses).finish_non_exhaustive()
    }
}

/// The applications that have certificates.
#[derive(Debug)]
struct Registered {
    files: CertificateFiles,
    application: String,
    roleless: String,
}

/// What every request handler can reach.
#[derive(Debug)]
struct Service {
    /// `https://localhost:PORT`
    origin: String,
    directory: Directory,
    tokens: Tokens,
    devices: DeviceCodes,
    codes: Codes,
    browsers: Browsers,
    identities: Identities,
    log: Log,
    certificates: Option<Registered>,
    faults: Faults,
    /// `None`: nobody is let in with a ticket.
    kerberos: Option<Kerberos>,
    /// Passwords and unsealed messages are taken over plain http.
    plain_passwords: bool,
    shells: Shells,
    /// `None`: answers are not kept.
    replays: Option<Replays>,
    executions: Executions,
    objects_written: AtomicU64,
    backend: Backend,
    adminapi: AdminApi,
    organization: Organization,
    recordings: Recordings,
    cmdlets: usize,
    receive_wait: Duration,
    shell_idle: Duration,
    /// Requests that were read and left without an answer.
    hung: AtomicUsize,
}

impl Service {
    fn new(
        config: LabConfig,
        port: u16,
        regional_port: u16,
        identities: Identities,
        kerberos: Option<Kerberos>,
    ) -> Result<Self, StartError> {
        let recordings = match &config.data {
            None => Recordings::default(),
            Some(folder) => Recordings::find(folder)
                .map_err(|source| StartError::Data { path: folder.clone(), source })?,
        };
        let password = config.password.unwrap_or_else(|| format!("Lab-{}", Uuid::new_v4().simple()));
        let mut applications = Vec::new();
        let mut certificates = None;
        if let Some(folder) = &config.certificates {
            let (files, registered) = CertificateFiles::write(folder, &password)?;
            let application = Application::new("exo-lab application", registered.clone(), true);
            let roleless = Application::new("exo-lab application without a role", registered, false);
            certificates = Some(Registered {
                files,
                application: application.id().to_string(),
                roleless: roleless.id().to_string(),
            });
            applications = vec![application, roleless];
        }
        Ok(Self {
            origin: format!("https://localhost:{port}"),
            directory: Directory::new(config.user, config.accounts, password, applications),
            tokens: Tokens::new(SigningKey::shared()?, config.token_lifetime),
            devices: DeviceCodes::new(config.device_approval, config.device_interval, config.device_lifetime),
            codes: Codes::default(),
            browsers: Browsers::default(),
            identities,
            log: Log::default(),
            certificates,
            faults: Faults::new(config.faults),
            kerberos,
            plain_passwords: config.plain_passwords,
            shells: Shells::new(config.session_limit, config.affinity),
            replays: config.keeps_answers.then(Replays::default),
            executions: Executions::default(),
            objects_written: AtomicU64::new(0),
            backend: config.backend,
            adminapi: AdminApi::new(format!("https://localhost:{regional_port}")),
            organization: Organization::sample(config.mailboxes.min(MAX_MAILBOXES)),
            recordings,
            cmdlets: config.cmdlets.min(MAX_CMDLETS),
            receive_wait: config.receive_wait,
            shell_idle: config.shell_idle,
            hung: AtomicUsize::new(0),
        })
    }

    /// The time by the sign-in service's clock.
    fn now(&self) -> Moment {
        Moment::now().shifted(self.faults.clock_offset())
    }
}

/// Twice what the service has.
const MAX_CMDLETS: usize = 2_000;
const MAX_MAILBOXES: u32 = 200_000;
const SHORTEST_SWEEP: Duration = Duration::from_millis(50);
const LONGEST_SWEEP: Duration = Duration::from_secs(15);
