//! The client alone: what it refuses, and what it does with what a server must not send.

use bytes::Bytes;
use expect_test::{Expect, expect};
use psrp::clixml::Limits;
use psrp::{
    CommandSpec, Destination, Error, FragmentLimits, Fragmenter, Message, MessageType, PipelineEvent,
    PipelineSpec, PoolConfig, PoolEvent, ProtocolVersion, PsInvocationState, RunspacePool, RunspacePoolState,
    StateErrorKind,
};
use uuid::Uuid;

const RPID: Uuid = Uuid::from_u128(0xF00D);
const PID: Uuid = Uuid::from_u128(1);
const OTHER: Uuid = Uuid::from_u128(2);

fn message(message_type: MessageType, pid: Option<Uuid>, body: &str) -> Message {
    let data = Bytes::copy_from_slice(body.as_bytes());
    Message { destination: Destination::Client, message_type, rpid: RPID, pid, data }
}

fn output(pid: Uuid, body: &str) -> Message {
    message(MessageType::PipelineOutput, Some(pid), body)
}

fn capability(version: &str) -> Message {
    let body = format!(
        r#"<Obj RefId="0"><MS><Version N="protocolversion">{version}</Version><Version N="PSVersion">2.0</Version><Version N="SerializationVersion">1.1.0.1</Version></MS></Obj>"#
    );
    message(MessageType::SessionCapability, None, &body)
}

fn pool_state(number: i32) -> Message {
    let body = format!(r#"<Obj RefId="0"><MS><I32 N="RunspaceState">{number}</I32></MS></Obj>"#);
    message(MessageType::RunspacePoolState, None, &body)
}

fn pipeline_state(pid: Uuid, number: i32) -> Message {
    let body = format!(r#"<Obj RefId="0"><MS><I32 N="PipelineState">{number}</I32></MS></Obj>"#);
    message(MessageType::PipelineState, Some(pid), &body)
}

/// All messages in one read.
fn feed(pool: &mut RunspacePool, messages: &[Message]) -> Result<(), Error> {
    let mut fragmenter = Fragmenter::new();
    for message in messages {
        fragmenter.push(message);
    }
    pool.handle_bytes(Bytes::copy_from_slice(fragmenter.poll_transmit(usize::MAX).unwrap()))
}

fn opened(version: &str, config: PoolConfig) -> RunspacePool {
    let mut pool = RunspacePool::new(RPID, config);
    pool.open().unwrap();
    feed(&mut pool, &[capability(version), pool_state(2)]).unwrap();
    assert!(matches!(pool.poll_event(), Some(PoolEvent::Opened)));
    pool
}

/// An open pool with pipelines `PID` and `OTHER`.
fn running() -> RunspacePool {
    let mut pool = opened("2.4", PoolConfig::default());
    for pid in [PID, OTHER] {
        pool.create_pipeline(pid, &spec("Get-User")).unwrap();
    }
    pool
}

fn spec(name: &str) -> PipelineSpec<'_> {
    PipelineSpec::new(vec![CommandSpec::command(name, None)])
}

/// The events, then the error, then the state.
fn check(pool: &mut RunspacePool, messages: &[Message], expect: Expect) {
    let result = feed(pool, messages);
    let mut lines: Vec<_> = std::iter::from_fn(|| pool.poll_event()).map(|event| line(&event)).collect();
    if let Err(error) = result {
        lines.push(error.to_string());
    }
    lines.push(format!("{}", pool.state()));
    expect.assert_eq(&lines.join("\n"));
}

fn line(event: &PoolEvent) -> String {
    match event {
        PoolEvent::Pipeline { pid, event } => match event {
            PipelineEvent::Output(value) => format!("{} output {}", pid.as_u128(), value.first().unwrap()),
            PipelineEvent::State { state, .. } => format!("{} {state}", pid.as_u128()),
            PipelineEvent::Broken(Error::Body { message_type, source }) => {
                format!("{} broken: {message_type} at byte {}", pid.as_u128(), source.offset())
            }
            PipelineEvent::Broken(error) => format!("{} broken: {error}", pid.as_u128()),
            other => format!("{} {other:?}", pid.as_u128()),
        },
        other => format!("{other:?}"),
    }
}

#[test]
fn what_the_state_does_not_allow_is_refused_with_the_states_that_do() {
    let mut pool = RunspacePool::new(RPID, PoolConfig::default());
    let error = pool.create_pipeline(PID, &spec("Get-User")).unwrap_err();
    assert_eq!(error.kind(), StateErrorKind::NotOpen);
    assert_eq!(
        (error.action(), error.state(), error.allowed()),
        ("create a pipeline", "BeforeOpen", &["Opened"][..])
    );
    expect!["cannot create a pipeline in state BeforeOpen, allowed in Opened"].assert_eq(&error.to_string());
    let error = feed(&mut pool, &[capability("2.3")]).unwrap_err();
    expect!["cannot take bytes in state BeforeOpen, allowed in NegotiationSent, NegotiationSucceeded, Opened, Closing"]
        .assert_eq(&error.to_string());
    pool.open().unwrap();
    let error = pool.open().unwrap_err();
    assert_eq!(error.kind(), StateErrorKind::AlreadyOpen);
    expect!["cannot open the runspace pool in state NegotiationSent, allowed in BeforeOpen"]
        .assert_eq(&error.to_string());
    let error = pool.command_metadata(PID, &[], psrp::metadata::CommandTypes::ALL).unwrap_err();
    expect!["cannot ask for command metadata in state NegotiationSent, allowed in Opened"]
        .assert_eq(&error.to_string());

    let mut pool = running();
    let error = pool.create_pipeline(PID, &spec("Get-User")).unwrap_err();
    assert_eq!(error.kind(), StateErrorKind::DuplicatePipeline);
    expect!["cannot create a pipeline in state Running; a pipeline with this id runs, choose another id"]
        .assert_eq(&error.to_string());
    let error = pool.stopping(Uuid::from_u128(9)).unwrap_err();
    assert_eq!(error.kind(), StateErrorKind::UnknownPipeline);
    expect!["cannot stop a pipeline in state NotStarted, allowed in Running; no pipeline with this id runs"]
        .assert_eq(&error.to_string());
    let error = pool.end_input(PID).unwrap_err();
    assert_eq!(error.kind(), StateErrorKind::NoInput);
    pool.handle_closed();
    let error = pool.create_pipeline(PID, &spec("Get-User")).unwrap_err();
    assert_eq!(error.kind(), StateErrorKind::Closed);
}

#[test]
fn a_server_that_answers_more_than_it_was_offered_is_refused() {
    for (offered, answer, works) in [
        (ProtocolVersion::V2_4, "2.4", true),
        (ProtocolVersion::V2_4, "2.3", true),
        (ProtocolVersion::V2_4, "2.2", true),
        (ProtocolVersion::V2_4, "2.1", true),
        (ProtocolVersion::V2_4, "2.4.0.1", true),
        (ProtocolVersion::V2_3, "2.4", false),
        (ProtocolVersion::V2_4, "3.0", false),
        (ProtocolVersion::V2_4, "1.9", false),
    ] {
        let mut pool =
            RunspacePool::new(RPID, PoolConfig { protocol_version: offered, ..PoolConfig::default() });
        pool.open().unwrap();
        assert_eq!(feed(&mut pool, &[capability(answer)]).is_ok(), works, "{answer}");
    }
    let mut pool = RunspacePool::new(RPID, PoolConfig::default());
    pool.open().unwrap();
    check(
        &mut pool,
        &[capability("3.0")],
        expect![[r#"
            the other side speaks protocol 3.0, which cannot be used with 2.4 of this side
            Broken"#]],
    );
}

#[test]
fn a_body_that_cannot_be_read_breaks_its_pipeline_alone() {
    check(
        &mut running(),
        &[
            output(PID, "<I32>1</I32>"),
            output(PID, "<I32>one</I32>"),
            output(PID, "<I32>late</I32>"),
            output(OTHER, "<I32>2</I32>"),
            pipeline_state(OTHER, 4),
        ],
        expect![[r#"
            1 output 1
            1 broken: PIPELINE_OUTPUT at byte 5
            2 output 2
            2 Completed
            Opened"#]],
    );
    check(
        &mut running(),
        &[message(MessageType::PipelineState, Some(PID), "<Obj RefId=\"0\"><MS /></Obj>")],
        expect![[r#"
            1 broken: PIPELINE_STATE has no valid member PipelineState
            Opened"#]],
    );
    check(
        &mut running(),
        &[pipeline_state(PID, 77), message(MessageType::PipelineHostCall, Some(OTHER), "<S>x</S>")],
        expect![[r#"
            1 broken: PIPELINE_STATE has no valid member PipelineState
            2 broken: PIPELINE_HOST_CALL has no valid member mi
            Opened"#]],
    );
}

#[test]
fn a_broken_message_for_the_pool_breaks_it_and_keeps_what_came_before() {
    check(
        &mut running(),
        &[
            output(PID, "<I32>1</I32>"),
            message(MessageType::RunspacePoolState, None, "<Obj RefId=\"0\"><MS /></Obj>"),
            output(PID, "<I32>2</I32>"),
        ],
        expect![[r#"
            1 output 1
            1 broken: RUNSPACEPOOL_STATE has no valid member RunspaceState
            2 broken: RUNSPACEPOOL_STATE has no valid member RunspaceState
            RUNSPACEPOOL_STATE has no valid member RunspaceState
            Broken"#]],
    );
    let mut pool = running();
    let mut bytes = Vec::new();
    let mut fragmenter = Fragmenter::new();
    fragmenter.push(&output(PID, "<I32>1</I32>"));
    bytes.extend(fragmenter.poll_transmit(1000).unwrap());
    psrp::Fragment { object_id: 9, fragment_id: 1, start: false, end: true, blob: b"x" }.encode(&mut bytes);
    let error = pool.handle_bytes(Bytes::from(bytes)).unwrap_err();
    expect!["fragment 1 of object 9 arrived before the start of the object (byte 414 of the stream)"]
        .assert_eq(&error.to_string());
    assert_eq!(line(&pool.poll_event().unwrap()), "1 output 1");
    let error = pool.handle_bytes(Bytes::new()).unwrap_err();
    expect![
        "cannot take bytes in state Broken, allowed in NegotiationSent, NegotiationSucceeded, Opened, Closing"
    ]
    .assert_eq(&error.to_string());
}

#[test]
fn messages_of_the_wrong_side_or_pool_are_refused() {
    check(
        &mut running(),
        &[message(MessageType::CreatePipeline, Some(PID), "")],
        expect![[r#"
            1 broken: CREATE_PIPELINE came from the side that receives it
            2 broken: CREATE_PIPELINE came from the side that receives it
            CREATE_PIPELINE came from the side that receives it
            Broken"#]],
    );
    let to_server = Message { destination: Destination::Server, ..output(PID, "<S>x</S>") };
    assert!(matches!(feed(&mut running(), &[to_server]), Err(Error::WrongSide { .. })));
    let elsewhere = Message { rpid: OTHER, ..output(PID, "<S>x</S>") };
    assert!(matches!(feed(&mut running(), &[elsewhere]), Err(Error::WrongPool { .. })));
    let nobody = Message { pid: None, ..output(PID, "<S>x</S>") };
    assert!(matches!(feed(&mut running(), &[nobody]), Err(Error::Shape { member: "PID", .. })));
}

#[test]
fn a_second_capability_or_an_early_opened_is_refused() {
    check(
        &mut opened("2.3", PoolConfig::default()),
        &[capability("2.3")],
        expect![[r#"
            cannot take a SESSION_CAPABILITY in state Opened, allowed in NegotiationSent, Connecting
            Broken"#]],
    );
    let mut pool = RunspacePool::new(RPID, PoolConfig::default());
    pool.open().unwrap();
    check(
        &mut pool,
        &[pool_state(2)],
        expect![[r#"
            cannot become Opened in state NegotiationSent, allowed in NegotiationSucceeded
            Broken"#]],
    );
}

#[test]
fn late_messages_are_dropped() {
    check(
        &mut running(),
        &[
            pipeline_state(PID, 4),
            output(PID, "<S>late</S>"),
            output(Uuid::from_u128(9), "<S>nobody</S>"),
            pool_state(2),
        ],
        expect![[r#"
            1 Completed
            Opened"#]],
    );
}

#[test]
fn a_request_for_a_session_key_is_told_and_not_answered() {
    let mut pool = opened("2.3", PoolConfig::default());
    check(
        &mut pool,
        &[message(MessageType::PublicKeyRequest, None, "<S></S>")],
        expect![[r#"
            SessionKeyRequested
            Opened"#]],
    );
    assert_eq!(pool.waiting_targets().count(), 1, "only the opening messages wait");
}

#[test]
fn a_command_that_ends_without_a_word_breaks_its_pipeline() {
    let mut pool = running();
    feed(&mut pool, &[pipeline_state(PID, 4)]).unwrap();
    pool.handle_pipeline_gone(PID, "the command ended");
    pool.handle_pipeline_gone(OTHER, "the command ended");
    let told: Vec<_> = std::iter::from_fn(|| pool.poll_event()).map(|event| line(&event)).collect();
    assert_eq!(told, ["1 Completed", "2 broken: the command ended"]);
    assert_eq!(pool.pipeline_state(OTHER), None);
}

#[test]
fn limits_are_named_when_they_are_met() {
    let fragment_limits = FragmentLimits { max_message_len: 1000, ..FragmentLimits::default() };
    let mut pool = opened("2.4", PoolConfig { fragment_limits, ..PoolConfig::default() });
    pool.create_pipeline(PID, &spec("Get-User")).unwrap();
    let long = format!("<S>{}</S>", "x".repeat(2000));
    check(
        &mut pool,
        &[output(PID, &long)],
        expect![[r#"
            1 broken: object 1 has at least 2047 bytes, the limit max_message_len is 1000; raise it or ask for less at a time (byte 341 of the stream)
            object 1 has at least 2047 bytes, the limit max_message_len is 1000; raise it or ask for less at a time (byte 341 of the stream)
            Broken"#]],
    );
}

/// A body over a limit ends its pipeline, and nothing else of what came with it.
#[test]
fn a_body_over_a_limit_leaves_the_other_messages_of_the_read_and_the_pool() {
    type Row = (fn(&mut Limits), String, &'static str);
    let rows: [Row; 4] = [
        (|limits| limits.max_object_len = 1000, format!("<S>{}</S>", "x".repeat(2000)), "max_object_len"),
        (|_| {}, "<Obj>".repeat(1000), "max_depth"),
        (|_| {}, format!("<Obj>{}</Obj>", "<S />".repeat(1000)), "max_parts"),
        (|limits| limits.max_body_len = 1000, "<S>x</S>".repeat(200), "max_body_len"),
    ];
    for (change, refused, limit) in rows {
        let mut limits = Limits::default();
        change(&mut limits);
        let mut pool = opened("2.4", PoolConfig { limits, ..PoolConfig::default() });
        for pid in [PID, OTHER] {
            pool.create_pipeline(pid, &spec("Get-User")).unwrap();
        }
        let messages = [
            output(PID, "<I32>1</I32>"),
            output(OTHER, "<I32>2</I32>"),
            output(PID, &refused),
            output(OTHER, "<I32>3</I32>"),
            pipeline_state(OTHER, 4),
        ];
        let mut fragmenter = Fragmenter::new();
        for message in &messages {
            fragmenter.push(message);
        }
        let read = Bytes::copy_from_slice(fragmenter.poll_transmit(1 << 20).unwrap());
        assert!(fragmenter.is_empty(), "all is one read");
        pool.handle_bytes(read).unwrap();
        let events: Vec<_> = std::iter::from_fn(|| pool.poll_event()).collect();
        let PoolEvent::Pipeline { pid: PID, event: PipelineEvent::Broken(error) } = &events[2] else {
            panic!("{limit}: {events:?}")
        };
        assert!(error.is_limit() && error.to_string().contains(limit), "{error}");
        let others: Vec<_> = [0, 1, 3, 4].map(|index| line(&events[index])).into();
        assert_eq!(others, ["1 output 1", "2 output 2", "2 output 3", "2 Completed"], "{limit}");
        assert_eq!(events.len(), 5);
        // The pool goes on.
        pool.create_pipeline(Uuid::from_u128(3), &spec("Get-User")).unwrap();
        feed(&mut pool, &[output(Uuid::from_u128(3), "<I32>4</I32>")]).unwrap();
        assert_eq!(line(&pool.poll_event().unwrap()), "3 output 4");
    }
}

#[test]
fn a_repeated_running_is_an_event_and_no_end() {
    let mut pool = running();
    check(
        &mut pool,
        &[pipeline_state(PID, 1), pipeline_state(PID, 2)],
        expect![[r#"
            1 Running
            1 Stopping
            Opened"#]],
    );
    assert_eq!(pool.pipeline_state(PID), Some(PsInvocationState::Stopping));
    assert_eq!(pool.state(), RunspacePoolState::Opened);
}
