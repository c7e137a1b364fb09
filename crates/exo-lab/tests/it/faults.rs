//! Scripted trouble.

use exo_lab::{Fault, Lab, LabConfig};
use psrp::{CommandSpec, PipelineSpec};
use wsman::{Ids, Response};

use crate::http::{basic, send};
use crate::session::{Session, ids};

const PATH: &str = "/powershell-liveid/";

async fn lab(fault: &str) -> Lab {
    let fault: Fault = fault.parse().expect("a fault");
    Lab::start(LabConfig { faults: vec![fault], ..LabConfig::default() }).await.expect("the lab starts")
}

async fn open(lab: &Lab) -> Session<'_> {
    Session::open(lab, PATH, basic(&lab.user(), lab.password())).await.expect("the shell opens")
}

#[tokio::test]
async fn requests_are_answered_without_an_envelope() {
    for (fault, status, header, expected) in [
        ("http-503=1", 503, "retry-after", "1"),
        ("http-401", 401, "www-authenticate", "Basic realm=\"localhost\""),
        ("http-403", 403, "content-type", "text/html; charset=utf-8"),
        ("html", 200, "content-type", "text/html; charset=utf-8"),
        ("redirect=https://127.0.0.1:1/powershell/", 302, "location", "https://127.0.0.1:1/powershell/"),
        ("redirect-foreign", 302, "location", "https://attacker.invalid/powershell-liveid/"),
    ] {
        let lab = lab(fault).await;
        let authorization = basic(&lab.user(), lab.password());
        let headers = [("Authorization", authorization.as_str())];
        let answer = send(&lab, "POST", PATH, &headers, Some(b"<x/>")).await.expect("an answer");
        assert_eq!((answer.status, answer.header(header)), (status, Some(expected)), "{fault}");
        lab.shutdown().await;
    }
    let moved = lab("redirect=/powershell/").await;
    let answer = send(&moved, "POST", PATH, &[], Some(b"")).await.expect("an answer");
    assert_eq!(answer.header("location"), Some(moved.url().replace("-liveid", "").as_str()));
    moved.shutdown().await;
    let lab = lab("http-503=1").await;
    let authorization = basic(&lab.user(), lab.password());
    assert_eq!(send(&lab, "POST", PATH, &[], Some(b"")).await.expect("an answer").status, 503);
    Session::open(&lab, PATH, authorization).await.expect("the fault has worn off").delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn a_command_s_answer_does_not_arrive_whole() {
    for fault in ["drop-before", "drop-mid", "truncate", "bad-fragment", "shell-gone", "slow-drip"] {
        let lab = lab(fault).await;
        let mut session = open(&lab).await;
        let pid = session.start(&PipelineSpec::new(vec![CommandSpec::command("Get-Mailbox", None)])).await;
        let receive = session.endpoint.build_receive(ids(), &session.shell, Some(pid));
        let answer = session.post(&receive).await;
        match fault {
            "drop-before" | "drop-mid" => assert!(answer.is_err(), "{fault}: {answer:?}"),
            "truncate" => assert!(Response::decode(&answer.expect("HTTP is whole").body).is_err()),
            "shell-gone" => {
                let answer = answer.expect("HTTP is whole");
                let Ok(Response::Fault(gone)) = Response::decode(&answer.body) else {
                    panic!("no fault: {}", answer.text());
                };
                assert!(gone.is_shell_not_found());
                assert_eq!(lab.live_shells(), 0);
            }
            "bad-fragment" => {
                let answer = answer.expect("HTTP is whole");
                let Ok(Response::Receive(received)) = Response::decode(&answer.body) else {
                    panic!("no answer: {}", answer.text());
                };
                let mut chunks = received.streams.into_iter();
                assert!(chunks.any(|chunk| session.pool.handle_bytes(chunk.bytes).is_err()));
            }
            _ => assert!(matches!(
                Response::decode(&answer.expect("slow but whole").body),
                Ok(Response::Receive(_))
            )),
        }
        lab.shutdown().await;
    }
}

#[tokio::test]
async fn a_huge_message_comes_first() {
    let lab = lab("huge-message=3000000").await;
    let mut session = open(&lab).await;
    let outcome = session.run("Get-AcceptedDomain", &[]).await;
    assert_eq!(outcome.output.len(), 4);
    assert_eq!(
        outcome.output[0].first().and_then(psrp::clixml::Value::text).expect("a string").len(),
        3_000_000
    );
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn a_lab_with_hanging_requests_shuts_down() {
    let lab = lab("hang=command").await;
    let mut session = open(&lab).await;
    session
        .pool
        .create_pipeline(
            uuid::Uuid::new_v4(),
            &PipelineSpec::new(vec![CommandSpec::command("Get-User", None)]),
        )
        .expect("the pool is open");
    let envelope = session.endpoint.build_command(ids(), &session.shell, uuid::Uuid::new_v4(), &[]);
    tokio::select! {
        answer = session.post(&envelope) => panic!("it was to hang: {answer:?}"),
        () = async { for _ in 0..1_000 { tokio::task::yield_now().await } } => {}
    }
    drop(session);
    lab.shutdown().await;
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_nothing_runs_twice() {
    for fault in ["drop-request@command", "drop-before@command", "drop-mid@command", "truncate@command"] {
        let lab = lab(fault).await;
        let mut session = open(&lab).await;
        let parameters = crate::session::tape(&[("Identity", "user00001"), ("CustomAttribute1", "once")]);
        let set = CommandSpec::command("Set-Mailbox", Some(&parameters));
        let pid = uuid::Uuid::new_v4();
        session.pool.create_pipeline(pid, &PipelineSpec::new(vec![set])).expect("the pool is open");
        let target = psrp::Target::Pipeline(pid);
        let arguments = session.pool.poll_transmit(target, 100_000).expect("the command").payload.to_vec();
        let ids = ids();
        let first = session.endpoint.build_command(ids, &session.shell, pid, &arguments);
        let lost = session.post(&first).await.is_ok_and(|answer| Response::decode(&answer.body).is_ok());
        assert!(!lost, "{fault}");
        for _ in 0..2 {
            let again = Ids { again: true, ..ids };
            let repeated = session.endpoint.build_command(again, &session.shell, pid, &arguments);
            assert!(matches!(session.ask(&repeated).await, Ok(Response::Command { .. })), "{fault}");
        }
        let refused = session.ask(&first).await.expect_err("it does not say that it repeats itself");
        assert_eq!(refused.subcode.as_deref(), Some("InvalidMessageInformationHeader"), "{fault}");
        while session.pool.pipeline_state(pid).is_some() {
            for chunk in session.receive(Some(pid)).await.expect("the command ends").streams {
                session.pool.handle_bytes(chunk.bytes).expect("the lab speaks PSRP");
            }
        }
        assert_eq!(lab.executions("Set-Mailbox"), 1, "{fault}");
        session.delete().await;
        lab.shutdown().await;
    }
}
