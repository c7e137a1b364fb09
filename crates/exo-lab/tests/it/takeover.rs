//! Shells that are left, come back to, and taken over.

use exo_lab::{Lab, LabConfig};
use psrp::{CommandSpec, PipelineSpec, PoolConfig, PoolEvent, PsInvocationState, RunspacePool, Target};
use uuid::Uuid;
use wsman::Response;

use crate::http::basic;
use crate::session::{Session, ids};

const PATH: &str = "/powershell-liveid/";
/// More than fits into what waits for a client.
const MAILBOXES: u32 = 400;

async fn left(lab: &Lab) -> (Session<'_>, Uuid) {
    let authorization = basic(&lab.user(), lab.password());
    let mut session = Session::open(lab, PATH, authorization).await.expect("the shell opens");
    let parameters = crate::session::tape(&[("ResultSize", "Unlimited")]);
    let all = CommandSpec::command("Get-Mailbox", Some(&parameters));
    let pid = session.start(&PipelineSpec::new(vec![all])).await;
    let disconnect = session.endpoint.build_disconnect(ids(), &session.shell, None, None);
    assert_eq!(session.ask(&disconnect).await.expect("it is left"), Response::Disconnect);
    session.pool.disconnected().expect("it was open");
    (session, pid)
}

async fn lab() -> Lab {
    let config = LabConfig { mailboxes: MAILBOXES, ..LabConfig::default() };
    Lab::start(config).await.expect("the lab starts")
}

#[tokio::test]
async fn the_client_comes_back_to_its_shell_and_its_command() {
    let lab = lab().await;
    let (mut session, pid) = left(&lab).await;
    let receive = session.endpoint.build_receive(ids(), &session.shell, Some(pid));
    assert!(session.ask(&receive).await.expect_err("nobody is there to receive").is_aborted());
    for command_id in [None, Some(pid)] {
        let reconnect = session.endpoint.build_reconnect(ids(), &session.shell, command_id);
        assert_eq!(session.ask(&reconnect).await.expect("it is back"), Response::Reconnect);
    }
    session.pool.reconnected().expect("it was left");
    let outcome = session.finish(pid).await;
    assert_eq!(outcome.state, Some(PsInvocationState::Completed));
    assert_eq!(outcome.output.len(), usize::try_from(MAILBOXES).expect("a small number"));
    session.delete().await;
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn another_client_takes_the_shell_and_the_command_over() {
    let lab = lab().await;
    let (mut session, pid) = left(&lab).await;
    // As another program on another machine: no cookies, another session id, only the two names.
    session.cookies.clear();
    session.endpoint.session_id = Uuid::new_v4();
    let reconnect = session.endpoint.build_reconnect(ids(), &session.shell, None);
    assert!(session.ask(&reconnect).await.is_err());
    let rpid = session.pool.rpid();
    let mut pool = RunspacePool::new(rpid, PoolConfig::default());
    pool.connect().expect("a new pool");
    let opening = pool.poll_transmit(Target::Pool, 100_000).expect("it speaks first").payload;
    let connect = session.endpoint.build_connect(ids(), &session.shell, opening, "2.3");
    let answer = session.post(&connect).await.expect("the lab answers");
    session.take_cookies(&answer);
    let Ok(Response::Connect { connect_response_xml: Some(told) }) = Response::decode(&answer.body) else {
        panic!("no answer to Connect: {}", answer.text());
    };
    pool.handle_bytes(told).expect("the lab speaks PSRP");
    assert!(matches!(pool.poll_event(), Some(PoolEvent::Opened)));
    assert!(matches!(pool.poll_event(), Some(PoolEvent::InitData { min_runspaces: 1, .. })));
    assert!(matches!(pool.poll_event(), Some(PoolEvent::ApplicationPrivateData(_))));
    pool.connect_pipeline(pid).expect("it is not known yet");
    session.pool = pool;
    let command = session.endpoint.build_connect_command(ids(), &session.shell, pid);
    let taken = session.ask(&command).await.expect("the command is there");
    assert_eq!(taken, Response::Connect { connect_response_xml: None });
    let outcome = session.finish(pid).await;
    assert_eq!(outcome.state, Some(PsInvocationState::Completed));
    assert_eq!(outcome.output.len(), usize::try_from(MAILBOXES).expect("a small number"));
    session.delete().await;
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn a_shell_that_has_its_client_is_not_given_away() {
    let lab = lab().await;
    let authorization = basic(&lab.user(), lab.password());
    let session = Session::open(&lab, PATH, authorization).await.expect("the shell opens");
    let mut pool = RunspacePool::new(session.pool.rpid(), PoolConfig::default());
    pool.connect().expect("a new pool");
    let opening = pool.poll_transmit(Target::Pool, 100_000).expect("it speaks first").payload;
    for (connect, expected) in [
        (session.endpoint.build_connect(ids(), &session.shell, opening, "2.3"), "another client"),
        (
            session.endpoint.build_connect_command(ids(), &session.shell, Uuid::new_v4()),
            "the shell was not found",
        ),
    ] {
        let refused = session.ask(&connect).await.expect_err("it has a client");
        assert!(refused.reason.contains(expected), "{}", refused.reason);
    }
    // Coming back to where one is does no harm.
    let reconnect = session.endpoint.build_reconnect(ids(), &session.shell, None);
    assert_eq!(session.ask(&reconnect).await.expect("it is there"), Response::Reconnect);
    session.delete().await;
    lab.shutdown().await;
}
