//! One command for many inputs, each a complete set of parameters.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use psrp::clixml::Tape;
use tokio::sync::{mpsc, watch};

pub use crate::adminapi::{BatchEvent, BatchEventKind, InputOutcome, MAX_BATCH_SIZE};
use crate::catalog::ConfirmImpact;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::input::InputEnded;

use self::one_by_one::OneByOne;

pub(crate) mod one_by_one;

/// One command for many inputs.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BatchInvocation {
    /// The command's name, for example `Set-Mailbox`.
    pub command: String,
    /// How many requests may be between being sent and being read at once, 1 to [`MAX_IN_FLIGHT`]. With 1, nothing of a
    /// request is sent before the reader has all of the one before it and asks [`Batch::next`] for more.
    pub in_flight: usize,
    /// How many inputs go into one request, 1 to [`MAX_BATCH_SIZE`]. Over PSRP each is a pipeline of its own.
    pub batch_size: usize,
    /// Changes that weigh at least this much are asked about, as [`Session::invoke_asking`] does; each such input is then
    /// sent alone. Without it, what must be confirmed is refused.
    ///
    /// [`Session::invoke_asking`]: crate::Session::invoke_asking
    pub confirm_from: Option<ConfirmImpact>,
}

impl BatchInvocation {
    /// Ten inputs to a request, one request after the other, and nobody to ask.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Self {
        Self { command: command.into(), in_flight: 1, batch_size: MAX_BATCH_SIZE, confirm_from: None }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        for (name, value, most) in
            [("inFlight", self.in_flight, MAX_IN_FLIGHT), ("batchSize", self.batch_size, MAX_BATCH_SIZE)]
        {
            if !(1..=most).contains(&value) {
                let problem = format!("is {value}, and may be 1 to {most}");
                return Err(Error::new(Step::Run, Kind::Option { name, problem }));
            }
        }
        Ok(())
    }
}

/// Takes the inputs of a batch, counted from 0 in the order written. Dropping it ends the input; what has been written
/// is still sent, the last request with fewer inputs.
pub struct BatchInput {
    inputs: mpsc::Sender<Tape>,
    written: Arc<Written>,
}

/// Why an input was not taken.
pub enum TryWriteError {
    /// As many as may wait do; here is the input again. Read from the batch first.
    Full(Tape),
    /// The batch has ended.
    Ended,
}

impl BatchInput {
    /// Takes the parameters of one call, as [`Invocation::parameters`](crate::Invocation::parameters).
    ///
    /// Waits while as many requests are under way as may be: the batch must be read at the same time. Dropping the
    /// future writes nothing.
    ///
    /// # Errors
    /// The batch has ended, and this input is none of it.
    pub async fn write(&self, parameters: Tape) -> Result<(), InputEnded> {
        let permit = self.inputs.reserve().await.map_err(|_| InputEnded)?;
        if !self.written.count(|| permit.send(parameters)) {
            return Err(InputEnded);
        }
        Ok(())
    }

    /// As [`BatchInput::write`], without waiting.
    ///
    /// # Errors
    /// There is no room, or the batch has ended.
    pub fn try_write(&self, parameters: Tape) -> Result<(), TryWriteError> {
        let permit = match self.inputs.try_reserve() {
            Ok(permit) => permit,
            Err(mpsc::error::TrySendError::Full(())) => return Err(TryWriteError::Full(parameters)),
            Err(mpsc::error::TrySendError::Closed(())) => return Err(TryWriteError::Ended),
        };
        if !self.written.count(|| permit.send(parameters)) {
            return Err(TryWriteError::Ended);
        }
        Ok(())
    }
}

/// How many inputs there are, as long as there may be more: an input that is taken is one that ends.
#[derive(Default)]
struct Written(Mutex<Count>);

#[derive(Default)]
struct Count {
    written: u64,
    is_closed: bool,
}

impl Written {
    fn count(&self, write: impl FnOnce()) -> bool {
        let mut count = self.lock();
        if !count.is_closed {
            count.written += 1;
            write();
        }
        !count.is_closed
    }

    fn close(&self) -> u64 {
        let mut count = self.lock();
        count.is_closed = true;
        count.written
    }

    fn lock(&self) -> MutexGuard<'_, Count> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A batch that runs. Dropping it cancels it.
pub struct Batch {
    source: Source,
    written: Arc<Written>,
    /// How many inputs, from the first, have ended.
    ended: u64,
    /// What is left to tell after the source has ended.
    rest: VecDeque<Result<BatchEvent, Error>>,
    is_over: bool,
}

/// Where the events come from.
enum Source {
    /// A task that sends requests of several inputs.
    Running(RunningBatch),
    /// One pipeline after the other, each started when its turn has come.
    OneByOne(OneByOne),
}

/// A batch as the carrier started it.
pub(crate) struct RunningBatch {
    pub(crate) events: mpsc::Receiver<Result<BatchEvent, Error>>,
    pub(crate) cancel: Box<dyn Fn() + Send + Sync>,
    pub(crate) answers: mpsc::UnboundedSender<i32>,
    /// How many inputs, from the first, have been put into requests.
    pub(crate) sent: Arc<AtomicU64>,
    /// How many inputs, from the first, the reader is done with.
    pub(crate) read: watch::Sender<u64>,
    /// Why the session ended, for a channel that ends early.
    pub(crate) fate: Arc<OnceLock<Error>>,
}

impl Batch {
    /// The inputs' two ends. `room` is how many may wait.
    pub(crate) fn channel(room: usize) -> (BatchInput, mpsc::Receiver<Tape>) {
        let (inputs, taken) = mpsc::channel(room.max(1));
        (BatchInput { inputs, written: Arc::default() }, taken)
    }

    pub(crate) fn running(running: RunningBatch, input: &BatchInput) -> Self {
        Self::of(Source::Running(running), input)
    }

    pub(crate) fn one_by_one(one_by_one: OneByOne, input: &BatchInput) -> Self {
        Self::of(Source::OneByOne(one_by_one), input)
    }

    fn of(source: Source, input: &BatchInput) -> Self {
        let written = Arc::clone(&input.written);
        Self { source, written, ended: 0, rest: VecDeque::new(), is_over: false }
    }

    /// What happens next: everything of the first input, then of the second, and so on; each input that was written
    /// ends with one [`BatchEventKind::Ended`], also when the batch is cancelled or fails. An error, when the batch as a
    /// whole has failed, comes after that; then `None`.
    ///
    /// Dropping the future loses nothing.
    pub async fn next(&mut self) -> Option<Result<BatchEvent, Error>> {
        if self.is_over {
            return self.rest.pop_front();
        }
        let event = match &mut self.source {
            Source::Running(running) => {
                running.read.send_replace(self.ended);
                running.events.recv().await
            }
            Source::OneByOne(pipelines) => pipelines.next().await,
        };
        match event {
            Some(Ok(event)) => {
                if matches!(event.kind, BatchEventKind::Ended(_)) {
                    self.ended = event.input + 1;
                }
                Some(Ok(event))
            }
            Some(Err(error)) => self.end(Some(error)),
            None => {
                let fate = match &self.source {
                    Source::Running(running) => running.fate.get().cloned(),
                    Source::OneByOne(_) => None,
                };
                self.end(fate)
            }
        }
    }

    /// Tells the end of every input that has none yet.
    fn end(&mut self, error: Option<Error>) -> Option<Result<BatchEvent, Error>> {
        self.is_over = true;
        let sent = match &self.source {
            Source::Running(running) => running.sent.load(Ordering::Acquire),
            Source::OneByOne(pipelines) => pipelines.started(),
        };
        let cause = error.clone().unwrap_or_else(|| Error::new(Step::Run, Kind::Cancelled));
        for input in self.ended..self.written.close() {
            let outcome =
                if input < sent { InputOutcome::Unknown(cause.clone()) } else { InputOutcome::NotSent };
            self.rest.push_back(Ok(BatchEvent { input, kind: BatchEventKind::Ended(outcome) }));
        }
        self.rest.extend(error.map(Err));
        self.rest.pop_front()
    }

    /// Sends nothing more, and gives up what is under way: [`Batch::next`] then tells of each input whether it was sent.
    pub fn cancel(&self) {
        match &self.source {
            Source::Running(running) => (running.cancel)(),
            Source::OneByOne(pipelines) => pipelines.cancel(),
        }
    }

    /// Answers the question that an input waits with; see [`Pipeline::answer`](crate::Pipeline::answer).
    pub fn answer(&self, choice: i32) {
        match &self.source {
            // A batch that has ended has no question.
            Source::Running(running) => drop(running.answers.send(choice)),
            Source::OneByOne(pipelines) => pipelines.answer(choice),
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.is_over {
            self.cancel();
        }
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("ended", &self.ended).finish_non_exhaustive()
    }
}

impl fmt::Debug for BatchInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchInput")
    }
}

/// Without the input, which holds names of people.
impl fmt::Debug for TryWriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "Full",
            Self::Ended => "Ended",
        })
    }
}

impl fmt::Display for TryWriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("as many inputs wait as may"),
            Self::Ended => InputEnded.fmt(f),
        }
    }
}

impl std::error::Error for TryWriteError {}

/// More at once would meet the service's throttling before it would help.
pub const MAX_IN_FLIGHT: usize = 16;
