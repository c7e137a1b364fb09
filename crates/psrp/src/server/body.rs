//! Bodies a server writes, member for member as PowerShell does.

use crate::clixml::{DateTime, Encoder, Value};
use crate::message::MessageType;
use crate::records::ErrorCategory;

/// An error record to write (2.2.3.15).
#[derive(Debug, Clone, Copy)]
pub struct ErrorBody<'a> {
    /// What the exception says.
    pub message: &'a str,
    /// The .NET types of the exception, most derived first.
    pub exception_types: &'a [&'a str],
    /// The error by name, such as `Foo,Microsoft.Exchange.Management.GetMailbox`.
    pub fully_qualified_error_id: &'a str,
    /// The category.
    pub category: ErrorCategory,
    /// What was being done: the name of the command.
    pub activity: &'a str,
    /// The kind of failure in a word; `None` takes the short name of the exception.
    pub reason: Option<&'a str>,
    /// What it was being done to, as text.
    pub target_name: &'a str,
    /// The short name of the target's type.
    pub target_type: &'a str,
    /// What it was being done to.
    pub target_object: Option<Value<'a>>,
    /// What to tell a person in place of the exception's message.
    pub details_message: Option<&'a str>,
    /// The scripts that led to it.
    pub script_stack_trace: Option<&'a str>,
    /// The exception behind it: its types and message.
    pub inner: Option<(&'a [&'a str], &'a str)>,
    /// What the exception has in its `Data`, by key.
    pub data: &'a [(&'a str, &'a str)],
}

impl<'a> ErrorBody<'a> {
    /// A runtime exception with this message, and nothing else known.
    #[must_use]
    pub fn new(message: &'a str) -> ErrorBody<'a> {
        ErrorBody {
            message,
            exception_types: RUNTIME_EXCEPTION,
            fully_qualified_error_id: "RuntimeException",
            category: ErrorCategory::NOT_SPECIFIED,
            activity: "",
            reason: None,
            target_name: "",
            target_type: "",
            target_object: None,
            details_message: None,
            script_stack_trace: None,
            inner: None,
            data: &[],
        }
    }

    /// The reason of a pipeline that was stopped when asked to.
    pub const STOPPED: ErrorBody<'static> = ErrorBody {
        message: "The pipeline has been stopped.",
        exception_types: &[
            "System.Management.Automation.PipelineStoppedException",
            "System.Management.Automation.RuntimeException",
            "System.SystemException",
            "System.Exception",
            "System.Object",
        ],
        fully_qualified_error_id: "PipelineStopped",
        category: ErrorCategory::OPERATION_STOPPED,
        activity: "",
        reason: None,
        target_name: "",
        target_type: "",
        target_object: None,
        details_message: None,
        script_stack_trace: None,
        inner: None,
        data: &[],
    };

    /// Appends the body of ERROR_RECORD to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        self.object(None, ERROR_RECORD, &mut Encoder::new(out));
    }

    /// The record as a member of a state message.
    pub(crate) fn encode_named(&self, name: &str, members: &mut Encoder<'_>) {
        self.object(Some(name), ERROR_RECORD, members);
    }

    /// The record as a member without type names, as host responses have it.
    pub(crate) fn encode_members(&self, name: &str, members: &mut Encoder<'_>) {
        self.object(Some(name), &[], members);
    }

    fn object(&self, name: Option<&str>, types: &[&str], encoder: &mut Encoder<'_>) {
        let to_string = (!types.is_empty()).then_some(self.details_message.unwrap_or(self.message));
        encoder.object(name, types, to_string, |record| record.members(|members| self.members(members)));
    }

    fn members(&self, members: &mut Encoder<'_>) {
        encode_exception("Exception", self.exception_types, self.message, self.inner, self.data, members);
        match self.target_object {
            Some(target) => members.value_named("TargetObject", target),
            None => members.nil("TargetObject"),
        }
        members.string("FullyQualifiedErrorId", self.fully_qualified_error_id);
        members.nil("InvocationInfo");
        members.i32("ErrorCategory_Category", self.category.0);
        members.string("ErrorCategory_Activity", self.activity);
        members.string("ErrorCategory_Reason", self.reason());
        members.string("ErrorCategory_TargetName", self.target_name);
        members.string("ErrorCategory_TargetType", self.target_type);
        members.string("ErrorCategory_Message", &self.category_message());
        if let Some(details) = self.details_message {
            members.string("ErrorDetails_Message", details);
            members.nil("ErrorDetails_RecommendedAction");
        }
        members.bool("SerializeExtendedInfo", false);
        if let Some(trace) = self.script_stack_trace {
            members.string("ErrorDetails_ScriptStackTrace", trace);
        }
    }

    /// The reason given, or the short name of the exception.
    fn reason(&self) -> &str {
        if let Some(reason) = self.reason {
            return reason;
        }
        let name = self.exception_types.first().copied().unwrap_or_default();
        name.rsplit('.').next().unwrap_or(name)
    }

    /// The line PowerShell displays: `InvalidData: (42:Int32) [Write-Error], WriteErrorException`.
    fn category_message(&self) -> String {
        let (category, reason) = (self.category, self.reason());
        format!("{category}: ({}:{}) [{}], {reason}", self.target_name, self.target_type, self.activity)
    }
}

fn encode_exception(
    name: &str,
    types: &[&str],
    message: &str,
    inner: Option<(&[&str], &str)>,
    data: &[(&str, &str)],
    members: &mut Encoder<'_>,
) {
    let to_string = format!("{}: {message}", types.first().copied().unwrap_or_default());
    members.object(name, types, Some(&to_string), |exception| {
        exception.props(|props| {
            props.nil("TargetSite");
            props.string("Message", message);
            props.object("Data", EXCEPTION_DATA, None, |object| {
                object.dictionary(|entries| {
                    for (key, value) in data {
                        entries.entry(|entry| entry.string(None, key), |entry| entry.string(None, value));
                    }
                });
            });
            match inner {
                Some((types, message)) => {
                    encode_exception("InnerException", types, message, None, &[], props);
                }
                None => props.nil("InnerException"),
            }
            props.nil("HelpLink");
            props.nil("Source");
            props.i32("HResult", HRESULT);
            props.nil("StackTrace");
        });
    });
}

/// A warning, verbose or debug record to write (2.2.3.16).
#[derive(Debug, Clone, Copy)]
pub struct InformationalBody<'a> {
    /// The text.
    pub message: &'a str,
}

impl InformationalBody<'_> {
    /// Appends the body to `out`. `message_type` is WARNING_RECORD, VERBOSE_RECORD or DEBUG_RECORD and decides the
    /// type names.
    pub fn encode(&self, message_type: MessageType, out: &mut Vec<u8>) {
        let types = match message_type {
            MessageType::VerboseRecord => VERBOSE_RECORD,
            MessageType::DebugRecord => DEBUG_RECORD,
            _ => WARNING_RECORD,
        };
        Encoder::new(out).object(None, types, Some(self.message), |record| {
            record.members(|members| {
                members.string("InformationalRecord_Message", self.message);
                members.bool("InformationalRecord_SerializeInvocationInfo", false);
            });
        });
    }
}

/// A progress record to write.
#[derive(Debug, Clone, Copy)]
pub struct ProgressBody<'a> {
    /// What is being done.
    pub activity: &'a str,
    /// Which of several activities.
    pub activity_id: i32,
    /// What is being done right now.
    pub status_description: &'a str,
    /// The operation within the activity.
    pub current_operation: Option<&'a str>,
    /// The activity this is a part of; -1 for none.
    pub parent_activity_id: i32,
    /// 0 to 100; -1 when not known.
    pub percent_complete: i32,
    /// Seconds left; -1 when not known.
    pub seconds_remaining: i32,
    /// The activity has ended.
    pub is_completed: bool,
}

impl ProgressBody<'_> {
    /// Appends the body of PROGRESS_RECORD to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Encoder::new(out).object(None, &[], None, |record| {
            record.members(|members| {
                members.string("Activity", self.activity);
                members.i32("ActivityId", self.activity_id);
                members.string("StatusDescription", self.status_description);
                match self.current_operation {
                    Some(operation) => members.string("CurrentOperation", operation),
                    None => members.nil("CurrentOperation"),
                }
                members.i32("ParentActivityId", self.parent_activity_id);
                members.i32("PercentComplete", self.percent_complete);
                let (text, number) = if self.is_completed { ("Completed", 1) } else { ("Processing", 0) };
                members.enumeration("Type", PROGRESS_RECORD_TYPE, text, number);
                members.i32("SecondsRemaining", self.seconds_remaining);
            });
        });
    }
}

/// An information record to write, for protocol 2.3 and later.
#[derive(Debug, Clone, Copy)]
pub struct InformationBody<'a> {
    /// What is said.
    pub message: &'a str,
    /// Who says it.
    pub source: &'a str,
    /// When.
    pub time_generated: DateTime,
    /// Its tags.
    pub tags: &'a [&'a str],
    /// The user on the server.
    pub user: &'a str,
    /// The server.
    pub computer: &'a str,
    /// The process on the server.
    pub process_id: u32,
}

impl InformationBody<'_> {
    /// Appends the body of INFORMATION_RECORD to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        Encoder::new(out).object(None, &[], None, |record| {
            record.members(|members| {
                members.string("MessageData", self.message);
                members.string("Source", self.source);
                members.date_time("TimeGenerated", self.time_generated);
                members.object("Tags", STRING_LIST, None, |list| {
                    list.list(|list| {
                        for tag in self.tags {
                            list.string(None, tag);
                        }
                    });
                });
                members.string("User", self.user);
                members.string("Computer", self.computer);
                members.u32("ProcessId", self.process_id);
                members.u32("NativeThreadId", 0);
                members.u32("ManagedThreadId", 0);
            });
        });
    }
}

/// COR_E_EXCEPTION, what most exceptions have.
const HRESULT: i32 = -2_146_233_087;
const ERROR_RECORD: &[&str] = &["System.Management.Automation.ErrorRecord", "System.Object"];
const RUNTIME_EXCEPTION: &[&str] = &[
    "System.Management.Automation.RuntimeException",
    "System.SystemException",
    "System.Exception",
    "System.Object",
];
const EXCEPTION_DATA: &[&str] = &["System.Collections.ListDictionaryInternal", "System.Object"];
const WARNING_RECORD: &[&str] = &[
    "System.Management.Automation.WarningRecord",
    "System.Management.Automation.InformationalRecord",
    "System.Object",
];
const VERBOSE_RECORD: &[&str] = &[
    "System.Management.Automation.VerboseRecord",
    "System.Management.Automation.InformationalRecord",
    "System.Object",
];
const DEBUG_RECORD: &[&str] = &[
    "System.Management.Automation.DebugRecord",
    "System.Management.Automation.InformationalRecord",
    "System.Object",
];
const PROGRESS_RECORD_TYPE: &[&str] =
    &["System.Management.Automation.ProgressRecordType", "System.Enum", "System.ValueType", "System.Object"];
const STRING_LIST: &[&str] = &[
    "System.Collections.Generic.List`1[[System.String, mscorlib, Version=4.0.0.0, Culture=neutral, \
     PublicKeyToken=b77a5c561934e089]]",
    "System.Object",
];
