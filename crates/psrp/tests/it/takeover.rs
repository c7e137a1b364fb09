//! Pools that are left, come back to, and taken over (3.1.4.10); the runspaces in them.

use bytes::Bytes;
use psrp::clixml::Encoder;
use psrp::server::{ServerConfig, ServerEvent, ServerPool};
use psrp::{
    Availability, CommandSpec, HostMethod, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent,
    ProtocolVersion, PsInvocationState, RunspacePool, RunspacePoolState, StateErrorKind, Target,
};
use uuid::Uuid;

use crate::pair::Pair;

const PID: Uuid = Uuid::from_u128(7);

fn number(number: i32) -> Vec<u8> {
    let mut body = Vec::new();
    Encoder::new(&mut body).i32(None, number);
    body
}

/// Carries what the server has for a target, a few bytes at a time.
fn carry(server: &mut ServerPool, client: &mut RunspacePool, target: Target) {
    while let Some(payload) = server.poll_transmit(target, 100) {
        for part in payload.chunks(7) {
            client.handle_bytes(Bytes::copy_from_slice(part)).unwrap();
        }
    }
}

#[test]
fn another_client_takes_a_pool_and_its_pipeline_over() {
    let mut pair = Pair::opened(200);
    let spec = PipelineSpec::new(vec![CommandSpec::command("Get-Number", None)]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    pair.requests();
    pair.client.disconnected().unwrap();
    pair.server.disconnect().unwrap();
    assert_eq!(pair.client.state(), RunspacePoolState::Disconnected);
    let refused = pair.client.create_pipeline(Uuid::from_u128(8), &spec).unwrap_err();
    assert_eq!(refused.kind(), StateErrorKind::NotOpen);
    // The pipeline goes on without a client.
    pair.server.output(PID, &number(1)).unwrap();

    let mut other = RunspacePool::new(pair.client.rpid(), PoolConfig::default());
    other.connect().unwrap();
    assert_eq!(other.state(), RunspacePoolState::Connecting);
    assert_eq!(other.connect_pipeline(PID).unwrap_err().kind(), StateErrorKind::NotOpen);
    let connect = other.poll_transmit(Target::Pool, 100_000).unwrap().payload;
    pair.server.handle_bytes(Bytes::copy_from_slice(connect)).unwrap();
    assert!(matches!(pair.server.poll_event(), Some(ServerEvent::Negotiated { .. })));
    assert!(matches!(pair.server.poll_event(), Some(ServerEvent::ConnectRequested { .. })));
    pair.server.connect(1, 3, None).unwrap();
    carry(&mut pair.server, &mut other, Target::Pool);
    assert!(matches!(other.poll_event(), Some(PoolEvent::Opened)));
    assert!(matches!(other.poll_event(), Some(PoolEvent::InitData { min_runspaces: 1, max_runspaces: 3 })));
    assert!(matches!(other.poll_event(), Some(PoolEvent::ApplicationPrivateData(_))));

    other.connect_pipeline(PID).unwrap();
    assert_eq!(other.connect_pipeline(PID).unwrap_err().kind(), StateErrorKind::DuplicatePipeline);
    pair.server.output(PID, &number(2)).unwrap();
    pair.server.host_call(Some(PID), HostMethod::ReadLine, |_| {}).unwrap();
    pair.server.pipeline_state(PID, PsInvocationState::Completed, None).unwrap();
    carry(&mut pair.server, &mut other, Target::Pipeline(PID));
    let mut seen = Vec::new();
    while let Some(PoolEvent::Pipeline { event, .. }) = other.poll_event() {
        seen.push(match event {
            PipelineEvent::Output(tape) => tape.first().unwrap().to_string(),
            PipelineEvent::HostCall(call) => call.method.to_string(),
            PipelineEvent::State { state, .. } => state.to_string(),
            other => format!("{other:?}"),
        });
    }
    assert_eq!(seen, ["1", "2", "ReadLine", "Completed"]);
}

#[test]
fn a_pipeline_that_was_taken_over_can_ask_its_new_client() {
    let mut pair = Pair::opened(200);
    let spec = PipelineSpec::new(vec![CommandSpec::command("Read-Host", None)]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    pair.requests();
    pair.server.disconnect().unwrap();
    let mut other = RunspacePool::new(pair.client.rpid(), PoolConfig::default());
    other.connect().unwrap();
    let connect = other.poll_transmit(Target::Pool, 100_000).unwrap().payload;
    pair.server.handle_bytes(Bytes::copy_from_slice(connect)).unwrap();
    pair.server.connect(1, 1, None).unwrap();
    carry(&mut pair.server, &mut other, Target::Pool);
    other.connect_pipeline(PID).unwrap();
    pair.server.host_call(Some(PID), HostMethod::ReadLine, |_| {}).unwrap();
    carry(&mut pair.server, &mut other, Target::Pipeline(PID));
    let call = loop {
        if let Some(PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. }) = other.poll_event() {
            break call;
        }
    };
    other.host_response(&call, psrp::HostAnswer::Text("typed")).unwrap();
    let answer = other.poll_transmit(Target::Pipeline(PID), 100_000).unwrap();
    assert_eq!(answer.stream, psrp::Stream::PromptResponse);
    pair.server.handle_bytes(Bytes::copy_from_slice(answer.payload)).unwrap();
    let answered = std::iter::from_fn(|| pair.server.poll_event())
        .any(|event| matches!(event, ServerEvent::HostResponse(answer) if answer.pid == Some(PID)));
    assert!(answered);
}

#[test]
fn the_same_client_comes_back_to_what_it_left() {
    let mut pair = Pair::opened(200);
    assert_eq!(pair.client.reconnected().unwrap_err().kind(), StateErrorKind::AlreadyOpen);
    pair.client.disconnected().unwrap();
    pair.server.disconnect().unwrap();
    assert_eq!(pair.client.disconnected().unwrap_err().kind(), StateErrorKind::NotOpen);
    pair.client.reconnected().unwrap();
    pair.server.reconnect().unwrap();
    let spec = PipelineSpec::new(vec![CommandSpec::command("Get-Number", None)]);
    pair.client.create_pipeline(PID, &spec).unwrap();
    let wanted = pair.requests();
    assert!(matches!(wanted.as_slice(), [ServerEvent::CreatePipeline { .. }]));
}

#[test]
fn nobody_takes_a_pool_that_has_its_client() {
    let mut pair = Pair::opened(200);
    let mut other = RunspacePool::new(pair.client.rpid(), PoolConfig::default());
    other.connect().unwrap();
    let connect = other.poll_transmit(Target::Pool, 100_000).unwrap().payload;
    let refused = pair.server.handle_bytes(Bytes::copy_from_slice(connect)).unwrap_err();
    assert!(refused.to_string().contains("SESSION_CAPABILITY"), "{refused}");
    assert!(pair.server.connect(1, 1, None).is_err());
    assert!(ServerPool::new(ServerConfig::default()).reconnect().is_err());
}

#[test]
fn a_client_asks_for_runspaces_and_resets_one() {
    let mut pair = Pair::opened(200);
    pair.client.set_max_runspaces(1, 5).unwrap();
    pair.client.set_min_runspaces(2, 2).unwrap();
    pair.client.available_runspaces(3).unwrap();
    pair.client.reset_runspace_state(4).unwrap();
    let mut asked = Vec::new();
    for event in pair.requests() {
        let (call_id, answer) = match event {
            ServerEvent::SetMaxRunspaces { call_id, count } => (call_id, Availability::Done(count == 5)),
            ServerEvent::SetMinRunspaces { call_id, count } => (call_id, Availability::Done(count != 2)),
            ServerEvent::GetAvailableRunspaces { call_id } => (call_id, Availability::Count(4)),
            ServerEvent::ResetRunspaceState { call_id } => (call_id, Availability::Done(true)),
            other => panic!("{other:?}"),
        };
        pair.server.runspace_availability(call_id, answer);
    }
    carry(&mut pair.server, &mut pair.client, Target::Pool);
    while let Some(event) = pair.client.poll_event() {
        if let PoolEvent::RunspaceAvailability { call_id, answer } = event {
            asked.push((call_id, answer));
        }
    }
    let expected = [
        (1, Availability::Done(true)),
        (2, Availability::Done(false)),
        (3, Availability::Count(4)),
        (4, Availability::Done(true)),
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_reset_is_not_asked_of_a_server_before_2_3() {
    let mut pair = Pair::new(ProtocolVersion::CURRENT, ProtocolVersion::V2_2, 200);
    assert_eq!(pair.client.set_max_runspaces(1, 2).unwrap_err().kind(), StateErrorKind::NotOpen);
    pair.client.open().unwrap();
    pair.requests();
    pair.server.open(None).unwrap();
    pair.events();
    let refused = pair.client.reset_runspace_state(1).unwrap_err();
    assert_eq!(refused.kind(), StateErrorKind::NotSupported);
}
