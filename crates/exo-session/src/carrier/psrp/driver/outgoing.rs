//! What is sent, and when.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ::psrp::metadata::CommandTypes;
use ::psrp::secret::has_secure_string;
use ::psrp::{CommandSpec, HostInfo, PipelineSpec, ProtocolVersion, StateErrorKind, Stream, Target};
use reqwest::Url;
use tokio::task::AbortHandle;
use uuid::Uuid;
use wsman::{Carrying, Endpoint, Ids, ShellId, Signal};

use super::{Arrival, Call, Driver, Work, of_psrp};
use crate::carrier::psrp::entry::{Delivery, Entry, Release};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::host::may_carry_secrets;

impl Driver {
    /// Begins a pipeline: its first fragment is the Command.
    pub(super) fn start(&mut self, pid: Uuid, work: Work, mut entry: Entry) {
        let is_here = self.presence.is_here();
        if !is_here {
            let problem = "the session is disconnected, or about to be";
            entry.fail(Error::new(entry.step, Kind::Presence { problem }));
        }
        self.pipelines.insert(pid, entry);
        if is_here {
            self.begin(pid, work);
        }
    }

    /// The same for a pipeline that may have waited for a session key.
    pub(super) fn begin(&mut self, pid: Uuid, work: Work) {
        let keeps_secrets = self.keeps_secrets();
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        let step = entry.step;
        let queued = match &work {
            Work::Command(invocation) => {
                if has_secure_string(&invocation.parameters) && !keeps_secrets {
                    let host = crate::http::host_of(&self.wire.url);
                    return entry.fail(Error::new(step, Kind::PlainHttp { host }));
                }
                entry.change = changes_something(&invocation.command).then(|| invocation.command.clone());
                let command = CommandSpec::command(&invocation.command, Some(&invocation.parameters));
                let mut spec = PipelineSpec::new(vec![command]);
                spec.no_input = entry.input.is_none();
                if entry.hosted {
                    spec.host = HostInfo::LINES;
                }
                self.pool.create_pipeline(pid, &spec)
            }
            Work::Metadata(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                self.pool.command_metadata(pid, &names, CommandTypes::IMPORTABLE)
            }
        };
        match (queued, self.shell.clone()) {
            (Ok(()), Some(shell)) => {
                entry.unconfirmed = Some(work);
                let repeated = Arc::clone(&entry.repeated);
                let room = self.sending().max_fragment_len(Carrying::Arguments { shell: &shell });
                let first = self.pool.poll_transmit(Target::Pipeline(pid), room);
                let arguments = first.map(|sent| sent.payload.to_vec()).unwrap_or_default();
                let endpoint = Arc::clone(&self.endpoint);
                self.sent_of(arguments.len(), room);
                self.call(Call::Command(pid), step, move |ids, _| {
                    repeated.fetch_or(ids.again, Ordering::Relaxed);
                    endpoint.build_command(ids, &shell, pid, &arguments)
                });
            }
            (Ok(()), None) => entry.fail(Error::new(step, Kind::Closed)),
            (Err(error), _) if error.kind() == StateErrorKind::NeedsSessionKey => {
                entry.waiting = Some(work);
                self.make_keys();
            }
            (Err(error), _) => entry.fail(of_psrp(step, error.into())),
        }
    }

    /// Whether secure strings stay secret on the way. Up to protocol 2.3 they are encrypted with the session key; from then
    /// on only TLS keeps them.
    pub(super) fn keeps_secrets(&self) -> bool {
        may_carry_secrets(&self.wire.url)
            || self.pool.protocol_version().is_some_and(|version| version < ProtocolVersion::V2_4)
    }

    /// Hands over events and sends whatever may be sent now.
    pub(super) fn advance(&mut self) -> Result<(), Error> {
        self.sort_events(Step::Run)?;
        let pids: Vec<Uuid> = self.pipelines.keys().copied().collect();
        for pid in pids {
            self.advance_pipeline(pid);
        }
        let Some(shell) = self.shell.clone() else { return Ok(()) };
        if !self.presence.is_at_shell() {
            self.left_when_empty();
            return Ok(());
        }
        let running = self.pipelines.values().filter(|entry| entry.started && !entry.ended).count();
        if let Some((call_id, count)) = self.runspaces.wanted(running) {
            let asked = self.pool.set_max_runspaces(call_id, count);
            asked.map_err(|error| of_psrp(Step::Run, error.into()))?;
        }
        self.send_waiting(&shell);
        self.leave_when_quiet(&shell);
        if !self.presence.is_at_shell() {
            return Ok(());
        }
        // This Receive keeps the session from lying idle, however long a consumer takes. Should the server send what is
        // for a pipeline this way, its consumer holds it up too.
        self.pool_feeds_pipelines &= self.pipelines.values().any(Entry::has_backlog);
        if self.pool_receive.is_none() && !self.pool_feeds_pipelines {
            let step = if self.opened { Step::Run } else { Step::Open };
            self.pool_receive_sent = Instant::now();
            self.pool_receive = Some(self.receive(None, shell, step));
        }
        Ok(())
    }

    fn advance_pipeline(&mut self, pid: Uuid) {
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        match entry.deliver() {
            Delivery::Full(events) => {
                self.calls
                    .spawn(async move { Arrival::Room { pid, permit: events.reserve_owned().await.ok() } });
            }
            Delivery::Gone => self.cancel(pid),
            Delivery::Empty | Delivery::StillFull => {}
        }
        if self.presence.is_at_shell() {
            self.serve_pipeline(pid);
        }
        if self.pipelines.get(&pid).is_some_and(Entry::is_over) {
            self.pipelines.remove(&pid);
        }
    }

    /// What a pipeline has to tell the server, and the server it.
    fn serve_pipeline(&mut self, pid: Uuid) {
        let (Some(entry), Some(shell)) = (self.pipelines.get_mut(&pid), self.shell.clone()) else { return };
        let step = entry.step;
        if entry.started && entry.ended && entry.release == Release::NotSent {
            entry.release = Release::Sent;
            self.signal(pid, &shell, Signal::Terminate, step);
        } else if entry.started && entry.cancelled && !entry.ended && !entry.ctrl_c_sent {
            entry.ctrl_c_sent = true;
            self.signal(pid, &shell, Signal::CtrlC, step);
        }
        self.want_input(pid);
        self.ask_for_more(pid);
    }

    /// Sends what the state machine has, one request at a time for the pool and for each pipeline.
    fn send_waiting(&mut self, shell: &ShellId) {
        let targets: Vec<Target> = self.pool.waiting_targets().collect();
        for target in targets {
            let (pid, step) = match target {
                Target::Pool if self.pool_sending => continue,
                Target::Pool => (None, Step::Run),
                Target::Pipeline(pid) => match self.pipelines.get(&pid) {
                    Some(entry) if entry.started && !entry.sending && !entry.ended => (Some(pid), entry.step),
                    _ => continue,
                },
            };
            let carrying = Carrying::Stream { shell, stream: "stdin", to_command: pid.is_some() };
            let room = self.sending().max_fragment_len(carrying);
            let Some(sent) = self.pool.poll_transmit(target, room) else { continue };
            let (fragments, stream) = (sent.payload.to_vec(), sent.stream);
            self.sent_of(fragments.len(), room);
            match pid.and_then(|pid| self.pipelines.get_mut(&pid)) {
                Some(entry) => entry.sending = true,
                None => self.pool_sending = true,
            }
            let name = match stream {
                Stream::Default => "stdin",
                Stream::PromptResponse => "pr",
            };
            let (endpoint, shell) = (Arc::clone(&self.endpoint), shell.clone());
            self.call(Call::Send(pid), step, move |ids, _| {
                endpoint.build_send(ids, &shell, name, pid, &fragments)
            });
        }
    }

    /// Sends the next Receive of a pipeline, unless its consumer is behind.
    pub(super) fn ask_for_more(&mut self, pid: Uuid) {
        let (Some(entry), Some(shell)) = (self.pipelines.get_mut(&pid), &self.shell) else { return };
        let is_held = entry.receive.is_some() || entry.has_backlog() || entry.unread;
        if !entry.started || is_held || entry.done || entry.ended || !self.presence.is_at_shell() {
            return;
        }
        let step = entry.step;
        let receive = self.receive(Some(pid), shell.clone(), step);
        if let Some(entry) = self.pipelines.get_mut(&pid) {
            entry.receive = Some(receive);
        }
    }

    pub(super) fn signal(&mut self, pid: Uuid, shell: &ShellId, signal: Signal, step: Step) {
        let (endpoint, shell) = (Arc::clone(&self.endpoint), shell.clone());
        self.call(Call::Signal(pid, signal), step, move |ids, _| {
            endpoint.build_signal(ids, &shell, pid, signal)
        });
    }

    fn receive(&mut self, pid: Option<Uuid>, shell: ShellId, step: Step) -> AbortHandle {
        let endpoint = Arc::clone(&self.endpoint);
        self.call(Call::Receive(pid), step, move |ids, _| endpoint.build_receive(ids, &shell, pid))
    }

    /// Sends what `make` gives for the ids and the address it goes with.
    pub(super) fn call(
        &mut self,
        call: Call,
        step: Step,
        make: impl Fn(Ids, &Url) -> Vec<u8> + Send + Sync + 'static,
    ) -> AbortHandle {
        let wire = self.wire.clone();
        self.calls.spawn(async move {
            Arrival::Answer { call, outcome: Box::new(wire.exchange(&make, step).await) }
        })
    }

    /// The endpoint with the limit for what is sent.
    fn sending(&self) -> Endpoint {
        Endpoint { max_envelope_len: self.envelope.max_len(), ..Endpoint::clone(&self.endpoint) }
    }
}

/// Whether a command may do more than tell, by the verb in its name.
fn changes_something(command: &str) -> bool {
    let name = command.rsplit('\\').next().unwrap_or(command);
    let verb = name.split('-').next().unwrap_or_default();
    !READING_VERBS.iter().any(|reading| reading.eq_ignore_ascii_case(verb))
}

const READING_VERBS: [&str; 5] = ["Get", "Search", "Find", "Select", "Measure"];
