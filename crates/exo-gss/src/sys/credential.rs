//! Credentials: tickets of a user, keys of a service.

use std::ffi::{CString, c_int};
use std::ptr;
use std::time::Duration;

use super::bytes::{is_error, lend, refused};
use super::name::Name;
use super::table::{Handle, KERBEROS, KeyValue, KeyValueSet, Oid, OidSet, SPNEGO, Table};
use crate::credential::Mechanism;
use crate::error::{Error, ErrorKind};

/// A credential of the library.
pub(crate) struct CredentialHandle {
    table: &'static Table,
    handle: Handle,
}

// SAFETY: MIT and Heimdal lock their credentials; one may be used from any thread, and from several.
unsafe impl Send for CredentialHandle {}
// SAFETY: as above.
unsafe impl Sync for CredentialHandle {}

/// Where a credential comes from.
pub(crate) enum Usage<'a> {
    /// The user's tickets, of this name or the default one.
    Tickets(Option<&'a Name>),
    /// A ticket to be got with a password.
    Password(&'a Name, &'a [u8]),
    /// The keys of all services in this file.
    Keytab(&'a CString),
}

impl CredentialHandle {
    pub(crate) fn acquire(
        table: &'static Table,
        mechanism: Mechanism,
        usage: &Usage<'_>,
    ) -> Result<Self, Error> {
        let mechanism = oid(mechanism);
        let wanted = OidSet { count: 1, elements: mechanism };
        let (mut minor, mut handle) = (0, ptr::null_mut());
        let (mut granted, mut lifetime) = (ptr::null_mut(), 0);
        let major = match usage {
            Usage::Tickets(name) => {
                let name = name.map_or(ptr::null_mut(), Name::handle);
                // SAFETY: the name is the library's or none; the other pointers are to values of this function.
                unsafe {
                    (table.acquire_cred)(
                        &raw mut minor,
                        name,
                        INDEFINITE,
                        &raw const wanted,
                        INITIATE,
                        &raw mut handle,
                        &raw mut granted,
                        &raw mut lifetime,
                    )
                }
            }
            Usage::Password(name, password) => {
                let acquire = needed(table.acquire_cred_with_password, "gss_acquire_cred_with_password")?;
                let password = lend(password);
                // SAFETY: as above; the password is read only.
                unsafe {
                    acquire(
                        &raw mut minor,
                        name.handle(),
                        &raw const password,
                        INDEFINITE,
                        &raw const wanted,
                        INITIATE,
                        &raw mut handle,
                        &raw mut granted,
                        &raw mut lifetime,
                    )
                }
            }
            Usage::Keytab(file) => {
                let acquire = needed(table.acquire_cred_from, "gss_acquire_cred_from")?;
                let element = KeyValue { key: c"keytab".as_ptr(), value: file.as_ptr() };
                let store = KeyValueSet { count: 1, elements: &raw const element };
                // SAFETY: as above; the store and its texts live through the call. No name and no mechanisms: all.
                unsafe {
                    acquire(
                        &raw mut minor,
                        ptr::null_mut(),
                        INDEFINITE,
                        ptr::null(),
                        ACCEPT,
                        &raw const store,
                        &raw mut handle,
                        &raw mut granted,
                        &raw mut lifetime,
                    )
                }
            }
        };
        // The granted mechanisms are the wanted ones; a set that is released by nobody would stay.
        release_set(table, granted);
        if is_error(major) {
            return Err(refused(table, ErrorKind::Credential, mechanism, major, minor));
        }
        Ok(Self { table, handle })
    }

    /// How long it is good for; `None` when the library does not know.
    pub(crate) fn lifetime(&self, mechanism: Mechanism) -> Result<Option<Duration>, Error> {
        let (mut minor, mut lifetime) = (0, 0);
        // SAFETY: the credential is this value's own; what is not wanted is a null pointer.
        let major = unsafe {
            (self.table.inquire_cred)(
                &raw mut minor,
                self.handle,
                ptr::null_mut(),
                &raw mut lifetime,
                ptr::null_mut(),
                ptr::null_mut(),
            )
        };
        if is_error(major) {
            return Err(refused(self.table, ErrorKind::Credential, oid(mechanism), major, minor));
        }
        Ok((lifetime != INDEFINITE).then(|| Duration::from_secs(lifetime.into())))
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }
}

impl Drop for CredentialHandle {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the credential is this value's own, and is used no more.
        unsafe { (self.table.release_cred)(&raw mut minor, &raw mut self.handle) };
    }
}

/// The constant of a mechanism.
pub(super) fn oid(mechanism: Mechanism) -> *const Oid {
    match mechanism {
        Mechanism::Kerberos => &raw const KERBEROS,
        Mechanism::Spnego => &raw const SPNEGO,
    }
}

fn needed<T: Copy>(function: Option<T>, name: &'static str) -> Result<T, Error> {
    function.ok_or_else(|| Error::new(ErrorKind::Function(name), String::new()))
}

fn release_set(table: &Table, mut set: *mut OidSet) {
    let mut minor = 0;
    // SAFETY: the set is the library's, or null, which it accepts; nobody uses it any more.
    unsafe { (table.release_oid_set)(&raw mut minor, &raw mut set) };
}

/// `GSS_C_INDEFINITE`, `GSS_C_INITIATE`, `GSS_C_ACCEPT`.
const INDEFINITE: u32 = u32::MAX;
const INITIATE: c_int = 1;
const ACCEPT: c_int = 2;
