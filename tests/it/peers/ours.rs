//! Our client against psrpcore's server.

use std::sync::Arc;

use exo_session::{
    Authentication, CarrierChoice, ConnectOptions, FieldValue, Host, Invocation, Refusal, Secret, Session,
};
use psrp::clixml::{Value as Clixml, decode};
use psrp::{
    ChoiceQuestion, CredentialQuestion, PipelineEvent, PromptField, PromptQuestion, PsInvocationState,
};
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
async fn our_secure_strings_are_read_by_psrpcore_and_its_by_us() {
    let test = "our_secure_strings_are_read_by_psrpcore_and_its_by_us";
    // Whoever needs the session key first asks for it.
    for server_first in [false, true] {
        let Some(server) = server(test, 32_768).await else { return };
        let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
        for ours in [!server_first, server_first] {
            if ours {
                send_secrets(&session).await;
            } else {
                let report = run(&session, "Show-Secret", "<S N=\"Text\">geheim: ß 😀</S>").await;
                assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
                let secret = report.output[0].first().and_then(Clixml::text).expect("a secure string");
                let plain = psrp::secret::plain_text(secret.as_bytes()).expect("base64 of UTF-16");
                assert_eq!(*plain, "geheim: ß 😀");
            }
        }
        session.close().await.expect("it closes");
    }
}

async fn send_secrets(session: &Session) {
    let first = psrp::secret::secure_text("pä&<ss>😀");
    let second = psrp::secret::secure_text("x");
    let parameters = format!(
        "<SS N=\"Password\">{}</SS><S N=\"Name\">ana</S>\
         <Obj N=\"Credential\" RefId=\"1\"><TN RefId=\"0\"><T>System.Management.Automation.PSCredential</T>\
         <T>System.Object</T></TN><ToString>System.Management.Automation.PSCredential</ToString>\
         <Props><S N=\"UserName\">ana</S><SS N=\"Password\">{}</SS></Props></Obj>",
        *first, *second
    );
    let report = run(session, "Show-Parameter", &parameters).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
    let seen: Vec<Value> = texts(&report.output)
        .iter()
        .map(|text| serde_json::from_str(text).expect("the server writes JSON"))
        .collect();
    let secure = "System.Security.SecureString";
    let expected = [
        json!({"name": "Password", "type": secure, "value": "pä&<ss>😀"}),
        json!({"name": "Name", "type": "System.String", "value": "ana"}),
        json!({"name": "Credential", "type": "System.Management.Automation.PSCredential", "value": [
            {"type": "System.String", "value": "ana"}, {"type": secure, "value": "x"}]}),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn our_input_reaches_psrpcore_value_by_value() {
    let Some(server) = server("our_input_reaches_psrpcore_value_by_value", 1_000).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let parameters = decode(&b""[..]).expect("an empty tape");
    let invocation = Invocation { command: "Measure-Input".to_owned(), parameters };
    let (mut pipeline, input) = session.invoke_with_input(invocation).await.expect("it starts");
    let long = "long ".repeat(2_000);
    let secure = psrp::secret::secure_text("geheim");
    // Each value comes back before the next one is written: the server works while the input goes on.
    for value in [
        "<S>a</S>".to_owned(),
        "<I32>5</I32>".to_owned(),
        format!("<S>{long}</S>"),
        format!("<SS>{}</SS>", *secure),
        "<S>b</S>".to_owned(),
    ] {
        input.write(decode(value.clone().into_bytes()).expect("a value")).await.expect("it is taken");
        let echo = loop {
            match pipeline.next().await {
                Some(Ok(PipelineEvent::Output(echo))) => break echo,
                Some(Ok(PipelineEvent::State { state: PsInvocationState::Running, .. })) => {}
                other => panic!("no output: {other:?}"),
            }
        };
        let mut again = Vec::new();
        psrp::clixml::Encoder::new(&mut again).value(echo.first().expect("a value"));
        assert_eq!(String::from_utf8_lossy(&again), value);
    }
    // And many at once. (A null is an empty message, as PowerShell writes it, which psrpcore does not read.)
    for number in 0..500 {
        let value = format!("<S>{number}</S>");
        input.write(decode(value.into_bytes()).expect("a value")).await.expect("it is taken");
    }
    drop(input);
    let report = collect(pipeline).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
    assert_eq!(report.output.len(), 501);
    let count = report.output.last().and_then(|tape| tape.first()?.as_i64());
    assert_eq!(count, Some(505));
    session.close().await.expect("it closes");
}

/// Answers everything.
struct Person;

impl Host for Person {
    fn choose(&self, question: &ChoiceQuestion) -> Result<i32, Refusal> {
        assert_eq!((question.choices.len(), question.default), (2, 1));
        assert_eq!(
            (question.choices[0].label.as_str(), question.choices[0].help.as_str()),
            ("&Yes", "do it")
        );
        Ok(0)
    }

    fn read_line(&self) -> Result<String, Refusal> {
        Ok("typed <&> 😀".to_owned())
    }

    fn read_secret(&self) -> Result<Secret, Refusal> {
        Ok(Secret::new("hidden ß".to_owned()))
    }

    fn credential(&self, question: &CredentialQuestion) -> Result<(String, Secret), Refusal> {
        assert_eq!((question.user_name.as_str(), question.target_name.as_str()), ("ana", "target"));
        Ok((question.user_name.clone(), Secret::new("pass".to_owned())))
    }

    fn prompt(&self, question: &PromptQuestion) -> Result<Vec<(String, FieldValue)>, Refusal> {
        let secret = |field: &PromptField| field.type_name == "System.Security.SecureString";
        let value = |field: &PromptField| match secret(field) {
            true => FieldValue::Secret(Secret::new("second".to_owned())),
            false => FieldValue::Text("first".to_owned()),
        };
        Ok(question.fields.iter().map(|field| (field.name.clone(), value(field))).collect())
    }
}

/// Answers nothing.
struct Nobody;

impl Host for Nobody {}

#[tokio::test(flavor = "multi_thread")]
async fn our_host_answers_psrpcore() {
    let Some(server) = server("our_host_answers_psrpcore", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let secure = |text: &str| json!({"type": "System.Security.SecureString", "value": text});
    let string = |text: &str| json!({"type": "System.String", "value": text});
    let credential = json!({"type": "System.Management.Automation.PSCredential",
        "value": [string("ana"), secure("pass")]});
    let table = json!({"type": "System.Collections.Hashtable",
        "value": {"Name": string("first"), "Secret": secure("second")}});
    let heard = ask(&session, Arc::new(Person)).await;
    let choice = json!({"type": "System.Int32", "value": 0});
    assert_eq!(heard[..5], [choice, string("typed <&> 😀"), secure("hidden ß"), credential, table]);
    assert_eq!(heard[5], json!({"error": "the host of this session has no GetName"}));
    for refused in ask(&session, Arc::new(Nobody)).await {
        assert!(
            refused["error"].as_str().is_some_and(|text| text.starts_with("the host of this session")),
            "{refused}"
        );
    }
    session.close().await.expect("it closes");
}

async fn ask(session: &Session, host: Arc<dyn Host>) -> Vec<Value> {
    let parameters = decode(&b""[..]).expect("an empty tape");
    let invocation = Invocation { command: "Ask-Host".to_owned(), parameters };
    let report = collect(session.invoke_with_host(invocation, host).await.expect("it starts")).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
    texts(&report.output)
        .iter()
        .map(|text| serde_json::from_str(text).expect("the server writes JSON"))
        .collect()
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
async fn our_client_asks_psrpcore_about_its_runspaces() {
    let Some(server) = server("our_client_asks_psrpcore_about_its_runspaces", 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    assert_eq!(session.available_runspaces().await.expect("an answer"), 1);
    for (max, done) in [(3, true), (6, false)] {
        assert_eq!(session.set_max_runspaces(max).await.expect("an answer"), done);
    }
    for (min, done) in [(3, true), (4, false)] {
        assert_eq!(session.set_min_runspaces(min).await.expect("an answer"), done);
    }
    assert_eq!(session.available_runspaces().await.expect("an answer"), 3);
    assert!(session.reset_runspace().await.expect("an answer"));
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_application_arguments_reach_psrpcore_and_its_private_data_and_events_us() {
    let test = "our_application_arguments_reach_psrpcore_and_its_private_data_and_events_us";
    let Some(server) = server(test, 32_768).await else { return };
    let mut options = options(&server, psrpcore::PASSWORD);
    let arguments =
        json!({"Name": "ä<&>", "Count": 5, "Big": 5_000_000_000_i64, "On": true, "Inner": {"A": "b"}});
    options.application_arguments = arguments.as_object().cloned();
    let session = exo_session::connect(options, |_| {}).await.expect("it connects");
    let report = run(&session, "Show-Arguments", "").await;
    let seen: Value = serde_json::from_str(&texts(&report.output)[0]).expect("the server writes JSON");
    assert_eq!(seen["Name"]["value"], "ä<&>");
    assert_eq!(seen["Count"], json!({"type": "System.Int32", "value": 5}));
    assert_eq!(seen["Big"], json!({"type": "System.Int64", "value": 5_000_000_000_i64}));
    assert_eq!(seen["On"]["value"], true);
    assert_eq!(seen["Inner"]["value"]["A"]["value"], "b");

    let data = session.private_data().expect("it was told");
    let table = data.first().and_then(|data| data.member("ApplicationPrivateData")).expect("a dictionary");
    assert!(table.resolve().entries().any(|(key, _)| key.to_string() == "PSVersionTable"));

    let mut events = session.user_events().expect("remote PowerShell");
    assert_eq!(texts(&run(&session, "Send-Event", "").await.output), ["sent"]);
    let event = events.next().await.expect("it was sent");
    let member = |name| event.first().and_then(|event| event.member(name)).map(|value| value.to_string());
    assert_eq!(member("PSEventArgs.SourceIdentifier").as_deref(), Some("Peer.Event"));
    assert_eq!(member("PSEventArgs.MessageData").as_deref(), Some("hello"));
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_of_psrpcore_takes_our_input_and_asks_our_host() {
    let test = "a_command_of_psrpcore_takes_our_input_and_asks_our_host";
    let Some(server) = server(test, 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let parameters = decode(&b""[..]).expect("an empty tape");
    let invocation = Invocation { command: "Ask-Each".to_owned(), parameters };
    let started = session.invoke_with_input_and_host(invocation, Arc::new(Person)).await;
    let (pipeline, input) = started.expect("it starts");
    let feeding = async move {
        for number in 0..20 {
            let value = decode(format!("<I32>{number}</I32>").into_bytes()).expect("a value");
            input.write(value).await.expect("it is taken");
        }
    };
    let (report, ()) = tokio::join!(collect(pipeline), feeding);
    let expected: Vec<String> = (0..20).map(|number| format!("{number} typed <&> 😀")).collect();
    assert_eq!(texts(&report.output), expected);
    session.close().await.expect("it closes");
}

#[tokio::test(flavor = "multi_thread")]
async fn our_client_leaves_psrpcore_comes_back_and_gives_it_to_another() {
    let test = "our_client_leaves_psrpcore_comes_back_and_gives_it_to_another";
    let Some(mut server) = server(test, 32_768).await else { return };
    let session = connect(&server, psrpcore::PASSWORD).await.expect("it connects");
    let mut pipeline = start(&session, "Count-Slowly", r#"<I32 N="Count">200</I32>"#).await;
    let mut seen = Vec::new();
    while seen.is_empty() {
        if let Some(Ok(PipelineEvent::Output(number))) = pipeline.next().await {
            seen.push(number);
        }
    }
    let left = session.disconnect(None).await.expect("it is left");
    assert_eq!(left.commands.len(), 1);
    session.reconnect().await.expect("it is there");
    let report = collect(pipeline).await;
    assert_eq!(report.state, Some(PsInvocationState::Completed), "{report:?}");
    seen.extend(report.output);
    let numbers: Vec<String> = (0..200).map(|number: u32| number.to_string()).collect();
    assert_eq!(texts(&seen), numbers);

    let parameters = decode(&b"<Obj><MS><I32 N=\"Count\">200</I32></MS></Obj>"[..]).expect("one object");
    let invocation = Invocation { command: "Count-Slowly".to_owned(), parameters };
    let left = session.invoke_and_disconnect(invocation, None).await.expect("it is left");
    drop(session);
    let attached = exo_session::attach(
        options(&server, psrpcore::PASSWORD),
        &left,
        None,
        |_| {},
        std::future::pending(),
    );
    let (session, pipelines) = attached.await.expect("it is taken over");
    for pipeline in pipelines {
        assert_eq!(texts(&collect(pipeline).await.output), numbers);
    }
    // It is of protocol 2.3 for this client, too: secrets cross under a key.
    send_secrets(&session).await;
    session.close().await.expect("it closes");
    assert_eq!(server.shells(), (0, 1));
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
