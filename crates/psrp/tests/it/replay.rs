//! Our client in the place of the one that was recorded.

use std::fmt::Write;

use bytes::Bytes;
use psrp::metadata::CommandTypes;
use psrp::records::{ErrorRecord, state_reason};
use psrp::{
    Availability, CommandSpec, HostAnswer, Message, MessageType, PipelineEvent, PipelineSpec, PoolConfig,
    PoolEvent, RunspacePool,
};
use uuid::Uuid;

use crate::secret::{Plain, public_key};

/// Runs our client against one side of a recording and notes what it told.
#[derive(Default)]
pub(crate) struct Replay {
    /// Bytes that are handed over at a time; 0 = as they came.
    pub(crate) slice_len: usize,
    pub(crate) pool: Option<RunspacePool>,
    /// One word for each event.
    pub(crate) told: String,
}

impl Replay {
    /// The recorded client sent this: our own client does the same call.
    pub(crate) fn sent(&mut self, message: &Message) {
        let pid = message.pid.unwrap_or(Uuid::nil());
        match message.message_type {
            MessageType::SessionCapability => {
                let mut pool = RunspacePool::new(message.rpid, PoolConfig::default());
                pool.open().unwrap();
                self.pool = Some(pool);
            }
            MessageType::CreatePipeline => {
                let mut spec = PipelineSpec::new(vec![CommandSpec::script("1")]);
                spec.no_input = false;
                self.pool().create_pipeline(pid, &spec).unwrap();
            }
            MessageType::GetCommandMetadata => {
                self.pool().command_metadata(pid, &["*"], CommandTypes::ALL).unwrap();
            }
            MessageType::PipelineInput => {
                let tape = psrp::clixml::decode(message.data.clone()).unwrap();
                if let Some(value) = tape.first() {
                    self.pool().input(pid, value).unwrap();
                }
            }
            MessageType::PublicKey => self.pool().exchange_keys(&public_key(message)).unwrap(),
            MessageType::EndOfPipelineInput => self.pool().end_input(pid).unwrap(),
            _ => {}
        }
    }

    /// The recorded server sent this.
    pub(crate) fn received(&mut self, mut bytes: Bytes) {
        while 0 < self.slice_len && self.slice_len < bytes.len() {
            let slice = bytes.split_to(self.slice_len);
            self.take(slice);
        }
        self.take(bytes);
    }

    fn take(&mut self, bytes: Bytes) {
        self.pool().handle_bytes(bytes).unwrap();
        while let Some(event) = self.pool().poll_event() {
            self.note(&event);
            if let PoolEvent::SessionKey(_) = event {
                self.pool().session_key(Box::new(Plain)).unwrap();
            }
            if let PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. } = event {
                self.pool().host_response(&call, HostAnswer::Null).unwrap();
            }
        }
        let targets: Vec<_> = self.pool().waiting_targets().collect();
        for target in targets {
            while self.pool().poll_transmit(target, 1000).is_some() {}
        }
    }

    fn pool(&mut self) -> &mut RunspacePool {
        self.pool.as_mut().unwrap()
    }

    fn note(&mut self, event: &PoolEvent) {
        if !self.told.is_empty() {
            self.told.push(' ');
        }
        match event {
            PoolEvent::Opened => self.told.push_str("opened"),
            PoolEvent::StateChanged { state, .. } => self.told.push_str(state.name()),
            PoolEvent::ApplicationPrivateData(_) => self.told.push_str("private-data"),
            PoolEvent::RunspaceAvailability { call_id, answer } => match answer {
                Availability::Done(done) => write!(self.told, "{call_id}:{done}").unwrap(),
                Availability::Count(count) => write!(self.told, "{call_id}:{count}").unwrap(),
            },
            PoolEvent::InitData { min_runspaces, max_runspaces } => {
                write!(self.told, "init:{min_runspaces}-{max_runspaces}").unwrap();
            }
            PoolEvent::SessionKey(_) => self.told.push_str("session-key"),
            PoolEvent::SessionKeyRequested => self.told.push_str("key-requested"),
            PoolEvent::Pipeline { event, .. } => match event {
                PipelineEvent::Output(_) => self.told.push_str("out"),
                PipelineEvent::Error(record) => {
                    let id = ErrorRecord::new(record).unwrap().fully_qualified_error_id().unwrap();
                    write!(self.told, "error({id})").unwrap();
                }
                PipelineEvent::Warning(_) => self.told.push_str("warning"),
                PipelineEvent::Verbose(_) => self.told.push_str("verbose"),
                PipelineEvent::Debug(_) => self.told.push_str("debug"),
                PipelineEvent::Information(_) => self.told.push_str("information"),
                PipelineEvent::Progress(_) => self.told.push_str("progress"),
                PipelineEvent::HostCall(call) => write!(self.told, "{}", call.method).unwrap(),
                PipelineEvent::State { state, reason } => {
                    self.told.push_str(state.name());
                    if let Some(reason) = reason.as_ref().and_then(state_reason) {
                        write!(self.told, "({})", reason.message().unwrap()).unwrap();
                    }
                }
                other => write!(self.told, "{other:?}").unwrap(),
            },
            other => write!(self.told, "{other:?}").unwrap(),
        }
    }
}
