//! `exo run`: connect, run one cmdlet, print, disconnect.

use std::io::{self, BufWriter, IsTerminal, Stdout};
use std::time::Duration;

use exo_session::{ConnectOptions, DisconnectedSession, Invocation, Pipeline, Session};
use psrp::clixml::Tape;
use psrp::records::{ErrorRecord, ProgressRecord, state_reason};
use psrp::{PipelineEvent, PsInvocationState};
use tokio::time::{Instant, timeout, timeout_at};

use crate::args::{Connection, Run, RunOutput, selected};
use crate::asking::TerminalHost;
use crate::attach::LeftFile;
use crate::connection;
use crate::exit::{Exit, Failure, complain, note};
use crate::interrupt::Interrupt;
use crate::print::Printer;
use crate::progress::Progress;
use crate::secret::Extent;
use crate::streams;
use crate::value::CommandLine;

/// Reads the command line's secret and cmdlet before anything is started, so that their mistakes cost nothing.
pub(crate) struct Prepared {
    options: ConnectOptions,
    command: String,
    parameters: Tape,
    output: RunOutput,
    select: Vec<String>,
    first: Option<u64>,
    /// Leaves the cmdlet to itself, and says here how to come back.
    detach: Option<LeftFile>,
}

/// The options for one cmdlet, whose secrets are read too.
pub(crate) fn options(connection: Connection, line: &mut CommandLine) -> Result<ConnectOptions, Failure> {
    // The account's secret stands first on standard input.
    let extent = if line.takes_stdin() { Extent::Line } else { Extent::Whole };
    let mut options = connection::options(connection, extent)?;
    options.streaming_page_size = PAGE_SIZE;
    // What is not run need not be described.
    options.command_names = vec![line.command.clone()];
    line.read_secrets()?;
    Ok(options)
}

impl Prepared {
    pub(crate) fn new(arguments: Run) -> Result<Self, Failure> {
        let select = selected(&arguments.select);
        let mut line = CommandLine::parse(&arguments.cmdlet)?;
        let options = options(arguments.connection, &mut line)?;
        let parameters = line.to_tape().map_err(|error| Failure::Usage(error.to_string()))?;
        Ok(Self {
            select,
            options,
            command: line.command,
            parameters,
            output: arguments.output,
            first: arguments.first,
            // Last, because it makes the file.
            detach: arguments.detach.map(LeftFile::create).transpose()?,
        })
    }

    pub(crate) async fn run(self) -> Result<Exit, Failure> {
        let interrupt = Interrupt::listen()?;
        let progress = Progress::start("Connecting");
        let session = connection::open(self.options, &interrupt, &progress).await?;
        let quiet = Quiet::of(&self.parameters);
        let mut run = OneRun::new(&interrupt, &progress, self.command.clone(), self.output, self.select);
        (run.first, run.quiet) = (self.first, quiet);
        let invocation = Invocation { command: self.command, parameters: self.parameters };
        if let Some(file) = self.detach {
            return run.detach(&session, invocation, file).await;
        }
        progress.say(&format!("{}: waiting for the first object", run.command));
        let outcome = run.start(&session, invocation).await;
        progress.end();
        connection::close(&session, &interrupt).await;
        outcome
    }
}

/// What the cmdlet's own `-ErrorAction` and `-WarningAction` keep from being shown. A server that speaks PSRP keeps to
/// them itself.
#[derive(Debug, Clone, Copy, Default)]
struct Quiet {
    errors: bool,
    warnings: bool,
}

impl Quiet {
    fn of(parameters: &Tape) -> Self {
        let says_nothing = |name: &str| {
            let value = parameters.first().and_then(|parameters| parameters.member(name));
            value.and_then(psrp::clixml::Value::as_str).is_some_and(|action| {
                action.eq_ignore_ascii_case("SilentlyContinue") || action.eq_ignore_ascii_case("Ignore")
            })
        };
        Self { errors: says_nothing("ErrorAction"), warnings: says_nothing("WarningAction") }
    }
}

/// The cmdlet while it runs.
pub(crate) struct OneRun<'a> {
    interrupt: &'a Interrupt,
    progress: &'a Progress,
    printer: Printer<BufWriter<Stdout>>,
    command: String,
    first: Option<u64>,
    count: u64,
    failed: bool,
    quiet: Quiet,
}

impl<'a> OneRun<'a> {
    pub(crate) fn new(
        interrupt: &'a Interrupt,
        progress: &'a Progress,
        command: String,
        output: RunOutput,
        select: Vec<String>,
    ) -> Self {
        let out = BufWriter::with_capacity(OUTPUT_BUFFER_LEN, io::stdout());
        Self {
            interrupt,
            progress,
            printer: Printer::new(output, out, select, terminal_width()),
            command,
            first: None,
            count: 0,
            failed: false,
            quiet: Quiet::default(),
        }
    }

    async fn start(mut self, session: &Session, invocation: Invocation) -> Result<Exit, Failure> {
        if self.is_enough() {
            self.printer.finish()?;
            return Ok(Exit::Success);
        }
        let pipeline = match TerminalHost::open(self.progress.bar()) {
            Some(host) => session.invoke_with_host(invocation, host).await?,
            None => session.invoke(invocation).await?,
        };
        self.drive(pipeline).await
    }

    /// Starts the cmdlet and goes away.
    async fn detach(
        self,
        session: &Session,
        invocation: Invocation,
        file: LeftFile,
    ) -> Result<Exit, Failure> {
        let left = tokio::select! {
            left = session.invoke_and_disconnect(invocation, None) => left,
            () = self.interrupt.wait() => {
                connection::close(session, self.interrupt).await;
                return Ok(Exit::Interrupted);
            }
        };
        self.progress.end();
        let kept = match left {
            Ok(session) => file.write(&self.command, session),
            Err(error) => Err(error.into()),
        };
        if let Err(failure) = kept {
            connection::close(session, self.interrupt).await;
            return Err(failure);
        }
        Ok(Exit::Success)
    }

    /// Prints what the command gives, to its end.
    pub(crate) async fn drive(mut self, mut pipeline: Pipeline) -> Result<Exit, Failure> {
        let outcome = self.read(&mut pipeline).await;
        self.finish(outcome, pipeline).await
    }

    /// The same for a command that somebody has left: an interrupt leaves it again, as it was found.
    pub(crate) async fn drive_or_leave(
        mut self,
        mut pipeline: Pipeline,
        session: &Session,
    ) -> Result<Driven, Failure> {
        let mut outcome = self.read(&mut pipeline).await;
        if matches!(outcome, Ok(false)) && self.interrupt.is_heard() {
            match timeout(LEAVE_PATIENCE, session.disconnect(None)).await {
                Ok(Ok(left)) => {
                    outcome = self.read_rest(&mut pipeline).await;
                    if matches!(outcome, Ok(false)) {
                        self.printer.finish()?;
                        return Ok(Driven::Left(left));
                    }
                }
                Ok(Err(error)) => complain(&error.to_string()),
                Err(_) => complain("the server did not say in time that the session is left"),
            }
        }
        self.finish(outcome, pipeline).await.map(Driven::Ended)
    }

    async fn finish(mut self, outcome: Result<bool, Failure>, pipeline: Pipeline) -> Result<Exit, Failure> {
        match outcome {
            Ok(true) => {}
            // Enough was read, the reader went away, or the user interrupted: the server must stop too.
            Ok(false) => stop(pipeline).await,
            Err(failure) => {
                stop(pipeline).await;
                if matches!(failure, Failure::Session(_)) {
                    // What came before the end is good, and a JSON array is to be one.
                    self.printer.finish()?;
                }
                return Err(failure);
            }
        }
        self.printer.finish()?;
        if self.interrupt.is_heard() {
            return Ok(Exit::Interrupted);
        }
        Ok(if self.failed { Exit::Remote } else { Exit::Success })
    }

    /// Prints until the command ends (`true`) or is to be ended (`false`).
    async fn read(&mut self, pipeline: &mut Pipeline) -> Result<bool, Failure> {
        loop {
            let event = tokio::select! {
                biased;
                () = self.interrupt.wait() => return Ok(false),
                event = timeout(PAUSE, pipeline.next()) => event,
            };
            let event = match event {
                Ok(Some(event)) => event?,
                Ok(None) => return Ok(true),
                Err(_) => {
                    self.printer.pause()?;
                    continue;
                }
            };
            if let Some(ended) = self.event(event)? {
                return Ok(ended);
            }
        }
    }

    /// Prints what has come of a command that was left: nobody gets it again. Gives what [`OneRun::read`] gives.
    async fn read_rest(&mut self, pipeline: &mut Pipeline) -> Result<bool, Failure> {
        while let Ok(event) = timeout(PAUSE, pipeline.next()).await {
            let Some(event) = event else { return Ok(true) };
            if let Some(ended) = self.event(event?)? {
                return Ok(ended);
            }
        }
        Ok(false)
    }

    /// Prints an event; gives whether the command has ended (`true`) or is to be ended (`false`), when it is either.
    fn event(&mut self, event: PipelineEvent) -> Result<Option<bool>, Failure> {
        match event {
            PipelineEvent::Output(tape) => {
                self.output(&tape)?;
                Ok(self.is_enough().then_some(false))
            }
            PipelineEvent::State { state, reason } if state.is_final() => {
                self.end(state, reason.as_ref());
                Ok(Some(true))
            }
            event => {
                self.beside(&event);
                Ok(None)
            }
        }
    }

    fn output(&mut self, tape: &Tape) -> io::Result<()> {
        self.progress.before_output();
        for value in tape.values() {
            self.printer.value(value)?;
            self.count += 1;
            if self.is_enough() {
                break;
            }
        }
        if self.count.is_multiple_of(PROGRESS_EVERY) {
            self.progress.say(&format!("{}: {} objects", self.command, self.count));
        }
        Ok(())
    }

    /// Whatever is no output goes to stderr.
    fn beside(&mut self, event: &PipelineEvent) {
        if let PipelineEvent::Progress(tape) = event {
            let activity = ProgressRecord::new(tape).and_then(ProgressRecord::activity);
            self.progress.say(&activity.unwrap_or_default().to_lossy());
            return;
        }
        if let PipelineEvent::Error(tape) = event {
            self.failed = true;
            if !self.quiet.errors {
                self.note("", &streams::error(&self.command, ErrorRecord::new(tape)));
            }
            return;
        }
        if self.quiet.warnings && matches!(event, PipelineEvent::Warning(_)) {
            return;
        }
        if let Some((prefix, text)) = streams::line(event) {
            self.note(prefix, &text);
        }
    }

    fn end(&mut self, state: PsInvocationState, reason: Option<&Tape>) {
        if state != PsInvocationState::Completed {
            self.failed = true;
            self.note("", &streams::error(&self.command, reason.and_then(state_reason)));
        }
    }

    fn note(&self, prefix: &str, text: &str) {
        self.progress.aside(|| note(prefix, text));
    }

    fn is_enough(&self) -> bool {
        self.first.is_some_and(|most| most <= self.count)
    }
}

/// How a command ended that was taken over.
pub(crate) enum Driven {
    Ended(Exit),
    /// It goes on, and this is how to come back.
    Left(DisconnectedSession),
}

/// Asks the server to stop the command and waits for its word, but not for ever.
async fn stop(mut pipeline: Pipeline) {
    pipeline.cancel();
    let deadline = Instant::now() + STOP_PATIENCE;
    while let Ok(Some(Ok(_))) = timeout_at(deadline, pipeline.next()).await {}
}

/// Characters of a line of the terminal that the objects go to.
pub(crate) fn terminal_width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let (_, columns) = console::Term::stdout().size_checked()?;
    Some(usize::from(columns))
}

/// A page is in memory as JSON, as CLIXML and as objects, and so is the one before: some 200 KB a mailbox.
const PAGE_SIZE: u32 = 100;
/// After so long without news, what was held back is shown.
const PAUSE: Duration = Duration::from_millis(300);
const STOP_PATIENCE: Duration = Duration::from_secs(1);
const LEAVE_PATIENCE: Duration = Duration::from_secs(1);
pub(crate) const OUTPUT_BUFFER_LEN: usize = 64 << 10;
const PROGRESS_EVERY: u64 = 50;
