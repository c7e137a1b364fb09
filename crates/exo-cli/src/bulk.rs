//! `exo run --input`: one cmdlet for each row of a file.
//!
//! Rows go out in requests of ten, several requests at once; what comes back is read in the order of the rows. The
//! [`Journal`] knows of each row whether it was sent and how it ended, so that the same command line, given again, goes
//! on where the last one ended, however that was. Nothing is asked: a cmdlet that would ask needs `-Confirm:$false`.

use std::cell::RefCell;
use std::io::{self, BufWriter, Stdout};
use std::path::PathBuf;

use exo_session::{
    BatchEvent, BatchEventKind, BatchInput, BatchInvocation, ConnectOptions, ConnectionInfo, InputOutcome,
    Session,
};
use psrp::PipelineEvent;
use psrp::records::ErrorRecord;
use tokio::sync::watch;

use self::journal::{Head, Journal, State};
use self::report::Report;
use self::rows::{Place, Row, Rows};
use self::template::Template;
use crate::args::{Run, RunOutput};
use crate::connection;
use crate::exit::{Exit, Failure, complain, note};
use crate::interrupt::Interrupt;
use crate::print::Printer;
use crate::progress::Progress;
use crate::run::{self, OUTPUT_BUFFER_LEN, terminal_width};
use crate::streams;
use crate::value::CommandLine;

mod journal;
mod report;
mod rows;
mod template;

/// Everything that can be known before connecting has been looked at.
pub(crate) struct Prepared {
    options: ConnectOptions,
    rows: Rows,
    template: Template,
    journal: Journal,
    retry_unknown: bool,
    parallel: usize,
    output: RunOutput,
    select: Vec<String>,
}

impl Prepared {
    pub(crate) fn new(arguments: Run) -> Result<Self, Failure> {
        let select = crate::args::selected(&arguments.select);
        let many = arguments.many;
        let input = many.input.unwrap_or_default();
        let mut line = CommandLine::parse(&arguments.cmdlet)?;
        let rows = Rows::open(&input, many.delimiter)?;
        let options = run::options(arguments.connection, &mut line)?;
        let template = Template::new(line, &rows)?;
        let count = template.check(&rows)?;
        let path = many.journal.unwrap_or_else(|| beside(rows.path()));
        let head = Head::new(rows.digest(), count, arguments.cmdlet);
        let journal = Journal::open(path, head, many.restart)?;
        Ok(Self {
            options,
            rows,
            template,
            journal,
            retry_unknown: many.retry_unknown,
            parallel: usize::from(many.parallel),
            output: arguments.output,
            select,
        })
    }

    pub(crate) async fn run(mut self) -> Result<Exit, Failure> {
        let before = self.journal.count(State::Done);
        let doubtful = self.journal.count(State::Started) + self.journal.count(State::Unknown);
        let total = self.journal.rows() - before - if self.retry_unknown { 0 } else { doubtful };
        let mut report = Report::new(self.template.command(), total);
        if total == 0 {
            self.list_doubtful(&mut report)?;
            return Ok(self.conclude(&report, before, Exit::Success));
        }
        let interrupt = Interrupt::listen()?;
        let progress = Progress::start("Connecting");
        let session = connection::open(self.options.clone(), &interrupt, &progress).await?;
        let outcome = match self.journal.begin(&target(session.info())) {
            Ok(()) => {
                self.list_doubtful(&mut report)?;
                self.drive(&session, &interrupt, &progress, &mut report).await
            }
            Err(failure) => Err(failure),
        };
        progress.end();
        connection::close(&session, &interrupt).await;
        let interrupted = interrupt.is_heard();
        let exit = if interrupted { Exit::Interrupted } else { Exit::Success };
        match outcome {
            Ok(()) => Ok(self.conclude(&report, before, exit)),
            // Of an input that was refused as a whole nothing was run.
            Err(Failure::Usage(text)) => Err(Failure::Usage(text)),
            Err(failure) => {
                self.conclude(&report, before, exit);
                if interrupted { Ok(exit) } else { Err(failure) }
            }
        }
    }

    /// Whether a row is to be run now.
    fn is_wanted(&self, row: u32) -> bool {
        match self.journal.state(row) {
            State::NotSent | State::Failed => true,
            State::Started | State::Unknown => self.retry_unknown,
            State::Done => false,
        }
    }

    /// The rows that an earlier run has left in doubt and that are not run again.
    fn list_doubtful(&self, report: &mut Report) -> Result<(), Failure> {
        if self.retry_unknown {
            return Ok(());
        }
        for row in self.rows.iter() {
            let place = row.map_err(|problem| self.wrong(&problem))?.place;
            if matches!(self.journal.state(place.number), State::Started | State::Unknown) {
                report.unknown(place, "an earlier run ended while it was under way");
            }
        }
        Ok(())
    }

    fn wrong(&self, problem: &str) -> Failure {
        Failure::Usage(format!("{} {problem}", self.rows.name()))
    }

    async fn drive(
        &mut self,
        session: &Session,
        interrupt: &Interrupt,
        progress: &Progress,
        report: &mut Report,
    ) -> Result<(), Failure> {
        let mut invocation = BatchInvocation::new(self.template.command());
        invocation.in_flight = self.parallel;
        let group_len = invocation.batch_size;
        let (mut batch, input) = session.invoke_batch(invocation).await?;
        let wanted: Vec<bool> = self.journal.numbers().map(|row| self.is_wanted(row)).collect();
        let (stop, stopping) = watch::channel(false);
        let (rows, template) = (&self.rows, &self.template);
        let shared = RefCell::new(Shared { journal: &mut self.journal, sent: Vec::new() });
        let sender = Sender { rows, template, shared: &shared, interrupt, stopping, group_len };
        let out = BufWriter::with_capacity(OUTPUT_BUFFER_LEN, io::stdout());
        let mut reader = Reader {
            command: template.command(),
            printer: Printer::new(self.output, out, std::mem::take(&mut self.select), terminal_width()),
            shared: &shared,
            progress,
            report,
            said: None,
            failure: None,
            stop,
        };
        progress.say(&reader.report.progress());
        let read = async {
            while let Some(event) = batch.next().await {
                match event {
                    Ok(event) => reader.event(&event),
                    Err(error) => reader.fail(error.into()),
                }
            }
            reader.finish()
        };
        let (sent, read) = tokio::join!(sender.send_all(&wanted, input), read);
        read.and(sent)
    }

    /// Says how it went; the exit code is `good` when nothing went wrong.
    fn conclude(&mut self, report: &Report, before: usize, good: Exit) -> Exit {
        if let Err(error) = self.journal.finish() {
            complain(&format!("the journal cannot be written to the disk: {error}"));
        }
        for line in report.lines() {
            note("", &line);
        }
        complain(&report.summary(self.rows.name(), before));
        if report.is_idle() && 0 < before {
            complain("nothing is left to be done; --restart runs all rows again");
        } else if 0 < report.unknown {
            complain(
                "look at the unknown rows, then give the command again: with --retry-unknown to run them too",
            );
        } else if 0 < report.failed + report.not_sent {
            complain("give the same command again to run what is not done");
        }
        match good {
            Exit::Success if 0 < report.failed + report.unknown => Exit::Remote,
            good => good,
        }
    }
}

/// What both halves of a run need.
struct Shared<'a> {
    journal: &'a mut Journal,
    /// The rows in the order they were sent.
    sent: Vec<Place>,
}

/// Hands the rows over, as fast as they are taken.
struct Sender<'a> {
    rows: &'a Rows,
    template: &'a Template,
    shared: &'a RefCell<Shared<'a>>,
    interrupt: &'a Interrupt,
    stopping: watch::Receiver<bool>,
    group_len: usize,
}

impl Sender<'_> {
    /// Until all are sent, or it is to end. What was begun then still ends by itself.
    async fn send_all(mut self, wanted: &[bool], input: BatchInput) -> Result<(), Failure> {
        let mut group = Vec::with_capacity(self.group_len);
        for (row, _) in self.rows.iter().zip(wanted).filter(|(_, is_wanted)| **is_wanted) {
            group.push(row.map_err(Failure::Usage)?);
            if group.len() == self.group_len && !self.send(&mut group, &input).await? {
                return Ok(());
            }
        }
        self.send(&mut group, &input).await?;
        Ok(())
    }

    /// Writes into the journal that these rows go out, and hands them over. False: no more rows are to be sent.
    async fn send(&mut self, group: &mut Vec<Row>, input: &BatchInput) -> Result<bool, Failure> {
        if self.interrupt.is_heard() || *self.stopping.borrow() {
            return Ok(false);
        }
        let numbers: Vec<u32> = group.iter().map(|row| row.place.number).collect();
        self.shared.borrow_mut().journal.start(&numbers)?;
        let mut goes_on = true;
        for row in group.drain(..) {
            if goes_on {
                let line = self.template.fill(self.rows, &row).map_err(Failure::Usage)?;
                let tape = line.to_tape().map_err(|error| Failure::Usage(error.to_string()))?;
                self.shared.borrow_mut().sent.push(row.place);
                goes_on = tokio::select! {
                    biased;
                    () = self.interrupt.wait() => false,
                    _ = self.stopping.wait_for(|stops| *stops) => false,
                    written = input.write(tape) => written.is_ok(),
                };
                if goes_on {
                    continue;
                }
                self.shared.borrow_mut().sent.pop();
            }
            self.shared.borrow_mut().journal.end(row.place.number, State::NotSent, None)?;
        }
        Ok(goes_on)
    }
}

/// Takes what comes back.
struct Reader<'a> {
    command: &'a str,
    printer: Printer<BufWriter<Stdout>>,
    shared: &'a RefCell<Shared<'a>>,
    progress: &'a Progress,
    report: &'a mut Report,
    /// The first error of the row that is being read.
    said: Option<String>,
    /// Why no more rows are sent.
    failure: Option<Failure>,
    stop: watch::Sender<bool>,
}

impl Reader<'_> {
    fn event(&mut self, event: &BatchEvent) {
        let place = usize::try_from(event.input).ok();
        let place = place.and_then(|place| self.shared.borrow().sent.get(place).copied());
        // INVARIANT: an input has events only after it was written.
        let Some(place) = place else { return };
        match &event.kind {
            BatchEventKind::Event(PipelineEvent::Output(tape)) => {
                self.progress.before_output();
                let printed = tape.values().try_for_each(|value| self.printer.value(value));
                if let Err(error) = printed {
                    self.fail(error.into());
                }
            }
            BatchEventKind::Event(PipelineEvent::Error(tape)) => {
                let text = streams::message(self.command, ErrorRecord::new(tape));
                self.said.get_or_insert_with(|| one_line(&text));
            }
            BatchEventKind::Event(event) => {
                if let Some((prefix, text)) = streams::line(event) {
                    self.progress.aside(|| note(prefix, &format!("{place}: {text}")));
                }
            }
            BatchEventKind::Ended(outcome) => self.end(place, outcome),
        }
    }

    fn end(&mut self, place: Place, outcome: &InputOutcome) {
        let said = self.said.take();
        let (state, why) = match outcome {
            InputOutcome::Succeeded => (State::Done, None),
            // What holds for one row holds for all.
            InputOutcome::Failed(Some(error)) if error.needs_confirmation() => {
                self.fail(error.clone().into());
                (State::NotSent, None)
            }
            InputOutcome::Failed(error) => {
                let why = said.or_else(|| error.as_ref().map(|error| one_line(&error.to_string())));
                (State::Failed, Some(why.unwrap_or_else(|| "the server gave no reason".to_owned())))
            }
            InputOutcome::Unknown(error) => (State::Unknown, Some(one_line(&error.to_string()))),
            InputOutcome::NotSent => (State::NotSent, None),
        };
        let why = why.unwrap_or_default();
        match state {
            State::Done => self.report.done(),
            State::Failed => self.report.failed(place, &why),
            State::Unknown => self.report.unknown(place, &why),
            State::NotSent | State::Started => self.report.not_sent(),
        }
        let error = (!why.is_empty()).then_some(why.as_str());
        let written = self.shared.borrow_mut().journal.end(place.number, state, error);
        if let Err(error) = written {
            self.fail(error.into());
        }
        self.progress.say(&self.report.progress());
    }

    /// Nothing more is sent; what is under way is still awaited. The first reason counts.
    fn fail(&mut self, failure: Failure) {
        self.stop.send_replace(true);
        self.failure.get_or_insert(failure);
    }

    fn finish(&mut self) -> Result<(), Failure> {
        if let Err(error) = self.printer.finish() {
            self.fail(error.into());
        }
        self.failure.take().map_or(Ok(()), Err)
    }
}

/// Whom the run is for: the customer, the tenant, or the host where there is no tenant to know.
fn target(info: &ConnectionInfo) -> String {
    let known = info.delegated_organization.as_ref().or(info.tenant_id.as_ref());
    known.unwrap_or(&info.connection_uri).clone()
}

/// `users.csv.journal` beside `users.csv`.
fn beside(input: &std::path::Path) -> PathBuf {
    let mut name = input.as_os_str().to_owned();
    name.push(".journal");
    name.into()
}

/// A text of several lines as one, cut where nobody reads on.
fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(MAX_REASON_LEN).collect()
}

const MAX_REASON_LEN: usize = 500;
/// What is remembered of each row stays below 200 MB.
const MAX_ROWS: usize = 4_000_000;
