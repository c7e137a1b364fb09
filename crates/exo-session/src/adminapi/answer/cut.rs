//! The CLIXML of an answer, brought out of its escapes ahead of the JSON around it.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use psrp::clixml::json_string;
use serde_json::value::RawValue;

use super::AnswerError;

/// The text of the first member `_clixml` of a body, where it stood, and the body without it.
///
/// Only strings are told apart here. What is JSON and what the answer's objects are is for serde_json to say of the
/// [`envelope`](Self::envelope), which is short; whether that is this text, [`Cut::is`] says.
pub(super) struct Cut {
    /// What was the body; only the text and what stands around it is of use.
    body: Bytes,
    /// The text, out of its escapes; perhaps no UTF-8.
    clixml: Range<usize>,
    /// The body with an empty string where the text was; as it was from an escape on that is none.
    pub(super) envelope: Vec<u8>,
    /// Where the quotes of the empty string are.
    place: usize,
    /// How many bytes of the body the envelope lacks.
    lacks: usize,
}

impl Cut {
    /// Where the opening quote of the text is; `None` when no such member has a string.
    pub(super) fn find(body: &[u8]) -> Option<usize> {
        let mut at = 0;
        loop {
            let start = at + memchr::memchr(b'"', body.get(at..)?)? + 1;
            let end = string_end(body, start)?;
            at = end + 1;
            if !body.get(start..end)?.eq_ignore_ascii_case(b"_clixml") {
                continue;
            }
            let value = skip_space(body, at);
            if body.get(value) != Some(&b':') {
                continue;
            }
            let place = skip_space(body, value + 1);
            if body.get(place) == Some(&b'"') {
                return Some(place);
            }
        }
    }

    /// Takes the text out. A body that others hold too is copied.
    pub(super) fn take(body: Bytes, place: usize) -> Self {
        let mut body = body.try_into_mut().unwrap_or_else(|shared| BytesMut::from(&*shared));
        let start = place + 1;
        let (clixml, behind) = match json_string(&mut body, start) {
            Ok((clixml, behind)) => (clixml, behind - 1),
            // serde_json will meet it too, and say what it is.
            Err(at) => (start..start, at),
        };
        let envelope = [body.get(..start), body.get(behind..)].map(Option::unwrap_or_default).concat();
        Self { body: body.freeze(), clixml, envelope, place, lacks: behind - start }
    }

    /// Whether the empty string in the envelope is this one.
    pub(super) fn is(&self, empty: &RawValue) -> bool {
        self.envelope.get(self.place..).is_some_and(|here| here.as_ptr() == empty.get().as_ptr())
    }

    /// The text.
    pub(super) fn clixml(&self) -> Bytes {
        self.body.slice(self.clixml.clone())
    }

    /// The body again, with every character escaped that must be: the same JSON, if not byte by byte.
    pub(super) fn body(&self) -> Bytes {
        let (ahead, behind) = self.envelope.split_at(self.place + 1);
        let mut body = Vec::with_capacity(self.body.len());
        body.extend_from_slice(ahead);
        for byte in self.body.get(self.clixml.clone()).unwrap_or_default() {
            match byte {
                b'"' | b'\\' => body.extend([b'\\', *byte]),
                0..b' ' => body.extend(format!("\\u{byte:04x}").bytes()),
                _ => body.push(*byte),
            }
        }
        body.extend_from_slice(behind);
        body.into()
    }

    /// An error in the envelope at its place in the body: a string of JSON has no line breaks, and the opening quote is
    /// no error behind a colon.
    pub(super) fn error(&self, error: &serde_json::Error) -> AnswerError {
        let (line, mut column) = (error.line(), error.column());
        let ahead = self.envelope.get(..=self.place).unwrap_or_default();
        let begins = memchr::memrchr(b'\n', ahead).map_or(0, |end| end + 1);
        let own_line = 1 + memchr::memchr_iter(b'\n', ahead).count();
        if line == own_line && ahead.len() - begins <= column {
            column += self.lacks;
        }
        AnswerError::NotJson { line, column }
    }
}

/// Where the quote is that ends the string whose text begins at `start`.
fn string_end(body: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    loop {
        at += memchr::memchr2(b'"', b'\\', body.get(at..)?)?;
        if body.get(at) == Some(&b'"') {
            return Some(at);
        }
        at += 2;
    }
}

/// The first place from `at` on that is no white space of JSON.
fn skip_space(body: &[u8], at: usize) -> usize {
    let rest = body.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count()
}
