use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::Builder;

use super::{ROOM_KIB, queue};
use crate::error::refuse;
use crate::event::{EXO_EVENT_CONNECT_WARNING, ExoEvent};
use crate::status::{
    EXO_STATUS_CANCELLED, EXO_STATUS_END, EXO_STATUS_PENDING, EXO_STATUS_SHUT_DOWN, ExoStatus,
};

fn event() -> ExoEvent {
    ExoEvent::text(EXO_EVENT_CONNECT_WARNING, "text".to_owned())
}

fn status(next: Result<ExoEvent, crate::error::Refusal>) -> Option<ExoStatus> {
    next.err().map(|refusal| refusal.status())
}

#[test]
fn nothing_yet_is_not_the_end() {
    let (sender, queue) = queue();
    assert_eq!(status(queue.next(Some(Duration::ZERO))), Some(EXO_STATUS_PENDING));
    sender.post(event());
    assert_eq!(status(queue.next(Some(Duration::ZERO))), None);
    sender.end(Ok(()));
    assert_eq!(status(queue.next(None)), Some(EXO_STATUS_END));
    assert_eq!(status(queue.next(None)), Some(EXO_STATUS_END));
}

#[test]
fn what_was_sent_comes_before_the_error_and_the_error_comes_once() {
    let (sender, queue) = queue();
    sender.post(event());
    sender.end(Err(refuse(EXO_STATUS_CANCELLED, format_args!("x"))));
    assert_eq!(status(queue.next(None)), None);
    assert_eq!(status(queue.next(None)), Some(EXO_STATUS_CANCELLED));
    assert_eq!(status(queue.next(None)), Some(EXO_STATUS_END));
}

#[test]
fn a_task_that_goes_without_a_word_is_a_failure() {
    let (sender, queue) = queue();
    drop(sender);
    assert_eq!(status(queue.next(None)), Some(EXO_STATUS_SHUT_DOWN));
}

#[test]
fn a_full_queue_makes_the_task_wait_and_an_abandoned_one_lets_it_go() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (sender, queue) = queue();
    for _ in 0..ROOM_KIB {
        assert!(runtime.block_on(sender.send(event())));
    }
    let mut waiting = Box::pin(sender.send(event()));
    assert_eq!(runtime.block_on(polled_once(waiting.as_mut())), None);
    assert_eq!(status(queue.next(None)), None);
    assert_eq!(runtime.block_on(polled_once(waiting.as_mut())), None, "the caller has the event still");
    assert_eq!(status(queue.next(None)), None);
    assert_eq!(runtime.block_on(polled_once(waiting.as_mut())), Some(true));
    let mut waiting = Box::pin(sender.send(event()));
    assert_eq!(runtime.block_on(polled_once(waiting.as_mut())), None);
    queue.abandon();
    assert_eq!(runtime.block_on(polled_once(waiting.as_mut())), Some(false));
}

#[test]
fn a_queue_is_drained_when_the_caller_is_done_with_the_last_event() {
    let runtime = Builder::new_current_thread().build().unwrap();
    let (sender, queue) = queue();
    assert!(runtime.block_on(sender.send(event())));
    let mut drained = Box::pin(sender.drained());
    assert_eq!(runtime.block_on(polled_once(drained.as_mut())), None);
    assert_eq!(status(queue.next(None)), None);
    assert_eq!(runtime.block_on(polled_once(drained.as_mut())), None, "taken, but not yet done with");
    assert_eq!(status(queue.next(Some(Duration::ZERO))), Some(EXO_STATUS_PENDING));
    assert_eq!(runtime.block_on(polled_once(drained.as_mut())), Some(true));
    queue.abandon();
    assert!(!runtime.block_on(sender.drained()));
}

async fn polled_once<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}
