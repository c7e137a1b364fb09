//! Scripted trouble: what the lab does wrong on purpose.

use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

/// One thing to do wrong, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    kind: FaultKind,
    /// The WSMan requests it is for; `None` = as its kind says.
    stage: Option<Stage>,
    /// How many times still; `None` = always.
    times: Option<u32>,
}

/// What can go wrong.
///
/// `http-NNN`, `html`, `drop-before`, `drop-mid`, `truncate`, `slow-drip`, `shell-gone`, `bad-fragment`, `redirect`,
/// `redirect-loop`, `redirect-foreign` and `hang` take a stage too, as in `drop-before@command=2`: then they befall WSMan
/// requests of that stage and no others.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaultKind {
    /// `http-NNN[=N]`: a request to the WSMan endpoint is answered with this status and no envelope, a REST request
    /// with this status and an error body.
    Status(u16),
    /// `html[=N]`: a request to the WSMan or a REST endpoint is answered with a web page and status 200.
    Html,
    /// `drop-request@STAGE[=N]`: the connection is closed before a WSMan request of this stage is acted on.
    DropRequest,
    /// `drop-before[=N]`: the connection is closed instead of answering a command's Receive, or a REST call that was made.
    DropBefore,
    /// `drop-mid[=N]`: the connection is closed in the middle of the answer to a command's Receive or a REST call.
    DropMid,
    /// `shell-gone[=N]`: a command's Receive finds its shell deleted.
    ShellGone,
    /// `truncate[=N]`: the envelope of a command's Receive ends early; the HTTP answer is whole.
    Truncate,
    /// `bad-fragment[=N]`: a fragment of a command's output carries the wrong number; with the stage `create`, one of
    /// what a new shell says first.
    BadFragment,
    /// `huge-message=BYTES`: each command writes one more string of this length first.
    HugeMessage(u32),
    /// `slow-drip[=N]`: the answer to a command's Receive or a REST call arrives a few bytes at a time.
    SlowDrip,
    /// `redirect=URL`: the WSMan endpoint under `/powershell-liveid/` has moved there; a path alone is one of this lab.
    /// `redirect@STAGE[=N]`: requests of this stage are sent to `/powershell/`.
    Redirect(String),
    /// `redirect-loop`: the WSMan endpoint under `/powershell-liveid/` has moved to itself.
    RedirectLoop,
    /// `redirect-foreign`: the WSMan endpoint under `/powershell-liveid/` has moved to a foreign host.
    RedirectForeign,
    /// `nul-403[=N]`: a REST request is answered with 403 and NUL bytes that claim to be gzip.
    NulForbidden,
    /// `claims[=N]`: a REST request is answered with 401 and a claims challenge until another token comes.
    Claims,
    /// `token-expired[=N]`: a REST request is answered with 401 until another token comes.
    TokenExpired,
    /// `next-link-foreign[=N]`: the link to the next page leads to a foreign host.
    NextLinkForeign,
    /// `next-link-loop[=N]`: the link to the next page leads to the same page.
    NextLinkLoop,
    /// `not-json[=N]`: a REST request is answered with a web page and status 200.
    NotJson,
    /// `item-NNN[=N]`: a call within a batch is answered with this status and not made.
    Item(u16),
    /// `transient[=N]`: a REST request is answered with the kind of error that goes away by itself.
    Transient,
    /// `error-beside[=N]`: a REST answer with objects carries an error too.
    ErrorBeside,
    /// `token-NNN[=N]`: a request to the token endpoint, or to one of a managed identity, is answered with this status.
    TokenStatus(u16),
    /// `token-drop[=N]`: the connection is closed instead of answering a token request.
    TokenDrop,
    /// `token-drop-mid[=N]`: the connection is closed in the middle of the answer to a token request.
    TokenDropMid,
    /// `token-slow[=N]`: the answer to a token request arrives a few bytes at a time.
    TokenSlow,
    /// `token-html[=N]`: a token request is answered with a web page and status 200.
    TokenHtml,
    /// `token-huge=BYTES`: access tokens are this long.
    TokenHuge(u32),
    /// `html-description[=N]`: the text of a refused sign-in carries markup and terminal sequences.
    HtmlDescription,
    /// `refuse-ps256[=N]`: the token endpoint takes no assertions that are signed with PS256.
    RefusePs256,
    /// `slow-down[=N]`: a poll for a device code is answered with slow_down.
    SlowDown,
    /// `discovery-elsewhere[=N]`: the openid-configuration names the endpoints of a foreign host.
    DiscoveryElsewhere,
    /// `clock=SECONDS`: the sign-in service's clock is so far ahead, or with a minus behind.
    Clock(i64),
    /// `auth-context`: REST requests are answered with a claims challenge until the token was asked for with its claims.
    AuthContext,
    /// `hang=STAGE`, or `hang@STAGE[=N]` for the first N: requests of this stage are read and never answered.
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
    /// WSMan Send.
    Send,
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
        Self { kind, stage: None, times: None }
    }

    /// This trouble, the first `times` times.
    pub fn times(kind: FaultKind, times: u32) -> Self {
        Self { kind, stage: None, times: Some(times) }
    }

    /// The same for WSMan requests of one stage only.
    #[must_use]
    pub fn at(self, stage: Stage) -> Self {
        Self { stage: Some(stage), ..self }
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
        let (name, stage) = match name.split_once('@') {
            Some((name, stage)) => match Stage::named(stage) {
                Some(stage) if STAGED.contains(&name) || name.starts_with("http-") => (name, Some(stage)),
                _ => return Err(refuse(STAGED_SYNTAX)),
            },
            None if name == "drop-request" => return Err(refuse(STAGED_SYNTAX)),
            None => (name, None),
        };
        let counted = |kind: FaultKind, absent: Option<u32>| match value {
            None => Ok(Self { kind, stage, times: absent }),
            Some(count) => match count.parse() {
                Ok(count) => Ok(Self { kind, stage, times: Some(count) }),
                Err(_) => Err(refuse("a number of times after `=`")),
            },
        };
        if let Some(status) = name.strip_prefix("http-") {
            return match status.parse() {
                Ok(status) if (400..600).contains(&status) => counted(FaultKind::Status(status), None),
                _ => Err(refuse("http-400 to http-599")),
            };
        }
        if let Some(status) = name.strip_prefix("item-") {
            return match status.parse() {
                Ok(status) if (400..600).contains(&status) => counted(FaultKind::Item(status), Some(1)),
                _ => Err(refuse("item-400 to item-599")),
            };
        }
        if let Some(status) = name.strip_prefix("token-").and_then(|status| status.parse().ok()) {
            return match status {
                400..600 => counted(FaultKind::TokenStatus(status), Some(1)),
                _ => Err(refuse("token-400 to token-599")),
            };
        }
        match (name, stage) {
            ("hang", Some(stage)) => {
                let hang = counted(FaultKind::Hang(stage), Some(1))?;
                return Ok(Self { stage: None, ..hang });
            }
            ("redirect", Some(_)) => {
                return counted(FaultKind::Redirect("/powershell/".to_owned()), Some(1));
            }
            ("redirect-loop", Some(_)) => return counted(FaultKind::RedirectLoop, Some(1)),
            ("redirect-foreign", Some(_)) => return counted(FaultKind::RedirectForeign, Some(1)),
            _ => {}
        }
        match name {
            "token-drop" => counted(FaultKind::TokenDrop, Some(1)),
            "token-drop-mid" => counted(FaultKind::TokenDropMid, Some(1)),
            "token-slow" => counted(FaultKind::TokenSlow, None),
            "token-html" => counted(FaultKind::TokenHtml, Some(1)),
            "token-huge" => match value.map(str::parse) {
                Some(Ok(len)) if len <= MAX_HUGE_MESSAGE => Ok(Self::always(FaultKind::TokenHuge(len))),
                _ => Err(refuse("token-huge=BYTES, at most 1073741824")),
            },
            "html-description" => counted(FaultKind::HtmlDescription, None),
            "refuse-ps256" => counted(FaultKind::RefusePs256, None),
            "slow-down" => counted(FaultKind::SlowDown, Some(1)),
            "discovery-elsewhere" => counted(FaultKind::DiscoveryElsewhere, None),
            "clock" => match value.map(str::parse) {
                Some(Ok(seconds)) => Ok(Self::always(FaultKind::Clock(seconds))),
                _ => Err(refuse("clock=SECONDS")),
            },
            "auth-context" => counted(FaultKind::AuthContext, None),
            "html" => counted(FaultKind::Html, None),
            "drop-request" => counted(FaultKind::DropRequest, Some(1)),
            "drop-before" => counted(FaultKind::DropBefore, Some(1)),
            "drop-mid" => counted(FaultKind::DropMid, Some(1)),
            "shell-gone" => counted(FaultKind::ShellGone, Some(1)),
            "truncate" => counted(FaultKind::Truncate, Some(1)),
            "bad-fragment" => counted(FaultKind::BadFragment, Some(1)),
            "slow-drip" => counted(FaultKind::SlowDrip, None),
            "nul-403" => counted(FaultKind::NulForbidden, Some(1)),
            "claims" => counted(FaultKind::Claims, Some(1)),
            "token-expired" => counted(FaultKind::TokenExpired, Some(1)),
            "next-link-foreign" => counted(FaultKind::NextLinkForeign, Some(1)),
            "next-link-loop" => counted(FaultKind::NextLinkLoop, Some(1)),
            "not-json" => counted(FaultKind::NotJson, Some(1)),
            "transient" => counted(FaultKind::Transient, Some(1)),
            "error-beside" => counted(FaultKind::ErrorBeside, Some(1)),
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
                None => Err(refuse("hang=token, create, command, send, receive, signal or delete")),
            },
            _ => Err(refuse(
                "http-NNN, html, drop-request@STAGE, drop-before, drop-mid, shell-gone, truncate, bad-fragment, huge-message, \
                 slow-drip, redirect, redirect-loop, redirect-foreign, nul-403, claims, token-expired, \
                 next-link-foreign, next-link-loop, not-json, item-NNN, transient, error-beside, token-NNN, token-drop, token-drop-mid, token-slow, \
                 token-html, token-huge, html-description, refuse-ps256, slow-down, discovery-elsewhere, clock, \
                 auth-context or hang",
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
            "send" => Self::Send,
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

    /// The first pending fault without a stage that `wanted` picks, counted down.
    pub(crate) fn take(&self, wanted: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        self.take_of(None, wanted)
    }

    /// The first pending fault of this stage that `wanted` picks, counted down.
    pub(crate) fn take_at(&self, stage: Stage, wanted: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        self.take_of(Some(stage), wanted)
    }

    fn take_of(&self, stage: Option<Stage>, wanted: impl Fn(&FaultKind) -> bool) -> Option<FaultKind> {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = |fault: &Fault| fault.stage == stage && fault.times != Some(0) && wanted(&fault.kind);
        let index = pending.iter().position(is_due)?;
        let fault = pending.get_mut(index)?;
        if let Some(times) = &mut fault.times {
            *times -= 1;
        }
        Some(fault.kind.clone())
    }

    /// Whether a fault that `wanted` picks is pending; it is counted down.
    pub(crate) fn is_due(&self, wanted: impl Fn(&FaultKind) -> bool) -> bool {
        self.take(wanted).is_some()
    }

    /// How many seconds the sign-in service's clock is ahead.
    pub(crate) fn clock_offset(&self) -> i64 {
        match self.take(|kind| matches!(kind, FaultKind::Clock(_))) {
            Some(FaultKind::Clock(seconds)) => seconds,
            _ => 0,
        }
    }

    /// Whether requests of this stage are to stay unanswered.
    pub(crate) fn hangs(&self, stage: Stage) -> bool {
        self.take(|kind| *kind == FaultKind::Hang(stage)).is_some()
    }
}

/// The faults that take a stage, beside `http-NNN`.
const STAGED: [&str; 12] = [
    "html",
    "drop-request",
    "drop-before",
    "drop-mid",
    "truncate",
    "slow-drip",
    "shell-gone",
    "bad-fragment",
    "redirect",
    "redirect-loop",
    "redirect-foreign",
    "hang",
];
const STAGED_SYNTAX: &str = "a stage after `@`: token, create, command, send, receive, signal or delete";
const MAX_HUGE_MESSAGE: u32 = 1 << 30;

#[cfg(test)]
mod tests;
