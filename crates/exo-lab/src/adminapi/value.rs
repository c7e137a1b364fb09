//! The member `value` of an answer: its objects, as CLIXML in one string or as plain JSON.

use std::sync::Arc;

use psrp::clixml::{Encoder, Tape};
use serde_json::Value as Json;

use crate::adminapi::answer::push_escaped;
use crate::adminapi::json;
use crate::data::record::Record;

/// One object of a page.
#[derive(Debug)]
pub(super) enum Item {
    Record(Record),
    Text(String),
    /// A value of a recorded document: the document and the value's index in it.
    Recorded(Arc<Tape>, u32),
}

/// How the caller wants objects.
#[derive(Debug, Clone, Default)]
pub(super) struct Format {
    pub(super) is_clixml: bool,
    /// The properties that JSON objects have; none means all.
    pub(super) selected: Vec<String>,
}

impl Format {
    /// The JSON text of the member.
    pub(super) fn text(&self, items: &[Item]) -> Vec<u8> {
        if !self.is_clixml {
            let objects: Json = items.iter().map(|item| json::object(item, &self.selected)).collect();
            return objects.to_string().into_bytes();
        }
        let document = document(items);
        let mut text = Vec::with_capacity(document.len().saturating_mul(2));
        text.extend_from_slice(b"[{\"_cliXml\":");
        push_escaped(&String::from_utf8_lossy(&document), &mut text);
        text.extend_from_slice(b"}]");
        text
    }
}

/// One CLIXML document with the objects of a page.
fn document(items: &[Item]) -> Vec<u8> {
    let mut out = DOCUMENT_START.to_vec();
    let mut encoder = Encoder::new(&mut out);
    for item in items {
        match item {
            Item::Record(record) => record.encode_with(&mut encoder),
            Item::Text(text) => encoder.string(None, text),
            Item::Recorded(document, index) => {
                if let Some(value) = document.value_at(*index) {
                    encoder.value(value);
                }
            }
        }
    }
    drop(encoder);
    out.extend_from_slice(b"</Objs>");
    out
}

const DOCUMENT_START: &[u8] =
    b"<Objs Version=\"1.1.0.1\" xmlns=\"http://schemas.microsoft.com/powershell/2004/04\">";
