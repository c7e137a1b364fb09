//! Our client against psrpcore's server.

use exo_session::{Authentication, CarrierChoice, ConnectOptions, Secret, Session};
use psrp::clixml::Value as Clixml;
use psrp::{PipelineEvent, PsInvocationState};
use serde_json::{Value, json};

use super::psrpcore::{self, Server};
use super::report::{collect, run, start, texts};
use super::{ignored, python};

#[tokio::test(flavor = "multi_thread")]
async fn our_client_reads_objects_from_psrpcore() {
    let Some(mut server) = server("our_client_reads_objects_from_psrpcore", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let report = run(&session, "Get-Mailbox", r#"<I32 N="ResultSize">3</I32>"#).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
    assert_eq!(report.output.len(), 3);
    let tape = &report.output[2];
    let mailbox = tape.first().expect("an object");
    let type_name = mailbox.type_names().next().map(|name| name.to_string());
    assert_eq!(
        type_name.as_deref(),
        Some("Deserialized.Microsoft.Exchange.Data.Directory.Management.Mailbox")
    );
    let text = |name: &str| mailbox.member(name).and_then(Clixml::text).map(|text| text.to_string());
    assert_eq!(text("Identity").as_deref(), Some("user0002"));
    assert_eq!(text("DisplayName").as_deref(), Some("Ünïcode & <user0002>\r\n😀"));
    assert_eq!(text("ExchangeGuid").as_deref(), Some("00000000-0000-0000-0000-000000000002"));
    assert_eq!(text("AdminDisplayVersion").as_deref(), Some("15.20.4200.17"));
    let member = |name: &str| mailbox.member(name).expect("it is there");
    assert_eq!(member("ItemCount").as_i64(), Some(20_000_000_000));
    assert_eq!(member("HiddenFromAddressListsEnabled").as_bool(), Some(false));
    assert!(member("Nothing").is_nil());
    assert!(member("WhenCreated").date_time().is_some());
    let addresses: Vec<String> =
        member("EmailAddresses").items().filter_map(Clixml::text).map(|text| text.to_string()).collect();
    assert_eq!(addresses, ["SMTP:user0002@contoso.example", "smtp:alias.user0002@contoso.example"]);
    session.close().await.expect("it closes");
    assert_eq!(server.shells(), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_reads_every_stream_of_psrpcore() {
    let Some(server) = server("our_client_reads_every_stream_of_psrpcore", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let report = run(&session, "Test-Stream", "").await;
    assert_eq!(report.state, Some(PsInvocationState::Completed));
    assert_eq!(texts(&report.output), ["first", "last"]);
    assert_eq!(
        report.records,
        [
            "error: the object 'x' could not be found [Server=EX01]ABCDEF,Test-Stream 13",
            "warning: a warning",
            "verbose: something verbose",
            "debug: something to debug",
            "information: some information",
            "progress: working 50",
        ]
    );
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_parameters_arrive_at_psrpcore_as_meant() {
    let Some(server) = server("our_parameters_arrive_at_psrpcore_as_meant", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let list = "<TN RefId=\"0\"><T>System.Object[]</T><T>System.Array</T><T>System.Object</T></TN>";
    let table = "<TN RefId=\"1\"><T>System.Collections.Hashtable</T><T>System.Object</T></TN>";
    let parameters = format!(
        "<S N=\"Text\">a_x000D__x000A_b &amp; ü 😀</S><I32 N=\"Number\">-7</I32><I64 N=\"Long\">5000000000</I64>\
         <B N=\"Flag\">true</B><Nil N=\"Nothing\" /><Db N=\"Double\">0.5</Db><BA N=\"Bytes\">AAEC</BA>\
         <G N=\"Guid\">792e5b37-4505-47ef-b7d2-8711bb7affa8</G>\
         <Obj N=\"List\" RefId=\"1\">{list}<LST><S>x</S><I32>1</I32></LST></Obj>\
         <Obj N=\"Table\" RefId=\"2\">{table}<DCT><En><S N=\"Key\">Add</S><S N=\"Value\">y</S></En></DCT></Obj>"
    );
    let report = run(&session, "Show-Parameter", &parameters).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
    let seen: Vec<Value> = texts(&report.output)
        .iter()
        .map(|text| serde_json::from_str(text).expect("the server writes JSON"))
        .map(|mut seen: Value| {
            // psrpcore and .NET differ in what they call a list; the values are what matters.
            seen.as_object_mut().expect("an object").remove("type");
            seen
        })
        .collect();
    let text = |value: &str| json!({"type": "System.String", "value": value});
    assert_eq!(
        seen,
        [
            json!({"name": "Text", "value": "a\r\nb & ü 😀"}),
            json!({"name": "Number", "value": -7}),
            json!({"name": "Long", "value": 5_000_000_000_i64}),
            json!({"name": "Flag", "value": true}),
            json!({"name": "Nothing"}),
            json!({"name": "Double", "value": 0.5}),
            json!({"name": "Bytes", "value": "AAEC"}),
            json!({"name": "Guid", "value": "792e5b37-4505-47ef-b7d2-8711bb7affa8"}),
            json!({"name": "List", "value": [text("x"), {"type": "System.Int32", "value": 1}]}),
            json!({"name": "Table", "value": {"Add": text("y")}}),
        ]
    );
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_joins_what_psrpcore_splits() {
    let Some(server) = server("our_client_joins_what_psrpcore_splits", 700).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let report = run(&session, "Get-Blob", r#"<I32 N="Count">3</I32><I32 N="Length">30000</I32>"#).await;
    let expected: Vec<String> = (0..3).map(|number| format!("{number}:{}", "x".repeat(30_000))).collect();
    assert_eq!(texts(&report.output), expected);
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_long_requests_reach_psrpcore_in_whole_fragments() {
    let Some(server) = server("our_long_requests_reach_psrpcore_in_whole_fragments", 32_768).await else {
        return;
    };
    let mut options = options(&server, psrpcore::PASSWORD);
    options.max_envelope_len = 8_192;
    let session = exo_session::connect(options, |_| {}).await.expect("it connects");
    let long = "long text ".repeat(20_000);
    let report = run(&session, "Show-Parameter", &format!("<S N=\"Long\">{long}</S>")).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{:?}", report.reason);
    let seen: Value = serde_json::from_str(&texts(&report.output)[0]).expect("the server writes JSON");
    assert!(seen["value"] == long.as_str());
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_stops_a_command_of_psrpcore() {
    let Some(mut server) = server("our_client_stops_a_command_of_psrpcore", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let mut pipeline = start(&session, "Wait-Signal", "").await;
    loop {
        match pipeline.next().await {
            Some(Ok(PipelineEvent::Output(waiting))) => break assert_eq!(texts(&[waiting]), ["waiting"]),
            Some(Ok(PipelineEvent::State { state: PsInvocationState::Running, .. })) => {}
            other => panic!("it does not wait: {other:?}"),
        }
    }
    // Another one runs beside it, and one after it.
    assert_eq!(run(&session, "Get-Mailbox", r#"<I32 N="ResultSize">1</I32>"#).await.output.len(), 1);
    pipeline.cancel();
    let report = collect(pipeline).await;
    assert_eq!(report.state, Some(PsInvocationState::Stopped), "{report:?}");
    assert_eq!(run(&session, "Get-Mailbox", r#"<I32 N="ResultSize">2</I32>"#).await.output.len(), 2);
    session.close().await.expect("it closes");
    assert_eq!(server.shells(), (0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_psrpcore_is_a_state_with_a_reason() {
    let Some(server) = server("a_failure_of_psrpcore_is_a_state_with_a_reason", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    for (command, reason) in [
        ("Stop-All", "it cannot go on"),
        ("Get-Nothing", "The term 'Get-Nothing' is not recognized as the name of a cmdlet."),
    ] {
        let report = run(&session, command, "").await;
        assert_eq!(report.state, Some(PsInvocationState::Failed), "{report:?}");
        assert_eq!(report.reason.as_deref(), Some(reason));
    }
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_asks_psrpcore_for_its_commands() {
    let Some(server) = server("our_client_asks_psrpcore_for_its_commands", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let commands = session.commands(&["Get-*".to_owned()]).await.expect("an answer");
    let seen: Vec<(String, Vec<String>)> = commands
        .into_iter()
        .map(|command| {
            let parameters = command.parameters.into_iter().map(|parameter| parameter.name).collect();
            (command.name, parameters)
        })
        .collect();
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        seen,
        [
            ("Get-Blob".to_owned(), owned(&["Count", "Length"])),
            ("Get-Mailbox".to_owned(), owned(&["Identity", "ResultSize"])),
        ]
    );
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_an_error_of_sign_in() {
    let Some(mut server) = server("a_wrong_password_is_an_error_of_sign_in", 32_768).await else { return };
    let error = connect(&server, "not the password").await.expect_err("it is refused");
    assert!(error.is_auth(), "{error}");
    assert!(!error.to_string().contains("not the password"));
    assert_eq!(server.shells(), (0, 0));
}

/// Starts a server, or says why not.
async fn server(test: &str, fragment_len: u32) -> Option<Server> {
    let started = tokio::task::spawn_blocking(move || {
        python::interpreter().map(|interpreter| Server::start(interpreter, fragment_len))
    });
    match started.await.expect("no panic") {
        Ok(server) => Some(server),
        Err(reason) => {
            ignored(test, reason);
            None
        }
    }
}

fn options(server: &Server, password: &str) -> ConnectOptions {
    let mut options = ConnectOptions::default();
    options.connection_uri = Some(server.url().to_owned());
    options.carrier = CarrierChoice::Psrp;
    options.authentication = Some(Authentication::Basic);
    options.user = Some(psrpcore::USER.to_owned());
    options.password = Some(Secret::new(password.to_owned()));
    options.ca_file = Some(server.ca_file());
    options
}

async fn connect(server: &Server, password: &str) -> Result<Session, exo_session::Error> {
    exo_session::connect(options(server, password), |_| {}).await
}
