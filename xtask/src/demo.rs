//! `cargo xtask demo`: from an empty checkout to a disconnected session, in front of the reader.
//!
//! Starts the stand-in tenant, then types what an administrator would type: with `exo`, and in
//! pwsh with the module where pwsh is installed.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use xshell::Shell;

use crate::tenant::Tenant;
use crate::{Result, module};

pub(crate) fn run(shell: &Shell) -> Result {
    let mut timings = Timings::default();
    let binaries = timings.step("build", || {
        shell.cmd("cargo").args(["build", "--workspace", "--bins", "--locked"]).quiet().run()?;
        Ok(crate::target_folder(shell)?.join("debug"))
    })?;
    let tenant = timings.step("start the stand-in tenant", || Tenant::start(&binaries, &[]))?;
    println!("The tenant listens at {}\n", tenant.variable("EXO_LAB_URL")?);

    let exo = Exo { program: binaries.join("exo"), tenant: &tenant };
    timings.step("exo doctor", || exo.run(&["doctor"], &[], 0))?;
    timings.step("a table, with Exchange's warning that there is more", || {
        let columns =
            ["--output", "table", "--select", "DisplayName,PrimarySmtpAddress,RecipientTypeDetails"];
        exo.run(&["run"], &[&columns[..], &["--", "Get-Mailbox", "-ResultSize", "5"]].concat(), 0)
    })?;
    timings.step("a change that sticks", || {
        let mailbox = "user00001@contoso.onmicrosoft.com";
        exo.run(&["run"], &["--", "Set-Mailbox", "-Identity", mailbox, "-CustomAttribute1", "demo"], 0)?;
        let columns = ["--output", "list", "--select", "DisplayName,CustomAttribute1,WhenChanged"];
        exo.run(&["run"], &[&columns[..], &["--", "Get-Mailbox", "-Identity", mailbox]].concat(), 0)
    })?;
    timings.step("JSON lines, as a script would read them", || {
        exo.run(&["run"], &["--output", "jsonl", "--select", "Name,Default", "--", "Get-AcceptedDomain"], 0)
    })?;
    timings.step("an error of the remote command (exit code 1)", || {
        exo.run(&["run"], &["--", "Get-Mailbox", "-Identity", "nobody"], 1)
    })?;
    if crate::has_program("pwsh") {
        let folder =
            timings.step("build the PowerShell module", || module::build(shell, module::Profile::Dev))?;
        timings.step("the same in pwsh: connect, run, disconnect", || pwsh(shell, &folder, &tenant))?;
    } else {
        println!("pwsh is not installed: the PowerShell part of the demo is skipped\n");
    }
    timings.step("stop the tenant", || tenant.stop())?;
    timings.print();
    Ok(())
}

/// What each step took, for the table at the end.
#[derive(Default)]
struct Timings(Vec<(String, Duration)>);

impl Timings {
    fn step<T>(&mut self, name: &str, run: impl FnOnce() -> Result<T>) -> Result<T> {
        println!("── {name}");
        let start = Instant::now();
        let value = run()?;
        self.0.push((name.to_owned(), start.elapsed()));
        println!();
        Ok(value)
    }

    fn print(&self) {
        println!("What each step took:");
        for (name, duration) in &self.0 {
            println!("{:>9.3} s  {name}", duration.as_secs_f64());
        }
    }
}

/// The native command with the connection options of the tenant.
struct Exo<'a> {
    program: PathBuf,
    tenant: &'a Tenant,
}

impl Exo<'_> {
    /// Shows the command line, runs it with the password on standard input, checks the exit code.
    fn run(&self, before: &[&str], after: &[&str], expected: i32) -> Result {
        let connection = [
            "--connection-uri",
            self.tenant.variable("EXO_LAB_URL")?,
            "--authority",
            self.tenant.variable("EXO_LAB_AUTHORITY")?,
            "--user",
            self.tenant.variable("EXO_LAB_USER")?,
            "--password-stdin",
        ];
        println!("$ exo {}", [before, &["…"], after].concat().join(" "));
        let mut child = Command::new(&self.program)
            .args(before)
            .args(connection)
            .args(after)
            .envs(self.tenant.variables.iter().map(|(name, value)| (name, value)))
            .env("EXO_CATALOG_CACHE", "off")
            .stdin(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "{}", self.tenant.variable("EXO_LAB_PASSWORD")?)?;
        }
        let code = child.wait()?.code();
        if code == Some(expected) {
            Ok(())
        } else {
            Err(format!("exo ended with {code:?}, expected {expected}").into())
        }
    }
}

fn pwsh(shell: &Shell, module: &Path, tenant: &Tenant) -> Result {
    let status = Command::new("pwsh")
        .current_dir(shell.current_dir())
        .args(["-NoProfile", "-NonInteractive", "-File", "tests/pwsh/demo.ps1"])
        .arg(module.join("ExchangeOnlineManagement.psd1"))
        .envs(tenant.variables.iter().map(|(name, value)| (name, value)))
        .env("POWERSHELL_TELEMETRY_OPTOUT", "1")
        .env("POWERSHELL_UPDATECHECK", "Off")
        .stdin(Stdio::null())
        .status()?;
    if status.success() { Ok(()) } else { Err("the PowerShell part of the demo failed".into()) }
}
