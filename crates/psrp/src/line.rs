//! The lines in which PowerShell writes fragments to another process, and to transports that others supply.
//!
//! One line an item, in no specification but PowerShell's own source. `<Data Stream='Default' PSGuid='…'>base64</Data>`
//! carries bytes of fragments; `Command`, `Signal` and `Close` ask for something; each of the four is answered by an element
//! of the same name with `Ack` behind it. The nil GUID is the runspace pool, any other one of its pipelines.
//!
//! A data line is a piece of a byte stream, not a fragment: it may hold many of them, and end in the middle of one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use uuid::Uuid;

use crate::outbox::Stream;

/// What one line says.
#[derive(Clone, PartialEq, Eq)]
pub enum Line {
    /// Bytes of fragments.
    Data {
        /// From the client, which stream takes them; a server has only one.
        stream: Stream,
        /// The pool (nil) or the pipeline they belong to.
        guid: Uuid,
        /// The bytes.
        bytes: Bytes,
    },
    /// A request of the client, and what it is about.
    Ask(Request, Uuid),
    /// The answer to a data line.
    DataAck(Uuid),
    /// The answer to a request.
    Ack(Request, Uuid),
}

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// To begin a pipeline; its first bytes follow.
    Command,
    /// To stop one.
    Signal,
    /// To forget one, or to end the pool.
    Close,
}

impl Line {
    /// Reads a line, with or without its end; `None` when it is no such item.
    #[must_use]
    pub fn decode(line: &str) -> Option<Line> {
        let element = line.trim_end().strip_prefix('<')?;
        let guid = attribute(element, "PSGuid")?.parse().ok()?;
        let name = element.split(' ').next()?;
        if name == "Data" {
            let stream = match attribute(element, "Stream")? {
                "Default" => Stream::Default,
                "PromptResponse" => Stream::PromptResponse,
                _ => return None,
            };
            let text = element.split_once('>')?.1.strip_suffix("</Data>")?;
            return Some(Line::Data { stream, guid, bytes: STANDARD.decode(text).ok()?.into() });
        }
        if name == "DataAck" {
            return Some(Line::DataAck(guid));
        }
        let (name, is_answer) = name.strip_suffix("Ack").map_or((name, false), |name| (name, true));
        let request = Request::ALL.into_iter().find(|request| request.name() == name)?;
        Some(if is_answer { Line::Ack(request, guid) } else { Line::Ask(request, guid) })
    }

    /// The line, without an end.
    #[must_use]
    pub fn encode(&self) -> String {
        match self {
            Line::Data { stream, guid, bytes } => {
                let stream = match stream {
                    Stream::Default => "Default",
                    Stream::PromptResponse => "PromptResponse",
                };
                let mut line = format!("<Data Stream='{stream}' PSGuid='{guid}'>");
                STANDARD.encode_string(bytes, &mut line);
                line.push_str("</Data>");
                line
            }
            Line::Ask(request, guid) => format!("<{} PSGuid='{guid}' />", request.name()),
            Line::DataAck(guid) => format!("<DataAck PSGuid='{guid}' />"),
            Line::Ack(request, guid) => format!("<{}Ack PSGuid='{guid}' />", request.name()),
        }
    }
}

/// The length of the bytes, not the bytes: they are people's data.
impl std::fmt::Debug for Line {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Line::Data { stream, guid, bytes } => write!(f, "Data {stream:?} {guid}, {} bytes", bytes.len()),
            Line::Ask(request, guid) => write!(f, "{request:?} {guid}"),
            Line::DataAck(guid) => write!(f, "DataAck {guid}"),
            Line::Ack(request, guid) => write!(f, "{request:?}Ack {guid}"),
        }
    }
}

impl Request {
    const ALL: [Request; 3] = [Request::Command, Request::Signal, Request::Close];

    fn name(self) -> &'static str {
        match self {
            Request::Command => "Command",
            Request::Signal => "Signal",
            Request::Close => "Close",
        }
    }
}

/// The value of an attribute in single quotes, which no value has in it.
fn attribute<'a>(element: &'a str, name: &str) -> Option<&'a str> {
    let head = element.split('>').next()?;
    let mut attributes = head.split(' ').filter_map(|part| part.split_once('='));
    let value = attributes.find_map(|(own, value)| (own == name).then_some(value))?;
    value.strip_prefix('\'')?.split('\'').next()
}
