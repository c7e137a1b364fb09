//! Owned bytes handed to the caller.

use crate::fence::fence_quiet;
use crate::handle::{self, Boxed, Handle, Out, borrow};
use crate::status::ExoStatus;
use crate::text::ExoText;

/// Bytes that the caller owns. Read them with `exo_bytes_view`, free them with `exo_bytes_free`.
pub struct ExoBytes(Vec<u8>);

/// Lends the bytes; they live until `exo_bytes_free`.
///
/// # Safety
/// `bytes` is a live handle or NULL. `out` is writable or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_bytes_view(bytes: *const ExoBytes, out: *mut ExoText) -> ExoStatus {
    fence_quiet(|| {
        // SAFETY: the caller promises a live handle or NULL.
        let bytes = unsafe { borrow(bytes) }?;
        // SAFETY: the caller promises a writable place or NULL.
        let out = unsafe { Out::new(out, "out") }?;
        out.write(ExoText::of(&bytes.0));
        Ok(())
    })
}

/// Frees bytes; NULL is accepted.
///
/// # Safety
/// `bytes` is a live handle or NULL and is not used again.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn exo_bytes_free(bytes: *mut ExoBytes) {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { handle::free(bytes) }
}

impl ExoBytes {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Handle for ExoBytes {
    type Kept = Boxed;
    const NAME: &'static str = "bytes";
}

/// Prints the length only: the bytes may name people.
impl std::fmt::Debug for ExoBytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ExoBytes({} bytes)", self.0.len())
    }
}
