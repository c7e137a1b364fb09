//! The seam between a session and what carries its commands.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use ::psrp::PipelineEvent;
use tokio::sync::mpsc;

use crate::error::Error;
use crate::session::Invocation;

pub(crate) mod psrp;

/// What runs the commands of one session.
///
/// Dropping it ends the session on the server as well as can be done in two seconds.
pub(crate) trait Carrier: fmt::Debug + Send + Sync {
    /// Starts one command with its parameters.
    fn invoke(&self, invocation: Invocation) -> Result<Running, Error>;

    /// Asks which commands there are; one output object per command.
    fn commands(&self, names: Vec<String>) -> Result<Running, Error>;

    /// Ends the session on the server. Commands that run end with an error.
    fn close(&self) -> Closing<'_>;
}

/// The wait for a session's end.
pub(crate) type Closing<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// What one event channel carries.
pub(crate) type Event = Result<PipelineEvent, Error>;

/// A command on its way.
pub(crate) struct Running {
    /// What it writes. The channel is short: a reader that does not read stops the server.
    pub(crate) events: mpsc::Receiver<Event>,
    /// Asks the server to stop the command. Returns at once; may be called again.
    pub(crate) cancel: Box<dyn Fn() + Send + Sync>,
    /// Why the session ended, for a channel that ends without a final state.
    pub(crate) fate: Arc<OnceLock<Error>>,
}
