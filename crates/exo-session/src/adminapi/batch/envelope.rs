//! `$batch`: several requests in one (JSON batching of OData 4.01), and their answers.

use std::borrow::Cow;
use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::answer::AnswerError;
use super::super::call::Ready;
use super::super::json::push_str;
use super::super::{Answer, Request};

/// One request that carries `calls`; the answers name them by their places.
pub(super) fn request(url: String, calls: &[&Ready<'_>]) -> Request {
    let mut body = Vec::with_capacity(64 + calls.iter().map(|call| 2048 + call.body.len()).sum::<usize>());
    let mut token_places = Vec::with_capacity(calls.len());
    body.extend_from_slice(b"{\"requests\":[");
    for (place, call) in calls.iter().enumerate() {
        let request = call.template.request_of_batch(call.body.clone(), call.paging.page_size());
        if 0 < place {
            body.push(b',');
        }
        body.extend_from_slice(format!("{{\"id\":\"{place}\",\"method\":\"POST\",\"url\":").as_bytes());
        push_str(&mut body, &request.url);
        body.extend_from_slice(b",\"headers\":{\"Authorization\":\"");
        token_places.push(body.len());
        body.extend_from_slice(b"\",\"Accept-Encoding\":\"gzip\"");
        for (name, value) in &request.headers {
            body.push(b',');
            push_str(&mut body, name);
            body.push(b':');
            push_str(&mut body, value);
        }
        body.extend_from_slice(b"},\"body\":");
        body.extend_from_slice(&request.body);
        body.push(b'}');
    }
    body.extend_from_slice(b"]}");
    // The service's own client sends the last call's headers with the whole.
    let (headers, time_limit) = calls.last().map(|last| last.template.of_envelope()).unwrap_or_default();
    Request { url, headers, body: body.into(), time_limit, token_places }
}

/// The answers in an answer, each with the name of its call.
#[derive(Debug)]
pub(super) struct Envelope(Vec<(String, Answer)>);

impl Envelope {
    /// Reads a body; those of the answers in it stay where they are.
    pub(super) fn decode(answer: &mut Answer) -> Result<Self, AnswerError> {
        let members: Members<'_> = serde_json::from_slice(&answer.body)?;
        let responses = match (members.responses, members.error) {
            (Some(responses), _) => responses,
            (None, Some(_)) => return Err(AnswerError::Failure),
            (None, None) => return Err(AnswerError::NoResponses),
        };
        let read = |response: Response<'_>| {
            let own = response.headers.unwrap_or_default().into_iter();
            let own = own.map(|(name, value)| (name.into_owned(), text_of(value)));
            // What came with the whole stands behind what an answer says for itself.
            let headers = own.chain(answer.headers.iter().cloned()).collect();
            let body = response.body.map_or_else(Bytes::new, |raw| slice(&answer.body, raw));
            (text_of(response.id), Answer { status: response.status, headers, body })
        };
        Ok(Self(responses.into_iter().map(read).collect()))
    }

    /// The answer to each of `count` calls, where there is one.
    pub(super) fn by_place(self, count: usize) -> Result<Vec<Option<Answer>>, AnswerError> {
        let mut answers: Vec<Option<Answer>> = std::iter::repeat_with(|| None).take(count).collect();
        for (id, answer) in self.0 {
            let place = id.parse::<usize>().ok().and_then(|place| answers.get_mut(place));
            let Some(place @ None) = place else { return Err(AnswerError::ForeignResponse) };
            *place = Some(answer);
        }
        Ok(answers)
    }
}

/// A text as it is, anything else as its JSON.
fn text_of(raw: &RawValue) -> String {
    serde_json::from_str::<String>(raw.get()).unwrap_or_else(|_| raw.get().to_owned())
}

/// The raw text of a member as a part of the body it was read from. A body that is text holds JSON itself.
fn slice(body: &Bytes, raw: &RawValue) -> Bytes {
    match raw.get().as_bytes() {
        b"null" => Bytes::new(),
        [b'"', ..] => serde_json::from_str::<String>(raw.get()).unwrap_or_default().into(),
        bytes => body.slice_ref(bytes),
    }
}

#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow, default)]
    responses: Option<Vec<Response<'a>>>,
    #[serde(default)]
    error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    status: u16,
    #[serde(borrow, default)]
    headers: Option<BTreeMap<Cow<'a, str>, &'a RawValue>>,
    #[serde(borrow, default)]
    body: Option<&'a RawValue>,
}
