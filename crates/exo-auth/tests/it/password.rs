//! The password grant.

use std::time::{Duration, UNIX_EPOCH};

use exo_auth::{AuthErrorKind, Secret};

use crate::service::{FakeClock, Service, answer, granted, refusal, run, sign_in, token, with_password};

#[test]
fn the_request_is_the_documented_form() {
    let service = Service::new([granted("admin@contoso.com")]);
    let password = Secret::new("p&w \u{e4}".to_owned());
    run(sign_in().with_password(&service, &FakeClock::at(500), "admin@contoso.com", &password)).unwrap();
    assert_eq!(
        service.asked(),
        [(
            "https://login.example/contoso.com/oauth2/v2.0/token".to_owned(),
            "grant_type=password&client_id=fb78d390-0c51-40cd-8e17-fdbfab77341b\
             &scope=https%3A%2F%2Foutlook.office365.com%2F.default+offline_access+openid+profile\
             &username=admin%40contoso.com&password=p%26w+%C3%A4"
                .to_owned()
        )]
    );
}

#[test]
fn the_answer_gives_tokens_claims_and_their_end() {
    let tokens = with_password(granted("Admin@Contoso.com")).unwrap();
    let claims = tokens.access.claims();
    assert_eq!(claims.account(), Some("Admin@Contoso.com"));
    assert_eq!((claims.tid.as_deref(), claims.appid.as_deref()), (Some("t-1"), Some("a-1")));
    assert_eq!(claims.aud.as_deref(), Some("https://x"));
    assert_eq!(tokens.access.expires_at(), Some(UNIX_EPOCH + Duration::from_secs(500 + 3599)));
    assert_eq!(tokens.refresh.unwrap().expose(), "r-1");
}

#[test]
fn a_token_that_only_the_service_can_read_is_a_token() {
    let tokens =
        with_password(answer(200, r#"{"token_type":"bearer","expires_in":"60","access_token":"opaque~1"}"#))
            .unwrap();
    assert_eq!(tokens.access.expose(), "opaque~1");
    assert_eq!(tokens.access.claims().account(), None);
    assert!(tokens.access.is_expired(UNIX_EPOCH + Duration::from_secs(560)));
    assert!(!tokens.access.is_expired(UNIX_EPOCH + Duration::from_secs(559)));
    assert!(tokens.refresh.is_none());
}

#[test]
fn another_account_is_refused() {
    let error = with_password(granted("other@contoso.com")).unwrap_err();
    assert_eq!(error.kind(), AuthErrorKind::Denied);
    assert_eq!(
        error.to_string(),
        "user `other@contoso.com` returned by the service does not match user `admin@contoso.com` in the request"
    );
}

#[test]
fn any_name_of_the_account_may_fit() {
    let access = token(r#"{"upn":"a1@contoso.onmicrosoft.com","unique_name":"x@y"}"#);
    let id = token(r#"{"preferred_username":"ADMIN@contoso.com"}"#);
    let body =
        format!(r#"{{"token_type":"Bearer","expires_in":60,"access_token":"{access}","id_token":"{id}"}}"#);
    with_password(answer(200, &body)).unwrap();
}

#[test]
fn a_federated_account_is_told_in_one_sentence() {
    let password = Secret::new("p".to_owned());
    let ask = |user: &str| {
        let service = Service::new([refusal("invalid_grant", 50126)]);
        run(sign_in().with_password(&service, &FakeClock::at(0), user, &password)).unwrap_err()
    };
    let error = ask("someone@federated.example");
    assert_eq!(
        error.to_string(),
        "the account is federated: its password is checked by sts.federated.example, the organization's own sign-in service"
    );
    assert_eq!(error.advice(), Some("sign in with the browser or a device code instead"));
    assert_eq!(error.kind(), AuthErrorKind::BadClient);
    assert_eq!(ask("someone@contoso.com").aadsts(), Some(50126));
}
