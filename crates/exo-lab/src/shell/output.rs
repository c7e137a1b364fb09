//! Where a running pipeline writes: into its shell, no faster than the client reads.

use std::sync::Arc;
use std::time::{Duration, Instant};

use psrp::clixml::Encoder;
use psrp::records::ErrorCategory;
use psrp::server::{ErrorBody, HostResponse, InformationalBody, ProgressBody};
use psrp::{HostInfo, HostMethod, MessageType};
use uuid::Uuid;

use crate::cmdlets::{Cmdlet, CmdletError, Emission, Halt, Output};
use crate::shell::runspace::{Runspace, State};

/// What follows the cmdlet in its pipeline.
#[derive(Debug)]
pub(crate) enum Stage {
    /// Nothing: objects go to the client.
    Out,
    /// Measure-Object: only their number does.
    Measure(u32),
    /// Select-Object: only some of their properties do.
    Select(Vec<String>),
}

/// The output of one pipeline.
#[derive(Debug)]
pub(crate) struct PipelineOutput {
    shell: Arc<Runspace>,
    pid: Uuid,
    stage: Stage,
    /// Whether the client has somebody to ask.
    has_host: bool,
    buffer: Vec<u8>,
    /// How many objects were written.
    objects: u64,
}

impl PipelineOutput {
    pub(crate) fn new(shell: Arc<Runspace>, pid: Uuid, stage: Stage, host: HostInfo) -> Self {
        let host = if host.use_runspace_host { shell.lock().host } else { host };
        let has_host = !host.is_host_null && !host.is_host_ui_null;
        Self { shell, pid, stage, has_host, buffer: Vec::new(), objects: 0 }
    }

    /// How many objects it has taken, those included that no client has received yet.
    pub(crate) fn objects(&self) -> u64 {
        self.objects
    }

    /// Calls a method of the client's host and waits for its answer.
    pub(crate) fn call_host(
        &mut self,
        cmdlet: &Cmdlet,
        method: HostMethod,
        parameters: impl FnOnce(&mut Encoder<'_>),
    ) -> Result<HostResponse, Halt> {
        if !self.has_host {
            return Err(CmdletError::invalid(cmdlet, NO_HOST).into());
        }
        let mut state = self.shell.lock();
        let Ok(call_id) = state.pool.host_call(Some(self.pid), method, parameters) else {
            return Err(Halt::Stopped);
        };
        self.shell.changed.notify_waiters();
        loop {
            is_going_on(&state, self.pid)?;
            let answer = state.commands.get_mut(&self.pid).and_then(|command| command.answer.take());
            match answer {
                Some(answer) if answer.call_id == call_id => return Ok(answer),
                _ => state = self.shell.room.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner),
            }
        }
    }

    /// Writes what the last stage has left to say.
    pub(crate) fn finish(&mut self) -> Result<(), Halt> {
        let Stage::Measure(count) = self.stage else {
            return Ok(());
        };
        self.buffer.clear();
        Encoder::new(&mut self.buffer).object(None, MEASURE_INFO, Some(MEASURE_INFO_NAME), |object| {
            object.props(|props| {
                props.i32("Count", i32::try_from(count).unwrap_or(i32::MAX));
                for name in ["Average", "Sum", "Maximum", "Minimum", "Property"] {
                    props.nil(name);
                }
            });
        });
        self.send(MessageType::PipelineOutput)
    }

    /// Sends CLIXML that is encoded already, as an object of the output.
    pub(crate) fn write_encoded(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), Halt> {
        if let Stage::Measure(count) = &mut self.stage {
            *count = count.saturating_add(1);
            return Ok(());
        }
        self.buffer.clear();
        encode(&mut self.buffer);
        self.send(MessageType::PipelineOutput)
    }

    /// Hands the buffer over once there is room.
    fn send(&mut self, message_type: MessageType) -> Result<(), Halt> {
        let mut state = self.shell.lock();
        while is_going_on(&state, self.pid)? && MAX_QUEUED_LEN <= queued_len(&state, self.pid) {
            if state.drops_output() {
                return Ok(());
            }
            state = self.shell.room.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        if state.pool.record(self.pid, message_type, &self.buffer).is_err() {
            return Err(Halt::Stopped);
        }
        self.objects += u64::from(message_type == MessageType::PipelineOutput);
        if let Some(command) = state.commands.get_mut(&self.pid) {
            command.queued_len = command.queued_len.saturating_add(self.buffer.len());
        }
        drop(state);
        self.shell.changed.notify_waiters();
        if MAX_KEPT_BUFFER_LEN < self.buffer.capacity() {
            self.buffer = Vec::new();
        }
        Ok(())
    }
}

impl Output for PipelineOutput {
    fn write(&mut self, emission: Emission<'_>) -> Result<(), Halt> {
        self.buffer.clear();
        let message_type = match emission {
            Emission::Record(record) => match &mut self.stage {
                Stage::Measure(count) => {
                    *count = count.saturating_add(1);
                    return Ok(());
                }
                Stage::Select(names) => {
                    record.encode_selected(names, &mut self.buffer);
                    MessageType::PipelineOutput
                }
                Stage::Out => {
                    record.encode(&mut self.buffer);
                    MessageType::PipelineOutput
                }
            },
            Emission::Text(text) => {
                return self.write_encoded(|out| Encoder::new(out).string(None, text));
            }
            Emission::Error(error) => {
                error_body(error).encode(&mut self.buffer);
                MessageType::ErrorRecord
            }
            Emission::Warning(message) => {
                InformationalBody { message }.encode(MessageType::WarningRecord, &mut self.buffer);
                MessageType::WarningRecord
            }
            Emission::Verbose(message) => {
                InformationalBody { message }.encode(MessageType::VerboseRecord, &mut self.buffer);
                MessageType::VerboseRecord
            }
            Emission::Progress(progress) => {
                let body = ProgressBody {
                    activity: progress.activity,
                    activity_id: 1,
                    status_description: progress.status,
                    current_operation: None,
                    parent_activity_id: -1,
                    percent_complete: progress.percent,
                    seconds_remaining: -1,
                    is_completed: progress.is_completed,
                };
                body.encode(&mut self.buffer);
                MessageType::ProgressRecord
            }
        };
        self.send(message_type)
    }

    fn wait(&mut self, time: Duration) -> Result<(), Halt> {
        let until = Instant::now() + time;
        let mut state = self.shell.lock();
        while is_going_on(&state, self.pid)? {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            (state, _) =
                self.shell.room.wait_timeout(state, left).unwrap_or_else(std::sync::PoisonError::into_inner);
        }
        Err(Halt::Stopped)
    }
}

/// The error as psrp writes it.
pub(crate) fn error_body(error: &CmdletError) -> ErrorBody<'_> {
    ErrorBody {
        exception_types: error.exception,
        fully_qualified_error_id: &error.fully_qualified_id,
        category: ErrorCategory(error.category),
        activity: &error.activity,
        target_name: error.target.as_deref().unwrap_or_default(),
        target_type: if error.target.is_some() { "String" } else { "" },
        ..ErrorBody::new(&error.message)
    }
}

/// `Ok(true)` or [`Halt::Stopped`].
fn is_going_on(state: &State, pid: Uuid) -> Result<bool, Halt> {
    match state.commands.get(&pid) {
        Some(command) if !command.is_stopped && !state.is_closed => Ok(true),
        _ => Err(Halt::Stopped),
    }
}

fn queued_len(state: &State, pid: Uuid) -> usize {
    state.commands.get(&pid).map_or(0, |command| command.queued_len)
}

/// How much of a pipeline's output waits for the client before the cmdlet does.
const MAX_QUEUED_LEN: usize = 2 * 1024 * 1024;
const NO_HOST: &str = "A command that prompts the user failed because the host program or the command type does not \
    support user interaction. The host was attempting to request confirmation.";
const MAX_KEPT_BUFFER_LEN: usize = 1024 * 1024;
const MEASURE_INFO_NAME: &str = "Microsoft.PowerShell.Commands.GenericMeasureInfo";
const MEASURE_INFO: &[&str] =
    &[MEASURE_INFO_NAME, "Microsoft.PowerShell.Commands.MeasureInfo", "System.Object"];
