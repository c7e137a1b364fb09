use super::{secret, span, text};
use crate::status::{EXO_STATUS_BAD_ARGUMENT, EXO_STATUS_BAD_UTF8, EXO_STATUS_NULL};

#[test]
fn text_is_checked() {
    let bytes = b"Get-\xFFMailbox";
    // SAFETY: the array outlives the call.
    let refused = unsafe { text(bytes.as_ptr(), bytes.len(), "command") };
    assert_eq!(refused.map_err(|refusal| refusal.status()), Err(EXO_STATUS_BAD_UTF8));
    // SAFETY: NULL with a length is refused before it is read.
    let refused = unsafe { text(std::ptr::null(), 3, "command") };
    assert_eq!(refused.map_err(|refusal| refusal.status()), Err(EXO_STATUS_NULL));
    // SAFETY: the length is refused before the pointer is read.
    let refused = unsafe { span(bytes.as_ptr(), usize::MAX, "command") };
    assert_eq!(refused.map_err(|refusal| refusal.status()), Err(EXO_STATUS_BAD_ARGUMENT));
    // SAFETY: an empty text is not read.
    assert_eq!(unsafe { text(std::ptr::null(), 0, "command") }.ok(), Some(""));
}

#[test]
fn a_secret_is_copied_and_absence_is_not_emptiness() {
    let units: Vec<u16> = "pä55\u{1F600}".encode_utf16().collect();
    // SAFETY: the vector outlives the call.
    let copied = unsafe { secret(units.as_ptr(), units.len(), "secret") };
    assert_eq!(copied.ok().flatten().as_deref().map(String::as_str), Some("pä55\u{1F600}"));
    // SAFETY: nothing is read.
    assert!(matches!(unsafe { secret(std::ptr::null(), 0, "secret") }, Ok(None)));
    // SAFETY: nothing is read.
    assert!(matches!(unsafe { secret(units.as_ptr(), 0, "secret") }, Ok(Some(text)) if text.is_empty()));
    let half = [0xD83Du16];
    // SAFETY: the array outlives the call.
    let refused = unsafe { secret(half.as_ptr(), 1, "secret") };
    assert_eq!(refused.map(drop).map_err(|refusal| refusal.status()), Err(EXO_STATUS_BAD_ARGUMENT));
}
