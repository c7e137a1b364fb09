//! A client in the shell of a session that has commands of its own.

use exo_session::SessionState;
use psrp::{LineRequest, PsInvocationState};

use super::client::Client;
use crate::support::{basic, lab, lab_with_fault, open, rest, run};

#[tokio::test]
async fn both_run_commands_in_one_shell_which_the_client_leaves_as_it_is() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let mut client = Client::within(&session).await;
    assert_eq!(lab.live_shells(), 1);
    for _ in 0..3 {
        let own = run(&session, "Get-Mailbox", &[("ResultSize", "5")]);
        let (outcome, own) = tokio::join!(client.run("Get-Mailbox", &[("ResultSize", "7")]), own);
        assert_eq!((outcome.output, outcome.state), (7, Some(PsInvocationState::Completed)));
        assert_eq!(own.unwrap().output.len(), 5);
    }
    // The command and its rest, each message of which names the pool.
    let long = "x".repeat(100_000);
    let set = [("Identity", "user00001"), ("CustomAttribute1", long.as_str())];
    let outcome = client.run_with_fragments(10_000, "Set-Mailbox", &set).await;
    assert!(outcome.state.is_some());
    // One that is under way goes with its client.
    client.begin("Get-Mailbox", &[]).await;
    client.close().await;
    assert_eq!((lab.live_shells(), session.state()), (1, SessionState::Opened));
    assert_eq!(run(&session, "Get-Mailbox", &[("ResultSize", "2")]).await.unwrap().output.len(), 2);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_session_that_was_closed_leaves_its_client_commands_that_fail() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let mut client = Client::within(&session).await;
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
    let outcome = client.run("Get-Mailbox", &[]).await;
    assert_eq!((outcome.output, outcome.state), (0, Some(PsInvocationState::Failed)));
    assert!(outcome.reason.contains("closed"), "{}", outcome.reason);
    drop(session);
    assert_eq!(client.run("Get-Mailbox", &[]).await.state, Some(PsInvocationState::Failed));
    client.close().await;
}

#[tokio::test]
async fn a_session_that_is_opened_again_takes_its_client_along() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let mut client = Client::within(&session).await;
    lab.end_shells();
    assert_eq!(client.run("Get-Mailbox", &[]).await.state, Some(PsInvocationState::Failed));
    assert_eq!(run(&session, "Get-Mailbox", &[("ResultSize", "2")]).await.unwrap().output.len(), 2);
    assert_eq!(client.run("Get-Mailbox", &[("ResultSize", "3")]).await.output, 3);
    client.close().await;
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_client_that_goes_without_a_word_takes_its_commands_and_not_the_session() {
    let lab = lab_with_fault("slow-drip@receive").await;
    let session = open(basic(&lab)).await;
    let mut client = Client::within(&session).await;
    client.begin("Get-Mailbox", &[]).await;
    drop(client);
    lab.clear_faults();
    assert_eq!(run(&session, "Get-Mailbox", &[("ResultSize", "2")]).await.unwrap().output.len(), 2);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn over_rest_a_client_opens_and_its_commands_fail() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let mut client = Client::within(&session).await;
    let outcome = client.run("Get-Mailbox", &[]).await;
    assert_eq!((outcome.output, outcome.state), (0, Some(PsInvocationState::Failed)));
    assert!(outcome.reason.contains("over REST, which has no remote shell"), "{}", outcome.reason);
    let pid = client.write_begin("Get-Mailbox", &[]).await;
    client.ask(LineRequest::Signal, pid);
    client.ask(LineRequest::Close, pid);
    client.close().await;
    assert_eq!(session.state(), SessionState::Opened);
}
