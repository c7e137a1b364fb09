//! Recorded conversations of pypsrp with Windows servers: everything must be understood.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use expect_test::expect;
use wsman::{Operation, Request, Response};

/// One recorded envelope and where it stood.
struct Recorded {
    place: String,
    is_request: bool,
    envelope: String,
}

#[test]
fn every_recorded_response_is_understood() {
    let Some(conversations) = conversations("every_recorded_response_is_understood") else { return };
    let mut counts = BTreeMap::new();
    for recorded in conversations.iter().filter(|recorded| !recorded.is_request) {
        let response = match Response::decode(recorded.envelope.as_bytes()) {
            Ok(response) => response,
            Err(error) => panic!("{}: {error}", recorded.place),
        };
        let variant = match response {
            Response::Create(created) => {
                assert!(created.shell_id.as_uuid().is_some(), "{}", recorded.place);
                "Create".to_owned()
            }
            Response::Command { command_id } => {
                assert!(command_id.is_some(), "{}", recorded.place);
                "Command".to_owned()
            }
            Response::Receive(received) => {
                let state = received.command_state.as_ref().map(|state| (state.done, state.exit_code));
                let bytes = received.streams.iter().flat_map(|chunk| chunk.bytes.to_vec());
                assert_eq!(bytes.collect::<Vec<_>>(), stream_bytes(&recorded.envelope), "{}", recorded.place);
                format!("Receive {state:?}")
            }
            Response::Config { max_envelope_kb } => format!("Config {max_envelope_kb:?}"),
            Response::Fault(fault) => format!("Fault {:?}", fault.wsman_code),
            Response::Disconnect => "Disconnect".to_owned(),
            Response::Reconnect => "Reconnect".to_owned(),
            Response::Connect { connect_response_xml } => {
                format!("Connect {}", connect_response_xml.is_some())
            }
            Response::Other { action } => format!("Other {}", last(&action)),
            other => format!("{other:?}"),
        };
        *counts.entry(variant).or_insert(0_u32) += 1;
    }
    expect![[r#"
        {
            "Command": 19,
            "Config Some(32)": 1,
            "Config Some(500)": 1,
            "Connect true": 2,
            "Create": 21,
            "Delete": 20,
            "Disconnect": 3,
            "Fault Some(2150858793)": 4,
            "Fault Some(2150858843)": 1,
            "Other EnumerateResponse": 3,
            "Other GetResponse": 1,
            "Receive None": 56,
            "Receive Some((false, None))": 6,
            "Receive Some((true, Some(0)))": 19,
            "Reconnect": 1,
            "Send": 19,
            "Signal": 1,
        }
    "#]]
    .assert_debug_eq(&counts);
}

#[test]
fn every_recorded_request_is_understood() {
    let Some(conversations) = conversations("every_recorded_request_is_understood") else { return };
    let mut counts = BTreeMap::new();
    for recorded in conversations.iter().filter(|recorded| recorded.is_request) {
        let request = match Request::decode(recorded.envelope.as_bytes()) {
            Ok(request) => request,
            Err(error) => panic!("{}: {error}", recorded.place),
        };
        assert!(request.message_id.starts_with("uuid:"), "{}", recorded.place);
        assert!(request.session_id.is_some() && request.to.starts_with("http"), "{}", recorded.place);
        assert!(request.operation_timeout.is_some() && request.max_envelope.is_some(), "{}", recorded.place);
        let variant = match request.operation {
            Operation::Create { creation_xml, protocol_version, .. } => {
                assert!(!creation_xml.is_empty(), "{}", recorded.place);
                format!("Create {protocol_version:?}")
            }
            Operation::Command { arguments, command_id, .. } => {
                assert!(!arguments.is_empty() && command_id.is_some(), "{}", recorded.place);
                "Command".to_owned()
            }
            Operation::Send { streams, .. } => format!("Send {}", streams.len()),
            Operation::Receive { keep_alive, .. } => format!("Receive keep_alive={keep_alive}"),
            Operation::Signal { signal, .. } => format!("Signal {signal:?}"),
            Operation::Delete { .. } => "Delete".to_owned(),
            Operation::GetConfig => "GetConfig".to_owned(),
            Operation::Disconnect { .. } => "Disconnect".to_owned(),
            Operation::Reconnect { .. } => "Reconnect".to_owned(),
            Operation::Connect { connect_xml, .. } => format!("Connect {}", connect_xml.is_some()),
            _ => format!("Other {} of {}", last(&request.action), last(&request.resource_uri)),
        };
        *counts.entry(variant).or_insert(0_u32) += 1;
    }
    expect![[r#"
        {
            "Command": 18,
            "Connect true": 2,
            "Create Some(\"2.3\")": 20,
            "Delete": 19,
            "Disconnect": 3,
            "GetConfig": 2,
            "Other Command of cmd": 1,
            "Other Create of cmd": 1,
            "Other Delete of cmd": 1,
            "Other Enumerate of Command": 2,
            "Other Enumerate of shell": 1,
            "Other Get of shell": 2,
            "Other Receive of cmd": 4,
            "Other Signal of cmd": 1,
            "Receive keep_alive=true": 82,
            "Reconnect": 1,
            "Send 1": 19,
        }
    "#]]
    .assert_debug_eq(&counts);
}

fn last(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or(uri)
}

/// Reads all files, or says why not.
fn conversations(test: &str) -> Option<Vec<Recorded>> {
    let shared = std::env::var_os("EXO_SHARED").map_or_else(
        || Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).into(),
        PathBuf::from,
    );
    let folder = shared.join("fixtures/conversations");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        // Past the harness's capture, so that the line is seen although the test passes.
        let line = format!("ignored: {test}: no recorded conversations in the shared folder\n");
        std::io::stderr().write_all(line.as_bytes()).expect("stderr");
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    assert_eq!(paths.len(), 21);
    let mut recorded = Vec::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let name = path.file_name().expect("a file").to_string_lossy();
        collect(&name, &text, &mut recorded);
    }
    Some(recorded)
}

/// The files are YAML of one shape: plain scalars, folded where a line would be long.
fn collect(name: &str, text: &str, recorded: &mut Vec<Recorded>) {
    let mut open = false;
    for (number, line) in text.lines().enumerate() {
        let start = line
            .strip_prefix("- request: ")
            .map(|value| (true, value))
            .or_else(|| line.strip_prefix("  response: ").map(|value| (false, value)));
        if let Some((is_request, value)) = start {
            open = value.starts_with('<');
            if open {
                let place = format!("{name}:{}", number + 1);
                recorded.push(Recorded { place, is_request, envelope: value.to_owned() });
            }
        } else if let (true, Some(rest), Some(last)) = (open, line.strip_prefix("    "), recorded.last_mut())
        {
            last.envelope.push(' ');
            last.envelope.push_str(rest.trim());
        } else {
            open = false;
        }
    }
}

/// What all streams of an envelope bring, found in its text.
fn stream_bytes(envelope: &str) -> Vec<u8> {
    let elements = envelope.split("<rsp:Stream ").skip(1);
    let texts = elements.filter_map(|element| element.split(['>', '<']).nth(1));
    texts.flat_map(|text| STANDARD.decode(text).expect("recorded streams are base64")).collect()
}
