//! What our two halves write, byte for byte against what PowerShell and Windows wrote.

use bytes::Bytes;
use psrp::clixml::{Decoder, Encoder, Limits, Tape};
use psrp::metadata::{CommandBody, CommandMetadata, CommandTypes, MetadataRequest, ParameterBody};
use psrp::records::ProgressRecord;
use psrp::server::{Command, ProgressBody, ServerConfig, ServerEvent, ServerPool};
use psrp::{
    CommandSpec, Defragmenter, FragmentLimits, Message, MessageType, PipelineSpec, PoolConfig, RunspacePool,
    Target,
};
use uuid::Uuid;

use crate::recordings::{POWERSHELL, messages, powershell};
use crate::shared::{conversation, fixtures};

/// The bytes our client sends for a target, put together to messages.
fn sent(pool: &mut RunspacePool, target: Target) -> Vec<Message> {
    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
    while let Some(transmit) = pool.poll_transmit(target, 500) {
        defragmenter.handle_bytes(Bytes::copy_from_slice(transmit.payload));
    }
    std::iter::from_fn(|| defragmenter.poll_message().unwrap()).collect()
}

/// The member of a body as a tape of its own.
fn member(body: &Tape, name: &str) -> Tape {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).value(body.first().unwrap().member(name).unwrap());
    psrp::clixml::decode(bytes).unwrap()
}

/// The parameters of a command as the tape a caller would give.
fn parameters(command: Command<'_>) -> Tape {
    let mut bytes = Vec::new();
    Encoder::new(&mut bytes).object(None, &[], None, |object| {
        object.members(|members| {
            for (name, value) in command.parameters() {
                let name = name.unwrap().to_string();
                members.value_named(name.as_str(), value.unwrap());
            }
        });
    });
    psrp::clixml::decode(bytes).unwrap()
}

#[test]
fn the_client_writes_what_powershell_writes() {
    for name in POWERSHELL {
        let Some(path) = powershell("the_client_writes_what_powershell_writes", name) else { return };
        let recorded = messages(&path);
        let mut from_client =
            recorded.iter().filter(|(from_client, _)| *from_client).map(|(_, message)| message);
        let capability = from_client.next().unwrap();
        let init = from_client.next().unwrap();
        let arguments = member(&psrp::clixml::decode(init.data.clone()).unwrap(), "ApplicationArguments");
        let config = PoolConfig { application_arguments: Some(arguments), ..PoolConfig::default() };
        let mut pool = RunspacePool::new(capability.rpid, config);
        pool.open().unwrap();
        assert_eq!(
            texts(&sent(&mut pool, Target::Pool)),
            texts(&[capability.clone(), init.clone()]),
            "{name}"
        );
        open(&mut pool);
        for expected in from_client {
            let pid = expected.pid.unwrap();
            let body = psrp::clixml::decode(expected.data.clone()).unwrap();
            match expected.message_type {
                MessageType::CreatePipeline => create_like(&mut pool, pid, expected),
                MessageType::GetCommandMetadata => {
                    let request = MetadataRequest::new(&body).unwrap();
                    let names: Vec<_> = request.names().map(|name| name.to_string()).collect();
                    let names: Vec<_> = names.iter().map(String::as_str).collect();
                    pool.command_metadata(pid, &names, CommandTypes::IMPORTABLE).unwrap();
                }
                MessageType::PipelineInput => {
                    let null = psrp::clixml::decode(&b"<Nil />"[..]).unwrap();
                    pool.input(pid, body.first().or(null.first()).unwrap()).unwrap();
                }
                MessageType::EndOfPipelineInput => pool.end_input(pid).unwrap(),
                other => panic!("{name} has an unexpected {other}"),
            }
            assert_eq!(
                texts(&sent(&mut pool, Target::Pipeline(pid))),
                texts(std::slice::from_ref(expected)),
                "{name}"
            );
        }
    }
}

/// Runs the pipeline of a recorded CREATE_PIPELINE.
fn create_like(pool: &mut RunspacePool, pid: Uuid, recorded: &Message) {
    let mut server = ServerPool::new(ServerConfig::default());
    let events = feed_opened(&mut server, recorded);
    let [ServerEvent::CreatePipeline { pipeline, .. }] = &events[..] else { panic!("{events:?}") };
    let parameters: Vec<_> = pipeline.commands().map(parameters).collect();
    let names: Vec<_> = pipeline.commands().map(|command| command.name().unwrap().to_string()).collect();
    let commands = names.iter().zip(&parameters).zip(pipeline.commands());
    let commands = commands
        .map(|((name, parameters), command)| CommandSpec {
            name,
            is_script: command.is_script(),
            use_local_scope: None,
            parameters: Some(parameters),
        })
        .collect();
    let mut spec = PipelineSpec::new(commands);
    spec.no_input = pipeline.no_input();
    spec.host = pipeline.host();
    pool.create_pipeline(pid, &spec).unwrap();
}

/// Brings a server to the open state by a client of our own, then gives it one recorded message.
fn feed_opened(server: &mut ServerPool, recorded: &Message) -> Vec<ServerEvent> {
    let mut client = RunspacePool::new(recorded.rpid, PoolConfig::default());
    client.open().unwrap();
    let creation = client.poll_transmit(Target::Pool, 100_000).unwrap();
    server.handle_bytes(Bytes::copy_from_slice(creation.payload)).unwrap();
    while server.poll_event().is_some() {}
    server.open(None).unwrap();
    let mut fragmenter = psrp::Fragmenter::new();
    fragmenter.push(recorded);
    server.handle_bytes(Bytes::copy_from_slice(fragmenter.poll_transmit(usize::MAX).unwrap())).unwrap();
    std::iter::from_fn(|| server.poll_event()).collect()
}

/// Feeds a client that has sent its capability what a server of our own answers.
fn open(pool: &mut RunspacePool) {
    let mut server = ServerPool::new(ServerConfig::default());
    let mut client = RunspacePool::new(pool.rpid(), PoolConfig::default());
    client.open().unwrap();
    server
        .handle_bytes(Bytes::copy_from_slice(client.poll_transmit(Target::Pool, 100_000).unwrap().payload))
        .unwrap();
    server.open(None).unwrap();
    pool.handle_bytes(Bytes::copy_from_slice(server.poll_transmit(Target::Pool, 100_000).unwrap())).unwrap();
    while pool.poll_event().is_some() {}
}

/// Type, identifiers and body, readable when they differ.
fn texts(messages: &[Message]) -> Vec<String> {
    let text = |message: &Message| {
        let Message { destination, message_type, rpid, pid, data } = message;
        format!("{destination:?} {message_type} {rpid} {pid:?} {}", std::str::from_utf8(data).unwrap())
    };
    messages.iter().map(text).collect()
}

#[test]
fn the_server_writes_what_windows_writes() {
    let test = "the_server_writes_what_windows_writes";
    let Some(folder) = fixtures(test, "conversations") else { return };
    let mut decoder = Decoder::new(Limits::default());
    let (mut commands, mut records) = (0, 0);
    for file in ["test_psrp_get_command_metadata.yml", "test_psrp_stream_output_invocation.yml"] {
        let mut responses = Defragmenter::new(FragmentLimits::default());
        for exchange in conversation(&folder.join(file)).into_iter().filter(|exchange| !exchange.is_request) {
            for (_, bytes) in exchange.streams {
                responses.handle_bytes(bytes);
            }
        }
        while let Some(message) = responses.poll_message().unwrap() {
            let body = decoder.decode(message.data.clone()).unwrap();
            let mut out = b"\xef\xbb\xbf".to_vec();
            if message.message_type == MessageType::ProgressRecord {
                records += 1;
                progress_like(ProgressRecord::new(&body).unwrap(), &mut out);
            } else if let Some(count) = psrp::metadata::command_count(&body) {
                psrp::metadata::encode_command_count(u32::try_from(count).unwrap(), &mut out);
            } else if let Some(command) = CommandMetadata::new(&body) {
                commands += 1;
                command_like(command, &mut out);
            } else {
                continue;
            }
            assert_eq!(std::str::from_utf8(&out), std::str::from_utf8(&message.data));
        }
    }
    assert!(0 < commands && 0 < records, "{commands} commands, {records} records");
}

fn progress_like(record: ProgressRecord<'_>, out: &mut Vec<u8>) {
    let operation = record.current_operation().map(|operation| operation.to_string());
    let body = ProgressBody {
        activity: &record.activity().unwrap().to_string(),
        activity_id: record.activity_id().unwrap(),
        status_description: &record.status_description().unwrap().to_string(),
        current_operation: operation.as_deref(),
        parent_activity_id: record.parent_activity_id().unwrap_or(-1),
        percent_complete: record.percent_complete().unwrap_or(-1),
        seconds_remaining: record.seconds_remaining().unwrap_or(-1),
        is_completed: record.is_completed(),
    };
    body.encode(out);
}

fn command_like(command: CommandMetadata<'_>, out: &mut Vec<u8>) {
    struct Owned {
        name: String,
        parameter_type: String,
        aliases: Vec<String>,
    }
    let owned: Vec<_> = command
        .parameters()
        .map(|parameter| Owned {
            name: parameter.name().unwrap().to_string(),
            parameter_type: parameter.parameter_type().unwrap().to_string(),
            aliases: parameter.aliases().map(|alias| alias.to_string()).collect(),
        })
        .collect();
    let aliases: Vec<Vec<&str>> =
        owned.iter().map(|owned| owned.aliases.iter().map(String::as_str).collect()).collect();
    let parameters: Vec<_> = owned
        .iter()
        .zip(&aliases)
        .map(|(owned, aliases)| ParameterBody {
            name: &owned.name,
            parameter_type: &owned.parameter_type,
            aliases,
        })
        .collect();
    let output_types: Vec<_> = command.output_types().map(|name| name.to_string()).collect();
    let body = CommandBody {
        name: &command.name().unwrap().to_string(),
        namespace: &command.namespace().unwrap().to_string(),
        help_uri: &command.help_uri().unwrap().to_string(),
        command_type: command.command_type().unwrap(),
        output_types: &output_types.iter().map(String::as_str).collect::<Vec<_>>(),
        parameters: &parameters,
    };
    body.encode(out);
}
