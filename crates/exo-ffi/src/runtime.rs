//! The one runtime of the process: made on the first connect, ended by `exo_shutdown`.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;

use crate::connection::Connection;
use crate::error::{ExoError, Refusal, refuse};
use crate::fence::fence;
use crate::status::{EXO_STATUS_RUNTIME, ExoStatus};

/// Closes the sessions that are still open, waiting at most `timeout_ms` for all of them, and ends the threads of the
/// library. Operations that still run end with `EXO_STATUS_SHUT_DOWN`. Handles stay valid and have to be freed. A later
/// `exo_connect` starts the threads again.
///
/// # Safety
/// `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_shutdown(timeout_ms: u32, err: *mut *mut ExoError) -> ExoStatus {
    fence(err, || {
        let Some(running) = lock().running.take() else {
            return Ok(());
        };
        let until = Instant::now() + Duration::from_millis(timeout_ms.into());
        // Before anything else goes, so that no operation takes the end of its connection, or of the threads that
        // drive it, for a fault of the server.
        running.stop.send_replace(true);
        // The sessions are listed only now: an operation may have connected in its last moment.
        let open = wait_while(until, |library| library.operations != 0).open.clone();
        for connection in &open {
            // One that is closing already is waited for as well.
            let _ = connection.start_close();
        }
        wait_until_closed(&open, until);
        // The caller may end the process next, and the system's Kerberos library must not be in use then.
        running.runtime.shutdown_timeout(THREADS_LIMIT);
        Ok(())
    })
}

/// The threads of the library, as long as they run.
#[derive(Clone)]
pub(crate) struct Threads {
    handle: Handle,
    stopping: watch::Receiver<bool>,
}

impl Threads {
    /// Starts an operation's task; `exo_shutdown` drops it, and waits until it is gone.
    pub(crate) fn operate(&self, task: impl Future<Output = ()> + Send + 'static) {
        let counted = Counted::new(|library| &mut library.operations);
        let mut stopping = self.stopping.clone();
        self.handle.spawn(async move {
            tokio::select! {
                biased;
                _ = stopping.wait_for(|stop| *stop) => {}
                () = task => {}
            }
            drop(counted);
        });
    }

    /// Runs a future on the caller's thread.
    pub(crate) fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Runs `body` where it can start tasks.
    pub(crate) fn enter<T>(&self, body: impl FnOnce() -> T) -> T {
        let _entered = self.handle.enter();
        body()
    }

    /// Starts a task that `exo_shutdown` waits for.
    pub(crate) fn finish(&self, task: impl Future<Output = ()> + Send + 'static) {
        let counted = Counted::new(|library| &mut library.unfinished);
        self.handle.spawn(async move {
            task.await;
            drop(counted);
        });
    }
}

/// The threads to work on; started when there are none.
pub(crate) fn threads() -> Result<Threads, Refusal> {
    let mut library = lock();
    let running = match library.running.take() {
        Some(running) => running,
        None => start()?,
    };
    let threads = Threads { handle: running.runtime.handle().clone(), stopping: running.stop.subscribe() };
    library.running = Some(running);
    Ok(threads)
}

fn start() -> Result<Running, Refusal> {
    let runtime = Builder::new_multi_thread().worker_threads(WORKERS).thread_name("exo").enable_all().build();
    let runtime = runtime.map_err(|error| {
        refuse(EXO_STATUS_RUNTIME, format_args!("the threads of the library could not be started: {error}"))
    })?;
    Ok(Running { runtime, stop: watch::Sender::new(false) })
}

/// Remembers a session so that `exo_shutdown` closes it.
pub(crate) fn keep(connection: Arc<Connection>) {
    lock().open.push(connection);
}

/// Forgets a session that was closed.
pub(crate) fn let_go(connection: &Arc<Connection>) {
    lock().open.retain(|known| !Arc::ptr_eq(known, connection));
    CHANGED.notify_all();
}

/// Waits until these sessions are closed and nothing is left to finish; when the time is up they are forgotten: the server's
/// idle limit ends them.
fn wait_until_closed(connections: &[Arc<Connection>], until: Instant) {
    let waited_for = |known: &Arc<Connection>| connections.iter().any(|closing| Arc::ptr_eq(known, closing));
    let mut library =
        wait_while(until, |library| library.unfinished != 0 || library.open.iter().any(waited_for));
    library.open.retain(|known| !waited_for(known));
}

/// Waits until `busy` no longer holds or the time is up.
fn wait_while(until: Instant, mut busy: impl FnMut(&Library) -> bool) -> MutexGuard<'static, Library> {
    let timeout = until.saturating_duration_since(Instant::now());
    CHANGED
        .wait_timeout_while(lock(), timeout, |library| busy(library))
        .unwrap_or_else(PoisonError::into_inner)
        .0
}

fn lock() -> MutexGuard<'static, Library> {
    // INVARIANT: each change under the lock is complete or absent, so a panic elsewhere leaves it usable.
    LIBRARY.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Library {
    running: Option<Running>,
    /// The sessions that are not closed yet.
    open: Vec<Arc<Connection>>,
    /// The operations whose tasks are not gone yet.
    operations: usize,
    /// The tasks that have to come to their end.
    unfinished: usize,
}

/// A task in one of the library's counts, for as long as it lives.
struct Counted(fn(&mut Library) -> &mut usize);

impl Counted {
    fn new(count: fn(&mut Library) -> &mut usize) -> Self {
        *count(&mut lock()) += 1;
        Self(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        *(self.0)(&mut lock()) -= 1;
        CHANGED.notify_all();
    }
}

struct Running {
    runtime: Runtime,
    stop: watch::Sender<bool>,
}

static LIBRARY: Mutex<Library> =
    Mutex::new(Library { running: None, open: Vec::new(), operations: 0, unfinished: 0 });

/// A session was closed, or a task that is counted has gone.
static CHANGED: Condvar = Condvar::new();

const WORKERS: usize = 2;
/// How long threads may take to end.
const THREADS_LIMIT: Duration = Duration::from_millis(500);

#[cfg(test)]
pub(crate) mod tests;
