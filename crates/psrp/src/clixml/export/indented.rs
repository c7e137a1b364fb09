//! XML with line breaks, as .NET's writer lays it out: two spaces for each level, and an element without content is one
//! tag.

use super::super::encode::Encoder;
use super::super::text::Text;
use super::super::value::Value;
use super::super::write::{push_escaped, push_xml};

/// Text that grows by elements.
pub(super) struct Indented {
    pub(super) text: Vec<u8>,
    /// Whether the last start tag still lacks its `>`: nothing stands in the element yet.
    is_start_open: bool,
    /// Open elements.
    level: usize,
}

impl Indented {
    /// `start` is the start tag of the root without its `>`.
    pub(super) fn new(start: &[u8]) -> Self {
        Indented { text: start.to_vec(), is_start_open: true, level: 1 }
    }

    /// A start tag without its `>`, so that attributes may follow.
    pub(super) fn start(&mut self, tag: &'static str, name: Option<Text<'_>>) {
        self.line();
        self.text.push(b'<');
        self.text.extend_from_slice(tag.as_bytes());
        if let Some(name) = name {
            self.text.extend_from_slice(b" N=\"");
            push_escaped::<true>(&mut self.text, name.as_bytes());
            self.text.push(b'"');
        }
        self.is_start_open = true;
        self.level += 1;
    }

    pub(super) fn ref_id(&mut self, id: u64) {
        self.text.extend_from_slice(format!(" RefId=\"{id}\"").as_bytes());
    }

    pub(super) fn end(&mut self, tag: &'static str) {
        self.level -= 1;
        if self.is_start_open {
            self.text.extend_from_slice(b" />");
            self.is_start_open = false;
            return;
        }
        self.line();
        self.text.extend_from_slice(b"</");
        self.text.extend_from_slice(tag.as_bytes());
        self.text.push(b'>');
    }

    /// A new line at the depth of the element that is open.
    pub(super) fn line(&mut self) {
        if self.is_start_open {
            self.text.push(b'>');
            self.is_start_open = false;
        }
        self.text.push(b'\n');
        self.text.extend(std::iter::repeat_n(b' ', self.level * 2));
    }

    pub(super) fn leaf(&mut self, write: impl FnOnce(&mut Encoder<'_>)) {
        self.line();
        write(&mut Encoder::new(&mut self.text));
    }

    pub(super) fn element(&mut self, tag: &str, text: Text<'_>) {
        self.leaf(|leaf| leaf.element(tag, text));
    }
}

/// A decimal as .NET writes it: no plus sign, no zeros ahead but one, no negative zero, the scale as it was.
pub(super) fn push_decimal(out: &mut Vec<u8>, value: Value<'_>) {
    let text = value.text().unwrap_or_default().as_bytes();
    let digits = text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text);
    let point = digits.iter().position(|byte| *byte == b'.').unwrap_or(digits.len());
    let (whole, fraction) = digits.split_at(point);
    let zeros = whole.iter().take_while(|byte| **byte == b'0').count();
    let whole = whole.get(zeros..).unwrap_or_default();
    if text.starts_with(b"-") && digits.iter().any(|byte| matches!(byte, b'1'..=b'9')) {
        out.push(b'-');
    }
    push_xml(out, if whole.is_empty() { b"0" } else { whole });
    if 1 < fraction.len() {
        push_xml(out, fraction);
    }
}

/// A version as .NET writes it: no zeros ahead.
pub(super) fn push_version(out: &mut Vec<u8>, value: Value<'_>) {
    let text = value.text().unwrap_or_default().as_bytes();
    for (place, part) in text.split(|byte| *byte == b'.').enumerate() {
        if place != 0 {
            out.push(b'.');
        }
        let zeros = part.iter().take_while(|byte| **byte == b'0').count();
        let part = part.get(zeros..).unwrap_or_default();
        push_xml(out, if part.is_empty() { b"0" } else { part });
    }
}
