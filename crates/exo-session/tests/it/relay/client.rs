//! What PowerShell is to a relay: a client whose lines are made by the crate's own state machine.

use std::collections::HashMap;

use exo_session::{ConnectEvent, ConnectOptions, Error, Relay, RelayEvent, RelayWriter, Session, relay};
use psrp::clixml::{Encoder, Tape, decode};
use psrp::{
    CommandSpec, Line, LineRequest, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent, PsInvocationState,
    RunspacePool, Target,
};
use uuid::Uuid;

pub(super) struct Client {
    writer: RelayWriter,
    relay: Relay,
    pool: RunspacePool,
    opened: bool,
    pub(super) warnings: Vec<String>,
    outcomes: HashMap<Uuid, Outcome>,
}

/// What came of a command.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) output: usize,
    pub(super) state: Option<PsInvocationState>,
    pub(super) reason: String,
}

impl Client {
    pub(super) fn new(options: ConnectOptions) -> Self {
        Self::of(relay(options))
    }

    fn of((writer, relay): (RelayWriter, Relay)) -> Self {
        let pool = RunspacePool::new(Uuid::new_v4(), PoolConfig::default());
        Self { writer, relay, pool, opened: false, warnings: Vec::new(), outcomes: HashMap::new() }
    }

    pub(super) async fn open(options: ConnectOptions) -> Self {
        Self::new(options).opened().await
    }

    /// In the shell of a session.
    pub(super) async fn within(session: &Session) -> Self {
        Self::of(session.relay()).opened().await
    }

    async fn opened(mut self) -> Self {
        self.write_opening();
        while !self.opened {
            self.next().await.unwrap();
        }
        self
    }

    pub(super) fn write_opening(&mut self) {
        self.pool.open().unwrap();
        let first = self.pool.poll_transmit(Target::Pool, 32_768).unwrap();
        let (stream, bytes) = (first.stream, first.payload.to_vec());
        self.data(stream, Uuid::nil(), bytes);
    }

    pub(super) fn ask(&self, request: LineRequest, guid: Uuid) {
        self.writer.write(&Line::Ask(request, guid).encode()).unwrap();
    }

    /// A pipeline that the relay knows and the server does not.
    pub(super) async fn announce(&mut self) -> Uuid {
        let pid = Uuid::new_v4();
        self.ask(LineRequest::Command, pid);
        while self.next().await != Some(Line::Ack(LineRequest::Command, pid)) {}
        pid
    }

    /// A pipeline whose first fragment is written.
    pub(super) async fn write_begin(&mut self, command: &str, parameters: &[(&str, &str)]) -> Uuid {
        let pid = self.create(command, parameters).await;
        let first = self.pool.poll_transmit(Target::Pipeline(pid), 32_768).unwrap();
        let (stream, bytes) = (first.stream, first.payload.to_vec());
        self.data(stream, pid, bytes);
        pid
    }

    /// The same, once the server has taken it.
    pub(super) async fn begin(&mut self, command: &str, parameters: &[(&str, &str)]) -> Uuid {
        let pid = self.write_begin(command, parameters).await;
        while self.next().await != Some(Line::DataAck(pid)) {}
        pid
    }

    pub(super) async fn hear_data(&mut self, pid: Uuid) {
        while !matches!(self.next().await, Some(Line::Data { guid, .. }) if guid == pid) {}
    }

    pub(super) async fn run(&mut self, command: &str, parameters: &[(&str, &str)]) -> Outcome {
        self.run_with_fragments(32_768, command, parameters).await
    }

    /// Runs a command whose lines carry at most this many bytes, each sent when the one before is acknowledged.
    pub(super) async fn run_with_fragments(
        &mut self,
        len: usize,
        command: &str,
        parameters: &[(&str, &str)],
    ) -> Outcome {
        let pid = self.create(command, parameters).await;
        let mut may_send = true;
        while self.state_of(pid).is_none() {
            if may_send && let Some(next) = self.pool.poll_transmit(Target::Pipeline(pid), len) {
                let (stream, bytes) = (next.stream, next.payload.to_vec());
                self.data(stream, pid, bytes);
                may_send = false;
            }
            may_send |= self.next().await.unwrap() == Line::DataAck(pid);
        }
        self.forget(pid).await;
        self.outcomes.remove(&pid).unwrap()
    }

    pub(super) async fn forget(&mut self, pid: Uuid) {
        self.ask(LineRequest::Close, pid);
        while self.next().await != Some(Line::Ack(LineRequest::Close, pid)) {}
    }

    pub(super) fn state_of(&self, pid: Uuid) -> Option<PsInvocationState> {
        self.outcomes.get(&pid).and_then(|outcome| outcome.state)
    }

    /// The next line.
    pub(super) async fn next(&mut self) -> Option<Line> {
        loop {
            match self.relay.next().await? {
                RelayEvent::Line(line) => {
                    let line = Line::decode(&line).unwrap();
                    if let Line::Data { bytes, .. } = &line {
                        self.pool.handle_bytes(bytes.clone()).unwrap();
                        self.sort();
                    }
                    return Some(line);
                }
                RelayEvent::Connect(ConnectEvent::Warning(text)) => self.warnings.push(text),
                RelayEvent::Broken(error) => panic!("{error}"),
                _ => {}
            }
        }
    }

    /// Why the session broke.
    pub(super) async fn broken(&mut self) -> Error {
        loop {
            match self.relay.next().await.unwrap() {
                RelayEvent::Broken(error) => return error,
                RelayEvent::Connect(ConnectEvent::Warning(text)) => self.warnings.push(text),
                _ => {}
            }
        }
    }

    pub(super) async fn close(mut self) {
        self.ask(LineRequest::Close, Uuid::nil());
        let mut last = None;
        while let Some(line) = self.next().await {
            last = Some(line);
        }
        assert_eq!(last, Some(Line::Ack(LineRequest::Close, Uuid::nil())));
    }

    async fn create(&mut self, command: &str, parameters: &[(&str, &str)]) -> Uuid {
        let pid = self.announce().await;
        let parameters = parameters_of(parameters);
        let spec = PipelineSpec::new(vec![CommandSpec::command(command, Some(&parameters))]);
        let spec = PipelineSpec { no_input: true, ..spec };
        self.pool.create_pipeline(pid, &spec).unwrap();
        pid
    }

    fn data(&self, stream: psrp::Stream, guid: Uuid, bytes: Vec<u8>) {
        self.writer.write(&Line::Data { stream, guid, bytes: bytes.into() }.encode()).unwrap();
    }

    fn sort(&mut self) {
        while let Some(event) = self.pool.poll_event() {
            match event {
                PoolEvent::Opened => self.opened = true,
                PoolEvent::Pipeline { pid, event } => {
                    let outcome = self.outcomes.entry(pid).or_default();
                    match event {
                        PipelineEvent::Output(_) => outcome.output += 1,
                        PipelineEvent::State { state, reason } => {
                            let record = reason.as_ref().and_then(psrp::records::state_reason);
                            let text = record.and_then(psrp::records::ErrorRecord::message);
                            outcome.reason =
                                text.map(|text| text.to_lossy().into_owned()).unwrap_or_default();
                            outcome.state = Some(state).filter(|state| state.is_final());
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
        }
    }
}

fn parameters_of(parameters: &[(&str, &str)]) -> Tape {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            for (name, value) in parameters {
                members.string(*name, value);
            }
        });
    });
    decode(body).unwrap()
}
