//! Remote shells: who may use each, and what answers in it.

mod child;
mod confirm;
mod listed;
mod output;
mod relay;
mod run;
mod runspace;
mod secret;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio::sync::Notify;
use uuid::Uuid;
use wsman::StreamChunk;

use crate::Service;
use crate::config::Backend;
use crate::shell::relay::Relay;
use crate::shell::runspace::Runspace;

/// Every shell of the lab.
#[derive(Debug)]
pub(crate) struct Shells {
    live: Mutex<HashMap<String, Arc<Shell>>>,
    limit_per_user: u32,
    /// A shell is found by its cookies only.
    affinity: bool,
}

/// One shell.
pub(crate) struct Shell {
    /// As the client knows it.
    id: String,
    owner: String,
    resource_uri: String,
    /// What the client's cookies must say for requests to come here; `None`: they need none.
    affinity: Option<Affinity>,
    idle_limit: Duration,
    client: Mutex<Client>,
    usage: Mutex<Usage>,
    inside: Inside,
}

/// What a client asks of a new shell.
pub(crate) struct Wanted<'a> {
    /// The name it would like.
    pub(crate) id: Option<&'a str>,
    pub(crate) resource_uri: &'a str,
    pub(crate) idle_limit: Duration,
    /// The session id of its requests.
    pub(crate) client: Option<Uuid>,
}

/// What answers in a shell.
enum Inside {
    /// The lab's own server.
    Runspace(Arc<Runspace>),
    /// A PowerShell process.
    Relay(Relay),
}

/// Whose shell it is now (MS-WSMV 3.1.4.1.37).
#[derive(Debug, Clone, Copy)]
struct Client {
    /// The session id of its requests.
    id: Option<Uuid>,
    has_left: bool,
}

struct Usage {
    last_used: Instant,
    requests_in_flight: u32,
}

/// The two cookies that lead a client back to the server that has its shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Affinity {
    pub(crate) front: String,
    pub(crate) back: String,
}

impl Affinity {
    fn new() -> Self {
        Self { front: Uuid::new_v4().simple().to_string(), back: Uuid::new_v4().simple().to_string() }
    }
}

/// Why a shell cannot do what was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ShellError {
    /// The user has as many shells as allowed.
    Quota { limit: u32 },
    /// The shell, or the command in it, does not exist any more.
    Gone,
    /// The shell, or the command in it, ended while the request waited.
    Aborted,
    /// It has a client, and that is another one.
    HasClient,
    /// What answers in the shell can be left and come back to, but not be given to another client.
    CannotMove,
    /// Too many commands run in the shell.
    TooManyCommands { limit: usize },
    /// What the client sent is no PSRP.
    Protocol(String),
    /// The process that was to answer in the shell does not start.
    NotStarted(String),
}

/// What a Receive brings.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Option<Vec<u8>>,
    pub(crate) is_done: bool,
}

/// Looks for output until there is some, each time that something changed, or until the time is over: `None`.
async fn output_within(
    wait: Duration,
    changed: &Notify,
    look: impl Fn() -> Result<Option<Received>, ShellError>,
) -> Result<Option<Received>, ShellError> {
    let deadline = tokio::time::Instant::now() + wait;
    let mut is_first_look = true;
    loop {
        let changed = changed.notified();
        tokio::pin!(changed);
        // Registered before the look, so that nothing falls between.
        changed.as_mut().enable();
        match look() {
            Ok(Some(received)) => return Ok(Some(received)),
            Ok(None) => {}
            // It was there when the wait began.
            Err(ShellError::Gone) if !is_first_look => return Err(ShellError::Aborted),
            Err(error) => return Err(error),
        }
        is_first_look = false;
        if tokio::time::timeout_at(deadline, changed).await.is_err() {
            return Ok(None);
        }
    }
}

impl Shells {
    pub(crate) fn new(limit_per_user: u32, affinity: bool) -> Self {
        Self { live: Mutex::default(), limit_per_user, affinity }
    }

    pub(crate) fn len(&self) -> usize {
        self.lock().values().filter(|shell| !shell.is_dead()).count()
    }

    /// Commands that have not ended, in all of them; of PowerShell processes none are known.
    pub(crate) fn running_commands(&self) -> usize {
        let running = |shell: &Arc<Shell>| match &shell.inside {
            Inside::Runspace(runspace) => runspace.lock().running(),
            Inside::Relay(_) => 0,
        };
        self.lock().values().map(running).sum()
    }

    /// Makes a shell for `owner`, unless they have as many as allowed.
    pub(crate) async fn create(
        &self,
        service: &Arc<Service>,
        owner: &str,
        wanted: Wanted<'_>,
        creation: Bytes,
    ) -> Result<Arc<Shell>, ShellError> {
        let shell = {
            let mut live = self.lock();
            live.retain(|_, shell| !shell.is_dead());
            let owned = live.values().filter(|shell| shell.owner.eq_ignore_ascii_case(owner)).count();
            if live.len() >= MAX_SHELLS || u32::try_from(owned).unwrap_or(u32::MAX) >= self.limit_per_user {
                return Err(ShellError::Quota { limit: self.limit_per_user });
            }
            let id = match wanted.id {
                Some(id) if !id.is_empty() && id.len() <= MAX_ID_LEN && !live.contains_key(&key(id)) => {
                    id.to_owned()
                }
                _ => Uuid::new_v4().to_string().to_ascii_uppercase(),
            };
            let inside = match &service.backend {
                Backend::Builtin => Inside::Runspace(Arc::new(Runspace::new())),
                Backend::Pwsh { configuration_file } => {
                    Inside::Relay(Relay::start(configuration_file.as_deref())?)
                }
            };
            let affinity = self.affinity.then(Affinity::new);
            let shell = Arc::new(Shell::new(id, owner, &wanted, affinity, inside));
            live.insert(key(&shell.id), Arc::clone(&shell));
            shell
        };
        let stdin = StreamChunk { name: "stdin".into(), command_id: None, end: false, bytes: creation };
        match shell.send(service, stdin).await {
            Ok(()) => Ok(shell),
            Err(error) => {
                self.delete(&shell.id).await;
                Err(error)
            }
        }
    }

    /// The shell of this name, for a client with these cookies. To others it does not exist.
    pub(crate) fn find(&self, id: &str, owner: &str, affinity: Option<&Affinity>) -> Option<Arc<Shell>> {
        let live = self.lock();
        let shell = live.get(&key(id))?;
        let is_here = shell.affinity.is_none() || affinity == shell.affinity.as_ref();
        let is_theirs = shell.owner.eq_ignore_ascii_case(owner) && is_here;
        (is_theirs && !shell.is_dead()).then(|| Arc::clone(shell))
    }

    /// The shell of this name, for a client of its owner that has never been there and so has no cookies.
    pub(crate) fn find_left(&self, id: &str, owner: &str) -> Option<Arc<Shell>> {
        let live = self.lock();
        let shell = live.get(&key(id))?;
        (shell.owner.eq_ignore_ascii_case(owner) && !shell.is_dead()).then(|| Arc::clone(shell))
    }

    /// Ends a shell; its commands stop.
    pub(crate) async fn delete(&self, id: &str) {
        let removed = self.lock().remove(&key(id));
        if let Some(shell) = removed {
            match &shell.inside {
                Inside::Runspace(runspace) => runspace.close(),
                Inside::Relay(relay) => relay.close().await,
            }
        }
    }

    /// Ends every shell that nobody has used for longer than it may lie idle.
    pub(crate) async fn sweep(&self) {
        let idle: Vec<String> =
            self.lock().values().filter(|shell| shell.is_idle()).map(|shell| shell.id.clone()).collect();
        for id in idle {
            self.delete(&id).await;
        }
    }

    /// Ends all of them at once; a PowerShell process is not asked first.
    pub(crate) fn close_all(&self) {
        let all: Vec<Arc<Shell>> = self.lock().drain().map(|(_, shell)| shell).collect();
        for shell in all {
            match &shell.inside {
                Inside::Runspace(runspace) => runspace.close(),
                Inside::Relay(relay) => relay.kill(),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Shell>>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shell {
    fn new(id: String, owner: &str, wanted: &Wanted<'_>, affinity: Option<Affinity>, inside: Inside) -> Self {
        let usage = Usage { last_used: Instant::now(), requests_in_flight: 0 };
        Self {
            id,
            owner: owner.to_owned(),
            resource_uri: wanted.resource_uri.to_owned(),
            affinity,
            idle_limit: wanted.idle_limit,
            client: Mutex::new(Client { id: wanted.client, has_left: false }),
            usage: Mutex::new(usage),
            inside,
        }
    }

    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn affinity(&self) -> Option<&Affinity> {
        self.affinity.as_ref()
    }

    pub(crate) fn idle_limit(&self) -> Duration {
        self.idle_limit
    }

    /// Counts a request, so that the shell is not idle while it lasts.
    pub(crate) fn begin_request(self: &Arc<Self>) -> InUse {
        self.usage().requests_in_flight += 1;
        InUse(Arc::clone(self))
    }

    /// Starts a command: its first bytes name it.
    pub(crate) async fn command(
        &self,
        service: &Arc<Service>,
        id: Uuid,
        arguments: Bytes,
    ) -> Result<(), ShellError> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.command(service, id, arguments),
            Inside::Relay(relay) => relay.command(id, arguments).await,
        }
    }

    /// Takes fragments from a Create or a Send and does what they ask.
    pub(crate) async fn send(&self, service: &Arc<Service>, chunk: StreamChunk) -> Result<(), ShellError> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.handle_bytes(service, chunk.bytes),
            Inside::Relay(relay) => relay.send(&chunk).await,
        }
    }

    /// Waits for output of a command, or of the shell itself, until the time is over. `None`: there was none.
    pub(crate) async fn receive(
        &self,
        command_id: Option<Uuid>,
        max_len: usize,
        wait: Duration,
    ) -> Result<Option<Received>, ShellError> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.receive(command_id, max_len, wait).await,
            Inside::Relay(relay) => relay.receive(command_id, max_len, wait).await,
        }
    }

    /// Stops a command and waits until it has ended; it tells its client so.
    pub(crate) async fn stop(&self, pid: Uuid) -> Result<(), ShellError> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.stop(pid).await,
            Inside::Relay(relay) => relay.stop(pid).await,
        }
    }

    /// Forgets a command; the client is done with it.
    pub(crate) async fn terminate(&self, pid: Uuid) -> Result<(), ShellError> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.terminate(pid).await,
            Inside::Relay(relay) => relay.terminate(pid).await,
        }
    }

    /// The client leaves the shell, which goes on without it. `drops`: output for which there is no room is lost; a
    /// PowerShell process waits in any case.
    pub(crate) fn disconnect(&self, drops: bool) -> Result<(), ShellError> {
        match &self.inside {
            Inside::Runspace(runspace) => runspace.disconnect(drops)?,
            Inside::Relay(relay) => relay.set_left(true),
        }
        self.client().has_left = true;
        Ok(())
    }

    /// The client that has left is back; another one is refused, and the one that is there does no harm.
    pub(crate) fn reconnect(&self, client: Option<Uuid>, command_id: Option<Uuid>) -> Result<(), ShellError> {
        let mut present = self.client();
        if present.id != client {
            return Err(ShellError::HasClient);
        }
        let has_command = |pid| match &self.inside {
            Inside::Runspace(runspace) => runspace.has_command(pid),
            Inside::Relay(relay) => relay.has_command(pid),
        };
        if command_id.is_some_and(|pid| !has_command(pid)) {
            return Err(ShellError::Gone);
        }
        if std::mem::take(&mut present.has_left) {
            match &self.inside {
                Inside::Runspace(runspace) => runspace.reconnect()?,
                Inside::Relay(relay) => relay.set_left(false),
            }
        }
        Ok(())
    }

    /// Another client takes over a shell that has none, then commands of it.
    pub(crate) fn connect(
        &self,
        client: Option<Uuid>,
        command_id: Option<Uuid>,
        opening: Option<Bytes>,
    ) -> Result<Option<Vec<u8>>, ShellError> {
        let Inside::Runspace(runspace) = &self.inside else { return Err(ShellError::CannotMove) };
        let mut present = self.client();
        match (command_id, opening) {
            (Some(pid), _) if present.id == client && runspace.has_command(pid) => Ok(None),
            (Some(_), _) => Err(ShellError::Gone),
            (None, Some(opening)) if present.has_left => {
                let answer = runspace.connect(opening)?;
                *present = Client { id: client, has_left: false };
                Ok(Some(answer))
            }
            (None, Some(_)) => Err(ShellError::HasClient),
            (None, None) => Err(ShellError::Protocol("a Connect has no connectXml".to_owned())),
        }
    }

    fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_idle(&self) -> bool {
        let usage = self.usage();
        usage.requests_in_flight == 0 && self.idle_limit < usage.last_used.elapsed()
    }

    /// The process in it has ended by itself.
    fn is_dead(&self) -> bool {
        matches!(&self.inside, Inside::Relay(relay) if relay.is_closed())
    }

    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shell").field("id", &self.id).finish_non_exhaustive()
    }
}

/// A request that uses a shell, as long as it lasts.
#[derive(Debug)]
pub(crate) struct InUse(Arc<Shell>);

impl Drop for InUse {
    fn drop(&mut self) {
        let mut usage = self.0.usage();
        usage.requests_in_flight = usage.requests_in_flight.saturating_sub(1);
        usage.last_used = Instant::now();
    }
}

/// Shell names are compared without regard to case.
fn key(id: &str) -> String {
    id.to_ascii_uppercase()
}

const MAX_SHELLS: usize = 1_000;
const MAX_ID_LEN: usize = 128;
