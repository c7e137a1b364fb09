//! What a look through text halts at.

/// Bytes at which a look through text comes to a halt: `<`, `&`, control characters, and what is said here.
pub(in super::super) trait Halts {
    /// `_`, with which an escape begins.
    const ESCAPE: bool;
    /// What is not ASCII.
    const BEYOND_ASCII: bool;
}

/// What text of XML cannot simply run over.
pub(in super::super) struct Markup;

impl Halts for Markup {
    const ESCAPE: bool = false;
    const BEYOND_ASCII: bool = false;
}

/// What text in which escapes mean something cannot simply run over.
pub(in super::super) struct Special;

impl Halts for Special {
    const ESCAPE: bool = true;
    const BEYOND_ASCII: bool = false;
}

/// The same in bytes that may be no UTF-8.
pub(in super::super) struct Unusual;

impl Halts for Unusual {
    const ESCAPE: bool = true;
    const BEYOND_ASCII: bool = true;
}
