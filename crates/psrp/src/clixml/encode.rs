//! From values to bytes, as PowerShell writes them.

use std::fmt;

use uuid::Uuid;

use super::date::{DateTime, write_duration};
use super::digits::{push_number, push_signed};
use super::element::{Part, push_type_names};
use super::node::Kind;
use super::scan::Scanner;
use super::sheet::{Line, Sheet, push_line};
use super::text::Text;
use super::value::Stream;
use super::write::{push_bool, push_double, push_escaped, push_guid, push_single, push_xml};
use super::written::Written;

/// Writes CLIXML straight into a buffer, byte for byte as PowerShell does (MS-PSRP 2.2.5).
///
/// One encoder is one message: `RefId`s are given in the order in which objects begin, starting at 0, and a list of
/// type names is written once and referred to from then on.
///
/// ```
/// use psrp::clixml::Encoder;
///
/// let mut body = Vec::new();
/// Encoder::new(&mut body).object(None, &[], None, |object| {
///     object.members(|members| {
///         members.i32("RunspaceState", 2);
///     });
/// });
/// assert_eq!(body, br#"<Obj RefId="0"><MS><I32 N="RunspaceState">2</I32></MS></Obj>"#);
/// ```
pub struct Encoder<'b> {
    pub(super) out: &'b mut Vec<u8>,
    pub(super) objects: u64,
    /// Made for the first object or list of type names: many messages have none.
    written: Option<Written>,
    /// The name that the next element gets whatever its caller says: the two parts of a dictionary entry.
    pub(super) forced_name: Option<&'static str>,
    pub(super) stream: Option<Stream>,
}

/// The name of a member, or none for values that have none. `None`, `"text"` and a [`Text`] convert into it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Name<'n>(pub(super) Option<Text<'n>>);

/// The `RefId` an object got in its message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefId(pub(super) u64);

impl<'b> Encoder<'b> {
    /// An encoder that appends one message to `out`.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        Encoder { out, objects: 0, written: None, forced_name: None, stream: None }
    }

    /// `<Nil />`: null.
    pub fn nil<'n>(&mut self, name: impl Into<Name<'n>>) {
        self.start("Nil", name.into());
        self.out.extend_from_slice(b" />");
    }

    /// `<B>`
    pub fn bool<'n>(&mut self, name: impl Into<Name<'n>>, value: bool) {
        self.short_leaf("B", name.into(), |line| push_bool(line, value));
    }

    /// `<C>`: one UTF-16 unit.
    pub fn char<'n>(&mut self, name: impl Into<Name<'n>>, unit: u16) {
        self.unsigned("C", name.into(), unit);
    }

    /// `<By>`
    pub fn u8<'n>(&mut self, name: impl Into<Name<'n>>, value: u8) {
        self.unsigned("By", name.into(), value);
    }

    /// `<SB>`
    pub fn i8<'n>(&mut self, name: impl Into<Name<'n>>, value: i8) {
        self.signed("SB", name.into(), value);
    }

    /// `<I16>`
    pub fn i16<'n>(&mut self, name: impl Into<Name<'n>>, value: i16) {
        self.signed("I16", name.into(), value);
    }

    /// `<U16>`
    pub fn u16<'n>(&mut self, name: impl Into<Name<'n>>, value: u16) {
        self.unsigned("U16", name.into(), value);
    }

    /// `<I32>`
    pub fn i32<'n>(&mut self, name: impl Into<Name<'n>>, value: i32) {
        self.signed("I32", name.into(), value);
    }

    /// `<U32>`
    pub fn u32<'n>(&mut self, name: impl Into<Name<'n>>, value: u32) {
        self.unsigned("U32", name.into(), value);
    }

    /// `<I64>`
    pub fn i64<'n>(&mut self, name: impl Into<Name<'n>>, value: i64) {
        self.signed("I64", name.into(), value);
    }

    /// `<U64>`
    pub fn u64<'n>(&mut self, name: impl Into<Name<'n>>, value: u64) {
        self.unsigned("U64", name.into(), value);
    }

    /// `<Sg>`
    pub fn f32<'n>(&mut self, name: impl Into<Name<'n>>, value: f32) {
        self.short_leaf("Sg", name.into(), |line| push_single(line, value));
    }

    /// `<Db>`
    pub fn f64<'n>(&mut self, name: impl Into<Name<'n>>, value: f64) {
        self.short_leaf("Db", name.into(), |line| push_double(line, value));
    }

    /// `<D>`: a decimal number, its text as .NET writes it, with its scale.
    pub fn decimal<'n>(&mut self, name: impl Into<Name<'n>>, value: &str) {
        self.leaf("D", name.into(), |out| push_xml(out, value.as_bytes()));
    }

    /// `<S>`
    pub fn string<'n>(&mut self, name: impl Into<Name<'n>>, value: &str) {
        self.text(name, Text::from(value));
    }

    /// `<S>` of text that may hold lone surrogates.
    pub fn text<'n>(&mut self, name: impl Into<Name<'n>>, value: Text<'_>) {
        self.escaped(Kind::String, name.into(), value);
    }

    /// `<URI>`
    pub fn uri<'n>(&mut self, name: impl Into<Name<'n>>, value: &str) {
        self.escaped(Kind::Uri, name.into(), Text::from(value));
    }

    /// `<SBK>`: the text of a script block.
    pub fn script_block<'n>(&mut self, name: impl Into<Name<'n>>, value: &str) {
        self.escaped(Kind::ScriptBlock, name.into(), Text::from(value));
    }

    /// `<XD>`: an XML document as text.
    pub fn xml<'n>(&mut self, name: impl Into<Name<'n>>, value: &str) {
        self.escaped(Kind::XmlDocument, name.into(), Text::from(value));
    }

    /// `<Version>`: two to four numbers with points between.
    pub fn version<'n>(&mut self, name: impl Into<Name<'n>>, value: &str) {
        self.leaf("Version", name.into(), |out| push_xml(out, value.as_bytes()));
    }

    /// `<G>`
    pub fn guid<'n>(&mut self, name: impl Into<Name<'n>>, value: Uuid) {
        let mut text = Uuid::encode_buffer();
        let text = value.hyphenated().encode_lower(&mut text);
        self.short_leaf("G", name.into(), |line| push_guid(line, text.as_bytes()));
    }

    /// `<DT>`
    pub fn date_time<'n>(&mut self, name: impl Into<Name<'n>>, value: DateTime) {
        self.short_leaf("DT", name.into(), |line| value.write(line));
    }

    /// `<TS>`: a duration in ticks of 100 ns.
    pub fn time_span<'n>(&mut self, name: impl Into<Name<'n>>, ticks: i64) {
        self.short_leaf("TS", name.into(), |line| write_duration(ticks, line));
    }

    /// `<BA>`
    pub fn bytes<'n>(&mut self, name: impl Into<Name<'n>>, value: &[u8]) {
        if value.is_empty() {
            self.start("BA", name.into());
            self.out.extend_from_slice(b" />");
        } else {
            self.leaf("BA", name.into(), |out| Scanner::detect().encode_base64(value, out));
        }
    }

    /// `<SS>`: an encrypted string in base64; encrypting is the caller's business (MS-PSRP 2.2.5.1.24).
    pub fn secure_string<'n>(&mut self, name: impl Into<Name<'n>>, base64: &str) {
        self.leaf("SS", name.into(), |out| push_xml(out, base64.as_bytes()));
    }

    /// `<Obj>` with its type names, most derived first (none when the list is empty), its display text, and what
    /// `body` writes into it.
    pub fn object<'n>(
        &mut self,
        name: impl Into<Name<'n>>,
        types: &[&str],
        to_string: Option<&str>,
        body: impl FnOnce(&mut Self),
    ) -> RefId {
        let id = self.start_object(name.into());
        self.close_with("Obj", |object| {
            if !types.is_empty() {
                object.type_names(types.iter().map(|name| Text::from(*name)));
            }
            if let Some(text) = to_string {
                object.display_text(Text::from(text));
            }
            body(object);
        });
        RefId(id)
    }

    /// `<Ref>` to an object that was begun in this message.
    pub fn reference<'n>(&mut self, name: impl Into<Name<'n>>, target: RefId) {
        self.start_with_stream_first("Ref", name.into());
        self.ref_id(target.0, b"\" />");
    }

    /// `<Props>`: adapted members; inside an object.
    pub fn props(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("Props", body);
    }

    /// `<MS>`: extended members; inside an object.
    pub fn members(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("MS", body);
    }

    /// `<LST>`; inside an object.
    pub fn list(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("LST", body);
    }

    /// `<IE>`; inside an object.
    pub fn enumerable(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("IE", body);
    }

    /// `<QUE>`; inside an object.
    pub fn queue(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("QUE", body);
    }

    /// `<STK>`, top first; inside an object.
    pub fn stack(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("STK", body);
    }

    /// `<DCT>` of the entries that `body` writes with [`Encoder::entry`]; inside an object.
    pub fn dictionary(&mut self, body: impl FnOnce(&mut Self)) {
        self.container("DCT", body);
    }

    /// `<En>`: `key` and `value` write one value each. The names Key and Value are given here; whatever name the two
    /// give their value does not count. Inside a dictionary.
    pub fn entry(&mut self, key: impl FnOnce(&mut Self), value: impl FnOnce(&mut Self)) {
        self.container("En", |entry| {
            entry.forced_name = Some("Key");
            key(entry);
            entry.forced_name = Some("Value");
            value(entry);
            entry.forced_name = None;
        });
    }

    /// An enum value: type names, its name as display text, and its number.
    pub fn enumeration<'n>(
        &mut self,
        name: impl Into<Name<'n>>,
        types: &[&str],
        to_string: &str,
        value: i32,
    ) -> RefId {
        self.object(name, types, Some(to_string), |object| object.i32(None, value))
    }

    /// A SwitchParameter as PowerShell writes it.
    pub fn switch_parameter<'n>(&mut self, name: impl Into<Name<'n>>, is_present: bool) -> RefId {
        let types = ["System.Management.Automation.SwitchParameter", "System.ValueType", "System.Object"];
        self.object(name, &types, Some(if is_present { "True" } else { "False" }), |object| {
            object.props(|props| props.bool("IsPresent", is_present));
        })
    }

    /// `<TN>` with the names, or `<TNRef>` when the same list was written before; inside an object.
    pub(super) fn type_names<'t>(&mut self, names: impl Iterator<Item = Text<'t>>) {
        let names = names.map(|name| Part::all_of(name.as_bytes()));
        let mut sheet = Sheet::take(self.out, LIST_LEN);
        push_type_names(&mut sheet, Scanner::detect(), &mut self.written().lists, names);
        sheet.give_back(self.out);
    }

    /// Whether nothing was written that can be referred to.
    #[inline]
    pub(super) fn is_new(&self) -> bool {
        self.objects == 0 && self.written.is_none()
    }

    /// What of this message can be referred to.
    #[inline(always)]
    pub(super) fn written(&mut self) -> &mut Written {
        self.written.get_or_insert_with(Written::default)
    }

    /// `<ToString>`; inside an object.
    pub(super) fn display_text(&mut self, text: Text<'_>) {
        self.element("ToString", text);
    }

    /// An element whose empty form has no end tag.
    #[inline]
    pub(super) fn element(&mut self, tag: &str, text: Text<'_>) {
        self.open(tag);
        self.out.push(b'>');
        self.close_with(tag, |element| push_escaped::<false>(element.out, text.as_bytes()));
    }

    /// An element with escaped text, with an end tag even when it is empty.
    pub(super) fn escaped(&mut self, kind: Kind, name: Name<'_>, value: Text<'_>) {
        self.leaf(kind.tag(), name, |out| push_escaped::<false>(out, value.as_bytes()));
    }

    pub(super) fn leaf(&mut self, tag: &str, name: Name<'_>, content: impl FnOnce(&mut Vec<u8>)) {
        self.start(tag, name);
        self.out.push(b'>');
        content(self.out);
        self.end(tag);
    }

    /// An element whose content is one short piece.
    pub(super) fn short_leaf(&mut self, tag: &str, name: Name<'_>, content: impl FnOnce(&mut Line<'_>)) {
        self.leaf(tag, name, |out| push_line(out, content));
    }

    /// `<Obj` with its attributes and `>`; gives back the new id.
    pub(super) fn start_object(&mut self, name: Name<'_>) -> u64 {
        let id = self.objects;
        self.objects += 1;
        self.start_with_stream_first("Obj", name);
        self.ref_id(id, b"\">");
        id
    }

    /// `<tag` and the attributes of a primitive: the name, then the stream.
    pub(super) fn start(&mut self, tag: &str, name: Name<'_>) {
        self.open(tag);
        self.attributes(name);
    }

    /// The attributes of a primitive.
    pub(super) fn attributes(&mut self, name: Name<'_>) {
        self.name_attribute(name);
        self.stream_attribute();
    }

    /// `<tag` and the attributes of an object or reference: the stream, then the name.
    pub(super) fn start_with_stream_first(&mut self, tag: &str, name: Name<'_>) {
        self.open(tag);
        self.stream_attribute();
        self.name_attribute(name);
    }

    #[inline]
    pub(super) fn end(&mut self, tag: &str) {
        self.out.extend_from_slice(b"</");
        self.out.extend_from_slice(tag.as_bytes());
        self.out.push(b'>');
    }

    #[inline]
    pub(super) fn open(&mut self, tag: &str) {
        self.out.push(b'<');
        self.out.extend_from_slice(tag.as_bytes());
    }

    /// Ends the element whose start tag was just written, with an end tag only if `body` writes something.
    pub(super) fn close_with(&mut self, tag: &str, body: impl FnOnce(&mut Self)) {
        let empty_len = self.out.len();
        body(self);
        self.close(tag, empty_len);
    }

    /// Ends the element whose start tag ended at a length of the output, with an end tag only if it grew since.
    #[inline]
    fn close(&mut self, tag: &str, empty_len: usize) {
        if self.out.len() == empty_len {
            self.out.pop();
            self.out.extend_from_slice(b" />");
        } else {
            self.end(tag);
        }
    }

    pub(super) fn container(&mut self, tag: &str, body: impl FnOnce(&mut Self)) {
        self.open(tag);
        self.out.push(b'>');
        self.close_with(tag, body);
    }

    fn unsigned(&mut self, tag: &str, name: Name<'_>, value: impl Into<u64>) {
        self.short_leaf(tag, name, |line| push_number(line, value.into()));
    }

    fn signed(&mut self, tag: &str, name: Name<'_>, value: impl Into<i64>) {
        self.short_leaf(tag, name, |line| push_signed(line, value.into()));
    }

    #[inline]
    pub(super) fn ref_id<const N: usize>(&mut self, id: u64, end: &[u8; N]) {
        self.out.extend_from_slice(b" RefId=\"");
        push_line(self.out, |line| push_number(line, id));
        self.out.extend_from_slice(end);
    }

    pub(super) fn name_attribute(&mut self, name: Name<'_>) {
        let forced = self.forced_name.take().map(Text::from);
        if let Some(name) = forced.or(name.0) {
            self.out.extend_from_slice(b" N=\"");
            push_escaped::<true>(self.out, name.as_bytes());
            self.out.push(b'"');
        }
    }

    pub(super) fn stream_attribute(&mut self) {
        if let Some(stream) = self.stream.take() {
            self.out.extend_from_slice(b" S=\"");
            self.out.extend_from_slice(stream.name().as_bytes());
            self.out.push(b'"');
        }
    }
}

/// How long a list of type names is about.
const LIST_LEN: usize = 200;

/// Prints sizes only: payloads hold personal data.
impl fmt::Debug for Encoder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Encoder")
            .field("len", &self.out.len())
            .field("objects", &self.objects)
            .finish_non_exhaustive()
    }
}

impl<'n> From<Option<&'n str>> for Name<'n> {
    fn from(name: Option<&'n str>) -> Self {
        Name(name.map(Text::from))
    }
}

impl<'n> From<&'n str> for Name<'n> {
    fn from(name: &'n str) -> Self {
        Name(Some(Text::from(name)))
    }
}

impl<'n> From<Text<'n>> for Name<'n> {
    fn from(name: Text<'n>) -> Self {
        Name(Some(name))
    }
}
