//! A PowerShell process that serves remoting on its standard input and output, one line an item.
//!
//! `<Data Stream='Default' PSGuid='…'>base64</Data>` carries fragments; `Command`, `Signal` and `Close` are answered,
//! as `Data` is, by an element of the same name with `Ack` behind it. The zero GUID is the session.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Stdio;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use uuid::Uuid;

use crate::shell::ShellError;

/// A line of the process.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// Whole fragments of the session (the zero GUID) or of a command.
    Data(Uuid, Vec<u8>),
    /// The answer to a line of ours.
    Ack(Item, Uuid),
    /// Nothing this transport has: a banner, or what a script wrote past its host.
    Noise,
}

/// What a line of ours does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Item {
    Data,
    Command,
    Signal,
    Close,
}

impl Item {
    const ALL: [Self; 4] = [Self::Data, Self::Command, Self::Signal, Self::Close];

    fn name(self) -> &'static str {
        match self {
            Self::Data => "Data",
            Self::Command => "Command",
            Self::Signal => "Signal",
            Self::Close => "Close",
        }
    }

    /// The line for a command or, with the zero GUID, the session.
    pub(super) fn line(self, guid: Uuid) -> String {
        format!("<{} PSGuid='{guid}' />\n", self.name())
    }
}

/// The line that brings bytes.
pub(super) fn data_line(stream: &str, guid: Uuid, bytes: &[u8]) -> String {
    let mut line = format!("<Data Stream='{stream}' PSGuid='{guid}'>");
    STANDARD.encode_string(bytes, &mut line);
    line.push_str("</Data>\n");
    line
}

impl Line {
    pub(super) fn decode(line: &str) -> Self {
        Self::of(line.trim_end()).unwrap_or(Self::Noise)
    }

    fn of(line: &str) -> Option<Self> {
        let guid = line.split("PSGuid='").nth(1)?.split('\'').next()?.parse().ok()?;
        let element = line.strip_prefix('<')?;
        for item in Item::ALL {
            if element.strip_prefix(item.name()).is_some_and(|rest| rest.starts_with("Ack ")) {
                return Some(Self::Ack(item, guid));
            }
        }
        let text = element.strip_prefix("Data ")?.split_once('>')?.1.strip_suffix("</Data>")?;
        Some(Self::Data(guid, STANDARD.decode(text).ok()?))
    }
}

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
