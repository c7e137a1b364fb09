//! The functions and the structures of `gssapi.h` and `gssapi_ext.h`, as RFC 2744 lays them out.

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use libloading::Library;

use crate::error::{Error, ErrorKind};

/// `gss_name_t`, `gss_cred_id_t` or `gss_ctx_id_t`.
pub(crate) type Handle = *mut c_void;

/// `gss_buffer_desc`.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Buffer {
    pub(crate) length: usize,
    pub(crate) value: *mut c_void,
}

impl Buffer {
    pub(crate) const EMPTY: Self = Self { length: 0, value: ptr::null_mut() };
}

/// `gss_OID_desc`. Intel Macs pack the structures of this header as PowerPC did.
#[cfg_attr(not(all(target_os = "macos", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_os = "macos", target_arch = "x86_64"), repr(C, packed(2)))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct Oid {
    length: u32,
    elements: *const u8,
}

// SAFETY: an Oid points to constant bytes that nobody writes.
unsafe impl Sync for Oid {}
// SAFETY: as above.
unsafe impl Send for Oid {}

impl Oid {
    /// From its DER contents. `length` is that of `bytes`; a constant cannot convert it.
    const fn new(length: u32, bytes: &'static [u8]) -> Self {
        Self { length, elements: bytes.as_ptr() }
    }
}

/// `gss_OID_set_desc`.
#[cfg_attr(not(all(target_os = "macos", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_os = "macos", target_arch = "x86_64"), repr(C, packed(2)))]
#[derive(Debug)]
pub(crate) struct OidSet {
    pub(crate) count: usize,
    pub(crate) elements: *const Oid,
}

/// `gss_iov_buffer_desc`.
#[cfg_attr(not(all(target_os = "macos", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_os = "macos", target_arch = "x86_64"), repr(C, packed(2)))]
#[derive(Debug, Clone, Copy)]
pub(crate) struct IoVector {
    pub(crate) kind: u32,
    pub(crate) buffer: Buffer,
}

/// `struct gss_channel_bindings_struct`.
#[cfg_attr(not(all(target_os = "macos", target_arch = "x86_64")), repr(C))]
#[cfg_attr(all(target_os = "macos", target_arch = "x86_64"), repr(C, packed(2)))]
#[derive(Debug)]
pub(crate) struct ChannelBindings {
    pub(crate) initiator_address_type: u32,
    pub(crate) initiator_address: Buffer,
    pub(crate) acceptor_address_type: u32,
    pub(crate) acceptor_address: Buffer,
    pub(crate) application_data: Buffer,
}

/// `gss_key_value_element_desc`.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct KeyValue {
    pub(crate) key: *const c_char,
    pub(crate) value: *const c_char,
}

/// `gss_key_value_set_desc`.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct KeyValueSet {
    pub(crate) count: u32,
    pub(crate) elements: *const KeyValue,
}

type ImportName = unsafe extern "C" fn(*mut u32, *const Buffer, *const Oid, *mut Handle) -> u32;
type DisplayName = unsafe extern "C" fn(*mut u32, Handle, *mut Buffer, *mut *const Oid) -> u32;
type Release = unsafe extern "C" fn(*mut u32, *mut Handle) -> u32;
type ReleaseOidSet = unsafe extern "C" fn(*mut u32, *mut *mut OidSet) -> u32;
type ReleaseBuffer = unsafe extern "C" fn(*mut u32, *mut Buffer) -> u32;
type DisplayStatus = unsafe extern "C" fn(*mut u32, u32, c_int, *const Oid, *mut u32, *mut Buffer) -> u32;
type AcquireCred = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *const OidSet,
    c_int,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type AcquireCredWithPassword = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *const Buffer,
    u32,
    *const OidSet,
    c_int,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type AcquireCredFrom = unsafe extern "C" fn(
    *mut u32,
    Handle,
    u32,
    *const OidSet,
    c_int,
    *const KeyValueSet,
    *mut Handle,
    *mut *mut OidSet,
    *mut u32,
) -> u32;
type InquireCred =
    unsafe extern "C" fn(*mut u32, Handle, *mut Handle, *mut u32, *mut c_int, *mut *mut OidSet) -> u32;
type InitSecContext = unsafe extern "C" fn(
    *mut u32,
    Handle,
    *mut Handle,
    Handle,
    *const Oid,
    u32,
    u32,
    *const ChannelBindings,
    *const Buffer,
    *mut *const Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
) -> u32;
type AcceptSecContext = unsafe extern "C" fn(
    *mut u32,
    *mut Handle,
    Handle,
    *const Buffer,
    *const ChannelBindings,
    *mut Handle,
    *mut *const Oid,
    *mut Buffer,
    *mut u32,
    *mut u32,
    *mut Handle,
) -> u32;
type DeleteSecContext = unsafe extern "C" fn(*mut u32, *mut Handle, *mut Buffer) -> u32;
type Wrap = unsafe extern "C" fn(*mut u32, Handle, c_int, u32, *const Buffer, *mut c_int, *mut Buffer) -> u32;
type Unwrap = unsafe extern "C" fn(*mut u32, Handle, *const Buffer, *mut Buffer, *mut c_int, *mut u32) -> u32;
type WrapIov = unsafe extern "C" fn(*mut u32, Handle, c_int, u32, *mut c_int, *mut IoVector, c_int) -> u32;
type UnwrapIov = unsafe extern "C" fn(*mut u32, Handle, *mut c_int, *mut u32, *mut IoVector, c_int) -> u32;
type ReleaseIov = unsafe extern "C" fn(*mut u32, *mut IoVector, c_int) -> u32;

/// The functions of one library, which is never unloaded.
pub(crate) struct Table {
    pub(crate) file: String,
    pub(crate) import_name: ImportName,
    pub(crate) display_name: DisplayName,
    pub(crate) release_name: Release,
    pub(crate) release_buffer: ReleaseBuffer,
    pub(crate) release_oid_set: ReleaseOidSet,
    pub(crate) display_status: DisplayStatus,
    pub(crate) acquire_cred: AcquireCred,
    pub(crate) acquire_cred_with_password: Option<AcquireCredWithPassword>,
    pub(crate) acquire_cred_from: Option<AcquireCredFrom>,
    pub(crate) inquire_cred: InquireCred,
    pub(crate) release_cred: Release,
    pub(crate) init_sec_context: InitSecContext,
    pub(crate) accept_sec_context: AcceptSecContext,
    pub(crate) delete_sec_context: DeleteSecContext,
    pub(crate) wrap: Wrap,
    pub(crate) unwrap: Unwrap,
    /// MIT's functions for the parts of a message. Heimdal's ask for other parts than WinRM has, and macOS has none.
    pub(crate) vectors: Option<Vectors>,
}

/// The functions for messages in parts.
#[derive(Clone, Copy)]
pub(crate) struct Vectors {
    pub(crate) wrap: WrapIov,
    pub(crate) unwrap: UnwrapIov,
    pub(crate) release: ReleaseIov,
}

impl Table {
    pub(crate) fn new(library: Library, file: String) -> Result<Self, Error> {
        // What is taken out of it stays good, because it is never closed.
        let library: &'static Library = Box::leak(Box::new(library));
        // SAFETY: each type below is the one that RFC 2744 and gssapi_ext.h give the function of that name.
        let is_heimdal = unsafe { find::<Release>(library, "krb5_xfree") }.is_some();
        let vectors = if is_heimdal { None } else { vectors(library) };
        Ok(Self {
            file,
            import_name: named(library, "gss_import_name")?,
            display_name: named(library, "gss_display_name")?,
            release_name: named(library, "gss_release_name")?,
            release_buffer: named(library, "gss_release_buffer")?,
            release_oid_set: named(library, "gss_release_oid_set")?,
            display_status: named(library, "gss_display_status")?,
            acquire_cred: named(library, "gss_acquire_cred")?,
            acquire_cred_with_password: named(library, "gss_acquire_cred_with_password").ok(),
            acquire_cred_from: named(library, "gss_acquire_cred_from").ok(),
            inquire_cred: named(library, "gss_inquire_cred")?,
            release_cred: named(library, "gss_release_cred")?,
            init_sec_context: named(library, "gss_init_sec_context")?,
            accept_sec_context: named(library, "gss_accept_sec_context")?,
            delete_sec_context: named(library, "gss_delete_sec_context")?,
            wrap: named(library, "gss_wrap")?,
            unwrap: named(library, "gss_unwrap")?,
            vectors,
        })
    }
}

fn vectors(library: &'static Library) -> Option<Vectors> {
    Some(Vectors {
        wrap: named(library, "gss_wrap_iov").ok()?,
        unwrap: named(library, "gss_unwrap_iov").ok()?,
        release: named(library, "gss_release_iov_buffer").ok()?,
    })
}

/// A function whose type follows from the field of [`Table`] or [`Vectors`] that it goes to.
fn named<T: Copy>(library: &'static Library, name: &'static str) -> Result<T, Error> {
    // SAFETY: the fields have the types that RFC 2744 and gssapi_ext.h give the functions they are named after.
    unsafe { find(library, name) }.ok_or_else(|| Error::new(ErrorKind::Function(name), String::new()))
}

/// # Safety
/// `T` is a function pointer of the type that the library's function `name` has.
unsafe fn find<T: Copy>(library: &'static Library, name: &'static str) -> Option<T> {
    // SAFETY: the caller's promise.
    let symbol = unsafe { library.get::<T>(name) };
    symbol.ok().map(|symbol| *symbol)
}

/// 1.2.840.113554.1.2.2
pub(crate) static KERBEROS: Oid = Oid::new(9, b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02");
/// 1.3.6.1.5.5.2
pub(crate) static SPNEGO: Oid = Oid::new(6, b"\x2b\x06\x01\x05\x05\x02");
/// `GSS_C_NT_USER_NAME`, 1.2.840.113554.1.2.1.1
pub(crate) static USER_NAME: Oid = Oid::new(10, b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x01");
/// `GSS_C_NT_HOSTBASED_SERVICE`, 1.2.840.113554.1.2.1.4
pub(crate) static HOST_SERVICE: Oid = Oid::new(10, b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x01\x04");
/// `GSS_KRB5_NT_PRINCIPAL_NAME`, 1.2.840.113554.1.2.2.1
pub(crate) static PRINCIPAL_NAME: Oid = Oid::new(10, b"\x2a\x86\x48\x86\xf7\x12\x01\x02\x02\x01");
