//! One cmdlet call from the first request to the final state.

use std::collections::HashSet;
use std::sync::Arc;

use psrp::clixml::{Decoder, Encoder, Kind as ClixmlKind, Limits, Tape};
use psrp::{PipelineEvent, PsInvocationState};
use reqwest::Url;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::answer::{AnswerError, Page};
use super::failure::Failure;
use super::paging::{Paging, ResultSize, ResultSizeError};
use super::parameter::Arguments;
use super::request::{Template, body};
use super::retry::{Verdict, judge};
use super::seal::ServiceKey;
use super::{Endpoint, Request, Transport, record};
use crate::catalog::{Catalog, Cmdlet, ConfirmImpact};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::host::is_microsoft_cloud;
use crate::http::host_of;
use crate::session::Invocation;

/// Runs the cmdlets of one connection.
#[derive(Debug)]
pub struct Client<T> {
    endpoint: Endpoint,
    catalog: Arc<Catalog>,
    /// For secrets among the parameters.
    key: Option<ServiceKey>,
    transport: T,
}

/// Whether somebody can be asked before a change is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confirm {
    /// Nobody: what must be confirmed is refused.
    Refuse,
    /// Changes that weigh at least this much are asked about, and none for [`ConfirmImpact::None`].
    From(ConfirmImpact),
}

/// One call under way: where its events go and where answers to its questions come from.
#[derive(Debug)]
pub struct Call {
    /// What to run.
    pub invocation: Invocation,
    /// Whether somebody can be asked.
    pub confirm: Confirm,
    /// What it writes; the last is a final state or an error.
    pub events: mpsc::Sender<Result<PipelineEvent, Error>>,
    /// The numbers of the choices taken, one for each question.
    pub answers: mpsc::UnboundedReceiver<i32>,
}

/// Why a call ends before its end.
enum Halt {
    /// With this error.
    Failed(Error),
    /// Nobody reads any more.
    Gone,
}

impl From<Error> for Halt {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What one request came to, after all repetitions.
enum Outcome {
    Page(Page),
    Failed { failure: Failure, after_retries: bool },
}

impl<T: Transport> Client<T> {
    /// A client for the cmdlets in `catalog`.
    pub fn new(endpoint: Endpoint, catalog: Arc<Catalog>, transport: T) -> Self {
        let key = catalog.public_key.as_deref().and_then(ServiceKey::read);
        Self { endpoint, catalog, key, transport }
    }

    /// The cmdlets.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// Where the requests go.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What carries the requests.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Runs a call to its end. What goes wrong goes into its events.
    pub async fn run(&self, call: Call) {
        let Call { invocation, confirm, events, mut answers } = call;
        let mut run = Run { client: self, events: &events, answers: &mut answers };
        let last = match run.invoke(&invocation, confirm).await {
            Ok(()) => Ok(PipelineEvent::State { state: PsInvocationState::Completed, reason: None }),
            Err(Halt::Failed(error)) => Err(error),
            Err(Halt::Gone) => return,
        };
        // A reader that has gone needs no end.
        let _ = events.send(last).await;
    }
}

/// What came of a refused request outside of a call.
pub(crate) enum Failed {
    /// Waited, and renewed the token where that was it.
    TryAgain,
    /// It stays so; with what the service said.
    Final { said: Option<String> },
}

/// Deals with an answer that is no success, of a request that changes nothing.
pub(crate) async fn failed<T: Transport>(
    transport: &T,
    answer: &super::Answer,
    tries: u32,
) -> Result<Failed, Error> {
    let failure = Failure::of(answer);
    match judge(&failure, tries, false) {
        Verdict::Wait(time) => transport.wait(time).await,
        Verdict::Renew(time, claims) => {
            transport.wait(time).await;
            transport.renew(claims.as_deref()).await?;
        }
        Verdict::Final | Verdict::Exhausted => return Ok(Failed::Final { said: failure.said() }),
    }
    Ok(Failed::TryAgain)
}

struct Run<'a, T> {
    client: &'a Client<T>,
    events: &'a mpsc::Sender<Result<PipelineEvent, Error>>,
    answers: &'a mut mpsc::UnboundedReceiver<i32>,
}

impl<T: Transport> Run<'_, T> {
    async fn invoke(&mut self, invocation: &Invocation, confirm: Confirm) -> Result<(), Halt> {
        let name = invocation.command.trim();
        let cmdlet = self
            .client
            .catalog
            .cmdlet(name)
            .ok_or_else(|| wrong(Kind::UnknownCommand { name: name.to_owned() }))?;
        let arguments = Arguments::new(cmdlet, &invocation.parameters, self.client.key.as_ref())
            .map_err(|error| of_parameter(cmdlet, error))?;
        let wanted = match ResultSize::parse(arguments.text("ResultSize").as_deref()) {
            Ok(wanted) => wanted,
            Err(error @ ResultSizeError::NotPositive) => {
                return self.write_error(record::written_error(&error.to_string(), "Get-ResultSize")).await;
            }
            Err(error) => {
                return Err(wrong(Kind::Parameter {
                    command: cmdlet.name.clone(),
                    problem: error.to_string(),
                })
                .into());
            }
        };
        let asks = asks_first(cmdlet, confirm, arguments.flag("Confirm"));
        let is_what_if = arguments.flag("WhatIf") == Some(true);
        if asks && !is_what_if && confirm == Confirm::Refuse {
            return Err(wrong(Kind::NeedsConfirmation { command: cmdlet.name.clone() }).into());
        }
        let template = Template::new(&self.client.endpoint, cmdlet, arguments, Uuid::new_v4());
        let (first, cut) =
            body(cmdlet, arguments, asks.then_some(true)).map_err(|error| of_parameter(cmdlet, error))?;
        if cut {
            self.warn(CUT).await?;
        }
        let paging = Paging::new(wanted, self.client.endpoint.page_size);
        if !asks || is_what_if {
            let changes = !is_what_if && changes_something(cmdlet);
            return self.pages(cmdlet, &template, first, paging, changes, is_what_if).await;
        }
        let request = template.request(first, paging.page_size());
        let page = match self.fetch(cmdlet, &request, false).await? {
            Outcome::Page(page) => page,
            Outcome::Failed { failure, after_retries } => {
                return self.fail(cmdlet, &failure, after_retries).await;
            }
        };
        self.emit(PipelineEvent::HostCall(record::question(
            1,
            page.confirmation.as_deref().unwrap_or_default(),
        )))
        .await?;
        // Nobody left to answer is no yes.
        let answer = self.answers.recv().await.ok_or(Halt::Gone)?;
        if !record::GOES_ON.contains(&answer) {
            return Ok(());
        }
        let (second, _) =
            body(cmdlet, arguments, Some(false)).map_err(|error| of_parameter(cmdlet, error))?;
        self.pages(cmdlet, &template, second, paging, true, false).await
    }

    /// Asks for page after page and hands each on before the next is waited for.
    async fn pages(
        &mut self,
        cmdlet: &Cmdlet,
        template: &Template,
        body: bytes::Bytes,
        mut paging: Paging,
        changes: bool,
        is_what_if: bool,
    ) -> Result<(), Halt> {
        let mut limits = Limits::default();
        limits.max_object_len = self.client.endpoint.max_object_len;
        let mut decoder = Decoder::new(limits);
        let mut seen = HashSet::new();
        let mut request = template.request(body.clone(), paging.page_size());
        loop {
            let page = match self.fetch(cmdlet, &request, changes).await? {
                Outcome::Page(page) => page,
                Outcome::Failed { failure, after_retries } => {
                    return self.fail(cmdlet, &failure, after_retries).await;
                }
            };
            let count = match page.clixml {
                Some(clixml) => {
                    let tape = decoder.decode(clixml).map_err(|error| {
                        let problem = format!("the objects in the answer are no CLIXML: {error}");
                        Error::with_source(Step::Run, Kind::Protocol { problem }, error)
                    })?;
                    let tape = spread(tape);
                    let count = u64::try_from(tape.values().count()).unwrap_or(u64::MAX);
                    if 0 < count {
                        self.emit(PipelineEvent::Output(tape)).await?;
                    }
                    count
                }
                None => 0,
            };
            if let (true, Some(message)) = (is_what_if, page.confirmation.as_deref()) {
                self.emit(PipelineEvent::HostCall(record::what_if(message))).await?;
            }
            let next = page.next_link.filter(|_| paging.goes_on(count));
            for warning in &page.warnings {
                if next.is_none() || !warning.starts_with(MORE_RESULTS) {
                    self.warn(warning).await?;
                }
            }
            for error in &page.errors {
                self.write_error(record::written_error(error, "PrintResultAndCheckForNextPage")).await?;
            }
            let Some(next) = next else { return Ok(()) };
            let next = self.next_address(&next)?;
            request = template.request(body.clone(), paging.page_size());
            request.url = next.into();
            if !seen.insert(request.url.clone()) {
                return Err(wrong(Kind::Protocol {
                    problem: "the service's pages lead in a circle".to_owned(),
                })
                .into());
            }
        }
    }

    /// Where the next page is, when the token may go there.
    fn next_address(&self, link: &str) -> Result<Url, Error> {
        let bad =
            || wrong(Kind::Protocol { problem: "the address of the next page cannot be read".to_owned() });
        let base = Url::parse(&self.client.endpoint.base).map_err(|_| bad())?;
        let next = base.join(link).map_err(|_| bad())?;
        let is_same = next.host_str() == base.host_str()
            && next.port_or_known_default() == base.port_or_known_default();
        if next.scheme() != base.scheme() || !(is_same || is_microsoft_cloud(&host_of(&next))) {
            return Err(wrong(Kind::ForeignPage { from: host_of(&base), to: crate::http::origin_of(&next) }));
        }
        Ok(next)
    }

    /// Sends one request until there is something final to say about it.
    async fn fetch(&self, cmdlet: &Cmdlet, request: &Request, changes: bool) -> Result<Outcome, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            let answer = self.client.transport.send(request).await.map_err(|error| {
                if changes && error.leaves_doubt() {
                    let problem = error.what();
                    return Error::with_source(
                        Step::Run,
                        Kind::OutcomeUnknown { command: cmdlet.name.clone(), problem },
                        error,
                    );
                }
                error
            })?;
            if (200..300).contains(&answer.status) {
                match Page::decode(&answer.body) {
                    Ok(page) => return Ok(Outcome::Page(page)),
                    Err(AnswerError::Failure) => {}
                    Err(error) => {
                        let problem = error.to_string();
                        return Err(Error::with_source(Step::Run, Kind::Protocol { problem }, error));
                    }
                }
            }
            let failure = Failure::of(&answer);
            let verdict = judge(&failure, tries, changes);
            tracing::debug!(status = failure.status, tries, ?verdict, "the service refused a request");
            match verdict {
                Verdict::Wait(time) => self.client.transport.wait(time).await,
                Verdict::Renew(time, claims) => {
                    self.client.transport.wait(time).await;
                    self.client.transport.renew(claims.as_deref()).await?;
                }
                Verdict::Final => return Ok(Outcome::Failed { failure, after_retries: false }),
                Verdict::Exhausted => return Ok(Outcome::Failed { failure, after_retries: true }),
            }
        }
    }

    async fn fail(&self, cmdlet: &Cmdlet, failure: &Failure, after_retries: bool) -> Result<(), Halt> {
        if after_retries {
            self.write_error(record::written_error(ENOUGH, "CheckRetryAndHandleWaitTime")).await?;
        }
        self.write_error(failure.record(&cmdlet.name)).await
    }

    async fn write_error(&self, tape: Tape) -> Result<(), Halt> {
        self.emit(PipelineEvent::Error(tape)).await
    }

    async fn warn(&self, message: &str) -> Result<(), Halt> {
        self.emit(PipelineEvent::Warning(record::warning(message))).await
    }

    async fn emit(&self, event: PipelineEvent) -> Result<(), Halt> {
        self.events.send(Ok(event)).await.map_err(|_| Halt::Gone)
    }
}

/// Whether the first request is only a rehearsal: always when the caller said `-Confirm`, never when the caller said
/// `-Confirm:$false`, else when the change weighs enough.
fn asks_first(cmdlet: &Cmdlet, confirm: Confirm, given: Option<bool>) -> bool {
    let from = match confirm {
        // What PowerShell starts with.
        Confirm::Refuse => ConfirmImpact::High,
        Confirm::From(impact) => impact,
    };
    let weighs = from != ConfirmImpact::None && from <= cmdlet.confirm_impact;
    cmdlet.supports_should_process && given.unwrap_or(weighs)
}

/// Whether a second request could do harm when the first one was carried out unseen.
fn changes_something(cmdlet: &Cmdlet) -> bool {
    let verb = cmdlet.name.split('-').next().unwrap_or_default();
    !READING_VERBS.iter().any(|reading| reading.eq_ignore_ascii_case(verb))
}

/// A list alone on a page is written item by item, as PowerShell does with what a function gives back.
fn spread(tape: Tape) -> Tape {
    let mut values = tape.values();
    let (Some(only), None) = (values.next(), values.next()) else { return tape };
    let is_list = matches!(
        only.base().map(psrp::clixml::Value::kind),
        Some(ClixmlKind::List | ClixmlKind::Enumerable | ClixmlKind::Stack | ClixmlKind::Queue)
    );
    if !is_list {
        return tape;
    }
    let mut body = Vec::new();
    let mut encoder = Encoder::new(&mut body);
    only.items().for_each(|item| encoder.value(item));
    psrp::clixml::decode(body).unwrap_or(tape)
}

fn of_parameter(cmdlet: &Cmdlet, error: super::ParameterError) -> Error {
    let kind = Kind::Parameter { command: cmdlet.name.clone(), problem: error.to_string() };
    Error::with_source(Step::Run, kind, error)
}

fn wrong(kind: Kind) -> Error {
    Error::new(Step::Run, kind)
}

const READING_VERBS: [&str; 6] = ["Export", "Find", "Get", "Search", "Test", "Trace"];
/// The original's words, which scripts look for.
const ENOUGH: &str = "Maximum retry count reached.";
const CUT: &str = "Resulting JSON is truncated as serialization has exceeded the set depth of 10.";
const MORE_RESULTS: &str = "There are more results available than are currently displayed";
