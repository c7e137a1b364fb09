//! Scripted trouble: what the lab does wrong on purpose.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// One thing to do wrong, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    /// How many times still; `None` = always.
    times: Option<u32>,
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// `http-NNN[=N]`: a request to the WSMan endpoint is answered with this status and no envelope.
    Status(u16),
    /// `html[=N]`: a request to the WSMan endpoint is answered with a web page and status 200.
    Html,
    /// `drop-before[=N]`: the connection is closed instead of answering a command's Receive.
    DropBefore,
    /// `drop-mid[=N]`: the connection is closed in the middle of the answer to a command's Receive.
    DropMid,
    /// `shell-gone[=N]`: a command's Receive finds its shell deleted.
    ShellGone,
    /// `truncate[=N]`: the envelope of a command's Receive ends early; the HTTP answer is whole.
    Truncate,
    /// `bad-fragment[=N]`: a fragment of a command's output carries the wrong number.
    BadFragment,
    /// `huge-message=BYTES`: each command writes one more string of this length first.
    HugeMessage(u32),
    /// `slow-drip[=N]`: the answer to a command's Receive arrives a few bytes at a time.
    SlowDrip,
    /// `redirect=URL`: the WSMan endpoint under `/powershell-liveid/` has moved there; a path alone is one of this lab.
    Redirect(String),
    /// `redirect-loop`: the WSMan endpoint under `/powershell-liveid/` has moved to itself.
    RedirectLoop,
    /// `redirect-foreign`: the WSMan endpoint under `/powershell-liveid/` has moved to a foreign host.
    RedirectForeign,
    /// `hang=STAGE`: requests of this stage are read and never answered.
    Hang(Stage),
}

/// Where [`FaultKind::Hang`] stops answering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The token endpoint.
    Token,
    /// WSMan Create.
    Create,
    /// WSMan Command.
    Command,
    /// WSMan Receive for a command.
    Receive,
    /// WSMan Signal.
    Signal,
    /// WSMan Delete.
    Delete,
}

/// `--fault` was given something that is no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FaultSyntax {
    text: String,
    expected: &'static str,
}

impl Fault {
    /// This trouble, every time.
    pub fn always(kind: FaultKind) -> Self {
        Self { kind, times: None }
    }

    /// This trouble, the first `times` times.
    pub fn times(kind: FaultKind, times: u32) -> Self {
        Self { kind, times: Some(times) }
    }
}

impl FromStr for Fault {
    type Err = FaultSyntax;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refuse = |expected| FaultSyntax { text: text.to_owned(), expected };
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (text, None),
        };
        let counted = |kind: FaultKind, absent: Option<u32>| match value {
            None => Ok(Self { kind, times: absent }),
            Some(count) => match count.parse() {
                Ok(count) => Ok(Self { kind, times: Some(count) }),
                Err(_) => Err(refuse("a number of times after `=`")),
            },
        };
        if let Some(status) = name.strip_prefix("http-") {
            return match status.parse() {
                Ok(status) if (400..600).contains(&status) => counted(FaultKind::Status(status), None),
                _ => Err(refuse("http-400 to http-599")),
            };
        }
        match name {
            "html" => counted(FaultKind::Html, None),
            "drop-before" => counted(FaultKind::DropBefore, Some(1)),
            "drop-mid" => counted(FaultKind::DropMid, Some(1)),
            "shell-gone" => counted(FaultKind::ShellGone, Some(1)),
            "truncate" => counted(FaultKind::Truncate, Some(1)),
            "bad-fragment" => counted(FaultKind::BadFragment, Some(1)),
            "slow-drip" => counted(FaultKind::SlowDrip, None),
            "redirect-loop" => counted(FaultKind::RedirectLoop, None),
            "redirect-foreign" => counted(FaultKind::RedirectForeign, None),
            "redirect" => match value {
                Some(url) if !url.is_empty() => Ok(Self::always(FaultKind::Redirect(url.to_owned()))),
                _ => Err(refuse("redirect=URL")),
            },
            "huge-message" => match value.map(str::parse) {
                Some(Ok(len)) if len <= MAX_HUGE_MESSAGE => Ok(Self::always(FaultKind::HugeMessage(len))),
                _ => Err(refuse("huge-message=BYTES, at most 1073741824")),
            },
            "hang" => match value.and_then(Stage::named) {
                Some(stage) => Ok(Self::always(FaultKind::Hang(stage))),
                None => Err(refuse("hang=token, create, command, receive, signal or delete")),
            },
            _ => Err(refuse(
                "http-NNN, html, drop-before, drop-mid, shell-gone, truncate, bad-fragment, huge-message, \
                 slow-drip, redirect, redirect-loop, redirect-foreign or hang",
            )),
        }
    }
}

impl Stage {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "token" => Self::Token,
            "create" => Self::Create,
            "command" => Self::Command,
            "receive" => Self::Receive,
            "signal" => Self::Signal,
            "delete" => Self::Delete,
            _ => return None,
        })
    }
}

impl std::fmt::Display for FaultSyntax {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` is no fault, expected {}", self.text, self.expected)
    }
}

impl std::error::Error for FaultSyntax {}

/// The faults still to come.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    pending: Mutex<Vec<Fault>>,
}

impl Faults {
    pub(crate) fn new(pending: Vec<Fault>) -> Self {
        Self { pending: Mutex::new(pending) }
    }

    pub(crate) fn add(&self, fault: Fault) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    pub(crate) fn clear(&self) {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The first pending fault that `wanted` picks, counted down.
    pub(crate) fn take(&self, wanted: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let index = pending.iter().position(|fault| fault.times != Some(0) && wanted(&fault.kind))?;
        let fault = pending.get_mut(index)?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.kind.clone())
    }

    /// Whether requests of this stage are to stay unanswered.
    pub(crate) fn hangs(&self, stage: Stage) -> bool {
        self.take(|kind| *kind == FaultKind::Hang(stage)).is_some()
    }
}

const MAX_HUGE_MESSAGE: u32 = 1 << 30;

#[cfg(test)]
mod tests;
