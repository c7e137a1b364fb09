//! Answers that do not arrive as they should.

use std::collections::VecDeque;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use tokio::time::Sleep;

use crate::listener::HangUp;

/// A body in pieces, with a pause before each, that may end in the middle.
pub(crate) struct FaultyBody {
    pieces: VecDeque<Bytes>,
    pause: Option<Duration>,
    sleep: Option<Pin<Box<Sleep>>>,
    /// What Content-Length promises.
    promised_len: u64,
    breaks_off: bool,
}

impl FaultyBody {
    /// All of `bytes`, a few at a time.
    pub(crate) fn dripping(bytes: Bytes) -> Body {
        let promised_len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let piece_len = bytes.len().div_ceil(DRIP_PIECES).max(1);
        let mut rest = bytes;
        let mut pieces = VecDeque::new();
        while !rest.is_empty() {
            let len = piece_len.min(rest.len());
            pieces.push_back(rest.split_to(len));
        }
        Body::new(Self { pieces, pause: Some(DRIP_PAUSE), sleep: None, promised_len, breaks_off: false })
    }

    /// The first half of `bytes`, then a closed connection.
    pub(crate) fn breaking_off(bytes: &Bytes) -> Body {
        let promised_len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        let pieces = VecDeque::from([bytes.slice(..bytes.len() / 2)]);
        Body::new(Self { pieces, pause: None, sleep: None, promised_len, breaks_off: true })
    }
}

impl HttpBody for FaultyBody {
    type Data = Bytes;
    type Error = HangUp;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HangUp>>> {
        if let Some(pause) = self.pause {
            let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(pause)));
            if sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.sleep = None;
        }
        match self.pieces.pop_front() {
            Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
            None if self.breaks_off => Poll::Ready(Some(Err(HangUp))),
            None => Poll::Ready(None),
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.promised_len)
    }
}

const DRIP_PIECES: usize = 50;
const DRIP_PAUSE: Duration = Duration::from_millis(2);
