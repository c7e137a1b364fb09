//! 2.2.2.14, 2.2.3.21 to 2.2.3.23: what commands a server has, with their parameters.
//!
//! The answer to GET_COMMAND_METADATA is pipeline output: first the number of commands, then one record each.

use crate::clixml::{Encoder, Tape, Text, Value};
use crate::records::member_text;

/// The sorts of commands asked for, one bit each (2.2.3.19).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CommandTypes(pub i32);

impl CommandTypes {
    /// Another name of a command.
    pub const ALIAS: CommandTypes = CommandTypes(1);
    /// A function.
    pub const FUNCTION: CommandTypes = CommandTypes(2);
    /// A filter.
    pub const FILTER: CommandTypes = CommandTypes(4);
    /// A compiled command.
    pub const CMDLET: CommandTypes = CommandTypes(8);
    /// A configuration.
    pub const CONFIGURATION: CommandTypes = CommandTypes(256);
    /// What PowerShell asks for when it imports a session: all but scripts and programs.
    pub const IMPORTABLE: CommandTypes = CommandTypes(1 | 2 | 4 | 8 | 256);

    /// Every sort.
    pub const ALL: CommandTypes = CommandTypes(511);

    /// The names as .NET writes them, such as `Function, Cmdlet`.
    fn text(self) -> String {
        if self == CommandTypes::ALL {
            return "All".to_owned();
        }
        let mut left = self.0;
        let mut names = Vec::new();
        for (bit, name) in COMMAND_TYPE_NAMES {
            if left & bit != 0 {
                names.push(*name);
                left &= !bit;
            }
        }
        if left != 0 || names.is_empty() { self.0.to_string() } else { names.join(", ") }
    }
}

/// Appends the body of GET_COMMAND_METADATA to `out`. No names ask for all commands.
pub(crate) fn encode_request(names: &[&str], types: CommandTypes, out: &mut Vec<u8>) {
    Encoder::new(out).object(None, &[], None, |request| {
        request.members(|members| {
            let names = if names.is_empty() { &["*"] } else { names };
            members.object("Name", STRING_ARRAY, None, |list| {
                list.list(|list| {
                    for name in names {
                        list.string(None, name);
                    }
                });
            });
            members.enumeration("CommandType", COMMAND_TYPES, &types.text(), types.0);
            members.object("Namespace", STRING_ARRAY, None, |list| list.list(|_| {}));
            members.nil("FullyQualifiedModule");
            members.nil("ArgumentList");
        });
    });
}

/// What a GET_COMMAND_METADATA asks for, read from its body.
#[derive(Debug, Clone, Copy)]
pub struct MetadataRequest<'t>(Value<'t>);

impl<'t> MetadataRequest<'t> {
    /// A view of the body; `None` when there is nothing in it.
    #[must_use]
    pub fn new(body: &'t Tape) -> Option<MetadataRequest<'t>> {
        body.first().map(MetadataRequest)
    }

    /// The names asked for, with wildcards; none asks for all.
    pub fn names(self) -> impl Iterator<Item = Text<'t>> {
        texts(self.0, "Name")
    }

    /// The sorts asked for.
    #[must_use]
    pub fn command_types(self) -> Option<CommandTypes> {
        self.0.member("CommandType")?.as_i32().map(CommandTypes)
    }

    /// The modules asked for; none asks for all.
    pub fn namespaces(self) -> impl Iterator<Item = Text<'t>> {
        texts(self.0, "Namespace")
    }
}

/// The first output of the answer: how many commands follow. `None` when the value is something else.
#[must_use]
pub fn command_count(output: &Tape) -> Option<u64> {
    output.first()?.member("Count")?.as_u64()
}

/// One command of the answer.
#[derive(Debug, Clone, Copy)]
pub struct CommandMetadata<'t>(Value<'t>);

impl<'t> CommandMetadata<'t> {
    /// A view of an output value that describes a command; `None` when it is something else.
    #[must_use]
    pub fn new(output: &'t Tape) -> Option<CommandMetadata<'t>> {
        let command = output.first()?;
        command.member("Name")?;
        command.member("CommandType")?;
        Some(CommandMetadata(command))
    }

    /// The name.
    #[must_use]
    pub fn name(self) -> Option<Text<'t>> {
        member_text(self.0, "Name")
    }

    /// The module.
    #[must_use]
    pub fn namespace(self) -> Option<Text<'t>> {
        member_text(self.0, "Namespace")
    }

    /// Where its help is.
    #[must_use]
    pub fn help_uri(self) -> Option<Text<'t>> {
        member_text(self.0, "HelpUri")
    }

    /// What sort of command it is.
    #[must_use]
    pub fn command_type(self) -> Option<CommandTypes> {
        self.0.member("CommandType")?.as_i32().map(CommandTypes)
    }

    /// What an alias stands for.
    #[must_use]
    pub fn resolved_command_name(self) -> Option<Text<'t>> {
        member_text(self.0, "ResolvedCommandName")
    }

    /// The names of the types it gives out.
    pub fn output_types(self) -> impl Iterator<Item = Text<'t>> {
        texts(self.0, "OutputType")
    }

    /// Its parameters, in the order of the wire.
    pub fn parameters(self) -> impl Iterator<Item = ParameterMetadata<'t>> {
        let parameters = self.0.member("Parameters").map(Value::resolve);
        parameters.into_iter().flat_map(Value::entries).map(|(_, value)| ParameterMetadata(value.resolve()))
    }
}

/// One parameter of a command.
#[derive(Debug, Clone, Copy)]
pub struct ParameterMetadata<'t>(Value<'t>);

impl<'t> ParameterMetadata<'t> {
    /// The name.
    #[must_use]
    pub fn name(self) -> Option<Text<'t>> {
        member_text(self.0, "Name")
    }

    /// The .NET type.
    #[must_use]
    pub fn parameter_type(self) -> Option<Text<'t>> {
        member_text(self.0, "ParameterType")
    }

    /// Other names.
    pub fn aliases(self) -> impl Iterator<Item = Text<'t>> {
        texts(self.0, "Aliases")
    }

    /// It takes no value.
    #[must_use]
    pub fn is_switch(self) -> bool {
        self.0.member("SwitchParameter").and_then(Value::as_bool).unwrap_or(false)
    }

    /// It exists only beside certain other arguments.
    #[must_use]
    pub fn is_dynamic(self) -> bool {
        self.0.member("IsDynamic").and_then(Value::as_bool).unwrap_or(false)
    }
}

/// A command for a server to describe.
#[derive(Debug, Clone, Copy)]
pub struct CommandBody<'a> {
    /// The name.
    pub name: &'a str,
    /// The module.
    pub namespace: &'a str,
    /// Where its help is; may be empty.
    pub help_uri: &'a str,
    /// What sort of command it is.
    pub command_type: CommandTypes,
    /// The names of the types it gives out.
    pub output_types: &'a [&'a str],
    /// Its parameters.
    pub parameters: &'a [ParameterBody<'a>],
}

/// A parameter for a server to describe.
#[derive(Debug, Clone, Copy)]
pub struct ParameterBody<'a> {
    /// The name.
    pub name: &'a str,
    /// The .NET type, such as `System.String`; a switch has `System.Management.Automation.SwitchParameter`.
    pub parameter_type: &'a str,
    /// Other names.
    pub aliases: &'a [&'a str],
}

/// Appends the first output of the answer to `out`: how many commands follow.
pub fn encode_command_count(count: u32, out: &mut Vec<u8>) {
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    Encoder::new(out).object(None, SELECTED_COUNT, None, |object| {
        object.members(|members| members.i32("Count", count));
    });
}

impl CommandBody<'_> {
    /// Appends the output that describes this command to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Encoder::new(out).object(None, self.type_names(), None, |object| {
            object.members(|members| {
                members.string("Name", self.name);
                members.string("Namespace", self.namespace);
                members.string("HelpUri", self.help_uri);
                members.enumeration(
                    "CommandType",
                    COMMAND_TYPES,
                    &self.command_type.text(),
                    self.command_type.0,
                );
                members.nil("ResolvedCommandName");
                members.object("OutputType", TYPE_NAME_LIST, None, |list| {
                    list.list(|list| {
                        for name in self.output_types {
                            list.string(None, name);
                        }
                    });
                });
                members.object("Parameters", PARAMETER_DICTIONARY, None, |table| {
                    table.dictionary(|table| {
                        for parameter in self.parameters {
                            table.entry(
                                |key| key.string("Key", parameter.name),
                                |value| parameter.encode(value),
                            );
                        }
                    });
                });
            });
        });
    }

    fn type_names(&self) -> &'static [&'static str] {
        match self.command_type {
            CommandTypes::CMDLET => SELECTED_CMDLET,
            CommandTypes::ALIAS => SELECTED_ALIAS,
            _ => SELECTED_FUNCTION,
        }
    }
}

impl ParameterBody<'_> {
    fn encode(&self, value: &mut Encoder<'_>) {
        value.object("Value", PARAMETER, Some(PARAMETER_TYPE), |object| {
            object.props(|props| {
                props.string("Name", self.name);
                props.string("ParameterType", self.parameter_type);
                props.object("Aliases", STRING_COLLECTION, None, |list| {
                    list.list(|list| {
                        for alias in self.aliases {
                            list.string(None, alias);
                        }
                    });
                });
                props.bool("IsDynamic", false);
                props.bool("SwitchParameter", self.parameter_type == SWITCH_TYPE);
            });
        });
    }
}

/// The strings of a list member; a single string counts as a list of one.
fn texts<'t>(value: Value<'t>, name: &str) -> impl Iterator<Item = Text<'t>> + use<'t> {
    let member = value.member(name).map(Value::resolve);
    let single = member.and_then(Value::text);
    single.into_iter().chain(member.into_iter().flat_map(Value::items).filter_map(|item| item.base()?.text()))
}

const COMMAND_TYPE_NAMES: &[(i32, &str)] = &[
    (1, "Alias"),
    (2, "Function"),
    (4, "Filter"),
    (8, "Cmdlet"),
    (16, "ExternalScript"),
    (32, "Application"),
    (64, "Script"),
    (256, "Configuration"),
];
const COMMAND_TYPES: &[&str] =
    &["System.Management.Automation.CommandTypes", "System.Enum", "System.ValueType", "System.Object"];
const STRING_ARRAY: &[&str] = &["System.String[]", "System.Array", "System.Object"];
const SELECTED_COUNT: &[&str] = &[
    "Selected.Microsoft.PowerShell.Commands.GenericMeasureInfo",
    "System.Management.Automation.PSCustomObject",
    "System.Object",
];
const SELECTED_CMDLET: &[&str] = &[
    "Selected.System.Management.Automation.CmdletInfo",
    "System.Management.Automation.PSCustomObject",
    "System.Object",
];
const SELECTED_FUNCTION: &[&str] = &[
    "Selected.System.Management.Automation.FunctionInfo",
    "System.Management.Automation.PSCustomObject",
    "System.Object",
];
const SELECTED_ALIAS: &[&str] = &[
    "Selected.System.Management.Automation.AliasInfo",
    "System.Management.Automation.PSCustomObject",
    "System.Object",
];
const TYPE_NAME_LIST: &[&str] = &[
    "System.Collections.ObjectModel.ReadOnlyCollection`1[[System.Management.Automation.PSTypeName, \
     System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "System.Object",
];
const PARAMETER_DICTIONARY: &[&str] = &[
    "System.Collections.Generic.Dictionary`2[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, \
     PublicKeyToken=b77a5c561934e089],[System.Management.Automation.ParameterMetadata, \
     System.Management.Automation, Version=3.0.0.0, Culture=neutral, PublicKeyToken=31bf3856ad364e35]]",
    "System.Object",
];
const PARAMETER_TYPE: &str = "System.Management.Automation.ParameterMetadata";
const PARAMETER: &[&str] = &[PARAMETER_TYPE, "System.Object"];
const STRING_COLLECTION: &[&str] = &[
    "System.Collections.ObjectModel.Collection`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, \
     PublicKeyToken=b77a5c561934e089]]",
    "System.Object",
];
const SWITCH_TYPE: &str = "System.Management.Automation.SwitchParameter";
