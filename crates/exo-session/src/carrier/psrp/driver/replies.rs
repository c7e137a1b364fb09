//! Answers to host calls.

use std::sync::Arc;

use ::psrp::secret::has_secure_string;
use ::psrp::{HostAnswer, HostCall, StateErrorKind};
use uuid::Uuid;

use super::Driver;
use crate::asking::Reply;

impl Driver {
    /// Sends what the caller's host answered.
    pub(super) fn reply(&mut self, call: Arc<HostCall>, reply: Reply) {
        if !self.presence.is_at_shell() {
            // It goes out when this client is back.
            if let Some(entry) = call.pid.and_then(|pid| self.pipelines.get_mut(&pid)) {
                entry.reply = Some((call, reply));
            }
            return;
        }
        let answer = match &reply {
            Reply::Value(tape) if has_secure_string(tape) && !self.keeps_secrets() => {
                HostAnswer::Failed("a secret would go over plain http, where anybody could read it")
            }
            Reply::Choice(choice) => HostAnswer::Int(*choice),
            Reply::Value(tape) => tape.first().map_or(HostAnswer::Null, HostAnswer::Value),
            Reply::Refused(reason) => HostAnswer::Failed(reason),
        };
        match self.pool.host_response(&call, answer) {
            Ok(()) => {}
            Err(error) if error.kind() == StateErrorKind::NeedsSessionKey => {
                if let Some(entry) = call.pid.and_then(|pid| self.pipelines.get_mut(&pid)) {
                    entry.reply = Some((call, reply));
                    self.make_keys();
                }
            }
            // The command has ended meanwhile.
            Err(error) => tracing::debug!(%error, "a host call was not answered"),
        }
    }

    /// Sends an answer that had to wait for the session key.
    pub(super) fn reply_again(&mut self, pid: Uuid) {
        if let Some((call, reply)) = self.pipelines.get_mut(&pid).and_then(|entry| entry.reply.take()) {
            self.reply(call, reply);
        }
    }

    /// There is nobody to ask: the command gets an error where it waits for an answer.
    pub(super) fn refuse_host_call(&mut self, call: &HostCall) {
        let answer = HostAnswer::Failed("this session has no host that could answer");
        if let Err(error) = self.pool.host_response(call, answer) {
            tracing::debug!(%error, "a host call was not answered");
        }
    }
}
