//! The forms of the sign-in pages: password, second factor, the code of another device.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use uuid::Uuid;

use crate::Service;
use crate::directory::Account;
use crate::entra::browser::{self, Purpose, Verdict};
use crate::entra::{Fields, Refusal, opaque, page, required};

/// `POST /{tenant}/login`: user and password.
pub(crate) async fn password(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let (browser, flow) = (browser::cookie(&headers).unwrap_or_default(), field(&fields, "flow"));
    let Some(purpose) = service.browsers.purpose(browser, flow) else { return forged(&service) };
    if field(&fields, "action") == "cancel" {
        return cancelled(&service, browser, flow);
    }
    let user = field(&fields, "loginfmt").trim();
    match service.directory.sign_in(user, field(&fields, "passwd")) {
        Ok(account) => {
            let user = account.upn().to_owned();
            service.browsers.password_accepted(browser, flow, account);
            page::second_factor(&tenant, flow, &user, None)
        }
        // A slip of the fingers is for the person to mend; everything else ends the sign-in.
        Err(refusal) if matches!(refusal.code(), 50034 | 50126) => {
            page::sign_in(&tenant, flow, user, Some(WRONG_PASSWORD))
        }
        Err(refusal) => {
            service.browsers.abandon(browser, flow);
            match purpose {
                Purpose::Authorize(request) => request.refuse(&service, refusal),
                Purpose::Device { .. } => refused(&service, &refusal),
            }
        }
    }
}

/// `POST /{tenant}/SAS/ProcessAuth`: the second factor.
pub(crate) async fn second_factor(
    State(service): State<Arc<Service>>,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let (browser, flow) = (browser::cookie(&headers).unwrap_or_default(), field(&fields, "flow"));
    if service.browsers.purpose(browser, flow).is_none() {
        return forged(&service);
    }
    if field(&fields, "action") == "cancel" {
        return cancelled(&service, browser, flow);
    }
    let is_right = field(&fields, "otc").trim() == service.directory.second_factor();
    match service.browsers.judge(browser, flow, is_right) {
        Verdict::Good { purpose, account, browser } => {
            let mut response = finish(&service, purpose, account);
            browser::set_cookie(&mut response, &browser);
            response
        }
        Verdict::Wrong { user } => page::second_factor(&tenant, flow, &user, Some(WRONG_CODE)),
        Verdict::Over => forged(&service),
    }
}

fn finish(service: &Service, purpose: Purpose, account: Account) -> Response {
    match purpose {
        Purpose::Authorize(request) => request.accept(service, account),
        Purpose::Device { user_code } => match service.devices.approve(&user_code, account) {
            Ok(()) => {
                page::message(StatusCode::OK, "Signed in", "You have signed in. You may close this window.")
            }
            Err(refusal) => refused(service, &refusal),
        },
    }
}

fn cancelled(service: &Service, browser: &str, flow: &str) -> Response {
    match service.browsers.abandon(browser, flow) {
        Some(Purpose::Authorize(request)) => request.refuse(service, Refusal::numbered(65004, "")),
        Some(Purpose::Device { user_code }) => match service.devices.decline(&user_code) {
            Ok(()) => page::message(StatusCode::OK, "Cancelled", "You have cancelled the sign-in."),
            Err(refusal) => refused(service, &refusal),
        },
        None => forged(service),
    }
}

/// `GET /device`: where a person types the code of another device.
pub(crate) async fn device_page(Query(fields): Query<Fields>) -> Response {
    page::device(field(&fields, "user_code"), None)
}

/// `POST /device`: the code; the sign-in follows.
pub(crate) async fn device_code(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let user_code = field(&fields, "user_code").trim();
    if !service.devices.is_waiting(user_code) {
        return page::device(user_code, Some("That code didn't work. Check the code and try again."));
    }
    let known = browser::cookie(&headers);
    let browser = known.map_or_else(opaque, str::to_owned);
    let flow = service.browsers.begin(&browser, Purpose::Device { user_code: user_code.to_owned() });
    let mut response = page::sign_in("common", &flow, "", None);
    if known.is_none() {
        browser::set_cookie(&mut response, &browser);
    }
    response
}

/// `POST /device/approve`: what a script sends in the place of a person; the lab's own user signs in, or with
/// `decline=true` does not. Entra ID has no such thing.
pub(crate) async fn device_approval(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    Form(fields): Form<Fields>,
) -> Response {
    let decide = || -> Result<(), Refusal> {
        let code = required(&fields, "user_code")?;
        match field(&fields, "decline") {
            "true" => service.devices.decline(code),
            _ => service.devices.approve(code, service.directory.administrator()),
        }
    };
    match decide() {
        Ok(()) => page::message(StatusCode::OK, "Done", "The code is decided."),
        Err(refusal) => refusal.into_response(&headers, service.now()),
    }
}

/// A form that did not come from a page of this browser.
fn forged(service: &Service) -> Response {
    refused(service, &Refusal::forged())
}

fn refused(service: &Service, refusal: &Refusal) -> Response {
    let text = refusal.description(Uuid::new_v4(), service.now());
    page::message(StatusCode::BAD_REQUEST, "We can't sign you in", &text)
}

fn field<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}

const WRONG_PASSWORD: &str = "Your account or password is incorrect.";
const WRONG_CODE: &str = "You didn't enter the expected verification code. Please try again.";
