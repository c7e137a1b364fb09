//! The runspaces of a session, and what the server tells of itself.

use exo_session::SessionState;
use psrp::PsInvocationState;
use psrp::clixml::{Encoder, Value};
use psrp::server::ServerPool;

use crate::peer::{Peer, Script};
use crate::support::{basic, command, lab, open, read, run};

#[tokio::test(flavor = "multi_thread")]
async fn the_server_is_asked_about_its_runspaces() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    assert_eq!(session.available_runspaces().await.unwrap(), 1);
    for (count, expected) in [(5, true), (100, false), (0, false), (1, true)] {
        assert_eq!(session.set_max_runspaces(count).await.unwrap(), expected, "{count}");
    }
    for (count, expected) in [(1, true), (2, false)] {
        assert_eq!(session.set_min_runspaces(count).await.unwrap(), expected, "{count}");
    }
    assert!(session.reset_runspace().await.unwrap());
    // Several at once, and each gets its own answer.
    let (reset, max, available) =
        tokio::join!(session.reset_runspace(), session.set_max_runspaces(100), session.available_runspaces());
    assert_eq!((reset.unwrap(), max.unwrap(), available.unwrap()), (true, false, 1));
    let waiting = session.invoke(command("Test-Mailflow", &[])).await.unwrap();
    while session.available_runspaces().await.unwrap() != 0 {}
    waiting.cancel();
    assert_eq!(read(waiting).await.unwrap().state, Some(PsInvocationState::Stopped));
    session.close().await.unwrap();
    assert!(session.available_runspaces().await.unwrap_err().is_closed());
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_s_private_data_is_kept() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let data = session.private_data().unwrap();
    let table = data.first().and_then(|data| data.member("ApplicationPrivateData")).unwrap().resolve();
    let mut entries = table.entries().map(|(key, value)| (key.to_string(), value));
    let (name, versions) = entries.next().unwrap();
    assert_eq!(name, "PSVersionTable");
    let remoting =
        versions.resolve().entries().find(|(key, _)| key.to_string() == "PSRemotingProtocolVersion");
    assert_eq!(remoting.unwrap().1.to_string(), "2.3");
    session.close().await.unwrap();
}

/// USER_EVENT as PowerShell writes it.
fn tell(pool: &mut ServerPool, number: i32) {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |event| {
        event.members(|members| {
            members.i32("PSEventArgs.EventIdentifier", number);
            members.string("PSEventArgs.SourceIdentifier", "Peer.Event");
        });
    });
    pool.user_event(&body);
}

#[tokio::test]
async fn events_of_the_server_s_session_reach_whoever_listens() {
    let peer = Peer::start(Script::default()).await;
    let session = open(peer.options()).await;
    let mut events = session.user_events().unwrap();
    let mut others = session.user_events().unwrap();
    peer.act(|pool| (1..=3).for_each(|number| tell(pool, number)));
    for listener in [&mut events, &mut others] {
        for expected in 1..=3 {
            let event = listener.next().await.unwrap();
            let number = event.first().and_then(|event| event.member("PSEventArgs.EventIdentifier"));
            assert_eq!(number.and_then(Value::as_i64), Some(expected));
        }
    }
    session.close().await.unwrap();
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_question_that_a_lost_session_does_not_answer_is_an_error() {
    let peer = Peer::start(Script::default()).await;
    let mut options = peer.options();
    options.reconnect = false;
    let session = open(options).await;
    // The peer answers no questions about runspaces.
    let question = session.available_runspaces();
    let ending = async {
        while peer.count("Send stdin") == 0 {
            tokio::task::yield_now().await;
        }
        peer.act(|pool| pool.close(None));
    };
    let (answer, ()) = tokio::join!(question, ending);
    assert!(answer.unwrap_err().needs_reconnect());
    while session.state() != SessionState::Broken {
        tokio::task::yield_now().await;
    }
    assert!(run(&session, "Get-Line", &[]).await.is_err());
}
