//! Why CLIXML was refused.

use std::error::Error;
use std::fmt;
use std::panic::Location;

/// Why a body or document was refused, and at which byte.
///
/// The text names the element or the limit and the offset, and nothing of the payload: payloads hold personal data.
pub struct DecodeError(Box<Inner>);

struct Inner {
    kind: DecodeErrorKind,
    offset: usize,
    location: &'static Location<'static>,
}

/// The reasons for a [`DecodeError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// A document type declaration stands in the text. They are never read.
    Dtd,
    /// An entity that is neither predefined nor a number.
    Entity,
    /// A dictionary entry whose key is null.
    KeyIsNil,
    /// More than a configured limit allows.
    Limit {
        /// The field of [`Limits`](super::Limits), or what else is bounded.
        limit: &'static str,
        /// Its value.
        max: u64,
    },
    /// A `<Ref>` or `<TNRef>` without `RefId`.
    MissingRefId {
        /// The element.
        tag: &'static str,
    },
    /// An end tag that does not belong to the element which is open.
    Mismatch {
        /// The element that is open.
        open: &'static str,
    },
    /// A known element where it must not stand, or a part that is missing.
    Misplaced {
        /// The element in which it happened.
        parent: &'static str,
        /// What it must hold.
        expected: &'static str,
    },
    /// Not the syntax of XML.
    Syntax {
        /// What had to stand there.
        expected: &'static str,
    },
    /// The text ends before the element does.
    Truncated {
        /// The innermost element that is open; empty when none is.
        open: &'static str,
    },
    /// An element that CLIXML does not know.
    UnknownElement,
    /// A `<Ref>` to an object, or a `<TNRef>` to type names, that did not come before.
    UnknownRefId {
        /// The element.
        tag: &'static str,
    },
    /// The bytes are not UTF-8, or not the encoding they claim to have.
    Utf,
    /// The text of a primitive does not stand for a value of its type.
    Value {
        /// The element.
        tag: &'static str,
        /// What its text must be.
        expected: &'static str,
    },
    /// An `<Objs>` whose version this crate does not know.
    Version,
}

impl DecodeError {
    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn new(kind: DecodeErrorKind, offset: usize) -> Self {
        DecodeError(Box::new(Inner { kind, offset, location: Location::caller() }))
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn limit(limit: &'static str, max: u64, offset: usize) -> Self {
        DecodeError::new(DecodeErrorKind::Limit { limit, max }, offset)
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn syntax(expected: &'static str, offset: usize) -> Self {
        DecodeError::new(DecodeErrorKind::Syntax { expected }, offset)
    }

    #[cold]
    #[inline(never)]
    #[track_caller]
    pub(super) fn value(tag: &'static str, expected: &'static str, offset: usize) -> Self {
        DecodeError::new(DecodeErrorKind::Value { tag, expected }, offset)
    }

    /// The reason.
    pub fn kind(&self) -> DecodeErrorKind {
        self.0.kind
    }

    /// The byte of the body at which it was found.
    pub fn offset(&self) -> usize {
        self.0.offset
    }

    /// The place in this crate that refused, for a bug report.
    pub fn location(&self) -> &'static Location<'static> {
        self.0.location
    }

    /// Whether a limit of [`Limits`](super::Limits) was met, so that a higher one would help.
    pub fn is_limit(&self) -> bool {
        matches!(self.0.kind, DecodeErrorKind::Limit { .. })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CLIXML at byte {}: {}", self.0.offset, self.0.kind)
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DecodeErrorKind::Dtd => f.write_str("a document type declaration is refused"),
            DecodeErrorKind::Entity => {
                f.write_str("an unknown entity; only the five predefined and numeric ones are allowed")
            }
            DecodeErrorKind::KeyIsNil => f.write_str("the key of a dictionary entry is null"),
            DecodeErrorKind::Limit { limit, max } => {
                write!(f, "more than `{limit}` allows, which is {max}; raise that limit to accept it")
            }
            DecodeErrorKind::MissingRefId { tag } => write!(f, "<{tag}> has no RefId"),
            DecodeErrorKind::Mismatch { open } => {
                write!(f, "an end tag that does not match the open <{open}>")
            }
            DecodeErrorKind::Misplaced { parent, expected } => write!(f, "<{parent}> must hold {expected}"),
            DecodeErrorKind::Syntax { expected } => write!(f, "expected {expected}"),
            DecodeErrorKind::Truncated { open: "" } => f.write_str("the text ends too early"),
            DecodeErrorKind::Truncated { open } => write!(f, "the text ends before <{open}> does"),
            DecodeErrorKind::UnknownElement => f.write_str("an unknown element"),
            DecodeErrorKind::UnknownRefId { tag } => write!(f, "<{tag}> refers to nothing that came before"),
            DecodeErrorKind::Utf => f.write_str("the bytes are not text of the expected encoding"),
            DecodeErrorKind::Value { tag, expected } => write!(f, "the text of <{tag}> is not {expected}"),
            DecodeErrorKind::Version => f.write_str("a document version that is not known; 1.x is"),
        }
    }
}

impl fmt::Debug for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecodeError")
            .field("kind", &self.0.kind)
            .field("offset", &self.0.offset)
            .field("location", &format_args!("{}", self.0.location))
            .finish()
    }
}

impl Error for DecodeError {}
