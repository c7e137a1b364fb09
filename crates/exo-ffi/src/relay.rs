//! Relays: PowerShell speaks the protocol itself, in lines; the library has the way to the server.

use exo_session::{ConnectOptions, Relay, RelayEvent, RelayWriter, relay};
use serde_json::json;

use crate::connect;
use crate::error::{ExoError, Refusal, bad_argument};
use crate::event::{EXO_EVENT_BROKEN, EXO_EVENT_LINE, ExoEvent};
use crate::fence::fence;
use crate::handle::{self, Out, share};
use crate::operation::{ExoOperation, Orders};
use crate::queue::{Sender, queue_within};
use crate::runtime::{self, Threads};
use crate::secrets::{ExoSecret, Secrets};
use crate::session::ExoSession;
use crate::status::ExoStatus;
use crate::text::text;

/// Starts a session in which PowerShell speaks its remoting protocol itself, over WSMan whatever the options say of the
/// carrier. PowerShell's lines are written with `exo_relay_write`; the events are those of connecting, then an
/// `EXO_EVENT_LINE` for each line to PowerShell. Nothing is sent before the first line.
///
/// After `EXO_EVENT_BROKEN` the session is of no more use; lines that still ask for an answer get one. The operation ends
/// with `EXO_STATUS_END` when PowerShell has closed the session. An operation that is freed before deletes its session
/// within two seconds as well as can be done.
///
/// `options` and `secrets` as for `exo_connect_with`.
///
/// # Safety
/// `options` points to `options_len` bytes or is NULL. `secrets` points to `secret_count` secrets or is NULL; their names
/// and bytes are readable. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_relay(
    options: *const u8,
    options_len: usize,
    secrets: *const ExoSecret,
    secret_count: usize,
    out: *mut *mut ExoOperation,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises readable bytes.
        let options = unsafe { text(options, options_len, "options") }?;
        // SAFETY: the caller promises readable secrets.
        let secrets = unsafe { Secrets::copy(secrets, secret_count) }?;
        let (options, _) = connect::options(options, secrets, false)?;
        out.write(handle::give(start(options)?));
        Ok(())
    })
}

/// Starts a session of PowerShell's own in the shell of a connection that is open, beside the connection's own commands; the
/// events are as of `exo_relay`. Over REST, where there is no shell, it opens too, and each of its commands fails. Closing it
/// ends its commands and leaves the connection as it is; a connection that is closed leaves it open, with commands that fail.
///
/// # Safety
/// `session` is a live handle or NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_session_relay(
    session: *const ExoSession,
    out: *mut *mut ExoOperation,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises a live handle or NULL.
        let session = unsafe { share(session) }?;
        let operation = session.relay()?;
        out.write(handle::give(operation));
        Ok(())
    })
}

/// Writes one of PowerShell's lines, with or without its end. Returns at once. After the session's end lines are ignored.
///
/// # Safety
/// `operation` is a live handle or NULL. `line` points to `line_len` bytes or is NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_relay_write(
    operation: *const ExoOperation,
    line: *const u8,
    line_len: usize,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a live handle or NULL.
        let operation = unsafe { share(operation) }?;
        // SAFETY: the caller promises readable bytes.
        let line = unsafe { text(line, line_len, "line") }?;
        let relay = operation
            .relay()
            .ok_or_else(|| bad_argument("operation", format_args!("it was not made by exo_relay")))?;
        Ok(relay.write(line)?)
    })
}

fn start(options: ConnectOptions) -> Result<ExoOperation, Refusal> {
    let threads = runtime::threads()?;
    Ok(serve(&threads, || relay(options)))
}

/// An operation that tells what the relay does which `make` starts.
pub(crate) fn serve(threads: &Threads, make: impl FnOnce() -> (RelayWriter, Relay)) -> ExoOperation {
    let (writer, mut relay) = threads.enter(make);
    let ending = writer.clone();
    threads.finish(async move { ending.ended().await });
    let operation = ExoOperation::start_with(threads, queue_within(ROOM_KIB), |sender, orders| async move {
        pass(&mut relay, &sender, orders).await;
        sender.end(Ok(()));
    });
    operation.with_relay(writer)
}

/// Hands on what the relay tells until it ends or the caller has enough of it.
async fn pass(relay: &mut Relay, sender: &Sender, orders: Orders) {
    loop {
        let event = tokio::select! {
            biased;
            () = orders.cancelled.notified() => None,
            event = relay.next() => event,
        };
        let event = match event {
            Some(RelayEvent::Line(line)) => ExoEvent::text(EXO_EVENT_LINE, line),
            Some(RelayEvent::Connect(event)) => connect::told(event),
            Some(RelayEvent::Broken(error)) => {
                let json = json!({ "code": error.winrm_code() });
                ExoEvent::json(EXO_EVENT_BROKEN, Some(error.to_string()), &json)
                    .with_error(Refusal::from(error).into_error())
            }
            // A kind of news that this interface has no number for yet.
            Some(_) => continue,
            None => return,
        };
        if !sender.send(event).await {
            return;
        }
    }
}

/// How much may wait for PowerShell: what it has not read when a command is stopped, it reads first.
const ROOM_KIB: usize = 256;
