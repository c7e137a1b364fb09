//! Stopping, at every stage.

use std::future::{self, Future};
use std::time::Duration;

use exo_lab::LabConfig;
use exo_session::{connect, connect_until};
use psrp::{PipelineEvent, PsInvocationState};
use tokio::sync::oneshot;

use crate::support::{basic, command, lab_with, lab_with_fault, open, options, run, shells_become};

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
                std::task::Poll::Ready(outcome) => std::task::Poll::Ready(Some(outcome)),
                std::task::Poll::Pending if left == 0 => std::task::Poll::Ready(None),
                std::task::Poll::Pending => std::task::Poll::Pending,
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
