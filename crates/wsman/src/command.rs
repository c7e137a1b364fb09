//! Commands in a shell: Command, Send, Receive, Signal (MS-WSMV 3.1.4.11 to 3.1.4.14).

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use uuid::Uuid;

use crate::envelope::{Endpoint, Header, HeaderOption, Ids, decode_id, element, encode_guid};
use crate::error::{EnvelopeError, EnvelopeErrorKind};
use crate::shell::ShellId;
use crate::stream;
use crate::xml::{Element, Ns, Reader, escape_attribute};

/// Bytes of one stream, as one Send or Receive brought them. `Debug` shows their number only.
#[derive(Clone, PartialEq, Eq)]
pub struct StreamChunk {
    /// `stdout`, `stdin` or `pr`.
    pub name: Cow<'static, str>,
    /// The command they belong to; `None` is the shell itself.
    pub command_id: Option<Uuid>,
    /// Whether the stream ends with these bytes.
    pub end: bool,
    /// The bytes.
    pub bytes: Bytes,
}

impl fmt::Debug for StreamChunk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamChunk")
            .field("name", &self.name)
            .field("command_id", &self.command_id)
            .field("end", &self.end)
            .field("len", &self.bytes.len())
            .finish()
    }
}

impl StreamChunk {
    /// Whether the bytes of the next chunk belong right behind these.
    fn is_continued_by(&self, next: &StreamChunk) -> bool {
        !self.end && self.name == next.name && self.command_id == next.command_id
    }
}

/// What a Receive brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiveResponse {
    /// In the order of the envelope; what comes of one stream without another between is one chunk.
    pub streams: Vec<StreamChunk>,
    /// What the server says of the command, when it does.
    pub command_state: Option<CommandState>,
}

/// The state of a command as the server sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandState {
    /// The command.
    pub command_id: Option<Uuid>,
    /// The command has ended and a further Receive would fail.
    pub done: bool,
    /// Zero for commands of PowerShell shells.
    pub exit_code: Option<i64>,
}

/// What to tell a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal {
    /// Stop running.
    CtrlC,
    /// The client is done with the command; the server may forget it.
    Terminate,
}

impl Signal {
    /// The code on the wire. The first is misspelt in the specification and in every implementation.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::CtrlC => "powershell/signal/crtl_c",
            Self::Terminate => "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/terminate",
        }
    }

    /// Reads a code, also in the form for shells that are not PowerShell.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        // Clients differ in the case of the last word.
        let code = code.trim().to_ascii_lowercase();
        if code == Self::CtrlC.code() || code.ends_with("/signal/ctrl_c") {
            Some(Self::CtrlC)
        } else if code.ends_with("/signal/terminate") {
            Some(Self::Terminate)
        } else {
            None
        }
    }
}

pub(crate) fn build_command(
    endpoint: &Endpoint,
    ids: Ids,
    shell: &ShellId,
    command_id: Uuid,
    arguments: &[u8],
) -> Vec<u8> {
    let mut body = String::with_capacity(BODY_CAPACITY + arguments.len() / 3 * 4);
    body.push_str("<rsp:CommandLine CommandId=\"");
    body.push_str(&encode_guid(command_id));
    body.push_str("\"><rsp:Command/><rsp:Arguments>");
    stream::encode_into(arguments, &mut body);
    body.push_str("</rsp:Arguments></rsp:CommandLine>");
    endpoint.build(ids, ACTION_COMMAND, Header { shell: Some(shell), ..Header::default() }, &body)
}

pub(crate) fn build_send(
    endpoint: &Endpoint,
    ids: Ids,
    shell: &ShellId,
    name: &str,
    command_id: Option<Uuid>,
    bytes: &[u8],
) -> Vec<u8> {
    let mut body = String::with_capacity(BODY_CAPACITY + bytes.len() / 3 * 4);
    body.push_str("<rsp:Send>");
    encode_stream(&mut body, name, command_id, false, bytes);
    body.push_str("</rsp:Send>");
    endpoint.build(ids, ACTION_SEND, Header { shell: Some(shell), ..Header::default() }, &body)
}

pub(crate) fn build_receive(
    endpoint: &Endpoint,
    ids: Ids,
    shell: &ShellId,
    command_id: Option<Uuid>,
) -> Vec<u8> {
    let mut body = String::from("<rsp:Receive>");
    let attribute = match command_id {
        Some(command_id) => format!(" CommandId=\"{}\"", encode_guid(command_id)),
        None => String::new(),
    };
    element(&mut body, "rsp:DesiredStream", &attribute, "stdout");
    body.push_str("</rsp:Receive>");
    let option = HeaderOption { name: OPTION_KEEP_ALIVE, value: "TRUE", must_comply: false };
    endpoint.build(
        ids,
        ACTION_RECEIVE,
        Header { shell: Some(shell), option: Some(option), ..Header::default() },
        &body,
    )
}

pub(crate) fn build_signal(
    endpoint: &Endpoint,
    ids: Ids,
    shell: &ShellId,
    command_id: Uuid,
    signal: Signal,
) -> Vec<u8> {
    let mut body = format!("<rsp:Signal CommandId=\"{}\">", encode_guid(command_id));
    element(&mut body, "rsp:Code", "", signal.code());
    body.push_str("</rsp:Signal>");
    endpoint.build(ids, ACTION_SIGNAL, Header { shell: Some(shell), ..Header::default() }, &body)
}

/// Appends a stream element, in a Send or in the answer to a Receive.
pub(crate) fn encode_stream(out: &mut String, name: &str, command_id: Option<Uuid>, end: bool, bytes: &[u8]) {
    out.push_str("<rsp:Stream Name=\"");
    escape_attribute(name, out);
    out.push('"');
    if let Some(command_id) = command_id {
        out.push_str(" CommandId=\"");
        out.push_str(&encode_guid(command_id));
        out.push('"');
    }
    if end {
        out.push_str(" End=\"true\"");
    }
    out.push('>');
    stream::encode_into(bytes, out);
    out.push_str("</rsp:Stream>");
}

/// Reads the stream elements of a Send or of the answer to a Receive, to the end of their parent.
///
/// The bytes of all streams are decoded into one buffer, of which each chunk is a slice. Elements of the same stream that
/// follow each other are one chunk: they are pieces of one sequence of bytes, and there may be thousands.
pub(crate) fn decode_streams(
    reader: &mut Reader<'_>,
    max_streams: usize,
) -> Result<ReceiveResponse, EnvelopeError> {
    let mut response = ReceiveResponse::default();
    let mut buffer = Vec::new();
    // Where in the buffer each chunk ends.
    let mut ends: Vec<usize> = Vec::new();
    let mut elements = 0;
    while let Some(child) = reader.next_child()? {
        if child.is(Ns::Shell, "Stream") {
            check_stream_count(reader, elements, max_streams)?;
            elements += 1;
            let chunk = decode_stream_start(reader, &child)?;
            buffer.reserve(reader.left_len() / 4 * 3);
            if !stream::decode_into(&reader.text()?, &mut buffer) {
                return Err(reader.error(EnvelopeErrorKind::BadBase64 { name: "Stream" }));
            }
            if !chunk.end {
                reader.take_alike(&child, |text| {
                    let is_taken = elements < max_streams && stream::decode_plain_into(text, &mut buffer);
                    elements += usize::from(is_taken);
                    is_taken
                });
            }
            match (response.streams.last_mut(), ends.last_mut()) {
                (Some(last), Some(end)) if last.is_continued_by(&chunk) => {
                    last.end = chunk.end;
                    *end = buffer.len();
                }
                _ => {
                    response.streams.push(chunk);
                    ends.push(buffer.len());
                }
            }
        } else if child.is(Ns::Shell, "CommandState") {
            response.command_state = Some(decode_command_state(reader, &child)?);
        } else {
            reader.skip()?;
        }
    }
    let buffer = Bytes::from(buffer);
    let mut start = 0;
    for (chunk, end) in response.streams.iter_mut().zip(ends) {
        chunk.bytes = buffer.slice(start..end);
        start = end;
    }
    Ok(response)
}

fn check_stream_count(reader: &Reader<'_>, len: usize, limit: usize) -> Result<(), EnvelopeError> {
    if limit <= len {
        let kind = EnvelopeErrorKind::TooLarge { what: "the number of streams", len: len + 1, limit };
        return Err(reader.error(kind));
    }
    Ok(())
}

/// What the start tag of a stream says; the bytes are still to come.
fn decode_stream_start(reader: &Reader<'_>, start: &Element<'_>) -> Result<StreamChunk, EnvelopeError> {
    let Some(name) = start.attribute("Name")? else {
        return Err(reader.error(EnvelopeErrorKind::MissingElement { name: "Name" }));
    };
    let name = match name.as_str() {
        "stdout" => Cow::Borrowed("stdout"),
        "stdin" => Cow::Borrowed("stdin"),
        "pr" => Cow::Borrowed("pr"),
        _ => Cow::Owned(name),
    };
    let command_id = decode_command_id(reader, start)?;
    let end = start.attribute("End")?.is_some_and(|end| matches!(end.trim(), "true" | "True" | "TRUE" | "1"));
    Ok(StreamChunk { name, command_id, end, bytes: Bytes::new() })
}

fn decode_command_state(reader: &mut Reader<'_>, start: &Element<'_>) -> Result<CommandState, EnvelopeError> {
    let command_id = decode_command_id(reader, start)?;
    let done = start.attribute("State")?.is_some_and(|state| state.trim().ends_with("/CommandState/Done"));
    let mut exit_code = None;
    while let Some(inner) = reader.next_child()? {
        if inner.is(Ns::Shell, "ExitCode") {
            let text = reader.text()?;
            let Ok(code) = text.trim().parse() else {
                return Err(reader.error(EnvelopeErrorKind::BadValue { name: "ExitCode" }));
            };
            exit_code = Some(code);
        } else {
            reader.skip()?;
        }
    }
    Ok(CommandState { command_id, done, exit_code })
}

/// Reads the base64 text of an element to its end.
pub(crate) fn decode_stream(reader: &mut Reader<'_>, name: &'static str) -> Result<Bytes, EnvelopeError> {
    let text = reader.text()?;
    stream::decode(&text).ok_or_else(|| reader.error(EnvelopeErrorKind::BadBase64 { name }))
}

/// Reads the `CommandId` attribute. Empty means none.
pub(crate) fn decode_command_id(
    reader: &Reader<'_>,
    element: &Element<'_>,
) -> Result<Option<Uuid>, EnvelopeError> {
    match element.attribute("CommandId")? {
        None => Ok(None),
        Some(text) if text.trim().is_empty() => Ok(None),
        Some(text) => match decode_id(&text) {
            Some(id) => Ok(Some(id)),
            None => Err(reader.error(EnvelopeErrorKind::BadValue { name: "CommandId" })),
        },
    }
}

pub(crate) const ACTION_COMMAND: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Command";
pub(crate) const ACTION_SEND: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Send";
pub(crate) const ACTION_RECEIVE: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Receive";
pub(crate) const ACTION_SIGNAL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/Signal";
pub(crate) const STATE_DONE: &str =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done";
pub(crate) const STATE_RUNNING: &str =
    "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Running";
pub(crate) const OPTION_KEEP_ALIVE: &str = "WSMAN_CMDSHELL_OPTION_KEEPALIVE";
const BODY_CAPACITY: usize = 256;
