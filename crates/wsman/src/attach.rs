//! Shells that change their client: Disconnect, Reconnect, Connect (MS-WSMV 3.1.4.15 to 3.1.4.17).

use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::envelope::{Endpoint, Header, HeaderOption, Ids, element, encode_guid};
use crate::error::EnvelopeError;
use crate::shell::{OPTION_PROTOCOL_VERSION, ShellId};
use crate::stream;
use crate::time::encode_duration;
use crate::xml::{Ns, POWERSHELL, Reader};

/// What a server does with the output of a shell that has no client, once it has as much as it keeps (MS-PSRP 3.1.5.3.16).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferMode {
    /// The command waits until there is a client again.
    Block,
    /// The command goes on, and what it writes is lost.
    Drop,
}

impl BufferMode {
    fn text(self) -> &'static str {
        match self {
            Self::Block => "Block",
            Self::Drop => "Drop",
        }
    }

    /// Reads a mode; `None` is one that nobody knows.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        [Self::Block, Self::Drop].into_iter().find(|mode| text.trim().eq_ignore_ascii_case(mode.text()))
    }
}

impl Endpoint {
    /// Leaves a shell, which goes on; its output waits on the server. `idle_timeout` is how long it may stay so, the
    /// shell's own idle time when there is none; without a `buffer_mode` the server has its own. (MS-WSMV 3.1.4.15)
    #[must_use]
    pub fn build_disconnect(
        &self,
        ids: Ids,
        shell: &ShellId,
        idle_timeout: Option<Duration>,
        buffer_mode: Option<BufferMode>,
    ) -> Vec<u8> {
        let mut body = String::from("<rsp:Disconnect>");
        if let Some(idle_timeout) = idle_timeout {
            element(&mut body, "rsp:IdleTimeOut", "", &encode_duration(idle_timeout));
        }
        if let Some(buffer_mode) = buffer_mode {
            element(&mut body, "rsp:BufferMode", "", buffer_mode.text());
        }
        body.push_str("</rsp:Disconnect>");
        self.build(ids, ACTION_DISCONNECT, Header { shell: Some(shell), ..Header::default() }, &body)
    }

    /// Comes back to a shell that this client has left, with the session id that it left it with; then to each of its
    /// commands. (MS-WSMV 3.1.4.16)
    #[must_use]
    pub fn build_reconnect(&self, ids: Ids, shell: &ShellId, command_id: Option<Uuid>) -> Vec<u8> {
        let body = match command_id {
            Some(command_id) => format!("<rsp:Reconnect CommandId=\"{}\"/>", encode_guid(command_id)),
            None => String::new(),
        };
        self.build(ids, ACTION_RECONNECT, Header { shell: Some(shell), ..Header::default() }, &body)
    }

    /// Takes a shell over that another client has left. `connect_xml` is what the protocol inside, of this version,
    /// wants to say first. (MS-WSMV 3.1.4.17)
    #[must_use]
    pub fn build_connect(
        &self,
        ids: Ids,
        shell: &ShellId,
        connect_xml: &[u8],
        protocol_version: &str,
    ) -> Vec<u8> {
        let mut body = format!("<rsp:Connect><connectXml xmlns=\"{POWERSHELL}\">");
        stream::encode_into(connect_xml, &mut body);
        body.push_str("</connectXml></rsp:Connect>");
        let option =
            HeaderOption { name: OPTION_PROTOCOL_VERSION, value: protocol_version, must_comply: true };
        let header = Header { shell: Some(shell), option: Some(option), ..Header::default() };
        self.build(ids, ACTION_CONNECT, header, &body)
    }

    /// Takes a command of such a shell over.
    #[must_use]
    pub fn build_connect_command(&self, ids: Ids, shell: &ShellId, command_id: Uuid) -> Vec<u8> {
        let body = format!("<rsp:Connect CommandId=\"{}\"/>", encode_guid(command_id));
        self.build(ids, ACTION_CONNECT, Header { shell: Some(shell), ..Header::default() }, &body)
    }
}

/// Reads `connectXml` or `connectResponseXml` to the end of its parent; none for a command.
pub(crate) fn decode_xml(
    reader: &mut Reader<'_>,
    name: &'static str,
) -> Result<Option<Bytes>, EnvelopeError> {
    let mut bytes = None;
    while let Some(child) = reader.next_child()? {
        if child.is(Ns::PowerShell, name) {
            bytes = Some(crate::command::decode_stream(reader, name)?);
        } else {
            reader.skip()?;
        }
    }
    Ok(bytes)
}

pub(crate) const ACTION_DISCONNECT: &str =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Disconnect";
pub(crate) const ACTION_RECONNECT: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Reconnect";
pub(crate) const ACTION_CONNECT: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Connect";
