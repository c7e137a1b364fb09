//! Security contexts: the handshake, and messages under it.

use std::ffi::c_int;
use std::ptr;

use super::bytes::{is_error, lend, refused, take, view};
use super::credential::{CredentialHandle, oid};
use super::name::Name;
use super::table::{Buffer, ChannelBindings, Handle, IoVector, KERBEROS, Table};
use crate::credential::Mechanism;
use crate::error::{Error, ErrorKind};

/// A context of the library, from before its first token on.
pub(crate) struct SecurityContext {
    table: &'static Table,
    handle: Handle,
}

// SAFETY: MIT and Heimdal let a context move between threads; `&mut` keeps two from using it at once.
unsafe impl Send for SecurityContext {}

/// What a step of the handshake came to.
pub(crate) struct Stepped {
    /// For the other side; empty when it waits for nothing.
    pub(crate) token: Vec<u8>,
    /// Whether this side needs no more.
    pub(crate) is_done: bool,
    /// What was agreed upon; final when done.
    pub(crate) flags: u32,
}

/// A message that was opened.
pub(crate) struct Opened {
    pub(crate) message: Vec<u8>,
    /// Whether it was encrypted, and not just signed.
    pub(crate) was_sealed: bool,
}

impl SecurityContext {
    pub(crate) fn new(table: &'static Table) -> Self {
        Self { table, handle: ptr::null_mut() }
    }

    /// The side that begins. `bindings` ties the context to the channel under it (RFC 5929).
    pub(crate) fn initiate(
        &mut self,
        credential: &CredentialHandle,
        target: &Name,
        mechanism: Mechanism,
        bindings: Option<&[u8]>,
        token: &[u8],
    ) -> Result<Stepped, Error> {
        let mechanism = oid(mechanism);
        let (input, mut output) = (lend(token), Buffer::EMPTY);
        let bindings = bindings.map(bound);
        let (mut minor, mut flags, mut lifetime, mut actual) = (0, 0, 0, ptr::null());
        // SAFETY: the handles are the library's; the other pointers are to values of this function or null, and what
        // the bindings point to lives as long as the borrow.
        let major = unsafe {
            (self.table.init_sec_context)(
                &raw mut minor,
                credential.handle(),
                &raw mut self.handle,
                target.handle(),
                mechanism,
                WANTED_FLAGS,
                0,
                bindings.as_ref().map_or(ptr::null(), ptr::from_ref),
                &raw const input,
                &raw mut actual,
                &raw mut output,
                &raw mut flags,
                &raw mut lifetime,
            )
        };
        let token = take(self.table, output);
        if is_error(major) {
            return Err(refused(self.table, ErrorKind::Establish, mechanism, major, minor));
        }
        Ok(Stepped { token, is_done: major & CONTINUE_NEEDED == 0, flags })
    }

    /// The side that is asked. Gives who asks, when that is known.
    pub(crate) fn accept(
        &mut self,
        credential: &CredentialHandle,
        bindings: Option<&[u8]>,
        token: &[u8],
    ) -> Result<(Stepped, Option<Name>), Error> {
        let (input, mut output) = (lend(token), Buffer::EMPTY);
        let bindings = bindings.map(bound);
        let (mut minor, mut flags, mut lifetime) = (0, 0, 0);
        let (mut actual, mut source) = (ptr::null(), ptr::null_mut());
        // SAFETY: as above; a credential that the other side delegates is not wanted, which a null pointer says.
        let major = unsafe {
            (self.table.accept_sec_context)(
                &raw mut minor,
                &raw mut self.handle,
                credential.handle(),
                &raw const input,
                bindings.as_ref().map_or(ptr::null(), ptr::from_ref),
                &raw mut source,
                &raw mut actual,
                &raw mut output,
                &raw mut flags,
                &raw mut lifetime,
                ptr::null_mut(),
            )
        };
        let token = take(self.table, output);
        let source = (!source.is_null()).then(|| Name::owned(self.table, source));
        if is_error(major) {
            return Err(refused(self.table, ErrorKind::Establish, &raw const KERBEROS, major, minor));
        }
        Ok((Stepped { token, is_done: major & CONTINUE_NEEDED == 0, flags }, source))
    }

    /// Whether [`SecurityContext::wrap_parts`] and [`SecurityContext::unwrap_parts`] can be used.
    pub(crate) fn has_parts(&self) -> bool {
        self.table.vectors.is_some()
    }

    /// Encrypts `message` where it stands, and gives the header that goes before it.
    pub(crate) fn wrap_parts(&mut self, message: &mut Vec<u8>) -> Result<Vec<u8>, Error> {
        let vectors = self.table.vectors.ok_or_else(no_parts)?;
        let data = Buffer { length: message.len(), value: message.as_mut_ptr().cast() };
        let mut parts = [
            IoVector { kind: HEADER | ALLOCATE, buffer: Buffer::EMPTY },
            IoVector { kind: DATA, buffer: data },
            IoVector { kind: PADDING | ALLOCATE, buffer: Buffer::EMPTY },
        ];
        let (mut minor, mut is_sealed) = (0, 0);
        // SAFETY: three parts are passed; the second is `message`, which nobody else uses and whose length stays.
        let major = unsafe {
            (vectors.wrap)(&raw mut minor, self.handle, 1, 0, &raw mut is_sealed, parts.as_mut_ptr(), 3)
        };
        let [header, _, padding] = parts;
        let header = view(&{ header.buffer }).to_vec();
        message.extend_from_slice(view(&{ padding.buffer }));
        let mut ignored = 0;
        // SAFETY: releases what the library allocated in the parts, which was copied; it leaves the second alone.
        unsafe { (vectors.release)(&raw mut ignored, parts.as_mut_ptr(), 3) };
        self.sealed(header, major, minor, is_sealed)
    }

    /// Decrypts a message in two parts.
    pub(crate) fn unwrap_parts(&mut self, header: &[u8], message: &[u8]) -> Result<Opened, Error> {
        let vectors = self.table.vectors.ok_or_else(no_parts)?;
        // The library works in place, in the header too.
        let (mut header, mut message) = (header.to_vec(), message.to_vec());
        let mut parts = [
            IoVector {
                kind: HEADER,
                buffer: Buffer { length: header.len(), value: header.as_mut_ptr().cast() },
            },
            IoVector {
                kind: DATA,
                buffer: Buffer { length: message.len(), value: message.as_mut_ptr().cast() },
            },
            // WinRM's RC4 messages have no padding; a second, empty part makes all releases of MIT accept them.
            IoVector { kind: DATA, buffer: Buffer::EMPTY },
        ];
        let (mut minor, mut was_sealed, mut quality) = (0, 0, 0);
        // SAFETY: three parts are passed, over vectors that nobody else uses; the library keeps within their lengths.
        let major = unsafe {
            (vectors.unwrap)(
                &raw mut minor,
                self.handle,
                &raw mut was_sealed,
                &raw mut quality,
                parts.as_mut_ptr(),
                3,
            )
        };
        let [_, data, _] = parts;
        let len = { data.buffer }.length;
        message.truncate(len);
        self.opened(message, major, minor, was_sealed)
    }

    /// Encrypts `message` into one token.
    pub(crate) fn wrap(&mut self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let (input, mut output) = (lend(message), Buffer::EMPTY);
        let (mut minor, mut is_sealed) = (0, 0);
        // SAFETY: the context is this value's own; the input is only read.
        let major = unsafe {
            (self.table.wrap)(
                &raw mut minor,
                self.handle,
                1,
                0,
                &raw const input,
                &raw mut is_sealed,
                &raw mut output,
            )
        };
        let token = take(self.table, output);
        self.sealed(token, major, minor, is_sealed)
    }

    /// Decrypts one token.
    pub(crate) fn unwrap(&mut self, token: &[u8]) -> Result<Opened, Error> {
        let (input, mut output) = (lend(token), Buffer::EMPTY);
        let (mut minor, mut was_sealed, mut quality) = (0, 0, 0);
        // SAFETY: as above.
        let major = unsafe {
            (self.table.unwrap)(
                &raw mut minor,
                self.handle,
                &raw const input,
                &raw mut output,
                &raw mut was_sealed,
                &raw mut quality,
            )
        };
        let message = take(self.table, output);
        self.opened(message, major, minor, was_sealed)
    }

    fn sealed(&self, bytes: Vec<u8>, major: u32, minor: u32, is_sealed: c_int) -> Result<Vec<u8>, Error> {
        if is_error(major) {
            return Err(refused(self.table, ErrorKind::Seal, &raw const KERBEROS, major, minor));
        }
        if is_sealed == 0 {
            return Err(Error::new(ErrorKind::NotConfidential, String::new()));
        }
        Ok(bytes)
    }

    /// A repeated, late or missing message shows in bits beside the errors; here it is as bad as a changed one.
    fn opened(&self, message: Vec<u8>, major: u32, minor: u32, was_sealed: c_int) -> Result<Opened, Error> {
        if major != 0 {
            return Err(refused(self.table, ErrorKind::Open, &raw const KERBEROS, major, minor));
        }
        Ok(Opened { message, was_sealed: was_sealed != 0 })
    }
}

impl Drop for SecurityContext {
    fn drop(&mut self) {
        if self.handle.is_null() {
            return;
        }
        let mut minor = 0;
        // SAFETY: the context is this value's own, and is used no more.
        unsafe { (self.table.delete_sec_context)(&raw mut minor, &raw mut self.handle, ptr::null_mut()) };
    }
}

/// Bindings without addresses: what counts is the application data.
fn bound(data: &[u8]) -> ChannelBindings {
    ChannelBindings {
        initiator_address_type: 0,
        initiator_address: Buffer::EMPTY,
        acceptor_address_type: 0,
        acceptor_address: Buffer::EMPTY,
        application_data: lend(data),
    }
}

#[cold]
fn no_parts() -> Error {
    Error::new(ErrorKind::Function("gss_wrap_iov"), String::new())
}

/// `GSS_C_MUTUAL_FLAG`, and that both sides proved who they are.
pub(crate) const MUTUAL: u32 = 2;
/// `GSS_C_REPLAY_FLAG` and `GSS_C_SEQUENCE_FLAG`
const REPLAY: u32 = 4;
const SEQUENCE: u32 = 8;
/// `GSS_C_CONF_FLAG`
pub(crate) const CONFIDENTIAL: u32 = 16;
/// `GSS_C_INTEG_FLAG`
const INTEGRITY: u32 = 32;
const WANTED_FLAGS: u32 = MUTUAL | REPLAY | SEQUENCE | CONFIDENTIAL | INTEGRITY;
/// `GSS_S_CONTINUE_NEEDED`
const CONTINUE_NEEDED: u32 = 1;
/// `GSS_IOV_BUFFER_TYPE_…`
const DATA: u32 = 1;
const HEADER: u32 = 2;
const PADDING: u32 = 9;
/// `GSS_IOV_BUFFER_FLAG_ALLOCATE`
const ALLOCATE: u32 = 0x0001_0000;
