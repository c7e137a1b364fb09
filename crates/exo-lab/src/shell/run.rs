//! Running a pipeline under the rules of a no-language endpoint.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use psrp::clixml::{Encoder, Kind, Tape, Value};
use psrp::metadata::{CommandBody, CommandTypes, MetadataRequest, ParameterBody, encode_command_count};
use psrp::server::{ErrorBody, Pipeline};
use psrp::{HostInfo, PsInvocationState};
use uuid::Uuid;

use crate::Service;
use crate::cmdlets::{
    self, Argument, Bound, Cmdlet, CmdletError, Emission, Halt, Invocation, Output as _, Parameter, Secret,
};
use crate::data::filter::wildcard;
use crate::fault::FaultKind;
use crate::shell::confirm::is_confirmed;
use crate::shell::output::{PipelineOutput, Stage, error_body};
use crate::shell::runspace::Runspace;

/// What a command of a shell does.
#[derive(Debug)]
pub(crate) enum Work {
    Pipeline(Pipeline),
    Metadata(Tape),
}

/// Runs the work on a thread of its own: cmdlets block when the client does not read.
pub(crate) fn spawn(shell: Arc<Runspace>, service: Arc<Service>, pid: Uuid, work: Work, input: Vec<Tape>) {
    tokio::task::spawn_blocking(move || {
        let outcome = match &work {
            Work::Pipeline(pipeline) => run_pipeline(&shell, &service, pid, pipeline, &input),
            Work::Metadata(request) => run_metadata(&shell, &service, pid, request),
        };
        let mut state = shell.lock();
        match &outcome {
            Ok(()) => state.finish(pid, PsInvocationState::Completed, None),
            Err(Halt::Stopped) => state.finish(pid, PsInvocationState::Stopped, Some(&ErrorBody::STOPPED)),
            Err(Halt::Failed(error)) => {
                state.finish(pid, PsInvocationState::Failed, Some(&error_body(error)));
            }
        }
        drop(state);
        shell.changed.notify_waiters();
    });
}

/// One command, or one followed by Select-Object, Measure-Object or Out-Default; no scripts.
fn run_pipeline(
    shell: &Arc<Runspace>,
    service: &Service,
    pid: Uuid,
    pipeline: &Pipeline,
    input: &[Tape],
) -> Result<(), Halt> {
    let commands: Vec<_> = pipeline.commands().collect();
    if 1 < statements(pipeline) || commands.iter().any(|command| command.is_script()) {
        return Err(CmdletError::no_language().into());
    }
    let (first, stage) = match commands.as_slice() {
        [first] => (first, Stage::Out),
        [first, second] => {
            let name = second.name().map(|name| name.to_lossy().into_owned()).unwrap_or_default();
            let stage = match name.to_ascii_lowercase().as_str() {
                "measure-object" => Stage::Measure(0),
                "out-default" => Stage::Out,
                "select-object" => Stage::Select(selected(*second)),
                _ => return Err(CmdletError::no_language().into()),
            };
            (first, stage)
        }
        _ => return Err(CmdletError::no_language().into()),
    };
    let name = first.name().map(|name| name.to_lossy().into_owned()).unwrap_or_default();
    let arguments = first.arguments().map(|(name, value)| {
        (
            name.map(|name| name.to_lossy().into_owned()),
            value.map_or(Argument::Null, |value| argument(value, 0)),
        )
    });
    let arguments: Vec<_> = arguments.collect();
    let mut output = PipelineOutput::new(Arc::clone(shell), pid, stage, pipeline.host());
    if let Some(FaultKind::HugeMessage(len)) =
        service.faults.take(|kind| matches!(kind, FaultKind::HugeMessage(_)))
    {
        let text = "x".repeat(usize::try_from(len).unwrap_or(0));
        output.write(Emission::Text(&text))?;
    }
    let outcome = run_command(service, &name, arguments, input, &mut output);
    service.objects_written.fetch_add(output.objects(), Ordering::AcqRel);
    outcome?;
    output.finish()
}

/// How many statements the pipeline has: more than one come as `ExtraCmds`.
fn statements(pipeline: &Pipeline) -> usize {
    let shell = pipeline.body().first().and_then(|body| body.member("PowerShell")).map(Value::resolve);
    shell.and_then(|shell| shell.member("ExtraCmds")).map_or(0, |extra| extra.resolve().items().count())
}

fn run_command(
    service: &Service,
    name: &str,
    arguments: Vec<(Option<String>, Argument)>,
    input: &[Tape],
    output: &mut PipelineOutput,
) -> Result<(), Halt> {
    // Exchange's own snap-in may stand in front of the name.
    let name = name.rsplit('\\').next().unwrap_or(name);
    if name.eq_ignore_ascii_case("Get-FormatData") {
        // The tenant has no formats of its own; the client's tables are as good.
        return Ok(());
    }
    if name.eq_ignore_ascii_case("Get-Command") {
        return get_command(service, &arguments, output);
    }
    let cmdlet = cmdlets::named(name);
    let bound = match cmdlet {
        Some(cmdlet) => cmdlets::bind(cmdlet, arguments)?,
        None => Bound::default(),
    };
    let recorded = service.recordings.answering(name, cmdlet.is_some());
    if !recorded.is_empty() {
        for document in recorded {
            let document = document.read().map_err(|message| recording_error(name, message))?;
            for value in document.values() {
                output.write_encoded(|out| Encoder::new(out).value(value))?;
            }
        }
        return Ok(());
    }
    let Some(cmdlet) = cmdlet else {
        return Err(CmdletError::unknown_command(name).into());
    };
    if input.is_empty() {
        return invoke(service, cmdlet, &bound, output);
    }
    // Each value of the input stands for -Identity, as its parameter binding by pipeline does.
    let identity = cmdlet.parameters.iter().find(|parameter| parameter.name == "Identity");
    for value in input {
        let mut bound = bound.clone();
        if let (Some(identity), Some(value)) = (identity, value.first())
            && bound.argument("Identity").is_none()
        {
            bound.push(identity, input_identity(value));
        }
        invoke(service, cmdlet, &bound, output)?;
    }
    Ok(())
}

fn invoke(
    service: &Service,
    cmdlet: &'static Cmdlet,
    bound: &Bound,
    output: &mut PipelineOutput,
) -> Result<(), Halt> {
    cmdlets::require_mandatory(cmdlet, bound)?;
    if !is_confirmed(output, cmdlet, bound)? {
        return Ok(());
    }
    service.executions.note(cmdlet.name);
    (cmdlet.run)(&mut Invocation::new(cmdlet, bound, &service.organization, output))
}

/// Get-Command as a command of a pipeline, for clients of protocol 2.0.
fn get_command(
    service: &Service,
    arguments: &[(Option<String>, Argument)],
    output: &mut PipelineOutput,
) -> Result<(), Halt> {
    let is_name = |name: &Option<String>| {
        name.as_ref().is_none_or(|name| {
            name.trim_start_matches('-').trim_end().trim_end_matches(':').eq_ignore_ascii_case("Name")
        })
    };
    let names = arguments.iter().find(|(name, _)| is_name(name)).and_then(|(_, argument)| argument.texts());
    for description in described(service, &names.unwrap_or_default()) {
        output.write_encoded(|out| description.encode(out))?;
    }
    Ok(())
}

/// GET_COMMAND_METADATA: how many, then each.
fn run_metadata(shell: &Arc<Runspace>, service: &Service, pid: Uuid, request: &Tape) -> Result<(), Halt> {
    let request = MetadataRequest::new(request);
    let names: Vec<String> = request
        .into_iter()
        .flat_map(|request| request.names().map(|name| name.to_lossy().into_owned()).collect::<Vec<_>>())
        .collect();
    let wants_cmdlets = request
        .and_then(MetadataRequest::command_types)
        .is_none_or(|types| types.0 & CommandTypes::CMDLET.0 != 0);
    let found = if wants_cmdlets { described(service, &names) } else { Vec::new() };
    let mut output = PipelineOutput::new(Arc::clone(shell), pid, Stage::Out, HostInfo::NONE);
    output.write_encoded(|out| encode_command_count(u32::try_from(found.len()).unwrap_or(u32::MAX), out))?;
    for description in found {
        output.write_encoded(|out| description.encode(out))?;
    }
    Ok(())
}

/// A command as Get-Command describes it.
struct Description {
    name: String,
    parameters: Vec<&'static Parameter>,
}

/// The commands that fit one of the names or patterns; none asks for all.
fn described(service: &Service, patterns: &[String]) -> Vec<Description> {
    let is_wanted =
        |name: &str| patterns.is_empty() || patterns.iter().any(|pattern| wildcard(pattern, name));
    let mut found: Vec<Description> = cmdlets::all()
        .map(|cmdlet| Description {
            name: cmdlet.name.to_owned(),
            parameters: cmdlet.all_parameters().collect(),
        })
        .collect();
    for name in service.recordings.cmdlets() {
        if cmdlets::named(&name).is_none() {
            let parameters = RECORDED_PARAMETERS.iter().chain(cmdlets::COMMON_PARAMETERS).collect();
            found.push(Description { name, parameters });
        }
    }
    for (name, own) in PROXIES {
        let parameters = own.iter().chain(cmdlets::COMMON_PARAMETERS).collect();
        found.push(Description { name: (*name).to_owned(), parameters });
    }
    found.retain(|description| is_wanted(&description.name));
    found
}

impl Description {
    fn encode(&self, out: &mut Vec<u8>) {
        let parameters: Vec<ParameterBody<'_>> = self
            .parameters
            .iter()
            .map(|parameter| ParameterBody {
                name: parameter.name,
                parameter_type: parameter.type_name(),
                aliases: parameter.aliases,
            })
            .collect();
        let body = CommandBody {
            name: &self.name,
            namespace: "Microsoft.Exchange.Management.PowerShell.E2010",
            help_uri: "",
            command_type: CommandTypes::CMDLET,
            output_types: &[],
            parameters: &parameters,
        };
        body.encode(out);
    }
}

/// The properties that Select-Object was asked for. Of a script block the name comes with nothing, and the value behind it
/// without a name.
fn selected(command: psrp::server::Command<'_>) -> Vec<String> {
    let named = command.parameter("Property").filter(|value| value.kind() != Kind::Nil);
    let property = named.or_else(|| command.parameters().find(|(name, _)| name.is_none())?.1);
    property.and_then(|value| argument(value, 0).texts()).unwrap_or_default()
}

/// What an input object is called: the text itself, or the object's identity.
fn input_identity(value: Value<'_>) -> Argument {
    let value = value.resolve();
    let named = ["Guid", "DistinguishedName", "Identity", "PrimarySmtpAddress", "Name"].into_iter();
    let member =
        named.filter_map(|name| value.member(name)).map(|member| argument(member, 0)).find_map(|a| a.text());
    match member {
        Some(text) => Argument::Text(text),
        None => argument(value, 0),
    }
}

/// A value of the wire as an argument.
fn argument(value: Value<'_>, depth: u32) -> Argument {
    let value = value.resolve();
    if depth > MAX_ARGUMENT_DEPTH {
        return Argument::Other("too deep");
    }
    let text = || value.text().map(|text| text.to_lossy().into_owned()).unwrap_or_default();
    match value.kind() {
        Kind::Nil => Argument::Null,
        Kind::Bool => Argument::Bool(value.as_bool().unwrap_or(false)),
        Kind::Byte
        | Kind::SByte
        | Kind::Int16
        | Kind::UInt16
        | Kind::Int32
        | Kind::UInt32
        | Kind::Int64
        | Kind::UInt64 => value.as_i64().map_or_else(|| Argument::Text(value.to_string()), Argument::Number),
        Kind::String | Kind::Uri | Kind::Guid | Kind::Version | Kind::Decimal | Kind::XmlDocument => {
            Argument::Text(text())
        }
        Kind::Single | Kind::Double | Kind::Char | Kind::DateTime | Kind::TimeSpan => {
            Argument::Text(value.to_string())
        }
        Kind::ScriptBlock => Argument::Text(text()),
        Kind::SecureString => match psrp::secret::plain_text(text().as_bytes()) {
            Ok(plain) => Argument::Secret(Secret::new(plain)),
            Err(_) => Argument::Other("a damaged SecureString"),
        },
        Kind::Bytes => Argument::Other("bytes"),
        Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue => {
            Argument::List(value.items().map(|item| argument(item, depth + 1)).collect())
        }
        Kind::Dictionary => table(value, depth),
        Kind::Object => object_argument(value, depth),
        _ => Argument::Other("object"),
    }
}

fn object_argument(value: Value<'_>, depth: u32) -> Argument {
    if let Some(is_present) = value.member("IsPresent").and_then(|present| present.resolve().as_bool()) {
        return Argument::Bool(is_present);
    }
    match value.base().map(|base| (base, base.kind())) {
        Some((_, Kind::Dictionary)) => table(value, depth),
        Some((_, Kind::List | Kind::Enumerable | Kind::Stack | Kind::Queue)) => {
            Argument::List(value.items().map(|item| argument(item, depth + 1)).collect())
        }
        base => match (value.to_string_text(), base) {
            (Some(text), _) => Argument::Object(text.to_lossy().into_owned()),
            (None, Some((base, kind))) if kind != Kind::Object => argument(base, depth + 1),
            _ => Argument::Other("object"),
        },
    }
}

fn table(value: Value<'_>, depth: u32) -> Argument {
    let entries = value.entries().map(|(key, value)| {
        (argument(key, depth + 1).text().unwrap_or_default(), argument(value, depth + 1))
    });
    Argument::Table(entries.collect())
}

fn recording_error(name: &str, message: String) -> CmdletError {
    let mut error = CmdletError::unknown_command(name);
    error.message = message;
    error.fully_qualified_id = "RecordedDocument,ExoLab".to_owned();
    error.category = 6;
    error
}

const MAX_ARGUMENT_DEPTH: u32 = 16;
/// What the endpoint offers beside its cmdlets, for implicit remoting.
const PROXIES: &[(&str, &[Parameter])] = &[
    (
        "Get-Command",
        &[
            Parameter::texts("Name"),
            Parameter::texts("Module"),
            Parameter::new("ArgumentList", cmdlets::Kind::Any),
            Parameter::text("CommandType"),
            Parameter::switch("ListImported"),
            Parameter::switch("ShowCommandInfo"),
        ],
    ),
    ("Get-FormatData", &[Parameter::texts("TypeName"), Parameter::text("PowerShellVersion")]),
    ("Measure-Object", &[Parameter::new("InputObject", cmdlets::Kind::Any)]),
    ("Out-Default", &[Parameter::new("InputObject", cmdlets::Kind::Any)]),
    ("Select-Object", &[Parameter::texts("Property"), Parameter::new("InputObject", cmdlets::Kind::Any)]),
];
const RECORDED_PARAMETERS: &[Parameter] = &[
    Parameter::identity("System.String"),
    Parameter::text("Filter"),
    Parameter::new("ResultSize", cmdlets::Kind::Limit),
];
