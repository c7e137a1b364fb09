//! Commands run through our client, and what comes out of them.

use exo_session::{Invocation, Pipeline, Session};
use psrp::clixml::{Tape, Text, Value, decode};
use psrp::records::{ErrorRecord, InformationRecord, InformationalRecord, ProgressRecord, state_reason};
use psrp::{PipelineEvent, PsInvocationState};

/// What came out of a pipeline.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) output: Vec<Tape>,
    /// What else it wrote, in order: `error: …`, `warning: …` and so on.
    pub(super) records: Vec<String>,
    pub(super) state: Option<PsInvocationState>,
    pub(super) reason: Option<String>,
}

/// Starts a command with parameters given as CLIXML members.
pub(super) async fn start(session: &Session, command: &str, members: &str) -> Pipeline {
    let object = format!("<Obj RefId=\"0\"><MS>{members}</MS></Obj>");
    let parameters = decode(object.into_bytes()).expect("well-formed parameters");
    let invocation = Invocation { command: command.to_owned(), parameters };
    session.invoke(invocation).await.expect("it starts")
}

/// Runs a command to its end.
pub(super) async fn run(session: &Session, command: &str, members: &str) -> Report {
    collect(start(session, command, members).await).await
}

/// Takes all a pipeline has to say.
pub(super) async fn collect(mut pipeline: Pipeline) -> Report {
    let mut report = Report::default();
    while let Some(event) = pipeline.next().await {
        match event.expect("the session holds") {
            PipelineEvent::Output(tape) => report.output.push(tape),
            PipelineEvent::State { state, reason } => {
                report.state = Some(state);
                report.reason = reason.as_ref().and_then(|reason| {
                    state_reason(reason).and_then(ErrorRecord::message).map(|text| text.to_string())
                });
            }
            PipelineEvent::HostCall(call) => report.records.push(format!("host call: {call:?}")),
            record => report.records.push(record_text(&record)),
        }
    }
    report
}

fn record_text(event: &PipelineEvent) -> String {
    let message = |tape: &Tape| {
        InformationalRecord::new(tape).and_then(InformationalRecord::message).map(|text| text.to_string())
    };
    match event {
        PipelineEvent::Error(tape) => {
            let record = ErrorRecord::new(tape).expect("an error record");
            let text = |text: Option<Text<'_>>| text.map(|text| text.to_string()).unwrap_or_default();
            format!(
                "error: {} {} {}",
                text(record.message()),
                text(record.fully_qualified_error_id()),
                record.category().map_or(-1, |category| category.0)
            )
        }
        PipelineEvent::Warning(tape) => format!("warning: {}", message(tape).unwrap_or_default()),
        PipelineEvent::Verbose(tape) => format!("verbose: {}", message(tape).unwrap_or_default()),
        PipelineEvent::Debug(tape) => format!("debug: {}", message(tape).unwrap_or_default()),
        PipelineEvent::Information(tape) => {
            let record = InformationRecord::new(tape).expect("an information record");
            format!("information: {}", record.message().map(|text| text.to_string()).unwrap_or_default())
        }
        PipelineEvent::Progress(tape) => {
            let record = ProgressRecord::new(tape).expect("a progress record");
            let activity = record.activity().map(|text| text.to_string()).unwrap_or_default();
            format!("progress: {activity} {}", record.percent_complete().unwrap_or(-1))
        }
        other => format!("{other:?}"),
    }
}

/// The plain strings that a command wrote.
pub(super) fn texts(tapes: &[Tape]) -> Vec<String> {
    tapes.iter().map(|tape| tape.first().and_then(Value::text).expect("text").to_string()).collect()
}
