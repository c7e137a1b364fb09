//! A cmdlet that takes its time: Test-Mailflow sends a message and waits for it.

use std::time::Duration;

use crate::cmdlets::{Cmdlet, Halt, Invocation, Kind, Parameter, Progress};
use crate::data::record::Record;
use crate::data::value::Value;

pub(crate) const CMDLETS: &[Cmdlet] = &[Cmdlet { name: "Test-Mailflow", parameters: TEST, run: test }];

/// Waits `-ExecutionTimeout` seconds in all, and says how far it is at each tenth.
fn test(invocation: &mut Invocation<'_>) -> Result<(), Halt> {
    let timeout = invocation.argument("ExecutionTimeout").and_then(super::Argument::number);
    let timeout =
        timeout.and_then(|seconds| u64::try_from(seconds).ok()).unwrap_or(DEFAULT_SECONDS).min(MAX_SECONDS);
    let step = Duration::from_secs(timeout) / 10;
    invocation.verbose("A message is on its way to the system mailbox.")?;
    for tenth in 0..10 {
        let status = format!("Waiting for the message, {} % of the time has passed.", tenth * 10);
        let progress =
            Progress { activity: ACTIVITY, status: &status, percent: tenth * 10, is_completed: false };
        invocation.progress(progress)?;
        invocation.wait(step)?;
    }
    invocation.progress(Progress {
        activity: ACTIVITY,
        status: "The message arrived.",
        percent: 100,
        is_completed: true,
    })?;
    let properties = vec![
        ("TestMailflowResult", Value::text("Success")),
        ("MessageLatencyTime", Value::Span(31_250_000)),
        ("IsRemoteTest", Value::Bool(false)),
        ("Identity", Value::text("")),
        ("IsValid", Value::Bool(true)),
        ("ObjectState", Value::enumeration("Microsoft.Exchange.Data.ObjectState", "New", 0)),
    ];
    invocation.write(&Record { types: RESULT, text: "Success".to_owned(), properties })
}

const ACTIVITY: &str = "Test-Mailflow";
const DEFAULT_SECONDS: u64 = 240;
const MAX_SECONDS: u64 = 86_400;
const RESULT: &[&str] = &[
    "Microsoft.Exchange.Monitoring.TestMailflowOutput",
    "Microsoft.Exchange.Data.ConfigurableObject",
    "System.Object",
];

const TEST: &[Parameter] = &[
    Parameter::new(
        "SourceMailboxServer",
        Kind::Identity("Microsoft.Exchange.Configuration.Tasks.ServerIdParameter"),
    )
    .alias(&["Identity"])
    .at(0),
    Parameter::new("ActiveDirectoryTimeout", Kind::Int),
    Parameter::new("ErrorLatency", Kind::Int),
    Parameter::new("ExecutionTimeout", Kind::Int),
    Parameter::bool("MonitoringContext"),
    Parameter::text("TargetDatabase"),
    Parameter::text("TargetEmailAddress"),
    Parameter::text("TargetEmailAddressDisplayName"),
    Parameter::text("TargetMailboxServer"),
];
