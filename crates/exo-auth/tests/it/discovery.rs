//! What an authority says about its own addresses.

use exo_auth::{AuthError, Authority, Environment, Service as Which, SignIn};

use crate::service::{Service, answer, refusal, run, unreachable};

fn discover(authority: &str, document: &str) -> (Result<SignIn, AuthError>, usize) {
    let service = Service::new([answer(200, document)]);
    let sign_in = SignIn::new(Authority::parse(authority).unwrap(), "https://x/.default");
    let outcome = run(sign_in.discover(&service));
    (outcome, service.asked().len())
}

#[test]
fn microsofts_own_authorities_are_known_and_not_asked() {
    for environment in Environment::ALL {
        let service = Service::new([]);
        let sign_in = SignIn::new(environment.authority().unwrap(), environment.scope(Which::Exchange));
        run(sign_in.discover(&service)).unwrap();
        assert!(service.asked().is_empty(), "{environment}");
    }
}

#[test]
fn a_document_on_the_named_host_is_followed() {
    let document = r#"{"token_endpoint":"https://login.example:443/adfs/oauth2/token"}"#;
    let (outcome, asked) = discover("https://login.example/contoso.com", document);
    assert_eq!(asked, 1);
    let sign_in = outcome.unwrap();
    let service = Service::new([refusal("invalid_grant", 50126)]);
    let password = exo_auth::Secret::new("p".to_owned());
    run(sign_in.with_password(&service, &crate::service::FakeClock::at(0), "a@b.c", &password)).unwrap_err();
    assert_eq!(service.asked()[0].0, "https://login.example:443/adfs/oauth2/token");
}

#[test]
fn a_document_that_points_elsewhere_is_refused() {
    for (field, address, to) in [
        ("token_endpoint", "https://evil.example/token", "https://evil.example"),
        ("authorization_endpoint", "https://login.example.evil/authorize", "https://login.example.evil"),
        ("device_authorization_endpoint", "https://login.example:8443/code", "https://login.example:8443"),
        ("token_endpoint", "http://login.example/token", "what is no address"),
        ("token_endpoint", "https://login.example@evil.example/token", "what is no address"),
        ("token_endpoint", "/token", "what is no address"),
    ] {
        let (outcome, _) =
            discover("https://login.example/contoso.com", &format!(r#"{{"{field}":"{address}"}}"#));
        let error = outcome.unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("the discovery document of login.example points elsewhere, to {to}")
        );
        assert!(error.advice().unwrap().contains("name that address as the authority"));
    }
    // The user who names that host signs in there.
    let document = r#"{"token_endpoint":"https://evil.example/token"}"#;
    discover("https://evil.example/contoso.com", document).0.unwrap();
}

#[test]
fn without_a_document_the_usual_paths_are_taken_and_silence_is_an_error() {
    for (reply, is_fine) in [(answer(404, ""), true), (answer(200, "<html>"), false), (unreachable(), false)]
    {
        let service = Service::new([reply]);
        let sign_in = SignIn::new(Authority::parse("https://login.example/x").unwrap(), "https://x/.default");
        assert_eq!(run(sign_in.discover(&service)).is_ok(), is_fine);
    }
}
