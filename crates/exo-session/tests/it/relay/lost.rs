//! Requests of a relay whose answer is lost.

use psrp::PsInvocationState;

use super::client::Client;
use crate::faults::{CHANGE, quick};
use crate::support::lab;

/// They go out again with the same ids, and the server answers from what it has kept: the client hears everything once, and
/// what it asked for is done once.
#[tokio::test]
async fn what_was_asked_for_is_done_once_and_heard_once() {
    let lab = lab().await;
    for stage in ["command", "send", "receive", "signal", "delete"] {
        for fault in ["drop-request", "drop-before", "drop-mid", "truncate"] {
            let case = format!("{fault}@{stage}");
            let mut client = Client::open(quick(&lab)).await;
            lab.add_fault(format!("{case}=1").parse().unwrap());
            let before = lab.executions(CHANGE);
            let set = [("Identity", "user00001"), ("CustomAttribute1", case.as_str())];
            // In lines so short that most of the command goes with Sends.
            let outcome = client.run_with_fragments(700, CHANGE, &set).await;
            assert_eq!(outcome.state, Some(PsInvocationState::Completed), "{case}: {}", outcome.reason);
            assert_eq!(lab.executions(CHANGE) - before, 1, "{case}");
            let outcome = client.run("Get-Mailbox", &[("ResultSize", "7")]).await;
            assert_eq!((outcome.output, outcome.state), (7, Some(PsInvocationState::Completed)), "{case}");
            client.close().await;
            assert_eq!(lab.live_shells(), 0, "{case}");
            lab.clear_faults();
        }
    }
}
