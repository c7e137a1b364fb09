//! From bytes to a tape, in one pass.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use super::decoded::decode_usual;
use super::error::{DecodeError, DecodeErrorKind};
use super::intern::Interner;
use super::limits::Limits;
use super::names::Names;
use super::node::{Kind, Node};
use super::opening::Opening;
use super::parse::{Frame, Parser};
use super::refs::RefTable;
use super::scan::{Scanner, Special};
use super::tape::{Arrays, Serials, Tape};
use super::wide::number;

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
    opening: Opening,
    stack: Vec<Frame>,
    scratch: Vec<u8>,
    scanner: Scanner,
    /// How many nodes a body had, and how many bytes.
    density: (usize, usize),
    /// INVARIANT: empty as long as no tape came back, so that a caller who keeps its tapes gets such that take no more
    /// than they need.
    #[expect(clippy::vec_box, reason = "a tape holds the box, so it comes back as one")]
    spares: Vec<Box<Arrays>>,
    serials: Serials,
}

impl Decoder {
    /// A decoder with these limits.
    pub fn new(limits: Limits) -> Self {
        Decoder {
            limits,
            interner: Interner::new(),
            objects: RefTable::default(),
            types: RefTable::default(),
            opening: Opening::default(),
            stack: Vec::new(),
            scratch: Vec::new(),
            scanner: Scanner::detect(),
            density: (0, 0),
            spares: Vec::new(),
            serials: Serials::default(),
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
        self.decode_body(body)
    }

    /// As [`Decoder::decode`], made a part of the caller: for the body of a message that was just cut out of a read.
    ///
    /// What was just written piece by piece cannot be moved as a whole before it has got to the cache. So the text is looked
    /// at where the body stands, and the body moved afterwards: short strings take a fifth less time.
    ///
    /// # Errors
    /// As [`Decoder::decode`].
    #[inline(always)]
    pub fn decode_body(&mut self, body: Bytes) -> Result<Tape, DecodeError> {
        let plain = self.plain_string(&body);
        self.tape_of(body, plain)
    }

    /// Where the text starts of a body that is one string and nothing else, if all of it stands for itself.
    #[inline(never)]
    fn plain_string(&self, body: &[u8]) -> Option<usize> {
        let text = self.lone_string(body).filter(|_| body.len() <= self.max_len())?;
        self.scanner.stands_for_itself(body.get(text.clone())?).then_some(text.start)
    }

    /// The tape of a body, with what [`Decoder::plain_string`] says of it.
    #[inline(never)]
    fn tape_of(&mut self, body: Bytes, plain: Option<usize>) -> Result<Tape, DecodeError> {
        if let Some(start) = plain {
            return Ok(Tape::of_one(string(0, &(start..body.len() - STRING_END.len())), body));
        }
        let max = self.max_len();
        if max < body.len() {
            return Err(DecodeError::new(DecodeErrorKind::BodyTooLong { len: body.len(), max }, max));
        }
        match self.lone_string(&body) {
            Some(text) => self.decode_lone_string(text, body),
            None => self.decode_elements(body),
        }
    }

    /// How long a body may be, in bytes.
    fn max_len(&self) -> usize {
        self.limits.max_body_len.min(MAX_LEN)
    }

    /// A body that is nothing but the start tag of a string, some text, and the end tag.
    #[inline(never)]
    fn decode_lone_string(&mut self, text: Range<usize>, body: Bytes) -> Result<Tape, DecodeError> {
        if self.limits.max_expanded_len < text.len() || self.scanner.check_utf8(&body).is_err() {
            return self.decode_elements(body);
        }
        let halt = self.scanner.find::<Special>(&body, text.start);
        if halt == text.end {
            return Ok(Tape::of_one(string(0, &text), body));
        }
        let Some(mut arrays) = self.spares.pop() else { return self.decode_elements(body) };
        let from_text = body.get(text.start..).unwrap_or_default();
        let plain_len = halt - text.start;
        if !decode_usual(self.scanner, from_text, plain_len, text.len(), &mut arrays.side) {
            self.spares.push(arrays);
            return self.decode_elements(body);
        }
        arrays.nodes.push(string(Node::IN_SIDE, &(0..arrays.side.len())));
        Ok(Tape::of_one_in(arrays, body))
    }

    /// Any body that is no longer than the limit.
    #[inline(never)]
    fn decode_elements(&mut self, body: Bytes) -> Result<Tape, DecodeError> {
        let spare = self.spares.pop();
        let is_fresh = spare.is_none();
        let mut arrays = spare.unwrap_or_else(|| self.fresh_arrays(body.len()));
        self.objects.clear();
        self.types.clear();
        self.stack.clear();
        self.interner.restart();
        let Arrays { nodes, side, floats } = std::mem::take(&mut *arrays);
        let mut parser = Parser {
            body: &body,
            at: 0,
            nodes,
            side,
            floats,
            top: Frame::ROOT,
            stack: &mut self.stack,
            objects: &mut self.objects,
            types: &mut self.types,
            opening: &mut self.opening,
            interner: &mut self.interner,
            scratch: &mut self.scratch,
            limits: &self.limits,
            scanner: self.scanner,
            value_end: usize::MAX,
            type_lists: 0,
            is_utf8: false,
            skips_unknown: false,
        };
        let outcome = parser.read();
        // Whatever else is wrong with it: what is no UTF-8 is no text.
        let outcome = outcome.map_err(|error| parser.check_utf8().err().unwrap_or(error));
        let Parser { nodes, side, floats, .. } = parser;
        *arrays = Arrays { nodes, side, floats };
        if let Err(error) = outcome {
            if !is_fresh {
                self.keep(arrays);
            }
            return Err(error);
        }
        if is_fresh {
            self.density = (arrays.nodes.len(), body.len());
        }
        let names = Arc::clone(self.interner.names());
        let mut tape = Tape::new(arrays, body, names, self.serials.next());
        if is_fresh {
            tape.trim();
        }
        Ok(tape)
    }

    /// Takes the memory of a tape back for the next one.
    pub fn recycle(&mut self, tape: Tape) {
        match tape.into_arrays() {
            Some(arrays) => self.keep(arrays),
            // The next tape may need arrays, and will come back as well.
            None if self.spares.is_empty() => self.spares.push(Box::default()),
            None => {}
        }
    }

    /// The member names met so far; shared by all tapes of this decoder.
    pub fn names(&self) -> &Arc<Names> {
        self.interner.names()
    }

    /// The limits it was made with.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Where the text stands of a body that is one string and nothing else, as many messages are, if it ends with the
    /// first tag in it: it needs none of what elements inside each other do.
    #[inline]
    fn lone_string(&self, body: &[u8]) -> Option<Range<usize>> {
        const START: &[u8] = b"<S>";
        const WITH_MARK: &[u8] = b"\xEF\xBB\xBF<S>";
        // Chosen by a branch, which is foreseen: so the text is on its way from memory before the start was looked at.
        let start = match body {
            _ if body.starts_with(START) => START.len(),
            _ if body.starts_with(WITH_MARK) => WITH_MARK.len(),
            _ => return None,
        };
        let len = body.get(start..)?.strip_suffix(STRING_END)?.len();
        (START.len() + len + STRING_END.len() <= self.limits.max_object_len).then_some(start..start + len)
    }

    /// Room for as many nodes a byte as the last body had that met no recycled memory, and a few more.
    fn fresh_arrays(&self, body_len: usize) -> Box<Arrays> {
        let (nodes, bytes) = self.density;
        let expected = nodes.saturating_mul(body_len) / bytes.max(1);
        let most = body_len / MIN_ELEMENT_LEN + 1;
        Arrays::with_nodes((expected + expected / 16 + 4).min(most))
    }

    fn keep(&mut self, mut arrays: Box<Arrays>) {
        if self.spares.len() < MAX_SPARES && arrays.capacity_len() <= MAX_SPARE_LEN {
            arrays.clear();
            self.spares.push(arrays);
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

/// The node of a string without a name.
#[inline]
fn string(flags: u8, text: &Range<usize>) -> Node {
    const KIND: u8 = Kind::String.number();
    Node { kind: KIND, flags, aux: 0, name: 0, a: number(text.start), b: number(text.len()) }
}

const STRING_END: &[u8] = b"</S>";
/// Offsets in a tape have 32 bits.
const MAX_LEN: usize = super::wide::index(u32::MAX);
/// `<S/>`
const MIN_ELEMENT_LEN: usize = 4;
const MAX_SPARES: usize = 8;
const MAX_SPARE_LEN: usize = 64 * 1024 * 1024;
