//! A WSMan server with one shell whose every step a test can script. It keeps a diary of the requests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use exo_session::{Authentication, ConnectOptions, Secret};
use psrp::server::{Pipeline, ServerConfig, ServerEvent, ServerPool};
use psrp::{ProtocolVersion, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use uuid::Uuid;
use wsman::{
    CommandState, CreateResponse, Fault, Operation, ReceiveResponse, Reply, Request, Signal, StreamChunk,
};

/// What the peer does when a command arrives: it writes into the pool.
pub(crate) type OnCommand = fn(&mut ServerPool, Uuid, &Pipeline);

/// How the peer deviates from a good server.
#[derive(Clone)]
pub(crate) struct Script {
    pub(crate) on_command: OnCommand,
    /// Receives answered with the operation timeout fault before a real answer.
    pub(crate) timeouts: u32,
    /// Creates whose shell is lost at once.
    pub(crate) lost_shells: u32,
    /// The first request is sent to this path.
    pub(crate) moved_to: Option<&'static str>,
    /// Commands end without telling a state.
    pub(crate) ends_without_state: bool,
    /// The shell is made, and the connection closed instead of saying so.
    pub(crate) loses_create_answer: bool,
    /// The last answer of a command has a broken fragment at its end.
    pub(crate) breaks_at_the_end: bool,
    /// Bytes in one answer of a Receive.
    pub(crate) answer_len: usize,
    /// What the configuration says of envelopes, in KB; `None` refuses to tell.
    pub(crate) max_envelope_kb: Option<u32>,
    /// The first Command is begun and the shell lost, instead of saying so.
    pub(crate) loses_first_command: bool,
    /// The newest protocol version it speaks.
    pub(crate) version: ProtocolVersion,
}

impl Default for Script {
    fn default() -> Self {
        Self {
            on_command: |_, _, _| {},
            timeouts: 0,
            lost_shells: 0,
            moved_to: None,
            ends_without_state: false,
            loses_create_answer: false,
            breaks_at_the_end: false,
            answer_len: 100_000,
            max_envelope_kb: None,
            loses_first_command: false,
            version: ProtocolVersion::CURRENT,
        }
    }
}

pub(crate) struct Peer {
    pub(crate) url: String,
    state: Arc<State>,
}

struct State {
    inner: Mutex<Inner>,
    changed: Notify,
}

struct Inner {
    script: Script,
    pool: ServerPool,
    shell: bool,
    diary: Vec<String>,
    /// Requests of one kind for one target that are out now, and the most there ever were.
    out: HashMap<(&'static str, Option<Uuid>), (usize, usize)>,
    /// Pipelines that have begun; a long one arrives in several requests.
    begun: Vec<Uuid>,
    stopped: Vec<Uuid>,
    host_answers: usize,
    parameters: Vec<usize>,
    /// The longest envelope that came.
    longest: usize,
}

impl Peer {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/powershell", listener.local_addr().unwrap());
        let inner = Inner {
            script,
            pool: ServerPool::new(ServerConfig::default()),
            shell: false,
            diary: Vec::new(),
            out: HashMap::new(),
            begun: Vec::new(),
            stopped: Vec::new(),
            host_answers: 0,
            parameters: Vec::new(),
            longest: 0,
        };
        let state = Arc::new(State { inner: Mutex::new(inner), changed: Notify::new() });
        let serving = Arc::clone(&state);
        tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                tokio::spawn(serve(socket, Arc::clone(&serving)));
            }
        });
        Self { url, state }
    }

    pub(crate) fn options(&self) -> ConnectOptions {
        let mut options = ConnectOptions::default();
        options.connection_uri = Some(self.url.clone());
        options.authentication = Some(Authentication::Basic);
        options.user = Some("a@b.c".to_owned());
        options.password = Some(Secret::new("secret".to_owned()));
        options
    }

    pub(crate) fn diary(&self) -> Vec<String> {
        self.inner().diary.clone()
    }

    pub(crate) fn count(&self, entry: &str) -> usize {
        self.inner().diary.iter().filter(|line| line.as_str() == entry).count()
    }

    pub(crate) fn shell(&self) -> bool {
        self.inner().shell
    }

    pub(crate) fn host_answers(&self) -> usize {
        self.inner().host_answers
    }

    /// Lengths of the text parameters that commands brought.
    pub(crate) fn parameters(&self) -> Vec<usize> {
        self.inner().parameters.clone()
    }

    /// The most requests of a kind for one target that were out at once.
    pub(crate) fn most_at_once(&self, kind: &str) -> usize {
        let inner = self.inner();
        inner.out.iter().filter(|((own, _), _)| *own == kind).map(|(_, (_, most))| *most).max().unwrap_or(0)
    }

    /// Whether a request of this kind for the shell itself is out.
    pub(crate) fn is_out(&self, kind: &'static str) -> bool {
        self.inner().out.get(&(kind, None)).is_some_and(|(now, _)| 0 < *now)
    }

    /// The length of the longest request.
    pub(crate) fn longest(&self) -> usize {
        self.inner().longest
    }

    /// Does something to the pool, as the server's own idea.
    pub(crate) fn act(&self, act: impl FnOnce(&mut ServerPool)) {
        act(&mut self.inner().pool);
        self.state.changed.notify_waiters();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.state.inner.lock().unwrap()
    }
}

async fn serve(mut socket: TcpStream, state: Arc<State>) {
    let mut buffer = Vec::new();
    loop {
        let Some((head, body)) = read_request(&mut socket, &mut buffer).await else { return };
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let moved = state.inner.lock().unwrap().script.moved_to.filter(|to| *to != path);
        let (status, extra, answer) = match moved {
            Some(to) => ("307 Moved", format!("Location: {to}\r\n"), Vec::new()),
            None => {
                let request = Request::decode(&body).unwrap();
                {
                    let mut inner = state.inner.lock().unwrap();
                    inner.longest = inner.longest.max(body.len());
                }
                assert!(request.to.ends_with(&path), "To is {} at {path}", request.to);
                let first = matches!(request.operation, Operation::Create { .. });
                let reply = Reply::to(&request, Uuid::new_v4());
                let lossy = state.inner.lock().unwrap().script.loses_create_answer;
                assert_eq!(head.contains("MS-WSMAN=one"), !first && !lossy, "{head}");
                let lost = first && lossy;
                let is_command = matches!(request.operation, Operation::Command { .. });
                match answer(&state, &request, &reply).await {
                    Ok(_) if lost || (is_command && state.loses_now()) => return,
                    Ok(body) => ("200 OK", "Set-Cookie: MS-WSMAN=one; path=/\r\n".to_owned(), body),
                    Err(fault) => ("500 Error", String::new(), reply.build_fault(&fault)),
                }
            }
        };
        let head = format!("HTTP/1.1 {status}\r\n{extra}Content-Length: {}\r\n\r\n", answer.len());
        if socket.write_all(&[head.as_bytes(), &answer].concat()).await.is_err() {
            return;
        }
    }
}

pub(crate) async fn read_request(socket: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<(String, Vec<u8>)> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
            let len: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                })
                .unwrap()
                .parse()
                .unwrap();
            if end + 4 + len <= buffer.len() {
                let body = buffer[end + 4..end + 4 + len].to_vec();
                buffer.drain(..end + 4 + len);
                return Some((head, body));
            }
        }
        if socket.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

async fn answer(state: &State, request: &Request, reply: &Reply) -> Result<Vec<u8>, Fault> {
    match &request.operation {
        Operation::Create { shell_id, creation_xml, .. } => {
            let mut inner = state.inner.lock().unwrap();
            inner.diary.push("Create".to_owned());
            let protocol_version = inner.script.version;
            inner.pool = ServerPool::new(ServerConfig { protocol_version, ..ServerConfig::default() });
            inner.shell = true;
            inner.take(creation_xml.clone());
            if 0 < inner.script.lost_shells {
                inner.script.lost_shells -= 1;
                inner.shell = false;
            }
            let created = CreateResponse::new(shell_id.clone().unwrap());
            Ok(reply.build_create(&request.to, &request.resource_uri, &created))
        }
        Operation::GetConfig => {
            let mut inner = state.inner.lock().unwrap();
            inner.diary.push("Get".to_owned());
            inner.script.max_envelope_kb.map(|kb| reply.build_get_config(kb)).ok_or_else(Fault::access_denied)
        }
        Operation::Command { command_id, arguments, .. } => {
            let mut inner = state.inner.lock().unwrap();
            if !inner.shell {
                return Err(Fault::shell_not_found("The shell was not found on the server."));
            }
            inner.diary.push("Command".to_owned());
            inner.take(arguments.clone());
            state.changed.notify_waiters();
            Ok(reply.build_command(command_id.unwrap()))
        }
        Operation::Send { streams, .. } => {
            let target = streams[0].command_id;
            state.begin("Send", target);
            // Room for a second Send to overtake, should the client send one.
            tokio::task::yield_now().await;
            let mut inner = state.inner.lock().unwrap();
            for chunk in streams {
                inner.diary.push(format!("Send {}", chunk.name));
                inner.take(chunk.bytes.clone());
            }
            drop(inner);
            state.end("Send", target);
            state.changed.notify_waiters();
            Ok(reply.build_send())
        }
        Operation::Receive { command_id, .. } => {
            state.begin("Receive", *command_id);
            let received = receive(state, *command_id).await;
            state.end("Receive", *command_id);
            received.map(|received| reply.build_receive(&received))
        }
        Operation::Signal { command_id, signal, .. } => {
            let mut inner = state.inner.lock().unwrap();
            let pid = command_id.unwrap();
            match signal {
                Some(Signal::CtrlC) => {
                    inner.diary.push("Signal ctrl_c".to_owned());
                    inner.stopped.push(pid);
                    if !inner.script.ends_without_state {
                        let stopped = psrp::PsInvocationState::Stopped;
                        // A pipeline that has just ended cannot be stopped.
                        let _ = inner.pool.pipeline_state(pid, stopped, None);
                    }
                }
                _ => {
                    inner.diary.push("Signal terminate".to_owned());
                    inner.pool.remove_pipeline(pid);
                }
            }
            state.changed.notify_waiters();
            Ok(reply.build_signal())
        }
        Operation::Delete { .. } => {
            let mut inner = state.inner.lock().unwrap();
            inner.diary.push("Delete".to_owned());
            inner.shell = false;
            state.changed.notify_waiters();
            Ok(reply.build_delete())
        }
        _ => Err(Fault::action_not_supported(&request.action)),
    }
}

/// Waits until there is something to say.
async fn receive(state: &State, command_id: Option<Uuid>) -> Result<ReceiveResponse, Fault> {
    loop {
        let changed = state.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        if let Some(answer) = state.inner.lock().unwrap().receive_now(command_id) {
            return answer;
        }
        changed.await;
    }
}

impl State {
    /// Whether the Command that was just begun is the one to lose, with its shell.
    fn loses_now(&self) -> bool {
        let mut inner = self.inner.lock().unwrap();
        let loses = std::mem::take(&mut inner.script.loses_first_command);
        inner.shell &= !loses;
        loses
    }

    fn begin(&self, kind: &'static str, target: Option<Uuid>) {
        let mut inner = self.inner.lock().unwrap();
        let (now, most) = inner.out.entry((kind, target)).or_default();
        *now += 1;
        *most = (*most).max(*now);
    }

    fn end(&self, kind: &'static str, target: Option<Uuid>) {
        self.inner.lock().unwrap().out.entry((kind, target)).or_default().0 -= 1;
    }
}

impl Inner {
    fn receive_now(&mut self, command_id: Option<Uuid>) -> Option<Result<ReceiveResponse, Fault>> {
        if !self.shell {
            return Some(Err(Fault::shell_not_found("The shell was not found on the server.")));
        }
        if 0 < self.script.timeouts {
            self.script.timeouts -= 1;
            self.diary.push("timeout".to_owned());
            return Some(Err(Fault::operation_timeout()));
        }
        let target = command_id.map_or(Target::Pool, Target::Pipeline);
        let silent =
            self.script.ends_without_state && command_id.is_some_and(|pid| self.stopped.contains(&pid));
        let mut bytes = self.pool.poll_transmit(target, self.script.answer_len).map(<[u8]>::to_vec);
        let done =
            command_id.is_some_and(|pid| silent || (self.begun.contains(&pid) && self.pool.is_done(pid)));
        if done && self.script.breaks_at_the_end {
            // A fragment of object 0, which cannot be.
            bytes.get_or_insert_default().extend_from_slice(&[0; 21]);
        }
        if bytes.is_none() && !done {
            return None;
        }
        self.diary.push(if command_id.is_some() { "Receive command" } else { "Receive shell" }.to_owned());
        let chunk = |bytes: Vec<u8>| StreamChunk {
            name: "stdout".into(),
            command_id,
            end: false,
            bytes: bytes.into(),
        };
        Some(Ok(ReceiveResponse {
            streams: bytes.map(chunk).into_iter().collect(),
            command_state: command_id.map(|_| CommandState { command_id, done, exit_code: None }),
        }))
    }

    fn take(&mut self, bytes: bytes::Bytes) {
        self.pool.handle_bytes(bytes).unwrap();
        while let Some(event) = self.pool.poll_event() {
            match event {
                ServerEvent::OpenRequested { .. } => self.pool.open(None).unwrap(),
                ServerEvent::CreatePipeline { pid, pipeline } => {
                    self.begun.push(pid);
                    let command = pipeline.commands().next().unwrap();
                    let texts = command.parameters().filter_map(|(_, value)| value?.text());
                    self.parameters.extend(texts.map(|text| text.as_bytes().len()));
                    (self.script.on_command)(&mut self.pool, pid, &pipeline);
                    if self.script.ends_without_state {
                        self.stopped.push(pid);
                    }
                }
                ServerEvent::HostResponse(answer) => {
                    assert!(answer.error().is_some());
                    self.host_answers += 1;
                    let pid = answer.pid.unwrap();
                    self.pool.pipeline_state(pid, psrp::PsInvocationState::Completed, None).unwrap();
                }
                _ => {}
            }
        }
    }
}
