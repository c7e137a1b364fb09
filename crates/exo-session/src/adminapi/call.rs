//! One cmdlet call: made ready, confirmed where it must be, and shown page by page.

use std::collections::HashSet;

use bytes::Bytes;
use psrp::PipelineEvent;
use psrp::clixml::{Decoder, Encoder, Kind as ClixmlKind, Limits, Tape};
use reqwest::Url;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::answer::Page;
use super::batch::{BatchEvent, BatchEventKind};
use super::client::{Outcome, unknown, wrong};
use super::failure::Failure;
use super::paging::{Paging, ResultSize, ResultSizeError};
use super::parameter::Arguments;
use super::request::{Template, body};
use super::{Answer, Client, Confirm, Request, Transport, record};
use crate::catalog::{Cmdlet, ConfirmImpact};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::host::is_microsoft_cloud;
use crate::http::host_of;

/// Why a call ends before its end.
pub(super) enum Halt {
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

/// Where what a call writes goes.
#[derive(Clone, Copy)]
pub(super) enum Output<'a> {
    /// It is all there is.
    Call(&'a mpsc::Sender<Result<PipelineEvent, Error>>),
    /// It is one input of many.
    Input { events: &'a mpsc::Sender<Result<BatchEvent, Error>>, input: u64 },
}

/// A call made ready to be sent.
pub(super) struct Ready<'c> {
    pub(super) cmdlet: &'c Cmdlet,
    pub(super) template: Template,
    pub(super) body: Bytes,
    pub(super) paging: Paging,
    /// The first request is only a rehearsal, and the user is asked after it.
    pub(super) asks: bool,
    pub(super) is_what_if: bool,
    /// Something among the parameters lay too deep to be sent whole.
    was_cut: bool,
}

impl Ready<'_> {
    /// Whether it must not be sent again when it may have been carried out.
    pub(super) fn changes(&self) -> bool {
        !self.asks && !self.is_what_if && changes_something(self.cmdlet)
    }
}

/// Why a call cannot be sent.
pub(super) enum Refused {
    /// An error record says it, and the pipeline goes on.
    Record(Tape),
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What is known of the first page before it is shown.
pub(super) enum First {
    /// Nothing has been sent.
    NotAsked,
    /// This came back in a batch, with any status.
    Answered(Answer),
    /// The answer to the batch has nothing about it.
    Missing,
    /// This came of it in the end.
    Reached(Box<Outcome<Page>>),
}

impl<T: Transport> Client<T> {
    /// Makes a call ready; sends nothing.
    pub(super) fn ready<'c>(
        &self,
        cmdlet: &'c Cmdlet,
        parameters: &Tape,
        confirm: Confirm,
        request_id: Uuid,
    ) -> Result<Ready<'c>, Refused> {
        let arguments = Arguments::new(cmdlet, parameters, self.key.as_ref())
            .map_err(|error| of_parameter(cmdlet, error))?;
        let wanted = match ResultSize::parse(arguments.text("ResultSize").as_deref()) {
            Ok(wanted) => wanted,
            Err(error @ ResultSizeError::NotPositive) => {
                return Err(Refused::Record(record::written_error(&error.to_string(), "Get-ResultSize")));
            }
            Err(error) => {
                let kind = Kind::Parameter { command: cmdlet.name.clone(), problem: error.to_string() };
                return Err(wrong(kind).into());
            }
        };
        let asks = asks_first(cmdlet, confirm, arguments.flag("Confirm"));
        let is_what_if = arguments.flag("WhatIf") == Some(true);
        if asks && !is_what_if && confirm == Confirm::Refuse {
            return Err(wrong(Kind::NeedsConfirmation { command: cmdlet.name.clone() }).into());
        }
        let template = Template::new(&self.endpoint, cmdlet, arguments, request_id);
        let (body, was_cut) =
            body(cmdlet, arguments, asks.then_some(true)).map_err(|error| of_parameter(cmdlet, error))?;
        let page_size = match wanted {
            ResultSize::Unset => self.endpoint.page_size,
            _ => self.endpoint.page_size.min(self.endpoint.streaming_page_size),
        };
        let paging = Paging::new(wanted, page_size);
        Ok(Ready { cmdlet, template, body, paging, asks: asks && !is_what_if, is_what_if, was_cut })
    }
}

/// A call while it is shown.
pub(super) struct Run<'a, T> {
    client: &'a Client<T>,
    output: Output<'a>,
    answers: &'a mut mpsc::UnboundedReceiver<i32>,
    /// An error record has been written.
    pub(super) had_errors: bool,
}

impl<'a, T: Transport> Run<'a, T> {
    pub(super) fn new(
        client: &'a Client<T>,
        output: Output<'a>,
        answers: &'a mut mpsc::UnboundedReceiver<i32>,
    ) -> Self {
        Self { client, output, answers, had_errors: false }
    }

    /// The whole call.
    pub(super) async fn invoke(
        &mut self,
        cmdlet: &Cmdlet,
        parameters: &Tape,
        confirm: Confirm,
    ) -> Result<(), Halt> {
        match self.client.ready(cmdlet, parameters, confirm, Uuid::new_v4()) {
            Ok(ready) => self.go(ready, First::NotAsked, Some(parameters)).await,
            Err(Refused::Record(tape)) => self.write_error(tape).await,
            Err(Refused::Error(error)) => Err(error.into()),
        }
    }

    /// Goes on with a call that is ready. `parameters` are needed again when it asks.
    pub(super) async fn go(
        &mut self,
        mut ready: Ready<'_>,
        first: First,
        parameters: Option<&Tape>,
    ) -> Result<(), Halt> {
        if ready.was_cut {
            self.warn(CUT).await?;
        }
        if let Some(parameters) = parameters.filter(|_| ready.asks) {
            let Some(confirmed) = self.rehearse(&ready, parameters).await? else { return Ok(()) };
            ready.body = confirmed;
            ready.asks = false;
        }
        self.pages(ready, first).await
    }

    /// Has the service say what it would do, and asks. The body of the real request, when the answer is yes.
    async fn rehearse(&mut self, ready: &Ready<'_>, parameters: &Tape) -> Result<Option<Bytes>, Halt> {
        let cmdlet = ready.cmdlet;
        let request = ready.template.request(ready.body.clone(), ready.paging.page_size());
        let page = match self.client.fetch(cmdlet, &request, false, None, Page::decode_answer).await? {
            Outcome::Done(page) => page,
            Outcome::Failed { failure, after_retries } => {
                self.fail(cmdlet, &failure, after_retries).await?;
                return Ok(None);
            }
        };
        let question = record::question(1, page.confirmation.as_deref().unwrap_or_default());
        self.emit(PipelineEvent::HostCall(question)).await?;
        // Nobody left to answer is no yes.
        let answer = self.answers.recv().await.ok_or(Halt::Gone)?;
        if !record::GOES_ON.contains(&answer) {
            return Ok(None);
        }
        let confirmed = Arguments::new(cmdlet, parameters, self.client.key.as_ref())
            .and_then(|arguments| body(cmdlet, arguments, Some(false)))
            .map_err(|error| of_parameter(cmdlet, error))?;
        Ok(Some(confirmed.0))
    }

    /// Asks for page after page and hands each on before the next is waited for.
    async fn pages(&mut self, ready: Ready<'_>, first: First) -> Result<(), Halt> {
        let changes = ready.changes();
        let Ready { cmdlet, template, body, mut paging, is_what_if, .. } = ready;
        let mut limits = Limits::default();
        limits.max_object_len = self.client.endpoint.max_object_len;
        let mut decoder = Decoder::new(limits);
        let mut seen = HashSet::new();
        // What was part of a batch is made again with a batch's headers.
        let mut request = match first {
            First::Answered(_) | First::Missing => {
                template.request_of_batch(body.clone(), paging.page_size())
            }
            First::NotAsked | First::Reached(_) => template.request(body.clone(), paging.page_size()),
        };
        let (mut given, mut reached) = match first {
            First::NotAsked | First::Missing => (None, None),
            First::Answered(answer) => (Some(answer), None),
            First::Reached(outcome) => (None, Some(outcome)),
        };
        loop {
            let outcome = match reached.take() {
                Some(outcome) => *outcome,
                None => {
                    self.client.fetch(cmdlet, &request, changes, given.take(), Page::decode_answer).await?
                }
            };
            let page = match outcome {
                Outcome::Done(page) => page,
                Outcome::Failed { failure, after_retries } => {
                    return self.fail(cmdlet, &failure, after_retries).await;
                }
            };
            let count = match page.clixml {
                Some(clixml) => {
                    let tape = decoder.decode(clixml).map_err(|error| {
                        let problem = format!("the objects in the answer are no CLIXML: {error}");
                        let error = Error::with_source(Step::Run, Kind::Protocol { problem }, error);
                        if changes { unknown(cmdlet, error) } else { error }
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
            request = self.next_request(&template, &body, paging, &next)?;
            if !seen.insert(request.url.clone()) {
                return Err(wrong(Kind::Protocol {
                    problem: "the service's pages lead in a circle".to_owned(),
                })
                .into());
            }
            self.until_read().await?;
        }
    }

    fn next_request(
        &self,
        template: &Template,
        body: &Bytes,
        paging: Paging,
        link: &str,
    ) -> Result<Request, Error> {
        let mut request = template.request(body.clone(), paging.page_size());
        request.url = self.next_address(link)?.into();
        Ok(request)
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

    pub(super) async fn fail(
        &mut self,
        cmdlet: &Cmdlet,
        failure: &Failure,
        after_retries: bool,
    ) -> Result<(), Halt> {
        if after_retries {
            self.write_error(record::written_error(ENOUGH, "CheckRetryAndHandleWaitTime")).await?;
        }
        self.write_error(failure.record(&cmdlet.name)).await
    }

    pub(super) async fn write_error(&mut self, tape: Tape) -> Result<(), Halt> {
        self.had_errors = true;
        self.emit(PipelineEvent::Error(tape)).await
    }

    async fn warn(&self, message: &str) -> Result<(), Halt> {
        self.emit(PipelineEvent::Warning(record::warning(message))).await
    }

    /// Waits until what was written last is being read, so that there is one page more in memory and not two.
    async fn until_read(&self) -> Result<(), Halt> {
        let room = match self.output {
            Output::Call(events) => events.reserve().await.is_ok(),
            Output::Input { events, .. } => events.reserve().await.is_ok(),
        };
        if room { Ok(()) } else { Err(Halt::Gone) }
    }

    async fn emit(&self, event: PipelineEvent) -> Result<(), Halt> {
        match self.output {
            Output::Call(events) => events.send(Ok(event)).await.map_err(|_| Halt::Gone),
            Output::Input { events, input } => {
                let event = BatchEvent { input, kind: BatchEventKind::Event(event) };
                events.send(Ok(event)).await.map_err(|_| Halt::Gone)
            }
        }
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

const READING_VERBS: [&str; 6] = ["Export", "Find", "Get", "Search", "Test", "Trace"];
/// The original's words, which scripts look for.
const ENOUGH: &str = "Maximum retry count reached.";
const CUT: &str = "Resulting JSON is truncated as serialization has exceeded the set depth of 10.";
const MORE_RESULTS: &str = "There are more results available than are currently displayed";
