//! One call of a cmdlet: what it was given and where it writes.

use std::time::Duration;

use crate::cmdlets::{Argument, Bound, Cmdlet, CmdletError, Halt};
use crate::data::Organization;
use crate::data::record::Record;

/// Something a cmdlet writes to one of its streams.
#[derive(Debug)]
pub(crate) enum Emission<'a> {
    Record(&'a Record),
    Text(&'a str),
    Error(&'a CmdletError),
    Warning(&'a str),
    Verbose(&'a str),
    Progress(Progress<'a>),
}

/// How far a long cmdlet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Progress<'a> {
    pub(crate) activity: &'a str,
    pub(crate) status: &'a str,
    pub(crate) percent: i32,
    pub(crate) is_completed: bool,
}

/// Where a cmdlet writes. Both calls may take their time and give [`Halt::Stopped`] once somebody stopped the pipeline.
pub(crate) trait Output {
    fn write(&mut self, emission: Emission<'_>) -> Result<(), Halt>;
    /// Lets so much time pass.
    fn wait(&mut self, time: Duration) -> Result<(), Halt>;
}

/// One call of a cmdlet.
pub(crate) struct Invocation<'a> {
    pub(crate) cmdlet: &'static Cmdlet,
    pub(crate) bound: &'a Bound,
    pub(crate) organization: &'a Organization,
    output: &'a mut dyn Output,
}

impl<'a> Invocation<'a> {
    pub(crate) fn new(
        cmdlet: &'static Cmdlet,
        bound: &'a Bound,
        organization: &'a Organization,
        output: &'a mut dyn Output,
    ) -> Self {
        Self { cmdlet, bound, organization, output }
    }

    pub(crate) fn argument(&self, name: &str) -> Option<&Argument> {
        self.bound.argument(name)
    }

    /// A parameter's text; `None` when it was not given or is empty.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.bound.argument(name).and_then(Argument::text).filter(|text| !text.is_empty())
    }

    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.bound.is_on(name)
    }

    /// Whether changes are only to be told, not made.
    pub(crate) fn is_what_if(&self) -> bool {
        self.bound.is_on("WhatIf")
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), Halt> {
        self.output.write(Emission::Record(record))
    }

    /// An error that does not end the cmdlet, unless the caller wants that.
    pub(crate) fn error(&mut self, error: CmdletError) -> Result<(), Halt> {
        match self.preference("ErrorAction") {
            Preference::Silent => Ok(()),
            Preference::Stop => Err(error.into()),
            Preference::Continue => self.output.write(Emission::Error(&error)),
        }
    }

    pub(crate) fn warn(&mut self, text: &str) -> Result<(), Halt> {
        match self.preference("WarningAction") {
            Preference::Silent => Ok(()),
            Preference::Continue | Preference::Stop => self.output.write(Emission::Warning(text)),
        }
    }

    /// Written only when -Verbose was given.
    pub(crate) fn verbose(&mut self, text: &str) -> Result<(), Halt> {
        if self.is_on("Verbose") { self.output.write(Emission::Verbose(text)) } else { Ok(()) }
    }

    pub(crate) fn progress(&mut self, progress: Progress<'_>) -> Result<(), Halt> {
        self.output.write(Emission::Progress(progress))
    }

    pub(crate) fn wait(&mut self, time: Duration) -> Result<(), Halt> {
        self.output.wait(time)
    }

    /// ActionPreference by name or number.
    fn preference(&self, name: &str) -> Preference {
        let Some(argument) = self.bound.argument(name) else {
            return Preference::Continue;
        };
        match argument.text().unwrap_or_default().to_ascii_lowercase().as_str() {
            "silentlycontinue" | "ignore" | "0" | "4" => Preference::Silent,
            "stop" | "1" => Preference::Stop,
            _ => Preference::Continue,
        }
    }
}

enum Preference {
    Silent,
    Continue,
    Stop,
}
