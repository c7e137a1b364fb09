//! The server's side: writing answers.

use uuid::Uuid;

use crate::command::{self, CommandState, ReceiveResponse};
use crate::envelope::{ANONYMOUS, element, encode_guid, encode_id};
use crate::fault::Fault;
use crate::request::Request;
use crate::response::ACTION_FAULT;
use crate::shell::CreateResponse;
use crate::time::encode_duration;
use crate::{stream, xml};

/// Writes the answer to one request.
#[derive(Debug, Clone)]
pub struct Reply {
    message_id: Uuid,
    relates_to: String,
    operation_id: Option<String>,
}

impl Reply {
    /// An answer to `request`, with an id of its own that the caller draws.
    #[must_use]
    pub fn to(request: &Request, message_id: Uuid) -> Self {
        Self {
            message_id,
            relates_to: request.message_id.clone(),
            operation_id: request.operation_id.clone(),
        }
    }

    /// An answer to a request that could not be read.
    #[must_use]
    pub fn to_unreadable(message_id: Uuid) -> Self {
        Self { message_id, relates_to: String::new(), operation_id: None }
    }

    /// The same without the id of the operation, as servers answer that keep no answers.
    #[must_use]
    pub fn without_operation_id(self) -> Self {
        Self { operation_id: None, ..self }
    }

    /// Says that a shell was made. `to` is the address of the service, as the request had it.
    #[must_use]
    pub fn build_create(&self, to: &str, resource_uri: &str, created: &CreateResponse) -> Vec<u8> {
        let mut body = String::from("<x:ResourceCreated>");
        element(&mut body, "a:Address", "", to);
        body.push_str("<a:ReferenceParameters>");
        element(&mut body, "w:ResourceURI", "", resource_uri);
        body.push_str("<w:SelectorSet>");
        element(&mut body, "w:Selector", " Name=\"ShellId\"", created.shell_id.as_str());
        body.push_str("</w:SelectorSet></a:ReferenceParameters></x:ResourceCreated>");
        encode_shell(&mut body, resource_uri, created, None);
        self.build("http://schemas.xmlsoap.org/ws/2004/09/transfer/CreateResponse", &body)
    }

    /// Says that a command was started.
    #[must_use]
    pub fn build_command(&self, command_id: Uuid) -> Vec<u8> {
        let mut body = String::from("<rsp:CommandResponse>");
        element(&mut body, "rsp:CommandId", "", &encode_guid(command_id));
        body.push_str("</rsp:CommandResponse>");
        self.build("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandResponse", &body)
    }

    /// Says that bytes were taken.
    #[must_use]
    pub fn build_send(&self) -> Vec<u8> {
        self.build(
            "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SendResponse",
            "<rsp:SendResponse/>",
        )
    }

    /// Brings what a command or shell has to say.
    #[must_use]
    pub fn build_receive(&self, received: &ReceiveResponse) -> Vec<u8> {
        let len: usize =
            received.streams.iter().map(|chunk| chunk.bytes.len() / 3 * 4 + STREAM_CAPACITY).sum();
        let mut body = String::with_capacity(len + STREAM_CAPACITY);
        body.push_str("<rsp:ReceiveResponse>");
        for chunk in &received.streams {
            command::encode_stream(&mut body, &chunk.name, chunk.command_id, chunk.end, &chunk.bytes);
        }
        if let Some(state) = &received.command_state {
            encode_command_state(&mut body, state);
        }
        body.push_str("</rsp:ReceiveResponse>");
        self.build("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReceiveResponse", &body)
    }

    /// Says that a signal was taken.
    #[must_use]
    pub fn build_signal(&self) -> Vec<u8> {
        self.build(
            "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/SignalResponse",
            "<rsp:SignalResponse/>",
        )
    }

    /// Says that a shell is gone.
    #[must_use]
    pub fn build_delete(&self) -> Vec<u8> {
        self.build("http://schemas.xmlsoap.org/ws/2004/09/transfer/DeleteResponse", "")
    }

    /// Says that a shell goes on without its client.
    #[must_use]
    pub fn build_disconnect(&self) -> Vec<u8> {
        self.build("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/DisconnectResponse", "")
    }

    /// Says that a client is back.
    #[must_use]
    pub fn build_reconnect(&self) -> Vec<u8> {
        self.build("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ReconnectResponse", "")
    }

    /// Says that a shell, with what the protocol inside answers, or a command has another client now.
    #[must_use]
    pub fn build_connect(&self, connect_response_xml: Option<&[u8]>) -> Vec<u8> {
        let mut body = String::from("<rsp:ConnectResponse>");
        if let Some(bytes) = connect_response_xml {
            body.push_str(
                "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>",
            );
            body.push_str("<connectResponseXml xmlns=\"");
            body.push_str(xml::POWERSHELL);
            body.push_str("\">");
            stream::encode_into(bytes, &mut body);
            body.push_str("</connectResponseXml>");
        }
        body.push_str("</rsp:ConnectResponse>");
        self.build("http://schemas.microsoft.com/wbem/wsman/1/windows/shell/ConnectResponse", &body)
    }

    /// Tells the configuration, as far as clients ask for it.
    #[must_use]
    pub fn build_get_config(&self, max_envelope_kb: u32) -> Vec<u8> {
        let mut body = format!("<cfg:Config xmlns:cfg=\"{}\">", xml::CONFIG);
        element(&mut body, "cfg:MaxEnvelopeSizekb", "", &max_envelope_kb.to_string());
        body.push_str("</cfg:Config>");
        self.build("http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse", &body)
    }

    /// Says what went wrong. Its HTTP status is 500.
    #[must_use]
    pub fn build_fault(&self, fault: &Fault) -> Vec<u8> {
        let mut body = String::new();
        fault.encode(&mut body);
        self.build(ACTION_FAULT, &body)
    }

    /// How many bytes one stream of a Receive can bring so that the envelope, with the state of an ended
    /// command, stays within `max_envelope` bytes.
    #[must_use]
    pub fn max_stream_len(&self, max_envelope: u32, command_id: Option<Uuid>) -> usize {
        let chunk = command::StreamChunk {
            name: "stdout".into(),
            command_id,
            end: false,
            bytes: bytes::Bytes::new(),
        };
        let state = CommandState { command_id, done: true, exit_code: Some(0) };
        let frame = self.build_receive(&ReceiveResponse { streams: vec![chunk], command_state: Some(state) });
        stream::bytes_that_fit(
            usize::try_from(max_envelope).unwrap_or(usize::MAX).saturating_sub(frame.len()),
        )
    }

    pub(crate) fn build(&self, action: &str, body: &str) -> Vec<u8> {
        let mut out = String::with_capacity(FRAME_CAPACITY + body.len());
        out.push_str("<s:Envelope xml:lang=\"en-US\"");
        for (prefix, uri) in [
            ("s", xml::SOAP),
            ("a", xml::ADDRESSING),
            ("x", xml::TRANSFER),
            ("w", xml::WSMAN),
            ("rsp", xml::SHELL),
            ("p", xml::WSMAN_MICROSOFT),
        ] {
            out.push_str(" xmlns:");
            out.push_str(prefix);
            out.push_str("=\"");
            out.push_str(uri);
            out.push('"');
        }
        out.push_str("><s:Header>");
        element(&mut out, "a:Action", "", action);
        element(&mut out, "a:MessageID", "", &encode_id(self.message_id));
        if let Some(operation_id) = &self.operation_id {
            element(&mut out, "p:OperationID", " s:mustUnderstand=\"false\"", operation_id);
        }
        element(&mut out, "a:To", "", ANONYMOUS);
        if !self.relates_to.is_empty() {
            element(&mut out, "a:RelatesTo", "", &self.relates_to);
        }
        out.push_str("</s:Header><s:Body>");
        out.push_str(body);
        out.push_str("</s:Body></s:Envelope>");
        out.into_bytes()
    }
}

/// Appends a shell; in a list, with its state.
pub(crate) fn encode_shell(
    out: &mut String,
    resource_uri: &str,
    shell: &CreateResponse,
    state: Option<&str>,
) {
    out.push_str("<rsp:Shell>");
    element(out, "rsp:ShellId", "", shell.shell_id.as_str());
    element(out, "rsp:ResourceUri", "", shell.resource_uri.as_deref().unwrap_or(resource_uri));
    if let Some(owner) = &shell.owner {
        element(out, "rsp:Owner", "", owner);
    }
    if let Some(idle_timeout) = shell.idle_timeout {
        element(out, "rsp:IdleTimeOut", "", &encode_duration(idle_timeout));
    }
    out.push_str(
        "<rsp:InputStreams>stdin pr</rsp:InputStreams><rsp:OutputStreams>stdout</rsp:OutputStreams>",
    );
    if let Some(max_idle_timeout) = shell.max_idle_timeout {
        element(out, "rsp:MaxIdleTimeOut", "", &encode_duration(max_idle_timeout));
    }
    if let Some(state) = state {
        element(out, "rsp:State", "", state);
    }
    out.push_str("</rsp:Shell>");
}

fn encode_command_state(body: &mut String, state: &CommandState) {
    body.push_str("<rsp:CommandState");
    if let Some(command_id) = state.command_id {
        body.push_str(" CommandId=\"");
        body.push_str(&encode_guid(command_id));
        body.push('"');
    }
    body.push_str(" State=\"");
    body.push_str(if state.done { command::STATE_DONE } else { command::STATE_RUNNING });
    body.push_str("\">");
    if let Some(exit_code) = state.exit_code {
        element(body, "rsp:ExitCode", "", &exit_code.to_string());
    }
    body.push_str("</rsp:CommandState>");
}

const FRAME_CAPACITY: usize = 1_024;
const STREAM_CAPACITY: usize = 256;
