//! The runspaces of a pool (3.1.4.5 to 3.1.4.7, 2.2.2.32), and pools that change their client (3.1.4.10).

use uuid::Uuid;

use super::RunspacePool;
use crate::clixml::Encoder;
use crate::error::{StateError, StateErrorKind};
use crate::message::MessageType;
use crate::pipeline::Pipeline;
use crate::state::RunspacePoolState;
use crate::version::{self, ProtocolVersion};

impl RunspacePool {
    /// Asks that at most `count` pipelines may run at the same time. `call_id` comes back in
    /// [`PoolEvent::RunspaceAvailability`](crate::PoolEvent::RunspaceAvailability) with whether the server agrees.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn set_max_runspaces(&mut self, call_id: i64, count: i32) -> Result<(), StateError> {
        self.ask(MessageType::SetMaxRunspaces, call_id, Some(("MaxRunspaces", count)))
    }

    /// Asks that `count` runspaces be kept ready; answered likewise.
    ///
    /// # Errors
    /// The pool is not open.
    pub fn set_min_runspaces(&mut self, call_id: i64, count: i32) -> Result<(), StateError> {
        self.ask(MessageType::SetMinRunspaces, call_id, Some(("MinRunspaces", count)))
    }

    /// Asks how many more pipelines could run now; answered with [`Availability::Count`](crate::Availability::Count).
    ///
    /// # Errors
    /// The pool is not open.
    pub fn available_runspaces(&mut self, call_id: i64) -> Result<(), StateError> {
        self.ask(MessageType::GetAvailableRunspaces, call_id, None)
    }

    /// Asks that the one runspace of the pool forget its variables and modules; answered with whether it did.
    ///
    /// # Errors
    /// The pool is not open, or the server speaks a version before 2.3.
    pub fn reset_runspace_state(&mut self, call_id: i64) -> Result<(), StateError> {
        const ACTION: &str = "reset the runspace";
        if self.check_open(ACTION)? < ProtocolVersion::V2_3 {
            return Err(StateError::new(
                StateErrorKind::NotSupported,
                ACTION,
                self.state.name(),
                &["Opened"],
            )
            .with_advice("the server speaks a protocol version before 2.3, open another pool instead"));
        }
        self.ask(MessageType::ResetRunspaceState, call_id, None)
    }

    fn ask(
        &mut self,
        message_type: MessageType,
        call_id: i64,
        count: Option<(&str, i32)>,
    ) -> Result<(), StateError> {
        self.check_open("ask about runspaces")?;
        self.tell_server(message_type, |body| {
            Encoder::new(body).object(None, &[], None, |object| {
                object.members(|members| {
                    if let Some((name, count)) = count {
                        members.i32(name, count);
                    }
                    members.i64("ci", call_id);
                });
            });
        });
        Ok(())
    }

    /// Begins to take over a pool that another client has left, whose id this pool was made with. What
    /// [`RunspacePool::poll_transmit`] then gives is the content of `connectXml`, SESSION_CAPABILITY and
    /// CONNECT_RUNSPACEPOOL; the content of `connectResponseXml` goes to [`RunspacePool::handle_bytes`].
    /// [`PoolEvent::Opened`](crate::PoolEvent::Opened) tells when it is taken over. (3.1.4.10.3)
    ///
    /// # Errors
    /// It was opened before.
    pub fn connect(&mut self) -> Result<(), StateError> {
        if self.state != RunspacePoolState::BeforeOpen {
            let kind = StateErrorKind::AlreadyOpen;
            return Err(StateError::new(
                kind,
                "take over a runspace pool",
                self.state.name(),
                &["BeforeOpen"],
            ));
        }
        let offered = self.config.protocol_version;
        self.tell_server(MessageType::SessionCapability, |body| version::encode_capability(offered, body));
        // No numbers of runspaces: those it has stay as they are.
        self.tell_server(MessageType::ConnectRunspacePool, |body| Encoder::new(body).string(None, ""));
        self.state = RunspacePoolState::Connecting;
        Ok(())
    }

    /// Takes over a pipeline that runs in a pool that was taken over; its events come from now on.
    ///
    /// # Errors
    /// The pool is not open, or it has a pipeline with this id.
    pub fn connect_pipeline(&mut self, pid: Uuid) -> Result<(), StateError> {
        const ACTION: &str = "take over a pipeline";
        self.check_open(ACTION)?;
        if let Some(pipeline) = self.pipelines.get(&pid) {
            let kind = StateErrorKind::DuplicatePipeline;
            return Err(StateError::new(kind, ACTION, pipeline.state.name(), &[]));
        }
        self.pipelines.insert(pid, Pipeline::running());
        Ok(())
    }

    /// Notes that the carrier has left the shell, which stays as it is on the server (a Disconnect). Nothing can be
    /// asked of the pool until [`RunspacePool::reconnected`].
    ///
    /// # Errors
    /// The pool is not open.
    pub fn disconnected(&mut self) -> Result<(), StateError> {
        self.check_open("leave a runspace pool")?;
        self.state = RunspacePoolState::Disconnected;
        Ok(())
    }

    /// Notes that the carrier is back at the shell that it has left (a Reconnect). (3.1.4.10.2)
    ///
    /// # Errors
    /// The pool was not left.
    pub fn reconnected(&mut self) -> Result<(), StateError> {
        if self.state != RunspacePoolState::Disconnected {
            let kind = StateErrorKind::AlreadyOpen;
            let allowed = &["Disconnected"];
            return Err(StateError::new(kind, "come back to a runspace pool", self.state.name(), allowed));
        }
        self.state = RunspacePoolState::Opened;
        Ok(())
    }
}
