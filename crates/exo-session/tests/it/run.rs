//! Connect, run, stream, close.

use exo_lab::{DeviceApproval, LabConfig};
use exo_session::{Authentication, ConnectEvent, SignInMethod, connect};
use psrp::PsInvocationState;

use crate::support::{basic, command, lab, lab_with, open, options, read, run, shells_become};

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_authenticate_opens_a_session_that_runs_a_command() {
    let lab = lab().await;
    for (authentication, expected) in [
        (None, "basicToken"),
        (Some(Authentication::BasicToken), "basicToken"),
        (Some(Authentication::Bearer), "bearer"),
        (Some(Authentication::Basic), "basic"),
    ] {
        let mut options = options(&lab);
        options.authentication = authentication;
        let mut steps = Vec::new();
        let session = connect(options, |event| {
            if let ConnectEvent::Step { name, .. } = event {
                steps.push(name);
            }
        })
        .await
        .unwrap();
        assert_eq!(steps, ["endpoint", "sign-in", "session"]);
        let info = session.info();
        assert_eq!(info.authentication, expected);
        assert_eq!(info.connection_uri, lab.url());
        assert_eq!(info.user.as_deref(), Some(lab.user().as_str()));
        let written = run(&session, "Get-Mailbox", &[]).await.unwrap();
        assert_eq!(written.state, Some(PsInvocationState::Completed), "{expected}");
        assert!(!written.output.is_empty(), "{expected}");
        session.close().await.unwrap();
        assert_eq!(lab.live_shells(), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_code_signs_in() {
    let config = LabConfig { device_approval: DeviceApproval::AfterPolls(0), ..LabConfig::default() };
    let lab = lab_with(config).await;
    let mut options = options(&lab);
    options.sign_in = SignInMethod::Device;
    options.password = None;
    let mut prompts = 0;
    let session = connect(options, |event| {
        if let ConnectEvent::DeviceCode(prompt) = event {
            assert!(!prompt.user_code.is_empty());
            prompts += 1;
        }
    })
    .await
    .unwrap();
    assert_eq!(prompts, 1);
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_commands_run_one_after_another_in_one_shell() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    for round in 0..20 {
        let written = run(&session, "Get-Mailbox", &[]).await.unwrap();
        assert_eq!(written.output.len(), 25, "round {round}");
        assert_eq!(lab.live_shells(), 1);
    }
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_commands_run_at_once_and_keep_their_own_output() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let mailboxes = session.invoke(command("Get-Mailbox", &[])).await.unwrap();
    let domains = session.invoke(command("Get-AcceptedDomain", &[])).await.unwrap();
    let (mailboxes, domains) = tokio::join!(read(mailboxes), read(domains));
    let (mailboxes, domains) = (mailboxes.unwrap(), domains.unwrap());
    assert_eq!(mailboxes.texts("PrimarySmtpAddress").len(), 25);
    assert!(!domains.texts("Name").is_empty());
    assert!(domains.texts("PrimarySmtpAddress").is_empty());
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_waits_loses_nothing() {
    let config = LabConfig { mailboxes: 400, ..LabConfig::default() };
    let lab = lab_with(config).await;
    let session = open(basic(&lab)).await;
    let slow = session.invoke(command("Get-Mailbox", &[("ResultSize", "Unlimited")])).await.unwrap();
    // Another command runs to its end while nobody reads the first one.
    let other = run(&session, "Get-AcceptedDomain", &[]).await.unwrap();
    assert_eq!(other.state, Some(PsInvocationState::Completed));
    let slow = read(slow).await.unwrap();
    assert_eq!(slow.output.len(), 400);
    assert_eq!(slow.state, Some(PsInvocationState::Completed));
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_record_is_output_and_not_an_error_of_the_session() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let written = run(&session, "Get-Mailbox", &[("Identity", "nobody-of-this-name")]).await.unwrap();
    assert_eq!((written.output.len(), written.errors), (0, 1));
    let unknown = run(&session, "Get-NoSuchThing", &[]).await.unwrap();
    assert!(unknown.state == Some(PsInvocationState::Failed) || unknown.errors == 1, "{unknown:?}");
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_account_are_listed() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    let all = session.commands(&[]).await.unwrap();
    let get = all.iter().find(|command| command.name == "Get-Mailbox").unwrap();
    assert!(get.parameters.iter().any(|parameter| parameter.name == "Identity" && !parameter.is_switch));
    let some = session.commands(&["Get-Mailb*".to_owned()]).await.unwrap();
    assert!(!some.is_empty() && some.len() < all.len());
    assert!(some.iter().all(|command| command.name.starts_with("Get-Mailb")));
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_says_so_and_a_dropped_one_ends_by_itself() {
    let lab = lab().await;
    let session = open(basic(&lab)).await;
    session.close().await.unwrap();
    session.close().await.unwrap();
    let error = session.invoke(command("Get-Mailbox", &[])).await.unwrap_err();
    assert_eq!(error.to_string(), "could not run the command: the session is closed; connect first");
    assert!(error.is_closed());

    let session = open(basic(&lab)).await;
    let pipeline = session.invoke(command("Get-Mailbox", &[])).await.unwrap();
    drop(session);
    assert_eq!(read(pipeline).await.unwrap().output.len(), 25);
    shells_become(&lab, 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_run_when_the_session_is_closed_end_with_an_error() {
    let lab = lab_with(LabConfig { mailboxes: 2000, ..LabConfig::default() }).await;
    let session = open(basic(&lab)).await;
    let mut pipeline = session.invoke(command("Get-Mailbox", &[("ResultSize", "Unlimited")])).await.unwrap();
    pipeline.next().await.unwrap().unwrap();
    session.close().await.unwrap();
    let mut last = None;
    while let Some(event) = pipeline.next().await {
        last = Some(event);
    }
    assert!(last.unwrap().unwrap_err().is_closed());
    assert_eq!(lab.live_shells(), 0);
}
