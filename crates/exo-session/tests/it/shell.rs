//! How the session behaves towards a WSMan server, seen from a scripted one.

use exo_session::{Category, ConnectEvent, ConnectOptions, connect};
use psrp::clixml::Encoder;
use psrp::server::{Command, ErrorBody, ServerPool};
use psrp::{Availability, HostMethod, PipelineEvent, ProtocolVersion, PsInvocationState};
use uuid::Uuid;

use crate::peer::{Peer, Script};
use crate::support::{command, open, read, run};

fn write(pool: &mut ServerPool, pid: Uuid, texts: u32) {
    for number in 0..texts {
        let mut body = Vec::new();
        Encoder::new(&mut body).string(None, &format!("line {number}"));
        pool.output(pid, &body).unwrap();
    }
}

fn complete(pool: &mut ServerPool, pid: Uuid) {
    pool.pipeline_state(pid, PsInvocationState::Completed, None).unwrap();
}

pub(crate) fn three_lines() -> Script {
    Script {
        on_command: |pool, pid, _| {
            write(pool, pid, 3);
            complete(pool, pid);
        },
        ..Script::default()
    }
}

/// Two thousand lines in many small answers.
fn many_lines() -> Script {
    Script {
        on_command: |pool, pid, _| {
            write(pool, pid, 2_000);
            complete(pool, pid);
        },
        answer_len: 2_000,
        ..Script::default()
    }
}

fn without_reconnecting(peer: &Peer) -> ConnectOptions {
    let mut options = peer.options();
    options.reconnect = false;
    options
}

#[tokio::test]
async fn a_session_speaks_in_the_order_of_the_protocol_and_cleans_up() {
    let peer = Peer::start(three_lines()).await;
    let session = open(peer.options()).await;
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    session.close().await.unwrap();
    let diary = peer.diary();
    assert_eq!(diary.first().unwrap(), "Create");
    assert_eq!(diary.last().unwrap(), "Delete");
    let order: Vec<usize> = ["Create", "Receive shell", "Command", "Receive command", "Delete"]
        .iter()
        .map(|entry| diary.iter().position(|line| line == entry).unwrap())
        .collect();
    assert!(order.is_sorted(), "{diary:?}");
    assert!(!peer.shell());
}

#[tokio::test]
async fn a_command_is_released_after_its_end() {
    let peer = Peer::start(three_lines()).await;
    let session = open(peer.options()).await;
    for _ in 0..3 {
        run(&session, "Get-Line", &[]).await.unwrap();
    }
    while peer.count("Signal terminate") < 3 {
        tokio::task::yield_now().await;
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_timeout_fault_means_ask_again() {
    let peer = Peer::start(Script { timeouts: 5, ..three_lines() }).await;
    let session = open(peer.options()).await;
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    assert_eq!(peer.count("timeout"), 5);
    session.close().await.unwrap();
}

#[tokio::test]
async fn one_receive_and_one_send_are_out_for_each_target() {
    let script = Script {
        on_command: |pool, pid, _| {
            write(pool, pid, 500);
            complete(pool, pid);
        },
        answer_len: 2_000,
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let session = open(peer.options()).await;
    let long = "x".repeat(2_000_000);
    let parameters = [("Text", long.as_str())];
    let first = session.invoke(command("Set-Text", &parameters)).await.unwrap();
    let second = session.invoke(command("Set-Text", &parameters)).await.unwrap();
    let (first, second) = tokio::join!(read(first), read(second));
    assert_eq!((first.unwrap().output.len(), second.unwrap().output.len()), (500, 500));
    assert_eq!(peer.parameters(), [2_000_000, 2_000_000]);
    assert!(6 < peer.count("Send stdin"), "{:?}", peer.diary());
    assert_eq!((peer.most_at_once("Receive"), peer.most_at_once("Send")), (1, 1));
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_change_whose_shell_went_with_its_answer_is_not_begun_in_another() {
    for (name, begun) in [("Set-Line", 1), ("Get-Line", 2)] {
        let peer = Peer::start(Script { loses_first_command: true, ..three_lines() }).await;
        let session = open(peer.options()).await;
        let outcome = run(&session, name, &[]).await;
        match outcome {
            Err(error) => assert!(name == "Set-Line" && error.is_outcome_unknown(), "{name}: {error}"),
            Ok(written) => assert_eq!((name, written.output.len()), ("Get-Line", 3)),
        }
        assert_eq!(peer.count("Command"), begun, "{name}");
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn both_sides_speak_the_version_that_the_server_knows() {
    for (version, expected) in [
        (ProtocolVersion::V2_1, "2.1"),
        (ProtocolVersion::V2_2, "2.2"),
        (ProtocolVersion::V2_3, "2.3"),
        (ProtocolVersion::V2_4, "2.4"),
    ] {
        let peer = Peer::start(Script { version, ..three_lines() }).await;
        let session = open(peer.options()).await;
        assert_eq!(session.info().protocol_version, expected);
        assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
        session.close().await.unwrap();
    }
}

#[tokio::test]
async fn an_idle_session_always_has_a_receive_under_way() {
    let peer = Peer::start(Script { timeouts: 3, ..three_lines() }).await;
    let session = open(peer.options()).await;
    run(&session, "Get-Line", &[]).await.unwrap();
    // Nobody asks anything of the session from now on.
    for _ in 0..3 {
        while !peer.is_out("Receive") {
            tokio::task::yield_now().await;
        }
        let before = peer.count("Receive shell");
        peer.act(|pool| pool.runspace_availability(-1, Availability::Count(0)));
        while peer.count("Receive shell") == before {
            tokio::task::yield_now().await;
        }
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_session_of_protocol_2_1_cannot_be_left() {
    let peer = Peer::start(Script { version: ProtocolVersion::V2_1, ..three_lines() }).await;
    let session = open(peer.options()).await;
    let refused = session.disconnect(None).await.unwrap_err();
    assert!(refused.to_string().contains("a protocol version before 2.2"), "{refused}");
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_lost_new_shell_is_tried_once_more() {
    let peer = Peer::start(Script { lost_shells: 1, ..three_lines() }).await;
    let mut warnings = Vec::new();
    let session = connect(peer.options(), |event| {
        if let ConnectEvent::Warning(text) = event {
            warnings.push(text);
        }
    })
    .await
    .unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("The shell was not found on the server"), "{warnings:?}");
    assert_eq!(peer.count("Create"), 2);
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    session.close().await.unwrap();

    let peer = Peer::start(Script { lost_shells: 2, ..three_lines() }).await;
    let error = connect(peer.options(), |_| {}).await.unwrap_err();
    assert!(error.needs_reconnect(), "{error}");
    assert!(error.to_string().contains("SNAT"), "{error}");
}

#[tokio::test]
async fn after_a_redirection_everything_goes_to_the_new_address() {
    let peer = Peer::start(Script { moved_to: Some("/powershell/there"), ..three_lines() }).await;
    let session = open(peer.options()).await;
    assert!(session.info().server_uri.ends_with("/powershell/there"));
    assert!(session.info().connection_uri.ends_with("/powershell"));
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    session.close().await.unwrap();

    let mut options = peer.options();
    options.allow_redirection = false;
    let error = connect(options, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("redirection is not allowed"), "{error}");
}

#[tokio::test]
async fn a_command_that_ends_without_a_state_is_an_error_unless_it_was_stopped() {
    let script = Script { ends_without_state: true, ..Script::default() };
    let peer = Peer::start(script.clone()).await;
    let session = open(peer.options()).await;
    let error = run(&session, "Get-Line", &[]).await.unwrap_err();
    assert!(error.to_string().contains("the server ended the command without a final state"), "{error}");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_stop_goes_out_as_ctrl_c() {
    let peer = Peer::start(Script::default()).await;
    let session = open(peer.options()).await;
    let pipeline = session.invoke(command("Wait-Forever", &[])).await.unwrap();
    pipeline.cancel();
    assert_eq!(read(pipeline).await.unwrap().state, Some(PsInvocationState::Stopped));
    assert_eq!(peer.count("Signal ctrl_c"), 1);

    let dropped = session.invoke(command("Wait-Forever", &[])).await.unwrap();
    drop(dropped);
    while peer.count("Signal ctrl_c") < 2 || peer.count("Signal terminate") < 2 {
        tokio::task::yield_now().await;
    }
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_reader_that_waits_holds_the_server_up() {
    let peer = Peer::start(many_lines()).await;
    let session = open(peer.options()).await;
    let slow = session.invoke(command("Get-Line", &[])).await.unwrap();
    while peer.count("Receive command") == 0 {
        tokio::task::yield_now().await;
    }
    // A whole other command passes meanwhile; it is read, so it is not held up.
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 2_000);
    let of_both = peer.count("Receive command");
    assert_eq!(read(slow).await.unwrap().output.len(), 2_000);
    let all = peer.count("Receive command");
    assert!(of_both < all / 2 + 30, "{of_both} of {all} answers before anybody read the first command");
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_reader_that_waits_leaves_the_session_in_use() {
    let peer = Peer::start(many_lines()).await;
    let session = open(peer.options()).await;
    let slow = session.invoke(command("Get-Line", &[])).await.unwrap();
    while peer.count("Receive command") == 0 {
        tokio::task::yield_now().await;
    }
    // The Receive of the shell itself goes out again and again, so that the server does not take it for idle.
    for _ in 0..5 {
        let before = peer.count("Receive shell");
        peer.act(|pool| pool.runspace_availability(-1, Availability::Count(0)));
        while peer.count("Receive shell") == before {
            tokio::task::yield_now().await;
        }
    }
    assert_eq!(read(slow).await.unwrap().output.len(), 2_000);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_question_to_the_host_is_answered_with_a_failure() {
    let script = Script {
        on_command: |pool, pid, _| {
            pool.host_call(Some(pid), HostMethod::ReadLine, |_| {}).unwrap();
        },
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let session = open(peer.options()).await;
    let mut pipeline = session.invoke(command("Read-Host", &[])).await.unwrap();
    assert!(matches!(pipeline.next().await.unwrap().unwrap(), PipelineEvent::HostCall(_)));
    assert_eq!(read(pipeline).await.unwrap().state, Some(PsInvocationState::Completed));
    assert_eq!((peer.host_answers(), peer.count("Send pr")), (1, 1));
    session.close().await.unwrap();
}

#[tokio::test]
async fn an_object_that_cannot_be_read_ends_its_command_and_not_the_session() {
    let script = Script {
        on_command: |pool, pid, pipeline| {
            if pipeline.commands().next().and_then(Command::name).is_some_and(|name| &name == "Get-Bad") {
                pool.output(pid, b"<Colour>red</Colour>").unwrap();
            } else {
                write(pool, pid, 3);
            }
            complete(pool, pid);
        },
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let session = open(peer.options()).await;
    let error = run(&session, "Get-Bad", &[]).await.unwrap_err();
    assert_eq!(error.category(), Category::Protocol);
    assert!(error.to_string().contains("byte"), "{error}");
    assert_eq!(run(&session, "Get-Line", &[]).await.unwrap().output.len(), 3);
    session.close().await.unwrap();
}

#[tokio::test]
async fn a_pool_that_the_server_ends_takes_its_commands_with_it() {
    for (broken, expected) in [(true, "Broken: out of order"), (false, "Closed")] {
        let peer = Peer::start(Script::default()).await;
        let session = open(without_reconnecting(&peer)).await;
        let pipeline = session.invoke(command("Wait-Forever", &[])).await.unwrap();
        while peer.count("Command") == 0 {
            tokio::task::yield_now().await;
        }
        peer.act(|pool| pool.close(broken.then(|| ErrorBody::new("out of order")).as_ref()));
        let error = read(pipeline).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
        let later = loop {
            match session.invoke(command("Get-Line", &[])).await {
                Ok(pipeline) => drop(pipeline),
                Err(error) => break error,
            }
        };
        assert!(later.needs_reconnect(), "{later}");
        while peer.shell() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn several_sessions_do_not_share_cookies_or_shells() {
    let one = Peer::start(three_lines()).await;
    let two = Peer::start(three_lines()).await;
    let (first, second) = (open(one.options()).await, open(two.options()).await);
    assert_ne!(first.id(), second.id());
    first.close().await.unwrap();
    assert_eq!(run(&second, "Get-Line", &[]).await.unwrap().output.len(), 3);
    second.close().await.unwrap();
    assert!(!one.shell() && !two.shell());
}

#[tokio::test]
async fn a_shell_whose_making_was_not_confirmed_is_deleted() {
    let peer = Peer::start(Script { loses_create_answer: true, ..three_lines() }).await;
    let error = connect(peer.options(), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("closed the connection without an answer"), "{error}");
    assert_eq!(peer.diary(), ["Create", "Create", "Delete"]);
    assert!(!peer.shell());
}

#[tokio::test]
async fn what_came_before_a_broken_fragment_is_delivered_to_a_slow_reader() {
    let script = Script {
        on_command: |pool, pid, _| {
            write(pool, pid, 300);
            complete(pool, pid);
        },
        breaks_at_the_end: true,
        ..Script::default()
    };
    let peer = Peer::start(script).await;
    let session = open(without_reconnecting(&peer)).await;
    let mut pipeline = session.invoke(command("Get-Line", &[])).await.unwrap();
    while peer.shell() {
        // The session breaks and ends before anybody reads.
        tokio::task::yield_now().await;
    }
    let mut lines = 0;
    let last = loop {
        match pipeline.next().await.unwrap() {
            Ok(PipelineEvent::Output(_)) => lines += 1,
            other => break other,
        }
    };
    assert_eq!(lines, 300);
    // The command itself had told its end; the session is what broke.
    assert!(matches!(last, Ok(PipelineEvent::State { state: PsInvocationState::Completed, .. })), "{last:?}");
    let error = session.invoke(command("Get-Line", &[])).await.unwrap_err();
    assert!(error.to_string().contains("the session ended: fragment 0 has object id 0"), "{error}");
}
