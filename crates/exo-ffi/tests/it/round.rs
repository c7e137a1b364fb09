//! Whole rounds against the stand-in tenant.

use exo::{
    EXO_EVENT_COMMANDS, EXO_EVENT_CONNECT_STEP, EXO_EVENT_CONNECTED, EXO_EVENT_ERROR, EXO_EVENT_FINISHED,
    EXO_EVENT_OUTPUT, EXO_STATE_COMPLETED, EXO_STATE_FAILED, EXO_STATE_STOPPED, EXO_STATUS_AUTHENTICATION,
    EXO_STATUS_BAD_CLIXML, EXO_STATUS_BAD_JSON, EXO_STATUS_BAD_OPTION, EXO_STATUS_CLOSED,
    EXO_STATUS_SHUT_DOWN,
};
use exo_lab::LabConfig;

use crate::api::{self, Event, Next};
use crate::tenant::{Tenant, ending, session_of, working};

#[test]
fn connect_run_and_close() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());

    let events = tenant.start_connect().rest().unwrap();
    let kinds: Vec<u32> = events.iter().map(Event::kind).collect();
    assert!(kinds.ends_with(&[EXO_EVENT_CONNECTED, EXO_EVENT_FINISHED]), "{kinds:?}");
    let steps: Vec<&Event> = events.iter().filter(|event| event.kind() == EXO_EVENT_CONNECT_STEP).collect();
    assert!(!steps.is_empty());
    for step in steps {
        assert_eq!(step.json().unwrap()["detail"].as_str(), step.text().ok().as_deref());
    }
    let session = session_of(&events);
    assert_eq!(tenant.lab.live_shells(), 1);
    let info = session.info().unwrap();
    assert_eq!(info["carrier"], "psrp");
    assert_eq!(info["user"].as_str(), Some(tenant.lab.user().as_str()));

    let domains = session.invoke("Get-AcceptedDomain", "").unwrap().rest().unwrap();
    let rows = output(&domains, EXO_STATE_COMPLETED);
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!(row.members("DomainName").len(), 1);
        assert_eq!(row.tape().unwrap().names_id, rows[0].tape().unwrap().names_id);
        assert_eq!(row.tape().unwrap().version, exo::EXO_TAPE_VERSION);
    }

    let parameters = "<Obj RefId=\"0\"><MS><I32 N=\"ResultSize\">3</I32></MS></Obj>";
    let mailboxes = session.invoke("Get-Mailbox", parameters).unwrap().rest().unwrap();
    assert_eq!(output(&mailboxes, EXO_STATE_COMPLETED).len(), 3);

    let commands = session.commands("[\"Get-*\"]").unwrap().rest().unwrap();
    let list = commands.iter().find(|event| event.kind() == EXO_EVENT_COMMANDS).unwrap().json().unwrap();
    let names: Vec<&str> =
        list.as_array().unwrap().iter().filter_map(|command| command["name"].as_str()).collect();
    assert!(names.contains(&"Get-Mailbox"), "{names:?}");
    assert!(names.iter().all(|name| name.starts_with("Get-")), "{names:?}");

    session.close().unwrap();
    assert_eq!(tenant.lab.live_shells(), 0);
    assert_eq!(session.close().unwrap_err().status, EXO_STATUS_CLOSED);
    assert_eq!(session.invoke("Get-Mailbox", "").map(drop).unwrap_err().status, EXO_STATUS_CLOSED);
    assert_eq!(session.commands("").map(drop).unwrap_err().status, EXO_STATUS_CLOSED);
    assert!(session.info().is_ok(), "what is known stays known");
}

#[test]
fn what_goes_wrong_on_the_server_is_told_and_the_session_goes_on() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let session = tenant.connect();

    let parameters = "<Obj RefId=\"0\"><MS><S N=\"Identity\">nobody at all</S></MS></Obj>";
    let events = session.invoke("Get-Mailbox", parameters).unwrap().rest().unwrap();
    assert!(events.iter().any(|event| event.kind() == EXO_EVENT_ERROR && event.tape().is_ok()));

    let events = session.invoke("Get-NoSuchCommand", "").unwrap().rest().unwrap();
    let finished = events.last().unwrap();
    assert_eq!(finished.state(), Ok(EXO_STATE_FAILED));
    assert!(finished.tape().is_ok(), "the reason is an error record");

    let wrong = session.invoke("Get-Mailbox", "<Obj").map(drop).unwrap_err();
    assert_eq!(wrong.status, EXO_STATUS_BAD_CLIXML);
    let wrong = session.commands("{}").map(drop).unwrap_err();
    assert_eq!(wrong.status, EXO_STATUS_BAD_JSON);
    let unnamed = session.invoke(" ", "").unwrap().rest().unwrap_err();
    assert_eq!(unnamed.status, EXO_STATUS_BAD_OPTION);

    let rows = session.invoke("Get-AcceptedDomain", "").unwrap().rest().unwrap();
    assert!(!output(&rows, EXO_STATE_COMPLETED).is_empty());
    session.close().unwrap();
}

#[test]
fn a_wrong_password_is_an_authentication_failure() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let failure = api::connect(&tenant.options().to_string(), Some("wrong")).unwrap().rest().unwrap_err();
    assert_eq!(failure.status, EXO_STATUS_AUTHENTICATION);
    assert_eq!(failure.category, "AuthenticationError");
    assert_eq!(failure.step, "signIn");
    assert_eq!(tenant.lab.live_shells(), 0);
}

#[test]
fn a_cancelled_command_stops_and_the_session_goes_on() {
    let _working = working();
    let tenant = Tenant::start(LabConfig { mailboxes: 20_000, ..LabConfig::default() });
    let session = tenant.connect();
    let parameters = "<Obj RefId=\"0\"><MS><S N=\"ResultSize\">Unlimited</S></MS></Obj>";
    let operation = session.invoke("Get-Mailbox", parameters).unwrap();
    assert!(matches!(operation.next(exo::EXO_WAIT_FOREVER), Ok(Next::Event(_))));
    operation.cancel();
    let events = operation.rest().unwrap();
    assert_eq!(events.last().unwrap().state(), Ok(EXO_STATE_STOPPED));
    assert!(output(&events, EXO_STATE_STOPPED).len() < 20_000);
    let rows = session.invoke("Get-AcceptedDomain", "").unwrap().rest().unwrap();
    assert!(!output(&rows, EXO_STATE_COMPLETED).is_empty());
    session.close().unwrap();
}

#[test]
fn what_is_freed_early_is_closed_before_the_library_shuts_down() {
    let _ending = ending();
    let tenant = Tenant::start(LabConfig { mailboxes: 2000, ..LabConfig::default() });
    let session = tenant.connect();
    let running = session.invoke("Get-Mailbox", "").unwrap();
    let idle = tenant.connect();
    let never_taken = tenant.start_connect().rest().unwrap();
    assert_eq!(tenant.lab.live_shells(), 3);
    drop(session);
    drop(running);
    drop(idle);
    drop(never_taken);
    api::shutdown();
    assert_eq!(tenant.lab.live_shells(), 0);
}

#[test]
fn shutting_down_closes_sessions_ends_operations_and_can_be_undone() {
    let _ending = ending();
    let tenant = Tenant::start(LabConfig::default());
    let session = tenant.connect();
    let mut options = tenant.options();
    options["signIn"] = "device".into();
    let waiting = api::connect(&options.to_string(), None).unwrap();
    api::shutdown();
    assert_eq!(tenant.lab.live_shells(), 0);
    assert_eq!(waiting.rest().unwrap_err().status, EXO_STATUS_SHUT_DOWN);
    assert_eq!(session.invoke("Get-Mailbox", "").map(drop).unwrap_err().status, EXO_STATUS_CLOSED);
    api::shutdown();

    let again = tenant.connect();
    assert!(again.info().is_ok());
    again.close().unwrap();
}

/// The output among the events; the last one has to tell this state.
fn output(events: &[Event], state: u32) -> Vec<&Event> {
    assert_eq!(events.last().unwrap().state(), Ok(state));
    events.iter().filter(|event| event.kind() == EXO_EVENT_OUTPUT).collect()
}
