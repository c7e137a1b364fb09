//! The lab's own PSRP server in a shell: its pool, its commands and what they have written.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use psrp::clixml::{self, Encoder, Tape, Value};
use psrp::server::{ErrorBody, HostResponse, ServerConfig, ServerEvent, ServerPool};
use psrp::{Availability, HostInfo, ProtocolVersion, PsInvocationState, Target};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::Service;
use crate::shell::run::{self, Work};
use crate::shell::secret::ShellKey;
use crate::shell::{Received, ShellError, output_within};

/// A runspace pool that runs the lab's cmdlets.
pub(crate) struct Runspace {
    state: Mutex<State>,
    /// Something can be received, or never will be.
    pub(super) changed: Notify,
    /// A writer has room again, or must give up.
    pub(super) room: Condvar,
}

pub(super) struct State {
    pub(super) pool: ServerPool,
    pub(super) commands: HashMap<Uuid, Command>,
    /// The host of the pool, for pipelines that use it.
    pub(super) host: HostInfo,
    pub(super) is_closed: bool,
    /// Its client has left it: output waits for another one, or for the same.
    is_left: bool,
    /// Meanwhile output for which there is no room is lost.
    drops_output: bool,
    /// As the client asked; it comes back to another one.
    max_runspaces: i32,
}

/// One command of a shell, from the WSMan Command to the Signal that ends it.
#[derive(Default)]
pub(super) struct Command {
    /// What is to run once the input has ended.
    waiting: Option<Work>,
    input: Vec<Tape>,
    input_len: usize,
    /// The host's answer to the call the command waits with.
    pub(super) answer: Option<HostResponse>,
    pub(super) is_stopped: bool,
    is_finished: bool,
    /// The client has heard of the end.
    is_told: bool,
    /// Bytes written and not yet received.
    pub(super) queued_len: usize,
}

impl State {
    /// Output for which there is no room is lost.
    pub(super) fn drops_output(&self) -> bool {
        self.is_left && self.drops_output
    }

    /// Commands that have not ended.
    pub(super) fn running(&self) -> usize {
        self.commands.values().filter(|command| !command.is_finished).count()
    }
}

impl Runspace {
    pub(super) fn new() -> Self {
        let config = ServerConfig { protocol_version: ProtocolVersion::V2_3, ..ServerConfig::default() };
        let state = State {
            pool: ServerPool::new(config),
            commands: HashMap::new(),
            host: HostInfo::NONE,
            is_closed: false,
            is_left: false,
            drops_output: false,
            max_runspaces: 1,
        };
        Self { state: Mutex::new(state), changed: Notify::new(), room: Condvar::new() }
    }

    /// Starts a command: its first bytes name it.
    pub(crate) fn command(
        self: &Arc<Self>,
        service: &Arc<Service>,
        id: Uuid,
        arguments: Bytes,
    ) -> Result<(), ShellError> {
        {
            let mut state = self.lock();
            state.commands.retain(|_, command| !command.is_told);
            if state.commands.contains_key(&id) {
                return Err(ShellError::Protocol(format!("a command with the id {id} exists")));
            }
            if state.commands.len() >= MAX_COMMANDS {
                return Err(ShellError::TooManyCommands { limit: MAX_COMMANDS });
            }
            state.commands.insert(id, Command::default());
        }
        self.handle_bytes(service, arguments)
    }

    /// Takes fragments from a Create, a Command or a Send and does what they ask.
    pub(crate) fn handle_bytes(
        self: &Arc<Self>,
        service: &Arc<Service>,
        bytes: Bytes,
    ) -> Result<(), ShellError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(ShellError::Gone);
        }
        let mut handled =
            state.pool.handle_bytes(bytes).map_err(|error| ShellError::Protocol(error.to_string()));
        let mut works = Vec::new();
        while let Some(event) = state.pool.poll_event() {
            match state.handle_event(event) {
                Ok(work) => works.extend(work),
                Err(error) => handled = handled.and(Err(error)),
            }
        }
        drop(state);
        for (pid, work, input) in works {
            run::spawn(Arc::clone(self), Arc::clone(service), pid, work, input);
        }
        self.room.notify_all();
        self.changed.notify_waiters();
        handled
    }

    /// Waits for output of a command, or of the shell itself, until the deadline. `None`: there was none.
    pub(crate) async fn receive(
        &self,
        command_id: Option<Uuid>,
        max_len: usize,
        wait: Duration,
    ) -> Result<Option<Received>, ShellError> {
        output_within(wait, &self.changed, || self.poll_receive(command_id, max_len)).await
    }

    fn poll_receive(&self, command_id: Option<Uuid>, max_len: usize) -> Result<Option<Received>, ShellError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(ShellError::Gone);
        }
        if state.is_left {
            return Err(ShellError::Aborted);
        }
        let Some(pid) = command_id else {
            let bytes = state.pool.poll_transmit(Target::Pool, max_len).map(<[u8]>::to_vec);
            return Ok(bytes.map(|bytes| Received { bytes: Some(bytes), is_done: false }));
        };
        if !state.commands.contains_key(&pid) {
            return Err(ShellError::Gone);
        }
        let bytes = state.pool.poll_transmit(Target::Pipeline(pid), max_len).map(<[u8]>::to_vec);
        let is_drained = state.pool.is_done(pid);
        let Some(command) = state.commands.get_mut(&pid) else {
            return Err(ShellError::Gone);
        };
        match &bytes {
            Some(bytes) => command.queued_len = command.queued_len.saturating_sub(bytes.len()),
            None => command.queued_len = 0,
        }
        let is_done = command.is_finished && is_drained;
        command.is_told |= is_done;
        self.room.notify_all();
        Ok((bytes.is_some() || is_done).then_some(Received { bytes, is_done }))
    }

    /// Stops a command and waits until it has ended; it tells its client so.
    pub(crate) async fn stop(&self, pid: Uuid) -> Result<(), ShellError> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let mut state = self.lock();
                let Some(command) = state.commands.get_mut(&pid) else {
                    return if state.is_closed { Err(ShellError::Gone) } else { Ok(()) };
                };
                command.is_stopped = true;
                if command.waiting.take().is_some() {
                    command.is_finished = true;
                    state.finish(pid, PsInvocationState::Stopped, Some(&ErrorBody::STOPPED));
                    self.changed.notify_waiters();
                    return Ok(());
                }
                // A command whose CREATE_PIPELINE never came whole has nothing to stop.
                if command.is_finished || state.is_closed || state.pool.state_of(pid).is_none() {
                    return Ok(());
                }
            }
            self.room.notify_all();
            changed.await;
        }
    }

    /// Forgets a command; the client is done with it.
    pub(crate) async fn terminate(&self, pid: Uuid) -> Result<(), ShellError> {
        self.stop(pid).await?;
        let mut state = self.lock();
        state.commands.remove(&pid);
        state.pool.remove_pipeline(pid);
        drop(state);
        self.changed.notify_waiters();
        Ok(())
    }

    /// The client leaves; whoever waits for output is sent away.
    pub(super) fn disconnect(&self, drops: bool) -> Result<(), ShellError> {
        let mut state = self.lock();
        state.pool.disconnect().map_err(|error| ShellError::Protocol(error.to_string()))?;
        (state.is_left, state.drops_output) = (true, drops);
        drop(state);
        self.changed.notify_waiters();
        // Who waits for room has it now.
        self.room.notify_all();
        Ok(())
    }

    /// The client that has left is back.
    pub(super) fn reconnect(&self) -> Result<(), ShellError> {
        let mut state = self.lock();
        state.pool.reconnect().map_err(|error| ShellError::Protocol(error.to_string()))?;
        state.is_left = false;
        Ok(())
    }

    /// Another client takes over; gives what it is told first.
    pub(super) fn connect(&self, opening: Bytes) -> Result<Vec<u8>, ShellError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(ShellError::Gone);
        }
        let protocol = |error: &dyn std::fmt::Display| ShellError::Protocol(error.to_string());
        state.pool.handle_bytes(opening).map_err(|error| protocol(&error))?;
        while let Some(event) = state.pool.poll_event() {
            if let ServerEvent::ConnectRequested { .. } = event {
                let data = private_data().map_err(|error| protocol(&error))?;
                let max_runspaces = state.max_runspaces;
                state.pool.connect(1, max_runspaces, Some(&data)).map_err(|error| protocol(&error))?;
                state.is_left = false;
            }
        }
        let mut answer = Vec::new();
        while let Some(bytes) = state.pool.poll_transmit(Target::Pool, MAX_CONNECT_LEN) {
            answer.extend_from_slice(bytes);
        }
        // What the first Receive of the new client brings.
        state.pool.tell_opened().map_err(|error| protocol(&error))?;
        drop(state);
        self.changed.notify_waiters();
        Ok(answer)
    }

    /// The commands whose end nobody has heard of.
    pub(super) fn commands(&self) -> Vec<Uuid> {
        let state = self.lock();
        state.commands.iter().filter(|(_, command)| !command.is_told).map(|(id, _)| *id).collect()
    }

    /// Whether the command is there to be come back to.
    pub(super) fn has_command(&self, pid: Uuid) -> bool {
        self.lock().commands.contains_key(&pid)
    }

    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        state.pool.close(None);
        state.commands.clear();
        drop(state);
        self.room.notify_all();
        self.changed.notify_waiters();
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Runspace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runspace").finish_non_exhaustive()
    }
}

impl State {
    /// Does what the client asks; gives back what can run now.
    fn handle_event(&mut self, event: ServerEvent) -> Result<Option<(Uuid, Work, Vec<Tape>)>, ShellError> {
        match event {
            ServerEvent::OpenRequested { body, .. } => {
                self.host = body.first().map(HostInfo::decode).unwrap_or_default();
                let asked = body.first().and_then(|body| body.member("MaxRunspaces")).and_then(Value::as_i64);
                self.max_runspaces = asked.and_then(|asked| i32::try_from(asked).ok()).unwrap_or(1);
                let data = private_data().map_err(|error| ShellError::Protocol(error.to_string()))?;
                self.pool.open(Some(&data)).map_err(|error| ShellError::Protocol(error.to_string()))?;
            }
            ServerEvent::CreatePipeline { pid, pipeline } => {
                let waits = !pipeline.no_input();
                return Ok(self.begin(pid, Work::Pipeline(pipeline), waits));
            }
            ServerEvent::GetCommandMetadata { pid, body } => {
                return Ok(self.begin(pid, Work::Metadata(body), false));
            }
            ServerEvent::Input { pid, value } => {
                if let Some(command) = self.commands.get_mut(&pid) {
                    command.input_len = command.input_len.saturating_add(value.text().len());
                    if command.input.len() >= MAX_INPUTS || command.input_len > MAX_INPUT_LEN {
                        return Err(ShellError::Protocol(format!(
                            "a pipeline takes at most {MAX_INPUTS} values of together {MAX_INPUT_LEN} bytes"
                        )));
                    }
                    command.input.push(value);
                }
            }
            ServerEvent::EndOfInput { pid } => {
                if let Some(command) = self.commands.get_mut(&pid)
                    && let Some(work) = command.waiting.take()
                {
                    return Ok(Some((pid, work, std::mem::take(&mut command.input))));
                }
            }
            ServerEvent::HostResponse(answer) => {
                if let Some(command) = answer.pid.and_then(|pid| self.commands.get_mut(&pid)) {
                    command.answer = Some(answer);
                }
            }
            ServerEvent::SetMaxRunspaces { call_id, count } => {
                let granted = i32::try_from(count).ok().filter(|count| (1..=MAX_RUNSPACES).contains(count));
                self.max_runspaces = granted.unwrap_or(self.max_runspaces);
                self.pool.runspace_availability(call_id, Availability::Done(granted.is_some()));
            }
            ServerEvent::SetMinRunspaces { call_id, count } => {
                self.pool.runspace_availability(call_id, Availability::Done(count == 1));
            }
            ServerEvent::GetAvailableRunspaces { call_id } => {
                let running = self.commands.values().filter(|command| !command.is_finished).count();
                self.pool.runspace_availability(call_id, Availability::Count(i64::from(running == 0)));
            }
            ServerEvent::ResetRunspaceState { call_id } => {
                self.pool.runspace_availability(call_id, Availability::Done(true));
            }
            ServerEvent::PublicKey(key) => {
                let given = ShellKey::generate(&key).map_err(|error| ShellError::Protocol(error.to_string()));
                let (own, encrypted) = given?;
                let answered = self.pool.session_key(&encrypted, Box::new(own));
                answered.map_err(|error| ShellError::Protocol(error.to_string()))?;
            }
            _ => {}
        }
        Ok(None)
    }

    fn begin(&mut self, pid: Uuid, work: Work, waits: bool) -> Option<(Uuid, Work, Vec<Tape>)> {
        let command = self.commands.entry(pid).or_default();
        if waits {
            command.waiting = Some(work);
            return None;
        }
        Some((pid, work, Vec::new()))
    }

    /// Tells the end of a pipeline.
    pub(super) fn finish(&mut self, pid: Uuid, state: PsInvocationState, reason: Option<&ErrorBody<'_>>) {
        // A pipeline that the client has forgotten meanwhile needs no end.
        drop(self.pool.pipeline_state(pid, state, reason));
        if let Some(command) = self.commands.get_mut(&pid) {
            command.is_finished = true;
        }
    }
}

/// What the endpoint says of itself: the version table of a Windows PowerShell 5.1.
fn private_data() -> Result<Tape, clixml::DecodeError> {
    let versions: [(&str, &str); 5] = [
        ("PSVersion", "5.1.20348.2582"),
        ("CLRVersion", "4.0.30319.42000"),
        ("WSManStackVersion", "3.0"),
        ("PSRemotingProtocolVersion", "2.3"),
        ("SerializationVersion", "1.1.0.1"),
    ];
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, PRIMITIVE_DICTIONARY, None, |data| {
        data.dictionary(|data| {
            data.entry(
                |key| key.string("Key", "PSVersionTable"),
                |value| {
                    value.object("Value", PRIMITIVE_DICTIONARY, None, |table| {
                        table.dictionary(|table| {
                            for (name, version) in versions {
                                table.entry(
                                    |key| key.string("Key", name),
                                    |value| value.version("Value", version),
                                );
                            }
                            table.entry(
                                |key| key.string("Key", "PSEdition"),
                                |value| value.string("Value", "Desktop"),
                            );
                        });
                    });
                },
            );
        });
    });
    clixml::decode(body)
}

const PRIMITIVE_DICTIONARY: &[&str] =
    &["System.Management.Automation.PSPrimitiveDictionary", "System.Collections.Hashtable", "System.Object"];
/// PowerShellMaxConcurrency of an Exchange server.
const MAX_RUNSPACES: i32 = 18;
const MAX_CONNECT_LEN: usize = 128 * 1024;
const MAX_COMMANDS: usize = 128;
const MAX_INPUTS: usize = 100_000;
const MAX_INPUT_LEN: usize = 64 * 1024 * 1024;
