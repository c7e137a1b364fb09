//! The records that a command writes beside its output, in the form that remoting gives them too.

use psrp::clixml::{Encoder, Tape, decode};
use psrp::server::{ErrorBody, InformationalBody};
use psrp::{HostCall, HostMethod, MessageType};

/// A warning.
pub(crate) fn warning(message: &str) -> Tape {
    let mut body = Vec::new();
    InformationalBody { message }.encode(MessageType::WarningRecord, &mut body);
    tape(body)
}

/// An error; its target object is a text.
pub(crate) fn error(body: ErrorBody<'_>, target: Option<&str>) -> Tape {
    let mut text = Vec::new();
    if let Some(target) = target {
        Encoder::new(&mut text).string(None, target);
    }
    let target = tape(text);
    let mut out = Vec::new();
    ErrorBody { target_object: target.first(), ..body }.encode(&mut out);
    tape(out)
}

/// An error as `Write-Error` writes it from a text, in the function `writer`.
pub(crate) fn written_error(message: &str, writer: &str) -> Tape {
    let id = format!("{WRITE_ERROR},{writer}");
    let body = ErrorBody {
        exception_types: &[WRITE_ERROR, "System.SystemException", "System.Exception", "System.Object"],
        fully_qualified_error_id: &id,
        activity: "Write-Error",
        ..ErrorBody::new(message)
    };
    error(body, None)
}

/// The question whether to go on, as a server with a host would put it (MS-PSRP 2.2.3.27, method 26).
pub(crate) fn question(call_id: i64, message: &str) -> HostCall {
    HostCall::of(call_id, HostMethod::PromptForChoice, |parameters| {
        parameters.string(None, "Confirm");
        parameters.string(None, &format!("{SURE}\n{message}"));
        parameters.object(None, CHOICES, None, |list| {
            list.list(|list| {
                for label in ["&Yes", "Yes to &All", "&No", "No to A&ll", "&Suspend"] {
                    list.object(None, &[], None, |choice| {
                        choice.members(|members| {
                            members.string("helpMessage", "");
                            members.string("label", label);
                        });
                    });
                }
            });
        });
        parameters.i32(None, 0);
    })
}

/// What would be done, in a line for the console.
pub(crate) fn what_if(message: &str) -> HostCall {
    HostCall::of(0, HostMethod::WriteLine2, |parameters| {
        parameters.string(None, &format!("What if: {message}"));
    })
}

/// What was encoded right here.
fn tape(body: Vec<u8>) -> Tape {
    // INVARIANT: what an encoder wrote is well-formed; the empty body, which stands for one beyond the limits, too.
    decode(body).or_else(|_| decode(Vec::new())).expect("an encoder's own output decodes")
}

/// The choices of a question that let the command go on.
pub(crate) const GOES_ON: [i32; 2] = [0 /* yes */, 1 /* yes to all */];
const SURE: &str = "Are you sure you want to perform this action?";
const WRITE_ERROR: &str = "Microsoft.PowerShell.Commands.WriteErrorException";
const CHOICES: &[&str] = &["System.Collections.ArrayList", "System.Object"];

#[cfg(test)]
mod tests {
    use psrp::Question;

    use super::*;

    #[test]
    fn a_question_reads_like_one_of_a_server() {
        let call = question(7, "Removing mailbox x.");
        let Some(Question::Choice(asked)) = call.question() else { panic!("no question of choices") };
        assert_eq!(asked.caption, "Confirm");
        assert_eq!(asked.message, "Are you sure you want to perform this action?\nRemoving mailbox x.");
        let labels: Vec<&str> = asked.choices.iter().map(|choice| choice.label.as_str()).collect();
        assert_eq!(labels, ["&Yes", "Yes to &All", "&No", "No to A&ll", "&Suspend"]);
    }
}
