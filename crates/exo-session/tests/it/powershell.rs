//! Our client against PowerShell's own server behind the lab's WSMan: protocol 2.4.

use std::path::PathBuf;
use std::sync::Arc;

use exo_lab::{Backend, Lab, LabConfig};
use exo_session::{Host, Invocation, Refusal, Secret, Session};
use psrp::clixml::{Encoder, Kind, Tape, Value};
use psrp::records::{ErrorRecord, InformationalRecord};
use psrp::secret::{decode_secret, plain_text, secure_text};
use psrp::{ChoiceQuestion, CredentialQuestion, PipelineEvent, PsInvocationState};

use crate::support::{basic, command, lab_with, open, read, run, shells_become};

#[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
fn ignored(test: &str, reason: &std::io::Error) {
    eprintln!("ignored: {test}: pwsh does not start: {reason}");
}

/// A lab whose shells are PowerShell processes, or a line that says why there is none.
async fn powershell(test: &str, configuration_file: Option<PathBuf>) -> Option<Lab> {
    let found = std::process::Command::new("pwsh").arg("-Version").output();
    if let Err(error) = found {
        ignored(test, &error);
        return None;
    }
    let backend = Backend::Pwsh { configuration_file };
    Some(lab_with(LabConfig { backend, ..LabConfig::default() }).await)
}

/// A script as one command: the endpoint has a language.
fn script(text: &str) -> Invocation {
    command("Invoke-Expression", &[("Command", text)])
}

fn texts(output: &[Tape]) -> Vec<String> {
    let text = |tape: &Tape| tape.first().map(|value| value.to_string()).unwrap_or_default();
    output.iter().map(text).collect()
}

async fn end(lab: &Lab, session: &Session) {
    session.close().await.unwrap();
    assert_eq!(lab.live_shells(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn powershell_writes_on_every_stream() {
    let Some(lab) = powershell("powershell_writes_on_every_stream", None).await else { return };
    let session = open(basic(&lab)).await;
    assert_eq!(session.info().protocol_version, "2.4");
    let text = "'one'; Write-Error 'bad' -ErrorId MyId; Write-Warning 'mind'; Write-Verbose 'much' -Verbose; \
                $null; Write-Debug 'deep' -Debug; Write-Information 'note' -Tags a; \
                Write-Progress act -PercentComplete 5; 2";
    let mut pipeline = session.invoke(script(text)).await.unwrap();
    let mut told = Vec::new();
    while let Some(event) = pipeline.next().await {
        told.push(match event.unwrap() {
            PipelineEvent::Output(tape) => format!("output {:?}", texts(&[tape])),
            PipelineEvent::Error(tape) => {
                let record = ErrorRecord::new(&tape).unwrap();
                format!("error {}", record.fully_qualified_error_id().unwrap())
            }
            PipelineEvent::Warning(tape) => {
                format!("warning {}", InformationalRecord::new(&tape).unwrap().message().unwrap())
            }
            PipelineEvent::Verbose(_) => "verbose".to_owned(),
            PipelineEvent::Debug(_) => "debug".to_owned(),
            PipelineEvent::Information(_) => "information".to_owned(),
            PipelineEvent::Progress(_) => "progress".to_owned(),
            PipelineEvent::State { state, .. } => state.to_string(),
            other => format!("{other:?}"),
        });
    }
    told.retain(|line| !line.starts_with("HostCall"));
    let expected = [
        "output [\"one\"]",
        "error MyId",
        "warning mind",
        "verbose",
        "output [\"\"]",
        "debug",
        "information",
        "progress",
        "output [\"2\"]",
        "Completed",
    ];
    assert_eq!(told, expected);
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secure_string_goes_to_powershell_and_comes_back() {
    let Some(lab) = powershell("a_secure_string_goes_to_powershell_and_comes_back", None).await else {
        return;
    };
    let session = open(basic(&lab)).await;
    let mut body = Vec::new();
    Encoder::new(&mut body).object(None, &[], None, |object| {
        object.members(|members| {
            members.secure_string("SecureString", &secure_text("pä&<😀"));
            members.switch_parameter("AsPlainText", true);
        });
    });
    let reveal = Invocation {
        command: "ConvertFrom-SecureString".to_owned(),
        parameters: decode_secret(body.into()).unwrap(),
    };
    let revealed = read(session.invoke(reveal).await.unwrap()).await.unwrap();
    assert_eq!(texts(&revealed.output), ["pä&<😀"]);

    let hide = script("ConvertTo-SecureString -AsPlainText -Force 'geheim 😀'");
    let hidden = read(session.invoke(hide).await.unwrap()).await.unwrap();
    let secret = hidden.output[0].first().unwrap();
    assert_eq!(secret.kind(), Kind::SecureString);
    assert_eq!(*plain_text(secret.text().unwrap().as_bytes()).unwrap(), "geheim 😀");
    end(&lab, &session).await;
}

/// Answers every kind of question.
struct Person;

impl Host for Person {
    fn choose(&self, question: &ChoiceQuestion) -> Result<i32, Refusal> {
        Ok(i32::try_from(question.choices.len()).unwrap() - 1)
    }

    fn read_line(&self) -> Result<String, Refusal> {
        Ok("typed".to_owned())
    }

    fn read_secret(&self) -> Result<Secret, Refusal> {
        Ok(Secret::new("hidden ß".to_owned()))
    }

    fn credential(&self, question: &CredentialQuestion) -> Result<(String, Secret), Refusal> {
        Ok((format!("{}@b.c", question.user_name), Secret::new("of anna".to_owned())))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_powershell_asks_is_answered_by_the_host() {
    let Some(lab) = powershell("what_powershell_asks_is_answered_by_the_host", None).await else { return };
    let session = open(basic(&lab)).await;
    let text = "Read-Host; ConvertFrom-SecureString -AsPlainText (Read-Host -AsSecureString); \
                $choices = [System.Management.Automation.Host.ChoiceDescription[]]('&Yes', '&No', '&Later'); \
                $Host.UI.PromptForChoice('Go', 'Shall we?', $choices, 0); \
                $c = $Host.UI.PromptForCredential('Who', 'Who are you?', 'anna', ''); \
                \"$($c.UserName) $($c.GetNetworkCredential().Password)\"";
    let pipeline = session.invoke_with_host(script(text), Arc::new(Person)).await.unwrap();
    let written = read(pipeline).await.unwrap();
    assert_eq!(texts(&written.output), ["typed", "hidden ß", "2", "anna@b.c of anna"]);
    assert_eq!(written.state, Some(PsInvocationState::Completed));

    let refused = run(&session, "Read-Host", &[]).await.unwrap();
    assert_eq!((refused.output.len(), refused.state), (0, Some(PsInvocationState::Failed)));
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_objects_arrive_in_order() {
    let Some(lab) = powershell("a_hundred_thousand_objects_arrive_in_order", None).await else { return };
    let session = open(basic(&lab)).await;
    let mut pipeline = session.invoke(script("1..100000")).await.unwrap();
    let mut expected = 0;
    while let Some(event) = pipeline.next().await {
        match event.unwrap() {
            PipelineEvent::Output(tape) => {
                expected += 1;
                assert_eq!(tape.first().and_then(Value::as_i64), Some(expected));
            }
            PipelineEvent::State { state, .. } => assert_eq!(state, PsInvocationState::Completed),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(expected, 100_000);
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_powershell_command_stops_and_another_one_runs() {
    let Some(lab) = powershell("a_cancelled_powershell_command_stops_and_another_one_runs", None).await
    else {
        return;
    };
    let session = open(basic(&lab)).await;
    for text in ["'started'; Start-Sleep -Seconds 1000", "'started'; while ($true) { 'x' * 1000 }"] {
        let mut pipeline = session.invoke(script(text)).await.unwrap();
        assert!(matches!(pipeline.next().await, Some(Ok(PipelineEvent::Output(_)))));
        // Others run beside it.
        let beside = run(&session, "Get-Date", &[("Format", "yyyy")]).await.unwrap();
        assert_eq!(beside.output.len(), 1);
        pipeline.cancel();
        assert_eq!(read(pipeline).await.unwrap().state, Some(PsInvocationState::Stopped));
    }
    drop(session.invoke(script("while ($true) { 'x' * 1000 }")).await.unwrap());
    let after = run(&session, "Get-Date", &[("Format", "yyyy")]).await.unwrap();
    assert_eq!(after.state, Some(PsInvocationState::Completed));
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pipeline_input_reaches_a_powershell_command() {
    let Some(lab) = powershell("pipeline_input_reaches_a_powershell_command", None).await else {
        return;
    };
    let session = open(basic(&lab)).await;
    let (pipeline, input) =
        session.invoke_with_input(command("ForEach-Object", &[("MemberName", "Length")])).await.unwrap();
    let feeding = async move {
        for number in 0..2_000_usize {
            let mut body = Vec::new();
            Encoder::new(&mut body).string(None, &"x".repeat(number));
            input.write(psrp::clixml::decode(body).unwrap()).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(read(pipeline), feeding);
    let lengths: Vec<String> = (0..2_000).map(|number: usize| number.to_string()).collect();
    assert_eq!(texts(&written.unwrap().output), lengths);
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_powershell_that_ends_takes_its_session_with_it() {
    let Some(lab) = powershell("a_powershell_that_ends_takes_its_session_with_it", None).await else {
        return;
    };
    let session = open(basic(&lab)).await;
    let error = read(session.invoke(script("[Environment]::Exit(3)")).await.unwrap()).await.unwrap_err();
    assert!(error.to_string().starts_with("could not run the command"), "{error}");
    shells_become(&lab, 0).await;
    // The next command gets another process.
    let next = read(session.invoke(script("1 + 1")).await.unwrap()).await.unwrap();
    assert_eq!((texts(&next.output), next.warnings), (vec!["2".to_owned()], 1));
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restricted_endpoint_lets_its_functions_run_and_no_script() {
    let folder = tempfile::tempdir().unwrap();
    let module = folder.path().join("Thing.psm1");
    let configuration = folder.path().join("restricted.pssc");
    std::fs::write(
        &module,
        "function Get-Thing { [CmdletBinding(SupportsShouldProcess, ConfirmImpact = 'High')] param([string]$Identity)\n\
         if ($PSCmdlet.ShouldProcess($Identity)) { [pscustomobject]@{ Name = $Identity } } }\n",
    )
    .unwrap();
    let text = format!(
        "@{{ SchemaVersion = '2.0.0.0'; GUID = 'd3c2a1b0-1111-4222-8333-444455556666'\n\
         SessionType = 'RestrictedRemoteServer'; LanguageMode = 'NoLanguage'\n\
         ModulesToImport = '{}'; VisibleFunctions = 'Get-Thing' }}\n",
        module.display()
    );
    std::fs::write(&configuration, text).unwrap();
    let test = "a_restricted_endpoint_lets_its_functions_run_and_no_script";
    let Some(lab) = powershell(test, Some(configuration)).await else { return };
    let session = open(basic(&lab)).await;
    let commands = session.commands(&["Get-Thing".to_owned()]).await.unwrap();
    assert_eq!(commands.iter().map(|command| command.name.as_str()).collect::<Vec<_>>(), ["Get-Thing"]);
    let thing = command("Get-Thing", &[("Identity", "anna")]);
    let written = read(session.invoke_with_host(thing, Arc::new(FirstChoice)).await.unwrap()).await.unwrap();
    assert_eq!(written.texts("Name"), ["anna"]);
    let refused = read(session.invoke(script("1 + 1")).await.unwrap()).await.unwrap();
    assert_eq!(refused.output.len(), 0);
    assert_eq!(refused.state, Some(PsInvocationState::Failed));
    end(&lab, &session).await;
}

/// Says yes.
struct FirstChoice;

impl Host for FirstChoice {
    fn choose(&self, _: &ChoiceQuestion) -> Result<i32, Refusal> {
        Ok(0)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_secure_string_is_one_too() {
    let Some(lab) = powershell("an_empty_secure_string_is_one_too", None).await else { return };
    let session = open(basic(&lab)).await;
    let empty = read(session.invoke(script("[securestring]::new()")).await.unwrap()).await.unwrap();
    let secret = empty.output[0].first().unwrap();
    assert_eq!(secret.kind(), Kind::SecureString);
    assert_eq!(*plain_text(secret.text().unwrap().as_bytes()).unwrap(), "");

    let (pipeline, input) =
        session.invoke_with_input(command("ForEach-Object", &[("MemberName", "Length")])).await.unwrap();
    for plain in ["", "abc"] {
        let mut body = Vec::new();
        Encoder::new(&mut body).secure_string(None, &secure_text(plain));
        input.write(decode_secret(body.into()).unwrap()).await.unwrap();
    }
    drop(input);
    assert_eq!(texts(&read(pipeline).await.unwrap().output), ["0", "3"]);
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_powershell_command_takes_input_and_asks_at_once() {
    let Some(lab) = powershell("a_powershell_command_takes_input_and_asks_at_once", None).await else {
        return;
    };
    let session = open(basic(&lab)).await;
    let define = script("function global:Ask-Each { process { \"$_ $(Read-Host)\" } }");
    read(session.invoke(define).await.unwrap()).await.unwrap();
    let started = session.invoke_with_input_and_host(command("Ask-Each", &[]), Arc::new(Person)).await;
    let (pipeline, input) = started.unwrap();
    let feeding = async move {
        for number in 0..20 {
            let mut body = Vec::new();
            Encoder::new(&mut body).i32(None, number);
            input.write(psrp::clixml::decode(body).unwrap()).await.unwrap();
        }
    };
    let (written, ()) = tokio::join!(read(pipeline), feeding);
    let expected: Vec<String> = (0..20).map(|number| format!("{number} typed")).collect();
    assert_eq!(texts(&written.unwrap().output), expected);
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn powershell_goes_on_while_its_client_is_away() {
    let Some(lab) = powershell("powershell_goes_on_while_its_client_is_away", None).await else { return };
    let session = open(basic(&lab)).await;
    let mut pipeline = session.invoke(script("1..20000")).await.unwrap();
    let mut seen = 0;
    for until in [10, 200, 3_000] {
        while seen < until {
            if let PipelineEvent::Output(tape) = pipeline.next().await.unwrap().unwrap() {
                seen += 1;
                assert_eq!(tape.first().and_then(Value::as_i64), Some(seen));
            }
        }
        let left = session.disconnect(None).await.unwrap();
        assert!(run(&session, "Get-Date", &[]).await.is_err());
        assert!(exo_session::attach(basic(&lab), &left, None, |_| {}, std::future::pending()).await.is_err());
        session.reconnect().await.unwrap();
        let beside = run(&session, "Get-Date", &[("Format", "yyyy")]).await.unwrap();
        assert_eq!(beside.output.len(), 1);
    }
    let rest = read(pipeline).await.unwrap();
    assert_eq!(rest.output.len(), 20_000 - usize::try_from(seen).unwrap());
    assert_eq!(texts(&rest.output[rest.output.len() - 1..]), ["20000"]);
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn powershell_answers_about_runspaces_and_itself() {
    let Some(lab) = powershell("powershell_answers_about_runspaces_and_itself", None).await else { return };
    let mut options = basic(&lab);
    let arguments = serde_json::json!({"Name": "ä<&>", "Count": 5, "List": [1, "x"], "Inner": {"A": true}});
    options.application_arguments = arguments.as_object().cloned();
    let session = open(options).await;
    let text =
        "$a = $PSSenderInfo.ApplicationArguments; \"$($a.Name) $($a.Count + 1) $($a.List[1]) $($a.Inner.A)\"";
    let written = read(session.invoke(script(text)).await.unwrap()).await.unwrap();
    assert_eq!(texts(&written.output), ["ä<&> 6 x True"]);

    let data = session.private_data().unwrap();
    let table = data.first().and_then(|data| data.member("ApplicationPrivateData")).unwrap().resolve();
    assert!(table.entries().any(|(key, _)| key.to_string() == "PSVersionTable"));

    let mut events = session.user_events().unwrap();
    let raise = "Register-EngineEvent -SourceIdentifier Our.Event -Forward; \
                 $null = New-Event -SourceIdentifier Our.Event -MessageData 'hello'";
    read(session.invoke(script(raise)).await.unwrap()).await.unwrap();
    let event = events.next().await.unwrap();
    let member = |name| event.first().and_then(|event| event.member(name)).map(|value| value.to_string());
    assert_eq!(member("PSEventArgs.SourceIdentifier").as_deref(), Some("Our.Event"));
    assert_eq!(member("PSEventArgs.MessageData").as_deref(), Some("hello"));

    assert_eq!(session.available_runspaces().await.unwrap(), 1);
    assert!(session.set_max_runspaces(4).await.unwrap());
    assert_eq!(session.available_runspaces().await.unwrap(), 4);
    assert!(!session.set_max_runspaces(0).await.unwrap());
    assert!(session.set_min_runspaces(2).await.unwrap());
    assert!(!session.set_min_runspaces(5).await.unwrap());
    end(&lab, &session).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_powershell_runspace_forgets_its_variables() {
    let Some(lab) = powershell("a_powershell_runspace_forgets_its_variables", None).await else { return };
    let session = open(basic(&lab)).await;
    let value = || async {
        let asked = session.invoke(script("\"[$global:kept]\"")).await.unwrap();
        texts(&read(asked).await.unwrap().output)
    };
    read(session.invoke(script("$global:kept = 'value'")).await.unwrap()).await.unwrap();
    assert_eq!(value().await, ["[value]"]);
    assert!(session.reset_runspace().await.unwrap());
    assert_eq!(value().await, ["[]"]);
    end(&lab, &session).await;
}
