//! The frame of a request: addresses, ids, limits, locale (MS-WSMV 3.1.4.1, DSP0226 5 and 6).

use std::time::Duration;

use uuid::Uuid;

use crate::shell::{self, ShellId};
use crate::time::encode_duration;
use crate::xml::{self, escape_attribute, escape_text};
use crate::{command, stream};

/// Where requests go and what every one of them says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address as the client wrote it, for the `To` header.
    pub to: String,
    /// Which kind of shell, for example [`RESOURCE_EXCHANGE`].
    pub resource_uri: String,
    /// Marks all requests of one client session.
    pub session_id: Uuid,
    /// The largest envelope both sides agree on, in bytes; at least [`MIN_MAX_ENVELOPE_LEN`].
    pub max_envelope_len: u32,
    /// How long the server may hold a request before it answers with a timeout fault.
    pub operation_timeout: Duration,
    /// The language of the server's messages, for example `en-US`.
    pub locale: String,
}

/// The ids of one request. The caller draws them, as this crate has no source of chance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// Differs for every request; the answer's `RelatesTo` repeats it.
    pub message_id: Uuid,
    /// Differs for every operation; a repeated request of the same operation keeps it.
    pub operation_id: Uuid,
    /// The request was sent before and its answer was lost: a server with robust connections gives the answer that it
    /// kept, and does not act a second time. (MS-WSMV 3.1.4.1.39)
    pub again: bool,
}

/// What a request carries as base64, to compute the room for it.
#[derive(Debug, Clone, Copy)]
pub enum Carrying<'a> {
    /// The `creationXml` of a Create.
    Creation {
        /// As for `build_create`.
        protocol_version: &'a str,
        /// As for `build_create`.
        idle_timeout: Option<Duration>,
        /// As for `build_create`.
        name: Option<&'a str>,
    },
    /// The arguments of a Command.
    Arguments {
        /// The shell the command runs in.
        shell: &'a ShellId,
    },
    /// The stream of a Send.
    Stream {
        /// The shell that takes it.
        shell: &'a ShellId,
        /// The stream's name.
        stream: &'a str,
        /// Whether it goes to a command and not to the shell itself.
        to_command: bool,
    },
}

/// Bounds on what is read. The defaults suit an Exchange server's largest answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The longest envelope, in bytes.
    pub max_envelope_len: usize,
    /// The deepest nesting of elements.
    pub max_depth: u32,
    /// The most streams in one envelope.
    pub max_streams: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_envelope_len: 128 << 20, max_depth: 32, max_streams: 65_536 }
    }
}

impl Endpoint {
    /// An endpoint with the usual limits: [`DEFAULT_MAX_ENVELOPE_LEN`], three minutes, English.
    #[must_use]
    pub fn new(to: impl Into<String>, resource_uri: impl Into<String>, session_id: Uuid) -> Self {
        Self {
            to: to.into(),
            resource_uri: resource_uri.into(),
            session_id,
            max_envelope_len: DEFAULT_MAX_ENVELOPE_LEN,
            operation_timeout: Duration::from_secs(180),
            locale: "en-US".to_owned(),
        }
    }

    /// How many bytes the request can carry so that its envelope stays within `max_envelope_len`.
    /// Zero when there is no room at all.
    #[must_use]
    pub fn max_fragment_len(&self, carrying: Carrying<'_>) -> usize {
        // Every id has the same length, so that empty ones measure the frame exactly.
        let ids = Ids { message_id: Uuid::nil(), operation_id: Uuid::nil(), again: false };
        let frame = match carrying {
            Carrying::Creation { protocol_version, idle_timeout, name } => {
                self.build_create(ids, Uuid::nil(), &[], protocol_version, idle_timeout, name)
            }
            Carrying::Arguments { shell } => self.build_command(ids, shell, Uuid::nil(), &[]),
            Carrying::Stream { shell, stream, to_command } => {
                self.build_send(ids, shell, stream, to_command.then(Uuid::nil), &[])
            }
        };
        let max_envelope_len = usize::try_from(self.max_envelope_len).unwrap_or(usize::MAX);
        stream::bytes_that_fit(max_envelope_len.saturating_sub(frame.len()))
    }

    /// Frames a body. `selector` names the shell, `options` go into the option set.
    pub(crate) fn build(&self, ids: Ids, action: &str, header: Header<'_>, body: &str) -> Vec<u8> {
        let mut out = String::with_capacity(FRAME_CAPACITY + body.len());
        out.push_str("<s:Envelope");
        for (prefix, uri) in [
            ("s", xml::SOAP),
            ("a", xml::ADDRESSING),
            ("w", xml::WSMAN),
            ("p", xml::WSMAN_MICROSOFT),
            ("rsp", xml::SHELL),
        ] {
            out.push_str(" xmlns:");
            out.push_str(prefix);
            out.push_str("=\"");
            out.push_str(uri);
            out.push('"');
        }
        out.push_str("><s:Header>");
        element(&mut out, "a:To", "", &self.to);
        out.push_str("<a:ReplyTo><a:Address s:mustUnderstand=\"true\">");
        out.push_str(ANONYMOUS);
        out.push_str("</a:Address></a:ReplyTo>");
        element(&mut out, "a:Action", MUST, action);
        element(&mut out, "w:MaxEnvelopeSize", MUST, &self.max_envelope_len.to_string());
        element(&mut out, "a:MessageID", "", &encode_id(ids.message_id));
        for name in ["w:Locale", "p:DataLocale"] {
            out.push('<');
            out.push_str(name);
            out.push_str(" xml:lang=\"");
            escape_attribute(&self.locale, &mut out);
            out.push_str("\" s:mustUnderstand=\"false\"/>");
        }
        element(&mut out, "p:SessionId", MAY, &encode_id(self.session_id));
        element(&mut out, "p:OperationID", if ids.again { MUST } else { MAY }, &encode_id(ids.operation_id));
        element(&mut out, "p:SequenceId", MAY, "1");
        element(&mut out, "w:ResourceURI", MUST, header.resource_uri.unwrap_or(&self.resource_uri));
        if let Some(shell) = header.shell {
            out.push_str("<w:SelectorSet><w:Selector Name=\"ShellId\">");
            escape_text(shell.as_str(), &mut out);
            out.push_str("</w:Selector></w:SelectorSet>");
        }
        if let Some(option) = header.option {
            out.push_str("<w:OptionSet s:mustUnderstand=\"true\"><w:Option Name=\"");
            escape_attribute(option.name, &mut out);
            out.push_str(if option.must_comply { "\" MustComply=\"true\">" } else { "\">" });
            escape_text(option.value, &mut out);
            out.push_str("</w:Option></w:OptionSet>");
        }
        element(&mut out, "w:OperationTimeout", "", &encode_duration(self.operation_timeout));
        out.push_str("</s:Header><s:Body>");
        out.push_str(body);
        out.push_str("</s:Body></s:Envelope>");
        out.into_bytes()
    }

    /// Starts a shell. `creation_xml` is what the protocol inside wants to say first, as bytes.
    ///
    /// `protocol_version` is that protocol's version (`2.3`), which the server must accept; `name` shows in
    /// the server's list of shells. (MS-WSMV 3.1.4.5.2)
    #[must_use]
    pub fn build_create(
        &self,
        ids: Ids,
        shell_id: Uuid,
        creation_xml: &[u8],
        protocol_version: &str,
        idle_timeout: Option<Duration>,
        name: Option<&str>,
    ) -> Vec<u8> {
        shell::build_create(self, ids, shell_id, creation_xml, protocol_version, idle_timeout, name)
    }

    /// Ends a shell and everything in it.
    #[must_use]
    pub fn build_delete(&self, ids: Ids, shell: &ShellId) -> Vec<u8> {
        let header = Header { shell: Some(shell), ..Header::default() };
        self.build(ids, shell::ACTION_DELETE, header, "")
    }

    /// Asks for the server's configuration, which only administrators may read; others get a fault with
    /// access denied and go on with [`FALLBACK_MAX_ENVELOPE_LEN`].
    #[must_use]
    pub fn build_get_config(&self, ids: Ids) -> Vec<u8> {
        let header = Header { resource_uri: Some(xml::CONFIG), ..Header::default() };
        self.build(ids, shell::ACTION_GET, header, "")
    }

    /// Starts a command in a shell. (MS-WSMV 3.1.4.11)
    #[must_use]
    pub fn build_command(&self, ids: Ids, shell: &ShellId, command_id: Uuid, arguments: &[u8]) -> Vec<u8> {
        command::build_command(self, ids, shell, command_id, arguments)
    }

    /// Sends bytes to a stream (`stdin` or `pr`) of a command, or of the shell itself. (MS-WSMV 3.1.4.13)
    ///
    /// The protocol inside allows one Send at a time to each.
    #[must_use]
    pub fn build_send(
        &self,
        ids: Ids,
        shell: &ShellId,
        stream: &str,
        command_id: Option<Uuid>,
        bytes: &[u8],
    ) -> Vec<u8> {
        command::build_send(self, ids, shell, stream, command_id, bytes)
    }

    /// Asks for what a command, or the shell itself, has to say on `stdout`. (MS-WSMV 3.1.4.14)
    #[must_use]
    pub fn build_receive(&self, ids: Ids, shell: &ShellId, command_id: Option<Uuid>) -> Vec<u8> {
        command::build_receive(self, ids, shell, command_id)
    }

    /// Interrupts a command or releases it after its end. (MS-WSMV 3.1.4.12)
    #[must_use]
    pub fn build_signal(
        &self,
        ids: Ids,
        shell: &ShellId,
        command_id: Uuid,
        signal: command::Signal,
    ) -> Vec<u8> {
        command::build_signal(self, ids, shell, command_id, signal)
    }
}

/// The parts of a header that differ between operations.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Header<'a> {
    pub(crate) resource_uri: Option<&'a str>,
    pub(crate) shell: Option<&'a ShellId>,
    pub(crate) option: Option<HeaderOption<'a>>,
}

/// One entry of the option set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderOption<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a str,
    pub(crate) must_comply: bool,
}

/// Appends an element; `attributes` starts with a blank or is empty.
pub(crate) fn element(out: &mut String, name: &str, attributes: &str, text: &str) {
    out.push('<');
    out.push_str(name);
    out.push_str(attributes);
    out.push('>');
    escape_text(text, out);
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// A GUID as Windows writes it in text.
pub(crate) fn encode_guid(id: Uuid) -> String {
    format!("{:X}", id.hyphenated())
}

/// An id as WS-Addressing headers have it.
pub(crate) fn encode_id(id: Uuid) -> String {
    format!("uuid:{:X}", id.hyphenated())
}

/// Reads a GUID with or without braces and `uuid:` or `urn:uuid:` in front.
pub(crate) fn decode_id(text: &str) -> Option<Uuid> {
    let text = text.trim();
    let text = text.strip_prefix("urn:").unwrap_or(text);
    Uuid::try_parse(text.strip_prefix("uuid:").unwrap_or(text)).ok()
}

/// The shells of Exchange.
pub const RESOURCE_EXCHANGE: &str = "http://schemas.microsoft.com/powershell/Microsoft.Exchange";
/// The shells of PowerShell itself.
pub const RESOURCE_POWERSHELL: &str = "http://schemas.microsoft.com/powershell/Microsoft.PowerShell";
/// The envelope size that Windows servers accept since version 3, in bytes.
pub const DEFAULT_MAX_ENVELOPE_LEN: u32 = 512_000;
/// The envelope size of older servers, for when a server will not tell, in bytes.
pub const FALLBACK_MAX_ENVELOPE_LEN: u32 = 153_600;
/// The smallest envelope size a server must accept, in bytes. (MS-WSMV 3.1.4.1.7)
pub const MIN_MAX_ENVELOPE_LEN: u32 = 8_192;

pub(crate) const ANONYMOUS: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous";
const MUST: &str = " s:mustUnderstand=\"true\"";
const MAY: &str = " s:mustUnderstand=\"false\"";
const FRAME_CAPACITY: usize = 2_048;
