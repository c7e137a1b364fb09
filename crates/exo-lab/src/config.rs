//! What a lab is started with.

use std::path::PathBuf;
use std::time::Duration;

use crate::fault::Fault;
use crate::negotiate::Scheme;

/// How to start a [`Lab`](crate::Lab).
#[derive(Clone)]
pub struct LabConfig {
    /// The port on 127.0.0.1 and ::1; 0 picks a free one.
    pub port: u16,
    /// How many mailboxes the sample organization has, at most 200,000.
    pub mailboxes: u32,
    /// A folder of recorded CLIXML documents that answer the `Get-` cmdlets they are named after.
    pub data: Option<PathBuf>,
    /// How many cmdlets the module text declares at least, at most 2,000. Those that are missing are made up from the
    /// ones there are, and cannot be run; the service declares some 800.
    pub cmdlets: usize,
    /// What answers in the remote shells.
    pub backend: Backend,
    /// What to do wrong.
    pub faults: Vec<Fault>,
    /// How many shells one user may have at a time.
    pub session_limit: u32,
    /// The administrator's user principal name.
    pub user: String,
    /// Further administrators with the same password; their domains are the tenant's.
    pub accounts: Vec<String>,
    /// The administrator's password; `None` makes one up.
    pub password: Option<String>,
    /// User and password that the proxy wants to be told; `None` serves everybody.
    pub proxy_credential: Option<(String, String)>,
    /// The keys of the service `HTTP/localhost`: callers with Kerberos tickets are let in, over https, and over plain http with
    /// sealed messages. `None` lets in nobody with a ticket, and listens at no plain port.
    pub keytab: Option<PathBuf>,
    /// Listens over plain http too, for callers with passwords, whose messages are not sealed: as a server does whose
    /// PowerShell directory does not ask for SSL.
    pub plain_passwords: bool,
    /// Whether shells are found by the cookies that came with their making only, as in a service of many servers. Without,
    /// they are found by their ShellId alone, as at one server without a load balancer, and no cookies are sent.
    pub affinity: bool,
    /// The schemes that callers with tickets are offered.
    pub schemes: Vec<Scheme>,
    /// Who approves device codes.
    pub device_approval: DeviceApproval,
    /// Where to write certificates for an application; `None` registers no application. Needs the `openssl` command.
    pub certificates: Option<PathBuf>,
    /// Where the challenge file of Azure Arc goes; `None` = a folder of the lab's own. Clients look below
    /// `/var/opt/azcmagent/tokens`.
    pub arc_folder: Option<PathBuf>,
    /// The pause between polls that device-code clients are told to keep; whole seconds go over the wire.
    pub device_interval: Duration,
    /// How long device codes are good.
    pub device_lifetime: Duration,
    /// How long access tokens are good.
    pub token_lifetime: Duration,
    /// The longest a Receive waits for output, whatever its OperationTimeout says.
    pub receive_wait: Duration,
    /// Whether answers are kept for clients that lost them (MS-WSMV 3.1.4.1.39, robust connections).
    pub keeps_answers: bool,
    /// How long a shell may lie idle before the lab deletes it.
    pub shell_idle: Duration,
}

/// What answers in the remote shells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Backend {
    /// The lab's own cmdlets, with protocol 2.3 and an Exchange server's rules.
    #[default]
    Builtin,
    /// A `pwsh -s` process for each shell: PowerShell's own server and protocol version. The lab passes its fragments on
    /// and knows none of its commands.
    Pwsh {
        /// A `.pssc` file that restricts the sessions, for example to no language and some functions.
        configuration_file: Option<PathBuf>,
    },
}

/// Who approves a device code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceApproval {
    /// A person, with a POST of `user_code` to `/device` (or [`Lab::approve_device`](crate::Lab::approve_device)).
    ByPerson,
    /// The lab itself, for its administrator, once the token endpoint was polled more than so many times.
    AfterPolls(u32),
}

impl Default for LabConfig {
    fn default() -> Self {
        Self {
            port: 0,
            mailboxes: 25,
            data: None,
            cmdlets: 0,
            backend: Backend::default(),
            faults: Vec::new(),
            session_limit: 5,
            user: format!("admin@{}", crate::data::INITIAL_DOMAIN),
            accounts: Vec::new(),
            password: None,
            proxy_credential: None,
            keytab: None,
            plain_passwords: false,
            affinity: true,
            schemes: vec![Scheme::Negotiate, Scheme::Kerberos],
            device_approval: DeviceApproval::ByPerson,
            certificates: None,
            arc_folder: None,
            device_interval: crate::entra::DEFAULT_POLL_INTERVAL,
            device_lifetime: Duration::from_secs(900),
            token_lifetime: Duration::from_secs(3_600),
            receive_wait: Duration::from_secs(900),
            keeps_answers: true,
            shell_idle: Duration::from_secs(900),
        }
    }
}

impl std::fmt::Debug for LabConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LabConfig")
            .field("port", &self.port)
            .field("mailboxes", &self.mailboxes)
            .field("data", &self.data)
            .field("backend", &self.backend)
            .field("faults", &self.faults)
            .field("session_limit", &self.session_limit)
            .field("device_approval", &self.device_approval)
            .finish_non_exhaustive()
    }
}
