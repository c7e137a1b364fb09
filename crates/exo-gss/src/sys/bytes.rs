//! Bytes on their way in and out, and what a status means.

use std::ffi::c_int;
use std::{ptr, slice};

use super::table::{Buffer, KERBEROS, Oid, SPNEGO, Table};
use crate::error::{Error, ErrorKind, ROUTINE_ERROR, STATUSES};

/// Lends `bytes` for a call. The library only reads what it takes through a `const` buffer.
pub(super) fn lend(bytes: &[u8]) -> Buffer {
    Buffer { length: bytes.len(), value: bytes.as_ptr().cast_mut().cast() }
}

/// Copies what the library allocated, and gives it back.
pub(super) fn take(table: &Table, mut buffer: Buffer) -> Vec<u8> {
    let copy = view(&buffer).to_vec();
    let mut minor = 0;
    // SAFETY: the library filled this buffer, and nobody uses it any more.
    unsafe { (table.release_buffer)(&raw mut minor, &raw mut buffer) };
    copy
}

/// What a buffer of the library holds.
pub(super) fn view(buffer: &Buffer) -> &[u8] {
    if buffer.value.is_null() || buffer.length == 0 {
        return &[];
    }
    // SAFETY: a buffer that the library filled has `length` bytes at `value`, until it is released.
    unsafe { slice::from_raw_parts(buffer.value.cast_const().cast(), buffer.length) }
}

/// Whether a call failed; the bits beside these are no failure in themselves.
pub(super) fn is_error(major: u32) -> bool {
    major & (CALLING_ERROR | ROUTINE_ERROR) != 0
}

/// The sentence about a call that failed, with the library's own words.
#[cold]
pub(super) fn refused(
    table: &Table,
    kind: ErrorKind,
    mechanism: *const Oid,
    major: u32,
    minor: u32,
) -> Error {
    let mut detail = if minor == 0 { String::new() } else { said(table, minor, MECHANISM_CODE, mechanism) };
    if detail.is_empty() {
        detail = said(table, major, GSS_CODE, ptr::null());
    }
    let minor = if ptr::eq(mechanism, &raw const SPNEGO) { inner_status(table, &detail) } else { minor };
    Error::of_status(kind, major, minor, detail)
}

/// MIT gives the status of what is inside SPNEGO a number of its own, and the same text; 0 = no known one.
fn inner_status(table: &Table, detail: &str) -> u32 {
    let mut known = STATUSES.iter().map(|(status, _)| *status);
    known.find(|status| said(table, *status, MECHANISM_CODE, &raw const KERBEROS) == detail).unwrap_or(0)
}

/// What the library says about a status: its messages, joined.
fn said(table: &Table, status: u32, code: c_int, mechanism: *const Oid) -> String {
    let mut more = 0;
    let mut texts: Vec<String> = Vec::new();
    for _ in 0..MAX_MESSAGES {
        let (mut minor, mut text) = (0, Buffer::EMPTY);
        // SAFETY: all pointers are to values of this function, and `mechanism` is null or one of the constants.
        let major = unsafe {
            (table.display_status)(&raw mut minor, status, code, mechanism, &raw mut more, &raw mut text)
        };
        if is_error(major) {
            break;
        }
        let text = String::from_utf8_lossy(&take(table, text)).trim().to_owned();
        if !text.is_empty() && !texts.contains(&text) {
            texts.push(text);
        }
        if more == 0 {
            break;
        }
    }
    texts.join("; ").chars().filter(|c| !c.is_control()).take(MAX_TEXT_LEN).collect()
}

const CALLING_ERROR: u32 = 0xFF00_0000;
/// `GSS_C_GSS_CODE` and `GSS_C_MECH_CODE`.
const GSS_CODE: c_int = 1;
const MECHANISM_CODE: c_int = 2;
const MAX_MESSAGES: usize = 8;
const MAX_TEXT_LEN: usize = 500;
