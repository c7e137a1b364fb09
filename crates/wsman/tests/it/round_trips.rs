//! Client and server halves understand each other.

use std::time::Duration;

use bytes::Bytes;
use uuid::{Uuid, uuid};
use wsman::{
    BufferMode, CommandState, CreateResponse, Endpoint, Ids, ListedShell, Operation, RESOURCE_EXCHANGE,
    RESOURCE_POWERSHELL, ReceiveResponse, Reply, Request, Response, ShellId, Signal, StreamChunk,
};

const SESSION: Uuid = uuid!("aecf49af-7164-43e6-b10a-e38e8c4986ad");
const COMMAND: Uuid = uuid!("d1bf48da-b26c-4f4a-be52-b382ac20dd1f");
const ADDRESS: &str = "https://localhost/powershell?x=1&y=<2>";

fn ids() -> Ids {
    Ids {
        message_id: uuid!("f249dbe7-0e83-4f39-ae4a-28324cf61227"),
        operation_id: uuid!("0a0988de-a676-48cb-b550-8adea9049a78"),
        again: false,
    }
}

fn endpoint() -> Endpoint {
    Endpoint::new(ADDRESS, RESOURCE_EXCHANGE, SESSION)
}

fn decoded(envelope: &[u8]) -> Request {
    let request = Request::decode(envelope).expect("our own request");
    assert_eq!(request.message_id, "uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227");
    assert_eq!(request.operation_id.as_deref(), Some("uuid:0A0988DE-A676-48CB-B550-8ADEA9049A78"));
    assert_eq!(request.session_id, Some(SESSION));
    assert_eq!(request.operation_timeout, Some(Duration::from_secs(180)));
    assert_eq!(request.max_envelope, Some(512_000));
    assert_eq!(request.locale.as_deref(), Some("en-US"));
    assert_eq!(request.to, ADDRESS);
    request
}

#[test]
fn requests_are_read_as_they_were_meant() {
    let endpoint = endpoint();
    let shell = ShellId::new("a shell & <its> name");
    let every_byte = Bytes::from((0..=255).collect::<Vec<u8>>());
    let create = endpoint.build_create(
        ids(),
        COMMAND,
        &every_byte,
        "2.3",
        Some(Duration::from_millis(900_500)),
        Some("<&>\""),
    );
    let table = [
        (
            create,
            Operation::Create {
                shell_id: Some(ShellId::from(COMMAND)),
                name: Some("<&>\"".to_owned()),
                creation_xml: every_byte.clone(),
                protocol_version: Some("2.3".to_owned()),
                idle_timeout: Some(Duration::from_millis(900_500)),
            },
        ),
        (
            endpoint.build_command(ids(), &shell, COMMAND, &every_byte),
            Operation::Command {
                shell_id: shell.clone(),
                command_id: Some(COMMAND),
                arguments: every_byte.clone(),
            },
        ),
        (
            endpoint.build_disconnect(
                ids(),
                &shell,
                Some(Duration::from_secs(7_200)),
                Some(BufferMode::Block),
            ),
            Operation::Disconnect {
                shell_id: shell.clone(),
                idle_timeout: Some(Duration::from_secs(7_200)),
                buffer_mode: Some(BufferMode::Block),
            },
        ),
        (
            endpoint.build_disconnect(ids(), &shell, None, Some(BufferMode::Drop)),
            Operation::Disconnect {
                shell_id: shell.clone(),
                idle_timeout: None,
                buffer_mode: Some(BufferMode::Drop),
            },
        ),
        (
            endpoint.build_disconnect(ids(), &shell, None, None),
            Operation::Disconnect { shell_id: shell.clone(), idle_timeout: None, buffer_mode: None },
        ),
        (
            endpoint.build_reconnect(ids(), &shell, None),
            Operation::Reconnect { shell_id: shell.clone(), command_id: None },
        ),
        (
            endpoint.build_reconnect(ids(), &shell, Some(COMMAND)),
            Operation::Reconnect { shell_id: shell.clone(), command_id: Some(COMMAND) },
        ),
        (
            endpoint.build_connect(ids(), &shell, &every_byte, "2.3"),
            Operation::Connect {
                shell_id: shell.clone(),
                command_id: None,
                connect_xml: Some(every_byte.clone()),
            },
        ),
        (
            endpoint.build_connect_command(ids(), &shell, COMMAND),
            Operation::Connect { shell_id: shell.clone(), command_id: Some(COMMAND), connect_xml: None },
        ),
        (
            endpoint.build_send(ids(), &shell, "pr", Some(COMMAND), &every_byte),
            Operation::Send {
                shell_id: shell.clone(),
                streams: vec![StreamChunk {
                    name: "pr".into(),
                    command_id: Some(COMMAND),
                    end: false,
                    bytes: every_byte.clone(),
                }],
            },
        ),
        (
            endpoint.build_receive(ids(), &shell, None),
            Operation::Receive { shell_id: shell.clone(), command_id: None, keep_alive: true },
        ),
        (
            endpoint.build_receive(ids(), &shell, Some(COMMAND)),
            Operation::Receive { shell_id: shell.clone(), command_id: Some(COMMAND), keep_alive: true },
        ),
        (
            endpoint.build_signal(ids(), &shell, COMMAND, Signal::CtrlC),
            Operation::Signal {
                shell_id: shell.clone(),
                command_id: Some(COMMAND),
                signal: Some(Signal::CtrlC),
            },
        ),
        (
            endpoint.build_signal(ids(), &shell, COMMAND, Signal::Terminate),
            Operation::Signal {
                shell_id: shell.clone(),
                command_id: Some(COMMAND),
                signal: Some(Signal::Terminate),
            },
        ),
        (endpoint.build_delete(ids(), &shell), Operation::Delete { shell_id: shell }),
        (endpoint.build_get_config(ids()), Operation::GetConfig),
    ];
    for (envelope, operation) in table {
        assert_eq!(decoded(&envelope).operation, operation);
    }
}

#[test]
fn answers_are_read_as_they_were_meant() {
    let request = decoded(&endpoint().build_receive(ids(), &ShellId::from(SESSION), None));
    let reply = Reply::to(&request, COMMAND);
    let created = CreateResponse {
        resource_uri: Some(RESOURCE_POWERSHELL.to_owned()),
        owner: Some("a\\b & c".to_owned()),
        idle_timeout: Some(Duration::from_secs(900)),
        max_idle_timeout: Some(Duration::from_secs(43_200)),
        ..CreateResponse::new(ShellId::from(SESSION))
    };
    let chunk = |name: &'static str, command_id, end, bytes: &[u8]| StreamChunk {
        name: name.into(),
        command_id,
        end,
        bytes: Bytes::copy_from_slice(bytes),
    };
    let received = ReceiveResponse {
        streams: vec![
            chunk("stdout", None, false, b"to the shell"),
            chunk("stdout", Some(COMMAND), true, b""),
            chunk("another \"stream\"", Some(COMMAND), false, &[0; 70_000]),
        ],
        command_state: Some(CommandState { command_id: Some(COMMAND), done: true, exit_code: Some(0) }),
    };
    let running = ReceiveResponse {
        streams: Vec::new(),
        command_state: Some(CommandState { command_id: Some(COMMAND), done: false, exit_code: None }),
    };
    let table = [
        (reply.build_create(ADDRESS, RESOURCE_POWERSHELL, &created), Response::Create(created)),
        (reply.build_command(COMMAND), Response::Command { command_id: Some(COMMAND) }),
        (reply.build_send(), Response::Send),
        (reply.build_receive(&received), Response::Receive(received)),
        (reply.build_receive(&running), Response::Receive(running)),
        (reply.build_receive(&ReceiveResponse::default()), Response::Receive(ReceiveResponse::default())),
        (reply.build_signal(), Response::Signal),
        (reply.build_delete(), Response::Delete),
        (reply.build_get_config(500), Response::Config { max_envelope_kb: Some(500) }),
    ];
    for (envelope, response) in table {
        let text = String::from_utf8(envelope.clone()).expect("answers are UTF-8");
        assert!(text.contains("<a:RelatesTo>uuid:F249DBE7-0E83-4F39-AE4A-28324CF61227</a:RelatesTo>"));
        assert_eq!(Response::decode(&envelope).expect("our own answer"), response);
    }
}

#[test]
fn the_largest_stream_fills_the_answer() {
    let request = decoded(&endpoint().build_receive(ids(), &ShellId::from(SESSION), Some(COMMAND)));
    let reply = Reply::to(&request, COMMAND);
    for max_envelope in [8_192_u32, 8_193, 8_194, 8_195, 512_000] {
        let len = reply.max_stream_len(max_envelope, Some(COMMAND));
        let envelope_len = |len: usize| {
            let chunk = StreamChunk {
                name: "stdout".into(),
                command_id: Some(COMMAND),
                end: false,
                bytes: vec![1; len].into(),
            };
            let state = CommandState { command_id: Some(COMMAND), done: true, exit_code: Some(0) };
            reply.build_receive(&ReceiveResponse { streams: vec![chunk], command_state: Some(state) }).len()
        };
        let limit = usize::try_from(max_envelope).expect("fits");
        assert!(envelope_len(len) <= limit && limit < envelope_len(len + 1));
    }
}

#[test]
fn a_repeated_request_says_so_and_its_answer_tells_that_it_was_kept() {
    let shell = ShellId::from(COMMAND);
    let again = Ids { again: true, ..ids() };
    assert!(decoded(&endpoint().build_receive(again, &shell, None)).again);
    let request = decoded(&endpoint().build_receive(ids(), &shell, None));
    assert!(!request.again);
    let reply = Reply::to(&request, SESSION);
    assert!(wsman::keeps_answers(&reply.build_send(), ids().operation_id));
    assert!(!wsman::keeps_answers(&reply.build_send(), COMMAND));
    assert!(!wsman::keeps_answers(&reply.without_operation_id().build_send(), ids().operation_id));
    assert!(!wsman::keeps_answers(b"", ids().operation_id));
}

#[test]
fn answers_about_the_client_of_a_shell_are_read_as_they_were_meant() {
    let request = decoded(&endpoint().build_reconnect(ids(), &ShellId::from(COMMAND), None));
    let reply = Reply::to(&request, COMMAND);
    let bytes = Bytes::from((0..=255).collect::<Vec<u8>>());
    for (envelope, expected) in [
        (reply.build_disconnect(), Response::Disconnect),
        (reply.build_reconnect(), Response::Reconnect),
        (reply.build_connect(None), Response::Connect { connect_response_xml: None }),
        (reply.build_connect(Some(&bytes)), Response::Connect { connect_response_xml: Some(bytes.clone()) }),
    ] {
        assert_eq!(Response::decode(&envelope).expect("our own answer"), expected);
    }
}

/// A request as other clients write it, for this crate's own asks for no lists.
fn listing(action: &str, resource: &str, selectors: &str, body: &str) -> Operation {
    let envelope = format!(
        "<s:Envelope xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\" \
         xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" \
         xmlns:w=\"http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd\" \
         xmlns:n=\"http://schemas.xmlsoap.org/ws/2004/09/enumeration\"><s:Header><a:Action>{action}</a:Action>\
         <a:MessageID>uuid:1</a:MessageID><w:ResourceURI>http://schemas.microsoft.com/wbem/wsman/1/windows/{resource}\
         </w:ResourceURI>{selectors}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    );
    Request::decode(envelope.as_bytes()).expect("a request").operation
}

#[test]
fn shells_and_their_commands_are_listed() {
    let enumerate = "http://schemas.xmlsoap.org/ws/2004/09/enumeration/Enumerate";
    let get = "http://schemas.xmlsoap.org/ws/2004/09/transfer/Get";
    let named = "<w:SelectorSet><w:Selector Name=\"ShellId\">AB</w:Selector></w:SelectorSet>";
    let filter = format!(
        "<n:Enumerate><w:MaxElements>9</w:MaxElements><w:Filter Dialect=\"x\">{named}</w:Filter></n:Enumerate>"
    );
    let shell_id = ShellId::new("AB");
    assert_eq!(listing(get, "shell", named, ""), Operation::GetShell { shell_id: shell_id.clone() });
    assert_eq!(listing(get, "shell", "", ""), Operation::Other);
    assert_eq!(listing(enumerate, "shell", "", "<n:Enumerate/>"), Operation::EnumerateShells);
    assert_eq!(
        listing(enumerate, "shell/Command", "", &filter),
        Operation::EnumerateCommands { shell_id: shell_id.clone() }
    );
    for body in ["", "<n:Enumerate/>"] {
        assert_eq!(listing(enumerate, "shell/Command", "", body), Operation::Other);
    }
    assert_eq!(listing(enumerate, "process", "", "<n:Enumerate/>"), Operation::Other);

    let reply = Reply::to_unreadable(COMMAND);
    let shell = CreateResponse { owner: Some("a<b".to_owned()), ..CreateResponse::new(shell_id.clone()) };
    let listed = ListedShell { shell, is_disconnected: true };
    for (answer, parts) in [
        (
            reply.build_get_shell(&listed),
            &["transfer/GetResponse", "<rsp:ShellId>AB<", "a&lt;b", "<rsp:State>Disconnected<"][..],
        ),
        (
            reply.build_enumerate_shells(&[listed.clone(), listed]),
            &["<w:Items><rsp:Shell>", "<w:EndOfSequence/>"],
        ),
        (
            reply.build_enumerate_commands(&shell_id, &[COMMAND]),
            &["<rsp:Command><rsp:CommandId>", "<rsp:ShellId>AB<"],
        ),
    ] {
        let answer = String::from_utf8(answer).unwrap();
        for part in parts {
            assert!(answer.contains(part), "{part} is missing in {answer}");
        }
    }
}

#[test]
fn signals_are_known_in_every_spelling_that_clients_have() {
    let windows = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell/signal/";
    for (code, expected) in [
        (Signal::CtrlC.code().to_owned(), Some(Signal::CtrlC)),
        ("powershell/signal/ctrl_c".to_owned(), Some(Signal::CtrlC)),
        (format!("{windows}ctrl_c"), Some(Signal::CtrlC)),
        (Signal::Terminate.code().to_owned(), Some(Signal::Terminate)),
        (format!("{windows}Terminate"), Some(Signal::Terminate)),
        (format!(" {windows}TERMINATE\n"), Some(Signal::Terminate)),
        (format!("{windows}ctrl_break"), None),
        (String::new(), None),
    ] {
        assert_eq!(Signal::from_code(&code), expected, "{code}");
    }
}
