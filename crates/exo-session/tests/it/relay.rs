//! A shell in which somebody else speaks PSRP, in the lines of PowerShell's transports.
#![expect(clippy::panic, reason = "a test ends where something is wrong, also in what several tests use")]

mod client;
mod lost;
mod recorded;
mod within;

use std::time::Duration;

use exo_lab::{Lab, LabConfig};
use exo_session::{ConnectOptions, RelayEvent, relay};
use psrp::clixml::Encoder;
use psrp::{Line, LineRequest, PsInvocationState};
use tokio::net::TcpListener;
use uuid::Uuid;

use self::client::Client;
use crate::peer::{Peer, Script};
use crate::support::{basic, lab, lab_with, lab_with_fault, shells_become};

fn impatient(lab: &Lab) -> ConnectOptions {
    let mut options = basic(lab);
    options.max_connection_retry_count = 0;
    options
}

fn many_lines() -> Script {
    Script {
        on_command: |pool, pid, _| {
            for _ in 0..2_000 {
                let mut body = Vec::new();
                Encoder::new(&mut body).string(None, &"x".repeat(1_000));
                pool.output(pid, &body).unwrap();
            }
            pool.pipeline_state(pid, PsInvocationState::Completed, None).unwrap();
        },
        answer_len: 20_000,
        ..Script::default()
    }
}

#[tokio::test]
async fn a_client_runs_commands_and_closes() {
    let lab = lab().await;
    let mut client = Client::open(basic(&lab)).await;
    assert_eq!(lab.live_shells(), 1);
    for _ in 0..3 {
        let outcome = client.run("Get-Mailbox", &[("ResultSize", "7")]).await;
        assert_eq!((outcome.output, outcome.state), (7, Some(PsInvocationState::Completed)));
    }
    client.close().await;
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_stopped_command_tells_its_state_before_the_stop_is_confirmed() {
    // One slow answer is enough to be stopped in; the rest would take longer than a stop waits on a busy machine.
    let lab = lab_with_fault("slow-drip@receive=1").await;
    let mut client = Client::open(basic(&lab)).await;
    let pid = client.begin("Get-Mailbox", &[]).await;
    client.ask(LineRequest::Signal, pid);
    let mut order = Vec::new();
    while !order.contains(&"stopped") {
        match client.next().await {
            Some(Line::Data { guid, .. }) if guid == pid && client.state_of(pid).is_some() => {
                order.push("state");
            }
            Some(Line::Ack(LineRequest::Signal, guid)) if guid == pid => order.push("stopped"),
            Some(_) => {}
            None => panic!("the relay ended"),
        }
    }
    assert_eq!(order, ["state", "stopped"]);
    client.forget(pid).await;
    assert_eq!(client.run("Get-AcceptedDomain", &[]).await.state, Some(PsInvocationState::Completed));
    client.close().await;
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_wrong_password_is_told_by_windows_number_and_everything_is_answered() {
    let lab = lab().await;
    let mut options = basic(&lab);
    options.password = Some(exo_session::Secret::new("wrong".to_owned()));
    let mut client = Client::new(options);
    client.write_opening();
    let error = client.broken().await;
    assert!(error.is_auth(), "{error}");
    assert_eq!(error.winrm_code(), Some(5));
    let pid = Uuid::new_v4();
    for request in [LineRequest::Command, LineRequest::Signal, LineRequest::Close] {
        client.ask(request, pid);
        assert_eq!(client.next().await, Some(Line::Ack(request, pid)));
    }
    client.close().await;
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn failures_to_open_have_windows_numbers() {
    let lab = lab().await;
    let (port, path) = (lab.addresses()[0].port(), "nowhere");
    for (url, code) in [
        ("https://no-such-host.invalid/powershell/".to_owned(), Some(-2_144_108_103)),
        (format!("https://localhost:{port}/{path}/"), Some(-2_144_108_269)),
        ("https://127.0.0.1:1/powershell/".to_owned(), Some(-2_144_108_526)),
    ] {
        let mut options = impatient(&lab);
        options.no_proxy = true;
        options.connection_uri = Some(url.clone());
        let mut client = Client::new(options);
        client.write_opening();
        assert_eq!(client.broken().await.winrm_code(), code, "{url}");
        client.close().await;
    }
}

#[tokio::test]
async fn nothing_is_left_in_whatever_state_a_client_closes() {
    let lab = lab().await;
    // Before anything was sent.
    Client::new(basic(&lab)).close().await;
    // With the first request under way.
    let mut client = Client::new(basic(&lab));
    client.write_opening();
    client.close().await;
    assert_eq!(lab.live_shells(), 0);
    // With a command announced, begun, running, stopped.
    for stage in 0..4 {
        let mut client = Client::open(basic(&lab)).await;
        let pid = match stage {
            0 => client.announce().await,
            _ => client.write_begin("Get-Mailbox", &[]).await,
        };
        if 2 <= stage {
            client.hear_data(pid).await;
        }
        if stage == 3 {
            client.ask(LineRequest::Signal, pid);
        }
        client.ask(LineRequest::Close, pid);
        client.close().await;
        assert_eq!(lab.live_shells(), 0, "stage {stage}");
    }
    // Without a word.
    let client = Client::open(basic(&lab)).await;
    assert_eq!(lab.live_shells(), 1);
    drop(client);
    shells_become(&lab, 0).await;
}

#[tokio::test]
async fn a_command_that_is_forgotten_while_it_is_stopped_is_answered_twice() {
    let lab = lab_with(LabConfig { mailboxes: 2000, ..LabConfig::default() }).await;
    let mut client = Client::open(basic(&lab)).await;
    let pid = client.begin("Get-Mailbox", &[("ResultSize", "Unlimited")]).await;
    client.ask(LineRequest::Signal, pid);
    client.ask(LineRequest::Close, pid);
    let mut answers = Vec::new();
    while answers.last() != Some(&LineRequest::Close) {
        if let Some(Line::Ack(request, guid)) = client.next().await
            && guid == pid
        {
            answers.push(request);
        }
    }
    assert_eq!(answers, [LineRequest::Signal, LineRequest::Close]);
    client.close().await;
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn fifty_sessions_one_after_another_leave_nothing() {
    let lab = lab().await;
    for _ in 0..50 {
        let mut client = Client::open(basic(&lab)).await;
        assert_eq!(client.run("Get-AcceptedDomain", &[]).await.state, Some(PsInvocationState::Completed));
        client.close().await;
    }
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_dead_server_breaks_the_session_and_every_question_is_answered() {
    let lab = lab_with_fault("slow-drip@receive").await;
    let mut client = Client::open(impatient(&lab)).await;
    let pid = client.begin("Get-Mailbox", &[]).await;
    lab.shutdown().await;
    let error = client.broken().await;
    assert!(error.is_connection(), "{error}");
    client.ask(LineRequest::Close, pid);
    while client.next().await != Some(Line::Ack(LineRequest::Close, pid)) {}
    client.close().await;
}

#[tokio::test]
async fn a_shell_that_is_gone_breaks_the_session() {
    let lab = lab().await;
    let mut client = Client::open(basic(&lab)).await;
    lab.add_fault("shell-gone@command".parse().unwrap());
    client.write_begin("Get-Mailbox", &[]).await;
    let error = client.broken().await;
    assert!(error.needs_reconnect(), "{error}");
    client.close().await;
    lab.clear_faults();
}

#[tokio::test]
async fn a_refused_command_fails_alone() {
    let lab = lab().await;
    let mut client = Client::open(impatient(&lab)).await;
    lab.add_fault("http-500@command=1".parse().unwrap());
    let outcome = client.run("Get-Mailbox", &[("ResultSize", "1")]).await;
    assert_eq!((outcome.output, outcome.state), (0, Some(PsInvocationState::Failed)));
    assert!(outcome.reason.contains("HTTP 500"), "{}", outcome.reason);
    let outcome = client.run("Get-Mailbox", &[("ResultSize", "1")]).await;
    assert_eq!((outcome.output, outcome.state), (1, Some(PsInvocationState::Completed)));
    client.close().await;
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up_in_time() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(format!("http://{}/powershell", listener.local_addr().unwrap()));
    options.authentication = Some(exo_session::Authentication::Basic);
    options.user = Some("a@b.c".to_owned());
    options.password = Some(exo_session::Secret::new("secret".to_owned()));
    options.open_timeout = Duration::from_millis(50);
    let mut client = Client::new(options);
    client.write_opening();
    assert!(client.broken().await.is_timeout());
    client.close().await;
}

#[tokio::test]
async fn redirections_are_followed_and_cookies_kept() {
    // The peer insists on its cookie itself.
    let peer = Peer::start(Script { moved_to: Some("/elsewhere"), ..many_lines() }).await;
    let mut client = Client::open(peer.options()).await;
    assert_eq!(client.run("Get-Line", &[]).await.output, 2_000);
    client.close().await;
    assert!(!peer.shell());
}

#[tokio::test]
async fn a_shell_that_another_server_has_is_asked_for_once_more() {
    let peer = Peer::start(Script { lost_shells: 1, ..many_lines() }).await;
    let client = Client::open(peer.options()).await;
    assert_eq!(client.warnings.len(), 1, "{:?}", client.warnings);
    assert_eq!(peer.count("Create"), 2);
    client.close().await;
    let peer = Peer::start(Script { lost_shells: 2, ..many_lines() }).await;
    let mut client = Client::new(peer.options());
    client.write_opening();
    assert!(client.broken().await.needs_reconnect());
    assert_eq!(peer.count("Create"), 2);
    client.close().await;
}

#[tokio::test]
async fn a_reader_that_is_slow_holds_up_the_server_and_not_the_session() {
    let peer = Peer::start(many_lines()).await;
    let mut client = Client::open(peer.options()).await;
    let pid = client.write_begin("Get-Line", &[]).await;
    let (mut read, mut most) = (0, 0);
    while client.state_of(pid).is_none() {
        if let Some(Line::Data { guid, bytes, .. }) = client.next().await
            && guid == pid
        {
            read += bytes.len();
        }
        most = most.max((peer.count("Receive command") * 20_000).saturating_sub(read));
    }
    // A line is base64; one answer is on its way, one line is with the reader.
    assert!(most <= 256 * 1024 + 3 * 20_000, "{most} bytes ahead of the reader");
    assert!(2_000_000 < read);
    assert_eq!(peer.most_at_once("Receive"), 1);
    client.close().await;
}

#[tokio::test]
async fn a_long_command_goes_in_pieces_and_is_acknowledged_once() {
    let peer = Peer::start(many_lines()).await;
    let mut client = Client::open(peer.options()).await;
    let long = "x".repeat(700_000);
    assert_eq!(client.run_with_fragments(400_000, "Set-Text", &[("Text", &long)]).await.output, 2_000);
    assert_eq!(peer.parameters(), [700_000]);
    assert!(2 < peer.count("Send stdin"), "{:?}", peer.diary());
    assert_eq!(peer.most_at_once("Send"), 1);
    client.close().await;
}

#[tokio::test]
async fn what_is_no_line_of_a_client_is_refused() {
    let (writer, mut relay) = relay(ConnectOptions::default());
    for line in ["", "hello", "<CloseAck PSGuid='00000000-0000-0000-0000-000000000000' />"] {
        let error = writer.write(line).unwrap_err();
        assert!(error.to_string().contains("none that a client writes"), "{error}");
    }
    writer.write(&Line::Ask(LineRequest::Close, Uuid::nil()).encode()).unwrap();
    assert!(matches!(relay.next().await, Some(RelayEvent::Line(_))));
    assert!(relay.next().await.is_none());
    // After the end nobody listens.
    writer.write(&Line::Ask(LineRequest::Close, Uuid::nil()).encode()).unwrap();
}
