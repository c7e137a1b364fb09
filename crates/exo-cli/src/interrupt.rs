//! Ctrl+C: the first one asks for an orderly end, the second one ends at once.

use tokio::sync::watch;

use crate::exit::{Exit, complain};

/// Hears Ctrl+C and, where there are such things, the request to terminate and the end of the terminal.
pub(crate) struct Interrupt {
    heard: watch::Receiver<bool>,
}

impl Interrupt {
    /// Listens from now on. Must be called inside a tokio runtime.
    pub(crate) fn listen() -> std::io::Result<Self> {
        let (sender, heard) = watch::channel(false);
        let mut signals = Signals::new()?;
        tokio::spawn(async move {
            signals.next().await;
            // First, because whoever hears of it may end the process.
            complain("stopping; press Ctrl+C again to end at once");
            sender.send_replace(true);
            signals.next().await;
            std::process::exit(i32::from(Exit::Interrupted.number()));
        });
        Ok(Self { heard })
    }

    /// Completes when the first interrupt was heard, at once when that is past.
    pub(crate) async fn wait(&self) {
        let mut heard = self.heard.clone();
        if heard.wait_for(|heard| *heard).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Whether the first interrupt was heard.
    pub(crate) fn is_heard(&self) -> bool {
        *self.heard.borrow()
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hangup: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
