//! Sessions over REST, against the stand-in tenant.

use exo_lab::LabConfig;
use exo_session::catalog::ConfirmImpact;
use exo_session::{Category, ConnectEvent, Invocation, Secret, Service, Session, SignInMethod, connect};
use psrp::clixml::{Encoder, decode};
use psrp::records::ErrorRecord;
use psrp::{HostMethod, PipelineEvent, PsInvocationState};

use crate::support::{command, lab, lab_with, lab_with_fault, open, read, rest, run};

/// A command with `-Confirm:$false`.
fn sure(name: &str, parameters: &[(&str, &str)]) -> Invocation {
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            parameters.iter().for_each(|(name, value)| members.string(*name, value));
            members.switch_parameter("Confirm", false);
        });
    });
    Invocation { command: name.to_owned(), parameters: decode(body).unwrap() }
}

/// The messages of a command's error records.
async fn error_messages(session: &Session, name: &str, parameters: &[(&str, &str)]) -> Vec<String> {
    let mut pipeline = session.invoke(command(name, parameters)).await.unwrap();
    let mut messages = Vec::new();
    while let Some(event) = pipeline.next().await {
        if let PipelineEvent::Error(tape) = event.unwrap() {
            messages.push(ErrorRecord::new(&tape).unwrap().message().unwrap().to_string());
        }
    }
    messages
}

async fn names(session: &Session, parameters: &[(&str, &str)]) -> Vec<String> {
    let mut pipeline = session.invoke(command("Get-Mailbox", parameters)).await.unwrap();
    let mut names = Vec::new();
    while let Some(event) = pipeline.next().await {
        if let PipelineEvent::Output(tape) = event.unwrap() {
            names.extend(tape.values().map(|mailbox| mailbox.member("Name").unwrap().to_string()));
        }
    }
    names
}

#[tokio::test]
async fn a_session_knows_its_cmdlets_and_runs_them() {
    let lab = lab().await;
    let mut steps = Vec::new();
    let session = connect(rest(&lab), |event| {
        if let ConnectEvent::Step { name, detail, .. } = event {
            steps.push(format!("{name}: {detail}"));
        }
    })
    .await
    .unwrap();
    let info = session.info();
    assert_eq!((info.carrier, info.authentication, info.service), ("rest", "bearer", "exchange"));
    assert_eq!(info.server_uri, lab.rest_url());
    assert!(steps[0].starts_with("endpoint: REST at https://localhost:"), "{steps:?}");
    assert!(steps[2].contains(" cmdlets at https://localhost:"), "{steps:?}");

    let catalog = session.catalog().unwrap();
    assert!(
        catalog.cmdlets.len() >= 40 && catalog.refused.is_empty(),
        "{} {:?}",
        catalog.cmdlets.len(),
        catalog.refused
    );
    let commands = session.commands(&["get-mailb?x".to_owned(), "Remove-M*x".to_owned()]).await.unwrap();
    let names_of: Vec<&str> = commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names_of, ["Get-Mailbox", "Remove-Mailbox"]);
    assert_eq!(commands[1].confirm_impact, Some(ConfirmImpact::High));
    let identity = commands[0].parameters.iter().find(|parameter| parameter.name == "Identity").unwrap();
    assert!(identity.sets.iter().any(|set| set.position == Some(0) && set.pipeline), "{identity:?}");

    assert_eq!(names(&session, &[]).await.len(), 25);
    session.close().await.unwrap();
    let error = session.invoke(command("Get-Mailbox", &[])).await.unwrap_err();
    assert!(error.is_closed() && error.needs_reconnect(), "{error}");
}

#[tokio::test]
async fn pages_follow_each_other_in_order_and_only_as_wanted() {
    let lab = lab_with(LabConfig { mailboxes: 250, ..LabConfig::default() }).await;
    let mut options = rest(&lab);
    options.page_size = 100;
    let session = open(options).await;
    let all = names(&session, &[("ResultSize", "Unlimited")]).await;
    assert_eq!(all.len(), 250);
    assert_eq!(names(&session, &[("ResultSize", "120")]).await, all[..120]);
    assert_eq!(names(&session, &[]).await, all[..100]);
}

#[tokio::test]
async fn next_links_to_foreign_hosts_and_in_circles_are_refused() {
    for (fault, expected) in [
        (
            "next-link-foreign=1",
            "which is neither the same host nor one of Microsoft's; the token is not sent there",
        ),
        ("next-link-loop", "the service's pages lead in a circle"),
    ] {
        let faults = vec![fault.parse().unwrap()];
        let lab = lab_with(LabConfig { mailboxes: 30, faults, ..LabConfig::default() }).await;
        let mut options = rest(&lab);
        options.page_size = 10;
        let session = open(options).await;
        let error = run(&session, "Get-Mailbox", &[("ResultSize", "Unlimited")]).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn nothing_is_removed_without_a_yes() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let alias = names(&session, &[]).await[3].clone();
    let remove = || command("Remove-Mailbox", &[("Identity", &alias)]);
    let error = read(session.invoke(remove()).await.unwrap()).await.unwrap_err();
    assert_eq!(error.category(), Category::Usage);
    assert!(
        error.to_string().contains("Remove-Mailbox asks before it acts; give -Confirm:$false"),
        "{error}"
    );

    for (choice, executions) in [(2, 0), (3, 0), (0, 1)] {
        let mut pipeline = session.invoke_asking(remove(), ConfirmImpact::High).await.unwrap();
        let mut questions = 0;
        while let Some(event) = pipeline.next().await {
            match event.unwrap() {
                PipelineEvent::HostCall(call) => {
                    assert_eq!(call.method, HostMethod::PromptForChoice);
                    let message = call.parameters().nth(1).unwrap().to_string();
                    assert!(message.contains(&alias), "{message}");
                    assert_eq!(lab.executions("Remove-Mailbox"), 0);
                    questions += 1;
                    pipeline.answer(choice);
                }
                PipelineEvent::State { state, .. } => assert_eq!(state, PsInvocationState::Completed),
                event => panic!("{event:?}"),
            }
        }
        assert_eq!((questions, lab.executions("Remove-Mailbox")), (1, executions));
    }
    // Who goes away while being asked has not said yes.
    let other = names(&session, &[]).await[4].clone();
    let removal = command("Remove-Mailbox", &[("Identity", &other)]);
    let mut pipeline = session.invoke_asking(removal, ConfirmImpact::High).await.unwrap();
    assert!(matches!(pipeline.next().await, Some(Ok(PipelineEvent::HostCall(_)))));
    pipeline.cancel();
    assert!(matches!(
        pipeline.next().await,
        Some(Ok(PipelineEvent::State { state: PsInvocationState::Stopped, .. }))
    ));
    assert_eq!(lab.executions("Remove-Mailbox"), 1);

    read(session.invoke(sure("Remove-Mailbox", &[("Identity", &other)])).await.unwrap()).await.unwrap();
    assert_eq!(lab.executions("Remove-Mailbox"), 2);
}

#[tokio::test]
async fn what_does_not_exist_is_an_error_record_with_everything_the_service_says() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let mut pipeline = session.invoke(command("Get-Mailbox", &[("Identity", "nobody")])).await.unwrap();
    let Some(Ok(PipelineEvent::Error(tape))) = pipeline.next().await else { panic!("no error record") };
    let record = ErrorRecord::new(&tape).unwrap();
    let id = record.fully_qualified_error_id().unwrap().to_string();
    assert!(
        id.starts_with("[Server=") && id.contains(",RequestId=") && id.ends_with("],Write-ErrorMessage"),
        "{id}"
    );
    assert_eq!(record.category().unwrap().to_string(), "ObjectNotFound");
    assert_eq!(record.category_activity().unwrap(), *"Get-Mailbox");
    assert_eq!(record.category_reason().unwrap(), *"ManagementObjectNotFoundException");
    assert_eq!(record.target_object().unwrap().to_string(), "nobody");
    assert!(matches!(
        pipeline.next().await,
        Some(Ok(PipelineEvent::State { state: PsInvocationState::Completed, .. }))
    ));

    let error = run(&session, "Get-Nothing", &[]).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "could not run the command: Get-Nothing is not among the commands that this account may run; check the spelling, \
         or have an administrator give the account a role with it"
    );
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_and_the_command_goes_on() {
    for fault in ["token-expired=1", "claims=1"] {
        let lab = lab().await;
        let session = open(rest(&lab)).await;
        lab.add_fault(fault.parse().unwrap());
        assert_eq!(names(&session, &[]).await.len(), 25, "{fault}");
    }
}

#[tokio::test]
async fn a_token_from_outside_cannot_be_renewed_and_says_so() {
    let lab = lab().await;
    let token = crate::support::token(&lab).await;
    let mut options = rest(&lab);
    options.sign_in = SignInMethod::AccessToken;
    options.password = None;
    options.access_token = Some(Secret::new(token));
    let session = open(options).await;
    lab.add_fault("token-expired=1".parse().unwrap());
    let error = run(&session, "Get-Mailbox", &[]).await.unwrap_err();
    assert!(error.is_auth() && error.needs_reconnect(), "{error}");
}

#[tokio::test]
async fn throttling_is_waited_for() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    lab.add_fault("http-429=1".parse().unwrap());
    assert_eq!(names(&session, &[]).await.len(), 25);
}

#[tokio::test]
async fn a_forbidden_cmdlet_is_told_in_words() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    lab.add_fault("nul-403=1".parse().unwrap());
    let messages = error_messages(&session, "Get-Mailbox", &[]).await;
    assert_eq!(messages.len(), 1);
    assert!(
        messages[0].starts_with("The service does not allow this account to run Get-Mailbox (HTTP 403)"),
        "{messages:?}"
    );
}

#[tokio::test]
async fn an_answer_of_another_kind_ends_the_command_and_not_the_session() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    lab.add_fault("not-json=1".parse().unwrap());
    let error = run(&session, "Get-Mailbox", &[]).await.unwrap_err();
    assert_eq!(error.category(), Category::Protocol, "{error}");
    assert_eq!(names(&session, &[]).await.len(), 25);
    let lab = lab_with_fault("html").await;
    let error = connect(rest(&lab), |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("answered with an HTML page"), "{error}");
}

#[tokio::test]
async fn a_change_whose_answer_is_lost_is_reported_as_unknown_and_not_repeated() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let alias = names(&session, &[]).await[3].clone();
    lab.add_fault("drop-before=1".parse().unwrap());
    let change = sure("Set-Mailbox", &[("Identity", &alias), ("DisplayName", "x")]);
    let error = read(session.invoke(change).await.unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("whether Set-Mailbox was carried out is not known"), "{error}");
    assert_eq!(lab.executions("Set-Mailbox"), 1);
}

#[tokio::test]
async fn compliance_is_served_by_the_region_that_the_first_answer_names() {
    let lab = lab().await;
    let mut options = rest(&lab);
    options.service = Service::Compliance;
    let session = open(options).await;
    assert_eq!(session.info().server_uri, lab.compliance_url());
    assert_eq!(session.info().service, "compliance");
    assert!(session.catalog().unwrap().cmdlet("Get-ComplianceSearch").is_some());
    let written = run(&session, "Get-ComplianceSearch", &[]).await.unwrap();
    assert_eq!(written.errors, 0);
    let mut options = rest(&lab);
    options.service = Service::Compliance;
    options.allow_redirection = false;
    let error = connect(options, |_| {}).await.unwrap_err();
    assert!(error.to_string().contains("redirection is not allowed"), "{error}");
}

#[tokio::test]
async fn a_lost_page_ends_the_command() {
    let lab = lab_with(LabConfig { mailboxes: 30, ..LabConfig::default() }).await;
    let session = open(rest(&lab)).await;
    lab.add_fault("drop-mid=1".parse().unwrap());
    let error = run(&session, "Get-Mailbox", &[]).await.unwrap_err();
    assert!(error.is_connection(), "{error}");
}

#[tokio::test]
async fn a_password_reaches_the_service_encrypted_with_its_key() {
    let lab = lab().await;
    let session = open(rest(&lab)).await;
    let new_mailbox = |password: &str| {
        let mut body = Vec::new();
        Encoder::new(&mut body).object(None, &[], None, |object| {
            object.members(|members| {
                members.string("Name", "Sealed");
                members.string("MicrosoftOnlineServicesID", "sealed@contoso.onmicrosoft.com");
                members.secure_string("Password", &psrp::secret::secure_text(password));
                members.switch_parameter("Confirm", false);
            });
        });
        Invocation { command: "New-Mailbox".to_owned(), parameters: decode(body).unwrap() }
    };
    let error = read(session.invoke(new_mailbox(&"x".repeat(246))).await.unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("at most 245 can be encrypted"), "{error}");
    assert_eq!(lab.executions("New-Mailbox"), 0);
    let written = read(session.invoke(new_mailbox("Pässw0rd! of the tenant")).await.unwrap()).await.unwrap();
    assert_eq!((written.errors, written.output.len()), (0, 1));
    assert_eq!(lab.executions("New-Mailbox"), 1);
}

#[tokio::test]
async fn cookies_come_back_and_stay_with_their_session() {
    let lab = lab_with(LabConfig { mailboxes: 30, ..LabConfig::default() }).await;
    let mut options = rest(&lab);
    options.page_size = 10;
    let first = open(options.clone()).await;
    let second = open(options.clone()).await;
    // The redirection to the region gives a cookie too, which has to come along.
    options.service = Service::Compliance;
    let third = open(options).await;
    for session in [&first, &second] {
        assert_eq!(names(session, &[("ResultSize", "Unlimited")]).await.len(), 30);
    }
    run(&third, "Get-ComplianceSearch", &[]).await.unwrap();
    assert_eq!(lab.rest_clients(), 3);
}

#[tokio::test]
async fn two_tenants_and_two_services_are_open_side_by_side() {
    let other =
        LabConfig { user: "admin@fabrikam.onmicrosoft.com".to_owned(), mailboxes: 7, ..LabConfig::default() };
    let (contoso, fabrikam) = (lab().await, lab_with(other).await);
    let mut compliance = rest(&contoso);
    compliance.service = Service::Compliance;
    let (first, second, third) =
        (open(rest(&contoso)).await, open(rest(&fabrikam)).await, open(compliance).await);
    let ids = [&first, &second, &third].map(Session::id);
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
    assert_eq!(first.info().user.as_deref(), Some(contoso.user().as_str()));
    assert_eq!(second.info().user.as_deref(), Some("admin@fabrikam.onmicrosoft.com"));
    assert_eq!((first.info().service, third.info().service), ("exchange", "compliance"));
    assert_ne!(first.info().server_uri, third.info().server_uri);
    // At the same time, each with its own answer.
    let everything = [("ResultSize", "Unlimited")];
    let (of_first, of_second, of_third) = tokio::join!(
        names(&first, &everything),
        names(&second, &everything),
        run(&third, "Get-ComplianceSearch", &[])
    );
    assert_eq!(of_second.len(), 7);
    assert_ne!(of_first.len(), 7);
    assert_eq!(of_third.unwrap().errors, 0);
    // A change in one is none in the other, and the end of one is not the end of another.
    let change = sure("Set-Mailbox", &[("Identity", &of_second[0]), ("DisplayName", "changed")]);
    read(second.invoke(change).await.unwrap()).await.unwrap();
    assert_eq!((contoso.executions("Set-Mailbox"), fabrikam.executions("Set-Mailbox")), (0, 1));
    second.close().await.unwrap();
    assert!(second.invoke(command("Get-Mailbox", &[])).await.unwrap_err().is_closed());
    assert_eq!(names(&first, &everything).await.len(), of_first.len());
}
