//! Reads the body of an answer: one page of objects, or an error.
//!
//! The objects come as CLIXML inside a JSON string. That string may be many megabytes, so it is never made into a
//! JSON value: it is unescaped once, in its place in the body, ahead of the JSON around it, and the CLIXML decoder borrows it
//! from there. An answer of any other form goes through serde_json as a whole.

use std::fmt;

use bytes::Bytes;
use psrp::clixml::json_string;
use serde::Deserialize;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use self::cut::Cut;
use self::objects::{Json, to_clixml};

mod cut;
mod objects;

/// One page of an answer with status 200.
#[derive(Default)]
pub(crate) struct Page {
    /// The CLIXML document with the page's objects; `None` when the answer has none.
    pub(crate) clixml: Option<Bytes>,
    /// Where the next page is asked for.
    pub(crate) next_link: Option<String>,
    /// Warnings of the server, in order.
    pub(crate) warnings: Vec<String>,
    /// Errors that did not end the command, in order: each text, the `message` of an object, or else its JSON text.
    pub(crate) errors: Vec<String>,
    /// What a change would do, in words; asked for before it is done.
    pub(crate) confirmation: Option<String>,
}

/// Sizes only: the payload holds personal data.
impl fmt::Debug for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Page")
            .field("clixml_len", &self.clixml.as_ref().map(Bytes::len))
            .field("has_next_link", &self.next_link.is_some())
            .field("warnings", &self.warnings.len())
            .field("errors", &self.errors.len())
            .finish_non_exhaustive()
    }
}

/// Why a body with status 200 is no page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum AnswerError {
    /// HTML, a truncated body, or JSON of another form.
    #[error("the answer is not the JSON that the service sends (line {line}, column {column})")]
    NotJson {
        /// Counted from one.
        line: usize,
        /// Counted from one.
        column: usize,
    },
    /// An error object where the page should be.
    #[error("the answer says that it succeeded and holds an error")]
    Failure,
    /// JSON of another kind.
    #[error("the answer has no list of objects, which every answer of the service has")]
    NoValue,
    /// What answers a batch has no list of answers.
    #[error("the answer to a batch holds no answers to its calls")]
    NoResponses,
    /// An answer to a call that was not in the batch, or a second one.
    #[error("the answer to a batch holds an answer to a call that was not in it, or two to one")]
    ForeignResponse,
    /// JSON objects instead of CLIXML, and too many bytes of them.
    #[error(
        "the answer holds its objects as JSON although CLIXML was asked for, and is longer than the {limit} bytes that are \
         read of that"
    )]
    TooMuchJson {
        /// In bytes.
        limit: usize,
    },
}

impl From<serde_json::Error> for AnswerError {
    // serde_json's own text can quote the payload; the place cannot.
    fn from(error: serde_json::Error) -> Self {
        Self::NotJson { line: error.line(), column: error.column() }
    }
}

impl Page {
    /// Reads the body of an answer.
    pub(crate) fn decode_answer(answer: &mut super::Answer) -> Result<Self, AnswerError> {
        Self::decode(&mut answer.body)
    }

    /// Reads a whole body. No body at all is an empty page. The text of the objects is taken out of it.
    ///
    /// # Errors
    /// The body is not JSON of the service's form.
    pub(crate) fn decode(body: &mut Bytes) -> Result<Self, AnswerError> {
        if body.iter().all(u8::is_ascii_whitespace) {
            return Ok(Self::default());
        }
        let Some(place) = Cut::find(body) else { return Self::decode_whole(body) };
        let cut = Cut::take(std::mem::take(body), place);
        let answer: Answer<'_> = serde_json::from_slice(&cut.envelope).map_err(|error| cut.error(&error))?;
        if let Some(Some(First::Clixml(text))) = answer.value
            && cut.is(text)
        {
            return Ok(answer.with(Some(cut.clixml())));
        }
        *body = cut.body();
        Self::decode_whole(body)
    }

    /// As [`Page::decode`], with all of the body as JSON, which is slower.
    fn decode_whole(body: &[u8]) -> Result<Self, AnswerError> {
        let answer: Answer<'_> = serde_json::from_slice(body)?;
        if answer.value.is_none() && answer.error.is_some() {
            return Err(AnswerError::Failure);
        }
        if answer.value.is_none() && !answer.says_something() {
            return Err(AnswerError::NoValue);
        }
        let clixml = match answer.value.flatten() {
            Some(First::Clixml(text)) => {
                let mut text = text.get().as_bytes().to_vec();
                let (clixml, _) = json_string(&mut text, 1).map_err(|_| AnswerError::NoValue)?;
                Some(Bytes::from(text).slice(clixml))
            }
            Some(First::Other) => Some(objects(body)?.into()),
            Some(First::Null | First::Nothing) | None => None,
        };
        Ok(answer.with(clixml))
    }
}

/// The objects of an answer that has them as JSON.
fn objects(body: &[u8]) -> Result<Vec<u8>, AnswerError> {
    #[derive(Deserialize)]
    struct Objects<'a> {
        #[serde(borrow)]
        value: Vec<Json<'a>>,
    }
    // A tree of values takes many times the room of its text.
    if MAX_JSON_LEN < body.len() {
        return Err(AnswerError::TooMuchJson { limit: MAX_JSON_LEN });
    }
    let objects: Objects<'_> = serde_json::from_slice(body)?;
    Ok(to_clixml(&objects.value))
}

#[derive(Deserialize)]
struct Answer<'a> {
    /// There, and null or a list.
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<Option<First<'a>>>,
    #[serde(rename = "@odata.nextLink", default)]
    next_link: Option<String>,
    #[serde(rename = "@adminapi.warnings", default)]
    warnings: Option<Vec<String>>,
    #[serde(borrow, rename = "@adminapi.errors", default)]
    errors: Option<Vec<&'a RawValue>>,
    #[serde(rename = "@adminapi.confirmationmessage", default)]
    confirmation: Option<String>,
    #[serde(default)]
    error: Option<IgnoredAny>,
}

impl Answer<'_> {
    /// Whether anything stands beside the objects.
    fn says_something(&self) -> bool {
        self.next_link.is_some()
            || self.warnings.is_some()
            || self.errors.is_some()
            || self.confirmation.is_some()
    }

    /// The page, with these objects.
    fn with(self, clixml: Option<Bytes>) -> Page {
        Page {
            clixml,
            next_link: self.next_link,
            warnings: self.warnings.unwrap_or_default(),
            errors: self.errors.unwrap_or_default().into_iter().map(text_of).collect(),
            confirmation: self.confirmation,
        }
    }
}

/// A member that is there, whatever it is.
fn present<'de: 'a, 'a, D: de::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<First<'a>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// The first element of `value`; the service puts everything there.
#[derive(Clone, Copy)]
enum First<'a> {
    /// Its `_cliXml` member, still with the quotes and escapes of JSON.
    Clixml(&'a RawValue),
    /// `_cliXml` is null.
    Null,
    /// `value` is empty.
    Nothing,
    /// Something else.
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<'de>, A::Error> {
                let first = list.next_element::<Element<'de>>()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(first.map_or(First::Nothing, |element| element.0))
            }
        }
        deserializer.deserialize_seq(List)
    }
}

/// One element of `value`.
struct Element<'a>(First<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Element<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Element<'de>, A::Error> {
                let mut first = First::Other;
                while let Some(name) = members.next_key::<std::borrow::Cow<'de, str>>()? {
                    if !name.eq_ignore_ascii_case("_cliXml") {
                        members.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let raw = members.next_value::<&'de RawValue>()?;
                    first = match raw.get().as_bytes().first() {
                        Some(b'"') => First::Clixml(raw),
                        Some(b'n') => First::Null,
                        _ => First::Other,
                    };
                }
                Ok(Element(first))
            }

            fn visit_str<E>(self, _: &str) -> Result<Element<'de>, E> {
                Ok(Element(First::Other))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Element<'de>, E> {
                Ok(Element(First::Other))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Element<'de>, E> {
                Ok(Element(First::Other))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Element<'de>, E> {
                Ok(Element(First::Other))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Element<'de>, E> {
                Ok(Element(First::Other))
            }

            fn visit_unit<E>(self) -> Result<Element<'de>, E> {
                Ok(Element(First::Other))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Element<'de>, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Element(First::Other))
            }
        }
        deserializer.deserialize_any(Members)
    }
}

/// A text as it is, of an object its message, anything else as its JSON.
fn text_of(raw: &RawValue) -> String {
    #[derive(Deserialize)]
    struct WithMessage {
        message: String,
    }
    let text = serde_json::from_str::<String>(raw.get());
    let of_object = || serde_json::from_str::<WithMessage>(raw.get()).map(|object| object.message);
    text.or_else(|_| of_object()).unwrap_or_else(|_| raw.get().to_owned())
}

const MAX_JSON_LEN: usize = 64 << 20;

#[cfg(test)]
mod tests;
