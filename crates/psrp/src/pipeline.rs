//! 2.2.2.10: commands to run, and what is known of a running pipeline.

use crate::clixml::{Encoder, Tape, Value};
use crate::host::HostInfo;
use crate::outbox::{Outbox, Transmit};
use crate::state::PsInvocationState;
use crate::version::ProtocolVersion;

/// Commands that feed one another, and how to run them.
#[derive(Debug, Clone)]
pub struct PipelineSpec<'a> {
    /// The commands, first to last.
    pub commands: Vec<CommandSpec<'a>>,
    /// No input follows. Otherwise [`RunspacePool::end_input`](crate::RunspacePool::end_input) must end it.
    pub no_input: bool,
    /// The server keeps the pipeline in the history of its session.
    pub add_to_history: bool,
    /// Errors of native commands go to the error stream.
    pub redirect_error_output: bool,
    /// The host; `OF_POOL` uses the one of the pool.
    pub host: HostInfo,
}

impl<'a> PipelineSpec<'a> {
    /// A pipeline of these commands without input, as PowerShell runs one.
    #[must_use]
    pub fn new(commands: Vec<CommandSpec<'a>>) -> PipelineSpec<'a> {
        PipelineSpec {
            commands,
            no_input: true,
            add_to_history: false,
            redirect_error_output: true,
            host: HostInfo::OF_POOL,
        }
    }
}

/// One command with its parameters (2.2.3.12).
#[derive(Debug, Clone, Copy)]
pub struct CommandSpec<'a> {
    /// The name of a command, or the text of a script.
    pub name: &'a str,
    /// `name` is a script.
    pub is_script: bool,
    /// Whether a script gets a scope of its own; `None` leaves it to the server.
    pub use_local_scope: Option<bool>,
    /// One object whose extended members (`<MS>`) are the parameters in order; the values after it are positional
    /// arguments. A secure string in it is [`secure_text`](crate::secret::secure_text).
    pub parameters: Option<&'a Tape>,
}

impl<'a> CommandSpec<'a> {
    /// A command by its name, with parameters.
    #[must_use]
    pub fn command(name: &'a str, parameters: Option<&'a Tape>) -> CommandSpec<'a> {
        CommandSpec { name, is_script: false, use_local_scope: None, parameters }
    }

    /// A script by its text.
    #[must_use]
    pub fn script(text: &'a str) -> CommandSpec<'a> {
        CommandSpec { name: text, is_script: true, use_local_scope: None, parameters: None }
    }

    fn encode(&self, version: ProtocolVersion, list: &mut Encoder<'_>) {
        list.object(None, &[], None, |command| {
            command.members(|members| {
                members.string("Cmd", self.name);
                members.bool("IsScript", self.is_script);
                match self.use_local_scope {
                    Some(local) => members.bool("UseLocalScope", local),
                    None => members.nil("UseLocalScope"),
                }
                for (name, since) in MERGES {
                    if *since <= version {
                        members.enumeration(*name, RESULT_TYPES, "None", 0);
                    }
                }
                members.object("Args", PSOBJECT_LIST, None, |list| {
                    list.list(|list| {
                        let named =
                            self.parameters.and_then(Tape::first).into_iter().flat_map(Value::members);
                        let positional = self.parameters.into_iter().flat_map(Tape::values).skip(1);
                        for parameter in named.chain(positional) {
                            encode_parameter(parameter, list);
                        }
                    });
                });
            });
        });
    }
}

/// 2.2.3.13, one parameter or positional argument.
fn encode_parameter(parameter: Value<'_>, list: &mut Encoder<'_>) {
    list.object(None, &[], None, |object| {
        object.members(|members| {
            match parameter.name() {
                Some(name) if !name.is_empty() => members.text("N", name),
                _ => members.nil("N"),
            }
            members.value_named("V", parameter);
        });
    });
}

/// Appends the body of CREATE_PIPELINE to `out`, member for member as PowerShell 7.6 does.
pub(crate) fn encode_create(spec: &PipelineSpec<'_>, version: ProtocolVersion, out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |create| {
        create.members(|members| {
            members.object("PowerShell", &[], None, |shell| {
                shell.members(|members| {
                    members.object("Cmds", PSOBJECT_LIST, None, |commands| {
                        commands.list(|list| {
                            for command in &spec.commands {
                                command.encode(version, list);
                            }
                        });
                    });
                    members.bool("IsNested", false);
                    members.nil("History");
                    members.bool("RedirectShellErrorOutputPipe", spec.redirect_error_output);
                });
            });
            members.bool("NoInput", spec.no_input);
            members.enumeration("ApartmentState", APARTMENT_STATE, "Unknown", 2);
            members.enumeration("RemoteStreamOptions", REMOTE_STREAM_OPTIONS, "AddInvocationInfo", 15);
            members.bool("AddToHistory", spec.add_to_history);
            spec.host.encode(members);
            members.bool("IsNested", false);
        });
    });
}

/// What the client knows of a pipeline that has not ended.
#[derive(Debug)]
pub(crate) struct Pipeline {
    pub(crate) state: PsInvocationState,
    pub(crate) takes_input: bool,
    pub(crate) outbox: Outbox,
    begun: bool,
}

impl Pipeline {
    pub(crate) fn new(takes_input: bool, outbox: Outbox) -> Pipeline {
        Pipeline { state: PsInvocationState::Running, takes_input, outbox, begun: false }
    }

    /// One that the server runs already.
    pub(crate) fn running() -> Pipeline {
        Pipeline { begun: true, ..Pipeline::new(false, Outbox::default()) }
    }

    pub(crate) fn has_output(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// The first time a single fragment, for the Command request; later what fits.
    pub(crate) fn poll_transmit(&mut self, max_len: usize) -> Option<Transmit<'_>> {
        if self.begun {
            return self.outbox.poll(max_len);
        }
        let first = self.outbox.poll_first(max_len);
        self.begun = first.is_some();
        first
    }
}

/// Where the streams of a command may be merged, and since which protocol version that is written.
const MERGES: &[(&str, ProtocolVersion)] = &[
    ("MergeMyResult", ProtocolVersion { major: 2, minor: 0 }),
    ("MergeToResult", ProtocolVersion { major: 2, minor: 0 }),
    ("MergePreviousResults", ProtocolVersion { major: 2, minor: 0 }),
    ("MergeError", ProtocolVersion::V2_2),
    ("MergeWarning", ProtocolVersion::V2_2),
    ("MergeVerbose", ProtocolVersion::V2_2),
    ("MergeDebug", ProtocolVersion::V2_2),
    ("MergeInformation", ProtocolVersion::V2_3),
];
const PSOBJECT_LIST: &[&str] = &[
    "System.Collections.Generic.List`1[[System.Management.Automation.PSObject, System.Management.Automation, \
     Version=7.6.0.500, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "System.Object",
];
const RESULT_TYPES: &[&str] = &[
    "System.Management.Automation.Runspaces.PipelineResultTypes",
    "System.Enum",
    "System.ValueType",
    "System.Object",
];
pub(crate) const APARTMENT_STATE: &[&str] =
    &["System.Threading.ApartmentState", "System.Enum", "System.ValueType", "System.Object"];
const REMOTE_STREAM_OPTIONS: &[&str] =
    &["System.Management.Automation.RemoteStreamOptions", "System.Enum", "System.ValueType", "System.Object"];
