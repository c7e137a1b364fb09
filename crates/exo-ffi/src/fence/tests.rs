use super::{fence, fence_quiet};
use crate::error::{ExoError, bad_argument, exo_error_free};
use crate::status::{EXO_STATUS_BAD_ARGUMENT, EXO_STATUS_OK, EXO_STATUS_PANIC};

#[test]
fn a_panic_becomes_a_status_with_its_message() {
    let mut error: *mut ExoError = std::ptr::null_mut();
    let status = fence(&raw mut error, || panic!("the number was {}", 7));
    assert_eq!(status, EXO_STATUS_PANIC);
    // SAFETY: the fence wrote a live error, which is not used again.
    let error = unsafe { Box::from_raw(error) };
    assert!(format!("{error:?}").contains("the library failed unexpectedly: the number was 7"));
}

#[test]
fn a_panic_without_an_error_place_is_still_a_status() {
    assert_eq!(fence(std::ptr::null_mut(), || panic!("x")), EXO_STATUS_PANIC);
    assert_eq!(fence_quiet(|| panic!("x")), EXO_STATUS_PANIC);
}

#[test]
fn success_clears_the_error_place() {
    let mut error: *mut ExoError = std::ptr::null_mut();
    let refused = fence(&raw mut error, || Err(bad_argument("x", format_args!("no"))));
    assert_eq!(refused, EXO_STATUS_BAD_ARGUMENT);
    let first = error;
    assert!(!first.is_null());
    assert_eq!(fence(&raw mut error, || Ok(())), EXO_STATUS_OK);
    assert!(error.is_null());
    // SAFETY: live and not used again.
    unsafe { exo_error_free(first) };
}
