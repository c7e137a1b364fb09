//! The seam between a session and what carries its commands.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use ::psrp::clixml::Tape;
use ::psrp::{HostCall, PipelineEvent};
use tokio::sync::mpsc;

use crate::adminapi::Confirm;
use crate::asking::Reply;
use crate::batch::{BatchInvocation, RunningBatch};
use crate::carrier::psrp::PsrpCarrier;
use crate::catalog::{Catalog, ConfirmImpact};
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::session::{Invocation, SessionState};

pub(crate) mod psrp;
pub(crate) mod rest;

/// What runs the commands of one session.
///
/// Dropping it ends the session on the server as well as can be done in two seconds.
pub(crate) trait Carrier: fmt::Debug + Send + Sync {
    /// Starts one command with its parameters. `confirm` is for carriers that ask questions themselves.
    fn invoke(&self, invocation: Invocation, confirm: Confirm) -> Result<Running, Error>;

    /// Starts one command for many inputs, several to a request, where there is such a thing.
    fn invoke_batch(&self, _batch: &BatchInvocation, inputs: mpsc::Receiver<Tape>) -> Begun {
        Begun::OneByOne(inputs)
    }

    /// Starts one command that takes input, whose questions somebody answers, or whose output waits on the server.
    fn invoke_with(&self, invocation: Invocation, extras: Extras) -> Result<Running, Error> {
        if extras.input.is_none() && !extras.unread {
            return self.invoke(invocation, Confirm::From(ConfirmImpact::High));
        }
        let problem =
            "is bound by a server that there is not over REST; give each input's parameters to a batch"
                .to_owned();
        Err(Error::new(Step::Run, Kind::Option { name: "pipeline input", problem }))
    }

    /// Sends the reply to a host call, where [`Running::answers`] does not take it.
    fn reply(&self, _call: Arc<HostCall>, _reply: Reply) {}

    /// Asks which commands there are; one output object per command.
    fn commands(&self, names: Vec<String>) -> Result<Running, Error>;

    /// The shell, where the carrier has one.
    fn remoting(&self) -> Option<&PsrpCarrier> {
        None
    }

    /// Whether it was closed.
    fn state(&self) -> SessionState;

    /// The commands, where the carrier knows them from the start.
    fn catalog(&self) -> Option<&Catalog> {
        None
    }

    /// Ends the session on the server. Commands that run end with an error.
    fn close(&self) -> Closing<'_>;
}

/// The wait for a session's end.
pub(crate) type Closing<'a> = Pin<Box<dyn Future<Output = Result<(), Error>> + Send + 'a>>;

/// A batch on its way, or the inputs again.
pub(crate) enum Begun {
    Running(Result<RunningBatch, Error>),
    /// The carrier has no batches: each input is a command of its own.
    OneByOne(mpsc::Receiver<Tape>),
}

/// What a command has beside its parameters.
#[derive(Default)]
pub(crate) struct Extras {
    /// The values of its pipeline input, which ends with the channel.
    pub(crate) input: Option<mpsc::Receiver<Tape>>,
    /// Somebody answers its questions: each comes as a host call and waits for a reply.
    pub(crate) hosted: bool,
    /// Its output is for whoever comes later, and stays on the server.
    pub(crate) unread: bool,
}

/// What one event channel carries.
pub(crate) type Event = Result<PipelineEvent, Error>;

/// A command on its way.
pub(crate) struct Running {
    /// What it writes. The channel is short: a reader that does not read stops the server.
    pub(crate) events: mpsc::Receiver<Event>,
    /// Asks the server to stop the command. Returns at once; may be called again.
    pub(crate) cancel: Box<dyn Fn() + Send + Sync>,
    /// Takes the numbers of the choices that answer its questions; `None` when it asks none.
    pub(crate) answers: Option<mpsc::UnboundedSender<i32>>,
    /// Why the session ended, for a channel that ends without a final state.
    pub(crate) fate: Arc<OnceLock<Error>>,
}
