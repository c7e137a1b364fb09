//! Our halves against genuine PowerShell, over the out-of-process transport on standard input and output.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use expect_test::expect;
use psrp::metadata::{CommandMetadata, CommandTypes, command_count};
use psrp::secret::{decode_secret, plain_text, secure_text};
use psrp::{
    CommandSpec, HostAnswer, HostInfo, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent, RunspacePool,
    RunspacePoolState, Target,
};
use uuid::Uuid;

use crate::pair::{lines, parameters};

const RPID: Uuid = Uuid::from_u128(0x5e55);

/// `pwsh` with these arguments, or why there is none.
pub(crate) fn pwsh(test: &str, arguments: &[&str]) -> Option<Child> {
    let child = Command::new("pwsh")
        .args(arguments)
        .envs([("POWERSHELL_TELEMETRY_OPTOUT", "1"), ("POWERSHELL_UPDATECHECK", "Off"), ("NO_COLOR", "1")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    match child {
        Ok(child) => Some(child),
        Err(error) => {
            eprintln!("ignored: {test}: pwsh does not start: {error}");
            None
        }
    }
}

/// A PowerShell that serves on its standard input and output, and our client.
struct Remote {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    client: RunspacePool,
    last_pid: u128,
}

impl Drop for Remote {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Remote {
    fn open(test: &str, host: HostInfo) -> Option<Remote> {
        let mut child = pwsh(test, &["-NoLogo", "-NoProfile", "-s"])?;
        let input = child.stdin.take().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in output.lines() {
                let Ok(line) = line else { return };
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut client = RunspacePool::new(RPID, PoolConfig { host, ..PoolConfig::default() });
        client.open().unwrap();
        let mut remote = Remote { child, input, lines, client, last_pid: 0 };
        remote.send();
        while remote.client.state() != RunspacePoolState::Opened {
            let _ = remote.receive();
        }
        while remote.client.poll_event().is_some() {}
        Some(remote)
    }

    fn write(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
        self.input.flush().unwrap();
    }

    /// Everything that waits.
    fn send(&mut self) {
        let targets: Vec<_> = self.client.waiting_targets().collect();
        for target in targets {
            let pid = match target {
                Target::Pool => Uuid::nil(),
                Target::Pipeline(pid) => pid,
            };
            while let Some(transmit) = self.client.poll_transmit(target, 1000) {
                let data = STANDARD.encode(transmit.payload);
                let stream = match transmit.stream {
                    psrp::Stream::Default => "Default",
                    psrp::Stream::PromptResponse => "PromptResponse",
                };
                self.write(&format!("<Data Stream='{stream}' PSGuid='{pid}'>{data}</Data>"));
                self.await_ack("<DataAck");
            }
        }
    }

    /// Waits for an acknowledgement: the server takes lines that follow each other in any order.
    fn await_ack(&mut self, ack: &str) {
        while !self.receive().starts_with(ack) {}
    }

    /// One line of the server.
    fn receive(&mut self) -> String {
        let line = self.lines.recv_timeout(Duration::from_secs(120)).unwrap();
        if let Some(data) = line.strip_prefix("<Data ") {
            let (_, data) = data.split_once('>').unwrap();
            let data = STANDARD.decode(data.strip_suffix("</Data>").unwrap()).unwrap();
            self.client.handle_bytes(Bytes::from(data)).unwrap();
        }
        line
    }

    fn begin(&mut self, create: impl FnOnce(&mut RunspacePool, Uuid)) -> Uuid {
        self.last_pid += 1;
        let pid = Uuid::from_u128(self.last_pid);
        self.write(&format!("<Command PSGuid='{pid}' />"));
        self.await_ack("<CommandAck");
        create(&mut self.client, pid);
        self.send();
        pid
    }

    /// The events until the pipeline ends; host calls that want an answer get this one.
    fn finish(&mut self, answer: HostAnswer<'_>) -> Vec<PoolEvent> {
        let mut events = Vec::new();
        loop {
            while let Some(event) = self.client.poll_event() {
                if let PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. } = &event {
                    self.client.host_response(call, answer).unwrap();
                    self.send();
                }
                let ended = matches!(&event, PoolEvent::Pipeline { event, .. } if event.is_final());
                events.push(event);
                if ended {
                    let pid = Uuid::from_u128(self.last_pid);
                    self.write(&format!("<Close PSGuid='{pid}' />"));
                    self.await_ack("<CloseAck");
                    return events;
                }
            }
            let _ = self.receive();
        }
    }

    fn run(&mut self, spec: &PipelineSpec<'_>) -> String {
        self.begin(|client, pid| client.create_pipeline(pid, spec).unwrap());
        lines(&self.finish(HostAnswer::Text("typed")))
    }
}

#[test]
fn the_client_works_with_a_powershell_server() {
    let Some(mut remote) = Remote::open("the_client_works_with_a_powershell_server", HostInfo::LINES) else {
        return;
    };
    let script = "Write-Output out; Write-Error 'an error' -ErrorId MyId; Write-Warning warn; $null; \
                  Write-Information info -Tags a; Write-Progress act -PercentComplete 5; Read-Host";
    let told = remote.run(&PipelineSpec::new(vec![CommandSpec::script(script)]));
    expect![[r#"
        1 output out
        1 error an error | MyId | NotSpecified: (:) [Write-Error], WriteErrorException | Microsoft.PowerShell.Commands.WriteErrorException
        1 warning warn
        1 host call WriteWarningLine ["warn"]
        1 output null
        1 information info ["a"] by Write-Information
        1 progress act Some(5)
        1 host call WriteProgress ["0", ""]
        1 host call ReadLine []
        1 output typed
        1 Completed"#]].assert_eq(&told);

    let given = parameters(|members| {
        members.string("Format", "yyyy");
        members.i32("Year", 2026);
        members.switch_parameter("Verbose", false);
    });
    let told = remote.run(&PipelineSpec::new(vec![CommandSpec::command("Get-Date", Some(&given))]));
    expect![[r#"
        2 output 2026
        2 Completed"#]]
    .assert_eq(&told);

    // Version 2.4 has no session key: a secure string goes in the clear, and comes back so.
    let given = parameters(|members| {
        members.secure_string("SecureString", &secure_text("pä&<😀"));
        members.switch_parameter("AsPlainText", true);
    });
    let reveal = CommandSpec::command("ConvertFrom-SecureString", Some(&given));
    let told = remote.run(&PipelineSpec::new(vec![reveal]));
    expect![[r#"
        3 output pä&<😀
        3 Completed"#]]
    .assert_eq(&told);
    let hide = CommandSpec::script("ConvertTo-SecureString -AsPlainText -Force 'geheim 😀'");
    remote.begin(|client, pid| client.create_pipeline(pid, &PipelineSpec::new(vec![hide])).unwrap());
    let events = remote.finish(HostAnswer::Null);
    let Some(PoolEvent::Pipeline { event: PipelineEvent::Output(output), .. }) = events.first() else {
        panic!("{events:?}")
    };
    let secret = output.first().unwrap();
    assert_eq!(secret.kind(), psrp::clixml::Kind::SecureString);
    assert_eq!(*plain_text(secret.text().unwrap().as_bytes()).unwrap(), "geheim 😀");
    let script = "$s = $Host.UI.ReadLineAsSecureString(); ConvertFrom-SecureString -AsPlainText $s";
    let typed = decode_secret(format!("<SS>{}</SS>", *secure_text("typed ß")).into_bytes().into()).unwrap();
    remote.begin(|client, pid| {
        client.create_pipeline(pid, &PipelineSpec::new(vec![CommandSpec::script(script)])).unwrap();
    });
    let answer = HostAnswer::Value(typed.first().unwrap());
    expect![[r#"
        5 host call ReadLineAsSecureString []
        5 output typed ß
        5 Completed"#]]
    .assert_eq(&lines(&remote.finish(answer)));

    let mut spec = PipelineSpec::new(vec![CommandSpec::script("process { \"<$_>\" }")]);
    spec.no_input = false;
    let values = psrp::clixml::decode(&b"<S>a</S><I32>2</I32><Nil />"[..]).unwrap();
    let pid = remote.begin(|client, pid| client.create_pipeline(pid, &spec).unwrap());
    for value in values.values() {
        remote.client.input(pid, value).unwrap();
    }
    remote.client.end_input(pid).unwrap();
    remote.send();
    expect![[r#"
        6 output <a>
        6 output <2>
        6 output <>
        6 Completed"#]]
    .assert_eq(&lines(&remote.finish(HostAnswer::Null)));

    let sleep = PipelineSpec::new(vec![CommandSpec::script("'started'; Start-Sleep -Seconds 1000")]);
    let pid = remote.begin(|client, pid| client.create_pipeline(pid, &sleep).unwrap());
    let first = loop {
        match remote.client.poll_event() {
            Some(event) => break event,
            None => {
                let _ = remote.receive();
            }
        }
    };
    remote.client.stopping(pid).unwrap();
    remote.write(&format!("<Signal PSGuid='{pid}' />"));
    let mut events = vec![first];
    events.extend(remote.finish(HostAnswer::Null));
    expect![[r#"
        7 output started
        7 Stopped: The pipeline has been stopped."#]]
    .assert_eq(&lines(&events));

    remote.begin(|client, pid| {
        client.command_metadata(pid, &["Get-Date", "Get-Random"], CommandTypes::IMPORTABLE).unwrap();
    });
    let described: Vec<_> = remote
        .finish(HostAnswer::Null)
        .iter()
        .map(|event| match event {
            PoolEvent::Pipeline { event: PipelineEvent::Output(output), .. } => {
                match CommandMetadata::new(output) {
                    Some(command) => {
                        format!("{} {}", command.name().unwrap(), command.parameters().count() > 9)
                    }
                    None => format!("{:?}", command_count(output)),
                }
            }
            PoolEvent::Pipeline { event: PipelineEvent::State { state, .. }, .. } => state.to_string(),
            other => format!("{other:?}"),
        })
        .collect();
    assert_eq!(described, ["Some(2)", "Get-Date true", "Get-Random true", "Completed"]);

    remote.client.closing();
    remote.write(&format!("<Close PSGuid='{}' />", Uuid::nil()));
    while remote.client.state() != RunspacePoolState::Closed {
        let _ = remote.receive();
    }
}
