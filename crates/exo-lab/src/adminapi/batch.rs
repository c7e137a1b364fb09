//! `$batch`: up to ten calls in one request.

use std::sync::Arc;

use axum::http::request::Parts;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::Service;
use crate::adminapi::answer::Answer;
use crate::adminapi::gate::{self, Caller};
use crate::adminapi::invoke::{self, Call, header_text};
use crate::fault::FaultKind;

/// Answers the calls in order. Without `odata.continue-on-error` those after a failed one are not made.
pub(super) async fn answer(service: &Arc<Service>, head: &Parts, body: &Bytes, caller: Caller) -> Answer {
    let envelope: Value = match serde_json::from_slice(body) {
        Ok(envelope) => envelope,
        Err(error) => return Answer::bad_request(&format!("The request body is not JSON: {error}.")),
    };
    let Some(requests) = envelope.get("requests").and_then(Value::as_array) else {
        return Answer::bad_request("The request body has no list 'requests'.");
    };
    if MAX_REQUESTS < requests.len() {
        let message = format!(
            "The batch has {} requests, which exceeds the maximum of {MAX_REQUESTS}.",
            requests.len()
        );
        return Answer::bad_request(&message);
    }
    let prefer = header_text(&head.headers, "prefer").unwrap_or_default();
    let goes_on =
        prefer.split([';', ',']).any(|part| part.trim().eq_ignore_ascii_case("odata.continue-on-error"));
    let mut responses = Vec::with_capacity(requests.len());
    for request in requests {
        let answer = item(service, request, &caller).await;
        let is_failed = answer.status != 200;
        responses.push(response(request.get("id"), answer));
        if is_failed && !goes_on {
            break;
        }
    }
    Answer::ok(json!({ "responses": responses }).to_string().into_bytes())
}

async fn item(service: &Arc<Service>, request: &Value, caller: &Caller) -> Answer {
    let text = |name: &str| request.get(name).and_then(Value::as_str).unwrap_or_default();
    if !text("method").eq_ignore_ascii_case("POST") {
        return Answer::method_not_allowed();
    }
    let (path, query) = text("url").split_once('?').unwrap_or((text("url"), ""));
    if !path.to_ascii_lowercase().ends_with("/invokecommand") {
        return Answer::not_found(path);
    }
    let header = |name: &str| {
        let headers = request.get("headers").and_then(Value::as_object)?;
        let (_, value) = headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name))?;
        value.as_str().map(ToOwned::to_owned)
    };
    let Some(caller) = gate::item_caller(service, header("authorization").as_deref(), caller) else {
        return gate::failed(401);
    };
    if let Some(FaultKind::Item(status)) = service.faults.take(|kind| matches!(kind, FaultKind::Item(_))) {
        return gate::failed(status);
    }
    // The body may be an object, or its JSON text.
    let body = match request.get("body") {
        Some(Value::String(text)) => text.clone(),
        Some(body) => body.to_string(),
        None => String::new(),
    };
    invoke::answer(service, Call::new(header, query, body.into(), caller)).await
}

/// One answer as it stands in the list.
fn response(id: Option<&Value>, answer: Answer) -> Value {
    let body = answer.json();
    let mut headers = json!({
        "content-type": "application/json; odata.metadata=minimal; odata.streaming=true",
        "request-id": uuid::Uuid::new_v4().to_string(),
    });
    for (name, value) in answer.headers {
        headers[name] = value.into();
    }
    let mut response = json!({ "id": id, "status": answer.status, "headers": headers });
    if !body.is_null() {
        response["body"] = body;
    }
    response
}

const MAX_REQUESTS: usize = 10;
