//! PowerShell's own protocol through the C ABI.

use exo::{EXO_EVENT_BROKEN, EXO_EVENT_LINE, EXO_STATUS_BAD_ARGUMENT, EXO_STATUS_PROTOCOL, EXO_WAIT_FOREVER};
use exo_lab::LabConfig;
use psrp::{Line, LineRequest, PoolConfig, PoolEvent, RunspacePool, Target};
use serde_json::json;
use uuid::Uuid;

use crate::api::{self, Event, Next, Operation};
use crate::tenant::{Tenant, working};

fn options(tenant: &Tenant) -> String {
    let mut options = tenant.options();
    options["authentication"] = json!("basic");
    options.to_string()
}

fn next(operation: &Operation) -> Option<Event> {
    match operation.next(EXO_WAIT_FOREVER).unwrap() {
        Next::Event(event) => Some(event),
        Next::End => None,
        Next::Pending => panic!("waiting forever is never pending"),
    }
}

/// The first line that a client writes.
pub(crate) fn opening(pool: &mut RunspacePool) -> String {
    pool.open().unwrap();
    let first = pool.poll_transmit(Target::Pool, 32_768).unwrap();
    let (stream, bytes) = (first.stream, first.payload.to_vec());
    Line::Data { stream, guid: Uuid::nil(), bytes: bytes.into() }.encode()
}

fn close() -> String {
    Line::Ask(LineRequest::Close, Uuid::nil()).encode()
}

#[test]
fn a_pool_is_opened_and_closed_in_lines() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let relay = api::relay(&options(&tenant), tenant.lab.password()).unwrap();
    let mut pool = RunspacePool::new(Uuid::from_u128(7), PoolConfig::default());
    relay.write_line(&opening(&mut pool)).unwrap();
    let mut is_open = false;
    while !is_open {
        let event = next(&relay).unwrap();
        if event.kind() != EXO_EVENT_LINE {
            continue;
        }
        if let Some(Line::Data { bytes, .. }) = Line::decode(&event.text().unwrap()) {
            pool.handle_bytes(bytes).unwrap();
        }
        while let Some(event) = pool.poll_event() {
            is_open |= matches!(event, PoolEvent::Opened);
        }
    }
    assert_eq!(tenant.lab.live_shells(), 1);
    relay.write_line(&close()).unwrap();
    let mut last = None;
    while let Some(event) = next(&relay) {
        last = event.text().ok();
    }
    assert_eq!(last.as_deref(), Some("<CloseAck PSGuid='00000000-0000-0000-0000-000000000000' />"));
    assert_eq!(tenant.lab.live_shells(), 0);
    relay.write_line(&close()).unwrap();
}

#[test]
fn a_link_that_breaks_says_why_and_still_answers() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let relay = api::relay(&options(&tenant), "wrong").unwrap();
    let mut pool = RunspacePool::new(Uuid::from_u128(7), PoolConfig::default());
    relay.write_line(&opening(&mut pool)).unwrap();
    let broken = loop {
        let event = next(&relay).unwrap();
        if event.kind() == EXO_EVENT_BROKEN {
            break event;
        }
    };
    assert_eq!(broken.json().unwrap()["code"], 5);
    let text = broken.text().unwrap();
    assert!(text.contains("did not accept the user name and the password"), "{text}");
    relay.write_line(&close()).unwrap();
    assert_eq!(next(&relay).unwrap().kind(), EXO_EVENT_LINE);
    assert!(next(&relay).is_none());
}

#[test]
fn what_is_no_line_and_what_is_no_relay_are_refused() {
    let _working = working();
    let tenant = Tenant::start(LabConfig::default());
    let relay = api::relay(&options(&tenant), tenant.lab.password()).unwrap();
    assert_eq!(relay.write_line("hello").unwrap_err().status, EXO_STATUS_PROTOCOL);
    let connecting = tenant.start_connect();
    assert_eq!(connecting.write_line(&close()).unwrap_err().status, EXO_STATUS_BAD_ARGUMENT);
    for event in connecting.rest().unwrap() {
        if let Ok(session) = event.session() {
            session.close().unwrap();
        }
    }
}
