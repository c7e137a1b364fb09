//! Which shells there are: Get of one, Enumerate of all or of the commands in one (DSP0226 7.2 and 8.2).

use uuid::Uuid;

use crate::envelope::{element, encode_guid};
use crate::error::EnvelopeError;
use crate::operation::Operation;
use crate::reply::{Reply, encode_shell};
use crate::response::{decode_selectors, skip_rest};
use crate::shell::{self, CreateResponse, ShellId};
use crate::xml::{Ns, Reader, SHELL};

/// A shell in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedShell {
    /// What is known of it.
    pub shell: CreateResponse,
    /// Its client has left it.
    pub is_disconnected: bool,
}

impl Reply {
    /// Describes a shell.
    #[must_use]
    pub fn build_get_shell(&self, listed: &ListedShell) -> Vec<u8> {
        let mut body = String::new();
        listed.encode(&mut body);
        self.build("http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse", &body)
    }

    /// Lists shells.
    #[must_use]
    pub fn build_enumerate_shells(&self, shells: &[ListedShell]) -> Vec<u8> {
        self.build_items(|items| shells.iter().for_each(|listed| listed.encode(items)))
    }

    /// Lists the commands of a shell.
    #[must_use]
    pub fn build_enumerate_commands(&self, shell: &ShellId, commands: &[Uuid]) -> Vec<u8> {
        self.build_items(|items| {
            for command_id in commands {
                items.push_str("<rsp:Command>");
                element(items, "rsp:CommandId", "", &encode_guid(*command_id));
                element(items, "rsp:ShellId", "", shell.as_str());
                items.push_str("</rsp:Command>");
            }
        })
    }

    fn build_items(&self, write: impl FnOnce(&mut String)) -> Vec<u8> {
        let mut body =
            format!("<n:EnumerateResponse xmlns:n=\"{ENUMERATION}\"><n:EnumerationContext/><w:Items>");
        write(&mut body);
        body.push_str("</w:Items><w:EndOfSequence/></n:EnumerateResponse>");
        self.build("http://schemas.xmlsoap.org/ws/2004/09/enumeration/EnumerateResponse", &body)
    }
}

impl ListedShell {
    fn encode(&self, out: &mut String) {
        let state = if self.is_disconnected { "Disconnected" } else { "Connected" };
        encode_shell(out, self.shell.resource_uri.as_deref().unwrap_or_default(), &self.shell, Some(state));
    }
}

/// Reads a request about shells in general, to the end of its body; `None` when it is none.
pub(crate) fn decode_operation(
    reader: &mut Reader<'_>,
    action: &str,
    resource_uri: &str,
    selected: Option<&str>,
) -> Result<Option<Operation>, EnvelopeError> {
    let operation = match (action, resource_uri.strip_prefix(SHELL), selected) {
        (shell::ACTION_GET, Some(""), Some(shell_id)) => {
            Operation::GetShell { shell_id: ShellId::new(shell_id) }
        }
        (ACTION_ENUMERATE, Some(""), _) => Operation::EnumerateShells,
        (ACTION_ENUMERATE, Some("/Command"), _) => {
            return Ok(Some(match decode_filter(reader)? {
                Some(shell_id) => Operation::EnumerateCommands { shell_id: ShellId::new(shell_id) },
                None => Operation::Other,
            }));
        }
        _ => return Ok(None),
    };
    skip_rest(reader)?;
    Ok(Some(operation))
}

/// The shell that the filter of an Enumerate names, read to the end of the body.
fn decode_filter(reader: &mut Reader<'_>) -> Result<Option<String>, EnvelopeError> {
    let mut shell_id = None;
    if reader.next_child()?.is_none() {
        return Ok(None);
    }
    while let Some(child) = reader.next_child()? {
        if !child.is(Ns::Wsman, "Filter") {
            reader.skip()?;
            continue;
        }
        while let Some(inner) = reader.next_child()? {
            if inner.is(Ns::Wsman, "SelectorSet") {
                shell_id = decode_selectors(reader)?.or(shell_id);
            } else {
                reader.skip()?;
            }
        }
    }
    skip_rest(reader)?;
    Ok(shell_id)
}

const ENUMERATION: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration";
const ACTION_ENUMERATE: &str = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate";
