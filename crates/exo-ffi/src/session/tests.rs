use std::sync::Arc;

use exo_lab::{Lab, LabConfig};
use exo_session::{ConnectOptions, Secret};
use serde_json::json;
use tokio::runtime::Runtime;

use super::ExoSession;
use crate::error::refuse;
use crate::runtime::{self, tests::working};
use crate::status::{
    EXO_STATUS_CLOSED, EXO_STATUS_END, EXO_STATUS_PANIC, EXO_STATUS_POISONED, EXO_STATUS_PROTOCOL,
};

#[test]
fn a_panic_poisons_the_session_which_can_still_be_closed() {
    let _working = working();
    let lab_threads = Runtime::new().unwrap();
    let lab = lab_threads.block_on(Lab::start(LabConfig::default())).unwrap();
    for at_once in [true, false] {
        let session = connect(&lab_threads, &lab);
        if at_once {
            let refused = session.fenced(|_| -> Result<(), _> { panic!("at once") });
            assert_eq!(refused.map_err(|refusal| refusal.status()), Err(EXO_STATUS_PANIC));
        } else {
            let operation = session
                .start(|_, sender, _| async move {
                    let _sender = sender;
                    panic!("in the task");
                })
                .unwrap();
            assert_eq!(operation.wait(), EXO_STATUS_PANIC);
            assert_eq!(operation.wait(), EXO_STATUS_END);
        }
        let refused = session.start(|_, _, _| std::future::ready(()));
        assert_eq!(refused.map(drop).map_err(|refusal| refusal.status()), Err(EXO_STATUS_POISONED));
        assert!(session.start_close().unwrap().wait(std::time::Duration::MAX).is_ok());
        assert_eq!(
            session.start_close().map(drop).map_err(|refusal| refusal.status()),
            Err(EXO_STATUS_CLOSED)
        );
    }
    assert_eq!(lab.live_shells(), 0);
}

#[test]
fn an_ordinary_refusal_does_not_poison() {
    let _working = working();
    let lab_threads = Runtime::new().unwrap();
    let lab = lab_threads.block_on(Lab::start(LabConfig::default())).unwrap();
    let session = connect(&lab_threads, &lab);
    let refused =
        session.fenced(|_| -> Result<(), _> { Err(refuse(EXO_STATUS_PROTOCOL, format_args!("x"))) });
    assert!(refused.is_err());
    assert!(session.fenced(|_| Ok(())).is_ok());
}

fn connect(threads: &Runtime, lab: &Lab) -> Arc<ExoSession> {
    let options = json!({
        "connectionUri": lab.url(), "authority": lab.authority(), "user": lab.user(), "caFile": lab.ca_file(),
    });
    let mut options: ConnectOptions = serde_json::from_value(options).unwrap();
    options.password = Some(Secret::new(lab.password().to_owned()));
    let session = threads.block_on(exo_session::connect(options, |_| {})).unwrap();
    Arc::new(ExoSession::new(session, runtime::threads().unwrap()))
}
