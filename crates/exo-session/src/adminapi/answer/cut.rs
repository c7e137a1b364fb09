//! The CLIXML of an answer, taken out ahead of the JSON around it.

use psrp::clixml::json_string;
use serde_json::value::RawValue;

/// The first member `_clixml` of a body, and the body without its text.
///
/// Only strings are told apart here. What is JSON and what the answer's objects are is for serde_json to say of the
/// [`envelope`](Self::envelope), which is short; whether that is this text, [`Cut::is`] says.
pub(super) struct Cut {
    /// The text, out of its escapes; perhaps no UTF-8.
    pub(super) clixml: Vec<u8>,
    /// The body with an empty string where the text was.
    pub(super) envelope: Vec<u8>,
    /// Where the quotes of the empty string are.
    place: usize,
}

impl Cut {
    /// `None` when no such member has a string, or when a string is not one of JSON.
    pub(super) fn find(body: &[u8]) -> Option<Self> {
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
                let (clixml, behind) = json_string(body, place + 1)?;
                let envelope = [body.get(..place)?, b"\"\"", body.get(behind..)?].concat();
                return Some(Self { clixml, envelope, place });
            }
        }
    }

    /// Whether the empty string in the envelope is this one.
    pub(super) fn is(&self, empty: &RawValue) -> bool {
        self.envelope.get(self.place..).is_some_and(|here| here.as_ptr() == empty.get().as_ptr())
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
