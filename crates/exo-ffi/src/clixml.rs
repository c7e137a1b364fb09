//! Decoding without a session: a saved document becomes an event with a tape.

use psrp::clixml::{decode, utf8_document};

use crate::error::{ExoError, Refusal, refuse_because};
use crate::event::{EXO_EVENT_VALUES, ExoEvent};
use crate::fence::fence;
use crate::handle::{self, Out};
use crate::status::{EXO_STATUS_BAD_CLIXML, ExoStatus};
use crate::text::span;

/// Decodes CLIXML, a document or a message body, in UTF-8 or UTF-16, into an event of kind `EXO_EVENT_VALUES`.
///
/// # Safety
/// `clixml` points to `clixml_len` bytes or is NULL. `out` is writable or NULL. `err` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_clixml_decode(
    clixml: *const u8,
    clixml_len: usize,
    out: *mut *mut ExoEvent,
    err: *mut *mut ExoError,
) -> ExoStatus {
    fence(err, || {
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::handle(out, "out") }?;
        // SAFETY: the caller promises readable bytes.
        let clixml = unsafe { span(clixml, clixml_len, "clixml") }?;
        let tape = utf8_document(clixml.to_vec()).and_then(decode).map_err(|error| bad_clixml(&error))?;
        out.write(handle::give(ExoEvent::tape(EXO_EVENT_VALUES, tape)));
        Ok(())
    })
}

/// The refusal for bytes that are not CLIXML.
#[cold]
pub(crate) fn bad_clixml(error: &psrp::clixml::DecodeError) -> Refusal {
    refuse_because(EXO_STATUS_BAD_CLIXML, error)
}
