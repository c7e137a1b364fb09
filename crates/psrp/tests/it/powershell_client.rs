//! Our server under a genuine PowerShell client, through a command in the place of `ssh`.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use expect_test::expect;
use psrp::MessageType;
use psrp::metadata::{CommandBody, CommandTypes, ParameterBody, encode_command_count};
use psrp::records::ErrorCategory;
use psrp::server::{ErrorBody, InformationalBody, Pipeline, ServerConfig, ServerEvent, ServerPool};
use psrp::{HostMethod, PsInvocationState, Target};
use uuid::Uuid;

use crate::pair::{body, information, progress};
use crate::powershell::pwsh;

/// What the client runs; each line it writes is one fact.
const SCRIPT: &str = r#"
$ErrorActionPreference = 'Stop'
$session = New-PSSession -HostName lab -UserName anna
"opened $($session.State)"
$out = Invoke-Command -Session $session { streams } -ErrorAction Continue -ErrorVariable errors -WarningVariable warnings -InformationVariable said 2>$null 3>$null 6>$null
"out $($out -join ',')"
foreach ($e in $errors) { "error $($e.Exception.Message) | $($e.FullyQualifiedErrorId) | $($e.CategoryInfo) | $($e.Exception.SerializedRemoteException.PSObject.TypeNames[0])" }
"warning $warnings"
"said $($said.MessageData) $($said.Tags) $($said.Source) $($said.TimeGenerated.ToUniversalTime().ToString('o'))"
try { Invoke-Command -Session $session { fail } } catch { "failed $($_.Exception.Message) $($_.FullyQualifiedErrorId)" }
"object $((Invoke-Command -Session $session { object }).Name)"
$null = Import-PSSession $session -CommandName Get-Lab -DisableNameChecking
$command = Get-Command Get-Lab
"parameters $(($command.Parameters.Keys | Where-Object { $_ -in 'Identity', 'Archive' } | Sort-Object) -join ',') $($command.Parameters['Archive'].SwitchParameter) $($command.Parameters['Identity'].Aliases)"
"called $(Get-Lab -Id anna -Archive)"
Remove-PSSession $session
"closed $($session.State)"
"#;

#[test]
fn the_server_works_with_a_powershell_client() {
    let test = "the_server_works_with_a_powershell_client";
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let folder = stand_in_for_ssh(listener.local_addr().unwrap().port());
    let script = format!("$env:PATH = '{}:' + $env:PATH\n{SCRIPT}", folder.display());
    let Some(mut child) = pwsh(test, &["-NoLogo", "-NoProfile", "-Command", &script]) else {
        fs::remove_dir_all(folder).unwrap();
        return;
    };
    drop(child.stdin.take());
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        serve(stream);
    });
    let output = child.wait_with_output().unwrap();
    fs::remove_dir_all(folder).unwrap();
    expect![[r#"
        opened Opened

        out 1,,two
        error there is no anna | NotFound,Get-Lab | ObjectNotFound: (anna:String) [Get-Lab], NotFoundException | Deserialized.Lab.NotFoundException
        warning mind this
        said said PSHOST FORWARDED Write-Host 2026-01-02T03:04:05.6789000Z
        failed it failed TooBad
        object Anna
        parameters Archive,Identity True Id
        called Get-Lab Some("anna") Some(true)
        closed Closed
    "#]].assert_eq(&String::from_utf8_lossy(&output.stdout));
}

/// A folder with a command `ssh` that connects its input and output with this port.
fn stand_in_for_ssh(port: u16) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ssh-{port}"));
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join("ssh");
    let script = format!("#!/bin/bash\nexec 3<>/dev/tcp/127.0.0.1/{port}\ncat <&3 &\nexec cat >&3\n");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// Serves one client until it closes the pool.
fn serve(stream: TcpStream) {
    let mut output = stream.try_clone().unwrap();
    let mut server = ServerPool::new(ServerConfig::default());
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let guid = line.split("PSGuid='").nth(1).unwrap().split('\'').next().unwrap();
        let pid: Uuid = guid.parse().unwrap();
        let name = line[1..].split(' ').next().unwrap();
        if name == "Data" {
            let data = line.split_once('>').unwrap().1.strip_suffix("</Data>").unwrap();
            server.handle_bytes(Bytes::from(STANDARD.decode(data).unwrap())).unwrap();
        }
        if name == "Signal" {
            server.pipeline_state(pid, PsInvocationState::Stopped, Some(&ErrorBody::STOPPED)).unwrap();
        }
        if name == "Close" && pid.is_nil() {
            server.close(None);
        }
        while let Some(event) = server.poll_event() {
            answer(&mut server, event);
        }
        writeln!(output, "<{name}Ack PSGuid='{guid}' />").unwrap();
        let targets: Vec<_> = server.waiting_targets().collect();
        for target in targets {
            let pid = match target {
                Target::Pool => Uuid::nil(),
                Target::Pipeline(pid) => pid,
            };
            while let Some(payload) = server.poll_transmit(target, 3000) {
                let data = STANDARD.encode(payload);
                writeln!(output, "<Data Stream='Default' PSGuid='{pid}'>{data}</Data>").unwrap();
            }
        }
    }
}

fn answer(server: &mut ServerPool, event: ServerEvent) {
    match event {
        ServerEvent::OpenRequested { .. } => server.open(None).unwrap(),
        ServerEvent::CreatePipeline { pid, pipeline } => run(server, pid, &pipeline),
        ServerEvent::GetCommandMetadata { pid, .. } => {
            let mut out = Vec::new();
            encode_command_count(1, &mut out);
            server.output(pid, &out).unwrap();
            let mut out = Vec::new();
            let switch = "System.Management.Automation.SwitchParameter";
            CommandBody {
                name: "Get-Lab",
                namespace: "Lab",
                help_uri: "",
                command_type: CommandTypes::FUNCTION,
                output_types: &[],
                parameters: &[
                    ParameterBody { name: "Identity", parameter_type: "System.String", aliases: &["Id"] },
                    ParameterBody { name: "Archive", parameter_type: switch, aliases: &[] },
                ],
            }
            .encode(&mut out);
            server.output(pid, &out).unwrap();
            server.pipeline_state(pid, PsInvocationState::Completed, None).unwrap();
        }
        _ => {}
    }
}

fn run(server: &mut ServerPool, pid: Uuid, pipeline: &Pipeline) {
    let command = pipeline.commands().next().unwrap();
    let name = command.name().unwrap().to_string();
    match name.trim() {
        "streams" => every_stream(server, pid),
        "fail" => {
            let reason = ErrorBody {
                fully_qualified_error_id: "TooBad",
                category: ErrorCategory::INVALID_OPERATION,
                ..ErrorBody::new("it failed")
            };
            return server.pipeline_state(pid, PsInvocationState::Failed, Some(&reason)).unwrap();
        }
        "object" => {
            let object = body(|value| {
                value.object(None, &["Lab.Mailbox", "System.Object"], Some("anna"), |object| {
                    object.props(|props| props.string("Name", "Anna"));
                });
            });
            server.output(pid, &object).unwrap();
        }
        "Get-Lab" => {
            let identity = command.parameter("Identity").map(|value| value.to_string());
            let archive = command.parameter("Archive").and_then(|value| value.member("IsPresent")?.as_bool());
            let told = format!("Get-Lab {identity:?} {archive:?}");
            server.output(pid, &body(|value| value.string(None, &told))).unwrap();
        }
        _ => {}
    }
    server.pipeline_state(pid, PsInvocationState::Completed, None).unwrap();
}

fn every_stream(server: &mut ServerPool, pid: Uuid) {
    server.output(pid, &body(|value| value.i32(None, 1))).unwrap();
    server.output(pid, b"").unwrap();
    server.output(pid, &body(|value| value.string(None, "two"))).unwrap();
    let mut out = Vec::new();
    ErrorBody {
        exception_types: &["Lab.NotFoundException", "System.Exception", "System.Object"],
        fully_qualified_error_id: "NotFound,Get-Lab",
        category: ErrorCategory::OBJECT_NOT_FOUND,
        activity: "Get-Lab",
        target_name: "anna",
        target_type: "String",
        ..ErrorBody::new("there is no anna")
    }
    .encode(&mut out);
    server.record(pid, MessageType::ErrorRecord, &out).unwrap();
    for message_type in [MessageType::WarningRecord, MessageType::VerboseRecord, MessageType::DebugRecord] {
        let mut out = Vec::new();
        InformationalBody { message: "mind this" }.encode(message_type, &mut out);
        server.record(pid, message_type, &out).unwrap();
    }
    let mut out = Vec::new();
    progress().encode(&mut out);
    server.record(pid, MessageType::ProgressRecord, &out).unwrap();
    let mut out = Vec::new();
    information().encode(&mut out);
    server.record(pid, MessageType::InformationRecord, &out).unwrap();
    server.host_call(Some(pid), HostMethod::WriteLine1, |_| {}).unwrap();
}
