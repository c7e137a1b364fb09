//! A PowerShell process that serves remoting on its standard input and output, in lines.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::shell::ShellError;

/// Reads the next line. False: there is none, or it is longer than `limit` bytes, which no line of such a process is.
pub(super) async fn next_line(
    output: &mut (impl AsyncBufRead + Unpin),
    line: &mut String,
    limit: u64,
) -> bool {
    line.clear();
    let mut within = output.take(limit);
    within.read_line(line).await.is_ok() && line.ends_with('\n')
}

/// Starts `pwsh -s`, restricted by a session configuration when there is one.
pub(super) fn start(
    configuration_file: Option<&Path>,
) -> Result<(Child, ChildStdin, ChildStdout), ShellError> {
    let mut command = Command::new(PROGRAM);
    command.args(["-NoLogo", "-NoProfile", "-s"]);
    if let Some(file) = configuration_file {
        command.args([OsStr::new("-ConfigurationFile"), file.as_os_str()]);
    }
    let started = command
        .envs([("POWERSHELL_TELEMETRY_OPTOUT", "1"), ("POWERSHELL_UPDATECHECK", "Off"), ("NO_COLOR", "1")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn();
    let mut child =
        started.map_err(|error| ShellError::NotStarted(format!("{PROGRAM} does not start: {error}")))?;
    match (child.stdin.take(), child.stdout.take()) {
        (Some(input), Some(output)) => Ok((child, input, output)),
        _ => Err(ShellError::NotStarted(format!("{PROGRAM} has no input or output"))),
    }
}

/// The one that PATH finds.
const PROGRAM: &str = "pwsh";

#[cfg(test)]
mod tests;
