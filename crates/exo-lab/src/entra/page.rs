//! The pages that a person sees in the browser.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse as _, Response};

/// Asks for user and password. `problem` is what was wrong with the last try.
pub(super) fn sign_in(tenant: &str, flow: &str, user: &str, problem: Option<&str>) -> Response {
    let (tenant, flow, user) = (escaped(tenant), escaped(flow), escaped(user));
    page(
        StatusCode::OK,
        "Sign in to your account",
        &format!(
            "{}<form method=post action=\"/{tenant}/login\" id=signin>\
             <input type=hidden name=flow value=\"{flow}\">\
             <p><label>Email <input name=loginfmt type=email value=\"{user}\" autocomplete=username></label>\
             <p><label>Password <input name=passwd type=password autocomplete=current-password></label>\
             <p><button name=action value=next>Sign in</button> <button name=action value=cancel>Cancel</button></form>",
            problem_text(problem)
        ),
    )
}

/// Asks for the second factor.
pub(super) fn second_factor(tenant: &str, flow: &str, user: &str, problem: Option<&str>) -> Response {
    let (tenant, flow, user) = (escaped(tenant), escaped(flow), escaped(user));
    page(
        StatusCode::OK,
        "Enter code",
        &format!(
            "<p>{user}</p>{}<form method=post action=\"/{tenant}/SAS/ProcessAuth\" id=secondfactor>\
             <input type=hidden name=flow value=\"{flow}\">\
             <p><label>Code of your authenticator app <input name=otc inputmode=numeric autocomplete=one-time-code></label>\
             <p><button name=action value=next>Verify</button> <button name=action value=cancel>Cancel</button></form>",
            problem_text(problem)
        ),
    )
}

/// Asks for the code that another device shows.
pub(super) fn device(code: &str, problem: Option<&str>) -> Response {
    page(
        StatusCode::OK,
        "Enter code to allow access",
        &format!(
            "{}<form method=post action=\"/device\" id=device>\
             <p><label>Code <input name=user_code value=\"{}\"></label>\
             <p><button>Next</button></form>",
            problem_text(problem),
            escaped(code)
        ),
    )
}

/// Says something at the end of the way.
pub(super) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, title, &format!("<p id=message>{}</p>", escaped(text)))
}

/// Sends the answer of an authorization request as a form (OAuth 2.0 Form Post Response Mode §2).
pub(super) fn form_post(redirect_uri: &str, parameters: &[(&str, String)]) -> Response {
    let fields: String = parameters
        .iter()
        .map(|(name, value)| {
            format!("<input type=hidden name=\"{}\" value=\"{}\">", escaped(name), escaped(value))
        })
        .collect();
    page(
        StatusCode::OK,
        "Working…",
        &format!(
            "<form method=post action=\"{}\">{fields}<noscript><button>Continue</button></noscript></form>\
             <script>document.forms[0].submit()</script>",
            escaped(redirect_uri)
        ),
    )
}

fn problem_text(problem: Option<&str>) -> String {
    problem.map(|text| format!("<p id=problem role=alert>{}</p>", escaped(text))).unwrap_or_default()
}

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escaped(title);
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><h1>{title}</h1>{body}</html>"
    );
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Text as it may stand in HTML, also between double quotes.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            other => safe.push(other),
        }
    }
    safe
}
