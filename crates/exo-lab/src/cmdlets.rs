//! The cmdlets that the tenant offers.

mod argument;
mod bind;
mod change;
mod error;
mod group;
mod identity;
mod invocation;
mod mail_flow;
mod mailbox;
mod organization;
mod parameter;
mod recipient;
mod roles;
mod rule;

pub(crate) use argument::{Argument, Secret};
pub(crate) use bind::{Bound, bind, require_mandatory};
pub(crate) use change::warn_unchanged;
pub(crate) use error::{CmdletError, Halt};
pub(crate) use invocation::{Emission, Invocation, Output, Progress};
pub(crate) use parameter::{COMMON_PARAMETERS, Kind, Parameter, SECURE_STRING, SHOULD_PROCESS_PARAMETERS};

/// One cmdlet: its name, what it takes, what it does.
#[derive(Clone, Copy)]
pub(crate) struct Cmdlet {
    pub(crate) name: &'static str,
    pub(crate) parameters: &'static [Parameter],
    pub(crate) run: fn(&mut Invocation<'_>) -> Result<(), Halt>,
}

impl Cmdlet {
    /// The verb, before the hyphen.
    pub(crate) fn verb(&self) -> &'static str {
        self.name.split_once('-').map_or(self.name, |(verb, _)| verb)
    }

    /// Whether it has -WhatIf and -Confirm: whatever changes something does.
    pub(crate) fn supports_should_process(&self) -> bool {
        !matches!(self.verb(), "Get" | "Test" | "Search")
    }

    /// Its own parameters, then those that every cmdlet has.
    pub(crate) fn all_parameters(&self) -> impl Iterator<Item = &'static Parameter> {
        let should_process = if self.supports_should_process() { SHOULD_PROCESS_PARAMETERS } else { &[] };
        self.parameters.iter().chain(COMMON_PARAMETERS).chain(should_process)
    }

    /// The name of the class that implements it, as error ids end with it.
    pub(crate) fn class_name(&self) -> String {
        format!("Microsoft.Exchange.Management.RecipientTasks.{}", self.name.replace('-', ""))
    }
}

impl std::fmt::Debug for Cmdlet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// Every cmdlet, by name.
pub(crate) fn all() -> impl Iterator<Item = &'static Cmdlet> {
    [
        mailbox::CMDLETS,
        recipient::CMDLETS,
        group::CMDLETS,
        rule::CMDLETS,
        organization::CMDLETS,
        roles::CMDLETS,
        mail_flow::CMDLETS,
    ]
    .into_iter()
    .flatten()
}

/// The cmdlet of this name, whatever its case.
pub(crate) fn named(name: &str) -> Option<&'static Cmdlet> {
    all().find(|cmdlet| cmdlet.name.eq_ignore_ascii_case(name))
}
