//! Authorization code with PKCE.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_auth::{AuthErrorKind, BrowserHints, BrowserSignIn, Landing, Prompt, Secret, Tokens, end_page};
use rsa::sha2::{Digest, Sha256};

use crate::service::{FakeClock, Service, answer, refusal, run, sign_in, token};

fn begin(hints: &BrowserHints) -> BrowserSignIn {
    sign_in().begin_in_browser("http://localhost:4711", hints)
}

/// A field of the address, as it stands there.
fn field<'a>(browser: &'a BrowserSignIn, name: &str) -> Option<&'a str> {
    let (_, query) = browser.uri().split_once('?').unwrap();
    query.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
}

fn code(browser: &BrowserSignIn) -> Secret {
    match browser.land(&format!("/?code=the-code&state={}", field(browser, "state").unwrap())) {
        Landing::Code(code) => code,
        other => panic!("{other:?}"),
    }
}

fn exchange(
    browser: &BrowserSignIn,
    nonce: &str,
    user: Option<&str>,
) -> (Result<Tokens, exo_auth::AuthError>, String) {
    let access = token(r#"{"upn":"admin@contoso.com"}"#);
    let id = token(&format!(r#"{{"nonce":"{nonce}","preferred_username":"admin@contoso.com","tid":"t-7"}}"#));
    let body = format!(
        r#"{{"token_type":"Bearer","expires_in":60,"access_token":"{access}","refresh_token":"r","id_token":"{id}"}}"#
    );
    let service = Service::new([answer(200, &body)]);
    let outcome = run(sign_in().with_code(&service, &FakeClock::at(0), user, browser, &code(browser)));
    (outcome, service.asked()[0].1.clone())
}

#[test]
fn the_address_is_the_documented_one() {
    let browser = begin(&BrowserHints {
        user: Some("admin+1@contoso.com".to_owned()),
        domain: Some("contoso.com".to_owned()),
        prompt: Some(Prompt::SelectAccount),
    });
    assert!(browser.uri().starts_with("https://login.example/contoso.com/oauth2/v2.0/authorize?"));
    for (name, value) in [
        ("client_id", "fb78d390-0c51-40cd-8e17-fdbfab77341b"),
        ("response_type", "code"),
        ("response_mode", "query"),
        ("redirect_uri", "http%3A%2F%2Flocalhost%3A4711"),
        ("scope", "https%3A%2F%2Foutlook.office365.com%2F.default+offline_access+openid+profile"),
        ("code_challenge_method", "S256"),
        ("login_hint", "admin%2B1%40contoso.com"),
        ("domain_hint", "contoso.com"),
        ("prompt", "select_account"),
    ] {
        assert_eq!(field(&browser, name), Some(value), "{name}");
    }
    let plain = begin(&BrowserHints::default());
    for name in ["login_hint", "domain_hint", "prompt"] {
        assert_eq!(field(&plain, name), None);
    }
}

#[test]
fn each_sign_in_has_secrets_of_its_own() {
    let (one, other) = (begin(&BrowserHints::default()), begin(&BrowserHints::default()));
    for name in ["state", "nonce", "code_challenge"] {
        assert_ne!(field(&one, name), field(&other, name));
        // 256 bits in base64url.
        assert_eq!(field(&one, name).unwrap().len(), 43);
    }
    assert!(!format!("{one:?}").contains(field(&one, "state").unwrap()));
}

#[test]
fn the_code_is_exchanged_with_the_verifier_of_its_challenge() {
    let browser = begin(&BrowserHints::default());
    let (outcome, body) = exchange(&browser, field(&browser, "nonce").unwrap(), Some("admin@contoso.com"));
    let tokens = outcome.unwrap();
    assert_eq!((tokens.account(), tokens.tenant_id()), (Some("admin@contoso.com"), Some("t-7")));
    assert!(body.starts_with("grant_type=authorization_code&client_id=fb78d390-"), "{body}");
    assert!(
        body.contains("&code=the-code&redirect_uri=http%3A%2F%2Flocalhost%3A4711&code_verifier="),
        "{body}"
    );
    let (_, verifier) = body.split_once("code_verifier=").unwrap();
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)), field(&browser, "code_challenge").unwrap());
}

#[test]
fn an_identity_token_of_another_sign_in_is_refused() {
    let browser = begin(&BrowserHints::default());
    for nonce in ["", "another"] {
        let (outcome, _) = exchange(&browser, nonce, None);
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), AuthErrorKind::Denied);
        assert!(error.to_string().contains("does not belong to it"), "{error}");
    }
}

#[test]
fn another_account_than_the_one_asked_for_is_refused() {
    let browser = begin(&BrowserHints::default());
    let (outcome, _) = exchange(&browser, field(&browser, "nonce").unwrap(), Some("other@contoso.com"));
    let error = outcome.unwrap_err();
    assert_eq!(
        error.to_string(),
        "user `admin@contoso.com` returned by the service does not match user `other@contoso.com` in the request"
    );
    assert!(error.advice().unwrap().contains("Use another account"));
}

#[test]
fn a_code_that_was_used_before_is_refused_by_the_service_in_its_words() {
    let browser = begin(&BrowserHints::default());
    let service = Service::new([refusal("invalid_grant", 54005)]);
    let outcome = run(sign_in().with_code(&service, &FakeClock::at(0), None, &browser, &code(&browser)));
    assert_eq!(outcome.unwrap_err().aadsts(), Some(54005));
}

#[test]
fn only_the_answer_to_this_sign_in_lands() {
    let browser = begin(&BrowserHints::default());
    let state = field(&browser, "state").unwrap();
    for stray in [
        "/".to_owned(),
        "/favicon.ico".to_owned(),
        format!("/callback?code=c&state={state}"),
        format!("//?code=c&state={state}"),
        "/?code=c".to_owned(),
        "/?code=c&state=".to_owned(),
        format!("/?code=c&state={}x", &state[1..]),
        format!("/?code=c&state={state}&state={state}"),
    ] {
        assert!(matches!(browser.land(&stray), Landing::Stray), "{stray}");
    }
    for (query, kind, sentence) in [
        (
            "error=access_denied&error_description=AADSTS65004%3A%20User%20declined.",
            AuthErrorKind::Denied,
            "the sign-in page gave no code: the consent was declined: AADSTS65004: User declined",
        ),
        ("error=access_denied", AuthErrorKind::Denied, "the sign-in was declined on the sign-in page"),
        (
            "error=server_error",
            AuthErrorKind::Denied,
            "the sign-in page gave no code: the sign-in service refused: server_error",
        ),
        (
            "code=",
            AuthErrorKind::Denied,
            "the answer to the sign-in in the browser does not belong to it: it has neither a code nor an error",
        ),
        (
            "code=a&code=b",
            AuthErrorKind::Denied,
            "the answer to the sign-in in the browser does not belong to it: it has neither a code nor an error",
        ),
    ] {
        match browser.land(&format!("/?{query}&state={state}")) {
            Landing::Failed(error) => {
                assert_eq!((error.kind(), error.to_string().as_str()), (kind, sentence));
            }
            other => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn broken_escapes_in_the_answer_are_no_panic() {
    let browser = begin(&BrowserHints::default());
    let state = field(&browser, "state").unwrap();
    for (written, read) in
        [("%", "%"), ("%4", "%4"), ("%zz", "%zz"), ("%ff", "\u{fffd}"), ("a%2", "a%2"), ("%41+%42", "A B")]
    {
        match browser.land(&format!("/?code={written}&state={state}")) {
            Landing::Code(code) => assert_eq!(code.expose(), read, "{written}"),
            other => panic!("{written}: {other:?}"),
        }
    }
}

#[test]
fn the_last_page_shows_texts_and_runs_nothing() {
    let page = end_page(Err("<img src=x onerror='alert(1)'> & \"quotes\""));
    assert!(page.contains("&lt;img src=x onerror=&#39;alert(1)&#39;&gt; &amp; &quot;quotes&quot;"), "{page}");
    assert!(end_page(Ok(())).contains("You have signed in."));
}
