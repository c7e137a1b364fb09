//! Errors of cmdlets as the service reports them.

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::adminapi::answer::Answer;
use crate::cmdlets::{Bound, CmdletError};

/// An error that ended a cmdlet: a status, a body with details, and headers that say what kind of error it was.
pub(super) fn answer(error: &CmdletError, bound: &Bound) -> Answer {
    let class = error.exception.first().copied().unwrap_or("System.Exception");
    let short = short_name(class);
    let target = target(error, bound);
    let (status, code) = match short {
        "ManagementObjectNotFoundException" => (404, "NotFound"),
        _ => (400, "BadRequest"),
    };
    let category = if status == 404 { OBJECT_NOT_FOUND } else { error.category };
    // Errors of parameter binding come from before the task, in the short form.
    let message = if class.starts_with("System.") {
        format!("|{class}|{}", error.message)
    } else {
        json!({
            "ClassName": class,
            "Message": error.message,
            "Data": null,
            "InnerException": null,
            "HResult": -2_146_233_088_i64,
            "localizedString": { "stringId": string_id(class) },
        })
        .to_string()
    };
    let body = json!({
        "error": {
            "code": code,
            "message": "Error executing request. ",
            "details": [{ "code": category.to_string(), "target": target, "message": message }],
            "innererror": {
                "message": "Error executing cmdlet",
                "type": "Microsoft.Exchange.Admin.OData.Core.ODataServiceException",
                "stacktrace": "",
                "internalexception": { "message": error.message, "type": class, "stacktrace": "" },
            },
        }
    });
    Answer {
        status,
        headers: vec![
            ("x-ExceptionType", short.to_owned()),
            ("x-ExceptionTargetType", target_type(error, bound)),
        ],
        body: body.to_string().into(),
    }
}

/// An error that goes away by itself: a client tries again.
pub(super) fn transient() -> Answer {
    let message = format!("|{TRANSIENT}|The mailbox store is busy for a moment. Please try again later.");
    let body = json!({
        "error": {
            "code": "InternalServerError",
            "message": "Error executing request. ",
            "details": [{ "code": "0", "target": "", "message": message }],
        }
    });
    let headers = vec![("x-ExceptionType", short_name(TRANSIENT).to_owned())];
    Answer { status: 500, headers, body: body.to_string().into() }
}

/// The same as one text, for errors beside objects.
pub(super) fn text(error: &CmdletError) -> String {
    let class = error.exception.first().copied().unwrap_or("System.Exception");
    if class.starts_with("System.") {
        format!("|{class}|{}", error.message)
    } else {
        format!("{}|{class}|{}", string_id(class), error.message)
    }
}

fn target(error: &CmdletError, bound: &Bound) -> String {
    error
        .target
        .clone()
        .or_else(|| ["Identity", "Name"].into_iter().find_map(|name| bound.argument(name)?.text()))
        .unwrap_or_default()
}

fn target_type(error: &CmdletError, bound: &Bound) -> String {
    if error.target.is_some() {
        return "String".to_owned();
    }
    let identity = bound.iter().find(|(parameter, _)| parameter.name == "Identity");
    identity.map(|(parameter, _)| short_name(parameter.type_name()).to_owned()).unwrap_or_default()
}

fn short_name(class: &str) -> &str {
    class.rsplit('.').next().unwrap_or(class)
}

/// The number of a message, `Ex` and six hexadecimal digits.
fn string_id(class: &str) -> String {
    if class.ends_with(".ManagementObjectNotFoundException") {
        return "Ex6F9304".to_owned();
    }
    let digest = Sha256::new().chain_update(class).finalize();
    let digits: String = digest.iter().take(3).map(|byte| format!("{byte:02X}")).collect();
    format!("Ex{digits}")
}

const TRANSIENT: &str = "Microsoft.Exchange.Data.Storage.StorageTransientException";
/// PowerShell's `ErrorCategory.ObjectNotFound`.
const OBJECT_NOT_FOUND: i32 = 13;
