//! Reading and writing XML text: namespaces by URI, no document types, bounded depth.

mod escape;
mod look;

use std::borrow::Cow;

use quick_xml::XmlVersion;
use quick_xml::errors::SyntaxError;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;

pub(crate) use self::escape::{escape_attribute, escape_text};
use crate::envelope::Limits;
use crate::error::{EnvelopeError, EnvelopeErrorKind, NotXml};

/// The namespaces that matter. Everything else is `Other`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ns {
    /// SOAP 1.2.
    Soap,
    /// WS-Addressing.
    Addressing,
    /// DMTF WS-Management.
    Wsman,
    /// Microsoft's additions to WS-Management.
    WsmanMicrosoft,
    /// Remote shells.
    Shell,
    /// WS-Transfer.
    Transfer,
    /// `creationXml` and its kin.
    PowerShell,
    /// WinRM configuration.
    Config,
    /// Windows fault details.
    Fault,
    Other,
}

impl Ns {
    fn of(uri: &str) -> Self {
        match uri {
            SOAP => Self::Soap,
            ADDRESSING => Self::Addressing,
            WSMAN => Self::Wsman,
            WSMAN_MICROSOFT => Self::WsmanMicrosoft,
            SHELL => Self::Shell,
            TRANSFER => Self::Transfer,
            POWERSHELL => Self::PowerShell,
            CONFIG => Self::Config,
            FAULT => Self::Fault,
            _ => Self::Other,
        }
    }
}

pub(crate) const SOAP: &str = "http://www.w3.org/2003/05/soap-envelope";
pub(crate) const ADDRESSING: &str = "http://schemas.xmlsoap.org/ws/2004/08/addressing";
pub(crate) const WSMAN: &str = "http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd";
pub(crate) const WSMAN_MICROSOFT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd";
pub(crate) const SHELL: &str = "http://schemas.microsoft.com/wbem/wsman/1/windows/shell";
pub(crate) const TRANSFER: &str = "http://schemas.xmlsoap.org/ws/2004/09/transfer";
pub(crate) const POWERSHELL: &str = "http://schemas.microsoft.com/powershell";
pub(crate) const CONFIG: &str = "http://schemas.microsoft.com/wbem/wsman/1/config";
pub(crate) const FAULT: &str = "http://schemas.microsoft.com/wbem/wsman/1/wsmanfault";

/// The start tag of an element.
#[derive(Debug)]
pub(crate) struct Element<'a> {
    ns: Ns,
    start: BytesStart<'a>,
    offset: usize,
}

impl Element<'_> {
    pub(crate) fn is(&self, ns: Ns, local: &str) -> bool {
        self.ns == ns && self.start.local_name().as_ref() == local
    }

    /// As `is`, whatever the letters' case: servers do not agree on `IdleTimeOut`.
    pub(crate) fn is_ignoring_case(&self, ns: Ns, local: &str) -> bool {
        self.ns == ns && self.start.local_name().as_ref().eq_ignore_ascii_case(local)
    }

    /// Whether it has this name in whatever namespace.
    pub(crate) fn has_name(&self, local: &str) -> bool {
        self.start.local_name().as_ref() == local
    }

    /// An attribute by its name without a prefix.
    pub(crate) fn attribute(&self, local: &str) -> Result<Option<String>, EnvelopeError> {
        for (index, attribute) in self.start.attributes().enumerate() {
            if MAX_ATTRIBUTES <= index {
                let kind = EnvelopeErrorKind::TooLarge {
                    what: "the number of attributes of an element",
                    len: index + 1,
                    limit: MAX_ATTRIBUTES,
                };
                return Err(EnvelopeError::new(kind, self.offset));
            }
            let attribute = attribute.map_err(|error| EnvelopeError::syntax(error.into(), self.offset))?;
            if attribute.key.local_name().as_ref() == local {
                let value = attribute
                    .normalized_value(XmlVersion::Explicit1_0)
                    .map_err(|_| EnvelopeError::new(EnvelopeErrorKind::UnknownEntity, self.offset))?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }
}

/// Reads an envelope from front to back. Whoever takes an element from `next_child` reads it to its end with
/// `next_child`, `text`, `all_text` or `skip` before asking for the following one.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    inner: NsReader<&'a [u8]>,
    /// What of the envelope `inner` does not count: a byte order mark, and what was read past it.
    base: usize,
    depth: u32,
    max_depth: u32,
}

enum Token<'a> {
    Start(Element<'a>),
    Text(Cow<'a, str>),
    End,
}

impl<'a> Reader<'a> {
    /// Reads an envelope by `decode`, which goes to its end.
    pub(crate) fn read<T>(
        envelope: &'a [u8],
        limits: &Limits,
        decode: impl FnOnce(&mut Self) -> Result<T, EnvelopeError>,
    ) -> Result<T, EnvelopeError> {
        let outcome = decode(&mut Self::new(envelope, limits)?);
        // What is not UTF-8 can look wrong in many ways.
        outcome.map_err(|error| look::not_utf8(envelope).unwrap_or(error))
    }

    /// Checks size and first impression, and stands before the root element.
    fn new(envelope: &'a [u8], limits: &Limits) -> Result<Self, EnvelopeError> {
        if limits.max_envelope_len < envelope.len() {
            let kind = EnvelopeErrorKind::TooLarge {
                what: "the length of the envelope in bytes",
                len: envelope.len(),
                limit: limits.max_envelope_len,
            };
            return Err(EnvelopeError::new(kind, 0));
        }
        let text = look::text(envelope)?;
        let mut inner = NsReader::from_reader(text);
        let config = inner.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = false;
        Ok(Self { inner, base: envelope.len() - text.len(), depth: 0, max_depth: limits.max_depth })
    }

    /// Where reading stands, in bytes.
    pub(crate) fn offset(&self) -> usize {
        usize::try_from(self.inner.buffer_position()).unwrap_or(usize::MAX).saturating_add(self.base)
    }

    /// How many bytes are left to read.
    pub(crate) fn left_len(&self) -> usize {
        self.inner.get_ref().len()
    }

    #[cold]
    pub(crate) fn error(&self, kind: EnvelopeErrorKind) -> EnvelopeError {
        EnvelopeError::new(kind, self.offset())
    }

    /// The next child of the element reading stands in, `None` at its end. Text between is passed over.
    pub(crate) fn next_child(&mut self) -> Result<Option<Element<'a>>, EnvelopeError> {
        loop {
            match self.next_token()? {
                Token::Start(element) => return Ok(Some(element)),
                Token::Text(_) => {}
                Token::End => return Ok(None),
            }
        }
    }

    /// The text directly in this element, up to its end; children are passed over.
    /// Borrowed from the envelope unless it comes in pieces.
    pub(crate) fn text(&mut self) -> Result<Cow<'a, str>, EnvelopeError> {
        let mut text = Cow::Borrowed("");
        loop {
            match self.next_token()? {
                Token::Start(_) => self.skip()?,
                Token::Text(piece) if text.is_empty() => text = piece,
                Token::Text(piece) => text.to_mut().push_str(&piece),
                Token::End => return Ok(text),
            }
        }
    }

    /// Reads the next children without looking at their parts, as long as one stands right here, starts byte for byte as
    /// `sample`, an earlier child of the same parent, did, and holds nothing but text that `take` takes. Reading is then
    /// behind them, and [`Reader::next_child`] gives the child that was not taken.
    ///
    /// An envelope holds thousands of streams that differ in their text only.
    pub(crate) fn take_alike(&mut self, sample: &Element<'a>, mut take: impl FnMut(&'a [u8]) -> bool) {
        let rest: &'a [u8] = self.inner.get_mut();
        let start = ["<", sample.start.as_ref(), ">"].concat();
        let end = ["</", sample.start.name().as_ref(), ">"].concat();
        let between = [end.as_str(), start.as_str()].concat();
        let mut after = rest;
        let mut inside = rest.strip_prefix(start.as_bytes());
        while let Some((text, tags)) = inside.and_then(split_text) {
            inside = tags.strip_prefix(between.as_bytes());
            if inside.is_none() && !tags.starts_with(end.as_bytes()) || !take(text) {
                break;
            }
            after = tags.get(end.len()..).unwrap_or_default();
        }
        // The reader does not count what it has not read itself.
        self.base += rest.len() - after.len();
        *self.inner.get_mut() = after;
    }

    /// Passes over the rest of this element.
    pub(crate) fn skip(&mut self) -> Result<(), EnvelopeError> {
        let mut open = 1_u32;
        while 0 < open {
            match self.next_token()? {
                Token::Start(_) => open += 1,
                Token::Text(_) => {}
                Token::End => open -= 1,
            }
        }
        Ok(())
    }

    /// The text of this element and of everything in it, up to its end; `visit` sees each child's start.
    pub(crate) fn all_text(
        &mut self,
        mut visit: impl FnMut(&Element<'a>) -> Result<(), EnvelopeError>,
    ) -> Result<String, EnvelopeError> {
        let mut text = String::new();
        let mut open = 1_u32;
        while 0 < open {
            match self.next_token()? {
                Token::Start(element) => {
                    visit(&element)?;
                    open += 1;
                }
                Token::Text(piece) => text.push_str(&piece),
                Token::End => open -= 1,
            }
        }
        Ok(text)
    }

    /// Refuses anything but blanks and comments behind the root element.
    pub(crate) fn finish(&mut self) -> Result<(), EnvelopeError> {
        loop {
            let event = self.read_event()?;
            match event {
                Event::Eof => return Ok(()),
                Event::Comment(_) | Event::PI(_) => {}
                Event::Text(text) if text.trim_ascii().is_empty() => {}
                _ => return Err(self.error(EnvelopeErrorKind::NotXml(NotXml::Syntax))),
            }
        }
    }

    fn read_event(&mut self) -> Result<Event<'a>, EnvelopeError> {
        match self.inner.read_event() {
            Ok(event) => Ok(event),
            Err(quick_xml::Error::Syntax(error)) if error != SyntaxError::InvalidBangMarkup => {
                Err(self.error(EnvelopeErrorKind::Truncated))
            }
            Err(error) => Err(EnvelopeError::syntax(error, self.offset())),
        }
    }

    fn next_token(&mut self) -> Result<Token<'a>, EnvelopeError> {
        loop {
            match self.read_event()? {
                Event::Start(start) => {
                    self.depth += 1;
                    if self.max_depth < self.depth {
                        return Err(self.error(EnvelopeErrorKind::TooDeep { limit: self.max_depth }));
                    }
                    let ns = match self.inner.resolver().resolve_element(start.name()).0 {
                        ResolveResult::Bound(uri) => Ns::of(uri.as_ref()),
                        ResolveResult::Unbound | ResolveResult::Unknown(_) => Ns::Other,
                    };
                    let offset = self.offset();
                    return Ok(Token::Start(Element { ns, start, offset }));
                }
                Event::End(_) => {
                    self.depth = self.depth.saturating_sub(1);
                    return Ok(Token::End);
                }
                Event::Text(text) => return Ok(Token::Text(text.into_inner())),
                Event::CData(text) => return Ok(Token::Text(text.into_inner())),
                Event::GeneralRef(reference) => {
                    let character = match reference.resolve_char_ref() {
                        Ok(Some(character)) => Some(character),
                        Ok(None) => predefined(&reference),
                        Err(_) => None,
                    };
                    let Some(character) = character else {
                        return Err(self.error(EnvelopeErrorKind::UnknownEntity));
                    };
                    return Ok(Token::Text(Cow::Owned(character.to_string())));
                }
                Event::DocType(_) => return Err(self.error(EnvelopeErrorKind::Dtd)),
                Event::Eof => return Err(self.error(EnvelopeErrorKind::Truncated)),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Empty(_) => {}
            }
        }
    }
}

/// Text up to the first tag, and the rest from there on.
fn split_text(inside: &[u8]) -> Option<(&[u8], &[u8])> {
    inside.split_at_checked(memchr::memchr(b'<', inside)?)
}

fn predefined(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => None,
    }
}

const MAX_ATTRIBUTES: usize = 64;
