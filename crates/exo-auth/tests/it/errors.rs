//! What went wrong, of which kind, and what to do.

use std::error::Error;
use std::time::Duration;

use exo_auth::{AuthErrorKind, HttpError, HttpErrorKind, Reason};

use crate::service::{answer, answer_with, granted, refusal, unreachable, with_password};

/// Every number of the reference's table, and those that the flows look at: each has a reason of its own, a kind, a
/// sentence and a piece of advice, and keeps the service's text, number and correlation id.
#[test]
fn every_listed_number_has_a_reason_a_sentence_and_advice_of_its_own() {
    use AuthErrorKind::{BadClient, Denied, Expired, InteractionRequired};
    let table = [
        (50126, Reason::WrongPassword, Denied, "password"),
        (50034, Reason::UnknownUser, Denied, "user name"),
        (50053, Reason::Locked, Denied, "wait"),
        (50055, Reason::PasswordExpired, Denied, "change"),
        (50057, Reason::AccountDisabled, Denied, "enable"),
        (50076, Reason::SecondFactor, InteractionRequired, "device code"),
        (50079, Reason::EnrolmentNeeded, InteractionRequired, "device code"),
        (50158, Reason::ExternalChallenge, InteractionRequired, "device code"),
        (53003, Reason::PolicyBlocked, Denied, "administrator"),
        (53000, Reason::DeviceNotCompliant, Denied, "managed device"),
        (50005, Reason::PlatformNotAllowed, Denied, "platform"),
        (65001, Reason::ConsentMissing, Denied, "consent"),
        (65004, Reason::ConsentDeclined, Denied, "consent"),
        (700_016, Reason::UnknownApplication, BadClient, "application"),
        (90002, Reason::UnknownTenant, BadClient, "tenant"),
        (700_027, Reason::BadAssertion, BadClient, "certificate"),
        (7_000_215, Reason::BadSecret, BadClient, "certificate"),
        (7_000_218, Reason::AssertionMissing, BadClient, "certificate"),
        (50020, Reason::Guest, BadClient, "tenant"),
        (50059, Reason::NoTenant, BadClient, "tenant"),
        (70016, Reason::CodePending, Expired, "finish"),
        (70019, Reason::CodeExpired, Expired, "new code"),
        (70020, Reason::CodeEnded, Expired, "new code"),
        (50173, Reason::GrantRevoked, Expired, "again"),
        (53004, Reason::ProofUpBlocked, Denied, "second factor"),
        (530_084, Reason::TokenProtection, Denied, "device"),
        (700_024, Reason::AssertionTime, BadClient, "clock"),
    ];
    let mut sentences = Vec::new();
    for (code, reason, kind, advice) in table {
        let error = with_password(refusal("invalid_grant", code)).unwrap_err();
        assert_eq!((error.aadsts(), error.kind(), error.reason()), (Some(code), kind, Some(reason)));
        assert_eq!(error.correlation_id(), Some("6f1c"));
        let said = error.to_string();
        let own = said.strip_suffix(&format!(": AADSTS{code}: Something is wrong (correlation id 6f1c)"));
        let own = own.unwrap_or_else(|| panic!("{said}")).to_owned();
        assert!(own != "the sign-in service refused", "{code}");
        assert!(!sentences.contains(&own), "{own} is said twice");
        sentences.push(own);
        let said = error.advice().unwrap();
        assert!(said.contains(advice) && !said.ends_with('.'), "{code}: {said}");
    }
}

#[test]
fn an_unknown_number_falls_back_to_the_error_name() {
    for (name, kind) in [
        ("invalid_grant", AuthErrorKind::Denied),
        ("interaction_required", AuthErrorKind::InteractionRequired),
        ("invalid_client", AuthErrorKind::BadClient),
        ("temporarily_unavailable", AuthErrorKind::Throttled),
        ("something_new", AuthErrorKind::Denied),
    ] {
        let error = with_password(refusal(name, 999_999)).unwrap_err();
        assert_eq!((error.kind(), error.aadsts()), (kind, Some(999_999)), "{name}");
    }
}

#[test]
fn the_number_is_found_in_the_text_when_the_list_is_missing() {
    let body = r#"{"error":"invalid_grant","error_description":"AADSTS50126: Wrong.\r\nTrace ID: x"}"#;
    let error = with_password(answer(400, body)).unwrap_err();
    assert_eq!(error.aadsts(), Some(50126));
    assert_eq!(error.to_string(), "the user name or the password is wrong: AADSTS50126: Wrong");
}

#[test]
fn text_of_the_service_cannot_drive_the_terminal_or_fill_it() {
    let long = "x".repeat(5000);
    let body = format!(r#"{{"error":"e\u001b]0;t\u0007","error_description":"a\u001b[2J\u009b{long}"}}"#);
    let text = with_password(answer(400, &body)).unwrap_err().to_string();
    assert!(!text.chars().any(char::is_control), "{text}");
    assert!(text.len() < 700);
}

#[test]
fn an_answer_that_is_none_says_what_came_instead() {
    let html = [("Content-Type", "text/html; charset=utf-8")];
    for (answer, kind, sentence) in [
        (
            answer_with(200, &html, "<html>"),
            AuthErrorKind::Network,
            "login.example answered with a web page (status 200) instead of a token",
        ),
        (
            answer_with(502, &[], "\r\n<!DOCTYPE html>"),
            AuthErrorKind::Network,
            "login.example answered with a web page (status 502) instead of a token",
        ),
        (
            answer_with(302, &[("Location", "https://elsewhere.example/")], ""),
            AuthErrorKind::Network,
            "login.example redirected the token request (status 302), which is not followed with a password or code in it",
        ),
        (
            answer(404, ""),
            AuthErrorKind::Network,
            "login.example answered with status 404 to the token request",
        ),
        (
            answer(429, ""),
            AuthErrorKind::Throttled,
            "login.example answered with status 429 to the token request",
        ),
        (
            answer(200, "{"),
            AuthErrorKind::Network,
            "login.example gave an answer that is not a token answer: its body is not complete JSON",
        ),
        (
            answer(200, r#"{"access_token":7}"#),
            AuthErrorKind::Network,
            "login.example gave an answer that is not a token answer: a field is missing or has a wrong type",
        ),
        (
            answer(200, r#"{"access_token":"t","token_type":"mac","expires_in":1}"#),
            AuthErrorKind::Network,
            "login.example gave an answer that is not a token answer: its token type is not Bearer",
        ),
        (
            answer(200, r#"{"access_token":"a b","token_type":"Bearer","expires_in":1}"#),
            AuthErrorKind::BadClient,
            "the access token is empty, longer than 64 KiB, or has characters that no token has",
        ),
        (
            unreachable(),
            AuthErrorKind::Network,
            "login.example could not be asked for a token: connection refused",
        ),
    ] {
        let error = with_password(answer).unwrap_err();
        assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
        assert!(error.advice().is_some(), "{sentence}");
    }
}

#[test]
fn a_wait_that_the_service_asks_for_is_kept() {
    let error = with_password(answer_with(429, &[("retry-after", "17")], "")).unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
    let body = r#"{"error":"temporarily_unavailable"}"#;
    let error = with_password(answer_with(503, &[("Retry-After", "3")], body)).unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (AuthErrorKind::Throttled, Some(Duration::from_secs(3))));
}

#[test]
fn a_certificate_that_is_not_trusted_has_its_own_advice() {
    let untrusted =
        HttpError::new(HttpErrorKind::Tls, "the certificate is not trusted").with_source("unknown issuer");
    let error = with_password(Err(untrusted)).unwrap_err();
    assert!(error.advice().unwrap().contains("CA file"));
}

#[test]
fn the_chain_below_goes_on_and_debug_names_nobody() {
    let broken = HttpError::new(HttpErrorKind::Connect, "connection refused").with_source("os error 111");
    let error = with_password(Err(broken)).unwrap_err();
    assert_eq!(error.source().unwrap().to_string(), "os error 111");
    let error = with_password(granted("other@contoso.com")).unwrap_err();
    assert!(error.source().is_none());
    assert_eq!(format!("{error:?}"), "AuthError { kind: Denied, aadsts: None, correlation_id: None, .. }");
}
