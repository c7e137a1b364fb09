//! Many commands in one session at the same time.

use exo_lab::LabConfig;
use exo_session::{Pipeline, Session};
use psrp::{PipelineEvent, PsInvocationState};

use crate::support::{basic, command, lab_with, open, run};

/// Longer than what is read ahead of a consumer that does not read.
const MAILBOXES: u32 = 120;
const COMMANDS: usize = 64;

/// Starts all but one of the commands, and reads one object of each: none can end before more is read.
async fn start(session: &Session) -> Vec<Pipeline> {
    let mut pipelines = Vec::new();
    for _ in 1..COMMANDS {
        pipelines.push(session.invoke(command("Get-Mailbox", &[("ResultSize", "Unlimited")])).await.unwrap());
    }
    for pipeline in &mut pipelines {
        assert!(matches!(pipeline.next().await, Some(Ok(PipelineEvent::Output(_)))));
    }
    pipelines
}

/// How many objects follow, and how it ends.
async fn rest(mut pipeline: Pipeline) -> (usize, Option<PsInvocationState>) {
    let (mut count, mut end) = (0, None);
    while let Some(event) = pipeline.next().await {
        match event.unwrap() {
            PipelineEvent::Output(_) => count += 1,
            PipelineEvent::State { state, .. } => end = Some(state),
            _ => {}
        }
    }
    (count, end)
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_commands_are_in_flight_and_the_end_of_some_concerns_no_other() {
    let lab = lab_with(LabConfig { mailboxes: MAILBOXES, ..LabConfig::default() }).await;
    let session = open(basic(&lab)).await;
    let mut pipelines = start(&session).await;
    // The one to cancel does not end by itself, whatever of the others the server has already written.
    let cancelled = session.invoke(command("Test-Mailflow", &[])).await.unwrap();
    assert_eq!(lab.live_shells(), 1);
    // A command beside them runs to its end while nobody reads them.
    let other = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
    assert_eq!(other.state, Some(PsInvocationState::Completed));

    drop(pipelines.remove(9));
    cancelled.cancel();
    assert_eq!(rest(cancelled).await.1, Some(PsInvocationState::Stopped));
    let expected = usize::try_from(MAILBOXES).unwrap() - 1;
    // The last one first, so that each waits for its reader in turn.
    for pipeline in pipelines.into_iter().rev() {
        assert_eq!(rest(pipeline).await, (expected, Some(PsInvocationState::Completed)));
    }
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}
