//! The remote PowerShell endpoint: WSMan over HTTPS, with Exchange's habits.

mod answer;
mod gate;
pub(crate) mod replay;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::extract::{Request as HttpRequest, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use uuid::Uuid;
use wsman::{
    BufferMode, CommandState, CreateResponse, Fault, FaultCode, MIN_MAX_ENVELOPE_LEN, Operation,
    ReceiveResponse, Reply, Request, ShellId, Signal, StreamChunk,
};

use crate::fault::{FaultKind, Stage};
use crate::negotiate::Connection;
use crate::shell::{Affinity, Shell, ShellError, Wanted};
use crate::wsman::answer::Answer;
use crate::wsman::replay::Turn;
use crate::{Service, cookie};

/// Everything below `/powershell-liveid`, `/powershell` and `/wsman`; nothing else is here.
pub(crate) async fn endpoint(State(service): State<Arc<Service>>, request: HttpRequest) -> Response {
    let path = request.uri().path().to_ascii_lowercase();
    if !["/powershell-liveid", "/powershell", "/wsman"].contains(&path.trim_end_matches('/')) {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Some(response) = gate::misbehave(&service, request.uri()) {
        return response;
    }
    let admitted = match gate::admit(&service, request).await {
        Ok(admitted) => admitted,
        Err(response) => return *response,
    };
    let request = match Request::decode(&admitted.body) {
        Ok(request) => request,
        Err(error) => {
            let mut fault = Fault::new(FaultCode::Sender, format!("The request is not valid: {error}."));
            fault.subcode = Some("SchemaValidationError".to_owned());
            return Answer::fault(Reply::to_unreadable(Uuid::new_v4()).build_fault(&fault))
                .send(&service, None, &admitted);
        }
    };
    let caller = Caller { user: admitted.user.clone(), affinity: affinity(&admitted.headers) };
    let stage = stage_of(&request.operation);
    if stage.is_some_and(|stage| service.faults.hangs(stage)) {
        service.hung.fetch_add(1, Ordering::Release);
        std::future::pending::<()>().await;
    }
    if let Some(response) = answer::instead_of_acting(&service, stage) {
        return response;
    }
    answer_once(&service, caller, request).await.send(&service, stage, &admitted)
}

/// Acts on a request, unless the client says that it repeats one: then it gets the answer that was kept.
async fn answer_once(service: &Arc<Service>, caller: Caller, request: Request) -> Answer {
    let reply = Reply::to(&request, Uuid::new_v4());
    let (Some(replays), Some(operation_id)) = (&service.replays, request.operation_id.clone()) else {
        return answer_with(service, &caller, request, &reply.without_operation_id()).await;
    };
    let mut kept = match replays.turn(&caller.user, &operation_id, request.again) {
        Turn::Refuse => {
            let mut fault = Fault::new(FaultCode::Sender, "The operation id was used before.");
            fault.subcode = Some("InvalidMessageInformationHeader".to_owned());
            return Answer::fault(reply.build_fault(&fault));
        }
        Turn::Act(keep) => {
            let kept = keep.subscribe();
            let service = Arc::clone(service);
            // On a task of its own: what was begun goes on when the connection breaks.
            tokio::spawn(async move {
                let answer = answer_with(&service, &caller, request, &reply).await;
                // Nobody may be left to take it now.
                let _ = keep.send(Some(answer));
            });
            kept
        }
        Turn::Wait(kept) => kept,
    };
    let answer = kept.wait_for(Option::is_some).await.ok().and_then(|answer| answer.clone());
    answer.unwrap_or_else(|| Answer::fault(Reply::to_unreadable(Uuid::new_v4()).build_fault(&aborted())))
}

async fn answer_with(service: &Arc<Service>, caller: &Caller, request: Request, reply: &Reply) -> Answer {
    match act(service, caller, request, reply).await {
        Ok(answer) => answer,
        Err(fault) => Answer::fault(reply.build_fault(&fault)),
    }
}

/// Where scripted trouble can befall a request.
fn stage_of(operation: &Operation) -> Option<Stage> {
    Some(match operation {
        Operation::Create { .. } => Stage::Create,
        Operation::Command { .. } => Stage::Command,
        Operation::Send { .. } => Stage::Send,
        Operation::Receive { command_id: Some(_), .. } => Stage::Receive,
        Operation::Signal { .. } => Stage::Signal,
        Operation::Delete { .. } => Stage::Delete,
        _ => return None,
    })
}

/// Who asks, and which server their cookies lead to.
struct Caller {
    user: String,
    affinity: Option<Affinity>,
}

async fn act(
    service: &Arc<Service>,
    caller: &Caller,
    request: Request,
    reply: &Reply,
) -> Result<Answer, Box<Fault>> {
    if request.max_envelope.is_some_and(|len| len < MIN_MAX_ENVELOPE_LEN) {
        let mut fault = Fault::new(
            FaultCode::Sender,
            format!(
                "The WS-Management service cannot process the request: MaxEnvelopeSize is less than {MIN_MAX_ENVELOPE_LEN}."
            ),
        );
        fault.subcode = Some("EncodingLimit".to_owned());
        return Err(Box::new(fault));
    }
    let find = |id: &ShellId| {
        let shell = service.shells.find(id.as_str(), &caller.user, caller.affinity.as_ref());
        shell.ok_or_else(|| Box::new(shell_not_found(id.as_str())))
    };
    let stage = stage_of(&request.operation);
    if answer::is_due(service, stage, stage == Some(Stage::Receive), &FaultKind::ShellGone)
        && let Some(shell_id) = request.operation.shell_id()
    {
        service.shells.delete(shell_id.as_str()).await;
    }
    match request.operation {
        Operation::Create { shell_id, creation_xml, idle_timeout, .. } => {
            let idle = idle_timeout.map_or(service.shell_idle, |asked| asked.min(service.shell_idle));
            let wanted = Wanted {
                id: shell_id.as_ref().map(ShellId::as_str),
                resource_uri: &request.resource_uri,
                idle_limit: idle,
                client: request.session_id,
            };
            let shell = service
                .shells
                .create(service, &caller.user, wanted, creation_xml)
                .await
                .map_err(|error| Box::new(fault_of(&error, "")))?;
            Ok(created(&shell, &caller.user, &request.to, &request.resource_uri, service.shell_idle, reply))
        }
        Operation::Command { shell_id, command_id, arguments } => {
            let shell = find(&shell_id)?;
            let _in_use = shell.begin_request();
            let command_id = command_id.unwrap_or_else(Uuid::new_v4);
            shell
                .command(service, command_id, arguments)
                .await
                .map_err(|error| Box::new(fault_of(&error, shell.id())))?;
            Ok(Answer::good(reply.build_command(command_id)))
        }
        Operation::Send { shell_id, streams } => {
            let shell = find(&shell_id)?;
            let _in_use = shell.begin_request();
            for chunk in streams {
                shell.send(service, chunk).await.map_err(|error| Box::new(fault_of(&error, shell.id())))?;
            }
            Ok(Answer::good(reply.build_send()))
        }
        Operation::Receive { shell_id, command_id, .. } => {
            let shell = find(&shell_id)?;
            let _in_use = shell.begin_request();
            let wait =
                request.operation_timeout.unwrap_or(DEFAULT_OPERATION_TIMEOUT).min(service.receive_wait);
            let max_envelope =
                request.max_envelope.unwrap_or(wsman::FALLBACK_MAX_ENVELOPE_LEN).min(MAX_ENVELOPE_LEN);
            receive(service, &shell, command_id, wait, max_envelope, reply).await
        }
        Operation::Signal { shell_id, command_id, signal } => {
            let shell = find(&shell_id)?;
            let _in_use = shell.begin_request();
            if let Some(command_id) = command_id {
                let signalled = match signal {
                    Some(Signal::CtrlC) => shell.stop(command_id).await,
                    Some(Signal::Terminate) => shell.terminate(command_id).await,
                    _ => return Err(Box::new(Fault::action_not_supported("Signal"))),
                };
                signalled.map_err(|error| Box::new(fault_of(&error, shell.id())))?;
            }
            Ok(Answer::good(reply.build_signal()))
        }
        Operation::Delete { shell_id } => {
            let shell = find(&shell_id)?;
            service.shells.delete(shell.id()).await;
            Ok(Answer::good(reply.build_delete()))
        }
        Operation::Disconnect { shell_id, buffer_mode, .. } => {
            let shell = find(&shell_id)?;
            shell
                .disconnect(buffer_mode == Some(BufferMode::Drop))
                .map_err(|error| Box::new(fault_of(&error, shell.id())))?;
            Ok(Answer::good(reply.build_disconnect()))
        }
        Operation::Reconnect { shell_id, command_id } => {
            let shell = find(&shell_id)?;
            let back = shell.reconnect(request.session_id, command_id);
            back.map_err(|error| Box::new(fault_of(&error, shell.id())))?;
            Ok(Answer::good(reply.build_reconnect()))
        }
        Operation::Connect { shell_id, command_id, connect_xml } => {
            let found = service.shells.find_left(shell_id.as_str(), &caller.user);
            let shell = found.ok_or_else(|| Box::new(shell_not_found(shell_id.as_str())))?;
            let told = shell.connect(request.session_id, command_id, connect_xml);
            let told = told.map_err(|error| Box::new(fault_of(&error, shell.id())))?;
            Ok(Answer { cookies: cookies(&shell), ..Answer::good(reply.build_connect(told.as_deref())) })
        }
        Operation::GetShell { shell_id } => {
            let listed = find(&shell_id)?.listed(service.shell_idle);
            Ok(Answer::good(reply.build_get_shell(&listed)))
        }
        Operation::EnumerateShells => {
            let listed = service.shells.of(&caller.user, service.shell_idle);
            Ok(Answer::good(reply.build_enumerate_shells(&listed)))
        }
        Operation::EnumerateCommands { shell_id } => {
            let found = service.shells.find_left(shell_id.as_str(), &caller.user);
            let shell = found.ok_or_else(|| Box::new(shell_not_found(shell_id.as_str())))?;
            Ok(Answer::good(reply.build_enumerate_commands(&shell_id, &shell.commands())))
        }
        // Reading the configuration takes an administrator of the machine, which no tenant's user is.
        Operation::GetConfig => Err(Box::new(Fault::access_denied())),
        _ => Err(Box::new(Fault::action_not_supported(&request.action))),
    }
}

/// Brings what there is, or says that there was nothing; then the client asks again.
async fn receive(
    service: &Service,
    shell: &Shell,
    command_id: Option<Uuid>,
    wait: Duration,
    max_envelope: u32,
    reply: &Reply,
) -> Result<Answer, Box<Fault>> {
    let max_len = reply.max_stream_len(max_envelope, command_id);
    let received = shell.receive(command_id, max_len, wait).await;
    let received = received.map_err(|error| Box::new(fault_of(&error, shell.id())))?;
    let Some(received) = received else {
        return Err(Box::new(Fault::operation_timeout()));
    };
    let brings_output = command_id.is_some() && received.bytes.is_some();
    let mut bytes = received.bytes;
    // What a shell itself says first belongs to its making.
    let stage = if command_id.is_some() { Stage::Receive } else { Stage::Create };
    if bytes.is_some() && answer::is_due(service, Some(stage), brings_output, &FaultKind::BadFragment) {
        bytes = bytes.map(misnumbered);
    }
    let streams =
        bytes.map(|bytes| StreamChunk { name: "stdout".into(), command_id, end: false, bytes: bytes.into() });
    let state = command_id.map(|command_id| CommandState {
        command_id: Some(command_id),
        done: received.is_done,
        exit_code: received.is_done.then_some(0),
    });
    let envelope = reply
        .build_receive(&ReceiveResponse { streams: streams.into_iter().collect(), command_state: state });
    Ok(Answer { brings_output, ..Answer::good(envelope) })
}

/// The same fragments, the first with a number that is not its turn.
fn misnumbered(mut fragments: Vec<u8>) -> Vec<u8> {
    const FRAGMENT_ID: std::ops::Range<usize> = 8..16;
    if let Some(id) = fragments.get_mut(FRAGMENT_ID) {
        id.copy_from_slice(&7_u64.to_be_bytes());
    }
    fragments
}

fn created(
    shell: &Shell,
    owner: &str,
    to: &str,
    resource_uri: &str,
    max_idle: Duration,
    reply: &Reply,
) -> Answer {
    let created = CreateResponse {
        shell_id: ShellId::new(shell.id()),
        resource_uri: Some(resource_uri.to_owned()),
        owner: Some(owner.to_owned()),
        idle_timeout: Some(shell.idle_limit()),
        max_idle_timeout: Some(max_idle),
    };
    Answer { cookies: cookies(shell), ..Answer::good(reply.build_create(to, resource_uri, &created)) }
}

/// What leads a client back to the server that has its shell.
fn cookies(shell: &Shell) -> Vec<HeaderValue> {
    let Some(affinity) = shell.affinity() else { return Vec::new() };
    let cookies = [
        format!("{COOKIE_FRONT}={}; path=/; secure; HttpOnly", affinity.front),
        format!("{COOKIE_BACK}={}; path=/; secure; HttpOnly", affinity.back),
    ];
    cookies.iter().filter_map(|cookie| HeaderValue::from_str(cookie).ok()).collect()
}

/// Which server the request's cookies lead to; both cookies must be there.
fn affinity(headers: &HeaderMap) -> Option<Affinity> {
    let named = |name| cookie::named(headers, name).map(str::to_owned);
    Some(Affinity { front: named(COOKIE_FRONT)?, back: named(COOKIE_BACK)? })
}

fn fault_of(error: &ShellError, shell_id: &str) -> Fault {
    match error {
        ShellError::Quota { limit } => Fault::shell_quota(*limit),
        ShellError::Gone => shell_not_found(shell_id),
        ShellError::Aborted => aborted(),
        ShellError::HasClient | ShellError::CannotMove => {
            let text = match error {
                ShellError::HasClient => "The shell is connected to another client",
                _ => "This kind of shell cannot be taken over by another client",
            };
            let mut fault = Fault::new(FaultCode::Receiver, format!("{text}."));
            fault.subcode = Some("InternalError".to_owned());
            fault
        }
        ShellError::TooManyCommands { limit } => {
            let mut fault = Fault::new(
                FaultCode::Receiver,
                format!(
                    "The WS-Management service cannot process the request. This user is allowed a maximum number of {limit} \
                     concurrent operations, which has been exceeded. Close existing operations for this user, or raise the \
                     quota for this user."
                ),
            );
            fault.subcode = Some("QuotaLimit".to_owned());
            fault
        }
        ShellError::NotStarted(text) => {
            let mut fault =
                Fault::new(FaultCode::Receiver, format!("The shell could not be started: {text}."));
            fault.subcode = Some("InternalError".to_owned());
            fault
        }
        ShellError::Protocol(text) => {
            let mut fault =
                Fault::new(FaultCode::Sender, format!("Processing data from the client failed: {text}."));
            fault.subcode = Some("InvalidParameter".to_owned());
            fault
        }
    }
}

fn aborted() -> Fault {
    let mut fault = Fault::new(
        FaultCode::Receiver,
        "The I/O operation has been aborted because of either a thread exit or an application request.",
    );
    fault.wsman_code = Some(995);
    fault
}

fn shell_not_found(id: &str) -> Fault {
    Fault::shell_not_found(format!(
        "The request for the Windows Remote Shell with ShellId {id} failed because the shell was not found on the server. \
         Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the server. Provide the \
         correct ShellId or create a new shell and retry the operation."
    ))
}

/// A request that may speak to the endpoint, with its body read and opened.
struct Admitted {
    user: String,
    headers: HeaderMap,
    body: Bytes,
    connection: Connection,
    /// The answer has to be sealed, as the request was.
    is_sealed: bool,
    /// What proves to the caller who this side is.
    proof: Option<HeaderValue>,
}

/// Whether a request's query asks that the password be taken as a token.
fn converts_to_oauth(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| {
        query.split('&').filter_map(|pair| pair.split_once('=')).any(|(name, value)| {
            name.eq_ignore_ascii_case("BasicAuthToOAuthConversion") && value.eq_ignore_ascii_case("true")
        })
    })
}

/// What a server of ours puts into one answer at most, whatever the client would take.
const MAX_ENVELOPE_LEN: u32 = 2 * 1024 * 1024;
const DEFAULT_OPERATION_TIMEOUT: Duration = Duration::from_secs(180);
const COOKIE_FRONT: &str = "MS-WSMAN";
const COOKIE_BACK: &str = "X-BackEndCookie";
