//! `cargo xtask bench --memory`: what `exo run` takes for results of growing size, the stand-in tenant being another
//! process.

use std::io::{Read, Write};
use std::path::Path;
use std::process::Stdio;

use xshell::{Shell, cmd};

use crate::Result;
use crate::tenant::Tenant;
use crate::usage::{Meter, Usage};

/// How many mailboxes are asked for: one, to see what the program takes when it has next to nothing to do, then more.
pub(crate) const SIZES: [u32; 4] = [1, 1_000, 5_000, 25_000];

pub(crate) fn run(shell: &Shell, sizes: &[u32]) -> Result {
    let packages = ["--package", "exo-cli", "--package", "exo-lab"];
    cmd!(shell, "cargo build --release --locked --bins {packages...}").run()?;
    let binaries = crate::target_folder(shell)?.join("release");
    let most = sizes.iter().max().copied().unwrap_or_default().to_string();
    let tenant = Tenant::start(&binaries, &["--mailboxes", &most])?;
    println!(
        "{:<8} {:>10} {:>12} {:>10} {:>12} {:>8} {:>8}",
        "carrier", "mailboxes", "JSON (MB)", "peak (MB)", "above idle", "user (s)", "sys (s)"
    );
    let mut worst = 0.0;
    for (carrier, address) in [("rest", "EXO_LAB_REST_URL"), ("psrp", "EXO_LAB_URL")] {
        let mut idle = None;
        for &mailboxes in sizes {
            let run = Run::of(&binaries, &tenant, carrier, address, mailboxes)?;
            let Usage { peak, user, system } = run.usage;
            let above = peak - *idle.get_or_insert(peak);
            worst = f64::max(worst, above);
            println!(
                "{carrier:<8} {mailboxes:>10} {:>12.1} {peak:>10.1} {above:>12.1} {user:>8.2} {system:>8.2}",
                run.printed
            );
        }
    }
    tenant.stop()?;
    if LIMIT < worst {
        return Err(format!("{worst:.1} MB above idle; at most {LIMIT} MB are allowed").into());
    }
    Ok(())
}

/// What one run printed, in MB of 10⁶ bytes, and took.
struct Run {
    printed: f64,
    usage: Usage,
}

impl Run {
    fn of(binaries: &Path, tenant: &Tenant, carrier: &str, address: &str, mailboxes: u32) -> Result<Self> {
        let meter = Meter::new()?;
        let mut child = meter
            .command(&binaries.join("exo"))
            .args(["run", "--carrier", carrier, "--connection-uri", tenant.variable(address)?])
            .args(["--authority", tenant.variable("EXO_LAB_AUTHORITY")?])
            .args(["--user", tenant.variable("EXO_LAB_USER")?, "--password-stdin", "--catalog-cache", "off"])
            .args(["--output", "jsonl", "--", "Get-Mailbox", "-WarningAction", "SilentlyContinue"])
            .args(["-ResultSize", &mailboxes.to_string()])
            .envs(tenant.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "{}", tenant.variable("EXO_LAB_PASSWORD")?)?;
        }
        let mut printed = 0usize;
        let mut lines = 0usize;
        if let Some(mut output) = child.stdout.take() {
            let mut buffer = vec![0; 1 << 16];
            loop {
                let read = output.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                printed += read;
                lines += buffer.iter().take(read).filter(|&&byte| byte == b'\n').count();
            }
        }
        let status = child.wait()?;
        if !status.success() || lines != usize::try_from(mailboxes)? {
            return Err(
                format!("exo run ended with {status} and printed {lines} of {mailboxes} mailboxes").into()
            );
        }
        Ok(Self { printed: megabytes(printed)?, usage: meter.read()? })
    }
}

fn megabytes(bytes: usize) -> Result<f64> {
    Ok(f64::from(u32::try_from(bytes / 1_000)?) / 1e3)
}

/// The goal of the project, in MB above a run that has next to nothing to do.
const LIMIT: f64 = 40.0;
