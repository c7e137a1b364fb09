//! The C side: the library's functions, and the handles that it gives, each freed where its owner ends.
//!
//! All of the crate's `unsafe` is here. What is passed in lives through the call; what comes out is copied before it is
//! released; a handle is used by one caller at a time, which `&mut` sees to where the library asks for it.
#![expect(unsafe_code, reason = "functions of a C library")]

mod bytes;
mod context;
mod credential;
mod name;
mod table;

use std::env;
use std::error::Error as _;
use std::ffi::OsString;
use std::sync::OnceLock;

use libloading::Library;

pub(crate) use self::context::{CONFIDENTIAL, MUTUAL, SecurityContext};
pub(crate) use self::credential::{CredentialHandle, Usage};
pub(crate) use self::name::{Form, Name};
use self::table::Table;
use crate::error::{Error, ErrorKind};

/// The environment variable with the path or name of the library to use instead of the system's.
pub const LIBRARY_VARIABLE: &str = "EXO_GSSAPI_LIBRARY";

/// Loads the library, if that has not been done, and says which one it is.
///
/// # Errors
/// [`ErrorKind::Library`] and [`ErrorKind::Function`], with what was tried.
pub fn library() -> Result<&'static str, Error> {
    Ok(&table()?.file)
}

/// The functions of the library.
pub(crate) fn table() -> Result<&'static Table, Error> {
    static TABLE: OnceLock<Result<Table, Error>> = OnceLock::new();
    TABLE.get_or_init(load).as_ref().map_err(Clone::clone)
}

fn load() -> Result<Table, Error> {
    let chosen = env::var_os(LIBRARY_VARIABLE).filter(|file| !file.is_empty());
    let files = chosen.map_or_else(|| FILES.iter().map(OsString::from).collect(), |file| vec![file]);
    let mut tried = Vec::new();
    for file in &files {
        // SAFETY: the constructors of a system's Kerberos library do nothing but set up the library itself.
        match unsafe { Library::new(file) } {
            Ok(library) => return Table::new(library, file.to_string_lossy().into_owned()),
            // What the system says is beneath.
            Err(error) => tried.push(error.source().map_or_else(|| error.to_string(), ToString::to_string)),
        }
    }
    Err(Error::new(ErrorKind::Library, tried.join("; ")))
}

const FILES: [&str; 3] =
    ["libgssapi_krb5.so.2", "libgssapi.so.3", "/System/Library/Frameworks/GSS.framework/GSS"];
