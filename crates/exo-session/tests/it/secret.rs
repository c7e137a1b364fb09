//! Passwords as parameters: the session key is made when the first one crosses.

use std::time::Duration;

use exo_session::{Error, Invocation, Session};
use psrp::clixml::Encoder;
use psrp::secret::{decode_secret, secure_text};
use psrp::{PipelineEvent, ProtocolVersion, PsInvocationState};

use crate::peer::{Peer, Script};
use crate::support::{Written, basic, command, lab, open, read, run};

pub(crate) fn new_mailbox(name: &str, password: &str) -> Invocation {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            members.string("Name", name);
            members.secure_string("Password", &secure_text(password));
        });
    });
    Invocation { command: "New-Mailbox".to_owned(), parameters: decode_secret(body.into()).unwrap() }
}

async fn make(session: &Session, name: &str, password: &str) -> Result<Written, Error> {
    read(session.invoke(new_mailbox(name, password)).await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reaches_the_server_as_it_was_typed() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    assert_eq!(session.info().protocol_version, "2.3");
    for (name, password, state) in [
        ("zoe", "pässwörd 😀", PsInvocationState::Completed),
        ("yan", "exactly8", PsInvocationState::Completed),
        ("xia", "seven77", PsInvocationState::Failed),
        ("wim", "has WIM inside", PsInvocationState::Failed),
        ("vik", &"long ".repeat(5000), PsInvocationState::Completed),
    ] {
        let written = make(&session, name, password).await.unwrap();
        assert_eq!(written.state, Some(state), "{name}");
    }
    let written = run(&session, "Get-Mailbox", &[("Identity", "zoe")]).await.unwrap();
    assert_eq!(written.output.len(), 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_commands_wait_for_one_key_and_others_do_not_wait_for_it() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let mut making = Vec::new();
    for number in 0..8 {
        making.push(session.invoke(new_mailbox(&format!("person{number}"), "correct horse")).await.unwrap());
    }
    let other = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
    assert_eq!(other.state, Some(PsInvocationState::Completed));
    for pipeline in making {
        assert_eq!(read(pipeline).await.unwrap().state, Some(PsInvocationState::Completed));
    }
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_waits_for_the_key_can_be_cancelled_and_never_runs() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let mut pipeline = session.invoke(new_mailbox("never", "correct horse")).await.unwrap();
    pipeline.cancel();
    let mut last = None;
    while let Some(event) = pipeline.next().await {
        last = Some(event.unwrap());
    }
    assert!(matches!(last, Some(PipelineEvent::State { state: PsInvocationState::Stopped, .. })));
    assert_eq!(
        make(&session, "after", "correct horse").await.unwrap().state,
        Some(PsInvocationState::Completed)
    );
    let written = run(&session, "Get-Mailbox", &[("Identity", "never")]).await.unwrap();
    assert_eq!((written.output.len(), written.errors), (0, 1));
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_in_plain_text_is_refused_by_the_server() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let parameters = [("Name", "plain"), ("Password", "correct horse")];
    let written = read(session.invoke(command("New-Mailbox", &parameters)).await.unwrap()).await.unwrap();
    assert_eq!(written.state, Some(PsInvocationState::Failed));
    session.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_closed_while_a_key_is_made_leaves_nothing() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let pipeline = session.invoke(new_mailbox("late", "correct horse")).await.unwrap();
    session.close().await.unwrap();
    assert!(read(pipeline).await.unwrap_err().is_closed());
    assert_eq!(lab.live_shells(), 0);
}

/// The timer of MS-PSRP 3.1.2.
#[tokio::test]
async fn a_server_that_sends_no_key_is_not_waited_for() {
    let peer = Peer::start(Script { version: ProtocolVersion::V2_3, ..Script::default() }).await;
    let mut options = peer.options();
    options.reconnect = false;
    let session = open(options).await;
    let making = make(&session, "never", "correct horse");
    let clock = async {
        // The peer takes the public key and says nothing.
        while peer.count("Send stdin") == 0 {
            tokio::task::yield_now().await;
        }
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(61)).await;
        tokio::time::resume();
    };
    let (made, ()) = tokio::join!(making, clock);
    let error = made.unwrap_err();
    assert!(
        error.to_string().contains("the server sent no session key for secure strings within 60 s"),
        "{error}"
    );
    assert_eq!(peer.count("Command"), 0);
    while peer.shell() {
        tokio::task::yield_now().await;
    }
}
