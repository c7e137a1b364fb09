//! The exports in the shape that the tests read best: owned handles, failures with their texts.

use std::ptr::null_mut;

use exo::{
    EXO_STATUS_END, EXO_STATUS_OK, EXO_STATUS_PENDING, ExoBytes, ExoError, ExoErrorView, ExoEvent, ExoNode,
    ExoOperation, ExoSecret, ExoSession, ExoStatus, ExoTape, ExoText,
};

/// A failed call, with what its error says.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) status: ExoStatus,
    pub(crate) message: String,
    pub(crate) category: String,
    pub(crate) error_id: String,
    pub(crate) step: String,
}

pub(crate) struct Event(pub(crate) *mut ExoEvent);

pub(crate) struct Operation(pub(crate) *mut ExoOperation);

pub(crate) struct Session(pub(crate) *mut ExoSession);

// The handles of operations and sessions may be used from any thread.
// SAFETY: as `include/exo.h` promises.
unsafe impl Sync for Operation {}
// SAFETY: as `include/exo.h` promises.
unsafe impl Sync for Session {}

/// What `exo_operation_next` came to.
#[derive(Debug)]
pub(crate) enum Next {
    Event(Event),
    Pending,
    End,
}

pub(crate) fn connect(options: &str, secret: Option<&str>) -> Result<Operation, Failure> {
    let secret: Option<Vec<u16>> = secret.map(|secret| secret.encode_utf16().collect());
    let units = secret.as_ref().map_or(std::ptr::null(), Vec::as_ptr);
    let len = secret.as_ref().map_or(0, Vec::len);
    let (mut out, mut error) = (null_mut(), null_mut());
    // SAFETY: both spans live during the call, both places are writable.
    let status = unsafe {
        exo::exo_connect(options.as_ptr(), options.len(), units, len, &raw mut out, &raw mut error)
    };
    check(status, error)?;
    Ok(Operation(out))
}

pub(crate) fn relay(options: &str, password: &str) -> Result<Operation, Failure> {
    let units: Vec<u16> = password.encode_utf16().collect();
    let name = b"password";
    let secret = ExoSecret {
        name: ExoText { ptr: name.as_ptr(), len: name.len() },
        ptr: units.as_ptr().cast(),
        len: units.len() * 2,
    };
    let (mut out, mut error) = (null_mut(), null_mut());
    // SAFETY: the spans live during the call, both places are writable.
    let status = unsafe {
        exo::exo_relay(options.as_ptr(), options.len(), &raw const secret, 1, &raw mut out, &raw mut error)
    };
    check(status, error)?;
    Ok(Operation(out))
}

pub(crate) fn decode(clixml: &[u8]) -> Result<Event, Failure> {
    let (mut out, mut error) = (null_mut(), null_mut());
    // SAFETY: the span lives during the call, both places are writable.
    let status =
        unsafe { exo::exo_clixml_decode(clixml.as_ptr(), clixml.len(), &raw mut out, &raw mut error) };
    check(status, error)?;
    Ok(Event(out))
}

pub(crate) fn shutdown() {
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { exo::exo_shutdown(30_000, null_mut()) }, EXO_STATUS_OK);
}

impl Operation {
    pub(crate) fn next(&self, timeout_ms: u32) -> Result<Next, Failure> {
        let (mut out, mut error) = (null_mut(), null_mut());
        // SAFETY: the handle is live, both places are writable.
        let status = unsafe { exo::exo_operation_next(self.0, timeout_ms, &raw mut out, &raw mut error) };
        match status {
            EXO_STATUS_PENDING | EXO_STATUS_END => {
                assert!(out.is_null());
                assert!(error.is_null());
                Ok(if status == EXO_STATUS_END { Next::End } else { Next::Pending })
            }
            _ => check(status, error).map(|()| Next::Event(Event(out))),
        }
    }

    /// Everything until the end, or the failure.
    pub(crate) fn rest(&self) -> Result<Vec<Event>, Failure> {
        let mut events = Vec::new();
        loop {
            match self.next(exo::EXO_WAIT_FOREVER)? {
                Next::Event(event) => events.push(event),
                Next::End => return Ok(events),
                Next::Pending => panic!("waiting forever is never pending"),
            }
        }
    }

    pub(crate) fn write(&self, clixml: &str) -> ExoStatus {
        // SAFETY: the handle is live, the span lives during the call.
        unsafe { exo::exo_operation_write(self.0, clixml.as_ptr(), clixml.len(), null_mut()) }
    }

    pub(crate) fn write_line(&self, line: &str) -> Result<(), Failure> {
        let mut error = null_mut();
        // SAFETY: the handle is live, the span lives during the call, the place is writable.
        let status = unsafe { exo::exo_relay_write(self.0, line.as_ptr(), line.len(), &raw mut error) };
        check(status, error)
    }

    pub(crate) fn end_input(&self) {
        // SAFETY: the handle is live.
        assert_eq!(unsafe { exo::exo_operation_end_input(self.0) }, EXO_STATUS_OK);
    }

    pub(crate) fn reply(&self, json: &str) -> Result<(), Failure> {
        let mut error = null_mut();
        // SAFETY: the handle is live, the span lives during the call, the place is writable.
        let status = unsafe {
            exo::exo_operation_reply(self.0, json.as_ptr(), json.len(), std::ptr::null(), 0, &raw mut error)
        };
        check(status, error)
    }

    pub(crate) fn cancel(&self) {
        // SAFETY: the handle is live.
        assert_eq!(unsafe { exo::exo_operation_cancel(self.0) }, EXO_STATUS_OK);
    }
}

impl Session {
    pub(crate) fn invoke(&self, command: &str, parameters: &str) -> Result<Operation, Failure> {
        let (mut out, mut error) = (null_mut(), null_mut());
        // SAFETY: the handle is live, the spans live during the call, both places are writable.
        let status = unsafe {
            exo::exo_session_invoke(
                self.0,
                command.as_ptr(),
                command.len(),
                parameters.as_ptr(),
                parameters.len(),
                &raw mut out,
                &raw mut error,
            )
        };
        check(status, error)?;
        Ok(Operation(out))
    }

    pub(crate) fn invoke_asking(&self, command: &str, parameters: &str) -> Result<Operation, Failure> {
        let (mut out, mut error) = (null_mut(), null_mut());
        // SAFETY: the handle is live, the spans live during the call, both places are writable.
        let status = unsafe {
            exo::exo_session_invoke_asking(
                self.0,
                command.as_ptr(),
                command.len(),
                parameters.as_ptr(),
                parameters.len(),
                exo::EXO_IMPACT_HIGH,
                &raw mut out,
                &raw mut error,
            )
        };
        check(status, error)?;
        Ok(Operation(out))
    }

    pub(crate) fn invoke_batch(&self, command: &str, in_flight: u32) -> Result<Operation, Failure> {
        let (mut out, mut error) = (null_mut(), null_mut());
        // SAFETY: the handle is live, the span lives during the call, both places are writable.
        let status = unsafe {
            exo::exo_session_invoke_batch(
                self.0,
                command.as_ptr(),
                command.len(),
                exo::EXO_IMPACT_HIGH,
                in_flight,
                &raw mut out,
                &raw mut error,
            )
        };
        check(status, error)?;
        Ok(Operation(out))
    }

    pub(crate) fn commands(&self, names: &str) -> Result<Operation, Failure> {
        let (mut out, mut error) = (null_mut(), null_mut());
        // SAFETY: the handle is live, the span lives during the call, both places are writable.
        let status = unsafe {
            exo::exo_session_commands(self.0, names.as_ptr(), names.len(), &raw mut out, &raw mut error)
        };
        check(status, error)?;
        Ok(Operation(out))
    }

    pub(crate) fn info(&self) -> Result<serde_json::Value, Failure> {
        let (mut out, mut error): (*mut ExoBytes, _) = (null_mut(), null_mut());
        // SAFETY: the handle is live, both places are writable.
        let status = unsafe { exo::exo_session_info(self.0, &raw mut out, &raw mut error) };
        check(status, error)?;
        let mut text = no_text();
        // SAFETY: the handle was just made, the place is writable.
        assert_eq!(unsafe { exo::exo_bytes_view(out, &raw mut text) }, EXO_STATUS_OK);
        let json = serde_json::from_slice(bytes_of(&text)).expect("the library writes JSON");
        // SAFETY: live and not used again.
        unsafe { exo::exo_bytes_free(out) };
        Ok(json)
    }

    pub(crate) fn close(&self) -> Result<(), Failure> {
        let mut error = null_mut();
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_session_close(self.0, 30_000, &raw mut error) };
        check(status, error)
    }
}

impl Event {
    pub(crate) fn kind(&self) -> u32 {
        // SAFETY: the handle is live.
        unsafe { exo::exo_event_kind(self.0) }
    }

    pub(crate) fn text(&self) -> Result<String, ExoStatus> {
        let mut text = no_text();
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_event_text(self.0, &raw mut text) };
        string(status, &text)
    }

    pub(crate) fn json(&self) -> Result<serde_json::Value, ExoStatus> {
        let mut text = no_text();
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_event_json(self.0, &raw mut text) };
        string(status, &text).map(|json| serde_json::from_str(&json).expect("the library writes JSON"))
    }

    pub(crate) fn state(&self) -> Result<u32, ExoStatus> {
        let mut state = 0;
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_event_state(self.0, &raw mut state) };
        if status == EXO_STATUS_OK { Ok(state) } else { Err(status) }
    }

    pub(crate) fn input(&self) -> Result<u64, ExoStatus> {
        let mut input = 0;
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_event_input(self.0, &raw mut input) };
        if status == EXO_STATUS_OK { Ok(input) } else { Err(status) }
    }

    pub(crate) fn session(&self) -> Result<Session, ExoStatus> {
        let mut session = null_mut();
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_event_session(self.0, &raw mut session) };
        if status == EXO_STATUS_OK { Ok(Session(session)) } else { Err(status) }
    }

    pub(crate) fn tape(&self) -> Result<ExoTape, ExoStatus> {
        let mut tape = sized_tape();
        // SAFETY: the handle is live, the place is writable and its size is set.
        let status = unsafe { exo::exo_event_tape(self.0, &raw mut tape) };
        if status == EXO_STATUS_OK { Ok(tape) } else { Err(status) }
    }

    /// The nodes of the tape.
    pub(crate) fn nodes(&self) -> Vec<ExoNode> {
        let tape = self.tape().expect("the event has a tape");
        // SAFETY: the tape says so, and it lives as long as the event.
        unsafe { std::slice::from_raw_parts(tape.nodes, tape.node_count) }.to_vec()
    }

    /// The text of a node.
    pub(crate) fn text_of(&self, node: &ExoNode) -> String {
        let tape = self.tape().expect("the event has a tape");
        let (arena, len) =
            if node.flags & 1 == 0 { (tape.text, tape.text_len) } else { (tape.side, tape.side_len) };
        // SAFETY: the tape says so, and it lives as long as the event.
        let arena = unsafe { std::slice::from_raw_parts(arena, len) };
        let start = usize::try_from(node.a).unwrap();
        String::from_utf8_lossy(&arena[start..start + usize::try_from(node.b).unwrap()]).into_owned()
    }

    pub(crate) fn name(&self, number: u32) -> Result<String, ExoStatus> {
        let mut text = no_text();
        // SAFETY: the handle is live, the place is writable.
        let status = unsafe { exo::exo_tape_name(self.0, number, &raw mut text) };
        string(status, &text)
    }

    /// The texts of the members called `name`, at any depth.
    pub(crate) fn members(&self, name: &str) -> Vec<String> {
        let nodes = self.nodes();
        let named = nodes.iter().filter(|node| node.name != 0 && self.name(node.name).as_deref() == Ok(name));
        named.map(|node| self.text_of(node)).collect()
    }
}

impl std::fmt::Debug for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Event({})", self.kind())
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        // SAFETY: live and not used again.
        unsafe { exo::exo_event_free(self.0) }
    }
}

impl Drop for Operation {
    fn drop(&mut self) {
        // SAFETY: live and not used again.
        unsafe { exo::exo_operation_free(self.0) }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: live and not used again.
        unsafe { exo::exo_session_free(self.0) }
    }
}

pub(crate) const fn no_text() -> ExoText {
    ExoText { ptr: std::ptr::null(), len: 0 }
}

pub(crate) fn sized_tape() -> ExoTape {
    ExoTape {
        size: u32::try_from(size_of::<ExoTape>()).unwrap(),
        version: 0,
        nodes: std::ptr::null(),
        node_count: 0,
        text: std::ptr::null(),
        text_len: 0,
        side: std::ptr::null(),
        side_len: 0,
        names_id: 0,
        name_count: 0,
        reserved: 0,
    }
}

pub(crate) fn sized_error_view() -> ExoErrorView {
    ExoErrorView {
        size: u32::try_from(size_of::<ExoErrorView>()).unwrap(),
        status: 0,
        message: no_text(),
        category: no_text(),
        error_id: no_text(),
        advice: no_text(),
        step: no_text(),
        chain: no_text(),
    }
}

/// Turns a status and its error into a result; frees the error.
pub(crate) fn check(status: ExoStatus, error: *mut ExoError) -> Result<(), Failure> {
    if status == EXO_STATUS_OK {
        assert!(error.is_null(), "success leaves no error");
        return Ok(());
    }
    let mut view = sized_error_view();
    // SAFETY: a failed call gave a live error, the place is writable and its size is set.
    assert_eq!(unsafe { exo::exo_error_view(error, &raw mut view) }, EXO_STATUS_OK);
    assert_eq!(view.status, status);
    let text = |text: &ExoText| String::from_utf8(bytes_of(text).to_vec()).expect("error texts are UTF-8");
    let failure = Failure {
        status,
        message: text(&view.message),
        category: text(&view.category),
        error_id: text(&view.error_id),
        step: text(&view.step),
    };
    // SAFETY: live and not used again.
    unsafe { exo::exo_error_free(error) };
    Err(failure)
}

fn string(status: ExoStatus, text: &ExoText) -> Result<String, ExoStatus> {
    if status == EXO_STATUS_OK {
        Ok(String::from_utf8_lossy(bytes_of(text)).into_owned())
    } else {
        Err(status)
    }
}

fn bytes_of(text: &ExoText) -> &[u8] {
    if text.len == 0 {
        return &[];
    }
    // SAFETY: the library lent the text and its owner is alive.
    unsafe { std::slice::from_raw_parts(text.ptr, text.len) }
}
