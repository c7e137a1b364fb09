//! What Windows and PowerShell really sent, against independent expectations and against our own two halves.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use bytes::Bytes;
use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use psrp::clixml::{Decoder, Kind, Limits, Value};
use psrp::metadata::MetadataRequest;
use psrp::server::{Command, Pipeline, ServerConfig, ServerEvent, ServerPool};
use psrp::{Defragmenter, FragmentLimits, Message, RunspacePool, RunspacePoolState};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::counts::Counts;
use crate::replay::Replay;
use crate::shared::{conversation, ended_objects, fixtures, lines};

pub(crate) const POWERSHELL: [&str; 6] = ["input", "metadata", "parameters", "stop", "streams", "values"];

#[test]
fn every_message_of_the_recorded_conversations_is_as_expected() {
    let test = "every_message_of_the_recorded_conversations_is_as_expected";
    let Some(expected) = fixtures(test, "conversations.expected.jsonl") else { return };
    for line in fs::read_to_string(&expected).unwrap().lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let file = line["file"].as_str().unwrap();
        let expected_messages = line["messages"].as_array().unwrap();
        if !expected_messages.is_empty() {
            check_conversation(&expected.with_file_name(file), expected_messages);
        }
    }
}

fn check_conversation(path: &Path, expected: &[serde_json::Value]) {
    let mut defragmenters = [false, true].map(|_| Defragmenter::new(FragmentLimits::default()));
    let mut decoder = Decoder::new(Limits::default());
    let mut found = Vec::new();
    for (index, exchange) in conversation(&path.to_path_buf()).into_iter().enumerate() {
        for (via, bytes) in exchange.streams {
            let ended = ended_objects(&bytes);
            let defragmenter = &mut defragmenters[usize::from(exchange.is_request)];
            defragmenter.handle_bytes(bytes);
            for (object_id, last_fragment) in ended {
                let message = defragmenter.poll_message().unwrap().unwrap();
                let side = if exchange.is_request { "req" } else { "resp" };
                let data = message.data.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&message.data);
                let tape = decoder.decode(message.data.clone()).unwrap();
                let mut facts = serde_json::json!({
                    "http": index / 2,
                    "side": side,
                    "via": via,
                    "object_id": object_id,
                    "last_fragment": last_fragment,
                    "dest": message.destination.number(),
                    "type": format!("0x{:08X}", message.message_type.number()),
                    "rpid": message.rpid.to_string(),
                    "pid": message.pid.unwrap_or(Uuid::nil()).to_string(),
                    "bom": data.len() != message.data.len(),
                    "data_len": message.data.len(),
                    "data_sha256": hex(&Sha256::digest(data)),
                });
                if !tape.is_empty() {
                    let counts = Counts::of(&tape);
                    facts["clixml"] = serde_json::json!({
                        "top": tape.values().count(),
                        "objs": counts.objects,
                        "refs": counts.refs,
                        "depth": counts.depth,
                        "elements": counts.elements,
                        "text_sha256": counts.text_sha256(),
                    });
                }
                found.push(facts);
            }
            assert!(defragmenter.poll_message().unwrap().is_none());
        }
    }
    assert_eq!(found.len(), expected.len(), "{}", path.display());
    for (found, expected) in found.iter().zip(expected) {
        for (name, value) in found.as_object().unwrap() {
            assert_eq!(value, &expected[name], "{name} of a message in {}", path.display());
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// What our client tells when it is fed the responses of a recorded conversation, so many bytes at a time.
fn replay_conversation(path: &Path, slice_len: usize) -> String {
    let mut replay = Replay { slice_len, ..Replay::default() };
    let mut requests = Defragmenter::new(FragmentLimits::default());
    for exchange in conversation(&path.to_path_buf()) {
        for (_, bytes) in exchange.streams {
            if exchange.is_request {
                requests.handle_bytes(bytes);
                while let Some(message) = requests.poll_message().unwrap() {
                    replay.sent(&message);
                }
            } else {
                replay.received(bytes);
            }
        }
    }
    replay.told
}

#[test]
fn the_client_reaches_the_recorded_outcome_of_every_conversation() {
    let test = "the_client_reaches_the_recorded_outcome_of_every_conversation";
    let Some(folder) = fixtures(test, "conversations") else { return };
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut table = String::new();
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        if name.starts_with("test_winrs") || name.starts_with("test_wsman") {
            continue;
        }
        let told = replay_conversation(&path, 0);
        for slice_len in slices() {
            assert_eq!(replay_conversation(&path, slice_len), told, "{name} in slices of {slice_len}");
        }
        writeln!(table, "{name}: {told}").unwrap();
    }
    expect![[r#"
        test_client_execute_ps: private-data opened progress out out out out out out out out Completed
        test_client_fetch_file: private-data opened progress progress out out Completed
        test_psrp_disconnect_runspaces: private-data opened private-data opened init:1-1 opened init:1-1 opened
        test_psrp_error_failed: private-data opened progress out Failed(error)
        test_psrp_get_command_metadata: private-data opened out out out out Completed out out out Completed out out out Completed
        test_psrp_is_alive_http_error: private-data opened
        test_psrp_long_running_cmdlet: private-data opened out Completed
        test_psrp_multiple_commands: private-data opened session-key out out out out out out out Completed
        test_psrp_open_runspace: private-data opened
        test_psrp_pshost_ui_mocked_methods: private-data opened session-key ReadLine out ReadLineAsSecureString out Write1 Write2 WriteLine1 WriteLine2 WriteLine3 WriteErrorLine debug WriteDebugLine progress WriteProgress progress WriteProgress verbose WriteVerboseLine warning WriteWarningLine Prompt out PromptForCredential2 out PromptForChoice out Completed
        test_psrp_receive_failure: private-data opened
        test_psrp_reset_runspace_state: private-data opened progress out Completed 0:true Completed
        test_psrp_run_protocol_version_2.1: private-data opened debug out out out out debug Completed
        test_psrp_run_protocol_version_2.3: private-data opened progress debug out out out out debug Completed
        test_psrp_set_runspaces: private-data opened 0:1 1:true 2:5 3:true 4:false 5:false
        test_psrp_small_msg_size: private-data opened out out out Completed
        test_psrp_stream_output_invocation: private-data opened progress debug verbose error(Microsoft.PowerShell.Commands.WriteErrorException) out warning information Completed
        test_psrp_with_input: private-data opened progress debug out out out out debug Completed
        test_psrp_with_jea_configuration: private-data opened out Completed error(ProviderNotFound,Microsoft.PowerShell.Commands.GetItemCommand) Failed(The syntax is not supported by this runspace. This can occur if the runspace is in no-language mode.)
    "#]].assert_eq(&table);
}

pub(crate) fn powershell(test: &str, name: &str) -> Option<std::path::PathBuf> {
    Some(fixtures(test, "powershell-7.6")?.join(name).with_extension("jsonl"))
}

/// The messages of a recording between PowerShell and PowerShell, with whether the client sent them.
pub(crate) fn messages(path: &Path) -> Vec<(bool, Message)> {
    let mut found = Vec::new();
    let mut defragmenters = [false, true].map(|_| Defragmenter::new(FragmentLimits::default()));
    for line in lines(&path.to_path_buf()) {
        let defragmenter = &mut defragmenters[usize::from(line.from_client)];
        defragmenter.handle_bytes(line.bytes);
        found.extend(
            std::iter::from_fn(|| defragmenter.poll_message().unwrap())
                .map(|message| (line.from_client, message)),
        );
    }
    found
}

#[test]
fn every_message_between_two_powershells_decodes() {
    for name in POWERSHELL {
        let Some(path) = powershell("every_message_between_two_powershells_decodes", name) else { return };
        let mut decoder = Decoder::new(Limits::default());
        let messages = messages(&path);
        assert!(10 < messages.len(), "{name}");
        for (_, message) in messages {
            decoder.decode(message.data).unwrap();
        }
    }
}

/// Every length up to beyond both headers, and some beyond small messages.
fn slices() -> impl Iterator<Item = usize> {
    (1..=64).chain([100, 1_000, 10_007])
}

/// What our client tells when it is fed a recording between two PowerShells, so many bytes at a time.
fn replay_powershell(path: &Path, slice_len: usize) -> String {
    let mut replay = Replay { slice_len, ..Replay::default() };
    let mut requests = Defragmenter::new(FragmentLimits::default());
    for line in lines(&path.to_path_buf()) {
        if line.from_client {
            requests.handle_bytes(line.bytes);
            while let Some(message) = requests.poll_message().unwrap() {
                replay.sent(&message);
            }
        } else {
            replay.received(line.bytes);
        }
    }
    replay.told
}

#[test]
fn the_client_understands_the_server_of_powershell() {
    let test = "the_client_understands_the_server_of_powershell";
    let mut table = String::new();
    for name in POWERSHELL {
        let Some(path) = powershell(test, name) else { return };
        let told = replay_powershell(&path, 0);
        for slice_len in slices() {
            assert_eq!(replay_powershell(&path, slice_len), told, "{name} in slices of {slice_len}");
        }
        writeln!(table, "{name}: {told}").unwrap();
    }
    expect![[r#"
        input: private-data opened out out out out out out Completed Closing Closed
        metadata: private-data opened out out out out Completed Closing Closed
        parameters: private-data opened out out out out out out out out out Completed Closing Closed
        stop: private-data opened out out out out out out out out out out out out Stopped(The pipeline has been stopped.) out Completed Closing Closed
        streams: private-data opened out error(MyId) warning verbose debug information progress progress information error(RuntimeException) out Completed Closing Closed
        values: private-data opened out out out out out out out out out out out out out out out out out out out out out out out out out out out out out out out out out Completed Closing Closed
    "#]].assert_eq(&table);
}

/// What our server tells when it is fed the client's side of a recording.
fn serve(path: &Path) -> String {
    let mut server = ServerPool::new(ServerConfig::default());
    let mut told = Vec::new();
    for line in lines(&path.to_path_buf()).into_iter().filter(|line| line.from_client) {
        server.handle_bytes(line.bytes).unwrap();
        while let Some(event) = server.poll_event() {
            told.push(match event {
                ServerEvent::Negotiated { version } => format!("negotiated {version}"),
                ServerEvent::OpenRequested { .. } => {
                    server.open(None).unwrap();
                    "open".to_owned()
                }
                ServerEvent::CreatePipeline { pipeline, .. } => describe(&pipeline),
                ServerEvent::GetCommandMetadata { body, .. } => {
                    let request = MetadataRequest::new(&body).unwrap();
                    let names: Vec<_> = request.names().map(|name| name.to_string()).collect();
                    format!("describe {} {:?}", names.join(","), request.command_types().unwrap())
                }
                ServerEvent::Input { value, .. } => match value.first() {
                    Some(value) => format!("input {:?}", value.base().unwrap().kind()),
                    None => "input null".to_owned(),
                },
                ServerEvent::EndOfInput { .. } => "end of input".to_owned(),
                other => format!("{other:?}"),
            });
        }
    }
    told.join("; ")
}

fn describe(pipeline: &Pipeline) -> String {
    let command = |command: Command<'_>| {
        let parameters: Vec<_> = command
            .parameters()
            .map(|(name, value)| {
                let kind = value.unwrap().base().map_or(Kind::Object, Value::kind);
                format!("{}:{kind:?}", name.unwrap())
            })
            .collect();
        let script = if command.is_script() { "script" } else { "command" };
        format!("{script}({})", parameters.join(" "))
    };
    let commands: Vec<_> = pipeline.commands().map(command).collect();
    format!("run {}{}", commands.join("|"), if pipeline.no_input() { "" } else { " with input" })
}

#[test]
fn the_server_understands_the_client_of_powershell() {
    let test = "the_server_understands_the_client_of_powershell";
    let mut table = String::new();
    for name in POWERSHELL {
        let Some(path) = powershell(test, name) else { return };
        writeln!(table, "{name}: {}", serve(&path)).unwrap();
    }
    expect![[r#"
        input: negotiated 2.4; open; run script() with input; input Int32; input String; input Double; input null; input List; end of input
        metadata: negotiated 2.4; open; describe Get-Random,Get-Date,Measure-Object CommandTypes(271)
        parameters: negotiated 2.4; open; run script(i:Int32 h:Dictionary sec:SecureString b:Bytes l:List sw:Bool s:String d:DateTime cred:Object)
        stop: negotiated 2.4; open; run script(); run script()
        streams: negotiated 2.4; open; run script()
        values: negotiated 2.4; open; run script()
    "#]].assert_eq(&table);
}

/// A recorded session with some bytes changed: whatever comes of it, nothing panics and the pool says what it is.
#[test]
fn a_damaged_session_ends_in_order() {
    let test = "a_damaged_session_ends_in_order";
    for name in POWERSHELL {
        let Some(path) = powershell(test, name) else { return };
        let changes = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
        let damage = |changes: Vec<(prop::sample::Index, u8)>| {
            let (mut pool, mut received) = running(&path);
            for (at, byte) in changes {
                let at = at.index(received.len());
                received[at] = byte;
            }
            let result = pool.handle_bytes(Bytes::from(received));
            prop_assert!(result.is_ok() || pool.state() == RunspacePoolState::Broken);
            while pool.poll_event().is_some() {}
            Ok(())
        };
        TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })
            .run(&changes, damage)
            .unwrap();
    }
}

/// Our client with the pipelines of a recording, and what the server then sent.
fn running(path: &Path) -> (RunspacePool, Vec<u8>) {
    let mut replay = Replay::default();
    let mut requests = Defragmenter::new(FragmentLimits::default());
    let (mut begun, mut received) = (false, Vec::new());
    for line in lines(&path.to_path_buf()) {
        if !line.from_client && begun {
            received.extend_from_slice(&line.bytes);
        } else if !line.from_client {
            replay.received(line.bytes);
        } else {
            requests.handle_bytes(line.bytes);
            while let Some(message) = requests.poll_message().unwrap() {
                begun |= message.pid.is_some();
                replay.sent(&message);
            }
        }
    }
    (replay.pool.unwrap(), received)
}
