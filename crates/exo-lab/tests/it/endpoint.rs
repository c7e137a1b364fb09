//! The remote PowerShell endpoint.

use std::time::Duration;

use exo_lab::{Lab, LabConfig};
use psrp::clixml::Encoder;
use psrp::{CommandSpec, PipelineSpec, PsInvocationState};
use uuid::Uuid;
use wsman::{Response, Signal};

use crate::http::{access_token, basic, exchange, send};
use crate::session::{Session, error_id, error_message, ids};

const PATH: &str = "/powershell-liveid/";

async fn lab() -> Lab {
    Lab::start(LabConfig::default()).await.expect("the lab starts")
}

async fn open(lab: &Lab) -> Session<'_> {
    Session::open(lab, PATH, basic(&lab.user(), lab.password())).await.expect("the shell opens")
}

#[tokio::test]
async fn a_session_opens_runs_and_closes() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    assert_eq!(lab.live_shells(), 1);
    let outcome = session.run("Get-Mailbox", &[]).await;
    assert_eq!(outcome.state, Some(PsInvocationState::Completed), "{outcome:?}");
    assert_eq!(outcome.output.len(), 25);
    let first = outcome.output[0].first().expect("an object");
    assert_eq!(
        first.type_names().next().expect("a type").to_string(),
        "Microsoft.Exchange.Data.Directory.Management.Mailbox"
    );
    assert!(220 <= first.props().count(), "{} properties", first.props().count());
    session.delete().await;
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn each_way_to_sign_in_opens_a_session() {
    let lab = lab().await;
    let token = access_token(&lab).await;
    for (path, authorization) in [
        (PATH, format!("Bearer {token}")),
        ("/PowerShell-LiveID?PSVersion=5.1", basic(&lab.user(), lab.password())),
        (
            "/powershell-liveid/?BasicAuthToOAuthConversion=true",
            basic(&lab.user(), &format!("Bearer {token}")),
        ),
        ("/powershell/", basic(&lab.user(), lab.password())),
    ] {
        let session = Session::open(&lab, path, authorization).await.expect("the shell opens");
        session.delete().await;
    }
    for (path, authorization) in [
        (PATH, basic(&lab.user(), "wrong")),
        (PATH, basic("nobody@contoso.onmicrosoft.com", lab.password())),
        (PATH, format!("Bearer {token}x")),
        (PATH, basic(&lab.user(), &format!("Bearer {token}"))),
        ("/powershell-liveid/?BasicAuthToOAuthConversion=true", basic(&lab.user(), lab.password())),
        (PATH, "Negotiate abc".to_owned()),
        (PATH, "Basic %%%".to_owned()),
    ] {
        let headers = [("Authorization", authorization.as_str())];
        let answer = send(&lab, "POST", path, &headers, Some(b"<x/>")).await.expect("an answer");
        assert_eq!(answer.status, 401, "{authorization}");
        assert!(answer.header("www-authenticate").is_some());
    }
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn requests_without_a_length_are_refused() {
    let lab = lab().await;
    let authorization = basic(&lab.user(), lab.password());
    let chunked = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: {authorization}\r\n\
         Transfer-Encoding: chunked\r\n\r\n4\r\n<x/>\r\n0\r\n\r\n"
    );
    assert_eq!(exchange(&lab, chunked.as_bytes()).await.expect("an answer").status, 411);
    let headers = [("Authorization", authorization.as_str())];
    let large = vec![b' '; 700 * 1024];
    assert_eq!(
        send(&lab, "POST", PATH, &headers, Some(&large)).await.map(|answer| answer.status).unwrap_or(413),
        413
    );
    assert_eq!(send(&lab, "GET", PATH, &headers, None).await.expect("an answer").status, 405);
    assert_eq!(send(&lab, "POST", "/elsewhere", &headers, Some(b"")).await.expect("an answer").status, 404);
    let answer = send(&lab, "POST", PATH, &headers, Some(b"<not-soap>")).await.expect("an answer");
    assert!(matches!(Response::decode(&answer.body), Ok(Response::Fault(_))), "{}", answer.text());
    lab.shutdown().await;
}

#[tokio::test]
async fn errors_are_those_of_exchange() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let outcome = session.run("Get-Mailbox", &[("Identity", "nobody")]).await;
    assert_eq!(outcome.state, Some(PsInvocationState::Completed));
    let message = error_message(&outcome.errors[0]);
    assert!(
        message.starts_with(
            "The operation couldn't be performed because object 'nobody' couldn't be found on '"
        ),
        "{message}"
    );
    let id = error_id(&outcome.errors[0]);
    assert!(id.contains("[FailureCategory=Cmdlet-ManagementObjectNotFoundException]"), "{id}");

    let stopped = session.run("Get-Mailbox", &[("Identity", "nobody"), ("ErrorAction", "Stop")]).await;
    assert_eq!(stopped.failure().split(']').count(), 3);
    let silent =
        session.run("Get-Mailbox", &[("Identity", "nobody"), ("ErrorAction", "SilentlyContinue")]).await;
    assert!(silent.errors.is_empty());

    for (command, parameters, id) in [
        ("Get-Nothing", &[][..], "CommandNotFoundException"),
        (
            "Get-Mailbox",
            &[("Colour", "red")],
            "NamedParameterNotFound,Microsoft.Exchange.Management.RecipientTasks.GetMailbox",
        ),
        (
            "Set-Mailbox",
            &[("Office", "Here")],
            "MissingMandatoryParameter,Microsoft.Exchange.Management.RecipientTasks.SetMailbox",
        ),
    ] {
        assert_eq!(session.run(command, parameters).await.failure(), id);
    }
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn the_endpoint_has_no_language() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    for commands in [
        vec![CommandSpec::script("1 + 1")],
        vec![CommandSpec::command("Get-Mailbox", None), CommandSpec::command("Set-Mailbox", None)],
        vec![CommandSpec::command("Get-Mailbox", None), CommandSpec::script("$_")],
        vec![
            CommandSpec::command("Get-Mailbox", None),
            CommandSpec::command("Measure-Object", None),
            CommandSpec::command("Out-Default", None),
        ],
    ] {
        let pid = session.start(&PipelineSpec::new(commands)).await;
        assert_eq!(session.finish(pid).await.failure(), "ScriptsNotAllowed");
    }
    let commands =
        vec![CommandSpec::command("Get-Mailbox", None), CommandSpec::command("Measure-Object", None)];
    let pid = session.start(&PipelineSpec::new(commands)).await;
    assert_eq!(session.finish(pid).await.column("Count"), ["25"]);
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn commands_are_described_for_import() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let outcome = session.commands(&["Get-Mailbox", "Set-Transport*"]).await;
    assert_eq!(outcome.state, Some(PsInvocationState::Completed));
    assert_eq!(psrp::metadata::command_count(&outcome.output[0]), Some(2));
    assert_eq!(outcome.output.len(), 3);
    let command = psrp::metadata::CommandMetadata::new(&outcome.output[1]).expect("a command");
    assert_eq!(command.name().expect("a name").to_string(), "Get-Mailbox");
    let parameters: Vec<String> =
        command.parameters().map(|parameter| parameter.name().expect("a name").to_string()).collect();
    for name in ["Identity", "Filter", "ResultSize", "Verbose", "ErrorAction"] {
        assert!(parameters.iter().any(|own| own == name), "{name} of {parameters:?}");
    }
    let all = session.commands(&["*"]).await;
    assert!(30 < all.output.len(), "{} commands", all.output.len());
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn one_user_has_only_so_many_shells() {
    let lab =
        Lab::start(LabConfig { session_limit: 2, ..LabConfig::default() }).await.expect("the lab starts");
    let first = open(&lab).await;
    let second = open(&lab).await;
    let authorization = basic(&lab.user(), lab.password());
    let fault = Session::open(&lab, PATH, authorization).await.map(|_| ()).expect_err("two are enough");
    assert!(fault.is_shell_quota_exceeded());
    assert!(
        fault.reason.contains(
            "This user is allowed a maximum number of 2 concurrent shells, which has been exceeded. Close existing shells or \
             raise the quota for this user."
        ),
        "{}",
        fault.reason
    );
    first.delete().await;
    open(&lab).await.delete().await;
    second.delete().await;
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn without_its_cookies_a_shell_is_not_found() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let cookies = std::mem::take(&mut session.cookies);
    for wrong in
        [String::new(), cookies.split("; ").next().expect("a cookie").to_owned(), cookies.replace('=', "=x")]
    {
        session.cookies = wrong;
        let receive = session.endpoint.build_receive(ids(), &session.shell, None);
        assert!(session.ask(&receive).await.expect_err("it is another server").is_shell_not_found());
    }
    session.cookies = cookies;
    session.delete().await;
    let receive = session.endpoint.build_receive(ids(), &session.shell, None);
    assert!(session.ask(&receive).await.expect_err("it is gone").is_shell_not_found());
    lab.shutdown().await;
}

#[tokio::test]
async fn without_a_load_balancer_a_shell_is_found_by_its_id_alone() {
    let config = LabConfig { affinity: false, ..LabConfig::default() };
    let lab = Lab::start(config).await.expect("the lab starts");
    let mut session = open(&lab).await;
    assert_eq!(session.cookies, "");
    assert_eq!(session.run("Get-Mailbox", &[]).await.output.len(), 25);
    session.cookies = "MS-WSMAN=another".to_owned();
    session.delete().await;
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn an_idle_receive_times_out_and_can_be_repeated() {
    let config = LabConfig { receive_wait: Duration::from_millis(10), ..LabConfig::default() };
    let lab = Lab::start(config).await.expect("the lab starts");
    let session = open(&lab).await;
    for _ in 0..2 {
        let receive = session.endpoint.build_receive(ids(), &session.shell, None);
        assert!(session.ask(&receive).await.expect_err("nothing happens").is_operation_timeout());
    }
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn a_small_envelope_stays_small() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    session.endpoint.max_envelope_len = 8_192;
    let parameters = crate::session::tape(&[("Identity", "user00001")]);
    let pid =
        session.start(&PipelineSpec::new(vec![CommandSpec::command("Get-Mailbox", Some(&parameters))])).await;
    let mut envelopes = 0;
    loop {
        let answer = session
            .post(&session.endpoint.build_receive(ids(), &session.shell, Some(pid)))
            .await
            .expect("an answer");
        assert!(answer.body.len() <= 8_192, "{} bytes", answer.body.len());
        envelopes += 1;
        match Response::decode(&answer.body).expect("an envelope") {
            Response::Receive(received)
                if received.command_state.as_ref().is_some_and(|state| state.done) =>
            {
                break;
            }
            _ => {}
        }
    }
    assert!(2 < envelopes, "{envelopes} envelopes");
    session.endpoint.max_envelope_len = 100;
    let receive = session.endpoint.build_receive(ids(), &session.shell, None);
    let fault = session.ask(&receive).await.expect_err("too small");
    assert_eq!(fault.subcode.as_deref(), Some("EncodingLimit"));
    lab.shutdown().await;
}

#[tokio::test]
async fn a_running_command_stops_when_signalled() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let pid = session.start(&PipelineSpec::new(vec![CommandSpec::command("Test-Mailflow", None)])).await;
    let received = session.receive(Some(pid)).await.expect("progress");
    assert!(!received.streams.is_empty());
    for chunk in received.streams {
        session.pool.handle_bytes(chunk.bytes).expect("PSRP");
    }
    session
        .ask(&session.endpoint.build_signal(ids(), &session.shell, pid, Signal::CtrlC))
        .await
        .expect("it is taken");
    let outcome = session.finish(pid).await;
    assert_eq!(outcome.state, Some(PsInvocationState::Stopped), "{outcome:?}");
    let outcome = session.run("Test-Mailflow", &[("ExecutionTimeout", "0")]).await;
    assert_eq!(outcome.progress, 11);
    assert_eq!(outcome.column("TestMailflowResult"), ["Success"]);
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn a_shell_can_be_deleted_while_its_command_runs() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    session.start(&PipelineSpec::new(vec![CommandSpec::command("Test-Mailflow", None)])).await;
    session.delete().await;
    assert_eq!(lab.live_shells(), 0);
    lab.shutdown().await;
}

#[tokio::test]
async fn a_reader_that_does_not_read_holds_the_writer_back() {
    let lab =
        Lab::start(LabConfig { mailboxes: 2_000, ..LabConfig::default() }).await.expect("the lab starts");
    let mut session = open(&lab).await;
    let parameters = crate::session::tape(&[("ResultSize", "Unlimited")]);
    let command = CommandSpec::command("Get-Mailbox", Some(&parameters));
    let forgotten = session.start(&PipelineSpec::new(vec![command])).await;
    let read = session.start(&PipelineSpec::new(vec![command])).await;
    assert_eq!(session.finish(read).await.output.len(), 2_000);
    session
        .ask(&session.endpoint.build_signal(ids(), &session.shell, forgotten, Signal::Terminate))
        .await
        .expect("it ends");
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn input_stands_for_the_identity() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let mut spec = PipelineSpec::new(vec![CommandSpec::command("Get-Mailbox", None)]);
    spec.no_input = false;
    let pid = session.start(&spec).await;
    for identity in ["user00001", "user00002"] {
        let mut body = Vec::new();
        Encoder::new(&mut body).string(None, identity);
        let value = psrp::clixml::decode(body).expect("our own CLIXML");
        session.pool.input(pid, value.first().expect("a value")).expect("it takes input");
    }
    session.pool.end_input(pid).expect("it takes input");
    while let Some(transmit) = session.pool.poll_transmit(psrp::Target::Pipeline(pid), 30_000) {
        let send = session.endpoint.build_send(ids(), &session.shell, "stdin", Some(pid), transmit.payload);
        session.ask(&send).await.expect("it is taken");
    }
    assert_eq!(session.finish(pid).await.column("Alias"), ["user00001", "user00002"]);
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn idle_shells_end() {
    let config = LabConfig {
        shell_idle: Duration::from_millis(1),
        receive_wait: Duration::from_millis(1),
        ..LabConfig::default()
    };
    let lab = Lab::start(config).await.expect("the lab starts");
    let authorization = basic(&lab.user(), lab.password());
    // The shell may end between any two requests: only its end is certain.
    let creation = {
        let mut pool = psrp::RunspacePool::new(Uuid::new_v4(), psrp::PoolConfig::default());
        pool.open().expect("a new pool opens");
        pool.poll_transmit(psrp::Target::Pool, 100_000).expect("it speaks first").payload.to_vec()
    };
    let endpoint = wsman::Endpoint::new("https://localhost/", wsman::RESOURCE_EXCHANGE, Uuid::new_v4());
    let create = endpoint.build_create(ids(), Uuid::new_v4(), &creation, "2.3", None, None);
    let headers = [("Authorization", authorization.as_str())];
    assert_eq!(send(&lab, "POST", PATH, &headers, Some(&create)).await.expect("an answer").status, 200);
    while lab.live_shells() != 0 {
        tokio::task::yield_now().await;
    }
    lab.shutdown().await;
}

#[tokio::test]
async fn a_command_that_has_ended_waits_for_its_reader() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let spec = PipelineSpec::new(vec![CommandSpec::command("Get-AcceptedDomain", None)]);
    let first = session.start(&spec).await;
    let second = session.start(&spec).await;
    assert_eq!(session.finish(second).await.output.len(), 3);
    assert_eq!(session.finish(first).await.output.len(), 3);
    let third = session.start(&spec).await;
    let again = session.endpoint.build_command(ids(), &session.shell, third, b"");
    assert!(session.ask(&again).await.is_err());
    assert_eq!(session.finish(third).await.output.len(), 3);
    session.delete().await;
    lab.shutdown().await;
}

#[tokio::test]
async fn a_receive_that_waits_ends_with_what_it_waits_for() {
    let lab = lab().await;
    let mut session = open(&lab).await;
    let pid = session.start(&PipelineSpec::new(vec![CommandSpec::command("Test-Mailflow", None)])).await;
    session.receive(Some(pid)).await.expect("progress");
    let receive = session.endpoint.build_receive(ids(), &session.shell, None);
    let delete = session.endpoint.build_delete(ids(), &session.shell);
    // Whichever the lab takes first, the Receive does not go on waiting.
    let (received, deleted) = tokio::join!(session.ask(&receive), session.ask(&delete));
    deleted.expect("the shell ends");
    let fault = received.expect_err("nothing is to be received");
    assert!(fault.is_aborted() || fault.is_shell_not_found(), "{fault:?}");
    lab.shutdown().await;
}

#[tokio::test]
async fn every_address_answers() {
    let lab = lab().await;
    for address in lab.addresses() {
        assert!(address.ip().is_loopback());
        tokio::net::TcpStream::connect(address).await.expect("somebody listens");
    }
    lab.shutdown().await;
}
