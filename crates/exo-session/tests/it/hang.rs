//! Requests that are read and never answered.

use std::time::Duration;

use exo_lab::{Lab, LabConfig};
use exo_session::connect;
use psrp::PsInvocationState;

use crate::faults::{CHANGE, STAGES, quick, ten_at_once};
use crate::support::{lab_with, open, run};

/// Does the work, and lets the client's time for an answer pass at once each time that a request hangs.
async fn not_waiting<T>(lab: &Lab, work: impl Future<Output = T>) -> T {
    let clock = async move {
        let mut passed = lab.hung_requests();
        loop {
            while lab.hung_requests() == passed {
                tokio::task::yield_now().await;
            }
            passed += 1;
            tokio::time::pause();
            tokio::time::advance(PATIENCE).await;
            tokio::time::resume();
        }
    };
    tokio::select! {
        done = work => done,
        never = clock => never,
    }
}

/// A request is given up after its time and sent once more, with the same ids; so whatever hung is done once.
#[tokio::test]
async fn a_request_that_hangs_is_given_up_and_sent_once_more() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    for stage in STAGES {
        for count in [1, 10] {
            let case = format!("hang@{stage} with {count}");
            let (before, hung) = (lab.executions(CHANGE), lab.hung_requests());
            let trouble = format!("hang@{stage}=1").parse().unwrap();
            if stage == "create" {
                lab.add_fault(trouble);
                // A server that has never answered is not asked again.
                let error = not_waiting(&lab, connect(quick(&lab), |_| {})).await.unwrap_err();
                assert!(error.is_timeout(), "{case}: {error}");
                assert_eq!(lab.live_shells(), 0, "{case}");
                continue;
            }
            let session = open(quick(&lab)).await;
            lab.add_fault(trouble);
            let all = async {
                let believed = ten_at_once(&session, count).await;
                let next = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
                assert_eq!(next.state, Some(PsInvocationState::Completed), "{case}");
                session.close().await.unwrap();
                believed
            };
            let believed = not_waiting(&lab, all).await;
            assert_eq!((believed.completed, believed.said.as_slice()), (count, [].as_slice()), "{case}");
            assert_eq!(lab.executions(CHANGE) - before, count, "{case}");
            assert_eq!((lab.live_shells(), lab.hung_requests() - hung), (0, 1), "{case}");
        }
    }
}

/// A server that has stopped answering for good is not waited for without end.
#[tokio::test]
async fn a_server_that_answers_no_more_is_given_up() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    let session = open(quick(&lab)).await;
    lab.add_fault("hang=command".parse().unwrap());
    let believed = not_waiting(&lab, ten_at_once(&session, 1)).await;
    assert_eq!((believed.unknown, lab.executions(CHANGE)), (1, 0), "{believed:?}");
    assert!(believed.said[0].contains("did not answer within"), "{believed:?}");
    lab.clear_faults();
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

/// Longer than the client waits for an answer: the operation time-out and half a minute.
const PATIENCE: Duration = Duration::from_secs(211);
