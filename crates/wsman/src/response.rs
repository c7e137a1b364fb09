//! The client's side: reading answers.

use uuid::Uuid;

use crate::command::{self, ReceiveResponse};
use crate::envelope::{Limits, decode_id};
use crate::error::{EnvelopeError, EnvelopeErrorKind};
use crate::fault::Fault;
use crate::shell::{CreateResponse, ShellBody, ShellId};
use crate::xml::{Ns, Reader, SHELL, TRANSFER};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Response {
    /// A shell was made.
    Create(CreateResponse),
    /// A command was started.
    Command {
        /// The command, which is the one asked for with servers that honour it.
        command_id: Option<Uuid>,
    },
    /// The bytes were taken.
    Send,
    /// What a command or shell had to say.
    Receive(ReceiveResponse),
    /// The signal was taken.
    Signal,
    /// The shell is gone.
    Delete,
    /// The shell goes on without its client.
    Disconnect,
    /// The client is back.
    Reconnect,
    /// The shell, or a command of it, has another client now.
    Connect {
        /// What the protocol inside answers, for a shell.
        connect_response_xml: Option<bytes::Bytes>,
    },
    /// The server's configuration.
    Config {
        /// The largest envelope the server takes, in kilobytes of 1024 bytes.
        max_envelope_kb: Option<u32>,
    },
    /// The server refused or failed. A timeout of an idle Receive is one as well.
    Fault(Fault),
    /// An answer to an operation this crate does not ask for.
    Other {
        /// Its action.
        action: String,
    },
}

impl Response {
    /// Reads an answer within the default limits.
    ///
    /// # Errors
    /// The envelope is not one, is cut, or holds something that cannot be read. A fault is not an error.
    pub fn decode(envelope: &[u8]) -> Result<Self, EnvelopeError> {
        Self::decode_with(envelope, &Limits::default())
    }

    /// Reads an answer within the given limits.
    ///
    /// # Errors
    /// As [`Response::decode`].
    pub fn decode_with(envelope: &[u8], limits: &Limits) -> Result<Self, EnvelopeError> {
        Reader::read(envelope, limits, |reader| Self::read(reader, limits))
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, EnvelopeError> {
        open_envelope(reader)?;
        let mut action = None;
        let mut response = None;
        while let Some(part) = reader.next_child()? {
            if part.is(Ns::Soap, "Header") {
                while let Some(header) = reader.next_child()? {
                    if header.is(Ns::Addressing, "Action") {
                        action = Some(reader.text()?.trim().to_owned());
                    } else {
                        reader.skip()?;
                    }
                }
            } else if part.is(Ns::Soap, "Body") && response.is_none() {
                response = Some(decode_body(reader, action.as_deref().unwrap_or_default(), limits)?);
            } else {
                reader.skip()?;
            }
        }
        reader.finish()?;
        response.ok_or_else(|| reader.error(EnvelopeErrorKind::MissingBody))
    }
}

/// Takes the root and refuses anything but SOAP 1.2.
pub(crate) fn open_envelope(reader: &mut Reader<'_>) -> Result<(), EnvelopeError> {
    match reader.next_child()? {
        Some(root) if root.is(Ns::Soap, "Envelope") => Ok(()),
        _ => Err(reader.error(EnvelopeErrorKind::NotEnvelope)),
    }
}

/// Refuses an action, naming it.
#[cold]
pub(crate) fn wrong_action(reader: &Reader<'_>, action: &str) -> EnvelopeError {
    reader.error(EnvelopeErrorKind::WrongAction { found: action.chars().take(SHOWN_ACTION_LEN).collect() })
}

fn decode_body(reader: &mut Reader<'_>, action: &str, limits: &Limits) -> Result<Response, EnvelopeError> {
    // A fault is a fault whatever the action says.
    let first = reader.next_child()?;
    if let Some(element) = &first
        && element.is(Ns::Soap, "Fault")
    {
        let fault = Fault::decode(reader)?;
        skip_rest(reader)?;
        return Ok(Response::Fault(fault));
    }
    if action.is_empty() || action == ACTION_FAULT || action == ACTION_ADDRESSING_FAULT {
        return Err(wrong_action(reader, action));
    }
    let name = action
        .strip_prefix(TRANSFER)
        .map(|name| (Ns::Transfer, name))
        .or_else(|| action.strip_prefix(SHELL).map(|name| (Ns::Shell, name)));
    match (name, first) {
        (Some((Ns::Transfer, "/CreateResponse")), Some(element)) => {
            decode_create(reader, element).map(Response::Create)
        }
        (Some((Ns::Shell, "/CommandResponse")), Some(element)) => {
            if !element.is(Ns::Shell, "CommandResponse") {
                return Err(wrong_action(reader, action));
            }
            let mut command_id = None;
            while let Some(child) = reader.next_child()? {
                if child.is(Ns::Shell, "CommandId") {
                    command_id = decode_id(&reader.text()?);
                } else {
                    reader.skip()?;
                }
            }
            skip_rest(reader)?;
            Ok(Response::Command { command_id })
        }
        (Some((Ns::Shell, "/ReceiveResponse")), Some(element)) => {
            if !element.is(Ns::Shell, "ReceiveResponse") {
                return Err(wrong_action(reader, action));
            }
            let receive = command::decode_streams(reader, limits.max_streams)?;
            skip_rest(reader)?;
            Ok(Response::Receive(receive))
        }
        (
            Some((Ns::Transfer, "/CreateResponse") | (Ns::Shell, "/CommandResponse" | "/ReceiveResponse")),
            None,
        ) => Err(reader.error(EnvelopeErrorKind::MissingBody)),
        (Some((Ns::Transfer, "/GetResponse")), Some(element)) if element.is(Ns::Config, "Config") => {
            let mut max_envelope_kb = None;
            while let Some(child) = reader.next_child()? {
                if child.is(Ns::Config, "MaxEnvelopeSizekb") {
                    max_envelope_kb = reader.text()?.trim().parse().ok();
                } else {
                    reader.skip()?;
                }
            }
            skip_rest(reader)?;
            Ok(Response::Config { max_envelope_kb })
        }
        (Some((Ns::Shell, "/ConnectResponse")), first) => {
            let Some(_) = first else {
                return Ok(Response::Connect { connect_response_xml: None });
            };
            let connect_response_xml = crate::attach::decode_xml(reader, "connectResponseXml")?;
            skip_rest(reader)?;
            Ok(Response::Connect { connect_response_xml })
        }
        (name, first) => {
            if first.is_some() {
                reader.skip()?;
                skip_rest(reader)?;
            }
            Ok(match name {
                Some((Ns::Shell, "/SendResponse")) => Response::Send,
                Some((Ns::Shell, "/SignalResponse")) => Response::Signal,
                Some((Ns::Shell, "/DisconnectResponse")) => Response::Disconnect,
                Some((Ns::Shell, "/ReconnectResponse")) => Response::Reconnect,
                Some((Ns::Transfer, "/DeleteResponse")) => Response::Delete,
                _ => Response::Other { action: action.to_owned() },
            })
        }
    }
}

/// The name of a new shell stands in the reference, in the shell element, or in both.
fn decode_create<'a>(
    reader: &mut Reader<'a>,
    first: crate::xml::Element<'a>,
) -> Result<CreateResponse, EnvelopeError> {
    let mut selector = None;
    let mut shell = ShellBody::default();
    let mut next = Some(first);
    while let Some(element) = next {
        if element.is(Ns::Transfer, "ResourceCreated") {
            selector = decode_reference(reader)?;
        } else if element.is(Ns::Shell, "Shell") {
            shell = ShellBody::decode(reader, &element)?;
        } else {
            reader.skip()?;
        }
        next = reader.next_child()?;
    }
    let Some(shell_id) = selector.or(shell.shell_id).filter(|shell_id| !shell_id.is_empty()) else {
        return Err(reader.error(EnvelopeErrorKind::MissingElement { name: "ShellId" }));
    };
    Ok(CreateResponse {
        shell_id: ShellId::new(shell_id),
        resource_uri: shell.resource_uri,
        owner: shell.owner,
        idle_timeout: shell.idle_timeout,
        max_idle_timeout: shell.max_idle_timeout,
    })
}

fn decode_reference(reader: &mut Reader<'_>) -> Result<Option<String>, EnvelopeError> {
    let mut shell_id = None;
    while let Some(child) = reader.next_child()? {
        if !child.is(Ns::Addressing, "ReferenceParameters") {
            reader.skip()?;
            continue;
        }
        while let Some(parameter) = reader.next_child()? {
            if parameter.is(Ns::Wsman, "SelectorSet") {
                shell_id = decode_selectors(reader)?.or(shell_id);
            } else {
                reader.skip()?;
            }
        }
    }
    Ok(shell_id)
}

/// Reads a selector set to its end, for the shell it names.
pub(crate) fn decode_selectors(reader: &mut Reader<'_>) -> Result<Option<String>, EnvelopeError> {
    let mut shell_id = None;
    while let Some(selector) = reader.next_child()? {
        if selector.is(Ns::Wsman, "Selector") && selector.attribute("Name")?.as_deref() == Some("ShellId") {
            shell_id = Some(reader.text()?.trim().to_owned());
        } else {
            reader.skip()?;
        }
    }
    Ok(shell_id)
}

/// Passes over whatever else stands in the body.
pub(crate) fn skip_rest(reader: &mut Reader<'_>) -> Result<(), EnvelopeError> {
    while reader.next_child()?.is_some() {
        reader.skip()?;
    }
    Ok(())
}

pub(crate) const ACTION_FAULT: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault";
const ACTION_ADDRESSING_FAULT: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing/fault";
const SHOWN_ACTION_LEN: usize = 200;
