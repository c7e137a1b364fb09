//! A stand-in tenant on loopback: sign-in, REST and WSMan/PSRP endpoints, sample data.
//!
//! [`Lab::start`] gives a running tenant to tests; the `exo-lab` command does the same for people and scripts. It binds
//! loopback only, makes its own certificate authority, and forgets everything when it stops.

#![forbid(unsafe_code)]

mod adminapi;
mod body;
mod clock;
mod cmdlets;
mod config;
mod data;
mod directory;
mod entra;
mod error;
mod fault;
mod http;
mod listener;
mod shell;
mod tls;
mod wsman;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use uuid::Uuid;

use crate::adminapi::AdminApi;
use crate::data::Organization;
use crate::data::recorded::Recordings;
use crate::directory::Directory;
use crate::entra::{DeviceCodes, Tokens};
use crate::fault::Faults;
use crate::shell::Shells;
use crate::tls::Tls;

pub use crate::adminapi::module_text;
pub use crate::config::{Backend, DeviceApproval, LabConfig};
pub use crate::error::StartError;
pub use crate::fault::{Fault, FaultKind, FaultSyntax, Stage};

/// A running stand-in tenant. Dropping it closes its sockets and ends its connections.
pub struct Lab {
    service: Arc<Service>,
    tls: Tls,
    addresses: Vec<SocketAddr>,
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
        let service = Arc::new(Service::new(config, port, regional_port)?);
        let mut listeners = JoinSet::new();
        listeners.spawn(sweep(Arc::clone(&service)));
        let router = http::router(Arc::clone(&service));
        let acceptor = TlsAcceptor::from(tls.server());
        for socket in sockets {
            listeners.spawn(listener::serve(socket, acceptor.clone(), router.clone()));
        }
        let router = http::regional_router(Arc::clone(&service));
        for socket in regional {
            listeners.spawn(listener::serve(socket, acceptor.clone(), router.clone()));
        }
        Ok(Self { service, tls, addresses, listeners })
    }

    /// The loopback addresses it listens on: IPv4, and IPv6 where the machine has it.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// The remote PowerShell endpoint, `https://localhost:PORT/powershell-liveid/`.
    pub fn url(&self) -> String {
        format!("{}/powershell-liveid/", self.service.origin)
    }

    /// The sign-in authority, `https://localhost:PORT/organizations`.
    pub fn authority(&self) -> String {
        format!("{}/organizations", self.service.origin)
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
        vec![
            ("EXO_LAB_URL", self.url()),
            ("EXO_LAB_REST_URL", self.rest_url().to_owned()),
            ("EXO_LAB_AUTHORITY", self.authority()),
            ("EXO_LAB_USER", self.user()),
            ("EXO_LAB_PASSWORD", self.password().to_owned()),
            ("EXO_LAB_DEVICE_PAGE", format!("{}/device", self.service.origin)),
            ("SSL_CERT_FILE", self.ca_file().display().to_string()),
        ]
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

    /// How often a cmdlet was executed over REST; previews and confirmation questions do not count.
    pub fn executions(&self, cmdlet: &str) -> u64 {
        self.service.adminapi.executions(cmdlet)
    }

    /// How often `EXOModuleFile` was sent whole; an answer that nothing has changed does not count.
    pub fn module_downloads(&self) -> u64 {
        self.service.adminapi.module_downloads()
    }

    /// How many remote shells exist now.
    pub fn live_shells(&self) -> usize {
        self.service.shells.len()
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

/// What every request handler can reach.
#[derive(Debug)]
struct Service {
    /// `https://localhost:PORT`
    origin: String,
    directory: Directory,
    tokens: Tokens,
    devices: DeviceCodes,
    faults: Faults,
    shells: Shells,
    backend: Backend,
    adminapi: AdminApi,
    organization: Organization,
    recordings: Recordings,
    cmdlets: usize,
    receive_wait: Duration,
    shell_idle: Duration,
}

impl Service {
    fn new(config: LabConfig, port: u16, regional_port: u16) -> Result<Self, StartError> {
        let recordings = match &config.data {
            None => Recordings::default(),
            Some(folder) => Recordings::find(folder)
                .map_err(|source| StartError::Data { path: folder.clone(), source })?,
        };
        let password = config.password.unwrap_or_else(|| format!("Lab-{}", Uuid::new_v4().simple()));
        Ok(Self {
            origin: format!("https://localhost:{port}"),
            directory: Directory::new(config.user, password),
            tokens: Tokens::new(config.token_lifetime),
            devices: DeviceCodes::new(config.device_approval, config.device_interval),
            faults: Faults::new(config.faults),
            shells: Shells::new(config.session_limit),
            backend: config.backend,
            adminapi: AdminApi::new(format!("https://localhost:{regional_port}")),
            organization: Organization::sample(config.mailboxes.min(MAX_MAILBOXES)),
            recordings,
            cmdlets: config.cmdlets.min(MAX_CMDLETS),
            receive_wait: config.receive_wait,
            shell_idle: config.shell_idle,
        })
    }
}

/// Twice what the service has.
const MAX_CMDLETS: usize = 2_000;
const MAX_MAILBOXES: u32 = 200_000;
const SHORTEST_SWEEP: Duration = Duration::from_millis(50);
const LONGEST_SWEEP: Duration = Duration::from_secs(15);
