//! From bytes to a tape, in one pass.

use std::sync::Arc;

use bytes::Bytes;

use super::error::{DecodeError, DecodeErrorKind};
use super::intern::Interner;
use super::limits::Limits;
use super::names::Names;
use super::parse::{Frame, Parser};
use super::refs::RefTable;
use super::scan::Scanner;
use super::tape::{Parts, Tape};

/// Decodes message bodies and documents into tapes.
///
/// A decoder is made to be kept: it interns member names over its whole life, and [`Decoder::recycle`] gives it the
/// memory of tapes back, so that decoding needs no allocation once warm. All tapes of one decoder share one table of
/// names.
///
/// ```
/// use psrp::clixml::{Decoder, Kind, Limits};
///
/// let body = br#"<Obj RefId="0"><ToString>Anna</ToString><MS>
///     <S N="Alias">anna_x0040_contoso.com</S><I32 N="Size">7</I32><Ref N="Self" RefId="0" /></MS></Obj>"#;
/// let mut decoder = Decoder::new(Limits::default());
/// let tape = decoder.decode(body.as_slice().into())?;
///
/// let person = tape.first().expect("one value");
/// assert_eq!(person.kind(), Kind::Object);
/// assert_eq!(person.to_string_text().map(|text| text.to_lossy()).as_deref(), Some("Anna"));
/// for member in person.members() {
///     let name = member.name().map(|name| name.to_lossy());
///     match name.as_deref() {
///         Some("Alias") => assert_eq!(member.as_str(), Some("anna@contoso.com")),
///         Some("Size") => assert_eq!(member.as_i64(), Some(7)),
///         _ => assert_eq!(member.resolve(), person),
///     }
/// }
/// decoder.recycle(tape);
/// # Ok::<(), psrp::clixml::DecodeError>(())
/// ```
pub struct Decoder {
    limits: Limits,
    interner: Interner,
    objects: RefTable,
    types: RefTable,
    stack: Vec<Frame>,
    scratch: Vec<u8>,
    scanner: Scanner,
    /// How many nodes a body had, and how many bytes.
    density: (usize, usize),
    spares: Vec<Parts>,
}

impl Decoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Decoder {
            limits,
            interner: Interner::new(),
            objects: RefTable::default(),
            types: RefTable::default(),
            stack: Vec::new(),
            scratch: Vec::new(),
            scanner: Scanner::detect(),
            density: (0, 0),
            spares: Vec::new(),
        }
    }

    /// Decodes a message body (MS-PSRP 2.2.5) or an `<Objs>` document.
    ///
    /// The text must be UTF-8, with or without byte order mark; [`utf8_document`](super::utf8_document) brings files in
    /// UTF-16 to that form. A body without an element is a tape without values.
    ///
    /// The tape keeps the body; text that needs no decoding is not copied out of it.
    ///
    /// # Errors
    /// Anything that is not CLIXML, a value out of the range of its type, a reference to nothing, or more than a limit
    /// allows. No part of a refused body is kept.
    pub fn decode(&mut self, body: Bytes) -> Result<Tape, DecodeError> {
        let max = self.limits.max_body_len.min(MAX_LEN);
        if max < body.len() {
            return Err(DecodeError::new(DecodeErrorKind::BodyTooLong { len: body.len(), max }, max));
        }
        if let Err(valid_up_to) = self.scanner.check_utf8(&body) {
            return Err(DecodeError::new(DecodeErrorKind::Utf, valid_up_to));
        }
        let spare = self.spares.pop();
        let is_fresh = spare.is_none();
        let parts = spare.unwrap_or_else(|| self.fresh_parts(body.len()));
        self.objects.clear();
        self.types.clear();
        self.stack.clear();
        self.interner.restart();
        let mut parser = Parser {
            body: &body,
            at: 0,
            nodes: parts.nodes,
            side: parts.side,
            floats: parts.floats,
            top: Frame::ROOT,
            stack: &mut self.stack,
            objects: &mut self.objects,
            types: &mut self.types,
            interner: &mut self.interner,
            scratch: &mut self.scratch,
            limits: &self.limits,
            scanner: self.scanner,
            value_end: usize::MAX,
            type_lists: 0,
            skips_unknown: false,
        };
        let outcome = parser.document();
        let Parser { nodes, side, floats, .. } = parser;
        let mut parts = Parts { nodes, side, floats };
        match outcome {
            Ok(()) => {
                if is_fresh {
                    self.density = (parts.nodes.len(), body.len());
                    parts.trim();
                }
                Ok(Tape::new(parts, body, Arc::clone(self.interner.names())))
            }
            Err(error) => {
                self.keep(parts);
                Err(error)
            }
        }
    }

    /// Takes the memory of a tape back for the next one.
    pub fn recycle(&mut self, tape: Tape) {
        self.keep(tape.into_parts());
    }

    /// The member names met so far; shared by all tapes of this decoder.
    pub fn names(&self) -> &Arc<Names> {
        self.interner.names()
    }

    /// The limits it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Room for as many nodes a byte as the last body had that met no recycled memory, and a few more.
    fn fresh_parts(&self, body_len: usize) -> Parts {
        let (nodes, bytes) = self.density;
        let expected = nodes.saturating_mul(body_len) / bytes.max(1);
        let most = body_len / MIN_ELEMENT_LEN + 1;
        let mut parts = Parts::default();
        parts.nodes.reserve_exact((expected + expected / 16 + 4).min(most));
        parts
    }

    fn keep(&mut self, mut parts: Parts) {
        if self.spares.len() < MAX_SPARES && parts.capacity_len() <= MAX_SPARE_LEN {
            parts.clear();
            self.spares.push(parts);
        }
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder::new(Limits::default())
    }
}

/// Prints limits and sizes only.
impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decoder")
            .field("limits", &self.limits)
            .field("names", self.names())
            .finish_non_exhaustive()
    }
}

/// Decodes one body or document with the default limits; see [`Decoder::decode`].
///
/// # Errors
/// As [`Decoder::decode`].
pub fn decode(body: impl Into<Bytes>) -> Result<Tape, DecodeError> {
    Decoder::default().decode(body.into())
}

/// Offsets in a tape have 32 bits.
const MAX_LEN: usize = super::wide::index(u32::MAX);
/// `<S/>`
const MIN_ELEMENT_LEN: usize = 4;
const MAX_SPARES: usize = 8;
const MAX_SPARE_LEN: usize = 64 * 1024 * 1024;
