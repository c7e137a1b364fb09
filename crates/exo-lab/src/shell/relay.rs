//! A shell in which a genuine PowerShell answers: its fragments pass unchanged between WSMan and the process.
//!
//! Of what passes only the states of pipelines are read: a WSMan server says that a command is done, which the lines of
//! the process do not.

use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use psrp::clixml::{self, Value};
use psrp::{
    Defragmenter, Fragment, FragmentLimits, Line, LineRequest, MessageType, PsInvocationState, Stream,
};
use tokio::io::{AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::{Notify, mpsc, oneshot};
use uuid::Uuid;
use wsman::StreamChunk;

use crate::shell::child;
use crate::shell::{Received, ShellError, output_within};

/// The way to one PowerShell process. Dropping it ends the process.
pub(crate) struct Relay {
    link: Arc<Link>,
    /// Lines for the process.
    lines: mpsc::Sender<String>,
}

/// What the tasks of the process and the requests share.
struct Link {
    state: Mutex<State>,
    /// Something can be received, was taken, or never will be.
    changed: Notify,
    /// The process is to end at once.
    killed: Notify,
}

#[derive(Default)]
struct State {
    /// By command; the zero GUID is the session.
    outputs: HashMap<Uuid, Output>,
    /// Who waits for which answer, the first first.
    waiting: HashMap<(Option<LineRequest>, Uuid), VecDeque<oneshot::Sender<()>>>,
    /// The client has left the shell: what the process writes waits until it is back.
    is_left: bool,
    is_closed: bool,
}

/// What the session or a command has written and nobody has received.
#[derive(Default)]
struct Output {
    fragments: VecDeque<Bytes>,
    len: usize,
    /// Its pipeline told its end.
    is_finished: bool,
    /// Its client asked for the end, so that nobody may be left to read it.
    is_ending: bool,
}

impl Relay {
    pub(super) fn start(configuration_file: Option<&Path>) -> Result<Self, ShellError> {
        let (child, input, output) = child::start(configuration_file)?;
        let link = Arc::new(Link { state: Mutex::default(), changed: Notify::new(), killed: Notify::new() });
        link.lock().outputs.insert(Uuid::nil(), Output::default());
        let (lines, queued) = mpsc::channel(MAX_QUEUED_LINES);
        tokio::spawn(converse(Arc::clone(&link), child, input, output, queued));
        Ok(Self { link, lines })
    }

    pub(super) fn is_closed(&self) -> bool {
        self.link.lock().is_closed
    }

    pub(super) async fn command(&self, id: Uuid, arguments: Bytes) -> Result<(), ShellError> {
        {
            let mut state = self.link.lock();
            if state.outputs.contains_key(&id) {
                return Err(ShellError::Protocol(format!("a command with the id {id} exists")));
            }
            if MAX_COMMANDS <= state.outputs.len() {
                return Err(ShellError::TooManyCommands { limit: MAX_COMMANDS });
            }
            state.outputs.insert(id, Output::default());
        }
        self.ask(LineRequest::Command, id).await?;
        self.bring(Stream::Default, id, arguments).await
    }

    pub(super) async fn send(&self, chunk: &StreamChunk) -> Result<(), ShellError> {
        let stream = if chunk.name == "pr" { Stream::PromptResponse } else { Stream::Default };
        let guid = chunk.command_id.unwrap_or_default();
        if !self.link.lock().outputs.contains_key(&guid) {
            return Err(ShellError::Gone);
        }
        self.bring(stream, guid, chunk.bytes.clone()).await
    }

    pub(super) async fn receive(
        &self,
        command_id: Option<Uuid>,
        max_len: usize,
        wait: Duration,
    ) -> Result<Option<Received>, ShellError> {
        output_within(wait, &self.link.changed, || self.poll_receive(command_id, max_len)).await
    }

    fn poll_receive(&self, command_id: Option<Uuid>, max_len: usize) -> Result<Option<Received>, ShellError> {
        let mut state = self.link.lock();
        if state.is_left && !state.is_closed {
            return Err(ShellError::Aborted);
        }
        let output = state.outputs.get_mut(&command_id.unwrap_or_default()).ok_or(ShellError::Gone)?;
        let bytes = output.take(max_len)?;
        let is_done = output.is_finished && output.fragments.is_empty();
        if bytes.is_some() {
            self.link.changed.notify_waiters();
        } else if !is_done && state.is_closed {
            return Err(ShellError::Gone);
        }
        Ok((bytes.is_some() || is_done).then_some(Received { bytes, is_done }))
    }

    pub(super) async fn stop(&self, pid: Uuid) -> Result<(), ShellError> {
        if !self.link.begin_end(pid)? {
            return Ok(());
        }
        self.ask(LineRequest::Signal, pid).await
    }

    pub(super) async fn terminate(&self, pid: Uuid) -> Result<(), ShellError> {
        if self.link.begin_end(pid)? {
            self.ask(LineRequest::Close, pid).await?;
            self.link.lock().outputs.remove(&pid);
            self.link.changed.notify_waiters();
        }
        Ok(())
    }

    /// The client leaves, or is back; whoever waits for output is sent away.
    pub(super) fn set_left(&self, is_left: bool) {
        self.link.lock().is_left = is_left;
        self.link.changed.notify_waiters();
    }

    /// The commands in the process.
    pub(super) fn commands(&self) -> Vec<Uuid> {
        self.link.lock().outputs.keys().copied().filter(|id| !id.is_nil()).collect()
    }

    /// Whether the command is there to be come back to.
    pub(super) fn has_command(&self, pid: Uuid) -> bool {
        self.link.lock().outputs.contains_key(&pid)
    }

    /// Asks the process to end, and ends it when it does not within [`CLOSE_LIMIT`].
    pub(super) async fn close(&self) {
        for output in self.link.lock().outputs.values_mut() {
            output.is_ending = true;
        }
        self.link.changed.notify_waiters();
        let closing = self.ask(LineRequest::Close, Uuid::nil());
        // The outcome is the same: the process ends.
        let _ = tokio::time::timeout(CLOSE_LIMIT, closing).await;
        self.kill();
    }

    pub(super) fn kill(&self) {
        self.link.close();
        self.link.killed.notify_one();
    }

    async fn ask(&self, request: LineRequest, guid: Uuid) -> Result<(), ShellError> {
        self.exchange((Some(request), guid), Line::Ask(request, guid)).await
    }

    async fn bring(&self, stream: Stream, guid: Uuid, bytes: Bytes) -> Result<(), ShellError> {
        self.exchange((None, guid), Line::Data { stream, guid, bytes }).await
    }

    /// Sends a line and waits for its answer.
    async fn exchange(&self, awaited: (Option<LineRequest>, Uuid), line: Line) -> Result<(), ShellError> {
        let (answered, answer) = oneshot::channel();
        {
            let mut state = self.link.lock();
            if state.is_closed {
                return Err(ShellError::Gone);
            }
            state.waiting.entry(awaited).or_default().push_back(answered);
        }
        self.lines.send(line.encode() + "\n").await.map_err(|_| ShellError::Gone)?;
        answer.await.map_err(|_| ShellError::Aborted)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Link {
    /// Whether there is a command to end; what it still writes holds nothing up from now on.
    fn begin_end(&self, pid: Uuid) -> Result<bool, ShellError> {
        let mut state = self.lock();
        if state.is_closed {
            return Err(ShellError::Gone);
        }
        let Some(output) = state.outputs.get_mut(&pid) else { return Ok(false) };
        output.is_ending = true;
        drop(state);
        self.changed.notify_waiters();
        Ok(true)
    }

    /// Waits until what nobody has received leaves room for more.
    async fn room(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            {
                let state = self.lock();
                let waiting = state.outputs.values().filter(|output| !output.is_ending);
                if state.is_closed || waiting.map(|output| output.len).sum::<usize>() < MAX_QUEUED_LEN {
                    return;
                }
            }
            changed.await;
        }
    }

    fn take(&self, line: Line, states: &mut Defragmenter) {
        let mut state = self.lock();
        let answered = match line {
            Line::Data { guid, bytes, .. } => {
                if let Some(output) = state.outputs.get_mut(&guid) {
                    output.push(bytes, states);
                }
                None
            }
            Line::DataAck(guid) => Some((None, guid)),
            Line::Ack(request, guid) => Some((Some(request), guid)),
            // A server asks for nothing.
            Line::Ask(..) => None,
        };
        if let Some(answered) = answered {
            if let Some(waiting) = state.waiting.get_mut(&answered).and_then(VecDeque::pop_front) {
                // Whoever asked may have gone.
                let _ = waiting.send(());
            }
            state.waiting.retain(|_, waiting| !waiting.is_empty());
        }
        drop(state);
        self.changed.notify_waiters();
    }

    fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        // Whoever waits for an answer finds its sender gone.
        state.waiting.clear();
        drop(state);
        self.changed.notify_waiters();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Output {
    fn push(&mut self, mut bytes: Bytes, states: &mut Defragmenter) {
        // What is no PSRP is for the client to say.
        states.handle_bytes(bytes.clone());
        while let Ok(Some(message)) = states.poll_message() {
            if message.message_type == MessageType::PipelineState {
                self.is_finished |= is_final(message.data);
            }
        }
        self.len = self.len.saturating_add(bytes.len());
        while let Some(len) = fragment_len(&bytes) {
            self.fragments.push_back(bytes.split_to(len));
        }
    }

    /// Whole fragments of together at most `max_len` bytes.
    fn take(&mut self, max_len: usize) -> Result<Option<Vec<u8>>, ShellError> {
        let mut bytes = Vec::new();
        while let Some(first) = self.fragments.front() {
            if max_len < bytes.len() + first.len() {
                if bytes.is_empty() {
                    let len = first.len();
                    return Err(ShellError::Protocol(format!(
                        "a fragment of {len} bytes does not fit into an envelope for {max_len}"
                    )));
                }
                break;
            }
            bytes.extend_from_slice(first);
            self.fragments.pop_front();
        }
        self.len = self.len.saturating_sub(bytes.len());
        Ok((!bytes.is_empty()).then_some(bytes))
    }
}

/// The length of the first fragment, all of the bytes when they hold no whole one, `None` without bytes.
fn fragment_len(bytes: &[u8]) -> Option<usize> {
    if bytes.is_empty() {
        return None;
    }
    let announced = bytes.get(Fragment::HEADER_LEN - 4..Fragment::HEADER_LEN)?;
    let blob = announced.try_into().map_or(0, u32::from_be_bytes);
    let len = usize::try_from(blob).unwrap_or(usize::MAX).saturating_add(Fragment::HEADER_LEN);
    Some(len.min(bytes.len()))
}

/// Whether a PIPELINE_STATE tells the end.
fn is_final(body: Bytes) -> bool {
    let Ok(body) = clixml::decode(body) else { return false };
    let number = body.first().and_then(|body| body.member("PipelineState")).and_then(Value::as_i64);
    number.and_then(PsInvocationState::from_number).is_some_and(PsInvocationState::is_final)
}

/// Moves lines both ways until the process ends or is to end.
async fn converse(
    link: Arc<Link>,
    mut child: Child,
    mut input: ChildStdin,
    output: ChildStdout,
    mut lines: mpsc::Receiver<String>,
) {
    let writing = async {
        while let Some(line) = lines.recv().await {
            if input.write_all(line.as_bytes()).await.is_err() || input.flush().await.is_err() {
                break;
            }
        }
    };
    let reading = async {
        let mut output = BufReader::with_capacity(READ_LEN, output);
        // A process numbers the objects of all its pipelines in one row.
        let mut states = Defragmenter::new(FragmentLimits::default());
        let mut line = String::new();
        while child::next_line(&mut output, &mut line, MAX_LINE_LEN).await {
            // Anything else is a banner, or what a script wrote past its host.
            if let Some(line) = Line::decode(&line) {
                link.take(line, &mut states);
            }
            link.room().await;
        }
    };
    tokio::select! {
        () = writing => {}
        () = reading => {}
        () = link.killed.notified() => {}
    }
    link.close();
    // It may have ended by itself.
    let _ = child.kill().await;
}

impl std::fmt::Debug for Relay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}

const MAX_COMMANDS: usize = 128;
const MAX_QUEUED_LINES: usize = 64;
/// How much output waits for clients before the process does.
const MAX_QUEUED_LEN: usize = 16 * 1024 * 1024;
const READ_LEN: usize = 256 * 1024;
/// Far above a line with the fragments of one write of the process.
const MAX_LINE_LEN: u64 = 8 * 1024 * 1024;
/// How long a process may take to end in order.
const CLOSE_LIMIT: Duration = Duration::from_secs(5);
