//! Pipeline input: taken from the caller no faster than the server takes it.

use ::psrp::clixml::{self, Tape};
use ::psrp::secret::has_secure_string;
use ::psrp::{StateErrorKind, Target};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{Arrival, Driver, of_psrp};
use crate::error::kind::Kind;
use crate::error::{Error, Step};

impl Driver {
    /// Waits for the caller's next values, when everything before them is on its way.
    pub(super) fn want_input(&mut self, pid: Uuid) {
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        if entry.ended || entry.cancelled {
            // The writer learns that nobody reads any more.
            entry.input = None;
            return;
        }
        let is_busy = !entry.started || entry.sending || !entry.values.is_empty();
        if is_busy || entry.input.is_none() || !self.presence.is_here() {
            return;
        }
        if self.pool.waiting_targets().any(|target| target == Target::Pipeline(pid)) {
            return;
        }
        if let Some(mut input) = entry.input.take() {
            self.calls.spawn(async move {
                let first = input.recv().await;
                Arrival::Input { pid, input, first }
            });
        }
    }

    /// The caller wrote something, or has nothing more to write.
    pub(super) fn input_arrived(&mut self, pid: Uuid, mut input: mpsc::Receiver<Tape>, first: Option<Tape>) {
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        let ends = first.is_none();
        let mut len = 0;
        let mut next = first;
        while let Some(values) = next {
            len += values.text().len();
            entry.values.push_back(values);
            next = if len < ENOUGH_LEN { input.try_recv().ok() } else { None };
        }
        if ends {
            entry.input_ends = true;
        } else {
            entry.input = Some(input);
        }
        self.feed(pid);
    }

    /// Hands what was written to the state machine, as far as it can take it.
    pub(super) fn feed(&mut self, pid: Uuid) {
        let keeps_secrets = self.keeps_secrets();
        let Some(entry) = self.pipelines.get_mut(&pid) else { return };
        if entry.ended || entry.cancelled || entry.waiting.is_some() || !self.presence.is_here() {
            return;
        }
        let step = entry.step;
        while let Some(values) = entry.values.front() {
            if has_secure_string(values) && !keeps_secrets {
                let host = crate::http::host_of(&self.wire.url);
                return entry.fail_in_doubt(Error::new(step, Kind::PlainHttp { host }));
            }
            let queued = if values.is_empty() {
                clixml::decode(NULL).map_or(Ok(()), |null| match null.first() {
                    Some(null) => self.pool.input(pid, null),
                    None => Ok(()),
                })
            } else {
                let mut values = values.values().skip(entry.values_fed);
                values.try_for_each(|value| {
                    self.pool.input(pid, value)?;
                    entry.values_fed += 1;
                    Ok(())
                })
            };
            match queued {
                Ok(()) => {
                    entry.values.pop_front();
                    entry.values_fed = 0;
                }
                Err(error) if error.kind() == StateErrorKind::NeedsSessionKey => return self.make_keys(),
                Err(error) => return fail(entry, step, error),
            }
        }
        if std::mem::take(&mut entry.input_ends)
            && let Err(error) = self.pool.end_input(pid)
        {
            fail(entry, step, error);
        }
    }
}

#[cold]
fn fail(entry: &mut super::Entry, step: Step, error: ::psrp::StateError) {
    let error: Error = of_psrp(step, error.into());
    entry.fail(error);
}

const NULL: &[u8] = b"<Nil />";
/// Bytes of values that are taken at a time.
const ENOUGH_LEN: usize = 256 << 10;
