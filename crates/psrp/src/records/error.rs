//! Error records: what failed, where, and the exception behind it.

use std::fmt;

use super::member_text;
use crate::clixml::{Tape, Text, Value};

/// An error of the remote side. It is data: a pipeline may write many and still complete.
#[derive(Debug, Clone, Copy)]
pub struct ErrorRecord<'t>(Value<'t>);

impl<'t> ErrorRecord<'t> {
    /// A view of the body; `None` when there is nothing in it.
    #[must_use]
    pub fn new(record: &'t Tape) -> Option<ErrorRecord<'t>> {
        record.first().map(ErrorRecord)
    }

    /// A view of a value that is an error record, such as a member of another one.
    #[must_use]
    pub fn of(record: Value<'t>) -> ErrorRecord<'t> {
        ErrorRecord(record.resolve())
    }

    /// What to tell a person: the details where the server gave some, else the message of the exception, else what
    /// the record displays.
    #[must_use]
    pub fn message(self) -> Option<Text<'t>> {
        let not_empty = |text: &Text<'t>| !text.is_empty();
        member_text(self.0, "ErrorDetails_Message")
            .filter(not_empty)
            .or_else(|| self.exception()?.message().filter(not_empty))
            .or_else(|| self.0.to_string_text())
            .or_else(|| self.0.base()?.text())
    }

    /// Which error, for programs, such as `MyId,Microsoft.PowerShell.Commands.WriteErrorCommand`.
    #[must_use]
    pub fn fully_qualified_error_id(self) -> Option<Text<'t>> {
        member_text(self.0, "FullyQualifiedErrorId")
    }

    /// The category; any number is possible.
    #[must_use]
    pub fn category(self) -> Option<ErrorCategory> {
        self.0.member("ErrorCategory_Category")?.as_i32().map(ErrorCategory)
    }

    /// What was being done.
    #[must_use]
    pub fn category_activity(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorCategory_Activity")
    }

    /// The kind of exception, by its short name.
    #[must_use]
    pub fn category_reason(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorCategory_Reason")
    }

    /// What it was being done to.
    #[must_use]
    pub fn category_target_name(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorCategory_TargetName")
    }

    /// The type of that.
    #[must_use]
    pub fn category_target_type(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorCategory_TargetType")
    }

    /// The category in one line, as PowerShell displays it.
    #[must_use]
    pub fn category_message(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorCategory_Message")
    }

    /// The object the error is about.
    #[must_use]
    pub fn target_object(self) -> Option<Value<'t>> {
        self.0.member("TargetObject").map(Value::resolve).filter(|target| !target.is_nil())
    }

    /// The exception.
    #[must_use]
    pub fn exception(self) -> Option<RemoteException<'t>> {
        let exception = self.0.member("Exception")?.resolve();
        (!exception.is_nil()).then_some(RemoteException(exception))
    }

    /// What the server advises.
    #[must_use]
    pub fn recommended_action(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorDetails_RecommendedAction")
    }

    /// The scripts that led to it.
    #[must_use]
    pub fn script_stack_trace(self) -> Option<Text<'t>> {
        member_text(self.0, "ErrorDetails_ScriptStackTrace")
    }

    /// Where in a script it happened, for display.
    #[must_use]
    pub fn position_message(self) -> Option<Text<'t>> {
        self.invocation("PositionMessage")
    }

    /// The line of the script.
    #[must_use]
    pub fn line(self) -> Option<Text<'t>> {
        self.invocation("Line")
    }

    /// The name by which the command was called.
    #[must_use]
    pub fn invocation_name(self) -> Option<Text<'t>> {
        self.invocation("InvocationName")
    }

    /// The record as it came.
    #[must_use]
    pub fn value(self) -> Value<'t> {
        self.0
    }

    /// A member of the invocation: written flat in newer servers, within an object in older ones.
    fn invocation(self, name: &str) -> Option<Text<'t>> {
        let flat = self.0.members().find(|member| {
            let own =
                member.name().and_then(Text::as_str).and_then(|own| own.strip_prefix("InvocationInfo_"));
            own.is_some_and(|own| own.eq_ignore_ascii_case(name))
        });
        flat.and_then(|member| member.base()?.text())
            .or_else(|| member_text(self.0.member("InvocationInfo")?.resolve(), name))
            .filter(|text| !text.is_empty())
    }
}

/// An exception of the remote side.
#[derive(Debug, Clone, Copy)]
pub struct RemoteException<'t>(Value<'t>);

impl<'t> RemoteException<'t> {
    /// The .NET types, most derived first.
    pub fn type_names(self) -> impl Iterator<Item = Text<'t>> {
        self.0.type_names()
    }

    /// The most derived .NET type.
    #[must_use]
    pub fn type_name(self) -> Option<Text<'t>> {
        self.0.type_names().next()
    }

    /// What it says.
    #[must_use]
    pub fn message(self) -> Option<Text<'t>> {
        member_text(self.0, "Message").or_else(|| self.0.to_string_text())
    }

    /// The exception behind it. A reference back to an exception that contains this one is not followed, so that a
    /// chain always ends.
    #[must_use]
    pub fn inner(self) -> Option<RemoteException<'t>> {
        let inner = self.0.member("InnerException")?.resolve();
        (!inner.is_nil() && self.0.index() < inner.index()).then_some(RemoteException(inner))
    }

    /// The calls that led to it.
    #[must_use]
    pub fn stack_trace(self) -> Option<Text<'t>> {
        member_text(self.0, "StackTrace")
    }

    /// The exception as it came.
    #[must_use]
    pub fn value(self) -> Value<'t> {
        self.0
    }
}

/// The category of an error. PowerShell knows 0 to 31; others keep their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ErrorCategory(pub i32);

impl ErrorCategory {
    /// No category.
    pub const NOT_SPECIFIED: ErrorCategory = ErrorCategory(0);
    /// An argument is wrong.
    pub const INVALID_ARGUMENT: ErrorCategory = ErrorCategory(5);
    /// Data is wrong.
    pub const INVALID_DATA: ErrorCategory = ErrorCategory(6);
    /// Not possible now.
    pub const INVALID_OPERATION: ErrorCategory = ErrorCategory(7);
    /// There is no such object.
    pub const OBJECT_NOT_FOUND: ErrorCategory = ErrorCategory(13);
    /// Stopped when asked to.
    pub const OPERATION_STOPPED: ErrorCategory = ErrorCategory(14);
    /// Not allowed.
    pub const PERMISSION_DENIED: ErrorCategory = ErrorCategory(18);

    /// The name in PowerShell, where it has one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        NAMES.get(usize::try_from(self.0).ok()?).copied()
    }
}

impl fmt::Display for ErrorCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => self.0.fmt(f),
        }
    }
}

const NAMES: &[&str] = &[
    "NotSpecified",
    "OpenError",
    "CloseError",
    "DeviceError",
    "DeadlockDetected",
    "InvalidArgument",
    "InvalidData",
    "InvalidOperation",
    "InvalidResult",
    "InvalidType",
    "MetadataError",
    "NotImplemented",
    "NotInstalled",
    "ObjectNotFound",
    "OperationStopped",
    "OperationTimeout",
    "SyntaxError",
    "ParserError",
    "PermissionDenied",
    "ResourceBusy",
    "ResourceExists",
    "ResourceUnavailable",
    "ReadError",
    "WriteError",
    "FromStdErr",
    "SecurityError",
    "ProtocolError",
    "ConnectionError",
    "AuthenticationError",
    "LimitsExceeded",
    "QuotaExceeded",
    "NotEnabled",
];
