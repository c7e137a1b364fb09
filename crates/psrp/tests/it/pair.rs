//! Our client and our server in memory, with tiny fragments and broken reads.

use bytes::Bytes;
use expect_test::{Expect, expect};
use psrp::clixml::{Encoder, Tape, Value};
use psrp::metadata::{
    CommandBody, CommandMetadata, CommandTypes, MetadataRequest, ParameterBody, command_count,
};
use psrp::records::{
    ErrorCategory, ErrorRecord, InformationRecord, InformationalRecord, ProgressRecord, state_reason,
};
use psrp::server::{
    ErrorBody, InformationBody, InformationalBody, ProgressBody, ServerConfig, ServerEvent, ServerPool,
};
use psrp::{
    CommandSpec, HostAnswer, HostMethod, MessageType, PipelineEvent, PipelineSpec, PoolConfig, PoolEvent,
    ProtocolVersion, PsInvocationState, RunspacePool, RunspacePoolState,
};
use uuid::Uuid;

const RPID: Uuid = Uuid::from_u128(0xF00D);
const FIRST: Uuid = Uuid::from_u128(1);
const SECOND: Uuid = Uuid::from_u128(2);

pub(crate) struct Pair {
    pub(crate) client: RunspacePool,
    pub(crate) server: ServerPool,
    max_len: usize,
}

impl Pair {
    pub(crate) fn new(client: ProtocolVersion, server: ProtocolVersion, max_len: usize) -> Pair {
        let config = PoolConfig { protocol_version: client, max_runspaces: 2, ..PoolConfig::default() };
        let server = ServerConfig { protocol_version: server, ..ServerConfig::default() };
        Pair { client: RunspacePool::new(RPID, config), server: ServerPool::new(server), max_len }
    }

    /// A pair that is open.
    pub(crate) fn opened(max_len: usize) -> Pair {
        let mut pair = Pair::new(ProtocolVersion::CURRENT, ProtocolVersion::CURRENT, max_len);
        pair.client.open().unwrap();
        pair.requests();
        pair.server.open(None).unwrap();
        pair.events();
        assert_eq!(pair.client.state(), RunspacePoolState::Opened);
        pair
    }

    /// Carries everything to the server and gives what it learned.
    pub(crate) fn requests(&mut self) -> Vec<ServerEvent> {
        let targets: Vec<_> = self.client.waiting_targets().collect();
        for target in targets {
            while let Some(transmit) = self.client.poll_transmit(target, self.max_len) {
                assert!(transmit.payload.len() <= self.max_len);
                let mut bytes = Bytes::copy_from_slice(transmit.payload);
                let front = bytes.split_to(bytes.len() / 2);
                self.server.handle_bytes(front).unwrap();
                self.server.handle_bytes(bytes).unwrap();
            }
        }
        std::iter::from_fn(|| self.server.poll_event()).collect()
    }

    /// Carries everything to the client and gives what it learned.
    pub(crate) fn events(&mut self) -> Vec<PoolEvent> {
        let targets: Vec<_> = self.server.waiting_targets().collect();
        for target in targets {
            while let Some(payload) = self.server.poll_transmit(target, self.max_len) {
                assert!(payload.len() <= self.max_len);
                let mut bytes = Bytes::copy_from_slice(payload);
                let front = bytes.split_to(bytes.len() / 3);
                self.client.handle_bytes(front).unwrap();
                self.client.handle_bytes(bytes).unwrap();
            }
        }
        std::iter::from_fn(|| self.client.poll_event()).collect()
    }
}

pub(crate) fn body(write: impl FnOnce(&mut Encoder<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Encoder::new(&mut out));
    out
}

/// One object whose members are the parameters of a command.
pub(crate) fn parameters(write: impl FnOnce(&mut Encoder<'_>)) -> Tape {
    let bytes = body(|encoder| {
        encoder.object(None, &[], None, |object| object.members(write));
    });
    psrp::clixml::decode(bytes).unwrap()
}

fn command<'a>(name: &'a str, parameters: Option<&'a Tape>) -> PipelineSpec<'a> {
    PipelineSpec::new(vec![CommandSpec::command(name, parameters)])
}

/// The events of one pipeline as lines; those of the pool with a star.
pub(crate) fn lines(events: &[PoolEvent]) -> String {
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn line(event: &PoolEvent) -> String {
    let PoolEvent::Pipeline { pid, event } = event else { return format!("* {event:?}") };
    let text = match event {
        PipelineEvent::Output(value) => match value.first() {
            Some(value) => format!("output {value}"),
            None => "output null".to_owned(),
        },
        PipelineEvent::Error(record) => {
            let record = ErrorRecord::new(record).unwrap();
            format!(
                "error {} | {} | {} | {}",
                record.message().unwrap(),
                record.fully_qualified_error_id().unwrap(),
                record.category_message().unwrap(),
                record.exception().unwrap().type_name().unwrap(),
            )
        }
        PipelineEvent::Warning(record) | PipelineEvent::Verbose(record) | PipelineEvent::Debug(record) => {
            let kind = match event {
                PipelineEvent::Warning(_) => "warning",
                PipelineEvent::Verbose(_) => "verbose",
                _ => "debug",
            };
            format!("{kind} {}", InformationalRecord::new(record).unwrap().message().unwrap())
        }
        PipelineEvent::Information(record) => {
            let record = InformationRecord::new(record).unwrap();
            let tags: Vec<_> = record.tags().map(|tag| tag.to_string()).collect();
            format!("information {} {tags:?} by {}", record.message().unwrap(), record.source().unwrap())
        }
        PipelineEvent::Progress(record) => {
            let record = ProgressRecord::new(record).unwrap();
            format!("progress {} {:?}", record.activity().unwrap(), record.percent_complete())
        }
        PipelineEvent::HostCall(call) => {
            let parameters: Vec<_> = call.parameters().map(|value| value.to_string()).collect();
            format!("host call {} {parameters:?}", call.method)
        }
        PipelineEvent::State { state, reason } => match reason.as_ref().and_then(state_reason) {
            Some(reason) => format!("{state}: {}", reason.message().unwrap()),
            None => state.to_string(),
        },
        PipelineEvent::Broken(error) => format!("broken: {error}"),
        other => format!("{other:?}"),
    };
    format!("{} {text}", pid.as_u128())
}

fn check(events: &[PoolEvent], expect: Expect) {
    expect.assert_eq(&lines(events));
}

const FRAGMENT_LENS: [usize; 5] = [22, 23, 64, 500, 100_000];

#[test]
fn a_command_runs_and_every_stream_arrives() {
    for max_len in FRAGMENT_LENS {
        let mut pair = Pair::opened(max_len);
        let given = parameters(|members| {
            members.string("Identity", "anna@contoso.com");
            members.i32("ResultSize", 7);
            members.switch_parameter("Verbose", true);
        });
        pair.client.create_pipeline(FIRST, &command("Get-Mailbox", Some(&given))).unwrap();
        let requests = pair.requests();
        let [ServerEvent::CreatePipeline { pid: FIRST, pipeline }] = &requests[..] else {
            panic!("{requests:?}")
        };
        assert!(pipeline.no_input());
        let commands: Vec<_> = pipeline.commands().collect();
        let [command] = &commands[..] else { panic!("{commands:?}") };
        assert_eq!(command.name().unwrap().to_string(), "Get-Mailbox");
        assert!(!command.is_script());
        let names: Vec<_> = command.parameters().map(|(name, _)| name.unwrap().to_string()).collect();
        assert_eq!(names, ["Identity", "ResultSize", "Verbose"]);
        assert_eq!(command.parameter("resultsize").unwrap().as_i64(), Some(7));

        let server = &mut pair.server;
        server.output(FIRST, &body(|value| value.string(None, "first"))).unwrap();
        server.output(FIRST, b"").unwrap();
        let mut out = Vec::new();
        ErrorBody {
            exception_types: &["Contoso.NotFoundException", "System.Exception", "System.Object"],
            fully_qualified_error_id: "NotFound,Get-Mailbox",
            category: ErrorCategory::OBJECT_NOT_FOUND,
            activity: "Get-Mailbox",
            target_name: "anna",
            target_type: "String",
            ..ErrorBody::new("there is no anna")
        }
        .encode(&mut out);
        server.record(FIRST, MessageType::ErrorRecord, &out).unwrap();
        for message_type in [MessageType::WarningRecord, MessageType::VerboseRecord, MessageType::DebugRecord]
        {
            let mut out = Vec::new();
            InformationalBody { message: "mind this" }.encode(message_type, &mut out);
            server.record(FIRST, message_type, &out).unwrap();
        }
        let mut out = Vec::new();
        progress().encode(&mut out);
        server.record(FIRST, MessageType::ProgressRecord, &out).unwrap();
        let mut out = Vec::new();
        information().encode(&mut out);
        server.record(FIRST, MessageType::InformationRecord, &out).unwrap();
        server.pipeline_state(FIRST, PsInvocationState::Completed, None).unwrap();
        assert!(!server.is_done(FIRST));
        check(
            &pair.events(),
            expect![[r#"
                1 output first
                1 output null
                1 error there is no anna | NotFound,Get-Mailbox | ObjectNotFound: (anna:String) [Get-Mailbox], NotFoundException | Contoso.NotFoundException
                1 warning mind this
                1 verbose mind this
                1 debug mind this
                1 progress reading Some(40)
                1 information said ["PSHOST"] by Write-Host
                1 Completed"#]],
        );
        assert!(pair.server.is_done(FIRST));
        assert_eq!(pair.client.pipeline_state(FIRST), None);
    }
}

pub(crate) fn progress() -> ProgressBody<'static> {
    ProgressBody {
        activity: "reading",
        activity_id: 0,
        status_description: "four of ten",
        current_operation: None,
        parent_activity_id: -1,
        percent_complete: 40,
        seconds_remaining: -1,
        is_completed: false,
    }
}

pub(crate) fn information() -> InformationBody<'static> {
    let moment = psrp::clixml::decode(&b"<DT>2026-01-02T03:04:05.6789Z</DT>"[..]).unwrap();
    InformationBody {
        message: "said",
        source: "Write-Host",
        time_generated: moment.first().unwrap().date_time().unwrap(),
        tags: &["PSHOST"],
        user: "anna",
        computer: "server",
        process_id: 4,
    }
}

#[test]
fn a_stopped_pipeline_tells_why() {
    for max_len in FRAGMENT_LENS {
        let mut pair = Pair::opened(max_len);
        pair.client.create_pipeline(FIRST, &command("Start-Sleep", None)).unwrap();
        pair.requests();
        pair.server.output(FIRST, &body(|value| value.i32(None, 1))).unwrap();
        pair.client.stopping(FIRST).unwrap();
        assert_eq!(pair.client.pipeline_state(FIRST), Some(PsInvocationState::Stopping));
        pair.server.pipeline_state(FIRST, PsInvocationState::Stopped, Some(&ErrorBody::STOPPED)).unwrap();
        check(
            &pair.events(),
            expect![[r#"
                1 output 1
                1 Stopped: The pipeline has been stopped."#]],
        );
        let late = pair.server.output(FIRST, b"<I32>2</I32>").unwrap_err().to_string();
        expect!["cannot write a record in state NotStarted, allowed in Running, Stopping; no pipeline with this id runs"]
            .assert_eq(&late);
    }
}

#[test]
fn input_arrives_in_order_and_ends() {
    for max_len in FRAGMENT_LENS {
        let mut pair = Pair::opened(max_len);
        let mut spec = command("Set-Mailbox", None);
        spec.no_input = false;
        pair.client.create_pipeline(FIRST, &spec).unwrap();
        let values = psrp::clixml::decode(&b"<S>a</S><Nil /><I32>3</I32>"[..]).unwrap();
        for value in values.values() {
            pair.client.input(FIRST, value).unwrap();
        }
        pair.client.end_input(FIRST).unwrap();
        let told: Vec<_> = pair
            .requests()
            .into_iter()
            .map(|event| match event {
                ServerEvent::CreatePipeline { pipeline, .. } => {
                    format!("run, no input: {}", pipeline.no_input())
                }
                ServerEvent::Input { value, .. } => match value.first() {
                    Some(value) => format!("input {value}"),
                    None => "input null".to_owned(),
                },
                other => format!("{other:?}"),
            })
            .collect();
        let end = format!("EndOfInput {{ pid: {FIRST} }}");
        assert_eq!(told, ["run, no input: false", "input a", "input null", "input 3", &end]);
        let again = pair.client.end_input(FIRST).unwrap_err().to_string();
        expect!["cannot end the input in state Running; the pipeline takes no input, or its input has ended"]
            .assert_eq(&again);
    }
}

#[test]
fn the_first_bytes_of_a_pipeline_are_one_fragment() {
    let mut pair = Pair::opened(100_000);
    let mut spec = command("Set-Mailbox", None);
    spec.no_input = false;
    pair.client.create_pipeline(FIRST, &spec).unwrap();
    pair.client.end_input(FIRST).unwrap();
    let target = psrp::Target::Pipeline(FIRST);
    let first = pair.client.poll_transmit(target, 100_000).unwrap().payload;
    let (fragment, rest) = psrp::Fragment::decode(first, 100_000).unwrap().unwrap();
    assert!(fragment.start && fragment.end && rest.is_empty());
    let second = pair.client.poll_transmit(target, 100_000).unwrap().payload;
    assert_eq!(second.len(), 61, "the end of input has no body");
    assert!(pair.client.poll_transmit(target, 100_000).is_none());
}

#[test]
fn command_metadata_is_asked_for_and_read() {
    for max_len in FRAGMENT_LENS {
        let mut pair = Pair::opened(max_len);
        pair.client.command_metadata(FIRST, &["Get-*", "Set-User"], CommandTypes::IMPORTABLE).unwrap();
        let requests = pair.requests();
        let [ServerEvent::GetCommandMetadata { pid: FIRST, body: asked }] = &requests[..] else {
            panic!("{requests:?}")
        };
        let asked = MetadataRequest::new(asked).unwrap();
        let names: Vec<_> = asked.names().map(|name| name.to_string()).collect();
        assert_eq!(names, ["Get-*", "Set-User"]);
        assert_eq!(asked.command_types(), Some(CommandTypes::IMPORTABLE));
        assert_eq!(asked.namespaces().count(), 0);

        let mut out = Vec::new();
        psrp::metadata::encode_command_count(1, &mut out);
        pair.server.output(FIRST, &out).unwrap();
        let switch = "System.Management.Automation.SwitchParameter";
        let command = CommandBody {
            name: "Get-Mailbox",
            namespace: "tmp_abc",
            help_uri: "",
            command_type: CommandTypes::FUNCTION,
            output_types: &["System.Object"],
            parameters: &[
                ParameterBody { name: "Identity", parameter_type: "System.String", aliases: &["Id"] },
                ParameterBody { name: "Archive", parameter_type: switch, aliases: &[] },
            ],
        };
        let mut out = Vec::new();
        command.encode(&mut out);
        pair.server.output(FIRST, &out).unwrap();
        pair.server.pipeline_state(FIRST, PsInvocationState::Completed, None).unwrap();
        let events = pair.events();
        let outputs: Vec<_> = events
            .iter()
            .filter_map(|event| match event {
                PoolEvent::Pipeline { event: PipelineEvent::Output(output), .. } => Some(output),
                _ => None,
            })
            .collect();
        assert_eq!(command_count(outputs[0]), Some(1));
        assert!(CommandMetadata::new(outputs[0]).is_none());
        let command = CommandMetadata::new(outputs[1]).unwrap();
        let told: Vec<_> = command
            .parameters()
            .map(|parameter| {
                let aliases: Vec<_> = parameter.aliases().map(|alias| alias.to_string()).collect();
                format!("{} {} {aliases:?}", parameter.name().unwrap(), parameter.is_switch())
            })
            .collect();
        assert_eq!(told, [r#"Identity false ["Id"]"#, "Archive true []"]);
        assert_eq!(command.name().unwrap().to_string(), "Get-Mailbox");
        assert_eq!(command.command_type(), Some(CommandTypes::FUNCTION));
    }
}

#[test]
fn host_calls_are_answered_on_the_prompt_stream() {
    let mut pair = Pair::opened(64);
    pair.client.create_pipeline(FIRST, &command("Remove-Mailbox", None)).unwrap();
    pair.requests();
    let write_text = |list: &mut Encoder<'_>| list.string(None, "a line");
    let told = pair.server.host_call(Some(FIRST), HostMethod::WriteLine2, write_text).unwrap();
    let asked = pair.server.host_call(Some(FIRST), HostMethod::ReadLine, |_| {}).unwrap();
    let asked_pool = pair.server.host_call(None, HostMethod::GetName, |_| {}).unwrap();
    assert_eq!((told, asked, asked_pool), (-100, 1, 2));
    let events = pair.events();
    let mut streams = Vec::new();
    for event in events {
        let (call, answer) = match event {
            PoolEvent::HostCall(call) => (call, HostAnswer::Failed("no name")),
            PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. } => {
                (call, HostAnswer::Text("typed"))
            }
            other => panic!("{other:?}"),
        };
        pair.client.host_response(&call, answer).unwrap();
    }
    let targets: Vec<_> = pair.client.waiting_targets().collect();
    for target in targets {
        while let Some(transmit) = pair.client.poll_transmit(target, 64) {
            streams.push(transmit.stream);
            pair.server.handle_bytes(Bytes::copy_from_slice(transmit.payload)).unwrap();
        }
    }
    assert!(streams.iter().all(|stream| *stream == psrp::Stream::PromptResponse));
    let answers: Vec<_> = std::iter::from_fn(|| pair.server.poll_event())
        .map(|event| match event {
            ServerEvent::HostResponse(response) => {
                let error = response.error().map(|error| error.message().unwrap().to_string());
                let value = response.value().map(|value| value.to_string());
                format!("{} {} {value:?} {error:?}", response.call_id, response.method)
            }
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(answers, [r#"2 GetName None Some("no name")"#, r#"1 ReadLine Some("typed") None"#]);
}

/// MS-PSRP 2.2.3.17; those in brackets have no return value and get no answer.
#[test]
fn each_of_the_56_host_methods_is_told_by_its_number_and_answered_if_it_returns_anything() {
    const METHODS: &str = "GetName GetVersion GetInstanceId GetCurrentCulture GetCurrentUICulture (SetShouldExit) \
        (EnterNestedPrompt) (ExitNestedPrompt) (NotifyBeginApplication) (NotifyEndApplication) ReadLine \
        ReadLineAsSecureString (Write1) (Write2) (WriteLine1) (WriteLine2) (WriteLine3) (WriteErrorLine) (WriteDebugLine) \
        (WriteProgress) (WriteVerboseLine) (WriteWarningLine) Prompt PromptForCredential1 PromptForCredential2 PromptForChoice \
        GetForegroundColor (SetForegroundColor) GetBackgroundColor (SetBackgroundColor) GetCursorPosition \
        (SetCursorPosition) GetWindowPosition (SetWindowPosition) GetCursorSize (SetCursorSize) GetBufferSize \
        (SetBufferSize) GetWindowSize (SetWindowSize) GetWindowTitle (SetWindowTitle) GetMaxWindowSize \
        GetMaxPhysicalWindowSize GetKeyAvailable ReadKey (FlushInputBuffer) (SetBufferContents1) (SetBufferContents2) \
        GetBufferContents (ScrollBufferContents) (PushRunspace) (PopRunspace) GetIsRunspacePushed GetRunspace \
        PromptForChoiceMultipleSelection";
    let mut pair = Pair::opened(500);
    pair.client.create_pipeline(FIRST, &command("Remove-Mailbox", None)).unwrap();
    pair.requests();
    let mut expected = Vec::new();
    for (number, name) in (1..).zip(METHODS.split(' ')) {
        let method = HostMethod::from_number(number).unwrap();
        let parameter = |list: &mut Encoder<'_>| list.i64(None, number);
        pair.server.host_call(Some(FIRST), method, parameter).unwrap();
        let events = pair.events();
        let [PoolEvent::Pipeline { event: PipelineEvent::HostCall(call), .. }] = events.as_slice() else {
            panic!("{name}: {events:?}");
        };
        let shown = if method.has_return() { method.to_string() } else { format!("({method})") };
        assert_eq!((call.method, i64::from(call.method.number()), shown.as_str()), (method, number, name));
        assert_eq!(call.parameters().next().and_then(Value::as_i64), Some(number), "{name}");
        pair.client.host_response(call, HostAnswer::Text(name)).unwrap();
        if method.has_return() {
            expected.push(format!("{name} {name}"));
        }
    }
    assert_eq!((expected.len(), HostMethod::from_number(0), HostMethod::from_number(57)), (27, None, None));
    let mut answers = Vec::new();
    for event in pair.requests() {
        match event {
            ServerEvent::HostResponse(response) => {
                answers.push(format!("{} {}", response.method, response.value().unwrap()));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(answers, expected);
}

#[test]
fn two_pipelines_do_not_mix() {
    let mut pair = Pair::opened(22);
    pair.client.create_pipeline(FIRST, &command("One", None)).unwrap();
    pair.client.create_pipeline(SECOND, &command("Two", None)).unwrap();
    assert_eq!(pair.requests().len(), 2);
    pair.server.output(SECOND, &body(|value| value.string(None, "of two"))).unwrap();
    pair.server.output(FIRST, &body(|value| value.string(None, "of one"))).unwrap();
    pair.server.pipeline_state(FIRST, PsInvocationState::Completed, None).unwrap();
    let failed = ErrorBody::new("two failed");
    pair.server.pipeline_state(SECOND, PsInvocationState::Failed, Some(&failed)).unwrap();
    let targets = [psrp::Target::Pipeline(FIRST), psrp::Target::Pipeline(SECOND)];
    let mut left = true;
    while left {
        left = false;
        for target in targets {
            if let Some(payload) = pair.server.poll_transmit(target, 22) {
                pair.client.handle_bytes(Bytes::copy_from_slice(payload)).unwrap();
                left = true;
            }
        }
    }
    let mut told: Vec<_> =
        std::iter::from_fn(|| pair.client.poll_event()).map(|event| line(&event)).collect();
    told.sort();
    assert_eq!(told, ["1 Completed", "1 output of one", "2 Failed: two failed", "2 output of two"]);
}

#[test]
fn closing_ends_what_still_runs() {
    let mut pair = Pair::opened(64);
    pair.client.create_pipeline(FIRST, &command("One", None)).unwrap();
    pair.requests();
    pair.client.closing();
    let refused = pair.client.create_pipeline(SECOND, &command("Two", None)).unwrap_err().to_string();
    expect!["cannot create a pipeline in state Closing, allowed in Opened"].assert_eq(&refused);
    pair.server.close(None);
    check(
        &pair.events(),
        expect![[r#"
            1 broken: the server tells that the runspace pool is Closed
            * StateChanged { state: Closed, reason: None }"#]],
    );
    pair.client.handle_closed();
    assert!(pair.client.poll_event().is_none());
}

#[test]
fn a_server_that_breaks_says_why() {
    let mut pair = Pair::opened(64);
    pair.client.create_pipeline(FIRST, &command("One", None)).unwrap();
    pair.requests();
    pair.server.close(Some(&ErrorBody::new("out of memory")));
    let events = pair.events();
    assert_eq!(
        line(&events[0]),
        "1 broken: the server tells that the runspace pool is Broken: out of memory"
    );
    let PoolEvent::StateChanged { state: RunspacePoolState::Broken, reason: Some(reason) } = &events[1]
    else {
        panic!("{events:?}")
    };
    assert_eq!(state_reason(reason).unwrap().message().unwrap().to_string(), "out of memory");
    assert_eq!(pair.client.state(), RunspacePoolState::Broken);
}

#[test]
fn both_sides_speak_the_older_version() {
    let versions =
        [ProtocolVersion::V2_1, ProtocolVersion::V2_2, ProtocolVersion::V2_3, ProtocolVersion::V2_4];
    for client in versions {
        for server in versions {
            let mut pair = Pair::new(client, server, 1000);
            pair.client.open().unwrap();
            pair.requests();
            pair.server.open(None).unwrap();
            pair.events();
            let agreed = Some(client.min(server));
            assert_eq!((pair.client.protocol_version(), pair.server.protocol_version()), (agreed, agreed));
            pair.client.create_pipeline(FIRST, &command("One", None)).unwrap();
            let requests = pair.requests();
            let [ServerEvent::CreatePipeline { pipeline, .. }] = &requests[..] else {
                panic!("{requests:?}")
            };
            let merges = pipeline.commands().next().unwrap();
            let text = String::from_utf8_lossy(pipeline.body().text()).into_owned();
            assert_eq!(merges.name().unwrap().to_string(), "One");
            assert_eq!(text.contains("MergeDebug"), agreed >= Some(ProtocolVersion::V2_2));
            assert_eq!(text.contains("MergeInformation"), agreed >= Some(ProtocolVersion::V2_3));
        }
    }
}

#[test]
fn another_major_version_is_refused() {
    let three = ProtocolVersion { major: 3, minor: 0 };
    let mut client = RunspacePool::new(RPID, PoolConfig { protocol_version: three, ..PoolConfig::default() });
    client.open().unwrap();
    let creation = client.poll_transmit(psrp::Target::Pool, 10_000).unwrap().payload;
    let error =
        ServerPool::new(ServerConfig::default()).handle_bytes(Bytes::copy_from_slice(creation)).unwrap_err();
    expect!["the other side speaks protocol 3.0, which cannot be used with 2.4 of this side"]
        .assert_eq(&error.to_string());
}

#[test]
fn debug_text_tells_no_secret() {
    let mut pair = Pair::opened(1000);
    let given = parameters(|members| members.string("Password", "hunter2"));
    let spec = command("New-Mailbox", Some(&given));
    pair.client.create_pipeline(FIRST, &spec).unwrap();
    let waiting = format!("{:?} {spec:?} {:?}", pair.client, HostAnswer::Text("hunter2"));
    let transmit = pair.client.poll_transmit(psrp::Target::Pipeline(FIRST), 1000).unwrap();
    let (fragment, _) = psrp::Fragment::decode(transmit.payload, 1000).unwrap().unwrap();
    let sent = format!("{transmit:?} {fragment:?}");
    pair.server.handle_bytes(Bytes::copy_from_slice(transmit.payload)).unwrap();
    let arrived = format!("{:?}", pair.server);
    for text in [waiting, sent, arrived] {
        assert!(!text.contains("hunter2") && !text.contains("104, 117, 110, 116, 101, 114, 50"), "{text}");
    }
}

#[test]
fn availability_is_written_as_windows_writes_it() {
    let mut pair = Pair::opened(1000);
    pair.server.runspace_availability(0, psrp::Availability::Count(5));
    pair.server.runspace_availability(1, psrp::Availability::Done(true));
    let mut defragmenter = psrp::Defragmenter::new(psrp::FragmentLimits::default());
    let payload = pair.server.poll_transmit(psrp::Target::Pool, 1000).unwrap();
    defragmenter.handle_bytes(Bytes::copy_from_slice(payload));
    let bodies: Vec<_> = std::iter::from_fn(|| defragmenter.poll_message().unwrap())
        .map(|message| String::from_utf8(message.data.to_vec()).unwrap())
        .collect();
    let body = |member: &str, call_id: i64| {
        format!("\u{feff}<Obj RefId=\"0\"><MS>{member}<I64 N=\"ci\">{call_id}</I64></MS></Obj>")
    };
    let count = body(r#"<I32 N="SetMinMaxRunspacesResponse">5</I32>"#, 0);
    let done = body(r#"<B N="SetMinMaxRunspacesResponse">true</B>"#, 1);
    assert_eq!(bodies, [count, done]);
}
