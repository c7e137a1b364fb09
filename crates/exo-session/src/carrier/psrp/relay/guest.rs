//! A client in a session that was opened by somebody else and has commands of its own.

use std::sync::{Arc, Weak};

use bytes::Bytes;
use psrp::clixml::{self, Encoder, Tape};
use psrp::server::{ServerConfig, ServerEvent, ServerPool};
use psrp::{ProtocolVersion, Target};
use uuid::Uuid;
use wsman::{Endpoint, ShellId};

use crate::carrier::Carrier;
use crate::carrier::psrp::wire::Wire;
use crate::error::kind::Kind;
use crate::error::{Error, Step};

/// What the client is to know of a session as of a pool of its own; its commands go to the session's shell.
pub(super) struct Guest {
    /// It does not live on for its guest's sake.
    session: Weak<dyn Carrier>,
    /// What the server said of itself when the session opened.
    private_data: Option<Tape>,
    /// Answers in the server's place where the client opens its pool.
    pool: ServerPool,
}

/// The shell of a session, for commands beside its own.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) wire: Wire,
    pub(crate) endpoint: Arc<Endpoint>,
    pub(crate) shell: ShellId,
    /// The pool in it.
    pub(crate) rpid: Uuid,
}

impl Guest {
    /// `version` is what the server speaks.
    pub(super) fn new(session: &Arc<dyn Carrier>, version: Option<ProtocolVersion>) -> Self {
        let config = ServerConfig::default();
        let protocol_version = version.unwrap_or(config.protocol_version);
        Self {
            private_data: session
                .remoting()
                .and_then(|remoting| remoting.told().present_private_data())
                .and_then(|data| dictionary(&data)),
            session: Arc::downgrade(session),
            pool: ServerPool::new(ServerConfig { protocol_version, ..config }),
        }
    }

    /// The pool as the client calls it.
    pub(super) fn rpid(&self) -> Uuid {
        self.pool.rpid()
    }

    /// Takes what the client writes for its pool, and gives what it is answered.
    ///
    /// # Errors
    /// It is not PSRP, or wants something of the pool that the session has for itself.
    pub(super) fn handle_bytes(&mut self, bytes: Bytes) -> Result<Vec<Bytes>, Error> {
        let refused = |error: psrp::Error| {
            Error::with_source(Step::Open, Kind::Protocol { problem: error.to_string() }, error)
        };
        self.pool.handle_bytes(bytes).map_err(refused)?;
        while let Some(event) = self.pool.poll_event() {
            match event {
                ServerEvent::Negotiated { .. } => {}
                ServerEvent::OpenRequested { .. } => {
                    self.pool.open(self.private_data.as_ref()).map_err(|error| refused(error.into()))?;
                }
                _ => return Err(Error::new(Step::Run, Kind::Presence { problem: NOT_OF_A_GUEST })),
            }
        }
        let mut answers = Vec::new();
        while let Some(bytes) = self.pool.poll_transmit(Target::Pool, ANSWER_LEN) {
            answers.push(Bytes::copy_from_slice(bytes));
        }
        Ok(answers)
    }

    /// Asks for the session's present shell.
    pub(super) fn borrow(&self) -> impl Future<Output = Result<Lent, Error>> + Send + 'static {
        let session = Weak::clone(&self.session);
        async move {
            let session = session.upgrade().ok_or_else(|| Error::new(Step::Run, Kind::Closed))?;
            match session.remoting() {
                Some(remoting) => remoting.lend().await,
                None => Err(Error::new(Step::Run, Kind::Presence { problem: NO_SHELL })),
            }
        }
    }
}

/// The dictionary in APPLICATION_PRIVATE_DATA.
fn dictionary(data: &Tape) -> Option<Tape> {
    let mut body = Vec::new();
    Encoder::new(&mut body).value(data.first()?.member("ApplicationPrivateData")?.resolve());
    clixml::decode(body).ok()
}

/// Enough for what opens a pool.
const ANSWER_LEN: usize = 32 * 1024;
const NO_SHELL: &str = "nothing can be run with Invoke-Command or Import-PSSession in this session: its connection is over \
    REST, which has no remote shell; its commands are functions of this PowerShell";
const NOT_OF_A_GUEST: &str = "this is not possible with Invoke-Command in the session of a connection, for example to \
    send a secure string to an older server: its commands are functions of this PowerShell, and New-PSSession opens a \
    session of its own";
