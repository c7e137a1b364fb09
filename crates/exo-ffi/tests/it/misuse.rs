//! Every export, called wrongly.

use std::collections::BTreeSet;
use std::ptr::{null, null_mut};

use exo::{
    EXO_IMPACT_HIGH, EXO_STATUS_BAD_ARGUMENT, EXO_STATUS_BAD_CLIXML, EXO_STATUS_BAD_JSON,
    EXO_STATUS_BAD_UTF8, EXO_STATUS_BUSY, EXO_STATUS_CANCELLED, EXO_STATUS_NO_SUCH_NAME, EXO_STATUS_NULL,
    EXO_STATUS_OK, EXO_STATUS_WRONG_EVENT, ExoSecret, ExoStatus, ExoText,
};

use crate::api::{self, Next, no_text, sized_error_view, sized_tape};
use crate::header::exports;
use crate::tenant::{Tenant, working};

/// Calls an export; gives its name and what it returned.
macro_rules! call {
    ($name:ident($($argument:expr),* $(,)?)) => {
        (
            stringify!($name),
            // SAFETY: each argument is NULL, or as the documentation of the export asks.
            unsafe { exo::$name($($argument),*) },
        )
    };
}

#[test]
fn null_is_a_status_and_not_a_crash() {
    let event = api::decode(b"<S>a</S>").unwrap();
    let operation = refused_connect();
    let mut text = no_text();
    let mut tape = sized_tape();
    let mut view = sized_error_view();
    let mut state = 0;
    let mut input = 0;
    let mut event_out = null_mut();
    let mut operation_out = null_mut();
    let mut session_out = null_mut();
    let mut bytes_out = null_mut();
    let options = b"{}";
    let refused: Vec<(&str, ExoStatus)> = vec![
        call!(exo_bytes_view(null(), &raw mut text)),
        call!(exo_clixml_decode(null(), 1, &raw mut event_out, null_mut())),
        call!(exo_clixml_decode(options.as_ptr(), 0, null_mut(), null_mut())),
        call!(exo_connect(null(), 2, null(), 0, &raw mut operation_out, null_mut())),
        call!(exo_connect(options.as_ptr(), 2, null(), 7, &raw mut operation_out, null_mut())),
        call!(exo_connect(options.as_ptr(), 2, null(), 0, null_mut(), null_mut())),
        call!(exo_connect_with(null(), 2, null(), 0, null_mut(), &raw mut operation_out, null_mut())),
        call!(exo_connect_with(
            options.as_ptr(),
            2,
            null(),
            1,
            null_mut(),
            &raw mut operation_out,
            null_mut()
        )),
        call!(exo_connect_with(options.as_ptr(), 2, null(), 0, null_mut(), null_mut(), null_mut())),
        call!(exo_relay(null(), 2, null(), 0, &raw mut operation_out, null_mut())),
        call!(exo_relay(options.as_ptr(), 2, null(), 1, &raw mut operation_out, null_mut())),
        call!(exo_relay(options.as_ptr(), 2, null(), 0, null_mut(), null_mut())),
        call!(exo_session_relay(null(), &raw mut operation_out, null_mut())),
        call!(exo_session_relay(null(), null_mut(), null_mut())),
        call!(exo_relay_write(null(), options.as_ptr(), 2, null_mut())),
        call!(exo_relay_write(operation.0, null(), 2, null_mut())),
        call!(exo_error_view(null(), &raw mut view)),
        call!(exo_event_text(null(), &raw mut text)),
        call!(exo_event_text(event.0, null_mut())),
        call!(exo_event_json(null(), &raw mut text)),
        call!(exo_event_json(event.0, null_mut())),
        call!(exo_event_state(null(), &raw mut state)),
        call!(exo_event_state(event.0, null_mut())),
        call!(exo_event_session(null(), &raw mut session_out)),
        call!(exo_event_session(event.0, null_mut())),
        call!(exo_event_tape(null(), &raw mut tape)),
        call!(exo_event_tape(event.0, null_mut())),
        call!(exo_tape_name(null(), 1, &raw mut text)),
        call!(exo_tape_name(event.0, 1, null_mut())),
        call!(exo_session_invoke(null(), options.as_ptr(), 2, null(), 0, &raw mut operation_out, null_mut())),
        call!(exo_session_invoke(null(), options.as_ptr(), 2, null(), 0, null_mut(), null_mut())),
        call!(exo_session_invoke_asking(
            null(),
            options.as_ptr(),
            2,
            null(),
            0,
            EXO_IMPACT_HIGH,
            &raw mut operation_out,
            null_mut()
        )),
        call!(exo_session_invoke_batch(
            null(),
            options.as_ptr(),
            2,
            EXO_IMPACT_HIGH,
            1,
            &raw mut operation_out,
            null_mut()
        )),
        call!(exo_operation_write(null(), null(), 0, null_mut())),
        call!(exo_operation_end_input(null())),
        call!(exo_event_input(null(), &raw mut input)),
        call!(exo_event_input(event.0, null_mut())),
        call!(exo_event_error(null(), &raw mut view)),
        call!(exo_event_error(event.0, null_mut())),
        call!(exo_session_commands(null(), null(), 0, &raw mut operation_out, null_mut())),
        call!(exo_session_commands(null(), null(), 0, null_mut(), null_mut())),
        call!(exo_session_info(null(), &raw mut bytes_out, null_mut())),
        call!(exo_session_info(null(), null_mut(), null_mut())),
        call!(exo_session_close(null(), 0, null_mut())),
        call!(exo_operation_next(null(), 0, &raw mut event_out, null_mut())),
        call!(exo_operation_next(operation.0, 0, null_mut(), null_mut())),
        call!(exo_operation_cancel(null())),
        call!(exo_operation_answer(null(), 0)),
        call!(exo_operation_reply(null(), options.as_ptr(), 2, null(), 0, null_mut())),
        call!(exo_operation_reply(operation.0, null(), 2, null(), 0, null_mut())),
        call!(exo_operation_reply(operation.0, options.as_ptr(), 2, null(), 1, null_mut())),
        call!(exo_status_name(EXO_STATUS_OK, null_mut())),
    ];
    for (name, status) in &refused {
        assert_eq!(*status, EXO_STATUS_NULL, "{name}");
    }

    let accepted = [
        call!(exo_bytes_free(null_mut())).0,
        call!(exo_error_free(null_mut())).0,
        call!(exo_event_free(null_mut())).0,
        call!(exo_operation_free(null_mut())).0,
        call!(exo_session_free(null_mut())).0,
        call!(exo_event_kind(null())).0,
    ];
    let without_pointers = ["exo_abi_version", "exo_shutdown"];
    let tried: BTreeSet<&str> =
        refused.iter().map(|(name, _)| *name).chain(accepted).chain(without_pointers).collect();
    assert_eq!(tried.into_iter().collect::<Vec<_>>(), exports(), "an export is not tried with NULL");
}

#[test]
fn a_null_argument_is_named_in_the_error() {
    let (mut out, mut error) = (null_mut(), null_mut());
    // SAFETY: NULL is what is tried; both places are writable.
    let status = unsafe { exo::exo_session_commands(null(), null(), 0, &raw mut out, &raw mut error) };
    let failure = api::check(status, error).unwrap_err();
    assert_eq!(failure.message, "session is NULL");
    assert_eq!(failure.category, "InvalidArgument");
    assert_eq!(failure.error_id, "ExoNull");
    assert!(out.is_null());
}

#[test]
fn outputs_are_null_after_a_refusal() {
    let event = api::decode(b"<S>a</S>").unwrap();
    let mut out = event.0;
    // SAFETY: the place is writable, the rest is NULL.
    let status = unsafe { exo::exo_clixml_decode(null(), 1, &raw mut out, null_mut()) };
    assert_eq!(status, EXO_STATUS_NULL);
    assert!(out.is_null());
}

#[test]
fn texts_are_checked() {
    let wrong_options: &[(&[u8], ExoStatus)] = &[
        (b"{\"user\": \"\xFF\"}", EXO_STATUS_BAD_UTF8),
        (b"", EXO_STATUS_BAD_JSON),
        (b"[]", EXO_STATUS_BAD_JSON),
        (b"{\"nonsense\": 1}", EXO_STATUS_BAD_JSON),
        (b"{\"password\": \"in the clear\"}", EXO_STATUS_BAD_JSON),
        (b"{\"carrier\": \"pigeon\"}", EXO_STATUS_BAD_JSON),
    ];
    for (options, expected) in wrong_options {
        let mut out = null_mut();
        let (_, status) =
            call!(exo_connect(options.as_ptr(), options.len(), null(), 0, &raw mut out, null_mut()));
        assert_eq!(status, *expected, "{}", String::from_utf8_lossy(options));
    }
    let half = [0xD800u16];
    let mut out = null_mut();
    let (_, status) = call!(exo_connect(b"{}".as_ptr(), 2, half.as_ptr(), 1, &raw mut out, null_mut()));
    assert_eq!(status, EXO_STATUS_BAD_ARGUMENT);
    let (_, status) = call!(exo_connect(b"{}".as_ptr(), usize::MAX, null(), 0, &raw mut out, null_mut()));
    assert_eq!(status, EXO_STATUS_BAD_ARGUMENT);
}

#[test]
fn secrets_are_checked() {
    let named = |name: &'static [u8], value: &'static [u8]| ExoSecret {
        name: ExoText { ptr: name.as_ptr(), len: name.len() },
        ptr: value.as_ptr(),
        len: value.len(),
    };
    let cases = [
        (vec![named(b"pass", b"ab")], EXO_STATUS_BAD_ARGUMENT),
        (vec![named(b"\xFF", b"ab")], EXO_STATUS_BAD_UTF8),
        (vec![named(b"password", b"abc")], EXO_STATUS_BAD_ARGUMENT),
        (vec![named(b"password", b"\x00\xD8")], EXO_STATUS_BAD_ARGUMENT),
        (vec![named(b"password", b"ab"), named(b"password", b"ab")], EXO_STATUS_BAD_ARGUMENT),
    ];
    for (secrets, expected) in cases {
        let mut out = null_mut();
        let (_, status) = call!(exo_connect_with(
            b"{}".as_ptr(),
            2,
            secrets.as_ptr(),
            secrets.len(),
            null_mut(),
            &raw mut out,
            null_mut()
        ));
        assert_eq!(status, expected, "{secrets:?}");
        assert!(out.is_null());
    }
}

#[test]
fn replies_are_checked() {
    let operation = refused_connect();
    for (reply, expected) in [
        (&b"[]"[..], EXO_STATUS_BAD_JSON),
        (b"{\"choice\": \"yes\"}", EXO_STATUS_BAD_JSON),
        (b"{\"line\": \"a\", \"other\": 1}", EXO_STATUS_BAD_JSON),
        (b"{}", EXO_STATUS_OK),
    ] {
        let (_, status) =
            call!(exo_operation_reply(operation.0, reply.as_ptr(), reply.len(), null(), 0, null_mut()));
        assert_eq!(status, expected, "{}", String::from_utf8_lossy(reply));
    }
}

#[test]
fn wrong_clixml_is_told_with_its_place() {
    for clixml in
        ["<I32></I32>", "<Obj><Unknown/></Obj>", "<S>a", "<Ref RefId=\"9\"/>", "<!DOCTYPE a><S>a</S>"]
    {
        let failure = api::decode(clixml.as_bytes()).unwrap_err();
        assert_eq!(failure.status, EXO_STATUS_BAD_CLIXML, "{clixml}");
        assert!(failure.message.contains("byte"), "{}", failure.message);
    }
}

#[test]
fn a_struct_of_another_size_is_refused() {
    let event = api::decode(b"<S>a</S>").unwrap();
    let mut tape = sized_tape();
    tape.size -= 1;
    let (_, status) = call!(exo_event_tape(event.0, &raw mut tape));
    assert_eq!(status, EXO_STATUS_BAD_ARGUMENT);
    tape.size = u32::MAX;
    let (_, status) = call!(exo_event_tape(event.0, &raw mut tape));
    assert_eq!(status, EXO_STATUS_OK);
    assert_eq!(usize::try_from(tape.size).unwrap(), size_of_val(&tape));
}

#[test]
fn an_event_gives_only_what_it_has() {
    let event = api::decode(b"<Obj><MS><S N=\"Name\">a_x0020_b</S></MS></Obj>").unwrap();
    assert_eq!(event.kind(), exo::EXO_EVENT_VALUES);
    assert_eq!(event.text(), Err(EXO_STATUS_WRONG_EVENT));
    assert_eq!(event.json(), Err(EXO_STATUS_WRONG_EVENT));
    assert_eq!(event.state(), Err(EXO_STATUS_WRONG_EVENT));
    assert_eq!(event.session().map(drop), Err(EXO_STATUS_WRONG_EVENT));
    assert_eq!(event.members("Name"), ["a b"]);
    let names = event.tape().unwrap().name_count;
    for number in [0, names + 1, u32::MAX] {
        assert_eq!(event.name(number), Err(EXO_STATUS_NO_SUCH_NAME));
    }
}

#[test]
fn tapes_with_one_table_of_names_share_its_number_and_others_do_not() {
    // A value without a name has no table of its own.
    const NAMED: &[u8] = br#"<Obj RefId="0"><MS><S N="a">b</S></MS></Obj>"#;
    let first = api::decode(NAMED).unwrap();
    let second = api::decode(NAMED).unwrap();
    assert_eq!(first.tape().unwrap().names_id, first.tape().unwrap().names_id);
    assert_ne!(first.tape().unwrap().names_id, second.tape().unwrap().names_id);
    let gone = second.tape().unwrap().names_id;
    drop(second);
    for _ in 0..100 {
        let next = api::decode(NAMED).unwrap();
        assert!(gone < next.tape().unwrap().names_id);
    }
}

#[test]
fn every_status_has_a_name_and_other_numbers_have_none() {
    let mut text = no_text();
    let (_, status) = call!(exo_status_name(EXO_STATUS_BUSY, &raw mut text));
    assert_eq!((status, text.len), (EXO_STATUS_OK, "BUSY".len()));
    for number in [1, 99, 102, 999, u32::MAX] {
        let (_, status) = call!(exo_status_name(number, &raw mut text));
        assert_eq!(status, EXO_STATUS_BAD_ARGUMENT);
    }
}

#[test]
fn a_second_thread_on_one_operation_is_busy_and_cancel_is_not() {
    let _working = working();
    let tenant = Tenant::start(exo_lab::LabConfig::default());
    let mut options = tenant.options();
    options["signIn"] = "device".into();
    let operation = api::connect(&options.to_string(), None).unwrap();
    // The code waits for a person, so that the operation has nothing more to tell.
    while let Next::Event(event) = operation.next(exo::EXO_WAIT_FOREVER).unwrap() {
        if event.kind() == exo::EXO_EVENT_DEVICE_CODE {
            assert!(event.text().unwrap().contains(event.json().unwrap()["userCode"].as_str().unwrap()));
            break;
        }
    }
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            loop {
                match operation.next(exo::EXO_WAIT_FOREVER) {
                    // The other thread was looking just then.
                    Err(failure) if failure.status == EXO_STATUS_BUSY => std::thread::yield_now(),
                    other => break other.map(drop),
                }
            }
        });
        loop {
            match operation.next(0) {
                Ok(Next::Pending) => std::thread::yield_now(),
                Ok(other) => panic!("{other:?}"),
                Err(failure) => {
                    assert_eq!(failure.status, EXO_STATUS_BUSY);
                    break;
                }
            }
        }
        operation.cancel();
        operation.cancel();
        let failure = waiting.join().unwrap().unwrap_err();
        assert_eq!(failure.status, EXO_STATUS_CANCELLED);
    });
    assert!(matches!(operation.next(exo::EXO_WAIT_FOREVER), Ok(Next::End)));
}

/// An operation that fails by itself: a password would go over plain http.
fn refused_connect() -> api::Operation {
    let _working = working();
    api::connect("{\"connectionUri\": \"http://mail.contoso.com/powershell\"}", Some("x")).unwrap()
}
