//! Stopping, at every stage.

use std::future::{self, Future};
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use exo_lab::LabConfig;
use exo_session::{connect, connect_until};
use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::oneshot;

use crate::support::{basic, command, lab_with, lab_with_fault, open, options, read, run, shells_become};

fn many() -> LabConfig {
    LabConfig { mailboxes: 2000, ..LabConfig::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_command_stops_and_the_session_goes_on() {
    let lab = lab_with(many()).await;
    let session = open(basic(&lab)).await;
    for wait_for_output in [false, true] {
        let mut pipeline =
            session.invoke(command("Get-Mailbox", &[("ResultSize", "Unlimited")])).await.unwrap();
        if wait_for_output {
            assert!(matches!(pipeline.next().await.unwrap().unwrap(), PipelineEvent::Output(_)));
        }
        pipeline.cancel();
        pipeline.cancel();
        let mut state = None;
        while let Some(event) = pipeline.next().await {
            if let PipelineEvent::State { state: found, .. } = event.unwrap() {
                state = Some(found);
            }
        }
        assert_eq!(state, Some(PsInvocationState::Stopped), "{wait_for_output}");
        let after = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
        assert_eq!(after.state, Some(PsInvocationState::Completed));
    }
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_a_command_cancels_it() {
    let lab = lab_with(many()).await;
    let session = open(basic(&lab)).await;
    for wait_for_output in [false, true] {
        let mut pipeline =
            session.invoke(command("Get-Mailbox", &[("ResultSize", "Unlimited")])).await.unwrap();
        if wait_for_output {
            pipeline.next().await.unwrap().unwrap();
        }
        drop(pipeline);
        let after = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
        assert_eq!(after.state, Some(PsInvocationState::Completed));
    }
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ignores_the_stop_does_not_hold_the_caller() {
    // At once, because the session gives the server some seconds in each.
    tokio::join!(stop_at("command"), stop_at("receive"), stop_at("signal"));
}

async fn stop_at(stage: &str) {
    let lab = lab_with_fault(&format!("hang={stage}")).await;
    let session = open(basic(&lab)).await;
    let mut pipeline = session.invoke(command("Get-Mailbox", &[])).await.unwrap();
    pipeline.cancel();
    let mut last = None;
    while let Some(event) = pipeline.next().await {
        last = Some(event);
    }
    let stopped = matches!(
        last.unwrap(),
        Ok(PipelineEvent::State { state: PsInvocationState::Stopped | PsInvocationState::Completed, .. })
    );
    assert!(stopped, "{stage}");
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0, "{stage}");
}

/// Each is for a session that is opened again, the second while the first is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn commands_that_are_cancelled_while_they_wait_for_a_session_end_without_one() {
    let lab = lab_with(LabConfig::default()).await;
    let session = open(basic(&lab)).await;
    lab.add_fault("hang@create".parse().unwrap());
    lab.end_shells();
    let first = session.invoke(command("Get-AcceptedDomain", &[])).await.unwrap();
    while lab.hung_requests() == 0 {
        tokio::task::yield_now().await;
    }
    let second = session.invoke(command("Get-AcceptedDomain", &[])).await.unwrap();
    second.cancel();
    first.cancel();
    for pipeline in [first, second] {
        assert_eq!(read(pipeline).await.unwrap().state, Some(PsInvocationState::Stopped));
    }
    assert_eq!(lab.hung_requests(), 1);
    lab.clear_faults();
    assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().warnings, 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn connecting_can_be_cancelled_at_each_stage_and_leaves_no_shell() {
    for stage in ["token", "create"] {
        let lab = lab_with_fault(&format!("hang={stage}")).await;
        let (give_up, given_up) = oneshot::channel::<()>();
        let connecting = connect_until(options(&lab), |_| {}, async {
            given_up.await.ok();
        });
        let connecting = tokio::spawn(connecting);
        tokio::task::yield_now().await;
        give_up.send(()).unwrap();
        let error = connecting.await.unwrap().unwrap_err();
        assert!(error.is_cancelled(), "{stage}: {error}");
        assert!(error.to_string().ends_with("the operation was cancelled"), "{stage}: {error}");
        assert_eq!(lab.live_shells(), 0, "{stage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_connecting_future_leaves_no_shell() {
    let lab = lab_with(LabConfig::default()).await;
    // Each round gives up a little later, until connecting is fast enough to finish.
    for polls in 0_u32.. {
        let mut left = polls;
        let mut connecting = Box::pin(connect(basic(&lab), |_| {}));
        let finished = future::poll_fn(|context| {
            left = left.saturating_sub(1);
            match connecting.as_mut().poll(context) {
                Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
                Poll::Pending if left == 0 => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        drop(connecting);
        let connected = finished.is_some();
        drop(finished);
        shells_become(&lab, 0).await;
        if connected {
            break;
        }
    }
}

/// Gives up when it is looked at for the time that `looks` says, and remembers that it did.
pub(crate) fn at_look(looks: u32, is_given_up: &AtomicBool) -> impl Future<Output = ()> + Send {
    let mut seen = 0;
    future::poll_fn(move |_| {
        seen += 1;
        if seen == looks {
            is_given_up.store(true, Ordering::Relaxed);
            return Poll::Ready(());
        }
        Poll::Pending
    })
}

#[tokio::test]
async fn giving_up_counts_also_in_the_moment_in_which_the_session_has_opened() {
    let lab = lab_with(LabConfig::default()).await;
    for looks in 1_u32.. {
        let is_given_up = AtomicBool::new(false);
        let outcome = connect_until(basic(&lab), |_| {}, at_look(looks, &is_given_up)).await;
        if !is_given_up.load(Ordering::Relaxed) {
            outcome.unwrap().close().await.unwrap();
            break;
        }
        assert!(outcome.unwrap_err().is_cancelled(), "{looks}");
        assert_eq!(lab.live_shells(), 0, "{looks}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_has_a_time_limit() {
    let lab = lab_with_fault("hang=create").await;
    let mut options = basic(&lab);
    options.open_timeout = Duration::from_millis(50);
    let error = connect(options, |_| {}).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert_eq!(
        error.to_string(),
        "could not open the session: localhost did not answer within 0.05 s; try again, or allow more time"
    );
    shells_become(&lab, 0).await;
}
