//! Answers that are no success, and the error records they become.

use std::time::Duration;

use psrp::clixml::Tape;
use psrp::records::ErrorCategory;
use psrp::server::ErrorBody;
use serde::Deserialize;
use serde_json::Value as Json;

use super::Answer;
use super::record;
use super::retry::{claims_of, retry_after};

/// What an answer says about why it is no success.
#[derive(Debug, Clone, Default)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    /// There was a body to read; without one nothing is worth another try.
    pub(crate) has_body: bool,
    pub(crate) retry_after: Option<Duration>,
    /// What the service wants in the next token.
    pub(crate) claims: Option<String>,
    /// The `message` of the error itself, which mostly says nothing.
    message: Option<String>,
    detail: Option<Detail>,
    /// The message of the exception behind it.
    inner: Option<String>,
    server: Option<String>,
    request_id: Option<String>,
    date: Option<String>,
    exception_type: Option<String>,
    target_type: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Detail {
    code: String,
    target: String,
    message: String,
}

impl Failure {
    /// Reads status, headers and body. A body of another form is as good as none.
    pub(crate) fn of(answer: &Answer) -> Self {
        let header = |name| answer.header(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
        let error = body.error.unwrap_or_default();
        let detail = error.details.unwrap_or_default().into_iter().next();
        Self {
            status: answer.status,
            has_body: answer.body.iter().any(|byte| !byte.is_ascii_whitespace()),
            retry_after: answer.header("Retry-After").and_then(retry_after),
            claims: answer.header("WWW-Authenticate").and_then(claims_of),
            message: error.message.filter(|message| !message.trim().is_empty()),
            detail: detail.map(|detail| Detail {
                code: text_of(detail.code),
                target: text_of(detail.target),
                message: text_of(detail.message),
            }),
            inner: error.inner.and_then(|inner| inner.internal).and_then(|internal| internal.message),
            server: header("X-CalculatedBETarget").map(|server| match server.split_once('.') {
                Some((name, _)) => name.to_owned(),
                None => server,
            }),
            request_id: header("request-id"),
            date: header("Date"),
            exception_type: header("x-ExceptionType"),
            target_type: header("x-ExceptionTargetType"),
        }
    }

    #[cfg(test)]
    pub(crate) fn of_status(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// Whether the server names an exception of the kind that passes.
    pub(crate) fn is_transient(&self) -> bool {
        self.detail.as_ref().is_some_and(|detail| TRANSIENT.iter().any(|name| detail.message.contains(name)))
    }

    /// What the service says, where it says something.
    pub(crate) fn said(&self) -> Option<String> {
        self.detail.as_ref().map(|detail| detail.message.clone()).or_else(|| self.message.clone())
    }

    /// The error record, as PowerShell would have it after the original's client.
    pub(crate) fn record(&self, cmdlet: &str) -> Tape {
        let detail = self.detail.as_ref().filter(|_| self.status != 429);
        let Some(message) = detail.map(|detail| detail.message.clone()).or_else(|| self.inner.clone()) else {
            return record::written_error(&self.sentence(cmdlet), "Write-ErrorMessage");
        };
        let remote: Option<Json> = detail.and_then(|detail| serde_json::from_str(&detail.message).ok());
        let message = remote.as_ref().map_or(message, displayed);
        let remote = remote.map(|remote| remote.to_string());
        let data: Vec<(&str, &str)> =
            remote.iter().map(|remote| ("RemoteException", remote.as_str())).collect();
        let target = detail.map_or("", |detail| &detail.target);
        let target_type = match &self.target_type {
            Some(own) => own,
            None if target.is_empty() => "",
            None => "String",
        };
        let id = format!("[{}],Write-ErrorMessage", self.identity());
        record::error(
            ErrorBody {
                exception_types: &["System.Exception", "System.Object"],
                fully_qualified_error_id: &id,
                category: detail.map_or(ErrorCategory::NOT_SPECIFIED, |detail| category(&detail.code)),
                activity: cmdlet,
                reason: Some(self.exception_type.as_deref().unwrap_or("Exception")),
                target_name: target,
                target_type,
                data: &data,
                ..ErrorBody::new(&message)
            },
            Some(target).filter(|target| !target.is_empty()),
        )
    }

    /// What one has to tell when asking for help: server, request and time, as far as the answer has them.
    fn identity(&self) -> String {
        let parts = [("Server", &self.server), ("RequestId", &self.request_id), ("TimeStamp", &self.date)];
        let known = parts.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value.as_ref()?)));
        known.collect::<Vec<_>>().join(",")
    }

    /// For answers that name no exception.
    fn sentence(&self, cmdlet: &str) -> String {
        let detail = self.detail.as_ref().map(|detail| &detail.message).or(self.message.as_ref());
        let said = detail.map_or_else(String::new, |said| format!(": {said}"));
        match self.status {
            401 => format!(
                "The service did not accept the token (HTTP 401){said}. Connect again; if that does not help, check that \
                 the account may use Exchange Online PowerShell (Set-User -EXOModuleEnabled $true)."
            ),
            403 => format!(
                "The service does not allow this account to run {cmdlet} (HTTP 403){said}. Its roles do not include the \
                 cmdlet, or not with these parameters."
            ),
            404 => format!("The service has nothing for {cmdlet} at this address (HTTP 404){said}."),
            429 => format!("The service is throttling this account (HTTP 429){said}"),
            504 => format!(
                "The service did not finish {cmdlet} in time (HTTP 504){said}. Whether it was done is not known: look \
                 before trying again."
            ),
            status => format!("{FALLBACK} (HTTP {status}{said})"),
        }
    }
}

/// `<stringId>|<class>|<text>` of an exception written as JSON; what is no object has nothing of the three.
fn displayed(exception: &Json) -> String {
    let text = |value: Option<&Json>| value.and_then(Json::as_str).unwrap_or_default().to_owned();
    let class = exception.get("ClassName").or_else(|| exception.get("TypeName"));
    let id = exception.get("localizedString").and_then(|localized| localized.get("stringId"));
    format!("{}|{}|{}", text(id), text(class), text(exception.get("Message")))
}

/// By number or by name.
fn category(code: &str) -> ErrorCategory {
    let numbered = code.trim().parse().map(ErrorCategory).ok().filter(|known| known.name().is_some());
    let named = || (0..).map(ErrorCategory).map_while(|known| Some((known, known.name()?)));
    let found = numbered
        .or_else(|| named().find(|(_, name)| name.eq_ignore_ascii_case(code.trim())).map(|(known, _)| known));
    found.unwrap_or(ErrorCategory::NOT_SPECIFIED)
}

fn text_of(value: Json) -> String {
    match value {
        Json::Null => String::new(),
        Json::String(text) => text,
        other => other.to_string(),
    }
}

#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    error: Option<ErrorMember>,
}

#[derive(Deserialize, Default)]
struct ErrorMember {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    details: Option<Vec<DetailMember>>,
    #[serde(default, rename = "innererror")]
    inner: Option<InnerMember>,
}

#[derive(Deserialize, Default)]
struct DetailMember {
    #[serde(default)]
    code: Json,
    #[serde(default)]
    target: Json,
    #[serde(default)]
    message: Json,
}

#[derive(Deserialize)]
struct InnerMember {
    #[serde(default, rename = "internalexception")]
    internal: Option<InternalMember>,
}

#[derive(Deserialize)]
struct InternalMember {
    #[serde(default)]
    message: Option<String>,
}

/// Exceptions of the service that pass by themselves.
const TRANSIENT: [&str; 5] = [
    "DCOverloadedException",
    "SuitabilityDirectoryException",
    "ServerInMMException",
    "ADServerSettingsChangedException",
    "StorageTransientException",
];
/// The words that administrators know and look for.
const FALLBACK: &str = "A server side error has occurred because of which the operation could not be completed. Please \
                        try again after some time. If the problem still persists, please reach out to MS support.";

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(status: u16, body: &str) -> Failure {
        Failure::of(&Answer { status, headers: Vec::new(), body: body.to_owned().into() })
    }

    #[test]
    fn a_category_is_known_by_its_number_or_its_name() {
        for (code, expected) in [
            ("13", "ObjectNotFound"),
            ("\"13\"", "ObjectNotFound"),
            ("\"ObjectNotFound\"", "ObjectNotFound"),
            ("\" objectnotfound \"", "ObjectNotFound"),
            ("5", "InvalidArgument"),
            ("0", "NotSpecified"),
            ("4711", "NotSpecified"),
            ("-1", "NotSpecified"),
            ("\"ServiceUnavailable\"", "NotSpecified"),
            ("null", "NotSpecified"),
        ] {
            let failure =
                failure(400, &format!(r#"{{"error":{{"details":[{{"code":{code},"message":"m"}}]}}}}"#));
            let record = failure.record("Get-Thing");
            let record = psrp::records::ErrorRecord::new(&record).unwrap();
            assert_eq!(record.category().unwrap().to_string(), expected, "{code}");
        }
    }

    #[test]
    fn exceptions_that_pass_are_known_by_their_names_in_the_details_only() {
        for name in TRANSIENT {
            let text = format!("Ex1|Microsoft.Exchange.Data.{name}|busy");
            let told = failure(500, &format!(r#"{{"error":{{"details":[{{"message":"{text}"}}]}}}}"#));
            assert!(told.is_transient(), "{name}");
            for elsewhere in [
                format!(r#"{{"error":{{"message":"{text}"}}}}"#),
                format!(r#"{{"error":{{"innererror":{{"internalexception":{{"message":"{text}"}}}}}}}}"#),
                format!(r#"{{"error":{{"details":[{{"target":"{text}","message":"m"}}]}}}}"#),
                text.clone(),
            ] {
                assert!(!failure(500, &elsewhere).is_transient(), "{elsewhere}");
            }
        }
    }

    #[test]
    fn a_body_of_another_form_still_has_its_status() {
        for body in ["", "\0\0\0\0", "<html>", "[]", "{\"error\":7}", "{\"error\":{\"details\":{}}}"] {
            let failure = failure(403, body);
            let record = failure.record("Set-Thing");
            let message = psrp::records::ErrorRecord::new(&record).unwrap().message().unwrap().to_string();
            assert!(
                message.starts_with("The service does not allow this account to run Set-Thing (HTTP 403)."),
                "{body}: {message}"
            );
        }
    }
}
