//! What decoding and encoding cost in memory, counted; in a program of its own, because it counts with its allocator.

#![expect(unsafe_code, reason = "an allocator that counts cannot be written without")]

#[path = "../benches/attacks.rs"]
mod attacks;
#[path = "../benches/counting.rs"]
mod counting;
#[path = "../benches/payload.rs"]
mod payload;

use attacks::{ATTACKS, measured_attack};
use bytes::Bytes;
use counting::{Cost, calls_of, peak_of};
use psrp::clixml::{DateTime, DateTimeKind, Encoder, encode_document};
use psrp::server::{ServerConfig, ServerEvent, ServerPool};
use psrp::{
    CommandSpec, HostAnswer, HostMethod, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent,
    PsInvocationState, RunspacePool, Target,
};
use uuid::Uuid;

/// Enough for every kind to repeat.
const LEN: usize = 500_000;

#[test]
fn a_warm_decoder_does_not_allocate() {
    for kind in &payload::KINDS {
        let cost = Cost::of(payload::bodies(kind, LEN));
        assert!(cost.warm_allocations == 0.0, "{}: {} a message", kind.name, cost.warm_allocations);
    }
}

#[test]
fn a_tape_keeps_at_most_1_7_bytes_for_each_byte_of_the_payload() {
    for kind in &payload::KINDS {
        let Cost { messages, kept, .. } = Cost::of(payload::bodies(kind, LEN));
        assert!(kept <= 1.7, "{}: {kept} for each byte of {messages} messages", kind.name);
        assert!(0.5 < kept, "{}: {kept} cannot be", kind.name);
    }
}

#[test]
fn an_attack_takes_memory_in_proportion_to_its_bytes() {
    for attack in &ATTACKS {
        let reads = (attack.reads)();
        let len = reads.len();
        let (outcome, peak) = peak_of(|| measured_attack(reads));
        match (attack.error, outcome) {
            (None, Ok(())) => {}
            (Some(part), Err(error)) => assert!(error.contains(part), "{}: {error}", attack.name),
            (_, outcome) => panic!("{}: {outcome:?}", attack.name),
        }
        // Beside the bytes themselves at most a message put together and its tape.
        assert!(peak < 2 * len + 100_000, "{}: {peak} bytes for {len}", attack.name);
    }
}

/// A command with a parameter of each usual kind, as a client writes it into its request.
fn write_command(out: &mut Vec<u8>) {
    let types = ["System.Collections.Generic.List`1[[System.Object]]", "System.Object"];
    Encoder::new(out).object(None, &[], None, |object| {
        object.members(|members| {
            members.string("Cmd", "Set-Mailbox");
            members.bool("IsScript", false);
            members.nil("UseLocalScope");
            members.object("Args", &types, None, |arguments| {
                arguments.list(|list| {
                    list.string("Identity", "user_x0041_ <a&b>\r\n\u{1F600}");
                    list.i64("Quota", 1 << 40);
                    list.f64("Share", 0.375);
                    list.guid("Guid", Uuid::from_u128(0x1234));
                    list.time_span("Keep", 864_000_000_123);
                    list.bytes("Picture", &[7; 300]);
                    list.date_time(
                        "Since",
                        DateTime { ticks: 1 << 59, kind: DateTimeKind::Utc, offset_minutes: 0 },
                    );
                    list.switch_parameter("Force", true);
                    list.object("Properties", &types, None, |properties| {
                        properties.dictionary(|entries| {
                            entries.entry(|key| key.string(None, "Name"), |value| value.i32(None, 5));
                        });
                    });
                });
            });
        });
    });
}

#[test]
fn a_command_is_written_into_a_warm_buffer_without_an_allocation() {
    let mut out = Vec::new();
    write_command(&mut out);
    let expected = out.clone();
    out.clear();
    let calls = calls_of(|| write_command(&mut out));
    assert_eq!(calls, 0);
    assert_eq!(out, expected);
    assert!(1000 < expected.len());
}

/// Both ends of an open pool.
fn opened() -> (RunspacePool, ServerPool) {
    let mut client = RunspacePool::new(Uuid::from_u128(1), PoolConfig::default());
    let mut server = ServerPool::new(ServerConfig::default());
    client.open().expect("a new pool");
    let mut sent = Vec::new();
    take(&mut client, Target::Pool, &mut sent);
    server.handle_bytes(Bytes::copy_from_slice(&sent)).expect("what a client says first");
    server.open(None).expect("the client has asked");
    answer(&mut client, &mut server, Target::Pool);
    (client, server)
}

/// Appends what the client has to send; gives back in how many pieces it came.
fn take(client: &mut RunspacePool, target: Target, sent: &mut Vec<u8>) -> usize {
    let mut pieces = 0;
    while let Some(transmit) = client.poll_transmit(target, 700) {
        sent.extend_from_slice(transmit.payload);
        pieces += 1;
    }
    pieces
}

/// Carries what the server has to the client.
fn answer(client: &mut RunspacePool, server: &mut ServerPool, target: Target) {
    while let Some(payload) = server.poll_transmit(target, 700) {
        client.handle_bytes(Bytes::copy_from_slice(payload)).expect("what a server says");
    }
}

#[test]
fn messages_are_written_where_their_fragments_are_taken_without_an_allocation() {
    let (mut client, mut server) = opened();
    let mut body = Vec::new();
    write_command(&mut body);
    let tape = psrp::clixml::decode(body).unwrap();
    let value = tape.first().unwrap();
    let spec = PipelineSpec {
        no_input: false,
        ..PipelineSpec::new(vec![CommandSpec::command("Set-Mailbox", Some(&tape))])
    };
    let mut sent = Vec::new();
    for round in 0..4_u32 {
        let pid = Uuid::from_u128(u128::from(round) + 2);
        let target = Target::Pipeline(pid);
        sent.clear();
        let (mut calls, mut pieces) = (0, 0);
        calls += calls_of(|| {
            client.create_pipeline(pid, &spec).unwrap();
            pieces += take(&mut client, target, &mut sent);
        });
        server.handle_bytes(Bytes::copy_from_slice(&sent)).unwrap();
        server.host_call(Some(pid), HostMethod::ReadLine, |_| {}).unwrap();
        answer(&mut client, &mut server, target);
        let call = std::iter::from_fn(|| client.poll_event()).find_map(|event| match event {
            PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. } => Some(call),
            _ => None,
        });
        let call = call.expect("the server calls the host");
        sent.clear();
        calls += calls_of(|| {
            // Some wait together, some are taken in between.
            for _ in 0..3 {
                client.input(pid, value).unwrap();
                client.input(pid, value).unwrap();
                pieces += take(&mut client, target, &mut sent);
            }
            client.host_response(&call, HostAnswer::Text("typed")).unwrap();
            client.end_input(pid).unwrap();
            pieces += take(&mut client, target, &mut sent);
            client.set_max_runspaces(7, 3).unwrap();
            pieces += take(&mut client, Target::Pool, &mut sent);
        });
        server.handle_bytes(Bytes::copy_from_slice(&sent)).unwrap();
        let inputs = std::iter::from_fn(|| server.poll_event())
            .filter(|event| matches!(event, ServerEvent::Input { value, .. } if encode_document(value) == encode_document(&tape)))
            .count();
        assert_eq!(inputs, 6);
        server.pipeline_state(pid, PsInvocationState::Completed, None).unwrap();
        answer(&mut client, &mut server, target);
        assert_eq!(client.pipeline_state(pid), None, "it has ended");
        assert!(15 < pieces, "messages are cut: {pieces}");
        if 1 < round {
            assert_eq!(calls, 0, "round {round}");
        }
    }
}
