//! An open session and the commands that run in it.

use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use psrp::clixml::Tape;
use psrp::{HostCall, PipelineEvent, PsInvocationState};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::adminapi::Confirm;
use crate::asking::{Host, Reply};
use crate::batch::one_by_one::OneByOne;
use crate::batch::{Batch, BatchInput, BatchInvocation};
use crate::carrier::{Begun, Carrier, Event, Extras, Running};
use crate::catalog::{Catalog, ConfirmImpact};
use crate::command::CommandInfo;
use crate::connect::authorization::Authorization;
use crate::connect::seconds;
use crate::error::kind::Kind;
use crate::error::{Error, Step};
use crate::input::Input;

mod remoting;

pub use self::remoting::{DisconnectedSession, SessionState, UserEvents};

/// An open session. Clones are handles of the same session.
///
/// [`Session::close`] ends it on the server and says whether that worked. When the last handle is dropped
/// without, it is ended in the background, for at most two seconds.
#[derive(Debug, Clone)]
pub struct Session {
    carrier: Arc<dyn Carrier>,
    info: Arc<ConnectionInfo>,
    authorization: Arc<Authorization>,
    configuration_name: String,
}

/// One command with its parameters. Never script text: Exchange's endpoints refuse it.
#[derive(Debug)]
pub struct Invocation {
    /// The command's name, for example `Get-Mailbox`.
    pub command: String,
    /// One object whose members (MS-PSRP 2.2.5.2.9) are the parameters in order; an empty tape means none.
    ///
    /// A `SecureString` is a node `<SS>` whose text is [`psrp::secret::secure_text`], base64 of UTF-16LE in the
    /// clear; an empty one, for which CLIXML has no form, is an empty string. A `PSCredential` is an object of that
    /// type with the properties `UserName` (a string) and `Password` (a `SecureString`). The carrier encrypts them when
    /// it sends them. A tape made by [`psrp::secret::decode_secret`] is wiped when it goes.
    pub parameters: Tape,
}

/// What is known about a connection.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Chosen by the client; also the id of the shell it asked for.
    pub session_id: Uuid,
    /// The address asked for, without its query.
    pub connection_uri: String,
    /// The address that answered, after redirections, without its query.
    pub server_uri: String,
    /// `exchange` or `compliance`.
    pub service: &'static str,
    /// The environment's name.
    pub environment: &'static str,
    /// `psrp` or `rest`.
    pub carrier: &'static str,
    /// `bearer`, `basic` or `basicToken`.
    pub authentication: &'static str,
    /// How the token was come to, by the names of the options; nothing for Basic.
    pub sign_in: Option<&'static str>,
    /// Where it was asked for.
    pub authority: Option<String>,
    /// Whether that was by an application's certificate.
    pub certificate_authentication: bool,
    /// The account, as far as it is known.
    pub user: Option<String>,
    /// Tenant id of the token.
    pub tenant_id: Option<String>,
    /// The application the token was made for.
    pub app_id: Option<String>,
    /// The organization that the options name.
    pub organization: Option<String>,
    /// The organization administered for a customer.
    pub delegated_organization: Option<String>,
    /// When the token ends, in seconds since 1970.
    pub token_expires_at: Option<u64>,
    /// The server's name for the shell; over REST, which has none, the connection's id.
    pub shell_id: String,
    /// The PSRP version spoken, for example `2.3`; over REST the version of the interface.
    pub protocol_version: String,
}

impl Session {
    pub(crate) fn new(
        carrier: Arc<dyn Carrier>,
        info: ConnectionInfo,
        authorization: Arc<Authorization>,
        configuration_name: String,
    ) -> Self {
        Self { carrier, info: Arc::new(info), authorization, configuration_name }
    }

    /// When the present token ends, in seconds since 1970: later than what was known when connecting, once it was renewed.
    #[must_use]
    pub fn token_expires_at(&self) -> Option<u64> {
        seconds(self.authorization.expires_at())
    }

    /// The session's id.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.info.session_id
    }

    /// What is known about the connection.
    #[must_use]
    pub fn info(&self) -> &ConnectionInfo {
        &self.info
    }

    /// Starts a command. Several may run at once. What goes wrong later comes out of [`Pipeline::next`].
    ///
    /// # Errors
    /// The session is closed or broken, or the invocation names no command.
    pub async fn invoke(&self, invocation: Invocation) -> Result<Pipeline, Error> {
        self.start(invocation, Confirm::Refuse)
    }

    /// As [`Session::invoke`], for a caller who can ask the user: changes that weigh at least `from` are asked about
    /// first, as an event [`PipelineEvent::HostCall`] (method `PromptForChoice`) that waits for [`Pipeline::answer`].
    ///
    /// Over PSRP the server decides for itself what it asks.
    ///
    /// # Errors
    /// As [`Session::invoke`].
    pub async fn invoke_asking(
        &self,
        invocation: Invocation,
        from: ConfirmImpact,
    ) -> Result<Pipeline, Error> {
        self.start(invocation, Confirm::From(from))
    }

    /// As [`Session::invoke`], for a command that takes pipeline input: what is written goes to the server while the
    /// command runs, so its output must be read at the same time. The input ends when the writer is dropped.
    ///
    /// # Errors
    /// As [`Session::invoke`], and over REST, where nobody binds piped objects: there [`Session::invoke_batch`] takes the
    /// parameters of each call.
    pub async fn invoke_with_input(&self, invocation: Invocation) -> Result<(Pipeline, Input), Error> {
        check_name(&invocation.command)?;
        let (input, values) = Input::channel();
        let extras = Extras { input: Some(values), ..Extras::default() };
        Ok((Pipeline::new(self.carrier.invoke_with(invocation, extras)?), input))
    }

    /// As [`Session::invoke`], and `host` answers what the command asks. Its questions do not come out of
    /// [`Pipeline::next`], but are put to the host while that waits, in order with the output.
    ///
    /// # Errors
    /// As [`Session::invoke`].
    pub async fn invoke_with_host(
        &self,
        invocation: Invocation,
        host: Arc<dyn Host>,
    ) -> Result<Pipeline, Error> {
        check_name(&invocation.command)?;
        let extras = Extras { hosted: true, ..Extras::default() };
        Ok(self.asking(self.carrier.invoke_with(invocation, extras)?, host))
    }

    /// Both: a command that takes pipeline input and asks the host.
    ///
    /// # Errors
    /// As [`Session::invoke_with_input`].
    pub async fn invoke_with_input_and_host(
        &self,
        invocation: Invocation,
        host: Arc<dyn Host>,
    ) -> Result<(Pipeline, Input), Error> {
        check_name(&invocation.command)?;
        let (input, values) = Input::channel();
        let extras = Extras { input: Some(values), hosted: true, ..Extras::default() };
        Ok((self.asking(self.carrier.invoke_with(invocation, extras)?, host), input))
    }

    /// A command whose questions go to a host.
    pub(crate) fn asking(&self, running: Running, host: Arc<dyn Host>) -> Pipeline {
        let mut pipeline = Pipeline::new(running);
        let carrier = Arc::downgrade(&self.carrier);
        pipeline.asking = Some(Asking { host, carrier, pending: None });
        pipeline
    }

    /// Runs one command once for each set of parameters that is written. Over REST several go into a request and several
    /// requests are under way at once; over PSRP each is a pipeline after the one before. Output comes in the order of
    /// the inputs. A request goes out when it is full or the input has ended.
    ///
    /// # Errors
    /// The session is closed or broken, the invocation names no command, or one of its numbers is out of range.
    pub async fn invoke_batch(&self, invocation: BatchInvocation) -> Result<(Batch, BatchInput), Error> {
        check_name(&invocation.command)?;
        invocation.check()?;
        let (input, inputs) = Batch::channel(invocation.in_flight * invocation.batch_size);
        let batch = match self.carrier.invoke_batch(&invocation, inputs) {
            Begun::Running(running) => Batch::running(running?, &input),
            Begun::OneByOne(inputs) => {
                let confirm = invocation.confirm_from.map_or(Confirm::Refuse, Confirm::From);
                let carrier = Arc::downgrade(&self.carrier);
                Batch::one_by_one(OneByOne::new(carrier, invocation.command, confirm, inputs), &input)
            }
        };
        Ok((batch, input))
    }

    fn start(&self, invocation: Invocation, confirm: Confirm) -> Result<Pipeline, Error> {
        check_name(&invocation.command)?;
        self.carrier.invoke(invocation, confirm).map(Pipeline::new)
    }

    /// The commands with all that the service says of them; `None` over PSRP, where [`Session::commands`] asks.
    #[must_use]
    pub fn catalog(&self) -> Option<&Catalog> {
        self.carrier.catalog()
    }

    /// Asks which commands this account may run: those that match one of `names` (wildcards allowed), or all
    /// when there are none.
    ///
    /// # Errors
    /// The session is closed or broken, or the server reports a failure.
    pub async fn commands(&self, names: &[String]) -> Result<Vec<CommandInfo>, Error> {
        if let Some(catalog) = self.carrier.catalog() {
            return Ok(CommandInfo::of_catalog(catalog, names));
        }
        let mut pipeline = Pipeline::new(self.carrier.commands(names.to_vec())?);
        let mut commands = Vec::new();
        while let Some(event) = pipeline.next().await {
            match event? {
                PipelineEvent::Output(tape) => commands.extend(CommandInfo::of_output(&tape)),
                PipelineEvent::State { state: PsInvocationState::Failed, reason } => {
                    let reason = crate::command::failure_text(reason.as_ref());
                    return Err(Error::new(Step::Commands, Kind::Remote { reason }));
                }
                PipelineEvent::State { state: PsInvocationState::Stopped, .. } => {
                    return Err(Error::new(Step::Commands, Kind::Cancelled));
                }
                _ => {}
            }
        }
        Ok(commands)
    }

    /// Ends the session on the server and waits for its word. Commands that still run end with an error. A
    /// second call does nothing.
    ///
    /// # Errors
    /// The server could not be told; it will end the session itself after its idle time.
    pub async fn close(&self) -> Result<(), Error> {
        self.carrier.close().await
    }
}

fn check_name(command: &str) -> Result<(), Error> {
    if command.trim().is_empty() {
        let problem = "has no name".to_owned();
        return Err(Error::new(Step::Run, Kind::Option { name: "command", problem }));
    }
    Ok(())
}

/// A command that runs. Dropping it cancels the command.
pub struct Pipeline {
    events: mpsc::Receiver<Event>,
    cancel: Box<dyn Fn() + Send + Sync>,
    answers: Option<mpsc::UnboundedSender<i32>>,
    fate: Arc<OnceLock<Error>>,
    ended: bool,
    asking: Option<Asking>,
}

/// Who answers the questions of a command, and the question that is being answered.
struct Asking {
    host: Arc<dyn Host>,
    carrier: Weak<dyn Carrier>,
    pending: Option<(Arc<HostCall>, oneshot::Receiver<Reply>)>,
}

impl Pipeline {
    pub(crate) fn new(running: Running) -> Self {
        Self {
            events: running.events,
            cancel: running.cancel,
            answers: running.answers,
            fate: running.fate,
            ended: false,
            asking: None,
        }
    }

    /// The next thing the command wrote. The last one is a final state, or an error; then `None`.
    ///
    /// While nobody asks, the server is not asked for more. Dropping the future loses nothing. Without a
    /// host ([`Session::invoke_with_host`]) a host call of a PSRP server is told for information only: the session
    /// has answered it with a failure.
    pub async fn next(&mut self) -> Option<Result<PipelineEvent, Error>> {
        if self.ended {
            return None;
        }
        let event = loop {
            let event = match self.asking.as_mut().and_then(|asking| asking.pending.as_mut()) {
                None => self.events.recv().await,
                Some((_, reply)) => tokio::select! {
                    biased;
                    reply = reply => {
                        self.deliver(reply.unwrap_or_else(|_| Reply::Refused("the host failed".to_owned())));
                        continue;
                    }
                    event = self.events.recv() => event,
                },
            };
            match (event, &mut self.asking) {
                (Some(Ok(PipelineEvent::HostCall(call))), Some(asking)) if call.method.has_return() => {
                    asking.ask(call);
                }
                (Some(event), _) => break event,
                // The session ended before the command did.
                (None, _) => {
                    break Err(self
                        .fate
                        .get()
                        .cloned()
                        .unwrap_or_else(|| Error::new(Step::Run, Kind::Closed)));
                }
            }
        };
        self.ended = match &event {
            Ok(PipelineEvent::State { state, .. }) => state.is_final(),
            Ok(_) => false,
            Err(_) => true,
        };
        Some(event)
    }

    /// Answers the question that the command waits with, by the place of the choice taken: 0 is yes, 1 yes to all, 2 no,
    /// 3 no to all. Without a question it is kept for the next one.
    pub fn answer(&self, choice: i32) {
        if let Some(answers) = &self.answers {
            // A command that has ended has no question.
            let _ = answers.send(choice);
        }
    }

    /// Sends what the host has answered.
    fn deliver(&mut self, reply: Reply) {
        let Some(asking) = &mut self.asking else { return };
        let Some((call, _)) = asking.pending.take() else { return };
        match (&self.answers, reply) {
            (Some(_), Reply::Choice(choice)) => self.answer(choice),
            // A question about a change that nobody answers is answered with no.
            (Some(_), _) => self.answer(CHOICE_NO),
            (None, reply) => {
                if let Some(carrier) = asking.carrier.upgrade() {
                    carrier.reply(call, reply);
                }
            }
        }
    }

    /// Asks the server to stop the command. Returns at once; [`Pipeline::next`] then gives the end, usually
    /// the state `Stopped`, and no further output.
    pub fn cancel(&self) {
        (self.cancel)();
    }
}

impl Asking {
    /// On a thread that nobody waits for: a person may take for ever, also when the program ends.
    fn ask(&mut self, call: HostCall) {
        let (sender, reply) = oneshot::channel();
        let call = Arc::new(call);
        self.pending = Some((Arc::clone(&call), reply));
        let host = Arc::clone(&self.host);
        let asked = std::thread::Builder::new().name("host".to_owned()).spawn(move || {
            // Whoever asked may have gone.
            let _ = sender.send(crate::asking::ask(&*host, &call));
        });
        if let Err(error) = asked {
            // The sender has gone with the closure, which refuses the question.
            tracing::debug!(%error, "no thread for the host");
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        if !self.ended {
            (self.cancel)();
        }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").field("ended", &self.ended).finish_non_exhaustive()
    }
}

/// The place of "no" among the choices of a confirmation.
const CHOICE_NO: i32 = 2;
