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
    /// The body or document is too long.
    BodyTooLong {
        /// Its length in bytes.
        len: usize,
        /// [`Limits::max_body_len`](super::Limits::max_body_len), or 4 GiB − 1.
        max: usize,
    },
    /// One top-level value is too long.
    ObjectTooLong {
        /// [`Limits::max_object_len`](super::Limits::max_object_len).
        max: usize,
    },
    /// Text of the body with its entities expanded, and decoded byte arrays, are too long together.
    ExpandedTooLong {
        /// [`Limits::max_expanded_len`](super::Limits::max_expanded_len).
        max: usize,
    },
    /// Too many elements are open inside each other.
    TooDeep {
        /// [`Limits::max_depth`](super::Limits::max_depth).
        max: u32,
    },
    /// One object has too many parts.
    TooManyParts {
        /// [`Limits::max_parts`](super::Limits::max_parts).
        max: u32,
    },
    /// The decoder has met too many different member names.
    TooManyNames {
        /// [`Limits::max_names`](super::Limits::max_names).
        max: u32,
    },
    /// The different member names that the decoder has met are too long together.
    NamesTooLong {
        /// [`Limits::max_names_len`](super::Limits::max_names_len).
        max: usize,
    },
    /// One member name is too long.
    NameTooLong {
        /// [`Limits::max_name_len`](super::Limits::max_name_len).
        max: usize,
    },
    /// One list of type names has too many.
    TooManyTypeNames {
        /// [`Limits::max_type_names`](super::Limits::max_type_names).
        max: u32,
    },
    /// The body has too many lists of type names.
    TooManyTypeLists {
        /// [`Limits::max_type_lists`](super::Limits::max_type_lists).
        max: u32,
    },
    /// A document type declaration stands in the text. They are never read.
    Dtd,
    /// An entity that is neither predefined nor a number.
    Entity,
    /// A dictionary entry whose key is null.
    KeyIsNil,
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
        self.0.kind.limit().is_some()
    }
}

impl DecodeErrorKind {
    /// The field of [`Limits`](super::Limits) that was met, and its value; `None` when it was no limit.
    pub fn limit(self) -> Option<(&'static str, u64)> {
        let bytes = |max| u64::try_from(max).unwrap_or(u64::MAX);
        Some(match self {
            DecodeErrorKind::BodyTooLong { max, .. } => ("max_body_len", bytes(max)),
            DecodeErrorKind::ObjectTooLong { max } => ("max_object_len", bytes(max)),
            DecodeErrorKind::ExpandedTooLong { max } => ("max_expanded_len", bytes(max)),
            DecodeErrorKind::TooDeep { max } => ("max_depth", max.into()),
            DecodeErrorKind::TooManyParts { max } => ("max_parts", max.into()),
            DecodeErrorKind::TooManyNames { max } => ("max_names", max.into()),
            DecodeErrorKind::NamesTooLong { max } => ("max_names_len", bytes(max)),
            DecodeErrorKind::NameTooLong { max } => ("max_name_len", bytes(max)),
            DecodeErrorKind::TooManyTypeNames { max } => ("max_type_names", max.into()),
            DecodeErrorKind::TooManyTypeLists { max } => ("max_type_lists", max.into()),
            _ => return None,
        })
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CLIXML at byte {}: {}", self.0.offset, self.0.kind)
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((limit, max)) = self.limit() {
            return write!(f, "more than `{limit}` allows, which is {max}; raise that limit to accept it");
        }
        match *self {
            DecodeErrorKind::Dtd => f.write_str("a document type declaration is refused"),
            DecodeErrorKind::Entity => {
                f.write_str("an unknown entity; only the five predefined and numeric ones are allowed")
            }
            DecodeErrorKind::KeyIsNil => f.write_str("the key of a dictionary entry is null"),
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
            // INVARIANT: those that are left are limits.
            _ => Ok(()),
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
