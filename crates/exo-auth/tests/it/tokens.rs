//! Tokens that the user brings, and what is printed of secrets.

use std::time::{Duration, UNIX_EPOCH};

use exo_auth::{AccessToken, AuthErrorKind, Secret};

use crate::service::{granted, token, with_password};

fn brought(text: &str) -> AccessToken {
    AccessToken::from_secret(Secret::new(text.to_owned())).unwrap()
}

#[test]
fn a_brought_token_is_checked_against_name_and_time() {
    let token = brought(&token(r#"{"upn":"a@b.c","exp":1000}"#));
    let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
    token.check(Some("A@B.C"), at(999)).unwrap();
    token.check(None, at(999)).unwrap();
    assert_eq!(token.check(None, at(1000)).unwrap_err().kind(), AuthErrorKind::Expired);
    assert_eq!(token.check(Some("x@b.c"), at(0)).unwrap_err().kind(), AuthErrorKind::Denied);
}

#[test]
fn an_applications_token_names_nobody_and_fits_any_name() {
    brought(&token(r#"{"appid":"a-1"}"#)).check(Some("SystemMailbox@contoso.com"), UNIX_EPOCH).unwrap();
    brought("opaque").check(Some("a@b.c"), UNIX_EPOCH).unwrap();
}

#[test]
fn what_is_no_token_is_refused() {
    for text in ["", "a b", "a\r\nX-Other: 1", "\u{e4}", &"a".repeat((64 << 10) + 1)] {
        let error = AccessToken::from_secret(Secret::new(text.to_owned())).unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::BadClient);
    }
}

#[test]
fn claims_that_cannot_be_read_are_absent() {
    for text in ["a.b.c", "a.e30.c.d", "..", "a.bm90IGpzb24.c", "a.W10.c"] {
        assert_eq!(brought(text).claims().account(), None, "{text}");
    }
}

#[test]
fn an_end_beyond_all_time_is_no_end() {
    let token = brought(&token(r#"{"exp":18446744073709551615}"#));
    assert_eq!(token.expires_at(), None);
}

#[test]
fn nothing_secret_is_printed() {
    let tokens = with_password(granted("admin@contoso.com")).unwrap();
    let text = format!("{tokens:?} {:?}", Secret::new("hunter2".to_owned()));
    for hidden in [tokens.access.expose(), "r-1", "hunter2", "admin@contoso.com"] {
        assert!(!text.contains(hidden), "{text}");
    }
    assert!(text.contains("t-1"), "{text}");
}
