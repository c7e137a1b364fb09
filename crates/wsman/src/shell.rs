//! Shells: Create and Delete, and reading the configuration (MS-WSMV 3.1.4.5).

use std::fmt;
use std::time::Duration;

use uuid::Uuid;

use crate::envelope::{Endpoint, Header, HeaderOption, Ids, decode_id, element, encode_guid};
use crate::error::EnvelopeError;
use crate::stream;
use crate::time::{decode_duration, encode_duration};
use crate::xml::{Ns, POWERSHELL, Reader, escape_attribute};

/// The name a server gave a shell, kept letter by letter since requests must repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ShellId(String);

impl ShellId {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same as a GUID, when it is one.
    #[must_use]
    pub fn as_uuid(&self) -> Option<Uuid> {
        decode_id(&self.0)
    }
}

impl From<Uuid> for ShellId {
    fn from(id: Uuid) -> Self {
        Self(encode_guid(id))
    }
}

impl fmt::Display for ShellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A shell that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreateResponse {
    /// The name to use from now on.
    pub shell_id: ShellId,
    /// The kind of shell, when the server repeats it.
    pub resource_uri: Option<String>,
    /// Who the server thinks owns it.
    pub owner: Option<String>,
    /// After how long without requests the server ends it.
    pub idle_timeout: Option<Duration>,
    /// The most that idle time can be raised to.
    pub max_idle_timeout: Option<Duration>,
}

impl CreateResponse {
    /// A shell of which only the name is known, as old servers answer.
    #[must_use]
    pub fn new(shell_id: ShellId) -> Self {
        Self { shell_id, resource_uri: None, owner: None, idle_timeout: None, max_idle_timeout: None }
    }
}

/// What `<rsp:Shell>` says, in a request or in an answer.
#[derive(Debug, Default)]
pub(crate) struct ShellBody {
    pub(crate) shell_id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) resource_uri: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) max_idle_timeout: Option<Duration>,
    pub(crate) creation_xml: Option<bytes::Bytes>,
}

impl ShellBody {
    /// Reads to the end of the element whose start was just taken.
    pub(crate) fn decode(
        reader: &mut Reader<'_>,
        element: &crate::xml::Element<'_>,
    ) -> Result<Self, EnvelopeError> {
        let mut body = Self {
            shell_id: element.attribute("ShellId")?,
            name: element.attribute("Name")?,
            ..Self::default()
        };
        while let Some(child) = reader.next_child()? {
            if child.is(Ns::Shell, "ShellId") {
                body.shell_id = Some(reader.text()?.trim().to_owned());
            } else if child.is(Ns::Shell, "Name") {
                body.name = Some(reader.text()?.into_owned());
            } else if child.is(Ns::Shell, "ResourceUri") {
                body.resource_uri = Some(reader.text()?.trim().to_owned());
            } else if child.is(Ns::Shell, "Owner") {
                body.owner = Some(reader.text()?.into_owned());
            } else if child.is_ignoring_case(Ns::Shell, "IdleTimeOut") {
                body.idle_timeout = decode_duration(&reader.text()?);
            } else if child.is_ignoring_case(Ns::Shell, "MaxIdleTimeOut") {
                body.max_idle_timeout = decode_duration(&reader.text()?);
            } else if child.is(Ns::PowerShell, "creationXml") {
                body.creation_xml = Some(crate::command::decode_stream(reader, "creationXml")?);
            } else {
                reader.skip()?;
            }
        }
        Ok(body)
    }
}

pub(crate) fn build_create(
    endpoint: &Endpoint,
    ids: Ids,
    shell_id: Uuid,
    creation_xml: &[u8],
    protocol_version: &str,
    idle_timeout: Option<Duration>,
    name: Option<&str>,
) -> Vec<u8> {
    let mut body = String::with_capacity(BODY_CAPACITY + creation_xml.len() / 3 * 4);
    body.push_str("<rsp:Shell ShellId=\"");
    body.push_str(&encode_guid(shell_id));
    body.push('"');
    if let Some(name) = name {
        body.push_str(" Name=\"");
        escape_attribute(name, &mut body);
        body.push('"');
    }
    body.push_str(
        "><rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>",
    );
    if let Some(idle_timeout) = idle_timeout {
        element(&mut body, "rsp:IdleTimeOut", "", &encode_duration(idle_timeout));
    }
    body.push_str("<creationXml xmlns=\"");
    body.push_str(POWERSHELL);
    body.push_str("\">");
    stream::encode_into(creation_xml, &mut body);
    body.push_str("</creationXml></rsp:Shell>");
    let option = HeaderOption { name: OPTION_PROTOCOL_VERSION, value: protocol_version, must_comply: true };
    endpoint.build(ids, ACTION_CREATE, Header { option: Some(option), ..Header::default() }, &body)
}

pub(crate) const ACTION_CREATE: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Create";
pub(crate) const ACTION_DELETE: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Delete";
pub(crate) const ACTION_GET: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";
pub(crate) const OPTION_PROTOCOL_VERSION: &str = "protocolversion";
const BODY_CAPACITY: usize = 512;
