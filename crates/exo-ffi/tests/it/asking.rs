//! Questions of a command over remote PowerShell, and the replies to them.

use exo::{EXO_EVENT_FINISHED, EXO_EVENT_HOST_CALL, EXO_STATE_COMPLETED, EXO_STATE_FAILED};
use exo_lab::LabConfig;

use crate::api::{Event, Next};
use crate::tenant::{Tenant, working};

#[test]
fn a_question_waits_for_its_reply() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let session = tenant.connect();
    let identity = "<Obj RefId=\"0\"><MS><S N=\"Identity\">user00003</S></MS></Obj>";
    for (reply, state, left) in [
        ("{\"choice\": 2}", EXO_STATE_COMPLETED, 1),
        ("{\"refused\": \"the person has gone home\"}", EXO_STATE_FAILED, 1),
        ("{\"line\": \"yes\"}", EXO_STATE_FAILED, 1),
        ("{\"choice\": 0}", EXO_STATE_COMPLETED, 0),
    ] {
        let removing = session.invoke_asking("Remove-Mailbox", identity).unwrap();
        let Next::Event(asked) = removing.next(exo::EXO_WAIT_FOREVER).unwrap() else { panic!("no question") };
        assert_eq!(asked.kind(), EXO_EVENT_HOST_CALL);
        let json = asked.json().unwrap();
        assert_eq!(json["name"], "PromptForChoice");
        let question = &json["question"];
        assert_eq!((&question["kind"], &question["caption"]), (&"choice".into(), &"Confirm".into()));
        assert!(question["message"].as_str().unwrap().contains("Removing the mailbox \"user00003\""));
        assert_eq!(question["choices"][3]["label"], "No to A&ll");
        assert_eq!(question["default"], 0);

        removing.reply(reply).unwrap();
        let rest = removing.rest().unwrap();
        let end = rest.last().unwrap();
        assert_eq!((end.kind(), end.state().unwrap()), (EXO_EVENT_FINISHED, state), "{reply}");
        let found = session.invoke("Get-Mailbox", identity).unwrap().rest().unwrap();
        let mailboxes = found.iter().filter(|event| event.kind() == exo::EXO_EVENT_OUTPUT).count();
        assert_eq!(mailboxes, left, "{reply}");
    }
    session.close().unwrap();
}

#[test]
fn a_command_that_is_cancelled_while_it_asks_ends() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let session = tenant.connect();
    let identity = "<Obj RefId=\"0\"><MS><S N=\"Identity\">user00003</S></MS></Obj>";
    let removing = session.invoke_asking("Remove-Mailbox", identity).unwrap();
    let Next::Event(_asked) = removing.next(exo::EXO_WAIT_FOREVER).unwrap() else { panic!("no question") };
    removing.cancel();
    let rest: Vec<Event> = removing.rest().unwrap();
    assert_eq!(rest.last().map(Event::kind), Some(EXO_EVENT_FINISHED));
    assert!(!session.invoke("Get-AcceptedDomain", "").unwrap().rest().unwrap().is_empty());
    session.close().unwrap();
}
