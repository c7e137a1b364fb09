//! Pipeline input.

use std::future::{Future, poll_fn};
use std::task::Poll;

use exo_session::Input;
use psrp::clixml::{Tape, decode};
use psrp::{PipelineEvent, PsInvocationState};

use crate::support::{basic, command, lab, lab_with_fault, open, read, run};

fn text(value: &str) -> Tape {
    decode(format!("<S>{value}</S>").into_bytes()).unwrap()
}

/// How many values are taken without anybody waiting, at most `most`.
async fn written_at_once(input: &Input, most: usize) -> usize {
    for count in 0..most {
        let mut write = Box::pin(input.write(text("user00001")));
        let ready = poll_fn(|context| Poll::Ready(write.as_mut().poll(context).is_ready())).await;
        if !ready {
            return count;
        }
    }
    most
}

#[tokio::test(flavor = "multi_thread")]
async fn each_value_of_the_input_reaches_the_command() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let all = run(&session, "Get-Mailbox", &[]).await.unwrap().texts("Alias");
    let (pipeline, input) = session.invoke_with_input(command("Get-Mailbox", &[])).await.unwrap();
    let writer = tokio::spawn({
        let all = all.clone();
        async move {
            for _ in 0..40 {
                for alias in &all {
                    input.write(text(alias)).await.unwrap();
                }
            }
            // Two values at once, the second of them unknown.
            let two = format!("<S>{}</S><S>nobody</S>", all[0]);
            input.write(decode(two.into_bytes()).unwrap()).await.unwrap();
        }
    });
    let written = read(pipeline).await.unwrap();
    writer.await.unwrap();
    assert_eq!(written.state, Some(PsInvocationState::Completed));
    let mut expected: Vec<String> = std::iter::repeat_n(all.iter().cloned(), 40).flatten().collect();
    expected.push(all[0].clone());
    assert_eq!(written.texts("Alias"), expected);
    assert_eq!(written.errors, 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_without_values_ends_at_once() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let (pipeline, input) = session.invoke_with_input(command("Get-AcceptedDomain", &[])).await.unwrap();
    drop(input);
    let written = read(pipeline).await.unwrap();
    assert_eq!(written.state, Some(PsInvocationState::Completed));
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_while_the_server_takes_nothing() {
    let lab = lab_with_fault("hang=command").await;
    let session = open(basic(&lab)).await;
    let (pipeline, input) = session.invoke_with_input(command("Get-Mailbox", &[])).await.unwrap();
    assert_eq!(written_at_once(&input, 1000).await, 16);
    drop(pipeline);
    while input.write(text("user00001")).await.is_ok() {}
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_stopped_takes_no_more_input() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let (mut pipeline, input) = session.invoke_with_input(command("Get-Mailbox", &[])).await.unwrap();
    input.write(text("user00001")).await.unwrap();
    pipeline.cancel();
    let mut last = None;
    while let Some(event) = pipeline.next().await {
        last = Some(event.unwrap());
    }
    assert!(matches!(last, Some(PipelineEvent::State { state: PsInvocationState::Stopped, .. })));
    while input.write(text("user00001")).await.is_ok() {}
    let after = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
    assert_eq!(after.state, Some(PsInvocationState::Completed));
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}
