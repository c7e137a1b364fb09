//! One command for many inputs.

use exo::{
    EXO_EVENT_ERROR, EXO_EVENT_FINISHED, EXO_EVENT_INPUT_ENDED, EXO_EVENT_OUTPUT, EXO_OUTCOME_FAILED,
    EXO_OUTCOME_NOT_SENT, EXO_OUTCOME_SUCCEEDED, EXO_STATUS_BAD_CLIXML, EXO_STATUS_BAD_OPTION,
    EXO_STATUS_END, EXO_STATUS_OK, EXO_STATUS_PENDING,
};
use exo_lab::LabConfig;
use serde_json::json;

use crate::api::{Event, Next, Operation};
use crate::tenant::{Tenant, session_of, working};

fn identity(name: &str) -> String {
    format!("<Obj RefId=\"0\"><MS><S N=\"Identity\">{name}</S></MS></Obj>")
}

/// Writes an input, taking events while there is no room.
fn write(batch: &Operation, clixml: &str, events: &mut Vec<Event>) {
    loop {
        match batch.write(clixml) {
            EXO_STATUS_OK => return,
            EXO_STATUS_PENDING => {
                if let Next::Event(event) = batch.next(exo::EXO_WAIT_FOREVER).unwrap() {
                    events.push(event);
                }
            }
            status => panic!("status {status}"),
        }
    }
}

#[test]
fn what_comes_of_the_inputs_stays_in_their_order() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let options = json!({
        "connectionUri": tenant.lab.rest_url(),
        "authority": tenant.lab.authority(),
        "user": tenant.lab.user(),
        "caFile": tenant.lab.ca_file(),
    });
    let connecting = crate::api::connect(&options.to_string(), Some(tenant.lab.password())).unwrap();
    let session = session_of(&connecting.rest().unwrap());
    assert_eq!(session.invoke_batch("Get-Mailbox", 17).map(drop).unwrap_err().status, EXO_STATUS_BAD_OPTION);

    let batch = session.invoke_batch("Get-Mailbox", 2).unwrap();
    assert_eq!(batch.write("<Obj>"), EXO_STATUS_BAD_CLIXML);
    let mut events = Vec::new();
    for number in 0..55u32 {
        let name = if number == 7 { "nobody".to_owned() } else { format!("user{:05}", number % 5 + 1) };
        write(&batch, &identity(&name), &mut events);
    }
    batch.end_input();
    assert_eq!(batch.write(&identity("late")), EXO_STATUS_END);
    events.extend(batch.rest().unwrap());
    assert_eq!(events.pop().map(|event| event.kind()), Some(EXO_EVENT_FINISHED));

    let inputs: Vec<u64> = events.iter().map(|event| event.input().unwrap()).collect();
    assert!(inputs.is_sorted());
    let ends: Vec<u32> = events
        .iter()
        .filter(|event| event.kind() == EXO_EVENT_INPUT_ENDED)
        .map(|event| event.state().unwrap())
        .collect();
    assert_eq!(ends.len(), 55);
    for (number, outcome) in ends.iter().enumerate() {
        let expected = if number == 7 { EXO_OUTCOME_FAILED } else { EXO_OUTCOME_SUCCEEDED };
        assert_eq!(*outcome, expected, "input {number}");
    }
    assert_eq!(events.iter().filter(|event| event.kind() == EXO_EVENT_OUTPUT).count(), 54);
    let errors: Vec<u64> = events
        .iter()
        .filter(|event| event.kind() == EXO_EVENT_ERROR)
        .map(|event| event.input().unwrap())
        .collect();
    assert_eq!(errors, [7]);
    session.close().unwrap();
}

#[test]
fn a_batch_that_is_cancelled_sends_nothing_more() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let options = json!({
        "connectionUri": tenant.lab.rest_url(),
        "authority": tenant.lab.authority(),
        "user": tenant.lab.user(),
        "caFile": tenant.lab.ca_file(),
    });
    let connecting = crate::api::connect(&options.to_string(), Some(tenant.lab.password())).unwrap();
    let session = session_of(&connecting.rest().unwrap());
    let set =
        "<Obj RefId=\"0\"><MS><S N=\"Identity\">user00001</S><S N=\"CustomAttribute1\">x</S></MS></Obj>";
    let batch = session.invoke_batch("Set-Mailbox", 1).unwrap();
    // Fewer than a request holds, so that nothing goes out before the end of the input.
    for _ in 0..3 {
        assert_eq!(batch.write(set), EXO_STATUS_OK);
    }
    batch.cancel();
    let ends: Vec<u32> = match batch.rest() {
        Ok(events) => events.iter().filter_map(|event| event.state().ok()).take(3).collect(),
        Err(failure) => panic!("{}", failure.message),
    };
    assert_eq!(ends, [EXO_OUTCOME_NOT_SENT; 3]);
    assert_eq!(tenant.lab.executions("Set-Mailbox"), 0);

    let freed = session.invoke_batch("Set-Mailbox", 1).unwrap();
    assert_eq!(freed.write(set), EXO_STATUS_OK);
    drop(freed);
    session.close().unwrap();
    assert_eq!(tenant.lab.executions("Set-Mailbox"), 0);
}
