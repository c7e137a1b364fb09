//! Names of users and services.

use std::ptr;

use super::bytes::{is_error, lend, refused, take};
use super::table::{Buffer, HOST_SERVICE, Handle, KERBEROS, PRINCIPAL_NAME, Table, USER_NAME};
use crate::error::{Error, ErrorKind};

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `user` or `user@REALM`
    User,
    /// `service@host`; the library finds out the realm
    HostService,
    /// `service/host:port@REALM`, as it stands
    Principal,
}

/// A name of the library.
pub(crate) struct Name {
    table: &'static Table,
    handle: Handle,
}

// SAFETY: MIT and Heimdal let a name be used from any thread, and here nobody changes one.
unsafe impl Send for Name {}

impl Name {
    pub(crate) fn import(table: &'static Table, text: &str, form: Form) -> Result<Self, Error> {
        let kind = match form {
            Form::User => &raw const USER_NAME,
            Form::HostService => &raw const HOST_SERVICE,
            Form::Principal => &raw const PRINCIPAL_NAME,
        };
        let (mut minor, mut handle) = (0, ptr::null_mut());
        let text = lend(text.as_bytes());
        // SAFETY: the text is only read, and the other pointers are to values of this function and to constants.
        let major = unsafe { (table.import_name)(&raw mut minor, &raw const text, kind, &raw mut handle) };
        if is_error(major) {
            return Err(refused(table, ErrorKind::Name, &raw const KERBEROS, major, minor));
        }
        Ok(Self { table, handle })
    }

    /// Takes a name that the library gave.
    pub(super) fn owned(table: &'static Table, handle: Handle) -> Self {
        Self { table, handle }
    }

    /// As the library writes it: `user@REALM`.
    pub(crate) fn text(&self) -> Result<String, Error> {
        let (mut minor, mut text, mut kind) = (0, Buffer::EMPTY, ptr::null());
        // SAFETY: the handle is one of the library's, and the pointers are to values of this function.
        let major =
            unsafe { (self.table.display_name)(&raw mut minor, self.handle, &raw mut text, &raw mut kind) };
        if is_error(major) {
            return Err(refused(self.table, ErrorKind::Name, &raw const KERBEROS, major, minor));
        }
        // Some releases count the NUL behind the name.
        let text = take(self.table, text);
        Ok(String::from_utf8_lossy(&text).trim_end_matches('\0').to_owned())
    }

    pub(super) fn handle(&self) -> Handle {
        self.handle
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the name is this value's own, and is used no more.
        unsafe { (self.table.release_name)(&raw mut minor, &raw mut self.handle) };
    }
}
