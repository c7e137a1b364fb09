//! What is expected of a replay. The tests of the PowerShell module expect the same.

use std::collections::HashMap;

use serde_json::Value as Json;

use super::differences::Difference;

/// The recorded requests without what the transport adds: path, headers and body. Where only the parameters are said to be
/// other ones and nothing was sent, the rest is as `found`.
pub(super) fn requests_of(recorded: &Json, difference: &Difference, found: &[Json]) -> Vec<Json> {
    let mut expected: Vec<Json> = recorded["exchanges"].as_array().unwrap().iter().map(request_of).collect();
    if let Some(parameters) = difference.get("parameters") {
        expected.truncate(1);
        if expected.is_empty() {
            expected.push(found[0].clone());
        }
        expected[0]["body"]["CmdletInput"]["Parameters"] = parameters.clone();
    }
    for _ in 0..difference.get("more").and_then(Json::as_u64).unwrap_or(0) {
        expected.push(expected.last().unwrap().clone());
    }
    for place in difference.get("alone").and_then(Json::as_array).into_iter().flatten() {
        let place = usize::try_from(place.as_u64().unwrap()).unwrap();
        expected.push(made_alone(&expected[0]["body"]["requests"][place]));
    }
    expected
}

fn request_of(exchange: &Json) -> Json {
    let request = &exchange["request"];
    assert_eq!(request["method"], "POST");
    let headers: HashMap<&str, &str> = request["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
        .filter(|(name, _)| !OF_TRANSPORT.contains(name))
        .collect();
    serde_json::json!({ "path": request["path"], "headers": headers, "body": request["body"] })
}

/// A call of a batch when it is made again alone. Its headers are the batch's, but for what it may do on an error, which
/// a call that was not answered does not say.
fn made_alone(call: &Json) -> Json {
    let mut headers = call["headers"].clone();
    for own in OF_TRANSPORT {
        headers.as_object_mut().unwrap().remove(own);
    }
    let path = call["url"].as_str().unwrap().strip_prefix(BASE).unwrap();
    serde_json::json!({ "path": path, "headers": headers, "body": call["body"] })
}

/// The requests with their identifiers as the recordings have them: numbered by their first appearance.
pub(super) fn numbered(requests: Vec<Json>) -> Vec<Json> {
    let mut ids = Vec::new();
    let mut number = |headers: &mut Json| {
        let id = headers["client-request-id"].as_str().unwrap().to_owned();
        let place = ids.iter().position(|known| *known == id).unwrap_or(ids.len());
        if place == ids.len() {
            ids.push(id);
        }
        headers["client-request-id"] = format!("request-id-{}", place + 1).into();
    };
    let number_all = |mut request: Json| {
        number(&mut request["headers"]);
        let calls = request["body"].get_mut("requests").and_then(Json::as_array_mut);
        calls.into_iter().flatten().for_each(|call| number(&mut call["headers"]));
        request
    };
    requests.into_iter().map(number_all).collect()
}

/// What comes after the last recorded answer: the last one again, for as long as it is asked for. Of a batch, where a call
/// is made again alone, what it says of the call that failed.
pub(super) fn again(answers: &[Json], is_batch: bool) -> Option<&Json> {
    let last = answers.last()?;
    match last["body"]["responses"].as_array() {
        Some(responses) if !is_batch => responses.iter().find(|response| response["status"] != 200),
        _ => Some(last),
    }
}

/// The answers that the recording gave to questions, by their places.
pub(super) fn answers_given(recorded: &Json) -> Vec<i32> {
    let choices = ["Yes", "Yes to All", "No", "No to All"];
    let given = recorded["client"]["host_answers"].as_array().cloned().unwrap_or_default();
    given
        .iter()
        .map(|answer| choices.iter().position(|choice| answer == choice).unwrap())
        .map(|place| i32::try_from(place).unwrap())
        .collect()
}

/// A recorded error as it is meant to be. On PowerShell 7 the recorded client cannot read the headers of a failed answer;
/// the recordings in which it can say what belongs there.
pub(super) fn error_of(recorded: &Json, error: &Json, difference: &Difference) -> Json {
    let mut error = error.clone();
    if let (Some(short), Some(id)) = (difference.get("server"), error["fully_qualified_error_id"].as_str()) {
        let (_, rest) = id.split_once(',').unwrap();
        error["fully_qualified_error_id"] = format!("[Server={},{rest}", short.as_str().unwrap()).into();
    }
    if error["fully_qualified_error_id"] == "[],Write-ErrorMessage" {
        let exchanges = recorded["exchanges"].as_array().unwrap();
        let failed =
            exchanges.iter().rfind(|exchange| exchange["answer"]["status"].as_u64() != Some(200)).unwrap();
        let header = |name: &str| failed["answer"]["headers"][name].as_str();
        let server = header("X-CalculatedBETarget").map(|server| server.split('.').next().unwrap());
        let known = [("Server", server), ("RequestId", header("request-id")), ("TimeStamp", header("Date"))];
        let known: Vec<String> =
            known.iter().filter_map(|(name, value)| Some(format!("{name}={}", (*value)?))).collect();
        error["fully_qualified_error_id"] = format!("[{}],Write-ErrorMessage", known.join(",")).into();
        error["reason"] = header("x-ExceptionType").unwrap_or("Exception").into();
        if let Some(target) = header("x-ExceptionTargetType") {
            error["target_type"] = target.into();
        }
    }
    error
}

/// What the transport adds, and the program's own name.
const OF_TRANSPORT: [&str; 3] = ["Authorization", "Accept-Encoding", "User-Agent"];
/// The service's address in the recordings.
pub(super) const BASE: &str = "https://outlook.office365.com";
