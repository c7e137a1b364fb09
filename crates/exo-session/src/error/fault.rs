//! What a fault says, for people.

use std::fmt;

use wsman::Fault;

use super::kind::{shown, write_detail};

/// The server's own words, the most telling ones.
pub(crate) fn reason_of(fault: &Fault) -> &str {
    let provider = fault.provider.as_ref().map(|provider| provider.text.as_str());
    [provider, fault.message.as_deref(), Some(fault.reason.as_str())]
        .into_iter()
        .flatten()
        .find(|text| !text.trim().is_empty())
        .unwrap_or("without a reason")
}

/// Takes the `[ClientAccessServer=…,…] [FailureCategory=…] ` in front of an Exchange server's text off.
pub(crate) fn split_exchange_prefix(text: &str) -> (Option<&str>, &str) {
    let mut category = None;
    let mut rest = text.trim();
    while let Some((inside, after)) = rest.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        let Some((name, value)) = inside.split_once('=') else { break };
        if name == "FailureCategory" {
            category = Some(value);
        }
        rest = after.trim_start();
    }
    (category, rest)
}

pub(super) fn write_fault(f: &mut fmt::Formatter<'_>, fault: &Fault) -> fmt::Result {
    match (fault.wsman_code, &fault.subcode) {
        (Some(code), _) => write!(f, "the server answered with WSMan fault {code} (0x{code:08X})")?,
        (None, Some(subcode)) => write!(f, "the server answered with WSMan fault {}", shown(subcode))?,
        (None, None) => f.write_str("the server answered with a SOAP fault")?,
    }
    let (_, reason) = split_exchange_prefix(reason_of(fault));
    write_detail(f, Some(shown(reason).trim_end_matches('.')))
}

pub(super) fn fault_advice(fault: &Fault) -> Option<&'static str> {
    if fault.is_shell_not_found() {
        return Some(
            "connect again; when it happens while connecting, the network may send requests out from changing \
             addresses (SNAT pool), and in standalone EOP the account may lack its mail user",
        );
    }
    if fault.is_shell_quota_exceeded() {
        return Some(
            "close other sessions first with Disconnect-ExchangeOnline, or wait until the idle ones time out",
        );
    }
    if fault.is_access_denied() {
        return Some("check that the account is enabled for remote PowerShell and holds a management role");
    }
    None
}
