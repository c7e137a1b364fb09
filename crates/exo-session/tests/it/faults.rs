//! Every kind of trouble at every kind of request, for one command and for ten at once.
//!
//! Whatever happens, a command that the client calls completed was executed once, one that it calls failed was not, and
//! only those whose outcome it calls unknown may be either.

use std::time::Duration;

use exo_lab::{Lab, LabConfig};
use exo_session::{ConnectOptions, Error, Session, connect};
use psrp::PsInvocationState;
use psrp::clixml::{Encoder, decode};

use crate::support::{Written, basic, command, lab_with, open, read, run};

/// What the client believes of its commands.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Believed {
    pub(crate) completed: u64,
    pub(crate) unknown: u64,
    pub(crate) failed: u64,
    /// What was said of those that did not complete.
    pub(crate) said: Vec<String>,
}

impl Believed {
    pub(crate) fn note(&mut self, outcome: &Result<Written, Error>) {
        match outcome {
            Ok(written) => {
                assert_eq!(written.state, Some(PsInvocationState::Completed));
                assert_eq!(written.errors, 0);
                self.completed += 1;
            }
            Err(error) if error.is_outcome_unknown() => self.unknown += 1,
            Err(_) => self.failed += 1,
        }
        self.said.extend(outcome.as_ref().err().map(ToString::to_string));
    }

    /// Compares with what the server did.
    pub(crate) fn check(&self, executed: u64, case: &str) {
        let possible = self.completed..=self.completed + self.unknown;
        assert!(possible.contains(&executed), "{case}: {executed} executed, {self:?}");
    }
}

/// One change whose identity comes through the pipeline, so that every kind of request is there.
pub(crate) async fn change(session: &Session, number: u64) -> Result<Written, Error> {
    let value = number.to_string();
    let set = command(CHANGE, &[("CustomAttribute1", value.as_str())]);
    let (pipeline, input) = session.invoke_with_input(set).await?;
    let mut body = Vec::new();
    Encoder::new(&mut body).string(None, "user00001");
    // The command may have ended before.
    let _ = input.write(decode(body).unwrap()).await;
    drop(input);
    read(pipeline).await
}

pub(crate) fn quick(lab: &Lab) -> ConnectOptions {
    let mut options = basic(lab);
    options.connect_timeout = Duration::from_secs(10);
    options
}

pub(crate) async fn ten_at_once(session: &Session, count: u64) -> Believed {
    let mut commands = tokio::task::JoinSet::new();
    for number in 0..count {
        let session = session.clone();
        commands.spawn(async move { change(&session, number).await });
    }
    let mut believed = Believed::default();
    while let Some(outcome) = commands.join_next().await {
        believed.note(&outcome.unwrap());
    }
    believed
}

/// Runs one cell of the table; gives what the client believes and how the opening and the close went.
async fn cell(lab: &Lab, fault: &str, stage: &str, count: u64) {
    let case = format!("{fault}@{stage} with {count}");
    let before = lab.executions(CHANGE);
    if stage == "create" {
        lab.add_fault(format!("{fault}@{stage}=1").parse().unwrap());
        match connect(quick(lab), |_| {}).await {
            Ok(session) => {
                assert!(PASSES.contains(&fault) || CUTS.contains(&fault), "{case}");
                session.close().await.unwrap();
            }
            // Whoever has never answered is not asked again.
            Err(error) => {
                assert!(!PASSES.contains(&fault) && !CUTS.contains(&fault), "{case}: {error}");
                assert!(error.is_connection(), "{case}: {error}");
                assert!(error.to_string().starts_with("could not open the session: "), "{case}: {error}");
            }
        }
        assert_eq!(lab.live_shells(), 0, "{case}");
    }
    let session = open(quick(lab)).await;
    if stage != "create" {
        lab.add_fault(format!("{fault}@{stage}=1").parse().unwrap());
    }
    let believed = ten_at_once(&session, count).await;
    believed.check(lab.executions(CHANGE) - before, &case);
    if fault == "shell-gone" && stage != "delete" {
        // One that had ended was only to be released, and one that was not begun got another shell.
        assert!(["signal", "command"].contains(&stage) || believed.completed < count, "{case}");
        if count == 1 && ["signal", "command"].contains(&stage) {
            assert_eq!(believed.completed, 1, "{case}");
        }
    } else {
        assert_eq!(believed, Believed { completed: count, ..Believed::default() }, "{case}");
    }
    // Whatever it was, the next command finds a session; but for one that began just before the shell went.
    let mut next = run(&session, "Get-AcceptedDomain", &[]).await;
    if fault == "shell-gone" && next.as_ref().is_err_and(Error::needs_reconnect) {
        next = run(&session, "Get-AcceptedDomain", &[]).await;
    }
    assert_eq!(next.unwrap().state, Some(PsInvocationState::Completed), "{case}");
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0, "{case}");
    lab.clear_faults();
}

async fn row(fault: &str) {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    for stage in STAGES {
        // A shell that does not exist cannot be gone.
        if (fault, stage) == ("shell-gone", "create") {
            continue;
        }
        for count in [1, 10] {
            let limit = tokio::time::timeout(Duration::from_secs(300), cell(&lab, fault, stage, count));
            assert!(limit.await.is_ok(), "{fault}@{stage} with {count} did not end");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_never_arrives_is_sent_again() {
    row("drop-request").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_never_arrives_is_asked_for_again() {
    row("drop-before").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_breaks_off_is_asked_for_again() {
    row("drop-mid").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_that_is_cut_is_asked_for_again() {
    row("truncate").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_busy_server_is_asked_again_when_it_says() {
    row("http-503").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_s_error_is_no_answer_of_the_server() {
    row("http-502").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_server_itself_is_no_answer_either() {
    row("http-500").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_in_the_way_is_no_answer_of_the_server() {
    row("html").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_answer_is_awaited() {
    row("slow-drip").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shell_that_is_gone_takes_its_commands_with_it_and_the_next_gets_another() {
    row("shell-gone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_elsewhere_on_the_same_host_is_followed() {
    row("redirect").await;
}

/// Nobody behind such a redirection is asked, and whoever would have been is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_sent_to_a_foreign_host_or_round_in_circles_is_not_followed() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    let foreign =
        "redirects to https://attacker.invalid, which is neither the same host nor one of Microsoft's";
    for (fault, times, said) in
        [("redirect-foreign", 1, foreign), ("redirect-loop", 6, "more than 5 redirections")]
    {
        for stage in STAGES {
            for count in [1, 10] {
                let case = format!("{fault}@{stage} with {count}");
                let before = lab.executions(CHANGE);
                // Each of ten at once may be what it hits, and a loop must not end by being asked by others.
                let times = if fault == "redirect-loop" { times * count } else { times };
                let trouble = format!("{fault}@{stage}={times}").parse().unwrap();
                if stage == "create" {
                    lab.add_fault(trouble);
                    let error = connect(quick(&lab), |_| {}).await.unwrap_err();
                    assert!(error.to_string().contains(said), "{case}: {error}");
                    assert_eq!(lab.live_shells(), 0, "{case}");
                    lab.clear_faults();
                    continue;
                }
                let session = open(quick(&lab)).await;
                lab.add_fault(trouble);
                let believed = ten_at_once(&session, count).await;
                believed.check(lab.executions(CHANGE) - before, &case);
                assert_eq!(believed.completed + believed.unknown + believed.failed, count, "{case}");
                assert!(believed.said.iter().all(|text| text.contains(said)), "{case}: {believed:?}");
                let is_command = stage == "command";
                assert_eq!(believed.failed != 0, is_command, "{case}: {believed:?}");
                assert!(!is_command || believed.unknown == 0, "{case}: {believed:?}");
                if stage != "delete" {
                    lab.clear_faults();
                }
                let next = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
                assert_eq!(next.state, Some(PsInvocationState::Completed), "{case}");
                // One that is sent astray is sent again; one that goes round in circles for good stays where it is.
                let closed = session.close().await;
                assert!(closed.is_ok() || (fault, stage, count) == ("redirect-loop", "delete", 10), "{case}");
                lab.clear_faults();
                if closed.is_err() {
                    lab.end_shells();
                }
                assert_eq!(lab.live_shells(), 0, "{case}");
            }
        }
    }
}

/// Who refuses does not answer for the server: what the request was about is in doubt once it has been sent, and is
/// not sent again.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_by_status_is_named_and_concerns_one_request_only() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    for status in [400, 401, 403, 404] {
        for stage in STAGES {
            for count in [1, 10] {
                let case = format!("http-{status}@{stage} with {count}");
                let said = format!("HTTP {status}");
                let before = lab.executions(CHANGE);
                let trouble = format!("http-{status}@{stage}=1").parse().unwrap();
                if stage == "create" {
                    lab.add_fault(trouble);
                    let error = connect(quick(&lab), |_| {}).await.unwrap_err().to_string();
                    assert!(error.starts_with("could not open the session: "), "{case}: {error}");
                    assert!(error.contains(&said), "{case}: {error}");
                    assert_eq!(lab.live_shells(), 0, "{case}");
                    continue;
                }
                let session = open(quick(&lab)).await;
                lab.add_fault(trouble);
                let believed = ten_at_once(&session, count).await;
                believed.check(lab.executions(CHANGE) - before, &case);
                assert!(believed.said.iter().all(|text| text.contains(&said)), "{case}: {believed:?}");
                let (failed, unknown) = match stage {
                    // Those three are said before anything is done; another status may be of a proxy, and come after.
                    "command" if status != 400 => (1, 0..=0),
                    "command" => (0, 1..=1),
                    // A Send that asks for runspaces is the session's own, and takes it with it.
                    "send" if count == 10 => (0, 1..=10),
                    "send" | "receive" => (0, 1..=1),
                    _ => (0, 0..=0),
                };
                assert_eq!(believed.failed, failed, "{case}: {believed:?}");
                assert!(unknown.contains(&believed.unknown), "{case}: {believed:?}");
                assert_eq!(believed.completed + believed.unknown + failed, count, "{case}: {believed:?}");
                let next = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
                assert_eq!(next.state, Some(PsInvocationState::Completed), "{case}");
                session.close().await.unwrap();
                assert_eq!(lab.live_shells(), 0, "{case}");
            }
        }
    }
}

/// Only what is received carries fragments: those of the opening, and a command's output.
#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_fragment_ends_the_session_and_not_the_next_command() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    lab.add_fault("bad-fragment@create=1".parse().unwrap());
    let error = connect(quick(&lab), |_| {}).await.unwrap_err();
    assert!(error.to_string().starts_with("could not open the session: "), "{error}");
    assert!(error.to_string().contains("fragment 7"), "{error}");
    assert_eq!(lab.live_shells(), 0);
    for count in [1, 10] {
        let before = lab.executions(CHANGE);
        let session = open(quick(&lab)).await;
        lab.add_fault("bad-fragment@receive=1".parse().unwrap());
        let believed = ten_at_once(&session, count).await;
        believed.check(lab.executions(CHANGE) - before, "bad-fragment");
        assert_eq!(believed.completed + believed.unknown, count, "{believed:?}");
        assert!(0 < believed.unknown, "{believed:?}");
        assert!(believed.said.iter().all(|text| text.contains("fragment 7")), "{believed:?}");
        let next = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
        assert_eq!((next.state, next.warnings), (Some(PsInvocationState::Completed), 1));
        session.close().await.unwrap();
        assert_eq!(lab.live_shells(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_over_the_limit_is_named_and_one_below_it_passes() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    for (limit, passes) in [(100_000, false), (64_000_000, true)] {
        for count in [1, 10] {
            let before = lab.executions(CHANGE);
            let mut options = quick(&lab);
            options.max_message_len = limit;
            let session = open(options).await;
            lab.add_fault("huge-message=3000000".parse().unwrap());
            let believed = ten_at_once(&session, count).await;
            believed.check(lab.executions(CHANGE) - before, "huge-message");
            let completed = if passes { count } else { 0 };
            assert_eq!((believed.completed, believed.failed), (completed, 0), "{believed:?}");
            assert!(believed.said.iter().all(|text| text.contains("100000")), "{believed:?}");
            lab.clear_faults();
            // What is left unread of a fragment takes the session with it, and the next command says so.
            let next = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
            assert_eq!((next.state, next.warnings == 0), (Some(PsInvocationState::Completed), passes));
            session.close().await.unwrap();
            assert_eq!(lab.live_shells(), 0);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_while_a_change_is_under_way_leaves_its_outcome_open() {
    for stage in ["command", "receive"] {
        let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
        let session = open(quick(&lab)).await;
        lab.add_fault(format!("hang@{stage}=1").parse().unwrap());
        let going = async {
            while lab.hung_requests() == 0 {
                tokio::task::yield_now().await;
            }
            // First the connection breaks; then nobody listens any more.
            lab.shutdown().await;
        };
        let (outcome, ()) = tokio::join!(change(&session, 1), going);
        let error = outcome.unwrap_err();
        assert!(error.is_outcome_unknown(), "{stage}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_keeps_no_answers_is_not_asked_twice() {
    for stage in ["command", "send", "receive"] {
        let lab = lab_with(LabConfig { mailboxes: 2, keeps_answers: false, ..LabConfig::default() }).await;
        let session = open(quick(&lab)).await;
        lab.add_fault(format!("drop-before@{stage}=1").parse().unwrap());
        let believed = ten_at_once(&session, 10).await;
        // A Send may also ask for runspaces, as the first or later: no command is in doubt for that one.
        let in_doubt = if stage == "send" { 0..=1 } else { 1..=1 };
        assert!(in_doubt.contains(&believed.unknown), "{stage}: {believed:?}");
        assert_eq!(believed.completed + believed.unknown, 10, "{stage}");
        believed.check(lab.executions(CHANGE), stage);
        session.close().await.unwrap();
        assert_eq!(lab.live_shells(), 0, "{stage}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_commands_with_trouble_add_up() {
    let lab = lab_with(LabConfig { mailboxes: 2, ..LabConfig::default() }).await;
    let session = open(quick(&lab)).await;
    let mut chance = Chance(SEED);
    let mut believed = Believed::default();
    for batch in 0..SOAK / BATCH {
        for _ in 0..2 {
            let fault = chance.pick(&SOAK_FAULTS);
            let stage = chance.pick(&STAGES[1..STAGES.len() - 1]);
            lab.add_fault(format!("{fault}@{stage}=1").parse().unwrap());
        }
        if batch % 25 == 24 {
            lab.add_fault("shell-gone@receive=1".parse().unwrap());
        }
        let of_batch = ten_at_once(&session, BATCH).await;
        believed.completed += of_batch.completed;
        believed.unknown += of_batch.unknown;
        believed.failed += of_batch.failed;
    }
    lab.clear_faults();
    assert_eq!(believed.completed + believed.unknown + believed.failed, SOAK);
    // Only a lost shell leaves anything open.
    assert!(SOAK * 19 / 20 < believed.completed, "{believed:?}");
    believed.check(lab.executions(CHANGE), "soak");
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

/// Numbers that are the same in every run (xorshift64).
struct Chance(u64);

impl Chance {
    fn pick<'t>(&mut self, of: &[&'t str]) -> &'t str {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let len = u64::try_from(of.len()).unwrap();
        of[usize::try_from(self.0 % len).unwrap()]
    }
}

pub(crate) const CHANGE: &str = "Set-Mailbox";
pub(crate) const STAGES: [&str; 6] = ["create", "command", "send", "receive", "signal", "delete"];
/// What a client gets over without knowing the server.
const PASSES: [&str; 2] = ["slow-drip", "redirect"];
const CUTS: [&str; 4] = ["drop-request", "drop-before", "drop-mid", "truncate"];
const SOAK_FAULTS: [&str; 6] =
    ["drop-request", "drop-before", "drop-mid", "truncate", "http-502", "slow-drip"];
const SOAK: u64 = 10_000;
const BATCH: u64 = 20;
const SEED: u64 = 0x5eed_0000_2026_1121;
