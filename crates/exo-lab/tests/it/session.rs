//! A PSRP client over WSMan, driven by hand: every request is one line of the test's own making.

use std::time::Duration;

use bytes::Bytes;
use exo_lab::Lab;
use psrp::clixml::{self, Encoder, Tape};
use psrp::metadata::CommandTypes;
use psrp::{
    CommandSpec, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent, PsInvocationState, RunspacePool, Target,
};
use uuid::Uuid;
use wsman::{Endpoint, Fault, Ids, RESOURCE_EXCHANGE, ReceiveResponse, Response, ShellId, Signal};

use crate::http::{Answer, send};

/// A shell with its runspace pool open.
pub(crate) struct Session<'l> {
    pub(crate) lab: &'l Lab,
    pub(crate) path: String,
    pub(crate) authorization: String,
    pub(crate) cookies: String,
    pub(crate) endpoint: Endpoint,
    pub(crate) shell: ShellId,
    pub(crate) pool: RunspacePool,
}

/// What a pipeline gave.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) output: Vec<Tape>,
    pub(crate) errors: Vec<Tape>,
    pub(crate) warnings: Vec<String>,
    pub(crate) verbose: Vec<String>,
    pub(crate) progress: usize,
    pub(crate) state: Option<PsInvocationState>,
    pub(crate) reason: Option<Tape>,
}

pub(crate) fn ids() -> Ids {
    Ids { message_id: Uuid::new_v4(), operation_id: Uuid::new_v4(), again: false }
}

impl<'l> Session<'l> {
    /// Creates the shell and waits until the pool is open.
    pub(crate) async fn open(
        lab: &'l Lab,
        path: &str,
        authorization: String,
    ) -> Result<Session<'l>, Box<Fault>> {
        let mut endpoint =
            Endpoint::new(format!("https://localhost{path}"), RESOURCE_EXCHANGE, Uuid::new_v4());
        endpoint.operation_timeout = Duration::from_secs(20);
        let rpid = Uuid::new_v4();
        let mut pool = RunspacePool::new(rpid, PoolConfig::default());
        pool.open().expect("a new pool opens");
        let creation =
            pool.poll_transmit(Target::Pool, 100_000).expect("the pool speaks first").payload.to_vec();
        let shell = ShellId::from(rpid);
        let mut session = Session {
            lab,
            path: path.to_owned(),
            authorization,
            cookies: String::new(),
            endpoint,
            shell,
            pool,
        };
        let envelope = session.endpoint.build_create(
            ids(),
            rpid,
            &creation,
            "2.3",
            Some(Duration::from_secs(900)),
            None,
        );
        let answer = session.post(&envelope).await.expect("the lab answers");
        match Response::decode(&answer.body).expect("the answer is an envelope") {
            Response::Create(created) => session.shell = created.shell_id,
            Response::Fault(fault) => return Err(Box::new(fault)),
            other => panic!("no answer to Create: {other:?}"),
        }
        session.take_cookies(&answer);
        loop {
            let received = session.receive(None).await.expect("the pool opens");
            session.take(received);
            while let Some(event) = session.pool.poll_event() {
                if matches!(event, PoolEvent::Opened) {
                    return Ok(session);
                }
            }
        }
    }

    /// Keeps the cookies of an answer for what is sent from now on.
    pub(crate) fn take_cookies(&mut self, answer: &Answer) {
        let cookies = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
        let cookies: Vec<&str> = cookies.filter_map(|(_, cookie)| cookie.split(';').next()).collect();
        self.cookies = cookies.join("; ");
    }

    /// One envelope to the endpoint, with credentials and cookies.
    pub(crate) async fn post(&self, envelope: &[u8]) -> Result<Answer, String> {
        let mut headers = vec![
            ("Authorization", self.authorization.as_str()),
            ("Content-Type", "application/soap+xml;charset=UTF-8"),
        ];
        if !self.cookies.is_empty() {
            headers.push(("Cookie", &self.cookies));
        }
        send(self.lab, "POST", &self.path, &headers, Some(envelope)).await
    }

    /// One request and its answer, which may be a fault.
    pub(crate) async fn ask(&self, envelope: &[u8]) -> Result<Response, Box<Fault>> {
        let answer = self.post(envelope).await.expect("the lab answers");
        match Response::decode(&answer.body).unwrap_or_else(|error| panic!("{error}: {}", answer.text())) {
            Response::Fault(fault) => {
                assert_eq!(answer.status, 500);
                Err(Box::new(fault))
            }
            other => Ok(other),
        }
    }

    /// One Receive, repeated while nothing comes.
    pub(crate) async fn receive(&self, command_id: Option<Uuid>) -> Result<ReceiveResponse, Box<Fault>> {
        loop {
            match self.ask(&self.endpoint.build_receive(ids(), &self.shell, command_id)).await {
                Ok(Response::Receive(received)) => return Ok(received),
                Ok(other) => panic!("no answer to Receive: {other:?}"),
                Err(fault) if fault.is_operation_timeout() => {}
                Err(fault) => return Err(fault),
            }
        }
    }

    fn take(&mut self, received: ReceiveResponse) {
        for chunk in received.streams {
            self.pool.handle_bytes(chunk.bytes).expect("the lab speaks PSRP");
        }
    }

    /// Starts a pipeline of these commands.
    pub(crate) async fn start(&mut self, spec: &PipelineSpec<'_>) -> Uuid {
        let pid = Uuid::new_v4();
        self.pool.create_pipeline(pid, spec).expect("the pool is open");
        self.transmit(pid).await;
        pid
    }

    /// Sends what waits for a pipeline: the Command first, then Sends.
    pub(crate) async fn transmit(&mut self, pid: Uuid) {
        let mut is_first = true;
        while let Some(transmit) = self.pool.poll_transmit(Target::Pipeline(pid), 30_000) {
            let envelope = if is_first {
                self.endpoint.build_command(ids(), &self.shell, pid, transmit.payload)
            } else {
                self.endpoint.build_send(ids(), &self.shell, "stdin", Some(pid), transmit.payload)
            };
            self.ask(&envelope).await.expect("the lab takes it");
            is_first = false;
        }
    }

    /// Receives until the command is done, then releases it.
    pub(crate) async fn finish(&mut self, pid: Uuid) -> Outcome {
        let mut outcome = Outcome::default();
        loop {
            let received = self.receive(Some(pid)).await.expect("the command goes on");
            let is_done = received.command_state.as_ref().is_some_and(|state| state.done);
            self.take(received);
            while let Some(event) = self.pool.poll_event() {
                if let PoolEvent::Pipeline { event, .. } = event {
                    outcome.add(event);
                }
            }
            if is_done {
                break;
            }
        }
        self.ask(&self.endpoint.build_signal(ids(), &self.shell, pid, Signal::Terminate))
            .await
            .expect("it is released");
        outcome
    }

    /// One command with parameters, from start to end.
    pub(crate) async fn run(&mut self, name: &str, parameters: &[(&str, &str)]) -> Outcome {
        let parameters = tape(parameters);
        let pid = self.start(&PipelineSpec::new(vec![CommandSpec::command(name, Some(&parameters))])).await;
        self.finish(pid).await
    }

    /// GET_COMMAND_METADATA.
    pub(crate) async fn commands(&mut self, names: &[&str]) -> Outcome {
        let pid = Uuid::new_v4();
        self.pool.command_metadata(pid, names, CommandTypes::IMPORTABLE).expect("the pool is open");
        self.transmit(pid).await;
        self.finish(pid).await
    }

    pub(crate) async fn delete(&self) {
        self.ask(&self.endpoint.build_delete(ids(), &self.shell)).await.expect("the shell ends");
    }
}

impl Outcome {
    fn add(&mut self, event: PipelineEvent) {
        let text = |tape: &Tape| {
            let message = tape.first().and_then(|record| record.member("InformationalRecord_Message"));
            message.and_then(clixml::Value::text).expect("a message").to_string()
        };
        match event {
            PipelineEvent::Output(tape) => self.output.push(tape),
            PipelineEvent::Error(tape) => self.errors.push(tape),
            PipelineEvent::Warning(tape) => self.warnings.push(text(&tape)),
            PipelineEvent::Verbose(tape) => self.verbose.push(text(&tape)),
            PipelineEvent::Progress(_) => self.progress += 1,
            PipelineEvent::State { state, reason } => {
                self.state = Some(state);
                self.reason = reason;
            }
            other => panic!("unexpected: {other:?}"),
        }
    }

    /// The id of the error that ended the pipeline.
    pub(crate) fn failure(&self) -> String {
        assert_eq!(self.state, Some(PsInvocationState::Failed), "{self:?}");
        error_id(self.reason.as_ref().expect("a failed pipeline has a reason"))
    }

    /// A property of each output object, as text.
    pub(crate) fn column(&self, name: &str) -> Vec<String> {
        self.output.iter().map(|tape| property(tape, name)).collect()
    }
}

/// A property of the first object of a tape, as text; objects by what they read as.
pub(crate) fn property(tape: &Tape, name: &str) -> String {
    let value =
        tape.first().and_then(|object| object.member(name)).unwrap_or_else(|| panic!("no {name}")).resolve();
    value.to_string_text().or_else(|| value.text()).map_or_else(|| value.to_string(), |text| text.to_string())
}

/// The id of an error record, on its own or inside a state.
pub(crate) fn error_id(tape: &Tape) -> String {
    let record = psrp::records::ErrorRecord::new(tape).expect("an error record");
    let inner = record.value().member("ExceptionAsErrorRecord").map(psrp::records::ErrorRecord::of);
    let record = inner.unwrap_or(record);
    record.fully_qualified_error_id().expect("it has an id").to_string()
}

pub(crate) fn error_message(tape: &Tape) -> String {
    psrp::records::ErrorRecord::new(tape)
        .and_then(psrp::records::ErrorRecord::message)
        .expect("a message")
        .to_string()
}

/// Parameters as the client half takes them; `$true` is a switch that is on.
pub(crate) fn tape(parameters: &[(&str, &str)]) -> Tape {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            for (name, value) in parameters {
                match *value {
                    "$true" => members.bool(*name, true),
                    value => members.string(*name, value),
                }
            }
        });
    });
    clixml::decode(Bytes::from(body)).expect("our own CLIXML")
}
