//! Errors that several places give.

use super::error::{DecodeError, DecodeErrorKind};
use super::node::Kind;
use super::parse::Parser;
use super::tag::Tag;

impl Parser<'_> {
    #[cold]
    #[track_caller]
    pub(super) fn truncated(&self) -> DecodeError {
        let open = if self.stack.is_empty() { "" } else { self.top.tag.name() };
        DecodeError::new(DecodeErrorKind::Truncated { open }, self.body.len())
    }

    #[cold]
    #[track_caller]
    pub(super) fn expected(&self, what: &'static str) -> DecodeError {
        if self.at < self.body.len() { DecodeError::syntax(what, self.at) } else { self.truncated() }
    }

    #[cold]
    #[track_caller]
    pub(super) fn misplaced(&self, tag: Tag) -> DecodeError {
        let parent = self.top.tag;
        let expected = match Kind::from_number(parent.0) {
            Some(Kind::TypeNames) => "<T> only",
            Some(Kind::Dictionary) => "<En> only",
            Some(Kind::Object) => "the parts of an object only",
            _ => "values only",
        };
        debug_assert!(tag != Tag::NONE, "a tag that was read has a number");
        DecodeError::new(DecodeErrorKind::Misplaced { parent: parent.name(), expected }, self.at)
    }

    #[cold]
    #[track_caller]
    pub(super) fn nameless(&self, begin: usize) -> DecodeError {
        let kind =
            DecodeErrorKind::Misplaced { parent: self.top.tag.name(), expected: "elements with a name" };
        DecodeError::new(kind, begin)
    }

    #[cold]
    #[track_caller]
    pub(super) fn entry_incomplete(&self, begin: usize) -> DecodeError {
        let kind = DecodeErrorKind::Misplaced { parent: "En", expected: "a key and a value" };
        DecodeError::new(kind, begin)
    }

    #[cold]
    #[track_caller]
    pub(super) fn too_deep(&self, begin: usize) -> DecodeError {
        DecodeError::new(DecodeErrorKind::TooDeep { max: self.limits.max_depth }, begin)
    }

    #[cold]
    #[track_caller]
    pub(super) fn too_many_parts(&self, begin: usize) -> DecodeError {
        DecodeError::new(DecodeErrorKind::TooManyParts { max: self.limits.max_parts }, begin)
    }

    #[cold]
    #[track_caller]
    pub(super) fn too_many_type_lists(&self, begin: usize) -> DecodeError {
        DecodeError::new(DecodeErrorKind::TooManyTypeLists { max: self.limits.max_type_lists }, begin)
    }

    /// The error stands where the value begins.
    #[cold]
    #[track_caller]
    pub(super) fn object_too_long(&self) -> DecodeError {
        let max = self.limits.max_object_len;
        DecodeError::new(DecodeErrorKind::ObjectTooLong { max }, self.value_end.saturating_sub(max))
    }

    #[cold]
    #[track_caller]
    pub(super) fn name_too_long(&self, begin: usize) -> DecodeError {
        DecodeError::new(DecodeErrorKind::NameTooLong { max: self.limits.max_name_len }, begin)
    }

    /// Whether `len` more bytes may be decoded, said before they take memory.
    #[inline]
    #[track_caller]
    pub(super) fn check_expanded(&self, len: usize) -> Result<(), DecodeError> {
        let max = self.limits.max_expanded_len;
        if max < self.side.len().saturating_add(len) {
            return Err(DecodeError::new(DecodeErrorKind::ExpandedTooLong { max }, self.at));
        }
        Ok(())
    }
}
