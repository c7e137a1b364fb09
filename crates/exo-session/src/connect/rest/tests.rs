use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use exo_auth::{AccessToken, Claims, Secret};

use super::*;

fn token(claims: &str) -> AccessToken {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    AccessToken::from_secret(Secret::new(format!("{}.{}.c2ln", part("{}"), part(claims)))).unwrap()
}

/// The tenant in the path, and the hint that goes with requests that name no mailbox (§4 of the REST reference; that of
/// a mailbox is in the recordings named `routing-…`).
#[test]
fn tenant_and_routing_hint_follow_who_asks_for_whom() {
    let user = r#"{"tid":"1111","upn":"admin@contoso.com"}"#;
    let application = r#"{"tid":"1111","appid":"2222"}"#;
    let system = crate::connect::credential::SYSTEM_MAILBOX;
    for (claims, organization, delegated, bypass, expected_tenant, expected) in [
        (user, None, None, false, "1111", Some("UPN:admin@contoso.com".to_owned())),
        (user, None, None, true, "1111", None),
        (user, None, Some("fabrikam.com"), false, "fabrikam.com", Some("TID:fabrikam.com".to_owned())),
        (user, None, Some("fabrikam.com"), true, "fabrikam.com", None),
        (application, None, None, false, "1111", Some(format!("APP:{system}@1111"))),
        (
            application,
            Some("contoso.com"),
            None,
            false,
            "contoso.com",
            Some(format!("APP:{system}@contoso.com")),
        ),
        (application, None, Some("fabrikam.com"), false, "fabrikam.com", Some("TID:fabrikam.com".to_owned())),
        (application, None, None, true, "1111", None),
    ] {
        let options = ConnectOptions {
            organization: organization.map(str::to_owned),
            delegated_organization: delegated.map(str::to_owned),
            bypass_mailbox_anchoring: bypass,
            ..ConnectOptions::default()
        };
        let credential = Credential::of_token(&options, &token(claims), &Claims::default());
        let found = tenant(&credential, &options).unwrap();
        assert_eq!(found, expected_tenant, "{claims}");
        assert_eq!(anchor(&credential, &options, &found), expected, "{claims} for {delegated:?}");
    }
}

#[test]
fn a_tenant_that_could_change_the_address_is_refused() {
    for name in ["", "a/b", "a?b", "a b", "ä.com", "a%2f"] {
        let options =
            ConnectOptions { delegated_organization: Some(name.to_owned()), ..ConnectOptions::default() };
        let credential = Credential::of_token(&options, &token("{}"), &Claims::default());
        let error = tenant(&credential, &options).unwrap_err();
        assert!(error.to_string().contains("does not say which tenant it is for"), "{error}");
    }
}

/// What the service is told when the list of commands is asked for (§2 of the REST reference).
#[test]
fn the_list_of_commands_is_asked_for_as_the_original_does() {
    let mut endpoint = Endpoint::new("https://outlook.office365.com", "1111", Uuid::nil());
    endpoint.routing = RoutingHint::anchor(Some("UPN:admin@contoso.com".to_owned()));
    let names = CommandNames::of(&["Get-*".to_owned(), "Set-Mailbox".to_owned()]).unwrap();
    let request = module_file_request(&endpoint, &names, None);
    let version = &endpoint.module_version;
    assert_eq!(
        request.url,
        format!("https://outlook.office365.com/AdminApi/v1.0/1111/EXOModuleFile?Version={version}")
    );
    let mut headers = request.headers;
    let (_, id) = headers.remove(headers.iter().position(|(name, _)| name == "client-request-id").unwrap());
    assert!(Uuid::try_parse(&id).is_ok_and(|id| !id.is_nil()), "{id}");
    let expected = [
        ("Accept", "application/json"),
        ("CommandName", "Get-*,Set-Mailbox"),
        ("ps-version", "7.6.0"),
        ("exomodule-version", version.as_str()),
        ("is-cloud-shell-environment", "False"),
        ("X-InitializeConnectionContextObjectIdDynamic", "true"),
        ("connection-id", "00000000-0000-0000-0000-000000000000"),
        ("X-AnchorMailbox", "UPN:admin@contoso.com"),
    ];
    assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    assert_eq!(CommandNames::of(&[]).unwrap().0, "*");
    for name in ["", "a b", "a,b", "a\r\nX: y", "ä"] {
        assert!(CommandNames::of(&[name.to_owned()]).is_err(), "{name}");
    }
}
