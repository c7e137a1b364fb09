//! `InvokeCommand`: one cmdlet, by name and parameters.

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::Service;
use crate::adminapi::answer::Answer;
use crate::adminapi::argument::{self, Unreadable};
use crate::adminapi::catalog::{self, Area, Entry};
use crate::adminapi::gate::Caller;
use crate::adminapi::page::{self, Body};
use crate::adminapi::paging::{self, Cursor, CursorState, Page, PagedOutput};
use crate::adminapi::value::{Format, Item};
use crate::adminapi::{confirm, failure, objects};
use crate::cmdlets::{self, Argument, Bound, CmdletError, Halt, Invocation};
use crate::fault::FaultKind;

/// One call as it came in, alone or in a batch.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) caller: Caller,
    pub(super) body: Bytes,
    pub(super) page_len: usize,
    pub(super) format: Format,
    /// `$skiptoken` of the query.
    pub(super) token: Option<String>,
}

impl Call {
    pub(super) fn from_request(head: &Parts, body: &Bytes, caller: Caller) -> Self {
        let header = |name: &str| header_text(&head.headers, name);
        Self::new(header, head.uri.query().unwrap_or_default(), body.clone(), caller)
    }

    pub(super) fn new(
        header: impl Fn(&str) -> Option<String>,
        query: &str,
        body: Bytes,
        caller: Caller,
    ) -> Self {
        let prefer = header("prefer").unwrap_or_default();
        let page_len = prefer.split([';', ',']).find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("odata.maxpagesize").then(|| value.trim().parse().ok()).flatten()
        });
        let select = query.split('&').filter_map(|pair| pair.split_once('='));
        let select = select.filter(|(name, _)| name.eq_ignore_ascii_case("$select"));
        Self {
            caller,
            body,
            page_len: page_len.unwrap_or(MAX_PAGE_LEN).clamp(1, MAX_PAGE_LEN),
            format: Format {
                is_clixml: header("x-responseformat")
                    .is_some_and(|format| format.eq_ignore_ascii_case("clixml")),
                selected: select
                    .flat_map(|(_, names)| names.split(','))
                    .map(|name| name.trim().to_owned())
                    .collect(),
            },
            token: paging::token_of(query).map(ToOwned::to_owned),
        }
    }
}

/// A header's text.
pub(super) fn header_text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(ToOwned::to_owned)
}

/// Runs the call, or continues the one that the token means.
pub(super) async fn answer(service: &Arc<Service>, call: Call) -> Answer {
    let input: Value = match serde_json::from_slice(&call.body) {
        Ok(input) => input,
        Err(error) => return Answer::bad_request(&format!("The request body is not JSON: {error}.")),
    };
    let Some(input) = input.get("CmdletInput") else {
        return Answer::bad_request("The request body has no member 'CmdletInput'.");
    };
    let Some(name) = input.get("CmdletName").and_then(Value::as_str) else {
        return Answer::bad_request("The member 'CmdletInput' has no member 'CmdletName'.");
    };
    let parameters = match input.get("Parameters") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(parameters)) => parameters.clone(),
        Some(_) => return Answer::bad_request("The member 'Parameters' is not an object."),
    };
    if let Some(token) = &call.token {
        return next_page(service, &call, token, input).await;
    }
    start(service, &call, name, &parameters, input).await
}

/// A cmdlet that is ready to run.
struct Ready {
    /// `None`: only recorded documents answer.
    entry: Option<&'static Entry>,
    name: String,
    bound: Bound,
}

async fn start(
    service: &Arc<Service>,
    call: &Call,
    name: &str,
    parameters: &Map<String, Value>,
    input: &Value,
) -> Answer {
    let caller = &call.caller;
    let described = catalog::named(name);
    let offered = described.or_else(|| {
        // Cmdlets that only recorded documents answer have one description for all.
        catalog::recorded().filter(|_| !service.recordings.answering(name, false).is_empty())
    });
    if !offered.is_some_and(|entry| entry.is_offered(caller.role, caller.host)) {
        return refused(caller.host);
    }
    let entry = described;
    let bound = match entry {
        None => Bound::default(),
        Some(entry) => match bind(service, entry, parameters) {
            Ok(bound) => bound,
            Err(answer) => return *answer,
        },
    };
    let ready = Ready { entry, name: name.to_owned(), bound };
    let is_question = ready.bound.is_on("Confirm") || ready.bound.is_on("WhatIf");
    if let Some(entry) = entry.filter(|entry| is_question && entry.impact.is_some()) {
        return ask(service, call, entry, ready).await;
    }
    service.executions.note(entry.map_or(name, |entry| entry.name));
    let bound = ready.bound.clone();
    let mut pages = run(service, ready, call.page_len, call.format.clone());
    let Some(page) = pages.recv().await else {
        return Answer::refusal(500, "InternalServerError", "The cmdlet ended without an answer.");
    };
    let looped = service.faults.take(|kind| *kind == FaultKind::NextLinkLoop).is_some();
    if !page.has_more && !looped {
        return page::answer(service, call, page, &bound, None);
    }
    let id = Uuid::new_v4();
    let number = if looped { FIRST_PAGE } else { FIRST_PAGE + 1 };
    let link = link(service, call, id, number);
    let answer = page::answer(service, call, page, &bound, Some(link));
    let state = CursorState { pages, served: (FIRST_PAGE, answer.clone()) };
    let cursor = Cursor {
        owner: call.caller.upn.clone(),
        input: input.clone(),
        state: tokio::sync::Mutex::new(state),
    };
    service.adminapi.cursors.add(id, cursor);
    answer
}

/// Checks the parameters as the cmdlet's own binder does.
fn bind(service: &Service, entry: &Entry, parameters: &Map<String, Value>) -> Result<Bound, Box<Answer>> {
    let identity = parameters.get("Identity").and_then(Value::as_str);
    let refuse = |mut error: CmdletError| {
        error.target = error.target.or_else(|| identity.map(ToOwned::to_owned));
        Box::new(failure::answer(&error, &Bound::default()))
    };
    let arguments = argument::read(parameters, entry, &service.adminapi)
        .map_err(|Unreadable(message)| refuse(CmdletError::invalid(entry.cmdlet, message)))?;
    let bound = cmdlets::bind(entry.cmdlet, arguments).map_err(refuse)?;
    cmdlets::require_mandatory(entry.cmdlet, &bound).map_err(refuse)?;
    if let Some(Some(..=0)) = bound.argument("ResultSize").and_then(Argument::limit) {
        return Err(refuse(CmdletError::invalid(entry.cmdlet, "ResultSize must be greater than 0.")));
    }
    Ok(bound)
}

/// Says what would happen. Nothing happens, but whatever would refuse the change refuses now.
async fn ask(service: &Arc<Service>, call: &Call, entry: &'static Entry, ready: Ready) -> Answer {
    let message = confirm::message(entry.cmdlet, &ready.bound);
    let bound = ready.bound.clone();
    let mut preview = ready;
    preview.bound = with_what_if(entry, preview.bound);
    let page = run(service, preview, MAX_PAGE_LEN, Format::default()).recv().await.unwrap_or_default();
    let failed = page.failure.as_ref().or(page.errors.first());
    if let Some(error) = failed {
        return failure::answer(error, &bound);
    }
    let mut body = Body::new(&call.caller.base);
    body.member("@adminapi.confirmationmessage", &message.into());
    if !page.warnings.is_empty() {
        body.member("@adminapi.warnings", &page.warnings.into());
    }
    Answer::ok(body.finish(&call.format.text(&[])))
}

/// The same call as a preview.
fn with_what_if(entry: &Entry, bound: Bound) -> Bound {
    if bound.is_on("WhatIf") {
        return bound;
    }
    let mut preview = Bound::default();
    for (parameter, argument) in bound.iter().filter(|(parameter, _)| parameter.name != "WhatIf") {
        preview.push(parameter, argument.clone());
    }
    if let Some(what_if) = entry.cmdlet.all_parameters().find(|parameter| parameter.name == "WhatIf") {
        preview.push(what_if, Argument::Bool(true));
    }
    preview
}

/// Runs the cmdlet on a thread of its own: it waits when nobody asks for its next page.
fn run(service: &Arc<Service>, ready: Ready, page_len: usize, format: Format) -> mpsc::Receiver<Page> {
    let (sender, pages) = mpsc::channel(1);
    let service = Arc::clone(service);
    let runtime = Handle::current();
    tokio::task::spawn_blocking(move || {
        let mut output = PagedOutput::new(sender, page_len, format, runtime);
        let outcome = run_cmdlet(&service, &ready, &mut output);
        output.finish(outcome);
    });
    pages
}

fn run_cmdlet(service: &Service, ready: &Ready, output: &mut PagedOutput) -> Result<(), Halt> {
    if let Some(FaultKind::HugeMessage(len)) =
        service.faults.take(|kind| matches!(kind, FaultKind::HugeMessage(_)))
    {
        output.push(Item::Text("x".repeat(usize::try_from(len).unwrap_or(0))))?;
    }
    let recorded = service.recordings.answering(&ready.name, ready.entry.is_some());
    if !recorded.is_empty() {
        for document in recorded {
            let document = document.read().map_err(|message| recording_error(&ready.name, message))?;
            let document = Arc::new(document);
            for value in document.values() {
                output.push(Item::Recorded(Arc::clone(&document), value.index()))?;
            }
        }
        return Ok(());
    }
    let Some(entry) = ready.entry else {
        return Err(CmdletError::unknown_command(&ready.name).into());
    };
    let mut invocation = Invocation::new(entry.cmdlet, &ready.bound, &service.organization, output);
    if entry.is_built_in {
        (entry.cmdlet.run)(&mut invocation)
    } else {
        objects::run(&service.adminapi.objects, &mut invocation)
    }
}

fn recording_error(name: &str, message: String) -> CmdletError {
    let mut error = CmdletError::unknown_command(name);
    error.message = message;
    error
}

/// The page after the last one, or the last one again.
async fn next_page(service: &Arc<Service>, call: &Call, token: &str, input: &Value) -> Answer {
    let gone = || Answer::bad_request("The skip token is not valid any more. Run the command again.");
    let Some((id, number)) = paging::parse_token(token) else {
        return gone();
    };
    let cursor = service.adminapi.cursors.find(id).filter(|cursor| cursor.owner == call.caller.upn);
    let Some(cursor) = cursor else {
        return gone();
    };
    if cursor.input != *input {
        return Answer::bad_request("The skip token belongs to another command or to other parameters.");
    }
    let mut state = cursor.state.lock().await;
    let (served, answer) = &state.served;
    if *served == number {
        return answer.clone();
    }
    if served.checked_add(1) != Some(number) {
        return gone();
    }
    let Some(page) = state.pages.recv().await else {
        return gone();
    };
    let next = page.has_more.then(|| link(service, call, id, number.saturating_add(1)));
    let answer = page::answer(service, call, page, &Bound::default(), next);
    state.served = (number, answer.clone());
    answer
}

fn link(service: &Service, call: &Call, id: Uuid, number: u32) -> String {
    let foreign = service.faults.take(|kind| *kind == FaultKind::NextLinkForeign).is_some();
    let base =
        if foreign { "https://attacker.invalid/adminapi/beta/organizations" } else { &call.caller.base };
    format!("{base}/InvokeCommand?$skiptoken={}-{number}", id.simple())
}

/// 403: the cmdlet is not among those that the caller's roles give.
fn refused(host: Area) -> Answer {
    match host {
        Area::Compliance => Answer::forbidden(),
        Area::Exchange | Area::Both => Answer { status: 403, headers: Vec::new(), body: Bytes::new() },
    }
}

const FIRST_PAGE: u32 = 1;
/// What the service puts on a page at most, whatever the client prefers.
const MAX_PAGE_LEN: usize = 1_000;
