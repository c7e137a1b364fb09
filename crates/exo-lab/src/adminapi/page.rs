//! One page of an answer: objects, warnings, errors, and the way to the next page.

use serde_json::Value;

use crate::Service;
use crate::adminapi::answer::{Answer, push_escaped};
use crate::adminapi::failure;
use crate::adminapi::invoke::Call;
use crate::adminapi::paging::Page;
use crate::cmdlets::Bound;
use crate::fault::FaultKind;

/// The answer of one page: objects, warnings and errors, or only the error that left no objects.
pub(super) fn answer(
    service: &Service,
    call: &Call,
    page: Page,
    bound: &Bound,
    next: Option<String>,
) -> Answer {
    let mut errors = page.errors;
    errors.extend(page.failure);
    if page.is_empty
        && let Some(error) = errors.first()
    {
        return failure::answer(error, bound);
    }
    let mut body = Body::new(&call.caller.base);
    let mut warnings = page.warnings;
    if let Some(next) = next {
        body.member("@odata.nextLink", &next.into());
        warnings.push(MORE_RESULTS.to_owned());
    }
    if !warnings.is_empty() {
        body.member("@adminapi.warnings", &warnings.into());
    }
    let mut errors: Vec<String> = errors.iter().map(failure::text).collect();
    if !page.is_empty && service.faults.take(|kind| *kind == FaultKind::ErrorBeside).is_some() {
        errors.push("|System.Exception|One object could not be read.".to_owned());
    }
    if !errors.is_empty() {
        body.member("@adminapi.errors", &errors.into());
    }
    Answer::ok(body.finish(&page.value))
}

/// The JSON text of a successful answer, member by member: the objects can be many megabytes.
pub(super) struct Body {
    text: Vec<u8>,
}

impl Body {
    pub(super) fn new(base: &str) -> Self {
        let mut text = b"{\"@odata.context\":".to_vec();
        push_escaped(&format!("{base}/$metadata#Collection(Exchange.CmdletOutput)"), &mut text);
        Self { text }
    }

    pub(super) fn member(&mut self, name: &str, value: &Value) {
        self.text.push(b',');
        push_escaped(name, &mut self.text);
        self.text.push(b':');
        self.value(value);
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => push_escaped(text, &mut self.text),
            Value::Array(items) => {
                self.text.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if 0 < index {
                        self.text.push(b',');
                    }
                    self.value(item);
                }
                self.text.push(b']');
            }
            other => self.text.extend_from_slice(other.to_string().as_bytes()),
        }
    }

    /// The whole text; `value` is JSON text.
    pub(super) fn finish(mut self, value: &[u8]) -> Vec<u8> {
        self.text.reserve_exact(value.len() + 16);
        self.text.extend_from_slice(b",\"value\":");
        self.text.extend_from_slice(value);
        self.text.push(b'}');
        self.text
    }
}

/// What stands beside objects when there are more.
pub(super) const MORE_RESULTS: &str = "There are more results available than are currently displayed. To view them, increase the value for the \
    ResultSize parameter.";
