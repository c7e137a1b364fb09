//! `exo-lab`, the stand-in tenant as a command.
//!
//! Prints what a script needs as `NAME=value` lines and serves until it is told to stop.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use exo_lab::{Backend, DeviceApproval, Fault, Lab, LabConfig, Realm, Scheme};

/// A stand-in tenant on loopback: sign-in, remote PowerShell endpoint and sample data.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Arguments {
    /// Port on 127.0.0.1 and ::1; 0 picks a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Number of mailboxes in the sample organization
    #[arg(long, default_value_t = 25, value_parser = clap::value_parser!(u32).range(0..=200_000))]
    mailboxes: u32,
    /// Folder of recorded CLIXML documents; `*GetAcceptedDomain*.xml` in it answers Get-AcceptedDomain
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Declare so many cmdlets, as the service does with some 800; those made up for it cannot be run
    #[arg(long, default_value_t = 0, value_name = "N")]
    cmdlets: usize,
    /// What answers in the remote shells: the lab's own cmdlets, or a `pwsh -s` process for each
    #[arg(long, value_enum, default_value = "builtin")]
    backend: BackendName,
    /// Session configuration (.pssc) for the shells of `--backend pwsh`
    #[arg(long, value_name = "FILE")]
    configuration_file: Option<PathBuf>,
    /// Something to do wrong, for example http-503=2, drop-mid, huge-message=20000000 or redirect=/powershell/
    #[arg(long = "fault", value_name = "NAME=VALUE")]
    faults: Vec<Fault>,
    /// Write the printed variables to this file too
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// Shells that one user may have at a time
    #[arg(long, default_value_t = 5, value_name = "N")]
    session_limit: u32,
    /// Another administrator with the same password, for example ana@contoso.com; its domain is the tenant's too
    #[arg(long = "account", value_name = "UPN")]
    accounts: Vec<String>,
    /// Register an application, and write its certificates (PFX and PEM) into this folder; needs openssl
    #[arg(long, value_name = "DIR")]
    certificates: Option<PathBuf>,
    /// Folder for the challenge file of Azure Arc, instead of one of the lab's own
    #[arg(long, value_name = "DIR")]
    arc_folder: Option<PathBuf>,
    /// Let in callers with Kerberos tickets for these keys of HTTP/localhost, also over plain http with sealed messages
    #[arg(long, value_name = "FILE")]
    keytab: Option<PathBuf>,
    /// As --keytab, in a throw-away realm of the lab's own whose user `admin` has the lab's password; needs krb5-kdc
    #[arg(long, conflicts_with = "keytab")]
    kerberos: bool,
    /// Listen over plain http too, for callers with passwords
    #[arg(long)]
    plain_passwords: bool,
    /// Find shells by their ShellId alone, and send no cookies, as one server without a load balancer does
    #[arg(long)]
    no_affinity: bool,
    /// Offer callers with tickets this scheme only
    #[arg(long, value_enum)]
    scheme: Option<SchemeName>,
    /// Approve device codes after so many polls, instead of waiting for somebody at the device page
    #[arg(long, value_name = "POLLS")]
    approve_device_after: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum BackendName {
    Builtin,
    Pwsh,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SchemeName {
    Negotiate,
    Kerberos,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut text = format!("exo-lab: {error}");
            let mut cause = error.source();
            while let Some(inner) = cause {
                text.push_str(&format!(": {inner}"));
                cause = inner.source();
            }
            text.push('\n');
            // Nothing is left to do when stderr itself is gone.
            drop(std::io::stderr().write_all(text.as_bytes()));
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let backend = match (arguments.backend, arguments.configuration_file) {
        (BackendName::Pwsh, configuration_file) => Backend::Pwsh { configuration_file },
        (BackendName::Builtin, None) => Backend::Builtin,
        (BackendName::Builtin, Some(_)) => {
            return Err("--configuration-file is for the shells of --backend pwsh".into());
        }
    };
    let realm = if arguments.kerberos { Some(realm()?) } else { None };
    let keytab = arguments.keytab.or_else(|| realm.as_ref().map(Realm::keytab));
    let schemes = match arguments.scheme {
        None => vec![Scheme::Negotiate, Scheme::Kerberos],
        Some(SchemeName::Negotiate) => vec![Scheme::Negotiate],
        Some(SchemeName::Kerberos) => vec![Scheme::Kerberos],
    };
    let config = LabConfig {
        keytab,
        plain_passwords: arguments.plain_passwords,
        affinity: !arguments.no_affinity,
        schemes,
        backend,
        port: arguments.port,
        mailboxes: arguments.mailboxes,
        data: arguments.data,
        cmdlets: arguments.cmdlets,
        faults: arguments.faults,
        session_limit: arguments.session_limit,
        accounts: arguments.accounts,
        certificates: arguments.certificates,
        arc_folder: arguments.arc_folder,
        device_approval: match arguments.approve_device_after {
            None => DeviceApproval::ByPerson,
            Some(polls) => DeviceApproval::AfterPolls(polls),
        },
        ..LabConfig::default()
    };
    let mut stop_requests = StopRequests::listen()?;
    let lab = Lab::start(config).await?;
    let mut variables = lab.variables();
    if let Some(realm) = &realm {
        realm.add_user("admin", lab.password())?;
        variables.splice(0..0, realm.variables());
    }
    let mut lines = String::new();
    for (name, value) in variables {
        lines.push_str(&format!("{name}={value}\n"));
    }
    if let Some(file) = &arguments.env_file {
        std::fs::write(file, &lines)
            .map_err(|error| format!("{} cannot be written: {error}", file.display()))?;
    }
    let mut stdout = std::io::stdout();
    stdout.write_all(lines.as_bytes())?;
    // An empty line tells a program that reads this that it has all of them.
    stdout.write_all(b"\n")?;
    stdout.flush()?;
    stop_requests.next().await;
    lab.shutdown().await;
    Ok(())
}

/// A realm with the keys of the lab's service.
fn realm() -> Result<Realm, Box<dyn std::error::Error>> {
    let realm = Realm::start()?;
    realm.add_service("HTTP/localhost")?;
    Ok(realm)
}

/// Ctrl+C or a polite kill. Listens from its making, so that neither is missed.
struct StopRequests {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl StopRequests {
    fn listen() -> std::io::Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            Ok(Self {
                interrupt: signal(SignalKind::interrupt())?,
                terminate: signal(SignalKind::terminate())?,
            })
        }
        #[cfg(windows)]
        Ok(Self { interrupt: tokio::signal::windows::ctrl_c()? })
    }

    async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(windows)]
        self.interrupt.recv().await;
    }
}
