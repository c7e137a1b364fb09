//! How long a request may be (MaxEnvelopeSize): what the server says, or what servers of its age usually take.

use std::sync::Arc;

use ::psrp::ProtocolVersion;
use wsman::{DEFAULT_MAX_ENVELOPE_LEN, FALLBACK_MAX_ENVELOPE_LEN, MIN_MAX_ENVELOPE_LEN, Response};

use super::{Call, Driver, Outcome};
use crate::error::Step;

/// The longest Command or Send.
///
/// The server is asked when the first long message is under way; until it answers, requests stay as short as the
/// oldest servers want them. Most sessions send nothing that long, and most accounts may not ask.
#[derive(Debug)]
pub(super) struct Envelope {
    max_len: u32,
    /// What the options allow at most.
    limit: u32,
    is_asked: bool,
}

impl Envelope {
    pub(super) fn new(limit: u32) -> Self {
        Self { max_len: limit.min(FALLBACK_MAX_ENVELOPE_LEN), limit, is_asked: false }
    }

    pub(super) fn max_len(&self) -> u32 {
        self.max_len
    }

    /// Whether to ask now, after so many bytes went where there was room for `room`.
    fn asks_after(&mut self, sent: usize, room: usize) -> bool {
        let is_worth_it = room / 2 < sent && self.max_len < self.limit && !self.is_asked;
        self.is_asked |= is_worth_it;
        is_worth_it
    }

    /// The server has told, or refused to.
    fn answered(&mut self, told_kb: Option<u32>, version: Option<ProtocolVersion>) {
        let usual = match version {
            Some(version) if ProtocolVersion::V2_2 <= version => DEFAULT_MAX_ENVELOPE_LEN,
            _ => FALLBACK_MAX_ENVELOPE_LEN,
        };
        let told = told_kb.map_or(usual, |told| told.saturating_mul(1024).max(MIN_MAX_ENVELOPE_LEN));
        self.max_len = told.min(self.limit);
    }
}

impl Driver {
    /// Asks the server for its limit when a request came near the one that is assumed.
    pub(super) fn sent_of(&mut self, sent: usize, room: usize) {
        if self.envelope.asks_after(sent, room) {
            let endpoint = Arc::clone(&self.endpoint);
            self.call(Call::Config, Step::Run, move |ids, _| endpoint.build_get_config(ids));
        }
    }

    /// No answer, too, is one: the configuration is for administrators, and some services have none.
    pub(super) fn configured(&mut self, outcome: &Outcome) {
        let told = match outcome {
            Ok((Response::Config { max_envelope_kb }, _)) => *max_envelope_kb,
            _ => None,
        };
        self.envelope.answered(told, self.pool.protocol_version());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_as_long_as_the_server_says_or_as_its_version_takes() {
        let (old, new) = (Some(ProtocolVersion::V2_1), Some(ProtocolVersion::V2_3));
        for (limit, told, version, expected) in [
            (512_000, Some(300), new, 300 * 1024),
            (512_000, Some(300), old, 300 * 1024),
            (512_000, Some(100), new, 100 * 1024),
            (512_000, Some(8_192), new, 512_000),
            (4_000_000, Some(2_048), new, 2_048 * 1024),
            (512_000, Some(1), new, 8_192),
            (u32::MAX, Some(u32::MAX), new, u32::MAX),
            (512_000, None, new, 512_000),
            (512_000, None, old, 153_600),
            (512_000, None, None, 153_600),
            (200_000, None, new, 200_000),
        ] {
            let mut envelope = Envelope::new(limit);
            assert_eq!(envelope.max_len(), limit.min(153_600));
            envelope.answered(told, version);
            assert_eq!(envelope.max_len(), expected, "{limit} {told:?} {version:?}");
        }
    }

    #[test]
    fn the_server_is_asked_once_and_only_for_long_messages() {
        let mut envelope = Envelope::new(512_000);
        assert!(!envelope.asks_after(1_000, 100_000));
        assert!(envelope.asks_after(99_000, 100_000));
        assert!(!envelope.asks_after(99_000, 100_000));
        // Nothing can come of it where the options allow no more.
        assert!(!Envelope::new(8_192).asks_after(5_000, 6_000));
    }
}
