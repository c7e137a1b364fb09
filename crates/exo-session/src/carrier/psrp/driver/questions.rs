//! What the caller asks about the runspaces (MS-PSRP 3.1.4.5 to 3.1.4.7, 2.2.2.32).

use ::psrp::Availability;
use tokio::sync::oneshot;

use super::{Arrival, Driver, of_psrp};
use crate::carrier::psrp::runspaces::Question;
use crate::error::kind::Kind;
use crate::error::{Error, Step};

impl Driver {
    pub(super) fn question(
        &mut self,
        question: Question,
        done: oneshot::Sender<Result<Availability, Error>>,
    ) {
        let call_id = self.runspaces.next_call_id();
        let asked = match question {
            Question::Max(count) => self.pool.set_max_runspaces(call_id, count),
            Question::Min(count) => self.pool.set_min_runspaces(call_id, count),
            Question::Available => self.pool.available_runspaces(call_id),
            Question::Reset => self.pool.reset_runspace_state(call_id),
        };
        if let Err(error) = asked {
            // Whoever asked may have gone.
            let _ = done.send(Err(of_psrp(Step::Run, error.into())));
            return;
        }
        self.runspaces.ask(call_id, question, done);
        self.after(self.blueprint.operation_timeout, Arrival::QuestionOverdue { call_id });
    }

    /// A server that does not answer, or did and was not heard.
    pub(super) fn question_overdue(&mut self, call_id: i64) {
        let host = crate::http::host_of(&self.wire.url);
        let limit = self.blueprint.operation_timeout;
        self.runspaces.give_up(call_id, Error::new(Step::Run, Kind::AnswerTimeout { host, limit }));
    }
}
