//! What can be wrong with an envelope that arrived.

use std::fmt;

/// An envelope that could not be read: what was wrong and where.
#[derive(Debug, Clone)]
pub struct EnvelopeError {
    kind: EnvelopeErrorKind,
    offset: usize,
    source: Option<Box<quick_xml::Error>>,
}

impl EnvelopeError {
    #[cold]
    pub(crate) fn new(kind: EnvelopeErrorKind, offset: usize) -> Self {
        Self { kind, offset, source: None }
    }

    #[cold]
    pub(crate) fn syntax(source: quick_xml::Error, offset: usize) -> Self {
        Self { kind: EnvelopeErrorKind::NotXml(NotXml::Syntax), offset, source: Some(Box::new(source)) }
    }

    /// What was wrong.
    #[must_use]
    pub fn kind(&self) -> &EnvelopeErrorKind {
        &self.kind
    }

    /// Where in the envelope reading stopped, in bytes from its start.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            EnvelopeErrorKind::NotXml(NotXml::Syntax) => {
                write!(f, "the envelope is not well-formed XML at byte {}", self.offset)?;
                if let Some(source) = &self.source {
                    write!(f, ": {source}")?;
                }
                Ok(())
            }
            kind => write!(f, "{kind} (at byte {})", self.offset),
        }
    }
}

impl std::error::Error for EnvelopeError {}

/// The ways an envelope can be wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeErrorKind {
    /// The bytes are not XML text at all, or not well-formed.
    NotXml(NotXml),
    /// The envelope ends inside an element.
    Truncated,
    /// A document type declaration, which SOAP forbids.
    Dtd,
    /// A reference to an entity other than the five of XML and characters by number.
    UnknownEntity,
    /// More bytes than allowed.
    TooLarge {
        /// What was too large.
        what: &'static str,
        /// Its length in bytes, or its count.
        len: usize,
        /// The limit it passed.
        limit: usize,
    },
    /// Elements nested deeper than allowed.
    TooDeep {
        /// The limit that was passed.
        limit: u32,
    },
    /// XML, but its root is not the SOAP 1.2 envelope.
    NotEnvelope,
    /// An envelope without a body.
    MissingBody,
    /// An element or attribute the operation cannot do without.
    MissingElement {
        /// Its name without a prefix.
        name: &'static str,
    },
    /// No action, or one that does not fit the body.
    WrongAction {
        /// The action of the header, shortened; empty when there was none.
        found: Box<str>,
    },
    /// Text that had to be base64 and is not.
    BadBase64 {
        /// The element it stood in.
        name: &'static str,
    },
    /// A number, identifier or duration that cannot be read.
    BadValue {
        /// The element or attribute it stood in.
        name: &'static str,
    },
}

/// Why bytes are not XML.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotXml {
    /// Nothing arrived.
    Empty,
    /// A page for people: a proxy, a load balancer or a sign-in page answered.
    Html,
    /// Text that does not begin with a tag.
    Text,
    /// Bytes that are zero.
    Nul,
    /// UTF-16 text; requests are UTF-8 and so must the answers be.
    Utf16,
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// Tags that do not fit together.
    Syntax,
}

impl fmt::Display for EnvelopeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotXml(reason) => reason.fmt(f),
            Self::Truncated => {
                f.write_str("the envelope ends inside an element, the connection may have been cut")
            }
            Self::Dtd => f.write_str("the envelope has a document type declaration, which SOAP forbids"),
            Self::UnknownEntity => f.write_str("the envelope refers to an entity that XML does not define"),
            Self::TooLarge { what, len, limit } => write!(f, "{what} is {len}, the limit is {limit}"),
            Self::TooDeep { limit } => write!(f, "the envelope nests elements deeper than {limit}"),
            Self::NotEnvelope => f.write_str("the XML is not a SOAP 1.2 envelope"),
            Self::MissingBody => f.write_str("the envelope has no body for its action"),
            Self::MissingElement { name } => write!(f, "the envelope lacks {name}"),
            Self::WrongAction { found } if found.is_empty() => f.write_str("the envelope has no action"),
            Self::WrongAction { found } => write!(f, "the action {found} does not fit the body"),
            Self::BadBase64 { name } => write!(f, "{name} is not base64"),
            Self::BadValue { name } => write!(f, "{name} has a value that cannot be read"),
        }
    }
}

impl fmt::Display for NotXml {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "nothing arrived where a SOAP envelope was expected",
            Self::Html => {
                "an HTML page arrived where a SOAP envelope was expected, a proxy or a sign-in page may stand in the way"
            }
            Self::Text => "plain text arrived where a SOAP envelope was expected",
            Self::Nul => "zero bytes arrived where a SOAP envelope was expected",
            Self::Utf16 => "UTF-16 text arrived where a UTF-8 envelope was expected",
            Self::NotUtf8 => "the envelope is not UTF-8",
            Self::Syntax => "the envelope is not well-formed XML",
        })
    }
}
