//! What a command says beside its output, as text for stderr.

use psrp::clixml::{Tape, Value};
use psrp::records::{ErrorRecord, InformationRecord, InformationalRecord};
use psrp::{HostMethod, PipelineEvent};

/// The text of an event and what stands in front of it; `None` for an event that says nothing.
pub(crate) fn line(event: &PipelineEvent) -> Option<(&'static str, String)> {
    match event {
        PipelineEvent::Warning(tape) => Some(("WARNING: ", informational(tape))),
        PipelineEvent::Verbose(tape) => Some(("VERBOSE: ", informational(tape))),
        PipelineEvent::Debug(tape) => Some(("DEBUG: ", informational(tape))),
        PipelineEvent::Information(tape) => information(tape),
        PipelineEvent::HostCall(call) => host_call(call.method, call.parameters()),
        _ => None,
    }
}

/// An error record: its message, and what helps to look it up.
pub(crate) fn error(command: &str, record: Option<ErrorRecord<'_>>) -> String {
    let mut text = message(command, record);
    let Some(record) = record else { return text };
    let category = record.category_message();
    let id = record.fully_qualified_error_id();
    for (name, detail) in [("Category", category), ("Error id", id)] {
        if let Some(detail) = detail.filter(|detail| !detail.is_empty()) {
            text.push_str(&format!("\n    {name}: {detail}"));
        }
    }
    text
}

/// The message of an error record alone.
pub(crate) fn message(command: &str, record: Option<ErrorRecord<'_>>) -> String {
    let Some(record) = record else {
        return format!("{command}: the server ended the command without a reason");
    };
    let message = record.message().map(|text| text.to_string()).filter(|text| !text.trim().is_empty());
    let message = message.unwrap_or_else(|| "the server reported an error without a text".to_owned());
    format!("{command}: {}", message.trim_end())
}

fn informational(tape: &Tape) -> String {
    let message = InformationalRecord::new(tape).and_then(InformationalRecord::message);
    message.unwrap_or_default().to_string()
}

/// Text for the host comes a second time as a host call, so the record is not shown.
fn information(tape: &Tape) -> Option<(&'static str, String)> {
    let record = InformationRecord::new(tape)?;
    if record.tags().any(|tag| tag == "PSHOST") {
        return None;
    }
    Some(("", record.message()?.to_string()))
}

/// The text a command writes to its host, such as "What if: …"; the text is the last of the parameters.
fn host_call<'t>(
    method: HostMethod,
    parameters: impl Iterator<Item = Value<'t>>,
) -> Option<(&'static str, String)> {
    let prefix = match method {
        HostMethod::Write1 | HostMethod::Write2 | HostMethod::WriteLine2 | HostMethod::WriteLine3 => "",
        HostMethod::WriteErrorLine => "ERROR: ",
        HostMethod::WriteWarningLine => "WARNING: ",
        HostMethod::WriteVerboseLine => "VERBOSE: ",
        HostMethod::WriteDebugLine => "DEBUG: ",
        HostMethod::Prompt
        | HostMethod::PromptForChoice
        | HostMethod::PromptForChoiceMultipleSelection
        | HostMethod::PromptForCredential1
        | HostMethod::PromptForCredential2
        | HostMethod::ReadLine
        | HostMethod::ReadLineAsSecureString => return Some(("WARNING: ", QUESTION.to_owned())),
        _ => return None,
    };
    let text = parameters.last()?.as_str()?.to_owned();
    Some((prefix, text))
}

const QUESTION: &str = "the command asks a question, which cannot be answered here; when it asks whether to go on, \
                        add -Confirm:$false";

#[cfg(test)]
mod tests {
    use psrp::clixml::{self, Tape};
    use psrp::records::ErrorRecord;
    use psrp::{HostMethod, PipelineEvent};

    use super::{QUESTION, error, host_call, line};

    fn tape(xml: &str) -> Tape {
        clixml::decode(xml.as_bytes().to_vec()).unwrap()
    }

    #[test]
    fn each_stream_has_its_prefix() {
        let record = || tape("<Obj><MS><S N=\"InformationalRecord_Message\">careful</S></MS></Obj>");
        for (event, expected) in [
            (PipelineEvent::Warning(record()), Some(("WARNING: ", "careful"))),
            (PipelineEvent::Verbose(record()), Some(("VERBOSE: ", "careful"))),
            (PipelineEvent::Debug(record()), Some(("DEBUG: ", "careful"))),
            (
                PipelineEvent::Information(tape("<Obj><Props><S N=\"MessageData\">said</S></Props></Obj>")),
                Some(("", "said")),
            ),
            (
                PipelineEvent::Information(tape(
                    "<Obj><Props><S N=\"MessageData\">said</S><Obj N=\"Tags\"><LST><S>PSHOST</S></LST></Obj></Props></Obj>",
                )),
                None,
            ),
            (PipelineEvent::Output(record()), None),
        ] {
            let found = line(&event);
            assert_eq!(found.as_ref().map(|(prefix, text)| (*prefix, text.as_str())), expected, "{event:?}");
        }
    }

    #[test]
    fn what_goes_to_the_host_is_shown_and_questions_are_explained() {
        let parameters = tape("<Objs><I32>7</I32><I32>0</I32><S>What if: x</S></Objs>");
        for (method, expected) in [
            (HostMethod::WriteLine3, Some(("", "What if: x"))),
            (HostMethod::WriteErrorLine, Some(("ERROR: ", "What if: x"))),
            (HostMethod::PromptForChoice, Some(("WARNING: ", QUESTION))),
            (HostMethod::SetWindowTitle, None),
        ] {
            let found = host_call(method, parameters.values());
            assert_eq!(found.as_ref().map(|(prefix, text)| (*prefix, text.as_str())), expected);
        }
    }

    #[test]
    fn an_error_names_the_command_and_how_to_look_it_up() {
        let record = tape(
            "<Obj><MS><Obj N=\"Exception\"><Props><S N=\"Message\">not found</S></Props></Obj>\
             <S N=\"FullyQualifiedErrorId\">Id,Class</S><S N=\"ErrorCategory_Message\">ObjectNotFound: (:)</S></MS></Obj>",
        );
        assert_eq!(
            error("Get-X", ErrorRecord::new(&record)),
            "Get-X: not found\n    Category: ObjectNotFound: (:)\n    Error id: Id,Class"
        );
        assert_eq!(error("Get-X", None), "Get-X: the server ended the command without a reason");
        let bare = tape("<Obj />");
        assert_eq!(
            error("Get-X", ErrorRecord::new(&bare)),
            "Get-X: the server reported an error without a text"
        );
    }
}
