//! 2.2.3.15, 2.2.3.16: typed views of what arrives on the streams beside the output.
//!
//! A view borrows the tape of its event and looks members up when asked. Members that a server left out are `None`.

mod error;

pub use self::error::{ErrorCategory, ErrorRecord, RemoteException};
use crate::clixml::{DateTime, Tape, Text, Value};

/// The record in a state message of a pool or pipeline: why it failed.
#[must_use]
pub fn state_reason(state: &Tape) -> Option<ErrorRecord<'_>> {
    let reason = state.first()?.member("ExceptionAsErrorRecord")?.resolve();
    (!reason.is_nil()).then_some(ErrorRecord::of(reason))
}

/// A warning, verbose or debug record.
#[derive(Debug, Clone, Copy)]
pub struct InformationalRecord<'t>(Value<'t>);

impl<'t> InformationalRecord<'t> {
    /// A view of the body; `None` when there is nothing in it.
    #[must_use]
    pub fn new(record: &'t Tape) -> Option<InformationalRecord<'t>> {
        record.first().map(InformationalRecord)
    }

    /// The text: the member, or what the record displays, or the value itself where it is a plain string.
    #[must_use]
    pub fn message(self) -> Option<Text<'t>> {
        member_text(self.0, "InformationalRecord_Message")
            .or_else(|| self.0.to_string_text())
            .or_else(|| self.0.text())
    }

    /// The command that wrote it.
    #[must_use]
    pub fn command_name(self) -> Option<Text<'t>> {
        member_text(self.0, "CommandInfo_Name")
    }

    /// Where in the script it was written, for display.
    #[must_use]
    pub fn position_message(self) -> Option<Text<'t>> {
        member_text(self.0, "InvocationInfo_PositionMessage")
    }

    /// The record as it came.
    #[must_use]
    pub fn value(self) -> Value<'t> {
        self.0
    }
}

/// An information record (protocol 2.3 and later), also what `Write-Host` says.
#[derive(Debug, Clone, Copy)]
pub struct InformationRecord<'t>(Value<'t>);

impl<'t> InformationRecord<'t> {
    /// A view of the body; `None` when there is nothing in it.
    #[must_use]
    pub fn new(record: &'t Tape) -> Option<InformationRecord<'t>> {
        record.first().map(InformationRecord)
    }

    /// What was said: any value.
    #[must_use]
    pub fn message_data(self) -> Option<Value<'t>> {
        Some(self.0.member("MessageData")?.resolve())
    }

    /// What was said as text: a string, the `Message` of a host message, or what the value displays.
    #[must_use]
    pub fn message(self) -> Option<Text<'t>> {
        let data = self.message_data()?;
        data.base()
            .and_then(Value::text)
            .or_else(|| member_text(data, "Message"))
            .or_else(|| data.to_string_text())
    }

    /// Who said it: a command or the path of a script.
    #[must_use]
    pub fn source(self) -> Option<Text<'t>> {
        member_text(self.0, "Source")
    }

    /// When.
    #[must_use]
    pub fn time_generated(self) -> Option<DateTime> {
        self.0.member("TimeGenerated")?.date_time()
    }

    /// Its tags; `Write-Host` sets `PSHOST`.
    pub fn tags(self) -> impl Iterator<Item = Text<'t>> {
        let tags = self.0.member("Tags").map(Value::resolve);
        tags.into_iter().flat_map(Value::items).filter_map(|tag| tag.base()?.text())
    }

    /// The user on the server.
    #[must_use]
    pub fn user(self) -> Option<Text<'t>> {
        member_text(self.0, "User")
    }

    /// The server.
    #[must_use]
    pub fn computer(self) -> Option<Text<'t>> {
        member_text(self.0, "Computer")
    }

    /// The process on the server.
    #[must_use]
    pub fn process_id(self) -> Option<u64> {
        self.0.member("ProcessId")?.as_u64()
    }

    /// The record as it came.
    #[must_use]
    pub fn value(self) -> Value<'t> {
        self.0
    }
}

/// How far something is.
#[derive(Debug, Clone, Copy)]
pub struct ProgressRecord<'t>(Value<'t>);

impl<'t> ProgressRecord<'t> {
    /// A view of the body; `None` when there is nothing in it.
    #[must_use]
    pub fn new(record: &'t Tape) -> Option<ProgressRecord<'t>> {
        record.first().map(ProgressRecord)
    }

    /// What is being done.
    #[must_use]
    pub fn activity(self) -> Option<Text<'t>> {
        member_text(self.0, "Activity")
    }

    /// Which of several activities.
    #[must_use]
    pub fn activity_id(self) -> Option<i32> {
        self.0.member("ActivityId")?.as_i32()
    }

    /// What is being done right now.
    #[must_use]
    pub fn status_description(self) -> Option<Text<'t>> {
        member_text(self.0, "StatusDescription")
    }

    /// The operation within the activity.
    #[must_use]
    pub fn current_operation(self) -> Option<Text<'t>> {
        member_text(self.0, "CurrentOperation")
    }

    /// The activity this is a part of; `None` when of none (-1 on the wire).
    #[must_use]
    pub fn parent_activity_id(self) -> Option<i32> {
        self.0.member("ParentActivityId")?.as_i32().filter(|id| 0 <= *id)
    }

    /// 0 to 100; `None` when not known (-1 on the wire).
    #[must_use]
    pub fn percent_complete(self) -> Option<i32> {
        self.0.member("PercentComplete")?.as_i32().filter(|percent| 0 <= *percent)
    }

    /// Seconds left; `None` when not known (-1 on the wire).
    #[must_use]
    pub fn seconds_remaining(self) -> Option<i32> {
        self.0.member("SecondsRemaining")?.as_i32().filter(|seconds| 0 <= *seconds)
    }

    /// The activity has ended.
    #[must_use]
    pub fn is_completed(self) -> bool {
        self.0.member("Type").and_then(Value::as_i64) == Some(1)
    }

    /// The record as it came.
    #[must_use]
    pub fn value(self) -> Value<'t> {
        self.0
    }
}

/// The text of a member, also when an object wraps it.
pub(crate) fn member_text<'t>(value: Value<'t>, name: &str) -> Option<Text<'t>> {
    value.member(name)?.base()?.text()
}
