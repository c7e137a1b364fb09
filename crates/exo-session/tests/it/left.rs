//! Sessions that are left, come back to, and taken over by another client.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use exo_lab::{Lab, LabConfig};
use exo_session::{
    DisconnectedSession, Error, Host, OutputBuffering, Pipeline, Refusal, Session, SessionState, attach,
};
use psrp::clixml::decode;
use psrp::{ChoiceQuestion, PipelineEvent, PsInvocationState};

use crate::cancel::at_look;
use crate::support::{Written, basic, command, lab, lab_with, open, read, rest, run, shells_become};

/// More than is read ahead of a reader, and than waits on the server.
const MAILBOXES: u32 = 200;

async fn full_lab() -> Lab {
    lab_with(LabConfig { mailboxes: MAILBOXES, ..LabConfig::default() }).await
}

async fn all_mailboxes(session: &Session) -> Pipeline {
    session.invoke(command("Get-Mailbox", &[("ResultSize", "Unlimited")])).await.unwrap()
}

/// The aliases that a command writes, in order.
async fn aliases(session: &Session) -> Vec<String> {
    read(all_mailboxes(session).await).await.unwrap().texts("Alias")
}

async fn first_of(pipeline: &mut Pipeline) -> Written {
    loop {
        if let PipelineEvent::Output(tape) = pipeline.next().await.unwrap().unwrap() {
            return Written { output: vec![tape], ..Written::default() };
        }
    }
}

async fn attached(lab: &Lab, left: &DisconnectedSession) -> Result<(Session, Vec<Pipeline>), Error> {
    attach(basic(lab), left, None, |_| {}, std::future::pending()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_go_on_while_their_session_is_left_and_their_readers_see_no_gap() {
    let lab = full_lab().await;
    let session = open(basic(&lab)).await;
    let expected = aliases(&session).await;
    let mut reading = Vec::new();
    for _ in 0..10 {
        let mut pipeline = all_mailboxes(&session).await;
        let first = first_of(&mut pipeline).await;
        reading.push((pipeline, first));
    }
    assert_eq!(session.state(), SessionState::Opened);
    // More than once, so that what was come back to can be left again.
    for _ in 0..3 {
        let left = session.disconnect(None).await.unwrap();
        assert_eq!((left.commands.len(), left.session_id), (10, session.id()));
        assert_eq!(session.state(), SessionState::Disconnected);
        let refused = run(&session, "Get-AcceptedDomain", &[]).await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "could not run the command: the session is disconnected, or about to be"
        );
        assert!(session.disconnect(None).await.is_err());
        session.reconnect().await.unwrap();
        session.reconnect().await.unwrap();
        assert_eq!(session.state(), SessionState::Opened);
        assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().errors, 0);
    }
    for (pipeline, mut written) in reading {
        let others = read(pipeline).await.unwrap();
        written.output.extend(others.output);
        assert_eq!(written.texts("Alias"), expected);
        assert_eq!(others.state, Some(PsInvocationState::Completed));
    }
    session.close().await.unwrap();
    assert_eq!((lab.live_shells(), session.state()), (0, SessionState::Closed));
}

#[tokio::test(flavor = "multi_thread")]
async fn output_that_nobody_takes_waits_or_is_lost_as_the_options_say() {
    let lab = lab_with(LabConfig { mailboxes: 3 * MAILBOXES, ..LabConfig::default() }).await;
    for (mode, loses) in [(OutputBuffering::Block, false), (OutputBuffering::Drop, true)] {
        let mut options = basic(&lab);
        options.output_buffering = Some(mode);
        let session = open(options).await;
        let expected = aliases(&session).await;
        let mut pipeline = all_mailboxes(&session).await;
        let mut written = first_of(&mut pipeline).await;
        session.disconnect(None).await.unwrap();
        while loses && lab.running_commands() != 0 {
            tokio::task::yield_now().await;
        }
        session.reconnect().await.unwrap();
        let others = read(pipeline).await.unwrap();
        assert_eq!(others.state, Some(PsInvocationState::Completed));
        written.output.extend(others.output);
        let aliases = written.texts("Alias");
        assert!(aliases.iter().zip(&expected).all(|(one, other)| one == other), "{mode:?}");
        assert_eq!(aliases.len() < expected.len(), loses, "{mode:?}");
        session.close().await.unwrap();
    }
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_and_answers_wait_until_the_session_is_come_back_to() {
    /// Says when it is asked, and answers when it is told.
    struct Person {
        asked: Mutex<Sender<()>>,
        answers: Mutex<Receiver<i32>>,
    }
    impl Host for Person {
        fn choose(&self, _: &ChoiceQuestion) -> Result<i32, Refusal> {
            self.asked.lock().unwrap().send(()).unwrap();
            self.answers.lock().unwrap().recv().map_err(|_| Refusal::default())
        }
    }
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let (fed, input) = session.invoke_with_input(command("Get-Mailbox", &[])).await.unwrap();
    input.write(decode(&b"<S>user00001</S>"[..]).unwrap()).await.unwrap();

    let ((asked, heard), (answer, answers)) = (channel(), channel());
    let person = Person { asked: Mutex::new(asked), answers: Mutex::new(answers) };
    let remove = command("Remove-Mailbox", &[("Identity", "user00003")]);
    let asking = session.invoke_with_host(remove, Arc::new(person)).await.unwrap();
    let asking = tokio::spawn(read(asking));
    tokio::task::spawn_blocking(move || heard.recv().unwrap()).await.unwrap();

    let left = session.disconnect(None).await.unwrap();
    assert_eq!(left.commands.len(), 2);
    input.write(decode(&b"<S>user00002</S>"[..]).unwrap()).await.unwrap();
    answer.send(0).unwrap();
    drop(input);
    session.reconnect().await.unwrap();
    assert_eq!(read(fed).await.unwrap().texts("Alias"), ["user00001", "user00002"]);
    assert_eq!(asking.await.unwrap().unwrap().state, Some(PsInvocationState::Completed));
    assert_eq!(run(&session, "Get-Mailbox", &[("Identity", "user00003")]).await.unwrap().errors, 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_takes_a_session_over_and_loses_nothing() {
    let lab = full_lab().await;
    let session = open(basic(&lab)).await;
    let expected = aliases(&session).await;
    let long = command("Get-Mailbox", &[("ResultSize", "Unlimited")]);
    let left = session.invoke_and_disconnect(long, None).await.unwrap();
    drop(session);
    assert_eq!(lab.live_shells(), 1);
    // As it goes from one program to another.
    let text = serde_json::to_string(&left).unwrap();
    let found: DisconnectedSession = serde_json::from_str(&text).unwrap();
    assert_eq!(found, left);

    let (session, pipelines) = attached(&lab, &found).await.unwrap();
    assert_eq!((session.id(), session.info().shell_id.as_str()), (left.session_id, left.shell_id.as_str()));
    assert_eq!(pipelines.len(), 1);
    for pipeline in pipelines {
        let written = read(pipeline).await.unwrap();
        assert_eq!(written.state, Some(PsInvocationState::Completed));
        assert_eq!(written.texts("Alias"), expected);
    }
    // It is a session like any other, and can be left and taken over again.
    assert!(session.private_data().is_some());
    assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().errors, 0);
    let again = session.disconnect(None).await.unwrap();
    assert!(again.commands.is_empty());
    let (session, _) = attached(&lab, &again).await.unwrap();
    assert_eq!(aliases(&session).await, expected);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_client_has_received_is_not_received_again_by_the_next() {
    let lab = full_lab().await;
    let session = open(basic(&lab)).await;
    let expected = aliases(&session).await;
    let mut pipeline = all_mailboxes(&session).await;
    let mut first = first_of(&mut pipeline).await;
    let left = session.disconnect(None).await.unwrap();
    let (other, pipelines) = attached(&lab, &left).await.unwrap();
    let mut behind = Vec::new();
    for pipeline in pipelines {
        behind.extend(read(pipeline).await.unwrap().texts("Alias"));
    }
    // The rest had come before, and is still here.
    let mut seen = first.texts("Alias");
    while seen.len() + behind.len() < expected.len() {
        first = first_of(&mut pipeline).await;
        seen.extend(first.texts("Alias"));
    }
    seen.extend(behind);
    assert_eq!(seen, expected);
    drop((session, pipeline));
    let session = other;
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_reach_a_session_that_was_taken_over() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let make = |name| crate::secret::new_mailbox(name, "correct horse");
    read(session.invoke(make("before")).await.unwrap()).await.unwrap();
    let left = session.disconnect(None).await.unwrap();
    let (session, _) = attached(&lab, &left).await.unwrap();
    let made = read(session.invoke(make("behind")).await.unwrap()).await.unwrap();
    assert_eq!(made.state, Some(PsInvocationState::Completed));
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_not_left_or_not_there_is_not_taken_over() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let left = session.disconnect(None).await.unwrap();
    session.reconnect().await.unwrap();
    let refused = attached(&lab, &left).await.unwrap_err();
    assert!(refused.to_string().contains("The shell is connected to another client"), "{refused}");
    // Its client is not disturbed.
    assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().errors, 0);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
    let gone = attached(&lab, &left).await.unwrap_err();
    assert!(gone.needs_reconnect(), "{gone}");
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_while_it_was_left_is_gone_and_the_next_command_gets_another() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let waiting = session.invoke(command("Test-Mailflow", &[])).await.unwrap();
    let left = session.disconnect(None).await.unwrap();
    let (other, pipelines) = attached(&lab, &left).await.unwrap();
    drop(pipelines);
    other.close().await.unwrap();
    let gone = session.reconnect().await.unwrap_err();
    assert!(gone.needs_reconnect(), "{gone}");
    assert!(read(waiting).await.is_err());
    assert_eq!(run(&session, "Get-AcceptedDomain", &[]).await.unwrap().warnings, 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_left_stays_when_dropped_and_goes_when_closed() {
    let lab = lab().await;
    for closes in [false, true] {
        let session = open(basic(&lab)).await;
        let pipeline = session.invoke(command("Test-Mailflow", &[])).await.unwrap();
        let left = session.disconnect(None).await.unwrap();
        if closes {
            session.close().await.unwrap();
            assert!(read(pipeline).await.unwrap_err().is_closed());
            shells_become(&lab, 0).await;
        } else {
            drop((session, pipeline));
            let (session, _) = attached(&lab, &left).await.unwrap();
            session.close().await.unwrap();
        }
        assert_eq!(lab.live_shells(), 0, "{closes}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_on_its_way_is_sent_before_the_session_is_left() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let long = "x".repeat(700_000);
    let set = command("Set-Mailbox", &[("Identity", "user00001"), ("CustomAttribute1", long.as_str())]);
    let pipeline = session.invoke(set).await.unwrap();
    session.disconnect(None).await.unwrap();
    session.reconnect().await.unwrap();
    // Whatever the server says to such a value, it has had it whole.
    assert!(read(pipeline).await.unwrap().state.is_some());
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_session_whose_taking_over_is_given_up_is_left_again_at_whatever_moment() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let left = session.disconnect(None).await.unwrap();
    for looks in 1_u32.. {
        let is_given_up = AtomicBool::new(false);
        let outcome = attach(basic(&lab), &left, None, |_| {}, at_look(looks, &is_given_up)).await;
        assert_eq!(lab.live_shells(), 1, "{looks}");
        if !is_given_up.load(Ordering::Relaxed) {
            outcome.unwrap().0.close().await.unwrap();
            break;
        }
        assert!(outcome.unwrap_err().is_cancelled(), "{looks}");
    }
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_rest_there_is_nothing_to_leave() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let refused = session.disconnect(None).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "could not disconnect the session: the session is over REST, where the server keeps none"
    );
    assert!(session.reconnect().await.is_err());
    assert!(session.reset_runspace().await.is_err());
    assert!(session.private_data().is_none() && session.user_events().is_none());
    assert_eq!(session.state(), SessionState::Opened);
    session.close().await.unwrap();
    assert_eq!(session.state(), SessionState::Closed);
}

#[tokio::test]
async fn closing_tells_that_the_server_is_gone_and_does_not_wait_for_it() {
    let lab = lab_with(LabConfig::default()).await;
    let session = open(basic(&lab)).await;
    lab.shutdown().await;
    // It would take longer than a close may: then it would be said that no answer came.
    let error = session.close().await.unwrap_err();
    assert!(error.to_string().starts_with("could not close the session: localhost refused"), "{error}");
}
