//! Reading the answers of the token endpoint.

use std::time::{Duration, SystemTime};

use serde::Deserialize;

use crate::claims::Claims;
use crate::clock::http_date;
use crate::error::{AuthError, Cause, Refusal};
use crate::http::HttpResponse;
use crate::secret::Secret;
use crate::token::{AccessToken, RefreshToken, Tokens, check_account};

/// Reads an answer of the token endpoint. The outer error is no usable answer; the inner one is the
/// service's refusal, which the device code flow reads on.
pub(crate) fn tokens(
    host: &str,
    response: &HttpResponse,
    user: Option<&str>,
    now: SystemTime,
) -> Result<Result<Tokens, Refusal>, AuthError> {
    let answer: TokenAnswer = match body(host, response)? {
        Ok(answer) => answer,
        Err(refusal) => return Ok(Err(refusal)),
    };
    if !answer.token_type.eq_ignore_ascii_case("bearer") {
        return Err(Cause::NotJson { host: host.to_owned(), detail: "its token type is not Bearer" }.into());
    }
    let lifetime = Duration::from_secs(answer.expires_in.0.min(MAX_LIFETIME_SECS));
    let access = AccessToken::new(answer.access_token, now.checked_add(lifetime), Some(now))?;
    let id = answer.id_token.and_then(|token| Claims::of_token(token.expose())).unwrap_or_default();
    check_account(user, &[access.claims(), &id])?;
    let refresh = answer.refresh_token.filter(|token| !token.is_empty()).map(RefreshToken::new);
    Ok(Ok(Tokens { access, refresh, id }))
}

/// Reads a JSON body: a `T` where the status is 200, the service's refusal where the body is one.
pub(crate) fn body<T: for<'de> Deserialize<'de>>(
    host: &str,
    response: &HttpResponse,
) -> Result<Result<T, Refusal>, AuthError> {
    let status = response.status;
    let host = || host.to_owned();
    if (300..400).contains(&status) {
        return Err(Cause::Redirect { host: host(), status }.into());
    }
    if is_html(response) {
        return Err(Cause::Html { host: host(), status }.into());
    }
    if status == 200 {
        return match serde_json::from_slice(&response.body) {
            Ok(answer) => Ok(Ok(answer)),
            // The text of the JSON error may quote the body, which may be a token.
            Err(error) if error.is_data() => {
                Err(Cause::NotJson { host: host(), detail: "a field is missing or has a wrong type" }.into())
            }
            Err(_) => Err(Cause::NotJson { host: host(), detail: "its body is not complete JSON" }.into()),
        };
    }
    let retry_after = response.retry_after();
    match serde_json::from_slice::<ErrorAnswer>(&response.body) {
        Ok(answer) => {
            let date = response.header("date").and_then(http_date);
            Ok(Err(Refusal { date, ..answer.into_refusal(retry_after) }))
        }
        Err(_) => Err(Cause::Status { host: host(), status, retry_after }.into()),
    }
}

fn is_html(response: &HttpResponse) -> bool {
    let labelled =
        response.header("content-type").is_some_and(|kind| kind.to_ascii_lowercase().contains("text/html"));
    labelled || response.body.trim_ascii_start().starts_with(b"<")
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: Secret,
    token_type: String,
    #[serde(default)]
    expires_in: Seconds,
    #[serde(default)]
    refresh_token: Option<Secret>,
    #[serde(default)]
    id_token: Option<Secret>,
}

#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
    #[serde(default)]
    error_description: String,
    #[serde(default)]
    error_codes: Vec<u32>,
    #[serde(default)]
    correlation_id: Option<String>,
}

impl ErrorAnswer {
    fn into_refusal(self, retry_after: Option<Duration>) -> Refusal {
        let description = &self.error_description;
        let end = ["Trace ID:", "\r", "\n"].iter().filter_map(|mark| description.find(mark)).min();
        let first = description.get(..end.unwrap_or(description.len())).unwrap_or_default();
        Refusal {
            error: plain(&self.error),
            description: plain(first).trim_end().trim_end_matches('.').to_owned(),
            aadsts: self.error_codes.first().copied().or_else(|| code_in(description)),
            correlation_id: self.correlation_id.as_deref().map(plain),
            retry_after,
            date: None,
        }
    }
}

/// A refusal that the sign-in page puts into the address it sends the browser back to.
pub(crate) fn refusal_of_page(error: &str, description: &str) -> Refusal {
    let answer = ErrorAnswer {
        error: error.to_owned(),
        error_description: description.to_owned(),
        error_codes: Vec::new(),
        correlation_id: None,
    };
    answer.into_refusal(None)
}

/// The number after `AADSTS` in a description.
fn code_in(description: &str) -> Option<u32> {
    let (_, rest) = description.split_once("AADSTS")?;
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end)?.parse().ok()
}

/// Text of the service for a terminal: without control characters, of bounded length.
pub(crate) fn plain(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(MAX_TEXT_LEN).collect()
}

/// Seconds as a number or as text: the older endpoints write text.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seconds(pub(crate) u64);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Number(u64),
            Text(String),
        }
        match Form::deserialize(deserializer)? {
            Form::Number(seconds) => Ok(Self(seconds)),
            Form::Text(text) => text.parse().map(Self).map_err(serde::de::Error::custom),
        }
    }
}

const MAX_LIFETIME_SECS: u64 = 30 * 24 * 3600;
const MAX_TEXT_LEN: usize = 600;
