//! Handles: opaque pointers with one owner each, and the checks that pointers from C go through.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;

use crate::error::{Refusal, refuse};
use crate::status::EXO_STATUS_NULL;

/// A type that crosses the boundary as an opaque pointer.
///
/// `Kept` says how it is owned, so that a handle made as a [`Shared`] one cannot be freed as a [`Boxed`] one: it does
/// not compile.
pub(crate) trait Handle: Sized {
    /// [`Boxed`] or [`Shared`].
    type Kept: Keeping;
    /// The name used in error texts.
    const NAME: &'static str;
}

/// How a handle is owned.
pub(crate) trait Keeping {
    /// Turns a value into a pointer that owns it.
    fn give<T>(value: T) -> *mut T;
    /// Drops what [`Keeping::give`] made.
    ///
    /// # Safety
    /// `ptr` came from [`Keeping::give`] of the same type and was not freed.
    unsafe fn free<T>(ptr: *mut T);
}

/// One owner: events, errors, bytes.
pub(crate) enum Boxed {}

/// Counted owners: sessions and operations, which other threads may be using.
pub(crate) enum Shared {}

impl Keeping for Boxed {
    fn give<T>(value: T) -> *mut T {
        Box::into_raw(Box::new(value))
    }

    unsafe fn free<T>(ptr: *mut T) {
        // SAFETY: the caller promises a pointer from `give` that was not freed.
        drop(unsafe { Box::from_raw(ptr) });
    }
}

impl Keeping for Shared {
    fn give<T>(value: T) -> *mut T {
        Arc::into_raw(Arc::new(value)).cast_mut()
    }

    unsafe fn free<T>(ptr: *mut T) {
        // SAFETY: the caller promises a pointer from `give` that was not freed.
        drop(unsafe { Arc::from_raw(ptr) });
    }
}

/// Borrows a handle with one owner.
///
/// # Safety
/// `ptr` is NULL or a live handle that is not freed while `'a` lasts.
pub(crate) unsafe fn borrow<'a, T: Handle<Kept = Boxed>>(ptr: *const T) -> Result<&'a T, Refusal> {
    // SAFETY: the caller promises a live handle or NULL.
    unsafe { ptr.as_ref() }.ok_or_else(|| null(T::NAME))
}

/// Takes a share of a handle with counted owners, so that a `_free` on another thread cannot end it during the call.
///
/// # Safety
/// `ptr` is NULL or a live handle.
pub(crate) unsafe fn share<T: Handle<Kept = Shared>>(ptr: *const T) -> Result<Arc<T>, Refusal> {
    if ptr.is_null() {
        return Err(null(T::NAME));
    }
    // SAFETY: the pointer came from `Arc::into_raw` and the caller promises that it is live.
    unsafe { Arc::increment_strong_count(ptr) };
    // SAFETY: the count raised above belongs to this new owner.
    Ok(unsafe { Arc::from_raw(ptr) })
}

/// Gives a share that the caller of the library will free.
pub(crate) fn lend<T: Handle<Kept = Shared>>(value: Arc<T>) -> *mut T {
    Arc::into_raw(value).cast_mut()
}

/// Turns a value into the handle that owns it.
pub(crate) fn give<T: Handle>(value: T) -> *mut T {
    T::Kept::give(value)
}

/// Frees a handle; NULL is accepted. A panic while dropping stays inside.
///
/// # Safety
/// `ptr` is NULL or a live handle; it is not used again.
pub(crate) unsafe fn free<T: Handle>(ptr: *mut T) {
    if ptr.is_null() {
        return;
    }
    // Nothing of the handle is left to be seen in a half-dropped state.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller promises a live handle, made by the same `Keeping`.
        unsafe { T::Kept::free(ptr) }
    }));
}

/// A place in the caller's memory where a result goes.
pub(crate) struct Out<T>(NonNull<T>);

impl<T> Out<T> {
    /// Refuses NULL and pointers that are not aligned.
    ///
    /// # Safety
    /// `ptr` is NULL or writable, and stays so during the call.
    pub(crate) unsafe fn new(ptr: *mut T, what: &'static str) -> Result<Self, Refusal> {
        match NonNull::new(ptr) {
            Some(ptr) if ptr.is_aligned() => Ok(Self(ptr)),
            Some(_) => Err(crate::error::bad_argument(what, format_args!("the pointer is not aligned"))),
            None => Err(null(what)),
        }
    }

    /// Writes the result.
    pub(crate) fn write(self, value: T) {
        // SAFETY: `new` was promised writable memory and checked the alignment.
        unsafe { self.0.write(value) }
    }
}

/// A struct that may grow: its first field is its size, set by the caller.
///
/// # Safety
/// The type is `repr(C)` and begins with a `u32`.
pub(crate) unsafe trait Growing: Sized {
    /// The size of the struct as this library knows it.
    const SIZE: u32;
}

impl<T: Growing> Out<T> {
    /// As [`Out::new`] for a struct whose `size` says how much of it the caller knows. A caller that knows less than
    /// this library was compiled for another one and is refused.
    ///
    /// # Safety
    /// `ptr` is NULL or points to a writable struct whose first field is set.
    pub(crate) unsafe fn sized(ptr: *mut T, what: &'static str) -> Result<Self, Refusal> {
        // SAFETY: the caller promises what `new` asks for.
        let out = unsafe { Self::new(ptr, what) }?;
        // SAFETY: `Growing` promises that a `u32` comes first, and the caller that it is set.
        let size = unsafe { out.0.cast::<u32>().read() };
        if size < T::SIZE {
            let message = format_args!("its size is set to {size}, the struct has {} bytes", T::SIZE);
            return Err(crate::error::bad_argument(what, message));
        }
        Ok(out)
    }
}

impl<T> Out<*mut T> {
    /// As [`Out::new`] for a place that receives a handle; it is NULL until the result is there.
    ///
    /// # Safety
    /// As [`Out::new`].
    pub(crate) unsafe fn handle(ptr: *mut *mut T, what: &'static str) -> Result<Self, Refusal> {
        // SAFETY: the caller promises what `new` asks for.
        let out = unsafe { Self::new(ptr, what) }?;
        // SAFETY: checked by `new`.
        unsafe { out.0.write(std::ptr::null_mut()) };
        Ok(out)
    }
}

#[cold]
fn null(what: &'static str) -> Refusal {
    refuse(EXO_STATUS_NULL, format_args!("{what} is NULL"))
}
