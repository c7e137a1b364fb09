//! Recorded lines of PowerShell 7.6 through a relay: a WSMan server that gives what the recorded one gave gets the very
//! bytes of the client, and the client gets the very bytes of the server.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use exo_session::{Authentication, ConnectOptions, RelayEvent, Secret, relay};
use psrp::{Line, LineRequest, Stream};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use uuid::Uuid;
use wsman::{
    CommandState, CreateResponse, Operation, ReceiveResponse, Reply, Request, Response, Signal, StreamChunk,
};

use crate::peer::read_request;

/// What a request of the client was, in the words of the recording.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Asked {
    Data { guid: Uuid, stream: Stream, bytes: Vec<u8> },
    Stop(Uuid),
    Release(Uuid),
    Delete,
}

/// What the recorded server wrote, and how many requests it had seen by then.
struct Written {
    guid: Uuid,
    bytes: Vec<u8>,
    after: usize,
}

#[derive(Default)]
struct Server {
    written: Vec<Written>,
    asked: Mutex<Vec<Asked>>,
    given: Mutex<usize>,
    changed: Notify,
}

#[tokio::test]
async fn recorded_conversations_pass_unchanged() {
    let folder = std::env::var_os("EXO_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from)
        .join("fixtures/powershell-7.6");
    for name in ["values", "streams", "parameters", "input", "metadata", "stop"] {
        let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.jsonl"))) else {
            return ignored("recorded_conversations_pass_unchanged");
        };
        replay(name, &text).await;
    }
}

#[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
fn ignored(test: &str) {
    eprintln!("ignored: {test}: the recordings are not there");
}

async fn replay(name: &str, text: &str) {
    let lines: Vec<(bool, Line)> = text
        .lines()
        .map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            (row["from"] == "client", Line::decode(row["line"].as_str().unwrap()).unwrap())
        })
        .collect();
    let close = Line::Ask(LineRequest::Close, Uuid::nil());
    let end = lines.iter().position(|(_, line)| *line == close).unwrap();

    let (expected_requests, written) = sides(&lines[..=end]);
    let server = Arc::new(Server { written, ..Server::default() });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(format!("http://{}/powershell", listener.local_addr().unwrap()));
    options.authentication = Some(Authentication::Basic);
    options.user = Some("a@b.c".to_owned());
    options.password = Some(Secret::new("secret".to_owned()));
    let serving = Arc::clone(&server);
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(socket, Arc::clone(&serving)));
        }
    });

    let (writer, mut relay) = relay(options);
    let mut heard = Heard::default();
    let mut due = Heard::default();
    for (from_client, line) in &lines[..=end] {
        if !from_client {
            due.take(line);
            continue;
        }
        // The recorded client had heard all that was before this line.
        while !heard.covers(&due) {
            match relay.next().await {
                Some(RelayEvent::Line(line)) => heard.take(&Line::decode(&line).unwrap()),
                Some(RelayEvent::Broken(error)) => panic!("{name}: {error}"),
                Some(_) => {}
                None => panic!("{name}: the relay ended"),
            }
        }
        writer.write(&line.encode()).unwrap();
    }
    while let Some(event) = relay.next().await {
        if let RelayEvent::Line(line) = event {
            heard.take(&Line::decode(&line).unwrap());
        }
    }
    due.acks.push(Line::Ack(LineRequest::Close, Uuid::nil()));
    assert_eq!(heard.bytes, due.bytes, "{name}");
    assert_eq!(sorted(&heard.acks), sorted(&due.acks), "{name}");
    assert_eq!(*server.asked.lock().unwrap(), expected_requests, "{name}");
}

fn sorted(acks: &[Line]) -> Vec<String> {
    let mut texts: Vec<String> = acks.iter().map(Line::encode).collect();
    texts.sort();
    texts
}

/// What the client was told: bytes by target, and answers.
#[derive(Debug, Default)]
struct Heard {
    bytes: BTreeMap<Uuid, Vec<u8>>,
    acks: Vec<Line>,
}

impl Heard {
    fn take(&mut self, line: &Line) {
        match line {
            Line::Data { guid, bytes, .. } => self.bytes.entry(*guid).or_default().extend_from_slice(bytes),
            ack => self.acks.push(ack.clone()),
        }
    }

    fn covers(&self, due: &Self) -> bool {
        let len = |heard: &Self, guid| heard.bytes.get(guid).map_or(0, Vec::len);
        due.bytes.keys().all(|guid| len(due, guid) <= len(self, guid))
            && due.acks.iter().all(|ack| self.acks.contains(ack))
            && due.acks.len() <= self.acks.len()
    }
}

/// The requests that the client's lines come to, and what the server writes in between.
fn sides(lines: &[(bool, Line)]) -> (Vec<Asked>, Vec<Written>) {
    let (mut asked, mut written) = (Vec::new(), Vec::new());
    for (from_client, line) in lines {
        match line {
            Line::Data { guid, stream, bytes } if *from_client => {
                asked.push(Asked::Data { guid: *guid, stream: *stream, bytes: bytes.to_vec() });
            }
            Line::Data { guid, bytes, .. } => {
                written.push(Written { guid: *guid, bytes: bytes.to_vec(), after: asked.len() });
            }
            Line::Ask(LineRequest::Signal, guid) => asked.push(Asked::Stop(*guid)),
            Line::Ask(LineRequest::Close, guid) if guid.is_nil() => asked.push(Asked::Delete),
            Line::Ask(LineRequest::Close, guid) => asked.push(Asked::Release(*guid)),
            _ => {}
        }
    }
    (asked, written)
}

async fn serve(mut socket: TcpStream, server: Arc<Server>) {
    let mut buffer = Vec::new();
    while let Some((_, body)) = read_request(&mut socket, &mut buffer).await {
        let request = Request::decode(&body).unwrap();
        let reply = Reply::to(&request, Uuid::new_v4());
        let answer = server.answer(&request, &reply).await;
        assert!(!matches!(Response::decode(&answer).unwrap(), Response::Fault(_)));
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
        if socket.write_all(&[head.as_bytes(), &answer].concat()).await.is_err() {
            return;
        }
    }
}

impl Server {
    async fn answer(&self, request: &Request, reply: &Reply) -> Vec<u8> {
        match &request.operation {
            Operation::Create { shell_id, creation_xml, .. } => {
                let created = CreateResponse::new(shell_id.clone().unwrap());
                self.note(Uuid::nil(), Stream::Default, creation_xml);
                reply.build_create(&request.to, &request.resource_uri, &created)
            }
            Operation::Command { command_id, arguments, .. } => {
                let guid = command_id.unwrap();
                self.note(guid, Stream::Default, arguments);
                reply.build_command(guid)
            }
            Operation::Send { streams, .. } => {
                for chunk in streams {
                    let stream = if chunk.name == "pr" { Stream::PromptResponse } else { Stream::Default };
                    self.note(chunk.command_id.unwrap_or_default(), stream, &chunk.bytes);
                }
                reply.build_send()
            }
            Operation::Signal { command_id, signal, .. } => {
                let guid = command_id.unwrap();
                let is_stop = *signal == Some(Signal::CtrlC);
                self.push(if is_stop { Asked::Stop(guid) } else { Asked::Release(guid) });
                reply.build_signal()
            }
            Operation::Delete { .. } => {
                self.push(Asked::Delete);
                reply.build_delete()
            }
            Operation::Receive { command_id, .. } => reply.build_receive(&self.receive(*command_id).await),
            other => panic!("{other:?}"),
        }
    }

    /// The next that the recorded server wrote for this target, once it has seen what it had seen then.
    async fn receive(&self, command_id: Option<Uuid>) -> ReceiveResponse {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if let Some(received) = self.receive_now(command_id) {
                return received;
            }
            changed.await;
        }
    }

    fn receive_now(&self, command_id: Option<Uuid>) -> Option<ReceiveResponse> {
        let guid = command_id.unwrap_or_default();
        let seen = self.asked.lock().unwrap().len();
        let mut given = self.given.lock().unwrap();
        let next = self.written.get(*given)?;
        if next.guid != guid || seen < next.after {
            return None;
        }
        *given += 1;
        let rest = self.written.get(*given..).unwrap_or_default();
        let is_last = !rest.iter().any(|later| later.guid == guid);
        self.changed.notify_waiters();
        let chunk =
            StreamChunk { name: "stdout".into(), command_id, end: false, bytes: next.bytes.clone().into() };
        Some(ReceiveResponse {
            streams: vec![chunk],
            command_state: command_id.map(|_| CommandState { command_id, done: is_last, exit_code: None }),
        })
    }

    fn note(&self, guid: Uuid, stream: Stream, bytes: &[u8]) {
        self.push(Asked::Data { guid, stream, bytes: bytes.to_vec() });
    }

    fn push(&self, asked: Asked) {
        self.asked.lock().unwrap().push(asked);
        self.changed.notify_waiters();
    }
}
