//! `cargo xtask bench --client`: the processor time of the whole client, the stand-in tenant being another process, against
//! that of the codec alone on the same messages, and over plain http beside psrp-rs over winrm-rs.

use std::path::Path;
use std::process::{Command, Stdio};

use xshell::{Shell, cmd};

use crate::Result;
use crate::tenant::Tenant;
use crate::usage::{Meter, Usage};

/// As many mailboxes as the goal of the project names.
const MAILBOXES: &str = "10000";

pub(crate) fn run(shell: &Shell) -> Result {
    let tenant_and_client =
        ["--package", "exo-lab", "--bin", "exo-lab", "--package", "exo-session", "--bench", "client"];
    let messages = cmd!(
        shell,
        "cargo build --locked --release {tenant_and_client...} --message-format json-render-diagnostics"
    )
    .read()?;
    let client = crate::executable(&messages, "client").ok_or("cargo built no benchmark named client")?;
    let binaries = crate::target_folder(shell)?.join("release");
    let tenant = Tenant::start(&binaries, &["--mailboxes", MAILBOXES])?;

    let (bytes, codec) = codec(&client, &tenant)?;
    println!("{MAILBOXES} mailboxes, {:.0} MB of CLIXML", bytes / 1e6);
    println!(
        "{:<28} {:>8} {:>8} {:>8} {:>8} {:>8} {:>10}",
        "processor time (s)", "user", "system", "together", ": codec", "ms/MB", "peak (MB)"
    );
    println!(
        "{:<28} {:>8} {:>8} {codec:>8.3} {:>8} {:>8.2}",
        "codec alone",
        "",
        "",
        "1.0",
        codec / bytes * 1e9
    );
    let row = |name: &str, usage: Usage| {
        let together = usage.processor();
        println!(
            "{name:<28} {:>8.2} {:>8.2} {together:>8.2} {:>8.1} {:>8.2} {:>10.1}",
            usage.user,
            usage.system,
            together / codec,
            together / bytes * 1e9,
            usage.peak
        );
    };
    row("exo, one mailbox", measure(&client, &["run", "1"], &tenant)?);
    row("exo", measure(&client, &["run", MAILBOXES], &tenant)?);
    tenant.stop()?;
    // The rival keeps no cookies, and is used over plain http here.
    let tenant = Tenant::start(&binaries, &["--mailboxes", MAILBOXES, "--plain-passwords", "--no-affinity"])?;
    row("exo, plain http", measure(&client, &["run-plain", MAILBOXES], &tenant)?);
    match crate::bench::shared_bench() {
        Ok(_) => {
            let rival = crate::bench::build_peers(shell)?.join("client");
            row("psrp-rs, plain http", measure(&rival, &[MAILBOXES], &tenant)?);
        }
        Err(reason) => println!("psrp-rs is left out: {reason}"),
    }
    tenant.stop()
}

/// The bytes of the messages, and the seconds that the codec takes for them.
fn codec(client: &Path, tenant: &Tenant) -> Result<(f64, f64)> {
    let output = with_tenant(&mut Command::new(client), tenant).args(["codec", MAILBOXES]).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let figures: Vec<f64> = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    match figures.as_slice() {
        [bytes, nanoseconds] if output.status.success() => Ok((*bytes, nanoseconds / 1e9)),
        _ => Err(format!("the client ended with {}: {text}", output.status).into()),
    }
}

/// The run that took the least of [`ROUNDS`], the least disturbed one.
fn measure(program: &Path, arguments: &[&str], tenant: &Tenant) -> Result<Usage> {
    let mut least: Option<Usage> = None;
    for _ in 0..ROUNDS {
        let meter = Meter::new()?;
        let mut command = meter.command(program);
        let status = with_tenant(&mut command, tenant).args(arguments).stdout(Stdio::null()).status()?;
        if !status.success() {
            return Err(format!("{} ended with {status}", program.display()).into());
        }
        let usage = meter.read()?;
        if least.is_none_or(|least| usage.processor() < least.processor()) {
            least = Some(usage);
        }
    }
    least.ok_or_else(|| "nothing was measured".into())
}

fn with_tenant<'c>(command: &'c mut Command, tenant: &Tenant) -> &'c mut Command {
    command.envs(tenant.variables.iter().map(|(name, value)| (name, value)))
}

const ROUNDS: usize = 3;
