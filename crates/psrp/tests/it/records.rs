//! Typed views of records, on recorded ones.

use std::fmt::Write;

use expect_test::expect;
use psrp::clixml::Tape;
use psrp::records::{ErrorRecord, InformationRecord, InformationalRecord, ProgressRecord, RemoteException};
use psrp::{Defragmenter, FragmentLimits, Message, MessageType};

use crate::shared::{fixtures, lines};

/// The messages of the server in a recording, of one type.
fn recorded(test: &str, wanted: MessageType) -> Option<Vec<Tape>> {
    let path = fixtures(test, "powershell-7.6")?.join("streams.jsonl");
    let mut defragmenter = Defragmenter::new(FragmentLimits::default());
    for line in lines(&path).into_iter().filter(|line| !line.from_client) {
        defragmenter.handle_bytes(line.bytes);
    }
    let messages = std::iter::from_fn(|| defragmenter.poll_message().unwrap());
    let bodies = messages.filter(|message: &Message| message.message_type == wanted);
    Some(bodies.map(|message| psrp::clixml::decode(message.data).unwrap()).collect())
}

#[test]
fn an_error_record_tells_everything_powershell_shows() {
    let test = "an_error_record_tells_everything_powershell_shows";
    let Some(bodies) = recorded(test, MessageType::ErrorRecord) else { return };
    let mut text = String::new();
    for body in &bodies {
        let record = ErrorRecord::new(body).unwrap();
        let exception = record.exception().unwrap();
        for (name, value) in [
            ("message", record.message()),
            ("id", record.fully_qualified_error_id()),
            ("category", record.category_message()),
            ("activity", record.category_activity()),
            ("reason", record.category_reason()),
            ("target name", record.category_target_name()),
            ("target type", record.category_target_type()),
            ("stack", record.script_stack_trace()),
            ("exception", exception.type_name()),
            ("inner", exception.inner().and_then(RemoteException::type_name)),
            ("inner message", exception.inner().and_then(RemoteException::message)),
        ] {
            if let Some(value) = value {
                writeln!(text, "{name}: {value}").unwrap();
            }
        }
        writeln!(text, "category: {}", record.category().unwrap()).unwrap();
        writeln!(text, "target: {:?}", record.target_object().map(|target| target.to_string())).unwrap();
        writeln!(text, "position: {:?}", record.position_message().is_some()).unwrap();
    }
    expect![[r#"
        message: an error
        id: MyId
        category: InvalidData: (42:Int32) [Write-Error], WriteErrorException
        activity: Write-Error
        reason: WriteErrorException
        target name: 42
        target type: Int32
        stack: at <ScriptBlock>, <No file>: line 1
        exception: Microsoft.PowerShell.Commands.WriteErrorException
        category: InvalidData
        target: Some("42")
        position: false
        message: Attempted to divide by zero.
        id: RuntimeException
        category: NotSpecified: (:) [], RuntimeException
        activity: 
        reason: RuntimeException
        target name: 
        target type: 
        stack: at <ScriptBlock>, <No file>: line 1
        exception: System.Management.Automation.RuntimeException
        inner: System.DivideByZeroException
        inner message: Attempted to divide by zero.
        category: NotSpecified
        target: None
        position: true
    "#]]
    .assert_eq(&text);
}

#[test]
fn the_other_records_tell_what_was_said() {
    let test = "the_other_records_tell_what_was_said";
    let mut text = String::new();
    for message_type in [MessageType::WarningRecord, MessageType::VerboseRecord, MessageType::DebugRecord] {
        let Some(bodies) = recorded(test, message_type) else { return };
        for body in &bodies {
            let record = InformationalRecord::new(body).unwrap();
            writeln!(text, "{message_type}: {}", record.message().unwrap()).unwrap();
        }
    }
    for body in &recorded(test, MessageType::InformationRecord).unwrap() {
        let record = InformationRecord::new(body).unwrap();
        let tags: Vec<_> = record.tags().map(|tag| tag.to_string()).collect();
        writeln!(
            text,
            "{} {tags:?} by {} of {} on {}, process {}, {}",
            record.message().unwrap(),
            record.source().unwrap(),
            record.user().unwrap(),
            record.computer().unwrap(),
            record.process_id().unwrap(),
            record.time_generated().is_some(),
        )
        .unwrap();
    }
    for body in &recorded(test, MessageType::ProgressRecord).unwrap() {
        let record = ProgressRecord::new(body).unwrap();
        writeln!(
            text,
            "{} {} {} {:?} {:?} {:?} {:?} {}",
            record.activity().unwrap(),
            record.activity_id().unwrap(),
            record.status_description().unwrap(),
            record.current_operation().map(|operation| operation.to_string()),
            record.parent_activity_id(),
            record.percent_complete(),
            record.seconds_remaining(),
            record.is_completed(),
        )
        .unwrap();
    }
    expect![[r#"
        WARNING_RECORD: warn
        VERBOSE_RECORD: verb
        DEBUG_RECORD: deb
        info ["a", "b"] by Write-Information of root on vm, process 20661, true
        hosted ["PSHOST"] by Write-Host of root on vm, process 20661, true
        act 3 st None None Some(50) None false
        act 3 Processing None None None None true
    "#]]
    .assert_eq(&text);
}
