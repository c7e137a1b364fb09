//! The task that owns the wire of a relay.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use psrp::{Fragment, Line, LineRequest, Message, ProtocolVersion};
use reqwest::Url;
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;
use wsman::{Endpoint, Ids, ShellId, Signal};

use super::RelayEvent;
use super::channel::{Channel, Piece, Renamings, Stage, Stop};
use super::guest::{Guest, Lent};
use super::outlet::Outlet;
use crate::carrier::psrp::live::Live;
use crate::carrier::psrp::shell::{self, Outcome, next_arrival};
use crate::carrier::psrp::wire::Wire;
use crate::connect::ConnectEvent;
use crate::connect::prepared::Prepared;
use crate::error::{Error, Step};
use crate::http::host_of;
use crate::options::ConnectOptions;

mod incoming;
mod outgoing;

pub(super) struct Driver {
    options: Arc<ConnectOptions>,
    /// The session whose shell this is; `None`: it makes a shell of its own.
    guest: Option<Guest>,
    lines: mpsc::Receiver<Line>,
    outlet: Outlet,
    /// What happens while signing in.
    news: (mpsc::UnboundedSender<ConnectEvent>, mpsc::UnboundedReceiver<ConnectEvent>),
    stage: Stage,
    /// The link is broken, or was closed: what asks for an answer gets one at once.
    is_over: bool,
    prepared: Option<Box<Prepared>>,
    link: Option<Link>,
    /// The first bytes of the client, for as long as they may have to be sent once more.
    creation: Bytes,
    /// How many shells were asked for.
    attempts: u32,
    /// The server has written something into the shell.
    is_heard: bool,
    asked_at: Instant,
    /// The entry among this program's sessions.
    live: Option<Live>,
    calls: JoinSet<Arrival>,
    /// By pipeline; the nil GUID is the pool.
    channels: HashMap<Uuid, Channel>,
}

/// The shell, and the way to it.
struct Link {
    wire: Wire,
    endpoint: Arc<Endpoint>,
    /// As it was asked for.
    shell_id: Uuid,
    /// As the server named it.
    shell: Option<ShellId>,
}

/// Something that the task waited for.
enum Arrival {
    Prepared(Result<Box<Prepared>, Error>),
    /// The shell of the session for this pipeline.
    Lent(Uuid, Result<Box<Lent>, Error>),
    Answer {
        call: Call,
        outcome: Box<Outcome>,
    },
    /// The shell asked for in this attempt has had time enough.
    OpenOverdue(u32),
    StopOverdue(Uuid),
    CloseOverdue(Uuid),
}

/// Which request an answer belongs to.
#[derive(Debug, Clone, Copy)]
enum Call {
    Create,
    Command(Uuid),
    Send { guid: Uuid, ends_line: bool },
    Receive(Uuid),
    Stop(Uuid),
    Release(Uuid),
}

impl Driver {
    pub(super) fn new(
        options: ConnectOptions,
        lines: mpsc::Receiver<Line>,
        events: mpsc::Sender<RelayEvent>,
    ) -> Self {
        Self {
            options: Arc::new(options),
            guest: None,
            lines,
            outlet: Outlet::new(events),
            news: mpsc::unbounded_channel(),
            stage: Stage::Announced,
            is_over: false,
            prepared: None,
            link: None,
            creation: Bytes::new(),
            attempts: 0,
            is_heard: false,
            asked_at: Instant::now(),
            live: None,
            calls: JoinSet::new(),
            channels: HashMap::from([(Uuid::nil(), Channel::default())]),
        }
    }

    /// In the shell of a session, of whose own pool the client learns nothing.
    pub(super) fn within(
        guest: Guest,
        lines: mpsc::Receiver<Line>,
        events: mpsc::Sender<RelayEvent>,
    ) -> Self {
        Self {
            guest: Some(guest),
            is_heard: true,
            channels: HashMap::new(),
            ..Self::new(ConnectOptions::default(), lines, events)
        }
    }

    /// Serves until the client has closed the pool and was told so, or nobody is there any more.
    pub(super) async fn run(mut self) {
        let mut is_closed = false;
        while !(is_closed && self.outlet.is_empty()) {
            tokio::select! {
                line = self.lines.recv(), if !is_closed => match line {
                    Some(Line::Ask(LineRequest::Close, guid)) if guid.is_nil() => {
                        self.close().await;
                        is_closed = true;
                    }
                    Some(line) => self.take_line(line),
                    None => break,
                },
                arrival = next_arrival(&mut self.calls) => match arrival {
                    Ok(arrival) => self.arrived(arrival),
                    Err(error) => self.break_off(error),
                },
                Some(event) = self.news.1.recv() => self.outlet.push(RelayEvent::Connect(event)),
                is_read = self.outlet.hand_over() => if !is_read { break },
            }
            self.advance();
        }
        if !is_closed {
            self.leave(DROP_LIMIT).await;
        }
    }

    fn take_line(&mut self, line: Line) {
        match line {
            Line::Data { guid, bytes, .. } if guid.is_nil() && self.guest.is_some() => {
                self.answer_pool(bytes);
            }
            Line::Data { stream, guid, bytes } => {
                if guid.is_nil() && self.stage == Stage::Announced && !self.is_over {
                    self.stage = Stage::Beginning;
                    self.creation = bytes;
                    self.prepare();
                } else if let Some(channel) = self.channels.get_mut(&guid) {
                    channel.pieces.push_back(Piece { stream, bytes, ends_line: true });
                }
            }
            Line::Ask(LineRequest::Command, guid) => {
                if !self.is_over && !guid.is_nil() {
                    self.channels.insert(guid, Channel::default());
                }
                self.outlet.push_ack(LineRequest::Command, guid);
            }
            Line::Ask(LineRequest::Signal, guid) => match self.channels.get_mut(&guid) {
                Some(channel) if channel.stage != Stage::Announced && !channel.done => {
                    channel.stop = Stop::Asked;
                    match self.is_silent() {
                        true => self.stopped(guid),
                        false => self.after(STOP_LIMIT, Arrival::StopOverdue(guid)),
                    }
                }
                _ => self.outlet.push_ack(LineRequest::Signal, guid),
            },
            Line::Ask(LineRequest::Close, guid) => match self.channels.get_mut(&guid) {
                Some(channel) if channel.stage != Stage::Announced => {
                    channel.closing = true;
                    channel.stop_receiving();
                    match self.is_silent() {
                        true => self.forget(guid),
                        false => self.after(CLOSE_LIMIT, Arrival::CloseOverdue(guid)),
                    }
                }
                _ => self.forget(guid),
            },
            // A client answers nothing.
            Line::DataAck(_) | Line::Ack(..) => {}
        }
    }

    /// Answers in the place of the session's server.
    fn answer_pool(&mut self, bytes: Bytes) {
        let Some(guest) = self.guest.as_mut().filter(|_| !self.is_over) else { return };
        match guest.handle_bytes(bytes) {
            Ok(answers) => {
                self.stage = Stage::Running;
                self.outlet.push_data_ack(Uuid::nil());
                for bytes in answers {
                    self.outlet.push_data(Uuid::nil(), bytes);
                }
            }
            Err(error) => self.break_off(error),
        }
    }

    /// Signs in; what comes of it is an arrival.
    fn prepare(&mut self) {
        let (options, news) = (Arc::clone(&self.options), self.news.0.clone());
        self.calls.spawn(async move {
            let mut tell = |event| {
                // The reader may have gone.
                let _ = news.send(event);
            };
            Arrival::Prepared(Prepared::of(&options, &mut tell).await.map(Box::new))
        });
    }

    /// Asks for a shell.
    fn create(&mut self) -> Result<(), Error> {
        let Some(prepared) = &mut self.prepared else { return Ok(()) };
        let session_id = Uuid::new_v4();
        let (wire, blueprint) = prepared.opening(&self.options, session_id)?.begin();
        let endpoint = Arc::new(blueprint.endpoint(&wire.url, session_id));
        let shell_id = pool_of(&self.creation).unwrap_or(session_id);
        let (idle_timeout, limit) = (blueprint.idle_timeout, blueprint.open_timeout);
        self.link = Some(Link { wire, endpoint: Arc::clone(&endpoint), shell_id, shell: None });
        self.attempts += 1;
        self.asked_at = Instant::now();
        self.after(limit, Arrival::OpenOverdue(self.attempts));
        let creation = self.creation.clone();
        self.call(Call::Create, Step::Open, move |ids, url| {
            let endpoint = Endpoint { to: url.as_str().to_owned(), ..Endpoint::clone(&endpoint) };
            let offered = ProtocolVersion::CURRENT.to_string();
            endpoint.build_create(ids, shell_id, &creation, &offered, idle_timeout, None)
        });
        Ok(())
    }

    /// Ends the shell, or a guest's commands, because the client asks for it, and tells it so.
    async fn close(&mut self) {
        self.leave(CLOSE_LIMIT).await;
        self.answer_all();
        // Whatever was written meanwhile gets its answer too.
        while let Ok(line) = self.lines.try_recv() {
            self.take_line(line);
        }
        self.outlet.push_ack(LineRequest::Close, Uuid::nil());
    }

    /// Ends the shell, if one came about, as well as can be done in this time.
    async fn leave(&mut self, limit: Duration) {
        let was_over = std::mem::replace(&mut self.is_over, true);
        if self.guest.is_some() {
            if !was_over {
                self.calls.abort_all();
                self.release_begun();
            }
            return self.hear_released(limit).await;
        }
        self.live = None;
        let Some(link) = self.link.as_ref().filter(|_| !was_over) else {
            return self.calls.abort_all();
        };
        if link.shell.is_none() {
            let heard = tokio::time::timeout(limit / 2, self.hear_create()).await;
            if heard.is_err() {
                self.suppose_shell();
            }
        }
        self.calls.abort_all();
        if self.is_silent() {
            return self.delete_aside();
        }
        if let Some(link) = self.link.take() {
            link.delete(limit).await;
        }
    }

    /// Ends the shell while nobody waits for it.
    fn delete_aside(&mut self) {
        if let Some(link) = self.link.take() {
            tokio::spawn(link.delete(DROP_LIMIT));
        }
    }

    /// Whether it is being tried to reach the server again: then nobody is kept waiting for it.
    fn is_silent(&self) -> bool {
        self.link.as_ref().is_some_and(|link| link.wire.rapport.is_silent())
    }

    /// Lets the session's server forget the commands that were begun; the shell is not the client's.
    fn release_begun(&mut self) {
        let Some(shell) = self.link.as_ref().and_then(|link| link.shell.clone()) else { return };
        let begun = self.channels.iter().filter(|(_, channel)| channel.stage != Stage::Announced);
        let begun: Vec<Uuid> = begun.map(|(guid, _)| *guid).collect();
        for guid in begun {
            self.signal(Call::Release(guid), guid, &shell, Signal::Terminate);
        }
    }

    /// Waits until the server has forgotten them.
    async fn hear_released(&mut self, limit: Duration) {
        // They are told all the same, should the server be reached again.
        if self.is_silent() {
            return self.calls.detach_all();
        }
        let released = async { while self.calls.join_next().await.is_some() {} };
        if tokio::time::timeout(limit, released).await.is_err() {
            tracing::debug!("the server does not say that it has forgotten the commands of a relay");
        }
    }

    /// Waits for the answer of the Create under way.
    async fn hear_create(&mut self) {
        while let Ok(arrival) = next_arrival(&mut self.calls).await {
            let Arrival::Answer { call: Call::Create, outcome } = arrival else { continue };
            if outcome.as_ref().as_ref().is_err_and(Error::is_cut) {
                self.suppose_shell();
            } else if let Some(link) = &mut self.link {
                link.shell = shell::created(*outcome, &mut link.endpoint, &mut link.wire).ok();
            }
            return;
        }
    }

    /// The answer is lost, but the shell may exist by the name that was asked for.
    fn suppose_shell(&mut self) {
        if let Some(link) = &mut self.link {
            link.shell = Some(ShellId::from(link.shell_id));
        }
    }

    /// The link is of no more use: tells why, and answers what waits.
    fn break_off(&mut self, error: Error) {
        if std::mem::replace(&mut self.is_over, true) {
            return;
        }
        tracing::debug!(%error, "a relay is broken");
        self.live = None;
        self.calls.abort_all();
        let is_gone = error.needs_reconnect();
        self.outlet.push(RelayEvent::Broken(error));
        if self.guest.is_some() {
            self.release_begun();
        }
        self.answer_all();
        if !is_gone && self.guest.is_none() {
            self.delete_aside();
        }
    }

    /// Gives what the client waits for to everything that it asked.
    fn answer_all(&mut self) {
        for (guid, mut channel) in self.channels.drain() {
            channel.stop_receiving();
            if channel.stop != Stop::NotAsked {
                self.outlet.push_ack(LineRequest::Signal, guid);
            }
            if channel.closing {
                self.outlet.push_ack(LineRequest::Close, guid);
            }
        }
    }

    /// Tells that a pipeline is forgotten, and before that it has stopped, should that still be waited for.
    fn forget(&mut self, guid: Uuid) {
        self.stopped(guid);
        if let Some(mut channel) = self.channels.remove(&guid) {
            channel.stop_receiving();
        }
        self.outlet.push_ack(LineRequest::Close, guid);
    }

    fn after(&mut self, time: Duration, arrival: Arrival) {
        self.calls.spawn(async move {
            tokio::time::sleep(time).await;
            arrival
        });
    }

    /// Sends what `make` gives for the ids and the address it goes with.
    fn call(
        &mut self,
        call: Call,
        step: Step,
        make: impl Fn(Ids, &Url) -> Vec<u8> + Send + Sync + 'static,
    ) -> Option<AbortHandle> {
        let wire = self.link.as_ref()?.wire.clone();
        Some(self.calls.spawn(async move {
            Arrival::Answer { call, outcome: Box::new(wire.exchange(&make, step).await) }
        }))
    }

    fn host(&self) -> String {
        self.link.as_ref().map(|link| host_of(&link.wire.url)).unwrap_or_default()
    }
}

impl Link {
    /// Ends the shell as well as can be done in this time. A server that cannot be reached keeps nobody waiting.
    async fn delete(self, limit: Duration) {
        let Self { wire, endpoint, shell: Some(shell), .. } = self else { return };
        let wire = Wire { retries: 0, ..wire };
        if let Err(error) = shell::delete(&wire, endpoint, shell, limit).await {
            tracing::debug!(%error, "the shell was not deleted");
        }
    }
}

/// The pool whose client wrote these first bytes.
fn pool_of(creation: &Bytes) -> Option<Uuid> {
    let (fragment, _) = Fragment::decode(creation, creation.len()).ok()??;
    let message = Message::decode(Bytes::copy_from_slice(fragment.blob)).ok()?;
    (!message.rpid.is_nil()).then_some(message.rpid)
}

/// How long a close waits for the server; PowerShell waits a minute.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
/// How long a close in the background takes at most.
const DROP_LIMIT: Duration = Duration::from_secs(2);
/// How long a stopped pipeline may take to tell its end.
const STOP_LIMIT: Duration = Duration::from_secs(5);
