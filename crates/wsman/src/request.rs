//! The server's side: reading requests.

use std::time::Duration;

use uuid::Uuid;

use crate::attach::{self, BufferMode};
use crate::command::{self, Signal};
use crate::envelope::{Limits, decode_id};
use crate::error::{EnvelopeError, EnvelopeErrorKind};
use crate::listing;
use crate::operation::Operation;
use crate::response::{decode_selectors, open_envelope, skip_rest, wrong_action};
use crate::shell::{self, OPTION_PROTOCOL_VERSION, ShellBody, ShellId};
use crate::time::decode_duration;
use crate::xml::{CONFIG, Ns, POWERSHELL, Reader};

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Letter by letter, as the answer repeats it.
    pub message_id: String,
    /// The action of the header.
    pub action: String,
    /// The address the client wrote to.
    pub to: String,
    /// What the request is about.
    pub resource_uri: String,
    /// Marks all requests of one client session.
    pub session_id: Option<Uuid>,
    /// Letter by letter, as the answer may repeat it.
    pub operation_id: Option<String>,
    /// The client has sent it before and lost the answer. (MS-WSMV 3.1.4.1.39)
    pub again: bool,
    /// How long an answer may take.
    pub operation_timeout: Option<Duration>,
    /// The largest answer the client takes, in bytes.
    pub max_envelope: Option<u32>,
    /// The language for messages.
    pub locale: Option<String>,
    /// What is to be done.
    pub operation: Operation,
}

/// The headers that say where an operation goes.
#[derive(Debug, Default)]
struct Addressed {
    message_id: String,
    action: String,
    to: String,
    resource_uri: String,
    session_id: Option<Uuid>,
    operation_id: Option<String>,
    again: bool,
    operation_timeout: Option<Duration>,
    max_envelope: Option<u32>,
    locale: Option<String>,
    shell_id: Option<String>,
    protocol_version: Option<String>,
    keep_alive: bool,
}

impl Request {
    /// Reads a request within the default limits.
    ///
    /// # Errors
    /// The envelope is not one, is cut, or lacks what its action needs.
    pub fn decode(envelope: &[u8]) -> Result<Self, EnvelopeError> {
        Self::decode_with(envelope, &Limits::default())
    }

    /// Reads a request within the given limits.
    ///
    /// # Errors
    /// As [`Request::decode`].
    pub fn decode_with(envelope: &[u8], limits: &Limits) -> Result<Self, EnvelopeError> {
        Reader::read(envelope, limits, |reader| Self::read(reader, limits))
    }

    fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Self, EnvelopeError> {
        open_envelope(reader)?;
        let mut header = Addressed::default();
        let mut operation = None;
        while let Some(part) = reader.next_child()? {
            if part.is(Ns::Soap, "Header") {
                header = Addressed::decode(reader)?;
            } else if part.is(Ns::Soap, "Body") && operation.is_none() {
                operation = Some(header.decode_operation(reader, limits)?);
            } else {
                reader.skip()?;
            }
        }
        reader.finish()?;
        let Some(operation) = operation else {
            return Err(reader.error(EnvelopeErrorKind::MissingBody));
        };
        Ok(Self {
            message_id: header.message_id,
            action: header.action,
            to: header.to,
            resource_uri: header.resource_uri,
            session_id: header.session_id,
            operation_id: header.operation_id,
            again: header.again,
            operation_timeout: header.operation_timeout,
            max_envelope: header.max_envelope,
            locale: header.locale,
            operation,
        })
    }
}

impl Addressed {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, EnvelopeError> {
        let mut header = Self::default();
        while let Some(child) = reader.next_child()? {
            if child.is(Ns::Addressing, "Action") {
                header.action = reader.text()?.trim().to_owned();
            } else if child.is(Ns::Addressing, "MessageID") {
                header.message_id = reader.text()?.trim().to_owned();
            } else if child.is(Ns::Addressing, "To") {
                header.to = reader.text()?.trim().to_owned();
            } else if child.is(Ns::Wsman, "ResourceURI") {
                header.resource_uri = reader.text()?.trim().to_owned();
            } else if child.is(Ns::WsmanMicrosoft, "SessionId") {
                header.session_id = decode_id(&reader.text()?);
            } else if child.is(Ns::WsmanMicrosoft, "OperationID") {
                let must = child.attribute("mustUnderstand")?;
                header.again = must.is_some_and(|must| matches!(must.trim(), "true" | "1"));
                header.operation_id = Some(reader.text()?.trim().to_owned());
            } else if child.is(Ns::Wsman, "Locale") {
                header.locale = child.attribute("lang")?;
                reader.skip()?;
            } else if child.is(Ns::Wsman, "OperationTimeout") {
                let Some(timeout) = decode_duration(&reader.text()?) else {
                    return Err(reader.error(EnvelopeErrorKind::BadValue { name: "OperationTimeout" }));
                };
                header.operation_timeout = Some(timeout);
            } else if child.is(Ns::Wsman, "MaxEnvelopeSize") {
                let Ok(len) = reader.text()?.trim().parse() else {
                    return Err(reader.error(EnvelopeErrorKind::BadValue { name: "MaxEnvelopeSize" }));
                };
                header.max_envelope = Some(len);
            } else if child.is(Ns::Wsman, "SelectorSet") {
                header.shell_id = decode_selectors(reader)?;
            } else if child.is(Ns::Wsman, "OptionSet") {
                header.decode_options(reader)?;
            } else {
                reader.skip()?;
            }
        }
        Ok(header)
    }

    fn decode_options(&mut self, reader: &mut Reader<'_>) -> Result<(), EnvelopeError> {
        while let Some(option) = reader.next_child()? {
            if !option.is(Ns::Wsman, "Option") {
                reader.skip()?;
                continue;
            }
            match option.attribute("Name")?.as_deref() {
                Some(OPTION_PROTOCOL_VERSION) => {
                    self.protocol_version = Some(reader.text()?.trim().to_owned());
                }
                Some(command::OPTION_KEEP_ALIVE) => {
                    self.keep_alive = reader.text()?.trim().eq_ignore_ascii_case("true");
                }
                _ => reader.skip()?,
            }
        }
        Ok(())
    }

    /// Reads to the end of the body.
    fn decode_operation(&self, reader: &mut Reader<'_>, limits: &Limits) -> Result<Operation, EnvelopeError> {
        if self.action.is_empty() {
            return Err(wrong_action(reader, ""));
        }
        if self.action == shell::ACTION_GET && self.resource_uri == CONFIG {
            skip_rest(reader)?;
            return Ok(Operation::GetConfig);
        }
        let listed =
            listing::decode_operation(reader, &self.action, &self.resource_uri, self.shell_id.as_deref())?;
        if let Some(operation) = listed {
            return Ok(operation);
        }
        let is_powershell = self
            .resource_uri
            .strip_prefix(POWERSHELL)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        if !is_powershell {
            skip_rest(reader)?;
            return Ok(Operation::Other);
        }
        let operation = match self.action.as_str() {
            shell::ACTION_CREATE => self.decode_create(reader)?,
            shell::ACTION_DELETE => Operation::Delete { shell_id: self.shell(reader)? },
            command::ACTION_COMMAND => self.decode_command(reader)?,
            command::ACTION_SEND => {
                self.open(reader, "Send")?;
                let streams = command::decode_streams(reader, limits.max_streams)?.streams;
                Operation::Send { shell_id: self.shell(reader)?, streams }
            }
            command::ACTION_RECEIVE => {
                self.open(reader, "Receive")?;
                let mut command_id = None;
                while let Some(child) = reader.next_child()? {
                    if child.is(Ns::Shell, "DesiredStream") {
                        command_id = command::decode_command_id(reader, &child)?;
                    }
                    reader.skip()?;
                }
                Operation::Receive { shell_id: self.shell(reader)?, command_id, keep_alive: self.keep_alive }
            }
            command::ACTION_SIGNAL => {
                let element = self.open(reader, "Signal")?;
                let command_id = command::decode_command_id(reader, &element)?;
                let mut signal = None;
                while let Some(child) = reader.next_child()? {
                    if child.is(Ns::Shell, "Code") {
                        signal = Signal::from_code(&reader.text()?);
                    } else {
                        reader.skip()?;
                    }
                }
                Operation::Signal { shell_id: self.shell(reader)?, command_id, signal }
            }
            attach::ACTION_DISCONNECT => {
                self.open(reader, "Disconnect")?;
                let (mut idle_timeout, mut buffer_mode) = (None, None);
                while let Some(child) = reader.next_child()? {
                    if child.is_ignoring_case(Ns::Shell, "IdleTimeOut") {
                        idle_timeout = decode_duration(&reader.text()?);
                    } else if child.is(Ns::Shell, "BufferMode") {
                        buffer_mode = BufferMode::from_text(&reader.text()?);
                    } else {
                        reader.skip()?;
                    }
                }
                Operation::Disconnect { shell_id: self.shell(reader)?, idle_timeout, buffer_mode }
            }
            attach::ACTION_RECONNECT => {
                let shell_id = self.shell(reader)?;
                // The body is empty but for a command.
                let Some(element) = reader.next_child()? else {
                    return Ok(Operation::Reconnect { shell_id, command_id: None });
                };
                let command_id = command::decode_command_id(reader, &element)?;
                reader.skip()?;
                Operation::Reconnect { shell_id, command_id }
            }
            attach::ACTION_CONNECT => {
                let element = self.open(reader, "Connect")?;
                let command_id = command::decode_command_id(reader, &element)?;
                let connect_xml = attach::decode_xml(reader, "connectXml")?;
                Operation::Connect { shell_id: self.shell(reader)?, command_id, connect_xml }
            }
            _ => Operation::Other,
        };
        skip_rest(reader)?;
        Ok(operation)
    }

    fn decode_create(&self, reader: &mut Reader<'_>) -> Result<Operation, EnvelopeError> {
        let element = self.open(reader, "Shell")?;
        let body = ShellBody::decode(reader, &element)?;
        let Some(creation_xml) = body.creation_xml else {
            return Err(reader.error(EnvelopeErrorKind::MissingElement { name: "creationXml" }));
        };
        Ok(Operation::Create {
            shell_id: body.shell_id.map(ShellId::new),
            name: body.name,
            creation_xml,
            protocol_version: self.protocol_version.clone(),
            idle_timeout: body.idle_timeout,
        })
    }

    fn decode_command(&self, reader: &mut Reader<'_>) -> Result<Operation, EnvelopeError> {
        let element = self.open(reader, "CommandLine")?;
        let command_id = command::decode_command_id(reader, &element)?;
        let mut arguments = None;
        while let Some(child) = reader.next_child()? {
            if child.is(Ns::Shell, "Arguments") && arguments.is_none() {
                arguments = Some(command::decode_stream(reader, "Arguments")?);
            } else {
                reader.skip()?;
            }
        }
        let Some(arguments) = arguments else {
            return Err(reader.error(EnvelopeErrorKind::MissingElement { name: "Arguments" }));
        };
        Ok(Operation::Command { shell_id: self.shell(reader)?, command_id, arguments })
    }

    /// Takes the body's first element, which the action foretells.
    fn open<'a>(
        &self,
        reader: &mut Reader<'a>,
        local: &str,
    ) -> Result<crate::xml::Element<'a>, EnvelopeError> {
        match reader.next_child()? {
            Some(element) if element.is(Ns::Shell, local) => Ok(element),
            Some(_) => Err(wrong_action(reader, &self.action)),
            None => Err(reader.error(EnvelopeErrorKind::MissingBody)),
        }
    }

    fn shell(&self, reader: &Reader<'_>) -> Result<ShellId, EnvelopeError> {
        match &self.shell_id {
            Some(shell_id) => Ok(ShellId::new(shell_id.clone())),
            None => Err(reader.error(EnvelopeErrorKind::MissingElement { name: "ShellId" })),
        }
    }
}
