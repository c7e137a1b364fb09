//! Text and bytes at the boundary: borrowed spans out, checked spans in.

use std::ptr;

use zeroize::Zeroizing;

use crate::error::{Refusal, bad_argument, refuse};
use crate::status::{EXO_STATUS_BAD_UTF8, EXO_STATUS_NULL};

/// Bytes lent by a handle; they live as long as it does. Not terminated by NUL. An empty text may have a NULL
/// pointer.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct ExoText {
    /// The first byte.
    pub ptr: *const u8,
    /// How many bytes.
    pub len: usize,
}

impl ExoText {
    /// Lends `bytes`; the caller of this function keeps them alive.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            Self { ptr: ptr::null(), len: 0 }
        } else {
            Self { ptr: bytes.as_ptr(), len: bytes.len() }
        }
    }
}

/// Borrows the bytes a caller passed. NULL with length 0 is empty.
///
/// # Safety
/// `ptr` is NULL or points to `len` initialized elements that nobody changes while `'a` lasts.
pub(crate) unsafe fn span<'a, T>(ptr: *const T, len: usize, what: &'static str) -> Result<&'a [T], Refusal> {
    if len == 0 {
        return Ok(&[]);
    }
    if ptr.is_null() {
        return Err(refuse(EXO_STATUS_NULL, format_args!("{what} is NULL but has the length {len}")));
    }
    if !ptr.is_aligned() {
        return Err(bad_argument(what, format_args!("the pointer is not aligned")));
    }
    if isize::try_from(len.saturating_mul(size_of::<T>())).is_err() {
        return Err(bad_argument(what, format_args!("the length {len} is larger than memory")));
    }
    // SAFETY: not NULL, aligned, no longer than isize::MAX bytes; the caller promises the rest.
    Ok(unsafe { std::slice::from_raw_parts(ptr, len) })
}

/// Borrows a UTF-8 text a caller passed.
///
/// # Safety
/// As [`span`].
pub(crate) unsafe fn text<'a>(ptr: *const u8, len: usize, what: &'static str) -> Result<&'a str, Refusal> {
    // SAFETY: the caller promises what `span` asks for.
    let bytes = unsafe { span(ptr, len, what) }?;
    std::str::from_utf8(bytes).map_err(|error| {
        refuse(EXO_STATUS_BAD_UTF8, format_args!("{what} is not UTF-8 at byte {}", error.valid_up_to()))
    })
}

/// Copies a secret given as UTF-16 into memory that is cleared when dropped. NULL means there is none.
///
/// # Safety
/// As [`span`].
pub(crate) unsafe fn secret(
    ptr: *const u16,
    len: usize,
    what: &'static str,
) -> Result<Option<Zeroizing<String>>, Refusal> {
    if ptr.is_null() && len == 0 {
        return Ok(None);
    }
    // SAFETY: the caller promises what `span` asks for.
    let units = unsafe { span(ptr, len, what) }?;
    // Three bytes are the most that one unit becomes, so the text never moves and leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(len.saturating_mul(3)));
    for unit in char::decode_utf16(units.iter().copied()) {
        let Ok(c) = unit else {
            return Err(bad_argument(what, format_args!("it holds half of a surrogate pair")));
        };
        text.push(c);
    }
    Ok(Some(text))
}

#[cfg(test)]
mod tests;
